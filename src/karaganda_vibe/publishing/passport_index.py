"""The index of the passports: a map and a table of all places. Its script only sorts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import pandas as pd

from karaganda_vibe.figures.outline_map import Place, Rings, with_names
from karaganda_vibe.figures.tile_map import check_tiles, plain_label, tile_svg
from karaganda_vibe.findings.passports import Passport
from karaganda_vibe.places.place_names import plain
from karaganda_vibe.project.paths import THEME
from karaganda_vibe.publishing.annex_pdf import annex_path
from karaganda_vibe.publishing.passport_frame import data, document
from karaganda_vibe.publishing.passport_maps import map_places
from karaganda_vibe.publishing.passport_paths import home, to_output
from karaganda_vibe.publishing.passport_writer import Number, Writer


def index_html(
    passports: Sequence[Passport],
    tiles: pd.DataFrame,
    outlines: Rings,
    regions: Mapping[str, str],
    writer: Writer,
    style: str,
) -> str:
    """The index: a map in outlines, on phones of tiles, and a table of all places.

    Args:
        tiles: metadata/places/place_tiles.csv: place_id, column, row, label_<language>; outlines:
            see `panels.place_shapes.map_of_places`.

    Raises:
        ProjectError: a place without a tile (see `tile_map.check_tiles`).
    """
    say, language = writer.say, writer.language
    check_tiles(tiles, [passport.place_id for passport in passports])
    places = map_places(passports, regions, writer)
    title, ends = say("map_title"), (say("losses"), say("gains"))
    outlined = with_names(
        outlines,
        _with_short_names(places, tiles, language),
        title,
        ends,
        lambda value: writer.number(value, "signed_per_1000_0"),
    )
    placed = tiles.assign(
        label=[str(label) for label in tiles[f"label_{language}"]],
        rate=pd.Series([places[place].rate for place in tiles["place_id"]], tiles.index),
    )
    labels = {place: (shown.number, shown.address, shown.spoken) for place, shown in places.items()}
    means = next((p.expectation for p in passports if p.expectation is not None), None)
    about = [say("table_caption"), say("outlines")]
    if means is not None:
        years = {name: means[name] for name in ("first_year", "last_year", "places")}
        about.insert(1, say("table_ranks", **years))
    annex = to_output(language) + annex_path(language).name
    body = [
        f'<p><a class="download" href="{annex}">{escape(say("annex"))}</a></p>',
        f"<h2>{escape(say('map'))}</h2>",
        f"<p>{escape(say('map_note'))}</p>",
        f'<div class="wide-map">{outlined}</div>',
        f'<div class="narrow-map">{tile_svg(placed, labels, title)}</div>',
        f'<h2 id="table">{escape(say("table"))}</h2>',
        f'<p class="small-print" id="about-table">{escape(" ".join(about))}</p>',
        _index_table(passports, regions, writer, means["places"] if means else say("none")),
    ]
    script = (THEME / "passport_sort.js").read_text(encoding="utf-8")
    return document(
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


def _with_short_names(
    places: Mapping[str, Place], tiles: pd.DataFrame, language: str
) -> dict[str, Place]:
    short = tiles.set_index("place_id")[f"label_{language}"]
    return {
        place: replace(shown, name=plain_label(str(short[place])))
        for place, shown in places.items()
    }


def _index_table(
    passports: Sequence[Passport],
    regions: Mapping[str, str],
    writer: Writer,
    ranked: object,
) -> str:
    say = writer.say
    heads = [
        say("place"),
        say("region"),
        say("people_column"),
        say("rate_column"),
        say("rank_column", places=ranked),
        say("net_column"),
    ]
    kinds = ["place", "wide-only", *["number"] * 4]
    rows = []
    for passport in passports:
        people, recent = passport.people, passport.recent
        name = passport.names[writer.language]
        rate = None if recent is None else writer.cell(recent.rate, "signed_per_1000")
        cells = [
            f'<th scope="row" data-value="{escape(plain(name, writer.language))}">'
            f'<a href="{passport.place_id}.html">{escape(name)}</a>'
            f'<small class="narrow-only">{escape(regions[passport.region])}</small></th>',
            f'<td class="wide-only" data-value="{escape(regions[passport.region])}">'
            f"{escape(regions[passport.region])}</td>",
            _number_cell(writer.cell(people.population_last, "persons"), say, people.last_year),
            _number_cell(rate, say),
            _number_cell(_band(passport, writer), say),
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
    facts = passport.expectation
    if facts is None:
        return None
    text = writer.say("rank_short", low=facts["rate_rank_low"], high=facts["rate_rank_high"])
    return Number(text, float(str(facts["rate_rank"])))


def _number_cell(number: Number | None, say: Any, year: int | None = None) -> str:
    if number is None:
        return f'<td class="number" data-value="">{escape(say("not_published"))}</td>'
    small = f"<small>{year}</small>" if year is not None else ""
    return f'<td class="number" data-value="{number.value!r}">{data(number)}{small}</td>'
