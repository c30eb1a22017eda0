"""One published text cell → a number with its footnotes, or the publisher's reason for a gap.

The district tables of the Bureau of National Statistics were carried over as text, so a footnote
mark may be glued to its number: "146,214)" is 146.2 with footnote 14. Such a cell has several
possible readings. `candidate_readings` lists them all; `read_row` chooses between them with what
the workbook and the cell's own row say, and refuses to choose where these do not decide.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

Missing = Literal["", "blank", "nil_or_none", "not_available", "footnote_only"]

MAX_FOOTNOTE = 30  # the highest mark that stands apart from a number is 27
NEIGHBOURS = 3  # values on either side of a cell that say how large it should be
CLOSE = math.log(2)  # a reading within a factor of 2 of its neighbours is close
CLEARLY = math.log(1.5)  # by how much the nearest reading must beat the next one

_SPACES = "\\s\u00a0\u202f\u2009"
_MINUS = "\\-\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"  # all that people type as one
_NUMBER = rf"(?P<number>[{_MINUS}]?\d[\d{_SPACES}]*(?:[.,]\d+)?)"
_MARKS = rf"(?P<marks>(?:[{_SPACES}]*\d{{1,2}}\)|[{_SPACES}]*\*)*)"
_PLAIN = re.compile(rf"^{_NUMBER}(?P<star>[{_SPACES}]*\*)?$")
_SPACED = re.compile(rf"^{_NUMBER}[{_SPACES}]+(?P<first>\d{{1,2}})\){_MARKS}$")
_GLUED = re.compile(
    rf"^(?P<sign>[{_MINUS}]?)(?P<whole>\d[\d{_SPACES}]*)(?:[.,](?P<decimals>\d+))?\){_MARKS}$"
)
# Three digits after a dash are no mark: they may be a negative number with one.
_NIL = re.compile(rf"^(?:[{_MINUS}][{_SPACES}]*)+(?P<tail>(?:[{_SPACES}]*\d{{1,2}}\))*)$")
_DOTS = re.compile(rf"^(?:…+|\.{{2,}})(?P<tail>(?:[{_SPACES}]*\d{{1,3}}\))*)$")
_ONLY_MARKS = re.compile(rf"^(?:[{_SPACES}]*\d{{1,2}}\))+$")
_TIMES = re.compile(rf"^в[{_SPACES}]+(?P<number>\d+(?:[.,]\d+)?)[{_SPACES}]+раза?$", re.IGNORECASE)
_THOUSANDS = re.compile(rf"^\d{{1,3}}(?:[{_SPACES}]+\d{{3}})*$")


@dataclass(frozen=True)
class Cell:
    """One reading of one cell.

    value: the number as published, in the published unit; None exactly where `missing` says why.
    missing: "" (there is a value), "blank", "nil_or_none" (a dash), "not_available" (dots), or
        "footnote_only" (the publisher put a footnote in the place of the number).
    footnotes: the footnote marks, as published, in their order.
    times: the cell is a ratio ("в 2,1 раза", 2.1 times), not a level.
    """

    value: Decimal | None
    missing: Missing = ""
    footnotes: tuple[str, ...] = ()
    times: bool = False

    def __post_init__(self) -> None:
        if (self.value is None) != bool(self.missing):
            raise ValueError("a cell has either a value or a reason for the lack of one")

    @property
    def decimals(self) -> int:
        """Number of decimals of the value; 0 for a gap."""
        exponent = self.value.as_tuple().exponent if self.value is not None else 0
        return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _squeezed(text: str) -> str:
    return re.sub(f"[{_SPACES}]", "", text)


def _number(text: str) -> Decimal | None:
    """A number with spaces between thousands and a decimal comma or point; None if not one."""
    sign, body = ("-", text[1:]) if re.match(f"[{_MINUS}]", text) else ("", text)
    whole, _, decimals = body.replace(",", ".").partition(".")
    whole = whole.strip()
    if re.search(f"[{_SPACES}]", whole) and not _THOUSANDS.match(whole):
        return None
    return Decimal(sign + _squeezed(whole) + (f".{decimals}" if decimals else ""))


def _marks(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d{1,2}|\*", text))


def _splits(digits: str, at_least: int) -> list[tuple[str, str]]:
    """Ways to cut "214" into number and footnote, leaving at least `at_least` digits before."""
    cuts = []
    for length in (1, 2):
        head, mark = digits[:-length], digits[-length:]
        if len(head) >= at_least and len(mark) == length and not mark.startswith("0"):
            cuts.append((head, mark))
    return cuts


@lru_cache(maxsize=65536)
def candidate_readings(text: str) -> tuple[Cell, ...]:
    """All readings of one cell that its characters allow; empty where no rule covers the cell.

    Text of one cell, as published → readings, in a fixed order. Nothing is guessed here: only a
    cell with a footnote mark glued to a number, or to a dash, has more than one reading.
    """
    stripped = text.strip()
    if not _squeezed(stripped):
        return (Cell(None, "blank"),)
    if match := _TIMES.match(stripped):
        return (Cell(Decimal(match["number"].replace(",", ".")), times=True),)
    if match := _PLAIN.match(stripped):
        value = _number(match["number"])
        return () if value is None else (Cell(value, footnotes=("*",) if match["star"] else ()),)
    if match := _DOTS.match(stripped):
        return (Cell(None, "not_available", _marks(match["tail"])),)
    readings: list[Cell] = []
    if match := _SPACED.match(stripped):
        value = _number(match["number"])
        if value is not None:
            readings.append(Cell(value, footnotes=(match["first"], *_marks(match["marks"]))))
        if readings:
            return tuple(readings)
    if match := _GLUED.match(stripped):
        later = _marks(match["marks"])
        whole, decimals = match["whole"], match["decimals"]
        cut = (
            [(f"{whole}.{head}", mark) for head, mark in _splits(decimals, 1)]
            if decimals
            else [(head, mark) for head, mark in _splits(whole, 1)]
        )
        for number, mark in cut:
            value = _number(match["sign"] + number)
            if value is not None:
                readings.append(Cell(value, footnotes=(mark, *later)))
    if match := _NIL.match(stripped):
        readings.append(Cell(None, "nil_or_none", _marks(match["tail"])))
    if _ONLY_MARKS.match(stripped):
        readings.append(Cell(None, "footnote_only", _marks(stripped)))
    return tuple(readings)


def certain_footnotes(texts: Collection[str]) -> frozenset[str]:
    """Footnote marks that every reading of some cell agrees on, and those in labels.

    `texts`: cells and labels of one workbook → the marks certainly in use there.
    """
    known: set[str] = set()
    for text in texts:
        readings = candidate_readings(text)
        if readings:
            shared = set.intersection(*(set(reading.footnotes) for reading in readings))
            known |= shared if any(reading.value is not None for reading in readings) else set()
        else:  # a label: marks stand after a letter, a bracket, a comma or a space
            known |= set(re.findall(r"(?<![\d-])(\d{1,2})\)", text))
    return frozenset(mark for mark in known if _possible(mark))


def _distance(value: Decimal, neighbours: Sequence[Decimal]) -> float:
    """How many natural logarithms `value` lies from the median of its neighbours."""
    ordered = sorted(neighbours)
    middle = ordered[len(ordered) // 2]
    if value * middle <= 0:
        return 0.0 if value == middle else abs(float(value - middle)) / (1 + abs(float(middle)))
    return abs(math.log(float(value) / float(middle)))


def _possible(mark: str) -> bool:
    return mark == "*" or 1 <= int(mark) <= MAX_FOOTNOTE


def _kept(readings: Sequence[Cell], keep: Callable[[Cell], bool]) -> list[Cell]:
    """The readings that pass `keep`, or all of them where none does or only one is there."""
    passed = [reading for reading in readings if keep(reading)]
    return passed if passed and len(readings) > 1 else list(readings)


def choose_reading(
    readings: Sequence[Cell],
    footnotes: Collection[str],
    neighbours: Sequence[Decimal],
    decimals: int,
) -> Cell | None:
    """The reading that the row and the workbook support, or None where they do not decide.

    readings: candidates of one cell. footnotes: marks certainly in use in the workbook.
    neighbours: certain values of the same row, nearest years first. decimals: the most that the
    certain values of the row use. Rules, in this order, each only where two readings are left:

    1. a footnote number above MAX_FOOTNOTE is no footnote;
    2. a reading with more decimals than its row uses is dropped;
    3. where all neighbours have one sign: the number closest in size to them, if it is close and
       clearly the closest; a footnote in the place of a number, or a dash with a footnote, where
       no number is close;
    4. a reading whose footnotes are certainly in use in the workbook.
    """
    left = _kept(readings, lambda reading: all(_possible(mark) for mark in reading.footnotes))
    left = _kept(left, lambda reading: reading.decimals <= decimals)
    if len(left) > 1 and neighbours and len({value > 0 for value in neighbours}) == 1:
        ranked = sorted(
            (_distance(reading.value, neighbours), place)
            for place, reading in enumerate(left)
            if reading.value is not None
        )
        gaps = [reading for reading in left if reading.value is None]
        if ranked[0][0] <= CLOSE:
            if len(ranked) == 1 or ranked[1][0] - ranked[0][0] >= CLEARLY:
                return left[ranked[0][1]]
        elif len(gaps) == 1:
            return gaps[0]
    left = _kept(left, lambda reading: all(mark in footnotes for mark in reading.footnotes))
    return left[0] if len(left) == 1 else None


def read_row(texts: Sequence[str], footnotes: Collection[str]) -> list[Cell | None]:
    """Read the cells of one row, in the order of the years.

    texts: cells as published. footnotes: marks certainly in use in the workbook
    (`certain_footnotes`). Returns a cell for each text; None where no rule covers the cell or
    where the readings stay ambiguous: the caller names the cell in an error.
    """
    candidates = [candidate_readings(text) for text in texts]
    certain = {
        place: readings[0].value
        for place, readings in enumerate(candidates)
        if len(readings) == 1 and readings[0].value is not None and not readings[0].times
    }
    decimals = max(
        (readings[0].decimals for readings in candidates if len(readings) == 1), default=0
    )
    cells: list[Cell | None] = []
    for place, readings in enumerate(candidates):
        if len(readings) <= 1:
            cells.append(readings[0] if readings else None)
            continue
        before = [certain[other] for other in sorted(certain, reverse=True) if other < place]
        after = [certain[other] for other in sorted(certain) if other > place]
        neighbours = [
            value for value in (*before[:NEIGHBOURS], *after[:NEIGHBOURS]) if value is not None
        ]
        cells.append(choose_reading(readings, footnotes, neighbours, decimals))
    return cells
