"""The languages of the report, and how numbers are written in each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from babel.lists import format_list
from babel.numbers import format_decimal

from karaganda_vibe.project.errors import ProjectError

LANGUAGES = ("en", "ru", "kk")
"""Editions that are built; the first is the one at the root of the output folder."""


def to_shared(language: str) -> str:
    """What leads from an edition's page to the folder of the files that all editions share."""
    return "" if language == LANGUAGES[0] else "../"


def with_language(stem: str, language: str) -> str:
    """The name of an edition's own file without its ending: summary, summary-ru, summary-kk."""
    return stem if language == LANGUAGES[0] else f"{stem}-{language}"


REPORT, ANNEXES = "index", "annexes"
DOCUMENTS = (REPORT, ANNEXES)
"""The documents of each edition: the report, which answers, and the annexes, which show how."""


def article_name(language: str, document: str = REPORT) -> str:
    """The article of a document without its ending: index, index-ru, annexes-kk."""
    return with_language(document, language)


def profile_name(language: str, document: str = REPORT) -> str:
    """The profile that renders a document, as in `_quarto-<profile>.yml`: en, ru, ru-annexes."""
    return language if document == REPORT else f"{language}-{document}"


def edition_folder(language: str) -> str:
    """The edition's folder inside the output folder, "" for the first language."""
    return "" if language == LANGUAGES[0] else language


def edition_file(name: str, language: str) -> str:
    """Path of the file `name` of an edition, from the folder of the first: ru/index-ru.html."""
    folder = edition_folder(language)
    return f"{folder}/{name}" if folder else name


def inside_sentence(name: str) -> str:
    """A name as it stands inside a sentence: its first letter small, unless it is an acronym."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


Words = Mapping[str, str]
"""A text by language."""

LOCALES = {"en": "en_GB", "ru": "ru_RU", "kk": "kk_KZ"}
NO_BREAK_SPACE = "\u00a0"
NO_BREAK_HYPHEN = "\u2011"
MINUS = "\u2212"
MISSING = "–"
"""What stands for a number that is not there."""


@dataclass(frozen=True)
class NumberKind:
    """How a kind of number is written: decimals, sign, what it is divided by, what follows it."""

    decimals: int
    signed: bool = False
    divisor: float = 1.0
    suffix: str = ""
    grouped: bool = True


NUMBER_KINDS = {
    "persons": NumberKind(0),
    "signed_persons": NumberKind(0, signed=True),
    "thousand_persons_0": NumberKind(0, divisor=1e3),
    "thousand_persons": NumberKind(1, divisor=1e3),
    "signed_thousand_persons": NumberKind(1, signed=True, divisor=1e3),
    "million_persons": NumberKind(2, divisor=1e6),
    "count": NumberKind(0),
    "per_1000": NumberKind(1),
    "signed_per_1000": NumberKind(1, signed=True),
    "signed_per_1000_0": NumberKind(0, signed=True),
    "signed_per_1000_2": NumberKind(2, signed=True),
    "percent": NumberKind(1, suffix="%"),
    "percent_0": NumberKind(0, suffix="%"),
    "signed_percent": NumberKind(1, signed=True, suffix="%"),
    "signed_percent_0": NumberKind(0, signed=True, suffix="%"),
    "signed_decimal_0": NumberKind(0, signed=True),
    "tenge": NumberKind(0),
    "thousand_tenge": NumberKind(0, divisor=1e3),
    "year": NumberKind(0, grouped=False),
    "ratio": NumberKind(2),
    "decimal_0": NumberKind(0),
    "decimal_1": NumberKind(1),
    "decimal_3": NumberKind(3),
    "signed_decimal_2": NumberKind(2, signed=True),
}


def format_number(value: float, kind: str, language: str) -> str:
    """`value` in the base unit, written as `language` writes a number of that kind.

    A number that rounds to zero has no sign. Raises ProjectError for an unknown kind or for a
    value that is not a finite number: a gap must be worded, not printed.
    """
    if kind == "ordinal":
        return ordinal(int(value), language)
    if kind not in NUMBER_KINDS:
        raise ProjectError(
            f"unknown kind of number '{kind}'; languages.py knows {', '.join(NUMBER_KINDS)}"
        )
    if not math.isfinite(value):
        raise ProjectError(f"a {kind} value is {value}; word the gap instead of printing it")
    form = NUMBER_KINDS[kind]
    scaled = round(value / form.divisor, form.decimals)
    pattern = ("#,##0" if form.grouped else "0") + ("." + "0" * form.decimals) * bool(form.decimals)
    digits = format_decimal(abs(scaled), format=pattern, locale=LOCALES[language])
    sign = MINUS if scaled < 0 else "+" if form.signed and scaled > 0 else ""
    gap = NO_BREAK_SPACE if form.suffix and language != "en" else ""
    return f"{sign}{digits}{gap}{form.suffix}"


def ordinal(number: int, language: str) -> str:
    """A place in an order: 11th, 11-е, 11-орын.

    Kazakh writes the noun with the number: the hyphen stands for the ending (он бірінші орын).
    """
    if language == "ru":
        return f"{number}{NO_BREAK_HYPHEN}е"
    if language == "kk":
        return f"{number}{NO_BREAK_HYPHEN}орын"
    teens = 11 <= number % 100 <= 13
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def join_words(words: Sequence[str], language: str) -> str:
    """Words as a list in a sentence: "a, b and c"."""
    if not words:
        return "–"
    if language == "kk" and len(words) > 1:  # CLDR gives Kazakh lists no "and"
        return f"{', '.join(words[:-1])} және {words[-1]}"
    return str(format_list(list(words), locale=LOCALES[language]))
