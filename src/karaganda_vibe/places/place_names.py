"""A place's name as sentences and alphabets want it: the mark of a city written out, or left out.

The tables name a city "Saran (city)", "г. Сарань", "Саран қ.": good for a list, not for a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping

# The mark of a city, and what is said in its place.
CITY = {"en": (" (city)", " city"), "ru": ("г. ", "город "), "kk": (" қ.", " қаласы")}


def spoken(name: str, language: str) -> str:
    """A name inside a sentence: "Saran city", «город Сарань», «Саран қаласы»."""
    mark, word = CITY[language]
    return _replaced(name, mark, word)


def spoken_names(names: Mapping[str, str]) -> dict[str, str]:
    """The names of one place by language, each as a sentence of its language wants it."""
    return {language: spoken(names[language], language) for language in CITY}


def plain(name: str, language: str) -> str:
    """A name to sort by: that of a city without its mark."""
    return _replaced(name, CITY[language][0], "")


def _replaced(name: str, mark: str, word: str) -> str:
    """`name` with `mark`, which stands before a name or after it, replaced by `word`."""
    if mark.endswith(" ") and name.startswith(mark):
        return word + name.removeprefix(mark)
    if not mark.endswith(" ") and name.endswith(mark):
        return name.removesuffix(mark) + word
    return name
