"""Wild bootstrap, multiple testing, power and the size simulation."""

from __future__ import annotations

import numpy as np
import pytest
from made_panel import design_of, made_panel
from scipy import stats

from karaganda_vibe.inference.cluster import cr1_covariance, cr1_factor, cross_products
from karaganda_vibe.inference.linear import fit_linear
from karaganda_vibe.inference.multiple_testing import holm, romano_wolf
from karaganda_vibe.inference.poisson import fit_poisson
from karaganda_vibe.inference.power import detectable_multiple, minimum_detectable_effect
from karaganda_vibe.inference.results import estimate
from karaganda_vibe.inference.robustness import shuffled_outcome
from karaganda_vibe.inference.size_simulation import (
    ErrorProcess,
    calibrate,
    false_positive_rates,
    made_outcomes,
)
from karaganda_vibe.inference.wild_bootstrap import (
    WildTest,
    cluster_weights,
    share_as_extreme,
    wild_tests,
    wild_tests_poisson,
)
from karaganda_vibe.project.errors import ProjectError


@pytest.mark.filterwarnings("ignore::Warning")
@pytest.mark.parametrize("effects", [("place", "year"), ("place", "region_year")])
def test_wild_bootstrap_agrees_with_wildboottest(effects: tuple[str, ...]) -> None:
    import pyfixest

    frame = made_panel(regions=8, places=3, years=8)
    frame["place"] = frame["place_id"].astype("category").cat.codes.astype(int)
    frame["cluster"] = frame["region"].astype("category").cat.codes.astype(int)
    frame["cell"] = frame["cluster"] * 10_000 + frame["year"]
    design = design_of(frame, fixed_effects=effects)
    # All 2^8 sign patterns, so that neither side has simulation noise.
    ours = wild_tests(cross_products(design), kind="enumerate")
    formula = "y ~ x0 + x1 + x2 | place + year"
    if effects[1] == "region_year":
        # wildboottest has no remedy for redundant dummies; effects inside the clusters may be
        # taken out beforehand.
        columns = ["y", "x0", "x1", "x2"]
        frame[columns] = design.absorber.residuals(frame[columns].to_numpy())
        formula = "y ~ x0 + x1 + x2 - 1"
    other = pyfixest.feols(formula, frame, vcov={"CRV1": "cluster"})
    for test in ours:
        result = other.wildboottest(
            param=test.term, reps=9999, seed=1, weights_type="rademacher", bootstrap_type="11"
        )
        # The two patterns of equal signs repeat the sample: its t-statistic, up to rounding, which
        # wildboottest counts as larger or not by chance.
        larger = (np.abs(test.t_draws) > abs(test.t_observed) * (1 + 1e-9)).mean()
        assert float(result["Pr(>|t|)"]) - larger in (0.0, 1 / 256, 2 / 256)
        assert test.p_value == pytest.approx(larger + 2 / 256, abs=1e-12)


def test_draws_equal_the_bootstrap_done_by_hand() -> None:
    frame = made_panel(regions=7, places=3, years=6)
    design = design_of(frame)
    test = wild_tests(cross_products(design), [1], draws=5, seed=3)[0]
    weights = cluster_weights(7, 5, 3)
    codes, labels = design.cluster("region")
    restricted = fit_linear(design.without_term(1))
    factor = cr1_factor(design, codes, len(labels))
    for draw in range(5):
        made = restricted.fitted + weights[codes, draw] * restricted.residuals
        fit = fit_linear(design.with_outcome(made))
        t_value = fit.estimates[1] / np.sqrt(cr1_covariance(fit, "region")[1, 1] / factor)
        assert t_value == pytest.approx(test.t_draws[draw], rel=1e-9)
    fit = fit_linear(design)
    assert test.estimate == pytest.approx(fit.estimates[1], rel=1e-12)
    observed = fit.estimates[1] / np.sqrt(cr1_covariance(fit, "region")[1, 1] / factor)
    assert test.t_observed == pytest.approx(observed, rel=1e-9)


