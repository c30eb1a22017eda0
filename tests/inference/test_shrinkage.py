"""Empirical Bayes against sums by hand, another library and worlds whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import polygamma
from statsmodels.stats.meta_analysis import combine_effects

from karaganda_vibe.inference.shrinkage import (
    moderated_variances,
    pooled_autocorrelation,
    rank_bands,
    shrink,
    yearly_means,
)
from karaganda_vibe.project.errors import ProjectError


def test_equal_errors_by_hand() -> None:
    # Mean 4, squares around it 9 + 1 + 0 + 16 = 26 over 3 degrees: 26/3 = 5 + the rest.
    found = shrink(np.array([1.0, 3.0, 4.0, 8.0]), np.full(4, 5.0))
    assert found.between_variance == pytest.approx(26 / 3 - 5)
    np.testing.assert_allclose(found.expected, 4.0)
    trust = (26 / 3 - 5) / (26 / 3)
    np.testing.assert_allclose(found.shrunk, trust * np.array([-3.0, -1.0, 0.0, 4.0]))
    np.testing.assert_allclose(found.expected_se, np.sqrt(26 / 3 / 4))
    np.testing.assert_allclose(found.reach(2.0), 2 * np.sqrt(26 / 3 / 4 + 26 / 3))


def test_the_noisier_is_drawn_further() -> None:
    found = shrink(np.array([-6.0, 6.0, -6.0, 6.0]), np.array([1.0, 1.0, 9.0, 9.0]))
    ratio = found.shrunk / found.residual
    assert ratio[0] > ratio[2] > 0
    np.testing.assert_allclose(
        ratio, found.between_variance / (found.between_variance + found.error_variance)
    )


def test_no_more_scatter_than_chance_leaves_no_variance_between() -> None:
    found = shrink(np.array([1.0, 1.1, 0.9, 1.05]), np.full(4, 5.0))
    assert found.between_variance == 0
    assert found.shrunk.tolist() == [0.0] * 4


def test_the_variance_between_agrees_with_another_library() -> None:
    generator = np.random.default_rng(2)
    errors = generator.uniform(0.5, 6, size=40)
    means = generator.normal(3, 2, size=40) + generator.normal(size=40) * np.sqrt(errors)
    found = shrink(means, errors)
    other = combine_effects(means, errors, method_re="iterated")
    assert found.between_variance == pytest.approx(other.tau2, rel=1e-5)
    assert found.coefficients[0] == pytest.approx(other.mean_effect_re, rel=1e-6)


def test_a_line_in_conditions_is_expected() -> None:
    size = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    own = np.array([1.0, -1.0, 0.0, -1.0, 1.0])  # at right angles to the constant and to size
    found = shrink(2 + 3 * size + 2 * own, np.full(5, 0.5), size[:, None])
    np.testing.assert_allclose(found.coefficients, [2.0, 3.0], atol=1e-9)
    np.testing.assert_allclose(found.residual, 2 * own, atol=1e-9)
    # Squares 16 over 5 - 2 degrees.
    assert found.between_variance == pytest.approx(16 / 3 - 0.5)


def test_draws_have_the_mean_and_the_spread_of_the_parts() -> None:
    generator = np.random.default_rng(4)
    size = generator.normal(size=50)
    errors = generator.uniform(0.5, 4, size=50)
    means = size + generator.normal(size=50) * 1.5 + generator.normal(size=50) * np.sqrt(errors)
    found = shrink(means, errors, size[:, None])
    draws = found.draws(40_000, seed=8)
    np.testing.assert_allclose(draws.mean(axis=0), found.shrunk, atol=0.05)
    trust = found.between_variance / (found.between_variance + errors)
    spread = np.sqrt(trust * errors + (trust * found.expected_se) ** 2)
    np.testing.assert_allclose(draws.std(axis=0), spread, rtol=0.03)
    assert (found.draws(10, seed=8) == found.draws(10, seed=8)).all()
    assert (found.draws(10, seed=8) != found.draws(10, seed=9)).any()


def test_shrunk_values_are_nearer_the_truth_and_bands_hold_it() -> None:
    generator = np.random.default_rng(6)
    raw, better, inside = 0.0, 0.0, []
    for _ in range(40):
        truth = generator.normal(0, 2, size=60)
        errors = generator.uniform(1, 8, size=60)
        seen = truth + generator.normal(size=60) * np.sqrt(errors)
        found = shrink(seen, errors)
        raw += ((seen - truth) ** 2).sum()
        better += ((found.expected + found.shrunk - truth) ** 2).sum()
        bands = rank_bands(found.shrunk, found.draws(499, seed=1), level=0.9)
        ranks = pd.Series(-truth).rank().to_numpy()
        inside.append(((ranks >= bands.low) & (ranks <= bands.high)).mean())
    assert better < 0.6 * raw
    assert 0.86 < np.mean(inside) < 0.95


def test_ranks_by_hand() -> None:
    draws = np.array([[5.0, 1.0, 3.0], [5.0, 4.0, 3.0], [2.0, 1.0, 3.0], [9.0, 1.0, 3.0]])
    bands = rank_bands(np.array([4.0, 1.0, 3.0]), draws, best_share=0.4, level=0.5)
    assert bands.rank.tolist() == [1, 3, 2]
    assert bands.best.tolist() == [0.75, 0.0, 0.25]
    # Drawn ranks: 1 1 2 1; 3 2 3 3; 2 3 1 2.
    assert bands.low.tolist() == [1, 2, 1]
    assert bands.high.tolist() == [1, 3, 2]


def test_variances_of_few_years_are_drawn_to_a_common_one() -> None:
    generator = np.random.default_rng(1)
    df = np.full(400, 5.0)
    same = 3.0 * generator.chisquare(5, size=400) / 5
    np.testing.assert_allclose(moderated_variances(same, df), 3.0, rtol=0.25)
    own = 4.0 / generator.gamma(3.0, 1 / 3.0, size=400)  # prior of 6 degrees of freedom
    found = moderated_variances(own * generator.chisquare(5, size=400) / 5, df)
    assert np.corrcoef(found, own)[0, 1] > 0.6
    # By hand: two variances, e and 1 with 4 degrees; log variances scatter by 1/2 around 1/2.
    pair = moderated_variances(np.array([np.e, 1.0, np.e, 1.0]), np.full(4, 4.0))
    assert pair.tolist() == [pair[0]] * 4  # scatter 1/3 is less than chance gives: 0.645
    assert polygamma(1, 2.0) == pytest.approx(0.6449341)
    with pytest.raises(ProjectError, match="a variance or its degrees of freedom is zero"):
        moderated_variances(np.array([1.0, 0.0]), np.array([3.0, 3.0]))


def test_autocorrelation_counts_years_that_follow_each_other() -> None:
    place = pd.Series(["a"] * 3 + ["b"] * 3)
    year = pd.Series([2000, 2001, 2002, 2000, 2002, 2003])
    deviation = pd.Series([1.0, 2.0, 1.0, 3.0, -1.0, -2.0])
    # Pairs: a 1-2, 2-1; b -1 to -2.
    assert pooled_autocorrelation(deviation, place, year) == pytest.approx(
        (2 + 2 + 2) / np.sqrt((1 + 4 + 1) * (4 + 1 + 4))
    )
    swinging = pd.Series([1.0, -2.0, 1.0, 3.0, 1.0, -2.0])
    assert pooled_autocorrelation(swinging, place, year) == 0.0


def test_means_over_years_count_from_the_mean_of_the_year() -> None:
    rows = [("a", y, 10.0 * y + v) for y, v in enumerate((1.0, 4.0, 1.0, 2.0))]
    rows += [("b", y, 10.0 * y - v) for y, v in enumerate((1.0, 4.0, 1.0, 2.0))]
    rows += [("c", y, 10.0 * y) for y in (0, 1)]
    frame = pd.DataFrame(rows, columns=["place", "year", "value"])
    found, correlation = yearly_means(frame["value"], frame["place"], frame["year"])
    assert found.index.tolist() == ["a", "b"]  # c has too few years
    assert found["mean"].tolist() == pytest.approx([13 + 2.0, 13 - 2.0])  # 130 over ten rows
    assert found["years"].tolist() == [4, 4]
    # Deviations -1, 2, -1, 0 and their opposites: neighbours differ in sign. Variance 2 by 4 years,
    # times 1.5 over the exponent of digamma(1.5) = 0.0364899740, the mean of such logarithms.
    assert correlation == 0.0
    np.testing.assert_allclose(found["error_variance"], 2 / 4 * 1.5 / np.exp(0.0364899740))


def test_too_few_places_are_one_line() -> None:
    with pytest.raises(ProjectError, match="2 places with variances from 1 for 2 coefficients"):
        shrink(np.array([1.0, 2.0]), np.ones(2), np.array([[1.0], [2.0]]))
