"""Cells of a workbook as the text that a raw table keeps, and which year a column's head names.

Numbers are written with the ten digits that a workbook shows; spaces between thousands and decimal
commas go. A footnote mark stays where it was ("17,518)"); what it means is decided when the raw
table is read (`cells.py`).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.xlsx import letters

DIGITS = 10
_SPACE = "[ \u00a0\u202f\u2009]"
_DASH = "\\-\u2010\u2011\u2012\u2013\u2014\u2212"
# What publishers write in the place of a number: dashes, dots, and the letter x (Latin, Cyrillic).
_NOTHING = re.compile(rf"(?:[{_DASH}]|{_SPACE})*|…+|\.{{2,3}}|[xх]")
_NUMBER = re.compile(r"(-?\d+(?:[.,]\d+)?)(\*?)")
_MARKED_THOUSANDS = re.compile(rf"(\d{{1,3}}(?:{_SPACE}\d{{3}})+)(\d{{1,2}}\).*)")
_BEGINS_AS_NUMBER = re.compile(rf"(?!\d{{1,2}}\))[{_DASH}]?\d")
_A_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?=\D|\d{1,2}\)|$)")
_WHOLE_YEAR = {"", "год", "года", "г", "январь-декабрь", "январь-декабрь года"}
_LONGEST_HEAD = 40


def number_text(value: float) -> str:
    """A number as in a raw table of workbook rows: "7633", "107795.9143"."""
    return f"{value:.{DIGITS}g}"


def decimal_text(value: float) -> str:
    """A number as in the long raw tables and those of the labour market: "7633.0"."""
    return repr(float(number_text(value)))


def cell_text(value: Any) -> str:
    """The text of one cell in a raw table; "" where the publisher gives no number.

    >>> [cell_text(cell) for cell in (12.0, "6 268", "–", "50 0634)", "17,518)")]
    ['12', '6268', '', '50063 4)', '17,518)']
    """
    if isinstance(value, bool | datetime.date):
        return str(value)
    return number_text(value) if isinstance(value, int | float) else _text(value.strip())


@lru_cache(maxsize=16384)
def _text(text: str) -> str:
    if _NOTHING.fullmatch(text):
        return ""
    if match := _NUMBER.fullmatch(re.sub(_SPACE, "", text)):
        number = number_text(float(match[1].replace(",", ".")))
        return f"{number} *" if match[2] else number
    if match := _MARKED_THOUSANDS.fullmatch(text):
        return f"{re.sub(_SPACE, '', match[1])} {match[2]}"
    return text.replace("\u00a0", " ")


def has_number(text: str) -> bool:
    """Whether the text of a cell begins as a number does."""
    return _BEGINS_AS_NUMBER.match(text) is not None


def label_of(cells: Sequence[Any]) -> str:
    """The label of a row: the last text before the years, with single spaces."""
    texts = [cell for cell in cells if isinstance(cell, str) and cell.strip()]
    return " ".join(texts[-1].split()) if texts else ""


class Head(NamedTuple):
    """The years of a head: year → column, and what was left out of it, one line each."""

    years: dict[str, int]
    notes: list[str]


def year_of(cell: Any) -> tuple[str, bool]:
    """The year that a head names ("" where none), and whether it is the whole year.

    >>> [year_of(cell) for cell in (2024.0, "202426)", "2019, 3)", "Январь-июнь 2025 года")]
    [('2024', True), ('2024', True), ('2019', True), ('2025', False)]
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        whole = cell == int(cell) and 1900 <= cell < 2100
        return (str(int(cell)), True) if whole else ("", True)
    if not isinstance(cell, str) or len(cell) > _LONGEST_HEAD:
        return "", True
    found = _A_YEAR.findall(cell)
    if len(found) != 1:
        return "", True
    rest = re.sub(r"\d{1,2}\)", " ", _A_YEAR.sub(" ", cell, count=1))
    rest = " ".join(re.sub(r"[.,*]", " ", rest).split()).casefold()
    return found[0], rest in _WHOLE_YEAR


def head_of(row: Sequence[Any], where: str) -> Head | None:
    """The years of a row that is a head; None where it names no year.

    A part of a year, and a year that was named before, are left out with a note: the publisher
    mistypes heads, and which year is meant is for a person to say.
    Raises ProjectError where the years do not follow each other.
    """
    years: dict[str, int] = {}
    notes = []
    for column, cell in enumerate(row):
        year, whole = year_of(cell)
        if not year:
            continue
        if not whole:
            notes.append(f'{where}: "{" ".join(cell.split())}" is a part of a year, left out')
        elif year in years:
            notes.append(
                f"{where}: a second column ({letters(column + 1)}) is headed {year}, left out"
            )
        elif years and int(year) < int(last := list(years)[-1]):
            raise ProjectError(
                f"{where}: the columns of years have changed places: {year} stands after {last}; "
                "look whether the figures did so as well, and mend a copy of the workbook"
            )
        else:
            years[year] = column
    return Head(years, notes) if years else None
