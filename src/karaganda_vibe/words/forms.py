"""A written number or name in another form: its case, with its ending, in words, with its noun.

A form belongs to the quotation: `{name:in}` in metadata/texts, `{{< var ru.form.name.in >}}` in a
chapter. It is made of what is written, so it is right for the number and the name of any year.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import perhaps, read_table
from karaganda_vibe.words import comparisons, kazakh, russian
from karaganda_vibe.words.kazakh import number_in_form
from karaganda_vibe.words.languages import LOCALES, MISSING, NO_BREAK_HYPHEN, NO_BREAK_SPACE
from karaganda_vibe.words.place_forms import kazakh_names, russian_names, unknown_form

NOUNS = METADATA / "texts" / "counted_nouns.csv"
NOUN_COLUMNS = (
    "noun", "gender", "en", "nominative", "genitive", "dative", "accusative", "instrumental",
    "prepositional",
)  # fmt: skip

_ENGLISH_TO_TEN = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_KAZAKH_PLACE = re.compile(rf"\d+{NO_BREAK_HYPHEN}орын")
_STARTS_AS_NUMBER = re.compile(r"[−+-]?\d")


@dataclass(frozen=True)
class Noun:
    """A noun that is counted: gender and, by Russian case, its forms parted by |; English forms."""

    gender: str
    english: str
    cases: Mapping[str, str]

    @property
    def is_animate(self) -> bool:
        """Whether the accusative is the genitive: «вижу подростка»."""
        one = {case: forms.split("|")[0] for case, forms in self.cases.items()}
        return self.gender == "m" and one["acc"] == one["gen"]


@cache
def load_nouns(path: Path = NOUNS) -> Mapping[str, Noun]:
    """The nouns that numbers of the prose are counted in, by the name that a form gives them.

    Raises ProjectError for an empty cell, a noun that stands twice, another gender, and a cell
    that gives too few or too many forms.
    """
    table = read_table(
        path, NOUN_COLUMNS, typed={"gender": russian.GENDERS}, filled=NOUN_COLUMNS, keys=["noun"]
    )
    nouns = {}
    for row in table.to_dict("records"):
        cases = dict(zip(russian.CASES, (row[name] for name in NOUN_COLUMNS[3:]), strict=True))
        wanted = {case: 3 if case in ("nom", "acc") else 2 for case in cases}
        counts = [(case, text, wanted[case]) for case, text in cases.items()]
        for name, text, count in [("en", row["en"], 2), *counts]:
            if text.count("|") != count - 1:
                raise ProjectError(
                    f"{shown(path)}: line {row['line']}, {name}: '{text}' gives "
                    f"{text.count('|') + 1} forms, expected {count} parted by |; mend it"
                )
        nouns[row["noun"]] = Noun(row["gender"], row["en"], cases)
    return nouns


def in_form(text: str, form: str, language: str) -> str:
    """`text`, a number or a name as `language` writes it, in `form`.

    Russian numbers: a case (nom, gen, dat, acc, ins, prep), in words up to ten; <case>_f and
    <case>_n for «две», «одно»; <case>_<noun> with a noun of counted_nouns.csv that agrees;
    count_<noun> the same with digits; ord, ord_<case> («2022-м»). Names: a case, in («в …»), to
    («в …», motion), city_<form>. Kazakh numbers: a case (gen, dat, acc, loc, abl, ins), poss,
    poss_<case>, word; names: a case, short_<case>. English numbers: word, word_<noun>,
    count_<noun>. Signed numbers of all three: higher, more (“1.36 higher”, «меньше на 41 %»).

    Raises ProjectError for a form that `text` does not have.
    """
    text = text.strip()
    if text == MISSING:  # a list without a name
        return text
    phrase = not _STARTS_AS_NUMBER.match(text) and text == text.lower()
    if form == "nom" and phrase and language != "en":  # «ни одного», where a name could stand
        return text
    if form in comparisons.WORDS and _STARTS_AS_NUMBER.match(text):
        return comparisons.compared(text, form, language)
    if language == "ru":
        return _russian(text, form)
    if language == "kk":
        return _kazakh(text, form)
    return _english(text, form)


def _russian(text: str, form: str) -> str:
    if not _STARTS_AS_NUMBER.match(text):
        return russian_names(text, form)
    if not russian.is_number(text):
        raise ProjectError(f"'{text}' is not one number, so it has no form '{form}'")
    spec, colon, nouns = form.partition(":")
    head, _, tail = spec.partition("_")
    if head == "ord" and not colon and tail in ("", *russian.CASES):
        return russian.as_ordinal(text, tail or "nom")
    gender = tail or "m"
    if colon and head in russian.CASES and gender in russian.GENDERS:
        return russian.with_noun(text, head, nouns, gender)
    if not colon and head in russian.CASES and gender in russian.GENDERS:
        return russian.in_words(text, head, gender)
    if not colon and tail and (head in russian.CASES or head == "count"):
        noun = _noun(tail)
        case = "nom" if head == "count" else head
        if case == "acc" and noun.is_animate and text in ("1", "2", "3", "4"):
            case = "gen"  # «двух подростков», but «22 подростка» and «две меры»
        written = russian.with_noun(text, case, noun.cases[case], noun.gender)
        return text + written[written.index(NO_BREAK_SPACE) :] if head == "count" else written
    forms = (*russian.CASES, "<case>_f", "<case>_n", "<case>_<noun>", "count_<noun>", "ord")
    raise unknown_form(form, forms, "a Russian number")


def _kazakh(text: str, form: str) -> str:
    if _KAZAKH_PLACE.fullmatch(text) and form in kazakh.CASES:
        return text + kazakh.stem_of("орын").ending(form)
    if not _STARTS_AS_NUMBER.match(text):
        return kazakh_names(text, form)
    if form not in kazakh.NUMBER_FORMS:
        raise unknown_form(form, kazakh.NUMBER_FORMS, "a Kazakh number")
    return number_in_form(text, form)


def _english(text: str, form: str) -> str:
    head, _, noun = form.partition("_")
    if head not in ("word", "count") or (head == "count" and not noun):
        raise unknown_form(form, ("word", "word_<noun>", "count_<noun>"), "an English number")
    if not _STARTS_AS_NUMBER.match(text):
        raise ProjectError(f"'{text}' is no number, so it has no form '{form}'")
    size = int(text) if re.fullmatch(r"\d{1,2}", text) else 0
    written = _ENGLISH_TO_TEN[size - 1] if head == "word" and 1 <= size <= 10 else text
    if not noun:
        return written
    one = Locale.parse(LOCALES["en"]).plural_form(size) == "one"
    return f"{written}{NO_BREAK_SPACE}{_noun(noun).english.split('|')[0 if one else 1]}"


def _noun(name: str) -> Noun:
    nouns = load_nouns()
    if name not in nouns:
        raise ProjectError(
            f"'{name}' is no noun of {shown(NOUNS)}{perhaps(name, list(nouns))}; add its row or "
            "correct the form"
        )
    return nouns[name]
