"""Weights of a twin: the mean of other places nearest to one place, exact, and whether it is one.

The nearest point of a convex hull is always one; the weights that give it need not be. Where they
are not, what the twin does afterwards is a matter of the solver's taste, or of the order of the
donors, and no result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pysyncon import Synth
from scipy.optimize import linprog, nnls

from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.errors import ProjectError

EXACT_FIT = 1e-7
"""A twin nearer than this, in standard deviations over places, repeats the place: no error left."""
SMALLEST_CHANGE = 1e-6
"""Weights that could move by less than this are unique but for rounding."""


@dataclass(frozen=True, eq=False)
class TwinWeights:
    """Weights by donor; `exact`: the twin repeats the place; `unique`: no other weights do so."""

    weights: pd.Series
    exact: bool
    unique: bool


class ExactSynth(Synth):
    """pysyncon's estimator with an exact solver of the weights for given predictor weights.

    The nearest point of a convex hull: min |D y|^2 + (sum y - 1)^2 over y >= 0, scaled to sum 1.
    For y = s x with x on the simplex the best s leaves f^2 / (1 + f^2) with f = |D x|, which
    grows with f, so x is the exact optimum; non-negative least squares finds y in finite steps.
    """

    @staticmethod
    def w_optimize(
        V_mat: np.ndarray,  # noqa: N803 - the library's names
        X0: np.ndarray,  # noqa: N803
        X1: np.ndarray,  # noqa: N803
        *_: object,
    ) -> tuple[np.ndarray, float]:
        """Weights (one a donor) and loss, as `Synth.w_optimize` gives them."""
        root = np.sqrt(np.diag(V_mat))[:, None]
        distance = root * (X0 - X1[:, None])
        raised = np.vstack([distance, np.ones(X0.shape[1])])
        target = np.append(np.zeros(len(X0)), 1.0)
        raw, _residual = nnls(raised, target)
        weights = raw / raw.sum()
        # The library's loss leaves out the part that does not hang on the weights.
        loss = 0.5 * np.sum((distance @ weights) ** 2) - 0.5 * X1 @ V_mat @ X1
        return weights, float(loss)


def twin_weights(
    rows: pd.DataFrame, outcomes: pd.DataFrame, place_id: str, donors: list[str]
) -> TwinWeights:
    """Weights of the donors for a place.

    Args:
        rows: what is matched, a row a predictor, a column a place; rows that are the same for all
            places tell nothing and are left out. outcomes: the same of the outcome alone.

    Raises:
        ProjectError: no row tells the places apart.
    """
    chosen = rows[[*donors, place_id]]
    told = chosen[chosen.std(axis=1) > 1e-12 * chosen.abs().max(axis=1).clip(lower=1e-12)]
    if told.empty:
        raise ProjectError(
            f"synthetic control of {place_id}: all places are the same in every year before the "
            "start; nothing to match"
        )
    library = ExactSynth()
    library.fit(
        X0=told[donors],
        X1=told[place_id],
        Z0=outcomes[donors],
        Z1=outcomes[place_id],
        custom_V=np.full(len(told), 1 / len(told)),
    )
    weights = pd.Series(library.W, index=donors, name="weight")
    spread = told.std(axis=1).to_numpy()
    distance = told[donors].sub(told[place_id], axis=0).to_numpy() / spread[:, None]
    left = distance @ np.asarray(weights, dtype=float)
    exact = bool(np.sqrt(np.mean(left**2)) < EXACT_FIT)
    return TwinWeights(
        weights, exact, _unique(distance, np.asarray(weights, dtype=float), left, exact)
    )


def _unique(distance: FloatArray, weights: FloatArray, left: FloatArray, exact: bool) -> bool:
    """Whether no other weights give the same twin (or, of an exact fit, another exact one).

    Weights can only move along directions that change nothing of the twin, sum to zero and take
    nothing from a donor without weight. A donor whose distance from the twin has a part along what
    is left to fit cannot enter; among the others the largest move is a linear programme.
    """
    outside = weights <= SMALLEST_CHANGE
    columns = np.vstack([distance, np.ones(len(weights))])
    held = np.linalg.svd(columns[:, ~outside], compute_uv=False)
    if len(held) < (~outside).sum() or held[-1] <= 1e-9 * held[0]:
        return False
    possible = outside.copy()
    if not exact:
        along = (distance - left[:, None]).T @ left
        possible &= along <= 1e-7 * np.abs(along).max()
    if not possible.any():
        return True
    moving = possible | ~outside
    entering = possible[moving]
    result = linprog(
        -entering.astype(float),
        A_eq=columns[:, moving],
        b_eq=np.zeros(len(columns)),
        bounds=[(0.0 if enters else -1.0, 1.0) for enters in entering],
        method="highs",
    )
    return bool(result.status == 0 and -result.fun < SMALLEST_CHANGE)
