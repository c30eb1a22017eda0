"""The one way to make a figure of the report.

A figure is drawn for each language as SVG (HTML, PDF), as a narrow SVG for phones, and as PNG
(DOCX, notebooks), with its data as CSV beside it, and a Quarto block with headline, statistical
subtitle, alternative text, source line and links. Its texts stand in
`metadata/texts/<notebook>.yml`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from karaganda_vibe.figures.compact_svg import compact_svg
from karaganda_vibe.figures.layout import NARROW_WIDTH, crowding, settle
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import use_style
from karaganda_vibe.figures.tables import figure_table
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.markdown import as_attribute, as_text
from karaganda_vibe.project.paths import FIGURES, PROJECT, REPORT
from karaganda_vibe.project.writing import write_bytes, write_table, write_text
from karaganda_vibe.words.languages import LANGUAGES, to_shared
from karaganda_vibe.words.texts import Texts

GENERATED = REPORT / "generated"
LONGEST_HEADLINE = 15
SHORTEST_ALT = 80
CROWDED = "KARAGANDA_VIBE_CROWDED"
"""The variable that names the folder for what is crowded in figures of another study."""
PNG_DPI = 200
NOTEBOOK_DPI = 70

WORDS = {
    "en": {"source": "Source", "note": "Note", "data": "Data (CSV)", "code": "Notebook"},
    "ru": {
        "source": "Источник",
        "note": "Примечание",
        "data": "Данные (CSV)",
        "code": "Расчёт (код)",
    },
    "kk": {
        "source": "Дереккөз",
        "note": "Ескертпе",
        "data": "Деректер (CSV)",
        "code": "Есептеу коды",
    },
}


def save_figure(
    identifier: str,
    draw: Draw,
    data: pd.DataFrame,
    *,
    texts: Texts,
    values: Mapping[str, Mapping[str, str]],
    notebook: str,
    cell: str = "",
    size: tuple[float, float] = (6.4, 3.6),
    narrow_size: tuple[float, float] | None = None,
    headline: str = "headline",
) -> bytes:
    """Draw and write one figure in every language; return a small PNG for the notebook.

    `identifier` is the cross-reference label (`fig-…`), `data` what is drawn (rows as in the
    CSV), `values` the named values by language, `cell` the id of the notebook's cell, `size`
    inches, `narrow_size` inches of the drawing for phones (it is 3.7 wide, and a drawing function
    may make it taller), `headline` the part of the texts that fits the data (a sentence for a gain,
    another for a loss). Raises ProjectError where a text is missing, a headline is too long, an
    alternative text is short or holds no number, or texts of the drawing lie on one another.
    """
    if data.empty:
        raise ProjectError(f"{notebook}: the figure {identifier} has no data; check its selection")
    page = notebook_page(notebook, cell)
    blocks = {
        language: _block(identifier, language, texts, values[language], page, headline)
        + _table(identifier, data, language, texts, values[language])
        for language in LANGUAGES
    }
    use_style()
    write_table(FIGURES / f"{identifier}.csv", data)
    preview = b""
    crowded: list[str] = []
    for language in LANGUAGES:
        folder = FIGURES / language
        for narrow in (False, True):
            pen = _pen(identifier, language, texts, values[language], narrow)
            figure = plt.figure(
                figsize=narrow_size or (NARROW_WIDTH, max(2.9, 0.9 * size[1])) if narrow else size,
                layout="constrained",
            )
            try:
                draw(figure, pen)
                settle(figure, narrow)
                if not narrow:
                    write_bytes(folder / f"{identifier}.png", _png(figure, PNG_DPI))
                    preview = preview or _png(figure, NOTEBOOK_DPI)
                svg = drawn_svg(figure)
                write_bytes(folder / f"{identifier}{'-narrow' * narrow}.svg", svg)
            finally:
                plt.close(figure)
            shape = "narrow" if narrow else "wide"
            problems = crowding(svg.decode("utf-8"), narrow)
            crowded += [f"{language}, {shape}: {problem}" for problem in problems]
        write_text(GENERATED / language / f"_{identifier}.qmd", blocks[language])
    _tell_of_crowding(identifier, crowded, notebook)
    return preview


def _tell_of_crowding(identifier: str, crowded: list[str], notebook: str) -> None:
    """Refuse a figure whose texts lie on one another; of another study only say so, in a file.

    Its figures were drawn for this project's own region: other names may touch.
    """
    more = f"; and {len(crowded) - 1} more" if len(crowded) > 1 else ""
    fault = (
        f"{identifier}: texts have no room ({crowded[0]}{more}); shorten them in the texts of "
        f"{notebook} or give the figure more room"
        if crowded
        else ""
    )
    folder = os.environ.get(CROWDED)
    if folder:
        write_text(Path(folder) / f"{identifier}.txt", fault)
    elif fault:
        raise ProjectError(fault)


def notebook_page(notebook: str, cell: str) -> str:
    """Address of a notebook's readable page, at the cell with this id where one is given."""
    return f"notebooks/{notebook}.html" + (f"#{cell}" if cell else "")


