"""The one reader of tables that people edit: read where harmless, named in one line where not.

Harmless are a byte-order mark, CRLF, blank rows, Excel's rows of commas and spaces around a cell.
Everything else that a table can have wrong is refused with file, line, column, what was expected
and found, and what to do.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import shown
from karaganda_vibe.project.reading import read_text

Kind = str | Collection[str]
"""NUMBER, WHOLE, YEAR or YES_NO, or the words that a cell may hold."""

NUMBER, WHOLE, YEAR = "a number", "a whole number", "a year"
YES_NO = ("yes", "no")
SAVE_AS = "CSV UTF-8, with commas between the cells"

_PATTERNS = {
    NUMBER: re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII),
    WHOLE: re.compile(r"[-+]?\d+", re.ASCII),
    YEAR: re.compile(r"[12]\d{3}", re.ASCII),
}
_MANY = 3  # columns that differ are named up to this many


def read_table(
    path: Path,
    columns: Iterable[str],
    *,
    exact: bool = True,
    typed: Mapping[str, Kind] | None = None,
    checked: Mapping[str, Kind] | None = None,
    filled: Iterable[str] = (),
    keys: Iterable[str | tuple[str, ...]] = (),
    as_written: Collection[str] = (),
) -> pd.DataFrame:
    """A table that people edit, with `line`, the line of each row in the file.

    Args:
        columns: what the header must hold, in this order; without `exact`, at least these.
        typed: the kind of a column. NUMBER is read as float, WHOLE and YEAR as int (Int64 where a
            cell is empty); words stay text. An empty cell is allowed unless it is in `filled`.
        checked: the same, but the cells stay text.
        filled: columns without an empty cell.
        keys: a column, or several together, whose cells no two rows share.
        as_written: columns whose cells keep their outer spaces.

    Returns:
        text in columns without a type, "" where empty.

    Raises:
        ProjectError: with file, line and column, what was expected and found, and what to do.
    """
    wanted = list(columns)
    header, rows, lines = _cells(path, wanted, exact)
    cells = {
        name: [row[place] if name in as_written else row[place].strip() for row in rows]
        for place, name in enumerate(header)
    }
    for name in filled:
        for text, line in zip(cells[name], lines, strict=True):
            if not text.strip():
                raise fault(path, line, "empty; fill it in", name)
    frame = pd.DataFrame({**cells, "line": lines}, columns=[*header, "line"])
    for name in header:
        kind = (typed or {}).get(name)
        _check_cells(path, name, frame, kind or (checked or {}).get(name))
        frame[name] = _converted(frame[name], kind)
    for key in keys:
        _refuse_repeated(path, frame, [key] if isinstance(key, str) else list(key))
    return frame.astype({"line": "int64"})


def fault(path: Path, line: int, text: str, column: str = "") -> ProjectError:
    """The error of a table: file, line and column, then `text`, which says what to do."""
    place = f", column {column}" if column else ""
    return ProjectError(f"{shown(path)}: line {line}{place}: {text}")


def check_known(
    path: Path,
    frame: pd.DataFrame,
    column: str,
    known: Iterable[str],
    *,
    spellings: Mapping[str, str] | None = None,
    listed_in: str = "",
) -> None:
    """Raise ProjectError for the first filled cell of `column` that is none of `known`.

    spellings: other ways to write a known name, for the hint; listed_in: where names are listed.
    """
    names = dict.fromkeys(known)
    hints = {**(spellings or {}), **{name: name for name in names}}
    place = f" of {listed_in}" if listed_in else ""
    for text, line in zip(frame[column], frame["line"], strict=True):
        if text and text not in names:
            raise fault(
                path,
                int(line),
                f"'{text}' is none of the {len(names)} names{place}{perhaps(text, hints)}; "
                "correct it",
                column,
            )


def perhaps(word: str, known: Iterable[str] | Mapping[str, str]) -> str:
    """The hint " (perhaps X is meant)" for the known name nearest to `word`, or "".

    A mapping gives spellings and the names they stand for; letter case does not count.
    """
    pairs = known.items() if isinstance(known, Mapping) else ((name, name) for name in known)
    by_spelling = {spelling.casefold(): name for spelling, name in pairs}
    near = get_close_matches(word.strip().casefold(), by_spelling, n=1, cutoff=0.7)
    return f" (perhaps {by_spelling[near[0]]} is meant)" if near else ""


def read_records(path: Path, text: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the text of a CSV, every cell as it stands.

    Raises ProjectError where a row is not as wide as the header.
    """
    (_, header), *records = _records(path, text)
    for line, row in records:
        if len(row) != len(header):
            raise fault(path, line, _wrong_width(row, len(header)))
    return header, [row for _, row in records]


