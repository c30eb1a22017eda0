"""Writes the Word file with pandoc and the theme's reference document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from karaganda_vibe.errors import ProjectError
from karaganda_vibe.quarto_subset import pandoc
from karaganda_vibe.quarto_subset.project import THEME, Project
from karaganda_vibe.quarto_subset.tree import (
    Node,
    div,
    headline_first,
    plain_words,
    raw_block,
    span,
    text_of,
)


def _styled(style: str, blocks: list[Node]) -> Node:
    return div(blocks, pairs={"custom-style": style})


# Word joins neighbouring paragraphs of one border into one box; this keeps two boxes apart.
_GAP = raw_block(
    "openxml",
    '<w:p><w:pPr><w:spacing w:before="0" w:after="0" w:line="120" w:lineRule="exact"/></w:pPr>'
    "</w:p>",
)


def _shares(table: Node) -> list[float]:
    """Shares of the columns of a table by their longest text, short ones not below 7 letters."""
    rows = [
        row
        for head in (table["c"][3], *table["c"][4])
        for part in head
        if isinstance(part, list)
        for row in part
        if len(row) == 2 and isinstance(row[1], list)
    ]
    lengths = [7] * len(table["c"][2])
    for row in rows:
        for number, cell in enumerate(row[1][: len(lengths)]):
            lengths[number] = max(lengths[number], min(len(text_of(cell[4])), 34))
    return [length / sum(lengths) for length in lengths]


class DocxShapes:
    """`document.Shapes` for Word; styles are in report/theme/reference.docx."""

    def image(self, target: str, alt: str, pairs: dict[str, str]) -> Node:
        """The PNG beside an SVG, with its alternative text."""
        name = target.removesuffix(".svg") + ".png" if target.endswith(".svg") else target
        sizes = [[key, pairs[key]] for key in ("width", "height") if key in pairs]
        return {"t": "Image", "c": [["", [], sizes], plain_words(alt), [name, ""]]}

    def floating(
        self, kind: str, label: str, head: str, caption: list[Node], body: list[Node]
    ) -> list[Node]:
        """The caption as a paragraph with a bookmark, then the body."""
        style = "Image Caption" if kind == "fig" else "Table Caption"
        number = plain_words(f"{head}: ") if head else []
        caption = headline_first(caption)
        inlines = [span(number, identifier=label), *caption] if label else [*number, *caption]
        return [_styled(style, [{"t": "Para", "c": inlines}]), *body]

    def table(self, table: Node, widths: list[float] | None) -> list[Node]:
        """The table over the whole width, columns as wide as what they hold."""
        shares = widths or _shares(table)
        for number, column in enumerate(table["c"][2]):
            column[1] = {"t": "ColWidth", "c": shares[number] if number < len(shares) else 0.1}
        return [table]

    def callout(self, kind: str, title: list[Node], body: list[Node], collapse: bool) -> list[Node]:
        """Paragraphs with a bar at their left."""
        return [
            _styled("Callout Title", [{"t": "Para", "c": title}]),
            _styled("Callout", body),
            _GAP,
        ]

    def key_figures(self, cards: list[list[Node]]) -> list[Node]:
        """Cards one under another."""
        styles = ["Key Number", "Key Label", "Key Source"]
        return [
            _styled(styles[min(place, 2)], [block])
            for card in cards
            for place, block in enumerate(card)
        ]

    def source(self, body: list[Node]) -> list[Node]:
        """Small print."""
        return [_styled("Figure Source", body)]

    def lead(self, body: list[Node]) -> list[Node]:
        """Larger type."""
        return [_styled("Lead", body)]

    def grid(self, columns: int, cells: list[list[Node]]) -> list[Node]:
        """Cells one under another."""
        return [block for cell in cells for block in cell]


def write(
    project: Project, tree: dict[str, Any], citation_arguments: list[str], target: Path
) -> None:
    """Write the Word file to `target`."""
    reference = project.option("docx", "reference-doc")
    path = project.root / reference if reference else THEME / "reference.docx"
    if not path.is_file():
        raise ProjectError(f"_quarto.yml: reference-doc {reference} is missing")
    words = project.words
    meta = dict(tree["meta"])
    meta["toc-title"] = {"t": "MetaString", "c": words["toc-title-document"]}
    meta["abstract-title"] = {"t": "MetaString", "c": words["section-title-abstract"]}
    meta["lang"] = {"t": "MetaString", "c": str(project.config.get("lang", "en"))}
    if meta.get("author", {}).get("t") == "MetaList":
        meta["author"] = {
            "t": "MetaList",
            "c": [
                person["c"]["name"] if person["t"] == "MetaMap" else person
                for person in meta["author"]["c"]
            ],
        }
    _, warnings = pandoc.run(
        [
            "-f",
            "json",
            "-t",
            "docx",
            "-o",
            str(target),
            "--reference-doc",
            str(path),
            *(["--number-sections"] if project.option("docx", "number-sections") else []),
            *(
                ["--toc", f"--toc-depth={project.option('docx', 'toc-depth', 3)}"]
                if project.option("docx", "toc")
                else []
            ),
            *citation_arguments,
        ],
        json.dumps({**tree, "meta": meta}).encode("utf-8"),
        project.root,
    )
    if warnings:
        raise ProjectError(f"DOCX: {warnings[0]}")
