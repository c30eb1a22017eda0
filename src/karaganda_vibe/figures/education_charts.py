"""Charts of the chapters on education and on programmes: pairs of rates, changes against noise."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from karaganda_vibe.figures.axes import Axis, grid_across, number_axis
from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.ranked_charts import name_pair
from karaganda_vibe.figures.style import (
    BAND,
    COMPARATOR,
    FOCUS,
    INK,
    LOSS,
    MUTED,
    PAPER,
    REST,
    name_rows,
)


def rate_pairs(data: pd.DataFrame, axis: Axis, *, focus: Sequence[str]) -> Draw:
    """Two rates a unit, tied by a line: open dot `first`, full dot `second`. `data`: unit, names.

    Rows are ordered by the second rate; the text parts `first` and `second` name the dots at the
    topmost row. Colour says whose rate it is, not whether it is good.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        rows = data.sort_values(["second", "unit"]).to_dict("records")
        names = [str(row[f"name_{pen.language}"]) for row in rows]
        name_rows(axes, pen, names, [row["unit"] in focus for row in rows], more_height=0.9)
        for place, row in enumerate(rows):
            pair = [row["first"], row["second"]]
            colour = FOCUS if row["unit"] in focus else COMPARATOR
            axes.plot(pair, [place, place], color=REST, linewidth=2.0, zorder=2)
            axes.scatter(pair[0], place, s=38, color=PAPER, edgecolor=MUTED, lw=1.4, zorder=3)
            dot = axes.scatter(pair[1], place, s=46, color=colour, zorder=4)
            first, second = (pen.number(float(value), axis.labels) for value in pair)
            tip = f"{names[place]}: {pen.say('first')} {first}, {pen.say('second')} {second}"
            mark(dot, str(row["unit"]), tip)
            for side, value in zip((pair[0] - pair[1], pair[1] - pair[0]), pair, strict=True):
                right = side > 0 or (side == 0 and value is pair[1])
                axes.annotate(
                    pen.number(float(value), axis.labels),
                    (value, place),
                    xytext=(8 if right else -8, 0),
                    textcoords="offset points",
                    ha="left" if right else "right",
                    va="center",
                    fontsize=9,
                    color=INK,
                )
        top = rows[-1]
        name_pair(axes, pen, {part: float(top[part]) for part in ("first", "second")},
                  len(rows) - 1)  # fmt: skip
        grid_across(axes)
        number_axis(axes, pen, axis.ticks, "x")
        axes.margins(x=0.1)
        axes.set_ylim(-0.7, len(rows) + 0.1)

    return draw


def against_noise(
    data: pd.DataFrame, axis: Axis, *, low: float, high: float, focus: Sequence[str]
) -> Draw:
    """What an end of all loss would change in each unit, against what goes unnoticed.

    `data`: unit, value, names. The band from `low` to `high` is shaded and named by the text part
    `band`; bars that stay inside it are pale.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        rows = data.sort_values(["value", "unit"]).to_dict("records")
        names = [str(row[f"name_{pen.language}"]) for row in rows]
        room = name_rows(axes, pen, names, [row["unit"] in focus for row in rows], more_height=0.7)
        axes.axvspan(low, high, color=BAND, zorder=0)
        for place, row in enumerate(rows):
            value = float(row["value"])
            seen = value > high or value < low
            bar = axes.barh(
                place, value, color=FOCUS if value >= 0 else LOSS, height=0.66 * room, zorder=2
            )
            bar[0].set_alpha(1.0 if seen else 0.4)
            mark(bar[0], str(row["unit"]), pen.tip(names[place], value, axis.labels))
            axes.annotate(
                pen.number(value, axis.labels),
                (value, place),
                xytext=(5 if value >= 0 else -5, 0),
                textcoords="offset points",
                ha="left" if value >= 0 else "right",
                va="center",
                fontsize=9.5,
                color=INK,
                zorder=4,
            )
        axes.axvline(0, color=INK, linewidth=1.0, zorder=2.2)
        axes.axvline(high, color=MUTED, linewidth=1.0, linestyle=(0, (4, 2)), zorder=2.2)
        axes.annotate(
            pen.say("band"),
            (high, len(rows) - 0.35),
            xytext=(-4, 0),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=9,
            color=MUTED,
        )
        grid_across(axes)
        number_axis(axes, pen, axis.ticks, "x")
        axes.margins(x=0.1)
        axes.set_ylim(-0.7, len(rows) + 0.4)

    return draw
