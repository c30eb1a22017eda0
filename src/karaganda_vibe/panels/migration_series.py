"""Series of net migration for the report, from the processed tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from karaganda_vibe.panels.rates import per_thousand, with_mean_population
from karaganda_vibe.project.errors import ProjectError

NATIONAL = "KZ"
_ONE_PERSON = 1


def sum_of_places(districts: pd.DataFrame, region: str, column: str = "net_migration") -> pd.Series:
    """The region's `column` on today's borders: the sum over its places, by year.

    A year is summed only if every place that the tables know by then has a figure, since a partial
    sum is not the region. A place that is published from a later year on (Priozersk from 1998) is
    not waited for. Raises ProjectError for an unknown region.
    """
    own = districts[districts["region"] == region]
    if own.empty:
        raise ProjectError(f"districts.csv has no places of region {region}; check the ISO code")
    table = own.pivot(index="year", columns="place_id", values=column)
    known = table.notna().cummax()
    complete = (table.notna() | ~known).all(axis=1) & known.any(axis=1)
    return table[complete].sum(axis=1).rename(column)


def old_border_sum(districts: pd.DataFrame, regions: Sequence[str]) -> pd.Series:
    """Net migration of several of today's regions together, which once were one region."""
    parts = [sum_of_places(districts, region) for region in regions]
    return pd.concat(parts, axis=1, join="inner").sum(axis=1).rename("net_migration")


def net_on_todays_borders(
    regions: pd.DataFrame, districts: pd.DataFrame, artefacts: pd.DataFrame
) -> pd.DataFrame:
    """Net migration of every region within its borders of today, with rates.

    Columns: region, year, net, population, rate, basis ("published" or "sum of places"). The
    published figure is taken where it is on today's borders, else the sum of the region's places
    where that exists. In the year in which the region's border moved the sum comes first: places
    are counted within today's borders all year, the regional table the old region for part of it.
    `artefacts` (region, year, why) lists figures that are no migration, such
    as the one in which a new border itself shows; they are left out.
    """
    today = regions[~regions["borders"].str.startswith("until")].set_index(["region", "year"])
    population = today["population_average"].fillna(today["population_start_of_year"])
    published = today["net_migration_total"].dropna().rename("net").to_frame()
    sums = [
        sum_of_places(districts, region)
        .rename("net")
        .reset_index()
        .assign(region=region)
        .set_index(["region", "year"])
        for region in sorted(districts["region"].unique())
    ]
    summed = pd.concat(sums).assign(basis="sum of places")
    label = today["borders"].reindex(published.index)
    moved = label == "since-" + published.index.get_level_values("year").astype(str)
    published = published[~(moved & published.index.isin(summed.index))]
    missing = summed[~summed.index.isin(published.index)]
    rows = pd.concat([published.assign(basis="published"), missing]).sort_index()
    left_out = pd.MultiIndex.from_frame(artefacts[["region", "year"]])
    rows = rows[~rows.index.isin(left_out)]
    rows["population"] = population.reindex(rows.index)
    rows["rate"] = per_thousand(rows["net"], rows["population"])
    return rows.reset_index()[["region", "year", "net", "population", "rate", "basis"]]


def place_rates(districts: pd.DataFrame) -> pd.DataFrame:
    """Districts with their mean population and net migration per 1,000 added.

    Adds `mean_population` (persons) and `net_rate` (per 1,000).
    """
    table = with_mean_population(districts)
    return table.assign(net_rate=per_thousand(table["net_migration"], table["mean_population"]))


def rate_together(rated: pd.DataFrame, units: Sequence[str], unit: str = "place_id") -> pd.Series:
    """Net migration per 1,000 of several places taken as one, by year (land may move among them).

    `rated` is from `place_rates`; a year in which one of the places has no figure is missing.
    """
    own = rated[rated[unit].isin(list(units))].dropna(subset=["net_migration", "mean_population"])
    years = own.groupby("year")[["net_migration", "mean_population"]].sum()
    years = years[own.groupby("year").size() == len(units)]
    return per_thousand(years["net_migration"], years["mean_population"]).rename("net_rate")


def average_over(frame: pd.DataFrame, years: Sequence[int], unit: str, value: str) -> pd.Series:
    """Mean of `value` by `unit` over `years`; missing unless every one of the years is there."""
    chosen = frame[frame["year"].isin(list(years))].dropna(subset=[value])
    grouped = chosen.groupby(unit)[value]
    return grouped.mean().where(grouped.count() == len(years))


