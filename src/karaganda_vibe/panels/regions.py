"""Regional tables → one long table, and one wide table of region, year and borders.

Where several sources give a value one is chosen by rule, and what disagrees with it is listed;
borders stand in metadata/places/borders_of_tables.csv.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from karaganda_vibe.places.registry import Borders
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.raw_package import check_listed
from karaganda_vibe.sources.region_tables import (
    PRESS,
    load_indicators,
    read_region_tables,
    tidy_long,
)

KEY = ["region", "year", "borders"]
LONG_COLUMNS = [
    "region",
    "indicator",
    "year",
    "period",
    "age_group",
    "sex",
    "value",
    "unit",
    "borders",
    "source",
    "source_row",
    "note",
]
AGE_COLUMNS = {
    "0-15": "population_0_15",
    "16 to pension age": "population_16_to_pension_age",
    "pension age and over": "population_pension_age_and_over",
}


@dataclass(frozen=True)
class RegionTables:
    """What `build_regions` makes.

    regions: one row a region, year and borders, wide. long: one row a published value. notes: the
    text of each note number in `long`. conflicts: values of several sources that disagree.
    corrections: the corrections that were applied. chosen: for each value of `regions` (region,
    year, borders, indicator) the source, its row and its tolerance.
    """

    regions: pd.DataFrame
    long: pd.DataFrame
    notes: pd.DataFrame
    conflicts: pd.DataFrame
    corrections: pd.DataFrame
    chosen: pd.DataFrame


def _candidates(long: pd.DataFrame) -> pd.DataFrame:
    whole = long["age_group"].isin(["", "total"]) & long["sex"].isin(["", "both"])
    plain = long[(long["wide"] == "yes") & whole]
    in_period = [
        period in periods.split(";")
        for period, periods in zip(plain["period"], plain["periods"], strict=True)
    ]
    ages = long[
        (long["wide"] == "by age") & (long["sex"] == "both") & long["age_group"].isin(AGE_COLUMNS)
    ]
    ages = ages.assign(indicator=ages["age_group"].map(AGE_COLUMNS))
    return pd.concat([plain[in_period], ages], ignore_index=True)


def resolve(candidates: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One value for each region, year, borders and indicator; and the conflicts.

    Rule: the source of the first priority is kept; at the same priority a figure that was not
    superseded, then the first copy of a table, then the first row. Sources agree when they differ
    by no more than the sum of their tolerances (half a unit of the last published digit). Values
    that disagree are listed with the kept one. Raises ProjectError when one table holds two
    different values; only press figures may.
    """
    key = [*KEY, "indicator"]
    second = candidates["source"].str.contains("second_copy", regex=False)
    order = [*key, "priority", "superseded", "second", "source", "source_row"]
    ordered = candidates.assign(second=second).sort_values(order, kind="stable", ignore_index=True)
    kept = ordered.drop_duplicates(key).reset_index(drop=True)
    compared = ordered.merge(
        kept[[*key, "value", "tolerance", "source", "source_row"]],
        on=key,
        suffixes=("", "_kept"),
        validate="m:1",
    )
    other = compared[
        (compared["source"] != compared["source_kept"])
        | (compared["source_row"] != compared["source_row_kept"])
    ]
    difference = (other["value"] - other["value_kept"]).round(6)
    apart = difference.abs() > other["tolerance"] + other["tolerance_kept"] + 1e-9
    press = other["source"].str.startswith(PRESS)
    inside = other[apart & (other["source"] == other["source_kept"]) & ~press]
    if len(inside):
        record = inside.iloc[0]
        raise ProjectError(
            f"data/raw/{record['source'].replace('.', '/', 1)}.csv: line {record['source_row']}: "
            f"{record['indicator']} of {record['region']} {record['year']} is there twice: "
            f"{record['value_kept']} in line {record['source_row_kept']} and {record['value']}"
        )
    conflicts = other[apart].assign(difference=difference[apart])
    columns = [*key, "value_kept", "source_kept", "value", "source", "difference", "note"]
    return kept, conflicts[columns].rename(
        columns={"value": "value_other", "source": "source_other"}
    ).reset_index(drop=True)


