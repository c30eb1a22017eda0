"""Many drivers, one family: p-values that allow for having looked at all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from karaganda_vibe.inference.wild_bootstrap import WildTest
from karaganda_vibe.inference.within import FloatArray


def holm(p_values: ArrayLike) -> FloatArray:
    """(m,) step-down adjusted p-values of Holm (1979); valid under any dependence."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def romano_wolf(tests: Sequence[WildTest]) -> FloatArray:
    """(m,) step-down adjusted p-values from the joint bootstrap t-statistics of a family.

    The largest |t| is compared with the draws' largest |t*| over the family, the next with the
    largest over those not yet passed, and so on (Romano and Wolf 2005, 2016). The tests must come
    from one call, so that they share their draws.
    """
    if not tests:
        return np.empty(0)
    observed = np.array([abs(test.t_observed) for test in tests])
    draws = np.abs(np.stack([test.t_draws for test in tests]))
    order = np.argsort(-observed, kind="stable")
    # Row i: the largest |t*| among the hypotheses ranked i or later.
    largest = np.maximum.accumulate(draws[order][::-1], axis=0)[::-1]
    extreme = (largest >= observed[order][:, None] * (1 - 1e-10)).sum(axis=1)
    stepwise = np.maximum.accumulate((1 + extreme) / (draws.shape[1] + 1))
    adjusted = np.empty(len(tests))
    adjusted[order] = stepwise
    return adjusted


def passing_sizes(tests: Sequence[WildTest], level: float = 0.05) -> FloatArray:
    """(m,) smallest estimates that Romano and Wolf's first step would call told from zero.

    The (1 - level) quantile of the family's largest |t*| times each test's own standard error
    (estimate over t), in the units of the estimate: the same criterion that the verdict uses.
    """
    if not tests:
        return np.empty(0)
    largest = np.abs(np.stack([test.t_draws for test in tests])).max(axis=0)
    # p = (1 + draws as large) / (B + 1) must stay below the level: so many draws may be larger.
    allowed = int(np.ceil(level * (len(largest) + 1))) - 2
    critical = float(np.sort(largest)[::-1][max(allowed, 0)])
    errors = np.array([abs(test.estimate / test.t_observed) for test in tests])
    return np.asarray(critical * errors)
