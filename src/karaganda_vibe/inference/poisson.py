"""Poisson pseudo-maximum likelihood with fixed effects and an offset.

Small models run in statsmodels' GLM with dummies. Larger ones run iteratively reweighted least
squares with the fixed effects swept out at every step (Correia, Guimaraes and Zylkin 2020,
"Fast Poisson estimation with high-dimensional fixed effects"); both give the same coefficients.
Poisson is right for any non-negative outcome whose mean is exponential in the drivers; the variance
need not be Poisson when the covariance is clustered (Santos Silva and Tenreyro 2006).
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.linalg import qr
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from karaganda_vibe.inference import separation
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.identification import (
    check_identified,
    check_scatter,
    least_squares,
    singleton_rows,
)
from karaganda_vibe.inference.linear import Fit
from karaganda_vibe.inference.within import Absorber, FloatArray, indicator
from karaganda_vibe.project.errors import ProjectError

MOST_DUMMIES_FOR_GLM = 60
MOST_ITERATIONS = 200
TOLERANCE = 1e-12


def separated_rows(design: Design) -> NDArray[np.bool_]:
    """(n,) rows whose zero counts a combination of drivers and fixed effects predicts perfectly."""
    return separation.separated_rows(
        f"model {design.model_id}", design.outcome, design.regressors, design.effects
    )


def _informative(design: Design) -> tuple[Design, NDArray[np.bool_]]:
    """The design without separated rows and what then stands alone, noted; and the rows kept."""
    kept = ~separated_rows(design)
    if kept.all():
        return design, kept
    if not kept.any():
        raise ProjectError(
            f"model {design.model_id}: every row is separated (perfectly predicted zeros); "
            f"expected some positive {design.outcome_name}; check the outcome column"
        )
    note = f"left out, zero counts predicted perfectly: {int((~kept).sum())} rows"
    rest = replace(design.rows(kept), notes=(*design.notes, note))
    alone = singleton_rows(rest.effects, rest.n_obs)
    kept[np.flatnonzero(kept)[alone]] = False
    return rest.without_singletons(), kept


def _deviance(outcome: FloatArray, mean: FloatArray, weights: FloatArray) -> float:
    logs = np.where(outcome > 0, outcome * np.log(np.where(outcome > 0, outcome, 1.0) / mean), 0.0)
    return float(2 * (weights * (logs - (outcome - mean))).sum())


def _fit_by_irls(
    design: Design, weights: FloatArray, start: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    outcome = design.outcome
    weights = weights / weights.mean()
    offset = np.zeros(design.n_obs) if design.offset is None else design.offset
    if start is None:
        ratio = outcome / np.exp(offset)
        predictor = np.log((ratio + ratio.mean()) / 2) + offset
    else:
        predictor = np.log(start)
    mean = np.exp(predictor)
    deviance = _deviance(outcome, mean, weights)
    for round_number in range(MOST_ITERATIONS):
        working = predictor - offset + (outcome - mean) / mean
        importance = weights * mean
        absorber = Absorber(design.effects, design.n_obs, importance)
        partialled = absorber.residuals(np.column_stack([working, design.regressors]))
        root = np.sqrt(importance)
        scaled = partialled * root[:, None]
        slope, _ = least_squares(scaled[:, 0], scaled[:, 1:])
        step = offset + working - (partialled[:, 0] - partialled[:, 1:] @ slope) - predictor
        for _ in range(30):  # step halving, should a full step make the fit worse
            candidate = np.exp(np.clip(predictor + step, -300, 300))
            fresh = _deviance(outcome, candidate, weights)
            # A start from a larger model fits better than any point of this one: the first step
            # only has to enter this model.
            if np.isfinite(fresh) and (round_number == 0 or fresh <= deviance * (1 + 1e-9) + 1e-9):
                break
            step = step / 2
        predictor, mean = predictor + step, candidate
        largest = float(np.abs(step).max())
        settled = abs(fresh - deviance) <= TOLERANCE * (0.1 + abs(fresh))
        # Newton converges quadratically: after so small a step only rounding error is left.
        if largest < 1e-8 or (settled and largest < 1e-6):
            return slope, mean
        deviance = fresh
    raise _unsettled(design)


def _fit_by_glm(design: Design, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    dummies = [indicator(codes).toarray() for codes in design.effects]
    block = np.column_stack(dummies) if dummies else np.ones((design.n_obs, 1))
    # Redundant dummies go, and drivers are measured in their own spread: the coefficients of the
    # drivers do not depend on the first, and are scaled back from the second.
    _, triangle, order = qr(block, mode="economic", pivoting=True)
    size = np.abs(np.diag(triangle))
    block = block[:, np.sort(order[: int((size > 1e-9 * size[0]).sum())])]
    centred = design.regressors - design.regressors.mean(axis=0)
    spread = centred.std(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            result = sm.GLM(
                design.outcome,
                np.column_stack([centred / spread, block]),
                family=sm.families.Poisson(),
                offset=design.offset,
                var_weights=weights,
            ).fit(tol=TOLERANCE, tol_criterion="params", maxiter=MOST_ITERATIONS)
        except PerfectSeparationWarning:
            # Exact counts, or counts that do not vary: `check_scatter` finds the words.
            return _fit_by_irls(design, weights, None)
    if not result.converged:
        raise _unsettled(design)
    return np.asarray(result.params)[: len(design.terms)] / spread, np.asarray(result.mu)


def _unsettled(design: Design) -> ProjectError:
    return ProjectError(
        f"model {design.model_id}: Poisson did not settle in {MOST_ITERATIONS} rounds; expected a "
        "finite maximum; look for drivers that predict zero counts perfectly"
    )


def fit_poisson(
    design: Design, start: FloatArray | None = None, engine: str = "auto", *, explained: bool = True
) -> Fit:
    """Poisson pseudo-maximum likelihood with fixed effects.

    Args:
        design: outcome (n,) counts of zero or more; offset (n,) natural log of exposure, or None.
        start: (n,) expected counts to begin at (a warm start), or None.
        engine: "glm" (dummies), "irls" (swept out) or "auto" by the number of dummies.
        explained: work out `r2_within` too (one more fit); nan if not.

    Returns:
        A `Fit` whose regressors and residuals carry the working weights at the optimum, so that
        `regressors' * residuals` are the scores and `bread` the inverse Hessian. Separated rows
        are left out of `design`, and noted.

    Raises:
        ProjectError: everything separated; no convergence; a driver without a coefficient of its
            own in these rows; counts that do not vary, or that the drivers give exactly.
    """
    design, kept = _informative(design)
    start = None if start is None else start[kept]
    weights = np.ones(design.n_obs) if design.weights is None else design.weights
    _check_drivers(design, design.absorber, design.weights)
    dummies = sum(int(codes.max()) + 1 for codes in design.effects)
    if engine == "auto":
        engine = "glm" if dummies <= MOST_DUMMIES_FOR_GLM and start is None else "irls"
    if engine == "glm":
        estimates, mean = _fit_by_glm(design, weights)
    else:
        estimates, mean = _fit_by_irls(design, weights, start)
    importance = weights * mean
    absorber = Absorber(design.effects, design.n_obs, importance)
    regressors = _check_drivers(design, absorber, importance)
    residuals = (design.outcome - mean) / mean * np.sqrt(importance)
    share = float("nan")
    if explained:
        empty = _null_mean(design, weights, mean)
        unexplained = (design.outcome - empty) * np.sqrt(weights / empty)
        left, total = float(np.linalg.norm(residuals)), float(np.linalg.norm(unexplained))
        level = float(np.sqrt(weights @ design.outcome))
        check_scatter(f"model {design.model_id}", design.outcome_name, left, total, level)
        share = 1.0 - _deviance(design.outcome, mean, weights) / _deviance(
            design.outcome, empty, weights
        )
    _, bread = least_squares(residuals, regressors)
    return Fit(
        design=design,
        estimates=estimates,
        regressors=regressors,
        residuals=residuals,
        fitted=mean,
        bread=bread,
        df_resid=design.free_parameters_left,
        r2_within=share,
    )


def _check_drivers(design: Design, absorber: Absorber, weights: FloatArray | None) -> FloatArray:
    """(n, k) drivers freed of the fixed effects, times the root of `weights`, once checked."""
    left = absorber.residuals(design.regressors)
    if weights is not None:
        left = left * np.sqrt(weights)[:, None]
    check_identified(
        f"model {design.model_id}", design.terms, design.effect_names, design.regressors, left,
        weights,
    )  # fmt: skip
    return left


def _null_mean(design: Design, weights: FloatArray, start: FloatArray) -> FloatArray:
    """(n,) expected counts of the fixed effects alone."""
    bare = replace(design, terms=(), regressors=np.empty((design.n_obs, 0)), family=())
    _, mean = _fit_by_irls(bare, weights, start)
    return mean
