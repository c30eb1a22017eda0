"""Distances and outlines against answers made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from karaganda_vibe.places.geometry import (
    centre_of_area,
    great_circle_km,
    on_a_plane,
    segments,
    shared_line_km,
)


def polygon(*rings):
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]] for ring in map(list, rings)]}


LEFT = polygon([(0, 0), (1, 0), (1, 1), (0, 1)])
# Turns the other way round and shares the upper half of a side only.
RIGHT = polygon([(1, 1), (3, 1), (3, 0), (1, 0.0)])
FAR = polygon([(1, 1), (2, 2), (1, 2)])


def test_a_quarter_of_a_meridian_and_a_known_pair():
    assert great_circle_km(0, 20, 90, -50) == pytest.approx(math.pi / 2 * 6371.0088)
    # Paris to London, about 344 km in any atlas.
    assert great_circle_km(48.8566, 2.3522, 51.5074, -0.1278) == pytest.approx(343.6, abs=0.5)


def test_distance_by_the_law_of_cosines():
    one, other = np.radians([49.8, 73.1]), np.radians([43.2, 76.9])
    cosine = math.sin(one[0]) * math.sin(other[0]) + math.cos(one[0]) * math.cos(
        other[0]
    ) * math.cos(other[1] - one[1])
    expected = 6371.0088 * math.acos(cosine)
    assert great_circle_km(49.8, 73.1, 43.2, 76.9) == pytest.approx(expected, rel=1e-9)


def test_shared_line_whatever_way_the_rings_turn():
    one_degree = float(great_circle_km(0, 1, 1, 1))
    assert shared_line_km(segments(LEFT), segments(RIGHT)) == pytest.approx(one_degree)


def test_outlines_that_meet_in_a_point_share_no_line():
    assert shared_line_km(segments(LEFT), segments(FAR)) == 0.0


def test_centre_of_area_of_parts_and_holes():
    assert centre_of_area([LEFT]) == pytest.approx((0.5, 0.5))
    # Areas 1 and 2 side by side.
    assert centre_of_area([LEFT, RIGHT]) == pytest.approx(((0.5 + 2 * 2) / 3, 0.5))
    # A hole in the right half moves the centre to the left: (4 * 1 - 1 * 1.5) / 3.
    holed = polygon([(0, 0), (2, 0), (2, 2), (0, 2)], [(1, 0.5), (2, 0.5), (2, 1.5), (1, 1.5)])
    assert centre_of_area([holed]) == pytest.approx((2.5 / 3, 1.0), rel=1e-4)


def test_rings_on_a_plane_stay_neighbours_and_crumbs_vanish():
    ring = np.array([(0, 0), (0.01, 0), (1, 0), (1, 1), (0, 0)], float)
    (drawn,) = on_a_plane([ring, ring * 0.01], 60, 0.1)
    assert drawn == pytest.approx(np.array([(0, 0), (0.5, 0), (0.5, 1), (0, 0)]), abs=1e-9)
