"""Restricted wild cluster bootstrap (WCR): p-values and intervals for few clusters.

For each coefficient the null is imposed, the restricted residuals of a whole cluster are
multiplied by one random weight, and the t-statistic is computed again. Nothing of size n is
touched for a draw: numerator and denominator are linear in the G weights, so 9,999 draws are one
(G x G) by (G x 9,999) product. Every draw's statistic is known as a function of the value under
the null, so the interval by test inversion costs next to nothing.

Least squares: the classical WCR with CR1 t-statistics (Cameron, Gelbach and Miller 2008; Roodman,
MacKinnon, Nielsen and Webb 2019; MacKinnon 2023 "Fast cluster bootstrap methods"), type "11" of
`wildboottest`, with the six-point weights of Webb (2014) for few clusters.

Poisson: no residual can be multiplied without leaving the counts, so the scores of the model
fitted under the null are multiplied instead, linearised at that fit (Kline and Santos 2012; the
"WCLR" of MacKinnon, Nielsen and Webb 2024 for logit, here with Poisson weights). Only the p-value
is given; the interval of a Poisson coefficient is the cluster jackknife's, which refits the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from karaganda_vibe.inference.cluster import (
    PSEUDO_INVERSE_TOLERANCE,
    CrossProducts,
    cr1_covariance,
    cr1_factor,
    cross_products,
)
from karaganda_vibe.inference.linear import Fit
from karaganda_vibe.inference.poisson import fit_poisson
from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.errors import ProjectError

WEBB = np.sqrt(np.array([1.5, 1.0, 0.5, 0.5, 1.0, 1.5])) * np.array([-1, -1, -1, 1, 1, 1])
DRAWS = 9_999
SEED = 20_240_101
# Draws worked on at once: bounds memory when there are many clusters.
CHUNK_NUMBERS = 8_000_000


@dataclass(frozen=True, eq=False)
class WildTest:
    """Result of the bootstrap for one coefficient.

    Attributes:
        term: name; estimate: its value; t_observed: CR1 t-statistic of "no effect".
        p_value: share of draws at least as extreme (symmetric), the sample itself counted.
        low, high: interval by test inversion; infinite where no bound exists, nan where not asked.
        t_draws: (B,) bootstrap t-statistics under the null.
    """

    term: str
    estimate: float
    t_observed: float
    p_value: float
    low: float
    high: float
    t_draws: FloatArray


def cluster_weights(
    groups: int, draws: int = DRAWS, seed: int = SEED, kind: str = "webb"
) -> FloatArray:
    """(G, B) random weights, mean zero and variance one.

    Args:
        kind: "webb" (six points), "rademacher" (two points) or "enumerate" (all 2^G sign patterns,
            for tests on few clusters; `draws` and `seed` are then ignored).
    """
    if kind == "enumerate":
        patterns = np.arange(2**groups)
        return np.where((patterns[None, :] >> np.arange(groups)[:, None]) & 1, 1.0, -1.0)
    generator = np.random.default_rng(seed)
    if kind == "webb":
        return WEBB[generator.integers(0, 6, size=(groups, draws))]
    if kind == "rademacher":
        return generator.integers(0, 2, size=(groups, draws)) * 2.0 - 1.0
    raise ProjectError(
        f"wild bootstrap: unknown weights {kind!r}; expected webb, rademacher or enumerate"
    )


@dataclass(frozen=True, eq=False)
class _Pieces:
    """What every draw's statistic is made of, as functions of the value b under the null.

    t*(b) = (v.(scores_outcome - b scores_driver)) / sqrt(sum_g ((J_outcome - b J_driver) v)_g^2)
    """

    scores_outcome: FloatArray  # (G,)
    scores_driver: FloatArray  # (G,)
    spread_outcome: FloatArray  # (G, G)
    spread_driver: FloatArray  # (G, G)
    scores_full: FloatArray  # (G,)
    size: float
    units: float


def _pieces(cross: CrossProducts, position: int) -> _Pieces:
    total = cross.total
    last = total.shape[0] - 1
    others = [index for index in range(last) if index != position]
    inverse = np.linalg.pinv(total[:last, :last], rcond=PSEUDO_INVERSE_TOLERANCE, hermitian=True)
    core = np.linalg.pinv(
        total[np.ix_(others, others)], rcond=PSEUDO_INVERSE_TOLERANCE, hermitian=True
    )
    restricted = np.zeros(last + 1)
    restricted[last] = 1.0
    restricted[others] = -core @ total[others, last]
    driver = np.zeros(last + 1)
    driver[position] = 1.0
    driver[others] = -core @ total[others, position]
    full = np.zeros(last + 1)
    full[last] = 1.0
    full[:last] = -inverse @ total[:last, last]
    by_driver = np.einsum("gij,i->gj", cross.products, driver)  # (G, K+1)
    scores_outcome = by_driver @ restricted
    scores_driver = by_driver @ driver
    loadings = by_driver[:, :last] @ inverse  # (G, K)
    back_outcome = np.einsum("gij,j->gi", cross.products[:, :last, :], restricted)
    back_driver = np.einsum("gij,j->gi", cross.products[:, :last, :], driver)
    return _Pieces(
        scores_outcome=scores_outcome,
        scores_driver=scores_driver,
        spread_outcome=np.diag(scores_outcome) - loadings @ back_outcome.T,
        spread_driver=np.diag(scores_driver) - loadings @ back_driver.T,
        scores_full=by_driver @ full,
        size=float(driver @ total @ driver),
        units=float(cross.driver_units[position]),
    )


@dataclass(frozen=True, eq=False)
class _Draws:
    """(B,) coefficients of the draws' statistics as functions of the value under the null."""

    top_outcome: FloatArray
    top_driver: FloatArray
    bottom_outcome: FloatArray
    bottom_mixed: FloatArray
    bottom_driver: FloatArray

    @property
    def at_zero(self) -> FloatArray:
        """`t` with zero imposed, for which the parts of the driver are not needed."""
        return self.top_outcome / np.sqrt(np.maximum(self.bottom_outcome, 1e-300))

    def t(self, null: float) -> FloatArray:
        """(B,) bootstrap t-statistics (up to the common CR1 factor) with `null` imposed."""
        top = self.top_outcome - null * self.top_driver
        bottom = self.bottom_outcome - 2 * null * self.bottom_mixed + null**2 * self.bottom_driver
        return top / np.sqrt(np.maximum(bottom, 1e-300))


