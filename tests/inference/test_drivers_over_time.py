"""Local projections, lines of places, common factors, slopes of clusters, placebos: made worlds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_panel import made_panel
from scipy import optimize

from karaganda_vibe.inference.cluster import cross_products, jackknife_linear
from karaganda_vibe.inference.design import Design, make_design
from karaganda_vibe.inference.interactive_effects import (
    fit_interactive,
    jackknife_interactive,
    rows_with_factors,
)
from karaganda_vibe.inference.linear import fit_linear
from karaganda_vibe.inference.local_projections import (
    aligned_clusters,
    joint_tests,
    projection_spec,
)
from karaganda_vibe.inference.multiple_testing import passing_sizes, romano_wolf
from karaganda_vibe.inference.panel_design import build_design
from karaganda_vibe.inference.place_trends import (
    rows_with_trend,
    trend_cross_products,
    trend_estimates,
    without_lines,
)
from karaganda_vibe.inference.placebo_simulation import placebo_rates
from karaganda_vibe.inference.second_plan import load_second_plan
from karaganda_vibe.inference.size_simulation import ErrorProcess
from karaganda_vibe.inference.slope_coverage import missed_slopes
from karaganda_vibe.inference.slopes import (
    between_variance,
    cluster_slopes,
    random_slopes,
    slopes_by_driver,
    slopes_of,
)
from karaganda_vibe.inference.specs import ModelSpec, PanelLayout, Sample, Variable
from karaganda_vibe.inference.wild_bootstrap import wild_tests
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA

LAYOUT = PanelLayout("made", "place_id", "region", "year", "kind", "population")
PLAN = METADATA / "models" / "drivers_second.yml"


def made_design(frame: pd.DataFrame, terms: tuple[str, ...] = (), **options: object) -> Design:
    """A design on the made panel with these drivers, or with all that it has."""
    chosen = terms or tuple(column for column in frame if str(column)[:1] == "x")
    return make_design(
        "made", frame["y"], {term: frame[term] for term in chosen}, place=frame["place_id"],
        region=frame["region"], year=frame["year"], outcome_name="y", **options,
    )  # fmt: skip


def made_spec(**changes: object) -> ModelSpec:
    spec = ModelSpec(
        "made", LAYOUT, Variable("y"), (Variable("x0", lag=1, name="x0"),), draws=199, seed=3
    )
    return replace(spec, **changes)


@pytest.fixture(scope="module")
def answered() -> pd.DataFrame:
    """y answers x0 of the year before with 2 and nothing else; x0 has no memory."""
    panel = made_panel(
        # Many years: a place's own mean bends slopes of other years by the effect over them.
        seed=4,
        regions=10,
        places=6,
        years=60,
        coefficients=(0.0,),
        missing=0.0,
        shock=0.0,
    )
    panel = panel.sort_values(["place_id", "year"], ignore_index=True)
    before = panel.groupby("place_id")["x0"].shift(1)
    return panel.assign(y=panel["y"] + 2 * before.fillna(0.0))


# Local projections


def test_the_projection_takes_outcome_and_past_from_the_right_years(answered) -> None:
    design = build_design(projection_spec(made_spec(), 3), answered)
    row = design.sample_table().iloc[0]
    own = answered[answered["place_id"] == row["place_id"]].set_index("year")
    assert row["y_lead3"] == own.loc[row["year"] + 3, "y"]
    assert row["x0"] == own.loc[row["year"] - 1, "x0"]
    assert (
        row["own_past_lag1" if "own_past_lag1" in row else "own_past"]
        == (own.loc[row["year"] - 1, "y"])
    )
    assert row["x0_before"] == own.loc[row["year"] - 2, "x0"]


def test_projections_find_the_answer_in_its_year_and_no_trend_ahead(answered) -> None:
    designs = {h: build_design(projection_spec(made_spec(), h), answered) for h in (-3, -2, 0, 2)}
    found = {h: fit_linear(d) for h, d in designs.items()}
    slopes = {h: float(f.estimates[0]) for h, f in found.items()}
    assert slopes[0] == pytest.approx(2.0, abs=0.15)
    for horizon in (-3, -2, 2):
        assert abs(slopes[horizon]) < 0.15
    labels = list(designs[0].region_labels)
    tests = joint_tests(designs, [0], labels, draws=999, seed=3)
    assert tests[0, 0][1] < 0.01
    assert min(tests[h, 0][1] for h in (-3, -2)) > 0.05


def test_absent_clusters_are_empty_and_change_no_test() -> None:
    design = made_design(made_panel(seed=2, regions=8))
    cross = cross_products(design)
    order = [*cross.labels[::-1], "KZ-none"]
    turned = aligned_clusters(cross, order)
    assert turned.total == pytest.approx(cross.total)
    assert turned.products[0] == pytest.approx(cross.products[-1])
    assert not turned.products[-1].any()
    one, other = (wild_tests(c, [0], draws=199, intervals=False)[0] for c in (cross, turned))
    assert one.t_observed == pytest.approx(other.t_observed)


# Lines of places


def test_lines_of_places_are_those_of_dummies() -> None:
    panel = made_panel(seed=5, regions=6, places=2, years=9, missing=0.1)
    design = rows_with_trend(made_design(panel))
    cross = trend_cross_products(design)
    place = pd.get_dummies(design.place).to_numpy(float)
    year = pd.get_dummies(design.year).to_numpy(float)
    lines = place * (design.year - design.year.mean())[:, None]
    columns = np.column_stack([design.regressors, place, lines, year])
    by_hand = np.linalg.lstsq(columns, design.outcome, rcond=None)[0][: len(design.terms)]
    assert trend_estimates(cross) == pytest.approx(by_hand, rel=1e-8)
    assert jackknife_linear(cross).estimates == pytest.approx(by_hand, rel=1e-8)


def test_a_line_is_taken_out_whole() -> None:
    place, year = np.repeat([0, 1], 5), np.tile(np.arange(5), 2)
    columns = np.column_stack([3.0 + 2 * year + 7 * place * year, (year == 2).astype(float)])
    left = without_lines(columns, place, year)
    assert left[:, 0] == pytest.approx(np.zeros(10), abs=1e-12)
    assert left[:5, 1] == pytest.approx([-0.2, -0.2, 0.8, -0.2, -0.2])


def test_lines_are_refused_for_other_effects_and_short_places() -> None:
    panel = made_panel(seed=5, regions=6, places=3, years=8, missing=0.0)
    strict = made_design(panel, fixed_effects=("place", "region_year"))
    with pytest.raises(ProjectError, match="lines of places need the fixed effects place and year"):
        trend_cross_products(strict)
    short = panel[(panel["place_id"] != "place-001") | (panel["year"] < 2002)]
    kept = rows_with_trend(made_design(short))
    assert kept.n_obs == len(panel) - 8
    assert "fewer than 3 years: 2 rows" in kept.notes[-1]


# Common factors


def with_factor(seed: int = 1, missing: float = 0.15) -> pd.DataFrame:
    """A shock of each year that each place answers in its own measure, and the driver with it."""
    panel = made_panel(
        seed, regions=8, places=6, years=20, coefficients=(0.0,), missing=0.0, shock=0.0
    )
    generator = np.random.default_rng(seed + 100)
    place = pd.factorize(panel["place_id"])[0]
    year = panel["year"].to_numpy() - panel["year"].min()
    loading = generator.normal(1.0, 1.0, place.max() + 1)[place]
    factor = generator.normal(0.0, 2.0, year.max() + 1)[year]
    panel["x0"] = 0.5 * loading * factor + generator.normal(size=len(panel))
    panel["y"] = 1.5 * panel["x0"] + 2 * loading * factor + generator.normal(size=len(panel))
    return panel[generator.random(len(panel)) > missing]


def test_common_factors_mend_what_place_and_year_effects_leave() -> None:
    design = made_design(with_factor(), terms=("x0",))
    plain = float(fit_linear(design).estimates[0])
    mended = float(fit_interactive(design, 1).estimates[0])
    assert abs(plain - 1.5) > 0.5
    assert mended == pytest.approx(1.5, abs=0.08)
    spread = jackknife_interactive(rows_with_factors(design), 1)
    low, high = spread.interval()[0]
    assert low < 1.5 < high


def test_common_factors_are_the_least_squares_of_another_minimiser() -> None:
    panel = with_factor(seed=3, missing=0.1)
    panel = panel[panel["place_id"].isin(sorted(set(panel["place_id"]))[:14])]
    panel = panel[panel["year"] < 2010]
    design = made_design(panel, terms=("x0",), single_place_clusters="keep", fewest_clusters=2)
    found = fit_interactive(design, 1)
    places, years = design.place.max() + 1, 10
    at = design.year - design.year.min()

    def residuals(parameters: np.ndarray) -> np.ndarray:
        slope, rest = parameters[0], parameters[1:]
        a, g = rest[:places], rest[places : places + years]
        loading, factor = rest[places + years : 2 * places + years], rest[2 * places + years :]
        fitted = slope * design.regressors[:, 0] + a[design.place] + g[at]
        return design.outcome - fitted - loading[design.place] * factor[at]

    best = min(
        (
            optimize.least_squares(
                residuals, np.random.default_rng(start).normal(size=1 + 2 * (places + years))
            )
            for start in range(6)
        ),
        key=lambda fit: fit.cost,
    )
    assert found.left == pytest.approx(2 * best.cost, rel=1e-5)
    assert found.estimates[0] == pytest.approx(best.x[0], abs=1e-3)


def test_factors_beyond_the_panel_are_refused() -> None:
    design = made_design(made_panel(seed=1, regions=6, places=2, years=5))
    with pytest.raises(ProjectError, match="5 factors in a panel of 12 places and 5 years"):
        fit_interactive(design, 5)


# Slopes of clusters

OWN, ERRORS = np.array([0.2, 1.1, -0.4, 2.0, 0.7]), np.array([0.3, 0.5, 0.4, 0.6, 0.2])


def test_the_variance_between_is_that_of_another_library() -> None:
    from statsmodels.stats.meta_analysis import combine_effects

    theirs = combine_effects(OWN, ERRORS**2, method_re="chi2", use_t=True)
    ours = random_slopes(list("abcde"), OWN, ERRORS, "dl")
    assert between_variance(OWN, ERRORS, "dl") == pytest.approx(theirs.tau2)
    assert ours.mean == pytest.approx(theirs.mean_effect_re)
    assert ours.q == pytest.approx(theirs.q)
    assert ours.mean_se == pytest.approx(max(theirs.scale_hksj_re, 1) ** 0.5 * theirs.sd_eff_w_re)


def test_the_restricted_likelihood_is_at_its_top() -> None:
    tau2 = between_variance(OWN, ERRORS)

    def likelihood(value: float) -> float:
        covariance = np.diag(ERRORS**2 + value)
        inverse = np.linalg.inv(covariance)
        ones = np.ones(len(OWN))
        information = ones @ inverse @ ones
        mean = ones @ inverse @ OWN / information
        rest = OWN - mean
        return -0.5 * (
            np.linalg.slogdet(covariance)[1] + np.log(information) + rest @ inverse @ rest
        )

    grid = np.linspace(0, 5, 200_001)
    best = grid[int(np.argmax([likelihood(value) for value in grid[::50]])) * 50]
    assert tau2 == pytest.approx(best, abs=2e-3)
    assert between_variance(np.array([1.0, 1.01, 0.99]), np.array([0.5, 0.4, 0.6])) == 0.0


def test_a_slope_is_drawn_to_the_mean_the_more_the_less_it_knows() -> None:
    found = random_slopes(list("abcde"), OWN, ERRORS)
    assert found.tau > 0
    pull = ERRORS**2 / (ERRORS**2 + found.tau**2)
    assert found.shrunk == pytest.approx(OWN + pull * (found.mean - OWN))
    assert (found.shrunk_se < ERRORS).all()
    low, high = found.prediction_interval()
    assert low < found.mean_interval()[0] < found.mean_interval()[1] < high
    own = slopes_of({"x": found}, "c")
    assert (own.estimates[0], own.df) == (found.shrunk[2], 4)
    assert own.covariance[0, 0] == pytest.approx(found.shrunk_se[2] ** 2)
    with pytest.raises(ProjectError, match="no cluster 'z'; expected one of a, b, c, d, e"):
        slopes_of({"x": found}, "z")
    with pytest.raises(ProjectError, match="2 slopes with standard errors"):
        random_slopes(["a", "b"], OWN[:2], ERRORS[:2])


def test_slopes_of_clusters_are_those_of_their_own_rows() -> None:
    panel = made_panel(seed=6, regions=6, places=8, years=15, coefficients=(1.0,), missing=0.0)
    steep = panel["region"] == "KZ-02"
    panel["y"] += np.where(steep, 3.0, 0.0) * panel["x0"]
    design = made_design(panel, terms=("x0",))
    labels, own, errors = cluster_slopes(design)
    alone = made_design(panel[steep], terms=("x0",), fewest_clusters=1)
    assert own[list(labels).index("KZ-02"), 0] == pytest.approx(fit_linear(alone).estimates[0])
    assert (errors > 0).all()
    drawn = slopes_by_driver(design)["x0"]
    assert drawn.i2 > 0.8
    assert drawn.shrunk[list(labels).index("KZ-02")] == pytest.approx(4.0, abs=0.5)


def test_intervals_of_drawn_slopes_hold_the_truth_about_as_often_as_they_say() -> None:
    generator = np.random.default_rng(11)
    held = []
    for _ in range(400):
        truth = generator.normal(1.0, 0.6, 11)
        errors = generator.uniform(0.2, 0.9, 11)
        found = random_slopes(range(11), truth + errors * generator.normal(size=11), errors)
        wide = found.reach() * found.shrunk_se
        held.append((np.abs(found.shrunk - truth) <= wide).mean())
    assert 0.88 < np.mean(held) < 0.99


def test_missed_slopes_are_counted_against_the_slopes_that_were_made() -> None:
    panel = made_panel(seed=6, regions=6, places=4, years=7, coefficients=(1.0,), missing=0.0)
    design = made_design(panel, terms=("x0",))
    process = ErrorProcess(1.0, 0.3, 1.0, 0.3)
    slopes = slopes_by_driver(design)
    counted = {"here": str(slopes["x0"].labels[2]), "worlds": 10, "seed": 5}
    found = missed_slopes(design, process, slopes, **counted)
    assert list(found["part"]) == ["here", "cluster", "mean", "new"]
    missed = found.set_index("part")["missed"]
    assert missed.max() <= 0.3
    # Slopes that scatter by ten and are said to scatter by nothing: the made ones, not the
    # estimated ones, are the truth that intervals are held against.
    wild = replace(slopes["x0"], tau=10.0, mean=100.0)
    far = missed_slopes(design, process, {"x0": wild}, **counted).set_index("part")["missed"]
    assert far.max() <= 0.3
    assert (far != missed).any()


# Adjustment, sample, placebos


def test_the_size_that_passes_is_the_one_at_which_the_adjusted_p_turns() -> None:
    design = made_design(made_panel(seed=7, regions=9, coefficients=(0.05, 0.02, 0.0)))
    tests = wild_tests(cross_products(design), draws=999, seed=2, intervals=False)
    sizes = passing_sizes(tests)
    for position, test in enumerate(tests):
        error = abs(test.estimate / test.t_observed)
        for factor, passes in ((1.0001, True), (0.9999, False)):
            # The largest of the family: the first step decides.
            moved = replace(test, t_observed=sizes[position] * factor / error)
            others = [replace(t, t_observed=0.0) for t in tests]
            others[position] = moved
            assert bool(romano_wolf(others)[position] < 0.05) is passes
    assert passing_sizes([]).size == 0


def test_trimming_leaves_out_the_ends_of_the_outcome_and_says_so() -> None:
    panel = made_panel(seed=8, regions=8, places=5, years=12, missing=0.0)
    spec = made_spec(drivers=(Variable("x0"),), sample=Sample(trim=(0.05, 0.9)))
    design = build_design(spec, panel)
    low, high = panel["y"].quantile([0.05, 0.9])
    assert design.outcome.min() >= low
    assert design.outcome.max() <= high
    assert design.n_obs == int(panel["y"].between(low, high).sum())
    assert any(f"outcome: {len(panel) - design.n_obs}" in note for note in design.notes)
    assert "quantiles 0.05 and 0.9" in design.sample


def test_a_lead_alone_fails_where_nothing_runs_backwards_and_beside_the_lag_does_not() -> None:
    panel = made_panel(seed=9, regions=12, places=6, years=18, coefficients=(0.0,), missing=0.0)
    panel = panel.sort_values(["place_id", "year"], ignore_index=True)
    # A driver with memory.
    values = panel.pivot(index="year", columns="place_id", values="x0").to_numpy().copy()
    for row in range(1, len(values)):
        values[row] = 0.8 * values[row - 1] + 0.6 * values[row]
    panel["x0"] = values.T.ravel()
    drivers = (Variable("x0", 1, name="x0"), Variable("x0", -1, name="x0"))
    design = build_design(made_spec(drivers=drivers), panel)
    process = ErrorProcess(0.5, 0.3, 1.0, 0.3)
    found = placebo_rates(design, process, {"x0": 0.5}, draws=200, seed=5, workers=1)
    rate = found.set_index(["world", "placebo"])["rate"]
    assert rate["true lag", "lead alone"] > 0.5
    assert rate["true lag", "lag and lead"] < 0.12
    assert rate["no effect", "lead alone"] < 0.12
    with pytest.raises(ProjectError, match="the placebo needs x1 and x1_lead1"):
        placebo_rates(design, process, {"x1": 0.5})


# The list of the second plan


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = PLAN.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "second.yml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_the_list_is_read_as_declared() -> None:
    plan = load_second_plan(PLAN)
    assert list(plan.specs) == [
        "second_core", "second_core_strict", "second_lag_lead", "second_without_outliers",
    ]  # fmt: skip
    assert plan.horizons == (-3, -2, 0, 1, 2, 3, 4, 5)
    assert (plan.factors, plan.slopes_by, plan.adjustment) == ((1, 2), "old_region", "romano_wolf")
    assert plan.specs["second_without_outliers"].sample.trim == (0.01, 0.99)
    assert plan.rule.curve_share == 0.9


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("trim: [0.01, 0.99]", "trim: [0.99, 0.01]", r"line \d+: .*trim is \[0.99, 0.01\]"),
        ("trim: [0.01, 0.99]", "trim: [0.01]", r"expected \[lower, upper\] quantiles"),
        ("horizons: [-3, 5]", "horizons: [0, 5]", r"expected \[first, last\] years around -1"),
        ("factors: [1, 2]", "factors: [0]", "expected a list of some whole numbers from 1 to 5"),
        ("trends: {base: second_core}", "trends: {base: gone}", "trends: base is 'gone'"),
        ("adjustment: romano_wolf", "adjustment: none", "adjustment 'none'; expected one of"),
        ("curve_share: 0.90", "curve_share: 90", "curve_share is 90; expected a number above 0"),
        ("  placebo_adjusted_p: 0.05\n", "", "verdict: the key placebo_adjusted_p is missing"),
        ("factors: [1, 2]", "factor: [1, 2]", "unknown key 'factor'"),
    ],
)
def test_a_fault_in_the_list_is_one_line(tmp_path, old, new, expected) -> None:
    with pytest.raises(ProjectError, match=expected) as caught:
        load_second_plan(changed(tmp_path, old, new))
    assert "\n" not in str(caught.value)
