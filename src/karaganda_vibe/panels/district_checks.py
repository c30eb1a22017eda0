"""Accounting identities that the tables by city and district must obey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from karaganda_vibe.panels.census_break import breaks_of_places
from karaganda_vibe.panels.identities import (
    arrivals_minus_departures,
    parts_sum_to_whole,
    population_balance,
)
from karaganda_vibe.panels.migration_series import sum_of_places

FLOWS = ["arrivals", "departures", "net_migration"]
# Half of the last published digit at both year-ends: population in thousands with one decimal.
POPULATION_ROUNDING = 100


def rounding(figures: pd.DataFrame) -> pd.Series:
    """How far the last published digit can be from the truth, persons, by row.

    A row whose figures are all whole hundreds is published in thousands with one decimal, one of
    whole tens with two decimals; every figure may then be off by half of that.
    """
    hundreds = ((figures % 100 == 0) | figures.isna()).all(axis=1)
    tens = ((figures % 10 == 0) | figures.isna()).all(axis=1)
    return pd.Series(0.0, index=figures.index).mask(tens, 5.0).mask(hundreds, 50.0)


def district_checks(
    districts: pd.DataFrame, regions: pd.DataFrame, old_regions: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """All checks of the district panel, in the columns of `identities.CHECK_COLUMNS`.

    `old_regions` gives, for a region that was divided, today's regions which it consisted of.
    """
    frames = [
        arrivals_minus_departures(
            districts,
            check_id="arrivals - departures = net: places",
            unit="place_id",
            tolerance=0.5 + 3 * rounding(districts[FLOWS]),
        ),
        _population_checks(districts),
        *_region_sums(districts, regions, old_regions),
    ]
    return pd.concat(frames, ignore_index=True)


def _population_checks(districts: pd.DataFrame) -> pd.DataFrame:
    natural = districts["births"] - districts["deaths"]
    figures = districts[["births", "deaths", "net_migration"]]
    frame = districts.assign(
        natural_growth=natural, allowed=POPULATION_ROUNDING + 0.5 + 3 * rounding(figures)
    )
    return population_balance(
        frame,
        check_id="population change = natural growth + net migration: places",
        unit="place_id",
        population="population",
        net_migration="net_migration",
        end_of_year=True,
        rebased=breaks_of_places(districts),
        tolerance="allowed",
    )


def _region_sums(
    districts: pd.DataFrame, regions: pd.DataFrame, old_regions: Mapping[str, Sequence[str]]
) -> list[pd.DataFrame]:
    per_place = districts.assign(rounding=rounding(districts[["net_migration"]]))
    allowed = (
        per_place.dropna(subset=["net_migration"]).groupby(["region", "year"])["rounding"].sum()
    )
    sums = pd.concat(
        [
            sum_of_places(districts, region).reset_index().assign(region=region)
            for region in sorted(districts["region"].unique())
        ]
    )
    today = regions[~regions["borders"].str.startswith("until")]
    old = regions[regions["borders"].str.startswith("until-2022")]
    every = {region: [region] for region in sums["region"].unique()}
    common: dict[str, Any] = {
        "value": "net_migration",
        "whole_value": "net_migration_total",
        "group": "region",
        "member": "region",
    }
    checks = [
        parts_sum_to_whole(
            sums, today, check_id="places = region: net migration", members=every, **common
        ),
        parts_sum_to_whole(
            sums,
            old,
            check_id="places = region on the borders before 2022: net migration",
            members={region: list(parts) for region, parts in old_regions.items()},
            **common,
        ),
    ]
    return [_with_rounding(frame, allowed, old_regions) for frame in checks]


def _with_rounding(
    checks: pd.DataFrame, allowed: pd.Series, old_regions: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Let the sums differ by what the rounding of their parts and of the total can make up."""
    parts = [
        sum(float(allowed.get((part, year), 0.0)) for part in old_regions.get(unit, [unit]))
        for unit, year in zip(checks["unit"], checks["year"], strict=True)
    ]
    total = rounding(checks[["right"]])
    tolerance = 0.5 + pd.Series(parts, index=checks.index) + total
    return checks.assign(tolerance=tolerance, holds=checks["difference"].abs() <= tolerance)
