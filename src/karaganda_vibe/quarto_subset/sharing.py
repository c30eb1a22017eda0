"""What a messenger or a search engine is told about the page: its words, picture and address."""

from __future__ import annotations

import re
import struct
from pathlib import PurePosixPath
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset.project import Project, shared_resources
from karaganda_vibe.quarto_subset.text import Manuscript
from karaganda_vibe.quarto_subset.tree import text_of
from karaganda_vibe.quarto_subset.value_links import relative

LONGEST = 200
"""Characters of a description: what messengers show and search engines cut at."""
_PNG = b"\x89PNG\r\n\x1a\n"


def check_picture(project: Project, text: Manuscript) -> None:
    """Refuse a picture of the front matter that no reader of a shared link would see.

    Raises ProjectError with the line where it is no PNG of the project, is not published, or has
    no words.
    """
    name = text.front.get("image")
    if name is None:
        return
    place = f"{_line(project, 'image')}: image {name}"
    path = project.root / str(name)
    if not path.is_file() or not path.read_bytes().startswith(_PNG):
        raise ProjectError(f"{place} is not a PNG of the project; name one, from the root")
    if str(name) not in {*project.resources(), *shared_resources(project.root)}:
        raise ProjectError(f"{place} is not published; add it to project.resources")
    if not str(text.front.get("image-alt") or "").strip():
        raise ProjectError(f"{place} has no words; say in `image-alt` what it shows")


def _line(project: Project, key: str) -> str:
    rows = (project.root / project.article).read_text("utf-8-sig").split("\n")
    number = next((n for n, row in enumerate(rows, 1) if row.startswith(f"{key}:")), 1)
    return f"{project.article}:{number}"


def shortened(text: str, longest: int = LONGEST) -> str:
    """`text` up to the end of its last whole statement, or word, within `longest` characters."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    head = text[:longest]
    # A letter alone before the full stop is an abbreviation («г.»).
    statement = re.match(r"(.*[^\s.]{2})[.;] ", head)
    return f"{statement[1]}." if statement else head.rpartition(" ")[0].rstrip(" ,;:") + "…"


def sharing(project: Project, meta: dict[str, Any]) -> dict[str, Any]:
    """Fields of the template: `summary`, and `picture` and `page-address` where there are any.

    The addresses are whole where `format.html.site-address` says where the output folder is
    published, else relative to the page.
    """
    told = next((text_of([meta[key]]) for key in ("description", "abstract") if key in meta), "")
    fields: dict[str, Any] = {"summary": shortened(told)}
    top, *below = PurePosixPath(project.output_dir).parts
    site = project.option("html", "site-address")
    base = f"{str(site).rstrip('/')}/" if site else ""
    if base:
        fields["page-address"] = base + "/".join([*below, f"{project.stem}.html"])
    if "image" in meta:
        name = text_of([meta["image"]])
        width, height = struct.unpack(">II", (project.root / name).read_bytes()[16:24])
        fields["picture"] = {
            "address": base + name if base else relative(f"{top}/{name}", project.output_dir),
            "words": text_of([meta["image-alt"]]),
            "width": width,
            "height": height,
        }
    return fields
