"""The passports as static pages: one HTML file and one CSV a place, and an index.

Each page is one file that loads nothing. The index works without its script, which only sorts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.figures.outline_map import Rings
from karaganda_vibe.findings.passport_tables import figures_table
from karaganda_vibe.findings.passports import Passport
from karaganda_vibe.project.writing import write_table, write_text
from karaganda_vibe.publishing.passport_frame import data, document, page_style
from karaganda_vibe.publishing.passport_index import index_html
from karaganda_vibe.publishing.passport_paths import FOLDER, home, only_these, page_folder
from karaganda_vibe.publishing.passport_writer import Writer
from karaganda_vibe.words.languages import to_shared


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
    lead = "".join(f"<p>{escape(sentence)}</p>" for sentence in shown["sentences"])
    expected = f'<div class="charts">{_chart(shown["expected"])}</div>' if shown["expected"] else ""
    sections = [
        f'<div class="abstract">{lead}</div>',
        _cards(shown["cards"]),
        f'<div class="where">{_chart(shown["map"])}</div>',
        f"<h2>{escape(say('people'))}</h2>",
        f'<div class="charts">{"".join(_chart(chart) for chart in shown["charts"])}</div>',
        f"<p>{escape(shown['balance'])}</p>",
        f"<h2>{escape(say('expectation'))}</h2>",
        f"<p>{escape(shown['expectation'])}</p>",
        expected,
        f'<h2 id="peers">{escape(say("peers"))}</h2>',
        f"<p>{escape(shown['peers_note'])}</p>",
        _peers(shown, pages, writer),
        f'<h2 id="standings">{escape(say("standings"))}</h2>',
        _standings(shown["standings"], writer),
        _small(shown["absent"]),
        _small(f"{say('standings_note')} {say('strip_note')}"),
        f"<h2>{escape(say('trends'))}</h2>",
        f'<div class="sparks">{"".join(_spark(spark, writer) for spark in shown["sparks"])}</div>',
        _small(say("trends_note")),
        f"<h2>{escape(say('notes'))}</h2>",
        _small(f"{shown['notes']} {say('outlines')}"),
        f'<p><a class="download" href="{figures}" download>{escape(say("data"))}</a></p>',
    ]
    links = [(home(writer.language), say("report")), ("index.html", say("all"))]
    for word, other in zip(("previous", "next"), neighbours, strict=True):
        if other is not None:
            links.append((f"{other['place_id']}.html", f"{say(word)}: {other['name']}"))
    return document(
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


def write_pages(
    passports: Sequence[Passport],
    views: Sequence[Mapping[str, Any]],
    tiles: pd.DataFrame,
    outlines: Rings,
    regions: Mapping[str, str],
    writer: Writer,
    folder: Path = FOLDER,
) -> list[Path]:
    """Write index and pages of the writer's language; return the files, sorted.

    Pages of places that have no passport any more are removed.
    """
    style, folder = page_style(writer.language), page_folder(writer.language, folder)
    pages = {str(shown["place_id"]): str(shown["name"]) for shown in views}
    files = {folder / "index.html"}
    write_text(
        folder / "index.html", index_html(passports, tiles, outlines, regions, writer, style)
    )
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


def _small(text: str) -> str:
    return f'<p class="small-print">{escape(text)}</p>' if text else ""


def _cards(cards: Sequence[Mapping[str, Any]]) -> str:
    out = [
        f'<div class="key-figure"><p>{data(card["number"])}</p><p>{escape(card["label"])}</p>'
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
    text = escape(now).replace(mark, data(spark["now"]))
    if spark["peers"] is not None:
        near = escape(writer.say("spark_peers", value=mark)).replace(mark, data(spark["peers"]))
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
            f"<td>{data(row['latest'])}<small>{escape(note)}</small></td>",
        ]
        if row["rank"] is None:
            words = say("not_published_year", year=row["year"])
            cells.append(f"<td><small>{escape(words)}</small></td>")
        else:
            value = escape(say("in_year", value=mark, year=row["year"]))
            value = value.replace(mark, data(row["compared"]))
            cells.append(f"<td>{escape(row['rank'])}<small>{value}</small>{row['strip']}</td>")
        if row["among_peers"] is None:
            word = "not_published_year" if row["rank"] is None else "too_few"
            words = say(word, **({"year": row["year"]} if row["rank"] is None else {}))
            cells.append(f"<td><small>{escape(words)}</small></td>")
        else:
            median = escape(say("median", value=mark)).replace(mark, data(row["median"]))
            cells.append(f"<td>{escape(row['among_peers'])}<small>{median}</small></td>")
        out.append(f"<tr>{''.join(cells)}</tr>")
    return (
        '<div class="table-box standings" tabindex="0" role="region" aria-labelledby="standings">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(out)}</tbody></table></div>"
    )


def _peers(shown: Mapping[str, Any], pages: Mapping[str, str], writer: Writer) -> str:
    """The table of peers, the place itself marked among them."""
    first, *others = shown["peer_heads"]
    heads = f'<th scope="col">{escape(first)}</th>' + "".join(
        f'<th scope="col" class="number">{escape(head)}</th>' for head in others
    )
    out = []
    for peer in shown["peers"]:
        name = escape(peer["name"])
        if peer["here"]:
            name = f"<strong>{name}</strong>"
        elif peer["place_id"] in pages:
            name = f'<a href="{peer["place_id"]}.html">{name}</a>'
        cells = "".join(
            f'<td class="number">{escape(writer.say("none"))}</td>'
            if number is None
            else f'<td class="number">{data(number)}</td>'
            for number in peer["numbers"]
        )
        mark = ' class="here"' if peer["here"] else ""
        out.append(
            f'<tr{mark}><th scope="row">{name}<small>{escape(peer["region"])}</small></th>'
            f"{cells}</tr>"
        )
    return (
        '<div class="table-box peer-table" tabindex="0" role="region" aria-labelledby="peers">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(out)}</tbody></table></div>"
    )
