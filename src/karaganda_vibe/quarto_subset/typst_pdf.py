"""Writes the PDF through pandoc's Typst writer, the theme's Typst file and the typst package."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typst

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import FONTS, THEME, shown
from karaganda_vibe.project.typst_files import SAME_TIME, STANDARD, reason_of
from karaganda_vibe.quarto_subset import pandoc
from karaganda_vibe.quarto_subset.blame import first_bad_chapter
from karaganda_vibe.quarto_subset.project import Project
from karaganda_vibe.quarto_subset.syllables import with_soft_hyphens
from karaganda_vibe.quarto_subset.tree import (
    Node,
    headline_first,
    raw_block,
    raw_inline,
    rewrite,
    text_of,
    walk,
)

# A table up to this size stays on one page.
SHORT_ROWS, SHORT_LETTERS = 13, 1200


def quoted(text: str) -> str:
    """`text` as a Typst string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _raw(text: str) -> Node:
    return raw_block("typst", text)


def _length(value: str) -> str:
    return f"{float(value[:-2]) * 0.75:g}pt" if value.endswith("px") else value


def is_short(body: list[Node]) -> bool:
    """Whether a table is so short that it stays on one page."""
    rows = sum(len(part[3]) for node in walk(body) if node["t"] == "Table" for part in node["c"][4])
    letters = sum(len(node["c"]) for node in walk(body) if node["t"] == "Str")
    return rows <= SHORT_ROWS and letters <= SHORT_LETTERS


