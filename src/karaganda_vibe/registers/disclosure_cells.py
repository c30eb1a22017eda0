"""Count tables that share cells, and the sums that tie the cells together.

A cell is named by its codes in all dimensions of all tables; a table without a dimension holds the
total over it. So a margin of one table that another table holds too is one cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from karaganda_vibe.project.errors import ProjectError

TOTAL = "total"
STATUS = "status"
KNOWN = "known"
CELL_KEY = "cell_key"
PUBLISHED = "published"
SUPPRESSED = "suppressed"
PERTURBED = "perturbed"
NO_DIMENSIONS = frozenset({STATUS, KNOWN, CELL_KEY})

Hierarchies = Mapping[str, Mapping[str, str]]
FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """The cells of linked tables, each once, sorted by their codes.

    `codes`: (n, dimensions) places in `levels`; `parents`: a dimension's code → place of the code
    above it, -1 above the total; `counts`: (n,), NaN where not published; `known`: (n,) published
    elsewhere; `relations`: (r, n), +1 at the parts of a sum and -1 at the sum, one a row;
    `rows`: a table's name → the cell of each of its rows.
    """

    dimensions: tuple[str, ...]
    levels: dict[str, list[str]]
    parents: dict[str, IndexArray]
    codes: IndexArray
    counts: FloatArray
    known: BoolArray
    relations: csr_matrix
    rows: dict[str, IndexArray]

    def words(self, cell: int) -> str:
        """The codes of a cell for an error: 'place A, age total'."""
        pairs = zip(self.dimensions, self.codes[cell], strict=True)
        return ", ".join(f"{name} {self.levels[name][code]}" for name, code in pairs)


def dimensions_of(frame: pd.DataFrame, count: str) -> list[str]:
    """The columns of a table that name its cells."""
    return [str(name) for name in frame if name != count and name not in NO_DIMENSIONS]


def gathered(
    tables: Mapping[str, pd.DataFrame],
    hierarchies: Hierarchies | None = None,
    count: str = "count",
    *,
    gaps: bool = False,
) -> Cells:
    """The cells of `tables` and the sums between them.

    Args:
        tables: name → frame in long shape: dimensions and `count`, margins under the code "total"
            (or a code of the hierarchy), and perhaps `known`, true for cells published elsewhere.
            A cell that is not there is a zero.
        hierarchies: dimension → code → the code above it; others stand right under "total".
        gaps: counts may be missing (a published table), else they may not.

    Raises ProjectError for a missing column, a count that is no whole number from zero up, a cell
    named twice in a table or counted differently in two, a margin that is missing or not the sum.
    """
    if not tables:
        raise ProjectError("disclosure control: no table given; expected at least one")
    for name, frame in tables.items():
        _check(name, frame, count, gaps)
    every = [name for frame in tables.values() for name in dimensions_of(frame, count)]
    dimensions = list(dict.fromkeys(every))
    stacked = {d: _stacked(tables, d) for d in dimensions}
    levels, parents = {}, {}
    for dimension in dimensions:
        above = {str(k): str(v) for k, v in (hierarchies or {}).get(dimension, {}).items()}
        levels[dimension], parents[dimension] = _levels(dimension, stacked[dimension], above)
    positions = [
        pd.Categorical(stacked[d], categories=levels[d]).codes.astype(np.int64) for d in dimensions
    ]
    sizes = [len(levels[d]) for d in dimensions]
    keys = np.ravel_multi_index(positions, sizes).astype(np.int64)
    unique, first, cell = np.unique(keys, return_index=True, return_inverse=True)
    codes = np.column_stack(positions)[first]
    counts = np.concatenate([f[count].to_numpy(float, na_value=np.nan) for f in tables.values()])
    known = np.concatenate(
        [f[KNOWN].to_numpy(bool) if KNOWN in f else np.zeros(len(f), bool) for f in tables.values()]
    )
    ends = np.cumsum([len(frame) for frame in tables.values()])
    rows = dict(zip(tables, np.split(cell.astype(np.int64), ends[:-1]), strict=True))
    merged = np.full(len(unique), np.nan)
    # Suppressed in one table and published in another is published.
    given = ~np.isnan(counts)
    merged[cell[given]] = counts[given]
    ever = np.zeros(len(unique), bool)
    np.logical_or.at(ever, cell, known)
    cells = Cells(
        dimensions=tuple(dimensions),
        levels=levels,
        parents=parents,
        codes=codes,
        counts=merged,
        known=ever,
        relations=csr_matrix((0, len(unique))),
        rows=rows,
    )
    _check_once(cells, tables, counts[given], cell[given])
    return _related(cells, unique, sizes)


def _check(name: str, frame: pd.DataFrame, count: str, gaps: bool) -> None:
    where = f"disclosure control, table {name}"
    if count not in frame:
        raise ProjectError(
            f"{where}: no column {count}; found {', '.join(map(str, frame))}; name the column"
        )
    dimensions = dimensions_of(frame, count)
    if not dimensions or frame.empty:
        raise ProjectError(f"{where}: expected rows and a dimension beside {count}; found none")
    for dimension in dimensions:
        if frame[dimension].isna().any():
            raise ProjectError(
                f"{where}: {dimension} is empty in {int(frame[dimension].isna().sum())} rows; "
                f"give a code, or {TOTAL} for a margin"
            )
    missing = frame[count].isna().to_numpy(bool)
    values = pd.to_numeric(frame[count], errors="coerce").to_numpy(float, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        wrong = ~missing & ~((values >= 0) & (values % 1 == 0))
    wrong |= missing & (not gaps)
    if wrong.any():
        raise ProjectError(
            f"{where}: {count} {frame.loc[wrong, count].iloc[0]} in {int(wrong.sum())} rows; "
            "expected whole numbers from zero up; mend the table"
        )


def _stacked(tables: Mapping[str, pd.DataFrame], dimension: str) -> NDArray[np.object_]:
    parts = [
        frame[dimension].astype(str).to_numpy(object)
        if dimension in frame
        else np.full(len(frame), TOTAL, object)
        for frame in tables.values()
    ]
    return np.concatenate(parts)


def _levels(
    dimension: str, codes: NDArray[np.object_], above: Mapping[str, str]
) -> tuple[list[str], IndexArray]:
    """The codes of a dimension, sorted, and the place of the one above each (-1 for the total)."""
    names = set(codes) | {TOTAL}
    for code in sorted(names):
        seen = [code]
        while seen[-1] != TOTAL:
            seen.append(above.get(seen[-1], TOTAL))
            if seen[-1] in seen[:-1]:
                raise ProjectError(
                    f"disclosure control: the hierarchy of {dimension} runs in a circle at "
                    f"{seen[-1]}; expected each code to lead to {TOTAL}; mend it"
                )
        names.update(seen)
    levels = sorted(names)
    place = {code: position for position, code in enumerate(levels)}
    parents = [-1 if code == TOTAL else place[above.get(code, TOTAL)] for code in levels]
    return levels, np.array(parents, np.int64)


def _check_once(
    cells: Cells, tables: Mapping[str, pd.DataFrame], counts: FloatArray, cell: IndexArray
) -> None:
    for name in tables:
        values, times = np.unique(cells.rows[name], return_counts=True)
        if (times > 1).any():
            raise ProjectError(
                f"disclosure control, table {name}: {cells.words(int(values[times > 1][0]))} "
                f"stands in {int(times.max())} rows; expected each cell once; add the rows up"
            )
    different = counts != cells.counts[cell]
    if different.any():
        found = int(cell[different][0])
        raise ProjectError(
            f"disclosure control: {cells.words(found)} is {counts[different][0]:.0f} in one table "
            f"and {cells.counts[found]:.0f} in another; make both from the same rows"
        )


def _sums(
    cells: Cells, keys: IndexArray, sizes: list[int]
) -> Iterator[tuple[str, IndexArray, IndexArray, IndexArray]]:
    """By dimension: its name, its parts, the place of each part's sum or -1, the sum's key."""
    strides = np.cumprod([1, *sizes[:0:-1]])[::-1].astype(np.int64)
    for number, dimension in enumerate(cells.dimensions):
        own = cells.codes[:, number]
        parent = cells.parents[dimension][own]
        parts = np.flatnonzero(parent >= 0)
        wanted = keys[parts] + (parent[parts] - own[parts]) * strides[number]
        found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        yield dimension, parts, np.where(keys[found] == wanted, found, -1), wanted


def _related(cells: Cells, keys: IndexArray, sizes: list[int]) -> Cells:
    """`cells` with their sums, each checked."""
    lines, columns, signs, done = [], [], [], 0
    tied = list(_sums(cells, keys, sizes))
    for number, (_, parts, sums, wanted) in enumerate(tied):
        _check_margins(cells, number, parts[sums < 0], wanted[sums < 0])
    for dimension, parts, sums, _ in tied:
        parts, sums = parts[sums >= 0], sums[sums >= 0]
        parents, line = np.unique(sums, return_inverse=True)
        added = np.bincount(line, cells.counts[parts], minlength=len(parents))
        off = np.flatnonzero(~np.isnan(added) & ~np.isnan(cells.counts[parents]))
        off = off[added[off] != cells.counts[parents[off]]]
        if len(off):
            raise ProjectError(
                f"disclosure control: {cells.words(int(parents[off[0]]))} is "
                f"{cells.counts[parents[off[0]]]:.0f}, its parts by {dimension} add up to "
                f"{added[off[0]]:.0f}; give the rest as a code of its own, or mend the margin"
            )
        lines += [line + done, np.arange(len(parents)) + done]
        columns += [parts, parents]
        signs += [np.ones(len(parts)), -np.ones(len(parents))]
        done += len(parents)
    shape = (done, len(keys))
    entries = (np.concatenate(signs), (np.concatenate(lines), np.concatenate(columns)))
    return replace(cells, relations=csr_matrix(entries, shape=shape))


def _check_margins(cells: Cells, number: int, parts: IndexArray, wanted: IndexArray) -> None:
    """Refuse a margin that is missing where the same dimension has margins beside or above it."""
    dimension = cells.dimensions[number]
    parents = cells.parents[dimension]
    used = np.zeros(len(parents), bool)
    used[cells.codes[:, number]] = True
    needs = np.zeros(len(parents), bool)
    for code in range(len(parents)):
        above = parents[code]
        while above >= 0:
            needs[code] |= used[above]
            above = parents[above]
    counted = ~(cells.counts[parts] == 0) & needs[cells.codes[parts, number]]
    if counted.any():
        cell = int(parts[counted][0])
        above = parents[cells.codes[cell, number]]
        raise ProjectError(
            f"disclosure control: {cells.words(cell)} has no margin {dimension} "
            f"{cells.levels[dimension][above]} beside it ({len(np.unique(wanted[counted]))} are "
            f"missing); margins are given for all cells of a dimension or for none: with_margins()"
        )
