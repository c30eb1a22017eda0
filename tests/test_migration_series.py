"""Series of net migration: partial sums are no region, ranks count from the largest loss."""

import pandas as pd
import pytest

from karaganda_vibe.errors import ProjectError
from karaganda_vibe.migration_series import (
    average_over,
    last_gain,
    old_border_sum,
    published_net,
    rank_from_worst,
    sum_of_places,
)

DISTRICTS = pd.DataFrame(
    {
        "region": ["KZ-35"] * 4 + ["KZ-62"] * 2,
        "place_id": ["a", "b", "a", "b", "c", "c"],
        "year": [2020, 2020, 2021, 2021, 2020, 2021],
        "net_migration": [10.0, -30.0, 5.0, None, -1.0, -2.0],
    }
)


def test_a_year_with_a_gap_in_one_place_is_not_summed():
    assert sum_of_places(DISTRICTS, "KZ-35").to_dict() == {2020: -20.0}
    assert old_border_sum(DISTRICTS, ["KZ-35", "KZ-62"]).to_dict() == {2020: -21.0}


def test_an_unknown_region_is_named():
    with pytest.raises(ProjectError, match="no places of region KZ-99"):
        sum_of_places(DISTRICTS, "KZ-99")


def test_the_denominator_is_on_the_borders_of_the_row():
    regions = pd.DataFrame(
        {
            "region": ["KZ-35", "KZ-35"],
            "year": [2021, 2024],
            "borders": ["until-2022", "since-2022"],
            "net_migration_total": [-100.0, -50.0],
            "population_average": [None, 10_000.0],
            "population_start_of_year": [20_000.0, 9_000.0],
        }
    )
    assert published_net(regions)["rate"].tolist() == [-5.0, -5.0]


def test_an_average_needs_all_its_years():
    frame = pd.DataFrame({"u": ["a", "a", "b"], "year": [1, 2, 1], "v": [1.0, 3.0, 9.0]})
    means = average_over(frame, [1, 2], "u", "v")
    assert means["a"] == 2.0
    assert pd.isna(means["b"])


def test_rank_and_last_gain():
    assert rank_from_worst(pd.Series({"a": -5.0, "b": 2.0, "c": -9.0}), "a") == 2
    assert last_gain(pd.Series({2007: 5.0, 2008: 0.5, 2009: -1.0})) == 2008
    assert last_gain(pd.Series({2007: -5.0})) is None