def widen(
    long: pd.DataFrame, indicators: pd.DataFrame, borders: Borders
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """`tidy_long` rows → one row a region, year and borders; the conflicts; the chosen sources.

    A value of the regional centre holds under any borders of its region: it stands in every row of
    its region and year. The columns are those that the mapping calls wide, in its order.
    """
    kept, conflicts = resolve(_candidates(long))
    centre = kept[kept["borders"] == "centre"]
    regional = kept[kept["borders"] != "centre"]
    rows = regional[KEY].drop_duplicates()
    lone = centre.merge(rows, on=["region", "year"], how="left", suffixes=("_centre", ""))
    missing = lone["borders"].isna()
    lone.loc[missing, "borders"] = [
        borders.of_time(region, year)
        for region, year in zip(lone.loc[missing, "region"], lone.loc[missing, "year"], strict=True)
    ]
    values = pd.concat([regional, lone[regional.columns]], ignore_index=True)
    wide = values.pivot(index=KEY, columns="indicator", values="value")
    order: list[str] = []
    for record in indicators.to_dict("records"):
        if record["wide"] == "by age":
            order += [name for name in AGE_COLUMNS.values() if name not in order]
        elif record["wide"] == "yes" and record["name"] not in order:
            order.append(record["name"])
    wide = (
        wide.reindex(columns=order).reset_index().sort_values(KEY, ignore_index=True, kind="stable")
    )
    wide.columns.name = None
    chosen = values[[*KEY, "indicator", "source", "source_row", "tolerance"]]
    chosen = chosen.sort_values([*KEY, "indicator"], kind="stable", ignore_index=True)
    return wide, conflicts, chosen


def number_notes(long: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Replace the text of `note` by a number, and give the table of numbers and texts.

    Numbers follow the first appearance; an empty note stays empty.
    """
    texts = [text for text in long["note"].drop_duplicates() if text.strip(" ;")]
    numbers = {text: number for number, text in enumerate(texts, start=1)}
    numbered = long.assign(note=long["note"].map(numbers).astype("Int64"))
    return numbered, pd.DataFrame({"note": list(numbers.values()), "text": texts})


def build_regions() -> RegionTables:
    """Every processed table about whole regions, from the raw tables and the metadata."""
    check_listed()
    indicators = load_indicators()
    borders = Borders()
    raw, applied = read_region_tables()
    long = tidy_long(raw, indicators, borders)
    wide, conflicts, chosen = widen(long, indicators, borders)
    order = ["indicator", "region", "year", "period", "age_group", "sex", "source", "source_row"]
    numbered, notes = number_notes(long.sort_values(order, kind="stable", ignore_index=True))
    return RegionTables(wide, numbered[LONG_COLUMNS], notes, conflicts, applied, chosen)


KEY_SOURCES = {
    "region": "the project's registry metadata/places/regions.csv",
    "year": "the published tables",
    "borders": (
        "the project's registers metadata/places/border_changes.csv and borders_of_tables.csv"
    ),
}
KEY_DEFINITIONS = {
    "region": ("ISO 3166-2", "Region of today, or KZ for the whole country"),
    "year": ("year", "Calendar year; for figures of 1 January the year that begins"),
    "borders": (
        "text",
        "Borders that every value of the row is on: unchanged, until-2018 or since-2018 (Shymkent "
        "left South Kazakhstan), until-2022 or since-2022 (Ulytau, Abai and Zhetisu were made). "
        "Today's borders are all but until-2018 and until-2022. Housing prices and rents are those "
        "of the regional centre and hold under any borders",
    ),
}


def describe_columns(tables: RegionTables, indicators: pd.DataFrame) -> pd.DataFrame:
    """The codebook of the wide table: one row a column, in its order.

    Columns: column, unit, definition, aggregation (over regions), rule (between sources), sources
    (raw tables), first_year, last_year, regions and values (how many).
    """
    first = indicators.drop_duplicates("name").set_index("name")
    ages = first[first["wide"] == "by age"].iloc[0]
    rows: list[dict[str, object]] = []
    for name in tables.regions.columns:
        if name in KEY_DEFINITIONS:
            unit, definition = KEY_DEFINITIONS[name]
            source = KEY_SOURCES[name]
            rows.append({"column": name, "unit": unit, "definition": definition, "sources": source})
            continue
        age = {column: group for group, column in AGE_COLUMNS.items()}.get(name)
        described = first.loc[name] if age is None else ages
        used = tables.chosen[tables.chosen["indicator"] == name]
        present = tables.regions[tables.regions[name].notna()]
        rows.append(
            {
                "column": name,
                "unit": described["unit"],
                "definition": described["definition"] + (f"; {age}" if age else ""),
                "aggregation": described["aggregation"],
                "rule": described["rule"],
                "sources": ";".join(sorted(used["source"].str.split(".").str[0].unique())),
                "first_year": int(present["year"].min()),
                "last_year": int(present["year"].max()),
                "regions": int(present["region"].nunique()),
                "values": len(present),
            }
        )
    frame = pd.DataFrame(rows)
    counts = ["first_year", "last_year", "regions", "values"]
    frame[counts] = frame[counts].astype("Int64")
    return frame
