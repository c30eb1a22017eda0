"""The candidates of the outlook beside statsmodels, its rule, bands and coverage; made data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from karaganda_vibe.inference.outlook import CHOSEN, MARGIN, backtest, coverage_by, outlook
from karaganda_vibe.inference.outlook_methods import (
    CONSTANTS,
    METHODS,
    SINGLE,
    forecast,
    smoothed_levels,
    smoothing_constant,
)
from karaganda_vibe.project.errors import ProjectError

HAND = np.array([[1.0, 2, 3, 4, 7], [5, 5, 5, 5, np.nan], [np.nan, 1, 2, 3, 4]])


def made(seed: int = 7, units: int = 14, years: int = 22, walk: bool = True) -> pd.DataFrame:
    noise = np.random.default_rng(seed).normal(size=(units, years))
    values = noise.cumsum(axis=1) if walk else noise
    names = [f"made-{unit:02d}" for unit in range(units)]
    return pd.DataFrame(values, index=names, columns=range(2000, 2000 + years))


def test_smoothing_by_hand():
    levels = smoothed_levels(HAND, 0.25)
    assert levels[0] == pytest.approx([1, 1.25, 1.6875, 2.265625, 3.44921875])
    assert np.isnan(levels[2, 0])
    assert levels[2, 1:] == pytest.approx([1, 1.25, 1.6875, 2.265625])
    # A year that is not known moves nothing.
    assert levels[1, -1] == 5


@pytest.mark.parametrize("constant", [0.1, 0.37, 0.9])
def test_smoothing_is_that_of_statsmodels(constant: float):
    series = np.random.default_rng(3).normal(size=17).cumsum()
    theirs = SimpleExpSmoothing(series, initialization_method="known", initial_level=series[0]).fit(
        smoothing_level=constant, optimized=False
    )
    assert smoothed_levels(series[None], constant)[0, -1] == pytest.approx(theirs.forecast(1)[0])


def test_the_constant_is_the_one_with_the_smallest_error_over_past_origins():
    values = made(seed=11, years=12).to_numpy()
    errors = {}
    for constant in CONSTANTS:
        misses = []
        for row in values:
            for origin in range(3, len(row) - 1):
                level = row[0]
                for value in row[1 : origin + 1]:
                    level = constant * value + (1 - constant) * level
                misses += [abs(value - level) for value in row[origin + 1 : origin + 5]]
        errors[constant] = np.mean(misses)
    best = min(errors, key=errors.__getitem__)
    assert smoothing_constant(values, 4) == best
    # A unit whose years are not known yet does not change it.
    unknown = np.where(np.arange(12) < 11, np.nan, values[:1] + 1e6)
    assert smoothing_constant(np.vstack([values, unknown]), 4) == best
    assert np.isnan(smoothing_constant(values[:, :4], 4))


def test_a_series_that_jumps_and_stays_is_followed_and_noise_is_smoothed():
    jumpy = made(seed=2, units=40).to_numpy()
    noise = made(seed=2, units=40, walk=False).to_numpy()
    assert smoothing_constant(jumpy, 3) == max(CONSTANTS)
    assert smoothing_constant(noise, 3) <= 0.2


def test_the_combined_forecast_is_the_mean_of_the_five():
    values = made(years=9).to_numpy()
    paths = [forecast(values, 3, method) for method in SINGLE]
    assert len(SINGLE) == 5
    assert forecast(values, 3, "combined") == pytest.approx(sum(paths) / 5)
    # A forecast of one year is the first of a longer one, whatever the method.
    for method in METHODS:
        assert forecast(values, 1, method)[:, 0] == pytest.approx(forecast(values, 5, method)[:, 0])
        assert np.isnan(forecast(HAND, 2, method)[1]).all()


def test_the_rule_chooses_at_each_origin_on_what_was_known_by_then():
    panel = made(units=6)
    tested = backtest(panel, horizon=3, least_past_errors=12)
    single = tested.errors[tested.errors["method"] != CHOSEN]
    chosen = tested.errors[tested.errors["method"] == CHOSEN]
    assert chosen.groupby("origin")["picked"].nunique().eq(1).all()
    assert chosen["picked"].nunique() > 1
    for origin, here in chosen.groupby("origin"):
        past = single[single["origin"] + single["horizon"] <= origin]
        size = past.groupby("method")["error"].apply(lambda errors: errors.abs().mean())
        best = METHODS[0]
        if (past["method"] == best).sum() >= 12:
            for method in METHODS[1:]:
                if size[method] / size["naive"] < size[best] / size["naive"] - MARGIN:
                    best = method
        assert set(here["picked"]) == {best}
        same = single[(single["origin"] == origin) & (single["method"] == best)]
        key = ["unit", "horizon"]
        pd.testing.assert_series_equal(
            here.set_index(key)["low"].sort_index(), same.set_index(key)["low"].sort_index()
        )


def test_what_comes_later_changes_no_earlier_choice():
    panel = made()
    whole = backtest(panel, horizon=3).errors.query("method == @CHOSEN and origin < 2016")
    cut = backtest(panel.iloc[:, :-4], horizon=3).errors.query("method == @CHOSEN")
    both = whole.merge(cut, on=["unit", "origin", "horizon"], suffixes=("", "_cut"))
    assert len(both) > 100
    assert (both["picked"] == both["picked_cut"]).all()
    assert (both["low"].fillna(99) == both["low_cut"].fillna(99)).all()


def test_bands_never_narrow_though_errors_six_years_ahead_are_smaller():
    # Series that swing and come back within three years: the error of three years is the smallest.
    panel = pd.DataFrame(
        [
            [10.0 * size * np.sin(2 * np.pi * (year + shift) / 3) for year in range(24)]
            for size, shift in ((1, 0.0), (2, 1.2), (3, 0.7), (5, 2.1))
        ],
        index=list("abcd"),
        columns=range(2000, 2024),
    )
    panel += np.random.default_rng(1).normal(0, 0.5, panel.shape)
    tested = backtest(panel, horizon=3, least_past_errors=4)
    naive = tested.errors[tested.errors["method"] == "naive"]
    spread = naive.groupby("horizon")["scaled"].quantile(0.9)
    assert spread[3] < spread[1]
    table = outlook(panel, tested, until=2029, method="naive")
    for _, own in table.groupby("unit"):
        assert (own["high"] - own["forecast"]).diff().dropna().min() >= -1e-9
        assert (own["low"] - own["forecast"]).diff().dropna().max() <= 1e-9
    shown = naive.dropna(subset=["low"]).sort_values(["unit", "origin", "horizon"])
    width = (shown["high"] - shown["low"]).groupby([shown["unit"], shown["origin"]]).diff().dropna()
    assert len(width) > 20
    assert width.min() >= -1e-9


def test_a_unit_starts_after_its_own_last_known_year():
    panel = made(units=8)
    panel.iloc[3, -2:] = np.nan
    panel.loc["never"] = np.nan
    table = outlook(panel, backtest(panel), until=2025, method="mean3")
    starts = table.groupby("unit")["year"].agg(["min", "max", "count"])
    assert starts.loc["made-03"].tolist() == [2020, 2025, 6]
    assert starts.loc["made-00"].tolist() == [2022, 2025, 4]
    assert "never" not in starts.index
    first = table[table["unit"] == "made-03"].iloc[0]
    assert first["forecast"] == pytest.approx(panel.loc["made-03", 2017:2019].mean())
    with pytest.raises(ProjectError, match="until 2021, but the panel ends in 2021"):
        outlook(panel, backtest(panel), until=2021)


def test_coverage_by_kind_counts_by_what_was_known_at_the_origin():
    panel = made(units=9)
    tested = backtest(panel, least_past_errors=10)
    kinds = pd.Series(["city"] * 2 + ["region"] * 7, index=panel.index)
    table = coverage_by(tested, kinds).set_index("kind")
    assert table.index.tolist() == ["gaining", "losing", "city", "region"]
    rows = tested.errors[tested.errors["method"] == CHOSEN].dropna(subset=["covered"])
    by_hand = [
        row["unit"] in panel.index[:2] and (row["low"] <= row["actual"] <= row["high"])
        for _, row in rows.iterrows()
    ]
    cities = rows["unit"].isin(panel.index[:2])
    assert table.loc["city", "coverage"] == pytest.approx(sum(by_hand) / cities.sum())
    assert table.loc["city", "units"] == 2
    assert table.loc[["gaining", "losing"], "intervals"].sum() == len(rows)
    recent = [
        panel.loc[row["unit"], row["origin"] - 2 : row["origin"]].mean()
        for _, row in rows.iterrows()
    ]
    assert table.loc["gaining", "intervals"] == sum(value >= 0 for value in recent)
    assert (table[["coverage", "below", "above"]].sum(axis=1).round(9) == 1).all()
    with pytest.raises(ProjectError, match="no kind of made-08"):
        coverage_by(tested, kinds.iloc[:-1])
