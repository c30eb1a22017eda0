"""Synthetic control on made panels with a known effect, and on the real one."""

import numpy as np
import pandas as pd
import pytest
from pysyncon import Synth

from karaganda_vibe.inference.synthetic_control import (
    Predictor,
    in_time_placebo,
    leave_one_donor_out,
    placebo_test,
    synthetic_control,
)
from karaganda_vibe.inference.twin_weights import ExactSynth
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROCESSED

START = 2015


def made_panel(effect=0.0, places=25, seed=3):
    """A made panel: two hidden trends, loadings by place, noise; place-00 gets `effect`."""
    generator = np.random.default_rng(seed)
    years = np.arange(2001, 2024)
    trends = np.cumsum(generator.normal(size=(2, len(years))), axis=1) * 2
    loadings = generator.uniform(0.2, 1.0, size=(places, 2))
    loadings[0] = loadings[1:6].mean(axis=0)  # inside the hull of the others
    values = loadings @ trends - 20 + generator.normal(scale=0.5, size=(places, len(years)))
    values[0] += effect * (years >= START)
    return pd.DataFrame(
        {
            "place_id": np.repeat([f"place-{code:02d}" for code in range(places)], len(years)),
            "year": np.tile(years, places),
            "net_rate": values.ravel(),
            "size": np.repeat(loadings.sum(axis=1), len(years)),
        }
    )


def test_a_known_effect_is_recovered_and_unusual():
    test = placebo_test(made_panel(effect=6.0), "place-00", START)
    assert test.treated.mean_gap == pytest.approx(6.0, abs=0.6)
    assert test.table["place_id"].iloc[0] == "place-00"
    assert test.p_value == 1 / 25
    assert test.p_mean_gap < 0.1


def test_without_an_effect_p_is_large():
    test = placebo_test(made_panel(effect=0.0), "place-00", START)
    assert test.p_value > 0.2
    assert abs(test.treated.mean_gap) < test.chance_gap(0.95)


def test_p_values_of_places_without_an_effect_are_spread_evenly():
    panel = made_panel(effect=0.0, places=12)
    # The place under test does not serve the placebos, so each place's own rank is its p-value.
    values = [placebo_test(panel, place, START).p_value for place in sorted(set(panel["place_id"]))]
    assert 0.3 < np.mean(values) < 0.8
    assert min(values) < 0.35
    assert max(values) > 0.65


def test_the_ranks_of_the_placebo_table_are_those_of_the_ratios():
    test = placebo_test(made_panel(effect=2.0), "place-00", START)
    assert test.table["ratio"].is_monotonic_decreasing
    assert test.table["treated"].sum() == 1
    assert len(test.table) == len(test.placebos) + 1
    rank = 1 + test.table.index[test.table["treated"]][0]
    assert test.p_value == rank / len(test.table)
    assert all("place-00" not in placebo.donors for placebo in test.placebos)
    assert test.table["well_fitted"].equals(test.table["pre_error"] <= 2 * test.treated.pre_error)


def test_weights_are_those_of_a_mean_and_the_gap_is_the_difference():
    fit = synthetic_control(made_panel(effect=1.0), "place-00", START)
    assert fit.weights.sum() == pytest.approx(1.0)
    assert (fit.weights > 0).all()
    panel = made_panel(effect=1.0).pivot(index="year", columns="place_id", values="net_rate")
    by_hand = sum(panel[donor] * weight for donor, weight in fit.weights.items())
    pd.testing.assert_series_equal(fit.synthetic, by_hand, check_names=False)
    pd.testing.assert_series_equal(fit.gap, fit.actual - by_hand, check_names=False)
    post = fit.gap.loc[START:]
    assert fit.post_error == pytest.approx(np.sqrt((post**2).mean()))


def test_a_place_that_is_a_mean_of_two_others_is_found_exactly():
    panel = made_panel()
    table = panel.pivot(index="year", columns="place_id", values="net_rate")
    twin = 0.3 * table["place-04"] + 0.7 * table["place-09"]
    panel.loc[panel["place_id"] == "place-00", "net_rate"] = twin.to_numpy()
    fit = synthetic_control(panel, "place-00", START)
    assert fit.weights.round(6).to_dict() == {"place-09": 0.7, "place-04": 0.3}
    assert fit.pre_error < 1e-8


