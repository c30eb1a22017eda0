"""Cells of the district tables and the places of the registry that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from karaganda_vibe.places.registry import PLACES_FILE
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import shown
from karaganda_vibe.project.tables import perhaps
from karaganda_vibe.sources.district_nets import (
    LONG,
    NOT_COMPARABLE,
    WIDE,
    check_sums,
    read_long_nets,
    read_wide_nets,
)
from karaganda_vibe.sources.district_tables import DYNAMICS
from karaganda_vibe.sources.raw_package import read_raw, resources

NAMES = ["region", "place_id", "place_en", "place_ru", "place_kk", "kind"]


def with_tables(places: pd.DataFrame) -> pd.DataFrame:
    """Places (`load_places`) with `table`, the raw table of the sheet.

    `raw_file` is a workbook of district dynamics ("akmola"), or a table of its own ("folder.file").
    """
    other = places["raw_file"].str.contains(".", regex=False)
    return places.assign(table=places["raw_file"].where(other, f"{DYNAMICS}." + places["raw_file"]))


def with_places(cells: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Add region, place_id, names and kind to cells; only the sheets and years in use remain.

    cells: `DistrictTable.cells`. places: `load_places()`. ProjectError for a sheet that the
    registry does not know.
    """
    known = with_tables(places).assign(place=places["raw_name"].str.strip())
    merged = cells.merge(
        known[["table", "place", "used", "first_year", "last_year", *NAMES]],
        on=["table", "place"],
        how="left",
        validate="many_to_one",
    )
    unknown = merged[merged["place_id"].isna()]
    if len(unknown):
        first = unknown.iloc[0]
        raise ProjectError(
            f"{first['table']}: unknown place {first['place']}"
            f"{perhaps(first['place'], known.loc[known['table'] == first['table'], 'place'])}; add "
            f"it to {shown(PLACES_FILE)}"
        )
    first_year, last_year = merged["first_year"].fillna(0), merged["last_year"].fillna(9999)
    used = (merged["used"] == "yes") & merged["year"].between(first_year, last_year)
    return merged[used].drop(columns=["used", "first_year", "last_year"]).reset_index(drop=True)


@dataclass(frozen=True)
class Nets:
    """Net migration of the places without a dynamics table.

    cells: as `DistrictTable.cells`, with place_id and NAMES; left_out: published cells of years
    that the registry says are not comparable (value None, missing NOT_COMPARABLE); corrections:
    as `DistrictTable.corrections`.
    """

    cells: pd.DataFrame
    left_out: pd.DataFrame
    corrections: pd.DataFrame


def read_nets(indicators: pd.DataFrame, register: pd.DataFrame, places: pd.DataFrame) -> Nets:
    """Both kinds of tables of net migration; the places must sum to their region (`check_sums`).

    Arguments are from `load_indicators`, `load_district_corrections` and `load_places`.
    """
    long = [read_long_nets(name, read_raw(name)) for name in resources(LONG)]
    wide = [read_wide_nets(name, read_raw(name), indicators, register) for name in resources(WIDE)]
    cells = pd.concat([*long, *(table.cells for table in wide)], ignore_index=True)
    check_sums(cells, with_tables(places))
    used = with_places(cells, places)
    everything = with_places(cells, places.assign(first_year=0, last_year=9999))
    keys = ["place_id", "year"]
    taken = pd.MultiIndex.from_frame(used[keys])
    left = everything[~pd.MultiIndex.from_frame(everything[keys]).isin(taken)]
    left = left[left["value"].notna()]
    return Nets(
        used,
        left.assign(value=None, missing=NOT_COMPARABLE).reset_index(drop=True),
        pd.concat([table.corrections for table in wide], ignore_index=True),
    )
