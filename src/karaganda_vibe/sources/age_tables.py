"""Net migration of an age range from an analyst's own input table: two dated age tables, survival.

The table's columns are listed in metadata/indicators/age_table_inputs.csv and explained in
docs/youth_input.md. `findings/youth_entered.py` puts what follows from it into the report.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from karaganda_vibe.inference.cohort_survival import CohortMigration, cohort_net_migration
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.tables import NUMBER, WHOLE, YEAR, read_table

SCHEMA = METADATA / "indicators" / "age_table_inputs.csv"
KINDS = ("population", "survival")
COLUMNS = ("region", "borders", "census_base", "kind", "date", "age", "width", "value", "source")


def read_age_tables(path: Path) -> pd.DataFrame:
    """The input table, checked cell by cell.

    Returns:
        the columns of COLUMNS and line; age, width, value as numbers, date as a year.

    Raises:
        ProjectError: file missing, header other than COLUMNS, a cell that is empty or not of its
        kind, an age group that stands twice; see `tables.read_table`.
    """
    return read_table(
        path,
        COLUMNS,
        typed={"kind": KINDS, "date": YEAR, "age": WHOLE, "width": WHOLE, "value": NUMBER},
        filled=COLUMNS,
        keys=[("region", "kind", "date", "age")],
    )


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
    other = survival[survival["width"] != width]
    if len(other):
        raise ProjectError(
            f"age tables: {region}: line {other['line'].iloc[0]}: the survival ratio is of "
            f"{other['width'].iloc[0]} years of age, the population of {width}; expected one width"
        )
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