def test_the_exact_solver_is_at_least_as_good_as_the_library_and_agrees_with_it():
    table = made_panel(effect=2.0, places=14).pivot(
        index="year", columns="place_id", values="net_rate"
    ).loc[: START - 1]  # fmt: skip
    donors = [place for place in table if place != "place-00"]
    found = {}
    for name, library in (("exact", ExactSynth()), ("library", Synth())):
        library.fit(
            X0=table[donors], X1=table["place-00"], Z0=table[donors], Z1=table["place-00"],
            custom_V=np.full(len(table), 1 / len(table)),
        )  # fmt: skip
        found[name] = library
    assert found["exact"].loss_W <= found["library"].loss_W + 1e-9
    assert found["exact"].loss_W == pytest.approx(found["library"].loss_W, rel=1e-3)
    np.testing.assert_allclose(found["exact"].W, found["library"].W, atol=0.02)


def test_predictors_pull_the_twin_and_are_reported():
    panel = made_panel()
    drawn = np.random.default_rng(7).normal(size=panel["place_id"].nunique())
    panel["size"] = panel["place_id"].map(dict(zip(panel["place_id"].unique(), drawn, strict=True)))
    size = panel.drop_duplicates("place_id").set_index("place_id")["size"]
    without = synthetic_control(panel, "place-00", START)
    fit = synthetic_control(
        panel, "place-00", START, predictors=[Predictor("size", START - 5, START - 1)]
    )
    row = fit.balance.loc["size 2010-2014"]
    assert row["place"] == pytest.approx(size["place-00"])
    assert row["twin"] == pytest.approx((size * fit.weights).sum())
    unpulled = (size * without.weights).sum()
    assert abs(row["twin"] - row["place"]) < 0.5 * abs(unpulled - row["place"])


def test_in_time_placebo_sees_no_later_year():
    panel = made_panel(effect=50.0)
    test = in_time_placebo(panel, "place-00", START, 2010)
    assert test.treated.actual.index.max() == START - 1
    assert abs(test.treated.mean_gap) < 3
    later = [Predictor("size", 2005, 2012)]
    kept = in_time_placebo(panel, "place-00", START, 2010, predictors=later)
    assert not any(name.startswith("size") for name in kept.treated.balance.index)


def test_leave_one_out_leaves_out_each_donor_once():
    panel = made_panel(effect=6.0)
    whole = synthetic_control(panel, "place-00", START)
    fits = leave_one_donor_out(panel, "place-00", START)
    assert sorted(fits) == sorted(whole.weights.index)
    for left_out, fit in fits.items():
        assert left_out not in fit.donors
        assert fit.mean_gap == pytest.approx(6.0, abs=2.0)


def test_donors_with_gaps_are_left_out():
    panel = made_panel()
    holed = panel[~((panel["place_id"] == "place-03") & (panel["year"] == 2019))]
    assert "place-03" not in synthetic_control(holed, "place-00", START).donors


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        (lambda p: p, {"place_id": "atlantis"}, "no place 'atlantis'"),
        (lambda p: p, {"donors": ["place-01", "atlantis"]}, "no place 'atlantis'"),
        (lambda p: p, {"outcome": "luck"}, "no column 'luck'"),
        (lambda p: p, {"start_year": 2005}, "4 years before the start"),
        (lambda p: p, {"start_year": 2030}, "no year from the start on"),
        (lambda p: p[(p["place_id"] != "place-00") | (p["year"] != 2012)], {}, "figure for 2012"),
        (lambda p: p[p["place_id"] < "place-04"], {}, "3 donors"),
        (lambda p: pd.concat([p, p.tail(1)]), {}, "has the year 2023 twice"),
        (lambda p: p.assign(net_rate=1.0), {}, "all places are the same"),
        (lambda p: p, {"predictors": [Predictor("size", 1990, 1995)]}, "has gaps in 1990-1995"),
    ],
)
def test_bad_input_gives_one_line(change, options, words):
    options = {"place_id": "place-00", "start_year": START} | options
    with pytest.raises(ProjectError, match=words) as caught:
        synthetic_control(change(made_panel()), **options)
    assert "\n" not in str(caught.value)


def test_a_made_up_start_must_lie_before_the_real_one():
    with pytest.raises(ProjectError, match="must lie before"):
        in_time_placebo(made_panel(), "place-00", START, START)


def test_the_published_gap_is_value_less_twin_and_comes_from_the_district_table():
    gap = pd.read_csv(PROCESSED / "nura_gap.csv")
    assert np.allclose(gap["value"] - gap["twin"], gap["gap"], atol=1e-3)
    districts = pd.read_csv(PROCESSED / "districts.csv").query("place_id == 'nura-district'")
    moves = districts.set_index("year")
    main = gap[gap["variant"] == "main"].set_index("year")
    mean = (moves.loc[2010, "population"] + moves.loc[2009, "population"]) / 2
    assert main.loc[2010, "value"] == pytest.approx(
        1000 * moves.loc[2010, "net_migration"] / mean, rel=1e-4
    )


