"""Distances of places to the nearest city of republican rank, on made squares and as published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.panels import place_distances as module
from karaganda_vibe.panels.place_distances import (
    load_outlines,
    place_distances,
    republican_cities,
)
from karaganda_vibe.places.registry import load_places, load_regions
from karaganda_vibe.project.errors import ProjectError

DEGREE = 111.195  # kilometres of a degree of latitude on a sphere of the mean radius


def square(code: str, west: float, south: float) -> dict[str, object]:
    ring = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]
    ring = [[west + x, south + y] for x, y in ring]
    return {
        "properties": {"adm2_pcode": code},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


FEATURES = [square("A", 69.0, 49.0), square("B", 69.0, 51.0), square("C", 79.0, 44.0)]
CITIES = pd.DataFrame({"latitude": [53.0, 43.0], "longitude": [70.0, 80.0]})


def outlines(**codes: str) -> pd.DataFrame:
    return pd.DataFrame({"place_id": list(codes), "outlines": codes.values(), "note": ""}).assign(
        line=range(2, 2 + len(codes))
    )


def test_the_nearest_city_counts_and_outlines_are_taken_together() -> None:
    table = place_distances(FEATURES, outlines(one="A", both="A;B", far="C", none=""), CITIES)
    # Centres: latitude 50, 51 (two squares together), 45.
    expected = [round(3 * DEGREE), round(2 * DEGREE), round(2 * DEGREE)]
    assert table["km_to_republican_city"].tolist()[:3] == pytest.approx(expected, abs=1)
    assert np.isnan(table["km_to_republican_city"].iloc[3])
    assert table["place_id"].tolist() == ["one", "both", "far", "none"]


def test_a_place_at_the_city_is_a_kilometre_away_so_that_it_has_a_logarithm() -> None:
    here = pd.DataFrame({"latitude": [50.0], "longitude": [70.0]})
    assert place_distances(FEATURES, outlines(one="A"), here)["km_to_republican_city"].tolist() == [
        1
    ]


def test_an_outline_that_is_not_there_is_one_line() -> None:
    with pytest.raises(ProjectError, match=r"place_outlines\.csv.*line 3.*Z is no adm2_pcode"):
        place_distances(FEATURES, outlines(one="A", two="Z"), CITIES)


def test_cities_of_republican_rank_are_regions_that_are_cities() -> None:
    centres = pd.read_csv(module.CENTRES)
    cities = republican_cities(load_regions(), centres)
    assert cities["region"].tolist() == ["KZ-71", "KZ-75", "KZ-79"]
    assert cities["latitude"].round().tolist() == [51, 43, 42]
    with pytest.raises(ProjectError, match="no coordinates of KZ-75"):
        republican_cities(load_regions(), centres[centres["region"] != "Almaty city"])


def test_every_place_is_in_the_list_of_outlines(tmp_path: Path) -> None:
    listed = load_outlines()
    places = load_places()
    used = places[(places["used"] == "yes") & places["kind"].isin(["city", "district"])]
    assert set(used["place_id"]) <= set(listed["place_id"])
    codes = [code for row in listed["outlines"] for code in row.split(";") if code]
    shared = {code for code in codes if codes.count(code) > 1}
    # A city of republican rank stands as a whole beside its own districts.
    whole = set(listed.loc[listed["outlines"].str.contains(";"), "outlines"].str.split(";").sum())
    assert shared <= whole
    assert listed.loc[listed["outlines"] == "", "note"].str.len().gt(0).all()
    path = tmp_path / "place_outlines.csv"
    path.write_text("place_id,outlines,note\nnowhere,A,\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="nowhere"):
        load_outlines(path)
