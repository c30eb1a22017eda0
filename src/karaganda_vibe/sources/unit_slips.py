"""Find cells whose size or form contradicts their unit: thousands beside persons, m2 beside
thousand m2, decimal slips.

Nothing is changed here. Each suspect is either corrected through corrections.csv of
metadata/corrections/ or listed with a reason in doubtful_cells.csv there; what is neither is
unexplained, and a test and the build refuse it. The ranges that decide are in
metadata/indicators/plausible_ranges.csv.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.tables import NUMBER, YES_NO, fault, read_table

RANGES_FILE = METADATA / "indicators" / "plausible_ranges.csv"
RANGE_COLUMNS = [
    "indicator", "per", "low", "high", "unit_factor", "whole_numbers", "history_factor", "why",
]  # fmt: skip
PER_POPULATION = "1000 population"
HISTORY_YEARS = 6  # a cell is compared with the years up to this far on either side
HISTORY_CELLS = 3  # and only where at least so many of them are published
SUSPECT_COLUMNS = [
    "table", "place", "sheet_row", "indicator", "year", "published", "value", "rule",
    "unit_factor", "found",
]  # fmt: skip


def load_ranges(path: Path = RANGES_FILE) -> pd.DataFrame:
    """Plausible ranges, one row an indicator; numbers as floats, missing where no rule applies."""
    frame = read_table(
        path,
        RANGE_COLUMNS,
        typed={
            "per": (PER_POPULATION,),
            **dict.fromkeys(("low", "high", "unit_factor", "history_factor"), NUMBER),
            "whole_numbers": YES_NO,
        },
        filled=["indicator", "whole_numbers"],
        keys=["indicator"],
    )
    for row in frame.to_dict("records"):
        if row["low"] >= row["high"]:
            text = f"{row['low']:g}, not below high, which is {row['high']:g}; correct one of them"
            raise fault(path, row["line"], text, "low")
    return frame


def _population(cells: pd.DataFrame, ranges: pd.DataFrame) -> pd.Series:
    """Population of each place-year for use as a yardstick only: in the plausible unit.

    A place-year without a published population has that of the nearest year of its place.
    """
    people = cells[cells["indicator"] == "population"]
    span = ranges.set_index("indicator").loc["population"]
    factor = span["unit_factor"]
    value = people["value"].astype(float)
    value = value.where(value <= span["high"], value / factor)
    value = value.where(value >= span["low"], value * factor)
    known: dict[tuple[object, object], dict[int, float]] = {}
    rows = zip(people["table"], people["place"], people["year"], value, strict=True)
    for table, place, year, number in rows:
        known.setdefault((table, place), {}).setdefault(int(year), float(number))
    yardstick = []
    for table, place, year in cells[["table", "place", "year"]].itertuples(index=False, name=None):
        years = known.get((table, place), {})
        if year not in years and years:
            year = min(years, key=lambda other: (abs(other - year), other))
        yardstick.append(years.get(year, np.nan))
    return pd.Series(yardstick, index=cells.index, dtype=float)


def _history_ratio(cells: pd.DataFrame, wanted: pd.Series) -> pd.Series:
    """Absolute value of each cell over the median of its row in the years around it.

    Missing where `wanted` is false, the value is zero or fewer than HISTORY_CELLS are around.
    """
    values = cells["value"].astype(float).abs().to_numpy()
    years = cells["year"].to_numpy()
    ratios = np.full(len(cells), np.nan)
    rows = cells[wanted.to_numpy()].groupby(["table", "place", "sheet_row"], sort=False)
    for places in rows.indices.values():
        places = np.flatnonzero(wanted.to_numpy())[places]
        size, when = values[places], years[places]
        near = np.abs(when[:, None] - when[None, :]) <= HISTORY_YEARS
        np.fill_diagonal(near, val=False)
        near &= size[None, :] > 0
        enough = (near.sum(axis=1) >= HISTORY_CELLS) & (size > 0)
        if enough.any():
            around = np.where(near[enough], size[None, :], np.nan)
            ratios[places[enough]] = size[enough] / np.nanmedian(around, axis=1)
    return pd.Series(ratios, index=cells.index)


def find_suspects(cells: pd.DataFrame, ranges: pd.DataFrame) -> pd.DataFrame:
    """Cells that contradict their unit, one row a cell and rule.

    cells: `DistrictTable.cells` of any number of tables, in base units (columns table, place,
    sheet_row, indicator, year, published, value). ranges: `load_ranges()`. Three rules:

    - range: per 1,000 population, or as it stands, the value is outside the plausible range. A
      zero is not a suspect: figures in thousands with one decimal are rounded to it.
    - whole number: a count has a fraction.
    - history: the value is more than `history_factor` times the median of its row within
      HISTORY_YEARS years, or less than that part of it.

    Returns SUSPECT_COLUMNS; `unit_factor` is 1000 or 0.001 where that factor, which a slip between
    a unit and thousands of it makes, puts the value inside the range; else missing.
    """
    known = cells[cells["value"].notna() & cells["indicator"].isin(ranges["indicator"])]
    known = known.sort_values(["table", "place", "sheet_row", "year"]).reset_index(drop=True)
    value = known["value"].astype(float)
    rule = ranges.set_index("indicator").reindex(known["indicator"]).reset_index(drop=True)
    per_population = rule["per"] == PER_POPULATION
    scale = np.where(per_population, _population(known, ranges) / 1000, 1.0)
    size: pd.Series = value / scale
    outside = ((size < rule["low"]) | (size > rule["high"])) & (value != 0)
    fraction = (rule["whole_numbers"] == "yes") & ((value - value.round()).abs() > 1e-6)
    history = _history_ratio(known, rule["history_factor"].notna())
    jump = (history > rule["history_factor"]) | (history < 1 / rule["history_factor"])
    up = size * rule["unit_factor"]
    down: pd.Series = size / rule["unit_factor"]
    factor = pd.Series(np.nan, index=known.index)
    factor[(outside | fraction) & up.between(rule["low"], rule["high"])] = 1000.0
    factor[outside & down.between(rule["low"], rule["high"])] = 0.001
    parts = []
    for name, mask, number, words in (
        ("range", outside & per_population, size, "{:.3g} for 1,000 inhabitants"),
        ("range", outside & ~per_population, size, "{:.6g}"),
        ("whole number", fraction, value, "{:.6g}"),
        ("history", jump, history, "{:.3g} times the years around it"),
    ):
        part = known.loc[mask, SUSPECT_COLUMNS[:7]].copy()
        part["rule"] = name
        part["unit_factor"] = factor[mask]
        part["found"] = [words.format(one) for one in number[mask]]
        parts.append(part)
    return (
        pd.concat(parts)
        .sort_values(["table", "place", "sheet_row", "year", "rule"])
        .reset_index(drop=True)[SUSPECT_COLUMNS]
    )
