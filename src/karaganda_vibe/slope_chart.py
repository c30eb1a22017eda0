"""The slope chart: a line a unit from before to now, named and numbered at both ends."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from karaganda_vibe.charts import DASHES, Axis
from karaganda_vibe.compact_svg import mark
from karaganda_vibe.figure_style import (
    GAIN,
    INK,
    LOSS,
    MUTED,
    REST,
    above_floor,
    spread_labels,
)
from karaganda_vibe.figures import Draw, Pen

SLOPE_GAP = 12.5
"""Points between two labels at one end of a slope chart."""


def slopes(data: pd.DataFrame, axis: Axis, *, focus: Sequence[str]) -> Draw:
    """A line a unit from its value before to its value after, named and numbered at both ends.

    `data`: unit, before, after, name_<language>, and short_<language> for a narrow figure. Lines
    that fall are solid, the others dashed. The parts `before` and `after` of the texts stand above
    the two ends, `worse` and `better` beside samples of the lines.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        rows = data.to_dict("records")
        if pen.narrow:
            figure.set_size_inches(figure.get_size_inches()[0], 1.1 + SLOPE_GAP * len(rows) / 55)
        axes = figure.subplots()
        names = [str(row[f"{'short' if pen.narrow else 'name'}_{pen.language}"]) for row in rows]
        for row in rows:
            before, after, chosen = float(row["before"]), float(row["after"]), row["unit"] in focus
            worse = after < before
            line = axes.plot(
                [0, 1],
                [before, after],
                color=LOSS if worse else GAIN,
                linewidth=3.0 if chosen else 1.6,
                linestyle="-" if worse else DASHES[0],
                marker="o",
                markersize=5.5 if chosen else 4,
                zorder=4 if chosen else 3,
            )[0]
            tip = pen.tip(str(row[f"name_{pen.language}"]), after, axis.labels)
            mark(line, str(row["unit"]),
                 f"{tip} ({pen.say('before')}: {pen.number(before, axis.labels)})")  # fmt: skip
        axes.axhline(0, color=INK, linewidth=0.8, zorder=2)
        for place in (0, 1):
            axes.axvline(place, color=REST, linewidth=0.8, zorder=1)
        axes.set(xlim=(-0.02, 1.02), xticks=[], yticks=[])
        axes.margins(y=0.04)
        axes.grid(False)
        axes.spines["bottom"].set_visible(False)
        _slope_key(axes, pen, data)
        # Words above the ends first: they take their room from the lines.
        for place, part, side in ((0, "before", "right"), (1, "after", "left")):
            axes.annotate(
                pen.say(part),
                (place, 1),
                xycoords=("data", "axes fraction"),
                xytext=(6 if place else -6, 10),
                textcoords="offset points",
                ha=side,
                va="bottom",
                fontsize=9.5,
                fontweight=600,
                color=MUTED,
                annotation_clip=False,
            )
        figure.canvas.draw()
        for place, part in enumerate(("before", "after")):
            values = [float(row[part]) for row in rows]
            written = [
                f"{name} {pen.number(value, axis.labels)}"
                for name, value in zip(names, values, strict=True)
            ]
            bold = [row["unit"] in focus for row in rows]
            _slope_ends(axes, place, values, written, bold, pen)

    return draw


def _slope_ends(
    axes: Axes,
    place: int,
    values: Sequence[float],
    written: Sequence[str],
    bold: Sequence[bool],
    pen: Pen,
) -> None:
    """Names and numbers beside the ends at x = `place`, moved apart and tied to their ends."""
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    to_points = 72 / figure.dpi
    heights = [float(axes.transData.transform((place, value))[1]) * to_points for value in values]
    floor = float(axes.get_window_extent().y0) * to_points
    placed = above_floor(spread_labels(heights, SLOPE_GAP), SLOPE_GAP, floor)
    away = (11 if pen.narrow else 16) * (1 if place else -1)
    for text, value, height, target, chosen in zip(
        written, values, heights, placed, bold, strict=True
    ):
        axes.annotate(
            text,
            (place, value),
            xytext=(away, target - height),
            textcoords="offset points",
            ha="left" if place else "right",
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
                "relpos": (0 if place else 1, 0.5),
            },
        )


def _slope_key(axes: Axes, pen: Pen, data: pd.DataFrame) -> None:
    """Samples of the lines that fall and of the others, as far as the data have them, below."""
    falls = data["after"] < data["before"]
    samples = [
        (pen.say(part), Line2D([], [], color=colour, linewidth=1.6, linestyle=dash))
        for part, colour, dash, there in (
            ("worse", LOSS, "-", falls.any()),
            ("better", GAIN, DASHES[0], (~falls).any()),
        )
        if there
    ]
    axes.legend(
        [line for _, line in samples],
        [word for word, _ in samples],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.01),
        ncols=len(samples),
        frameon=False,
        fontsize=9,
        labelcolor=MUTED,
        handlelength=2.4,
        borderaxespad=0.2,
    )
