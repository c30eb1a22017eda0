"""A page of its own for each figure of the report and the annexes, for those who pass a link on."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.markdown import plain_text
from karaganda_vibe.project.paths import (
    FIGURES,
    GENERATED,
    PROJECT,
    REPORT,
    shown,
)
from karaganda_vibe.project.writing import write_bytes, write_text
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.publishing.figure_cards import figure_card
from karaganda_vibe.publishing.site_pages import Link, language_name, page_name, render_page
from karaganda_vibe.words.languages import (
    ANNEXES,
    DOCUMENTS,
    LANGUAGES,
    article_name,
    edition_file,
)

PROJECT_TITLE = "Karaganda Vibe"
"""Whose picture a card is, wherever it turns up."""

FOLDER = "figures"
"""Name of the folder of these pages in the output folder."""

_BLOCK = re.compile(
    r'fig-alt="(?P<alt>(?:\\.|[^"\\])*)".*?'
    r"^::: \{\.figure-source\}\n(?P<source>.*?)\n:::\n\n"
    r"\*\*(?P<headline>.*?)\.?\*\* (?P<subtitle>[^\n]*)\n:::",
    re.S | re.M,
)
"""The block that `figures.saving` writes for a chapter."""
_INCLUDED = re.compile(r"\{\{< include report/generated/\w+/_(fig-[\w-]+)\.qmd >\}\}")
_OWN_LINKS = re.compile(r"\s*\[[^\]]*\]\([^)]*\.csv\) · \[[^\]]*\]\([^)]*\)$")
_REFERENCE = re.compile(r" ?\(@(?:fig|tbl|sec)-[\w-]+\)")
_LINK = re.compile(r"(?<!\\)\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"(?<!\\)[*`]")


@dataclass(frozen=True)
class FigureText:
    """What is written around a figure, as plain text in one language."""

    headline: str
    subtitle: str
    source: str
    alt: str


def read_figure_text(path: Path) -> FigureText:
    """The texts of the block of a figure, `report/generated/<language>/_<figure>.qmd`.

    Raises ProjectError where the block has another form than `figures.saving` gives it.
    """
    found = _BLOCK.search(path.read_text("utf-8"))
    if found is None:
        raise ProjectError(
            f"{shown(path)}: expected the block of a figure with alternative text, source and "
            "headline; run the notebook that writes it"
        )
    source = _LINK.sub(r"\1", _REFERENCE.sub("", _OWN_LINKS.sub("", found["source"])))
    return FigureText(
        headline=_plain(found["headline"]),
        subtitle=_plain(found["subtitle"]),
        source=_plain(source),
        alt=plain_text(found["alt"]),
    )


def _plain(text: str) -> str:
    return plain_text(_MARKS.sub("", text))


def figures_of(language: str) -> dict[str, str]:
    """The figures that chapters of an edition include, and the document each stands in."""
    chapters = REPORT / language
    folders = {
        document: chapters / "annexes" if document == ANNEXES else chapters
        for document in DOCUMENTS
    }
    return {
        name: document
        for document, folder in folders.items()
        for path in sorted(folder.glob("_*.qmd"))
        for name in _INCLUDED.findall(path.read_text("utf-8"))
    }


def site_address() -> str:
    """Where the output folder is published, ending in a slash; empty where nobody has said it."""
    form = (read_yaml(PROJECT / "_quarto.yml").get("format") or {}).get("html") or {}
    address = str(form.get("site-address") or "")
    return f"{address.rstrip('/')}/" if address else ""


def figure_page(
    name: str, document: str, language: str, size: tuple[int, int], address: str = ""
) -> str:
    """The page of the figure `name` in `language`.

    Args:
        document: the document of the edition that the figure stands in; size: width and height
            of its card in pixels; address: as `site_address` gives it. Without one, the picture's
            address is relative, which few messengers follow.
    """
    text = read_figure_text(GENERATED / language / f"_{name}.qmd")
    stem = f"report/figures/{language}/{name}"
    card = card_name(name, language)
    narrow = FIGURES / language / f"{name}-narrow.svg"
    article = edition_file(f"{article_name(language, document)}.html", language)
    others = [code for code in LANGUAGES if code != language]
    return render_page(
        "figure.html.j2",
        language,
        title=text.headline,
        lead=text.subtitle,
        links=[Link(page_name(name, code), language_name(code), code) for code in others],
        figure=text,
        picture={
            "shown": f"../{stem}.svg",
            "narrow": f"../{stem}-narrow.svg" if narrow.is_file() else "",
            "shared": f"{address}{FOLDER}/{card}" if address else card,
            "page": f"{address}{FOLDER}/{page_name(name, language)}" if address else "",
            "width": size[0],
            "height": size[1],
        },
        files=[
            ("PNG", card, card),
            ("SVG", f"../{stem}.svg", f"{name}-{language}.svg"),
            ("CSV", f"../report/figures/{name}.csv", f"{name}.csv"),
        ],
        back=f"../{article}#{name}",
    )


def card_name(name: str, language: str) -> str:
    """The file of a figure with its headline and source, beside its page."""
    return f"{name}-{language}.png"


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG in pixels, from its head."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def write_figure_pages(folder: Path) -> None:
    """Write the page of each figure of the report and the annexes in every language."""
    address = site_address()
    for language in LANGUAGES:
        for name, document in figures_of(language).items():
            text = read_figure_text(GENERATED / language / f"_{name}.qmd")
            card = figure_card(
                FIGURES / language / f"{name}.png",
                text.headline,
                text.subtitle,
                f"{text.source} {PROJECT_TITLE}.",
            )
            write_bytes(folder / card_name(name, language), card)
            page = figure_page(name, document, language, size_of(card), address)
            write_text(folder / page_name(name, language), page)
