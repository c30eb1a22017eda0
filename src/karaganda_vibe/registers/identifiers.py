"""Columns of a register that may tell who a person is: refused before a row is counted.

The signs stand in metadata/indicators/register_identifiers.csv: by a column's name in English,
Russian or Kazakh, and by what its cells look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import fault, read_table

SIGNS = METADATA / "indicators" / "register_identifiers.csv"
COLUMNS = ("kind", "where", "pattern", "note")
WHERE = ("name", "content")
# Part of the looked-at cells of a column from which they count as identifiers: not a lone typing
# error, and not only a column that is full of them.
SHARE = 0.02


def load_signs(path: Path = SIGNS) -> pd.DataFrame:
    """The signs of identifiers: COLUMNS and line; ProjectError for a pattern that is none."""
    table = read_table(path, COLUMNS, typed={"where": WHERE}, filled=COLUMNS[:3])
    for row in table.to_dict("records"):
        try:
            re.compile(row["pattern"])
        except re.error as error:
            raise fault(path, row["line"], f"no pattern: {error}; mend it", "pattern") from None
    return table


def plain_name(name: str) -> str:
    """A column's name for comparison: small letters, words joined by _, FirstName → first_name."""
    parted = re.sub(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])", "_", name.strip())
    return re.sub(r"[\W_]+", "_", parted.lower()).strip("_")


def refuse_names(columns: Iterable[str], where: str, signs: pd.DataFrame | None = None) -> None:
    """ProjectError for the first column whose name is that of an identifier.

    where: the register, for the message.
    """
    table = load_signs() if signs is None else signs
    by_name = table[table["where"] == "name"]
    for column in columns:
        for kind, pattern in zip(by_name["kind"], by_name["pattern"], strict=True):
            if re.search(pattern, plain_name(column)):
                raise _refusal(where, column, kind, "by its name")


def refuse_cells(column: str, cells: pd.Series, where: str, signs: pd.DataFrame) -> None:
    """ProjectError where SHARE of the filled cells of a sample look like an identifier.

    cells: texts of the column `column`; nothing of them is shown.
    """
    filled = cells.dropna().astype(str).str.strip()
    filled = filled[filled != ""]
    if filled.empty:
        return
    by_content = signs[signs["where"] == "content"]
    for kind, pattern in zip(by_content["kind"], by_content["pattern"], strict=True):
        # A group of a pattern is no wish to take it out.
        like = filled.map(lambda cell, p=pattern: re.search(p, cell) is not None)
        if like.mean() >= SHARE:
            raise _refusal(where, column, kind, "by what its cells look like")


def _refusal(where: str, column: str, kind: str, sign: str) -> ProjectError:
    return ProjectError(
        f"{where}: column {column} looks like an identifier ({kind}, {sign}); registers are read "
        f"without any: hand over a copy without the column (signs: {shown(SIGNS)})"
    )
