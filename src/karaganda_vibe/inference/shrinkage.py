"""Empirical Bayes: noisy averages drawn towards what is expected of them, and bands of their ranks.

A place's average over some years is its lasting rate plus the luck of the years. The lasting rate
is its expectation, a line in known conditions, plus a part of its own; the parts of all places
scatter with one variance, estimated from the data. What is seen of a place beyond expectation is
then shrunk, the more the noisier its average.

Sources: Efron and Morris (1975), "Data analysis using Stein's estimator and its generalizations";
Morris (1983), "Parametric empirical Bayes inference" (unequal variances, a regression); Paule and
Mandel (1982) for the variance between, with DerSimonian and Kacker (2007) for covariates; Smyth
(2004), "Linear models and empirical Bayes methods", section 3, for variances of few years;
Goldstein and Spiegelhalter (1996), "League tables and their limitations", for bands of ranks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

from karaganda_vibe.inference.identification import least_squares
from karaganda_vibe.inference.within import FloatArray, IntArray
from karaganda_vibe.project.errors import ProjectError

DRAWS = 9_999
# Fewer years than this and a place's own scatter says nothing of it.
FEWEST_YEARS = 3
# A prior of more degrees of freedom than this is the pooled variance itself.
MOST_PRIOR_DF = 1e6


def moderated_variances(variances: FloatArray, df: FloatArray) -> FloatArray:
    """(n,) variances drawn towards a common one, as far as their own scatter allows.

    Args:
        variances: (n,) sample variances above zero; df: (n,) their degrees of freedom.

    Returns:
        (d0 s0^2 + d s^2) / (d0 + d) with d0 and s0 from the mean and variance of log s^2 (Smyth
        2004, equations of section 6.2); all s0^2 where they scatter no more than by chance.

    Raises:
        ProjectError: a variance of zero or less.
    """
    if (variances <= 0).any() or (df <= 0).any():
        raise ProjectError(
            "shrinkage: a variance or its degrees of freedom is zero or less; expected places "
            "whose years differ; leave out those without scatter"
        )
    half = df / 2
    logs = np.log(variances) - digamma(half) + np.log(half)
    spread = float(logs.var(ddof=1) - polygamma(1, half).mean())
    center = float(logs.mean())
    if spread <= float(polygamma(1, MOST_PRIOR_DF / 2)):
        return np.full(len(variances), np.exp(center))
    half_prior = brentq(lambda d: float(polygamma(1, d)) - spread, 1e-3, MOST_PRIOR_DF)
    prior = 2 * half_prior
    common = np.exp(center + digamma(half_prior) - np.log(half_prior))
    return (prior * common + df * variances) / (prior + df)


def pooled_autocorrelation(deviations: pd.Series, place: pd.Series, year: pd.Series) -> float:
    """Correlation of a place's deviation with its own of the year before, all places together.

    Args: each (n,), in any order. A pair counts where both years are there. 0 to below 1: years
    that swing around would make an average look surer than independent years do.
    """
    rows = pd.DataFrame({"place": place, "year": year, "now": deviations})
    before = rows.assign(year=rows["year"] + 1).rename(columns={"now": "before"})
    pairs = rows.merge(before, on=["place", "year"])
    total = np.sqrt((pairs["now"] ** 2).sum() * (pairs["before"] ** 2).sum())
    return float(np.clip((pairs["now"] * pairs["before"]).sum() / total, 0.0, 0.95))


def yearly_means(
    values: pd.Series, place: pd.Series, year: pd.Series
) -> tuple[pd.DataFrame, float]:
    """The average of each place over its years and how sure it is.

    Each value counts from its year's mean over places; the mean of all values is added back, so
    that a level is read. The variance of an average is the place's (moderated) variance over years
    by their number, times (1 + r) / (1 - r) for the autocorrelation r of years.

    Returns:
        (index place; years, mean, error_variance) of places with `FEWEST_YEARS` or more; r.
    """
    level = values - values.groupby(year).transform("mean") + values.mean()
    grouped = level.groupby(place)
    table = pd.DataFrame({"years": grouped.size(), "mean": grouped.mean(), "own": grouped.var()})
    table = table[(table["years"] >= FEWEST_YEARS) & (table["own"] > 0)]
    correlation = pooled_autocorrelation(level - grouped.transform("mean"), place, year)
    variance = moderated_variances(table["own"].to_numpy(), table["years"].to_numpy(float) - 1)
    inflation = (1 + correlation) / (1 - correlation)
    table["error_variance"] = variance / table["years"] * inflation
    return table.drop(columns="own"), correlation


@dataclass(frozen=True, eq=False)
class Shrunk:
    """Averages of n places beside their expectation.

    Attributes:
        expected: (n,) X b; expected_se: (n,) of that line.
        between_variance: variance of the places' own parts; error_variance: (n,) of the averages.
        residual: (n,) average less expected; shrunk: (n,) its mean given the data.
        coefficients: (k,) of [1, covariates]; covariance: (k, k).
        regressors: (n, k) with the constant first.
    """

    expected: FloatArray
    expected_se: FloatArray
    between_variance: float
    error_variance: FloatArray
    residual: FloatArray
    shrunk: FloatArray
    coefficients: FloatArray
    covariance: FloatArray
    regressors: FloatArray

    def reach(self, multiple: float) -> FloatArray:
        """(n,) `multiple` standard deviations of a place's average around its expectation: the
        line's error, the scatter of places, and the luck of the years."""
        parts = self.expected_se**2 + self.between_variance + self.error_variance
        return multiple * np.sqrt(parts)

    def draws(self, count: int = DRAWS, seed: int = 1) -> FloatArray:
        """(count, n) draws of the places' own parts given the data and the variance between.

        The line is drawn too, so that its error is in; the variance between is not.
        """
        generator = np.random.default_rng(seed)
        root = np.linalg.cholesky(self.covariance)
        lines = self.coefficients + generator.normal(size=(count, len(root))) @ root.T
        trust = self.between_variance / (self.between_variance + self.error_variance)
        average = self.expected + self.residual
        centers = trust * (average - lines @ self.regressors.T)
        scatter = np.sqrt(trust * self.error_variance)
        return centers + scatter * generator.normal(size=centers.shape)