def _draws(pieces: _Pieces, weights: FloatArray, *, invert: bool) -> _Draws:
    groups, draws = weights.shape
    step = max(1, CHUNK_NUMBERS // groups)
    parts: list[list[FloatArray]] = []
    for start in range(0, draws, step):
        some = weights[:, start : start + step]
        outcome = pieces.spread_outcome @ some
        part = [pieces.scores_outcome @ some, np.einsum("gb,gb->b", outcome, outcome)]
        if invert:
            driver = pieces.spread_driver @ some
            part += [
                pieces.scores_driver @ some,
                np.einsum("gb,gb->b", outcome, driver),
                np.einsum("gb,gb->b", driver, driver),
            ]
        parts.append(part)
    joined = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    nothing = np.zeros(0)
    if not invert:
        return _Draws(joined[0], nothing, joined[1], nothing, nothing)
    return _Draws(joined[0], joined[2], joined[1], joined[3], joined[4])


def share_as_extreme(observed: float, draws: FloatArray, *, counted: bool = True) -> float:
    """Symmetric p-value: (1 + number of draws with |t*| >= |t|) / (B + 1).

    Args:
        counted: count the sample itself, so that p is never zero; False for full enumeration,
            where the sample is already one of the patterns.
    """
    extreme = int((np.abs(draws) >= abs(observed) * (1 - 1e-10)).sum())
    if not counted:
        return extreme / len(draws)
    return (1 + extreme) / (len(draws) + 1)


def _invert(
    estimate: float, pieces: _Pieces, draws: _Draws, level: float, counted: bool
) -> tuple[float, float]:
    """Bounds (scaled units) where the p-value crosses 1 - level, on each side of the estimate."""
    se = np.sqrt((pieces.scores_full**2).sum()) / pieces.size
    size = 1 - level

    def above(null: float) -> float:
        observed = (estimate - null) / se
        return share_as_extreme(observed, draws.t(null), counted=counted) - size

    bounds = []
    for side in (-1.0, 1.0):
        inside, reach = 0.0, 2.0
        while above(estimate + side * reach * se) > 0:
            inside, reach = reach, reach * 1.5
            if reach > 1e4:
                break
        if reach > 1e4:
            bounds.append(side * np.inf)
            continue
        # The p-value is a step function: the root is a step's edge, good to 1e-6 of an SE.
        root = brentq(
            lambda distance, sign=side: above(estimate + sign * distance * se) - 1e-12,
            inside,
            reach,
            xtol=1e-6,
        )
        bounds.append(estimate + side * root * se)
    return bounds[0], bounds[1]


def wild_tests(
    cross: CrossProducts,
    positions: Sequence[int] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    kind: str = "webb",
    level: float = 0.95,
    intervals: bool = True,
    factor: float = 1.0,
    weights: FloatArray | None = None,
) -> list[WildTest]:
    """Restricted wild cluster bootstrap of a linear model, one test a coefficient.

    All coefficients share the same draws, so their statistics can be compared jointly (Romano and
    Wolf 2005).

    Args:
        positions: which drivers to test (default: all).
        factor: CR1 small-sample factor; changes the shown t-statistics, never the p-value.
        weights: (G, B) of the clusters in their order in place of drawn ones.
    """
    if weights is None:
        weights = cluster_weights(len(cross.labels), draws, seed, kind)
    counted = kind != "enumerate"
    tests = []
    for position in range(cross.drivers) if positions is None else positions:
        pieces = _pieces(cross, position)
        statistics = _draws(pieces, weights, invert=intervals)
        estimate = float(pieces.scores_outcome.sum() / pieces.size)
        se = float(np.sqrt((pieces.scores_full**2).sum()) / pieces.size)
        observed = estimate / se
        t_draws = statistics.at_zero
        low, high = np.nan, np.nan
        if intervals:
            low, high = _invert(estimate, pieces, statistics, level, counted)
        shrink = 1 / np.sqrt(factor)
        tests.append(
            WildTest(
                term=cross.terms[position],
                estimate=estimate * pieces.units,
                t_observed=observed * shrink,
                p_value=share_as_extreme(observed, t_draws, counted=counted),
                low=low * pieces.units,
                high=high * pieces.units,
                t_draws=t_draws * shrink,
            )
        )
    return tests


def score_draws(cross: CrossProducts, position: int, weights: FloatArray) -> FloatArray:
    """(B,) t-statistics, up to the CR1 factor, of one driver under the null, flipped by `weights`.

    Args:
        cross: cross products of a linear model, or of the working response and weights of a
            Poisson model fitted under the null; weights: (G, B) of the clusters.
    """
    return _draws(_pieces(cross, position), weights, invert=False).at_zero


def wild_tests_poisson(
    fit: Fit,
    cluster: str = "region",
    positions: Sequence[int] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    kind: str = "webb",
    weights: FloatArray | None = None,
) -> list[WildTest]:
    """Linearised restricted wild cluster (score) bootstrap of a Poisson model; p-values only.

    Args:
        weights: (G, B) of the clusters in their order in place of drawn ones, so that tests of
            several models can share their draws.
    """
    design = fit.design
    codes, labels = design.cluster(cluster)
    weights = cluster_weights(len(labels), draws, seed, kind) if weights is None else weights
    se = np.sqrt(np.diag(cr1_covariance(fit, cluster)))
    shrink = 1 / np.sqrt(cr1_factor(design, codes, len(labels)))
    tests = []
    for position in range(len(design.terms)) if positions is None else positions:
        restricted = fit_poisson(design.without_term(position), start=fit.fitted, explained=False)
        if restricted.design.n_obs != design.n_obs:
            raise ProjectError(
                f"model {design.model_id}: without {design.terms[position]} other rows are "
                "separated; expected one sample for both; leave those rows out beforehand"
            )
        mean = restricted.fitted
        importance = mean if design.weights is None else mean * design.weights
        cross = cross_products(
            design, cluster, outcome=(design.outcome - mean) / mean, weights=importance
        )
        t_draws = shrink * score_draws(cross, position, weights)
        observed = float(fit.estimates[position] / se[position])
        tests.append(
            WildTest(
                term=design.terms[position],
                estimate=float(fit.estimates[position]),
                t_observed=observed,
                p_value=share_as_extreme(observed, t_draws, counted=kind != "enumerate"),
                low=np.nan,
                high=np.nan,
                t_draws=t_draws,
            )
        )
    return tests
