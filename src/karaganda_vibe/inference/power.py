"""What a design could have found: minimum detectable effects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import optimize, stats

from karaganda_vibe.project.errors import ProjectError


@dataclass(frozen=True)
class DetectableEffect:
    """The smallest true effect that would be found with the stated power.

    Attributes:
        term: driver; change: the stated change of the driver, in the driver's units (a 10 % rise
            of a logged driver is log(1.1)); effect: the outcome's units for that change, above
            zero; multiple: how many standard errors that is.
    """

    term: str
    change: float
    effect: float
    multiple: float


@cache
def detectable_multiple(df: int, power: float = 0.8, size: float = 0.05) -> float:
    """Standard errors that a true effect must measure to be found with `power` at `size`.

    Solves P(|T| > t_crit) = power for the noncentral t with `df` degrees of freedom.
    """
    critical = stats.t.ppf(1 - size / 2, df)

    def shortfall(shift: float) -> float:
        found = stats.nct.sf(critical, df, shift) + stats.nct.cdf(-critical, df, shift)
        return float(found) - power

    # Far above the root the noncentral t is not computable; the root is never that far out.
    return float(optimize.brentq(shortfall, 0.0, critical + 1.5 * stats.t.ppf(power, df) + 0.5))


def minimum_detectable_effect(
    term: str, se: float, clusters: int, change: float = 1.0, power: float = 0.8, size: float = 0.05
) -> DetectableEffect:
    """Minimum detectable effect of a `change` in the driver, from its CRV3 standard error.

    Raises:
        ProjectError: a standard error that is not a positive number.
    """
    if not (np.isfinite(se) and se > 0):
        raise ProjectError(
            f"minimum detectable effect of {term}: the standard error is {se}; "
            "expected a positive number; estimate the model first"
        )
    multiple = detectable_multiple(clusters - 1, power, size)
    return DetectableEffect(term, change, multiple * se * abs(change), multiple)
