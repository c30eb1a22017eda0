"""Which tables say the region's latest figure: its places', the region's own, or the press."""

from __future__ import annotations

from functools import cache

import pandas as pd

from karaganda_vibe.panels.migration_series import latest_figure
from karaganda_vibe.project.paths import PROCESSED

TABLES = ("districts", "regions", "region_indicators_long")


@cache
def latest_tables(region: str) -> str:
    """Sources of the latest net migration of `region`, as `metadata/values/values.csv` has them."""
    districts, regions, long = (
        pd.read_csv(PROCESSED / f"{name}.csv", low_memory=False) for name in TABLES
    )
    figure = latest_figure(districts, regions, long, region)
    if figure.source == "places":
        return "raw:bns_district_dynamics.{here}"
    return "; ".join(f"raw:{name}" for name in figure.tables) or "raw"