def shrink(
    mean: FloatArray, error_variance: FloatArray, covariates: FloatArray | None = None
) -> Shrunk:
    """Averages shrunk towards a line in `covariates`, or towards their common mean.

    The variance between places is that at which the squared residuals, each divided by its whole
    variance, add up to their degrees of freedom (Paule and Mandel); zero where even none leaves
    them smaller.

    Args:
        mean: (n,) averages; error_variance: (n,) theirs, above zero; covariates: (n, k - 1).

    Raises:
        ProjectError: as many coefficients as places; an error variance of zero or less.
    """
    count = len(mean)
    regressors = np.ones((count, 1))
    if covariates is not None:
        regressors = np.column_stack([regressors, covariates])
    free = count - regressors.shape[1]
    if free < 1 or (error_variance <= 0).any():
        raise ProjectError(
            f"shrinkage: {count} places with variances from {error_variance.min():g} for "
            f"{regressors.shape[1]} coefficients; expected more places and variances above zero"
        )

    def fitted(between: float) -> tuple[FloatArray, FloatArray, float]:
        root = 1 / np.sqrt(between + error_variance)
        slope, inverse = least_squares(mean * root, regressors * root[:, None])
        return slope, inverse, float((((mean - regressors @ slope) * root) ** 2).sum())

    between = 0.0
    if fitted(0.0)[2] > free:
        between = float(brentq(lambda v: fitted(v)[2] - free, 0.0, 100 * float(np.var(mean))))
    slope, inverse, _ = fitted(between)
    expected = regressors @ slope
    return Shrunk(
        expected=expected,
        expected_se=np.sqrt(np.einsum("ij,jk,ik->i", regressors, inverse, regressors)),
        between_variance=between,
        error_variance=error_variance,
        residual=mean - expected,
        shrunk=between / (between + error_variance) * (mean - expected),
        coefficients=slope,
        covariance=inverse,
        regressors=regressors,
    )


@dataclass(frozen=True, eq=False)
class RankBands:
    """Ranks of n places, 1 the highest.

    Attributes:
        rank: (n,) of the center; low, high: (n,) quantiles of the drawn ranks.
        best: (n,) share of the draws in which the place is among the best.
    """

    rank: IntArray
    low: IntArray
    high: IntArray
    best: FloatArray


def rank_bands(
    center: FloatArray, draws: FloatArray, best_share: float = 0.2, level: float = 0.9
) -> RankBands:
    """Bands of ranks from draws of what is ranked.

    Args:
        center: (n,) what the ranks themselves are of; draws: (count, n).
        best_share: the best are this share of all places, rounded down, one at least.
        level: share of drawn ranks inside low and high, which are whole ranks.
    """
    places = draws.shape[1]
    order = np.argsort(-draws, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, places + 1)[None, :], axis=1)
    middle = np.argsort(-center, kind="stable")
    rank = np.empty(places, dtype=np.int64)
    rank[middle] = np.arange(1, places + 1)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(ranks, tails, axis=0, method="inverted_cdf").astype(np.int64)
    best = (ranks <= max(1, int(best_share * places))).mean(axis=0)
    return RankBands(rank, low, high, best)
