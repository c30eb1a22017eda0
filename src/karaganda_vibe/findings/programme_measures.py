"""What stands for the aim of a programme: a column of the panel, its unit and its years."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from karaganda_vibe.panels.migration_series import place_rates
from karaganda_vibe.panels.rates import per_thousand
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import YEAR, read_table

MEASURES = METADATA / "programmes" / "programme_measures.csv"
MEASURE_COLUMNS = (
    "measure", "column", "per", "first_year", "last_year", "better", "kind", "name_en", "name_ru",
    "name_kk",
)  # fmt: skip
YEAR_COLUMNS = ("first_year", "last_year")


def read_measures(path: Path = MEASURES) -> pd.DataFrame:
    """metadata/programmes/programme_measures.csv; first_year and last_year as Int64, else text.

    Raises:
        ProjectError: a year that is no number, an unknown `per` or `better`.
    """
    table = read_table(
        path,
        MEASURE_COLUMNS,
        typed={
            **dict.fromkeys(YEAR_COLUMNS, YEAR),
            "per": ("1000",),
            "better": ("higher", "lower"),
        },
        filled=["measure", "column", "better", "kind"],
        keys=["measure"],
    )
    return table.astype(dict.fromkeys(YEAR_COLUMNS, "Int64")).drop(columns="line")


def measure_table(districts: pd.DataFrame, measure: Mapping[str, object]) -> pd.DataFrame:
    """One measure by place and year, with the population that weighs it.

    Args:
        districts: districts.csv; measure: a row of `read_measures`.

    Returns:
        region, place_id, kind, year, value (per 1,000 people where the measure says so),
        mean_population (persons); only rows with a value, within the measure's years.
    """
    table = place_rates(districts)
    column = str(measure["column"])
    if column not in table:
        raise ProjectError(
            f"{shown(MEASURES)}: {measure['measure']}: districts.csv has no column '{column}'; "
            "correct the row"
        )
    value = table[column]
    if measure["per"] == "1000":
        value = per_thousand(value, table["mean_population"])
    table = table.assign(value=value)
    for bound, keep in (("first_year", table["year"].ge), ("last_year", table["year"].le)):
        limit = measure[bound]
        if not pd.isna(limit):  # type: ignore[call-overload]
            table = table[keep(int(str(limit))).reindex(table.index)]
    table = table.dropna(subset=["value", "mean_population"])
    return table[["region", "place_id", "kind", "year", "value", "mean_population"]]
