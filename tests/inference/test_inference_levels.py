"""Degrees of freedom, interval levels, factors, means and orders, each against a small sum by hand.

Every expected number is of one side only: a level, a degree of freedom or a direction taken wrongly
gives another.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_panel import design_of, made_panel
from scipy import stats

from karaganda_vibe.inference.cluster import (
    Jackknife,
    cr1_covariance,
    cr1_factor,
    cross_products,
    jackknife_linear,
)
from karaganda_vibe.inference.design import Design, make_design
from karaganda_vibe.inference.gaps import gap_accounting
from karaganda_vibe.inference.linear import fit_linear
from karaganda_vibe.inference.multiple_testing import holm, romano_wolf
from karaganda_vibe.inference.outlook import MARGIN, backtest, outlook
from karaganda_vibe.inference.outlook_methods import METHODS
from karaganda_vibe.inference.power import detectable_multiple, minimum_detectable_effect
from karaganda_vibe.inference.results import estimate
from karaganda_vibe.inference.robustness import fit, jackknife
from karaganda_vibe.inference.scenarios import scenario
from karaganda_vibe.inference.shapley import shapley
from karaganda_vibe.inference.size_simulation import (
    ErrorProcess,
    false_positive_rates,
    made_outcomes,
)
from karaganda_vibe.inference.spatial import moran, same_group_weights
from karaganda_vibe.inference.wild_bootstrap import WildTest, share_as_extreme, wild_tests

T4_975, T4_95 = 2.7764451, 2.1318468  # quantiles of t with 4 degrees of freedom, from a table


def five_clusters(*estimates: float, covariance: list[list[float]]) -> Jackknife:
    return Jackknife(
        np.array(estimates), np.tile(estimates, (5, 1)), np.array(list("abcde")),
        np.array(covariance),
    )  # fmt: skip


def block(regions: int = 6, places: int = 2, years: int = 4, **options: object) -> Design:
    """A balanced made design with one driver."""
    generator = np.random.default_rng(5)
    frame = pd.DataFrame(
        [(f"r{r}", f"r{r}p{p}", 2000 + y)
         for r in range(regions) for p in range(places) for y in range(years)],
        columns=["region", "place", "year"],
    )  # fmt: skip
    x = generator.normal(size=len(frame))
    return make_design(
        "block", x + generator.normal(size=len(frame)), {"x": x}, place=frame["place"],
        region=frame["region"], year=frame["year"], **options,
    )  # fmt: skip


def test_the_jackknife_uses_t_with_a_degree_less_than_clusters() -> None:
    left = five_clusters(2.0, -1.0, covariance=[[1.0, 0.0], [0.0, 0.25]])
    assert left.df == 4
    np.testing.assert_allclose(left.se, [1.0, 0.5])
    np.testing.assert_allclose(
        left.interval(), [[2 - T4_975, 2 + T4_975], [-1 - T4_975 / 2, -1 + T4_975 / 2]], rtol=1e-6
    )
    np.testing.assert_allclose(left.interval(0.9)[0], [2 - T4_95, 2 + T4_95], rtol=1e-6)
    # P(|T| > 2) with 4 degrees of freedom.
    np.testing.assert_allclose(left.p_values, [0.1161165, 0.1161165], rtol=1e-6)


@pytest.mark.parametrize("by", ["region", "year"])
def test_the_jackknife_covariance_by_hand(by: str) -> None:
    design = block()
    fitted = fit_linear(design)
    codes, labels = design.cluster(by)
    without = [float(fit_linear(design.rows(codes != g)).estimates[0]) for g in range(len(labels))]
    groups = {"region": 6, "year": 4}[by]
    by_hand = (groups - 1) / groups * sum((b - fitted.estimates[0]) ** 2 for b in without)
    for left in (jackknife(fitted, by), jackknife_linear(cross_products(design, by))):
        assert left.covariance[0, 0] == pytest.approx(by_hand, rel=1e-9)
        assert left.df == groups - 1


@pytest.mark.parametrize(
    ("effects", "by", "expected"),
    [
        # 48 rows, one driver; places lie inside regions, 3 free years cross them.
        (("place", "year"), "region", 6 / 5 * 47 / 44),
        (("place", "year"), "place", 12 / 11 * 47 / 44),
        # Of 24 region-years 18 are free beside the places: nested in regions, crossing places.
        (("place", "region_year"), "region", 6 / 5 * 47 / 47),
        (("place", "region_year"), "place", 12 / 11 * 47 / 29),
        (("year",), "region", 6 / 5 * 47 / 43),
        ((), "region", 6 / 5 * 47 / 46),
    ],
)
def test_the_small_sample_factor_counts_what_crosses(
    effects: tuple[str, ...], by: str, expected: float
) -> None:
    design = block(fixed_effects=effects)
    codes, labels = design.cluster(by)
    assert cr1_factor(design, codes, len(labels)) == pytest.approx(expected)
    fitted = fit_linear(design)
    sums = pd.Series(fitted.scores[:, 0]).groupby(codes).sum()
    by_hand = expected * (sums**2).sum() * fitted.bread[0, 0] ** 2
    assert cr1_covariance(fitted, by)[0, 0] == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("effects", "free"), [(("place", "year"), 32), (("place", "region_year"), 17), ((), 46)]
)
def test_residual_degrees_of_freedom(effects: tuple[str, ...], free: int) -> None:
    fitted = fit_linear(block(fixed_effects=effects))
    assert fitted.df_resid == free
    scale = (fitted.residuals**2).sum() / free
    assert fitted.se_iid[0] == pytest.approx(np.sqrt(scale * fitted.bread[0, 0]))


def test_a_table_row_has_95_percent_intervals() -> None:
    design = block()
    result = estimate(design, draws=399)
    row = result.table.iloc[0]
    reach = stats.t.ppf(0.975, 5) * row["se_cr3_region"]
    assert row["ci_low"] == pytest.approx(row["estimate"] - reach)
    assert row["ci_high"] == pytest.approx(row["estimate"] + reach)
    assert row["n_clusters"] == 6
    wild = wild_tests(cross_products(design), draws=399, level=0.95)[0]
    assert row[["wild_low", "wild_high"]].tolist() == pytest.approx([wild.low, wild.high])
    assert wild_tests(cross_products(design), draws=399)[0].low == wild.low
    narrow = wild_tests(cross_products(design), draws=399, level=0.5)[0]
    assert wild.low < narrow.low < narrow.high < wild.high
    assert row["detectable_effect"] == pytest.approx(detectable_multiple(5) * row["se_cr3_region"])


def test_gap_accounting_gives_95_percent_and_the_covariance_of_the_sum() -> None:
    frame = made_panel(regions=6, places=2, years=6, missing=0)
    design = design_of(frame, drivers={name: frame[name] for name in ("x0", "x1")})
    unit = (frame["region"] == "KZ-01").to_numpy()
    left = five_clusters(2.0, -3.0, covariance=[[0.04, 0.03], [0.03, 0.09]])
    gap = gap_accounting(design, left, unit, ~unit)
    parts = gap.parts.set_index("term")
    for term, estimate_, se in (("x0", 2.0, 0.2), ("x1", -3.0, 0.3)):
        away = float(frame.loc[unit, term].mean() - frame.loc[~unit, term].mean())
        row = parts.loc[term]
        assert row["contribution"] == pytest.approx(estimate_ * away)
        assert row["high"] - row["contribution"] == pytest.approx(T4_975 * se * abs(away))
        assert row["contribution"] - row["low"] == pytest.approx(T4_975 * se * abs(away))
    x0, x1 = parts.loc["x0", "gap"], parts.loc["x1", "gap"]
    wide = T4_975 * np.sqrt(0.04 * x0**2 + 0.09 * x1**2 + 2 * 0.03 * x0 * x1)
    for name in ("explained", "unexplained"):
        row = parts.loc[name]
        assert row["high"] - row["contribution"] == pytest.approx(wide)
        assert row["contribution"] - row["low"] == pytest.approx(wide)
    narrow = gap_accounting(design, left, unit, ~unit, level=0.9).parts.set_index("term").loc["x0"]
    assert narrow["high"] - narrow["contribution"] == pytest.approx(T4_95 * 0.2 * abs(x0))


def test_a_scenario_gives_95_percent() -> None:
    design = block()
    left = five_clusters(2.0, covariance=[[0.25]])
    done = scenario(
        design, left, term="x", place="made", current=0.0, target=0.5, population=4000.0
    )
    assert done.people == pytest.approx(2.0 * 0.5 * 4)
    assert done.low == pytest.approx((2.0 - T4_975 * 0.5) * 0.5 * 4)
    assert done.high == pytest.approx((2.0 + T4_975 * 0.5) * 0.5 * 4)


def test_power_uses_a_degree_less_than_clusters_80_and_5_percent() -> None:
    effect = minimum_detectable_effect("x", 0.5, 6, change=-3.0)
    critical = stats.t.ppf(0.975, 5)
    found = stats.nct.sf(critical, 5, effect.multiple) + stats.nct.cdf(
        -critical, 5, effect.multiple
    )
    assert found == pytest.approx(0.8, abs=1e-9)
    assert effect.effect == pytest.approx(effect.multiple * 0.5 * 3)


def test_p_values_of_draws_count_the_sample_once() -> None:
    draws = np.array([3.0, -2.0, 1.0, 0.0])
    assert share_as_extreme(2.0, draws) == pytest.approx(3 / 5)
    assert share_as_extreme(-2.5, draws) == pytest.approx(2 / 5)
    assert share_as_extreme(2.0, draws, counted=False) == pytest.approx(2 / 4)


def test_holm_and_romano_wolf_step_down_from_the_strongest() -> None:
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.4, 0.5, 0.6]) == pytest.approx([1.0, 1.0, 1.0])

    def made(observed: float, draws: list[float]) -> WildTest:
        return WildTest("made", 1.0, observed, 0.5, np.nan, np.nan, np.array(draws))

    weak, strong = made(2.0, [2.2, 0.1, 1.0]), made(-3.0, [1.0, -2.5, 0.5])
    # The strongest against the largest of both, the other against its own draws.
    assert romano_wolf([weak, strong]) == pytest.approx([2 / 4, 1 / 4])
    assert romano_wolf([strong, weak]) == pytest.approx([1 / 4, 2 / 4])


def test_shapley_intervals_are_quantiles_on_both_sides() -> None:
    cross = cross_products(design_of(made_panel(regions=7, places=3, years=6)))
    whole, usual, middle = (shapley(cross, draws=199, level=level) for level in (1.0, 0.95, 0.0))
    np.testing.assert_allclose(middle.low, middle.high)
    assert (whole.low < usual.low).all()
    assert (usual.low < middle.low).all()
    assert (middle.high < usual.high).all()
    assert (usual.high < whole.high).all()
    assert (shapley(cross, draws=199).high == usual.high).all()
    assert whole.r2_low < usual.r2_low < middle.r2_low < usual.r2_high < whole.r2_high


def test_morans_expectation_and_two_sides() -> None:
    weights = same_group_weights(np.array([0, 0, 1, 1, 2, 2]))
    alike = moran(np.array([1.0, 1.0, 0.0, 0.0, -1.0, -1.0]), weights, 999)
    assert (alike.statistic, alike.expected, alike.n) == (1.0, -1 / 5, 6)
    unlike = moran(np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0]), weights, 999)
    assert unlike.statistic == -1.0
    # One of 15 ways to pair six into three puts equals together; 6 of 15 all unequals apart.
    assert alike.p_value == pytest.approx(1 / 15, abs=0.03)
    assert 0.3 < unlike.p_value < 0.5


def walk(units: int = 12, years: int = 15) -> pd.DataFrame:
    steps = np.random.default_rng(11).gamma(1.0, 1.0, (units, years)) - 0.7
    return pd.DataFrame(
        steps.cumsum(axis=1), index=[f"u{unit}" for unit in range(units)],
        columns=range(2000, 2000 + years),
    )  # fmt: skip


def test_an_interval_knows_only_errors_whose_year_had_passed() -> None:
    errors = backtest(walk(), horizon=3, least_past_errors=1).errors
    errors = errors[errors["method"] == errors["picked"]]  # the chosen ones are rows of these
    first = int(errors["origin"].min())
    assert first == 2007

    def known(method: str, horizon: int, origin: int) -> pd.Series:
        same = errors[(errors["method"] == method) & (errors["horizon"] == horizon)]
        return same[same["origin"] + horizon <= origin]["scaled"]

    for (method, horizon, origin), group in errors.groupby(["method", "horizon", "origin"]):
        past = [known(method, step, origin) for step in range(1, horizon + 1)]
        assert group["low"].isna().all() == (origin < first + horizon)
        if len(past[-1]):
            scale = group["error"] / group["scaled"]
            # No band is narrower than that of a nearer year.
            low = min(step.quantile(0.1) for step in past)
            high = max(step.quantile(0.9) for step in past)
            np.testing.assert_allclose(group["low"], group["forecast"] + low * scale)
            np.testing.assert_allclose(group["high"], group["forecast"] + high * scale)


def test_a_forecast_and_its_scale_know_nothing_of_later_years() -> None:
    panel = walk()
    later = panel.copy()
    later[[2012, 2013, 2014]] += 100.0
    keys = ["method", "unit", "origin", "horizon"]
    one, other = (
        backtest(each, horizon=3, least_past_errors=1).errors.set_index(keys)
        for each in (panel, later)
    )
    known = one.index.get_level_values("origin") <= 2011
    columns = ["forecast", "low", "high"]
    pd.testing.assert_frame_equal(one.loc[known, columns], other.loc[known, columns])
    done = one.index.get_level_values("origin") + one.index.get_level_values("horizon") <= 2011
    pd.testing.assert_series_equal(one.loc[done, "scaled"], other.loc[done, "scaled"])


def test_the_backtest_summary_takes_means() -> None:
    tested = backtest(walk(), horizon=3, least_past_errors=1)
    table = tested.summary.set_index(["method", "horizon"])
    for method in METHODS:
        own = tested.errors[tested.errors["method"] == method]
        naive = tested.errors[tested.errors["method"] == "naive"]
        for horizon, part, base in (
            ("all", own, naive),
            ("2", own[own["horizon"] == 2], naive[naive["horizon"] == 2]),
        ):
            row = table.loc[(method, horizon)]
            assert row["mae"] == pytest.approx(part["error"].abs().mean())
            assert row["relative_mae"] == pytest.approx(
                part["error"].abs().mean() / base["error"].abs().mean()
            )
            assert row["coverage"] == pytest.approx(part["covered"].mean())
    best = table.xs("all", level="horizon")["relative_mae"]
    winner = "naive"
    for method in METHODS[1:]:
        if best[method] < best[winner] - MARGIN:
            winner = method
    assert tested.winner == winner == "drift"


def test_bands_widen_with_the_root_of_the_horizon_beyond_the_tested_ones() -> None:
    panel = walk()
    tested = backtest(panel, horizon=2)
    table = outlook(panel, tested, until=2020, method="naive")
    errors = tested.errors[(tested.errors["method"] == "naive") & (tested.errors["horizon"] == 2)]
    low, high = np.quantile(errors["scaled"], [0.1, 0.9])
    for unit in ("u0", "u7"):
        own = table[table["unit"] == unit].set_index("year")
        scale = panel.loc[unit].diff().abs().mean()
        for year, ahead in ((2016, 2), (2018, 4), (2020, 6)):
            row = own.loc[year]
            assert row["forecast"] == panel.loc[unit, 2014]
            root = np.sqrt(ahead / 2)
            assert row["low"] - row["forecast"] == pytest.approx(low * scale * root)
            assert row["high"] - row["forecast"] == pytest.approx(high * scale * root)
        first = tested.errors[
            (tested.errors["method"] == "naive") & (tested.errors["horizon"] == 1)
        ]
        one = np.quantile(first["scaled"], 0.9) * scale
        assert own.loc[2015, "high"] - own.loc[2015, "forecast"] == pytest.approx(one)


def test_the_simulation_rejects_as_the_models_would() -> None:
    design = design_of(made_panel(regions=7, places=3, years=7))
    process = ErrorProcess(1.0, 0.5, 1.0, 0.3)
    rates = false_positive_rates(design, process, draws=60, wild_draws=19, workers=1, seed=4)
    ours = rates[rates["term"] == "all drivers"].set_index("method")["rate"]
    outcomes = made_outcomes(design, process, 60, np.random.default_rng([4, 0]))
    tables = [estimate(design.with_outcome(column), draws=0).table for column in outcomes.T]
    table = pd.concat(tables)
    t = {name: (table["estimate"] / table[name]).abs() for name in table if name[:3] == "se_"}
    normal, t6 = stats.norm.ppf(0.975), stats.t.ppf(0.975, 6)
    assert ours["iid"] == pytest.approx((t["se_iid"] > normal).mean())
    assert ours["cr1_normal"] == pytest.approx((t["se_cr1_region"] > normal).mean())
    assert ours["cr1_t"] == pytest.approx((t["se_cr1_region"] > t6).mean())
    assert ours["cr1_place_normal"] == pytest.approx((t["se_cr1_place"] > normal).mean())
    assert ours["cr3_t"] == pytest.approx((t["se_cr3_region"] > t6).mean())
    errors = rates.set_index(["term", "method"]).loc[("all drivers", "iid")]
    assert errors["mc_error"] == pytest.approx(np.sqrt(errors["rate"] * (1 - errors["rate"]) / 60))


def test_the_share_explained_is_within_places_and_years() -> None:
    assert fit(block()).r2_within == pytest.approx(
        1 - (fit(block()).residuals ** 2).sum() / _within_squares(block())
    )


def _within_squares(design: Design) -> float:
    return float((design.absorber.residuals(design.outcome) ** 2).sum())
