"""What charts share: numbers and years on axes, breaks and periods that are not comparable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.pens import Pen
from karaganda_vibe.figures.style import (
    INK,
    mark_break,
    mark_period,
)

# Comparators are told apart by their dashes where there is no colour.
DASHES: tuple[Any, ...] = ((0, (6, 1.5)), (0, (2.5, 1.5)), (0, (1, 1.3)), (0, (6, 1.5, 1, 1.5)))

FOCUS_DASHES: tuple[Any, ...] = ("-", (0, (3.5, 1.2)))


@dataclass(frozen=True)
class Break:
    """A break of a series: the year before which it lies, the label that says why, its height."""

    year: float
    label: str
    height: float = 0.98


@dataclass(frozen=True)
class Period:
    """Years that are not comparable with the others, and the label that says why."""

    start: float
    end: float
    label: str
    height: float = 0.98


@dataclass(frozen=True)
class Axis:
    """How the values of a chart are written: the kind of number on the axis and on labels."""

    ticks: str
    labels: str


def number_axis(axes: Axes, pen: Pen, kind: str, which: str = "y", steps: int = 6) -> None:
    """Write the ticks of an axis as the edition writes numbers."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    if pen.narrow and which == "x":
        steps = min(steps, 4)
    axis.set_major_locator(MaxNLocator(steps, integer=False))
    axis.set_major_formatter(FuncFormatter(lambda value, _: pen.number(value, kind)))


def year_axis(axes: Axes, first: int, last: int, steps: int = 8) -> None:
    """Whole years, the first and the last among them where they fit."""
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    if figure.get_size_inches()[0] < 4:
        steps = min(steps, 5)
    span = last - first
    step = next(s for s in (1, 2, 3, 4, 5, 6, 8, 10, 15, 20) if span / s <= steps)
    axes.set_xticks(np.arange(last, first - 1, -step)[::-1])
    axes.set_xticklabels([str(year) for year in np.arange(last, first - 1, -step)[::-1]])


def marks(axes: Axes, pen: Pen, breaks: Sequence[Break], periods: Sequence[Period]) -> None:
    """Draw the breaks and the periods that are not comparable."""
    for period in periods:
        text = pen.say(period.label)
        mark_period(axes, period.start, period.end, text, height=period.height, narrow=pen.narrow)
    for place in breaks:
        mark_break(axes, place.year, pen.say(place.label), height=place.height, narrow=pen.narrow)


def year_points(
    axes: Axes, pen: Pen, line: pd.Series, unit: str, name: str, kind: str, room: float = 3.5
) -> None:
    """Invisible dots on a line, so that a reader who points at a year sees its number."""
    known = line.dropna()
    for year, value in zip(known.index.astype(int), known.astype(float), strict=True):
        dot = axes.plot([year], [value], "o", color=INK, markersize=2 * room, alpha=0, zorder=6)[0]
        mark(dot, unit, pen.tip(f"{name}, {year}" if name else str(year), float(value), kind))


def grid_across(axes: Axes) -> None:
    """Upright grid lines only, for rows of marks."""
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
