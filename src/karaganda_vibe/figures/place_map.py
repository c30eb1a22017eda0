"""A map of places in their outlines, coloured by a rate per 1,000, with names and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.path import Path

from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.layout import text_width
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import INK, MUTED, ON_COLOUR, PAPER
from karaganda_vibe.figures.tile_map import WHITE, ClassLegend, class_legend, colours, tile_label

Floats = npt.NDArray[np.float64]
Rings = Mapping[str, Sequence[Floats]]
SIZE, LINE = 9.0, 11.0
PAD = 3.0
"""Points that a label inside keeps from the border."""
INSIDE_WIDTH = 74.0
"""Points that a name inside a place may take before it goes on in the next line."""
BESIDE = 10.0
"""Points from the map to the names beside it."""
SIDE = 84.0
"""Points at either side for the names beside the map."""
LEGEND = 42.0
"""Points at the foot for the bar of colours."""
GRID = 24
NO_POINTS: Floats = np.empty((0, 2))


def place_map(outlines: Rings, places: pd.DataFrame, narrow: Draw, legend: float) -> Draw:
    """Places in their outlines; names stand inside where they fit, else beside with a line.

    Args:
        outlines: outer rings (x, y) by unit, in a plane with equal scale on both axes.
        places: unit, value (people per 1,000), name_<language> and label_<language>.
        narrow: the drawing for phones, on which small places would not be seen.
        legend: width of the bar of colours, in points.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        if pen.narrow:
            narrow(figure, pen)
            return
        width, height = 72 * figure.get_size_inches()
        figure.set_layout_engine("none")
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set(xlim=(0, width), ylim=(0, height))
        axes.axis("off")
        rings = scaled(outlines, width, height - LEGEND)
        rows: dict[str, Any] = {str(row["unit"]): row for row in places.to_dict("records")}
        # A city may lie inside the outer ring of a district: the district is painted before it.
        for unit, parts in sorted(rings.items(), key=lambda item: -area(_largest(item[1]))):
            fill, _ = colours(rows[unit]["value"])
            shape = axes.add_collection(
                PolyCollection(list(parts), facecolor=fill, edgecolor=PAPER, linewidth=1.0)
            )
            name = str(rows[unit][f"name_{pen.language}"])
            mark(shape, unit, pen.tip(name, rows[unit]["value"], "signed_per_1000"))
        labels = {unit: _label(pen, row) for unit, row in rows.items()}
        rings_of = {unit: _largest(parts) for unit, parts in rings.items()}
        roomy = [u for u in rings if labels[u].middle_in(rings_of[u], NO_POINTS) is not None]
        beside = [unit for unit in rings if unit not in roomy]
        lines = _names_beside(axes, rings, {unit: labels[unit] for unit in beside})
        for unit in roomy:
            middle = labels[unit].middle_in(rings_of[unit], lines)
            assert middle is not None
            _inside(axes, labels[unit], middle)
        bar = figure.add_axes((8 / width, 0.0, legend / width, LEGEND / height))
        bar.set(xlim=(0, 1), ylim=(1, 0))
        bar.axis("off")
        class_legend(bar, pen, ClassLegend(0.0, 0.32, 1.0), LEGEND)

    return draw


def scaled(outlines: Rings, width: float, height: float) -> dict[str, list[Floats]]:
    """The rings in points, in the middle of a page of `width` between names, above the colours."""
    points = np.concatenate([ring for rings in outlines.values() for ring in rings])
    (left, low), (right, high) = points.min(axis=0), points.max(axis=0)
    scale = min(height / (high - low), (width - 2 * SIDE) / (right - left))
    start = np.array([(width - scale * (right - left)) / 2, LEGEND])
    origin = np.array([left, low])
    return {
        unit: [start + scale * (ring - origin) for ring in rings]
        for unit, rings in outlines.items()
    }


def roomiest_point(
    ring: Floats, wide: float, high: float, lines: Floats
) -> tuple[float, float] | None:
    """The middle of a box of `wide` × `high` inside the ring, farthest from its border; or None.

    Of the boxes those are taken that no point of `lines` lies in, where there are any.
    """
    path, (left, low), (right, top) = Path(ring), ring.min(axis=0), ring.max(axis=0)
    steps = np.linspace(0.02, 0.98, GRID)
    across, up = np.meshgrid(left + steps * (right - left), low + steps * (top - low))
    middles = np.column_stack([across.ravel(), up.ravel()])
    # Points around the box: where all are inside, so is the box.
    edge = np.linspace(-0.5, 0.5, 7)
    around = np.concatenate(
        [np.column_stack([edge, np.full(7, side)]) for side in (-0.5, 0.5)]
        + [np.column_stack([np.full(7, side), edge]) for side in (-0.5, 0.5)]
    ) * (wide, high)
    fits = np.array([path.contains_points(middle + around).all() for middle in middles])
    if not fits.any():
        return None
    middles = middles[fits]
    away = np.abs(middles[:, None, :] - lines[None, :, :]) / (wide / 2, high / 2)
    free = (away.max(axis=2) > 1).all(axis=1)
    middles = middles[free] if free.any() else middles
    border = _densified(ring)
    room = ((middles[:, None, :] - border[None, :, :]) ** 2).sum(axis=2).min(axis=1)
    best = middles[int(room.argmax())]
    return float(best[0]), float(best[1])


