"""Published tables about whole regions, press included, as rows of one form.

What each published indicator means, its unit and which source is preferred stands in
metadata/indicators/region_indicators.csv; corrections of published cells stand in
metadata/corrections/corrections_regions.csv.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from karaganda_vibe.places.registry import (
    COUNTRY,
    REGIONS_FILE,
    Borders,
    region_codes,
    region_names,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import NUMBER, WHOLE, fault, read_table
from karaganda_vibe.sources.corrections import apply_corrections, check_all_used, load_corrections
from karaganda_vibe.sources.raw_package import package, read_raw

INDICATORS = METADATA / "indicators" / "region_indicators.csv"
CORRECTIONS = METADATA / "corrections" / "corrections_regions.csv"

INDICATOR_COLUMNS = (
    "table",
    "indicator",
    "unit_raw",
    "name",
    "wide",
    "factor",
    "unit",
    "tolerance",
    "priority",
    "period",
    "scope",
    "aggregation",
    "rule",
    "definition",
)
# Not about whole regions one by one, or not on terms that fit the regional tables: other modules
# read them.
OTHER_TABLES = (
    "bns_district_",
    "bns_moves_between_regions/",
    "bns_natural_growth_and_net_migration/",
    "geokz_boundaries/",
    "press_claims/",
    "testing_centre_unt_districts/",
)
PRESS = "press_"
# Notes that say that the publisher gave a later figure.
SUPERSEDED = "first release"


def load_indicators(path: Path = INDICATORS) -> pd.DataFrame:
    """The mapping of published indicators: one row a table, indicator and unit; numbers parsed.

    Raises ProjectError on a repeated row, a number that is none, or a name with two units.
    """
    numbers = {"factor": NUMBER, "tolerance": NUMBER, "priority": WHOLE}
    words = {"wide": ("yes", "no", "by age"), "scope": ("region", "centre")}
    frame = read_table(
        path,
        INDICATOR_COLUMNS,
        typed={**numbers, **words},
        filled=["table", "indicator", "name", *numbers, *words],
        keys=[("table", "indicator", "unit_raw")],
    )
    first: dict[str, tuple[str, int]] = {}
    for row in frame.to_dict("records"):
        unit, line = first.setdefault(row["name"], (row["unit"], row["line"]))
        if unit != row["unit"]:
            text = f"'{row['unit']}', in line {line} '{unit}'; one name has one unit"
            raise fault(path, row["line"], text, "unit")
    return frame


def region_resources() -> list[str]:
    """Names of the raw resources about whole regions, press included, in the package's order."""
    return [
        name
        for name, held in package().items()
        if not held["path"].startswith(OTHER_TABLES) and not held["path"].endswith("/sources.csv")
    ]


