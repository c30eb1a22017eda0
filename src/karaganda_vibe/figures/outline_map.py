"""Maps of places in their outlines as compact SVG text, each place a link, for the passports.

Colours come from classes (m0 strongest loss … m4 strongest gain, mx no figure), which a page styles
for light and dark and `passport_charts.for_paper` for print.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

from karaganda_vibe.figures.layout import text_width
from karaganda_vibe.figures.place_map import NO_POINTS, area, far_inside, roomiest_point, spread
from karaganda_vibe.figures.tile_map import BOUNDS, colour_class

Floats = npt.NDArray[np.float64]
Rings = Mapping[str, Sequence[Floats]]
Say = Callable[[float], str]

GRID = 2
"""Points of the grid of an outline to one of the picture: whole numbers keep the text short."""
LEGEND = 36.0
"""Height of the bar of colours below the map."""
SWATCH = 30.0
SMALL = 9.0
"""A place narrower than this is marked by a ring, as its outline could hardly be seen."""
NAME, LINE = 11.0, 13.0
"""Size of letters, and from line to line."""
SIDE, GAP = 104.0, 30.0
"""Room for names beside a map, and from one name to the next."""


@dataclass(frozen=True)
class Place:
    """What a map says of a place: its colour's rate, the address and text of its link, and the name
    and number written on a map with names."""

    rate: float | None
    address: str
    spoken: str
    name: str = ""
    number: str = ""


@dataclass(frozen=True)
class _Drawn:
    """Outlines in the points of a picture, y downwards."""

    rings: Mapping[str, Sequence[Floats]]
    width: float
    height: float

    @classmethod
    def of(cls, outlines: Rings, width: float, side: float) -> _Drawn:
        points = np.concatenate([ring for rings in outlines.values() for ring in rings])
        (left, low), (right, high) = points.min(axis=0), points.max(axis=0)
        scale = (width - 2 * side) / (right - left)
        grid = np.array([scale, -scale])
        rings = {
            unit: [
                np.round(((ring - [left, high]) * grid + [side, 0]) * GRID) / GRID for ring in parts
            ]
            for unit, parts in outlines.items()
        }
        return cls(rings, width, (high - low) * scale)

    def path(self, unit: str) -> str:
        """The outlines of a place: a start and steps, in points of the grid."""
        out = []
        for ring in self.rings[unit]:
            spots = np.round(ring * GRID).astype(int)
            steps = np.diff(spots, axis=0)[:-1]
            steps = steps[(steps != 0).any(axis=1)]
            moves = "".join(f"{x}{y if y < 0 else f' {y}'}l" for x, y in steps).rstrip("l")
            out.append(f"M{spots[0][0]} {spots[0][1]}l{moves}z")
        return "".join(out)

    def largest(self, unit: str) -> Floats:
        return max(self.rings[unit], key=area)

    def is_small(self, unit: str) -> bool:
        ring = self.largest(unit)
        return bool((ring.max(axis=0) - ring.min(axis=0)).max() < SMALL)

    def order(self) -> list[str]:
        """The largest first: a city may lie inside the outer ring of a district."""
        return sorted(self.rings, key=lambda unit: -area(self.largest(unit)))


def where_it_lies(
    outlines: Rings, places: Mapping[str, Place], here: str, title: str, ends: Sequence[str],
    say: Say, width: float = 340,
) -> str:  # fmt: skip
    """The map with one place outlined and named.

    Args:
        outlines: see `panels.place_shapes.map_of_places`; places: by unit; ends: the words at both
            ends of the bar of colours, losses first; say: writes a bound of a class.
    """
    drawn = _Drawn.of(outlines, width, 4)
    shapes = "".join(_link(drawn, unit, places[unit], "") for unit in drawn.order() if unit != here)
    x, y = far_inside(drawn.largest(here))
    side = "start" if x < width / 3 else "end" if x > width * 2 / 3 else "middle"
    ring = f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="7"/>'
    top = y - 12 if y > 24 else y + 22
    name = (
        f'<text class="here-name" x="{x:.1f}" y="{top:.1f}" text-anchor="{side}">'
        f"{escape(places[here].name)}</text>"
    )
    own = _link(drawn, here, places[here], " here") + (ring if drawn.is_small(here) else "")
    return _picture(drawn, shapes + own + name, title, _legend(drawn.height, ends, say))


def with_names(
    outlines: Rings, places: Mapping[str, Place], title: str, ends: Sequence[str], say: Say,
    width: float = 720,
) -> str:  # fmt: skip
    """The map with every place's name and number: inside where they fit, else beside it."""
    drawn = _Drawn.of(outlines, width, SIDE)
    shapes = "".join(_link(drawn, unit, places[unit], "") for unit in drawn.order())
    roomy = [
        unit for unit in drawn.rings if _spot(drawn, unit, places[unit], NO_POINTS) is not None
    ]
    beside = {unit: place for unit, place in places.items() if unit not in roomy}
    words, lines = _beside(drawn, beside)
    inside = ""
    for unit in roomy:
        spot = _spot(drawn, unit, places[unit], lines)
        assert spot is not None
        said = _two_lines(places[unit], spot[0], spot[1] - 2, "middle")
        inside += f'<g class="t{_class(places[unit].rate)}">{said}</g>'
    body = shapes + words + inside
    return _picture(drawn, body, title, _legend(drawn.height, ends, say))


