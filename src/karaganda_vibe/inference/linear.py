"""Fixed-effects least squares on columns freed of the fixed effects, each scaled to length one.

By the Frisch-Waugh-Lovell theorem the coefficients and residuals are those of the regression with
all dummies; the degrees of freedom count the dummies too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.identification import (
    check_identified,
    check_scatter,
    least_squares,
)
from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.rounding import snapped


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model, in the form that every cluster covariance works from.

    Attributes:
        estimates: (k,) coefficients in the units of the outcome (ols, wls) or log points (ppml).
        regressors: (n, k) within-transformed and times the root of the working weights.
        residuals: (n,) times the root of the working weights; `regressors * residuals` are scores.
        fitted: (n,) expected outcome in its own units.
        bread: (k, k) inverse of regressors' cross product.
        df_resid: n - k - absorbed parameters.
        r2_within: share of the within variation explained (ols, wls), or of the deviance that the
            fixed effects leave (ppml).
    """

    design: Design
    estimates: FloatArray
    regressors: FloatArray
    residuals: FloatArray
    fitted: FloatArray
    bread: FloatArray
    df_resid: int
    r2_within: float

    def __post_init__(self) -> None:
        # Beneath the twelfth digit stands the processor's arithmetic, not the data.
        object.__setattr__(self, "estimates", snapped(self.estimates))

    @property
    def scores(self) -> FloatArray:
        """(n, k) derivative of the objective by observation."""
        return self.regressors * self.residuals[:, None]

    @property
    def se_iid(self) -> FloatArray:
        """(k,) standard errors as if rows were independent; for comparison only.

        Least squares: the classical ones. Poisson: those of the Poisson variance.
        """
        scale = 1.0
        if self.design.estimator != "ppml":
            scale = float(self.residuals @ self.residuals) / self.df_resid
        return np.sqrt(scale * np.diag(self.bread))


def fit_linear(design: Design) -> Fit:
    """Least squares with fixed effects (weighted where the design has weights).

    Raises:
        ProjectError: a driver without a coefficient of its own in these rows; an outcome that does
            not vary, or that the drivers give exactly; no degrees of freedom.
    """
    where = f"model {design.model_id}"
    stacked = np.column_stack([design.outcome, design.regressors])
    partialled = design.absorber.residuals(stacked)
    root = np.ones(design.n_obs) if design.weights is None else np.sqrt(design.weights)
    outcome = partialled[:, 0] * root
    regressors = partialled[:, 1:] * root[:, None]
    check_identified(
        where, design.terms, design.effect_names, design.regressors, regressors, design.weights
    )
    estimates, bread = least_squares(outcome, regressors)
    residuals = outcome - regressors @ estimates
    left, total = float(np.linalg.norm(residuals)), float(np.linalg.norm(outcome))
    check_scatter(
        where, design.outcome_name, left, total, float(np.linalg.norm(design.outcome * root))
    )
    return Fit(
        design=design,
        estimates=estimates,
        regressors=regressors,
        residuals=residuals,
        fitted=design.outcome - residuals / root,
        bread=bread,
        df_resid=design.free_parameters_left,
        r2_within=1.0 - (left / total) ** 2,
    )
