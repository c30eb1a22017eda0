"""The words and charts of the annex of all passports, as report/theme/passports.typ reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from karaganda_vibe.figures.passport_charts import for_paper
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.writing import write_text
from karaganda_vibe.publishing.annex_pdf import annex_file
from karaganda_vibe.publishing.passport_view import Writer


def annex_data(
    views: Sequence[Mapping[str, Any]], tile_map: Mapping[str, str], writer: Writer
) -> dict[str, Any]:
    """What report/theme/passports.typ reads.

    Args:
        views: see `passport_view.view`; tile_map: path of the map's picture from the project's
            root ("/report/…") and its alternative text.
    """
    say = writer.say
    words = (
        "people", "standings", "standings_note", "trends", "trends_note", "peers", "expectation",
    )  # fmt: skip
    notes = {str(shown_["notes"]) for shown_ in views}
    if len(notes) != 1:
        raise ProjectError("annex of the passports: its places have different notes; make them one")
    return {
        "lang": writer.language,
        "title": say("title"),
        "subtitle": say("subtitle"),
        "authors": say("authors"),
        "map": dict(tile_map),
        "map_note": say("where_title"),
        "notes": f"{notes.pop()} {say('outlines')}",
        "heads": [say(head) for head in ("indicator", "latest", "among_all", "among_peers")],
        "words": {**{word: say(word) for word in words}, "contents": say("contents")},
        "places": [_place(shown_, writer) for shown_ in views],
    }


def write_annex_data(data: Mapping[str, Any]) -> Path:
    """Write the words and charts of the annex; return the file."""
    path = annex_file(str(data["lang"]))
    write_text(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    return path


def _place(shown_: Mapping[str, Any], writer: Writer) -> dict[str, Any]:
    say = writer.say
    return {
        **{
            key: shown_[key]
            for key in (
                "name", "names", "kind", "sentences", "balance", "absent",
                "peers_note", "peer_heads", "expectation",
            )
        },
        "cards": [{**card, "number": card["number"].text} for card in shown_["cards"]],
        "charts": [{**chart, "svg": for_paper(chart["svg"])} for chart in shown_["charts"]],
        "map": {**shown_["map"], "svg": for_paper(shown_["map"]["svg"])},
        "expected": [
            {**chart, "svg": for_paper(chart["svg"])} for chart in [shown_["expected"]] if chart
        ],
        "standings": [_row(row, writer) for row in shown_["standings"]],
        "sparks": [
            {
                "title": spark["title"],
                "unit": spark["unit"],
                "alt": spark["alt"],
                "svg": for_paper(spark["svg"]),
                "now": say("spark_now", value=spark["now"].text, year=spark["year"])
                + _peers(spark, writer),
            }
            for spark in shown_["sparks"]
        ],
        "peers": [
            {
                **peer,
                "numbers": [
                    say("none") if number is None else number.text
                    for number in peer["numbers"]
                ],
            }
            for peer in shown_["peers"]
        ],
    }  # fmt: skip


def _peers(spark: Mapping[str, Any], writer: Writer) -> str:
    if spark["peers"] is None:
        return ""
    year = f" ({spark['peers_year']})" if spark["peers_year"] != spark["year"] else ""
    return f"; {writer.say('spark_peers', value=spark['peers'].text)}{year}"


def _row(row: Mapping[str, Any], writer: Writer) -> dict[str, str]:
    """A row of the table of ranks, every gap in words."""
    say = writer.say
    note = ", ".join(part for part in (row["latest_year"], row["latest_note"]) if part)
    out = {"name": row["name"], "unit": row["unit"], "latest": row["latest"].text}
    out |= {"latest_note": note, "median": "", "among_peers": ""}
    if row["rank"] is None:
        return out | {"rank": "", "compared": say("not_published_year", year=row["year"])}
    out["rank"] = row["rank"]
    out["compared"] = say("in_year", value=row["compared"].text, year=row["year"])
    if row["among_peers"] is None:
        return out | {"median": say("too_few")}
    median = say("median", value=row["median"].text)
    return out | {"among_peers": row["among_peers"], "median": median}
