"""Charts of model results: intervals, specification curves, strips, false-positive rates.

Intervals are always drawn. Nothing is marked by stars; a filled dot is an interval that leaves out
zero, an open one an interval that holds it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from karaganda_vibe.figures.axes import grid_across, number_axis
from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.layout import text_width
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import (
    BAND,
    COMPARATOR,
    FOCUS,
    INK,
    LOSS,
    MUTED,
    PAPER,
    REST,
    LineEnd,
    label_line_ends,
    name_rows,
)


def interval_dots(
    data: pd.DataFrame, *, kind: str, groups: Sequence[str], rows: Sequence[str]
) -> Draw:
    """Dots with intervals: a row an item, a dot a group. `data`: row, group, effect, low, high.

    Rows and groups are named by the text parts of their names. The first group is in the study's
    colour, the others grey and slightly lower; groups are named once, at their first dot.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        colours = [FOCUS, COMPARATOR, REST]
        room = name_rows(
            axes,
            pen,
            [pen.say(row) for row in reversed(rows)],
            mark_points=13 * len(groups),
            widest=215,
        )
        step = 0.62 * (room if pen.narrow else 1) / max(len(groups), 1)
        if pen.narrow and len(groups) > 1:
            named = [
                LineEnd(0, -order, pen.say(group), colours[min(order, 2)], "", order == 0,
                        FOCUS if order == 0 else MUTED)
                for order, group in enumerate(groups)
            ]  # fmt: skip
            label_line_ends(axes, named, pen)
        for place, row in enumerate(reversed(rows)):
            for order, group in enumerate(groups):
                found = data[(data["row"] == row) & (data["group"] == group)]
                if found.empty:
                    continue
                effect, low, high = (float(found[c].iloc[0]) for c in ("effect", "low", "high"))
                height = place + step * ((len(groups) - 1) / 2 - order)
                colour = colours[min(order, len(colours) - 1)]
                axes.plot([low, high], [height, height], color=colour, linewidth=2.2)
                away = low > 0 or high < 0
                dot = axes.scatter(
                    effect,
                    height,
                    s=46,
                    zorder=3,
                    color=colour if away else PAPER,
                    edgecolor=colour,
                    linewidth=1.6,
                    # Groups differ without colour as well.
                    marker="osD"[min(order, 2)],
                )
                own = pen.say(row) if len(groups) == 1 else f"{pen.say(row)}, {pen.say(group)}"
                mark(dot, "", interval_tip(pen, own, (effect, low, high), kind))
                if len(groups) > 1 and row == rows[0] and not pen.narrow:
                    axes.annotate(
                        pen.say(group),
                        (high, height),
                        xytext=(6, 0),
                        textcoords="offset points",
                        va="center",
                        fontsize=9,
                        color=FOCUS if order == 0 else MUTED,
                    )
        _finish(axes, pen, kind, len(rows))
        axes.set_ylim(-0.6, len(rows) - 0.4)

    return draw


def interval_tip(pen: Pen, name: str, numbers: Sequence[float], kind: str) -> str:
    """A name, a number and its interval, for readers who point at it.

    `numbers`: the number, the low and the high end.
    """
    value, low, high = numbers
    return f"{pen.tip(name, value, kind)} ({pen.number(low, kind)} … {pen.number(high, kind)})"


