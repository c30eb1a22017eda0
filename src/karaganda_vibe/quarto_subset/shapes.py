"""How figures, tables, callouts and cards are drawn, whichever the format."""

from __future__ import annotations

import copy
import json
from typing import Protocol

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset.project import Project
from karaganda_vibe.quarto_subset.references import Labels, float_label, numbered, word_of
from karaganda_vibe.quarto_subset.source_lines import at
from karaganda_vibe.quarto_subset.text import Manuscript
from karaganda_vibe.quarto_subset.tree import Node, attributes, div, plain_words, rewrite

CALLOUTS = ("note", "tip", "important", "warning", "caution")
_SHAPED = "shaped-by-the-renderer"


class Shapes(Protocol):
    """How one format draws what pandoc alone does not."""

    def image(self, target: str, alt: str, pairs: dict[str, str]) -> Node:
        """An image as an inline."""

    def floating(
        self, kind: str, label: str, head: str, caption: list[Node], body: list[Node]
    ) -> list[Node]:
        """A figure or table with its head ("Figure 3", empty if unnumbered) above the body."""

    def table(self, table: Node, widths: list[float] | None) -> list[Node]:
        """A table without its caption; widths are shares of the text width, or None."""

    def callout(self, kind: str, title: list[Node], body: list[Node], collapse: bool) -> list[Node]:
        """A box of a kind of `CALLOUTS`."""

    def key_figures(self, cards: list[list[Node]]) -> list[Node]:
        """Cards; each holds paragraphs: the number, its label, its source."""

    def source(self, body: list[Node]) -> list[Node]:
        """The small print under a figure or table."""

    def lead(self, body: list[Node]) -> list[Node]:
        """An introduction in larger type."""

    def grid(self, columns: int, cells: list[list[Node]]) -> list[Node]:
        """Cells side by side in `columns` columns."""


def div_kind(identifier: str, classes: list[str]) -> str:
    if any(name.startswith("callout-") for name in classes):
        return "callout"
    if "content-visible" in classes or "content-hidden" in classes:
        return "condition"
    return "float" if identifier.startswith(("fig-", "tbl-")) else "plain"


def _caption_and_body(
    text: Manuscript, label: str, content: list[Node]
) -> tuple[list[Node], list[Node]]:
    if not content or content[-1]["t"] != "Para" or len(content) < 2:
        raise ProjectError(
            f"{at(text, 'label', label)}: `#{label}` needs a caption: a last paragraph "
            "after the figure or table, with blank lines around it"
        )
    return content[-1]["c"], content[:-1]


def widths_of(value: str | None, place: str = "tbl-colwidths") -> list[float] | None:
    if not value or value in ("auto", "false", "true"):
        return None
    try:
        numbers = [float(number) for number in json.loads(value)]
        total = sum(numbers)
        return [number / total for number in numbers]
    except (ValueError, TypeError, ZeroDivisionError):
        raise ProjectError(
            f'{place}: tbl-colwidths `{value}`: expected numbers as in "[40,30,30]"'
        ) from None


def _callout(
    project: Project,
    shapes: Shapes,
    classes: list[str],
    pairs: dict[str, str],
    content: list[Node],
) -> list[Node]:
    kind = next(name for name in classes if name.startswith("callout-"))[len("callout-") :]
    title = plain_words(pairs["title"]) if "title" in pairs else []
    if not title and content and content[0]["t"] == "Header":
        title, content = content[0]["c"][2], content[1:]
    if not title:
        title = plain_words(project.words[f"callout-{kind}-title"])
    return shapes.callout(kind, title, content, pairs.get("collapse") == "true")


def shaped(
    project: Project, text: Manuscript, labels: Labels, shapes: Shapes, blocks: list[Node]
) -> list[Node]:
    def head(label: str) -> str:
        if not label:
            return ""
        return numbered(project, word_of(project, label[:3], "title"), labels.numbers[label])

    def one_table(node: Node, value: str | None) -> list[Node]:
        bare = copy.copy(node)
        bare["c"] = [["", [], []], [None, []], *node["c"][2:]]
        return shapes.table(bare, widths_of(value))

    def change(node: Node) -> list[Node]:
        kind = node["t"]
        identifier, classes, pairs = attributes(node)
        if kind == "Image":
            return [shapes.image(node["c"][2][0], pairs["fig-alt"], pairs)]
        if kind == "Figure":
            label = float_label(node)
            caption = [inline for block in node["c"][1][1] for inline in block["c"]]
            return shapes.floating("fig", label, head(label), caption, node["c"][2])
        if kind == "Table":
            label = float_label(node)
            caption = [inline for block in node["c"][1][1] for inline in block["c"]]
            body = one_table(node, pairs.get("tbl-colwidths"))
            if not caption and not label:
                return body
            return shapes.floating("tbl", label, head(label), caption, body)
        if kind != "Div":
            return [node]
        content = node["c"][1]
        columns = int(pairs.get("layout-ncol", "0"))
        if float_label(node):
            caption, body = _caption_and_body(text, identifier, content)
            if columns:
                cells = [block for block in body if not _is_source(block)]
                rest = [block for block in body if _is_source(block)]
                body = shapes.grid(columns, [[cell] for cell in cells]) + rest
            return shapes.floating(identifier[:3], identifier, head(identifier), caption, body)
        if columns:
            return shapes.grid(columns, [[block] for block in content])
        if div_kind(identifier, classes) == "callout":
            return _callout(project, shapes, classes, pairs, content)
        if "key-figures" in classes:
            cards = []
            for block in content:
                if block["t"] != "Div" or "key-figure" not in attributes(block)[1]:
                    raise ProjectError(
                        f"{at(text, 'div', 'key-figures')}: `.key-figures` may hold only divs "
                        "`.key-figure`"
                    )
                cards.append(block["c"][1])
            return shapes.key_figures(cards)
        if "lead" in classes:
            return shapes.lead(content)
        # Kept as divs until the figure around them is shaped: its caption is the last paragraph.
        return [node]

    def one(node: Node) -> list[Node]:
        # A shape stays one block until the end: a grid around it counts its cells.
        drawn = change(node)
        return drawn if len(drawn) == 1 else [div(drawn, classes=[_SHAPED])]

    def opened(node: Node) -> list[Node]:
        if node["t"] == "Div" and attributes(node)[1] == [_SHAPED]:
            return list(node["c"][1])
        return shapes.source(node["c"][1]) if _is_source(node) else [node]

    return list(rewrite(rewrite(blocks, one), opened))


def _is_source(node: Node) -> bool:
    return node["t"] == "Div" and bool({"figure-source", "table-source"} & set(attributes(node)[1]))
