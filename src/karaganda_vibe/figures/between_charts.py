"""Charts of places beside what is expected of them, and of ranks with their bands."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from karaganda_vibe.figures.axes import Axis, grid_across, number_axis
from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.model_charts import interval_tip
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import (
    COMPARATOR,
    FAINT,
    FOCUS,
    GAIN,
    INK,
    LOSS,
    MUTED,
    PAPER,
    name_rows,
)


def expected_and_actual(data: pd.DataFrame, axis: Axis, *, focus: Sequence[str]) -> Draw:
    """One row a place: the band around its expectation, a stroke at it, a dot at the actual rate.

    `data`: unit, value, expected, low, high, names. Rows go from the place most above its
    expectation, at the top, to the one most below. A dot is full where it lies outside its band;
    its colour says on which side of the expectation it lies. The text parts `actual` and
    `expected` name the marks of the first row.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        above = (data["value"] - data["expected"]).rename("above")
        rows = data.assign(above=above).sort_values("above", kind="stable").to_dict("records")
        names = [str(row[f"name_{pen.language}"]) for row in rows]
        name_rows(axes, pen, names, [row["unit"] in focus for row in rows], more_height=0.9)
        for place, row in enumerate(rows):
            axes.plot(
                [row["low"], row["high"]], [place, place], color=FAINT, linewidth=8.0, zorder=1.2,
                solid_capstyle="butt",
            )  # fmt: skip
            # A mark of so many points: on a phone it stays clear of the name above its row.
            axes.plot(
                row["expected"], place, color=INK, marker="|", markersize=13, markeredgewidth=1.6,
                linestyle="none", zorder=2,
            )  # fmt: skip
            colour = GAIN if row["above"] >= 0 else LOSS
            outside = not row["low"] <= row["value"] <= row["high"]
            dot = axes.scatter(
                row["value"], place, s=46, color=colour if outside else PAPER, edgecolor=colour,
                linewidth=1.8, zorder=3,
            )  # fmt: skip
            numbers = [float(row[column]) for column in ("expected", "low", "high")]
            expected = interval_tip(pen, pen.say("expected"), numbers, axis.labels)
            actual = pen.tip(names[place], float(row["value"]), axis.labels)
            mark(dot, str(row["unit"]), f"{actual}; {expected}")
        _name_marks(axes, pen, rows[-1], len(rows) - 1)
        # The line at zero ends below the names of the marks.
        axes.plot([0, 0], [-0.7, len(rows) - 0.55], color=MUTED, linewidth=0.9, zorder=1.1)
        grid_across(axes)
        number_axis(axes, pen, axis.ticks, "x")
        axes.set_ylim(-0.7, len(rows) + (0.3 if pen.narrow else 0.2))

    return draw


def _name_marks(axes: Axes, pen: Pen, row: Mapping[Hashable, object], place: int) -> None:
    """Say above the topmost row which mark is the expectation and which the actual rate."""
    lift = 21 if pen.narrow else 10
    for part, column, side in (("expected", "expected", "right"), ("actual", "value", "left")):
        axes.annotate(
            pen.say(part),
            (float(str(row[column])), place),
            xytext=(4 if side == "right" else -4, lift),
            textcoords="offset points",
            ha=side,
            va="bottom",
            fontsize=9,
            color=MUTED,
            annotation_clip=False,
        )


def rank_dots(data: pd.DataFrame, *, focus: Sequence[str], places: int) -> Draw:
    """One row a place: its rank and the band of ranks that it may have. Rank 1 is at the left.

    `data`: unit, rank, low, high, bright (whether the dot is full), names. Rows go from rank 1 at
    the top. `places` ranks there are in all; the text part `middle` names the middle one.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        rows = data.sort_values("rank", ascending=False, kind="stable").to_dict("records")
        names = [str(row[f"name_{pen.language}"]) for row in rows]
        name_rows(axes, pen, names, [row["unit"] in focus for row in rows], more_height=0.8)
        for place, row in enumerate(rows):
            colour = FOCUS if row["unit"] in focus else COMPARATOR
            axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2.2)
            dot = axes.scatter(
                row["rank"], place, s=42, color=colour if row["bright"] else PAPER,
                edgecolor=colour, linewidth=1.6, zorder=3,
            )  # fmt: skip
            numbers = [float(row[column]) for column in ("rank", "low", "high")]
            mark(dot, str(row["unit"]), interval_tip(pen, names[place], numbers, "count"))
        middle = (places + 1) / 2
        axes.axvline(middle, color=MUTED, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
        axes.annotate(
            pen.say("middle"),
            (middle, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=9,
            color=MUTED,
        )
        grid_across(axes)
        ticks = [1, *range(20, places + 1, 20)]
        axes.set_xticks(ticks, [pen.number(tick, "count") for tick in ticks])
        axes.set_xlim(-1, max(float(data["high"].max()), middle) + 4)
        axes.set_ylim(-0.7, len(rows) - (0.1 if pen.narrow else 0.3))

    return draw