def _densified(ring: Floats) -> Floats:
    along = np.linspace(0, 1, 4, endpoint=False)[:, None, None]
    return np.asarray((ring[:-1] + along * (ring[1:] - ring[:-1])).reshape(-1, 2), dtype=float)


def area(ring: Floats) -> float:
    """The area that a ring goes around."""
    x, y = ring[:, 0], ring[:, 1]
    return abs(float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))) / 2


def _largest(parts: Sequence[Floats]) -> Floats:
    return max(parts, key=area)


def far_inside(ring: Floats) -> Floats:
    """Where a place's dot stands: far inside, or amid the corners of a ring too thin for that."""
    inside = roomiest_point(ring, 0.1, 0.1, NO_POINTS)
    return ring[:-1].mean(axis=0) if inside is None else np.array(inside)


@dataclass(frozen=True)
class _Label:
    """The lines of a name with the number below, the place's colour and one to read on it."""

    lines: list[str]
    number: str
    fill: str
    ink: str

    @property
    def wide(self) -> float:
        widths = [text_width(line, SIZE) for line in self.lines]
        return max([*widths, text_width(self.number, SIZE + 1, 600)])

    @property
    def high(self) -> float:
        return LINE * (len(self.lines) + 1)

    def middle_in(self, ring: Floats, lines: Floats) -> tuple[float, float] | None:
        return roomiest_point(ring, self.wide + 2 * PAD, self.high + PAD, lines)


def _label(pen: Pen, row: Mapping[str, Any]) -> _Label:
    fill, ink = colours(row["value"])
    return _Label(
        tile_label(str(row[f"label_{pen.language}"]), INSIDE_WIDTH, SIZE).split("\n"),
        pen.number(float(row["value"]), "signed_per_1000"),
        fill,
        ON_COLOUR if ink == WHITE else ink,
    )


def _inside(axes: Axes, label: _Label, middle: tuple[float, float]) -> None:
    top = middle[1] + label.high / 2
    # A line to a small place goes behind the words.
    corner = middle[0] - label.wide / 2 - PAD / 2, middle[1] - label.high / 2
    ground = Rectangle(
        corner, label.wide + PAD, label.high, facecolor=label.fill, edgecolor="none", zorder=3.5
    )
    axes.add_patch(ground)
    for place, text in enumerate([*label.lines, label.number]):
        last = place == len(label.lines)
        axes.text(
            middle[0], top - LINE * (place + 0.5), text, ha="center", va="center", zorder=4,
            color=label.ink, fontsize=SIZE + last, fontweight=600 if last else 400,
        )  # fmt: skip


def _names_beside(
    axes: Axes, rings: Mapping[str, Sequence[Floats]], labels: Mapping[str, _Label]
) -> Floats:
    """Names of small places at both sides of the map, each with a line to its place.

    Half of them, those farther to the west, stand at the left. Returns points along the lines.
    """
    points = np.concatenate([ring for parts in rings.values() for ring in parts])
    edges = float(points[:, 0].min()), float(points[:, 0].max())
    middles = {unit: far_inside(_largest(rings[unit])) for unit in labels}
    low, high = float(points[:, 1].min()) + LINE, float(points[:, 1].max()) - LINE
    ordered = sorted(labels, key=lambda unit: float(middles[unit][0]))
    half = len(ordered) // 2
    along = np.linspace(0, 1, 40)[:, None]
    lines = [NO_POINTS]
    for side, units in ((-1, ordered[:half]), (1, ordered[half:])):
        units = sorted(units, key=lambda unit: -float(middles[unit][1]))
        heights = spread([float(middles[unit][1]) for unit in units], 2 * LINE + 4, low, high)
        x = edges[side > 0] + side * BESIDE
        for unit, y in zip(units, heights, strict=True):
            start, stop = np.array([x - 3 * side, y]), middles[unit]
            lines.append(start + along * (stop - start))
            axes.plot(*lines[-1][[0, -1]].T, color=MUTED, linewidth=0.8, zorder=3)
            axes.plot(*stop, "o", color=INK, markersize=2.5, zorder=4)
            name = " ".join(labels[unit].lines).replace("- ", "-")
            for text, step, weight in ((name, 0.5, 400), (labels[unit].number, -0.5, 600)):
                axes.text(
                    x, y + step * LINE, text, ha="left" if side > 0 else "right", va="center",
                    fontsize=SIZE + (step < 0), fontweight=weight, color=INK,
                )  # fmt: skip
    return np.concatenate(lines)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Heights near those wanted (falling), at least `gap` apart and between `low` and `high`.

    Heights that would be too near each other are moved to both sides of their mean.
    """
    groups: list[list[float]] = []
    for place, height in enumerate(wanted):
        # With the gaps above it added, a height must not be above the one before it.
        groups.append([height + place * gap])
        while len(groups) > 1 and np.mean(groups[-1]) > np.mean(groups[-2]):
            groups[-2:] = [groups[-2] + groups[-1]]
    even = [float(np.mean(group)) for group in groups for _ in group]
    floor = low + (len(even) - 1) * gap
    return [max(min(height, high), floor) - place * gap for place, height in enumerate(even)]
