"""Models of moves: against pyfixest and hand-made answers, on made moves; and their speed."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_moves import TRUE, made_model, made_places

from karaganda_vibe.inference.gravity import (
    adjusted,
    bootstrap_tests,
    by_old_oblast,
    estimate,
    flips,
    further_family,
    result_table,
    same_sign,
    two_way_covariance,
)
from karaganda_vibe.inference.gravity_coverage import Shocks, calibrated, coverage, made_moves
from karaganda_vibe.inference.gravity_file import GRAVITY_FILE, read_gravity
from karaganda_vibe.inference.moves_algebra import (
    attraction_of_condition,
    attraction_of_nearness,
    balances,
    changed_moves,
    jackknifed,
    people_matrix,
)
from karaganda_vibe.inference.multiple_testing import romano_wolf
from karaganda_vibe.inference.poisson import fit_poisson
from karaganda_vibe.inference.robustness import jackknife
from karaganda_vibe.inference.verdicts import condition_verdict
from karaganda_vibe.inference.wild_bootstrap import WildTest
from karaganda_vibe.inference.within import integer_codes
from karaganda_vibe.panels.gravity_rows import gravity_design, gravity_rows
from karaganda_vibe.project.errors import ProjectError

PAIRS = {"borders": "today", "conditions": (), "family": (),
         "effects": ("origin_year", "destination_year")}  # fmt: skip


def made_design(**changes):
    model = made_model(**changes)
    design, rows = gravity_design(model, gravity_rows(model, made_places(count=12)))
    return model, design, rows


def made_result(**changes):
    model, design, rows = made_design(**changes)
    names = sorted(set(rows["origin"]))
    weights = flips(names, 399, 5, "webb")
    return estimate(model, design, rows, weights, {name: name for name in names})


def by_pyfixest(design, rows):
    import pyfixest

    frame = rows.assign(
        oy=rows["origin"] + rows["year"].astype(str),
        dy=rows["destination"] + rows["year"].astype(str),
    )
    effects = " + ".join({"origin_year": "oy", "destination_year": "dy"}[e]
                         for e in design.effect_names)  # fmt: skip
    return pyfixest.fepois(
        f"persons ~ {' + '.join(design.terms)} | {effects}",
        data=frame,
        vcov={"CRV1": "origin + destination"},
        iwls_tol=1e-11,
    )


@pytest.mark.parametrize("changes", [{}, PAIRS])
def test_estimates_and_two_way_clusters_are_those_of_pyfixest(changes):
    _, design, rows = made_design(**changes)
    fitted = fit_poisson(design)
    other = by_pyfixest(design, rows)
    assert np.allclose(fitted.estimates, other.coef()[list(design.terms)], rtol=0, atol=1e-6)
    first, second = (integer_codes(rows[end].to_numpy(str))[0] for end in ("origin", "destination"))
    ours = np.sqrt(np.diag(two_way_covariance(fitted, first, second)))
    assert np.allclose(ours, other.se()[list(design.terms)], rtol=1e-4)


def test_what_the_made_moves_follow_is_found():
    result = made_result()
    for term in ("log_distance", "wage"):
        position = result.terms.index(term)
        assert abs(result.estimate(term) - TRUE[term]) < 3 * result.jackknife.se[position]
    table = result_table(result).set_index("term")
    assert table.loc["log_distance", "p"] < 0.05
    assert table.loc["wage", "in_family"]
    assert not table.loc["size", "in_family"]
    assert np.isnan(table.loc["size", "p_holm"])
    assert (table["p_romano_wolf"].dropna() >= table["p"][table["in_family"]] - 1e-12).all()


def test_each_left_out_destination_is_left_out():
    result = made_result()
    design = result.fit.design
    codes, labels = design.cluster("region")
    again = fit_poisson(design.rows(codes != 2)).estimates
    assert np.allclose(result.jackknife.without[2], again, atol=1e-7)
    assert len(labels) == len(result.jackknife.without)


def test_a_sign_is_the_same_only_if_no_cluster_turns_it():
    result = made_result()
    turned = result.jackknife.without.copy()
    turned[4, 0] = -turned[4, 0]
    altered = type(result.jackknife)(
        result.jackknife.estimates, turned, result.jackknife.labels, result.jackknife.covariance
    )
    assert same_sign(result.jackknife)[0]
    assert not same_sign(altered)[0]


def test_draws_are_shared_by_destination_whatever_the_order_of_clusters():
    _, design, _ = made_design()
    fitted = fit_poisson(design)
    labels = [str(label) for label in design.cluster("region")[1]]
    weights = flips(sorted(labels), 199, 7, "webb")
    ours = bootstrap_tests(fitted, np.stack([weights[label] for label in labels]))
    old = by_old_oblast(fitted, {label: label for label in labels})
    same = bootstrap_tests(
        old, np.stack([weights[str(label)] for label in old.design.cluster("region")[1]])
    )
    assert [test.p_value for test in ours] == [test.p_value for test in same]


def test_oblasts_gather_their_regions():
    _, design, _ = made_design()
    fitted = fit_poisson(design)
    gathered = by_old_oblast(
        fitted,
        {str(label): "one" if str(label) in ("R3", "R4") else str(label)
         for label in design.region_labels},
    )  # fmt: skip
    assert len(gathered.design.cluster("region")[1]) == len(design.cluster("region")[1]) - 1


def made_test(t, draws):
    p = (1 + int((np.abs(draws) >= abs(t)).sum())) / (len(draws) + 1)
    return WildTest("x", 1.0, t, p, np.nan, np.nan, draws)


def test_the_smallest_firm_t_is_the_first_that_passes():
    generator = np.random.default_rng(2)
    draws = generator.normal(size=(2, 999))
    tests = [made_test(1.0, draws[0]), made_test(0.5, draws[1])]
    _, _, passing = adjusted(tests)
    for t, firm in ((passing * 1.000001, True), (passing * 0.98, False)):
        p = romano_wolf([made_test(t, draws[0]), tests[1]])[0]
        assert bool(p < 0.05) is firm


def test_further_conditions_are_one_family():
    results = [made_result(id=f"made_{term}", family=(term,)) for term in ("wage", "unemployment")]
    found = further_family(results)
    alone = [r.tests[r.fit.design.family[0]].p_value for r in results]
    assert list(found["term"]) == ["wage", "unemployment"]
    assert (found["p_romano_wolf"] >= np.array(alone) - 1e-12).all()
    assert (found["p_holm"] >= np.array(alone)).all()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((0.04, 0.01, True, True, True), "firm"),
        ((0.05, 0.04, True, True, True), "weak"),
        ((0.04, 0.01, False, True, True), "weak"),
        ((0.04, 0.01, True, True, False), "weak"),
        ((0.20, 0.10, True, True, True), "none"),
        ((0.20, 0.09, False, False, False), "weak"),
        ((1.0, 0.5, True, True, True), "none"),
    ],
)
def test_the_word_follows_the_rule_of_the_second_plan(arguments, word):
    assert condition_verdict(*arguments) == word


def test_no_word_without_a_probability():
    with pytest.raises(ProjectError, match="p_adjusted is nan"):
        condition_verdict(float("nan"), 0.1, True, True, True)


# Hat algebra

PEOPLE = np.array([[900.0, 60.0, 40.0], [30.0, 450.0, 20.0], [10.0, 90.0, 1900.0]])


def test_everybody_stays_somewhere_and_balances_add_up_to_zero():
    changed = changed_moves(PEOPLE, attraction_of_condition(3, 1, 0.3))
    assert np.allclose(changed.sum(axis=1), PEOPLE.sum(axis=1))
    assert abs(sum(balances(changed, place)[2] for place in range(3))) < 1e-9
    assert balances(changed, 1)[2] > balances(PEOPLE, 1)[2]
    # By hand: those of the first region who move to the second.
    factor = np.exp(0.3)
    assert np.isclose(changed[0, 1], 1000 * 60 * factor / (940 + 60 * factor))


def test_nothing_changed_changes_nothing():
    assert np.allclose(changed_moves(PEOPLE, np.zeros((3, 3))), PEOPLE)


def test_a_shorter_way_moves_both_ways():
    changed = changed_moves(PEOPLE, attraction_of_nearness(3, 0, 1, 0.2))
    assert changed[0, 1] > PEOPLE[0, 1]
    assert changed[1, 0] > PEOPLE[1, 0]
    assert np.allclose(changed[2], PEOPLE[2])


def test_more_movers_than_people_are_refused():
    with pytest.raises(ProjectError, match="fewer people than move away"):
        changed_moves(np.array([[-1.0, 2.0], [1.0, 3.0]]), np.zeros((2, 2)))


def test_those_who_stay_are_the_rest_of_the_population():
    moves = pd.DataFrame({"origin": ["A", "B"], "destination": ["B", "A"], "persons": [7, 4]})
    matrix = people_matrix(moves, pd.Series({"A": 100.0, "B": 50.0}))
    assert matrix.loc["A"].tolist() == [93.0, 7.0]
    assert matrix.loc["B"].tolist() == [4.0, 46.0]
    with pytest.raises(ProjectError, match="no population of B"):
        people_matrix(moves, pd.Series({"A": 100.0}))


def test_the_interval_of_an_effect_is_that_of_the_jackknife():
    result = made_result()
    position = result.terms.index("wage")
    change = jackknifed(
        float(result.jackknife.estimates[position]), result.jackknife.without[:, position]
    )
    assert np.allclose([change.low, change.high], result.jackknife.interval()[position])


# Made worlds


def test_made_worlds_tell_honest_methods_from_others():
    _, design, rows = made_design()
    fitted = fit_poisson(design)
    origins = integer_codes(rows["origin"].to_numpy(str))[0]
    found = coverage(fitted, origins, worlds=30, draws=199, seed=4)
    assert np.allclose(found["rejected"] + found["covered"], 1)
    worst = found.groupby("method")["rejected"].max()
    assert worst["iid"] > worst["jackknife"]
    again = coverage(fitted, origins, worlds=30, draws=199, seed=4)
    pd.testing.assert_frame_equal(found, again)


def test_made_moves_keep_what_each_origin_sends():
    _, design, _ = made_design()
    totals = np.bincount(design.effects[0], weights=design.outcome)
    slopes = fit_poisson(design).estimates
    shocks = Shocks(0.3, 0.1, 0.2, 0.1)
    drawn = np.mean(
        [made_moves(design, slopes, totals, shocks, np.random.default_rng(s)) for s in range(40)], 0
    )
    assert drawn.shape == design.outcome.shape
    summed = np.bincount(design.effects[0], weights=drawn)
    assert np.allclose(summed, totals, rtol=0.2, atol=5)


def test_the_spread_of_made_shocks_is_found_again():
    _, design, _ = made_design()
    fitted = fit_poisson(design)
    found = calibrated(fitted)
    # The made moves have noise of 0.3 by row and none that a destination keeps.
    assert 0.2 < found.row + found.pair < 0.6
    assert found.destination < 0.2


def test_worlds_of_two_sets_of_effects_are_refused():
    _, design, rows = made_design(**PAIRS)
    origins = integer_codes(rows["origin"].to_numpy(str))[0]
    with pytest.raises(ProjectError, match="2 sets of effects"):
        coverage(fit_poisson(design), origins, worlds=1)


# The declared list


def test_the_declared_list_is_read():
    plan = read_gravity()
    assert [m.id for m in plan.models][:2] == ["gravity_pairs", "gravity_pairs_with_part_year"]
    assert plan.model("choice_rent").terms[6] == "rent_over_wage"
    assert plan.model("choice_rent").family == ("rent_over_wage",)
    assert plan.model("choice_study_places").terms[-1] == "study_places"
    assert plan.model("push_main").side == "origin"
    assert (plan.draws, plan.weights) == (9999, "webb")
    assert [s.of_pair for s in plan.scenarios] == [False, False, False, True]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("estimator: ols", "estimator: probit", "unknown|estimator is 'probit'"),
        ("role: symmetry", "role: other", "role is 'other'"),
        ("borders: published\n    years: [2023]", "borders: old\n    years: [2023]", "borders is"),
        ("replace: unemployment", "replace: crime", "replace names 'crime'"),
        ("family: &family [wage,", "family: &family [wages,", "the family names 'wages'"),
        ("id: choice_log", "id: choice_main", "model choice_main stands twice"),
        ("model: choice_rent, condition", "model: choice_rents, condition", "model is"),
        ("condition: wage, factor: 1.10", "condition: unemployment, factor: 1.10", "condition is"),
        ("factor: 0.80", "factor: 0", "factor is 0"),
        ("effects: [origin_year]\n    pair: *pair\n    conditions: *main\n    family: &family",
         "effects: [origin]\n    pair: *pair\n    conditions: *main\n    family: &family",
         "unknown effect 'origin'"),
        ("title: What a destination has", "titel: What a destination has", "unknown key 'titel'"),
        ("draws: 9999", "draws: 0", "draws is 0"),
    ],
)  # fmt: skip
def test_a_slip_in_the_list_is_one_line_with_its_place(tmp_path: Path, old, new, message):
    text = GRAVITY_FILE.read_text("utf-8")
    assert old in text
    path = tmp_path / "gravity.yml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ProjectError, match=rf"line \d+: .*({message})") as caught:
        read_gravity(path)
    assert "\n" not in str(caught.value)


# Speed on made moves of the real size: limits of the issue.


def test_speed_of_all_effects_and_of_the_bootstrap():
    model = made_model(**PAIRS)
    places = made_places(count=20)
    rows = gravity_rows(model, places)
    many = pd.concat([rows.assign(year=rows["year"] + 10 * n) for n in range(4)])
    many = many[many["year"] < 2042].head(2660).reset_index(drop=True)
    design, _ = gravity_design(model, many)
    assert design.n_obs == 2660
    start = time.process_time()
    fitted = fit_poisson(design)
    assert time.process_time() - start < 1.0
    labels = [str(label) for label in design.cluster("region")[1]]
    weights = flips(labels, 9999, 1, "webb")
    start = time.process_time()
    bootstrap_tests(fitted, np.stack([weights[label] for label in labels]))
    assert time.process_time() - start < 5.0
    assert jackknife(fitted).without.shape == (20, 3)