def read_region_table(name: str, corrections: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One raw table about regions with `corrections` applied, and those that were.

    A table that has codes of regions (`iso_3166_2`, empty for the country) and no column `region`
    gets one with their English names. Raises ProjectError when the file, a code or a correction is
    wrong.
    """
    frame = read_raw(name)
    if "region" not in frame:
        names = region_names("en") | {"": region_names("en")[COUNTRY]}
        frame["region"] = frame["iso_3166_2"].map(names)
        unknown = frame.index[frame["region"].isna()]
        if len(unknown):
            raise ProjectError(
                f"data/raw/{name.replace('.', '/', 1)}.csv: line {unknown[0] + 2}: unknown code "
                f'"{frame["iso_3166_2"][unknown[0]]}"; see {shown(REGIONS_FILE)}'
            )
    return apply_corrections(
        frame,
        corrections[corrections["table"] == name],
        locate={"place": "region", "row": "indicator", "year": "year"},
        value_column_from="column",
    )


def read_region_tables(
    corrections: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All raw rows about whole regions as published (text), and the corrections applied to them.

    Columns are those of the raw tables plus `source` (resource), `table` (folder), `source_row`
    (line in the raw file). Raises ProjectError when a raw file or a correction is wrong.
    """
    if corrections is None:
        corrections = load_corrections(CORRECTIONS)
    frames, applied = [], []
    for name in region_resources():
        frame, used = read_region_table(name, corrections)
        applied.append(used)
        frame["source"] = name
        frame["table"] = name.split(".")[0]
        frame["source_row"] = range(2, len(frame) + 2)
        frames.append(frame)
    used_all = pd.concat(applied)
    check_all_used(corrections, used_all)
    for column in ("age_group", "sex", "place"):
        for frame in frames:
            if column not in frame:
                frame[column] = ""
    return pd.concat(frames, ignore_index=True), used_all.reset_index(drop=True)


def _parse_values(frame: pd.DataFrame) -> pd.Series:
    values = pd.to_numeric(frame["value"].where(frame["value"] != ""), errors="coerce")
    wrong = values.isna() & (frame["value"] != "")
    if wrong.any():
        record = frame[wrong].iloc[0]
        raise ProjectError(
            f"data/raw/{record['source'].replace('.', '/', 1)}.csv: line {record['source_row']}: "
            f'value "{record["value"]}" is no number'
        )
    return values.astype(float)


def tidy_long(raw: pd.DataFrame, indicators: pd.DataFrame, borders: Borders) -> pd.DataFrame:
    """Published rows → ISO codes, base units and borders; one row a published value.

    `raw` has the columns of `read_region_tables`. The result has `LONG_COLUMNS` (note as text) and
    the columns of the mapping that `widen` needs. Values are multiplied by the factor of the
    mapping; nothing else is computed. Press figures enter only where the mapping names them.
    Raises ProjectError when an indicator with its unit is not mapped, a region is unknown, a year
    is missing or a value is no number.
    """
    mapped = set(zip(indicators["table"], indicators["indicator"], strict=True))
    wanted = [
        not table.startswith(PRESS) or (table, indicator) in mapped
        for table, indicator in zip(raw["table"], raw["indicator"], strict=True)
    ]
    frame = raw[wanted].reset_index(drop=True)
    keys = frame[["table", "indicator", "unit"]].rename(columns={"unit": "unit_raw"})
    merged = keys.merge(
        indicators.drop(columns="line"),
        on=["table", "indicator", "unit_raw"],
        how="left",
        validate="m:1",
    )
    if merged["name"].isna().any():
        record = frame[merged["name"].isna().to_numpy()].iloc[0]
        raise ProjectError(
            f"data/raw/{record['source'].replace('.', '/', 1)}.csv: line {record['source_row']}: "
            f'indicator "{record["indicator"]}" in "{record["unit"]}" is not mapped; '
            f"add it to {shown(INDICATORS)}"
        )
    values = _parse_values(frame)
    result = pd.DataFrame(
        {
            "indicator": merged["name"].to_numpy(),
            "period": frame["period"].to_numpy(),
            "age_group": frame["age_group"].to_numpy(),
            "sex": frame["sex"].to_numpy(),
            # Rounding takes away binary noise of the multiplication, not published digits.
            "value": (values.to_numpy() * merged["factor"].to_numpy()).round(6),
            "unit": merged["unit"].to_numpy(),
            "source": frame["source"].to_numpy(),
            "source_row": frame["source_row"].to_numpy(),
            "note": frame["note"].to_numpy(),
            "indicator_raw": frame["indicator"].to_numpy(),
            "periods": merged["period"].to_numpy(),
        }
    )
    for column in ("table", "wide", "tolerance", "priority", "scope"):
        result[column] = merged[column].to_numpy()
    codes = [
        region_codes(group["region"], f"data/raw/{str(source).replace('.', '/', 1)}.csv")
        for source, group in frame.groupby("source", sort=False)
    ]
    result["region"] = pd.concat(codes).reindex(frame.index).to_numpy()
    if not frame["year"].str.fullmatch(r"\d{4}").all():
        record = frame[~frame["year"].str.fullmatch(r"\d{4}")].iloc[0]
        raise ProjectError(
            f"data/raw/{record['source'].replace('.', '/', 1)}.csv: line {record['source_row']}: "
            f'year "{record["year"]}" is no year'
        )
    result["superseded"] = frame["note"].str.contains(SUPERSEDED, regex=False).to_numpy()
    result["year"] = frame["year"].astype(int).to_numpy()
    result["borders"] = [
        "centre" if scope == "centre" else borders.of_value(table, indicator, region, year)
        for scope, table, indicator, region, year in zip(
            result["scope"],
            result["table"],
            result["indicator_raw"],
            result["region"],
            result["year"],
            strict=True,
        )
    ]
    # A value that its publisher left empty says nothing.
    return result[result["value"].notna()].reset_index(drop=True)
