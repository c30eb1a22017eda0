"""Marks that pandoc prints as text, because something before them is missing."""

from __future__ import annotations

import re
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset.text import Manuscript
from karaganda_vibe.quarto_subset.tree import Node, text_of, walk

_BLOCKS = {"#": "heading", ":": "div", "|": "table", "-": "list", "*": "list", "+": "list"}
_MARK = re.compile(r"#{1,6}|:{3,}(?:\{.*)?|[|*+-]")
_NOTE = re.compile(r"\[\^[^\]]+\]")


def check_swallowed(text: Manuscript, tree: dict[str, Any]) -> None:
    """Refuse headings, divs, tables and lists without a blank line before them, and empty notes.

    `tree` holds codes for values, so that none of these can come from data. Raises ProjectError
    with file:line.
    """
    for node in walk(tree["blocks"]):
        if node["t"] == "Str" and (note := _NOTE.search(node["c"])):
            raise ProjectError(
                f"{text.place(re.escape(note[0]))}: the note `{note[0]}` has no text; add a "
                "paragraph that begins with its mark and a colon"
            )
        if node["t"] in ("Para", "Plain"):
            _check_lines(text, node["c"])


def _check_lines(text: Manuscript, inlines: list[Node]) -> None:
    for at, inline in enumerate(inlines):
        first = at == 0
        if inline["t"] == "SoftBreak" and at + 1 < len(inlines):
            word, rest = inlines[at + 1], inlines[at + 2 :]
        elif first:
            word, rest = inline, inlines[1:]
        else:
            continue
        mark = word["c"] if word["t"] == "Str" else ""
        glued = re.match(r"(#{2,6})\w", mark) if first else None
        alone = _MARK.fullmatch(mark) and (not first or mark.startswith(":::"))
        spaced = not rest or rest[0]["t"] in ("Space", "SoftBreak")
        if not (glued or (alone and spaced)):
            continue
        after = text_of(rest[1:]).split(" ")[0] if rest[1:] else ""
        place = _place(text, rf"[\s>*+-]*{re.escape(mark)}\s*{re.escape(after)}", first)
        if not place:
            continue  # escaped in the sources, so meant as text
        why = "a space after its mark" if glued else "a blank line before it"
        raise ProjectError(
            f"{place}: the {_BLOCKS[mark[0]]} `{f'{mark} {after}'.strip()}` is read as text; it "
            f"needs {why}" + (", and its attributes in { }" if mark.startswith(":::") else "")
        )


def _place(text: Manuscript, pattern: str, first: bool) -> str:
    """`file:line` of the mark: a line that begins so, below text unless it is the `first`."""
    above = ""
    for line in text.lines:
        below_text = above and not above.startswith(("#", ":::", "|", "```"))
        if re.match(pattern, line.text) and (first or below_text):
            return line.place
        above = line.text.strip()
    return ""
