"""How far a city or district is from the nearest city of republican rank, as the crow flies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.panels.region_pairs import CENTRES, centres
from karaganda_vibe.places.geometry import centre_of_area, great_circle_km
from karaganda_vibe.places.registry import (
    PLACES_FILE,
    check_places,
    load_places,
    load_regions,
    republican_cities,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import perhaps, read_table
from karaganda_vibe.sources.raw_package import read_outlines, read_raw

PLACE_OUTLINES = METADATA / "places" / "place_outlines.csv"
OUTLINES = "geokz_boundaries.districts_2024"
COLUMNS = ["place_id", "region", "latitude", "longitude", "nearest_city", "distance_km"]


def load_place_outlines(path: Path = PLACE_OUTLINES) -> pd.DataFrame:
    """Which outlines of 2024 make a place: place_id, outlines (codes joined by ;), note, line.

    Raises ProjectError for a place that is not known or stands twice.
    """
    frame = read_table(
        path,
        ("place_id", "outlines", "note"),
        filled=("place_id", "outlines"),
        keys=["place_id"],
    )
    check_places(path, frame, "place_id", load_places())
    return frame


def outlines_by_place(
    places: Sequence[str], outlines: Mapping[str, Any], of_place: pd.DataFrame
) -> dict[str, list[Any]]:
    """The geometries that make each of `places`, in their order.

    outlines: geometries by code. of_place: `load_place_outlines`. Raises ProjectError for a place
    without outlines and an outline that is not known.
    """
    rows = {row["place_id"]: row for row in of_place.to_dict("records")}
    found = {}
    for place in places:
        row = rows.get(place)
        if row is None:
            raise ProjectError(
                f"{shown(PLACE_OUTLINES)}: no row for {place} of {shown(PLACES_FILE)}; say which "
                "outlines make it"
            )
        codes = [code.strip() for code in row["outlines"].split(";")]
        for code in codes:
            if code not in outlines:
                raise ProjectError(
                    f"{shown(PLACE_OUTLINES)}: line {row['line']}, column outlines: '{code}' is "
                    f"no outline of {OUTLINES}{perhaps(code, list(outlines))}; correct it"
                )
        found[place] = [outlines[code] for code in codes]
    return found


def geometries() -> dict[str, Any]:
    """The geometries of all cities and districts of 2024, by code."""
    return {f["properties"]["adm2_pcode"]: f["geometry"] for f in read_outlines(OUTLINES)}


def place_distances(
    places: pd.DataFrame, outlines: dict[str, Any], of_place: pd.DataFrame, cities: pd.DataFrame
) -> pd.DataFrame:
    """Centre of area of each place and its great-circle distance to the nearest city: COLUMNS.

    places: rows of `load_places` to be found. outlines: geometries by code. of_place:
    `load_place_outlines`. cities: latitude and longitude by code of the city. Raises ProjectError
    as `outlines_by_place` does.
    """
    shapes = outlines_by_place(places["place_id"].tolist(), outlines, of_place)
    rows = []
    for place in places.to_dict("records"):
        longitude, latitude = centre_of_area(shapes[place["place_id"]])
        kilometres = pd.Series(
            great_circle_km(latitude, longitude, cities["latitude"], cities["longitude"]),
            index=cities.index,
        )
        nearest = str(kilometres.idxmin())
        rows.append(
            (place["place_id"], place["region"], latitude, longitude, nearest, kilometres[nearest])
        )
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.sort_values(["region", "place_id"], kind="stable", ignore_index=True)


def build_place_distances() -> pd.DataFrame:
    """data/processed/place_distances.csv for every place in use, from the outlines of 2024."""
    places = load_places().query("used == 'yes'")
    cities = centres(read_raw(CENTRES), republican_cities(load_regions()))
    return place_distances(places, geometries(), load_place_outlines(), cities)
