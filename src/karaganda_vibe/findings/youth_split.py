"""The split of net migration into children and people of 16 and over, for every region that has it.

Joins the inputs (youth_inputs) and the method (inference/child_split) and adds rates and means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from karaganda_vibe.inference.child_split import (
    SplitAssumptions,
    split_net_migration,
    turning_sixteen,
)
from karaganda_vibe.panels.rates import per_thousand
from karaganda_vibe.panels.youth_inputs import (
    country_inputs,
    national_ages,
    split_inputs,
    with_steady_moves,
)
from karaganda_vibe.project.errors import ProjectError

PARTS = ("0_15", "16_plus")
BOUNDS = ("", "_low", "_high")


@dataclass(frozen=True, eq=False)
class YouthSplit:
    """The split and what it was made of.

    Attributes:
        table: one row a region and year, see `split_by_age`.
        left_out: region, borders, year, gap, reason (see `youth_inputs.split_inputs`).
        country: the country's inputs by year (see `youth_inputs.country_inputs`).
        ages: persons of the country by single age (rows) and year (columns), 1 January.
    """

    table: pd.DataFrame
    left_out: pd.DataFrame
    country: pd.DataFrame
    ages: pd.DataFrame


def split_by_age(
    regions: pd.DataFrame,
    districts: pd.DataFrame,
    registry: pd.DataFrame,
    long: pd.DataFrame,
    assumptions: SplitAssumptions,
) -> YouthSplit:
    """Net migration at 0-15 and 16+ of every region and year whose inputs are published.

    Args:
        regions, districts, long: processed tables; registry: metadata/places/regions.csv.

    Returns:
        The table holds region, borders, year, net_migration, net_0_15, net_16_plus (persons, each
        with _low and _high), sign_0_15, sign_16_plus ("gain", "loss", "unclear"), children, adults
        (mean of both ends of the year, persons), rate_16_plus with _low and _high (per 1,000 people
        aged 16+), births, births_basis, infant_deaths, infant_basis, turning, turning_low,
        turning_high, turning_method.
    """
    inputs, left_out = split_inputs(regions, districts, registry)
    ages = national_ages(long)
    country = country_inputs(ages, inputs)
    turning = turning_sixteen(inputs, country, assumptions)
    turning = with_steady_moves(turning, inputs, country, assumptions.turning_error)
    table = split_net_migration(inputs, turning, assumptions)
    kept = ["region", "borders", "year", "births", "births_basis", "infant_deaths", "infant_basis"]
    sizes = inputs[kept].assign(
        children=(inputs["children_start"] + inputs["children_end"]) / 2,
        adults=(inputs["adults_start"] + inputs["adults_end"]) / 2,
    )
    whole = ["region", "year", "turning", "turning_low", "turning_high", "turning_method"]
    table = table.merge(sizes, on=["region", "year"]).merge(turning[whole], on=["region", "year"])
    for bound in BOUNDS:
        table[f"rate_16_plus{bound}"] = per_thousand(table[f"net_16_plus{bound}"], table["adults"])
    columns = ["region", "borders", "year", "net_migration"]
    columns += [f"net_{part}{bound}" for part in PARTS for bound in BOUNDS]
    columns += ["sign_0_15", "sign_16_plus", "children", "adults"]
    columns += [f"rate_16_plus{bound}" for bound in BOUNDS]
    columns += ["births", "births_basis", "infant_deaths", "infant_basis"]
    columns += ["turning", "turning_low", "turning_high", "turning_method"]
    return YouthSplit(table[columns], left_out, country, ages)


def mean_of_years(table: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    """The split averaged over `years`, for regions that have each of them on the same borders.

    The errors of single years share their cause, so ranges are averaged, not narrowed.

    Returns:
        region, borders, net_migration, the two parts and the rate with their bounds, children,
        adults; empty where no region has all years.
    """
    chosen = table[table["year"].isin(list(years))]
    groups = chosen.groupby(["region", "borders"])
    counted = groups["year"].nunique()
    numbers = [column for column in table.columns if column.startswith(("net_", "children", "adu"))]
    means = groups[numbers].mean()[counted == len(set(years))]
    for bound in BOUNDS:
        means[f"rate_16_plus{bound}"] = per_thousand(means[f"net_16_plus{bound}"], means["adults"])
    return means.reset_index()


def share_of_adults(row: pd.Series) -> tuple[float, float, float]:
    """Share (0-1) of the 16+ in a region's net loss: central, lowest and highest.

    Raises ProjectError where the region does not lose people: a share of a gain and a loss that
    offset each other says nothing.
    """
    total = float(row["net_migration"])
    if not total < 0:
        raise ProjectError(
            f"share of adults: the net migration is {total:g}; expected a loss; word it otherwise"
        )
    central, low, high = (float(row[f"net_16_plus{bound}"]) / total for bound in BOUNDS)
    return central, min(low, high), max(low, high)


def left_for_the_rest(split: YouthSplit, national_net: pd.Series) -> pd.DataFrame:
    """What the country's figures leave for the regions that are not split: a check of the whole.

    The country's cohorts give its children's net migration without births: those aged 1-15 a year
    later less those aged 0-14, for years whose single ages stand on one census base. Deaths among
    them are still in it, so it is somewhat too low.

    Args:
        national_net: net migration of the country by year (persons).

    Returns:
        year, regions (split), children_country (cohorts, deaths included), children_split,
        children_split_low, children_split_high (sums over regions), children_rest, net_rest (all
        ages, of the regions not split).
    """
    rows = []
    for year in sorted({int(year) for year in split.table["year"]}):
        group = split.table[split.table["year"] == year]
        if year + 1 not in split.ages or _base(year) != _base(year + 1):
            continue
        later = float(split.ages.loc[1:15, year + 1].sum())
        cohorts = later - float(split.ages.loc[0:14, year].sum())
        sums = [float(group[f"net_0_15{bound}"].sum()) for bound in BOUNDS]
        rows.append(
            (year, len(group), cohorts, *sums, cohorts - sums[0],
             float(national_net[year] - group["net_migration"].sum()))
        )  # fmt: skip
    columns = ["year", "regions", "children_country", "children_split", "children_split_low",
               "children_split_high", "children_rest", "net_rest"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _base(year: int) -> int:
    """Census that the country's single ages of 1 January stand on (note of the raw table)."""
    return 2021 if year >= 2022 else 2009
