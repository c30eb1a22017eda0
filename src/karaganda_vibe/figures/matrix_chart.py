"""A table of shares as a field of colours: rows go where, columns come from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import FAINT, INK, LOSS, PAPER

COLUMNS_NARROW = 6
ROW_NARROW = 15.0
"""Points from row to row on a phone."""


def matrix_chart(
    shares: pd.DataFrame, names: Mapping[str, pd.Series], *, focus: str, order: Sequence[str]
) -> Draw:
    """Cells from white to full colour by the square root of their share, the row and column of
    `focus` outlined.

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
            height = (ROW_NARROW * len(rows) + 110) / 72
            figure.set_size_inches(figure.get_size_inches()[0], height)
        axes = figure.subplots()
        axes.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
        axes.grid(False)
        colours = LinearSegmentedColormap.from_list("shares", [PAPER, LOSS])
        top = float(np.nanmax(shares.to_numpy(float)))
        called = names[pen.language]
        for down, origin in enumerate(rows):
            for along, destination in enumerate(columns):
                share = float(cast("float", shares.at[origin, destination]))
                known = not np.isnan(share)
                fill = colours((share / top) ** 0.5) if known else FAINT
                cell = axes.add_patch(
                    Rectangle((along, down), 1, 1, facecolor=fill, edgecolor=PAPER, linewidth=0.6)
                )
                if known:
                    both = f"{called[origin]} → {called[destination]}"
                    mark(cell, origin, pen.tip(both, share, "percent"))
        box: dict[str, Any] = {"facecolor": "none", "edgecolor": INK, "linewidth": 1.4, "zorder": 5}
        axes.add_patch(Rectangle((0, rows.index(focus)), len(columns), 1, **box))
        if focus in columns:
            axes.add_patch(Rectangle((columns.index(focus), 0), 1, len(rows), **box))
        axes.set_yticks(np.arange(len(rows)) + 0.5, [str(called[code]) for code in rows])
        axes.set_xticks(
            np.arange(len(columns)) + 0.5, [str(called[code]) for code in columns], rotation=90
        )
        axes.xaxis.tick_top()
        axes.tick_params(length=0, labelsize=9, labelcolor=INK)
        axes.spines[:].set_visible(False)

    return draw
