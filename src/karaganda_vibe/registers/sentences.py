"""What the command on registers says, in the three languages of the report."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.words.languages import LANGUAGES, format_number

SENTENCES = METADATA / "texts" / "register_sentences.csv"


@cache
def load_sentences(path: Path = SENTENCES) -> dict[str, dict[str, str]]:
    """Name → language → sentence with its places; ProjectError for an empty cell."""
    columns = ("name", *LANGUAGES)
    table = read_table(path, columns, filled=columns, keys=["name"])
    return {
        row["name"]: {code: row[code] for code in LANGUAGES} for row in table.to_dict("records")
    }


def said(name: str, language: str, **filled: object) -> str:
    """The sentence `name` in a language, its places filled.

    filled: a text as it stands, or (number, kind of `languages.NUMBER_KINDS`).
    """
    words = {
        place: format_number(given[0], given[1], language)
        if isinstance(given, tuple)
        else str(given)
        for place, given in filled.items()
    }
    return load_sentences()[name][language].format(**words)
