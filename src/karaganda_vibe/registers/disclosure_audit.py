"""The attacker: between which counts does what is published hold every suppressed cell?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.optimize import OptimizeResult, linprog

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers.disclosure_cells import (
    Cells,
    FloatArray,
    Hierarchies,
    IndexArray,
    gathered,
)
from karaganda_vibe.registers.disclosure_suppression import components, used_rows

TOLERANCE = 1e-6
UNBOUNDED = (3, 4)  # linprog's status: no end; no end or no solution, and there is one


def audit(
    tables: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    hierarchies: Hierarchies | None = None,
    count: str = "count",
    whole: bool = False,
) -> pd.DataFrame:
    """The feasibility interval of every suppressed cell, from what is published and nothing else.

    Two linear programmes a cell, its least and its greatest count over all tables without negative
    counts that fit the published cells and their sums. Linked tables are attacked together.

    Args:
        tables: a published table, or name → table: dimensions and `count`, missing where
            suppressed. A cell that is not there is a zero.
        hierarchies: dimension → code → the code above it.
        whole: the attacker's tables hold whole numbers only (integer programmes: slower, and in
            tables of three dimensions or more the interval may be narrower).

    Returns a row a suppressed cell: its dimensions, `lower` and `upper` (whole; inf where nothing
    bounds it), `width` = upper − lower. Raises ProjectError for faulty tables, see `gathered`, and
    where no counts fit what is published.
    """
    named = {"table": tables} if isinstance(tables, pd.DataFrame) else tables
    cells = gathered(named, hierarchies, count, gaps=True)
    hidden = np.flatnonzero(np.isnan(cells.counts))
    lower, upper = np.zeros(len(hidden)), np.full(len(hidden), np.inf)
    for part in components(cells.relations.tocsc(), hidden):
        places = np.searchsorted(hidden, part)
        lower[places], upper[places] = _intervals(cells, part, whole)
    codes = {
        name: [cells.levels[name][code] for code in cells.codes[hidden, number]]
        for number, name in enumerate(cells.dimensions)
    }
    return pd.DataFrame({**codes, "lower": lower, "upper": upper, "width": upper - lower})


def _intervals(cells: Cells, part: IndexArray, whole: bool) -> tuple[FloatArray, FloatArray]:
    """(k,) least and (k,) greatest whole counts of the hidden cells `part` of one component."""
    columns = cells.relations.tocsc()
    sums = used_rows(columns, part)
    touched = np.diff(columns[:, part].tocsr().indptr) > 0
    shown = np.where(np.isnan(cells.counts), 0.0, cells.counts)
    right = -(cells.relations[touched] @ shown)

    def end(cost: FloatArray) -> OptimizeResult:
        kinds = np.full(len(part), int(whole))
        return linprog(
            cost, A_eq=sums, b_eq=right, bounds=(0, None), method="highs", integrality=kinds
        )

    ends = np.empty((2, len(part)))
    fits = end(np.zeros(len(part))).x is not None
    for sign, row in ((1.0, 0), (-1.0, 1)):
        for place in range(len(part) if fits else 0):
            cost = np.zeros(len(part))
            cost[place] = sign
            found = end(cost)
            fits &= found.x is not None or found.status in UNBOUNDED
            ends[row, place] = np.inf if found.x is None else found.x[place]
    if not fits:
        raise ProjectError(
            f"disclosure audit: no counts fit what is published around "
            f"{cells.words(int(part[0]))}; check the published table"
        )
    return np.ceil(ends[0] - TOLERANCE) + 0.0, np.floor(ends[1] + TOLERANCE)
