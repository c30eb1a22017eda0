"""Every processed table as an Excel workbook: the reader's words in the heads, and meanings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.xlsx import WRAPPED, Sheet, letters, rows_xml, workbook
from karaganda_vibe.publishing.site_pages import read_words
from karaganda_vibe.words.languages import LANGUAGES, Words, with_language

CODEBOOK = "codebook"
FOLDER = "excel"
_NUMBERS = {"number", "integer"}
_NARROWEST, _WIDEST = 10, 26
_MEANING_WIDTHS = (8, 30, 60, 24, 14, 12)
_CODEBOOK_COLUMNS = ("table", "column", "type", "unit", "definition", "source")
_TOLD = ("unit", "definition")
"""Columns of the codebook whose words the project has in every language."""

Row = Mapping[str, str]


def workbook_name(table: str, language: str) -> str:
    """Where the workbook of a table lies in the folder of data: excel/districts-ru.xlsx."""
    return f"{FOLDER}/{with_language(table, language)}.xlsx"


def workbooks(tables: Mapping[str, bytes], told: Mapping[str, Words]) -> dict[str, bytes]:
    """The workbooks of all `tables` (file name of a CSV → content), by name, in every language.

    `told`: English descriptions of the data by language. Raises ProjectError where the codebook
    among the tables does not describe the columns of another one, in their order.
    """
    book = list(_rows(tables[f"{CODEBOOK}.csv"]))
    out = {}
    for table, rows in groupby(book, key=itemgetter("table")):
        described = list(rows)
        columns, names = _columns(tables[f"{table}.csv"])
        if names != [row["column"] for row in described]:
            raise ProjectError(
                f"data/processed/{table}.csv: codebook.csv describes other columns; run the "
                "notebook 05_quality_and_codebook again"
            )
        numbers = [row["type"] in _NUMBERS for row in described]
        body, count = rows_xml(columns, numbers), len(columns[0])
        for language in LANGUAGES:
            words = read_words(language)
            heads = [_head(row, language, told) for row in described]
            widths = [min(max(len(head) / 2, _NARROWEST), _WIDEST) for head in heads]
            sheets = [
                Sheet(words["sheet_data"], heads, body, count, widths),
                _meanings(described, language, told),
            ]
            out[workbook_name(table, language)] = workbook(sheets)
    for language in LANGUAGES:
        out[workbook_name(CODEBOOK, language)] = workbook([_codebook(book, language, told)])
    return out


def _rows(content: bytes) -> Iterator[Row]:
    return csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))


def _columns(content: bytes) -> tuple[list[tuple[str, ...]], list[str]]:
    """The columns of a CSV as texts, and their names."""
    names, *rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    columns: list[tuple[str, ...]] = [()] * len(names)
    if rows:
        columns = list(zip(*rows, strict=True))
    return columns, names


def _told(english: str, language: str, told: Mapping[str, Words]) -> str:
    return told[english][language] if language != "en" and english in told else english


def _head(row: Row, language: str, told: Mapping[str, Words]) -> str:
    """What a column holds, and its unit."""
    head, unit = (_told(row[key], language, told) for key in ("definition", "unit"))
    return f"{head}, {unit}" if unit and unit.casefold() not in head.casefold() else head


def years_of(row: Row) -> str:
    """The years of a row of the codebook: "2001–2023", or the only one."""
    return "–".join(dict.fromkeys(filter(None, (row["first_year"], row["last_year"]))))


def _meanings(described: Sequence[Row], language: str, told: Mapping[str, Words]) -> Sheet:
    """A row a column of the data: its letter, name in the CSV, definition, unit, years, filled."""
    words = read_words(language)
    heads = [words[f"meaning_{key}"] for key in ("letter", "name")]
    heads += [words[key] for key in ("definition", "unit", "years", "filled")]
    columns = [
        [letters(place) for place in range(1, len(described) + 1)],
        [row["column"] for row in described],
        [_told(row["definition"], language, told) for row in described],
        [_told(row["unit"], language, told) for row in described],
        [years_of(row) for row in described],
        [row["filled"] for row in described],
    ]
    rows = rows_xml(columns, [False] * 5 + [True], style=WRAPPED)
    return Sheet(words["sheet_meanings"], heads, rows, len(described), _MEANING_WIDTHS)


def _codebook(book: Sequence[Row], language: str, told: Mapping[str, Words]) -> Sheet:
    """The codebook itself, in the reader's words as far as the project has them."""
    words = read_words(language)
    keys = {"table": "table", "column": "meaning_name", "type": "type"}
    heads = [words[keys.get(column, column)] for column in _CODEBOOK_COLUMNS]
    heads += [words["years"], words["filled"], words["rows"]]
    columns = [
        [_told(row[key], language, told) if key in _TOLD else row[key] for row in book]
        for key in _CODEBOOK_COLUMNS
    ]
    columns += [
        [years_of(row) for row in book],
        *([r[key] for r in book] for key in ("filled", "rows")),
    ]
    rows = rows_xml(columns, [False] * 7 + [True] * 2)
    return Sheet(
        words["sheet_meanings"], heads, rows, len(book), (26, 26, 9, 18, 60, 40, 12, 10, 10)
    )
