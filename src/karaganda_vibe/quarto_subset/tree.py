"""Small tools for pandoc's document tree as JSON: walk, rewrite, text, builders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Node = dict[str, Any]
NO_BREAK_SPACE = "\u00a0"


def walk(value: Any) -> Iterator[Node]:
    """Every node inside `value`, parents before children, in document order."""
    if isinstance(value, list):
        for item in value:
            yield from walk(item)
    elif isinstance(value, dict):
        if "t" in value:
            yield value
            yield from walk(value.get("c"))
        else:
            for item in value.values():
                yield from walk(item)


def rewrite(value: Any, change: Callable[[Node], list[Node]]) -> Any:
    """`value` with every node in a list replaced by `change(node)`, children before parents."""
    if isinstance(value, list):
        out: list[Any] = []
        for item in value:
            new = rewrite(item, change)
            if isinstance(item, dict) and "t" in item:
                out.extend(change(new))
            else:
                out.append(new)
        return out
    if isinstance(value, dict):
        return {key: rewrite(item, change) for key, item in value.items()}
    return value


def text_of(value: Any) -> str:
    """The plain text of inlines or blocks, footnotes left out."""
    parts: list[str] = []

    def collect(item: Any) -> None:
        if isinstance(item, list):
            for child in item:
                collect(child)
        elif isinstance(item, dict):
            kind = item.get("t")
            if kind in ("Str", "MetaString"):
                parts.append(item["c"])
            elif kind in ("Code", "Math"):
                parts.append(item["c"][1])
            elif kind in ("Space", "SoftBreak", "LineBreak"):
                parts.append(" ")
            elif kind == "Quoted":
                marks = "‘’" if item["c"][0]["t"] == "SingleQuote" else "“”"
                parts.append(marks[0])
                collect(item["c"][1])
                parts.append(marks[1])
            elif kind in ("Note", "RawInline", "RawBlock"):
                return
            elif "c" in item:
                collect(item["c"])
                if kind in ("Para", "Plain", "Header"):
                    parts.append(" ")

    collect(value)
    return " ".join("".join(parts).split())


def plain_words(text: str) -> list[Node]:
    """Inlines for plain `text`; U+00A0 stays inside its word."""
    out: list[Node] = []
    for index, word in enumerate(text.split(" ")):
        if index:
            out.append({"t": "Space"})
        if word:
            out.append({"t": "Str", "c": word})
    return out


def raw_block(form: str, text: str) -> Node:
    """A block that only the writer of `form` prints, as it is."""
    return {"t": "RawBlock", "c": [form, text]}


def raw_inline(form: str, text: str) -> Node:
    """An inline that only the writer of `form` prints, as it is."""
    return {"t": "RawInline", "c": [form, text]}


def attributes(node: Node) -> tuple[str, list[str], dict[str, str]]:
    """Id, classes and key-value pairs of a node that has them (empty otherwise)."""
    kind, content = node["t"], node.get("c") or []
    if kind == "Header":
        attr = content[1]
    elif kind in ("Div", "Span", "Figure", "Table", "CodeBlock", "Code", "Link", "Image"):
        attr = content[0]
    else:
        return "", [], {}
    return attr[0], list(attr[1]), dict(attr[2])


def div(
    blocks: list[Node],
    identifier: str = "",
    classes: list[str] | None = None,
    pairs: dict[str, str] | None = None,
) -> Node:
    """A Div around `blocks`."""
    return {
        "t": "Div",
        "c": [[identifier, classes or [], list(map(list, (pairs or {}).items()))], blocks],
    }


def span(
    inlines: list[Node],
    identifier: str = "",
    classes: list[str] | None = None,
    pairs: dict[str, str] | None = None,
) -> Node:
    """A Span around `inlines`."""
    return {
        "t": "Span",
        "c": [[identifier, classes or [], list(map(list, (pairs or {}).items()))], inlines],
    }


def link(inlines: list[Node], target: str, classes: list[str] | None = None) -> Node:
    """A link from `inlines` to `target`."""
    return {"t": "Link", "c": [["", classes or [], []], inlines, [target, ""]]}


def headline_first(caption: list[Node]) -> list[Node]:
    """A caption that starts in bold, with a line break after the bold headline."""
    if caption and caption[0]["t"] == "Strong" and len(caption) > 1:
        rest = caption[2:] if caption[1]["t"] in ("Space", "SoftBreak") else caption[1:]
        return [caption[0], {"t": "LineBreak"}, *rest]
    return caption