class TypstShapes:
    """`shapes.Shapes` for Typst; the functions called are in report/theme/report.typ."""

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
        wide = "image" if kind == "fig" else "table"
        whole = "true" if is_short(body) else "false"
        return [
            _raw(
                f"#report-float(kind: {wide}, head: {quoted(head)}, label: {quoted(label)}, "
                f"whole: {whole}, caption: ["
            ),
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
        return [_raw(f"#report-table(columns: {len(table['c'][2])})["), table, _raw("]")]

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


# Pandoc leaves these to Typst, which would print a dash for "--", or begin a list in a cell.
_SHORTHAND = re.compile(r"--|\.\.\.|-\?|^([-+/]|=+|\d+\.)$")


def _as_it_stands(blocks: list[Node]) -> list[Node]:
    """Blocks with words that Typst would read as its own marks as strings of Typst."""

    def word(node: Node) -> list[Node]:
        if node["t"] != "Str" or not _SHORTHAND.search(node["c"]):
            return [node]
        return [raw_inline("typst", f"#{quoted(node['c'])};")]

    return list(rewrite(blocks, word))


def _array(items: list[str]) -> str:
    return "(" + "".join(f"{quoted(item)}, " for item in items) + ")"


def _parted_in_tables(blocks: list[Node]) -> list[Node]:
    """Blocks with soft hyphens in the long Kazakh words of tables, whose columns are narrow."""

    def word(node: Node) -> list[Node]:
        return [{"t": "Str", "c": with_soft_hyphens(node["c"])}] if node["t"] == "Str" else [node]

    def table(node: Node) -> list[Node]:
        return [{"t": "Table", "c": rewrite(node["c"], word)}] if node["t"] == "Table" else [node]

    return list(rewrite(blocks, table))


def _is_raw(node: Node, start: str) -> bool:
    return bool(node["t"] == "RawBlock" and node["c"][1].startswith(start))


def _sources_inside(blocks: list[Node]) -> list[Node]:
    """The small print under a table moved into the table's figure, so that they stay together."""
    out: list[Node] = []
    rest = list(blocks)
    table = False
    while rest:
        node = rest.pop(0)
        if _is_raw(node, "#report-float("):
            table = "kind: table" in node["c"][1]
        if table and _is_raw(node, "] <") and rest and _is_raw(rest[0], "#report-source["):
            end = next(place for place, other in enumerate(rest) if other == _raw("]"))
            out += rest[: end + 1]
            del rest[: end + 1]
        out.append(node)
    return out


def _with_chapter_ends(blocks: list[Node]) -> list[Node]:
    """Blocks with a mark before each chapter but the first: figures stay in the chapter before."""
    out: list[Node] = []
    for node in blocks:
        if node["t"] == "Header" and node["c"][0] == 1 and out:
            out.append(_raw("#place.flush()"))
        out.append(node)
    return out


def _cover_picture(blocks: list[Node], label: str) -> tuple[list[Node], Node] | None:
    """Caption and picture of the figure `label`, for the cover."""
    for place, node in enumerate(blocks):
        if _is_raw(node, "#report-float(") and f"label: {quoted(label)}," in node["c"][1]:
            for inner in walk(blocks[place + 2 :]):
                if inner["t"] == "RawInline" and inner["c"][1].startswith("#image("):
                    return blocks[place + 1]["c"], inner
    return None


def _facts(meta: dict[str, Any], words: dict[str, str]) -> list[tuple[str, str]]:
    """What the cover's foot says, in its order: word and fact."""
    people = _people(meta)
    facts = [
        (words["title-block-author-single" if len(people) < 2 else "title-block-author-plural"],
         ", ".join(people)),
        *((words[word], text_of([meta[key]]) if key in meta else "")
          for word, key in (("paper-edition", "date"), ("paper-data-as-of", "data-as-of"),
                            ("paper-license", "license"))),
    ]  # fmt: skip
    return [(word, fact) for word, fact in facts if fact]


def _cover(project: Project, meta: dict[str, Any], blocks: list[Node]) -> list[Node]:
    """The first page.

    Raises ProjectError where `cover-figure` names no figure of the report.
    """
    words = project.words
    facts = "".join(f"({quoted(word)}, {quoted(fact)}), " for word, fact in _facts(meta, words))
    subtitle = text_of([meta["subtitle"]]) if "subtitle" in meta else ""
    out = [_raw(f"#report-cover(subtitle: {quoted(subtitle)}, facts: ({facts}),")]
    if "abstract" in meta:
        abstract = meta["abstract"]
        inner = (
            abstract["c"] if abstract["t"] == "MetaBlocks" else [{"t": "Para", "c": abstract["c"]}]
        )
        title = quoted(words["section-title-abstract"])
        out += [_raw(f"abstract-title: {title}, abstract: ["), *inner, _raw("],")]
    if "cover-figure" in meta:
        label = text_of([meta["cover-figure"]])
        found = _cover_picture(blocks, label)
        if found is None:
            raise ProjectError(
                f"{project.article}: cover-figure `{label}` is no figure of the report; expected "
                "the label of one, as in `cover-figure: fig-trend`"
            )
        caption, picture = found
        out += [
            _raw("caption: ["),
            {"t": "Plain", "c": caption},
            _raw("], picture: ["),
            {"t": "Plain", "c": [picture]},
            _raw("],"),
        ]
    return [*out, _raw(")")]


def source(project: Project, tree: dict[str, Any], citation_arguments: list[str]) -> str:
    """The whole Typst source: the theme, its settings, the cover, the contents, the body."""
    meta, words = tree["meta"], project.words
    language = str(project.config.get("lang", "en")).partition("-")[0]
    blocks = _with_chapter_ends(_sources_inside(_described_math(tree["blocks"])))
    if language == "kk":
        blocks = _parted_in_tables(blocks)
    front = _cover(project, meta, blocks)
    if project.option("typst", "toc"):
        title = project.option("typst", "toc-title") or words["toc-title-document"]
        depth = project.option("typst", "toc-depth", 3)
        front.append(_raw(f"#report-contents(title: {quoted(title)}, depth: {depth})"))
    lean = {
        key: value
        for key, value in meta.items()
        if key in ("reference-section-title", "link-citations", "lang")
    }
    output, warnings = pandoc.run(
        [
            "-f",
            "json",
            "-t",
            "typst-citations-smart",
            "--wrap=preserve",
            *pandoc.filters(project, "typst"),
            *citation_arguments,
        ],
        json.dumps({**tree, "meta": lean, "blocks": _as_it_stands([*front, *blocks])}).encode(
            "utf-8"
        ),
        project.root,
    )
    if warnings:
        raise ProjectError(f"PDF: {warnings[0]}")
    keywords = meta.get("keywords", {})
    described = meta.get("description") or meta.get("subtitle")
    settings = {
        "title": quoted(text_of([meta["title"]])),
        "authors": _array(_people(meta)),
        "description": quoted(text_of([described]) if described else ""),
        "keywords": _array(
            [text_of([word]) for word in keywords.get("c", [])]
            if keywords.get("t") == "MetaList"
            else []
        ),
        "lang": quoted(language),
        "numbering": '"1.1"' if project.option("typst", "number-sections") else "none",
    }
    given = "".join(f"  {key}: {value},\n" for key, value in settings.items())
    theme = (THEME / "report.typ").read_text("utf-8")
    # Pandoc ends a raw block by a blank line; inside brackets it would start a paragraph.
    return f"{theme}\n#show: report.with(\n{given})\n\n{output.decode('utf-8')}"


# Where Typst says that a fault lies; the folder is gone when somebody reads it.
_SPOT = re.compile(r" ?┌─ \S*main\.typ:(\d+):\d+")


def compile_pdf(root: Path, source: Path) -> bytes:
    """The PDF of a Typst file, set in one pass; the same file gives the same bytes.

    Pictures are named from `root`. Raises ProjectError with the compiler's message.
    """
    text = source.read_text("utf-8")
    with tempfile.TemporaryDirectory(dir=source.parent, prefix="setting-") as folder:
        main = Path(folder) / "main.typ"

        def compiled(part: str) -> bytes:
            main.write_text(part, encoding="utf-8")
            compiler = typst.Compiler(main, root=root, font_paths=[FONTS], ignore_system_fonts=True)
            result = compiler.compile(format="pdf", pdf_standards=STANDARD, timestamp=SAME_TIME)
            return bytes(result)  # type: ignore[arg-type]  # one PDF, as no pages were asked for

        def refused_for(reason: str) -> Callable[[str], bool]:
            def refused(part: str) -> bool:
                try:
                    compiled(part)
                except (typst.TypstError, RuntimeError) as other:
                    return reason_of(other) == reason
                return False

            return refused

        try:
            return compiled(text)
        except (typst.TypstError, RuntimeError) as error:
            reason = reason_of(error)
            spot = _SPOT.search(reason)
            number = int(spot[1]) if spot else first_bad_chapter(text, refused_for(reason))
            raise ProjectError(
                f"PDF: Typst refuses the document (kept as {shown(source)}:{number}): "
                f"{_SPOT.sub('', reason)}"
            ) from None
