"""Disclosure control of count tables: no count goes out that tells of a few people.

Two methods, see docs/disclosure.md: suppression (small cells, and others so that none can be worked
out from the margins) and cell keys (noise). Nothing is written here: a table that cannot be
protected is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers.cell_key import (
    PERTURBATION_TABLE,
    perturbed,
    read_perturbation_table,
)
from karaganda_vibe.registers.disclosure_cells import (
    CELL_KEY,
    KNOWN,
    PERTURBED,
    PUBLISHED,
    STATUS,
    SUPPRESSED,
    BoolArray,
    Cells,
    Hierarchies,
    IndexArray,
    gathered,
)
from karaganda_vibe.registers.disclosure_suppression import suppressed_cells
from karaganda_vibe.registers.sentences import said

THRESHOLD = 5
SUPPRESSION = "suppression"
CELL_KEYS = "cell-key"


@dataclass(frozen=True)
class Protected:
    """A table as it may go out, and what was done to it.

    `table`: the rows given, in their order, `count` Int64 and missing where suppressed, `status`
    published, suppressed or perturbed; which cells are primary stays unsaid, for it would tell that
    they are under the threshold. `known` and `cell_key` are taken out.

    `report`: one row: table, method, cells, zeros, then for suppression primary, secondary,
    suppressed_share (of all cells), threshold, protection; for cell keys changed,
    mean_deviation, largest_deviation.
    """

    table: pd.DataFrame
    report: pd.DataFrame


def protected(
    frame: pd.DataFrame,
    *,
    count: str = "count",
    hierarchies: Hierarchies | None = None,
    threshold: int = THRESHOLD,
    protection: int | None = None,
    zeros: str = PUBLISHED,
    method: str = SUPPRESSION,
    perturbation: Path = PERTURBATION_TABLE,
) -> Protected:
    """One table, protected; see `protected_together`, which tables that share cells need."""
    return protected_together(
        {"table": frame},
        count=count,
        hierarchies=hierarchies,
        threshold=threshold,
        protection=protection,
        zeros=zeros,
        method=method,
        perturbation=perturbation,
    )["table"]


def protected_together(
    tables: Mapping[str, pd.DataFrame],
    *,
    count: str = "count",
    hierarchies: Hierarchies | None = None,
    threshold: int = THRESHOLD,
    protection: int | None = None,
    zeros: str = PUBLISHED,
    method: str = SUPPRESSION,
    perturbation: Path | pd.DataFrame = PERTURBATION_TABLE,
) -> dict[str, Protected]:
    """Linked tables, protected together: a cell of two tables is treated alike in both.

    Args:
        tables: name → frame in long shape: dimensions and `count`; margins under the code "total"
            (see `with_margins`) are taken to be published, and all of a dimension must be there; a
            dimension without them (years, say) makes independent parts. A table without a
            dimension of another holds the total over it. A cell that is not there is a zero.
            Optional columns: `known`, true for cells published elsewhere, which stay; `cell_key`,
            sums of record keys.
        hierarchies: dimension → code → the code above it (place → region); others stand right
            under "total".
        threshold: counts from 1 to below it are primary cells.
        protection: width that the feasibility interval of every suppressed cell has at least
            (greatest − least whole count that fits all that is published); the threshold by
            default, so that no interval lies below it.
        zeros: "published", or "suppressed" as other small counts; then zeros must be given as rows.
        method: "suppression" or "cell-key".
        perturbation: the perturbation table of "cell-key", or its file.

    Raises ProjectError for faulty tables (see `gathered`) and settings, and where protection cannot
    be reached.
    """
    _check_settings(threshold, protection, zeros, method)
    cells = gathered(tables, hierarchies, count)
    if method == CELL_KEYS:
        noise = (
            read_perturbation_table(perturbation)
            if isinstance(perturbation, Path)
            else perturbation
        )
        return {name: _with_noise(name, frame, count, noise) for name, frame in tables.items()}
    width = threshold if protection is None else protection
    primary, suppressed = suppressed_cells(
        cells, threshold, width, zeros_at_risk=zeros == SUPPRESSED
    )
    return {
        name: _with_gaps(name, frame, count, cells, (primary, suppressed), (threshold, width))
        for name, frame in tables.items()
    }


def _check_settings(threshold: int, protection: int | None, zeros: str, method: str) -> None:
    if threshold < 1 or (protection is not None and protection < 1):
        raise ProjectError(
            f"disclosure control: threshold {threshold}, protection {protection}; "
            "expected whole numbers from 1 up"
        )
    for name, value, allowed in (
        ("zeros", zeros, (PUBLISHED, SUPPRESSED)),
        ("method", method, (SUPPRESSION, CELL_KEYS)),
    ):
        if value not in allowed:
            raise ProjectError(
                f"disclosure control: {name} is {value!r}; expected {' or '.join(allowed)}"
            )


def _with_gaps(
    name: str,
    frame: pd.DataFrame,
    count: str,
    cells: Cells,
    found: tuple[BoolArray, BoolArray],
    setting: tuple[int, int],
) -> Protected:
    rows: IndexArray = cells.rows[name]
    primary, suppressed = found[0][rows], found[1][rows]
    table = frame.drop(columns=[KNOWN, CELL_KEY], errors="ignore")
    counts = table[count].astype("Int64").mask(suppressed)
    status = np.where(suppressed, SUPPRESSED, PUBLISHED)
    report = {
        "table": name,
        "method": SUPPRESSION,
        "cells": len(rows),
        "zeros": int((cells.counts[rows] == 0).sum()),
        "primary": int(primary.sum()),
        "secondary": int((suppressed & ~primary).sum()),
        "suppressed_share": float(suppressed.mean()),
        "threshold": setting[0],
        "protection": setting[1],
    }
    table[count], table[STATUS] = counts, status
    return Protected(table, pd.DataFrame([report]))


def _with_noise(name: str, frame: pd.DataFrame, count: str, noise: pd.DataFrame) -> Protected:
    if CELL_KEY not in frame:
        raise ProjectError(
            f"disclosure control, table {name}: no column {CELL_KEY}, which method {CELL_KEYS} "
            "needs; add up the record keys of the rows of each cell, see record_keys()"
        )
    keys = pd.to_numeric(frame[CELL_KEY], errors="coerce")
    if keys.isna().any() or (keys < 0).any() or (keys % 1 != 0).any():
        raise ProjectError(
            f"disclosure control, table {name}: a {CELL_KEY} is no whole number from zero up; "
            "expected sums of record keys; make them with record_keys()"
        )
    counts = frame[count].to_numpy("int64")
    noisy = perturbed(counts, keys.to_numpy("int64"), noise)
    deviation = noisy - counts
    report = {
        "table": name,
        "method": CELL_KEYS,
        "cells": len(frame),
        "zeros": int((counts == 0).sum()),
        "changed": int((deviation != 0).sum()),
        "mean_deviation": float(deviation.mean()),
        "largest_deviation": int(abs(deviation).max()),
    }
    table = frame.drop(columns=[KNOWN, CELL_KEY], errors="ignore")
    table[count], table[STATUS] = pd.array(noisy, "Int64"), PERTURBED
    return Protected(table, pd.DataFrame([report]))


def report_of(tables: Iterable[Protected]) -> pd.DataFrame:
    """The reports of several tables as one, a row a table."""
    return pd.concat([table.report for table in tables], ignore_index=True)


def words_of(report: pd.DataFrame, language: str = "en") -> list[str]:
    """A sentence a table for the terminal: what was suppressed or changed, and how much."""
    sentences = []
    for row in report.to_dict("records"):
        numbers: dict[str, object] = {"table": row["table"], "cells": (row["cells"], "count")}
        if row["method"] == SUPPRESSION:
            numbers |= {
                "hidden": (row["primary"] + row["secondary"], "count"),
                "share": (100 * row["suppressed_share"], "percent"),
                **{n: (row[n], "count") for n in ("primary", "secondary", "threshold")},
                "protection": (row["protection"], "count"),
            }
            sentences.append(said("suppressed", language, **numbers))
        else:
            numbers |= {
                "changed": (row["changed"], "count"),
                "largest": (row["largest_deviation"], "count"),
                "mean": (row["mean_deviation"], "signed_decimal_2"),
            }
            sentences.append(said("perturbed", language, **numbers))
    return sentences