def test_interval_holds_exactly_the_values_not_rejected() -> None:
    design = design_of(made_panel(regions=9, places=3, years=8))
    test = wild_tests(cross_products(design), [0], draws=1999)[0]
    assert test.low < test.estimate < test.high
    width = test.high - test.low
    for null, rejected in (
        (test.low - 0.02 * width, True),
        (test.low + 0.02 * width, False),
        (test.high - 0.02 * width, False),
        (test.high + 0.02 * width, True),
    ):
        moved = design.with_outcome(design.outcome - null * design.regressors[:, 0])
        p_value = wild_tests(cross_products(moved), [0], draws=1999)[0].p_value
        assert (p_value <= 0.05) == rejected


def test_same_seed_same_draws_and_units_do_not_matter() -> None:
    frame = made_panel(regions=8, places=3, years=8)
    design = design_of(frame)
    scaled = design_of(frame, drivers={"x0": frame["x0"] * 1e6, "x1": frame["x1"] / 1e6})
    plain = design_of(frame, drivers={"x0": frame["x0"], "x1": frame["x1"]})
    one, again = (wild_tests(cross_products(design), draws=999) for _ in range(2))
    assert [test.p_value for test in one] == [test.p_value for test in again]
    for left, right, unit in zip(
        wild_tests(cross_products(plain), draws=999),
        wild_tests(cross_products(scaled), draws=999),
        (1e6, 1e-6),
        strict=True,
    ):
        assert left.p_value == right.p_value
        assert left.low == pytest.approx(right.low * unit, rel=1e-5)


def test_webb_weights() -> None:
    weights = cluster_weights(200, 2000, 1)
    assert len(np.unique(weights)) == 6
    assert weights.mean() == pytest.approx(0, abs=0.01)
    assert weights.var() == pytest.approx(1, abs=0.01)
    with pytest.raises(ProjectError, match="unknown weights 'normal'"):
        cluster_weights(5, 5, 1, "normal")


def test_poisson_score_bootstrap_finds_what_is_there_only() -> None:
    frame = made_panel(regions=9, places=4, years=10)
    design = design_of(frame, "counts", estimator="ppml", offset=np.log(frame["population"]))
    tests = wild_tests_poisson(fit_poisson(design), draws=999)
    assert tests[0].p_value < 0.02
    assert tests[1].p_value < 0.05
    assert tests[2].p_value > 0.05


def test_holm_by_hand_and_against_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    p_values = np.random.default_rng(1).uniform(size=20) ** 2
    assert np.allclose(holm(p_values), multipletests(p_values, method="holm")[1])


def _test(t_observed: float, draws: np.ndarray) -> WildTest:
    p_value = share_as_extreme(t_observed, draws)
    return WildTest("made", t_observed, t_observed, p_value, np.nan, np.nan, draws)


def test_romano_wolf_lies_between_single_and_bonferroni() -> None:
    generator = np.random.default_rng(1)
    common = generator.normal(size=4999)
    draws = [0.8 * common + 0.6 * generator.normal(size=4999) for _ in range(5)]
    tests = [_test(value, draw) for value, draw in zip((3, 2.5, 2, 1, 0.1), draws, strict=True)]
    single = np.array([test.p_value for test in tests])
    joint = romano_wolf(tests)
    assert (joint >= single - 1e-12).all()
    assert (joint <= holm(single) + 0.01).all()
    assert joint[0] < 5 * single[0]
    # Perfectly dependent hypotheses cost nothing at all.
    same = [_test(value, common) for value in (2.5, 2.5, 2.5)]
    assert np.allclose(romano_wolf(same), same[0].p_value)
    assert len(romano_wolf([])) == 0


def test_minimum_detectable_effect() -> None:
    assert detectable_multiple(10_000) == pytest.approx(1.959964 + 0.841621, abs=2e-3)
    effect = minimum_detectable_effect("log wage", 0.5, 16, change=np.log(1.1))
    assert effect.effect == pytest.approx(effect.multiple * 0.5 * np.log(1.1))
    # With the true effect at that multiple the t test finds it four times out of five.
    generator = np.random.default_rng(1)
    t_values = (generator.normal(size=200_000) + effect.multiple) / np.sqrt(
        generator.chisquare(15, 200_000) / 15
    )
    found = np.abs(t_values) > stats.t.ppf(0.975, 15)
    assert found.mean() == pytest.approx(0.8, abs=0.01)
    with pytest.raises(ProjectError, match="log wage: the standard error is nan"):
        minimum_detectable_effect("log wage", np.nan, 16)