def specification_curves(
    data: pd.DataFrame, *, kind: str, terms: Sequence[str], main: str, columns: int = 2
) -> Draw:
    """One panel a driver: estimates of all models in order, with intervals.

    `data`: term, rank, model_id, effect, low, high. The model `main` is marked.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        across = 1 if pen.narrow else columns
        rows = -(-len(terms) // across)
        if pen.narrow:
            figure.set_size_inches(figure.get_size_inches()[0], 0.2 + 1.75 * rows)
        panels = figure.subplots(rows, across, squeeze=False, sharey=True)
        for axes, term in zip(panels.flat, terms, strict=False):
            own = data[data["term"] == term]
            axes.vlines(own["rank"], own["low"], own["high"], color=REST, linewidth=1.6)
            axes.scatter(own["rank"], own["effect"], s=9, color=INK, zorder=3)
            chosen = own[own["model_id"] == main]
            axes.vlines(chosen["rank"], chosen["low"], chosen["high"], color=FOCUS, lw=2.4)
            dot = axes.scatter(chosen["rank"], chosen["effect"], s=44, color=FOCUS, zorder=4)
            if len(chosen):
                numbers = [float(chosen[c].iloc[0]) for c in ("effect", "low", "high")]
                mark(dot, "", interval_tip(pen, pen.say(term), numbers, kind))
            positive = 100 * float((own["effect"] > 0).mean())
            share = pen.number(positive, "percent_0")
            axes.set_title(
                f"{pen.say(term)}  {pen.say('above_zero')} {share}",
                loc="left",
                fontsize=9.5,
                fontweight=600,
                color=INK,
            )
            axes.axhline(0, color=INK, linewidth=1.0)
            axes.set_xticks([])
            axes.spines["bottom"].set_visible(False)
            number_axis(axes, pen, kind, steps=5)
        for axes in panels.flat[len(terms) :]:
            axes.set_visible(False)

    return draw


def leave_out_strips(data: pd.DataFrame, *, kind: str, terms: Sequence[str]) -> Draw:
    """A strip of dots a driver and kind of leaving out; the full sample is the line.

    `data`: term, by ("region" or "year"), left_out, effect. The farthest dot is named beside it,
    on the outer side or on the inner one, and above the strip where neither has room.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        places = [(term, by) for term in terms for by in ("region", "year")]
        labels = [f"{pen.say(term)}: {pen.say('without_' + by)}" for term, by in reversed(places)]
        name_rows(axes, pen, labels, mark_points=30)
        farthest_dots = []
        for height, (term, by) in enumerate(reversed(places)):
            own = data[(data["term"] == term) & (data["by"] == by)]
            full = float(own.loc[own["left_out"] == "", "effect"].iloc[0])
            dots = own[own["left_out"] != ""]
            axes.scatter(dots["effect"], np.full(len(dots), height), s=26, color=REST, zorder=2)
            axes.scatter(full, height, s=70, marker="|", color=FOCUS, linewidth=3, zorder=4)
            farthest = int((dots["effect"] - full).abs().to_numpy().argmax())
            column = f"name_{pen.language}" if f"name_{pen.language}" in dots else "left_out"
            value = float(dots["effect"].iloc[farthest])
            others = [*dots["effect"].drop(dots.index[farthest]), full, 0.0]
            farthest_dots.append((str(dots[column].iloc[farthest]), value, height, full, others))
        _finish(axes, pen, kind, len(places))
        axes.set_ylim(-0.6, len(places) - 0.2 if pen.narrow else len(places) - 0.4)
        axes.margins(x=0.18 if pen.narrow else 0.14)
        figure.canvas.draw()
        for name, value, height, full, others in farthest_dots:
            right, above = _name_side(axes, name, value, value > full, [float(x) for x in others])
            away = 1 if above else 6
            axes.annotate(
                name,
                (value, height),
                xytext=(away if right else -away, 7 if above else 0),
                textcoords="offset points",
                ha="left" if right else "right",
                va="bottom" if above else "center",
                fontsize=9,
                color=MUTED,
            )

    return draw


def _name_side(
    axes: Axes, name: str, value: float, outwards: bool, others: Sequence[float]
) -> tuple[bool, bool]:
    """Whether a dot's name goes to its right, and whether it stands above the strip.

    `outwards` is right for the rightmost dot; `others` are the other dots and the line at zero.
    """
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    low, high = axes.get_xlim()
    points = float(axes.get_window_extent().width) * 72 / figure.dpi / (high - low)
    needed = (text_width(name, 9) + 10) / points

    def free(right: bool, crossed: Sequence[float]) -> bool:
        start, end = (value, value + needed) if right else (value - needed, value)
        return low <= start and end <= high and not any(start < x < end for x in crossed)

    for right in (outwards, not outwards):
        if free(right, others):
            return right, False
    return free(True, [0.0]), True


def rate_bars(data: pd.DataFrame, *, kind: str, nominal: float, rows: Sequence[str]) -> Draw:
    """Bars of false-positive rates (percent) by method with their Monte Carlo error.

    `data`: method, rate, error (percent). A line marks the rate that a method promises.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        ordered = data.set_index("method").loc[list(reversed(rows))]
        heights = np.arange(len(ordered))
        names = [pen.say(row) for row in reversed(rows)]
        room = name_rows(axes, pen, names, more_height=0.45)
        rates = ordered["rate"].to_numpy(dtype=float)
        colours = [LOSS if rate > 2 * nominal else FOCUS for rate in rates]
        bars = axes.barh(heights, rates, color=colours, height=0.62 * room)
        error = 1.96 * ordered["error"].to_numpy(dtype=float)
        axes.errorbar(rates, heights, xerr=error, fmt="none", color=INK, linewidth=1.2)
        for bar, name, rate in zip(bars, names, rates, strict=True):
            mark(bar, "", pen.tip(name, float(rate), kind))
        for height, rate, wide in zip(heights, rates, error, strict=True):
            axes.annotate(
                pen.number(rate, kind),
                (rate + wide, height),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontsize=9.5,
            )
        axes.axvline(nominal, color=INK, linewidth=1.0, linestyle=(0, (3, 3)))
        axes.annotate(
            pen.say("promised"),
            (nominal, len(rows) - 0.45),
            xytext=(4, 14 if pen.narrow else 0),
            textcoords="offset points",
            fontsize=9,
            color=MUTED,
        )
        axes.grid(False)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.margins(x=0.15)
        axes.set_ylim(-0.6, len(rows) - 0.1)

    return draw


def _finish(axes: Axes, pen: Pen, kind: str, rows: int) -> None:
    axes.axvline(0, color=INK, linewidth=1.0, zorder=1)
    grid_across(axes)
    for height in range(0, 0 if pen.narrow else rows, 2):
        axes.axhspan(height - 0.5, height + 0.5, color=BAND, zorder=0, alpha=0.6)
    number_axis(axes, pen, kind, "x")
