"""Net migration of three years together: one year's figure of a small place says little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from karaganda_vibe.findings.peers import FEWEST_PEERS, comparable_year
from karaganda_vibe.panels.migration_series import average_over
from karaganda_vibe.panels.rates import per_thousand
from karaganda_vibe.project.rounding import round_number

SPAN = 3


@dataclass(frozen=True)
class ThreeYears:
    """Net migration of a place in three years running: persons together, and the mean of the
    yearly rates per 1,000 people."""

    first_year: int
    last_year: int
    people: float
    rate: float


@dataclass(frozen=True)
class BesidePeers:
    """A place's mean rate beside the median of its peers, per 1,000 people a year.

    `own` is None where one of the years is not published, `median` where fewer than `FEWEST_PEERS`
    peers publish all of them.
    """

    first_year: int
    last_year: int
    own: float | None
    median: float | None


def latest_three(rows: pd.DataFrame) -> ThreeYears | None:
    """The last three published years of one place; None where they do not follow each other.

    rows: the place's rows of the district panel: year, net_migration, mean_population.
    """
    table = rows.dropna(subset=["net_migration"]).set_index("year").sort_index().tail(SPAN)
    rates = per_thousand(table["net_migration"], table["mean_population"])
    years = [int(year) for year in table.index]
    if len(years) < SPAN or years[-1] - years[0] != SPAN - 1 or rates.isna().any():
        return None
    people = float(table["net_migration"].sum())
    return ThreeYears(years[0], years[-1], people, round_number(float(rates.mean())))


def compared_years(panel: pd.DataFrame) -> range:
    """The three years up to the last one in which nearly all places publish net migration."""
    last = comparable_year(panel.loc[panel["net_migration"].notna(), "year"])
    return range(last - SPAN + 1, last + 1)


def mean_rates(panel: pd.DataFrame, years: Sequence[int]) -> pd.Series:
    """Mean net migration per 1,000 by place_id; missing unless all of `years` are published."""
    rates = per_thousand(panel["net_migration"], panel["mean_population"])
    return average_over(panel.assign(rate=rates), years, "place_id", "rate").map(round_number)


def beside_peers(
    means: pd.Series, place: str, peers: Sequence[str], years: Sequence[int]
) -> BesidePeers:
    """The mean of `place` beside the median of its peers; means: see `mean_rates`."""
    known = means.dropna()
    near = known[known.index.isin(list(peers))]
    return BesidePeers(
        first_year=years[0],
        last_year=years[-1],
        own=float(known[place]) if place in known.index else None,
        median=round_number(float(near.median())) if len(near) >= FEWEST_PEERS else None,
    )


def comparison_part(beside: BesidePeers) -> str:
    """Which part of the texts compares a place with its peers."""
    if beside.own is None:
        return "not_published"
    if beside.median is None:
        return "no_peers"
    if beside.own == beside.median:
        return "same"
    return "better" if beside.own > beside.median else "worse"
