"""The one way to make a table of the report: a pipe table with caption, source line and CSV."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from karaganda_vibe.figures.saving import (
    GENERATED,
    checked_headline,
    notebook_page,
    safe_values,
    source_line,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.markdown import as_text
from karaganda_vibe.project.paths import FIGURES, PROJECT
from karaganda_vibe.project.writing import write_table, write_text
from karaganda_vibe.words.languages import LANGUAGES, MISSING, format_number
from karaganda_vibe.words.texts import Texts

# From this width on a column of words holds sentences, which need room on paper.
TEXT_WIDTH = 16
WORDS = ("word", "markdown")


@dataclass(frozen=True)
class Column:
    """A column of a report table.

    `source` is the frame's column (for a word column, `<source>_<language>` is used where the
    frame has it), `kind` a kind of number, "word", or "markdown" (words with links or citations of
    ours, in which `as_text` has made the data safe), `width` its share of the table's width.
    """

    source: str
    kind: str = "word"
    width: int = 10


def save_table(
    identifier: str,
    data: pd.DataFrame,
    columns: Sequence[Column],
    *,
    texts: Texts,
    values: Mapping[str, Mapping[str, str]],
    notebook: str,
    cell: str = "",
    headline: str = "headline",
) -> None:
    """Write one table in every language, and its data as CSV.

    `identifier` is the cross-reference label (`tbl-…`); column heads are the parts
    `column_<source>` of its texts. Missing cells are shown as an en dash. Raises ProjectError
    for an empty frame, an unknown column or a missing text.
    """
    if data.empty:
        raise ProjectError(f"{notebook}: the table {identifier} has no rows; check its selection")
    csv = FIGURES / f"{identifier}.csv"
    blocks = {}
    for language in LANGUAGES:
        filled = safe_values(values[language])
        rows = [_cells(row, columns, language, identifier) for row in data.to_dict("records")]
        heads = [
            as_text(texts.text(identifier, f"column_{c.source}", language, values[language]))
            for c in columns
        ]
        lines = [_line(heads), _rule(columns), *(_line(row) for row in rows)]
        title = checked_headline(identifier, headline, language, texts, filled)
        subtitle = texts.text(identifier, "subtitle", language, filled)
        place = csv.relative_to(PROJECT).as_posix()
        page = notebook_page(notebook, cell)
        under = source_line(identifier, language, texts, filled, page, place)
        block = "\n".join(lines)
        blocks[language] = (
            f"{block}\n\n: **{title}.** {subtitle} {{#{identifier}{_widths(columns)}}}\n\n"
            f"::: {{.figure-source}}\n{under}\n:::\n"
        )
    write_table(csv, data)
    for language, content in blocks.items():
        write_text(GENERATED / language / f"_{identifier}.qmd", content)


def _cells(
    row: Mapping[Hashable, object], columns: Sequence[Column], language: str, identifier: str
) -> list[str]:
    cells = []
    for column in columns:
        key = f"{column.source}_{language}"
        key = key if column.kind in WORDS and key in row else column.source
        if key not in row:
            raise ProjectError(
                f"{identifier}: no column '{column.source}' in the table's data; "
                f"found {', '.join(map(str, row))}"
            )
        cells.append(_cell(row[key], column.kind, language))
    return cells


def _cell(cell: object, kind: str, language: str) -> str:
    if cell is None or pd.isna(cell):  # type: ignore[call-overload]
        return MISSING
    if kind in WORDS:
        return as_text(str(cell)) if kind == "word" else str(cell)
    return format_number(float(cell), kind, language)  # type: ignore[arg-type]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(columns: Sequence[Column]) -> str:
    """The rule under the heads: its dashes are the columns' relative widths, colons align."""
    dashes = ["-" * (column.width + 2) for column in columns]
    marks = [
        dash if column.kind in WORDS else dash[:-1] + ":"
        for dash, column in zip(dashes, columns, strict=True)
    ]
    return "|" + "|".join(marks) + "|"


def _widths(columns: Sequence[Column]) -> str:
    """Column widths for the printed table, where cells hold sentences and not only numbers."""
    if all(column.kind not in WORDS or column.width < TEXT_WIDTH for column in columns[1:]):
        return ""
    total = sum(column.width for column in columns)
    return f' tbl-colwidths="[{",".join(str(round(100 * c.width / total)) for c in columns)}]"'
