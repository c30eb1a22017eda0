"""Charts of drivers over time: the years around a driver, and the slopes of single clusters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from karaganda_vibe.figures.axes import grid_across, number_axis
from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.model_charts import interval_tip
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import (
    BAND,
    COMPARATOR,
    FOCUS,
    INK,
    MUTED,
    PAPER,
    REST,
    name_rows,
)


def horizon_panels(
    data: pd.DataFrame, *, kind: str, terms: Sequence[str], held: int = -1, columns: int = 2
) -> Draw:
    """One panel a driver: the outcome in the years around it, with intervals.

    `data`: term, horizon (years), effect, low, high. Horizons before `held`, where the outcome is
    its own control, are grey: they come before the driver. Full dots: the interval leaves out zero.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        across = 1 if pen.narrow else columns
        rows = -(-len(terms) // across)
        if pen.narrow:
            figure.set_size_inches(figure.get_size_inches()[0], 0.35 + 1.75 * rows)
        panels = figure.subplots(rows, across, squeeze=False, sharex=True, sharey=True)
        for axes, term in zip(panels.flat, terms, strict=False):
            for row in data[data["term"] == term].to_dict("records"):
                numbers = [float(row[c]) for c in ("effect", "low", "high")]
                horizon = int(row["horizon"])
                colour = COMPARATOR if horizon < held else FOCUS
                axes.plot([horizon, horizon], numbers[1:], color=colour, linewidth=2.0, zorder=2)
                away = numbers[1] > 0 or numbers[2] < 0
                dot = axes.scatter(
                    horizon, numbers[0], s=38, zorder=3, color=colour if away else PAPER,
                    edgecolor=colour, linewidth=1.5, marker="s" if horizon < held else "o",
                )  # fmt: skip
                mark(dot, "", interval_tip(pen, f"{pen.say(term)}, {horizon}", numbers, kind))
            axes.scatter(held, 0, s=26, marker="s", color=PAPER, edgecolor=MUTED, zorder=3)
            axes.axhline(0, color=INK, linewidth=1.0, zorder=1)
            axes.axvspan(data["horizon"].min() - 0.5, held + 0.5, color=BAND, zorder=0)
            axes.set_title(pen.say(term), loc="left", fontsize=9.5, fontweight=600, color=INK)
            axes.set_xlim(data["horizon"].min() - 0.5, data["horizon"].max() + 0.5)
            axes.set_xticks(np.arange(data["horizon"].min(), data["horizon"].max() + 1))
            axes.grid(False, axis="x")
            number_axis(axes, pen, kind, steps=5)
        for axes in panels[-1]:
            axes.set_xlabel(pen.say("years"), fontsize=9, color=MUTED)
        for word, across_at in (("before", -0.5 + held), ("after", held + 0.6)):
            panels[0, 0].annotate(
                pen.say(word), (across_at + (0.9 if word == "before" else 0), 1.0),
                xycoords=("data", "axes fraction"), xytext=(0, -3), textcoords="offset points",
                ha="right" if word == "before" else "left", va="top", fontsize=8.5, color=MUTED,
            )  # fmt: skip
        for axes in panels.flat[len(terms) :]:
            axes.set_visible(False)

    return draw


def slope_dots(data: pd.DataFrame, *, kind: str, focus: str) -> Draw:
    """Slopes of clusters, each alone and drawn to the mean, with the mean and where others lie.

    `data`: a row a cluster: cluster, name_<language>, own, own_low, own_high, effect, low, high
    (drawn to the mean), mean, mean_low, mean_high, predicted_low, predicted_high (the same in all
    rows). Rows keep their order, top first; `focus` is in the study's colour.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        rows = data.iloc[::-1].to_dict("records")
        names = [str(row[f"name_{pen.language}"]) for row in rows]
        bold = [row["cluster"] == focus for row in rows]
        places = [0.0, *np.arange(1.4, len(rows) + 1.4)]
        room = name_rows(
            axes, pen, [pen.say("mean"), *names], [False, *bold], places=places, mark_points=20
        )
        step = 0.2 * room
        first = rows[0]
        axes.axvspan(first["predicted_low"], first["predicted_high"], color=BAND, zorder=0)
        whole = [float(first[c]) for c in ("mean", "mean_low", "mean_high")]
        axes.plot(whole[1:], [0, 0], color=INK, linewidth=2.2)
        mark(
            axes.scatter(whole[0], 0, s=60, marker="D", color=INK, zorder=3),
            "",
            interval_tip(pen, pen.say("mean"), whole, kind),
        )
        for height, row, name in zip(places[1:], rows, names, strict=True):
            chosen = row["cluster"] == focus
            colour = FOCUS if chosen else COMPARATOR
            own = [float(row[c]) for c in ("own", "own_low", "own_high")]
            drawn = [float(row[c]) for c in ("effect", "low", "high")]
            low, high = height - step, height + step
            axes.plot(own[1:], [low, low], color=REST, linewidth=1.4, zorder=2)
            dot = axes.scatter(own[0], low, s=22, marker="s", color=REST, zorder=3)
            mark(dot, "", interval_tip(pen, f"{name}, {pen.say('alone')}", own, kind))
            axes.plot(drawn[1:], [high, high], color=colour, linewidth=2.2, zorder=2)
            away = drawn[1] > 0 or drawn[2] < 0
            dot = axes.scatter(
                drawn[0], high, s=46, zorder=3, color=colour if away else PAPER, edgecolor=colour,
                linewidth=1.6,
            )  # fmt: skip
            mark(dot, "", interval_tip(pen, f"{name}, {pen.say('drawn')}", drawn, kind))
        axes.axvline(0, color=INK, linewidth=1.0, zorder=1)
        grid_across(axes)
        number_axis(axes, pen, kind, "x")
        axes.set_ylim(-0.7, places[-1] + 0.7)

    return draw
