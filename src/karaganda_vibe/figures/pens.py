"""What a drawing function writes with: the language of the edition, and how wide the drawing is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from karaganda_vibe.figures.layout import wrapped
from karaganda_vibe.words.languages import format_number

# Units of the numbers in tips, by a part of the name of their kind.
UNITS = {
    "per_1000": {"en": "per 1,000", "ru": "на 1000 человек", "kk": "1000 адамға шаққанда"},
    "thousand_persons": {"en": "thousand people", "ru": "тыс. человек", "kk": "мың адам"},
    "persons": {"en": "people", "ru": "человек", "kk": "адам"},
}


@dataclass(frozen=True)
class Pen:
    """What a drawing function needs to write in the language of the edition."""

    language: str
    say: Callable[[str], str]
    narrow: bool = False
    """Whether this is the drawing for phones: 3.7 inches wide, as tall as it needs to be."""

    def number(self, value: float, kind: str) -> str:
        """`value` written in the edition's language."""
        return format_number(value, kind, self.language)

    def tip(self, name: str, value: float, kind: str) -> str:
        """What a reader sees who points at a mark: a name or year, and the number with its unit."""
        unit = next((words for part, words in UNITS.items() if part in kind), None)
        number = self.number(value, kind)
        return f"{name}: {number} {unit[self.language]}" if unit else f"{name}: {number}"

    def wrap(self, text: str, width: float, size: float = 9.5, weight: int = 400) -> str:
        """`text` in lines of at most `width` points."""
        return wrapped(text, width, size, weight)


Draw = Callable[[Figure, Pen], None]
"""Draws on an empty figure with a pen."""
