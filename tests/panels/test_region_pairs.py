"""Nearness of regions and places on the real outlines, and what is refused."""

from __future__ import annotations

import pandas as pd
import pytest

from karaganda_vibe.panels.place_distances import build_place_distances, place_distances
from karaganda_vibe.panels.region_pairs import (
    build_region_pairs,
    centres,
    map_of_regions,
    outlines_by_region,
    region_pairs,
)
from karaganda_vibe.places.registry import load_places
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.raw_package import read_outlines

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
BESIDE = {"type": "Polygon", "coordinates": [[[1, 0], [2, 0], [2, 1], [1, 1], [1, 0]]]}
AWAY = {"type": "Polygon", "coordinates": [[[5, 5], [6, 5], [6, 6], [5, 5]]]}


@pytest.fixture(scope="module")
def pairs():
    return build_region_pairs().set_index(["origin", "destination"])


def test_made_pairs():
    points = pd.DataFrame({"latitude": [0.0, 0, 3], "longitude": [0.0, 2, 0]}, index=list("abc"))
    made = region_pairs(points, dict(zip("abc", (SQUARE, BESIDE, AWAY), strict=True)),
                        {"a": "a", "b": "a", "c": "c"})  # fmt: skip
    found = made.set_index(["origin", "destination"])
    assert len(found) == 6
    assert found.loc[("a", "b"), "distance_km"] == pytest.approx(222.39, abs=0.01)
    assert found.loc[("a", "c"), "distance_km"] == pytest.approx(333.585, abs=0.01)
    assert found["border"].to_dict() == {
        ("a", "b"): 1, ("a", "c"): 0, ("b", "a"): 1, ("b", "c"): 0, ("c", "a"): 0, ("c", "b"): 0,
    }  # fmt: skip
    assert found.loc[("b", "a"), "border_km"] == pytest.approx(111.195, abs=0.01)
    assert found["former_common_region"].sum() == 2


def test_both_directions_are_alike(pairs):
    back = pairs.swaplevel().reindex(pairs.index)
    pd.testing.assert_frame_equal(pairs, back.set_axis(pairs.index), check_names=False)
    assert len(pairs) == 380


def test_neighbours_of_karaganda_region(pairs):
    here = pairs.loc["KZ-35"]
    assert set(here.index[here["border"] == 1]) == {
        "KZ-10", "KZ-11", "KZ-19", "KZ-31", "KZ-33", "KZ-39", "KZ-55", "KZ-62",
    }  # fmt: skip
    assert here.index[here["former_common_region"] == 1].tolist() == ["KZ-62"]


def test_astana_touches_akmola_only(pairs):
    here = pairs.loc["KZ-71"]
    assert here.index[here["border"] == 1].tolist() == ["KZ-11"]
    assert here["distance_km"].idxmin() == "KZ-35"


def test_what_lacks_is_named():
    raw = pd.DataFrame(
        {
            "region": ["Astana", "Karaganda"],
            "indicator": ["capital_latitude", "capital_longitude"],
            "value": ["51.1", "73.1"],
        }
    )
    with pytest.raises(ProjectError, match="no latitude and longitude of the centre of KZ-71"):
        centres(raw, ["KZ-71"])
    made = [{"properties": {"iso_3166_2": "KZ-35"}, "geometry": SQUARE}] * 2
    with pytest.raises(ProjectError, match="KZ-35 has 2 outlines"):
        outlines_by_region(made, ["KZ-35"])
    with pytest.raises(ProjectError, match="KZ-71 has 0 outlines"):
        outlines_by_region(made[:1], ["KZ-35", "KZ-71"])


def test_the_map_has_every_region():
    rings, points = map_of_regions(48.5, 0.06)
    assert len(rings) == len(points) == 20
    assert all(rings.values())


def test_every_place_in_use_has_a_distance():
    found = build_place_distances()
    assert set(found["place_id"]) == set(load_places().query("used == 'yes'")["place_id"])
    assert found["distance_km"].between(0, 2000).all()
    near = found.set_index("place_id")
    assert near.loc["karaganda-city", "nearest_city"] == "KZ-71"
    assert near.loc["karaganda-city", "distance_km"] == pytest.approx(188, abs=5)
    assert near.loc["shymkent-city", "distance_km"] < 10


def test_a_place_without_outline_and_an_unknown_outline_are_named():
    places = pd.DataFrame({"place_id": ["made-city"], "region": ["KZ-35"]})
    cities = pd.DataFrame({"latitude": [51.0], "longitude": [71.0]}, index=["KZ-71"])
    none = pd.DataFrame({"place_id": [], "outlines": [], "line": []})
    with pytest.raises(ProjectError, match="no row for made-city"):
        place_distances(places, {"KZ1": SQUARE}, none, cities)
    wrong = pd.DataFrame({"place_id": ["made-city"], "outlines": ["KZ2"], "line": [2]})
    with pytest.raises(ProjectError, match="line 2, column outlines: 'KZ2' is no outline"):
        place_distances(places, {"KZ1": SQUARE}, wrong, cities)


def test_outlines_of_2018_and_districts_are_complete():
    assert len(read_outlines("geokz_boundaries.regions_2018")) == 17
    assert len(read_outlines("geokz_boundaries.districts_2024")) == 224
