"""Charts of what the models say: shares of variation, gaps taken apart, scenarios by place.

Intervals are always drawn; rows and panels are named by the text parts of the figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke

from karaganda_vibe.figures.axes import grid_across, number_axis
from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.model_charts import interval_tip
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import (
    BAND,
    COMPARATOR,
    FOCUS,
    GAIN,
    HATCH,
    INK,
    LOSS,
    MUTED,
    PAPER,
    REST,
    name_rows,
)

# The pale edge keeps an interval legible on its own dark bar.
EDGE = [Stroke(linewidth=3.0, foreground=PAPER), Normal()]
WHISKER: dict[str, Any] = {"color": INK, "linewidth": 1.3, "zorder": 4, "path_effects": EDGE}


def share_bars(data: pd.DataFrame, *, kind: str, ticks_kind: str, groups: Sequence[str]) -> Draw:
    """Bars with intervals in groups, one below the other. `data`: group, row, share, low, high.

    A group's heading and the rows are text parts; bars keep the order of the data. The first
    group is in the study's colour.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        height, names, places = 0.0, [], []
        for group in groups:
            height -= 1
            for row in data.loc[data["group"] == group, "row"]:
                names.append(pen.say(str(row)))
                places.append(height)
                height -= 1
        room = name_rows(axes, pen, names, places=places, more_height=0.8)
        height = 0.0
        for order, group in enumerate(groups):
            axes.annotate(
                pen.wrap(pen.say(group), 250 if pen.narrow else 420, 9.5, 600),
                # On a phone the next row's name stands close below.
                (0, height + (0.11 if pen.narrow else 0)),
                xycoords=("axes fraction", "data"),
                xytext=(0 if pen.narrow else 6, 0),
                textcoords="offset points",
                va="center",
                fontsize=9.5,
                fontweight=600,
                color=INK,
            )
            below = 0.28 if pen.narrow else 0.5
            axes.axhspan(height - below, height + 0.5, color=BAND, zorder=0)
            height -= 1
            for row in data[data["group"] == group].to_dict("records"):
                colour = FOCUS if order == 0 else COMPARATOR
                bar = axes.barh(height, row["share"], color=colour, height=0.62 * room, zorder=2)[0]
                numbers = [float(row[column]) for column in ("share", "low", "high")]
                mark(bar, "", interval_tip(pen, pen.say(str(row["row"])), numbers, kind))
                axes.plot([row["low"], row["high"]], [height, height], **WHISKER)
                axes.annotate(
                    pen.number(float(row["share"]), kind),
                    (max(float(row["high"]), float(row["share"])), height),
                    xytext=(5, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=9.5,
                    color=INK,
                )
                height -= 1
        _ink(axes)
        grid_across(axes)
        number_axis(axes, pen, ticks_kind, "x")
        axes.set_xlim(0, 1.1 * float(data[["share", "high"]].max().max()))
        axes.set_ylim(height + 0.4, 0.6)

    return draw


def waterfall(data: pd.DataFrame, *, kind: str, level_kind: str = "") -> Draw:
    """A gap taken apart, from the comparator's level to the unit's, top to bottom.

    `data`: row (a text part), part ("level" at both ends, "driver", "rest"), value, low, high.
    Levels (written as `level_kind`, if given) are bars from zero; the others start where the one
    above ended. Whiskers show the interval of the part itself; the rest, which no driver explains,
    is hatched.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        records = data.to_dict("records")
        names = [pen.say(str(row["row"])) for row in records]
        room = name_rows(axes, pen, names)
        running = 0.0
        for place, row in enumerate(records):
            value = float(row["value"])
            level = row["part"] == "level"
            written = (level_kind or kind) if level else kind
            if level:
                start, end = 0.0, value
                colour = FOCUS if place else COMPARATOR
                bar = axes.barh(place, value, color=colour, height=0.66 * room, zorder=2)[0]
                mark(bar, "", pen.tip(names[place], value, written))
            else:
                start, end = running, running + value
                colour = GAIN if value >= 0 else LOSS
                bar = axes.barh(
                    place, value, left=start, color=colour, height=0.66 * room, zorder=2
                )[0]
                if row["part"] == "rest":
                    bar.set(edgecolor=colour, **HATCH)
                numbers = [value, float(row["low"]), float(row["high"])]
                mark(bar, "", interval_tip(pen, names[place], numbers, kind))
                reach = [start + float(row["low"]), start + float(row["high"])]
                axes.plot(reach, [place, place], **WHISKER)
            if place:
                axes.plot([start, start], [place - 0.67, place], color=MUTED, lw=0.7, zorder=1)
            edges = [start, end]
            if not level:
                edges += [start + float(row["low"]), start + float(row["high"])]
            axes.annotate(
                pen.number(value, written),
                (max(edges), place),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=9.5,
                fontweight=600 if level else 400,
                color=INK,
            )
            running = end
        _finish(axes, pen, kind, len(records))
        axes.margins(x=0.16)
        axes.set_ylim(len(records) - 0.4, -0.6)

    return draw


def place_intervals(
    data: pd.DataFrame, *, kind: str, groups: Sequence[str], order: Sequence[str]
) -> Draw:
    """A panel a group, a row a place: dots with intervals, or a word where there is no figure.

    `data`: unit, group, status, people, low, high, name_<language>. A status that is not
    "computed" is written as the text part of its name, its blanks as underscores.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        shape = (len(groups), 1) if pen.narrow else (1, len(groups))
        panels = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False).ravel()
        names = data.drop_duplicates("unit").set_index("unit")[f"name_{pen.language}"]
        for number, (axes, group) in enumerate(zip(panels, groups, strict=True)):
            own = {row["unit"]: row for row in data[data["group"] == group].to_dict("records")}
            written = [str(names[unit]) for unit in order]
            # Panels share their rows: the names beside the first serve all of a wide figure.
            if pen.narrow or number == 0:
                name_rows(axes, pen, written)
            for place, unit in enumerate(order):
                row = own[unit]
                if row["status"] != "computed":
                    axes.annotate(
                        pen.say(str(row["status"]).replace(" ", "_")),
                        (0, place),
                        xytext=(6, 0),
                        textcoords="offset points",
                        va="center",
                        fontsize=9,
                        color=MUTED,
                    )
                    continue
                colour = FOCUS if number == 0 else COMPARATOR
                axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2.2)
                dot = axes.scatter(row["people"], place, s=34, color=colour, zorder=3)
                numbers = [float(row[column]) for column in ("people", "low", "high")]
                name = f"{names[unit]}, {pen.say(group)}"
                mark(dot, str(unit), interval_tip(pen, name, numbers, kind))
                axes.annotate(
                    pen.number(float(row["people"]), kind),
                    (row["high"], place),
                    xytext=(6, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=9,
                    color=INK,
                )
            axes.set_title(pen.say(group), loc="left", fontsize=9.5, fontweight=600, color=INK)
            _finish(axes, pen, kind, len(order), steps=4)
        if pen.narrow:
            across, high = figure.get_size_inches()
            figure.set_size_inches(across, high * len(groups))
        bottom, top = float(data["low"].min()), float(data["high"].max())
        room = 0.28 * (max(top, 0) - min(bottom, 0))
        panels[0].set_xlim(min(bottom, 0) - 0.1 * room, max(top, 0) + room)
        panels[0].set_ylim(len(order) - 0.4, -0.6)

    return draw


def _finish(axes: Axes, pen: Pen, kind: str, rows: int, steps: int = 6) -> None:
    axes.axvline(0, color=INK, linewidth=1.0, zorder=1.5)
    grid_across(axes)
    for place in range(0, 0 if pen.narrow else rows, 2):
        axes.axhspan(place - 0.5, place + 0.5, color=BAND, zorder=0, alpha=0.6)
    _ink(axes)
    number_axis(axes, pen, kind, "x", steps=steps)


def _ink(axes: Axes) -> None:
    axes.spines["bottom"].set_color(REST)
