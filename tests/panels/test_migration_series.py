"""Series of net migration: partial sums are no region, ranks count from the largest loss."""

import pandas as pd
import pytest

from karaganda_vibe.panels.migration_series import (
    average_over,
    changes_since,
    last_gain,
    later_source,
    longest_gain,
    net_on_todays_borders,
    old_border_sum,
    place_rates,
    rank_from_worst,
    rate_together,
    sum_of_places,
    with_later_figures,
)
from karaganda_vibe.project.errors import ProjectError

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


def test_a_place_that_is_published_later_is_not_waited_for():
    later = pd.DataFrame(
        {"region": ["KZ-35"], "place_id": ["d"], "year": [2021], "net_migration": [-4.0]}
    )
    early = DISTRICTS[~((DISTRICTS["place_id"] == "b") & (DISTRICTS["year"] == 2021))]
    both = pd.concat([early[early["place_id"] == "a"], later])
    assert sum_of_places(both, "KZ-35").to_dict() == {2020: 10.0, 2021: 1.0}


def test_an_unknown_region_is_named():
    with pytest.raises(ProjectError, match="no places of region KZ-99"):
        sum_of_places(DISTRICTS, "KZ-99")


def test_todays_borders_take_the_published_figure_first_and_no_artefact():
    regions = pd.DataFrame(
        {
            "region": ["KZ-35", "KZ-35", "KZ-35", "KZ-62"],
            "year": [2020, 2020, 2021, 2021],
            "borders": ["until-2022", "since-2022", "since-2022", "since-2022"],
            "net_migration_total": [-100.0, None, -50.0, -7.0],
            "population_average": [None, 10_000.0, 10_000.0, None],
            "population_start_of_year": [20_000.0, None, 9_000.0, 1_000.0],
        }
    )
    artefacts = pd.DataFrame({"region": ["KZ-62"], "year": [2020], "why": ["made"]})
    rows = net_on_todays_borders(regions, DISTRICTS, artefacts)
    assert rows[["region", "year", "net", "rate", "basis"]].to_numpy().tolist() == [
        ["KZ-35", 2020, -20.0, -2.0, "sum of places"],
        ["KZ-35", 2021, -50.0, -5.0, "published"],
        ["KZ-62", 2021, -7.0, -7.0, "published"],
    ]


def test_in_the_year_of_the_border_the_sum_of_places_comes_first():
    regions = pd.DataFrame(
        {
            "region": ["KZ-35", "KZ-35", "KZ-62"],
            "year": [2020, 2021, 2020],
            "borders": ["since-2020", "since-2020", "since-2020"],
            "net_migration_total": [-100.0, -50.0, -7.0],
            "population_average": [10_000.0, 10_000.0, 1_000.0],
            "population_start_of_year": [None, None, None],
        }
    )
    only_here = DISTRICTS[DISTRICTS["region"] == "KZ-35"]
    none = pd.DataFrame({"region": [], "year": [], "why": []})
    rows = net_on_todays_borders(regions, only_here, none).set_index(["region", "year"])
    assert rows.loc[("KZ-35", 2020), ["net", "basis"]].tolist() == [-20.0, "sum of places"]
    assert rows.loc[("KZ-35", 2021), "net"] == -50
    # Where no places are published the region's own figure stays.
    assert rows.loc[("KZ-62", 2020), ["net", "basis"]].tolist() == [-7.0, "published"]


def test_an_average_needs_all_its_years():
    frame = pd.DataFrame({"u": ["a", "a", "b"], "year": [1, 2, 1], "v": [1.0, 3.0, 9.0]})
    means = average_over(frame, [1, 2], "u", "v")
    assert means["a"] == 2.0
    assert pd.isna(means["b"])


def test_rank_and_last_gain():
    assert rank_from_worst(pd.Series({"a": -5.0, "b": 2.0, "c": -9.0}), "a") == 2
    assert last_gain(pd.Series({2007: 5.0, 2008: 0.5, 2009: -1.0})) == 2008
    assert last_gain(pd.Series({2007: -5.0})) is None


def test_the_rank_counts_from_the_largest_loss_and_ties_share_the_better_rank():
    rates = pd.Series({"least": 3.0, "worst": -9.0, "next": -5.0, "same": -5.0, "gain": 2.0})
    ranks = {unit: rank_from_worst(rates, unit) for unit in rates.index}
    assert ranks == {"worst": 1, "next": 2, "same": 2, "gain": 4, "least": 5}


def test_a_year_of_nought_is_no_gain():
    assert last_gain(pd.Series({2007: 5.0, 2008: 0.0, 2009: -1.0})) == 2007
    assert last_gain(pd.Series({2009: 1.0, 2007: 5.0})) == 2009


def test_an_average_is_a_mean_of_the_chosen_years_only():
    frame = pd.DataFrame({"u": ["a"] * 4, "year": [1, 2, 3, 4], "v": [1.0, 2.0, 9.0, 99.0]})
    assert average_over(frame, [1, 2, 3], "u", "v").to_dict() == {"a": 4.0}


