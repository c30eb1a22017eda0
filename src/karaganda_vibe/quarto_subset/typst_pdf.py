"""Writes the PDF through pandoc's Typst writer, the theme's Typst file and the typst package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typst

from karaganda_vibe.errors import ProjectError
from karaganda_vibe.quarto_subset import pandoc
from karaganda_vibe.quarto_subset.project import THEME, Project
from karaganda_vibe.quarto_subset.tree import (
    Node,
    headline_first,
    raw_block,
    raw_inline,
    rewrite,
    text_of,
)


def quoted(text: str) -> str:
    """`text` as a Typst string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _raw(text: str) -> Node:
    return raw_block("typst", text)


def _length(value: str) -> str:
    return f"{float(value[:-2]) * 0.75:g}pt" if value.endswith("px") else value


class TypstShapes:
    """`document.Shapes` for Typst; the functions called are in report/theme/report.typ."""

    def image(self, target: str, alt: str, pairs: dict[str, str]) -> Node:
        """An image with its alternative text."""
        sizes = "".join(
            f", {key}: {_length(pairs[key])}" for key in ("width", "height") if key in pairs
        )
        return raw_inline("typst", f"#image({quoted('/' + target)}, alt: {quoted(alt)}{sizes})")

    def floating(
        self, kind: str, label: str, head: str, caption: list[Node], body: list[Node]
    ) -> list[Node]:
        """A Typst figure, caption above."""
        word = head.rpartition("\u00a0")[0]
        wide = "image" if kind == "fig" else "table"
        return [
            _raw(f"#report-float(kind: {wide}, word: {quoted(word)}, caption: ["),
            {"t": "Plain", "c": headline_first(caption)},
            _raw("])["),
            *body,
            _raw(f"] <{label}>" if label else "]"),
        ]

    def table(self, table: Node, widths: list[float] | None) -> list[Node]:
        """A table without a figure of its own around it."""
        table["c"][0] = ["", ["typst:no-figure"], []]
        for number, column in enumerate(table["c"][2]):
            column[1] = (
                {"t": "ColWidth", "c": widths[number]}
                if widths and number < len(widths)
                else {"t": "ColWidthDefault"}
            )
        return [_raw("#report-table["), table, _raw("]")]

    def callout(self, kind: str, title: list[Node], body: list[Node], collapse: bool) -> list[Node]:
        """A box; on paper nothing is collapsed."""
        return [
            _raw(f"#report-callout(kind: {quoted(kind)}, title: ["),
            {"t": "Plain", "c": title},
            _raw("])["),
            *body,
            _raw("]"),
        ]

    def key_figures(self, cards: list[list[Node]]) -> list[Node]:
        """Cards in rows of three."""
        out = [_raw("#report-cards((")]
        for card in cards:
            out.append(_raw("("))
            for block in card:
                out += [_raw("["), block, _raw("],")]
            out.append(_raw("),"))
        return [*out, _raw("))")]

    def source(self, body: list[Node]) -> list[Node]:
        """Small print."""
        return [_raw("#report-source["), *body, _raw("]")]

    def lead(self, body: list[Node]) -> list[Node]:
        """Larger type."""
        return [_raw("#report-lead["), *body, _raw("]")]

    def grid(self, columns: int, cells: list[list[Node]]) -> list[Node]:
        """A grid of equal columns."""
        out = [_raw(f"#grid(columns: (1fr,) * {columns}, column-gutter: 14pt, row-gutter: 12pt,")]
        for cell in cells:
            out += [_raw("["), *cell, _raw("],")]
        return [*out, _raw(")")]


def _people(meta: dict[str, Any]) -> list[str]:
    author = meta.get("author")
    if not author:
        return []
    people = author["c"] if author["t"] == "MetaList" else [author]
    return [
        text_of(person["c"]["name"]) if person["t"] == "MetaMap" else text_of([person])
        for person in people
    ]


def _described_math(blocks: list[Node]) -> list[Node]:
    """Formulas with their TeX text as alternative text, which PDF/UA asks for."""

    def change(node: Node) -> list[Node]:
        if node["t"] != "Math":
            return [node]
        alt = quoted(node["c"][1])
        return [
            raw_inline("typst", f"#[#set math.equation(alt: {alt});"),
            node,
            raw_inline("typst", "]"),
        ]

    return list(rewrite(blocks, change))


def _array(items: list[str]) -> str:
    return "(" + "".join(f"{quoted(item)}, " for item in items) + ")"


def source(project: Project, tree: dict[str, Any], citation_arguments: list[str]) -> str:
    """The whole Typst source: the theme, its settings, the body."""
    meta, words = tree["meta"], project.words
    blocks = _described_math(tree["blocks"])
    if "abstract" in meta:
        abstract = meta["abstract"]
        inner = (
            abstract["c"] if abstract["t"] == "MetaBlocks" else [{"t": "Para", "c": abstract["c"]}]
        )
        blocks = [
            _raw(f"#report-abstract(title: {quoted(words['section-title-abstract'])})["),
            *inner,
            _raw("]"),
            _raw("#report-contents()"),
            *blocks,
        ]
    else:
        blocks = [_raw("#report-contents()"), *blocks]
    lean = {
        key: value
        for key, value in meta.items()
        if key in ("reference-section-title", "link-citations", "lang")
    }
    output, warnings = pandoc.run(
        ["-f", "json", "-t", "typst-citations-smart", "--wrap=preserve", *citation_arguments],
        json.dumps({**tree, "meta": lean, "blocks": blocks}).encode("utf-8"),
        project.root,
    )
    if warnings:
        raise ProjectError(f"PDF: {warnings[0]}")
    keywords = meta.get("keywords", {})
    settings = {
        "title": quoted(text_of([meta["title"]])),
        "subtitle": quoted(text_of([meta["subtitle"]]) if "subtitle" in meta else ""),
        "authors": _array(_people(meta)),
        "date": quoted(text_of([meta["date"]]) if "date" in meta else ""),
        "keywords": _array(
            [text_of([word]) for word in keywords.get("c", [])]
            if keywords.get("t") == "MetaList"
            else []
        ),
        "lang": quoted(str(project.config.get("lang", "en")).partition("-")[0]),
        "contents": quoted(project.option("typst", "toc-title") or words["toc-title-document"])
        if project.option("typst", "toc")
        else "none",
        "depth": str(project.option("typst", "toc-depth", 3)),
        "numbering": '"1.1"' if project.option("typst", "number-sections") else "none",
    }
    given = "".join(f"  {key}: {value},\n" for key, value in settings.items())
    theme = (THEME / "report.typ").read_text("utf-8")
    # Pandoc ends a raw block by a blank line; inside brackets it would start a paragraph.
    return f"{theme}\n#show: report.with(\n{given})\n\n{output.decode('utf-8')}"


def compile_pdf(project: Project, text: str, folder: Path) -> bytes:
    """The PDF of a Typst source; the same source gives the same bytes.

    Raises ProjectError with the compiler's message; the refused source is kept above `folder`.
    """
    main = folder / "main.typ"
    main.write_text(text, encoding="utf-8")
    try:
        result = typst.compile(
            main,
            root=project.root,
            font_paths=[THEME / "fonts"],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=315532800,
        )
    except (typst.TypstError, RuntimeError) as error:
        reason = " ".join(str(getattr(error, "diagnostic", "") or error).split())
        kept = folder.parent / f"refused-{project.stem}.typ"
        kept.write_text(text, encoding="utf-8")
        raise ProjectError(
            f"PDF: Typst refuses the document (kept as {kept.name} in build/quarto_subset): "
            f"{reason[:300]}"
        ) from None
    return result
