"""Words and numbers of the passports in one language."""

from __future__ import annotations

from dataclasses import dataclass, field

from karaganda_vibe.places.study import study_lacks, study_words
from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.words.languages import format_number
from karaganda_vibe.words.texts import Texts

TEXTS = METADATA / "texts" / "10_passports.yml"


@dataclass(frozen=True)
class Number:
    """A number as it is written, and the value that it stands for."""

    text: str
    value: float


@dataclass(frozen=True)
class Writer:
    """Words and numbers of one edition."""

    language: str
    phrases: Texts = field(default_factory=lambda: Texts(TEXTS, "phrases", study_lacks))
    pages: Texts = field(default_factory=lambda: Texts(TEXTS, "pages", study_lacks))

    def say(self, part: str, **values: object) -> str:
        """A word of the pages."""
        names = {name: words[self.language] for name, words in study_words().items()}
        filled = names | {name: str(value) for name, value in values.items()}
        return self.pages.text("word", part, self.language, filled)

    def phrase(self, entry: str, part: str, **values: object) -> str:
        """A sentence: the part of an entry that fits the data."""
        filled = {name: str(value) for name, value in values.items()}
        return self.phrases.text(entry, part, self.language, filled)

    def number(self, value: object, kind: str) -> str:
        """A number as the edition writes it."""
        return format_number(float(str(value)), kind, self.language)

    def cell(self, value: object, kind: str) -> Number:
        """A number with its text."""
        return Number(self.number(value, kind), float(str(value)))
