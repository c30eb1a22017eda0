"""Within transformation, least squares, Poisson and cluster covariances against other libraries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from made_panel import DRIVERS, design_of, made_panel

from karaganda_vibe.inference import within as within_module
from karaganda_vibe.inference.cluster import (
    cr1_covariance,
    cross_products,
    jackknife_linear,
    jackknife_poisson,
)
from karaganda_vibe.inference.linear import fit_linear
from karaganda_vibe.inference.poisson import fit_poisson, separated_rows
from karaganda_vibe.inference.robustness import fit, jackknife, leave_one_out
from karaganda_vibe.inference.within import Absorber, indicator, integer_codes, is_nested, within
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.rounding import snapped


def dummies(effects: tuple[np.ndarray, ...]) -> np.ndarray:
    """All dummies of all effects, redundant ones too."""
    return np.column_stack([indicator(codes).toarray() for codes in effects])


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(5, 60),
    st.lists(st.integers(1, 8), min_size=1, max_size=3),
    st.booleans(),
)
def test_within_is_the_residual_on_all_dummies(
    seed: int, rows: int, levels: list[int], weighted: bool
) -> None:
    generator = np.random.default_rng(seed)
    effects = [generator.integers(0, level, rows) for level in levels]
    weights = generator.uniform(0.2, 5, rows) if weighted else None
    columns = generator.normal(size=(rows, 2)) * 100
    found = within(columns, effects, weights)
    root = np.ones(rows) if weights is None else np.sqrt(weights)
    matrix = dummies(tuple(integer_codes(codes)[0] for codes in effects))
    scaled = matrix * root[:, None]
    fitted = matrix @ np.linalg.lstsq(scaled, columns * root[:, None], rcond=None)[0]
    assert np.allclose(found, columns - fitted, atol=1e-9)
    assert Absorber(effects, rows, weights).absorbed == np.linalg.matrix_rank(matrix)


def test_alternating_projections_agree_with_the_exact_solution(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = made_panel(regions=4, places=3, years=8)
    design = design_of(frame, fewest_clusters=3)
    exact = Absorber(design.effects, design.n_obs)
    monkeypatch.setattr(within_module, "LARGEST_BLOCK", 2)
    slow = Absorber(design.effects, design.n_obs)
    assert slow.absorbed == exact.absorbed
    assert np.allclose(
        slow.residuals(design.regressors), exact.residuals(design.regressors), atol=1e-9
    )


def test_nesting() -> None:
    assert is_nested(np.array([0, 1, 2, 2]), np.array([0, 0, 1, 1]))
    assert not is_nested(np.array([0, 1, 0]), np.array([0, 0, 1]))


@pytest.mark.parametrize("effects", [("place", "year"), ("place", "region_year"), ()])
@pytest.mark.parametrize("weighted", [False, True])
def test_least_squares_agrees_with_dummy_regression(
    effects: tuple[str, ...], weighted: bool
) -> None:
    frame = made_panel(regions=6, places=3, years=8)
    weights = frame["population"] if weighted else None
    design = design_of(
        frame, fixed_effects=effects, weights=weights, estimator="wls" if weighted else "ols"
    )
    found = fit_linear(design)
    matrix = dummies(design.effects) if effects else np.ones((design.n_obs, 1))
    keep = np.linalg.qr(matrix.T @ matrix)[1]
    free = np.abs(np.diag(keep)) > 1e-8
    result = sm.WLS(
        design.outcome,
        np.column_stack([design.regressors, matrix[:, free]]),
        weights=1.0 if weights is None else weights,
    ).fit()
    assert np.allclose(found.estimates, result.params[:3], atol=1e-9)
    assert found.df_resid == result.df_resid
    assert np.allclose(found.se_iid, result.bse[:3], rtol=1e-8)
    assert np.allclose(found.fitted, result.fittedvalues, atol=1e-7)


def test_estimates_are_handed_over_without_the_noise_of_the_arithmetic() -> None:
    design = design_of(made_panel(regions=8, places=4, years=6))
    for found in (fit_linear(design).estimates, jackknife(fit_linear(design)).interval()):
        assert np.array_equal(found, snapped(found))


def test_least_squares_and_cr1_agree_with_linearmodels() -> None:
    from linearmodels.panel import PanelOLS

    frame = made_panel(regions=8, places=5, years=12)
    design = design_of(frame)
    found = fit_linear(design)
    indexed = frame.set_index(["place_id", "year"])
    model = PanelOLS(indexed["y"], indexed[list(DRIVERS)], entity_effects=True, time_effects=True)
    clusters = indexed["region"].astype("category").cat.codes.to_frame()
    other = model.fit(
        cov_type="clustered", clusters=clusters, group_debias=True, count_effects=False
    )
    assert np.allclose(found.estimates, other.params.loc[list(DRIVERS)], atol=1e-6)
    # Both have G/(G-1) * (n-1)/(n-K); linearmodels counts every absorbed effect in K, here only
    # the years cross the regions.
    rows, years = design.n_obs, 11
    stated = (rows - 3 - design.absorber.absorbed) / (rows - 3 - years)
    ratio = np.diag(cr1_covariance(found, "region")) / other.std_errors[list(DRIVERS)] ** 2
    assert np.allclose(ratio, stated, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::Warning")
def test_everything_agrees_with_pyfixest() -> None:
    import pyfixest

    frame = made_panel(regions=8, places=5, years=12)
    frame["place"] = frame["place_id"].astype("category").cat.codes.astype(int)
    frame["cluster"] = frame["region"].astype("category").cat.codes.astype(int)
    frame["cell"] = frame["cluster"] * 10_000 + frame["year"]
    groups, rows = 8, len(frame)
    for effects, formula, counted in (
        (("place", "year"), "place + year", 3 + 12),
        (("place", "region_year"), "place + cell", 3 + 1),
    ):
        design = design_of(frame, fixed_effects=effects)
        found = fit_linear(design)
        other = pyfixest.feols(f"y ~ x0 + x1 + x2 | {formula}", frame, vcov={"CRV3": "cluster"})
        assert np.allclose(found.estimates, other.coef().to_numpy(), atol=1e-6)
        left = jackknife_linear(cross_products(design))
        # CRV3 here has the factor (G-1)/G of MacKinnon, Nielsen and Webb; pyfixest multiplies the
        # same sum of squares by G/(G-1) * (n-1)/(n-K).
        stated = ((groups - 1) / groups) ** 2 * (rows - counted) / (rows - 1)
        assert np.allclose(left.se**2 / other.se().to_numpy() ** 2, stated, rtol=1e-6)
    counts = design_of(frame, "counts", estimator="ppml")
    poisson = fit_poisson(counts)
    other = pyfixest.fepois("counts ~ x0 + x1 + x2 | place + year", frame, vcov={"CRV1": "cluster"})
    assert np.allclose(poisson.estimates, other.coef().to_numpy(), atol=1e-6)
    ours = np.sqrt(np.diag(cr1_covariance(poisson, "region")))
    # pyfixest counts all 12 years, here one is redundant: n-K differs by one.
    parameters = 3 + 12
    stated = np.sqrt((rows - parameters) / (rows - parameters + 1))
    assert np.allclose(ours / other.se().to_numpy(), stated, rtol=1e-5)


@pytest.mark.parametrize("effects", [("place", "year"), ("place", "region_year")])
def test_poisson_by_glm_and_by_sweeping_agree(effects: tuple[str, ...]) -> None:
    frame = made_panel(regions=6, places=3, years=8)
    design = design_of(
        frame,
        "counts",
        estimator="ppml",
        fixed_effects=effects,
        offset=np.log(frame["population"]),
        weights=frame["population"] / 1000,
    )
    one, other = fit_poisson(design, engine="glm"), fit_poisson(design, engine="irls")
    assert np.allclose(one.estimates, other.estimates, atol=1e-8)
    assert np.allclose(one.fitted, other.fitted, rtol=1e-7)
    assert np.abs(other.scores.sum(axis=0)).max() < 1e-5 * design.outcome.sum()
    assert 0 < other.r2_within < 1


def test_poisson_recovers_known_coefficients_and_leaves_separated_rows_out() -> None:
    frame = made_panel(regions=8, places=5, years=12, coefficients=(1.0, -0.5, 0.0))
    zero = frame["place_id"] == "place-003"
    frame.loc[zero, "counts"] = 0
    design = design_of(frame, "counts", estimator="ppml", offset=np.log(frame["population"]))
    assert (separated_rows(design) == zero.to_numpy()).all()
    found = fit_poisson(design)
    assert found.design.n_obs == int((~zero).sum())
    assert "predicted perfectly" in found.design.notes[0]
    assert np.allclose(found.estimates, [0.1, -0.05, 0.0], atol=0.01)
    # A driver that is positive only where counts are zero separates those rows as well.
    frame = made_panel(regions=8, places=5, years=12)
    marked = (np.arange(len(frame)) % 10) == 0
    frame.loc[marked, "counts"] = 0
    found_rows = separated_rows(
        design_of(
            frame,
            "counts",
            estimator="ppml",
            drivers={"x0": frame["x0"], "flag": marked * np.abs(frame["x1"])},
        )
    )
    assert found_rows[marked].all()
    assert not found_rows[~marked].any()


@pytest.mark.parametrize("effects", [("place", "year"), ("place", "region_year"), ("year",)])
@pytest.mark.parametrize("cluster", ["region", "year"])
@pytest.mark.parametrize("weighted", [False, True])
def test_jackknife_equals_refitting(effects: tuple[str, ...], cluster: str, weighted: bool) -> None:
    frame = made_panel(regions=6, places=3, years=8)
    weights = frame["population"] if weighted else None
    design = design_of(
        frame, fixed_effects=effects, weights=weights, estimator="wls" if weighted else "ols"
    )
    fast = jackknife_linear(cross_products(design, cluster))
    codes, labels = design.cluster(cluster)
    slow = np.stack(
        [fit_linear(design.rows(codes != group)).estimates for group in range(len(labels))]
    )
    assert np.allclose(fast.without, slow, atol=1e-9)
    assert np.allclose(fast.estimates, fit_linear(design).estimates, atol=1e-9)


def test_poisson_jackknife_equals_refitting_from_scratch() -> None:
    frame = made_panel(regions=6, places=3, years=8)
    design = design_of(frame, "counts", estimator="ppml")
    left = jackknife_poisson(fit_poisson(design))
    alone = fit_poisson(design.rows(design.region != 2), engine="glm")
    assert np.allclose(left.without[2], alone.estimates, atol=1e-7)
    assert left.interval().shape == (3, 2)


def test_leave_one_out_of_both_kinds() -> None:
    design = design_of(made_panel(regions=6, places=3, years=8))
    for by, count in (("region", 6), ("year", 8), ("place", 18)):
        table = leave_one_out(fit(design), by)
        assert len(table) == (count + 1) * 3
        assert (table.loc[table["left_out"] == "", "shift"] == 0).all()
    slow = jackknife(fit(replace(design, model_id="other")), "year")
    assert np.isfinite(slow.se).all()


def test_known_coefficients_are_recovered() -> None:
    design = design_of(made_panel(seed=3))
    left = jackknife(fit(design))
    low, high = left.interval(0.999).T
    truth = np.array([1.5, -0.7, 0.0])
    assert ((low < truth) & (truth < high)).all()
    assert (high - low < 0.5).all()


BAD = [
    ("constant", "made: driver flat does not vary within the fixed effects"),
    ("combined", "singular design.*x3 is a combination of|is a combination of .*x3"),
    ("lonely", "cluster KZ-00 holds one place"),
    ("few", "4 clusters"),
    ("infinite", "x1 holds 1 missing or infinite values, the first is inf at place-"),
    ("empty", "the sample is empty"),
    ("negative", "counts is -1 at place-"),
    ("weights", "the weight at place-.* is 0"),
    ("effect", "unknown fixed effect 'month'"),
    ("two", "lies in two regions"),
    ("thin", "rows for"),
]


@pytest.mark.parametrize(("kind", "message"), BAD)
def test_bad_input_is_named(kind: str, message: str) -> None:
    frame = made_panel(regions=4 if kind == "few" else 7, places=3, years=6, missing=0)
    drivers: dict[str, Any] = {name: frame[name] for name in DRIVERS}
    outcome, options = "y", {}
    if kind == "constant":
        drivers["flat"] = frame["population"]
    elif kind == "combined":
        drivers["x3"] = 2 * frame["x0"] - frame["x1"] + frame["population"]
    elif kind == "lonely":
        frame = frame[(frame["region"] != "KZ-00") | (frame["place_id"] == "place-000")]
        drivers = {name: frame[name] for name in DRIVERS}
    elif kind == "infinite":
        drivers["x1"] = frame["x1"].where(frame.index != 5, np.inf)
    elif kind == "empty":
        frame = frame[:0]
        drivers = {name: frame[name] for name in DRIVERS}
    elif kind == "negative":
        frame.loc[0, "counts"] = -1
        outcome, options = "counts", {"estimator": "ppml"}
    elif kind == "weights":
        options = {"estimator": "wls", "weights": frame["population"].where(frame.index != 4, 0)}
    elif kind == "effect":
        options = {"fixed_effects": ("place", "month")}
    elif kind == "two":
        frame.loc[0, "region"] = "KZ-99"
    elif kind == "thin":
        frame = frame[frame["year"] == 2000]
        drivers = {name: frame[name] for name in DRIVERS}
        options = {"fixed_effects": ("region",)}
        drivers |= {f"z{index}": np.sin(index * frame["x0"]) for index in range(2, 14)}
    with pytest.raises(ProjectError, match=message) as caught:
        design_of(frame, outcome, drivers=drivers, **options)
    assert "model made" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_single_place_clusters_can_be_dropped_or_kept_and_regions_as_places_pass() -> None:
    frame = made_panel(regions=8, places=3, years=6)
    frame = frame[(frame["region"] != "KZ-00") | (frame["place_id"] == "place-000")]
    dropped = design_of(frame, single_place_clusters="drop")
    assert "KZ-00" in dropped.notes[0]
    assert len(dropped.cluster("region")[1]) == 7
    assert len(design_of(frame, single_place_clusters="keep").cluster("region")[1]) == 8
    assert np.isfinite(jackknife(fit(dropped)).se).all()
    frame = made_panel(regions=9, places=1, years=10)
    assert np.isfinite(jackknife(fit(design_of(frame))).se).all()


def test_a_driver_that_moves_in_one_region_only_is_named() -> None:
    frame = made_panel(regions=7, places=3, years=6)
    drivers = {"x0": frame["x0"], "lone": frame["x1"].where(frame["region"] == "KZ-03", 0.0)}
    design = design_of(frame, drivers=drivers)
    with pytest.raises(ProjectError, match="model made: without KZ-03 the driver lone has no"):
        jackknife(fit(design))
    counts = design_of(frame, "counts", drivers=drivers, estimator="ppml")
    with pytest.raises(ProjectError, match="model made: without KZ-03: driver lone does not"):
        jackknife(fit(counts))
