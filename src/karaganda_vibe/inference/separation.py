"""Zero counts that a Poisson model would predict perfectly: found exactly, by linear programming.

A zero row is separated if some combination of drivers and fixed effects is 0 on every positive row,
at most 0 on every zero row and below 0 on this one: along it the likelihood rises for ever, the
row's expected count runs to zero and takes the coefficients along. Such rows, and only such rows,
must be left out (Correia, Guimaraes and Zylkin 2019, "Verifying the existence of maximum likelihood
estimates for generalized linear models"). The sum of two such combinations is one again, so one
linear programme that separates as many rows as it can finds them all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from karaganda_vibe.inference.identification import SINGULAR_TOLERANCE, column_sizes
from karaganda_vibe.inference.within import Absorber, FloatArray, IntArray, indicator, integer_codes
from karaganda_vibe.project.errors import ProjectError

# The finest feasibility that HiGHS takes.
FEASIBLE = 1e-10
# A combination counts if on positive rows it is this much smaller than on the rows it separates.
CERTAIN = 1e-5


def separated_rows(
    where: str, outcome: FloatArray, regressors: FloatArray, effects: Sequence[IntArray]
) -> NDArray[np.bool_]:
    """(n,) rows whose zero counts a combination of drivers and fixed effects predicts perfectly.

    Args:
        where: beginning of an error, "model net_core".
        outcome: (n,) counts; regressors: (n, k) in any units; effects: codes (n,) each. Without
            effects there is one constant.

    Raises:
        ProjectError: the linear programme has no answer.
    """
    positive = outcome > 0
    found = np.zeros(len(outcome), dtype=bool)
    if positive.all():
        return found
    # Rows of a level without any positive count need no programme.
    for codes in effects:
        sums = np.bincount(codes, weights=positive, minlength=int(codes.max()) + 1)
        found |= sums[codes] == 0
    while not found.all():
        kept = ~found
        parts = [integer_codes(codes[kept])[0] for codes in effects]
        more = _by_programme(where, positive[kept], regressors[kept], parts)
        if not more.any():
            return found
        found[np.flatnonzero(kept)[more]] = True
    return found


def _by_programme(
    where: str, positive: NDArray[np.bool_], regressors: FloatArray, effects: Sequence[IntArray]
) -> NDArray[np.bool_]:
    nothing = np.zeros(len(positive), dtype=bool)
    if positive.all() or (positive.any() and _settled(positive, regressors, effects)):
        return nothing
    centred = regressors - regressors.mean(axis=0)
    size = np.abs(centred).max(axis=0, initial=0.0)
    scaled = centred / np.where(size > 0, size, 1.0)
    dummies = [indicator(codes) for codes in effects] or [np.ones((len(positive), 1))]
    matrix = sparse.hstack([sparse.csr_matrix(scaled), *dummies]).tocsr()
    zeros, columns = np.flatnonzero(~positive), matrix.shape[1]
    drop = sparse.identity(len(zeros), format="csr")
    free = sparse.csr_matrix((int(positive.sum()), len(zeros)))
    result = linprog(
        np.concatenate([np.zeros(columns), -np.ones(len(zeros))]),
        A_ub=sparse.hstack([matrix[zeros], drop]),
        b_ub=np.zeros(len(zeros)),
        A_eq=sparse.hstack([matrix[positive], free]) if positive.any() else None,
        b_eq=np.zeros(int(positive.sum())) if positive.any() else None,
        bounds=[(None, None)] * columns + [(0.0, 1.0)] * len(zeros),
        method="highs",
        options={"primal_feasibility_tolerance": FEASIBLE, "dual_feasibility_tolerance": FEASIBLE},
    )
    if result.status != 0:
        raise ProjectError(
            f"{where}: the search for perfectly predicted zero counts ended without an answer "
            f"({' '.join(str(result.message).split())}); expected drivers of usable scale; look "
            "for a driver that hardly varies"
        )
    combination = matrix @ result.x[:columns]
    slack = np.abs(combination[positive]).max(initial=0.0)
    slack = max(slack, float(combination[zeros].max(initial=0.0)), FEASIBLE)
    separated = nothing.copy()
    separated[zeros] = -combination[zeros] > slack / CERTAIN
    return separated


def _settled(
    positive: NDArray[np.bool_], regressors: FloatArray, effects: Sequence[IntArray]
) -> bool:
    """Whether the positive rows alone pin every driver and effect, so that nothing can separate."""
    count = int(positive.sum())
    part = Absorber([codes[positive] for codes in effects], count)
    whole = Absorber(effects, len(positive))
    if part.absorbed < whole.absorbed:
        return False
    if not regressors.shape[1]:
        return True
    left = part.residuals(regressors[positive])
    size = column_sizes(left)
    if (size <= SINGULAR_TOLERANCE * column_sizes(whole.residuals(regressors))).any():
        return False
    return bool(np.linalg.svd(left / size, compute_uv=False)[-1] > SINGULAR_TOLERANCE)
