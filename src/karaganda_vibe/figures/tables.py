"""The table behind a figure, for readers who cannot see it or want its numbers.

`metadata/texts/figure_tables.csv` says which rows and columns the table of each figure has,
`metadata/texts/figure_words.csv` what columns and groups are called where the figure's own texts
do not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from karaganda_vibe.places.registry import load_places, region_names
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.markdown import as_text
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import fault, perhaps, read_table
from karaganda_vibe.words.languages import LANGUAGES, NUMBER_KINDS, format_number

SPECIFICATIONS = METADATA / "texts" / "figure_tables.csv"
WORDS = METADATA / "texts" / "figure_words.csv"
MISSING = "–"
SUMMARIES = {"lowest": "min", "median": "median", "highest": "max", "count": "count"}

Say = Callable[[str], str | None]
"""The figure's own text for a part, or None where it has none."""


@dataclass(frozen=True)
class Cell:
    """A column of numbers: the frame's column, its kind, how several are summed up, its head."""

    column: str
    kind: str
    summary: str = ""
    head: str = ""


@dataclass(frozen=True)
class FigureTable:
    """Rows (columns that name a row), the column that is spread over the heads, and the cells."""

    rows: tuple[str, ...]
    spread: str
    cells: tuple[Cell, ...]
    where: str


def load_figure_tables(path: Path = SPECIFICATIONS) -> dict[str, FigureTable]:
    """The table of each figure by identifier.

    Raises ProjectError with file and line for a figure named twice, an unknown kind of number or
    an unknown summary.
    """
    frame = read_table(
        path,
        ("figure", "rows", "spread", "cells", "where"),
        filled=["figure", "rows", "cells"],
        keys=["figure"],
    )
    tables: dict[str, FigureTable] = {}
    for row in frame.to_dict("records"):
        cells = tuple(_cell(part.strip(), path, row["line"]) for part in row["cells"].split(";"))
        rows = tuple(part.strip() for part in row["rows"].split(";"))
        tables[row["figure"]] = FigureTable(rows, row["spread"], cells, row["where"])
    return tables


def _cell(text: str, path: Path, line: int) -> Cell:
    rest, _, head = text.partition(":")
    column, _, rest = rest.partition("=")
    kind, _, summary = rest.partition("@")
    if kind not in {*NUMBER_KINDS, "word"} or summary not in {*SUMMARIES, ""}:
        raise fault(
            path,
            line,
            f"'{text}' is no cell{perhaps(kind, [*NUMBER_KINDS, 'word'])}; expected column=kind, "
            "column=kind@summary or column=kind:head with a kind of number of languages.py or "
            f"word, and one of {', '.join(SUMMARIES)}",
            "cells",
        )
    return Cell(column, kind, summary, head)


@cache
def _words(path: Path = WORDS) -> dict[str, dict[str, str]]:
    columns = ("word", *LANGUAGES)
    frame = read_table(path, columns, filled=columns, keys=["word"])
    return {
        row["word"]: {code: row[code] for code in LANGUAGES} for row in frame.to_dict("records")
    }


@cache
def _specifications() -> dict[str, FigureTable]:
    return load_figure_tables()


@cache
def _regions(language: str) -> dict[str, str]:
    return region_names(language)


@cache
def _places(language: str) -> dict[str, str]:
    places = load_places().set_index("place_id")
    return {str(place): str(name) for place, name in places[f"place_{language}"].items()}


class Labels:
    """Names of rows, columns and groups of one figure in one language."""

    def __init__(self, identifier: str, language: str, say: Say) -> None:
        self._identifier, self._language, self._say = identifier, language, say

    def column(self, name: str) -> str:
        """The head of a column."""
        return self._word(name, name)

    def cell(self, cell: Cell) -> str:
        """The head of a column of cells; a plain value is called by its unit."""
        if cell.head or cell.summary:
            return self._words(cell.head or cell.summary)
        unit = f"value {cell.kind}"
        return self.column(unit if cell.column == "value" and unit in _words() else cell.column)

    def value(self, column: str, row: dict[str, object]) -> str:
        """What the cell of a naming column says: a year, a name, or a word of the figure."""
        value = row[column]
        for stem in ("name", "label"):
            named = row.get(f"{stem}_{self._language}")
            if column in ("unit", "place_id") and isinstance(named, str):
                return named.replace("- ", "-")
        if isinstance(row.get(f"{column}_{self._language}"), str):
            return str(row[f"{column}_{self._language}"])
        if isinstance(value, (int, float)):
            return str(int(value))
        text = str(value)
        return (
            _places(self._language).get(text)
            or _regions(self._language).get(text)
            or self._word(text.replace(" ", "_"), text)
        )

    def _word(self, part: str, word: str) -> str:
        own = self._say(part)
        return " ".join(own.split()).rstrip(":") if own else self._words(word)

    def _words(self, word: str) -> str:
        words = _words().get(word)
        if not words:
            raise ProjectError(
                f"{self._identifier}: its table has no word for '{word}'; give it one in the "
                f"figure's texts or in {shown(WORDS)}"
            )
        return words[self._language]


