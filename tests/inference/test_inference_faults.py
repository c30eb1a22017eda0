"""Estimation gives a right number or one line: separation, scale, singletons, odd columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from made_panel import DRIVERS, design_of, made_panel
from scipy.optimize import linprog

from karaganda_vibe.inference.cluster import cr1_covariance, cross_products
from karaganda_vibe.inference.design import Design, make_design
from karaganda_vibe.inference.identification import singleton_rows
from karaganda_vibe.inference.linear import fit_linear
from karaganda_vibe.inference.poisson import fit_poisson, separated_rows
from karaganda_vibe.inference.results import estimate
from karaganda_vibe.inference.robustness import fit, jackknife
from karaganda_vibe.inference.within import Absorber, indicator
from karaganda_vibe.project.errors import ProjectError


def thin_counts(seed: int) -> Design:
    """A made panel of few counts: many zeros, whole places of zeros, a driver that is rarely on."""
    generator = np.random.default_rng(seed)
    places, years = 14, 4
    frame = pd.DataFrame(
        {
            "place": np.repeat([f"p{code:02d}" for code in range(places)], years),
            "region": np.repeat([f"r{code // 2}" for code in range(places)], years),
            "year": np.tile(np.arange(2010, 2010 + years), places),
        }
    )
    wide = generator.normal(size=len(frame))
    rare = (generator.random(len(frame)) < 0.15) * generator.exponential(size=len(frame))
    level = np.repeat(generator.normal(-1.0, 1.2, places), years)
    counts = generator.poisson(np.exp(level + 0.5 * wide - rare))
    return make_design(
        "thin", counts, {"wide": wide, "rare": rare}, place=frame["place"], region=frame["region"],
        year=frame["year"], estimator="ppml", single_place_clusters="keep", fewest_clusters=2,
    )  # fmt: skip


def separated_by_definition(design: Design) -> np.ndarray:
    """Row by row: can a combination be 0 on positive rows, at most 0 on zeros, -1 on this one?"""
    dummies = [indicator(codes).toarray() for codes in design.effects]
    columns = np.column_stack([design.regressors, *dummies])
    positive = design.outcome > 0
    found = []
    for row in range(design.n_obs):
        if positive[row]:
            found.append(False)
            continue
        answer = linprog(
            np.zeros(columns.shape[1]),
            A_ub=np.vstack([columns[~positive], columns[[row]]]),
            b_ub=np.append(np.zeros((~positive).sum()), -1.0),
            A_eq=columns[positive], b_eq=np.zeros(positive.sum()), bounds=(None, None),
        )  # fmt: skip
        found.append(answer.status == 0)
    return np.array(found)


@pytest.mark.parametrize("seed", range(12))
def test_exactly_the_separated_rows_are_found_and_the_rest_has_the_right_estimate(
    seed: int,
) -> None:
    try:
        design = thin_counts(seed)
    except ProjectError as error:  # a driver that is never on
        pytest.skip(str(error))
    found = separated_rows(design)
    assert (found == separated_by_definition(design)).all()
    assert found.any()
    rest = design.rows(~found)
    if (rest.regressors[:, 1] == 0).all():
        with pytest.raises(ProjectError, match="driver rare does not vary"):
            fit_poisson(design)
        return
    ours = fit_poisson(design)
    columns = np.column_stack(
        [rest.regressors, *[indicator(codes).toarray()[:, index > 0 :] for index, codes in
                            enumerate(rest.effects)]]
    )  # fmt: skip
    theirs = sm.GLM(rest.outcome, columns, family=sm.families.Poisson()).fit(maxiter=300, tol=1e-12)
    np.testing.assert_allclose(ours.estimates, theirs.params[:2], atol=1e-5)


def test_separation_by_years_that_positive_rows_tie_together_only_one_way() -> None:
    # Place a is seen positive in early years only, b in late ones only; the zeros of a in late
    # years fall for ever, those of b in early years with them, and the rest of the panel stays.
    places, years = ["a", "b"], [1, 2, 3, 4]
    frame = pd.DataFrame([(p, y) for p in places for y in years], columns=["place", "year"])
    frame["y"] = [3, 5, 0, 0, 0, 0, 4, 6]
    codes = (frame["place"].factorize()[0], frame["year"].factorize()[0])
    from karaganda_vibe.inference.separation import separated_rows as by_arrays

    nothing = np.empty((8, 0))
    # a late and b early cannot both fall: what lowers one raises the other.
    assert not by_arrays("made", frame["y"].to_numpy(), nothing, codes).any()
    one_way = frame["y"].mask((frame["place"] == "b") & (frame["year"] == 1), 2)
    assert not by_arrays("made", one_way.to_numpy(), nothing, codes).any()
    without = (frame["place"] == "a") | (frame["year"] > 2)
    part = [c[without] for c in codes]
    found = by_arrays("made", frame["y"][without].to_numpy(), nothing[:6], part)
    assert found.tolist() == [False, False, True, True, False, False]


@pytest.mark.parametrize("kind", ["ols", "wls", "ppml-irls", "ppml-glm"])
@pytest.mark.parametrize("units", [(1e12, 1e-4, 1.0), (1e-9, 1e15, 1e6), (1e30, 1e-30, 1.0)])
def test_drivers_of_any_scale_give_the_same_model(kind: str, units: tuple[float, ...]) -> None:
    frame = made_panel(regions=7, places=3, years=8)
    weights = frame["population"] if kind == "wls" else None

    def of(scale: tuple[float, ...]) -> Any:
        drivers = {n: frame[n] * unit for n, unit in zip(DRIVERS, scale, strict=True)}
        estimator, _, engine = kind.partition("-")
        outcome = "counts" if estimator == "ppml" else "y"
        design = design_of(frame, outcome, drivers=drivers, estimator=estimator, weights=weights)
        return fit_poisson(design, engine=engine) if engine else fit_linear(design)

    plain, scaled = of((1.0, 1.0, 1.0)), of(units)
    size = np.array(units)
    np.testing.assert_allclose(scaled.estimates * size, plain.estimates, rtol=1e-7, atol=1e-9)
    for name in ("region", "place"):
        ours = np.sqrt(np.diag(cr1_covariance(scaled, name))) * size
        theirs = np.sqrt(np.diag(cr1_covariance(plain, name)))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    np.testing.assert_allclose(jackknife(scaled).se * size, jackknife(plain).se, rtol=1e-6)


def test_an_effect_with_tiny_weights_is_still_absorbed() -> None:
    generator = np.random.default_rng(1)
    place, year = np.repeat(np.arange(6), 5), np.tile(np.arange(5), 6)
    weights = np.where(year == 4, 1e-13, 1.0) * generator.uniform(0.5, 2, 30)
    values = generator.normal(size=30) + 10 * (year == 4)
    left = Absorber([place, year], 30, weights).residuals(values)
    by_year = pd.Series(left * weights).groupby(year).sum() / pd.Series(weights).groupby(year).sum()
    assert np.abs(by_year).max() < 1e-9


def test_singletons_are_found_one_after_another() -> None:
    # Row 4 is alone in its place; once it is gone row 3 is alone in its year, then row 2.
    place = np.array([0, 0, 1, 1, 2])
    year = np.array([0, 1, 0, 2, 2])
    assert singleton_rows([place, year], 5).tolist() == [True] * 5
    assert singleton_rows([place], 5).tolist() == [False] * 4 + [True]
    assert singleton_rows([], 3).tolist() == [False] * 3


@pytest.mark.filterwarnings("ignore::Warning")
@pytest.mark.parametrize("kind", ["ols", "ppml"])
def test_singletons_change_nothing_and_are_said(kind: str) -> None:
    import pyfixest

    frame = made_panel(regions=7, places=3, years=8, missing=0)
    lone = frame["place_id"].isin(["place-001", "place-010", "place-019"])
    lone &= frame["year"] != 2003
    frame = frame[~lone].reset_index(drop=True)
    outcome = "y" if kind == "ols" else "counts"
    everything = estimate(design_of(frame, outcome, estimator=kind), draws=99)
    informs = frame.groupby("place_id")["year"].transform("size") > 1
    rest = estimate(design_of(frame[informs], outcome, estimator=kind), draws=99)
    assert everything.design.notes == ("left out, alone in their place or year: 3 rows",)
    assert everything.table["n_obs"].iloc[0] == informs.sum()
    numbers = everything.table.select_dtypes("number").columns
    pd.testing.assert_frame_equal(everything.table[numbers], rest.table[numbers], rtol=1e-9)
    coded = frame.assign(cluster=frame["region"].astype("category").cat.codes.astype(int))
    run = pyfixest.feols if kind == "ols" else pyfixest.fepois
    other = run(
        f"{outcome} ~ x0 + x1 + x2 | place_id + year", coded, vcov={"CRV1": "cluster"},
        fixef_rm="singleton",
    )  # fmt: skip
    assert informs.sum() == other._N
    np.testing.assert_allclose(everything.table["estimate"], other.coef(), atol=1e-6)
    # pyfixest counts all 8 years, here one is redundant.
    n, parameters = informs.sum(), 3 + 8
    stated = np.sqrt((n - parameters) / (n - parameters + 1))
    np.testing.assert_allclose(
        everything.table["se_cr1_region"] / other.se().to_numpy(), stated, rtol=1e-4
    )


def changed(kind: str) -> tuple[pd.DataFrame, str, dict[str, Any]]:
    frame = made_panel(regions=7, places=3, years=6, missing=0).sort_values(["place_id", "year"])
    frame = frame.reset_index(drop=True)
    options: dict[str, Any] = {}
    outcome = "y"
    drivers = {name: frame[name] for name in DRIVERS}
    if kind == "zero variance":
        drivers["flat"] = frame["x0"] * 0 + 7.1
    elif kind == "all zero driver":
        drivers["flat"] = frame["x0"] * 0
    elif kind == "constant within places":
        drivers["flat"] = frame.groupby("place_id")["x0"].transform("first") * 1e9
    elif kind == "collinear with effects":
        drivers["flat"] = frame.groupby("place_id")["x0"].transform("first") + frame["year"] * 3.3
    elif kind == "level swamps variation":
        drivers["flat"] = 1e13 + np.round(frame["x0"])
    elif kind == "nearly a combination":
        drivers["x3"] = frame["x0"] - frame["x1"] + 1e-9 * frame["x2"] ** 2
    elif kind == "nan":
        drivers["x1"] = frame["x1"].where(frame.index != 5)
    elif kind == "nan outcome":
        frame.loc[4, "y"] = np.nan
    elif kind == "infinite outcome":
        frame.loc[4, "y"] = -np.inf
    elif kind == "words":
        drivers["x1"] = frame["x1"].astype(str) + " people"
    elif kind == "huge":
        drivers["x1"] = frame["x1"] * 1e200
    elif kind == "zero outcome":
        frame["y"] = 0.0
    elif kind == "outcome of the effects":
        frame["y"] = frame["year"] ** 2.0
    elif kind == "zero counts":
        frame["counts"] = 0
        outcome, options = "counts", {"estimator": "ppml"}
    elif kind == "same counts":
        frame["counts"] = 5
        outcome, options = "counts", {"estimator": "ppml"}
    elif kind == "exact":
        frame["y"] = 2 * frame["x0"] - frame["x1"] + frame["year"]
    elif kind == "exact counts":
        frame["counts"] = np.exp(0.3 * frame["x0"] + 0.01 * frame["year"] - 19)
        outcome, options = "counts", {"estimator": "ppml"}
    elif kind == "negative counts":
        frame.loc[4, "counts"] = -2
        outcome, options = "counts", {"estimator": "ppml"}
    elif kind == "offset without log":
        outcome = "counts"
        options = {"estimator": "ppml", "offset": frame["population"]}
    elif kind == "row twice":
        frame.loc[4, "year"] = frame.loc[3, "year"]
    elif kind == "zero weight":
        options = {"estimator": "wls", "weights": frame["population"].where(frame.index != 4, 0)}
    elif kind == "negative weight":
        options = {"estimator": "wls", "weights": frame["population"].where(frame.index != 4, -1)}
    elif kind == "year missing":
        frame["year"] = frame["year"].astype(float).where(frame.index != 4)
    elif kind == "half a year":
        frame["year"] = frame["year"] + 0.5
    elif kind == "place missing":
        frame["place_id"] = frame["place_id"].where(frame.index != 4)
    elif kind == "only singletons":
        frame = frame[frame["year"] == 2003]
        drivers = {name: frame[name] for name in DRIVERS}
    elif kind == "short driver":
        drivers["x1"] = frame["x1"].to_numpy()[:-1]
    elif kind == "one cluster":
        frame["region"], options = "KZ-00", {"fewest_clusters": 1}
    return frame, outcome, {"drivers": drivers, **options}


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("zero variance", "driver flat does not vary within the fixed effects"),
        ("all zero driver", "driver flat does not vary within the fixed effects"),
        ("constant within places", "driver flat does not vary within the fixed effects"),
        ("collinear with effects", "driver flat does not vary within the fixed effects"),
        ("level swamps variation", "driver flat does not vary within the fixed effects"),
        ("nearly a combination", "singular design: .* is a combination of"),
        ("nan", "x1 holds 1 missing or infinite values, the first is nan at place-000, 2005"),
        ("nan outcome", "y holds 1 missing or infinite values, the first is nan at place-000"),
        ("infinite outcome", "y holds 1 missing or infinite values, the first is -inf"),
        ("words", "x1 holds .* people"),
        ("huge", "x1 reaches .*e\\+200; expected numbers from"),
        ("zero outcome", "y does not vary within the fixed effects"),
        ("outcome of the effects", "y does not vary within the fixed effects"),
        ("zero counts", "every row is separated"),
        ("same counts", "counts does not vary within the fixed effects"),
        ("exact", "the drivers give y exactly"),
        ("exact counts", "the drivers give counts exactly"),
        ("negative counts", "counts is -2 at place-000, 2004; Poisson expects"),
        ("offset without log", "the offset at place-.* expected the natural log"),
        ("row twice", "place-000, 2003 stands twice"),
        ("zero weight", "the weight at place-000, 2004 is 0"),
        ("negative weight", "the weight at place-000, 2004 is -1"),
        ("year missing", "row 5 has the year nan"),
        ("half a year", "row 1 has the year 2000.5"),
        ("place missing", "the place of each of 126 rows is expected; found none in row 5"),
        ("only singletons", "every row is alone in its place or year"),
        ("short driver", r"x1 has the shape \(125,\); expected \(126,\)"),
        ("one cluster", "one region in the sample; expected two or more clusters"),
    ],
)
def test_odd_input_gives_one_line(kind: str, message: str) -> None:
    frame, outcome, options = changed(kind)
    with pytest.raises(ProjectError, match=message) as caught:
        estimate(design_of(frame, outcome, **options), draws=99)
    assert str(caught.value).startswith("model made: ")
    assert "\n" not in str(caught.value)


def test_a_driver_far_from_zero_keeps_its_digits() -> None:
    frame = made_panel(regions=7, places=3, years=8)
    shifted = {"x0": frame["x0"] + 1e8, "x1": frame["x1"], "x2": frame["x2"]}
    plain = fit_linear(design_of(frame)).estimates
    np.testing.assert_allclose(fit_linear(design_of(frame, drivers=shifted)).estimates, plain,
                               rtol=1e-6, atol=1e-7)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(-12, 12), st.floats(-12, 12))
def test_the_unit_of_the_outcome_scales_the_answer_only(
    seed: int, outcome_power: float, weight_power: float
) -> None:
    frame = made_panel(seed=seed, regions=6, places=3, years=6)
    unit, heavy = 10.0**outcome_power, 10.0**weight_power
    plain = estimate(design_of(frame, estimator="wls", weights=frame["population"]), draws=99).table
    frame["y"] *= unit
    scaled = estimate(
        design_of(frame, estimator="wls", weights=frame["population"] * heavy), draws=99
    ).table
    for column in ("estimate", "se_cr1_place", "se_cr3_region", "se_iid", "wild_low", "ci_high"):
        np.testing.assert_allclose(scaled[column] / unit, plain[column], rtol=1e-4)
    assert (scaled["p_wild_region"] == plain["p_wild_region"]).all()


def test_leaving_a_cluster_out_keeps_digits_of_a_driver_that_lives_there() -> None:
    frame = made_panel(regions=7, places=3, years=8, missing=0)
    big = np.where(frame["region"] == "KZ-03", 1e4, 1.0)
    design = design_of(frame, drivers={"x0": frame["x0"] * big, "x1": frame["x1"]})
    left = jackknife(fit(design))
    group = int(np.flatnonzero(left.labels == "KZ-03")[0])
    alone = design.rows(np.asarray(design.region_labels)[design.region] != "KZ-03")
    np.testing.assert_allclose(left.without[group], fit_linear(alone).estimates, rtol=1e-7)
    assert len(cross_products(design).labels) == 7
