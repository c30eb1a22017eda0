"""The content of the two-page summary for decision makers, one part a language.

The notebook 14_recommendations writes it to report/generated/summary.json; `summary_pdf` sets it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from karaganda_vibe.findings.recommendations import NOT_MEASURED, WORDS
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.rounding import round_number
from karaganda_vibe.project.writing import write_text
from karaganda_vibe.publishing.summary_pdf import CONTENT
from karaganda_vibe.words.languages import LANGUAGES, format_number

COUNTED = "counted"
FIXED_TEXTS = (
    "title", "subtitle", "lead", "region", "findings_title", "places_title", "places_note",
    "map_note", "map_alt",
    "levers_title", "levers_text", "levers_lever", "levers_word", "levers_size", "levers_places",
    "levers_caution",
    "next_title", "next_text", "next_who", "words_title", "sources_title", "sources",
)  # fmt: skip
ENTRY = "summary"


@dataclass(frozen=True)
class Finding:
    """One finding: the text parts of its headline and its text, and its word of evidence."""

    headline: str
    text: str
    word: str


class Book(Protocol):
    """What is needed of `exhibits.Exhibits`."""

    def label(self, identifier: str, part: str) -> dict[str, str]:
        """The text `part` of an exhibit by language."""

    def written(self, name: str) -> dict[str, str]:
        """The named value by language."""


def summary_content(
    book: Book,
    *,
    cards: Sequence[tuple[str, str, str]],
    findings: Sequence[Finding],
    places: pd.DataFrame,
    focus: str,
    levers: pd.DataFrame,
) -> dict[str, dict[str, Any]]:
    """All texts and numbers of the summary by language.

    Args:
        cards: name of a value, text parts of what it is and of the line under it.
        places: index place_id; columns en, ru, kk (names) and rate (net per 1,000 a year).
        focus: the place to be set apart. levers: from `recommendations.recommendation_table`, with
            concerned_<language> (text of the places) and caution (name of a text).

    Raises:
        ProjectError: not five findings, or a word of evidence that the summary does not explain.
    """
    if len(findings) != 5:
        raise ProjectError(f"the summary has {len(findings)} findings; expected five")
    for finding in findings:
        if finding.word not in (COUNTED, *WORDS):
            raise ProjectError(
                f"the summary's finding {finding.headline} has the word '{finding.word}'; "
                f"expected one of {', '.join((COUNTED, *WORDS))}"
            )
    texts = {part: book.label(ENTRY, part) for part in FIXED_TEXTS}
    return {
        language: {
            "lang": language,
            **{part: text[language] for part, text in texts.items()},
            "cards": [
                [book.written(name)[language], *(book.label(ENTRY, p)[language] for p in parts)]
                for name, *parts in cards
            ],
            "findings": [
                {
                    "headline": book.label(ENTRY, finding.headline)[language],
                    "text": book.label(ENTRY, finding.text)[language],
                    "word": word_text(book, finding.word)[language],
                }
                for finding in findings
            ],
            "places": _places(places, focus, language),
            "levers": _levers(book, levers, language),
            "next": [
                {
                    "lever": row[f"lever_{language}"],
                    "what": row[f"measure_next_{language}"],
                    "who": row[f"who_{language}"],
                }
                for row in levers.to_dict("records")
            ],
            "words": [
                [word_text(book, word)[language], book.label(ENTRY, f"meaning_{word}")[language]]
                for word in (COUNTED, *WORDS)
            ],
        }
        for language in LANGUAGES
    }


def word_text(book: Book, word: str) -> dict[str, str]:
    """A word of evidence by language."""
    if word == COUNTED:
        return book.label(ENTRY, "word_counted")
    return book.label("tbl-rec-ranked", f"word_{word}")


def _places(places: pd.DataFrame, focus: str, language: str) -> list[dict[str, Any]]:
    known = places.dropna(subset=["rate"]).sort_values("rate", kind="stable")
    return [
        {
            "name": row[language],
            "rate": round_number(row["rate"]),
            "label": format_number(float(row["rate"]), "signed_per_1000", language),
            "focus": place == focus,
        }
        for place, row in known.iterrows()
    ]


def _levers(book: Book, levers: pd.DataFrame, language: str) -> list[dict[str, str]]:
    rows = []
    for row in levers.to_dict("records"):
        size = book.label(ENTRY, "size_missing")[language]
        if row["word"] != NOT_MEASURED:
            numbers = [
                format_number(float(row[part]), "signed_decimal_2", language)
                for part in ("effect", "low", "high")
            ]
            size = f"{numbers[0]} ({numbers[1]} … {numbers[2]})"
        rows.append(
            {
                "rank": format_number(float(row["rank"]), "count", language),
                "lever": str(row[f"lever_{language}"]),
                "word": word_text(book, str(row["word"]))[language],
                "size": size,
                "places": str(row[f"concerned_{language}"]),
                "caution": book.label("tbl-rec-ranked", f"caution_{row['caution']}")[language],
            }
        )
    return rows


def save_summary(content: Mapping[str, Mapping[str, Any]]) -> None:
    """Write report/generated/summary.json."""
    write_text(CONTENT, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
