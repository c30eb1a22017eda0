"""Nearness of regions: symmetric, on made squares by hand, and on the real outlines."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from karaganda_vibe.panels.region_pairs import (
    build_region_pairs,
    outlines_by_region,
    region_pairs,
)
from karaganda_vibe.project.errors import ProjectError


def square(west: float) -> dict[str, Any]:
    ring = [[west, 0], [west + 1, 0], [west + 1, 1], [west, 1], [west, 0]]
    return {"type": "Polygon", "coordinates": [ring]}


def test_made_squares() -> None:
    """Squares on the equator: a and b share a degree of a meridian, 111.195 km; c is apart."""
    points = pd.DataFrame(
        {"latitude": [0.0, 0.0, 0.0], "longitude": [0.5, 1.5, 5.5]}, index=["a", "b", "c"]
    )
    found = region_pairs(
        points, {"a": square(0), "b": square(1), "c": square(5)}, {"a": "a", "b": "b", "c": "a"}
    ).set_index(["origin", "destination"])
    assert found.loc[("a", "b"), "border_km"] == pytest.approx(111.195, abs=1e-3)
    assert found.loc[("a", "c"), "distance_km"] == pytest.approx(5 * 111.195, abs=5e-3)
    assert found["border"].to_dict() == {
        ("a", "b"): 1, ("a", "c"): 0, ("b", "a"): 1, ("b", "c"): 0, ("c", "a"): 0, ("c", "b"): 0,
    }  # fmt: skip
    assert found["former_common_region"].sum() == 2


def test_an_outline_twice_or_missing_is_named() -> None:
    one = {"properties": {"iso_3166_2": "KZ-35"}, "geometry": square(0)}
    with pytest.raises(ProjectError, match="KZ-35 has 2 outlines"):
        outlines_by_region([one, one], ["KZ-35"])
    with pytest.raises(ProjectError, match="KZ-62 has 0 outlines"):
        outlines_by_region([one], ["KZ-35", "KZ-62"])


def test_real_pairs() -> None:
    pairs = build_region_pairs().set_index(["origin", "destination"])
    assert len(pairs) == 380
    swapped = pairs.swaplevel().reindex(pairs.index.set_names([None, None]))
    assert (swapped.to_numpy() == pairs.to_numpy()).all()
    assert pairs.loc[("KZ-35", "KZ-62")].loc[["border", "former_common_region"]].tolist() == [1, 1]
    assert pairs.loc[("KZ-35", "KZ-71"), "distance_km"] == pytest.approx(190, abs=10)
    assert pairs.loc[("KZ-35", "KZ-23"), "border"] == 0
    assert pairs.groupby("origin")["border"].sum().min() >= 1
