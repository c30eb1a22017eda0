"""Secondary suppression: which cells must go with the small ones so that none can be bounded.

A flow changes the counts of suppressed cells so that every published sum still holds. Two flows
that differ by the protection width in a cell are two tables that both fit all that is published:
an attacker cannot tell which is true, so the cell is protected. Kelly, Golden and Assad (1992,
"Cell suppression: disclosure protection for sensitive tabular data", Networks 22) choose partners
by the cheapest flow; Fischetti and Salazar (2001, "Solving the cell suppression problem on tabular
data with linear constraints", Management Science 47) state the widths. HiGHS solves the programmes.
Large tables go piece by piece, like the modular method of de Wolf (2002, HiTaS): a flow inside a
piece leaves all outside as it is, so that it holds for the whole.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import block_array, csc_matrix, csr_matrix, hstack
from scipy.sparse.csgraph import connected_components

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers.disclosure_cells import BoolArray, Cells, FloatArray, IndexArray

PIECE = 1500  # cells that one linear programme takes at most, where a table can be cut
TOLERANCE = 1e-6
MOST_WITNESSES = 60
_SEED = 20261129


def primary_cells(cells: Cells, threshold: int, *, zeros_at_risk: bool = False) -> BoolArray:
    """(n,) cells under the threshold that nobody has published; zeros only where they are at risk.

    Zeros stand open by default, as in tau-argus and sdcTable: there is nobody in them.
    """
    small = cells.counts < threshold
    return small & ~cells.known & ((cells.counts > 0) | zeros_at_risk)


def suppressed_cells(
    cells: Cells, threshold: int, width: int, *, zeros_at_risk: bool = False
) -> tuple[BoolArray, BoolArray]:
    """(n,) primary cells and (n,) all that must be suppressed so that none is bounded within width.

    Raises ProjectError where all cells that may be suppressed do not suffice.
    """
    primary = primary_cells(cells, threshold, zeros_at_risk=zeros_at_risk)
    suppressed = primary.copy()
    if not primary.any():
        return primary, suppressed
    free = ~cells.known & ((cells.counts > 0) | zeros_at_risk)
    for block in components(cells.relations.tocsc(), np.flatnonzero(free)):
        if primary[block].any():
            search = _Search(cells, block, primary[block], width)
            suppressed[block] = search.run()
    return primary, suppressed


def components(relations: csc_matrix, columns: IndexArray) -> list[IndexArray]:
    """`columns` in groups that no sum ties together."""
    if not len(columns):
        return []
    touched = relations[:, columns]
    _, label = connected_components(block_array([[None, touched], [touched.T, None]]))
    _, label, sizes = np.unique(label[touched.shape[0] :], return_inverse=True, return_counts=True)
    return np.split(columns[np.argsort(label, kind="stable")], np.cumsum(sizes)[:-1])


def used_rows(relations: csc_matrix, columns: IndexArray) -> csr_matrix:
    """The sums over `columns`, without those that touch none of them."""
    part = relations[:, columns].tocsr()
    return part[np.diff(part.indptr) > 0]


def _solve(cost: FloatArray, sums: csr_matrix, bounds: FloatArray) -> OptimizeResult:
    right = np.zeros(sums.shape[0])
    return linprog(cost, A_eq=sums, b_eq=right, bounds=bounds, method="highs")


class _Search:
    """One block: its counts, what is suppressed, and how far flows have moved each cell."""

    def __init__(self, cells: Cells, block: IndexArray, primary: BoolArray, width: int) -> None:
        self.cells = cells
        self.block = block
        self.width = float(width)
        self.counts = cells.counts[block]
        self.sums = csc_matrix(cells.relations.tocsc()[:, block])
        self.suppressed = primary.copy()
        self.low = self.counts.copy()
        self.high = self.counts.copy()
        self.random = np.random.default_rng(_SEED)

    def run(self) -> BoolArray:
        """(m,) the block's suppressed cells, every one proven."""
        whole = np.arange(len(self.block))
        pieces = self._pieces()
        for piece in pieces:
            self._protect(piece, last=False)
        self._protect(whole, last=True)
        return self.suppressed

    def _pieces(self) -> list[IndexArray]:
        """The block cut along its longest dimension, codes of one parent together; or nothing.

        Margins over that dimension belong to no piece: they stay as they are while a piece is
        solved.
        """
        if len(self.block) <= PIECE:
            return []
        codes = self.cells.codes[self.block]
        number = int(np.argmax([len(np.unique(column)) for column in codes.T]))
        parents = self.cells.parents[self.cells.dimensions[number]]
        own = codes[:, number]
        leaf = ~np.isin(own, parents)
        order = np.lexsort((np.arange(len(parents)), parents))
        rank = np.argsort(order, kind="stable")
        pieces: list[IndexArray] = []
        for parent in np.unique(parents[own[leaf]]):
            members = np.flatnonzero(leaf & (parents[own] == parent))
            many = len(np.unique(own[members]))
            # At least four codes a piece: a code alone has no partner along this dimension.
            parts = max(1, min(len(members) // PIECE, many // 4))
            kinds = np.unique(own[members])
            share = np.searchsorted(np.sort(rank[kinds]), rank[own[members]]) * parts // many
            pieces += [members[share == part] for part in range(parts)]
        return pieces

    def _open(self, columns: IndexArray) -> IndexArray:
        """The suppressed cells of `columns` that are not yet proven."""
        low = np.ceil(self.low[columns] - TOLERANCE)
        high = np.floor(self.high[columns] + TOLERANCE)
        return columns[self.suppressed[columns] & (high - low < self.width)]

    def _protect(self, columns: IndexArray, *, last: bool) -> None:
        """Suppress more of `columns` until every suppressed one is proven, or (not last) stuck."""
        stuck = np.zeros(len(self.block), bool)
        while True:
            self._find_witnesses(columns[self.suppressed[columns]], stuck)
            todo = self._open(columns)
            todo = todo[~stuck[todo]]
            if not len(todo):
                return
            chosen = self._apart(todo)
            self._choose(columns, chosen)
            for cell in self._open(chosen):
                # In a piece one trial is enough: the whole has more ways.
                if not last or not self._choose_two(columns, int(cell)):
                    if last:
                        self._refuse(int(cell))
                    stuck[cell] = True

    def _refuse(self, cell: int) -> None:
        raise ProjectError(
            f"disclosure control: {self.cells.words(int(self.block[cell]))} cannot be protected "
            f"within {self.width:.0f}: the cells that are published elsewhere, or empty, bound it; "
            "take coarser groups (coarsened()), publish fewer margins, or another method"
        )

    def _apart(self, todo: IndexArray) -> IndexArray:
        """Cells of `todo`, smallest first, no two of them in one sum."""
        taken = np.zeros(self.sums.shape[0], bool)
        chosen = []
        for cell in todo[np.argsort(self.counts[todo], kind="stable")]:
            sums = self.sums.indices[self.sums.indptr[cell] : self.sums.indptr[cell + 1]]
            if not taken[sums].any():
                taken[sums] = True
                chosen.append(cell)
        return np.array(chosen)

    def _note(self, columns: IndexArray, flow: FloatArray) -> None:
        """Take a flow as a witness where its table fits all published sums."""
        table = self.counts[columns] + flow
        off = abs(used_rows(self.sums, columns) @ flow)
        if (off < TOLERANCE).all() and (table > -TOLERANCE).all():
            self.low[columns] = np.minimum(self.low[columns], table)
            self.high[columns] = np.maximum(self.high[columns], table)

    def _find_witnesses(self, columns: IndexArray, stuck: BoolArray) -> None:
        """Tables as far from the true one as many unproven cells at once allow."""
        for part in components(self.sums, columns):
            sums = used_rows(self.sums, part)
            if len(part) == 1 and sums.shape[0]:
                continue  # alone in its sums it cannot move
            idle = 0
            for _ in range(MOST_WITNESSES):
                todo = self._open(part)
                todo = todo[~stuck[todo]]
                if not len(todo) or idle > 1:
                    break
                sought = np.flatnonzero(np.isin(part, todo))
                # What a cell gains up to the width counts, more does not: two columns for it.
                gain = self.low[part[sought]] + self.width - self.counts[part[sought]]
                lower = np.r_[-self.counts[part], np.zeros(len(sought))]
                upper = np.full(len(lower), np.inf)
                upper[sought] = gain
                cost = np.zeros(len(lower))
                cost[sought] = -self.random.uniform(0.5, 1.5, len(sought))
                found = _solve(
                    cost, hstack([sums, sums[:, sought]]).tocsr(), np.column_stack([lower, upper])
                )
                if found.x is None:
                    break
                flow = found.x[: len(part)].copy()
                flow[sought] += found.x[len(part) :]
                before = len(self._open(part))
                self._note(part, flow)
                idle = idle + 1 if len(self._open(part)) == before else 0

    def _choose(self, columns: IndexArray, targets: IndexArray) -> None:
        """Suppress the cells of the cheapest flow that lifts as many `targets` as can be."""
        trial = self._flow(columns, targets, self.width, elastic=True)
        if trial is None:
            return
        lifted = columns[trial > self.width - TOLERANCE]
        lifted = targets[np.isin(targets, lifted)]
        # Again without those that fall short, so that nothing is suppressed for them in vain.
        flow = trial if len(lifted) == len(targets) else self._flow(columns, lifted, self.width)
        if flow is not None and len(lifted):
            self._take(columns, flow)

    def _choose_two(self, columns: IndexArray, target: int) -> bool:
        """The same for one cell by a flow up and a flow down that differ by the width in it."""
        for below in range(int(min(self.width, self.counts[target])) + 1):
            up = self._flow(columns, np.array([target]), self.width - below)
            down = self._flow(columns, np.array([target]), -float(below))
            if up is not None and down is not None:
                self._take(columns, up)
                self._take(columns, down)
                return target not in self._open(columns)
        return False

    def _flow(
        self, columns: IndexArray, targets: IndexArray, change: float, *, elastic: bool = False
    ) -> FloatArray | None:
        """(columns,) the cheapest flow that changes `targets` by at least this, or None.

        An elastic one may fall short of it, at a price above that of any other cell.
        """
        size = len(columns)
        if change == 0:
            return np.zeros(size)
        sums = used_rows(self.sums, columns)
        cost = np.where(self.suppressed[columns], 0.0, np.sqrt(self.counts[columns]) + 1)
        bounds = np.zeros((2 * size, 2))
        bounds[:size, 1] = np.inf
        bounds[size:, 1] = self.counts[columns]
        wanted = np.flatnonzero(np.isin(columns, targets))
        forced, barred = (wanted, size + wanted) if change > 0 else (size + wanted, wanted)
        bounds[forced, 0] = abs(change)
        bounds[barred, 1] = 0
        cost, flows = np.r_[cost, cost], hstack([sums, -sums])
        if elastic:
            # A shortage takes back what the bound forces: f - shortage is the flow.
            bounds = np.r_[bounds, np.tile([0, abs(change)], (len(wanted), 1))]
            price = 10 * len(self.cells.dimensions) * cost.max()
            cost = np.r_[cost, np.full(len(wanted), price)]
            flows = hstack([flows, -sums[:, wanted] if change > 0 else sums[:, wanted]])
        found = _solve(cost, flows.tocsr(), bounds)
        if found.x is None:
            return None
        flow = found.x[:size] - found.x[size : 2 * size]
        if elastic:
            flow[wanted] -= np.sign(change) * found.x[2 * size :]
        return flow

    def _take(self, columns: IndexArray, flow: FloatArray) -> None:
        flow = np.where(abs(flow) < TOLERANCE, 0.0, flow)
        self.suppressed[columns[flow != 0]] = True
        self._note(columns, flow)