def few_years(years_before: int, places: int, seed: int = 2):
    """A made panel of few years before the start; place-00 is the mean of all others then."""
    generator = np.random.default_rng(seed)
    years = np.arange(START - years_before, START + 3)
    values = generator.normal(size=(places, len(years)))
    values[0, :years_before] = values[1:, :years_before].mean(axis=0)
    return pd.DataFrame(
        {
            "place_id": np.repeat([f"place-{code:02d}" for code in range(places)], len(years)),
            "year": np.tile(years, places),
            "net_rate": values.ravel(),
        }
    )


def test_a_place_inside_the_hull_of_many_donors_has_no_one_twin():
    with pytest.raises(ProjectError, match="more than one set of weights gives the same twin"):
        synthetic_control(few_years(5, 20), "place-00", START)
    with pytest.raises(ProjectError, match="19 donors, 5 figures to match"):
        placebo_test(few_years(5, 20), "place-00", START)
    # As many donors as years and one more pin the weights, exact as the fit is: said, not refused.
    fit = synthetic_control(few_years(5, 7), "place-00", START)
    assert fit.exact
    assert fit.notes == ("the twin repeats the place before the start exactly",)
    assert fit.ratio == np.inf
    np.testing.assert_allclose(fit.weights, 1 / 6, atol=1e-6)
    with pytest.raises(ProjectError, match="without any error, and the placebo test compares"):
        placebo_test(few_years(5, 7), "place-00", START)


def test_two_donors_alike_before_the_start_only_are_refused():
    panel = made_panel(effect=3.0)
    first = synthetic_control(panel, "place-00", START).weights.index[0]
    copy = panel[panel["place_id"] == first].assign(place_id="twin-of-it")
    copy.loc[copy["year"] >= START, "net_rate"] += 5
    with pytest.raises(ProjectError, match="more than one set of weights"):
        synthetic_control(pd.concat([panel, copy]), "place-00", START)


def test_placebos_without_one_twin_are_said_and_give_no_gap():
    panel = few_years(6, 30)
    panel.loc[panel["place_id"] == "place-00", "net_rate"] += 4  # outside the hull
    test = placebo_test(panel, "place-00", START)
    exact = [unit for unit in test.placebos if unit.exact]
    assert exact
    assert test.notes[0] == f"placebos whose twin repeats them before the start: {len(exact)}"
    loose = test.table[test.table["mean_gap"].isna()]
    assert len(loose) == sum(not unit.unique for unit in test.placebos) > 0
    assert np.isinf(test.table["ratio"]).sum() == len(exact)
    assert test.p_value == (1 + len(test.table) - 1 - _smaller(test)) / len(test.table)


def _smaller(test):
    return int((test.table["ratio"] < test.treated.ratio * (1 - 1e-9)).sum())


def test_errors_gaps_and_chance_by_hand():
    test = placebo_test(made_panel(effect=2.0), "place-00", START)
    gap = test.treated.gap
    assert test.treated.pre_error == pytest.approx(np.sqrt((gap.loc[: START - 1] ** 2).mean()))
    assert test.treated.mean_gap == pytest.approx(gap.loc[START:].mean())
    assert abs(gap.loc[START:].mean() - gap.loc[START:].median()) > 1e-3
    fitted = test.table[test.table["well_fitted"] & ~test.table["treated"]]
    for share, asked in ((0.9, ()), (0.5, (0.5,))):
        assert test.chance_gap(*asked) == pytest.approx(fitted["mean_gap"].abs().quantile(share))
    well = test.table[test.table["well_fitted"]]
    assert test.p_mean_gap == (well["mean_gap"].abs() >= abs(test.treated.mean_gap)).mean()
    panel = made_panel(effect=2.0).pivot(index="year", columns="place_id", values="net_rate")
    row = test.treated.balance.iloc[0]
    assert row["donors"] == pytest.approx(panel.iloc[0].drop("place-00").mean())


def test_infinite_outcomes_are_named():
    panel = made_panel()
    panel.loc[30, "net_rate"] = np.inf
    with pytest.raises(ProjectError, match="'net_rate' of place-01 is infinite in 2008"):
        synthetic_control(panel, "place-00", START)
