"""Which rows and drivers say anything: singletons, drivers without variation, scaled least squares.

Everything here works on plain arrays, so that each estimator asks the same questions of the columns
it really solves with: its own sample, its own fixed effects and its own working weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from karaganda_vibe.inference.within import FloatArray, IntArray
from karaganda_vibe.project.errors import ProjectError

CONSTANT_TOLERANCE = 1e-6
SINGULAR_TOLERANCE = 1e-5
# A double holds 16 digits; of a driver that varies in its last five nothing reliable is left.
LEVEL_TOLERANCE = 1e-11
# Residuals this small against the outcome are rounding: no standard error can be read off them.
EXACT_TOLERANCE = 1e-9


def singleton_rows(effects: Sequence[IntArray], rows: int) -> NDArray[np.bool_]:
    """(n,) rows alone in a level of a fixed effect, and those alone once such rows are gone.

    The level's own effect fits such a row whatever the drivers are, so it says nothing of them;
    counted as an observation it would shrink standard errors (Correia 2015, "Singletons,
    cluster-robust standard errors and fixed effects: a bad mix").
    """
    alone = np.zeros(rows, dtype=bool)
    while True:
        kept = ~alone
        for codes in effects:
            kept &= np.bincount(codes[kept], minlength=int(codes.max(initial=-1)) + 1)[codes] > 1
        if (kept == ~alone).all():
            return alone
        alone = ~kept


def column_sizes(columns: FloatArray) -> FloatArray:
    """(k,) Euclidean length of each column of `columns` (n, k)."""
    return np.asarray(np.sqrt((columns**2).sum(axis=0)))


def least_squares(outcome: FloatArray, regressors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coefficients (k,) and inverse cross product (k, k) of columns of any scale.

    Each column is divided by its own length first and the results are scaled back, so that a driver
    in tenge beside a share costs the share no digit. The columns must be independent (see
    `check_identified`); a column of zeros gets the coefficient zero.
    """
    size = column_sizes(regressors)
    size[size == 0] = 1.0
    scaled = regressors / size
    slope = np.linalg.lstsq(scaled, outcome, rcond=None)[0] / size
    inverse = np.linalg.pinv(scaled.T @ scaled, hermitian=True)
    return slope, inverse / np.outer(size, size)


def check_identified(
    where: str,
    terms: Sequence[str],
    effect_names: Sequence[str],
    regressors: FloatArray,
    residuals: FloatArray,
    weights: FloatArray | None,
) -> None:
    """Stop unless every driver has a coefficient of its own.

    Args:
        where: beginning of the error, "model net_core".
        regressors: (n, k) drivers as they are; residuals: (n, k) freed of the fixed effects and
            times the root of `weights` (n,).

    Raises:
        ProjectError: a driver that does not vary within the fixed effects, or is a combination of
            the others there; it is named.
    """
    if not len(terms):
        return
    effects = " + ".join(effect_names) or "the constant"
    importance = np.ones(len(regressors)) if weights is None else weights
    # Against the spread of the driver itself, so that units do not matter.
    mean = importance @ regressors / importance.sum()
    size = np.sqrt(importance @ (regressors - mean) ** 2)
    level = np.abs(regressors).max(axis=0) * np.sqrt(importance.sum())
    left = column_sizes(residuals)
    for position, term in enumerate(terms):
        least = max(CONSTANT_TOLERANCE * size[position], LEVEL_TOLERANCE * level[position])
        if left[position] <= least:
            raise ProjectError(
                f"{where}: driver {term} does not vary within the fixed effects ({effects}), so it "
                "has no coefficient of its own; take it out or use fewer fixed effects"
            )
    _, triangle, order = qr(residuals / left, mode="economic", pivoting=True)
    small = np.abs(np.diag(triangle)) < SINGULAR_TOLERANCE
    if small.any():
        first = int(np.flatnonzero(small)[0])
        shares = np.linalg.lstsq(triangle[:first, :first], triangle[:first, first], rcond=None)[0]
        partners = [terms[order[index]] for index in range(first) if abs(shares[index]) > 1e-6]
        raise ProjectError(
            f"{where}: singular design: within the fixed effects ({effects}) driver "
            f"{terms[order[first]]} is a combination of {', '.join(partners)}; leave one out"
        )


def check_scatter(where: str, outcome_name: str, left: float, total: float, level: float) -> None:
    """Stop if there is nothing to explain, or nothing left unexplained.

    Args:
        left, total: length of the residuals and of the outcome freed of the fixed effects; level:
            length of the outcome as it is.

    Raises:
        ProjectError: the outcome does not vary within the fixed effects, or the drivers give it
            exactly, so that its residuals are rounding.
    """
    if total <= LEVEL_TOLERANCE * level or total == 0:
        raise ProjectError(
            f"{where}: {outcome_name} does not vary within the fixed effects; expected something "
            "to explain; check the outcome column or use fewer fixed effects"
        )
    if left <= EXACT_TOLERANCE * total:
        raise ProjectError(
            f"{where}: the drivers give {outcome_name} exactly; expected some scatter; take out "
            "the driver that repeats the outcome"
        )
