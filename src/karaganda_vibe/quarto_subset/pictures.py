"""Pictures and fonts of the project as the page carries them: inside itself."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from urllib.parse import unquote

from karaganda_vibe.quarto_subset.project import Project

_MEDIA = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
}


def media_of(path: Path) -> bool:
    """Whether `path` is a picture or font that a page can carry."""
    return path.suffix in _MEDIA and path.is_file()


def picture_of(project: Project, target: str) -> Path | None:
    """The file that the address of a picture names, from the project's root, if it is one."""
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|[/\\\\]", target):
        return None
    path = project.root / unquote(target)
    return path if media_of(path) else None


def svg_of(text: str) -> str:
    """The drawing without what stands before <svg>: declaration and doctype name addresses."""
    return text[max(text.find("<svg"), 0) :]


def data_uri(path: Path) -> str:
    """The file as an address that holds it."""
    content = path.read_bytes()
    if path.suffix == ".svg":
        content = svg_of(content.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )
    return f"data:{_MEDIA[path.suffix]};base64,{base64.b64encode(content).decode('ascii')}"
