"""The one way to make a figure of the report.

A figure is drawn once for each language as SVG (HTML, PDF) and PNG (DOCX, notebooks), with its
data as CSV beside it, and a Quarto block with headline, statistical subtitle, alternative text,
source line and links. Its texts stand in `metadata/texts/<notebook>.yml`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import matplotlib as mpl

mpl.use("Agg")

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from karaganda_vibe.errors import ProjectError
from karaganda_vibe.figure_style import use_style
from karaganda_vibe.languages import LANGUAGES, format_number, to_shared
from karaganda_vibe.paths import FIGURES, PROJECT, REPORT
from karaganda_vibe.texts import Texts
from karaganda_vibe.writing import write_bytes, write_table, write_text

GENERATED = REPORT / "generated"
LONGEST_HEADLINE = 15
SHORTEST_ALT = 80
PNG_DPI = 200
NOTEBOOK_DPI = 70

WORDS = {
    "en": {"source": "Source", "note": "Note", "data": "Data (CSV)", "code": "Notebook"},
    "ru": {"source": "Источник", "note": "Примечание", "data": "Данные (CSV)", "code": "Блокнот"},
    "kk": {"source": "Дереккөз", "note": "Ескертпе", "data": "Деректер (CSV)", "code": "Дәптер"},
}


@dataclass(frozen=True)
class Pen:
    """What a drawing function needs to write in the language of the edition."""

    language: str
    say: Callable[[str], str]

    def number(self, value: float, kind: str) -> str:
        """`value` written in the edition's language."""
        return format_number(value, kind, self.language)


Draw = Callable[[Figure, Pen], None]


def save_figure(
    identifier: str,
    draw: Draw,
    data: pd.DataFrame,
    *,
    texts: Texts,
    values: Mapping[str, Mapping[str, str]],
    notebook: str,
    size: tuple[float, float] = (6.4, 3.6),
    headline: str = "headline",
) -> bytes:
    """Draw and write one figure in every language; return a small PNG for the notebook.

    `identifier` is the cross-reference label (`fig-…`), `data` what is drawn (rows as in the
    CSV), `values` the named values by language, `size` inches, `headline` the part of the texts
    that fits the data (a sentence for a gain, another for a loss). Raises ProjectError where a
    text is missing, a headline is too long, or an alternative text is short or holds no number.
    """
    if data.empty:
        raise ProjectError(f"{notebook}: the figure {identifier} has no data; check its selection")
    blocks = {
        language: _block(identifier, language, texts, values[language], notebook, headline)
        for language in LANGUAGES
    }
    use_style()
    write_table(FIGURES / f"{identifier}.csv", data)
    preview = b""
    for language in LANGUAGES:
        pen = _pen(identifier, language, texts, values[language])
        figure = plt.figure(figsize=size, layout="constrained")
        try:
            draw(figure, pen)
            folder = FIGURES / language
            write_bytes(folder / f"{identifier}.svg", _rendered(figure, "svg"))
            write_bytes(folder / f"{identifier}.png", _rendered(figure, "png", PNG_DPI))
            preview = preview or _rendered(figure, "png", NOTEBOOK_DPI)
        finally:
            plt.close(figure)
        write_text(GENERATED / language / f"_{identifier}.qmd", blocks[language])
    return preview


def source_line(
    identifier: str,
    language: str,
    texts: Texts,
    values: Mapping[str, str],
    notebook: str,
    csv: str,
) -> str:
    """The line under an exhibit: source, note, and links to its data and its notebook."""
    words = WORDS[language]
    parts = [f"{words['source']}: {texts.text(identifier, 'source', language, values)}"]
    if texts.has(identifier, "note"):
        parts.append(f"{words['note']}: {texts.text(identifier, 'note', language, values)}")
    up = to_shared(language)
    parts.append(
        f"[{words['data']}]({up}{csv}) · [{words['code']}]({up}notebooks/{notebook}.ipynb)"
    )
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


def _pen(identifier: str, language: str, texts: Texts, values: Mapping[str, str]) -> Pen:
    def say(label: str) -> str:
        return texts.text(identifier, label, language, values)

    return Pen(language, say)


def _rendered(figure: Figure, form: str, dpi: int = 100) -> bytes:
    stream = io.BytesIO()
    metadata: dict[str, str | None] = {"Date": None} if form == "svg" else {"Software": None}
    figure.savefig(stream, format=form, dpi=dpi, metadata=metadata)
    return stream.getvalue()


def _block(
    identifier: str,
    language: str,
    texts: Texts,
    values: Mapping[str, str],
    notebook: str,
    headline_part: str,
) -> str:
    headline = checked_headline(identifier, headline_part, language, texts, values)
    subtitle = texts.text(identifier, "subtitle", language, values)
    alt = texts.text(identifier, "alt", language, values)
    if len(alt) < SHORTEST_ALT or not any(character.isdigit() for character in alt):
        raise ProjectError(
            f"{identifier}: the {language} alternative text must say what the figure shows, in "
            f"{SHORTEST_ALT} characters or more and with numbers; found '{alt}'"
        )
    image = (FIGURES / language / f"{identifier}.svg").relative_to(PROJECT)
    csv = (FIGURES / f"{identifier}.csv").relative_to(PROJECT)
    under = source_line(identifier, language, texts, values, notebook, str(csv))
    return (
        f"::: {{#{identifier}}}\n"
        f'![]({image}){{fig-alt="{alt.replace(chr(34), chr(39))}" width="100%"}}\n\n'
        f"::: {{.figure-source}}\n{under}\n:::\n\n"
        f"**{headline}.** {subtitle}\n:::\n"
    )
