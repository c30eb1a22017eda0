"""Moran's I: do neighbours' residuals look alike, more than chance would have it?

Source: Moran (1950); Cliff and Ord (1981) for the permutation test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.spatial import cKDTree

from karaganda_vibe.inference.within import FloatArray, integer_codes
from karaganda_vibe.project.errors import ProjectError


@dataclass(frozen=True)
class Moran:
    """Moran's I of one cross-section.

    Attributes:
        statistic: I, about `expected` = -1/(n-1) without spatial pattern, towards 1 with it.
        p_value: two-sided, share of permutations at least as far from their mean.
        n: number of places; permutations: how many.
    """

    statistic: float
    expected: float
    p_value: float
    n: int
    permutations: int


def nearest_neighbour_weights(
    latitude: ArrayLike, longitude: ArrayLike, neighbours: int = 5
) -> sparse.csr_matrix:
    """(n, n) row-standardised weights of the k nearest places by great-circle distance.

    Args:
        latitude, longitude: (n,) degrees.
    """
    lat, lon = np.radians(np.asarray(latitude, float)), np.radians(np.asarray(longitude, float))
    if not (np.isfinite(lat).all() and np.isfinite(lon).all()):
        raise ProjectError("neighbours: a latitude or longitude is missing; fill in metadata")
    if not 0 < neighbours < len(lat):
        raise ProjectError(
            f"neighbours: {neighbours} nearest of {len(lat)} places; expected fewer than the places"
        )
    points = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    _, index = cKDTree(points).query(points, k=neighbours + 1)
    rows = np.repeat(np.arange(len(lat)), neighbours + 1)
    columns = index.ravel()
    matrix = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(lat),) * 2)
    matrix.setdiag(0)
    matrix.eliminate_zeros()
    return _row_standardised(matrix)


def same_group_weights(groups: ArrayLike) -> sparse.csr_matrix:
    """(n, n) row-standardised weights: places of the same region are neighbours."""
    codes, _ = integer_codes(groups)
    matrix = sparse.csr_matrix((codes[:, None] == codes[None, :]).astype(float))
    matrix.setdiag(0)
    matrix.eliminate_zeros()
    return _row_standardised(matrix)


def _row_standardised(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    return sparse.csr_matrix(sparse.diags(1.0 / np.where(sums > 0, sums, 1.0)) @ matrix)


def moran(
    values: FloatArray, weights: sparse.csr_matrix, permutations: int = 999, seed: int = 1
) -> Moran:
    """Moran's I of `values` (n,) under `weights` (n, n) with a seeded permutation p-value.

    Raises:
        ProjectError: no neighbours at all, or values that do not vary.
    """
    centred = np.asarray(values, float) - np.mean(values)
    size = float(centred @ centred)
    total = float(weights.sum())
    if total <= 0 or size <= 0:
        raise ProjectError(
            "Moran's I: no neighbours or no variation; expected both; check places and residuals"
        )
    # In the order of the values, so that no seeded permutation hangs on the order of the places.
    order = np.argsort(centred, kind="stable")
    centred, weights = centred[order], weights[order][:, order]
    rows = len(centred)
    factor = rows / (total * size)
    observed = factor * float(centred @ (weights @ centred))
    generator = np.random.default_rng(seed)
    shuffled = generator.permuted(np.tile(centred, (permutations, 1)), axis=1)
    draws = factor * np.einsum("pn,np->p", shuffled, weights @ shuffled.T)
    expected = -1.0 / (rows - 1)
    extreme = np.abs(draws - expected) >= abs(observed - expected) * (1 - 1e-12)
    p_value = (1 + int(extreme.sum())) / (permutations + 1)
    return Moran(observed, expected, p_value, rows, permutations)


def moran_by_year(
    residuals: pd.DataFrame,
    weights: sparse.csr_matrix,
    places: ArrayLike,
    permutations: int = 999,
    seed: int = 1,
) -> pd.DataFrame:
    """Moran's I of each year's residuals, and of their mean over the years ("all").

    Args:
        residuals: columns place_id, year, residual.
        weights: (P, P) over `places` (P,), the order of the weights' rows.

    Returns:
        columns year, moran_i, expected, p_value, n; years with under 10 places are left out.
    """
    order = list(np.asarray(places))
    position = {place: index for index, place in enumerate(order)}
    unknown = sorted(set(residuals["place_id"]) - set(position))
    if unknown:
        raise ProjectError(
            f"Moran's I: place {unknown[0]} has no neighbours' row; expected every place of the "
            "residuals in the weights; add its coordinates"
        )
    parts = [(str(year), group) for year, group in residuals.groupby("year", sort=True)]
    mean = residuals.groupby("place_id", sort=True)["residual"].mean().reset_index()
    parts.append(("all", mean))
    rows = []
    for label, group in parts:
        if len(group) < 10:
            continue
        index = group["place_id"].map(position).to_numpy()
        chosen = _row_standardised(sparse.csr_matrix(weights[index][:, index]))
        if chosen.sum() <= 0:
            continue
        result = moran(group["residual"].to_numpy(float), chosen, permutations, seed)
        rows.append(
            {
                "year": label,
                "moran_i": result.statistic,
                "expected": result.expected,
                "p_value": result.p_value,
                "n": result.n,
            }
        )
    return pd.DataFrame(rows, columns=["year", "moran_i", "expected", "p_value", "n"])
