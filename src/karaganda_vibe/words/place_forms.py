"""Names of regions and places in their cases, alone or in a list: «в Абайском районе».

What is printed stands in tables that people read: name_forms_ru.csv (all cases and the preposition
of each name) and name_stems_kk.csv (the vowels of each name, and the vowel that it takes before an
ending). Names of one kind in a row share their noun: «в Алматинской и Мангистауской областях»,
«Астана, Алматы және Шымкент қалаларында».
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import perhaps, read_table
from karaganda_vibe.words import kazakh, russian
from karaganda_vibe.words.kazakh import Stem, stem_of
from karaganda_vibe.words.languages import NO_BREAK_SPACE, join_words

RUSSIAN_FORMS = METADATA / "places" / "name_forms_ru.csv"
KAZAKH_STEMS = METADATA / "places" / "name_stems_kk.csv"
CASE_COLUMNS = ("name", "genitive", "dative", "accusative", "instrumental", "prepositional")

IN_RUSSIAN = (*russian.CASES, "in", "to")
"""The cases, and «в …» with the case of rest and of motion: «в Лисаковске», «в Лисаковск»."""

RUSSIAN_NAME_FORMS = (*IN_RUSSIAN, *(f"city_{form}" for form in IN_RUSSIAN))
KAZAKH_NAME_FORMS = (
    *("nom", *kazakh.NAME_CASES),
    *(f"short_{case}" for case in ("nom", *kazakh.NAME_CASES)),
)

_CITY = {
    "nom": "город", "gen": "города", "dat": "городу", "acc": "город", "ins": "городом",
    "prep": "городе",
}  # fmt: skip
_SEVERAL = {
    "область": ("области", "областей", "областям", "области", "областями", "областях"),
    "район": ("районы", "районов", "районам", "районы", "районами", "районах"),
}
_KAZAKH_NOUNS = {
    "облысы": "облыстары", "қаласы": "қалалары", "ауданы": "аудандары",
    "моноқаласы": "моноқалалары",
}  # fmt: skip
_Item = TypeVar("_Item")
_AND_WORD = {"ru": " и ", "kk": " және "}
_AND = {code: re.compile(f", |{word}") for code, word in _AND_WORD.items()}
_REMARK = re.compile(r"(?P<name>.*?)(?P<remark> \([^()]*\))?")


@dataclass(frozen=True)
class RussianName:
    """A name in all cases, in the order of CASES, and its preposition (в, во or на)."""

    cases: tuple[str, ...]
    preposition: str


@cache
def load_russian_names(path: Path = RUSSIAN_FORMS) -> Mapping[str, RussianName]:
    """Names of regions and places, cities without «г.», with their cases.

    Raises ProjectError for an empty cell, a name that stands twice and another preposition.
    """
    columns = (*CASE_COLUMNS, "preposition")
    table = read_table(
        path,
        columns,
        typed={"preposition": ("в", "во", "на")},
        filled=columns,
        keys=["name"],
    )
    return {
        row["name"]: RussianName(tuple(row[case] for case in CASE_COLUMNS), row["preposition"])
        for row in table.to_dict("records")
    }


@cache
def load_kazakh_stems(path: Path = KAZAKH_STEMS) -> Mapping[str, Stem]:
    """Names of regions and cities without their noun, each with what its endings follow.

    Raises ProjectError for an empty cell, a name that stands twice and another class or vowel.
    """
    table = read_table(
        path,
        ("name", "vowels", "link"),
        typed={"vowels": ("back", "front"), "link": ("ы", "і")},
        filled=("name", "vowels"),
        keys=["name"],
    )
    return {
        row["name"]: Stem(row["vowels"] == "back", stem_of(row["name"]).sound, row["link"])
        for row in table.to_dict("records")
    }


def russian_names(text: str, form: str) -> str:
    """The name or the list of names `text` in `form`, one of RUSSIAN_NAME_FORMS.

    A city loses its mark («Лисаковска»); city_<form> says it («города Лисаковска»). Raises
    ProjectError for a name without a row and for another form.
    """
    if form not in RUSSIAN_NAME_FORMS:
        raise unknown_form(form, RUSSIAN_NAME_FORMS, "a Russian name")
    with_city = form.startswith("city_")
    wanted = form.removeprefix("city_")
    case = {"in": "prep", "to": "acc"}.get(wanted, wanted)
    items = [_russian_item(part) for part in _AND["ru"].split(_plain_spaces(text))]

    def written(group: Sequence[_RussianItem]) -> str:
        words = _russian_group(group, case, with_city)
        return f"{group[0].name.preposition}{NO_BREAK_SPACE}{words}" if case != wanted else words

    return _joined(items, lambda item: item.kind, written, "ru", case != wanted)


def kazakh_names(text: str, form: str) -> str:
    """The name or the list of names `text` in `form`, one of KAZAKH_NAME_FORMS.

    The ending is on the noun («Теміртау қаласында»); short_<case> does without it («Теміртауда»).
    Raises ProjectError for a name without a row and for another form.
    """
    if form not in KAZAKH_NAME_FORMS:
        raise unknown_form(form, KAZAKH_NAME_FORMS, "a Kazakh name")
    short, case = form.startswith("short_"), form.removeprefix("short_")
    items = [_kazakh_item(part) for part in _AND["kk"].split(_plain_spaces(text))]
    return _joined(
        items,
        lambda item: "" if short else item.noun,
        lambda group: _kazakh_group(group, case, short),
        "kk",
    )


@dataclass(frozen=True)
class _RussianItem:
    name: RussianName
    kind: str
    is_city: bool
    remark: str


@dataclass(frozen=True)
class _KazakhItem:
    name: str
    noun: str
    remark: str


def _russian_item(text: str) -> _RussianItem:
    names = load_russian_names()
    name, remark = _without_remark(text)
    plain = re.sub(r"^(г\.|город) ", "", name)
    found = names.get(plain)
    if found is None and f"{plain} область" in names:  # a short name, as figures have it
        whole = names[f"{plain} область"]
        found = RussianName(tuple(case.split()[0] for case in whole.cases), whole.preposition)
        return _RussianItem(found, "", False, remark)
    if found is None:
        raise _no_row(name, RUSSIAN_FORMS, names)
    noun = plain.rpartition(" ")[2]
    is_city = " " not in plain and plain != "Казахстан"
    kind = "city" if is_city else noun
    return _RussianItem(found, "" if remark else kind, is_city, remark)


def _russian_group(group: Sequence[_RussianItem], case: str, with_city: bool) -> str:
    column = russian.CASES.index(case)
    forms = [item.name.cases[column] for item in group]
    kind = group[0].kind
    if len(group) > 1 and kind in _SEVERAL:
        adjectives = [form.rpartition(" ")[0] for form in forms]
        return f"{join_words(adjectives, 'ru')} {_SEVERAL[kind][column]}"
    if with_city:
        forms = [
            f"{_CITY[case]} {form}" if item.is_city else form
            for item, form in zip(group, forms, strict=True)
        ]
    return join_words([f + item.remark for f, item in zip(forms, group, strict=True)], "ru")


def _kazakh_item(text: str) -> _KazakhItem:
    name, remark = _without_remark(text)
    plain, _, noun = name.rpartition(" ")
    noun = "қаласы" if noun == "қ." else noun
    if noun in (*_KAZAKH_NOUNS, "аудан", "Республикасы"):
        return _KazakhItem(plain, noun, remark)
    if name in load_kazakh_stems():
        return _KazakhItem(name, "", remark)
    raise _no_row(name, KAZAKH_STEMS, load_kazakh_stems())


def _kazakh_group(group: Sequence[_KazakhItem], case: str, short: bool) -> str:
    noun = "" if short else group[0].noun
    if not noun:
        stems = load_kazakh_stems()
        words = []
        for item in group:
            if item.name not in stems:
                raise _no_row(item.name, KAZAKH_STEMS, stems)
            ending = "" if case == "nom" else stems[item.name].ending(case)
            words.append(item.name + ending + item.remark)
        return join_words(words, "kk")
    several = len(group) > 1
    if several and noun not in _KAZAKH_NOUNS:
        return join_words([_kazakh_group([item], case, short) for item in group], "kk")
    word = _KAZAKH_NOUNS[noun] if several else noun
    # «аудан» stands alone where the name is a genitive (… атындағы аудан); the others are owned.
    stem = stem_of(word) if word == "аудан" else stem_of(word).possessed()
    names = join_words([item.name + (item.remark if several else "") for item in group], "kk")
    ending = "" if case == "nom" else stem.ending(case)
    return f"{names} {word}{ending}{'' if several else group[0].remark}"


def _joined(
    items: Sequence[_Item],
    kind: Callable[[_Item], str],
    written: Callable[[Sequence[_Item]], str],
    language: str,
    clear: bool = False,
) -> str:
    """Items of one kind in a row as one group, the groups as a list; `clear`: each is marked."""
    groups = [list(group) for _, group in groupby(items, key=kind)]
    words = [written(group) for group in groups]
    if all(len(group) == 1 for group in groups) or len(groups) == 1:
        return join_words(words, language)
    # A group holds an "and" of its own, so another one may only part what cannot be confused.
    last = _AND_WORD[language] if clear or len(groups[-1]) == 1 else ", "
    return ", ".join(words[:-1]) + last + words[-1]


def _without_remark(text: str) -> tuple[str, str]:
    found = _REMARK.fullmatch(text.strip())
    assert found is not None  # the pattern takes any text
    return found["name"], found["remark"] or ""


def _plain_spaces(text: str) -> str:
    return text.replace(NO_BREAK_SPACE, " ")


def unknown_form(form: str, known: Sequence[str], what: str) -> ProjectError:
    """The error for a form that `what` (a Russian name, a Kazakh number) does not have."""
    return ProjectError(
        f"'{form}' is no form of {what}{perhaps(form, known)}; expected one of {', '.join(known)}"
    )


def _no_row(name: str, path: Path, names: Mapping[str, object]) -> ProjectError:
    return ProjectError(
        f"'{name}' has no row in {shown(path)}{perhaps(name, list(names))}, so it has no other "
        "form; add the row, or word the sentence for the name as it stands"
    )
