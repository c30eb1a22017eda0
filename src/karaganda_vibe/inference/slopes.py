"""Slopes of single clusters, drawn together by their scatter (random effects, empirical Bayes).

Each cluster's own slope comes from the model on its rows alone. The slopes of a driver are then
taken as draws from a distribution of mean m and standard deviation tau: tau by restricted
likelihood, the mean's interval by Knapp and Hartung (2003), heterogeneity by Cochran's Q and I2
(Higgins and Thompson 2002), the slope of a new cluster by a prediction interval (Higgins, Thompson
and Spiegelhalter 2009). A cluster's shrunk slope lies between its own and the mean, the more to the
mean the less its own data say (Morris 1983).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from karaganda_vibe.inference.cluster import clusters_of
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.linear import fit_linear
from karaganda_vibe.inference.robustness import jackknife
from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.rounding import snapped

METHODS = ("reml", "dl")


@dataclass(frozen=True, eq=False)
class RandomSlopes:
    """Slopes of K clusters drawn together.

    Attributes:
        labels: (K,) clusters; own, own_se: (K,) their slopes and standard errors.
        mean, mean_se: of the distribution, Knapp and Hartung's standard error, t(K-1).
        tau: standard deviation between clusters; q, q_p: Cochran's Q and its chi2(K-1) p;
        i2: share of the scatter that is no sampling error (0 to 1).
        shrunk, shrunk_se: (K,) slopes drawn to the mean, the mean's uncertainty included.
    """

    labels: NDArray
    own: FloatArray
    own_se: FloatArray
    mean: float
    mean_se: float
    tau: float
    q: float
    q_p: float
    i2: float
    shrunk: FloatArray
    shrunk_se: FloatArray

    @property
    def df(self) -> int:
        """Degrees of freedom of the intervals: clusters less one."""
        return len(self.own) - 1

    def reach(self, level: float = 0.95) -> float:
        """Standard errors from an estimate to the end of its interval, by t(K-1)."""
        return float(stats.t.ppf((1 + level) / 2, self.df))

    def mean_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Of the mean slope."""
        wide = self.reach(level) * self.mean_se
        return self.mean - wide, self.mean + wide

    def prediction_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Where the slope of a cluster not seen would lie, by t(K-2)."""
        spread = float(np.hypot(self.tau, self.mean_se))
        wide = float(stats.t.ppf((1 + level) / 2, self.df - 1)) * spread
        return self.mean - wide, self.mean + wide


def between_variance(own: FloatArray, own_se: FloatArray, method: str = "reml") -> float:
    """tau squared of slopes `own` (K,) with standard errors `own_se` (K,).

    Args:
        method: "reml" (restricted likelihood) or "dl" (DerSimonian and Laird 1986).
    """
    variances = own_se**2
    if method == "dl":
        weights = 1 / variances
        mean = float(weights @ own / weights.sum())
        q = float(weights @ (own - mean) ** 2)
        scale = float(weights.sum() - (weights**2).sum() / weights.sum())
        return max(0.0, (q - (len(own) - 1)) / scale)
    if method != "reml":
        raise ProjectError(f"slopes: unknown method {method!r}; expected one of {METHODS}")

    def deviance(tau2: float) -> float:
        total = variances + tau2
        weights = 1 / total
        mean = weights @ own / weights.sum()
        return float(
            np.log(total).sum() + np.log(weights.sum()) + (weights * (own - mean) ** 2).sum()
        )

    widest = float(own.var(ddof=1) + variances.max()) * 4
    # The likelihood can have a second hill at zero: a grid first, then the best cell.
    grid = widest * np.linspace(0, 1, 401) ** 2
    best = int(np.argmin([deviance(tau2) for tau2 in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(
        deviance, bounds=(low, high), method="bounded", options={"xatol": 1e-12 * widest}
    )
    return 0.0 if deviance(0.0) <= float(found.fun) else float(found.x)


def random_slopes(
    labels: ArrayLike, own: ArrayLike, own_se: ArrayLike, method: str = "reml"
) -> RandomSlopes:
    """Draw slopes together.

    Raises:
        ProjectError: fewer than three slopes; a slope or a standard error that is no number.
    """
    slopes, errors = np.asarray(own, dtype=float), np.asarray(own_se, dtype=float)
    names = np.asarray(labels)
    if len(slopes) < 3 or not (np.isfinite(slopes).all() and (errors > 0).all()):
        raise ProjectError(
            f"slopes: {len(slopes)} slopes with standard errors {errors.tolist()}; expected three "
            "or more slopes and errors above zero; leave out clusters that have none"
        )
    tau2 = between_variance(slopes, errors, method)
    weights = 1 / (errors**2 + tau2)
    mean = float(weights @ slopes / weights.sum())
    scatter = float(weights @ (slopes - mean) ** 2) / (len(slopes) - 1)
    # Never narrower than the scale that the weights claim (the usual guard on Knapp and Hartung).
    mean_variance = max(scatter, 1.0) / float(weights.sum())
    fixed = 1 / errors**2
    q = float(fixed @ (slopes - fixed @ slopes / fixed.sum()) ** 2)
    df = len(slopes) - 1
    pull = errors**2 / (errors**2 + tau2)
    shrunk = slopes + pull * (mean - slopes)
    shrunk_variance = (1 - pull) * errors**2 + pull**2 * mean_variance
    return RandomSlopes(
        labels=names,
        own=slopes,
        own_se=errors,
        mean=float(snapped(np.array(mean))),
        mean_se=float(np.sqrt(mean_variance)),
        tau=float(np.sqrt(tau2)),
        q=q,
        q_p=float(stats.chi2.sf(q, df)),
        i2=max(0.0, (q - df) / q) if q > 0 else 0.0,
        shrunk=snapped(shrunk),
        shrunk_se=np.sqrt(shrunk_variance),
    )


def cluster_slopes(design: Design) -> tuple[NDArray, FloatArray, FloatArray]:
    """Every cluster's own slopes: labels (K,), slopes (K, k), standard errors (K, k).

    The model is estimated on each cluster's rows alone, effects of years included: shocks that
    strike a whole cluster drop out, and no error is shared between clusters (with years in common
    all slopes would err together, and their mean would look surer than it is). Standard errors
    leave out one place after the other.

    Raises:
        ProjectError: a driver that does not vary within a cluster.
    """
    codes, labels = clusters_of(design, "region")
    slopes, errors = [], []
    for group, label in enumerate(labels):
        rows = replace(design.rows(codes == group), model_id=f"{design.model_id}: {label} alone")
        spread = jackknife(fit_linear(rows.without_singletons()), "place")
        slopes.append(spread.estimates)
        errors.append(spread.se)
    return labels, np.stack(slopes), np.stack(errors)


@dataclass(frozen=True, eq=False)
class OwnSlopes:
    """The slopes to use for one cluster, in the form in which scenarios and gaps ask for them.

    Attributes:
        estimates, se: (k,) shrunk slopes of the cluster and their standard errors.
        df: degrees of freedom of their intervals.
    """

    estimates: FloatArray
    se: FloatArray
    df: int

    @property
    def covariance(self) -> FloatArray:
        """(k, k) slopes of different drivers are drawn together apart: no covariances."""
        return np.diag(self.se**2)


def slopes_by_driver(design: Design, method: str = "reml") -> dict[str, RandomSlopes]:
    """The random slopes of every driver of a design, by term."""
    labels, own, own_se = cluster_slopes(design)
    return {
        term: random_slopes(labels, own[:, position], own_se[:, position], method)
        for position, term in enumerate(design.terms)
    }


def slopes_of(slopes: dict[str, RandomSlopes], label: str) -> OwnSlopes:
    """The shrunk slopes of the cluster `label`.

    Raises:
        ProjectError: the cluster has none.
    """
    first = next(iter(slopes.values()))
    if label not in first.labels:
        raise ProjectError(
            f"slopes: no cluster {label!r}; expected one of {', '.join(map(str, first.labels))}"
        )
    at = int(np.flatnonzero(first.labels == label)[0])
    return OwnSlopes(
        np.array([each.shrunk[at] for each in slopes.values()]),
        np.array([each.shrunk_se[at] for each in slopes.values()]),
        first.df,
    )