def rank_from_worst(rates: pd.Series, unit: str) -> int:
    """Place of `unit` counted from the largest loss (1 = the largest)."""
    return int(rates.rank(method="min").loc[unit])


def with_later_figures(places: pd.Series, published: pd.Series) -> pd.Series:
    """The sum of the places by year, and the region's published figures of the years after it."""
    later = published.dropna()
    return pd.concat([places, later[later.index > places.index.max()]])


def later_source(
    long: pd.DataFrame,
    region: str,
    last_places: int,
    latest: int,
    unit: str = "net_migration_total",
) -> str:
    """Who says the figures of a region after those of its places: a word for the texts.

    Args:
        long: region, indicator, year, source: every published value (region_indicators_long.csv).

    Returns:
        "places" where none is later, "table" where the office's tables hold them all; else one
        year of them is known from the press ("press") or several are later ("more").
    """
    if latest == last_places:
        return "places"
    own = long[(long["region"] == region) & (long["indicator"] == unit)]
    own = own[own["year"].between(last_places + 1, latest)]
    in_tables = own.loc[~own["source"].str.startswith("press"), "year"]
    if set(range(last_places + 1, latest + 1)) <= set(in_tables):
        return "table"
    return "press" if latest == last_places + 1 else "more"


@dataclass(frozen=True)
class RegionFigure:
    """The latest net migration of a region, who says it, and who says another number.

    Attributes:
        value: persons.
        source: "places" (the sum of cities and districts), "table" (the office's own figure of
            the region), "press", or "more" where several years after the places need the press.
        tables: the raw tables of the region that say the value; none for the sum of places.
        other, other_source: a published figure of the same year and borders that differs, from
            "table" or else "press"; None and "" where none does.
    """

    value: float
    year: int
    source: str
    tables: tuple[str, ...] = ()
    other: float | None = None
    other_source: str = ""


def latest_figure(
    districts: pd.DataFrame, regions: pd.DataFrame, long: pd.DataFrame, region: str
) -> RegionFigure:
    """The latest net migration of `region`: of its places, or of the region where that is later.

    Args:
        districts, regions, long: districts.csv, regions.csv and region_indicators_long.csv; `long`
            has every published value with its table.

    Figures of two sources for the year are compared to the person; figures on borders that no
    longer hold, and years of which only a part is published, are not compared.
    """
    places = sum_of_places(districts, region)
    today = regions[~regions["borders"].str.startswith("until")]
    own = today[today["region"] == region].set_index("year")["net_migration_total"]
    net = with_later_figures(places, own)
    year, last_places = int(net.index[-1]), int(places.index.max())
    source = later_source(long, region, last_places, year)
    said = long[
        (long["region"] == region)
        & (long["indicator"] == "net_migration_total")
        & (long["year"] == year)
        & (long["period"] == "annual")
        & ~long["borders"].str.startswith("until")
    ]
    value = float(net.iloc[-1])
    said = said.assign(press=said["source"].str.startswith("press"))
    differ = said[(said["value"] - value).abs() >= _ONE_PERSON]
    differ = differ.sort_values(["press", "source"], kind="stable")
    tables = tuple(sorted(set(said.loc[said["value"] == value, "source"])))
    if source == "places":
        tables = ()
    elif source == "table":
        tables = tuple(name for name in tables if not name.startswith("press"))[:1]
    if differ.empty:
        return RegionFigure(value, year, source, tables)
    first = differ.iloc[0]
    return RegionFigure(
        *(value, year, source, tables),
        *(float(first["value"]), "press" if first["press"] else "table"),
    )


def longest_gain(series: pd.Series) -> tuple[int, int] | None:
    """First and last year of the longest unbroken row of gains (the later of two), or None."""
    best: tuple[int, int] | None = None
    start: int | None = None
    for year, value in series.items():
        start = (int(str(year)) if start is None else start) if value > 0 else None
        if start is not None and (best is None or int(str(year)) - start >= best[1] - best[0]):
            best = (start, int(str(year)))
    return best


def changes_since(series: pd.Series, fewest: int = 3) -> int:
    """The last year with a gain that at least `fewest` years follow; the first year if none.

    What moves in a typical year is told from there on.
    """
    gains = series[series > 0]
    followed = [int(year) for year in gains.index if (series.index > year).sum() >= fewest]
    return max(followed, default=int(series.index.min()))


def last_gain(series: pd.Series) -> int | None:
    """The last year in which the series was above zero, or None."""
    gains = series[series > 0]
    return int(gains.index.max()) if len(gains) else None
