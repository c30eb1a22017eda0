"""Charts that rank regions and places: bars from gain to loss, and pairs of before and after.

Frames hold one row a mark; names of units come in columns `name_<language>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from karaganda_vibe.figures.axes import Axis, grid_across, number_axis
from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.layout import text_width
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import (
    COMPARATOR,
    GAIN,
    HATCH,
    INK,
    LOSS,
    MUTED,
    PAPER,
    name_rows,
)

PART_WIDE, PART_NARROW = 0.72, 0.95
"""About how much of a figure's width is the panel beside the names of its rows, or below them."""


def ranked_bars(
    data: pd.DataFrame,
    axis: Axis,
    *,
    focus: Sequence[str],
    doubtful: Sequence[str] = (),
    reference: Sequence[str] = (),
) -> Draw:
    """Horizontal bars from the largest gain to the largest loss. `data`: unit, value, names.

    The `focus` units are solid and their names bold; the others are pale in the same two
    colours. The `doubtful` ones are hatched and `reference` units (a national total) are grey.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        ordered = data.sort_values("value", kind="stable").reset_index(drop=True)
        names = [str(name) for name in ordered[f"name_{pen.language}"]]
        room = name_rows(
            axes, pen, names, [u in focus for u in ordered["unit"]], more_height=0.2, mark_points=12
        )
        for place, row in enumerate(ordered.to_dict("records")):
            value, unit = float(row["value"]), row["unit"]
            colour = GAIN if value >= 0 else LOSS
            if unit in reference:
                colour = COMPARATOR
            bar = axes.barh(
                place, value, color=colour, height=0.72 * room, alpha=1.0 if unit in focus else 0.45
            )[0]
            mark(bar, str(unit), pen.tip(names[place], value, axis.labels))
            if unit in doubtful:
                bar.set(edgecolor=colour, **HATCH)
            axes.annotate(
                pen.number(value, axis.labels),
                (value, place),
                xytext=(4 if value >= 0 else -4, 0),
                textcoords="offset points",
                ha="left" if value >= 0 else "right",
                va="center",
                fontsize=9.5,
                fontweight=600 if unit in focus else 400,
                color=INK,
            )
        axes.axvline(0, color=INK, linewidth=1.0)
        axes.grid(False)
        axes.spines["bottom"].set_visible(False)
        axes.set_xticks([])
        axes.margins(x=0.16, y=0.01)

    return draw


def dumbbells(
    data: pd.DataFrame, axis: Axis, *, focus: Sequence[str], margin: float = 0.12
) -> Draw:
    """Two dots a unit tied by a line: before and after. `data`: unit, before, after, names.

    The open dot is before, the full one after; the colour says on which side of zero it is now.
    The parts `before` and `after` of the texts name the two dots on the first row. `margin` is the
    room for numbers at both ends, as a share of the span of the dots.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        ordered = data.sort_values("after", kind="stable").reset_index(drop=True)
        names = [str(name) for name in ordered[f"name_{pen.language}"]]
        name_rows(axes, pen, names, [u in focus for u in ordered["unit"]], more_height=0.9)
        for place, row in enumerate(ordered.to_dict("records")):
            chosen = row["unit"] in focus
            worse = row["after"] < row["before"]
            colour = LOSS if row["after"] < 0 else GAIN
            alpha = 1.0 if chosen else 0.5
            axes.plot(
                [row["before"], row["after"]],
                [place, place],
                color=colour,
                linewidth=3.2 if chosen else 1.8,
                alpha=alpha,
                zorder=2,
            )
            axes.scatter(row["before"], place, s=36, color=PAPER, edgecolor=MUTED, zorder=3)
            dot = axes.scatter(row["after"], place, s=46, color=colour, alpha=alpha, zorder=4)
            before = pen.number(float(row["before"]), axis.labels)
            after = pen.tip(names[place], float(row["after"]), axis.labels)
            mark(dot, str(row["unit"]), f"{after} ({pen.say('before')}: {before})")
            side = -1 if worse else 1
            axes.annotate(
                pen.number(float(row["after"]), axis.labels),
                (row["after"], place),
                xytext=(side * 7, 0),
                textcoords="offset points",
                ha="right" if worse else "left",
                va="center",
                fontsize=9.5,
                fontweight=600 if chosen else 400,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
                zorder=3.5,
            )
        top = ordered.to_dict("records")[-1]
        ends = {part: float(top[part]) for part in ("before", "after")}
        apart = abs(ends["before"] - ends["after"]) / _value_per_point(axes, pen, ordered, margin)
        # The names of dots that are close move apart, so that none lies on the other.
        name_pair(axes, pen, ends, len(ordered) - 1, over=min(5.0, apart / 2 - 2))
        _zero_line(axes, pen, ordered, axis.labels, margin)
        grid_across(axes)
        number_axis(axes, pen, axis.ticks, "x")
        axes.margins(x=margin)
        axes.set_ylim(-0.7, len(ordered) - 0.1)

    return draw


