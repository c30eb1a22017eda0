"""A map of outlines with arrows for the net moves between one region and the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.layout import text_width
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import BAND, FAINT, GAIN, INK, LOSS, PAPER, REST

Floats = npt.NDArray[np.float64]
Rings = Mapping[str, Sequence[Floats]]
# Points: the widest arrow, the thinnest that is seen, the head beyond the shaft's width.
WIDEST, THINNEST, HEAD = 4.0, 0.8, 3.5
LARGEST_CIRCLE = 0.045
"""Radius of the largest circle as a share of the map's width; areas are as the numbers."""
SIZE, LINE = 9.5, 11.5
BEND = 0.12
MARGIN = 14.0
APART = 2.0
"""Points between two labels, so that a number and the next name do not touch."""
LABELS_NARROW = 4
NARROW_POINTS = 256.0


@dataclass(frozen=True)
class Box:
    """A rectangle in points, from its left lower corner."""

    left: float
    low: float
    wide: float
    high: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.left + other.wide
            and other.left < self.left + self.wide
            and self.low < other.low + other.high
            and other.low < self.low + self.high
        )

    def with_room(self, room: float) -> Box:
        """The rectangle with `room` points more on each side."""
        return Box(self.left - room, self.low - room, self.wide + 2 * room, self.high + 2 * room)


