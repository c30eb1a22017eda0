"""Made worlds of the model between places: the same tests and shares as the model's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_panel import made_panel

from karaganda_vibe.inference.between_coverage import (
    Noise,
    _expected_squares,
    _level_of_places,
    _Worlds,
    calibrated,
    kept_promise,
    made_noise,
    miss_rates,
    shared_more,
    worst_misses,
)
from karaganda_vibe.inference.cluster import cross_products
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.multiple_testing import romano_wolf
from karaganda_vibe.inference.panel_design import build_design
from karaganda_vibe.inference.robustness import fit, jackknife
from karaganda_vibe.inference.specs import ModelSpec, PanelLayout, Variable
from karaganda_vibe.inference.wild_bootstrap import cluster_weights, wild_tests
from karaganda_vibe.inference.within_between import between_shares, place_means
from karaganda_vibe.project.errors import ProjectError

GROUPS = {"fixed": ["city", "x2"], "moved": ["x0", "x1"]}
NOISE = Noise(region=1.5, region_year=0.8, place=2.0, row=1.0)


@pytest.fixture(scope="module")
def design() -> Design:
    """Made data: 8 regions, 4 places each, 10 years, gaps."""
    frame = made_panel(regions=8, places=4, years=10, missing=0.1)
    spec = ModelSpec(
        id="made",
        panel=PanelLayout("made", "place_id", "region", "year", "kind"),
        outcome=Variable("y"),
        drivers=(Variable("x0"), Variable("x1")),
        controls=(Variable("is_city", name="city"), Variable("x2")),
        effects="within_between",
        fixed_effects=("year",),
    )
    frame = frame.assign(is_city=(frame["kind"] == "city").astype(float))
    return build_design(spec, frame, from_year_means=True)


def test_calibration_finds_the_noise_that_was_made(design: Design) -> None:
    made = made_noise(design, NOISE, 60, np.random.default_rng(4))
    squares = [np.square(calibrated(fit(design.with_outcome(column))).each) for column in made.T]
    found = np.sqrt(np.mean(squares, axis=0))
    # Cut at zero, a part of few clusters comes out a little large.
    np.testing.assert_allclose(found, NOISE.each, rtol=0.15)


def test_p_values_and_intervals_are_those_of_the_model(design: Design) -> None:
    made = made_noise(design, NOISE, 5, np.random.default_rng(1))
    flips = cluster_weights(8, 199, 3)
    worlds = _Worlds.of(design, made)
    family, shown = list(design.tested), [1, 3, 4]
    single, adjusted = worlds.wild_p_values(flips, shown, family)
    misses = worlds.jackknife_misses()
    for world, column in enumerate(made.T):
        own = design.with_outcome(column)
        tests = wild_tests(cross_products(own, "region"), intervals=False, weights=flips)
        assert single[:, world].tolist() == [tests[index].p_value for index in shown]
        assert adjusted[world] == romano_wolf([tests[index] for index in family]).min()
        bounds = jackknife(fit(own), "region").interval(0.95)
        outside = (bounds[:, 0] > 0) | (bounds[:, 1] < 0)
        assert misses[:, world].tolist() == outside.tolist()


def test_shares_and_their_misses_are_those_of_the_model(design: Design) -> None:
    fitted = fit(design)
    worlds, seed = 12, 7
    table = miss_rates(fitted, GROUPS, worlds=worlds, draws=19, seed=seed)
    rows = table[(table["part"] == "share") & (table["world"] == "half_shared")].set_index("name")
    noise = shared_more(calibrated(fitted), 0.5)
    made = made_noise(design, noise, worlds, np.random.default_rng(seed))
    signal = design.regressors @ fitted.estimates
    found, missed = [], []
    for column in made.T:
        means = place_means(design.with_outcome(signal + column))
        shares = between_shares(means, GROUPS).table.set_index("name").loc[rows.index]
        found.append(shares["share"])
        inside = (shares["low"] <= rows["truth"]) & (rows["truth"] <= shares["high"])
        missed.append(~inside)
    np.testing.assert_allclose(np.mean(found, axis=0), rows["mean_found"], rtol=1e-6)
    np.testing.assert_allclose(np.mean(missed, axis=0), rows["missed"], rtol=1e-6)
    assert rows["truth"].sum() == pytest.approx(1)


def test_expected_squares_are_the_mean_of_made_ones(design: Design) -> None:
    level = _level_of_places(design)
    weight = place_means(design)["years"].to_numpy(float)
    means = level @ made_noise(design, NOISE, 20_000, np.random.default_rng(2))
    centred = means - weight @ means / weight.sum()
    made = (weight[:, None] * centred**2).sum(axis=0).mean()
    assert _expected_squares(design, level, weight, NOISE) == pytest.approx(made, rel=0.03)
    # The places stand in the order of their table.
    outcome = place_means(design)["outcome"].to_numpy()
    gap = level @ design.outcome - outcome
    np.testing.assert_allclose(gap, gap[0], atol=1e-9)


def test_more_shared_keeps_the_total_and_costs_the_intervals(design: Design) -> None:
    more = shared_more(NOISE, 0.5)
    assert np.square(more.each).sum() == pytest.approx(np.square(NOISE.each).sum())
    assert more.region**2 == pytest.approx(1.5**2 + 2.0)
    assert more.row == NOISE.row
    quiet = Noise(region=0.0, region_year=0.0, place=4.0, row=1.0)
    made = made_noise(design, quiet, 1, np.random.default_rng(3))[:, 0]
    table = miss_rates(fit(design.with_outcome(design.outcome + made)), GROUPS, draws=39)
    tests = table[table["part"] != "share"]
    assert (tests["missed"] < 0.2).all()
    assert (tests["missed"] > 0.005).all()
    assert (table["error"] < 0.02).all()
    assert table.groupby("world")["sd_region"].first().is_monotonic_increasing


def rates(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """Made rates (world, part, name, missed) of 1,000 worlds."""
    table = pd.DataFrame(rows, columns=["world", "part", "name", "missed"])
    return table.assign(error=np.sqrt(table["missed"] * (1 - table["missed"]) / 1000))


def test_verdict_and_worst_by_hand() -> None:
    table = rates(
        ("as_estimated", "wild", "x0", 0.04),
        ("as_estimated", "wild", "x1", 0.06),
        ("as_estimated", "share", "rest", 0.03),
        ("half_shared", "wild", "x0", 0.055),
        ("half_shared", "wild", "x1", 0.02),
        ("half_shared", "share", "rest", 0.09),
    )
    # 0.06 of 1,000 worlds is within two errors (0.015) of five in a hundred; 0.09 is not.
    assert kept_promise(table, "wild") == "hold"
    assert kept_promise(table, "share") == "shared"
    table.loc[1, "missed"] = 0.08
    assert kept_promise(table, "wild") == "miss"
    worst = worst_misses(table)
    assert worst["tried"].tolist() == ["wild", "rest"]
    assert worst["as_estimated"].tolist() == [0.08, 0.03]
    assert worst["half_shared"].tolist() == [0.055, 0.09]


def test_a_model_with_weights_is_refused(design: Design) -> None:
    weighted = replace(design, estimator="wls", weights=np.arange(1.0, design.n_obs + 1))
    with pytest.raises(ProjectError, match="found estimator wls with weights; expected ols"):
        calibrated(fit(weighted))
