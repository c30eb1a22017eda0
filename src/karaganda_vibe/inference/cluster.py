"""Cluster-robust covariance (CR1) and the cluster jackknife (CRV3).

Everything for least squares works from one small array: the cross products of [drivers, crossing
dummies, outcome] within each cluster. Fixed effects that lie inside clusters (places inside
regions, region-years inside regions) are swept out first: leaving a cluster out takes them along,
so nothing changes for the others. Effects that cross clusters (years, when clusters are regions)
stay as dummies in the cross products and are therefore estimated anew whenever a cluster is left
out or drawn again.

Sources: MacKinnon, Nielsen and Webb (2023), "Fast and reliable jackknife and bootstrap methods for
cluster-robust inference"; Bell and McCaffrey (2002); Cameron and Miller (2015).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.linear import Fit
from karaganda_vibe.inference.poisson import fit_poisson
from karaganda_vibe.inference.within import (
    Absorber,
    FloatArray,
    IntArray,
    indicator,
    is_nested,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.rounding import snapped

PSEUDO_INVERSE_TOLERANCE = 1e-11
# More crossing dummies than this and the cross products would not be small any more.
MOST_CROSSING = 1500


def cluster_sums(values: FloatArray, codes: IntArray) -> FloatArray:
    """(G, m) sums of `values` (n, m) by cluster code (n,)."""
    return np.asarray(indicator(codes).T @ values)


def clusters_of(design: Design, cluster: str) -> tuple[IntArray, NDArray]:
    """Codes (n,) and labels (G,) of two or more clusters.

    Raises:
        ProjectError: one cluster only; its spread from the others cannot be known.
    """
    codes, labels = design.cluster(cluster)
    if len(labels) < 2:
        raise ProjectError(
            f"model {design.model_id}: one {cluster} in the sample; expected two or more clusters "
            "to tell chance from effect; widen the sample or cluster otherwise"
        )
    return codes, labels


def cr1_covariance(fit: Fit, cluster: str) -> FloatArray:
    """(k, k) CR1 covariance: G/(G-1) * (n-1)/(n-K) times the sandwich of cluster scores.

    K counts the drivers and the fixed effects that are not nested in the clusters (as reghdfe and
    Stata's xtreg do); nested ones cost nothing because the clusters already allow for them.
    """
    design = fit.design
    codes, labels = clusters_of(design, cluster)
    groups = len(labels)
    sums = cluster_sums(fit.scores, codes)
    return cr1_factor(design, codes, groups) * fit.bread @ (sums.T @ sums) @ fit.bread


def cr1_factor(design: Design, codes: IntArray, groups: int) -> float:
    """The small-sample factor of `cr1_covariance`."""
    crossing = [effect for effect in design.effects if not is_nested(effect, codes)]
    parameters = len(design.terms)
    if crossing:
        nested = [effect for effect in design.effects if is_nested(effect, codes)]
        alone = Absorber(nested, design.n_obs).absorbed if nested else 0
        parameters += design.absorber.absorbed - alone
    elif not design.effects:
        parameters += 1
    rows = design.n_obs
    return groups / (groups - 1) * (rows - 1) / (rows - parameters)


@dataclass(frozen=True, eq=False)
class CrossProducts:
    """Cross products within clusters.

    Attributes:
        products: (G, K+1, K+1) of [k drivers, crossing dummies, outcome], each column divided by
            its own size so that the arithmetic is well conditioned; `scale` (K+1,) undoes it.
        drivers: k. The outcome is the last column.
        labels: (G,) cluster labels.
        model_id, terms: for errors.
    """

    products: FloatArray
    scale: FloatArray
    drivers: int
    labels: NDArray
    model_id: str
    terms: tuple[str, ...]

    @property
    def total(self) -> FloatArray:
        """(K+1, K+1) cross products of the whole sample."""
        return self.products.sum(axis=0)

    @property
    def driver_units(self) -> FloatArray:
        """(k,) outcome units per driver unit: turns scaled coefficients into real ones."""
        return self.scale[-1] / self.scale[: self.drivers]


def cross_products(
    design: Design,
    cluster: str = "region",
    *,
    outcome: FloatArray | None = None,
    weights: FloatArray | None = None,
) -> CrossProducts:
    """Cross products of a linear design by cluster.

    Args:
        outcome, weights: (n,) in place of the design's own (the working response and weights of a
            Poisson model, say).

    Raises:
        ProjectError: more than 1,500 dummies cross the clusters.
    """
    codes, labels = clusters_of(design, cluster)
    target = design.outcome if outcome is None else outcome
    used = design.weights if weights is None else weights
    columns = np.column_stack([design.regressors, target])
    nested = [effect for effect in design.effects if is_nested(effect, codes)]
    crossing = [effect for effect in design.effects if not is_nested(effect, codes)]
    # The effects of the whole sample are taken out of drivers and outcome first: that changes no
    # estimate and keeps large common trends from eating the digits.
    columns = Absorber(design.effects, design.n_obs, used).residuals(columns)
    dummies = [indicator(effect).toarray() for effect in crossing]
    if not design.effects:
        dummies = [np.ones((design.n_obs, 1))]
    size = sum(block.shape[1] for block in dummies)
    if size > MOST_CROSSING:
        raise ProjectError(
            f"model {design.model_id}: {size} fixed effects cross the {cluster} clusters; expected "
            f"at most {MOST_CROSSING}; use another cluster or fewer effects"
        )
    if dummies:
        block = np.column_stack(dummies)
        if nested:
            block = Absorber(nested, design.n_obs, used).residuals(block)
        columns = np.column_stack([columns[:, :-1], block, columns[:, -1:]])
    if used is not None:
        columns = columns * np.sqrt(used)[:, None]
    return products_by_cluster(columns, codes, labels, design)


def products_by_cluster(
    columns: FloatArray, codes: IntArray, labels: NDArray, design: Design, least: float = 0.0
) -> CrossProducts:
    """Cross products of `columns` (n, m), brought to one scale, by the clusters `codes` (n,).

    A column no longer than `least` is nothing but rounding and keeps its scale.
    """
    scale = np.sqrt((columns**2).sum(axis=0))
    scale[scale <= least] = 1.0
    columns = columns / scale
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(labels) + 1))
    ordered = columns[order]
    products = np.stack(
        [ordered[start:stop].T @ ordered[start:stop] for start, stop in pairwise(starts)]
    )
    return CrossProducts(products, scale, len(design.terms), labels, design.model_id, design.terms)


def without_dummies(products: FloatArray, drivers: int) -> FloatArray:
    """(..., k+1, k+1) cross products of drivers and outcome once the crossing dummies are out.

    Args:
        products: (..., K+1, K+1), drivers first, outcome last, dummies between.
    """
    size = products.shape[-1]
    kept = [*range(drivers), size - 1]
    dummies = list(range(drivers, size - 1))
    core = products[..., kept, :][..., :, kept]
    if not dummies:
        return core
    middle = products[..., dummies, :][..., :, dummies]
    side = products[..., dummies, :][..., :, kept]
    inverse = np.linalg.pinv(middle, rcond=PSEUDO_INVERSE_TOLERANCE, hermitian=True)
    return core - np.swapaxes(side, -1, -2) @ inverse @ side


class Slopes(Protocol):
    """What a scenario or a gap needs of a model: its slopes and how sure they are.

    Attributes:
        estimates, se: (k,) slopes and standard errors; covariance: (k, k); df: of their t.
    """

    @property
    def estimates(self) -> FloatArray: ...

    @property
    def se(self) -> FloatArray: ...

    @property
    def covariance(self) -> FloatArray: ...

    @property
    def df(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Jackknife:
    """Estimates with each cluster left out, and what follows from them.

    Attributes:
        estimates: (k,) of the full sample.
        without: (G, k) with one cluster left out.
        labels: (G,) the cluster left out.
        covariance: (k, k) CRV3: (G-1)/G times the sum of squared deviations from the full sample.
    """

    estimates: FloatArray
    without: FloatArray
    labels: NDArray
    covariance: FloatArray

    @property
    def se(self) -> FloatArray:
        """(k,) CRV3 standard errors."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def df(self) -> int:
        """Degrees of freedom of the t distribution: clusters less one."""
        return len(self.labels) - 1

    def interval(self, level: float = 0.95) -> FloatArray:
        """(k, 2) interval by t(G-1), in as many digits as the estimates have."""
        reach = stats.t.ppf((1 + level) / 2, self.df) * self.se
        return snapped(np.column_stack([self.estimates - reach, self.estimates + reach]))

    @property
    def p_values(self) -> FloatArray:
        """(k,) two-sided p by t(G-1)."""
        return 2 * stats.t.sf(np.abs(self.estimates) / self.se, self.df)


