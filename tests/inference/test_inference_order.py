"""Nothing depends on the order of rows, places and regions, or on what they are called."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from made_panel import DRIVERS, design_of, made_panel
from scipy import sparse

from karaganda_vibe.inference.cluster import cross_products
from karaganda_vibe.inference.outlook import backtest, outlook
from karaganda_vibe.inference.results import estimate
from karaganda_vibe.inference.robustness import fit, leave_one_out, shuffled_outcome
from karaganda_vibe.inference.shapley import shapley
from karaganda_vibe.inference.size_simulation import ErrorProcess, false_positive_rates
from karaganda_vibe.inference.spatial import moran
from karaganda_vibe.inference.synthetic_control import Predictor, placebo_test

Change = Callable[[pd.DataFrame], pd.DataFrame]


def other_names(labels: pd.Series) -> pd.Series:
    """Other names, in another alphabetical order."""
    names = sorted(labels.unique())
    order = np.random.default_rng(8).permutation(len(names))
    return labels.map(
        {name: f"unit {number:03d}" for name, number in zip(names, order, strict=True)}
    )


CHANGES: dict[str, Change] = {
    "rows": lambda frame: frame.sample(frac=1, random_state=9).reset_index(drop=True),
    "places": lambda frame: frame.assign(place_id=other_names(frame["place_id"])),
    "regions": lambda frame: frame.assign(region=other_names(frame["region"])),
    "years": lambda frame: frame.assign(year=frame["year"] + 137),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("estimator", ["ols", "ppml"])
@pytest.mark.parametrize("effects", [("place", "year"), ("place", "region_year")])
def test_a_model(change: str, estimator: str, effects: tuple[str, ...]) -> None:
    frame = made_panel(regions=7, places=3, years=7)
    outcome = "y" if estimator == "ols" else "counts"
    tables = [
        estimate(
            design_of(each, outcome, estimator=estimator, fixed_effects=effects), draws=299
        ).table
        for each in (frame, CHANGES[change](frame))
    ]
    numbers = tables[0].select_dtypes("number").columns.drop(["first_year", "last_year"])
    pd.testing.assert_frame_equal(tables[0][numbers], tables[1][numbers], rtol=1e-7, atol=1e-9)
    for column in ("p_wild_region", "p_holm", "p_romano_wolf"):
        assert (tables[0][column] == tables[1][column]).all()


def test_the_order_of_drivers() -> None:
    frame = made_panel(regions=7, places=3, years=7)
    one = estimate(design_of(frame), draws=299).table.set_index("term")
    turned = {name: frame[name] for name in reversed(DRIVERS)}
    other = estimate(design_of(frame, drivers=turned), draws=9999).table.set_index("term")
    for column in ("estimate", "se_cr3_region", "se_cr1_place", "ci_low"):
        np.testing.assert_allclose(other.loc[one.index, column], one[column], rtol=1e-8)


@pytest.mark.parametrize("change", CHANGES)
def test_shapley_shares_shuffles_and_the_simulation(change: str) -> None:
    frame = made_panel(regions=7, places=3, years=7, missing=0)
    designs = [design_of(each) for each in (frame, CHANGES[change](frame))]
    one, other = (shapley(cross_products(design), draws=49) for design in designs)
    np.testing.assert_allclose(other.low, one.low, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(other.high, one.high, rtol=1e-8)
    process = ErrorProcess(1.0, 0.5, 1.0, 0.3)
    one, other = (
        false_positive_rates(design, process, draws=50, wild_draws=99, workers=1)
        for design in designs
    )
    pd.testing.assert_frame_equal(one, other)
    one, other = (fit(shuffled_outcome(design, 3)).estimates for design in designs)
    np.testing.assert_allclose(one, other, rtol=1e-7)


def test_leave_one_out_stands_in_the_order_of_names() -> None:
    table = leave_one_out(fit(design_of(made_panel(regions=7, places=3, years=7))), "region")
    assert table["left_out"].drop_duplicates().tolist() == ["", *sorted(set(table["left_out"]))[1:]]


def test_morans_permutations() -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(size=30)
    weights = sparse.csr_matrix(generator.random((30, 30)) < 0.2).astype(float)
    order = generator.permutation(30)
    one, other = moran(values, weights, 99), moran(values[order], weights[order][:, order], 99)
    assert other.p_value == one.p_value
    assert other.statistic == pytest.approx(one.statistic)


def test_the_outlook() -> None:
    values = np.random.default_rng(7).normal(size=(12, 16)).cumsum(axis=1)
    panel = pd.DataFrame(values, index=[f"u{i:02d}" for i in range(12)], columns=range(2000, 2016))
    turned = panel[::-1].rename(index=lambda name: f"z{99 - int(name[1:])}")
    tables = []
    for each in (panel, turned):
        tested = backtest(each, horizon=3, least_past_errors=10)
        tables.append((tested.winner, outlook(each, tested, until=2018)))
    assert tables[0][0] == tables[1][0]
    back = tables[1][1].assign(unit=[f"u{99 - int(n[1:]):02d}" for n in tables[1][1]["unit"]])
    back = back.sort_values(["unit", "year"], ignore_index=True)
    pd.testing.assert_frame_equal(back, tables[0][1])


def test_synthetic_control_and_its_placebos() -> None:
    generator = np.random.default_rng(3)
    years = np.arange(2001, 2021)
    trends = generator.normal(size=(2, 20)).cumsum(axis=1)
    values = generator.uniform(0.2, 1, (14, 2)) @ trends + generator.normal(0, 0.3, (14, 20))
    panel = pd.DataFrame(
        {
            "place_id": np.repeat([f"p{code:02d}" for code in range(14)], 20),
            "year": np.tile(years, 14),
            "net_rate": values.ravel(),
            "size": np.repeat(generator.normal(size=14), 20),
        }
    )
    names = dict(zip(panel["place_id"].unique(), other_names(pd.Series(panel["place_id"].unique())),
                     strict=True))  # fmt: skip
    options = {"predictors": [Predictor("size", 2008, 2012)]}
    one = placebo_test(panel, "p03", 2013, **options)
    renamed = panel.assign(place_id=panel["place_id"].map(names)).sample(frac=1, random_state=2)
    donors = [names[p] for p in sorted(names, reverse=True) if p != "p03"]
    other = placebo_test(renamed, names["p03"], 2013, donors=donors, **options)
    assert other.p_value == one.p_value
    assert other.p_mean_gap == one.p_mean_gap
    assert other.chance_gap() == pytest.approx(one.chance_gap())
    weights = one.treated.weights.rename(index=names)
    pd.testing.assert_series_equal(
        other.treated.weights.sort_index(), weights.sort_index(), rtol=1e-7
    )
