"""Rates: the denominator is the mean of two year-ends, but not across a census."""

import numpy as np
import pandas as pd

from karaganda_vibe.panels.rates import mean_population, per_thousand, with_mean_population

FRAME = pd.DataFrame(
    {
        "place": ["a", "a", "a", "a", "b", "b"],
        "year": [2019, 2020, 2021, 2022, 2020, 2021],
        "population": [100.0, 110.0, 120.0, 90.0, 50.0, 56.0],
        "net": [1.0, -2.1, 3.0, np.nan, -5.0, 1.0],
    }
)
BREAKS = {"a": {2022}}


def mean_of(frame, breaks=BREAKS):
    return mean_population(frame["population"], frame["year"], frame["place"], breaks)


def test_the_mean_of_two_year_ends_but_not_across_the_break_of_the_place():
    assert mean_of(FRAME).tolist() == [100.0, 105.0, 115.0, 90.0, 50.0, 53.0]
    other = {"a": {2020, 2021}, "b": {2021}}
    assert mean_of(FRAME, other).tolist() == [100.0, 110.0, 120.0, 105.0, 50.0, 56.0]
    assert mean_of(FRAME, {}).tolist() == [100.0, 105.0, 115.0, 105.0, 50.0, 53.0]


def test_the_answer_keeps_the_order_of_its_rows():
    turned = FRAME.iloc[[3, 0, 5, 2, 1, 4]].set_axis([9, 4, 7, 1, 0, 3])
    mean = mean_of(turned)
    assert mean.index.tolist() == [9, 4, 7, 1, 0, 3]
    assert mean.tolist() == [90.0, 100.0, 53.0, 115.0, 105.0, 50.0]


def test_the_panel_takes_the_breaks_of_its_regions():
    made = pd.DataFrame(
        {
            "region": ["KZ-35", "KZ-35", "KZ-62", "KZ-62"],
            "place_id": ["made", "made", "other", "other"],
            "year": [2020, 2021, 2020, 2021],
            "population": [200.0, 100.0, 200.0, 100.0],
        }
    )
    assert with_mean_population(made)["mean_population"].tolist() == [200.0, 100.0, 200.0, 150.0]


def test_a_gap_stays_a_gap():
    rate = per_thousand(FRAME["net"], mean_of(FRAME))
    assert rate.round(6).tolist()[:3] == [10.0, -20.0, round(3000 / 115, 6)]
    assert np.isnan(rate.iloc[3])
    assert np.isnan(per_thousand(pd.Series([1.0]), pd.Series([0.0])).iloc[0])
