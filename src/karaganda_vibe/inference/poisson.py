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
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning, SingularMatrixWarning

from karaganda_vibe.inference.design import CONSTANT_TOLERANCE, SINGULAR_TOLERANCE, Design
from karaganda_vibe.inference.linear import Fit
from karaganda_vibe.inference.within import Absorber, FloatArray, indicator
from karaganda_vibe.project.errors import ProjectError

MOST_DUMMIES_FOR_GLM = 60
MOST_ITERATIONS = 200
TOLERANCE = 1e-12


def separated_rows(design: Design) -> NDArray[np.bool_]:
    """(n,) rows whose zero counts a combination of drivers and fixed effects predicts perfectly.

    Such rows carry no information and make estimates run to infinity. Method: iterative rectifier
    of Correia, Guimaraes and Zylkin (2019, "Verifying the existence of maximum likelihood
    estimates for generalized linear models").
    """
    positive = design.outcome > 0
    found = np.zeros(design.n_obs, dtype=bool)
    if positive.all():
        return found
    heavy = np.where(positive, 1e6, 1.0)
    absorber = Absorber(design.effects, design.n_obs, heavy)
    regressors = absorber.residuals(design.regressors) * np.sqrt(heavy)[:, None]
    certificate = (~positive).astype(float)
    for _ in range(1000):
        target = absorber.residuals(certificate)
        slope = np.linalg.lstsq(regressors, target * np.sqrt(heavy), rcond=None)[0]
        residual = target - (regressors / np.sqrt(heavy)[:, None]) @ slope
        fitted = certificate - residual
        fitted[np.abs(fitted) < 1e-5] = 0.0
        fitted[positive] = 0.0
        if (np.abs(residual) < 1e-5).all() or (fitted >= 0).all():
            found = fitted > 0
            break
        certificate = np.maximum(fitted, 0.0)
    return found


def _deviance(outcome: FloatArray, mean: FloatArray, weights: FloatArray) -> float:
    logs = np.where(outcome > 0, outcome * np.log(np.where(outcome > 0, outcome, 1.0) / mean), 0.0)
    return float(2 * (weights * (logs - (outcome - mean))).sum())


def _fit_by_irls(
    design: Design, weights: FloatArray, start: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    outcome = design.outcome
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
        slope = np.linalg.lstsq(scaled[:, 1:], scaled[:, 0], rcond=None)[0]
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
    raise ProjectError(
        f"model {design.model_id}: Poisson did not settle in {MOST_ITERATIONS} rounds; expected a "
        "finite maximum; look for drivers that predict zero counts perfectly"
    )


def _fit_by_glm(design: Design, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    columns = [design.regressors]
    for position, codes in enumerate(design.effects):
        dummies = indicator(codes).toarray()
        columns.append(dummies if position == 0 else dummies[:, 1:])
    if not design.effects:
        columns.append(np.ones((design.n_obs, 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        # Redundant dummies are expected: the coefficients of the drivers do not depend on them.
        warnings.simplefilter("ignore", SingularMatrixWarning)
        try:
            result = sm.GLM(
                design.outcome,
                np.column_stack(columns),
                family=sm.families.Poisson(),
                offset=design.offset,
                var_weights=weights,
            ).fit(tol=1e-13, maxiter=MOST_ITERATIONS)
        except PerfectSeparationWarning:
            raise ProjectError(
                f"model {design.model_id}: the drivers predict the counts perfectly; "
                "expected some scatter; take out the driver that repeats the outcome"
            ) from None
    return np.asarray(result.params)[: len(design.terms)], np.asarray(result.mu)


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
        ProjectError: everything separated; no convergence.
    """
    separated = separated_rows(design)
    if separated.any():
        design = design.rows(~separated)
        note = f"left out, zero counts predicted perfectly: {int(separated.sum())} rows"
        design = replace(design, notes=(*design.notes, note))
        start = None if start is None else start[~separated]
        if design.n_obs == 0:
            raise ProjectError(
                f"model {design.model_id}: every row is separated (perfectly predicted zeros); "
                f"expected some positive {design.outcome_name}; check the outcome column"
            )
    weights = np.ones(design.n_obs) if design.weights is None else design.weights
    dummies = sum(int(codes.max()) + 1 for codes in design.effects)
    if engine == "auto":
        engine = "glm" if dummies <= MOST_DUMMIES_FOR_GLM and start is None else "irls"
    if engine == "glm":
        estimates, mean = _fit_by_glm(design, weights)
    else:
        estimates, mean = _fit_by_irls(design, weights, start)
    importance = weights * mean
    absorber = Absorber(design.effects, design.n_obs, importance)
    root = np.sqrt(importance)
    regressors = absorber.residuals(design.regressors) * root[:, None]
    _check_identified(design, regressors, np.sqrt(importance))
    share = 0.0
    if not explained:
        share = float("nan")
    elif design.terms:
        empty = _null_deviance(design, weights, mean)
        share = 1.0 - _deviance(design.outcome, mean, weights) / empty if empty > 0 else 0.0
    return Fit(
        design=design,
        estimates=estimates,
        regressors=regressors,
        residuals=(design.outcome - mean) / mean * root,
        fitted=mean,
        bread=np.linalg.inv(regressors.T @ regressors),
        df_resid=design.n_obs - len(design.terms) - absorber.absorbed,
        r2_within=share,
    )


def _check_identified(design: Design, regressors: FloatArray, root: FloatArray) -> None:
    """Stop if a driver has no variation of its own left (a cluster or separated rows gone, say)."""
    if not len(design.terms):
        return
    size = np.sqrt((regressors**2).sum(axis=0))
    scale = np.sqrt(((design.regressors * root[:, None]) ** 2).sum(axis=0)) + 1e-300
    lost = size <= CONSTANT_TOLERANCE * scale
    if not lost.any():
        scaled = regressors / size
        weakest = np.linalg.eigh(scaled.T @ scaled)
        if weakest.eigenvalues[0] > SINGULAR_TOLERANCE**2:
            return
        lost = np.abs(weakest.eigenvectors[:, 0]) == np.abs(weakest.eigenvectors[:, 0]).max()
    term = design.terms[int(np.flatnonzero(lost)[0])]
    regions = ", ".join(str(label) for label in design.cluster("region")[1])
    raise ProjectError(
        f"model {design.model_id}: driver {term} has no coefficient of its own in a sample with "
        f"the regions {regions}; expected variation in two or more clusters; take the driver out"
    )


def _null_deviance(design: Design, weights: FloatArray, start: FloatArray) -> float:
    """Deviance of the fixed effects alone."""
    bare = replace(design, terms=(), regressors=np.empty((design.n_obs, 0)), family=())
    _, mean = _fit_by_irls(bare, weights, start)
    return _deviance(design.outcome, mean, weights)
