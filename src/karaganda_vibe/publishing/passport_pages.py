"""The passports as static pages: one HTML file and one CSV a place, and an index.

Each page is one file that loads nothing. The index works without its script, which only sorts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import pandas as pd

from karaganda_vibe.figures.tile_map import check_tiles, tile_svg
from karaganda_vibe.findings.passports import Passport, figures_table
from karaganda_vibe.places.place_names import plain, spoken
from karaganda_vibe.project.paths import THEME
from karaganda_vibe.project.writing import write_table, write_text
from karaganda_vibe.publishing.annex_pdf import annex_path
from karaganda_vibe.publishing.passport_expectation import rank_band
from karaganda_vibe.publishing.passport_paths import (
    FOLDER,
    home,
    only_these,
    page_folder,
    same_page,
    to_output,
)
from karaganda_vibe.publishing.passport_view import Number, Writer
from karaganda_vibe.publishing.site_pages import language_name
from karaganda_vibe.words.languages import (
    LANGUAGES,
    to_shared,
)


def page_style() -> str:
    """The styles of a page: those of the report and its own, without comments and fonts.

    The fonts of the report would make each page ten times as heavy; the system's are taken.
    """
    sheets = ("report.css", "page.css", "passport.css")
    text = "\n".join((THEME / name).read_text(encoding="utf-8") for name in sheets)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"@font-face\s*\{[^}]*\}", "", text)
    return re.sub(r"\s*([{};])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()


def page_html(
    shown: Mapping[str, Any],
    writer: Writer,
    style: str,
    pages: Mapping[str, str],
    neighbours: tuple[Mapping[str, Any] | None, Mapping[str, Any] | None],
) -> str:
    """The page of one place.

    Args:
        shown: see `passport_view.view`; pages: places with a page of their own, by id, to which
            peers link; neighbours: views of the place before and the one after.
    """
    say = writer.say
    names = " · ".join(
        f'<span lang="{code}">{escape(name)}</span>' for code, name in shown["names"].items()
    )
    figures = f"{to_shared(writer.language)}{shown['place_id']}.csv"
    sections = [
        f'<p class="lead">{escape(" ".join(shown["sentences"]))}</p>',
        _cards(shown["cards"]),
        f"<h2>{escape(say('people'))}</h2>",
        f'<div class="charts">{"".join(_chart(chart) for chart in shown["charts"])}</div>',
        f"<p>{escape(shown['balance'])}</p>",
        f'<div class="charts">{_chart(shown["expected"])}</div>' if shown["expected"] else "",
        f'<h2 id="standings">{escape(say("standings"))}</h2>',
        _standings(shown["standings"], writer),
        _small(shown["absent"]),
        _small(f"{say('standings_note')} {say('strip_note')}"),
        f"<h2>{escape(say('trends'))}</h2>",
        f'<div class="sparks">{"".join(_spark(spark, writer) for spark in shown["sparks"])}</div>',
        _small(say("trends_note")),
        f"<h2>{escape(say('peers'))}</h2>",
        f"<p>{escape(shown['peers_note'])}</p>",
        _peers(shown["peers"], pages),
        f"<h2>{escape(say('scenario'))}</h2>",
        f"<p>{escape(shown['scenario'])}</p>",
        f"<h2>{escape(say('notes'))}</h2>",
        _small(shown["notes"]),
        f'<p><a class="download" href="{figures}" download>{escape(say("data"))}</a></p>',
    ]
    links = [(home(writer.language), say("report")), ("index.html", say("all"))]
    for word, other in zip(("previous", "next"), neighbours, strict=True):
        if other is not None:
            links.append((f"{other['place_id']}.html", f"{say(word)}: {other['name']}"))
    return _document(
        writer,
        style,
        title=f"{shown['name']} · {say('title')}",
        name=f"{shown['place_id']}.html",
        summary=shown["sentences"][0],
        heading=shown["name"],
        subtitle=f"{escape(shown['kind'])} · {names}",
        links=links,
        body="\n".join(section for section in sections if section),
    )


def index_html(
    passports: Sequence[Passport],
    tiles: pd.DataFrame,
    regions: Mapping[str, str],
    writer: Writer,
    style: str,
) -> str:
    """The index: a map of tiles and a table of all places.

    Args:
        tiles: metadata/places/place_tiles.csv: place_id, column, row, label_<language>.

    Raises:
        ProjectError: a place without a tile (see `tile_map.check_tiles`).
    """
    say, language = writer.say, writer.language
    check_tiles(tiles, [passport.place_id for passport in passports])
    rates = {p.place_id: _rate_standing(p) for p in passports}
    year = next(iter(rates.values()))["year"]
    placed = tiles.assign(
        label=tiles[f"label_{language}"],
        rate=[rates[place]["value"] for place in tiles["place_id"]],
    )
    labels = {}
    for passport in passports:
        rate = rates[passport.place_id]["value"]
        place = spoken(passport.names[language], language)
        words = {"place": place, "region": regions[passport.region], "year": year}
        if rate is None:
            number, spoken_text = say("none"), say("map_tile_none", **words)
        else:
            number = writer.number(rate, "signed_per_1000")
            spoken_text = say("map_tile", rate=number, **words)
        labels[passport.place_id] = (number, f"{passport.place_id}.html", spoken_text)
    means = next((p.expectation for p in passports if p.expectation is not None), {})
    years = {name: means.get(name, "") for name in ("first_year", "last_year", "places")}
    about = say("table_caption", year=year, **years)
    annex = to_output(language) + annex_path(language).name
    body = [
        f'<p><a class="download" href="{annex}">{escape(say("annex"))}</a></p>',
        f"<h2>{escape(say('map'))}</h2>",
        f"<p>{escape(say('map_note', year=year))}</p>",
        tile_svg(placed, labels, say("map_title", year=year)),
        f'<h2 id="table">{escape(say("table"))}</h2>',
        f'<p class="small-print" id="about-table">{escape(about)}</p>',
        _index_table(passports, regions, writer, year),
    ]
    script = (THEME / "passport_sort.js").read_text(encoding="utf-8")
    return _document(
        writer,
        style,
        name="index.html",
        title=say("title"),
        summary=say("subtitle"),
        heading=say("title"),
        subtitle=escape(say("subtitle")),
        links=[(home(language), say("report"))],
        body="\n".join(body),
        script=f"<script>\n{script}</script>",
    )


def write_pages(
    passports: Sequence[Passport],
    views: Sequence[Mapping[str, Any]],
    tiles: pd.DataFrame,
    regions: Mapping[str, str],
    writer: Writer,
    folder: Path = FOLDER,
) -> list[Path]:
    """Write index and pages of the writer's language; return the files, sorted.

    Pages of places that have no passport any more are removed.
    """
    style, folder = page_style(), page_folder(writer.language, folder)
    pages = {str(shown["place_id"]): str(shown["name"]) for shown in views}
    files = {folder / "index.html"}
    write_text(folder / "index.html", index_html(passports, tiles, regions, writer, style))
    around = [None, *views, None]
    for number, shown in enumerate(views):
        page = folder / f"{shown['place_id']}.html"
        neighbours = (around[number], around[number + 2])
        write_text(page, page_html(shown, writer, style, pages, neighbours))
        files.add(page)
    return only_these(files, folder, "*.html")


def write_figures(passports: Sequence[Passport], folder: Path = FOLDER) -> list[Path]:
    """Write the CSV files, which all languages share; return them, sorted. Stale ones go."""
    files = set()
    for passport in passports:
        files.add(folder / f"{passport.place_id}.csv")
        write_table(folder / f"{passport.place_id}.csv", figures_table(passport))
    return only_these(files, folder, "*.csv")


def _document(
    writer: Writer,
    style: str,
    *,
    name: str,
    title: str,
    summary: str,
    heading: str,
    subtitle: str,
    links: Sequence[tuple[str, str]],
    body: str,
    script: str = "",
) -> str:
    template = Template((THEME / "passport.html").read_text(encoding="utf-8"))
    return template.substitute(
        lang=writer.language,
        title=escape(title),
        summary=escape(summary),
        style=style,
        skip=escape(writer.say("skip")),
        navigation=escape(writer.say("navigation")),
        links="".join(f'<a href="{escape(to)}">{escape(word)}</a>' for to, word in links),
        languages=_languages(writer, name),
        heading=escape(heading),
        subtitle=subtitle,
        body=body,
        script=script,
    )


def _languages(writer: Writer, name: str) -> str:
    """Links to the same page in the other languages, each named in its own."""
    links = []
    for code in LANGUAGES:
        word = escape(language_name(code))
        if code == writer.language:
            links.append(f'<span aria-current="true">{word}</span>')
        else:
            address = escape(same_page(name, writer.language, code))
            links.append(f'<a href="{address}" lang="{code}" hreflang="{code}">{word}</a>')
    label = escape(writer.say("languages"))
    return f'<nav class="passport-nav" aria-label="{label}">{"".join(links)}</nav>'


def _rate_standing(passport: Passport) -> Mapping[str, Any]:
    return next(row for row in passport.standings if row["indicator"] == "net_rate")


def _data(number: Number) -> str:
    """A number with its value, so that a program (and a test) can read it."""
    return f'<data value="{number.value!r}">{escape(number.text)}</data>'


def _small(text: str) -> str:
    return f'<p class="small-print">{escape(text)}</p>' if text else ""


def _cards(cards: Sequence[Mapping[str, Any]]) -> str:
    out = [
        f'<div class="key-figure"><p>{_data(card["number"])}</p><p>{escape(card["label"])}</p>'
        + (f"<p>{escape(card['note'])}</p>" if card["note"] else "")
        + "</div>"
        for card in cards
    ]
    return f'<div class="key-figures">{"".join(out)}</div>'


def _chart(chart: Mapping[str, str]) -> str:
    return f"<figure><figcaption>{escape(chart['title'])}</figcaption>{chart['svg']}</figure>"


def _spark(spark: Mapping[str, Any], writer: Writer) -> str:
    mark = "\u0000"
    now = writer.say("spark_now", value=mark, year=spark["year"])
    text = escape(now).replace(mark, _data(spark["now"]))
    if spark["peers"] is not None:
        near = escape(writer.say("spark_peers", value=mark)).replace(mark, _data(spark["peers"]))
        text += f"; {near}"
        if spark["peers_year"] != spark["year"]:
            text += f" ({spark['peers_year']})"
    return (
        f"<figure><figcaption><strong>{escape(spark['title'])}</strong> {escape(spark['unit'])}"
        f"<br>{text}</figcaption>{spark['svg']}</figure>"
    )


def _standings(rows: Sequence[Mapping[str, Any]], writer: Writer) -> str:
    say, mark = writer.say, "\u0000"
    heads = "".join(
        f'<th scope="col">{escape(say(name))}</th>'
        for name in ("indicator", "latest", "among_all", "among_peers")
    )
    out = []
    for row in rows:
        note = " · ".join(part for part in (row["latest_year"], row["latest_note"]) if part)
        cells = [
            f'<th scope="row">{escape(row["name"])}<small>{escape(row["unit"])}</small></th>',
            f"<td>{_data(row['latest'])}<small>{escape(note)}</small></td>",
        ]
        if row["rank"] is None:
            words = say("not_published_year", year=row["year"])
            cells.append(f"<td><small>{escape(words)}</small></td>")
        else:
            value = escape(say("in_year", value=mark, year=row["year"]))
            value = value.replace(mark, _data(row["compared"]))
            cells.append(f"<td>{escape(row['rank'])}<small>{value}</small>{row['strip']}</td>")
        if row["rank_among_peers"] is None:
            word = "not_published_year" if row["rank"] is None else "too_few"
            words = say(word, **({"year": row["year"]} if row["rank"] is None else {}))
            cells.append(f"<td><small>{escape(words)}</small></td>")
        else:
            median = escape(say("median", value=mark)).replace(mark, _data(row["median"]))
            cells.append(f"<td>{escape(row['rank_among_peers'])}<small>{median}</small></td>")
        out.append(f"<tr>{''.join(cells)}</tr>")
    return (
        '<div class="table-box standings" tabindex="0" role="region" aria-labelledby="standings">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(out)}</tbody></table></div>"
    )


def _peers(peers: Sequence[Mapping[str, Any]], pages: Mapping[str, str]) -> str:
    out = []
    for peer in peers:
        name = escape(peer["name"])
        if peer["place_id"] in pages:
            name = f'<a href="{peer["place_id"]}.html">{name}</a>'
        out.append(
            f'<li>{name}, {escape(peer["region"])} <span class="muted">'
            f"{_data(peer['distance'])}</span></li>"
        )
    return f'<ol class="peer-list">{"".join(out)}</ol>'


def _index_table(
    passports: Sequence[Passport],
    regions: Mapping[str, str],
    writer: Writer,
    year: object,
) -> str:
    say = writer.say
    heads = [
        say("place"),
        say("region"),
        say("people_column"),
        say("rate_column", year=year),
        say("rank_column"),
        say("net_column"),
    ]
    kinds = ["place", "wide-only", *["number"] * 4]
    rows = []
    for passport in passports:
        people, rate = passport.people, _rate_standing(passport)
        name = passport.names[writer.language]
        compared = (
            (None, None)
            if rate["value"] is None
            else (
                writer.cell(rate["value"], "signed_per_1000"),
                _band(passport, writer),
            )
        )
        cells = [
            f'<th scope="row" data-value="{escape(plain(name, writer.language))}">'
            f'<a href="{passport.place_id}.html">{escape(name)}</a>'
            f'<small class="narrow-only">{escape(regions[passport.region])}</small></th>',
            f'<td class="wide-only" data-value="{escape(regions[passport.region])}">'
            f"{escape(regions[passport.region])}</td>",
            _number_cell(writer.cell(people.population_last, "persons"), say, people.last_year),
            *(_number_cell(number, say) for number in compared),
            _number_cell(writer.cell(people.net, "signed_persons"), say, people.year),
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    columns = "".join(
        f'<th scope="col" class="{kind}">{escape(head)}</th>'
        for kind, head in zip(kinds, heads, strict=True)
    )
    return (
        '<div class="table-box index" tabindex="0" role="region" aria-labelledby="table">'
        '<table class="sortable" aria-describedby="about-table" '
        f'data-sort="{escape(say("sort", column="…"))}">'
        f"<thead><tr>{columns}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _band(passport: Passport, writer: Writer) -> Number | None:
    """The band of ranks of the rate, sorted by the rank in its middle."""
    text = rank_band(passport, writer)
    return Number(text, float(str((passport.expectation or {})["rate_rank"]))) if text else None


def _number_cell(number: Number | None, say: Any, year: int | None = None) -> str:
    if number is None:
        return f'<td class="number" data-value="">{escape(say("not_published"))}</td>'
    small = f"<small>{year}</small>" if year is not None else ""
    return f'<td class="number" data-value="{number.value!r}">{_data(number)}{small}</td>'
