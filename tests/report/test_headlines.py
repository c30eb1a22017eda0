"""What a headline says with numbers is in its figure's data, in every language the same."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from test_report import is_rounded

from karaganda_vibe.figures.saving import GENERATED
from karaganda_vibe.project.paths import FIGURES
from karaganda_vibe.words.languages import LANGUAGES, MINUS

NUMBER = re.compile(rf"[{MINUS}+]?\d(?:[\d\u00a0\u202f]*\d)?(?:[.,]\d+)*")
IN_DIGITS = 11
"""Smaller numbers are written in words in some languages."""
PER = "1000"
"""As in "per 1,000 people", which need not be said twice."""
MOST_WORDS = 15


def exhibits() -> list[str]:
    return sorted(path.stem[1:] for path in (GENERATED / LANGUAGES[0]).glob("_*.qmd"))


def headline(name: str, language: str) -> str:
    block = (GENERATED / language / f"_{name}.qmd").read_text("utf-8")
    (found,) = re.findall(r"^(?:: )?\*\*(.*?)\*\*", block, flags=re.MULTILINE)
    return str(found)


def numbers(text: str, language: str) -> list[str]:
    """The numbers of a headline as Python writes them, signs kept."""
    found = []
    for written in NUMBER.findall(text):
        plain = re.sub("[\u00a0\u202f]", "", written).replace(MINUS, "-")
        if language == "en":
            plain = re.sub(r",(?=\d{3})", "", plain)
        found.append(plain.replace(",", "."))
    return found


@pytest.mark.parametrize("name", exhibits())
def test_a_headline_says_the_same_numbers_in_every_language(name: str) -> None:
    said = {
        code: sorted(
            n
            for n in numbers(headline(name, code), code)
            if abs(float(n)) >= IN_DIGITS and n != PER
        )
        for code in LANGUAGES
    }
    assert said["ru"] == said["en"]
    assert said["kk"] == said["en"]


@pytest.mark.parametrize("name", exhibits())
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_balance_or_a_rate_in_a_headline_is_in_its_data(name: str, language: str) -> None:
    frame = pd.read_csv(FIGURES / f"{name}.csv")
    values = pd.Series(frame.to_numpy().ravel())
    # A share is of sums of the data.
    text = re.sub(rf"{NUMBER.pattern}[\u00a0 ]?%", "", headline(name, language))
    said = [n for n in numbers(text, language) if n[0] in "+-" or "." in n]
    assert [n for n in said if not is_rounded(n, values)] == []


@pytest.mark.parametrize("name", exhibits())
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_headline_is_short(name: str, language: str) -> None:
    assert len(headline(name, language).split()) <= MOST_WORDS + 3  # numbers count as words


def test_numbers_are_read_as_each_language_writes_them() -> None:
    assert numbers(f"{MINUS}9,371 of 1991, 4.2", "en") == ["-9371", "1991", "4.2"]
    assert numbers(f"+3\u00a0190 и {MINUS}4,2 %", "ru") == ["+3190", "-4.2"]
