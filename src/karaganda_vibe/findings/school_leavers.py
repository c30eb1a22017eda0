"""A place's balance against the children born there who reach the end of school, and its pupils.

Births are counted where the mother lives; up to 2005 they were evidently counted where the
maternity ward stood, in places around large cities, so the descriptions use later ones only. The
one model, in neither plan (metadata/models/outside_plan.yml), needs the earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from karaganda_vibe.findings.driver_results import forest_rows
from karaganda_vibe.inference.results import ModelResult

AGES_OF_LEAVING = (17, 18)
"""Years from birth to the end of school, after eleven classes begun at six or seven."""
AGES_AT_SCHOOL = range(7, 18)
"""Age that pupils of the eleven classes turn in a year."""
PER_HUNDRED = 100
TOLD_FROM_ZERO = 0.05
"""Bootstrap probability below which an estimate is told from zero, without any adjustment."""


def births_before(districts: pd.DataFrame, year: int, ages: range | tuple[int, ...]) -> pd.Series:
    """Births of the years `year - age` for every age, summed, by place; missing where one is.

    `districts`: place_id, year, births (persons). A place that lacks a year has no sum.
    """
    wanted = districts[districts["year"].isin([year - age for age in ages])]
    by_place = wanted.groupby("place_id")["births"].agg(["sum", "count"])
    return by_place["sum"].where(by_place["count"] == len(ages)).rename("births")


def balance_per_leaver(districts: pd.DataFrame, year: int) -> pd.DataFrame:
    """Net migration of `year` at all ages per 100 of those born 17 and 18 years before.

    Returns, by place_id: net_migration (persons), leavers (the mean of the two years' births),
    per_100_leavers. Places without all three figures, or without births, are left out.
    """
    leavers = births_before(districts, year, AGES_OF_LEAVING) / len(AGES_OF_LEAVING)
    now = districts[districts["year"] == year].set_index("place_id")["net_migration"]
    table = pd.concat([now, leavers.rename("leavers")], axis=1, join="inner").dropna()
    table = table[table["leavers"] > 0]
    return table.assign(per_100_leavers=PER_HUNDRED * table["net_migration"] / table["leavers"])


def pupils_per_births(districts: pd.DataFrame, year: int) -> pd.DataFrame:
    """Pupils of `year` per 100 children born in the place who turn 7 to 17 in that year.

    Returns, by place_id: pupils, births (persons), pupils_per_100. Below 100 stand those who moved
    away, died, or went from the ninth class to a college, which happens everywhere: places are
    comparable with one another, not with 100.
    """
    births = births_before(districts, year, AGES_AT_SCHOOL)
    pupils = districts[districts["year"] == year].set_index("place_id")["school_pupils"]
    table = pd.concat([pupils.rename("pupils"), births], axis=1, join="inner").dropna()
    table = table[(table["births"] > 0) & (table["pupils"] > 0)]
    return table.assign(pupils_per_100=PER_HUNDRED * table["pupils"] / table["births"])


def with_leavers(panel: pd.DataFrame) -> pd.DataFrame:
    """`panel` (place_id, year, births) with `leavers`: mean births of 17 and 18 years before.

    Persons; missing where one of the two years is.
    """
    births = panel.set_index(["place_id", "year"])["births"]
    cohorts = [
        births.reindex(pd.MultiIndex.from_arrays([panel["place_id"], panel["year"] - age]))
        for age in AGES_OF_LEAVING
    ]
    mean = sum(cohort.to_numpy() for cohort in cohorts) / len(AGES_OF_LEAVING)
    return panel.assign(leavers=mean)


def effects_of_leavers(results: Mapping[str, ModelResult]) -> pd.DataFrame:
    """Net migration that goes with a typical change of the leavers, a row a model, by model_id.

    Columns: typical_change (leavers per 1,000 people), effect, low, high (people per 1,000),
    p_wild, told (zero lies outside the interval, or p_wild is below TOLD_FROM_ZERO).
    """
    rows = forest_rows(results, list(results))
    own = rows[rows["term"] == "leavers"].set_index("model_id")
    outside = (own["low"] > 0) | (own["high"] < 0)
    told = outside | (own["p_wild"] < TOLD_FROM_ZERO)
    return own[["typical_change", "effect", "low", "high", "p_wild"]].assign(told=told)