def test_another_column_is_summed_under_its_name():
    moves = DISTRICTS.assign(arrivals=[1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    found = sum_of_places(moves, "KZ-35", "arrivals")
    assert (found.name, found.to_dict()) == ("arrivals", {2020: 3.0, 2021: 12.0})
    # The default is the balance, and an old region has the years that all its parts have.
    assert sum_of_places(moves, "KZ-62").to_dict() == {2020: -1.0, 2021: -2.0}


def test_rates_of_places_take_the_mean_of_two_year_ends():
    frame = pd.DataFrame(
        {"region": "R", "place_id": "a", "year": [2019, 2020], "population": [1000.0, 3000.0],
         "net_migration": [-10.0, -10.0]}
    )  # fmt: skip
    rated = place_rates(frame)
    assert rated["mean_population"].tolist() == [1000.0, 2000.0]
    assert rated["net_rate"].tolist() == [-10.0, -5.0]


def test_the_average_population_of_the_year_comes_before_that_of_its_start():
    regions = pd.DataFrame(
        {
            "region": ["KZ-35", "KZ-35", "KZ"],
            "year": [2021, 2022, 2021],
            "borders": ["since-2022", "since-2022", "unchanged"],
            "net_migration_total": [-50.0, -60.0, 7.0],
            "population_average": [10_000.0, None, 7_000.0],
            "population_start_of_year": [5_000.0, 20_000.0, None],
        }
    )
    none = pd.DataFrame({"region": [], "year": [], "why": []})
    rows = net_on_todays_borders(regions, DISTRICTS, none)
    rows = rows[["region", "year", "population", "rate", "basis"]].fillna(0)
    assert rows.to_numpy().tolist() == [
        ["KZ", 2021, 7000.0, 1.0, "published"],
        ["KZ-35", 2020, 0.0, 0.0, "sum of places"],
        ["KZ-35", 2021, 10000.0, -5.0, "published"],
        ["KZ-35", 2022, 20000.0, -3.0, "published"],
        ["KZ-62", 2020, 0.0, 0.0, "sum of places"],
        ["KZ-62", 2021, 0.0, 0.0, "sum of places"],
    ]


def by_year(*numbers):
    return pd.Series(numbers, index=range(2000, 2000 + len(numbers)), dtype=float)


def test_the_places_count_as_far_as_they_reach_and_the_region_after_them():
    published = pd.Series({2001: 99.0, 2002: 7.0, 2003: None})
    assert with_later_figures(by_year(-1, -2), published).to_dict() == {2000: -1, 2001: -2, 2002: 7}
    assert with_later_figures(by_year(-1, -2), published.loc[:2001]).index.max() == 2001


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((-1, 2, 3, -1, 5), (2001, 2002)),
        ((1, -1, 2), (2002, 2002)),
        ((-1, 0, -2), None),
        ((1, 1, 1), (2000, 2002)),
    ],
)
def test_the_longest_row_of_gains(numbers, expected):
    assert longest_gain(by_year(*numbers)) == expected


@pytest.mark.parametrize(
    ("numbers", "since"),
    [
        ((-1, 2, -3, -4, -5), 2001),
        ((-1, 2, -3, -4, -5, 6), 2001),  # the gain of the last year begins nothing yet
        ((-1, -2, -3, -4), 2000),
        ((1, 2, 3, 4, 5), 2001),
    ],
)
def test_changes_are_told_from_a_gain_that_years_follow(numbers, since):
    series = by_year(*numbers)
    assert changes_since(series) == since
    assert series[series.index > since].diff().abs().median() > 0


def test_places_taken_as_one_are_one_rate():
    rated = place_rates(
        pd.DataFrame(
            {
                "region": "R",
                "place_id": ["a", "b", "c", "a", "c", "a", "b"],
                "year": [2019, 2019, 2019, 2020, 2020, 2021, 2021],
                "population": [1000.0, 3000.0, 50.0, 1200.0, 50.0, 800.0, 200.0],
                "net_migration": [-10.0, 30.0, 9.0, 5.0, 9.0, None, 5.0],
            }
        )
    )
    # 20 of 4,000; in 2020 and 2021 one of the two has no figure
    assert rate_together(rated, ["a", "b"]).to_dict() == {2019: 5.0}


@pytest.mark.parametrize(
    ("rows", "latest", "said"),
    [
        ([], 2023, "places"),
        ([(2024, "bns_table"), (2024, "press_a")], 2024, "table"),
        ([(2024, "press_a")], 2024, "press"),
        ([(2024, "bns_table"), (2025, "press_a")], 2025, "more"),
        ([(2024, "bns_table"), (2025, "bns_other")], 2025, "table"),
    ],
)
def test_who_says_the_figures_after_those_of_the_places(rows, latest, said):
    own = [("A", "net_migration_total", year, source) for year, source in rows]
    others = [
        ("B", "net_migration_total", 2025, "bns_table"),
        ("A", "births", 2025, "bns_table"),
        ("A", "net_migration_total", 2023, "bns_table"),
    ]
    long = pd.DataFrame([*own, *others], columns=["region", "indicator", "year", "source"])
    assert later_source(long, "A", 2023, latest) == said
