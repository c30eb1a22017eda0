"""Summaries of the data's quality for the report: checks, corrections, coverage."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import read_table

FAMILIES = METADATA / "corrections" / "check_families.csv"
REASONS = METADATA / "corrections" / "correction_reasons.csv"
ASKED = METADATA / "indicators" / "district_columns.csv"
NAMES = ["name_en", "name_ru", "name_kk"]


def checks_by_family(summary: pd.DataFrame, families: pd.DataFrame) -> pd.DataFrame:
    """Sum the check counts of `identities.summarise` by family of identities, with its names.

    A check's family is its id up to the colon. Raises ProjectError for a family without a name.
    """
    family = summary["check_id"].str.split(":").str[0]
    unknown = sorted(set(family) - set(families["family"]))
    if unknown:
        raise ProjectError(
            f"{shown(FAMILIES)} has no names for the checks '{unknown[0]}'; add them"
        )
    counts = ["checks", "hold", "exceptions", "not_explained"]
    sums = summary.assign(family=family).groupby("family")[counts].sum()
    named = families.set_index("family")[NAMES]
    return named.join(sums, how="inner").reset_index()


def corrections_by_reason(applied: pd.DataFrame, reasons: pd.DataFrame) -> pd.DataFrame:
    """How many register entries, cells and tables were corrected, by the first reason that fits.

    `applied` has one row a corrected cell (table, place, row, why); the result is sorted by cells.
    Raises ProjectError for a correction that no reason fits.
    """
    patterns = reasons["pattern"].tolist()

    def first_that_fits(why: str) -> int:
        for number, pattern in enumerate(patterns):
            if fnmatchcase(why.lower(), pattern):
                return number
        raise ProjectError(f"{shown(REASONS)} has no pattern that fits '{why}'; add one")

    position = applied["why"].map(first_that_fits)
    entry = applied[["table", "place", "row", "why"]].astype(str).agg("|".join, axis=1)
    counts = (
        applied.assign(entry=entry)
        .groupby(position)
        .agg(entries=("entry", "nunique"), cells=("entry", "size"), tables=("table", "nunique"))
    )
    named = reasons[NAMES].join(counts, how="inner")
    return named.sort_values("cells", ascending=False, kind="stable").reset_index(drop=True)


def coverage_of_columns(
    coverage: pd.DataFrame, columns: pd.DataFrame, first: int, last: int
) -> pd.DataFrame:
    """First and last year and the filled share (percent) of the columns that readers ask for.

    `coverage` has region, column, year, places, published; `columns` lists column and names. The
    share is over all place-years from `first` to `last`. Raises ProjectError for a column of which
    nothing is published.
    """
    rows = []
    for column in columns["column"]:
        own = coverage[coverage["column"] == column]
        years = own.loc[own["published"] > 0, "year"]
        if years.empty:
            raise ProjectError(
                f"{shown(ASKED)} lists '{column}', of which nothing is published; "
                "correct the name or remove it"
            )
        window = own[own["year"].between(first, last)]
        share = 100 * window["published"].sum() / window["places"].sum()
        rows.append((column, int(years.min()), int(years.max()), share))
    found = pd.DataFrame(rows, columns=["column", "first_year", "last_year", "share"])
    merged = columns.merge(found, on="column")
    return merged.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)


def load_names(path: Path, key: str) -> pd.DataFrame:
    """A metadata table of names: `key`, name_en, name_ru, name_kk."""
    columns = (key, *NAMES)
    return read_table(path, columns, filled=columns, keys=[key]).drop(columns="line")