def _cells(
    path: Path, wanted: Sequence[str], exact: bool
) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, filled rows and the line on which each of them begins."""
    try:
        text = read_text(path, save_as=SAVE_AS)
    except FileNotFoundError:
        raise ProjectError(
            f"{shown(path)}: missing; restore it, or make it with the header {','.join(wanted)}"
        ) from None
    records = [(line, row) for line, row in _records(path, text) if any(map(str.strip, row))]
    if not records:
        raise fault(path, 1, f"no header; begin with {','.join(wanted)}")
    first, head = records[0]
    header = [name.strip() for name in head]
    while not header[-1]:  # Excel keeps a column that was emptied
        header.pop()
    _check_header(path, first, header, wanted, exact)
    rows, lines = [], []
    for line, row in records[1:]:
        # Only the cells of columns that Excel kept empty may be too many.
        if len(row) != len(head) or any(map(str.strip, row[len(header) :])):
            raise fault(path, line, _wrong_width(row, len(header)))
        rows.append(row[: len(header)])
        lines.append(line)
    return header, rows, lines


def _records(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV with the line on which each begins; line ends inside a cell are LF."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            yield line, [cell.replace("\r\n", "\n") for cell in row]
            line = reader.line_num + 1
    except csv.Error:
        raise fault(
            path,
            line,
            "a quotation mark opens and is not closed before a comma; write one inside a quoted "
            'text twice ("")',
        ) from None


def _wrong_width(row: Sequence[str], expected: int) -> str:
    found = len(row)
    if found > expected:
        advice = "put a text with a comma in quotes"
    elif len(row) == 1 and (";" in row[0] or "\t" in row[0]):
        advice = f"save the table as {SAVE_AS}"
    else:
        advice = "keep a comma for every empty cell"
    return f"{found} cells, expected {expected}: {advice}"


def _check_header(
    path: Path, line: int, header: Sequence[str], wanted: Sequence[str], exact: bool
) -> None:
    for sign, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and sign in header[0] and len(wanted) > 1:
            raise fault(path, line, f"{name} between the cells; save the table as {SAVE_AS}")
    differ = columns_that_differ(header, wanted, exact=exact)
    if differ:
        raise fault(path, line, f"columns: {differ}; mend the header")


def columns_that_differ(header: Sequence[str], wanted: Sequence[str], *, exact: bool = True) -> str:
    """How a header differs from the columns `wanted`: only those that do; "" where it does not.

    Without `exact` there may be other columns, in any order.
    """
    twice = [name for place, name in enumerate(header) if name in header[:place]]
    missing = [name for name in wanted if name not in header]
    unknown = [name for name in header if name not in wanted] if exact else []
    faults = []
    if missing:
        faults.append(f"missing {_some(missing)}")
    if unknown:
        hint = perhaps(unknown[0], missing) if len(unknown) == 1 and unknown[0] else ""
        faults.append(f"unknown {_some([name or '(no name)' for name in unknown])}{hint}")
    if twice:
        faults.append(f"{_some(twice)} twice")
    if not faults and exact and list(header) != list(wanted):
        place = next(n for n, name in enumerate(header) if name != wanted[n])
        faults.append(
            f"other order: column {place + 1} is {header[place]}, expected {wanted[place]}"
        )
    return "; ".join(faults)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return ", ".join(names[:_MANY]) + more


def _check_cells(path: Path, column: str, frame: pd.DataFrame, kind: Kind | None) -> None:
    """ProjectError for the first filled cell of a column that is not of its kind."""
    if kind is None:
        return
    for text, line in zip(frame[column], frame["line"], strict=True):
        wrong = _fault_of_cell(text, kind) if text else ""
        if wrong:
            raise fault(path, int(line), f"found '{text}', {wrong}", column)


def _converted(texts: pd.Series, kind: Kind | None) -> pd.Series:
    if kind == NUMBER:
        return pd.Series([float(text) if text else float("nan") for text in texts], dtype=float)
    if kind in (WHOLE, YEAR):
        numbers = pd.array([int(text) if text else None for text in texts], dtype="Int64")
        return pd.Series(numbers if numbers.isna().any() else numbers.astype("int64"))
    return texts.astype(str)


def _fault_of_cell(text: str, kind: Kind) -> str:
    """What is wrong with a filled cell of this kind and what to write, or ""."""
    if not isinstance(kind, str):
        if text in kind:
            return ""
        words = ", ".join(sorted(word for word in kind if word))
        return (
            f"expected one of {words}{perhaps(text, [word for word in kind if word])}; correct it"
        )
    if _PATTERNS[kind].fullmatch(text):
        return ""
    for sign in text:
        category = unicodedata.category(sign)
        if category == "Zs" or (category in ("Pd", "Sm") and sign not in "-+"):
            plain = "".join(
                "" if unicodedata.category(c) == "Zs" else "-" if c in "\u2212\u2013\u2014" else c
                for c in text
            )
            if _PATTERNS[NUMBER].fullmatch(plain):
                what = unicodedata.name(sign, "sign").lower()
                return f"a {what} (U+{ord(sign):04X}) in {kind}; write {plain}"
    if kind == NUMBER and re.fullmatch(r"[-+]?\d*,\d+", text):
        return f"a decimal comma in a number; write {text.replace(',', '.')}"
    if kind == YEAR and (year := re.match(r"([12]\d{3})\b", text)):
        return f"expected a year; write {year[1]}"
    return f"expected {kind}; correct it"


def _refuse_repeated(path: Path, frame: pd.DataFrame, key: Sequence[str]) -> None:
    seen: dict[tuple[object, ...], int] = {}
    for *cells, line in frame[[*key, "line"]].itertuples(index=False, name=None):
        earlier = seen.setdefault(tuple(cells), line)
        if earlier != line:
            named = ", ".join(str(cell) for cell in cells)
            raise ProjectError(
                f"{shown(path)}: line {line}, column {', '.join(key)}: '{named}' stands in line "
                f"{earlier} as well; keep one row"
            )