def test_shuffled_outcomes_give_no_findings() -> None:
    frame = made_panel(regions=12, places=3, years=8, missing=0)
    design = design_of(frame)
    rejected, adjusted = 0, 0
    for seed in range(60):
        table = estimate(shuffled_outcome(design, seed), draws=499, intervals=False).table
        rejected += int((table["p_wild_region"] <= 0.05).sum())
        adjusted += int((table["p_romano_wolf"] <= 0.05).any())
    # 180 tests at 5 %: 9 expected; 60 families at 5 %: 3 expected.
    assert 1 <= rejected <= 19
    assert adjusted <= 9


def test_calibration_finds_the_process_that_made_the_noise() -> None:
    design = design_of(made_panel(missing=0.02))
    truth = ErrorProcess(1.0, 0.6, 2.0, 0.4)
    generator = np.random.default_rng(5)
    outcomes = made_outcomes(design, truth, 12, generator)
    each = [calibrate(fit_linear(design.with_outcome(column))) for column in outcomes.T]
    found = np.mean([list(vars(process).values()) for process in each], axis=0)
    assert found[0] == pytest.approx(1.0, abs=0.15)
    assert found[1] == pytest.approx(0.6, abs=0.12)
    assert found[2] == pytest.approx(2.0, abs=0.1)
    assert found[3] == pytest.approx(0.4, abs=0.05)


def test_size_simulation_shows_iid_too_eager_and_the_wild_bootstrap_near_nominal() -> None:
    frame = made_panel(regions=12, places=3, years=10)
    generator = np.random.default_rng(2)
    walk = generator.normal(size=(12, 10, 3)).cumsum(axis=1)
    cell = frame["region"].str[3:].astype(int), frame["year"] - 2000
    drivers = {f"walk{index}": walk[*cell, index] + frame["x0"] / 3 for index in range(3)}
    design = design_of(frame, drivers=drivers)
    process = ErrorProcess(1.0, 0.7, 1.0, 0.5)
    one = false_positive_rates(design, process, draws=300, wild_draws=199, workers=1)
    rates = one[one["term"] == "all drivers"].set_index("method")["rate"]
    assert rates["iid"] > 0.15
    assert rates["cr1_place_normal"] > rates["cr3_t"]
    assert 0.02 < rates["wild"] < 0.09
    assert 0.01 < rates["cr3_t"] < 0.08
    two = false_positive_rates(design, process, draws=300, wild_draws=199, workers=2)
    assert one.equals(two)
    counts = design_of(frame, "counts", estimator="ppml")
    with pytest.raises(ProjectError, match="model made: the size simulation"):
        false_positive_rates(counts, process)


def test_size_simulation_uses_the_same_methods_as_the_models() -> None:
    design = design_of(made_panel(regions=8, places=3, years=8))
    process = ErrorProcess(1.0, 0.5, 1.0, 0.3)
    rates = false_positive_rates(design, process, draws=40, wild_draws=99, workers=1, seed=4)
    outcomes = made_outcomes(design, process, 40, np.random.default_rng([4, 0]))
    counts = np.zeros(3)
    for column in outcomes.T:
        table = estimate(
            design.with_outcome(column), draws=99, seed=4 + 7919, intervals=False
        ).table
        t_region = np.abs(table["estimate"] / table["se_cr1_region"])
        counts[0] += (t_region > stats.t.ppf(0.975, 7)).sum()
        counts[1] += (table["p_cr3_region"] < 0.05).sum()
        counts[2] += (table["p_wild_region"] <= 0.05).sum()
    ours = rates[rates["term"] == "all drivers"].set_index("method")["rate"]
    assert ours["cr1_t"] == pytest.approx(counts[0] / 120)
    assert ours["cr3_t"] == pytest.approx(counts[1] / 120)
    assert ours["wild"] == pytest.approx(counts[2] / 120)
