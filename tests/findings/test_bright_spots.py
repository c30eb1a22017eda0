"""Bright spots: made places with a known part of their own, sums by hand, the published table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.findings.bright_spots import (
    clearly,
    compared_conditions,
    early_late_correlation,
    period_expectations,
    place_expectations,
    rank_moves,
    without_term,
)
from karaganda_vibe.inference.between_plan import BetweenPlan, load_between_plan
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA

OWN = {"place-03": 9.0, "place-17": 7.0}  # in both periods
LUCKY = "place-30"  # in the later one only


@pytest.fixture(scope="module")
def plan() -> BetweenPlan:
    declared = load_between_plan(METADATA / "models" / "between.yml")
    specs = dict(declared.specs)
    specs["between_core"] = replace(declared.headline, draws=999)
    return replace(declared, specs=specs)


@pytest.fixture(scope="module")
def made_districts() -> pd.DataFrame:
    """Sixty made places: the rate follows size and wage, three have a part of their own."""
    generator = np.random.default_rng(12)
    rows = []
    for number in range(60):
        place, size = f"place-{number:02d}", np.exp(generator.normal(10, 1))
        km, pay = generator.uniform(40, 900), generator.normal(0, 0.2)
        for year in range(2000, 2024):
            wage = 50_000 * np.exp(pay + 0.1 * (year - 2000) + generator.normal(0, 0.02))
            rate = -5 + 4 * (np.log(size) - 10) + 10 * pay + OWN.get(place, 0.0)
            rate += 8.0 if place == LUCKY and year >= 2013 else 0.0
            rate -= 3.0 if place == LUCKY and year < 2013 else 0.0
            rows.append(
                {
                    "place_id": place,
                    "old_region": f"R{number % 8}",
                    "kind": "city_district" if number == 59 else "city" if number % 4 == 0
                    else "district",
                    "year": year,
                    "mean_population": size,
                    "net_migration": size / 1000 * (rate + generator.normal()),
                    "births": size / 1000 * generator.normal(18, 2),
                    "wage": wage,
                    "km_to_republican_city": km,
                    "is_city": float(number % 4 == 0),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def test_places_with_a_part_of_their_own_are_bright(
    plan: BetweenPlan, made_districts: pd.DataFrame
) -> None:
    early, late = (
        period_expectations(plan, made_districts, years, seed=3)
        for years in (plan.early, plan.late)
    )
    table = place_expectations(plan, early, late).set_index("place_id")
    assert len(table) == 59  # the city district is left out
    assert set(table.index[table["bright"]]) == set(OWN)
    assert table.index[0] == LUCKY or table.index[0] == "place-03"
    # Lucky in the later years only: among the best, but not bright.
    assert table.loc[LUCKY, "best_probability"] > 0.9
    assert table.loc[LUCKY, "early_residual"] < 0
    own = table.loc["place-03"]
    assert 6 < own["shrunk_residual"] < 9.5
    assert own["actual"] - own["expected"] > own["shrunk_residual"] > 0
    assert own["rank_low"] <= own["rank"] <= own["rank_high"]
    assert own["low"] < own["expected"] < own["high"]
    assert (table["rank"].to_numpy() == np.arange(1, 60)).all()
    assert table["shrunk_residual"].is_monotonic_decreasing
    order = table.sort_values("rate_rank")["actual"]
    assert order.iloc[0] > order.iloc[30] > order.iloc[-1]
    correlation, places = early_late_correlation(early, late)
    assert places == 59
    assert 0.3 < correlation < 1
    assert (late.places["years"] == 11).all()
    assert (early.places["years"] == 12).all()


def test_ranks_of_years_by_hand() -> None:
    rates = {"a": (9.0, 1.0), "b": (5.0, 5.0), "c": (3.0, 8.0), "d": (1.0, 2.0), "new": (None, 9.0)}
    rows = [
        (place, 2020 + number, rate, 1.0, "district")
        for place, pair in rates.items()
        for number, rate in enumerate(pair)
    ]
    rows += [("part", 2020, 7.0, 1.0, "city_district"), ("part", 2021, 0.0, 1.0, "city_district")]
    rows += [("a", 2023, 1.0, 1.0, "district"), ("b", 2023, 2.0, 1.0, "district")]
    names = ["place_id", "year", "net_migration", "mean_population", "kind"]
    found = rank_moves(pd.DataFrame(rows, columns=names))
    # 1 2 3 4 become 4 2 1 3: moves of 3, 0, 2, 1; 2023 follows no 2022.
    assert found.to_dict("records") == [{"year": 2021, "places": 4, "moved": 1.5}]


def test_conditions_compared_by_hand() -> None:
    panel = pd.DataFrame(
        {
            "place_id": ["a", "a", "b", "b", "c", "c", "d", "d"],
            "year": [2019, 2020] * 4,
            "mean_population": 2000.0,
            "crimes": [8.0, 4.0, 2.0, 2.0, 20.0, 20.0, np.nan, np.nan],
            "wage": [1.0, 300.0, 1.0, 100.0, 1.0, 200.0, 1.0, 400.0],
        }
    )
    found = compared_conditions(
        panel, ["a", "b"], ["c", "d"], {"crimes": "crimes:per_1000", "wage": "wage:relative"},
        (2020, 2020),
    )  # fmt: skip
    assert found["condition"].tolist() == ["crimes", "wage"]
    # Crimes per 1,000: a 2, b 1, c 10; wage in percent of the median 250: 120, 40, 80, 160.
    assert found["bright"].tolist() == [1.5, 80.0]
    assert found["others"].tolist() == [10.0, 120.0]
    assert found["bright_places"].tolist() == [2, 2]
    assert found["other_places"].tolist() == [1, 2]
    assert found["share_above"].tolist() == [0.0, 0.0]
    with pytest.raises(ProjectError, match="height is 'height:high'; expected a column"):
        compared_conditions(panel, ["a"], ["b"], {"height": "height:high"}, (2020, 2020))


def test_clearly_means_the_whole_band_in_one_half() -> None:
    table = pd.DataFrame(
        {
            "place_id": ["worse", "better", "level", "edge"],
            "rank": [9, 2, 5, 4],
            "rank_low": [7, 1, 2, 3],
            "rank_high": [10, 5, 9, 6],
            "places": 10,
        }
    )
    assert clearly(table) == (["better"], ["worse"])


def test_a_term_is_left_out_of_model_and_groups(plan: BetweenPlan) -> None:
    spec, groups = without_term(plan, "births")
    assert [variable.term for variable in spec.controls] == ["size", "distance", "city"]
    assert groups["cannot_be_moved"] == ("size", "distance", "city")
    assert groups["can_be_moved"] == plan.groups["can_be_moved"]
    assert spec.id == "between_core_without_births"
    with pytest.raises(ProjectError, match="no term 'height'"):
        without_term(plan, "height")
