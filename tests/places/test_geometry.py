"""Distances on the globe and outlines, against hand-made answers."""

from __future__ import annotations

import numpy as np
import pytest

from karaganda_vibe.places.geometry import (
    MEAN_EARTH_RADIUS_KM,
    centre_of_area,
    great_circle_km,
    polygons,
    segments,
    shared_line_km,
)

RING = [[0, 0], [4, 0], [4, 2], [0, 2], [0, 0]]
HOLE = [[0, 0], [0, 2], [1, 2], [1, 0], [0, 0]]


def test_a_quarter_of_the_globe() -> None:
    found = great_circle_km([0, 90], [0, 0], [0, 0], [90, 17])
    assert found == pytest.approx([MEAN_EARTH_RADIUS_KM * np.pi / 2] * 2)


def test_polygons_of_both_kinds() -> None:
    one = polygons({"type": "Polygon", "coordinates": [RING, HOLE]})
    both = polygons({"type": "MultiPolygon", "coordinates": [[RING], [HOLE]]})
    assert [len(part) for part in one] == [2]
    assert [len(part) for part in both] == [1, 1]


def test_a_line_is_shared_whichever_way_it_is_drawn() -> None:
    left = segments({"type": "Polygon", "coordinates": [RING]})
    right = segments({"type": "Polygon", "coordinates": [[[4, 2], [4, 0], [5, 0], [4, 2]]]})
    assert shared_line_km(left, right) == pytest.approx(2 * 111.195, abs=2e-3)
    assert shared_line_km(left, {((9.0, 9.0), (9.0, 10.0))}) == 0


@pytest.mark.parametrize("turn", [1, -1])
def test_centre_of_area_with_a_hole(turn: int) -> None:
    """A 4 by 2 rectangle without its western quarter: the middle moves from 2 to 2.5."""
    shape = {"type": "Polygon", "coordinates": [RING[::turn], HOLE[::turn]]}
    assert centre_of_area([shape]) == pytest.approx((2.5, 1.0))
    whole = {"type": "Polygon", "coordinates": [RING]}
    assert centre_of_area([whole]) == pytest.approx((2.0, 1.0))
