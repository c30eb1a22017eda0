"""Interactive fixed effects: shocks common to all that each place answers in its own measure.

y_it = x_it b + a_i + g_t + l_i' f_t + e_it by iterated least squares: coefficients given the
factors, factors as principal components of what is left (Bai 2009, section 3). Cells that the panel
lacks are filled with the model's own value at each step (the EM algorithm for unbalanced panels of
Bai, Liao and Yang 2015).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from karaganda_vibe.inference.cluster import Jackknife, clusters_of, jackknife_of
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.place_trends import rows_with_trend
from karaganda_vibe.inference.within import FloatArray, integer_codes
from karaganda_vibe.project.errors import ProjectError

FEWEST_YEARS = 10
MOST_ROUNDS = 5_000
TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class InteractiveFit:
    """A fitted model.

    Attributes:
        estimates: (k,) coefficients; common: (n,) the part l_i' f_t by row.
        rounds: how many steps it took; left: sum of squared residuals.
    """

    estimates: FloatArray
    common: FloatArray
    rounds: int
    left: float


def rows_with_factors(design: Design, fewest: int = FEWEST_YEARS) -> Design:
    """The design without places of fewer than `fewest` years: they cannot tell a loading."""
    return rows_with_trend(design, fewest)


def fit_interactive(
    design: Design, factors: int, start: FloatArray | None = None
) -> InteractiveFit:
    """Coefficients with `factors` common factors beside the design's own fixed effects.

    Args:
        start: (n,) first guess of the common part (of a fit on more rows, say).

    Raises:
        ProjectError: weights; more factors than years or places hold; no convergence.
    """
    places, years = integer_codes(design.place)[0], integer_codes(design.year)[0]
    shape = int(places.max()) + 1, int(years.max()) + 1
    if design.weights is not None or not 0 < factors < min(shape):
        raise ProjectError(
            f"model {design.model_id}: {factors} factors in a panel of {shape[0]} places and "
            f"{shape[1]} years; expected an unweighted model and fewer factors than either"
        )
    regressors = design.absorber.residuals(design.regressors)
    size = np.sqrt((regressors**2).sum(axis=0))
    solver = np.linalg.pinv(regressors / size) / size[:, None]
    total = float((design.absorber.residuals(design.outcome) ** 2).sum())

    def step(whole: FloatArray) -> tuple[FloatArray, FloatArray, float]:
        """Coefficients given the common part of all cells, and the common part given those."""
        target = design.absorber.residuals(design.outcome - whole[places, years])
        estimates = solver @ target
        residual = target - regressors @ estimates
        filled = whole.copy()
        filled[places, years] += residual
        # Factors are the leading eigenvectors of the years' cross products: few years, so cheap.
        _, vectors = np.linalg.eigh(filled.T @ filled)
        leading = vectors[:, -factors:]
        return estimates, (filled @ leading) @ leading.T, float(residual @ residual)

    whole: FloatArray = np.zeros(shape)
    if start is not None:
        whole[places, years] = start
    before, left_before = np.full(regressors.shape[1], np.inf), np.inf
    for rounds in range(1, MOST_ROUNDS + 1):
        estimates, first, left = step(whole)
        moved = float((np.abs(estimates - before) * size).max())
        if moved <= TOLERANCE * np.sqrt(total) and abs(left_before - left) <= TOLERANCE * total:
            return InteractiveFit(estimates, whole[places, years], rounds, left)
        before, left_before = estimates, left
        # Plain steps creep: every round jumps along the path of two of them, and steps back where
        # the jump fits worse (SQUAREM, Varadhan and Roland 2008).
        _, second, left_first = step(first)
        change = first - whole
        bend = second - first - change
        curved = float(np.sqrt((bend**2).sum()))
        stride = max(1.0, float(np.sqrt((change**2).sum())) / curved) if curved > 0 else 1.0
        jumped = whole + 2 * stride * change + stride**2 * bend
        _, landed, left_jumped = step(jumped)
        whole = landed if left_jumped <= left_first else second
    raise ProjectError(
        f"model {design.model_id}: interactive effects with {factors} factors did not settle in "
        f"{MOST_ROUNDS} rounds; expected a steady solution; use fewer factors"
    )


def jackknife_interactive(design: Design, factors: int, cluster: str = "region") -> Jackknife:
    """Cluster jackknife: factors, loadings and coefficients anew without each cluster."""
    codes, labels = clusters_of(design, cluster)
    full = fit_interactive(design, factors)
    without = []
    for group, label in enumerate(labels):
        keep = codes != group
        rows = replace(design.rows(keep), model_id=f"{design.model_id}: without {label}")
        without.append(fit_interactive(rows, factors, full.common[keep]).estimates)
    return jackknife_of(full.estimates, np.stack(without), labels)
