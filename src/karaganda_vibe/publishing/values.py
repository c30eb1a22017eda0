"""Named values: what a notebook computes and the report quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType

from karaganda_vibe.places.study import study_words
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.markdown import as_text
from karaganda_vibe.project.paths import PROJECT, REPORT, shown
from karaganda_vibe.project.rounding import round_number
from karaganda_vibe.project.writing import write_text
from karaganda_vibe.publishing.value_forms import (
    BRANCH,
    AskedForm,
    asked_forms,
    prose_files,
    written_forms,
)
from karaganda_vibe.words.languages import LANGUAGES, Words, format_number

VALUES_FOLDER = REPORT / "generated" / "values"
VARIABLES = PROJECT / "_variables.yml"
NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Value:
    """One computed value: the number in its base unit, or a word, and its text by language.

    `cell` is the id of the notebook's cell that names it; two values are the same without it.
    """

    name: str
    number: float | None
    kind: str
    text: dict[str, str]
    meaning: str
    notebook: str
    cell: str = field(default="", compare=False)


def number_value(
    name: str, number: float, kind: str, meaning: str, notebook: str, cell: str = ""
) -> Value:
    """A number as a named value, written in every language."""
    text = {language: format_number(number, kind, language) for language in LANGUAGES}
    plain = _plain(number)
    return Value(_checked(name, notebook), plain, kind, text, meaning, notebook, cell)


def word_value(
    name: str, text: Mapping[str, str], meaning: str, notebook: str, cell: str = ""
) -> Value:
    """A word or phrase that follows from data (a verdict, a place name) as a named value."""
    missing = [language for language in LANGUAGES if not text.get(language)]
    if missing:
        raise ProjectError(f"{notebook}: the value '{name}' has no text in '{missing[0]}'")
    kept = {language: text[language] for language in LANGUAGES}
    return Value(_checked(name, notebook), None, "word", kept, meaning, notebook, cell)


def save_values(values: Iterable[Value], notebook: str) -> Path:
    """Write the values of one notebook to `report/generated/values/<notebook>.json`."""
    path = VALUES_FOLDER / f"{notebook}.json"
    content = {value.name: asdict(value) for value in sorted(values, key=lambda v: v.name)}
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    return path


def read_values(
    folder: Path = VALUES_FOLDER, *, of: Sequence[str] | None = None
) -> dict[str, Value]:
    """All saved values by name, or those of the notebooks `of` only.

    Raises ProjectError where two notebooks use one name.
    """
    values: dict[str, Value] = {}
    for path in sorted(folder.glob("*.json")):
        if of is not None and path.stem not in of:
            continue
        for name, fields in json.loads(path.read_text(encoding="utf-8")).items():
            if name in values:
                raise ProjectError(
                    f"{shown(path)}: the value '{name}' is also computed by the notebook "
                    f"{values[name].notebook}; rename one of them"
                )
            values[name] = Value(**fields)
    return values


def variables_yaml(
    values: Mapping[str, Value],
    asked: Iterable[AskedForm] = (),
    words: Mapping[str, Words] = MappingProxyType({}),
) -> str:
    """The text of `_variables.yml`: language → name → Markdown, for `{{< var en.name >}}`.

    `words`, the names of the study, stand beside the values; no notebook computes them. The forms
    that the prose asks for stand under `form` (see `value_forms`). Quarto reads what stands there
    as Markdown, so whatever would be markup is escaped.
    """
    texts = {**words, **{name: value.text for name, value in values.items()}}
    forms = written_forms(asked, texts)
    lines = ["# Written by `make report` from report/generated/values; do not edit."]
    for language in LANGUAGES:
        lines.append(f"{language}:")
        if language in forms:
            lines.append(f"  {BRANCH}:")
        for name, by_form in sorted(forms.get(language, {}).items()):
            lines.append(f"    {name}:")
            lines += [f"      {form}: {_quoted(text)}" for form, text in sorted(by_form.items())]
        lines += [f"  {name}: {_quoted(texts[name][language])}" for name in sorted(texts)]
    return "\n".join(lines) + "\n"


def write_variables() -> None:
    """Write `_variables.yml` from the values of all notebooks and the forms the prose asks for."""
    words = study_words()
    write_text(VARIABLES, variables_yaml(read_values(), asked_forms(prose_files()), words))


def _quoted(text: str) -> str:
    """`text` as Markdown that prints it, quoted as YAML."""
    return json.dumps(as_text(text), ensure_ascii=False)


def _checked(name: str, notebook: str) -> str:
    if not NAME.fullmatch(name):
        raise ProjectError(
            f"{notebook}: '{name}' cannot name a value; use small Latin letters, digits and _"
        )
    if name == BRANCH:
        raise ProjectError(
            f"{notebook}: '{name}' cannot name a value, as it holds the forms of values in "
            "_variables.yml; choose another name"
        )
    return name


def _plain(number: float) -> float:
    """The number without numpy's type, whole numbers as int, so that JSON stays readable."""
    number = round_number(number)
    return int(number) if number.is_integer() else number
