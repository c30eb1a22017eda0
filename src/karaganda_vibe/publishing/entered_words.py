"""Entered figures (`findings.youth_entered`, `leavers_entered`, `register_entered`) in texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from karaganda_vibe.findings.register_entered import ALL_AGES, SEXES, EnteredAges
from karaganda_vibe.findings.youth_entered import EnteredYoung
from karaganda_vibe.publishing.exhibits import Exhibits
from karaganda_vibe.words.languages import LANGUAGES, MISSING, format_number

KINDS = {
    "entered": {
        "first_year": "year", "last_year": "year", "youngest": "count", "oldest": "count",
        "net": "signed_persons", "low": "signed_persons", "high": "signed_persons",
    },
    "leavers": {
        "year": "year", "youngest": "count", "oldest": "count", "left": "persons",
        "gaps": "count", "most_left": "persons",
    },
    "own_flows": {"year": "year", "compared": "count", "difference": "signed_persons"},
    "own_season": {"year": "year", "most_left": "persons"},
    "own_ages": {"year": "year"},
    "own_rates": {"year": "year"},
}  # fmt: skip
"""Prefix of a notebook's `Texts` → attribute of an entry → how its number is written."""
WORDS = {
    "entered": ("name", "source"),
    "leavers": ("most", "source"),
    "own_flows": ("source",),
    "own_season": ("month", "source"),
    "own_ages": ("total", *SEXES, "ages", "source"),
    "own_rates": ("ages", "source"),
}
"""The same prefix → words that its texts may quote, beside these numbers."""


class Sourced(Protocol):
    """What an office entered, and who says so."""

    @property
    def source(self) -> str:
        """As entered."""


def name_entry(book: Exhibits, prefix: str, entry: Sourced, **words: Mapping[str, str]) -> None:
    """Make the figures of an entry, its source and `words` known to `book`'s texts as prefix_….

    prefix: one of KINDS; words: those of WORDS by language, a place's name say, but the source.
    """
    told = {**words, "source": dict.fromkeys(LANGUAGES, entry.source)}
    for name in WORDS[prefix]:
        book.local_word(f"{prefix}_{name}", told[name])
    for name, kind in KINDS[prefix].items():
        book.local(f"{prefix}_{name}", getattr(entry, name), kind)


def name_entered(
    book: Exhibits, entry: EnteredYoung, areas: Mapping[str, Mapping[str, str]]
) -> None:
    """`name_entry` of a figure of the young, with its area (from `area_names`)."""
    name_entry(book, "entered", entry, name=areas[entry.area])


def listed_ages(entry: EnteredAges, kind: str) -> dict[str, str]:
    """The figures of an entry by age as one text a language; a gap is a dash.

    kind: of `languages.NUMBER_KINDS`.
    """
    return {
        code: "; ".join(
            f"{first}+: {_written(value, kind, code)}"
            if last == ALL_AGES[1]
            else f"{first}–{last}: {_written(value, kind, code)}"
            for (first, last), value in entry.ages.items()
        )
        for code in LANGUAGES
    }


def written_or_dash(value: float | None, kind: str) -> dict[str, str]:
    """A number in every language, or the dash of a gap."""
    return {code: _written(value, kind, code) for code in LANGUAGES}


def _written(value: float | None, kind: str, language: str) -> str:
    return MISSING if value is None else format_number(value, kind, language)
