"""Rates per 1,000 people, with a denominator that never spans the break of a census."""

from __future__ import annotations

import pandas as pd

from karaganda_vibe.panels.census_break import Breaks, breaks_of_places

PER = 1000


def mean_population(
    end_of_year: pd.Series, year: pd.Series, unit: pd.Series, breaks: Breaks
) -> pd.Series:
    """Mean population of each year: half of the sum of its two year-ends.

    Where the year-end before is missing or stands on another census than this one, the year's own
    end is taken instead, so the jump of a census is never averaged away.

    Args:
        end_of_year: persons at the end of `year` for `unit` (a place), all three of one index.
        breaks: by unit, the first year-ends on a new census (`census_break.breaks_of_places`);
            a unit that is not there has none.

    Returns:
        persons, on the same index.
    """
    frame = pd.DataFrame({"population": end_of_year, "year": year, "unit": unit})
    before = frame.assign(year=frame["year"] + 1).rename(columns={"population": "before"})
    merged = frame.reset_index().merge(before, on=["unit", "year"], how="left").set_index("index")
    first_on_census = pd.Series(
        [
            year in breaks.get(unit, ())
            for unit, year in zip(merged["unit"], merged["year"], strict=True)
        ],
        index=merged.index,
        dtype=bool,
    )
    previous = merged["before"].where(~first_on_census)
    mean = (merged["population"] + previous) / 2
    return mean.fillna(merged["population"]).rename("mean_population")


def with_mean_population(districts: pd.DataFrame) -> pd.DataFrame:
    """Rows of districts.csv with `mean_population` (persons) on the breaks of their regions."""
    mean = mean_population(
        districts["population"],
        districts["year"],
        districts["place_id"],
        breaks_of_places(districts),
    )
    return districts.assign(mean_population=mean)


def per_thousand(count: pd.Series, population: pd.Series) -> pd.Series:
    """`count` per 1,000 of `population`; missing where either is missing or nobody lives there."""
    return PER * count / population.where(population > 0)
