"""Net migration of places that have no table of district dynamics of the usual kind.

Two raw tables give it: a long one (a row a place and year) and the workbook of a city by its
districts, which has the wide form of `district_tables`. Only net migration is taken from either,
so these places have no population and no rate, and no model or ranking can take them in.
Both tables hold the total of their regions: the places must add up to it (`check_sums`). Rows that
are totals, and years that are not comparable, are named by metadata/places/places.csv, not here.
"""

from __future__ import annotations

import re
from decimal import Decimal

import pandas as pd

from karaganda_vibe.places.registry import PLACES_FILE
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import shown
from karaganda_vibe.sources.district_tables import (
    CELL_COLUMNS,
    DistrictTable,
    plain_label,
    read_district_table,
)

LONG = "bns_district_net_migration"
WIDE = "bns_district_dynamics_almaty_city"
NET = "net_migration"
NET_LABEL = "сальдо миграции"  # how the row begins in every table of district dynamics
# Why a published cell is not in the panel: the place's years in the registry do not hold it.
NOT_COMPARABLE = "not_comparable"
LONG_COLUMNS = [
    "indicator", "place_ru", "region", "iso_3166_2", "year", "age_group", "sex", "value", "unit",
    "source_id", "note",
]  # fmt: skip
# The only kind of row that the long table may hold.
LONG_ROWS = {
    "indicator": "migration_net_total", "age_group": "all", "sex": "both", "unit": "persons",
}  # fmt: skip


def read_long_nets(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A long table of net migration → cells as in `DistrictTable.cells`, persons.

    name: raw resource name. frame: as `read_raw` gives it, all text; `sheet_row` is the line.

    Raises:
        ProjectError: other columns; a row of another indicator, age, sex or unit; a year or a
            value that is no whole number; a place and year that stand twice.
    """
    if list(frame.columns) != LONG_COLUMNS:
        raise ProjectError(
            f"{name}: expected the columns {', '.join(LONG_COLUMNS)}; found "
            f"{', '.join(frame.columns)}; correct the table"
        )
    rows: list[tuple[object, ...]] = []
    lines: dict[tuple[str, str], int] = {}
    for line, record in enumerate(frame.to_dict("records"), start=2):
        place, year, value = record["place_ru"].strip(), record["year"], record["value"]
        where = f"{name}: line {line}: {place}, {year}"
        for column, only in LONG_ROWS.items():
            if record[column] != only:
                raise ProjectError(
                    f"{where}: expected {column} {only}, found '{record[column]}'; only net "
                    "migration of all people is read from this table"
                )
        if not re.fullmatch(r"\d{4}", year) or not re.fullmatch(r"-?\d+", value):
            raise ProjectError(
                f"{where}: expected a year and a whole number of persons, found '{value}'; "
                "correct the table"
            )
        if (place, year) in lines:
            raise ProjectError(
                f"{where}: stands in line {lines[place, year]} as well; expected one figure a "
                "place and year; take one out"
            )
        lines[place, year] = line
        rows.append((name, place, line, "", record["indicator"], NET, int(year), value,
                     Decimal(value), "", "", False))  # fmt: skip
    return pd.DataFrame(rows, columns=CELL_COLUMNS)


def read_wide_nets(
    name: str, frame: pd.DataFrame, indicators: pd.DataFrame, register: pd.DataFrame
) -> DistrictTable:
    """The rows of net migration of a wide table, by the rules of `read_district_table`.

    Raises:
        ProjectError: no row of net migration; and what `read_district_table` refuses.
    """
    if "indicator_ru" not in frame:
        raise ProjectError(
            f"{name}: expected the column indicator_ru, found {', '.join(frame.columns)}; "
            "correct the table"
        )
    is_net = frame["indicator_ru"].map(lambda text: plain_label(text).startswith(NET_LABEL))
    nets = frame[is_net.astype(bool)]
    if nets.empty:
        raise ProjectError(
            f'{name}: expected rows that begin with "{NET_LABEL}", found none; correct NET_LABEL '
            "or the table"
        )
    return read_district_table(name, nets.reset_index(drop=True), indicators, register)


def check_sums(cells: pd.DataFrame, places: pd.DataFrame, tolerance: int = 0) -> None:
    """Places must add up to the total of their region in every year with a figure of a place.

    All years count, also those that the registry leaves out of the panel.

    Args:
        cells: of the tables above (table, place, year, value in persons).
        places: `load_places()`, with `table`, the raw table of each row.
        tolerance: persons.

    Raises:
        ProjectError: a place that the registry does not know; a table and region without one
            total; a sum that differs from it.
    """
    known = places.assign(place=places["raw_name"].str.strip())
    columns = ["table", "place", "region", "kind"]
    rows = cells.merge(known[columns], on=columns[:2], how="left", validate="many_to_one")
    unknown = rows[rows["kind"].isna()]
    if len(unknown):
        first = unknown.iloc[0]
        raise ProjectError(
            f"{first['table']}: unknown place {first['place']}; expected one of the registry; add "
            f"it to {shown(PLACES_FILE)}"
        )
    rows = rows[rows["value"].notna()]
    for (table, region), own in rows.groupby(["table", "region"], sort=True):
        is_total = own["kind"] == "region_total"
        years = own.loc[is_total, "year"]
        if years.empty or years.duplicated().any():
            raise ProjectError(
                f"{table}: {region}: expected one total a year, found {len(years)} for "
                f"{years.nunique()} years; give one row the kind region_total in "
                f"{shown(PLACES_FILE)}"
            )
        total = dict(zip(years, own.loc[is_total, "value"], strict=True))
        for year, value in own[~is_total].groupby("year")["value"].sum().items():
            published = total.get(year)
            if published is None or abs(value - published) > tolerance:
                raise ProjectError(
                    f"{table}: {region}, {year}: the places sum to {value}, expected the total "
                    f"{'of the region, not found' if published is None else published}; a place "
                    "is missing, twice or copied wrongly"
                )
