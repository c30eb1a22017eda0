"""The within transformation: taking any list of fixed effects out of unbalanced panels, exactly.

The largest fixed effect is swept out by group means. What the others leave is a small symmetric
system (a Schur complement), which falls into independent blocks, one for each connected part of the
panel (place + region-year effects: one block a region). Each block is solved by its eigenvalues, so
redundant dummies need no naming and the number of absorbed parameters is exact.

Source: Frisch and Waugh (1933), Lovell (1963); Abowd, Creecy and Kramarz (2002) for the count of
identified effects in connected parts. Very large blocks fall back on alternating projections
(Guimaraes and Portugal 2010).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from karaganda_vibe.project.errors import ProjectError

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]

LARGEST_BLOCK = 3000
RANK_TOLERANCE = 1e-10


def integer_codes(labels: ArrayLike) -> tuple[IntArray, NDArray]:
    """Codes 0..levels-1 of `labels` (n,) in sorted order, and the sorted labels (levels,)."""
    values, codes = np.unique(np.asarray(labels), return_inverse=True)
    return codes.astype(np.int64), values


def indicator(codes: IntArray) -> sparse.csr_matrix:
    """Dummy matrix (n, levels) of integer codes (n,) 0..levels-1."""
    rows = len(codes)
    levels = int(codes.max()) + 1 if rows else 0
    return sparse.csr_matrix(
        (np.ones(rows), codes, np.arange(rows + 1)), shape=(rows, levels), dtype=np.float64
    )


@dataclass(frozen=True, eq=False)
class _Block:
    """One connected part of the second-stage dummies: their positions and solved system."""

    positions: IntArray
    inverse: FloatArray


class Absorber:
    """Takes fixed effects out of columns; made once for a panel, used for any columns.

    Args:
        effects: integer codes (n,) of each fixed effect; an empty list means one common constant.
        rows: number of observations n (needed where `effects` is empty).
        weights: (n,) positive observation weights, or None for equal weights.

    Attributes:
        absorbed: number of independent parameters taken out (the rank of the dummies).
    """

    def __init__(
        self, effects: Sequence[IntArray], rows: int, weights: FloatArray | None = None
    ) -> None:
        usable = [integer_codes(codes)[0] for codes in effects]
        if not usable:
            usable = [np.zeros(rows, dtype=np.int64)]
        usable.sort(key=lambda codes: -int(codes.max(initial=-1)))
        self._weights = np.ones(rows) if weights is None else np.asarray(weights, dtype=float)
        self._codes = usable
        self._first = indicator(usable[0])
        self._first_weighted = self._first.multiply(self._weights[:, None]).T.tocsr()
        self._first_sums = np.asarray(self._first_weighted.sum(axis=1)).ravel()
        self._blocks: list[_Block] = []
        self._alternating = False
        self.absorbed = len(self._first_sums)
        if len(usable) > 1:
            self._prepare_others()

    def _prepare_others(self) -> None:
        others = sparse.hstack([indicator(codes) for codes in self._codes[1:]]).tocsr()
        weighted = others.multiply(self._weights[:, None]).T.tocsr()
        cross = self._first_weighted @ others
        scaled = sparse.diags(1.0 / self._first_sums) @ cross
        system = (weighted @ others - cross.T @ scaled).tocsr()
        # Levels are linked through the levels of the first effect: no product of the others needed.
        links = sparse.bmat([[None, cross], [cross.T, weighted @ others]])
        _, part = connected_components(links, directed=False)
        part = np.unique(part[cross.shape[0] :], return_inverse=True)[1]
        order = np.argsort(part, kind="stable")
        pieces = np.split(order, np.flatnonzero(np.diff(part[order])) + 1)
        self._others = others
        self._others_weighted = weighted
        rank = 0
        if max(len(piece) for piece in pieces) > LARGEST_BLOCK:
            self._alternating = True
            # Two effects: the rank is exact. More: an upper bound, as in reghdfe.
            self.absorbed += others.shape[1] - len(pieces) * (len(self._codes) - 1)
            return
        for piece in pieces:
            dense = system[piece][:, piece].toarray()
            # Each level against its own weight: a light one (small expected counts) is no null.
            root = np.sqrt(np.asarray(weighted[piece].sum(axis=1)).ravel())
            dense = dense / np.outer(root, root)
            values, vectors = np.linalg.eigh((dense + dense.T) / 2)
            kept = values > RANK_TOLERANCE
            rank += int(kept.sum())
            half = vectors[:, kept] / np.sqrt(values[kept]) / root[:, None]
            self._blocks.append(_Block(piece, half @ half.T))
        self.absorbed += rank

    def _without_first(self, columns: FloatArray) -> FloatArray:
        means = (self._first_weighted @ columns) / self._first_sums[:, None]
        return columns - means[self._codes[0]]

    def _without_others(self, columns: FloatArray) -> FloatArray:
        right = self._others_weighted @ columns
        effects = np.zeros_like(right)
        for block in self._blocks:
            effects[block.positions] = block.inverse @ right[block.positions]
        return self._without_first(columns - self._others @ effects)

    def _by_alternating(self, columns: FloatArray) -> FloatArray:
        dummies = [indicator(codes) for codes in self._codes]
        weighted = [dummy.multiply(self._weights[:, None]).T.tocsr() for dummy in dummies]
        sums = [np.asarray(matrix.sum(axis=1)) for matrix in weighted]
        scale = np.abs(columns).max(axis=0) + 1e-300
        for _ in range(20_000):
            before = columns
            for codes, matrix, total in zip(self._codes, weighted, sums, strict=True):
                columns = columns - ((matrix @ columns) / total)[codes]
            if np.max(np.abs(columns - before) / scale) < 1e-14:
                return columns
        raise ProjectError(
            "within transformation: alternating projections did not settle in 20,000 rounds; "
            "expected connected fixed effects, found nearly unconnected ones; use fewer effects"
        )

    def residuals(self, columns: FloatArray) -> FloatArray:
        """`columns` (n,) or (n, m) with the fixed effects taken out, same shape and units."""
        shape = np.shape(columns)
        values = np.asarray(columns, dtype=float).reshape(shape[0], -1)
        values = self._without_first(values)
        if self._alternating:
            values = self._by_alternating(values)
        elif len(self._codes) > 1:
            # The second pass is iterative refinement: it takes the rounding out of the first.
            values = self._without_others(self._without_others(values))
        return values.reshape(shape)


def within(
    columns: FloatArray, effects: Sequence[IntArray], weights: FloatArray | None = None
) -> FloatArray:
    """`columns` (n, m) less their (weighted) least-squares fit on the dummies of `effects`."""
    return Absorber(effects, len(columns), weights).residuals(columns)


def is_nested(inner: IntArray, outer: IntArray) -> bool:
    """Whether every level of `inner` (n,) lies in one level of `outer` (n,)."""
    if not len(inner):
        return True
    codes, _ = integer_codes(inner)
    first = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    first[codes] = outer
    return bool((first[codes] == outer).all())
