"""Outlines of places on a plane, for maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from karaganda_vibe.panels.place_distances import OUTLINES, PLACE_OUTLINES, load_place_outlines
from karaganda_vibe.places.geometry import on_a_plane, polygons
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import shown
from karaganda_vibe.sources.raw_package import read_outlines

Floats = npt.NDArray[np.float64]


def map_of_places(places: Sequence[str], step: float) -> dict[str, list[Floats]]:
    """Outer rings of these places of 2024 on a plane with equal scale on both axes, by place_id.

    step: degrees to which points are rounded. East-west lengths are true at the middle latitude.

    Raises ProjectError for a place without an outline.
    """
    codes = load_place_outlines().set_index("place_id")["outlines"]
    known = {f["properties"]["adm2_pcode"]: f["geometry"] for f in read_outlines(OUTLINES)}
    parts = {}
    for place in places:
        if place not in codes.index:
            raise ProjectError(
                f"{shown(PLACE_OUTLINES)}: no row for {place}, which the map shows; say which "
                "outlines make it"
            )
        shapes = [known[code.strip()] for code in codes[place].split(";")]
        parts[place] = [part[0] for shape in shapes for part in polygons(shape)]
    latitudes = np.concatenate([ring for rings in parts.values() for ring in rings])[:, 1]
    middle = float(latitudes.min() + latitudes.max()) / 2
    return {place: on_a_plane(rings, middle, step) for place, rings in parts.items()}
