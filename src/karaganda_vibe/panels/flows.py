"""Flows of people and single press figures, as two long tables.

In metadata/indicators/, flow_indicators.csv says for every published flow what its two ends are,
and whether moves inside the region are in it; flow_ends.csv names the ends that are no region;
press_units.csv gives the base units of press figures.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from karaganda_vibe.places.registry import load_regions, region_codes, region_spellings
from karaganda_vibe.places.study import load_study
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import NUMBER, check_known, read_table
from karaganda_vibe.sources.corrections import load_corrections
from karaganda_vibe.sources.raw_package import package, read_raw, resources
from karaganda_vibe.sources.region_tables import (
    CORRECTIONS,
    PRESS,
    SUPERSEDED,
    read_region_table,
    read_region_tables,
)

FLOW_INDICATORS = METADATA / "indicators" / "flow_indicators.csv"
FLOW_ENDS = METADATA / "indicators" / "flow_ends.csv"
PRESS_UNITS = METADATA / "indicators" / "press_units.csv"

FLOW_INDICATOR_COLUMNS = (
    "table",
    "indicator",
    "unit_raw",
    "kind",
    "origin",
    "destination",
    "ages",
    "factor",
    "unit",
    "scope",
)
FLOW_COLUMNS = [
    "origin",
    "destination",
    "year",
    "period",
    "kind",
    "ages",
    "value",
    "unit",
    "scope",
    "preferred",
    "source",
    "source_row",
    "publisher",
    "note",
]
PRESS_COLUMNS = [
    "region",
    "place",
    "year",
    "period",
    "indicator",
    "age_group",
    "sex",
    "value",
    "unit",
    "publisher",
    "title",
    "url",
    "source",
    "source_row",
    "note",
]
ARROW = " -> "


def press_tables() -> tuple[str, ...]:
    """Raw tables of figures that the press gave: of the country, and of the study's region."""
    study = load_study()
    return (
        "press_flows_and_youth",
        *([f"press_{study.table_name}"] if study.has("press") else []),
        "press_migration",
        "press_population",
        "press_youth_and_age",
    )


def load_ends(path: Path = FLOW_ENDS) -> dict[str, str]:
    """How the ends of flows that are no region are written → their code."""
    ends: dict[str, str] = {}
    frame = read_table(path, ("end", "written", "meaning"), filled=["end"], keys=["end"])
    for record in frame.to_dict("records"):
        ends[record["end"]] = record["end"]
        for written in filter(None, record["written"].split(";")):
            ends[written.strip()] = record["end"]
    return ends


def load_flow_indicators(path: Path = FLOW_INDICATORS) -> pd.DataFrame:
    """The mapping of published flows; ProjectError on a repeated row, a wrong factor or end."""
    frame = read_table(
        path,
        FLOW_INDICATOR_COLUMNS,
        typed={"factor": NUMBER},
        filled=["table", "indicator", "factor", "origin", "destination"],
        keys=[("table", "indicator", "unit_raw")],
    )
    known = [*load_ends(), *load_regions()["region"], "{region}", "{origin}", "{destination}"]
    for column in ("origin", "destination"):
        check_known(path, frame, column, known, listed_in=f"the regions and {shown(FLOW_ENDS)}")
    return frame


def read_press() -> pd.DataFrame:
    """All single figures of the press folders, corrected by the register, with their source.

    Adds `source` (resource), `table`, `source_row` (line in the raw file), `publisher`, `title`
    and `url`. Raises ProjectError when a row has a source that its folder does not list.
    """
    frames = []
    corrections = load_corrections(CORRECTIONS)
    for table in press_tables():
        sources = read_raw(f"{table}.sources").set_index("source_id")
        for name in resources(table):
            frame, _ = read_region_table(name, corrections)
            unknown = frame[~frame["source_id"].isin(sources.index)]
            if len(unknown):
                raise ProjectError(
                    f"data/raw/{package()[name]['path']}: line {unknown.index[0] + 2}: source "
                    f"{unknown.iloc[0]['source_id']} is not in data/raw/{table}/sources.csv"
                )
            frame["source"] = name
            frame["table"] = table
            frame["source_row"] = range(2, len(frame) + 2)
            for column in ("publisher", "title", "url"):
                frame[column] = frame["source_id"].map(sources[column])
            frames.append(frame)
    return pd.concat(frames, ignore_index=True).fillna("")


def _end_codes(names: pd.Series, ends: dict[str, str], where: pd.DataFrame) -> pd.Series:
    known = region_spellings() | ends
    codes = names.str.strip().map(known)
    if codes.isna().any():
        record = where[codes.isna()].iloc[0]
        raise ProjectError(
            f"{record['source']}: line {record['source_row']}: unknown end of a flow "
            f'"{names[codes.isna()].iloc[0]}"; add it to {shown(FLOW_ENDS)}'
        )
    return codes


