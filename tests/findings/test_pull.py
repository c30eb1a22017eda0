"""Verdicts, moves taken apart and what-ifs, on made moves with identities and hand-made answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_moves import made_model, made_places

from karaganda_vibe.findings.pull import (
    away_from_zero,
    interval_words,
    last_complete_year,
    mirrored,
    percent,
    population_at_start,
    sample_table,
    shapley_of_product,
    starred,
    step_of,
    taken_apart,
    verdict_table,
    what_if,
)
from karaganda_vibe.inference.gravity import estimate, flips
from karaganda_vibe.inference.gravity_file import GravityPlan, Scenario
from karaganda_vibe.inference.moves_algebra import people_matrix
from karaganda_vibe.panels.gravity_rows import gravity_design, gravity_rows

PARTS = {"nearness": ("log_distance", "border", "former_common_region"), "size": ("size",),
         "wage": ("wage",), "rest": ("unemployment",)}  # fmt: skip


@pytest.fixture(scope="module")
def places():
    return made_places(count=10)


@pytest.fixture(scope="module")
def result(places):
    model = made_model()
    design, rows = gravity_design(model, gravity_rows(model, places))
    names = sorted(set(rows["origin"]))
    return estimate(model, design, rows, flips(names, 199, 5, "webb"), {n: n for n in names})


@pytest.fixture(scope="module")
def people(places):
    moves = places.flows[places.flows["year"] == 2012][["origin", "destination", "persons"]]
    return people_matrix(moves, population_at_start(places.panel, 2011))


def test_shares_of_a_product_add_up_and_do_not_depend_on_the_order():
    points = {"a": 0.5, "b": -0.3, "c": 0.0}
    shares = shapley_of_product(100.0, points)
    assert np.isclose(sum(shares.values()), 100 * np.expm1(0.2))
    assert shares["c"] == 0
    assert shapley_of_product(100.0, dict(reversed(points.items()))) == pytest.approx(shares)
    # Two factors by hand: the mean of being first and being last.
    two = shapley_of_product(10.0, {"a": np.log(2), "b": np.log(3)})
    assert np.isclose(two["a"], (10 + 30) / 2)
    assert np.isclose(two["b"], (20 + 40) / 2)


def test_parts_add_up_to_the_moves(result):
    parts = taken_apart(result, "R3", 2012, ["R2", "R5"], PARTS)
    for _, own in parts.groupby("destination"):
        own = own.set_index("part")
        summed = own.loc[list(PARTS), "persons"].sum()
        assert np.isclose(summed, own.loc["gap", "persons"])
        assert np.isclose(own["like_mean"].iloc[0] + summed, own["moves"].iloc[0])
    rows = result.rows
    moved = rows[(rows["origin"] == "R3") & (rows["year"] == 2012) & (rows["destination"] == "R5")]
    assert parts.loc[parts["destination"] == "R5", "moves"].iloc[0] == moved["persons"].iloc[0]
    assert (parts["low"] <= parts["persons"]).all()
    assert (parts["persons"] <= parts["high"]).all()


def test_the_last_year_with_every_destination(result):
    # In 2011 two regions are one.
    assert last_complete_year(result, 10) == 2012
    assert last_complete_year(result, 9) == 2011


SCENARIO = Scenario("more", "made_choice", "wage", 1.1, of_pair=False)


def test_a_changed_wage_changes_arrivals_and_departures(result, people):
    places = list(people.index)
    middle = result.rows.groupby("destination")["wage"].first().sort_values().index[4]
    found = what_if(SCENARIO, result, people, middle).set_index("part")
    slope = result.estimate("wage")
    assert set(found["status"]) == {"computed"}
    assert np.isclose(
        found.loc["balance", "value"],
        found.loc["arrivals", "value"] - found.loc["departures", "value"],
    )
    factor = 1.1**slope
    place = places.index(middle)
    numbers = people.to_numpy()
    arrivals = sum(
        row.sum() * row[place] * factor / (row.sum() + row[place] * (factor - 1)) - row[place]
        for other, row in enumerate(numbers)
        if other != place
    )
    assert np.isclose(found.loc["arrivals", "value"], arrivals)


def test_a_value_that_nobody_had_is_refused(result, people):
    highest = result.rows.groupby("destination")["wage"].first().idxmax()
    found = what_if(SCENARIO, result, people, highest)
    assert set(found["status"]) == {"refused"}
    assert found[["value", "low", "high"]].isna().all().all()
    assert (found["changed"] > found["most"]).all()


def test_a_shorter_way_names_the_largest_destination(result, people):
    scenario = Scenario("nearer", "made_choice", "log_distance", 0.95, of_pair=True)
    found = what_if(scenario, result, people, "R4")
    largest = people.loc["R4"].drop("R4").idxmax()
    assert set(found["other"]) == {largest}
    assert np.isclose(found["changed"].iloc[0], 0.95 * found["current"].iloc[0])
    assert set(found["status"]) == {"computed"}
    assert (found.set_index("part").loc[["arrivals", "departures"], "value"] > 0).all()


def made_table(**signs):
    """Rows of three models of the made terms; a sign of a model and term can be turned."""
    rows = []
    for model in ("made_choice", "logs", "within", "push"):
        for term, slope in (("wage", 1.0), ("unemployment", -0.5)):
            rows.append(
                {"model": model, "term": term, "estimate": slope * signs.get(f"{model}_{term}", 1),
                 "low": 0.2, "high": 1.8, "p": 0.01, "p_old_oblasts": 0.02, "p_holm": 0.02,
                 "p_romano_wolf": 0.03, "smallest_firm": 0.7, "same_sign_without_any_one": True}
            )  # fmt: skip
    return pd.DataFrame(rows)


PLAN = GravityPlan((made_model(),), (SCENARIO,), 99, 1, "webb")
NAMES = {"main": "made_choice", "log": "logs", "within": "within"}
NOTHING = pd.DataFrame(columns=["model", "term", "p_holm", "p_romano_wolf", "smallest_firm"])


def test_words_follow_the_signs_of_the_other_models():
    table = made_table(within_wage=-1)
    found = verdict_table(table, NOTHING, PLAN, NAMES).set_index("term")
    assert found.loc["wage", "verdict"] == "weak"
    assert found.loc["unemployment", "verdict"] == "firm"
    assert not found.loc["wage", "same_sign_within"]
    assert np.isclose(found.loc["wage", "effect"], 10.0)  # a coefficient of one, a tenth more
    assert np.isclose(found.loc["unemployment", "effect"], percent(-0.05))


def test_symmetry_is_an_opposite_sign_at_the_origin():
    table = made_table(push_unemployment=-1)
    assert mirrored(table, "made_choice", "push", ["wage", "unemployment"]) == ["unemployment"]


def test_steps_are_a_tenth_of_logs_and_of_points():
    assert np.isclose(step_of("wage", PLAN, "made_choice"), np.log(1.1))
    assert step_of("unemployment", PLAN, "made_choice") == 0.1


def test_intervals_in_words():
    row = {"effect": 16.2, "low": -15.0, "high": 59.4}
    assert interval_words(row, "signed_percent_0", "en", "to") == "+16% (−15% to +59%)"
    assert not away_from_zero(row)
    assert away_from_zero({"low": -3.0, "high": -1.0})
    assert away_from_zero({"low": 0.1, "high": 1.0})


def test_a_star_stands_where_the_interval_leaves_zero_out():
    row = {"persons": 1806.4, "low": 508.0, "high": 3104.0}
    assert starred(row, "signed_persons", "en") == "+1,806*"
    assert (
        starred(row | {"persons": -132.0, "low": -9.0, "high": 1.0}, "signed_persons", "en")
        == "−132"
    )
    assert (
        starred(row | {"persons": -610.0, "low": -882.0, "high": -337.0}, "signed_persons", "en")
        == "−610*"
    )


def test_the_sample_can_be_estimated_anew(result):
    sample = sample_table([result])
    assert list(sample.columns[:7]) == [
        "model", "origin", "destination", "year", "origin_year", "destination_year", "persons",
    ]  # fmt: skip
    assert len(sample) == result.fit.design.n_obs
    assert np.array_equal(sample["persons"], result.fit.design.outcome)
    assert np.allclose(sample[list(result.terms)], result.fit.design.regressors)
