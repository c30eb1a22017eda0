"""Charts of the two chapters on the young and on the outlook: ranges by unit, a fan, errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from karaganda_vibe.figures.axes import Axis, grid_across, number_axis, year_axis, year_points
from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.model_charts import interval_tip
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import (
    COMPARATOR,
    FOCUS,
    INK,
    MUTED,
    PAPER,
    REST,
    LineEnd,
    label_line_ends,
    name_rows,
    zero_line,
)

BAND_WIDE = "#d6e4f2"
BAND_NARROW = "#a9c8e6"


def range_dots(
    data: pd.DataFrame, axis: Axis, *, focus: Sequence[str], groups: Sequence[str]
) -> Draw:
    """Dots with ranges, one row a unit, up to two groups a row (the first full, the second open).

    `data`: unit, group, value, low, high, names. Rows are ordered by the first group's value, units
    without it by the second's. The text parts of the groups' names stand at the topmost row that
    has them.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        values = data.pivot(index="unit", columns="group", values="value")
        key = values.reindex(columns=list(groups)).bfill(axis=1).iloc[:, 0]
        units = key.sort_values(kind="stable").index.tolist()
        by_unit = data.drop_duplicates("unit").set_index("unit")[f"name_{pen.language}"]
        names = [str(by_unit[unit]) for unit in units]
        room = name_rows(
            axes, pen, names, [unit in focus for unit in units], mark_points=12 * len(groups)
        )
        shift = 0.17 * (1.4 * room if pen.narrow else 1) if len(groups) > 1 else 0.0
        if pen.narrow:
            named = [
                LineEnd(0, -order, pen.say(group), FOCUS, "", order == 0, INK)
                for order, group in enumerate(groups)
            ]
            label_line_ends(axes, named, pen)
        # Numbers of two groups stand a little apart.
        apart = 3 if len(groups) > 1 else 0
        for order, group in enumerate(groups):
            rows = data[data["group"] == group].set_index("unit")
            first = order == 0
            for place, unit in enumerate(units):
                if unit not in rows.index:
                    continue
                row = rows.loc[unit]
                colour = FOCUS if unit in focus else COMPARATOR if first else REST
                height = place + (shift if first else -shift)
                axes.plot(
                    [row["low"], row["high"]],
                    [height, height],
                    color=colour,
                    linewidth=2.6 if unit in focus else 1.7,
                    zorder=2,
                )
                dot = axes.scatter(
                    row["value"],
                    height,
                    s=40 if unit in focus else 28,
                    color=colour if first else PAPER,
                    edgecolor=colour,
                    linewidth=1.5,
                    zorder=3,
                )
                numbers = [float(row[column]) for column in ("value", "low", "high")]
                name = f"{names[place]}, {pen.say(group)}"
                mark(dot, str(unit), interval_tip(pen, name, numbers, axis.labels))
                if unit in focus:
                    number = pen.number(float(row["value"]), axis.labels)
                    axes.annotate(
                        number if pen.narrow else f"{pen.say(group)}: {number}",
                        # On a phone a number beyond zero would be far from its dot.
                        (row["low" if pen.narrow else "high"], height),
                        xytext=(-7 if pen.narrow else 7, apart if first else -apart),
                        textcoords="offset points",
                        ha="right" if pen.narrow else "left",
                        va="center",
                        fontsize=9.5,
                        fontweight=600,
                        color=FOCUS,
                        zorder=4,
                    )
        axes.axvline(0, color=INK, linewidth=1.0, zorder=1.5)
        grid_across(axes)
        number_axis(axes, pen, axis.ticks, "x")
        axes.set_ylim(-0.7, len(units) - 0.3)

    return draw


def fan_and_errors(
    history: pd.DataFrame,
    fan: pd.DataFrame,
    errors: pd.DataFrame,
    axis: Axis,
    *,
    groups: Sequence[str],
    methods: Sequence[str],
    winners: Mapping[str, str],
) -> Draw:
    """Above: a series and its outlook with two bands. Below: how wrong each method was before.

    Args:
        history: year, value; fan: year, value, low, high (the wide band), low_inner, high_inner.
        errors: group, method, relative (mean error over that of the naive method).
        groups: two or more names of groups, methods: in the order to be drawn; both are text parts.
        winners: the method that won, by group.

    Text parts: band_wide, band_narrow, outlook, errors (title of the lower panel).
    """

    def draw(figure: Figure, pen: Pen) -> None:
        if pen.narrow:
            figure.set_size_inches(figure.get_size_inches()[0], 7.4)
        # Each panel has its own room at the sides.
        parts = figure.subfigures(2, 1, height_ratios=[1.2 if pen.narrow else 1.5, 1.0])
        upper, lower = np.ravel(np.asarray(parts))
        top, bottom = upper.subplots(), lower.subplots()
        _draw_fan(top, pen, history, fan, axis)
        _draw_errors(bottom, pen, errors, groups, methods, winners)

    return draw


