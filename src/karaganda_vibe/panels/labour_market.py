"""Labour-market tables by district: employment and unemployment, youth rates among them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pandas as pd

from karaganda_vibe.places.registry import check_places, load_places
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import fault, read_table
from karaganda_vibe.sources.cells import candidate_readings
from karaganda_vibe.sources.unit_slips import PER_POPULATION

LABOUR_MARKET = "bns_district_labour_market"
LABOUR_PLACES_FILE = METADATA / "places" / "labour_market_places.csv"
LABOUR_PLACES_COLUMNS = ["table", "district", "place_id", "reason"]
YOUTH_AGES = ("15-24", "15-28", "15-34")
YOUTH = {ages: f"youth_unemployment_rate_{ages.replace('-', '_')}" for ages in YOUTH_AGES}
FIRST_YEAR_OF_15_34 = 2023  # the law on youth of 2023 raised the upper age from 28 to 34
# Columns of the labour-market tables, and what they are called in the panel.
LABOUR_COLUMNS = {
    "labour_force": "labour_force",
    "employed": "employed",
    "employees": "employees",
    "self_employed": "self_employed",
    "unemployed": "unemployed",
    "outside_labour_force": "outside_labour_force",
    "unemployment_rate": "unemployment_rate",
    "unemployment_rate_youth_15_24": YOUTH["15-24"],
    "unemployment_rate_youth_law": "youth_law",
}
LABOUR_UNITS = {"thousand persons": Decimal(1000), "%": Decimal(1)}


def load_labour_places(path: Path = LABOUR_PLACES_FILE) -> pd.DataFrame:
    """Which place each district of the labour-market tables is; empty with a reason if none."""
    frame = read_table(
        path,
        LABOUR_PLACES_COLUMNS,
        filled=["table", "district"],
        keys=[("table", "district")],
        as_written=["district"],
    )
    for row in frame.to_dict("records"):
        if bool(row["place_id"]) == bool(row["reason"]):
            text = (
                f"found the place_id '{row['place_id']}' and the reason '{row['reason']}'; give "
                "either a place_id or the reason for none"
            )
            raise fault(path, row["line"], text)
    check_places(path, frame, "place_id", load_places())
    return frame


def read_labour_market(name: str, frame: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """One labour-market table → long: place_id, year, column, value (persons or percent).

    name: raw resource name. frame: as `read_raw` gives it. places: `load_labour_places()`.
    ProjectError for an unknown district, indicator, unit or cell.
    """
    known = places[places["table"] == name].set_index("district")["place_id"].to_dict()
    years = [column for column in frame.columns if column.isdigit()]
    rows: list[tuple[str, int, str, float]] = []
    for record in frame.to_dict("records"):
        district, indicator, unit = record["district"], record["indicator"], record["unit"]
        where = f"{name}: {district}, {indicator}"
        if district not in known:
            raise ProjectError(f"{where}: unknown district; add it to {shown(LABOUR_PLACES_FILE)}")
        if indicator not in LABOUR_COLUMNS or unit not in LABOUR_UNITS:
            raise ProjectError(
                f'{where}: unknown indicator or unit "{unit}"; known are '
                f"{', '.join(LABOUR_COLUMNS)} in {', '.join(LABOUR_UNITS)}"
            )
        if not known[district]:
            continue
        for year in years:
            readings = candidate_readings(record[year])
            if len(readings) != 1:
                raise ProjectError(
                    f'{where}, {year}: cell "{record[year]}" is not a number; correct the table'
                )
            if readings[0].value is not None:
                value = float(readings[0].value * LABOUR_UNITS[unit])
                rows.append((known[district], int(year), LABOUR_COLUMNS[indicator], value))
    long = pd.DataFrame(rows, columns=["place_id", "year", "column", "value"])
    return long.astype({"place_id": str, "year": int, "column": str, "value": float})


def labour_market_panel(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Labour-market tables (`read_labour_market`) → one row a place and year, one column each.

    Where two workbooks give a place-year (a region and the one it was split from), the later
    table of the sequence counts. The rate of youth in law is 15-28 until 2022 and 15-34 after.
    """
    rows = pd.concat(tables, ignore_index=True)
    rows = rows.drop_duplicates(["place_id", "year", "column"], keep="last")
    in_law = rows["column"] == "youth_law"
    later = rows["year"] >= FIRST_YEAR_OF_15_34
    rows["column"] = rows["column"].mask(in_law & later, YOUTH["15-34"])
    rows["column"] = rows["column"].mask(in_law & ~later, YOUTH["15-28"])
    return rows.pivot(index=["place_id", "year"], columns="column", values="value").reset_index()


def check_filled(panel: pd.DataFrame, ranges: pd.DataFrame) -> None:
    """ProjectError where a place-year filled from the labour-market tables is in a wrong unit.

    panel: after `fill_labour`. ranges: `load_ranges()`; those per 1,000 population are checked.
    """
    filled = panel[panel["unemployment_source"] == LABOUR_MARKET]
    per_population = ranges[ranges["per"] == PER_POPULATION].set_index("indicator")
    for name in per_population.index.intersection(list(LABOUR_COLUMNS)):
        rate = 1000 * filled[name].astype(float) / filled["population"].astype(float)
        low, high = per_population.loc[name, ["low", "high"]]
        wrong = filled[(rate < low) | (rate > high)]
        if len(wrong):
            first = wrong.iloc[0]
            raise ProjectError(
                f"{LABOUR_MARKET}: {first['place_id']}, {first['year']}: {name} "
                f"{first[name]:.6g} in a population of {first['population']:.6g}; expected "
                f"{low:g} to {high:g} for 1,000 inhabitants; check the unit of the table"
            )


def choose_youth_rate(panel: pd.DataFrame) -> pd.DataFrame:
    """Add youth_unemployment_rate and youth_unemployment_ages: one definition, named, per cell.

    Until 2022 15-28, else 15-24, else 15-34; from 2023 on 15-34, else 15-28, else 15-24. The
    definitions are not chained: the three columns stay beside it.
    """
    early = ("15-28", "15-24", "15-34")
    late = ("15-34", "15-28", "15-24")
    rate = pd.Series(float("nan"), index=panel.index)
    ages = pd.Series("", index=panel.index)
    is_late = panel["year"] >= FIRST_YEAR_OF_15_34
    for order, part in ((early, ~is_late), (late, is_late)):
        for name in order:
            where = part & rate.isna() & panel[YOUTH[name]].notna()
            rate[where] = panel.loc[where, YOUTH[name]]
            ages[where] = name
    return panel.assign(youth_unemployment_rate=rate, youth_unemployment_ages=ages)
