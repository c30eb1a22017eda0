"""Shapley shares, Moran's I, gaps, scenarios and the outlook."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from made_panel import design_of, made_panel

from karaganda_vibe.inference.cluster import cross_products
from karaganda_vibe.inference.gaps import gap_accounting
from karaganda_vibe.inference.outlook import backtest, outlook
from karaganda_vibe.inference.outlook_methods import forecast
from karaganda_vibe.inference.robustness import fit, jackknife
from karaganda_vibe.inference.scenarios import scenario
from karaganda_vibe.inference.shapley import shapley
from karaganda_vibe.inference.spatial import (
    moran,
    moran_by_year,
    nearest_neighbour_weights,
    same_group_weights,
)
from karaganda_vibe.project.errors import ProjectError


def test_shapley_is_the_mean_over_all_orders() -> None:
    design = design_of(made_panel(regions=7, places=3, years=8))
    found = shapley(cross_products(design), draws=99)
    fitted = fit(design)
    outcome = design.absorber.residuals(design.outcome)
    columns = design.absorber.residuals(design.regressors)

    def explained(chosen: tuple[int, ...]) -> float:
        if not chosen:
            return 0.0
        part = columns[:, list(chosen)]
        rest = outcome - part @ np.linalg.lstsq(part, outcome, rcond=None)[0]
        return 1 - float(rest @ rest) / float(outcome @ outcome)

    by_hand = np.zeros(3)
    for order in permutations(range(3)):
        for step, driver in enumerate(order):
            by_hand[driver] += (explained(order[: step + 1]) - explained(order[:step])) / 6
    assert np.allclose(found.shares, by_hand, atol=1e-10)
    assert found.r2_within == pytest.approx(fitted.r2_within, abs=1e-10)
    assert (found.low <= found.shares).all()
    assert (found.shares <= found.high).all()
    assert found.shares[0] > found.shares[1] > found.shares[2]


def test_shapley_bootstrap_estimates_year_effects_anew() -> None:
    frame = made_panel(regions=6, places=3, years=8)
    design = design_of(frame)
    cross = cross_products(design)
    # Draw clusters by hand the way the bootstrap does and fit the copies as their own places.
    times = np.random.default_rng(1).multinomial(6, np.full(6, 1 / 6), size=2)
    r2 = []
    for counts in times:
        copies = []
        for region, count in enumerate(counts):
            for copy in range(count):
                part = frame[frame["region"] == cross.labels[region]].copy()
                part["place_id"] += f"-{copy}"
                part["region"] += f"-{copy}"
                copies.append(part)
        r2.append(fit(design_of(pd.concat(copies), fewest_clusters=2)).r2_within)
    found = shapley(cross, draws=2, seed=1, level=1.0)
    assert sorted([found.r2_low, found.r2_high]) == pytest.approx(sorted(r2), abs=1e-9)


def test_shapley_refuses_too_many_drivers() -> None:
    frame = made_panel(coefficients=(0.1,) * 13, regions=6, places=3, years=8)
    drivers = {f"x{index}": frame[f"x{index}"] for index in range(13)}
    with pytest.raises(ProjectError, match="Shapley shares of 13 drivers"):
        shapley(cross_products(design_of(frame, drivers=drivers)))


def test_moran_by_hand_and_on_a_gradient() -> None:
    groups = np.array([0, 0, 1, 1])
    # Neighbours share the sign: I = 1 for these weights.
    assert moran(np.array([1.0, 1, -1, -1]), same_group_weights(groups), 99).statistic == 1
    assert moran(np.array([1.0, -1, 1, -1]), same_group_weights(groups), 99).statistic == -1
    generator = np.random.default_rng(1)
    latitude, longitude = generator.uniform(45, 55, 80), generator.uniform(50, 80, 80)
    weights = nearest_neighbour_weights(latitude, longitude, 5)
    assert np.allclose(np.asarray(weights.sum(axis=1)).ravel(), 1)
    assert (weights > 0).sum() == 400
    assert moran(latitude + generator.normal(0, 1, 80), weights).p_value < 0.01
    p_values = [moran(generator.normal(size=80), weights, 199).p_value for _ in range(100)]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.12


def test_moran_by_year_skips_thin_years_and_names_unknown_places() -> None:
    frame = made_panel(regions=6, places=3, years=4, missing=0)
    residuals = frame.assign(residual=frame["y"])[["place_id", "year", "residual"]]
    residuals = residuals[(residuals["year"] > 2000) | (residuals["place_id"] < "place-005")]
    places = np.unique(frame["place_id"])
    weights = same_group_weights(np.arange(18) // 3)
    table = moran_by_year(residuals, weights, places, 99)
    assert list(table["year"]) == ["2001", "2002", "2003", "all"]
    with pytest.raises(ProjectError, match="place place-017 has no"):
        moran_by_year(residuals, weights[:17][:, :17], places[:17], 99)


def test_gap_parts_add_up_and_find_a_known_gap() -> None:
    frame = made_panel(regions=10, places=4, years=12)
    unit = frame["region"] == "KZ-03"
    frame.loc[unit, "x0"] += 2.0
    frame.loc[unit, "y"] += 3.0
    design = design_of(frame)
    rows, rest = (frame["region"] == "KZ-03").to_numpy(), (frame["region"] != "KZ-03").to_numpy()
    gap = gap_accounting(design, jackknife(fit(design)), rows, rest)
    parts = gap.parts.set_index("term")
    drivers = parts.loc[["x0", "x1", "x2"], "contribution"].sum()
    assert drivers == pytest.approx(parts.loc["explained", "contribution"])
    assert drivers + parts.loc["unexplained", "contribution"] == pytest.approx(gap.total)
    means = frame.groupby(rows)[["x0"]].mean()["x0"]
    assert parts.loc["x0", "gap"] == pytest.approx(means[True] - means[False])
    assert parts.loc["x0", "low"] < 1.5 * parts.loc["x0", "gap"] < parts.loc["x0", "high"]
    weighted = gap_accounting(
        design, jackknife(fit(design)), rows, rest, weights=frame["population"].to_numpy()
    )
    assert weighted.total != gap.total
    with pytest.raises(ProjectError, match="model made: gap accounting: the unit has no rows"):
        gap_accounting(design, jackknife(fit(design)), rows & rest, rest)
    counts = design_of(frame, "counts", estimator="ppml")
    with pytest.raises(ProjectError, match="needs a linear model"):
        gap_accounting(counts, jackknife(fit(counts)), rows, rest)


def test_scenario_counts_people_and_refuses_outside_the_data() -> None:
    frame = made_panel(regions=8, places=3, years=12)
    design = design_of(frame)
    left = jackknife(fit(design))
    options = {"term": "x0", "place": "made", "population": 50_000.0}
    low, high = frame["x0"].min(), frame["x0"].max()
    done = scenario(design, left, current=0.0, target=1.0, **options)
    assert not done.refused
    assert done.people == pytest.approx(left.estimates[0] * 50)
    assert done.low < done.people < done.high
    back = scenario(design, left, current=1.0, target=0.0, **options)
    assert (back.low, back.high) == pytest.approx((-done.high, -done.low))
    outside = scenario(design, left, current=0.0, target=high + 0.1, **options)
    assert outside.refused
    assert "lies outside the sample's" in outside.reason
    assert np.isnan([outside.people, outside.low, outside.high]).all()
    assert scenario(design, left, current=low - 1, target=0.0, **options).refused
    leap = scenario(design, left, current=low, target=high, **options)
    assert leap.refused
    assert "larger than any place" in leap.reason
    with pytest.raises(ProjectError, match="no driver y; expected one of x0, x1, x2"):
        scenario(design, left, current=0, target=1, **{**options, "term": "y"})


def test_scenario_of_a_poisson_model_multiplies_the_count() -> None:
    frame = made_panel(regions=8, places=3, years=10)
    design = design_of(frame, "counts", estimator="ppml")
    left = jackknife(fit(design))
    options = {"term": "x0", "place": "made", "population": 1e4, "current": 0.0, "target": 0.5}
    done = scenario(design, left, counts=400.0, **options)
    assert done.people == pytest.approx(400 * np.expm1(0.5 * left.estimates[0]))
    with pytest.raises(ProjectError, match="give counts"):
        scenario(design, left, **options)


def _panel(kind: str, units: int = 30, years: int = 24) -> pd.DataFrame:
    generator = np.random.default_rng(7)
    noise = generator.normal(size=(units, years))
    values = noise.copy()
    if kind == "walk":
        values = noise.cumsum(axis=1)
    elif kind == "trend":
        values = 0.5 * np.arange(years) + 0.3 * noise
    elif kind == "ar":
        for year in range(1, years):
            values[:, year] = 0.4 * values[:, year - 1] + noise[:, year]
        values += generator.normal(size=(units, 1)) * 5
    names = [f"made-{unit:02d}" for unit in range(units)]
    return pd.DataFrame(values, index=names, columns=range(2000, 2000 + years))


@pytest.mark.parametrize(
    ("kind", "winners"),
    [("walk", {"naive"}), ("trend", {"drift"}), ("ar", {"panel_ar", "mean3", "ses"})],
)
def test_backtest_picks_the_method_that_made_the_data(kind: str, winners: set[str]) -> None:
    result = backtest(_panel(kind))
    assert result.winner in winners
    overall = result.summary[result.summary["horizon"] == "all"].set_index("method")
    assert overall.loc["naive", "relative_mae"] == 1.0
    assert 0.65 < overall.loc[result.winner, "coverage"] < 0.92
    assert set(overall["forecasts"]) == {overall["forecasts"].iloc[0]}


def test_forecasts_by_hand_and_gaps_stay_gaps() -> None:
    values = np.array([[1.0, 2, 3, 4, 7], [5, 5, 5, 5, np.nan], [np.nan, 1, 2, 3, 4]])
    assert forecast(values, 2, "naive")[0] == pytest.approx([7, 7])
    assert forecast(values, 2, "mean3")[0] == pytest.approx([14 / 3, 14 / 3])
    assert forecast(values, 2, "drift")[0] == pytest.approx([8.5, 10])
    assert forecast(values, 1, "drift")[2] == pytest.approx([5])
    for method in ("naive", "mean3", "drift", "panel_ar"):
        assert np.isnan(forecast(values, 2, method)[1]).all()
    with pytest.raises(ProjectError, match="unknown method 'magic'"):
        forecast(values, 1, "magic")


def test_outlook_widens_and_uses_the_winner() -> None:
    panel = _panel("walk")
    panel.iloc[3, -1] = np.nan
    tested = backtest(panel, horizon=4)
    table = outlook(panel, tested, until=2029)
    assert set(table["method"]) == {tested.winner}
    one = table[table["unit"] == "made-00"].set_index("year")
    width = one["high"] - one["low"]
    assert width[2029] > width[2026] > width[2024]
    assert list(one.index) == [2024, 2025, 2026, 2027, 2028, 2029]
    assert list(one["extrapolated"]) == [False] * 4 + [True] * 2
    # An interval at an origin knows nothing of later years.
    cut = backtest(panel.iloc[:, :-4], horizon=4).errors.set_index(["method", "unit", "origin"])
    whole = tested.errors.set_index(["method", "unit", "origin"])
    early = cut[cut["horizon"] == 1]
    later = whole[whole["horizon"] == 1].loc[early.index]
    assert early["low"].equals(later["low"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda panel: panel.iloc[:, :8], "8 years"),
        (lambda panel: panel.drop(columns=2005), "have holes"),
        (lambda panel: panel.replace(panel.iloc[0, 0], np.inf), "infinite values"),
        (lambda panel: panel * np.nan, "no forecast can be checked"),
    ],
)
def test_bad_panels_for_the_outlook_are_named(change, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        backtest(change(_panel("walk")))
