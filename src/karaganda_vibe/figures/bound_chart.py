"""A share that is only known to lie between two bounds, beside one that is known."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from karaganda_vibe.figures.axes import grid_across, number_axis
from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import COMPARATOR, FOCUS, HATCH, INK, PAPER, name_rows


def bound_bars(data: pd.DataFrame, *, kind: str, ticks_kind: str) -> Draw:
    """Bars from zero: solid up to the lower bound, hatched from there to the upper one.

    `data`: row (a text part), low, high (equal where the share is known). The first row is the one
    in question, the others stand for comparison.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        rows = data.iloc[::-1].reset_index(drop=True)
        names = [pen.say(str(row)) for row in rows["row"]]
        room = name_rows(axes, pen, names, [at == len(rows) - 1 for at in rows.index])
        for place, row in enumerate(rows.to_dict("records")):
            low, high = float(row["low"]), float(row["high"])
            colour = FOCUS if place == len(rows) - 1 else COMPARATOR
            height = 0.6 * room
            bar = axes.barh(place, low, color=colour, height=height, zorder=2)[0]
            mark(bar, str(row["row"]), pen.tip(names[place], low, kind))
            text = pen.number(low, kind)
            if high > low:
                rest = axes.barh(place, high - low, left=low, color=PAPER, height=height, zorder=2)[
                    0
                ]
                rest.set(edgecolor=colour, **HATCH)
                mark(rest, str(row["row"]), pen.tip(names[place], high, kind))
                text = f"{text}–{pen.number(high, kind)}"
            axes.annotate(
                text,
                (high, place),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=10.5,
                fontweight=600 if high > low else 400,
                color=INK,
            )
        grid_across(axes)
        number_axis(axes, pen, ticks_kind, "x")
        axes.set_xlim(0, 1.3 * float(data["high"].max()))
        axes.set_ylim(-0.6, len(rows) - 0.4)

    return draw
