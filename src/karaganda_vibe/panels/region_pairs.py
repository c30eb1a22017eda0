"""How near two regions are to each other: kilometres, a common line, a common past."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from karaganda_vibe.places.geometry import (
    Floats,
    great_circle_km,
    on_a_plane,
    polygons,
    segments,
    shared_line_km,
)
from karaganda_vibe.places.registry import COUNTRY, load_regions, region_codes
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.raw_package import read_outlines, read_raw

CENTRES = "regional_centres_coordinates.regional_centres"
CENTRES_FILE = "data/raw/regional_centres_coordinates/regional_centres.csv"
OUTLINES = "geokz_boundaries.regions_2024"
OUTLINES_FILE = "data/raw/geokz_boundaries/regions_2024.geojson"
COLUMNS = [
    "origin", "destination", "distance_km", "border", "border_km", "former_common_region",
]  # fmt: skip


def centres(raw: pd.DataFrame, regions: list[str]) -> pd.DataFrame:
    """Latitude and longitude of the regional centres, degrees, by region code.

    raw: the table of coordinates as `read_raw` gives it. Raises ProjectError for a region of
    `regions` without both.
    """
    coded = raw.assign(
        region=region_codes(raw["region"], CENTRES_FILE), value=raw["value"].astype(float)
    )
    wide = coded.pivot(index="region", columns="indicator", values="value")
    wide = wide.rename(columns={f"capital_{name}": name for name in ("latitude", "longitude")})
    wide = wide.reindex(regions)[["latitude", "longitude"]]
    lacking = wide.index[wide.isna().any(axis=1)]
    if len(lacking):
        raise ProjectError(
            f"{CENTRES_FILE}: no latitude and longitude of the centre of {lacking[0]}; add them"
        )
    return wide


def outlines_by_region(features: list[dict[str, Any]], regions: list[str]) -> dict[str, Any]:
    """Code of each region → geometry; ProjectError where one is missing or stands twice."""
    codes = [feature["properties"]["iso_3166_2"] for feature in features]
    wrong = sorted(set(codes) ^ set(regions)) or [c for c in codes if codes.count(c) > 1]
    if wrong:
        raise ProjectError(
            f"{OUTLINES_FILE}: {wrong[0]} has {codes.count(wrong[0])} outlines; expected one of "
            f"each of the {len(regions)} regions of metadata/places/regions.csv"
        )
    return {code: f["geometry"] for code, f in zip(codes, features, strict=True)}


def former_regions(regions: pd.DataFrame) -> dict[str, str]:
    """Code of each region → the region that it was a part of, or itself (`split_from`)."""
    return {row["region"]: row["split_from"] or row["region"] for row in regions.to_dict("records")}


def region_pairs(
    points: pd.DataFrame, outlines: dict[str, Any], former: dict[str, str]
) -> pd.DataFrame:
    """Every ordered pair of regions: COLUMNS, sorted; both directions have the same values.

    points: `centres`. outlines: geometries by region. former: `former_regions`. distance_km: along
    a great circle between the regional centres. border: 1 where the outlines share a line, which
    is border_km long. former_common_region: 1 where one region was split from the other or both
    from a third.
    """
    lines = {region: segments(outline) for region, outline in outlines.items()}
    rows = []
    for origin in points.index:
        for destination in points.index.drop(origin):
            here, there = points.loc[origin], points.loc[destination]
            shared = shared_line_km(lines[origin], lines[destination])
            rows.append(
                (
                    *(origin, destination),
                    float(
                        great_circle_km(here.iloc[0], here.iloc[1], there.iloc[0], there.iloc[1])
                    ),
                    *(int(shared > 0), shared, int(former[origin] == former[destination])),
                )
            )
    pairs = pd.DataFrame(rows, columns=COLUMNS)
    return pairs.sort_values(COLUMNS[:2], kind="stable", ignore_index=True)


def _regions() -> pd.DataFrame:
    regions = load_regions()
    return regions[regions["region"] != COUNTRY]


def build_region_pairs() -> pd.DataFrame:
    """data/processed/region_pairs.csv from the raw coordinates and the outlines of 2024."""
    regions = _regions()
    codes = sorted(regions["region"])
    return region_pairs(
        centres(read_raw(CENTRES), codes),
        outlines_by_region(read_outlines(OUTLINES), codes),
        former_regions(regions),
    )


def map_of_regions(latitude: float, step: float) -> tuple[dict[str, list[Floats]], pd.DataFrame]:
    """Outer rings of the regions on a plane, and x and y of their centres, for maps.

    latitude: where east-west lengths are true, degrees. step: degrees to which points are rounded.
    The point of a region is its regional centre, where its arrows begin and end.
    """
    regions = _regions()
    codes = sorted(regions["region"])
    shapes = outlines_by_region(read_outlines(OUTLINES), codes)
    rings = {
        code: on_a_plane([part[0] for part in polygons(shape)], latitude, step)
        for code, shape in shapes.items()
    }
    points = centres(read_raw(CENTRES), codes)
    shrink = float(np.cos(np.radians(latitude)))
    return rings, pd.DataFrame({"x": points["longitude"] * shrink, "y": points["latitude"]})
