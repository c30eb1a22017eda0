"""Made editions of data/raw for tests: a year more, a gain, a contradiction, a revised year.

Every figure that these functions write is made. They write into a copy of the project only.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from scratch_project import run

PLACES = "bns_district_dynamics/karaganda.csv"
REGION = "bns_net_migration_all_flows/regions_2000_2024.csv"
NET, ARRIVED, LEFT = "сальдо миграции, человек", "прибыло, человек", "выбыло, человек"
MADE = "made for a test"
NOT_A_PLACE = "моногород"
"""Sheets of this name repeat a part of another one."""


@dataclass(frozen=True)
class Scenario:
    """What the next edition brings: the net of 2025 by place and region, and what is revised.

    Attributes:
        places: net migration of the places' new year, their sum (persons), None where no new year.
        region: the region's own figure of that year in the office's table, None where it has none.
        revised: added to the net of the largest place in the year `revised_year` (persons).
    """

    places: int | None = None
    region: int | None = None
    revised: int = 0
    revised_year: int = 2019


YEAR = 2025
"""The made year: the one after the places' tables, of which only a press figure is known."""
SCENARIOS = {
    "places": Scenario(places=-5697),
    "region": Scenario(region=-5697),
    "both": Scenario(places=-5701, region=-5701),
    "conflict": Scenario(places=-8490, region=-5210),
    "gain": Scenario(places=1234, region=1234),
    "revision": Scenario(revised=-3000),
}


def apply(scenario: Scenario, raw: Path) -> list[Path]:
    """Write the scenario's made figures into the tables of `raw`; return the changed files."""
    changed = []
    if scenario.places is not None or scenario.revised:
        path = raw / PLACES
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        if scenario.revised:
            table = with_revised_net(table, str(scenario.revised_year), scenario.revised)
        if scenario.places is not None:
            table = with_year(table, YEAR, scenario.places)
        table.to_csv(path, index=False, lineterminator="\n")
        changed.append(path)
    if scenario.region is not None:
        path = raw / REGION
        with path.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(
                (
                    *("migration_net_total", "Karaganda", YEAR, "annual"),
                    *(float(scenario.region), "persons", "s003", MADE),
                )
            )
        changed.append(path)
    return changed


def with_year(table: pd.DataFrame, year: int, net: int) -> pd.DataFrame:
    """The places' table with one made year more, in which they gain or lose `net` persons together.

    Other rows say again what they said a year before; arrivals and population follow from the net.
    """
    before, now = str(year - 1), str(year)
    made = table.assign(**{now: table[before]})
    rows = made["indicator_ru"].str.strip() == NET
    own = rows & ~made["place_ru"].str.contains(NOT_A_PLACE)
    nets = pd.to_numeric(made.loc[own, before])
    # Each place moves by the same number of persons, the largest one by the rest.
    moved, rest = divmod(net - int(nets.sum()), len(nets))
    new = nets + moved
    new.iloc[0] += rest
    made.loc[own, now] = new.astype(int).astype(str)
    for at, value in new.items():
        place = made["place_ru"] == made.loc[at, "place_ru"]
        left = place & (made["indicator_ru"].str.strip() == LEFT)
        arrived = place & (made["indicator_ru"].str.strip() == ARRIVED)
        made.loc[arrived, now] = str(int(float(made.loc[left, before].iloc[0])) + int(value))
        _grow(made, place, now, before, int(value))
    return made


def _grow(made: pd.DataFrame, place: pd.Series, now: str, before: str, net: int) -> None:
    """The population at the end of the made year: that before, births less deaths, and the net."""

    def value(indicator: str) -> float:
        return float(made.loc[place & made["indicator_ru"].str.startswith(indicator), now].iloc[0])

    first = made.index[place][0]
    factor = 1000 if "тыс" in made.loc[first, "indicator_ru"] else 1
    people = float(made.loc[first, before])
    natural = value("Число родившихся") - value("Число умерших")
    made.loc[first, now] = f"{people + (natural + net) / factor:.1f}"


def with_revised_net(table: pd.DataFrame, year: str, by: int) -> pd.DataFrame:
    """The places' table in which the first place's net and arrivals of `year` are revised."""
    made = table.copy()
    first = made["place_ru"] == made["place_ru"].iloc[0]
    for indicator in (NET, ARRIVED):
        row = first & (made["indicator_ru"].str.strip() == indicator)
        made.loc[row, year] = str(int(float(made.loc[row, year].iloc[0])) + by)
    return made


def accept(project: Path, changed: Iterable[Path]) -> None:
    """Take the changed tables into the package of the copy, as the recipe for a year says."""
    for path in changed:
        done = run(project, "-m", "karaganda_vibe.sources.raw_package", "--accept", str(path))
        assert done.returncode == 0, done.stderr
