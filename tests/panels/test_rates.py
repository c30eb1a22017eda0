"""Rates: the denominator is the mean of two year-ends, but not across the census."""

import numpy as np
import pandas as pd

from karaganda_vibe.panels.rates import mean_population, per_thousand

FRAME = pd.DataFrame(
    {
        "place": ["a", "a", "a", "a", "b"],
        "year": [2019, 2020, 2021, 2022, 2020],
        "population": [100.0, 110.0, 120.0, 90.0, 50.0],
        "net": [1.0, -2.1, 3.0, np.nan, -5.0],
    }
)


def test_the_mean_of_two_year_ends_but_not_across_the_census():
    mean = mean_population(FRAME["population"], FRAME["year"], FRAME["place"])
    assert mean.tolist() == [100.0, 105.0, 115.0, 90.0, 50.0]


def test_a_gap_stays_a_gap():
    mean = mean_population(FRAME["population"], FRAME["year"], FRAME["place"])
    rate = per_thousand(FRAME["net"], mean)
    assert rate.round(6).tolist()[:3] == [10.0, -20.0, round(3000 / 115, 6)]
    assert np.isnan(rate.iloc[3])
    assert np.isnan(per_thousand(pd.Series([1.0]), pd.Series([0.0])).iloc[0])
