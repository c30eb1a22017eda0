"""The wide text tables of cities and districts, read cell by cell and labelled row by row.

One raw table is one workbook of the Bureau of National Statistics: a row is one line of one sheet
(a place), with the heading above it, its label and one column a year. What a label means is kept
in metadata/indicators/district_indicators.csv, what a sheet is in metadata/places/places.csv, and
what was changed in metadata/corrections/corrections.csv. A label, place or cell that none of them
covers is an error.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import WHOLE, YEAR, fault, read_table
from karaganda_vibe.sources.cells import Cell, candidate_readings, certain_footnotes, read_row
from karaganda_vibe.sources.corrections import COLUMNS, load_corrections

DYNAMICS = "bns_district_dynamics"
INDICATORS_FILE = METADATA / "indicators" / "district_indicators.csv"
CORRECTIONS_FILE = METADATA / "corrections" / "corrections.csv"

KEY_COLUMNS = ["place_ru", "sheet_row", "section_ru", "indicator_ru"]
INDICATOR_COLUMNS = [
    "label", "section", "table", "place", "sheet_row", "decision", "indicator", "published_unit",
    "factor", "base_unit", "first_year", "definition", "reason",
]  # fmt: skip
CORRECTION_COLUMNS = list(COLUMNS)
LEFT_OUT = "left_out"  # why a value is missing: the register leaves an impossible one out
# The rows of the labour block stand in this order in every sheet, whatever the headings say.
LABOUR_ORDER = (
    "labour_force", "employed", "employees", "self_employed", "unemployed", "unemployment_rate",
)  # fmt: skip


def load_indicators(path: Path = INDICATORS_FILE) -> pd.DataFrame:
    """Label mapping, one row a label pattern; ProjectError where it contradicts itself.

    `label` and `section` are patterns (* stands for anything) for texts normalised by
    `plain_label`. `table`, `place` and `sheet_row` name the single row that an exception is for.
    """
    frame = read_table(
        path,
        INDICATOR_COLUMNS,
        typed={"decision": ("keep", "ignore"), "factor": WHOLE, "first_year": YEAR},
        filled=["decision"],
    )
    first: dict[str, dict[Hashable, Any]] = {}
    for row in frame.to_dict("records"):
        needed = ("reason",) if row["decision"] == "ignore" else ("indicator", "factor")
        for column in needed:
            if pd.isna(row[column]) or row[column] == "":
                text = f"empty; a label with the decision {row['decision']} needs it"
                raise fault(path, row["line"], text, column)
        if row["decision"] == "ignore":
            continue
        known = first.setdefault(row["indicator"], row)
        for column in ("base_unit", "definition"):
            if row[column] != known[column]:
                text = (
                    f"'{row[column]}', in line {known['line']} '{known[column]}'; one indicator "
                    "has one base unit and one definition"
                )
                raise fault(path, row["line"], text, column)
    return frame


def load_district_corrections(path: Path = CORRECTIONS_FILE) -> pd.DataFrame:
    """Rows of the corrections register that are for tables of the wide form, all text."""
    frame = load_corrections(path)[CORRECTION_COLUMNS]
    wide = frame["table"].str.startswith((f"{DYNAMICS}.", f"{DYNAMICS}_"))
    return frame[wide].reset_index(drop=True)


def text_records(frame: pd.DataFrame) -> list[dict[str, str]]:
    """The rows of a table, every cell as text."""
    columns = list(frame.columns)
    rows = frame.itertuples(index=False, name=None)
    return [dict(zip(columns, map(str, row), strict=True)) for row in rows]


@lru_cache(maxsize=4096)
def plain_label(text: str) -> str:
    """A label without footnote marks, letter case and superfluous spaces, for comparison.

    >>> plain_label("Численность учащихся в школах, тыс. человек3)")
    'численность учащихся в школах, тыс. человек'
    """
    plain = re.sub(r"(?<![\d-])\s*\d{1,2}\)", " ", text.replace("\u00a0", " "))
    plain = re.sub(r"\s+", " ", plain).lower().replace("ё", "е")
    return re.sub(r" (?=[,)])", "", plain).strip().rstrip(",").strip()


@dataclass(frozen=True)
class Row:
    """Where one row of a raw table stands, and what is written on it."""

    table: str
    place: str
    sheet_row: str
    section: str
    label: str

    def __str__(self) -> str:
        return f'{self.table}: {self.place}, sheet row {self.sheet_row}, "{self.label.strip()}"'


def match_indicator(row: Row, indicators: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """The entry of the label mapping that `row` falls under.

    indicators: rows of `load_indicators`. An entry that names the sheet row goes before one for
    any row. ProjectError when no entry matches, or entries for different indicators do.
    """
    label, section = plain_label(row.label), plain_label(row.section)
    named, general = [], []
    for entry in indicators:
        if not (fnmatchcase(label, entry["label"]) and fnmatchcase(section, entry["section"])):
            continue
        if entry["sheet_row"]:
            place = (entry["table"], entry["place"], entry["sheet_row"])
            if place == (row.table, row.place.strip(), row.sheet_row):
                named.append(entry)
        else:
            general.append(entry)
    found = named or general
    if not found:
        raise ProjectError(
            f'{row}: no entry for this label under the heading "{row.section.strip()}"; '
            f"add one to {shown(INDICATORS_FILE)}"
        )
    meanings = {(entry["decision"], entry["indicator"], entry["factor"]) for entry in found}
    if len(meanings) > 1:
        raise ProjectError(
            f"{row}: entries for {', '.join(sorted(meaning[1] for meaning in meanings))} match; "
            f"make the patterns in {shown(INDICATORS_FILE)} narrower"
        )
    return found[0]


def years_of(text: str) -> tuple[int, ...]:
    """Years of a register entry: "2002", "1991-2004" or "1991-2004;2006" → every year named."""
    years: list[int] = []
    for part in text.split(";"):
        first, _, last = part.strip().partition("-")
        if not re.fullmatch(r"\d{4}", first) or not re.fullmatch(r"(\d{4})?", last):
            raise ProjectError(
                f'{shown(CORRECTIONS_FILE)}: "{text}" is not a year, a range or a list of them; '
                "write it like 2002, 1991-2004 or 1991-2004;2006"
            )
        years.extend(range(int(first), int(last or first) + 1))
    return tuple(years)


def factor_of(used: str) -> Decimal | None:
    """ "×1000" and "÷1000" → the factor; None where `used` is a cell text instead."""
    match = re.fullmatch(r"([×÷])(\d+)", used)
    if match is None:
        return None
    return Decimal(match[2]) if match[1] == "×" else 1 / Decimal(match[2])


@dataclass(frozen=True)
class Change:
    """One cell of one register entry."""

    entry: int
    published: str
    used: str
    column: str


def changes_by_cell(register: pd.DataFrame) -> dict[tuple[str, str, str, int], Change]:
    """Register → {(table, place, sheet row, year): change}; ProjectError for a cell named twice."""
    changes: dict[tuple[str, str, str, int], Change] = {}
    for entry, row in zip(register.index, register.to_dict("records"), strict=True):
        for year in years_of(row["year"]):
            key = (row["table"], row["place"], row["row"], year)
            if key in changes:
                raise ProjectError(
                    f"{shown(CORRECTIONS_FILE)}: {', '.join(map(str, key))} is corrected twice; "
                    "keep one entry"
                )
            changes[key] = Change(entry, row["published"], row["used"], row["column"])
    return changes


@dataclass(frozen=True)
class DistrictTable:
    """One raw table, read.

    cells: one row a cell that is not blank: table, place, sheet_row, section, label, indicator,
        year (int), published (text), value (Decimal in the base unit, or None), missing,
        footnotes (text, marks apart by spaces), corrected (bool).
    corrections: one row a changed cell: table, place, row, year, column, published, used, why,
        evidence, decided and the value before and after, in base units.
    """

    cells: pd.DataFrame
    corrections: pd.DataFrame


CELL_COLUMNS = [
    "table", "place", "sheet_row", "section", "label", "indicator", "year", "published", "value",
    "missing", "footnotes", "corrected",
]  # fmt: skip


def _workbook_footnotes(frame: pd.DataFrame, years: Sequence[str]) -> frozenset[str]:
    texts = set(frame["indicator_ru"]) | set(frame["section_ru"])
    for year in years:
        texts |= set(frame[year])
    return certain_footnotes(texts)


def _checked_cells(
    row: Row, years: Sequence[str], texts: Sequence[str], cells: Iterable[Cell | None]
) -> list[Cell]:
    checked = []
    for year, text, cell in zip(years, texts, cells, strict=True):
        if cell is None:
            kind = "has more than one reading" if candidate_readings(text) else "no rule covers"
            raise ProjectError(
                f'{row}, {year}: cell "{text}" {kind}; '
                f"add the value that is meant to {shown(CORRECTIONS_FILE)}"
            )
        if cell.times:
            raise ProjectError(
                f'{row}, {year}: cell "{text}" is a ratio where a level is expected; '
                f"add it to {shown(CORRECTIONS_FILE)}"
            )
        checked.append(cell)
    return checked


def read_district_table(
    name: str, frame: pd.DataFrame, indicators: pd.DataFrame, register: pd.DataFrame
) -> DistrictTable:
    """Read and label one wide table.

    name: raw resource name, "bns_district_dynamics.pavlodar". frame: as `read_raw` gives it, all
    text. indicators: `load_indicators()`. register: `load_district_corrections()`.
    Raises ProjectError naming the table, place, row, year and cell text for a cell that no rule
    covers, a label that is not mapped, or a register entry that does not fit the raw table.
    """
    years = [column for column in frame.columns if column.isdigit()]
    if list(frame.columns) != KEY_COLUMNS + years or not years:
        raise ProjectError(
            f"{name}: expected the columns {', '.join(KEY_COLUMNS)} and years; "
            f"found {', '.join(frame.columns)}"
        )
    footnotes = _workbook_footnotes(frame, years)
    entries = text_records(indicators)
    mine = register[register["table"] == name]
    changes = changes_by_cell(mine)
    exceptions = {(entry["place"], entry["sheet_row"]) for entry in entries if entry["sheet_row"]}
    general: dict[tuple[str, str], Mapping[str, str]] = {}
    used: set[tuple[str, str, str, int]] = set()
    cells: list[tuple[object, ...]] = []
    changed: list[dict[str, object]] = []
    for record in frame.to_dict("records"):
        row = Row(
            name, record["place_ru"].strip(), record["sheet_row"], record["section_ru"],
            record["indicator_ru"],
        )  # fmt: skip
        text_of_row = (row.label, row.section)
        if (row.place, row.sheet_row) in exceptions:
            entry = match_indicator(row, entries)
        else:
            if text_of_row not in general:
                general[text_of_row] = match_indicator(row, entries)
            entry = general[text_of_row]
        published = [record[year] for year in years]
        keys = [(name, row.place, row.sheet_row, int(year)) for year in years]
        plan = [changes.get(key) for key in keys]
        texts = [
            change.used if change and factor_of(change.used) is None else text
            for change, text in zip(plan, published, strict=True)
        ]
        reading = _checked_cells(row, years, texts, read_row(texts, footnotes))
        for key, text, change, cell in zip(keys, published, plan, reading, strict=True):
            value = cell.value
            if change is not None:
                used.add(key)
                _check_change(row, key[3], text, change, entry["indicator"])
                if change.published == "*" and not text.strip():
                    continue  # a blank inside a corrected range of years stays blank
                factor = factor_of(change.used)
                if factor is not None:
                    if value is None:
                        continue  # a gap inside a corrected range of years stays a gap
                    value = value * factor
                base = Decimal(entry["factor"])
                changed.append(
                    {
                        **{str(name): cell for name, cell in mine.loc[change.entry].items()},
                        "year": key[3],
                        "published": text,
                        "used": "" if value is None else f"{(value * base).normalize():f}",
                    }
                )
            if entry["decision"] == "ignore" or (cell.missing == "blank" and change is None):
                continue
            cells.append(
                (
                    *(name, row.place, int(row.sheet_row), row.section, row.label),
                    *(entry["indicator"], key[3], text),
                    None if value is None else value * Decimal(entry["factor"]),
                    LEFT_OUT if change is not None and value is None else cell.missing,
                    *(" ".join(cell.footnotes), change is not None),
                )
            )
    unused = sorted(set(changes) - used)
    if unused:
        raise ProjectError(
            f"{shown(CORRECTIONS_FILE)}: no cell for {', '.join(map(str, unused[0]))}; "
            "correct or remove the entry"
        )
    return DistrictTable(
        pd.DataFrame(cells, columns=CELL_COLUMNS),
        pd.DataFrame(changed, columns=CORRECTION_COLUMNS),
    )


def _check_change(row: Row, year: int, text: str, change: Change, indicator: str) -> None:
    if change.published not in {"*", text}:
        raise ProjectError(
            f"{row}, {year}: {shown(CORRECTIONS_FILE)} expects the published cell "
            f'"{change.published}"; found "{text}"; correct the entry'
        )
    if change.column != indicator:
        raise ProjectError(
            f"{row}, {year}: {shown(CORRECTIONS_FILE)} names the column {change.column}, but the "
            f"row is {indicator}; correct the entry"
        )


def check_labour_order(cells: pd.DataFrame) -> None:
    """Headings can be the wrong parent of a row: the labour rows must stand in their usual order.

    cells: `DistrictTable.cells`. ProjectError names the first sheet whose rows of labour force,
    employed, employees, self-employed, unemployed and unemployment rate do not follow each other.
    """
    labour = cells[cells["indicator"].isin(LABOUR_ORDER)]
    first = labour.groupby(["table", "place", "indicator"])["sheet_row"].min().reset_index()
    first["order"] = first["indicator"].map(
        {name: place for place, name in enumerate(LABOUR_ORDER)}
    )
    for (table, place), sheet in first.sort_values("order", kind="stable").groupby(
        ["table", "place"]
    ):
        if not sheet["sheet_row"].is_monotonic_increasing:
            order = ", ".join(sheet.sort_values("sheet_row", kind="stable")["indicator"])
            raise ProjectError(
                f"{table}: {place}: labour rows stand in the order {order}; expected "
                f"{', '.join(LABOUR_ORDER)}; correct {shown(INDICATORS_FILE)}"
            )