def _spot(drawn: _Drawn, unit: str, place: Place, lines: Floats) -> tuple[float, float] | None:
    """Where inside a place its name and number fit, best where no line goes; None if nowhere."""
    wide = max(text_width(text, NAME) for text in (place.name, place.number))
    return roomiest_point(drawn.largest(unit), wide + 6, 2 * LINE + 4, lines)


def _class(rate: float | None) -> str:
    found = colour_class(rate)
    return "x" if found is None else str(found)


def _link(drawn: _Drawn, unit: str, place: Place, more: str) -> str:
    return (
        f'<a href="{escape(place.address)}" aria-label="{escape(place.spoken)}">'
        f'<path class="m{_class(place.rate)}{more}" transform="scale({1 / GRID:g})" '
        f'd="{drawn.path(unit)}"/></a>'
    )


def _two_lines(place: Place, x: float, y: float, side: str) -> str:
    where = f'x="{x:.1f}" text-anchor="{side}"'
    return (
        f'<text {where} y="{y:.1f}">{escape(place.name)}</text>'
        f'<text class="strong" {where} y="{y + LINE:.1f}">{escape(place.number)}</text>'
    )


def _beside(drawn: _Drawn, places: Mapping[str, Place]) -> tuple[str, Floats]:
    """Names at the nearer side of the map, as many as have room at the right, with a line to each
    place; and points of the lines."""
    middles = {unit: far_inside(drawn.largest(unit)) for unit in places}
    along = np.linspace(0, 1, 60)[:, None]
    out, points = "", [NO_POINTS]
    ordered = sorted(places, key=lambda unit: middles[unit][0])
    most = int((drawn.height - 2 * LINE) / GAP) + 1
    west = sum(middles[unit][0] < drawn.width / 2 for unit in ordered)
    west = max(west, len(ordered) - most)
    for left, chosen in ((True, ordered[:west]), (False, ordered[west:])):
        units = sorted(chosen, key=lambda unit: middles[unit][1])
        # `spread` wants falling heights; those of a picture grow downwards.
        falling = [-middles[unit][1] for unit in units]
        heights = spread(falling, GAP, LINE - drawn.height, -LINE) if units else []
        x = SIDE - 8 if left else drawn.width - SIDE + 8
        for unit, height in zip(units, heights, strict=True):
            start, end = np.array([x + (3 if left else -3), -height]), np.asarray(middles[unit])
            points.append(start + along * (end - start))
            out += (
                f'<path class="lead-line" d="M{start[0]:.1f} {start[1]:.1f}'
                f'L{end[0]:.1f} {end[1]:.1f}"/>'
                f'<circle class="spot" cx="{end[0]:.1f}" cy="{end[1]:.1f}" r="2.2"/>'
            )
            out += _two_lines(places[unit], x, -height - 2, "end" if left else "start")
    return out, np.concatenate(points)


def _legend(top: float, ends: Sequence[str], say: Say) -> str:
    out, classes = "", len(BOUNDS) + 1
    for number in range(classes):
        x = 4 + number * SWATCH
        out += (
            f'<rect class="m{number}" x="{x:g}" y="{top + 16:.1f}" width="{SWATCH:g}" height="8"/>'
        )
        if number:
            words = escape(say(BOUNDS[number - 1]))
            out += f'<text x="{x:g}" y="{top + LEGEND - 1:.1f}" text-anchor="middle">{words}</text>'
    for words, x, side in ((ends[0], 4.0, "start"), (ends[1], 4 + classes * SWATCH, "end")):
        out += f'<text x="{x:g}" y="{top + 12:.1f}" text-anchor="{side}">{escape(words)}</text>'
    return out


def _picture(drawn: _Drawn, body: str, title: str, legend: str) -> str:
    box = f"0 0 {drawn.width:g} {drawn.height + LEGEND:.0f}"
    return (
        f'<svg class="map" viewBox="{box}" role="group" aria-label="{escape(title)}">'
        f"{body}{legend}</svg>"
    )
