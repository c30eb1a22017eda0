"""The tables that say the region's latest figure: those of its places, of the region, or the press."""

from __future__ import annotations

from functools import cache

import pandas as pd

from karaganda_vibe.panels.migration_series import latest_figure
from karaganda_vibe.project.paths import PROCESSED

TABLES = ("districts", "regions", "region_indicators_long")


@cache
def latest_tables(region: str, table_name: str) -> tuple[str, ...]:
    """Sources of the latest net migration of `region`, as values.csv writes them.

    `table_name` is what the raw tables of its places are called after.
    """
    districts, regions, long = (
        pd.read_csv(PROCESSED / f"{name}.csv", low_memory=False) for name in TABLES
    )
    figure = latest_figure(districts, regions, long, region)
    if figure.source == "places":
        return (f"raw:bns_district_dynamics.{table_name}",)
    return tuple(f"raw:{name}" for name in figure.tables) or ("raw",)
