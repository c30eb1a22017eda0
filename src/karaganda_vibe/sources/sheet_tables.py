"""Sheets of a workbook → the rows that data/raw keeps of them.

Two layouts: a sheet for each place with a row for each indicator (the dynamics of cities and
districts), and one sheet with a block of places for each indicator (their labour market).
A row is taken where its label is mapped to an indicator and a cell holds a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import shown
from karaganda_vibe.project.xlsx import letters
from karaganda_vibe.sources.district_tables import (
    INDICATORS_FILE,
    KEY_COLUMNS,
    Row,
    load_indicators,
    match_indicator,
    plain_label,
    text_records,
)
from karaganda_vibe.sources.published_cells import (
    Head,
    cell_text,
    decimal_text,
    has_number,
    head_of,
    label_of,
)
from karaganda_vibe.sources.recognised_tables import (
    BLOCKS,
    LABELS_FILE,
    SHEETS,
    PublishedTable,
    block_of,
    load_sheet_labels,
    near,
    places_of,
    sheet_names,
    unknown_place,
)
from karaganda_vibe.sources.workbook_files import Sheet

LABOUR_KEYS = ["region", "district", "indicator", "unit", "source_url"]
_TOP = 15  # the years stand within the first rows of a sheet
_NAME = "наименование"


@dataclass
class SheetTable:
    """What a workbook holds, in the columns of its raw table.

    rows: all text. notes: what was left out, one line each. unknown: labels that nothing
    covers, with the line to add.
    """

    rows: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


class _Labels:
    """Decides which rows of a sheet are taken; each label under each heading once."""

    def __init__(self, table: str) -> None:
        entries = text_records(load_indicators().astype(object).fillna(""))
        # Entries for a single row say how to read it, not whether it is taken.
        self.entries = [
            entry for entry in entries if entry["table"] in {"", table} and not entry["sheet_row"]
        ]
        self.known = load_sheet_labels()
        self.decided: dict[tuple[str, str], bool] = {}
        self.unknown: dict[tuple[str, str], str] = {}

    def takes(self, row: Row) -> bool:
        """Whether the row is taken; one that nothing covers is noted in `unknown`."""
        pair = (plain_label(row.section), plain_label(row.label))
        if pair not in self.decided:
            self.decided[pair] = self._decide(row, pair)
        return self.decided[pair]

    def _decide(self, row: Row, pair: tuple[str, str]) -> bool:
        try:
            match_indicator(row, self.entries)
        except ProjectError as error:
            if "match;" in str(error):
                raise
            if not self.known.leaves_out(pair[1]):
                self.unknown[pair] = self._line_to_add(row, pair[1])
            return False
        return True

    def _line_to_add(self, row: Row, label: str) -> str:
        names = [entry["label"] for entry in self.entries]
        return (
            f'{row} under "{row.section.strip()}": unknown label'
            f"{near(label, [*names, *self.known.left_out])}; add the line "
            f'"{label}",left_out,WHY to {shown(LABELS_FILE)}, or map it to an indicator in '
            f"{shown(INDICATORS_FILE)}"
        )


def _where(path: Path, sheet: Sheet, row: int) -> str:
    return f'{shown(path)}: sheet "{sheet.name}", row {row + 1}'


def _head(path: Path, sheet: Sheet) -> tuple[int, Head]:
    for number, row in enumerate(sheet.rows[:_TOP]):
        head = head_of(row, _where(path, sheet, number))
        if head:
            _check_merged(path, sheet, number, head.years.values())
            return number, head
    raise ProjectError(
        f'{shown(path)}: sheet "{sheet.name}": no row of years among the first {_TOP}; look '
        "whether the layout of the workbook has changed"
    )


def _check_merged(path: Path, sheet: Sheet, row: int, columns: Any) -> None:
    """ProjectError where one cell of `row` spans several years, or its formula has failed."""
    for (top, left), (bottom, right) in sheet.merged:
        spanned = [column for column in columns if left <= column <= right]
        if top <= row <= bottom and len(spanned) > 1:
            raise ProjectError(
                f"{_where(path, sheet, row)}: one merged cell from column {letters(left + 1)} to "
                f"{letters(right + 1)} stands for several years; split it in a copy of the workbook"
            )
    for column in columns:
        if (row, column) in sheet.errors:
            raise ProjectError(
                f"{_where(path, sheet, row)}: the formula in {letters(column + 1)}{row + 1} has "
                "failed (an error in the place of a number); ask the publisher, or empty the cell "
                "in a copy of the workbook"
            )


def _cells(row: Sequence[Any], head: Head) -> dict[str, str]:
    return {
        year: cell_text(row[column]) if column < len(row) else ""
        for year, column in head.years.items()
    }


def read_place_sheets(path: Path, sheets: Sequence[Sheet], resource: str) -> SheetTable:
    """A workbook with a sheet for each place → `KEY_COLUMNS` and a column a year, all text.

    Raises ProjectError for a sheet that no register has, one that is missing or stands twice,
    for years that changed places, a merged cell across years and a formula that failed.
    """
    table = PublishedTable(resource.partition(".")[0], SHEETS)
    names = {name.strip() for name in places_of(table).get(resource, [])}
    renamed = sheet_names(resource)
    labels = _Labels(resource)
    notes: list[str] = []
    rows: list[dict[str, str]] = []
    seen: dict[str, str] = {}
    read: dict[str, str] = {}
    for sheet in sheets:
        # As published: some names end in a space.
        place, reason = renamed.get(sheet.name.strip(), (sheet.name, ""))
        if place and place.strip() not in names:
            raise unknown_place(path, resource, sheet.name, SHEETS)
        if not place:
            notes.append(f'sheet "{sheet.name}" is left out: {reason}')
            continue
        if place.strip() in read:
            raise ProjectError(
                f'{shown(path)}: the sheets "{read[place.strip()]}" and "{sheet.name}" are both of '
                f"{place.strip()}; remove one in a copy of the workbook"
            )
        read[place.strip()] = sheet.name
        taken, more = _place_rows(path, sheet, Row(resource, place, "", "", ""), labels)
        same = repr([tuple(row.values())[1:] for row in taken])
        if taken and same in seen:
            raise ProjectError(
                f'{shown(path)}: the sheet "{sheet.name}" repeats "{seen[same]}" cell for cell; '
                "download the workbook again, or ask the publisher"
            )
        seen[same] = sheet.name
        rows += taken
        notes += more
    return SheetTable(_frame(rows, KEY_COLUMNS), notes, list(labels.unknown.values()))


def _place_rows(
    path: Path, sheet: Sheet, place: Row, labels: _Labels
) -> tuple[list[dict[str, str]], list[str]]:
    first, head = _head(path, sheet)
    start = min(head.years.values())
    section = ""
    taken = []
    for number, row in enumerate(sheet.rows[first + 1 :], first + 1):
        label = label_of(row[:start])
        if not label:
            continue
        cells = _cells(row, head)
        columns = [column for column in head.years.values() if column < len(row)]
        failed = any((number, column) in sheet.errors for column in columns)
        if not (failed or any(map(has_number, cells.values()))):
            blank = not any(str(row[column]).strip() for column in columns)
            if blank or not labels.known.is_unit(plain_label(label)):
                section = label
                continue
        if not failed and not any(cells.values()):
            continue
        where = Row(place.table, place.place, str(number + 1), section, label)
        if labels.takes(where):
            _check_merged(path, sheet, number, columns)
            key = (where.place, where.sheet_row, where.section, where.label)
            taken.append({**dict(zip(KEY_COLUMNS, key, strict=True)), **cells})
    return taken, head.notes


def read_blocks(
    path: Path, sheets: Sequence[Sheet], resource: str, region: str, address: str
) -> SheetTable:
    """A workbook with a block of districts for each indicator → `LABOUR_KEYS` and the years.

    region, address: what `region` and `source_url` hold in every row. Rows are sorted by district
    and indicator. Raises ProjectError for a heading that no register has, a district that stands
    twice in a block, and what `read_place_sheets` refuses in a row.
    """
    labels = load_sheet_labels()
    table = PublishedTable(resource.partition(".")[0], BLOCKS)
    districts = {name.strip() for name in places_of(table).get(resource, [])}
    found: dict[tuple[str, str], dict[str, str]] = {}
    notes: list[str] = []
    for sheet in sheets:
        heading, block, head = "", {}, None
        for number, row in enumerate(sheet.rows):
            texts = [
                " ".join(cell.split()) for cell in row if isinstance(cell, str) and cell.strip()
            ]
            where, name = _where(path, sheet, number), label_of(row[:1])
            numbers = any(isinstance(cell, float) for cell in row)
            if texts and plain_label(texts[0]).startswith(_NAME):
                head = head_of(row, where)
                if head:
                    block = dict(block_of(path, heading))
                    _check_merged(path, sheet, number, head.years.values())
                    notes += head.notes
            elif len(texts) == 1 and not numbers and name not in districts:
                if not labels.is_unit(plain_label(texts[0])):
                    heading, head = texts[0], None
            elif name and numbers and head is None:
                raise ProjectError(
                    f"{where}: figures of {name} without years above them; look whether the "
                    "layout of the workbook has changed"
                )
            elif name and head and block["indicator"]:
                cells = {year: _decimal(text) for year, text in _cells(row, head).items()}
                failed = any((number, column) in sheet.errors for column in head.years.values())
                if not failed and not any(map(has_number, cells.values())):
                    continue
                _check_merged(path, sheet, number, head.years.values())
                key = (name, block["indicator"])
                if key in found:
                    raise ProjectError(
                        f'{where}: {name} stands twice under "{heading}"; remove one in a copy of '
                        "the workbook"
                    )
                if name not in districts:
                    raise unknown_place(path, resource, name, BLOCKS)
                found[key] = dict(
                    zip(LABOUR_KEYS, (region, *key, block["unit"], address), strict=True)
                )
                found[key] |= cells
    return SheetTable(_frame([found[key] for key in sorted(found)], LABOUR_KEYS), notes)


def _decimal(text: str) -> str:
    try:
        return decimal_text(float(text))
    except ValueError:
        return text


def _frame(rows: Sequence[Mapping[str, str]], keys: Sequence[str]) -> pd.DataFrame:
    years = sorted({name for row in rows for name in row if name.isdigit()})
    return pd.DataFrame(rows, columns=[*keys, *years], dtype=object).fillna("").astype(str)
