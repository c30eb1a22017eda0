"""The two pages of `_output/data`: everything to download, and every number of the report."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from karaganda_vibe.panels.codebook import load_titles
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.markdown import plain_text
from karaganda_vibe.project.paths import (
    FIGURES,
    GENERATED,
    PROCESSED,
    PROJECT,
    shown,
)
from karaganda_vibe.publishing.edition import edition
from karaganda_vibe.publishing.results import (
    Result,
)
from karaganda_vibe.publishing.site_pages import (
    Link,
    language_name,
    page_name,
    read_words,
    render_page,
)
from karaganda_vibe.publishing.workbooks import workbook_name, years_of
from karaganda_vibe.sources.raw_package import package
from karaganda_vibe.words.languages import LANGUAGES, LOCALES, Words, article_name, format_number

ZIP = "karaganda-vibe-data.zip"
SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Offer:
    """A file to download, as a page shows it."""

    name: str
    href: str
    size: str
    sha256: str = ""
    title: str = ""
    note: str = ""
    rows: str = ""
    columns: tuple[Mapping[str, str], ...] = ()
    excel: Offer | None = None


def written_size(size: int, language: str, words: Mapping[str, str]) -> str:
    """`size` bytes as a reader writes it: 12 KB, 1.4 MB."""
    unit, divisor, pattern = ("mb", 1e6, "0.0") if size >= 1e6 else ("kb", 1e3, "0")
    number = format_decimal(max(size / divisor, 1), format=pattern, locale=LOCALES[language])
    return f"{number}\u00a0{words[unit]}"


def _told(english: str, language: str, words: Mapping[str, Words]) -> Markup:
    """A description in `language`; where it has none, the English one, marked as English."""
    if language == "en" or not english:
        return escape(english)
    if english in words:
        return escape(words[english][language])
    return Markup('<span lang="en">{}</span>').format(english)


def _other_pages(stem: str, language: str) -> list[Link]:
    return [
        Link(page_name(stem, other), language_name(other), language=other)
        for other in LANGUAGES
        if other != language
    ]


def edition_title(language: str, project: Path = PROJECT) -> str:
    """What the edition in `language` is cited as: its article's subtitle.

    The title is the answer of the year and changes with the data.

    Raises ProjectError where the article has none.
    """
    path = project / f"{article_name(language)}.qmd"
    found = re.search(r'^subtitle: "(.+)"$', path.read_text(encoding="utf-8"), flags=re.M)
    if not found:
        raise ProjectError(f'{shown(path)} has no line subtitle: "…"; write the subtitle there')
    return found[1]


def index_page(
    files: Mapping[str, bytes],
    notebooks: Mapping[str, Words],
    told: Mapping[str, Words],
    language: str,
) -> str:
    """The page of everything to download.

    `notebooks`: title of each; `told`: English descriptions of the data; both by language.
    """
    words = read_words(language)

    def offer(href: str, **more: Any) -> Offer:
        digest = hashlib.sha256(files[href]).hexdigest()
        size = written_size(len(files[href]), language, words)
        return Offer(**{"name": href, **more}, href=href, size=size, sha256=digest)

    now = edition()
    return render_page(
        "data_index.html.j2",
        language,
        title=words["data_title"],
        lead=words["data_lead"],
        links=[
            Link(page_name("numbers", language), words["numbers_title"]),
            *_other_pages("index", language),
        ],
        package=offer(ZIP),
        stem=Path(ZIP).stem,
        numbers=page_name("numbers", language),
        results=[
            offer("results.json"),
            offer("results.csv"),
            offer("results.schema.json", note=words["schema"]),
        ],
        tables=[
            offer(
                f"processed/{table['name']}.csv",
                **table,
                excel=offer(workbook_name(table["name"], language), name="Excel"),
            )
            for table in _tables(told, language)
        ],
        figures=_figure_data(language, words),
        notebooks=[
            {"href": f"../notebooks/{name}.html", "title": titles[language]}
            for name, titles in notebooks.items()
        ],
        raw_package=offer("raw-datapackage.json"),
        raw=_raw_folders(told, language),
        cite=words["cite_text"].format(
            title=edition_title(language), version=now.version, date=now.written[language]
        ),
        licence=offer("LICENSE-DATA.md"),
        sums=offer(SUMS),
    )


def _tables(told: Mapping[str, Words], language: str) -> list[dict[str, Any]]:
    """Name, title, rows and columns of every processed table, then of the codebook."""
    titles = load_titles()
    book = pd.read_csv(PROCESSED / "codebook.csv", dtype=str, keep_default_na=False)
    tables: list[dict[str, Any]] = []
    for row in titles.to_dict("records"):
        columns = book[book["table"] == row["table"]].to_dict("records")
        if not columns:
            continue  # a study that lacks its subject has no such table
        tables.append(
            {
                "name": row["table"],
                "title": row[f"title_{language}"],
                "rows": format_number(float(columns[0]["rows"]), "count", language),
                "columns": tuple(
                    {
                        "name": column["column"],
                        "definition": _told(column["definition"], language, told),
                        "unit": _told(column["unit"], language, told),
                        "years": years_of(column),
                    }
                    for column in columns
                ),
            }
        )
    rows = format_number(len(book), "count", language)
    title = read_words(language)["codebook"]
    return [*tables, {"name": "codebook", "title": title, "rows": rows}]


def _figure_data(language: str, words: Mapping[str, str]) -> list[Offer]:
    """The data of every figure and table of the report, with its headline in `language`."""
    offers = []
    for path in sorted(FIGURES.glob("*.csv")):
        block = GENERATED / language / f"_{path.stem}.qmd"
        text = block.read_text(encoding="utf-8") if block.is_file() else ""
        headline = re.search(r"\*\*(.+?)\*\*", text)
        place = path.relative_to(PROJECT).as_posix()
        size = written_size(path.stat().st_size, language, words)
        title = plain_text(headline[1]).rstrip(".") if headline else path.stem
        offers.append(Offer(path.name, f"../{place}", size, title=title))
    return offers


def _raw_folders(told: Mapping[str, Words], language: str) -> list[dict[str, Any]]:
    """Publisher, titles and terms of the published tables by folder."""
    folders: dict[str, list[Mapping[str, Any]]] = {}
    for name, resource in sorted(package().items()):
        if not name.endswith(".sources"):
            folders.setdefault(name.partition(".")[0], []).append(resource)

    def joined(entries: Sequence[Mapping[str, Any]], key: str) -> Markup:
        texts = sorted({str(entry.get(key, "")) for entry in entries} - {""})
        return Markup("; ").join(dict.fromkeys(_told(text, language, told) for text in texts))

    return [
        {
            "name": name,
            "publishers": joined(entries, "publisher"),
            "terms": joined(entries, "terms"),
            "titles": [
                {"text": title, "language": "ru" if re.search("[а-яё]", title, re.I) else "en"}
                for title in sorted({str(entry.get("title", "")) for entry in entries})
            ],
        }
        for name, entries in folders.items()
    ]


def numbers_page(results: Sequence[Result], notebooks: Mapping[str, Words], language: str) -> str:
    words = read_words(language)
    groups: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        if result.value.number is None:
            continue
        groups.setdefault(result.value.notebook, []).append(
            {
                "name": result.value.name,
                "text": result.value.text[language],
                "unit": result.text_unit[language],
                "years": result.years,
                "meaning": result.meaning[language],
                "note": result.note[language],
                "sources": [_source_link(source, language, words) for source in result.sources],
                "href": f"../{result.address}",
                "place": result.value.cell or result.value.notebook,
            }
        )
    return render_page(
        "numbers.html.j2",
        language,
        title=words["numbers_title"],
        lead=words["numbers_lead"],
        links=[
            Link(page_name("index", language), words["to_data"]),
            *_other_pages("numbers", language),
        ],
        groups=[
            {
                "notebook": notebook,
                "title": notebooks[notebook][language],
                "rows": rows,
            }
            for notebook, rows in sorted(groups.items())
        ],
    )


def _source_link(source: str, language: str, words: Mapping[str, str]) -> dict[str, str]:
    kind, _, name = source.partition(":")
    index = page_name("index", language)
    if kind == "raw":
        anchor = f"raw-{name.partition('.')[0]}" if name else "raw"
        return {"text": name or words["all_raw"], "href": f"{index}#{anchor}"}
    if kind in ("table", "model"):
        return {"text": f"{name}.csv", "href": f"{index}#table-{name}"}
    if kind == "chosen":
        return {"text": words["chosen"], "href": ""}
    published = name.startswith("report/figures/")
    return {"text": name, "href": f"../{name}" if published else ""}