def table_rows(
    identifier: str, data: pd.DataFrame, table: FigureTable, language: str, say: Say
) -> tuple[list[str], list[list[str]], int]:
    """Heads, rows of written cells, and how many columns at the left name the row.

    Raises ProjectError where the data lack a column or a name has no word.
    """
    labels = Labels(identifier, language, say)
    frame = _chosen(data, table.where)
    wanted = [*table.rows, *([table.spread] if table.spread else [])]
    for column in (*wanted, *(cell.column for cell in table.cells)):
        if column not in frame.columns:
            raise ProjectError(
                f"{identifier}: its data have no column '{column}', which {shown(SPECIFICATIONS)} "
                f"names; found {', '.join(frame.columns)}"
            )
    records: list[dict[str, object]] = frame.to_dict("records")  # type: ignore[assignment]
    groups = _ordered(record[table.spread] for record in records) if table.spread else [None]
    heads = [labels.column(column) for column in table.rows]
    for group in groups:
        for cell in table.cells:
            heads.append(_head(labels, table, cell, group, records))
    if table.rows == ("year",):
        records.sort(key=lambda record: float(record["year"]))  # type: ignore[arg-type]
    rows = []
    for key in _ordered(tuple(record[column] for column in table.rows) for record in records):
        own = [r for r in records if tuple(r[column] for column in table.rows) == key]
        names = [labels.value(column, own[0]) for column in table.rows]
        cells = [
            _written(
                [r for r in own if group is None or r[table.spread] == group],
                cell, language, labels,
            )
            for group in groups
            for cell in table.cells
        ]  # fmt: skip
        rows.append([*names, *cells])
    return heads, rows, len(table.rows)


def _chosen(data: pd.DataFrame, where: str) -> pd.DataFrame:
    """Rows that fit `column=value` or `column!=value`; a row named by no year is left out."""
    if not where:
        return data
    column, _, value = where.partition("!=" if "!=" in where else "=")
    same = data[column].fillna("").astype(str) == value
    return data[~same if "!=" in where else same]


def _ordered(values: object) -> list[object]:
    return list(dict.fromkeys(values))  # type: ignore[call-overload]


def _head(
    labels: Labels,
    table: FigureTable,
    cell: Cell,
    group: object,
    records: list[dict[str, object]],
) -> str:
    own = labels.cell(cell) if _says(table, cell) else ""
    if group is None:
        return own
    first = next(record for record in records if record[table.spread] == group)
    name = labels.value(table.spread, first)
    return f"{name}: {own.lower()}" if own else name


def _says(table: FigureTable, cell: Cell) -> bool:
    """A single column of cells under spread heads needs no head of its own."""
    return not table.spread or len(table.cells) > 1


def _written(records: list[dict[str, object]], cell: Cell, language: str, labels: Labels) -> str:
    found = [r[cell.column] for r in records if not pd.isna(r[cell.column])]  # type: ignore[call-overload]
    if not found:
        return MISSING
    if cell.kind == "word":
        return labels.value(cell.column, records[0])
    number = pd.Series(found, dtype=float).agg(SUMMARIES[cell.summary or "median"])
    return format_number(float(number), cell.kind, language)


def folded_table(heads: list[str], rows: list[list[str]], names: int, summary: str) -> str:
    """The table as Quarto Markdown, folded, in HTML only: paper has the figure and the CSV."""
    rule = ["---"] * names + ["--:"] * (len(heads) - names)
    lines = [list(map(as_text, heads)), rule, *(list(map(as_text, row)) for row in rows)]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return (
        '\n::: {.content-visible when-format="html"}\n'
        f'<details class="figure-table"><summary>{summary}</summary>\n\n{text}\n\n</details>\n:::\n'
    )


def figure_table(identifier: str, data: pd.DataFrame, language: str, say: Say) -> str:
    """The folded table of a figure. Raises ProjectError where the figure has no specification."""
    tables = _specifications()
    if identifier not in tables:
        raise ProjectError(
            f"{identifier} has no row in {shown(SPECIFICATIONS)}; say what its table shows"
        )
    heads, rows, names = table_rows(identifier, data, tables[identifier], language, say)
    return folded_table(heads, rows, names, _words()["summary"][language])
