"""Outlines of places on a plane, for maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from karaganda_vibe.panels.place_distances import (
    geometries,
    load_place_outlines,
    outlines_by_place,
)
from karaganda_vibe.places.geometry import on_a_plane, polygons

Floats = npt.NDArray[np.float64]


def map_of_places(places: Sequence[str], step: float) -> dict[str, list[Floats]]:
    """Outer rings of these places of 2024 on a plane with equal scale on both axes, by place_id.

    step: degrees to which points are rounded. East-west lengths are true at the middle latitude.

    Raises ProjectError as `outlines_by_place` does.
    """
    shapes = outlines_by_place(places, geometries(), load_place_outlines())
    parts = {
        place: [part[0] for shape in made_of for part in polygons(shape)]
        for place, made_of in shapes.items()
    }
    latitudes = np.concatenate([ring for rings in parts.values() for ring in rings])[:, 1]
    middle = float(latitudes.min() + latitudes.max()) / 2
    return {place: on_a_plane(rings, middle, step) for place, rings in parts.items()}
