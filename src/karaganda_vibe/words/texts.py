"""Texts of exhibits and phrases in every language, filled with computed values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.words.counted import Counted
from karaganda_vibe.words.languages import LOCALES

FOLDER = METADATA / "texts"
WITHOUT = "_without_"


class Texts:
    """One section of a file of texts: entry → part → language → text with `{value}` to fill.

    Each notebook has its file, `metadata/texts/<notebook>.yml`, with the sections "phrases" and
    "exhibits". A part `note_without_former_parts` stands for the part `note` where the study
    `lacks` former_parts (metadata/texts/study_needs.csv).
    """

    def __init__(
        self, path: Path, section: str, lacks: Callable[[str], bool] = lambda need: False
    ) -> None:
        self._path = path
        self._lacks = lacks
        content: Mapping[str, Any] = read_yaml(path) or {}
        if section not in content:
            raise ProjectError(f"{shown(path)} has no section '{section}'; add it, empty or not")
        self._entries: Mapping[str, Any] = content[section] or {}

    def has(self, entry: str, part: str) -> bool:
        """Whether the table has this part of this entry."""
        return entry in self._entries and part in self._entries[entry]

    def parts(self, entry: str) -> list[str]:
        """The names of all parts of `entry`."""
        return list(self._entries.get(entry, {}))

    def text(self, entry: str, part: str, language: str, values: Mapping[str, str]) -> str:
        """The text of `part` in `language`, its places filled from `values`.

        Raises ProjectError naming file, entry and part where the text or a value is missing.
        """
        where = f"{shown(self._path)}: {entry}.{part}"
        if not self.has(entry, part):
            raise ProjectError(f"{where} is missing; write it there in every language")
        for other in self._entries[entry]:
            name, _, need = str(other).rpartition(WITHOUT)
            if name == part and self._lacks(need):
                part, where = str(other), f"{shown(self._path)}: {entry}.{other}"
                break
        stray = [str(key) for key in self._entries[entry][part] if key not in LOCALES]
        if stray:
            raise ProjectError(
                f"{where} has '{stray[0]}' where a language is expected; quote texts with commas"
            )
        template = self._entries[entry][part].get(language)
        if not template:
            raise ProjectError(f"{where} has no text in '{language}'; write it there")
        wanted = [name for _, name, _, _ in Formatter().parse(template) if name]
        unknown = [name for name in wanted if name not in values]
        if unknown:
            raise ProjectError(
                f"{where} names the value '{unknown[0]}', which the notebook has not computed; "
                "compute it before this exhibit or correct the name"
            )
        filled = {name: Counted(values[name], language) for name in wanted}
        try:
            return _one_line(template.format_map(filled))
        except ProjectError as error:
            raise ProjectError(f"{where} ({language}): {error}") from None


def _one_line(text: str) -> str:
    """Runs of blanks and line ends as one space; spaces that do not break stay."""
    return re.sub(r"[ \t\n]+", " ", text).strip()