def _value_per_point(axes: Axes, pen: Pen, rows: pd.DataFrame, margin: float) -> float:
    """How much of the axis a point of the figure is, before the axis has its limits."""
    dots = rows[["before", "after"]].to_numpy(float)
    width = axes.figure.bbox.width / axes.figure.dpi
    points = 72 * width * (PART_NARROW if pen.narrow else PART_WIDE)
    span = max(dots.max(), 0) - min(dots.min(), 0)
    return float(span * (1 + 2 * margin) / points)


def _zero_line(axes: Axes, pen: Pen, rows: pd.DataFrame, kind: str, margin: float) -> None:
    """The line at zero, up to the top row; it leaves out the rows whose number stands across it."""
    dots = rows[["before", "after"]].to_numpy(float)
    per_point = _value_per_point(axes, pen, rows, margin)
    low = -0.7
    for place, (before, after) in enumerate(dots):
        reach = (text_width(pen.number(float(after), kind), 9.5) + 10) * per_point
        end = after - reach if after < before else after + reach
        if after * end < 0:
            axes.plot([0, 0], [low, place - 0.45], color=INK, linewidth=1.0, zorder=1.5)
            low = place + 0.45
    if low < len(rows) - 0.85:
        axes.plot([0, 0], [low, len(rows) - 0.85], color=INK, linewidth=1.0, zorder=1.5)


def name_pair(
    axes: Axes, pen: Pen, dots: Mapping[str, float], place: float, *, over: float = 5.0
) -> None:
    """Name the two dots of the topmost row above them, away from each other.

    `dots`: text part → value. `over`: points by which a name reaches over its dot's middle; less
    than nothing where the dots are close. In a narrow figure the names stand above the row's own
    name, one under the other and left of lines that lead down to their dots.
    """
    left, right = sorted(dots, key=lambda part: dots[part])
    for part, aside in ((left, "right"), (right, "left")):
        lines, reach = (0, over) if aside == "right" else (1, -over)
        axes.annotate(
            pen.wrap(pen.say(part), 150, 9) if pen.narrow else pen.say(part),
            (dots[part], place),
            xytext=(-3, 23 + 15 * lines) if pen.narrow else (reach, 9),
            textcoords="offset points",
            ha="right" if pen.narrow else aside,
            va="bottom",
            fontsize=9,
            color=MUTED,
            annotation_clip=False,
            bbox=None if pen.narrow else {"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            zorder=3.5,
        )
        if pen.narrow:
            axes.annotate(
                "",
                (dots[part], place),
                xytext=(0, 33 + 15 * lines),
                textcoords="offset points",
                annotation_clip=False,
                arrowprops={
                    "arrowstyle": "-",
                    "color": MUTED,
                    "linewidth": 0.6,
                    "shrinkA": 0,
                    "shrinkB": 5,
                },
            )
