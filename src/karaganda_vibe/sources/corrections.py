"""Corrections to published cells come from a register that readers can see, never from code.

A register is a CSV in metadata/ with the columns of `COLUMNS`. Each row names one cell, the text as
published, the text used instead, why, the evidence and who decided when. A correction that does not
find exactly its cell, holding exactly what it says was published, is an error: the raw table has
moved and the correction has to be thought through again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from karaganda_vibe.places.registry import check_regions
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import YEAR, fault, perhaps, read_table

ARTEFACTS = METADATA / "corrections" / "artefacts.csv"
COLUMNS = (
    "table",
    "place",
    "row",
    "year",
    "column",
    "published",
    "used",
    "why",
    "evidence",
    "decided",
)
NEVER_EMPTY = ("table", "column", "published", "why", "evidence", "decided")


def load_corrections(path: Path) -> pd.DataFrame:
    """The register at `path`: every cell text, with `line` (line in the file) and `register`.

    Raises ProjectError on wrong columns, an empty cell that must not be empty, a correction that
    changes nothing and a cell corrected twice. An empty `used` means that the cell is dropped.
    """
    frame = read_table(
        path,
        COLUMNS,
        filled=NEVER_EMPTY,
        keys=[COLUMNS[:6]],
        as_written=("place", "row", "published", "used"),
    )
    frame["register"] = shown(path)
    for record in frame.to_dict("records"):
        if record["published"] == record["used"]:
            text = f"'{record['used']}' is what was published; correct it or remove the row"
            raise fault(path, record["line"], text, "used")
    return frame


def load_artefacts(path: Path = ARTEFACTS) -> pd.DataFrame:
    """Figures that are no migration (a new border itself): region, year, why.

    Raises ProjectError for a region or year that is none, and for a figure that stands twice.
    """
    frame = read_table(
        path,
        ("region", "year", "why"),
        typed={"year": YEAR},
        filled=("region", "year", "why"),
        keys=[("region", "year")],
    )
    check_regions(path, frame, "region")
    return frame.drop(columns="line")


def _same(found: object, published: str) -> bool:
    if isinstance(found, str):
        return found == published
    try:
        return math.isclose(float(str(found)), float(published), rel_tol=1e-9, abs_tol=1e-9)
    except ValueError:
        return False


def apply_corrections(
    frame: pd.DataFrame,
    corrections: pd.DataFrame,
    *,
    locate: Mapping[str, str],
    value_column: str | None = None,
    value_column_from: str | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A copy of `frame` with `corrections` applied, and the corrections that were applied.

    `locate` maps columns of the register ("table", "place", "row", "year", "column") to the columns
    of `frame` that must hold the same text. The cell is in the column `value_column`, or in the
    column that the correction itself names in its `value_column_from` ("column", or "year" for
    tables with one column a year). Text cells are compared as text, numbers as numbers.

    Raises ProjectError when a correction finds no row or several, or a cell that does not hold what
    the register says was published.
    """
    if (value_column is None) == (value_column_from is None):
        raise ValueError("give either value_column or value_column_from")
    corrected = frame.copy()
    keys = {name: corrected[column].astype(str) for name, column in locate.items()}
    for record in corrections.to_dict("records"):
        where = f"{record['register']}: line {record['line']}"
        target = value_column or str(record[str(value_column_from)])
        if target not in corrected.columns:
            raise ProjectError(f'{where}: the table has no column "{target}"')
        mask = pd.Series(True, index=corrected.index)
        for name, values in keys.items():
            mask &= values == str(record[name])
        asked = ", ".join(f"{name} {record[name]}" for name in locate)
        published, used = str(record["published"]), str(record["used"])
        cells = corrected.loc[mask, target]
        if cells.empty:
            hints = [
                perhaps(str(record[name]), keys[name].unique())
                for name in locate
                if str(record[name]) not in set(keys[name])
            ]
            raise ProjectError(
                f"{where}: no cell for {asked}{''.join(hints)}; the correction is not used: mend "
                "or remove it"
            )
        # A row that is there twice is told apart by what was published.
        fitting = [index for index, cell in cells.items() if _same(cell, published)]
        if len(fitting) != 1:
            raise ProjectError(
                f"{where}: {asked}: expected one published cell {published}, found "
                f"{', '.join(map(str, cells))}; check the correction against the raw table"
            )
        index = fitting[0]
        found = corrected.at[index, target]
        if isinstance(found, str):
            corrected.at[index, target] = used
        else:
            corrected.at[index, target] = float(used) if used else math.nan
    return corrected, corrections.reset_index(drop=True)


def check_all_used(corrections: pd.DataFrame, applied: pd.DataFrame) -> None:
    """Raise ProjectError when a correction of the register was given to no table."""
    unused = sorted(set(corrections["line"]) - set(applied["line"]))
    if unused:
        record = corrections[corrections["line"] == unused[0]].iloc[0]
        raise ProjectError(
            f"{record['register']}: line {record['line']}: correction not used: no table named "
            f'"{record["table"]}" was read'
        )