def safe_values(values: Mapping[str, str]) -> dict[str, str]:
    """Values for texts that are Markdown: data is printed as it stands."""
    return {name: as_text(text) for name, text in values.items()}


def source_line(
    identifier: str,
    language: str,
    texts: Texts,
    values: Mapping[str, str],
    page: str,
    csv: str,
) -> str:
    """The line under an exhibit: source, note, and links to its data and its notebook's page."""
    words = WORDS[language]
    parts = [f"{words['source']}: {texts.text(identifier, 'source', language, values)}"]
    if texts.has(identifier, "note"):
        parts.append(f"{words['note']}: {texts.text(identifier, 'note', language, values)}")
    up = to_shared(language)
    parts.append(f"[{words['data']}]({up}{csv}) · [{words['code']}]({up}{page})")
    return " ".join(parts)


def checked_headline(
    identifier: str, part: str, language: str, texts: Texts, values: Mapping[str, str]
) -> str:
    """The headline of an exhibit; ProjectError if it is longer than a reader takes in at once."""
    headline = texts.text(identifier, part, language, values).rstrip(".")
    if len(headline.split()) > LONGEST_HEADLINE:
        raise ProjectError(
            f"{identifier}: the {language} headline has {len(headline.split())} words, "
            f"at most {LONGEST_HEADLINE} are read; shorten '{headline}'"
        )
    return headline


def _pen(
    identifier: str, language: str, texts: Texts, values: Mapping[str, str], narrow: bool = False
) -> Pen:
    def say(label: str) -> str:
        return texts.text(identifier, label, language, values)

    return Pen(language, say, narrow)


def _table(
    identifier: str, data: pd.DataFrame, language: str, texts: Texts, values: Mapping[str, str]
) -> str:
    """The folded table behind the figure, named by the figure's own texts where it has them."""

    def say(part: str) -> str | None:
        known = texts.has(identifier, part)
        return texts.text(identifier, part, language, values) if known else None

    return figure_table(identifier, data, language, say)


def _png(figure: Figure, dpi: int) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
    return stream.getvalue()


def drawn_svg(figure: Figure) -> bytes:
    """The figure as small SVG without a ground, so that it lies on any page. Changes the figure."""
    for ground in (figure.patch, *(axes.patch for axes in figure.axes)):
        ground.set_visible(False)
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    return compact_svg(stream.getvalue())


def _block(
    identifier: str,
    language: str,
    texts: Texts,
    values: Mapping[str, str],
    page: str,
    headline_part: str,
) -> str:
    safe = safe_values(values)
    headline = checked_headline(identifier, headline_part, language, texts, safe)
    subtitle = texts.text(identifier, "subtitle", language, safe)
    alt = texts.text(identifier, "alt", language, values)
    if len(alt) < SHORTEST_ALT or not any(character.isdigit() for character in alt):
        raise ProjectError(
            f"{identifier}: the {language} alternative text must say what the figure shows, in "
            f"{SHORTEST_ALT} characters or more and with numbers; found '{alt}'"
        )
    image = (FIGURES / language / f"{identifier}.svg").relative_to(PROJECT)
    csv = (FIGURES / f"{identifier}.csv").relative_to(PROJECT)
    under = source_line(identifier, language, texts, safe, page, csv.as_posix())
    return (
        f"::: {{#{identifier}}}\n"
        f'![]({image.as_posix()}){{fig-alt="{as_attribute(alt)}" width="100%"}}\n\n'
        f"::: {{.figure-source}}\n{under}\n:::\n\n"
        f"**{headline}.** {subtitle}\n:::\n"
    )
