"""The panel of cities and districts: one row a place and year, today's names, base units.

The way from the raw workbooks to data/processed/districts.csv, and the tables that say what
happened on it: corrections, repeated rows, gaps, coverage, doubtful cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from karaganda_vibe.panels.labour_market import (
    LABOUR_COLUMNS,
    LABOUR_MARKET,
    YOUTH,
    check_filled,
    choose_youth_rate,
    labour_market_panel,
    load_labour_places,
    read_labour_market,
)
from karaganda_vibe.panels.place_cells import NAMES, read_nets, with_places
from karaganda_vibe.places.registry import PLACES_FILE, load_places
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import fault, perhaps, read_table
from karaganda_vibe.sources.district_tables import (
    CORRECTION_COLUMNS,
    DYNAMICS,
    INDICATORS_FILE,
    LEFT_OUT,
    check_labour_order,
    load_district_corrections,
    load_indicators,
    read_district_table,
    years_of,
)
from karaganda_vibe.sources.raw_package import check_listed, read_raw, resources
from karaganda_vibe.sources.unit_slips import find_suspects, load_ranges

DOUBTFUL_FILE = METADATA / "corrections" / "doubtful_cells.csv"
DOUBTFUL_COLUMNS = ["table", "place", "row", "year", "column", "reason"]

KEYS = [*NAMES, "year"]
COLUMNS = [
    *KEYS,
    "population", "births", "deaths", "arrivals", "departures", "net_migration", "wage",
    "unemployment_rate", "unemployment_source", "youth_unemployment_rate",
    "youth_unemployment_ages", *YOUTH.values(), "labour_force", "employed", "employees",
    "self_employed", "unemployed", "housing_commissioned_m2",
    "colleges", "college_students", "universities", "university_students", "schools",
    "school_pupils", "preschools", "hospitals", "hospital_beds", "crimes", "investment",
    "industrial_output", "retail_turnover", "sme_active", "sme_employed",
    "infant_mortality_rate", "marriages", "divorces", "subsistence_minimum", "income_per_head",
]  # fmt: skip
# Not read from a row of a table but chosen or noted on the way.
MADE_COLUMNS = {
    "unemployment_source", "youth_unemployment_rate", "youth_unemployment_ages", *YOUTH.values(),
}  # fmt: skip
TEXT_COLUMNS = {*KEYS[:-1], "unemployment_source", "youth_unemployment_ages"}


@dataclass(frozen=True)
class DistrictTables:
    """Everything that the district workbooks give.

    panel: COLUMNS, one row a place and year, sorted by region, place and year.
    duplicates_resolved: one row a repeated cell: table, place, column, year, row_used,
        value_used, row_dropped, value_dropped, rule.
    corrections_applied: one row a changed cell; `used` is in base units.
    missing_cells: column, reason, cells: why the publisher or the register gives no number.
    coverage: region, column, year, places, published, share.
    doubtful_cells: one row a doubtful cell that stands in the panel as published.
    """

    panel: pd.DataFrame
    duplicates_resolved: pd.DataFrame
    corrections_applied: pd.DataFrame
    missing_cells: pd.DataFrame
    coverage: pd.DataFrame
    doubtful_cells: pd.DataFrame


def load_doubtful(path: Path = DOUBTFUL_FILE) -> pd.DataFrame:
    """Cells that stand as published although they look wrong, with the reason; all text."""
    return read_table(
        path,
        DOUBTFUL_COLUMNS,
        filled=["table", "column", "reason"],
        keys=[("table", "place", "row", "year", "column")],
        as_written=["place"],
    )


def without_roubles(cells: pd.DataFrame, indicators: pd.DataFrame) -> pd.DataFrame:
    """Cells without the years before an indicator's first year (money before the tenge)."""
    starts = indicators[indicators["first_year"].notna()]
    first = starts.groupby("indicator")["first_year"].min()
    return cells[cells["year"] >= cells["indicator"].map(first).fillna(0)].reset_index(drop=True)


