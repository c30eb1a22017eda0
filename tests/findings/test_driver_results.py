"""The published model results: what they say, and that others get the same from the samples."""

import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.findings.driver_results import (
    check_roles,
    curve_table,
    forest_rows,
    intervals_by_method,
    same_sign_share,
    survives_leaving_out,
    typical_changes,
)
from karaganda_vibe.findings.driver_words import read_model_results
from karaganda_vibe.inference.design import make_design
from karaganda_vibe.inference.results import estimate
from karaganda_vibe.inference.spec_file import load_specs
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROCESSED

SPECS = METADATA / "models" / "specs.yml"
HEADLINE = [spec.id for spec in load_specs(SPECS) if spec.role == "headline"]
KEYS = ["region", "place_id", "year", "region_year"]


def published(model):
    results = read_model_results()
    sample = pd.read_csv(PROCESSED / f"model_sample_{model}.csv")
    return results[results["model_id"] == model].set_index("term"), sample


@pytest.mark.parametrize("model", [*HEADLINE, "second_core"])
def test_another_library_gets_the_same_from_the_published_sample(model):
    import pyfixest

    warnings.simplefilter("ignore")  # single region-years are dropped, which changes no slope

    results, sample = published(model)
    outcome, *terms = [column for column in sample.columns if column not in KEYS]
    # Typed as an analyst would, with the columns as they are.
    second = "region_year" if model.endswith("strict") else "year"
    formula = f"{outcome} ~ {' + '.join(terms)} | place_id + {second}"
    fit = pyfixest.feols(formula, data=sample, vcov={"CRV1": "region"}, fixef_tol=1e-12)
    assert len(sample) == results["n_obs"].iloc[0]
    assert fit.coef().to_dict() == pytest.approx(results.loc[terms, "estimate"].to_dict(), rel=1e-6)


def test_the_cluster_jackknife_can_be_done_by_hand_from_the_sample():
    results, sample = published("net_core")
    outcome, *terms = [column for column in sample.columns if column not in KEYS]

    def slopes(frame):
        dummies = pd.get_dummies(frame[["place_id", "year"]].astype(str), drop_first=True)
        x = np.column_stack([frame[terms], np.ones(len(frame)), dummies.to_numpy(dtype=float)])
        return np.linalg.lstsq(x, frame[outcome].to_numpy(), rcond=None)[0][: len(terms)]

    full = slopes(sample)
    without = np.array([slopes(sample[sample["region"] != r]) for r in sample["region"].unique()])
    groups = len(without)
    errors = np.sqrt((groups - 1) / groups * ((without - full) ** 2).sum(axis=0))
    assert full == pytest.approx(results.loc[terms, "estimate"].to_numpy(), rel=1e-6)
    assert errors == pytest.approx(results.loc[terms, "se_cr3_region"].to_numpy(), rel=1e-6)


def test_the_list_of_models_is_what_was_estimated():
    singles = [s.id for s in load_specs(SPECS) if not s.id.startswith("curve")]
    results = pd.read_csv(PROCESSED / "model_results.csv")
    assert results["model_id"].unique().tolist() == singles
    curves = pd.read_csv(PROCESSED / "model_curves.csv")["model_id"].nunique()
    assert curves == len(load_specs(SPECS)) - len(singles)


def made_panel(effect, seed):
    """A made panel: 8 regions of 6 places, 12 years, one driver that matters and one that not."""
    generator = np.random.default_rng(seed)
    place, year = (axis.ravel() for axis in np.meshgrid(np.arange(48), np.arange(12)))
    region = place // 6
    shocks = generator.normal(size=(8, 12))[region, year]
    x = generator.normal(size=(len(place), 2))
    noise = generator.normal(size=len(place))
    y = effect * x[:, 0] + generator.normal(size=48)[place] + 0.3 * shocks + noise
    frame = pd.DataFrame({"y": y, "works": x[:, 0], "idle": x[:, 1]})
    return frame.assign(place=place, region=region, year=year + 2001)


def made_result(name, effect=1.0, seed=1, effects=("place", "year")):
    frame = made_panel(effect, seed)
    design = make_design(
        name,
        frame["y"],
        {"works": frame["works"], "idle": frame["idle"]},
        place=frame["place"],
        region=frame["region"],
        year=frame["year"],
        fixed_effects=effects,
    )
    return estimate(design, draws=399, seed=1)


@pytest.fixture(scope="module")
def made():
    names = ["main", "curve__a__b__c__d", "curve__e__f__g__h"]
    results = {name: made_result(name, seed=seed) for seed, name in enumerate(names, start=1)}
    results["strict"] = made_result("strict", effects=("place", "region_year"))
    return results