def _draw_fan(
    axes: Axes,
    pen: Pen,
    history: pd.DataFrame,
    fan: pd.DataFrame,
    axis: Axis,
) -> None:
    start = history.iloc[-1]
    years = [start["year"], *fan["year"]]
    for low, high, colour in (("low", "high", BAND_WIDE), ("low_inner", "high_inner", BAND_NARROW)):
        axes.fill_between(
            years,
            [start["value"], *fan[low]],
            [start["value"], *fan[high]],
            color=colour,
            linewidth=0,
            zorder=1,
        )
    axes.plot(history["year"], history["value"], color=FOCUS, linewidth=2.6, zorder=3)
    axes.plot(
        years,
        [start["value"], *fan["value"]],
        color=FOCUS,
        linewidth=2.0,
        linestyle=(0, (4, 2)),
        zorder=3,
    )
    last = fan.iloc[-1]
    ends = [
        LineEnd(
            float(last["year"]),
            float(last[column]),
            pen.say(part).rstrip(":") if pen.narrow else pen.say(part),
            colour,
            pen.number(float(last[column]), axis.labels),
            part == "outlook",
            FOCUS if part == "outlook" else MUTED,
            (0, (4, 2)) if part == "outlook" else "-",
            patch=part != "outlook",
        )
        for part, column, colour in (
            ("outlook", "value", FOCUS),
            ("band_narrow", "low_inner", BAND_NARROW),
            ("band_wide", "low", BAND_WIDE),
        )
    ]
    year_points(axes, pen, history.set_index("year")["value"], "", "", axis.labels)
    for row in fan.to_dict("records"):
        dot = axes.plot([row["year"]], [row["value"]], "o", color=INK, alpha=0, markersize=8)[0]
        numbers = [float(row[column]) for column in ("value", "low", "high")]
        mark(dot, "", interval_tip(pen, f"{row['year']:.0f}", numbers, axis.labels))
    zero_line(axes)
    number_axis(axes, pen, axis.ticks)
    year_axis(axes, int(history["year"].min()), int(fan["year"].max()), steps=8)
    axes.set_xlim(history["year"].min() - 0.4, fan["year"].max() + 0.3)
    label_line_ends(axes, ends, pen, gap_points=12)


def _draw_errors(
    axes: Axes,
    pen: Pen,
    errors: pd.DataFrame,
    groups: Sequence[str],
    methods: Sequence[str],
    winners: Mapping[str, str],
) -> None:
    table = errors.pivot(index="method", columns="group", values="relative")
    ordered = list(reversed(methods))
    names = [pen.say(method) for method in ordered]
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    tall = float(figure.get_size_inches()[1])
    room = name_rows(
        axes,
        pen,
        names,
        [method in winners.values() for method in ordered],
        mark_points=12 * len(groups),
    )
    if pen.narrow:
        figure.set_size_inches(figure.get_size_inches()[0], tall)
    step = 0.5 * (1.2 * room if pen.narrow else 1) / max(len(groups) - 1, 1)
    for place, method in enumerate(ordered):
        for order, group in enumerate(groups):
            value = float(table[group].loc[method])
            height = place + step * (0.5 * (len(groups) - 1) - order)
            won = winners[group] == method
            colour = FOCUS if won else COMPARATOR
            axes.plot([1, value], [height, height], color=colour, linewidth=1.6, zorder=2)
            axes.scatter(
                value,
                height,
                s=34,
                color=colour if order == 0 else PAPER,
                edgecolor=colour,
                linewidth=1.5,
                zorder=3,
            )
            if method != "naive":
                axes.annotate(
                    f"{pen.number(value, 'ratio')} {pen.say(group)}",
                    (max(value, 1.0), height),
                    xytext=(7, 0),
                    textcoords="offset points",
                    ha="left",
                    va="center",
                    fontsize=9,
                    color=colour if won else MUTED,
                )
    axes.axvline(1, color=INK, linewidth=1.0, zorder=1.5)
    axes.set_title(pen.say("errors"), loc="left", fontsize=10, color=INK, fontweight=600)
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])
    spread = float(table.to_numpy().max() - table.to_numpy().min())
    axes.set_xlim(
        float(table.to_numpy().min()) - 0.1 * spread, float(table.to_numpy().max()) + 0.45 * spread
    )
    axes.set_ylim(-0.6, len(ordered) - 0.4)
