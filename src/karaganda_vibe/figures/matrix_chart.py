"""A table of shares as a field of colours: rows go where, columns come from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import FAINT, INK, MUTED, PAPER

# Lower bounds of the classes that have a colour, percent; what is below the first stays white.
BOUNDS = (3.0, 10.0, 30.0)
FILLS = ("#f7d6c2", "#e0915f", "#a8410f")
COLUMNS_NARROW = 6
ROW_NARROW = 15.0
"""Points from row to row on a phone."""


def share_class(share: float) -> int:
    """0 below the first bound, then 1, 2, 3; a share on a bound belongs to the class above it."""
    return sum(share >= bound for bound in BOUNDS)


def matrix_chart(
    shares: pd.DataFrame, names: Mapping[str, pd.Series], *, focus: str, order: Sequence[str]
) -> Draw:
    """Cells in four classes of their share, white the lowest; row and column of `focus` outlined.

    Args:
        shares: percent, rows origins and columns destinations; missing on the diagonal.
        names: by language, name of each code.
        focus: code outlined.
        order: codes of columns and rows, the most important first; a narrow drawing shows the
            first columns only.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        columns = list(order[:COLUMNS_NARROW] if pen.narrow else order)
        rows = list(order)
        if pen.narrow:
            height = (ROW_NARROW * len(rows) + 130) / 72
            figure.set_size_inches(figure.get_size_inches()[0], height)
        axes = figure.subplots()
        axes.set(xlim=(0, len(columns)), ylim=(len(rows) + 1.9, 0))
        axes.grid(False)
        _cells(axes, pen, shares.loc[rows, columns], names[pen.language])
        box: dict[str, Any] = {"facecolor": "none", "edgecolor": INK, "linewidth": 1.4, "zorder": 5}
        axes.add_patch(Rectangle((0, rows.index(focus)), len(columns), 1, **box))
        if focus in columns:
            axes.add_patch(Rectangle((columns.index(focus), 0), 1, len(rows), **box))
        _legend(axes, pen, len(columns), len(rows))
        called = names[pen.language]
        axes.set_yticks(np.arange(len(rows)) + 0.5, [str(called[code]) for code in rows])
        axes.set_xticks(
            np.arange(len(columns)) + 0.5, [str(called[code]) for code in columns], rotation=90
        )
        axes.xaxis.tick_top()
        axes.tick_params(length=0, labelsize=9, labelcolor=INK)
        axes.spines[:].set_visible(False)

    return draw


def _cells(axes: Axes, pen: Pen, shares: pd.DataFrame, called: pd.Series) -> None:
    """A rectangle for each cell that is not white, with what a pointer is told."""
    for (down, origin), (along, destination) in product(
        enumerate(shares.index), enumerate(shares.columns)
    ):
        share = float(cast("float", shares.at[origin, destination]))
        if share < BOUNDS[0]:
            continue
        place = share_class(share)  # 0 where none is known
        fill = FILLS[place - 1] if place else FAINT
        cell = axes.add_patch(
            Rectangle((along, down), 1, 1, facecolor=fill, edgecolor=PAPER, linewidth=0.6)
        )
        if place:
            both = f"{called[origin]} → {called[destination]}"
            mark(cell, origin, pen.tip(both, share, "percent"))


def _legend(axes: Axes, pen: Pen, columns: int, rows: int) -> None:
    """A bar of the classes under the cells, its bounds written below it."""
    each = columns * (0.16 if pen.narrow else 0.1)
    for place, fill in enumerate((PAPER, *FILLS)):
        edge = MUTED if fill == PAPER else "none"
        axes.add_patch(
            Rectangle(
                (place * each, rows + 0.5), each, 0.5, facecolor=fill, edgecolor=edge, linewidth=0.6
            )
        )
    for place, bound in enumerate(BOUNDS, start=1):
        axes.text(
            place * each, rows + 1.5, pen.number(bound, "percent_0"),
            ha="center", va="center", fontsize=9, color=MUTED,
        )  # fmt: skip