def test_effects_are_those_of_a_typical_change(made):
    rows = forest_rows(made, ["main"]).set_index("term")
    changes = typical_changes(made["main"].design)
    assert changes["works"] == pytest.approx(1.0, abs=0.1)
    expected = made["main"].table.set_index("term").loc["works", "estimate"] * changes["works"]
    assert rows.loc["works", "effect"] == pytest.approx(expected)
    assert rows.loc["works", "low"] < expected < rows.loc["works", "high"]


def test_the_naive_interval_is_not_the_widest(made):
    methods = intervals_by_method(made["main"], "works").set_index("method")
    width = methods["high"] - methods["low"]
    assert list(width.index) == ["iid", "cr1_place", "cr1_region", "cr3_region", "wild"]
    assert (methods["low"] < methods["estimate"]).all()
    assert width["cr3_region"] > width["cr1_region"]


def test_a_finding_that_one_region_makes_does_not_survive():
    frame = pd.DataFrame(
        {
            "left_out": ["", "a", "b", "", "a", "b"],
            "term": ["x"] * 3 + ["z"] * 3,
            "estimate": [1.0, 0.9, 0.4, -1.0, -0.8, -1.2],
        }
    )
    assert survives_leaving_out(frame).to_dict() == {"x": False, "z": True}


def test_the_share_of_the_curve_counts_signs():
    curve = pd.DataFrame({"term": ["x", "x", "x", "z"], "effect": [1.0, -1.0, 2.0, -3.0]})
    assert same_sign_share(curve, {"x": 5.0, "z": 1.0}).to_dict() == {"x": 2 / 3, "z": 0.0}


def test_an_unknown_curve_is_named():
    with pytest.raises(ProjectError, match="no models of a curve 'gone'"):
        curve_table({}, "gone")


# Each choice of a rule gives another answer here.


def made_table(**changes):
    row = {"term": "works", "estimate": 2.0, "se_iid": 1.0, "se_cr1_place": 2.0,
           "se_cr1_region": 3.0, "n_clusters": 4.0, "ci_low": 0.5, "ci_high": 4.0, "wild_low": 0.1,
           "wild_high": 5.0, "p_wild_region": 0.01, "p_holm": 0.02,
           "p_romano_wolf": 0.03}  # fmt: skip
    return SimpleNamespace(table=pd.DataFrame([row | changes]))


def test_careless_intervals_are_normal_and_ours_have_regions_less_one():
    methods = intervals_by_method(made_table(), "works").set_index("method")
    half = (methods["high"] - methods["low"]) / 2
    # 97.5 % points: normal 1.95996; t with three degrees of freedom 3.18245.
    assert half["iid"] == pytest.approx(1.959964, abs=1e-5)
    assert half["cr1_place"] == pytest.approx(2 * 1.959964, abs=1e-5)
    assert half["cr1_region"] == pytest.approx(3 * 3.182446, abs=1e-5)
    assert methods.loc["cr3_region", ["low", "high"]].tolist() == [0.5, 4.0]
    assert methods.loc["wild", ["low", "high"]].tolist() == [0.1, 5.0]
    narrow = intervals_by_method(made_table(), "works", level=0.90).set_index("method")
    assert narrow.loc["iid", "high"] - 2.0 == pytest.approx(1.644854, abs=1e-5)


def test_a_curve_is_ranked_from_the_smallest_effect(made):
    table = curve_table(made, "curve")
    for _, group in table.groupby("term"):
        assert group["rank"].tolist() == [0, 1]
        assert group["effect"].is_monotonic_increasing
    assert set(table["effects"]) == {"a", "e"}
    assert set(table["sample"]) == {"d", "h"}
    assert set(table["n_obs"]) == {576}


def test_half_the_size_is_kept_at_exactly_half():
    frame = pd.DataFrame(
        {"left_out": ["", "a", "", "a"], "term": ["x", "x", "z", "z"],
         "estimate": [2.0, 1.0, 2.0, 0.999]}
    )  # fmt: skip
    assert survives_leaving_out(frame).to_dict() == {"x": True, "z": False}


def test_a_role_that_nothing_shows_is_refused():
    specs = load_specs(SPECS)
    check_roles(specs)
    wrong = replace(specs[0], role="headlin")
    with pytest.raises(ProjectError, match=r"specs\.yml, line \d+: .*perhaps headline is meant"):
        check_roles([*specs, wrong])
    with pytest.raises(ProjectError, match="role 'further', which nothing shows"):
        check_roles([replace(specs[0], role="further")])
