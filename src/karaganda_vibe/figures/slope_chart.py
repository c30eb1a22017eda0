"""The slope chart: a line a unit from before to now, named and numbered at both ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from karaganda_vibe.figures.charts import DASHES, Axis
from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import (
    GAIN,
    INK,
    LOSS,
    MUTED,
    REST,
    above_floor,
    spread_labels,
)

SLOPE_GAP = 12.5
"""Points between two labels at one end of a slope chart."""


LOOKS: dict[str, tuple[str, Any]] = {
    "worse": (LOSS, "-"),
    "less": (GAIN, DASHES[1]),
    "better": (GAIN, DASHES[0]),
}
"""Colour and dashes of a line by what happened to its unit."""


def kind_of_change(before: float, after: float) -> str:
    """What a balance did: "worse" (loses more, or began to lose), "less" (gains less) or "better".

    The same balance counts as "better", and one that fell to nil as "less".
    """
    if after >= before:
        return "better"
    return "worse" if after < 0 else "less"


def slopes(data: pd.DataFrame, axis: Axis, *, focus: Sequence[str]) -> Draw:
    """A line a unit from its value before to its value after, named and numbered at both ends.

    `data`: unit, before, after, name_<language>, and short_<language> for a narrow figure. Lines
    differ by what happened (`kind_of_change`), whose three names are text parts beside samples of
    the lines. The parts `before` and `after` of the texts stand above the two ends.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        rows = data.to_dict("records")
        if pen.narrow:
            figure.set_size_inches(figure.get_size_inches()[0], 1.1 + SLOPE_GAP * len(rows) / 55)
        axes = figure.subplots()
        names = [str(row[f"{'short' if pen.narrow else 'name'}_{pen.language}"]) for row in rows]
        for row in rows:
            before, after, chosen = float(row["before"]), float(row["after"]), row["unit"] in focus
            colour, dash = LOOKS[kind_of_change(before, after)]
            line = axes.plot(
                [0, 1],
                [before, after],
                color=colour,
                linewidth=3.0 if chosen else 1.6,
                linestyle=dash,
                marker="o",
                markersize=5.5 if chosen else 4,
                zorder=4 if chosen else 3,
            )[0]
            tip = pen.tip(str(row[f"name_{pen.language}"]), after, axis.labels)
            mark(line, str(row["unit"]),
                 f"{tip} ({pen.say('before')}: {pen.number(before, axis.labels)})")  # fmt: skip
        low, high = axes.get_ylim()
        if low < 0 < high:
            axes.axhline(0, color=INK, linewidth=0.8, zorder=2)
            axes.text(
                *(_free_place(data), 0, "0"),
                ha="center",
                va="bottom",
                fontsize=9,
                color=MUTED,
                zorder=2.5,
            )
        for place in (0, 1):
            axes.axvline(place, color=REST, linewidth=0.8, zorder=1)
        axes.set(xlim=(-0.02, 1.02), xticks=[], yticks=[])
        axes.margins(y=0.04)
        axes.grid(False)
        axes.spines["bottom"].set_visible(False)
        _slope_key(axes, pen, data)
        ends = [
            _End(
                place,
                [float(row[part]) for row in rows],
                [f"{name} {pen.number(float(row[part]), axis.labels)}"
                 for name, row in zip(names, rows, strict=True)],
                [row["unit"] in focus for row in rows],
            )
            for place, part in enumerate(("before", "after"))
        ]  # fmt: skip
        # The words above the ends take their room from the lines, and stand above all labels.
        figure.canvas.draw()
        top = max(max(_spread(axes, end)[1]) for end in ends)
        above = max(0.0, top - float(axes.get_window_extent().y1) * 72 / figure.dpi) + 9
        for place, part in enumerate(("before", "after")):
            axes.annotate(
                pen.say(part),
                (place, 1),
                xycoords=("data", "axes fraction"),
                xytext=(6 if place else -6, above),
                textcoords="offset points",
                ha="left" if place else "right",
                va="bottom",
                fontsize=9.5,
                fontweight=600,
                color=MUTED,
                annotation_clip=False,
            )
        figure.canvas.draw()
        for end in ends:
            _label_ends(axes, end, pen)

    return draw


def _free_place(data: pd.DataFrame) -> float:
    """Where on the line at zero the lines of the data are farthest away, from 0 to 1."""

    def room(place: float) -> float:
        return float((data["before"] * (1 - place) + data["after"] * place).abs().min())

    return max((step / 20 for step in range(3, 18)), key=room)


@dataclass(frozen=True)
class _End:
    """One side of the chart: its x, and value, words and weight of each line's label."""

    x: int
    values: list[float]
    written: list[str]
    bold: list[bool]


def _spread(axes: Axes, end: _End) -> tuple[list[float], list[float]]:
    """Heights of the line's ends and of their labels, moved apart, in points of the figure."""
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    to_points = 72 / figure.dpi
    heights = [float(axes.transData.transform((end.x, y))[1]) * to_points for y in end.values]
    floor = float(axes.get_window_extent().y0) * to_points
    return heights, above_floor(spread_labels(heights, SLOPE_GAP), SLOPE_GAP, floor)


def _label_ends(axes: Axes, end: _End, pen: Pen) -> None:
    """Names and numbers beside the ends of one side, each tied to its end."""
    heights, placed = _spread(axes, end)
    away = (11 if pen.narrow else 16) * (1 if end.x else -1)
    for text, value, height, target, chosen in zip(
        end.written, end.values, heights, placed, end.bold, strict=True
    ):
        axes.annotate(
            text,
            (end.x, value),
            xytext=(away, target - height),
            textcoords="offset points",
            ha="left" if end.x else "right",
            va="center",
            fontsize=9 if pen.narrow else 9.5,
            fontweight=600 if chosen else 400,
            color=INK,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": REST,
                "linewidth": 0.7,
                "shrinkA": 1,
                "shrinkB": 3,
                "relpos": (0 if end.x else 1, 0.5),
            },
        )


def _slope_key(axes: Axes, pen: Pen, data: pd.DataFrame) -> None:
    """Samples of the kinds of lines, as far as the data have them, below."""
    there = {kind_of_change(*pair) for pair in zip(data["before"], data["after"], strict=True)}
    samples = [
        (pen.say(kind), Line2D([], [], color=colour, linewidth=1.6, linestyle=dash))
        for kind, (colour, dash) in LOOKS.items()
        if kind in there
    ]
    axes.legend(
        [line for _, line in samples],
        [word for word, _ in samples],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.01),
        ncols=1 if pen.narrow else len(samples),
        frameon=False,
        fontsize=9,
        labelcolor=MUTED,
        handlelength=2.4,
        columnspacing=1.4,
        borderaxespad=0.2,
    )
