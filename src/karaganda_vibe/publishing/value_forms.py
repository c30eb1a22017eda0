"""Which forms of values the prose asks for: `{{< var ru.form.name.case >}}`.

A key of `_variables.yml` is a text or a map, never both, so forms cannot stand below `ru.name`:
they have a branch of their own, `ru.form`, in which a value is a map of its forms. Only what a
chapter quotes is written there, and a form that a value does not have is refused with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import GENERATED, PROJECT, REPORT, shown
from karaganda_vibe.project.reading import read_text
from karaganda_vibe.words.forms import in_form
from karaganda_vibe.words.languages import LANGUAGES

BRANCH = "form"
"""The name under a language that holds the forms, so that no value may have it."""

_QUOTED = re.compile(rf"\{{\{{<\s*var\s+(\w+)\.{BRANCH}\b(\S*)\s*>\}}\}}")
_PATH = re.compile(r"\.([a-z][a-z0-9_]*)\.([a-z_]+)")


@dataclass(frozen=True)
class AskedForm:
    """A form of a value that a chapter quotes, and where: file:line."""

    language: str
    name: str
    form: str
    place: str


def prose_files(project: Path = PROJECT, report: Path = REPORT) -> list[Path]:
    """The articles and chapters that people write, which may quote values."""
    generated = report / GENERATED.name
    chapters = [path for path in report.rglob("*.qmd") if generated not in path.parents]
    return sorted([*project.glob("*.qmd"), *chapters])


def asked_forms(files: Iterable[Path]) -> list[AskedForm]:
    """Every form that `files` quote, in their order.

    Raises ProjectError for a quotation of `form` that does not name a value and a form.
    """
    asked = []
    for path in files:
        for number, line in enumerate(read_text(path, shown(path)).split("\n"), start=1):
            for found in _QUOTED.finditer(line):
                place = f"{shown(path)}:{number}"
                parts = _PATH.fullmatch(found[2])
                if not parts or found[1] not in LANGUAGES:
                    raise ProjectError(
                        f"{place}: `{found[1]}.{BRANCH}{found[2]}` quotes no form; expected "
                        f"`<language>.{BRANCH}.<value>.<form>`"
                    )
                asked.append(AskedForm(found[1], parts[1], parts[2], place))
    return asked


def written_forms(
    asked: Iterable[AskedForm], texts: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, dict[str, str]]]:
    """Language → value → form → text of every form asked for; `texts`: value → language → text.

    Raises ProjectError with the line for a value that is not there and a form it does not have.
    """
    forms: dict[str, dict[str, dict[str, str]]] = {}
    for one in asked:
        if one.name not in texts:
            raise ProjectError(
                f"{one.place}: asks for a form of the value '{one.name}', which no notebook "
                "computes; correct the name, or name the value in a notebook"
            )
        try:
            text = in_form(texts[one.name][one.language], one.form, one.language)
        except ProjectError as error:
            raise ProjectError(f"{one.place}: the value '{one.name}': {error}") from None
        forms.setdefault(one.language, {}).setdefault(one.name, {})[one.form] = text
    return forms
