"""Forms of values in the prose: endings come from the helper, never typed onto a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from karaganda_vibe.places.study import study_words
from karaganda_vibe.project.paths import METADATA, PROJECT
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.publishing.value_forms import asked_forms, prose_files, written_forms
from karaganda_vibe.publishing.values import read_values
from karaganda_vibe.words.forms import in_form
from karaganda_vibe.words.languages import LANGUAGES

LETTER = "[A-Za-zА-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі]"
QUOTED = r"(?:\{\{<\s*var\s+[^>]*>\}\}|(?<!\{)\{[a-z]\w*(?::[^{}]*)?\}(?!\}))"
# An ending with a hyphen, or a letter that touches the value on either side.
GLUED = re.compile(rf"{QUOTED}(?:[-\u2011]{LETTER}|{LETTER})|{LETTER}{QUOTED}")


def glued(text: str) -> list[str]:
    """What is typed onto a value that `text` quotes."""
    return [found[0] for found in GLUED.finditer(text)]


@pytest.mark.parametrize("path", prose_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_ending_is_typed_onto_a_value_in_a_chapter(path: Path) -> None:
    assert glued(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", sorted((METADATA / "texts").glob("*.yml")), ids=lambda p: p.stem)
def test_no_ending_is_typed_onto_a_value_in_a_text(path: Path) -> None:
    def walk(entry: object) -> list[str]:
        if isinstance(entry, dict):
            return [text for key, inner in entry.items() for text in walk(inner) if key != "en"]
        return [entry] if isinstance(entry, str) else []

    texts = walk(read_yaml(path))
    assert texts
    assert [piece for text in texts for piece in glued(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "{{< var kk.net >}}-ге",
        "{{< var kk.net >}}\u2011ге",
        "{{< var ru.share >}}й",
        "{n}-ға",
        "{n:gen}м",
        "на{n}",
        "{n:регион|региона|регионов}ы",
    ],
)
def test_an_ending_that_is_typed_onto_a_value_is_found(text: str) -> None:
    assert len(glued(f"ок {text}, да")) == 1


def test_what_stands_beside_a_value_is_no_ending() -> None:
    text = "«{{< var ru.a >}}»—{{< var ru.b >}} {c}–{d:gen}, ({e}) [т](#sec-a) {#sec-b}"
    assert glued(text) == []


def test_every_form_that_the_prose_asks_for_can_be_made() -> None:
    asked = asked_forms(prose_files())
    texts = {**study_words(), **{name: value.text for name, value in read_values().items()}}
    forms = written_forms(asked, texts)
    assert {one.language for one in asked} == set(forms)
    for by_name in forms.values():
        for by_form in by_name.values():
            assert all(text and "{" not in text for text in by_form.values())
    assert PROJECT / "index.qmd" in prose_files()


@pytest.mark.parametrize("path", sorted((METADATA / "texts").glob("*.yml")), ids=lambda p: p.stem)
def test_every_form_that_a_text_asks_for_can_be_made(path: Path) -> None:
    """Of the values that the report quotes; those of one notebook alone are made where it runs."""
    values = read_values()
    asked = re.compile(r"\{(\w+):([a-z_]+(?::[^{}]*)?)\}")

    def walk(entry: object, language: str = "") -> Iterator[tuple[str, str]]:
        if isinstance(entry, dict):
            for key, inner in entry.items():
                yield from walk(inner, str(key))
        elif isinstance(entry, str) and language in LANGUAGES:
            yield language, entry

    for language, text in walk(read_yaml(path)):
        for name, form in asked.findall(text):
            if language != "en" and name in values:
                assert in_form(values[name].text[language], form, language), (name, form)