def tidy_flows(raw: pd.DataFrame, mapping: pd.DataFrame, ends: dict[str, str]) -> pd.DataFrame:
    """Published flows → one row a flow with the codes of its two ends, in base units.

    `raw` has the columns of the raw tables and `source`, `table`, `source_row`, `publisher`. Rows
    whose indicator is no flow in `mapping` are left out. Net flows stand as origin → destination
    with the gain of the destination as value. A flow that several sources give is there several
    times; `preferred` is "yes" in one of them (see `_prefer`). Raises ProjectError on an unknown
    end.
    """
    merged = raw.rename(columns={"unit": "unit_raw"}).merge(
        mapping.drop(columns="line"),
        on=["table", "indicator", "unit_raw"],
        how="inner",
        validate="m:1",
    )
    pair = merged["region"].str.contains(ARROW, regex=False)
    parts = merged["region"].str.split(ARROW, n=1, regex=False)
    starts, stops = parts.str[0], parts.str[-1]
    start_codes = _end_codes(starts, ends, merged)
    stop_codes = _end_codes(stops, ends, merged)
    needs_pair = merged["origin"] == "{origin}"
    if (pair != needs_pair).any():
        record = merged[pair != needs_pair].iloc[0]
        raise ProjectError(
            f'{record["source"]}: line {record["source_row"]}: "{record["region"]}": the '
            f"mapping of {record['indicator']} expects "
            f"{'two regions' if record['origin'] == '{origin}' else 'one region'}"
        )
    result = pd.DataFrame(
        {
            "origin": merged["origin"].where(
                ~merged["origin"].isin(["{region}", "{origin}"]), start_codes
            ),
            "destination": merged["destination"].where(
                ~merged["destination"].isin(["{region}", "{destination}"]), stop_codes
            ),
            "year": merged["year"].astype(int),
            "period": merged["period"],
            "kind": merged["kind"],
            "ages": merged["ages"],
            "value": (pd.to_numeric(merged["value"]) * merged["factor"]).round(6),
            "unit": merged["unit"],
            "scope": merged["scope"],
            "source": merged["source"],
            "source_row": merged["source_row"],
            "publisher": merged["publisher"],
            "note": merged["note"],
        }
    )
    result["preferred"] = _prefer(result, merged["factor"])
    order = ["year", "kind", "origin", "destination", "period", "ages", "source", "source_row"]
    return result[FLOW_COLUMNS].sort_values(order, kind="stable", ignore_index=True)


def _prefer(flows: pd.DataFrame, factors: pd.Series) -> pd.Series:
    """ "yes" for one row of each flow, "no" for repetitions of it in other sources.

    Rule: an official table before press; a figure not superseded before a first release; the first
    copy of a table before the second; unrounded before rounded; then source and row.
    """
    ranked = flows.assign(
        press=flows["source"].str.startswith(PRESS),
        superseded=flows["note"].str.contains(SUPERSEDED, regex=False),
        second=flows["source"].str.contains("second_copy", regex=False),
        rounded=factors,
    ).sort_values(
        ["press", "superseded", "second", "rounded", "source", "source_row"], kind="stable"
    )
    key = ["origin", "destination", "year", "period", "kind", "ages", "scope", "unit"]
    repeated = ranked.duplicated(key).reindex(flows.index)
    return repeated.map({True: "no", False: "yes"})


def tidy_press(raw: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Single press figures in base units, with publisher and address; flows between two regions
    (origin -> destination) are left to `tidy_flows`.

    `year` is missing where the publisher states none. Raises ProjectError on an unknown unit or
    region.
    """
    single = raw[~raw["region"].str.contains(ARROW, regex=False)].reset_index(drop=True)
    factors = single["unit"].map(dict(zip(units["unit_raw"], units["factor"], strict=True)))
    if factors.isna().any():
        record = single[factors.isna()].iloc[0]
        raise ProjectError(
            f"{record['source']}: line {record['source_row']}: unknown unit "
            f'"{record["unit"]}"; add it to {shown(PRESS_UNITS)}'
        )
    codes = [
        region_codes(group["region"], str(source))
        for source, group in single.groupby("source", sort=False)
    ]
    result = single.assign(
        region=pd.concat(codes),
        year=pd.to_numeric(single["year"].where(single["year"] != "")).astype("Int64"),
        value=(pd.to_numeric(single["value"]) * factors.astype(float)).round(6),
        unit=single["unit"].map(dict(zip(units["unit_raw"], units["unit"], strict=True))),
    )
    for column in ("place", "age_group", "sex"):
        if column not in result:
            result[column] = ""
    order = ["region", "indicator", "year", "period", "source", "source_row"]
    return result[PRESS_COLUMNS].sort_values(order, kind="stable", ignore_index=True)


def build_flows() -> pd.DataFrame:
    """data/processed/flows.csv: every published flow of people, official and press."""
    official, _ = read_region_tables()
    official = official[~official["table"].str.startswith(PRESS)].reset_index(drop=True)
    held = package()
    official["publisher"] = official["source"].map(
        {name: str(held[name]["publisher"]) for name in official["source"].unique()}
    )
    raw = pd.concat([official, read_press()], ignore_index=True).fillna("")
    return tidy_flows(raw, load_flow_indicators(), load_ends())


def build_press() -> pd.DataFrame:
    """data/processed/press.csv: single figures quoted by press and officials."""
    units = read_table(
        PRESS_UNITS,
        ("unit_raw", "factor", "unit"),
        typed={"factor": NUMBER},
        filled=["unit_raw", "factor", "unit"],
        keys=["unit_raw"],
    )
    return tidy_press(read_press(), units)
