"""Net migration split into children (0-15) and 16+ by the residual method.

For a region and a year, with populations on 1 January:

    net(0-15) = P0-15(next year) - P0-15(this year) - births + deaths(0-15) + turned 16
    net(16+)  = published net migration - net(0-15)

Births and the two populations are published. Two terms are not, and are bounded:

- turned 16: those aged 15 on 1 January (they turn 16 within the year; migration and deaths among
  them in that year are counted with the 16+, a difference of second order). Where the region's
  births of the sixteen years before are known, two estimates: "by births", the births sixteen years
  before times the country's ratio of age 15 to its births (nobody moved more than in the country),
  and "by shape", the published 0-15 times the births' share of that year among the sixteen,
  corrected by the country's own ratio of the two (all ages moved alike). The central value is their
  mean, the range spans both, widened by `turning_error`. Where births are unknown, the country's
  share of age 15 among 0-15 is applied ("by share"), with the much larger `share_error`: regions
  differ by a third in how many of their children are fifteen.
- deaths 0-15: at least the infant deaths (rate times births), at most those times a stated
  multiple.

The method is the vital-statistics residual of United Nations, Manual VI (1970), chapter I.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from karaganda_vibe.project.errors import ProjectError

REQUIRED = (
    "region", "year", "children_start", "children_end", "births", "infant_deaths", "net_migration",
)  # fmt: skip


@dataclass(frozen=True)
class SplitAssumptions:
    """What is assumed of the two unknown terms; every number is shown in the report.

    Attributes:
        child_deaths_low, child_deaths_high: deaths at 0-15 as a multiple of infant deaths (at
            least 1).
        turning_error: relative error of the estimates from births (0.03: 3 % either way).
        share_error: relative error of the estimate by the country's share, used without births.
    """

    child_deaths_low: float = 1.0
    child_deaths_high: float = 2.0
    turning_error: float = 0.03
    share_error: float = 0.3


BIRTHS = ("births_16_years_before", "births_in_16_years")


def turning_sixteen(
    regions: pd.DataFrame, country: pd.DataFrame, assumptions: SplitAssumptions
) -> pd.DataFrame:
    """Estimates of those aged 15 on 1 January, by region and year.

    Args:
        regions: columns region, year, children_start (persons 0-15 on 1 January) and, where known,
            births_16_years_before (those of the calendar year `year` - 16) and births_in_16_years
            (their sum over `year` - 16 to `year` - 1), persons, same borders; empty otherwise.
        country: columns year, age_15, children (0-15) on 1 January, and the two of births: the
            same for the whole country.

    Returns:
        `regions`' region and year with turning_by_share, turning_by_births, turning_by_shape (the
        last two nan where births are unknown), turning, turning_low, turning_high (persons) and
        turning_method ("births" or "share").

    Raises:
        ProjectError: the country table lacks a column or year, or holds a year twice.
    """
    for column in ("year", "age_15", "children"):
        if column not in country:
            raise ProjectError(f"turning 16: the country table lacks the column {column}")
    national = country.set_index("year")
    absent = sorted(set(regions["year"]) - set(national.index))
    if absent:
        raise ProjectError(
            f"turning 16: the country table has no year {absent[0]}; expected every year of the "
            "regions; leave that year out"
        )
    if not national.index.is_unique:
        raise ProjectError("turning 16: the country table holds a year twice; expected once")
    children = regions["children_start"].astype(float)
    share = regions["year"].map(national["age_15"] / national["children"]).astype(float)
    table = regions[["region", "year"]].copy()
    table["turning_by_share"] = children * share
    table["turning_by_births"] = np.nan
    table["turning_by_shape"] = np.nan
    if all(column in regions and column in national for column in BIRTHS):
        ratio = regions["year"].map(national["age_15"] / national[BIRTHS[0]]).astype(float)
        births = regions[BIRTHS[0]].astype(float)
        table["turning_by_births"] = births * ratio
        expected = regions["year"].map(national[BIRTHS[0]] / national[BIRTHS[1]]).astype(float)
        shape = births / regions[BIRTHS[1]].astype(float)
        table["turning_by_shape"] = table["turning_by_share"] * shape / expected
    both = table[["turning_by_births", "turning_by_shape"]]
    known = both.notna().all(axis=1)
    by_share = table["turning_by_share"]
    table["turning"] = both.mean(axis=1).where(known, by_share)
    table["turning_low"] = (both.min(axis=1) * (1 - assumptions.turning_error)).where(
        known, by_share * (1 - assumptions.share_error)
    )
    table["turning_high"] = (both.max(axis=1) * (1 + assumptions.turning_error)).where(
        known, by_share * (1 + assumptions.share_error)
    )
    table["turning_method"] = np.where(known, "births", "share")
    return table


def split_net_migration(
    regions: pd.DataFrame,
    turning: pd.DataFrame,
    assumptions: SplitAssumptions | None = None,
) -> pd.DataFrame:
    """Net migration 0-15 and 16+ of each region and year, with error ranges.

    Args:
        regions: columns region, year, children_start, children_end (persons 0-15 on 1 January of
            the year and of the next), births, infant_deaths, net_migration (persons in the year);
            all within the same borders.
        turning: from `turning_sixteen`.

    Returns:
        region, year, net_0_15, net_0_15_low, net_0_15_high, net_16_plus, net_16_plus_low,
        net_16_plus_high, net_migration, sign_0_15 and sign_16_plus: "gain" or "loss" where the
        whole range has one sign, else "unclear". The two parts add up to the published total.

    Raises:
        ProjectError: a column is missing, a row twice, or a value that is missing or negative.
    """
    assumed = assumptions or SplitAssumptions()
    if not 1 <= assumed.child_deaths_low <= assumed.child_deaths_high:
        raise ProjectError(
            f"split: deaths 0-15 between {assumed.child_deaths_low} and "
            f"{assumed.child_deaths_high} times infant deaths; expected 1 <= low <= high"
        )
    for column in REQUIRED:
        if column not in regions:
            raise ProjectError(f"split: the table of regions lacks the column {column}")
    if regions.duplicated(["region", "year"]).any():
        row = regions[regions.duplicated(["region", "year"])].iloc[0]
        raise ProjectError(f"split: {row['region']}, {row['year']} stands twice; expected once")
    for column in REQUIRED[2:]:
        values = regions[column].astype(float)
        bad = ~np.isfinite(values) if column == "net_migration" else ~(values >= 0)
        if bad.any():
            row = regions[bad].iloc[0]
            raise ProjectError(
                f"split: {row['region']}, {row['year']}: {column} is {row[column]}; expected a "
                "number; leave the row out where an input is not published"
            )
    table = regions[list(REQUIRED)].merge(
        turning, on=["region", "year"], how="left", validate="one_to_one"
    )
    if table["turning"].isna().any():
        row = table[table["turning"].isna()].iloc[0]
        raise ProjectError(
            f"split: {row['region']}, {row['year']} has no estimate of those turning 16"
        )
    core = table["children_end"] - table["children_start"] - table["births"]
    deaths_low = table["infant_deaths"] * assumed.child_deaths_low
    deaths_high = table["infant_deaths"] * assumed.child_deaths_high
    result = table[["region", "year"]].copy()
    result["net_0_15"] = core + (deaths_low + deaths_high) / 2 + table["turning"]
    result["net_0_15_low"] = core + deaths_low + table["turning_low"]
    result["net_0_15_high"] = core + deaths_high + table["turning_high"]
    total = table["net_migration"].astype(float)
    result["net_16_plus"] = total - result["net_0_15"]
    result["net_16_plus_low"] = total - result["net_0_15_high"]
    result["net_16_plus_high"] = total - result["net_0_15_low"]
    result["net_migration"] = total
    for part in ("0_15", "16_plus"):
        low, high = result[f"net_{part}_low"], result[f"net_{part}_high"]
        result[f"sign_{part}"] = np.select([low > 0, high < 0], ["gain", "loss"], "unclear")
    return result.sort_values(["region", "year"], ignore_index=True)
