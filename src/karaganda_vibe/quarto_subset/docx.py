"""Writes the Word file with pandoc and the theme's reference document."""

from __future__ import annotations

import json
import zipfile
from html import escape
from pathlib import Path
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import THEME
from karaganda_vibe.quarto_subset import pandoc, word_fields
from karaganda_vibe.quarto_subset.project import Project
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


def _picture_styled(block: Node) -> Node:
    """A paragraph that is one picture in the style that keeps it with the small print below."""
    if block["t"] == "Para" and [inline["t"] for inline in block["c"]] == ["Image"]:
        return _styled("Figure", [block])
    return block


_LINE = 86
"""About how many letters of a table stand beside one another on a page."""


def _shares(table: Node, given: list[float] | None = None) -> list[float]:
    """Shares of the columns of a table, `given` or by their longest text, none below a word.

    Of the heads, which may break, only the longest word counts; it is bold, hence wider.
    """
    count = len(table["c"][2])
    wanted, least = [6.0] * count, [6.0] * count

    def take(rows: list[Any], head: bool) -> None:
        for row in rows:
            for number, cell in enumerate(row[1][:count]):
                text = text_of(cell[4])
                word = max(map(len, text.split()), default=0)
                need = (word * 1.15 if head else min(word, 20)) + 2
                least[number] = max(least[number], need)
                length = need if head else min(len(text) + 2, 40)
                wanted[number] = max(wanted[number], length)

    take(table["c"][3][1], head=True)
    for body in table["c"][4]:
        take(body[3], head=False)
    if given and len(given) == count:
        chosen = [share * _LINE / sum(given) for share in given]
        wanted = [max(low, width) for low, width in zip(least, chosen, strict=True)]
    room = _LINE - sum(least)
    more = sum(wanted) - sum(least)
    if sum(wanted) > _LINE and more > 0:
        part = max(0.0, room / more)
        wanted = [low + part * (want - low) for low, want in zip(least, wanted, strict=True)]
    return [width / sum(wanted) for width in wanted]


class DocxShapes:
    """`shapes.Shapes` for Word; styles are in report/theme/reference.docx."""

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
        number = [*word_fields.caption_number(label, head), *plain_words(": ")] if head else []
        caption = headline_first(caption)
        inlines = [span(number, identifier=label), *caption] if label else [*number, *caption]
        return [_styled(style, [{"t": "Para", "c": inlines}]), *map(_picture_styled, body)]

    def table(self, table: Node, widths: list[float] | None) -> list[Node]:
        """The table over the whole width, columns as wide as what they hold."""
        shares = _shares(table, widths)
        for number, column in enumerate(table["c"][2]):
            column[1] = {"t": "ColWidth", "c": shares[number]}
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


LOCALES = {"en": "en-GB", "ru": "ru-RU", "kk": "kk-KZ"}
"""The languages of the report as Word's spelling checker names them."""


def _meta(project: Project, tree: dict[str, Any]) -> dict[str, Any]:
    """Front matter as pandoc's Word writer takes it: title block and properties of the file."""
    meta = dict(tree["meta"])
    language = str(project.config.get("lang", "en"))
    texts = {
        "abstract-title": project.words["section-title-abstract"],
        "lang": LOCALES.get(language, language),
    }
    meta.update({key: {"t": "MetaString", "c": text} for key, text in texts.items()})
    for key in ("cover-figure", "data-as-of", "license"):
        meta.pop(key, None)
    described = meta.get("description") or meta.get("subtitle")
    if described:
        meta["description"] = {"t": "MetaString", "c": text_of([described])}
        meta["subject"] = meta["description"]
    if meta.get("author", {}).get("t") == "MetaList":
        meta["author"] = {
            "t": "MetaList",
            "c": [
                person["c"]["name"] if person["t"] == "MetaMap" else person
                for person in meta["author"]["c"]
            ],
        }
    return meta


def _finish(target: Path, labels: list[str], title: str) -> None:
    """Bookmarks around numbers of headings, style of lists, whole tables, title in the head."""
    with zipfile.ZipFile(target) as old:
        parts = [(entry, old.read(entry)) for entry in old.infolist()]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry, content in parts:
            if entry.filename == "word/document.xml":
                text = word_fields.with_section_bookmarks(content.decode("utf-8"), labels)
                text = word_fields.with_list_style(text)
                content = word_fields.with_whole_tables(text).encode("utf-8")
            elif entry.filename.startswith("word/header"):
                content = content.replace(b"TITLE-OF-THE-REPORT", escape(title).encode("utf-8"))
            new.writestr(entry, content)


def write(
    project: Project, tree: dict[str, Any], citation_arguments: list[str], target: Path
) -> None:
    """Write the Word file to `target`."""
    reference = project.option("docx", "reference-doc")
    path = project.root / reference if reference else THEME / "reference.docx"
    if not path.is_file():
        raise ProjectError(f"_quarto.yml: reference-doc {reference} is missing")
    numbered = bool(project.option("docx", "number-sections"))
    blocks = word_fields.with_references(tree["blocks"])
    front: list[Node] = []
    if project.option("docx", "toc"):
        depth = int(project.option("docx", "toc-depth", 3))
        lines = word_fields.entries(blocks, depth, numbered)
        if citation_arguments:
            name = project.words["section-title-references"]
            lines.append(word_fields.Entry(1, "", name, "bibliography"))
        title = project.option("docx", "toc-title") or project.words["toc-title-document"]
        front = word_fields.contents(title, lines, depth)
    meta = word_fields.with_references(_meta(project, tree))
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
            *(["--number-sections"] if numbered else []),
            *pandoc.filters(project, "docx"),
            *citation_arguments,
        ],
        json.dumps({**tree, "meta": meta, "blocks": [*front, *blocks]}).encode("utf-8"),
        project.root,
    )
    if warnings:
        raise ProjectError(f"DOCX: {warnings[0]}")
    _finish(target, word_fields.section_labels(blocks), text_of([tree["meta"]["title"]]))