def flow_map(
    outlines: Rings,
    centres: pd.DataFrame,
    nets: pd.DataFrame,
    *,
    focus: str,
    labelled: int,
    smallest: float,
) -> Draw:
    """Light outlines; on each region a circle as large as the net moves between it and `focus`, and
    an arrow the way that more people go: from `focus` where it loses, to it where it gains.

    Args:
        outlines: by region, outer rings (x, y) in a plane with equal scale on both axes.
        centres: x and y by region in the same plane; arrows run between them.
        nets: region, value (persons gained by `focus`), name_<language>; the largest loss first.
        focus: the region in the middle.
        labelled: how many regions are named, those with the largest numbers.
        smallest: persons below which no arrow is drawn.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        points = np.concatenate([ring for rings in outlines.values() for ring in rings])
        (left, low), (right, high) = points.min(axis=0), points.max(axis=0)
        span = right - left
        width = NARROW_POINTS if pen.narrow else 72 * figure.get_size_inches()[0] - 8
        per_point = span / width
        if pen.narrow:
            tall = (high - low) / per_point + 2 * MARGIN
            figure.set_size_inches(figure.get_size_inches()[0], tall / 72)
        figure.set_layout_engine("none")
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        room = MARGIN * per_point  # for labels above and below
        axes.set(xlim=(left, right), ylim=(low - room, high + room), aspect="equal")
        axes.axis("off")
        _ground(axes, outlines, focus)
        shown = nets[nets["value"].abs() >= smallest]
        share = (shown["value"].abs() / shown["value"].abs().max()) ** 0.5
        shown = shown.assign(radius=LARGEST_CIRCLE * width * share)
        for row in _records(shown.sort_values("value", key=abs, kind="stable")):
            _arrow(axes, pen, row, centres, focus, per_point)
        axes.plot(*centres.loc[focus, ["x", "y"]], "o", color=INK, markersize=5, zorder=6)
        order = shown.reindex(
            shown["value"].abs().sort_values(ascending=False, kind="stable").index
        )
        chosen = order.head(LABELS_NARROW if pen.narrow else labelled)
        lines = [_course(row, centres, focus, per_point) for row in _records(shown)]
        _labels(axes, pen, chosen, centres, focus, per_point, np.concatenate(lines))

    return draw


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]


def _ground(axes: Axes, outlines: Rings, focus: str) -> None:
    for region, rings in outlines.items():
        here = region == focus
        axes.add_collection(
            PolyCollection(
                list(rings), facecolor=REST if here else BAND, edgecolor=PAPER if here else FAINT,
                linewidth=0.8, zorder=1,
            )
        )  # fmt: skip


def _arrow(
    axes: Axes,
    pen: Pen,
    row: Mapping[str, Any],
    centres: pd.DataFrame,
    focus: str,
    per_point: float,
) -> None:
    region, value = str(row["region"]), float(row["value"])
    radius = float(row["radius"])
    ends = [tuple(centres.loc[code, ["x", "y"]]) for code in (focus, region)]
    gaps = [4.0, radius + 1]
    if value > 0:
        ends.reverse()
        gaps.reverse()
    colour = GAIN if value > 0 else LOSS
    width = max(THINNEST, min(WIDEST, radius / 3))
    head = width + HEAD
    arrow = FancyArrowPatch(
        *ends, arrowstyle=f"simple,head_length={head},head_width={head},tail_width={width}",
        connectionstyle=f"arc3,rad={BEND}", shrinkA=gaps[0], shrinkB=gaps[1], mutation_scale=1,
        facecolor=colour, edgecolor="none", zorder=3,
    )  # fmt: skip
    circle = Circle(
        tuple(centres.loc[region, ["x", "y"]]), radius * per_point, facecolor=colour,
        edgecolor=PAPER, linewidth=0.8, zorder=4,
    )  # fmt: skip
    axes.add_patch(circle)
    mark(circle, region, pen.tip(str(row[f"name_{pen.language}"]), value, "signed_persons"))
    axes.add_patch(arrow)


def _course(row: Mapping[str, Any], centres: pd.DataFrame, focus: str, per_point: float) -> Floats:
    """Points (in points) along the bent arrow of a row, which labels should not lie on."""
    ends = [centres.loc[code, ["x", "y"]].to_numpy(float) for code in (focus, row["region"])]
    if row["value"] > 0:
        ends.reverse()
    start, stop = ends
    east, north = stop - start
    middle = (start + stop) / 2 + BEND * np.array([north, -east])
    along = np.linspace(0, 1, 25)[:, None]
    bent = (1 - along) ** 2 * start + 2 * along * (1 - along) * middle + along**2 * stop
    return np.asarray(bent / per_point, dtype=float)


def _labels(
    axes: Axes,
    pen: Pen,
    chosen: pd.DataFrame,
    centres: pd.DataFrame,
    focus: str,
    per_point: float,
    lines: Floats,
) -> None:
    """Name and number beside the end of each arrow, where they lie on no other label or end."""
    radius = chosen.set_index("region")["radius"].reindex(centres.index).fillna(3.0)
    ends = [
        Box(x / per_point - r, y / per_point - r, 2 * r, 2 * r)
        for (x, y), r in zip(centres.to_numpy(), radius, strict=True)
    ]
    focus_x, focus_y = centres.loc[focus, ["x", "y"]]
    taken: list[Box] = []
    for row in chosen.to_dict("records"):
        name = str(row[f"name_{pen.language}"])
        number = pen.number(float(row["value"]), "signed_persons")
        wide = max(text_width(name, SIZE), text_width(number, SIZE, 600))
        x, y = centres.loc[row["region"], ["x", "y"]]
        away = np.array([x - focus_x, y - focus_y])
        near = Box(x / per_point, y / per_point, wide, float(row["radius"]))
        box = _free_box(near, away, [*taken, *ends], lines, axes, per_point)
        taken.append(box.with_room(APART))
        middle = (box.left + box.wide / 2) * per_point
        for text, step, weight, colour in (
            (name, 1.5, 400, INK),
            (number, 0.5, 600, GAIN if row["value"] > 0 else LOSS),
        ):
            axes.text(
                middle, (box.low + step * LINE) * per_point, text, ha="center", va="center",
                fontsize=SIZE, fontweight=weight, color=colour, zorder=5,
            )  # fmt: skip


def _free_box(
    near: Box,
    away: Floats,
    taken: Sequence[Box],
    lines: Floats,
    axes: Axes,
    per_point: float,
) -> Box:
    """Room for two lines beside a circle, away from the middle if it can be.

    near: the circle's centre (left, low), the width of the lines and the circle's radius (high).
    """
    x, y, wide, radius = near.left, near.low, near.wide, near.high
    left, right = (edge / per_point for edge in axes.get_xlim())
    low, high = (edge / per_point for edge in axes.get_ylim())
    best: tuple[float, Box] | None = None
    for dx, dy, gap in product((-1, -0.5, 0, 0.5, 1), (-1, -0.5, 0, 0.5, 1), (1.0, 9.0, 20.0)):
        if max(abs(dx), abs(dy)) < 1:
            continue
        middle_x = x + dx * (radius + gap + wide / 2)
        middle_y = y + dy * (radius + gap + LINE)
        box = Box(middle_x - wide / 2, middle_y - LINE, wide, 2 * LINE)
        outside = box.left < left or box.left + wide > right or box.low < low
        outside = outside or box.low + box.high > high
        clashes = sum(box.meets(other) for other in taken)
        on_lines = int(
            (
                (np.abs(lines[:, 0] - middle_x) < wide / 2 + 2)
                & (np.abs(lines[:, 1] - middle_y) < LINE + 2)
            ).sum()
        )
        # Away from the middle costs nothing, towards it as much as a long way.
        towards = -(dx * away[0] + dy * away[1]) / (float(np.hypot(*away)) + 1e-9)
        cost = 1000.0 * outside + 200.0 * clashes + 4.0 * on_lines + 3 * gap + 10 * towards
        if best is None or cost < best[0]:
            best = (cost, box)
    assert best is not None
    return best[1]