def resolve_duplicates(cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One value for each place, indicator and year, and a table of what was dropped.

    cells: with place_id, indicator, year, sheet_row, value. Rows of one indicator repeat inside
    a sheet. Year by year: equal values are one ("identical"); where only one row has a value it
    is taken (a union, nothing dropped); where they differ, the row that stands higher in the
    sheet, because the total stands above its parts ("upper row").
    """
    known = cells[cells["value"].notna()].sort_values(
        ["place_id", "indicator", "year", "sheet_row"]
    )
    keys = ["place_id", "indicator", "year"]
    first = known.drop_duplicates(keys)
    rest = known[known.duplicated(keys)]
    pairs = rest.merge(first, on=keys, suffixes=("_dropped", "_used"), validate="many_to_one")
    resolved = pd.DataFrame(
        {
            "table": pairs["table_used"],
            "place": pairs["place_used"],
            "column": pairs["indicator"],
            "year": pairs["year"],
            "row_used": pairs["sheet_row_used"],
            "value_used": pairs["value_used"].astype(float),
            "row_dropped": pairs["sheet_row_dropped"],
            "value_dropped": pairs["value_dropped"].astype(float),
            "rule": [
                "identical" if same else "upper row"
                for same in pairs["value_used"] == pairs["value_dropped"]
            ],
        }
    )
    order = ["table", "place", "column", "year", "row_dropped"]
    return first.reset_index(drop=True), resolved.sort_values(order, kind="stable").reset_index(
        drop=True
    )


def fill_labour(panel: pd.DataFrame, labour: pd.DataFrame) -> pd.DataFrame:
    """Fill labour columns from the labour-market tables where the district tables have none.

    A place-year is filled whole or not at all: only where the district tables give it neither
    an unemployment rate nor a labour force, so that the parts of one labour force have one
    source; youth rates are filled one by one.
    `unemployment_source` says where the unemployment rate is from: the folder of the raw table.
    """
    keys = ["place_id", "year"]
    block = [name for name in LABOUR_COLUMNS if name in COLUMNS]
    merged = panel.merge(labour, on=keys, how="left", suffixes=("", "_market"))
    for name in (*LABOUR_COLUMNS.values(), *YOUTH.values()):
        if name in labour.columns and name not in panel.columns:
            merged = merged.rename(columns={name: f"{name}_market"})
            merged[name] = float("nan")
    empty = merged["unemployment_rate"].isna() & merged["labour_force"].isna()
    source = pd.Series("", index=merged.index)
    source[merged["unemployment_rate"].notna()] = DYNAMICS
    for name in (*block, *YOUTH.values()):
        market = f"{name}_market"
        if market not in merged:
            continue
        alone = name in YOUTH.values()
        where = merged[name].isna() & merged[market].notna() & (alone | empty)
        merged[name] = merged[name].mask(where, merged[market])
        if name == "unemployment_rate":
            source[where] = LABOUR_MARKET
    merged["unemployment_source"] = source
    return merged.drop(columns=[name for name in merged if str(name).endswith("_market")])


def to_panel(cells: pd.DataFrame) -> pd.DataFrame:
    """Resolved cells → one row a place and year with one column an indicator (floats)."""
    values = cells.assign(value=cells["value"].astype(float))
    wide = values.pivot(index=["place_id", "year"], columns="indicator", values="value")
    names = cells.drop_duplicates("place_id")[KEYS[:-1]]
    return wide.reset_index().merge(names, on="place_id", validate="many_to_one")


def expand_doubtful(register: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Register of doubtful cells → one row a cell: table, place, row, year, column, published,
    value, reason. ProjectError for an entry that fits no cell."""
    named = cells["place"].isin(register["place"]) & cells["table"].isin(register["table"])
    known = cells[named & cells["value"].notna()]
    index = {
        (str(cell["table"]), str(cell["place"]), str(cell["sheet_row"]), int(cell["year"])): cell
        for cell in known.to_dict("records")
    }
    rows = []
    for entry in register.to_dict("records"):
        found = [
            index[key]
            for year in years_of(entry["year"])
            if (key := (entry["table"], entry["place"], entry["row"], year)) in index
        ]
        if not found or any(cell["indicator"] != entry["column"] for cell in found):
            hint = perhaps(entry["place"], cells.loc[cells["table"] == entry["table"], "place"])
            text = (
                f"no cell of {entry['column']} for {entry['table']}, {entry['place']}{hint}, row "
                f"{entry['row']}, {entry['year']}; correct or remove the entry"
            )
            raise fault(DOUBTFUL_FILE, entry["line"], text)
        rows += [
            (
                *(cell["table"], cell["place"], cell["sheet_row"], cell["year"]),
                *(cell["indicator"], cell["published"], float(cell["value"]), entry["reason"]),
            )
            for cell in found
        ]
    columns = ["table", "place", "row", "year", "column", "published", "value", "reason"]
    frame = pd.DataFrame(rows, columns=columns).drop_duplicates(columns[:4])
    return frame.sort_values(columns[:4], kind="stable").reset_index(drop=True)


def unexplained_suspects(suspects: pd.DataFrame, doubtful: pd.DataFrame) -> pd.DataFrame:
    """Suspects (`find_suspects`) that the register of doubtful cells does not list."""
    listed = set(doubtful[["table", "place", "row", "year"]].itertuples(index=False, name=None))
    keys = suspects[["table", "place", "sheet_row", "year"]].itertuples(index=False, name=None)
    return suspects[[key not in listed for key in keys]].reset_index(drop=True)


def refuse_unexplained(suspects: pd.DataFrame, doubtful: pd.DataFrame) -> None:
    """ProjectError naming the first suspect cell that is neither corrected nor listed."""
    left = unexplained_suspects(suspects, doubtful)
    if len(left):
        cell = left.iloc[0]
        raise ProjectError(
            f"{cell['table']}: {cell['place']}, sheet row {cell['sheet_row']}, "
            f'{cell["indicator"]}, {cell["year"]}: cell "{cell["published"]}" contradicts its '
            f"unit ({cell['rule']}: {cell['found']}); "
            f"correct it in metadata/corrections/corrections.csv or "
            f"list it in {shown(DOUBTFUL_FILE)} ({len(left)} such cells)"
        )


def summarise_missing(cells: pd.DataFrame) -> pd.DataFrame:
    """column, reason, cells: how many cells give no number, and the publisher's or our reason.

    Blank cells are not counted: the workbooks do not tell "not yet" from "none" there.
    """
    gaps = cells[cells["value"].isna()]
    counted = gaps.groupby(["indicator", "missing"]).size().rename("cells").reset_index()
    return counted.rename(columns={"indicator": "column", "missing": "reason"})


def summarise_coverage(panel: pd.DataFrame) -> pd.DataFrame:
    """region, column, year, places, published, share: how many place-years hold a value."""
    columns = [name for name in panel.columns if name not in TEXT_COLUMNS and name != "year"]
    grouped = panel.groupby(["region", "year"])
    places = grouped.size()
    published = grouped[columns].count().stack()
    frame = pd.Series(published).rename_axis(["region", "year", "column"]).to_frame("published")
    frame = frame.reset_index()
    frame["places"] = places.reindex(pd.MultiIndex.from_frame(frame[["region", "year"]])).to_numpy()
    frame["share"] = (frame["published"] / frame["places"]).round(4)
    order = ["region", "column", "year", "places", "published", "share"]
    return frame[order].sort_values(order[:3], kind="stable").reset_index(drop=True)


def _tidy(panel: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS in their order, whole numbers as integers, sorted; ProjectError for a repetition."""
    tidy = panel.reindex(columns=COLUMNS).sort_values(["region", "place_id", "year"])
    repeated = tidy[tidy.duplicated(["place_id", "year"])]
    if len(repeated):
        first = repeated.iloc[0]
        raise ProjectError(
            f"districts.csv: {first['place_id']} {first['year']} appears twice; correct "
            f"{shown(PLACES_FILE)}"
        )
    for name in COLUMNS:
        if name in TEXT_COLUMNS:
            tidy[name] = tidy[name].fillna("").astype(str)
            continue
        if name == "year":
            tidy[name] = tidy[name].astype(int)
            continue
        values = tidy[name].astype(float).round(6)
        whole = values.dropna().mod(1).eq(0).all()
        tidy[name] = values.astype("Int64") if whole else values
    return tidy.reset_index(drop=True)


def check_columns_are_mapped(indicators: pd.DataFrame) -> None:
    """ProjectError for a column of districts.csv that no label of a raw table is mapped to.

    indicators: from `load_indicators`.
    """
    mapped = {*indicators["indicator"], *LABOUR_COLUMNS.values(), *MADE_COLUMNS, *KEYS}
    lost = [name for name in COLUMNS if name not in mapped]
    if lost:
        raise ProjectError(
            f"{shown(INDICATORS_FILE)}: no label is mapped to the column {lost[0]} of "
            f"districts.csv{perhaps(lost[0], mapped - set(COLUMNS))}; map one, or take the "
            "column out of districts.COLUMNS"
        )


def build_districts() -> DistrictTables:
    """Everything from the raw district workbooks, checked and explained.

    Raises ProjectError, naming table, place, row, year and cell, for anything that the registers
    in metadata/ do not cover. Source: Bureau of National Statistics of Kazakhstan, regional
    tables of main socio-economic indicators, and labour-market tables by district.
    """
    check_listed()
    indicators = load_indicators()
    check_columns_are_mapped(indicators)
    register = load_district_corrections()
    places = load_places()
    tables = [
        read_district_table(name, read_raw(name), indicators, register)
        for name in resources(DYNAMICS)
    ]
    every = pd.concat([table.cells for table in tables], ignore_index=True)
    check_labour_order(every)
    nets = read_nets(indicators, register, places)
    used = pd.concat([with_places(every, places), nets.cells], ignore_index=True)
    cells = without_roubles(used, indicators)
    doubtful = expand_doubtful(load_doubtful(), cells)
    ranges = load_ranges()
    refuse_unexplained(find_suspects(cells, ranges), doubtful)
    resolved, duplicates = resolve_duplicates(cells)
    labour_places = load_labour_places()
    names = resources(LABOUR_MARKET)
    # A region that was split off comes last: its own workbook counts.
    split_off = [f"{LABOUR_MARKET}.{name}" for name in ("abai", "ulytau", "zhetisu", "shymkent")]
    labour = labour_market_panel(
        [
            read_labour_market(name, read_raw(name), labour_places)
            for name in (*(name for name in names if name not in split_off), *split_off)
        ]
    )
    filled = fill_labour(to_panel(resolved), labour)
    check_filled(filled, ranges)
    panel = _tidy(choose_youth_rate(filled))
    corrections = pd.concat(
        [*(table.corrections for table in tables), nets.corrections], ignore_index=True
    )
    return DistrictTables(
        panel=panel,
        duplicates_resolved=duplicates,
        corrections_applied=corrections[CORRECTION_COLUMNS]
        .sort_values(["table", "place", "row", "year"])
        .reset_index(drop=True),
        missing_cells=summarise_missing(pd.concat([cells, nets.left_out], ignore_index=True)),
        coverage=summarise_coverage(panel),
        doubtful_cells=doubtful,
    )


__all__ = ["COLUMNS", "LEFT_OUT", "DistrictTables", "build_districts"]
