"""Gap accounting: which driver gaps go with a gap in the outcome between two groups of rows.

The difference of means is split, after Oaxaca (1973) and Blinder (1973) with common coefficients,
into coefficient times difference of driver means, and a rest that the drivers do not explain (place
and year effects and residuals). Slopes may be those of the whole sample or of
one cluster (`slopes.OwnSlopes`); intervals come from their covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from karaganda_vibe.inference.cluster import Slopes
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.errors import ProjectError


@dataclass(frozen=True, eq=False)
class Gap:
    """A gap and its parts.

    Attributes:
        total: difference of mean outcomes, unit less comparator, in the outcome's units.
        parts: columns term, unit_mean, comparator_mean, gap, contribution, low, high; the last two
            rows are "explained" and "unexplained". contributions of drivers + unexplained = total.
    """

    total: float
    parts: pd.DataFrame


def _mean(values: FloatArray, weights: FloatArray) -> FloatArray:
    return np.asarray(weights @ values / weights.sum())


def gap_accounting(
    design: Design,
    slopes: Slopes,
    unit: NDArray[np.bool_],
    comparator: NDArray[np.bool_],
    *,
    weights: FloatArray | None = None,
    level: float = 0.95,
) -> Gap:
    """Split the gap in mean outcome between rows `unit` and rows `comparator` (n,) booleans.

    Args:
        weights: (n,) weights of the means (population, say); default equal. They need not be the
            estimation weights. Compare the same years on both sides, or year effects enter the
            unexplained part.

    Raises:
        ProjectError: one side is empty; a Poisson design (its gap is not a sum of parts).
    """
    if design.estimator == "ppml":
        raise ProjectError(
            f"model {design.model_id}: gap accounting needs a linear model; found ppml; use the "
            "rate model"
        )
    for side, rows in (("unit", unit), ("comparator", comparator)):
        if not rows.any():
            raise ProjectError(
                f"model {design.model_id}: gap accounting: the {side} has no rows in the sample; "
                "expected one or more; choose another unit or years"
            )
    importance = np.ones(design.n_obs) if weights is None else weights
    means = [_mean(design.regressors[rows], importance[rows]) for rows in (unit, comparator)]
    outcomes = [float(_mean(design.outcome[rows], importance[rows])) for rows in (unit, comparator)]
    gap = means[0] - means[1]
    total = outcomes[0] - outcomes[1]
    reach = float(stats.t.ppf((1 + level) / 2, slopes.df))
    contribution = slopes.estimates * gap
    se = np.abs(gap) * slopes.se
    explained = float(contribution.sum())
    explained_se = float(np.sqrt(gap @ slopes.covariance @ gap))
    parts = pd.DataFrame(
        {
            "term": list(design.terms),
            "unit_mean": means[0],
            "comparator_mean": means[1],
            "gap": gap,
            "contribution": contribution,
            "low": contribution - reach * se,
            "high": contribution + reach * se,
        }
    )
    rest, wide = total - explained, reach * explained_se
    sums = [
        ("explained", explained, explained - wide, explained + wide),
        ("unexplained", rest, rest - wide, rest + wide),
    ]
    tail = pd.DataFrame(sums, columns=["term", "contribution", "low", "high"])
    for column in ("unit_mean", "comparator_mean", "gap"):
        tail[column] = np.nan
    tail["unit_mean"], tail["comparator_mean"], tail["gap"] = outcomes[0], outcomes[1], total
    return Gap(total, pd.concat([parts, tail[parts.columns]], ignore_index=True))
