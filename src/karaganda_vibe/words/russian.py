"""Russian numbers: in words up to ten, with a noun that agrees, and as ordinals.

Names of regions and places are declined by a table (place_forms), nouns by one (forms).
"""

from __future__ import annotations

import re
from decimal import Decimal

from babel import Locale

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.words.languages import LOCALES, NO_BREAK_HYPHEN, NO_BREAK_SPACE

CASES = ("nom", "gen", "dat", "acc", "ins", "prep")
"""Nominative, genitive, dative, accusative, instrumental, prepositional."""

GENDERS = ("m", "f", "n")

_ONE = {
    "m": ("один", "одного", "одному", "один", "одним", "одном"),
    "f": ("одна", "одной", "одной", "одну", "одной", "одной"),
    "n": ("одно", "одного", "одному", "одно", "одним", "одном"),
}
_TO_TEN = (
    ("два", "двух", "двум", "два", "двумя", "двух"),
    ("три", "трёх", "трём", "три", "тремя", "трёх"),
    ("четыре", "четырёх", "четырём", "четыре", "четырьмя", "четырёх"),
    ("пять", "пяти", "пяти", "пять", "пятью", "пяти"),
    ("шесть", "шести", "шести", "шесть", "шестью", "шести"),
    ("семь", "семи", "семи", "семь", "семью", "семи"),
    ("восемь", "восьми", "восьми", "восемь", "восемью", "восьми"),
    ("девять", "девяти", "девяти", "девять", "девятью", "девяти"),
    ("десять", "десяти", "десяти", "десять", "десятью", "десяти"),
)
_ORDINAL_ENDINGS = {"nom": "й", "gen": "го", "dat": "му", "acc": "й", "ins": "м", "prep": "м"}
_ORDINAL = re.compile(rf"(\d+){NO_BREAK_HYPHEN}е")
_WHOLE = re.compile(r"\d+(?:[ \u00a0\u202f]\d{3})*")
_NUMBER = re.compile(rf"[−+-]?(?P<size>{_WHOLE.pattern}(?:,\d+)?)(?P<unit>[ \u00a0\u202f]?%)?")


def is_number(text: str) -> bool:
    """Whether `text` is one number as Russian writes it, or an ordinal."""
    return bool(_NUMBER.fullmatch(text) or _ORDINAL.fullmatch(text))


def in_words(number: str, case: str, gender: str = "m") -> str:
    """One to ten in words («двух», «одной»); any other number as it is written.

    An ordinal («11-е») changes its ending instead: «11-го», «11-м».
    """
    place = _ORDINAL.fullmatch(number)
    if place:
        ending = "е" if case in ("nom", "acc") else _ORDINAL_ENDINGS[case]
        return f"{place[1]}{NO_BREAK_HYPHEN}{ending}"
    size = int(number) if re.fullmatch(r"\d{1,2}", number) else 0
    column = CASES.index(case)
    if size == 1:
        return _ONE[gender][column]
    if size == 2 and gender == "f" and case in ("nom", "acc"):
        return "две"
    return _TO_TEN[size - 2][column] if 2 <= size <= 10 else number


def as_ordinal(number: str, case: str) -> str:
    """A whole number as an ordinal, masculine: «в 2022-м», «из 3-го»."""
    if not re.fullmatch(r"\d+", number):
        raise ProjectError(f"'{number}' is not a whole number, so it makes no ordinal")
    return f"{number}{NO_BREAK_HYPHEN}{_ORDINAL_ENDINGS[case]}"


def plural_category(number: str) -> str:
    """Which noun goes with `number`: one (21 год), few (2 года; 7,8 года) or many (5 лет)."""
    found = _NUMBER.fullmatch(number)
    if not found or found["unit"]:
        raise ProjectError(f"'{number}' is not one number, so no noun can agree with it")
    size = Decimal(re.sub(r"[ \u00a0\u202f]", "", found["size"]).replace(",", "."))
    category = str(Locale.parse(LOCALES["ru"]).plural_form(size))
    return "few" if category == "other" else category  # a fraction: 7,8 года


def with_noun(number: str, case: str, nouns: str, gender: str = "m") -> str:
    """`number`, in words up to ten, and its noun: nouns "год|года|лет", oblique "году|годах".

    A fraction has one noun in all cases («7,8 года»), so it is refused where `nouns` has no few.
    """
    words = nouns.split("|")
    category = plural_category(number)
    straight = case in ("nom", "acc")
    wanted = ("one", "few", "many") if straight else ("one", "many")
    if len(words) != len(wanted):
        raise ProjectError(
            f"'{nouns}' gives {len(words)} forms of a noun; ru needs {len(wanted)} in the case "
            f"{case}: {'|'.join(wanted)}"
        )
    if not straight and "," in number:
        raise ProjectError(f"the fraction '{number}' takes its noun in the case nom only")
    place = wanted.index(category) if category in wanted else 1
    return f"{in_words(number, case, gender)}{NO_BREAK_SPACE}{words[place]}"
