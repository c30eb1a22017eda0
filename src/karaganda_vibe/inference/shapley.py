"""Share of the explained within variation that goes with each driver (Shapley, LMG).

A driver's share is the rise in within R2 on adding it, averaged over every order in which the
drivers could be added (Lindeman, Merenda and Gold 1980; Shapley 1953). It describes association in
this sample, not cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numpy as np

from karaganda_vibe.inference.cluster import CrossProducts, without_dummies
from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.errors import ProjectError

MOST_DRIVERS = 12
# Numbers held at once in the doubling over subsets; bounds memory to about 100 MB.
CHUNK_NUMBERS = 12_000_000


@dataclass(frozen=True, eq=False)
class Shapley:
    """Decomposition of within R2.

    Attributes:
        terms: (k,) drivers; shares: (k,) parts of within R2, summing to `r2_within`.
        low, high: (k,) percentile interval over bootstrap samples of whole clusters.
        r2_low, r2_high: the same for within R2.
    """

    terms: tuple[str, ...]
    shares: FloatArray
    low: FloatArray
    high: FloatArray
    r2_within: float
    r2_low: float
    r2_high: float


def _explained_by_subset(products: FloatArray) -> FloatArray:
    """(D, 2^k) share of the outcome explained by each subset of drivers.

    Args:
        products: (D, k+1, k+1) cross products, outcome last. Bit j of the subset number says
            whether driver j is in. Each step doubles the table: once as it is, once with the
            driver swept out; a driver's own row is not needed after its step.
    """
    draws, size, _ = products.shape
    total = products[:, -1, -1]
    tolerance = 1e-10 * np.diagonal(products, axis1=1, axis2=2)
    tables = products[:, None]
    for step in range(size - 1):
        pivot = tables[:, :, 0, 0]
        column = tables[:, :, 1:, 0]
        rest = tables[:, :, 1:, 1:]
        usable = pivot > tolerance[:, step, None]
        inverse = np.where(usable, 1.0 / np.where(usable, pivot, 1.0), 0.0)
        swept = rest - column[..., :, None] * (column * inverse[..., None])[..., None, :]
        tables = np.concatenate([rest, swept], axis=1)
    return 1.0 - tables.reshape(draws, -1) / total[:, None]


def _shares(products: FloatArray) -> FloatArray:
    """(D, k) Shapley shares of each draw's cross products (D, k+1, k+1)."""
    drivers = products.shape[-1] - 1
    explained = _explained_by_subset(products)
    subsets = np.arange(2**drivers)
    members = np.array([bin(subset).count("1") for subset in subsets])
    weight = np.array(
        [
            factorial(count) * factorial(drivers - count - 1) / factorial(drivers)
            for count in range(drivers)
        ]
    )
    shares = np.empty((len(products), drivers))
    for driver in range(drivers):
        without = subsets[(subsets >> driver) & 1 == 0]
        gain = explained[:, without | (1 << driver)] - explained[:, without]
        shares[:, driver] = gain @ weight[members[without]]
    return shares


def shapley(cross: CrossProducts, draws: int = 999, seed: int = 1, level: float = 0.95) -> Shapley:
    """Shapley shares of within R2 with percentile intervals from resampled clusters.

    Fixed effects that cross the clusters are estimated anew in every bootstrap sample.

    Raises:
        ProjectError: more than 12 drivers.
    """
    if cross.drivers > MOST_DRIVERS:
        raise ProjectError(
            f"model {cross.model_id}: Shapley shares of {cross.drivers} drivers; expected at most "
            f"{MOST_DRIVERS}; merge or leave out drivers"
        )
    groups = len(cross.labels)
    generator = np.random.default_rng(seed)
    times = generator.multinomial(groups, np.full(groups, 1 / groups), size=draws)
    times = np.concatenate([np.ones((1, groups)), times])
    # One more driver step holds 2^j tables of (k+1-j)^2 numbers; the largest is near 9 * 2^k / 4.
    step = max(1, CHUNK_NUMBERS // (4 * 2**cross.drivers + cross.products[0].size))
    flat = cross.products.reshape(groups, -1)
    parts = []
    for start in range(0, len(times), step):
        some = (times[start : start + step] @ flat).reshape(-1, *cross.products.shape[1:])
        parts.append(_shares(without_dummies(some, cross.drivers)))
    shares = np.concatenate(parts)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(shares[1:], tails, axis=0)
    sums = shares.sum(axis=1)
    r2_low, r2_high = np.quantile(sums[1:], tails)
    return Shapley(cross.terms, shares[0], low, high, float(sums[0]), float(r2_low), float(r2_high))
