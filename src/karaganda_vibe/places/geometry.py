"""Distances on the globe and outlines as rings of points: plain arithmetic, nothing is read here.

Outlines are GeoJSON geometries (RFC 7946): Polygon or MultiPolygon, longitude and latitude in
degrees. Neighbours are found by equal segments, so they must have been simplified together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

MEAN_EARTH_RADIUS_KM = 6371.0088  # IUGG mean radius
Floats = npt.NDArray[np.float64]
Point = tuple[float, float]
Segment = tuple[Point, Point]


def great_circle_km(
    latitude: npt.ArrayLike,
    longitude: npt.ArrayLike,
    other_latitude: npt.ArrayLike,
    other_longitude: npt.ArrayLike,
) -> Floats:
    """Kilometres between points along a great circle of a sphere (haversine formula).

    Degrees in, arrays of any shapes that fit together; the earth's flattening, up to half a
    percent, is left out.
    """
    here, there = np.radians(latitude), np.radians(other_latitude)
    east = np.radians(np.subtract(other_longitude, longitude))
    half = np.sin((there - here) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(east / 2) ** 2
    return np.asarray(2 * MEAN_EARTH_RADIUS_KM * np.arcsin(np.sqrt(half)), dtype=float)


def polygons(geometry: Mapping[str, Any]) -> list[list[Floats]]:
    """The polygons of a geometry: each an outer ring and its holes, arrays of (longitude, latitude)
    whose last point is the first."""
    parts = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        parts = [parts]
    return [[np.asarray(ring, dtype=float) for ring in part] for part in parts]


def segments(geometry: Mapping[str, Any]) -> set[Segment]:
    """The straight pieces of all rings of a geometry, each with its smaller end first."""
    found: set[Segment] = set()
    for polygon in polygons(geometry):
        for ring in polygon:
            points = [(float(x), float(y)) for x, y in ring]
            found |= {(min(a, b), max(a, b)) for a, b in pairwise(points) if a != b}
    return found


def shared_line_km(one: set[Segment], other: set[Segment]) -> float:
    """Length of the line that two outlines share, of sets from `segments`; zero if they do not
    touch, and if they meet in a point only."""
    shared = np.array(sorted(one & other), dtype=float).reshape(-1, 4)
    lengths = great_circle_km(shared[:, 1], shared[:, 0], shared[:, 3], shared[:, 2])
    return float(lengths.sum())


def centre_of_area(geometries: Sequence[Mapping[str, Any]]) -> Point:
    """Longitude and latitude of the centre of area of geometries taken together.

    Computed in the plane with longitudes shortened by the cosine of the mean latitude, which is
    exact enough for outlines of a few degrees. It may lie outside of a crescent.
    """
    rings = [ring for geometry in geometries for part in polygons(geometry) for ring in part]
    holes = [
        place > 0
        for geometry in geometries
        for part in polygons(geometry)
        for place in range(len(part))
    ]
    shrink = np.cos(np.radians(np.mean(np.concatenate(rings)[:, 1])))
    area, moment = 0.0, np.zeros(2)
    for ring, hole in zip(rings, holes, strict=True):
        origin = ring[0]
        x, y = (ring[:, 0] - origin[0]) * shrink, ring[:, 1] - origin[1]
        cross = x[:-1] * y[1:] - x[1:] * y[:-1]
        # Rings turn either way; a hole takes away what its outer ring gave.
        sign = (-1.0 if hole else 1.0) * np.sign(cross.sum())
        part = sign * cross.sum() / 2
        middle = sign * np.array(
            [((x[:-1] + x[1:]) * cross).sum(), ((y[:-1] + y[1:]) * cross).sum()]
        )
        area += part
        moment += middle / 6 + part * np.array([origin[0] * shrink, origin[1]])
    longitude, latitude = moment / area
    return float(longitude / shrink), float(latitude)


def on_a_plane(outline: Sequence[Floats], latitude: float, step: float) -> list[Floats]:
    """Rings drawn flat: longitudes shortened as at `latitude`, rounded to `step` degrees.

    Equal points become equal points, so neighbours stay neighbours; rings of less than four
    points vanish.
    """
    drawn = []
    shrink = float(np.cos(np.radians(latitude)))
    for ring in outline:
        coarse = np.round(np.asarray(ring) / step) * step
        kept = np.concatenate([[True], (np.diff(coarse, axis=0) != 0).any(axis=1)])
        if kept.sum() >= 4:
            drawn.append(coarse[kept] * [shrink, 1.0])
    return drawn
