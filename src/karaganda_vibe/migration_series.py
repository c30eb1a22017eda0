"""Series of net migration for the report, from the processed tables."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from karaganda_vibe.errors import ProjectError
from karaganda_vibe.rates import mean_population, per_thousand

NATIONAL = "KZ"


def sum_of_places(districts: pd.DataFrame, region: str, column: str = "net_migration") -> pd.Series:
    """The region's `column` on today's borders: the sum over its places, by year.

    Only years in which every place of the region has a figure are summed; the others are left
    out, since a partial sum is not the region. Raises ProjectError for an unknown region.
    """
    own = districts[districts["region"] == region]
    if own.empty:
        raise ProjectError(f"districts.csv has no places of region {region}; check the ISO code")
    table = own.pivot(index="year", columns="place_id", values=column)
    return table.dropna().sum(axis=1).rename(column)


def old_border_sum(districts: pd.DataFrame, regions: Sequence[str]) -> pd.Series:
    """Net migration of several of today's regions together, which once were one region."""
    parts = [sum_of_places(districts, region) for region in regions]
    return pd.concat(parts, axis=1, join="inner").sum(axis=1).rename("net_migration")


def published_net(regions: pd.DataFrame, column: str = "net_migration_total") -> pd.DataFrame:
    """Published net migration by region and year with a denominator on the same borders.

    Columns: region, year, borders, net, population, rate (per 1,000). The denominator is the
    published average population; where that is not on the row's borders, the population at the
    start of the year.
    """
    rows = regions.dropna(subset=[column])
    population = rows["population_average"].fillna(rows["population_start_of_year"])
    return pd.DataFrame(
        {
            "region": rows["region"],
            "year": rows["year"],
            "borders": rows["borders"],
            "net": rows[column],
            "population": population,
            "rate": per_thousand(rows[column], population),
        }
    ).reset_index(drop=True)


def place_rates(districts: pd.DataFrame) -> pd.DataFrame:
    """Districts with their mean population and net migration per 1,000 added.

    Adds `mean_population` (persons) and `net_rate` (per 1,000).
    """
    mean = mean_population(districts["population"], districts["year"], districts["place_id"])
    return districts.assign(
        mean_population=mean, net_rate=per_thousand(districts["net_migration"], mean)
    )


def average_over(frame: pd.DataFrame, years: Sequence[int], unit: str, value: str) -> pd.Series:
    """Mean of `value` by `unit` over `years`; missing unless every one of the years is there."""
    chosen = frame[frame["year"].isin(list(years))].dropna(subset=[value])
    grouped = chosen.groupby(unit)[value]
    return grouped.mean().where(grouped.count() == len(years))


def rank_from_worst(rates: pd.Series, unit: str) -> int:
    """Place of `unit` counted from the largest loss (1 = the largest)."""
    return int(rates.rank(method="min").loc[unit])


def last_gain(series: pd.Series) -> int | None:
    """The last year in which the series was above zero, or None."""
    gains = series[series > 0]
    return int(gains.index.max()) if len(gains) else None
