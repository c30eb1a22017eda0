"""Short words that a line may not end or begin with: spaces that do not break, in every format.

«г.» must not stand at the end of a line without its city, nor «қ.» at the start of one, nor the
word for year (г., ж.) or a unit (м², чел.) without its number; and an interval (−6.0 … −0.4, +157
to +492) stays on one line.
"""

from __future__ import annotations

import re
from typing import Any

from karaganda_vibe.quarto_subset.tree import NO_BREAK_SPACE, Node, text_of

_SPACES = ("Space", "SoftBreak")
_BEFORE_A_NAME = re.compile(r"(^|\W)г\.$")
_UPPER = re.compile(r"^[«„“\"]?[А-ЯЁ]")
_AFTER_A_NAME = re.compile(r"^қ\.")
_AFTER_A_NUMBER = re.compile(r"^((гг?|жж?|чел|тыс)\.|млн\b|[мm]²)")
_LOWER_BOUND = re.compile(r"\d(\s?%)?$")
_SIGNED = re.compile(r"(\(|[+−])\d[\d,.]*%?$")
_UPPER_BOUND = re.compile(r"^[+−]?\d")

_BETWEEN_BOUNDS = (f"{NO_BREAK_SPACE}…", f"{NO_BREAK_SPACE}to")


def _holds(before: str, after: str) -> bool:
    """Whether the space between two words may not break."""
    return bool(
        (_BEFORE_A_NAME.search(before) and _UPPER.match(after))
        or (_AFTER_A_NAME.match(after) and before[-1:].isalpha())
        or (_AFTER_A_NUMBER.match(after) and before[-1:].isdigit())
        or (after == "…" and _LOWER_BOUND.search(before))
        or (after == "to" and _SIGNED.search(before))
        or (before.endswith(_BETWEEN_BOUNDS) and _UPPER_BOUND.match(after))
    )


def kept_together(value: Any) -> Any:
    """Blocks, inlines or front matter with the spaces that may not break made such."""
    if isinstance(value, dict):
        return {key: kept_together(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    out: list[Any] = []
    for item in map(kept_together, value):
        if len(out) > 1 and _space(out[-1]) and _holds(_text(out[-2]), _text(item)):
            out.pop()
            _append_text(out, NO_BREAK_SPACE)
            if _is(item, "Str"):
                _append_text(out, item["c"])
                continue
        out.append(item)
    return out


def _append_text(inlines: list[Any], text: str) -> None:
    """Add text to the last inline where that is text, else an inline of its own."""
    if _is(inlines[-1], "Str"):
        inlines[-1] = {"t": "Str", "c": inlines[-1]["c"] + text}
    else:
        inlines.append({"t": "Str", "c": text})


def _text(node: Any) -> str:
    """The words of a text, or of a link around a number."""
    if _is(node, "Str"):
        return str(node["c"])
    return text_of(node["c"][1]) if _is(node, "Link") else ""


def _is(node: Any, kind: str) -> bool:
    return isinstance(node, dict) and node.get("t") == kind


def _space(node: Node) -> bool:
    return isinstance(node, dict) and node.get("t") in _SPACES
