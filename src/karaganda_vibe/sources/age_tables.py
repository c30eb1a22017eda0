"""Net migration of an age range from an analyst's own input table: two dated age tables, survival.

The table's columns are listed in metadata/indicators/age_table_inputs.csv and explained in
docs/youth_input.md. Nothing of it is used in the report as long as no official table fills it.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from karaganda_vibe.inference.cohort_survival import CohortMigration, cohort_net_migration
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown

SCHEMA = METADATA / "indicators" / "age_table_inputs.csv"
KINDS = ("population", "survival")
COLUMNS = ("region", "borders", "census_base", "kind", "date", "age", "width", "value", "source")


def read_age_tables(path: Path) -> pd.DataFrame:
    """The input table, checked cell by cell.

    Returns:
        the columns of COLUMNS; age, width, value as numbers, date as a year.

    Raises:
        ProjectError: file missing, header other than COLUMNS, a cell that is no number, an unknown
        kind, an empty source, an age group that stands twice.
    """
    if not path.exists():
        raise ProjectError(f"{shown(path)} is not there; make it as docs/youth_input.md says")
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    if not lines or tuple(lines[0]) != COLUMNS:
        found = ", ".join(lines[0]) if lines else "an empty file"
        raise ProjectError(
            f"{shown(path)}: expected the columns {', '.join(COLUMNS)}, found {found}; "
            "see docs/youth_input.md"
        )
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        where = f"{shown(path)}, line {number}"
        if len(cells) != len(COLUMNS):
            raise ProjectError(f"{where}: {len(cells)} cells, expected {len(COLUMNS)}; mend it")
        row: dict[str, object] = dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=True))
        if row["kind"] not in KINDS:
            raise ProjectError(
                f"{where}: kind is '{row['kind']}', expected {' or '.join(KINDS)}; correct it"
            )
        for column in ("region", "borders", "census_base", "source"):
            if not row[column]:
                raise ProjectError(f"{where}: {column} is empty; every row needs it")
        for column in ("date", "age", "width", "value"):
            text = str(row[column])
            try:
                row[column] = float(text) if column == "value" else int(text)
            except ValueError:
                raise ProjectError(
                    f"{where}: {column} is '{text}', expected a number; leave no cell empty"
                ) from None
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    keys = ["region", "kind", "date", "age"]
    if table.duplicated(keys).any():
        twice = table[table.duplicated(keys)].iloc[0]
        raise ProjectError(
            f"{shown(path)}: {twice['region']}, {twice['kind']} of {twice['date']}, age "
            f"{twice['age']} stands twice; keep one"
        )
    return table


def migration_of_ages(
    table: pd.DataFrame,
    region: str,
    *,
    ages_at_end: tuple[int, int] = (15, 29),
    ratio_error: float = 0.2,
) -> CohortMigration:
    """Net migration of `region`'s people who end up in an age range (cohort survival).

    Args:
        table: from `read_age_tables`; ratio_error: see `cohort_net_migration`.

    Raises:
        ProjectError: no such region, not exactly two dates, unequal borders, census bases or
        widths of the two tables, survival that does not begin at the first date.
    """
    own = table[table["region"] == region]
    counts = own[own["kind"] == "population"]
    dates = sorted(int(date) for date in counts["date"].unique())
    if len(dates) != 2:
        raise ProjectError(
            f"age tables: {region} has population at {len(dates)} dates; expected two dates"
        )
    for column in ("borders", "census_base", "width"):
        values = sorted({str(value) for value in counts[column]})
        if len(values) > 1:
            raise ProjectError(
                f"age tables: {region}: {column} is {' and '.join(values)}; expected one, or the "
                "change would be read as migration"
            )
    width = int(counts["width"].iloc[0])
    survival = own[own["kind"] == "survival"]
    if sorted(int(date) for date in survival["date"].unique()) != dates[:1]:
        raise ProjectError(
            f"age tables: {region}: expected survival ratios dated {dates[0]}, from the first date "
            f"to {dates[1]}"
        )
    first, second = (
        counts[counts["date"] == date][["age", "value"]].rename(columns={"value": "persons"})
        for date in dates
    )
    return cohort_net_migration(
        first,
        second,
        survival[["age", "value"]].rename(columns={"value": "ratio"}),
        years=dates[1] - dates[0],
        width=width,
        ages_at_end=ages_at_end,
        ratio_error=ratio_error,
    )
