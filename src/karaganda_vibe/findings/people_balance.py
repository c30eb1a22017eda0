"""How the number of people of one place changed: births, deaths, moves, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from karaganda_vibe.panels.rates import per_thousand
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.rounding import round_number


@dataclass(frozen=True)
class People:
    """The balance of people of one place.

    Attributes:
        first_year, last_year: first and last year with a population (end of the year).
        population_first, population_last: persons.
        natural, migration, rest: births less deaths, arrivals less departures, and what is left
            of the change of population (census corrections, borders), persons, over the years
            after first_year; None where a year between is not published.
        year, net, rate: last year with net migration, persons, per 1,000; arrivals, departures.
        ten_years: net migration of the last ten years together; None where one is not published.
        years, gains: years with net migration, and how many of them were gains.
        sign, run: direction (-1, 0, 1) of the last year and for how many years running; `before`
            the direction of the year before the run, None where the series starts with it.
    """

    first_year: int
    last_year: int
    population_first: float
    population_last: float
    natural: float | None
    migration: float | None
    rest: float | None
    year: int
    first_migration_year: int
    net: float
    rate: float
    arrivals: float | None
    departures: float | None
    ten_years: float | None
    years: int
    gains: int
    sign: int
    run: int
    before: int | None


def people_of(rows: pd.DataFrame) -> People:
    """The balance of people of one place.

    Args:
        rows: the place's rows of the district panel: year, population, mean_population, births,
            deaths, arrivals, departures, net_migration.

    Raises:
        ProjectError: the place has no population or no net migration at all.
    """
    table = rows.set_index("year").sort_index()
    population, net = table["population"].dropna(), table["net_migration"].dropna()
    if population.empty or net.empty:
        raise ProjectError(
            f"passport of {rows['place_id'].iloc[0]}: no population or net migration in "
            "districts.csv; a passport needs both"
        )
    first, last = int(population.index.min()), int(population.index.max())
    between = table.loc[first + 1 : last]
    whole = list(between.index) == list(range(first + 1, last + 1))
    natural = _sum(between["births"] - between["deaths"], whole)
    migration = _sum(between["net_migration"], whole)
    change = float(population.loc[last] - population.loc[first])
    rest = None if natural is None or migration is None else change - natural - migration
    year = int(net.index.max())
    signs = np.sign(net).astype(int)
    run, before = _run(signs)
    recent = net.reindex(range(year - 9, year + 1))
    rate = per_thousand(table["net_migration"], table["mean_population"]).loc[year]
    return People(
        first_year=first,
        last_year=last,
        population_first=float(population.loc[first]),
        population_last=float(population.loc[last]),
        natural=natural,
        migration=migration,
        rest=rest,
        year=year,
        first_migration_year=int(net.index.min()),
        net=float(net.loc[year]),
        rate=round_number(rate),
        arrivals=_known(table["arrivals"].loc[year]),
        departures=_known(table["departures"].loc[year]),
        ten_years=_sum(recent, True),
        years=len(net),
        gains=int((net > 0).sum()),
        sign=int(signs.loc[year]),
        run=run,
        before=before,
    )


def _sum(values: pd.Series, whole: bool) -> float | None:
    """The sum of a series, None unless every value of it is there."""
    return float(values.sum()) if whole and len(values) and values.notna().all() else None


def _known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _run(signs: pd.Series) -> tuple[int, int | None]:
    """For how many years running the last sign holds, and the sign of the year before the run.

    A gap in the years ends the run; the year before it is then unknown (None).
    """
    year, sign, run = int(signs.index.max()), int(signs.iloc[-1]), 1
    while (year - run) in signs.index and signs.loc[year - run] == sign:
        run += 1
    return run, int(signs.loc[year - run]) if (year - run) in signs.index else None


def migration_part(people: People) -> str:
    """Which part of the texts says how the last year went: its direction and what came before."""
    word = {-1: "loss", 0: "level", 1: "gain"}[people.sign]
    if people.sign == 0:
        return word
    if people.before is None:
        return f"{word}_always" if people.run == people.years else f"{word}_alone"
    if people.run > 1:
        return f"{word}_run"
    return f"{word}_after_{ {-1: 'loss', 0: 'level', 1: 'gain'}[people.before] }"
