"""Tables of a register (docs/registers.md) in data/input, as the chapters show them.

flows_od.csv, months.csv, age_sex_balances.csv, rates.csv and leavers_places.csv are empty until an
office enters what it counted; 17_where_to and 19_who then show them beside the published figures,
with the difference. An empty count is a suppressed one: it stays a gap and is added to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from karaganda_vibe.findings.leavers_entered import COUNTRY, ENDS
from karaganda_vibe.findings.season import AFTER_SCHOOL, MONTHS
from karaganda_vibe.places.registry import load_places, load_regions
from karaganda_vibe.project.errors import exit_with_one_line
from karaganda_vibe.project.paths import shown
from karaganda_vibe.sources.input_tables import INPUT, check_known, read_input, refuse

FLOWS, SEASON, BALANCES, RATES, PLACES = (
    "flows_od", "months", "age_sex_balances", "rates", "leavers_places",
)  # fmt: skip
SEXES = ("female", "male")
BOTH = "both"
ALL_AGES = (0, 110)
"""Lowest and highest completed age of the row that holds all ages."""


@dataclass(frozen=True)
class EnteredFlows:
    """Moves of one region by the office's own count, the newest whole year.

    `table`: region (code), departures, arrivals, net, departures_published, arrivals_published,
    net_published, difference (own net less published net); persons, Int64, missing where one lacks.
    `compared`: regions with both nets; `difference`: sum of their differences.
    """

    year: int
    table: pd.DataFrame
    compared: int
    difference: int
    source: str


@dataclass(frozen=True)
class EnteredSeason:
    """Departures of one region by month, the newest year of which all twelve are given.

    `departures`: persons by month, 1 to 12; `most`: month (1 to 12) of most of them; `summer`:
    share (0 to 1) of `season.AFTER_SCHOOL`; `net`: arrivals less departures of the year, None where
    a month is not given.
    """

    year: int
    departures: pd.Series
    most: int
    most_left: int
    summer: float
    net: int | None
    source: str


@dataclass(frozen=True)
class EnteredAges:
    """Balance of one region by age, the newest year.

    `ages`: (age_from, age_to) → persons, or a rate per 1000, None where it is not given; `sexes`:
    sex → persons of all ages; `total`: persons of all ages, both sexes.
    """

    year: int
    ages: Mapping[tuple[int, int], float | None]
    sexes: Mapping[str, float | None]
    total: float | None
    source: str


def read_register_table(name: str, folder: Path = INPUT) -> pd.DataFrame:
    """One of the tables as its schema demands (see `read_input`), with known regions and places.

    Raises ProjectError, one line, for every fault.
    """
    rows = read_input(name, folder)
    regions = sorted(set(load_regions()["region"]) - {COUNTRY})
    places = list(load_places()["place_id"])
    columns = {
        FLOWS: dict.fromkeys(ENDS, regions), SEASON: {"destination": regions},
        BALANCES: {"area": [*regions, *places]}, RATES: {"area": [*regions, *places]},
        PLACES: {"place_id": places},
    }[name]  # fmt: skip
    for column, known in columns.items():
        check_known(name, rows, column, known, folder)
    for row in rows.to_dict("records"):
        if "age_from" in row and row["age_to"] < row["age_from"]:
            fault = f"{row['age_to']} is below age_from {row['age_from']}; expected no less"
            refuse(name, row["line"], "age_to", fault, folder)
        if name == SEASON and row["period"] not in MONTHS:
            fault = f"found '{row['period']}', expected a month in English"
            refuse(name, row["line"], "period", fault, folder)
        if name == FLOWS and row["origin"] == row["destination"]:
            fault = f"{row['destination']} is the origin too; expected another region"
            refuse(name, row["line"], "destination", fault, folder)
    return rows


def entered_flows(here: str, published: pd.DataFrame, folder: Path = INPUT) -> EnteredFlows | None:
    """The newest whole year of the entered moves of `here`; None where none are.

    published: region, year, part_of_year, departures, arrivals, net (`where_to.exchange`).
    Raises ProjectError as `read_register_table`.
    """
    rows = read_register_table(FLOWS, folder)
    rows = rows[(rows["part_of_year"] == "no") & rows["persons"].notna()]
    rows = rows[(rows[list(ENDS)] == here).any(axis=1)]
    if rows.empty:
        return None
    year = int(rows["year"].max())
    own = rows[rows["year"] == year]
    out = own[own["origin"] == here].set_index("destination")["persons"].rename("departures")
    into = own[own["destination"] == here].set_index("origin")["persons"].rename("arrivals")
    table = pd.concat([out, into], axis=1).astype("Int64").rename_axis("region").sort_index()
    table["net"] = table["arrivals"] - table["departures"]
    theirs = published[(published["year"] == year) & (published["part_of_year"] == "no")]
    theirs = theirs.set_index("region")[["departures", "arrivals", "net"]].astype("Int64")
    table = table.join(theirs.add_suffix("_published"))
    table["difference"] = table["net"] - table["net_published"]
    return EnteredFlows(
        year, table.reset_index(), int(table["difference"].notna().sum()),
        int(table["difference"].sum()), _sources(own),
    )  # fmt: skip


def entered_season(here: str, folder: Path = INPUT) -> EnteredSeason | None:
    """The newest year of which departures of `here` are entered for all months; None without one.

    Raises ProjectError as `read_register_table`.
    """
    rows = read_register_table(SEASON, folder)
    rows = rows[(rows["destination"] == here) & rows["value"].notna()]
    rows = rows.assign(month=[MONTHS.index(month) + 1 for month in rows["period"]])
    gone = rows[rows["kind"] == "departures"]
    months = gone.groupby("year")["month"].nunique()
    whole = [int(year) for year in months.index[months == len(MONTHS)]]
    sums = gone.groupby("year")["value"].sum()
    whole = [year for year in whole if sums[year] > 0]
    if not whole:
        return None
    year = max(whole)
    own = rows[rows["year"] == year]
    left = own[own["kind"] == "departures"].set_index("month")["value"].sort_index()
    nets = own[own["kind"] == "net"]["value"]
    most = 1 + int(left.to_numpy("int64").argmax())
    return EnteredSeason(
        year, left, most, int(left[most]), float(left[list(AFTER_SCHOOL)].sum() / left.sum()),
        int(nets.sum()) if len(nets) == len(MONTHS) else None, _sources(own),
    )  # fmt: skip


def entered_ages(here: str, folder: Path = INPUT) -> EnteredAges | None:
    """The newest year of the entered balance of `here` by age; None where none is.

    Raises ProjectError as `read_register_table`.
    """
    return _by_age(read_register_table(BALANCES, folder), here, "net_migration")


def entered_rates(here: str, folder: Path = INPUT) -> EnteredAges | None:
    """The same per 1000 persons of the age, from rates.csv."""
    return _by_age(read_register_table(RATES, folder), here, "net_migration_per_1000")


def _by_age(rows: pd.DataFrame, here: str, column: str) -> EnteredAges | None:
    rows = rows[rows["area"] == here]
    given = rows[rows[column].notna()]
    if given.empty:
        return None
    year = int(given["year"].max())
    own = rows[rows["year"] == year].sort_values(["age_from", "age_to"], kind="stable")
    number = {
        (str(row["sex"]), int(row["age_from"]), int(row["age_to"])): None
        if pd.isna(row[column])
        else float(row[column])
        for row in own.to_dict("records")
    }
    ages = {
        (first, last): value
        for (sex, first, last), value in number.items()
        if sex == BOTH and (first, last) != ALL_AGES
    }
    sexes = {sex: number.get((sex, *ALL_AGES)) for sex in SEXES}
    return EnteredAges(year, ages, sexes, number.get((BOTH, *ALL_AGES)), _sources(own))


def entered_places(folder: Path = INPUT) -> pd.DataFrame:
    """Leavers by city and district, the newest year that is entered, indexed by place_id.

    Columns of leavers_places.csv and net (came less left, missing where one lacks); empty where
    nothing is entered. Raises ProjectError as `read_register_table`, also for two age groups of one
    year: the column of a chapter has one heading.
    """
    rows = read_register_table(PLACES, folder)
    rows = rows[rows["left"].notna() | rows["came"].notna()]
    own = rows[rows["year"] == rows["year"].max()]
    first = own.iloc[0] if len(own) else None
    for row in own.to_dict("records"):
        if first is not None and (row["age_from"], row["age_to"]) != (
            first["age_from"], first["age_to"],
        ):  # fmt: skip
            fault = (
                f"ages {row['age_from']} to {row['age_to']} beside {first['age_from']} to "
                f"{first['age_to']} in {row['year']}; expected one age group a year"
            )
            refuse(PLACES, row["line"], "age_from", fault, folder)
    return own.assign(net=own["came"] - own["left"]).set_index("place_id")


def _sources(rows: pd.DataFrame) -> str:
    return "; ".join(dict.fromkeys(rows["source"]))


def _main() -> None:
    for name in (FLOWS, SEASON, BALANCES, RATES, PLACES):
        rows = read_register_table(name)
        print(f"{shown(INPUT / f'{name}.csv')}: {len(rows)} rows, all as the schema says")


if __name__ == "__main__":
    exit_with_one_line(_main)
