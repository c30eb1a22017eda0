"""How far each city and district lies from the nearest city of republican rank.

As the crow flies, from the centre of area of the place's outline to the centre of the city. A city
of republican rank is a region that is called a city (metadata/places/regions.csv).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.places.geometry import centre_of_area, great_circle_km
from karaganda_vibe.places.registry import check_places, load_places, load_regions, region_codes
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, RAW, shown
from karaganda_vibe.project.tables import fault, read_table

OUTLINES = METADATA / "places" / "place_outlines.csv"
DISTRICTS = RAW / "geokz_boundaries" / "districts_2024.geojson"
CENTRES = RAW / "regional_centres_coordinates" / "regional_centres.csv"
CODE = "adm2_pcode"
CITY = "город "


def republican_cities(regions: pd.DataFrame, centres: pd.DataFrame) -> pd.DataFrame:
    """The cities of republican rank: region, latitude, longitude (degrees).

    Args:
        regions: from `load_regions`; centres: the raw table of coordinates: indicator
            (capital_latitude, capital_longitude), region (its English name), value.
    """
    named = regions.loc[regions["name_ru"].str.startswith(CITY), "region"].tolist()
    table = centres.assign(code=region_codes(centres["region"], shown(CENTRES)))
    wide = table.pivot(index="code", columns="indicator", values="value")
    missing = [code for code in named if code not in wide.index]
    if missing:
        raise ProjectError(
            f"{shown(CENTRES)}: no coordinates of {missing[0]}, a city of republican rank; "
            "expected its latitude and longitude; add them"
        )
    return pd.DataFrame(
        {
            "region": named,
            "latitude": wide.loc[named, "capital_latitude"].to_numpy(float),
            "longitude": wide.loc[named, "capital_longitude"].to_numpy(float),
        }
    )


def place_distances(
    features: Sequence[Mapping[str, Any]], outlines: pd.DataFrame, cities: pd.DataFrame
) -> pd.DataFrame:
    """Kilometres from each place to the nearest of the cities.

    Args:
        features: GeoJSON features with the property adm2_pcode; outlines: place_id, outlines
            (codes joined by ";", taken together; empty: no outline), line; cities: latitude,
            longitude.

    Returns:
        place_id, km_to_republican_city (one decimal would be false precision: whole kilometres,
        at least one), in the order of `outlines`; places without an outline have a gap.

    Raises:
        ProjectError: an outline that is not there.
    """
    by_code = {str(feature["properties"][CODE]): feature["geometry"] for feature in features}
    rows = []
    for row in outlines.to_dict("records"):
        codes = [code for code in str(row["outlines"]).split(";") if code]
        for code in codes:
            if code not in by_code:
                raise fault(
                    OUTLINES,
                    row["line"],
                    f"{code} is no {CODE} of {shown(DISTRICTS)}; correct the code",
                    "outlines",
                )
        km = float("nan")
        if codes:
            longitude, latitude = centre_of_area([by_code[code] for code in codes])
            ways = great_circle_km(latitude, longitude, cities["latitude"], cities["longitude"])
            km = max(float(ways.min().round()), 1.0)
        rows.append({"place_id": row["place_id"], "km_to_republican_city": km})
    return pd.DataFrame(rows)


def load_outlines(path: Path = OUTLINES) -> pd.DataFrame:
    """Which outlines a place has: place_id, outlines, note, line.

    Raises ProjectError for a place that is not known or stands twice.
    """
    table = read_table(
        path, ("place_id", "outlines", "note"), filled=["place_id"], keys=["place_id"]
    )
    check_places(path, table, "place_id", load_places())
    return table


def build_place_distances() -> pd.DataFrame:
    """The table place_distances.csv from the raw outlines and coordinates."""
    features = json.loads(DISTRICTS.read_text(encoding="utf-8"))["features"]
    cities = republican_cities(load_regions(), pd.read_csv(CENTRES))
    return place_distances(features, load_outlines(), cities)
