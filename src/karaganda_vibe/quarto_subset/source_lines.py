"""Where the elements of the parsed manuscript stand in its sources."""

from __future__ import annotations

import re
from collections import Counter

from karaganda_vibe.quarto_subset.text import Manuscript

_FINDERS = {
    "label": r"#{}(?![\w-])",
    "reference": r"@{}(?![\w-])",
    "target": r"\]\({}",
    "div": r":::.*{}(?![\w-])",
    "div attribute": r":::.*{}\s*=",
    "attribute": r"{}=",
    "heading": r"^#+\s+{}",
    "heading class": r"^#.*{}(?![\w-])",
    "span class": r"\]\{{[^}}]*{}(?![\w-])",
    "raw": r"{}",
}


def at(text: Manuscript, kind: str, name: str, skip: int = 0) -> str:
    """`file:line` of a label, reference, … with this name in the assembled text."""
    return text.place(_FINDERS[kind].format(re.escape(name)), skip)


class Places:
    """Where the elements walked over stand: the nth of a name is at its nth match."""

    def __init__(self, text: Manuscript) -> None:
        self._text = text
        self._seen: Counter[tuple[str, str]] = Counter()

    def next(self, kind: str, name: str) -> str:
        """`file:line` of the next element of this name."""
        skip = self._seen[kind, name]
        self._seen[kind, name] += 1
        return at(self._text, kind, name, skip)