def jackknife_of(estimates: FloatArray, without: FloatArray, labels: NDArray) -> Jackknife:
    """The jackknife from (k,) estimates and (G, k) estimates without each cluster."""
    groups = len(labels)
    spread = without - estimates
    return Jackknife(estimates, without, labels, (groups - 1) / groups * spread.T @ spread)


def jackknife_linear(cross: CrossProducts) -> Jackknife:
    """Cluster jackknife of least squares from cross products, all effects re-estimated.

    Raises:
        ProjectError: a driver has no coefficient once one cluster is left out.
    """
    drivers = cross.drivers
    total = cross.total
    groups = len(cross.labels)
    # Sums over the other clusters, not the total less one: nothing cancels.
    others = (1.0 - np.eye(groups)) @ cross.products.reshape(groups, -1)
    stacked = np.concatenate([total[None], others.reshape(cross.products.shape)])
    reduced = without_dummies(stacked, drivers)
    inner, right = reduced[:, :drivers, :drivers], reduced[:, :drivers, drivers]
    left = np.diagonal(inner, axis1=1, axis2=2).clip(0)
    weakest = np.linalg.eigvalsh(inner / np.sqrt(left[:, :, None] * left[:, None, :]).clip(1e-300))
    lost = (left < 1e-12) | (weakest[:, :1] < 1e-13)
    if lost.any():
        row = int(np.flatnonzero(lost.any(axis=1))[0])
        term = cross.terms[int(np.argmin(left[row]))]
        label = "no cluster" if row == 0 else str(cross.labels[row - 1])
        raise ProjectError(
            f"model {cross.model_id}: without {label} the driver {term} has no coefficient of its "
            "own; expected variation in two or more clusters; take the driver out"
        )
    solved = np.linalg.solve(inner, right[..., None])[..., 0] * cross.driver_units
    return jackknife_of(solved[0], solved[1:], cross.labels)


def jackknife_poisson(fit: Fit, cluster: str = "region") -> Jackknife:
    """Cluster jackknife of a Poisson model: refitted without each cluster, from a warm start."""
    codes, labels = clusters_of(fit.design, cluster)
    without = np.empty((len(labels), len(fit.estimates)))
    for group, label in enumerate(labels):
        keep = codes != group
        rows = replace(fit.design.rows(keep), model_id=f"{fit.design.model_id}: without {label}")
        refitted = fit_poisson(rows, start=fit.fitted[keep], explained=False)
        without[group] = refitted.estimates
    return jackknife_of(fit.estimates, without, labels)
