"""A page that leads to the reports of all regions that have one, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from markupsafe import escape

from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.writing import write_text
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.words.languages import LANGUAGES, Words, article_name, edition_file


@dataclass(frozen=True)
class Told:
    """A study that was made: its region, the region's name and its answer, seconds it took."""

    region: str
    name: Words
    title: Words
    seconds: float


def studies_page(told: Iterable[Told], heading: Words) -> str:
    """The page: for each region its answer in every language, linked to that edition."""
    studies = sorted(told, key=lambda one: one.name[LANGUAGES[0]])
    parts = []
    for code in LANGUAGES:
        page = edition_file(f"{article_name(code)}.html", code)
        rows = "\n".join(
            f'<li><a href="{one.region}/{page}">{escape(one.name[code])}</a>: '
            f"{escape(one.title[code])}</li>"
            for one in studies
        )
        parts.append(
            f'<section lang="{code}">\n<h2>{escape(heading[code])}</h2>\n<ul>\n{rows}\n</ul>\n'
            "</section>"
        )
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="{LANGUAGES[0]}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(heading[LANGUAGES[0]])}</title>\n"
        "<style>body{font:1rem/1.5 Inter,sans-serif;max-width:44rem;margin:2rem auto;"
        "padding:0 1rem}</style>\n"
        f"<main>\n{body}\n</main>\n</html>\n"
    )


def write_studies_page(path: Path, told: Iterable[Told]) -> None:
    """Write the page of the studies `told` to `path`."""
    heading = read_yaml(METADATA / "texts" / "studies.yml")["page"]
    write_text(path, studies_page(told, heading))
