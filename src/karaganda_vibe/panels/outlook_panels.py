"""The panels that the outlook is tested on and made from, and its results in persons."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from karaganda_vibe.inference.outlook import Backtest
from karaganda_vibe.panels.migration_series import (
    NATIONAL,
    net_on_todays_borders,
    place_rates,
    sum_of_places,
)
from karaganda_vibe.panels.rates import per_thousand
from karaganda_vibe.project.errors import ProjectError

# Before this year the count of moves and the population behind it stand on the census of 1989.
FIRST_YEAR = 2001


def place_panel(districts: pd.DataFrame, first: int = FIRST_YEAR) -> pd.DataFrame:
    """Net migration per 1,000 of every city and district: rows places, columns years from `first`.

    City districts (of Astana and Shymkent) are left out: their borders changed with the city's.
    Gaps stay empty; places without any figure are left out.
    """
    rows = place_rates(districts)
    rows = rows[(rows["year"] >= first) & (rows["kind"] != "city_district")]
    table = rows.pivot(index="place_id", columns="year", values="net_rate").dropna(how="all")
    return table.loc[:, table.notna().any()]


def region_series(districts: pd.DataFrame, region: str, first: int = FIRST_YEAR) -> pd.DataFrame:
    """One region on today's borders as the sum of its places.

    Returns:
        rows years from `first`, columns net (persons), population (mean of the year, persons), rate
        (per 1,000). Raises ProjectError where there is no year with every place.
    """
    own = place_rates(districts)
    own = own[own["region"] == region]
    net = sum_of_places(districts, region)
    population = own.groupby("year")["mean_population"].sum(min_count=1)
    table = pd.DataFrame({"net": net, "population": population.reindex(net.index)})
    table = table[table.index >= first]
    if table.empty:
        raise ProjectError(
            f"outlook: no year from {first} on in which every place of {region} has a figure"
        )
    return table.assign(rate=per_thousand(table["net"], table["population"]))


def with_published(own: pd.DataFrame, regions: pd.DataFrame, region: str) -> pd.DataFrame:
    """`own` (from `region_series`) and the region's published figures of the years after it.

    Returns:
        the same columns; the population of such a year is the published mean of the year.

    Raises:
        ProjectError: a published balance has no population of its year.
    """
    rows = []
    year = int(own.index.max()) + 1
    while (net := figure_since(regions, region, year)) is not None:
        today = regions[(regions["region"] == region) & (regions["year"] == year)]
        people = today["population_average"].dropna()
        if people.empty:
            raise ProjectError(
                f"outlook: net migration of {region} in {year} is published, its mean population "
                "is not; expected population_average in data/processed/regions.csv"
            )
        rows.append((year, net, float(people.iloc[0])))
        year += 1
    later = pd.DataFrame(rows, columns=["year", "net", "population"]).set_index("year")
    later = later.assign(rate=per_thousand(later["net"], later["population"]))
    return pd.concat([own, later]) if rows else own


def kinds_of_regions(regions: pd.DataFrame, units: Iterable[str]) -> pd.Series:
    """By unit: "city" for a region without any rural population in any year, else "region"."""
    rural = regions.groupby("region")["population_start_of_year_rural"].max()
    return pd.Series(
        {unit: "region" if rural.get(unit, 0) > 0 else "city" for unit in units}, dtype=str
    )


def regions_panel(
    regions: pd.DataFrame,
    districts: pd.DataFrame,
    artefacts: pd.DataFrame,
    here: str,
    first: int = FIRST_YEAR,
) -> pd.DataFrame:
    """Net migration per 1,000 of every region on today's borders: rows regions, columns years.

    The region `here` is the sum of its places (`region_series`), so that one definition reaches
    over the change of borders, and after them its published figures; the panel ends with the last
    year known of it. The others may end earlier. Sums of places stand in for a region only where
    its places have a population: nets alone, taken in after the methods had been chosen, would
    give a region more years to test on than the choice was made with.
    """
    peopled = districts.groupby("region")["population"].transform("count") > 0
    own = with_published(region_series(districts, here, first), regions, here)["rate"]
    rows = net_on_todays_borders(regions, districts[peopled], artefacts)
    rows = rows[(rows["region"] != NATIONAL) & (rows["year"] >= first)]
    table = rows.pivot(index="region", columns="year", values="rate")
    table = table.reindex(columns=range(first, int(own.index.max()) + 1))
    table.loc[here] = own.reindex(table.columns)
    return table.dropna(how="all").sort_index()


def figure_since(regions: pd.DataFrame, region: str, year: int) -> float | None:
    """Net migration of `region` in `year` as regions.csv has it (persons), None where it has none.

    A figure on borders that no longer hold does not count.
    """
    own = regions[(regions["region"] == region) & (regions["year"] == year)]
    own = own[~own["borders"].str.startswith("until")]
    found = own["net_migration_total"].dropna()
    return float(found.iloc[0]) if len(found) else None


def in_persons(outlook: pd.DataFrame, population: pd.Series) -> pd.DataFrame:
    """`outlook` (rates per 1,000) with persons, persons_low and persons_high added.

    Args:
        population: persons by unit, held as it last was: its own change within a few years is
            far smaller than the error of the rate.

    Raises:
        ProjectError: a unit without population.
    """
    people = outlook["unit"].map(population)
    if people.isna().any():
        unit = outlook.loc[people.isna(), "unit"].iloc[0]
        raise ProjectError(f"outlook: no population of {unit}; expected persons for every unit")
    return outlook.assign(
        population=people,
        persons=outlook["forecast"] * people / 1000,
        persons_low=outlook["low"] * people / 1000,
        persons_high=outlook["high"] * people / 1000,
    )


def error_of_units(tested: Backtest, units: Iterable[str]) -> pd.DataFrame:
    """The backtest's errors of some of its units: rows methods, in the order of the summary.

    Returns:
        method, mae (per 1,000), relative_mae (to naive), coverage (share of intervals that held),
        forecasts, intervals.

    Raises:
        ProjectError: none of the units was tested.
    """
    own = tested.errors[tested.errors["unit"].isin(list(units))]
    if own.empty:
        raise ProjectError("outlook: none of these units was tested; expected ten or more years")
    groups = own.groupby("method", sort=False)
    table = pd.DataFrame(
        {
            "mae": groups["error"].apply(lambda errors: float(errors.abs().mean())),
            "coverage": groups["covered"].mean(),
            "forecasts": groups.size(),
            "intervals": groups["covered"].count(),
        }
    )
    table["relative_mae"] = table["mae"] / float(table["mae"].loc["naive"])
    order = list(dict.fromkeys(tested.summary["method"]))
    columns = ["method", "mae", "relative_mae", "coverage", "forecasts", "intervals"]
    return table.reindex(order).rename_axis("method").reset_index()[columns]
