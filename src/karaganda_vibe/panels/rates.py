"""Rates per 1,000 people, with a denominator that never spans a rebased population."""

from __future__ import annotations

import pandas as pd

PER = 1000
# The population of 2022 and later stands on the census of 2021, that of earlier years does not.
FIRST_REBASED_YEAR = 2022


def mean_population(end_of_year: pd.Series, year: pd.Series, unit: pd.Series) -> pd.Series:
    """Mean population of each year: half of the sum of its two year-ends.

    `end_of_year` holds persons at the end of `year` for `unit` (a place or region), all three of
    one index. Where the year-end before is missing or stands on another census than this one,
    the year's own end is taken instead, so a rebasing is never averaged away.
    """
    frame = pd.DataFrame({"population": end_of_year, "year": year, "unit": unit})
    before = frame.assign(year=frame["year"] + 1).rename(columns={"population": "before"})
    merged = frame.reset_index().merge(before, on=["unit", "year"], how="left").set_index("index")
    previous = merged["before"].where(merged["year"] != FIRST_REBASED_YEAR)
    mean = (merged["population"] + previous) / 2
    return mean.fillna(merged["population"]).rename("mean_population")


def per_thousand(count: pd.Series, population: pd.Series) -> pd.Series:
    """`count` per 1,000 of `population`; missing where either is missing or nobody lives there."""
    return PER * count / population.where(population > 0)
