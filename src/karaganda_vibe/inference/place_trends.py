"""A straight line in time of each place's own, taken out beside the effects of years.

By the Frisch-Waugh theorem: drivers, outcome and dummies of years are freed of each place's mean
and line first; places lie inside clusters, so what is left enters the cross products of `cluster`
and the jackknife and the bootstrap work as for any model.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from karaganda_vibe.inference.cluster import (
    CrossProducts,
    clusters_of,
    products_by_cluster,
    without_dummies,
)
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.within import FloatArray, IntArray, indicator, integer_codes
from karaganda_vibe.project.errors import ProjectError

FEWEST_ROWS = 3


def rows_with_trend(design: Design, fewest: int = FEWEST_ROWS) -> Design:
    """The design without places of fewer than `fewest` rows, which their own line would fit."""
    counts = np.bincount(design.place)[design.place]
    keep = counts >= fewest
    if keep.all():
        return design
    note = f"left out, in places with fewer than {fewest} years: {int((~keep).sum())} rows"
    return replace(design.rows(keep), notes=(*design.notes, note)).without_singletons()


def without_lines(columns: FloatArray, place: IntArray, year: IntArray) -> FloatArray:
    """`columns` (n, m) less each place's own least-squares line in `year` (n,)."""
    codes, _ = integer_codes(place)
    dummies = indicator(codes)
    counts = np.asarray(dummies.sum(axis=0)).ravel()

    def demeaned(values: FloatArray) -> FloatArray:
        return values - ((dummies.T @ values) / counts[:, None])[codes]

    time = demeaned(np.asarray(year, dtype=float)[:, None])
    values = demeaned(np.asarray(columns, dtype=float))
    spread = np.asarray(dummies.T @ time**2)[:, 0]
    slopes = np.asarray(dummies.T @ (time * values)) / np.where(spread > 0, spread, 1.0)[:, None]
    return values - time * slopes[codes]


def trend_cross_products(design: Design, cluster: str = "region") -> CrossProducts:
    """Cross products by cluster of a linear design with place and year effects and place lines.

    Raises:
        ProjectError: another set of fixed effects than place and year; weights.
    """
    if set(design.effect_names) != {"place", "year"} or design.weights is not None:
        raise ProjectError(
            f"model {design.model_id}: lines of places need the fixed effects place and year and "
            f"no weights; found {', '.join(design.effect_names) or 'none'}; use such a model"
        )
    codes, labels = clusters_of(design, cluster)
    years = indicator(integer_codes(design.year)[0]).toarray()
    columns = np.column_stack([design.regressors, years, design.outcome])
    columns = without_lines(columns, design.place, design.year)
    return products_by_cluster(columns, codes, labels, design, least=1e-9)


def trend_estimates(cross: CrossProducts) -> FloatArray:
    """(k,) coefficients of the drivers, in the outcome's units per unit of each driver."""
    core = without_dummies(cross.total, cross.drivers)
    solved = np.linalg.solve(core[:-1, :-1], core[:-1, -1])
    return np.asarray(solved * cross.driver_units)
