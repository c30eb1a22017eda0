"""What a piece of HTML, SVG or CSS would load: the page must ask nothing of the net.

Anything that loads is refused, unless it lies inside the page (`#…`, `data:…`) or is a picture of
the project, which is put into the page. Where readers of HTML differ (unclosed tags, odd comments),
the piece is refused, so that nothing can hide there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

_LOADING_ELEMENTS = {
    *("iframe", "frame", "frameset", "object", "embed", "applet", "base", "portal"),
    *("fencedframe", "foreignobject"),
}
_LOADING_ATTRIBUTES = {
    *("src", "srcset", "imagesrcset", "poster", "background", "data", "href", "xlink:href"),
    *("ping", "http-equiv", "action", "formaction", "manifest", "lowsrc", "dynsrc", "code"),
    *("codebase", "archive", "classid", "profile", "attributionsrc", "xml:base"),
}
_LINKS = {"a", "area"}
"""Their `href` is followed by a reader, not by the page."""
_NAMING = {"alternate", "canonical"}
"""Relations of a `<link>` that name a page and load nothing."""
_WORDS = re.compile(r"(alt|title|content|class|id|summary|value|lang)$|aria-|data-")
"""Attributes that hold words, not styles."""
_SCRIPT_LOADS = re.compile(
    r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|Worker)\b|\bimport\s*\("
)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_CSS_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)")
_CSS_LOAD = re.compile(
    r"@import\b|\b(?:url|src)\((?P<target>[^)]*)|\b(?:image-set|image|cross-fade)\(",
    re.I,
)

Local = Callable[[str], bool]


def _nothing(target: str) -> bool:
    return False


def css_load(css: str, local: Local = _nothing) -> tuple[int, str] | None:
    """Line (from 1) and text of the first thing that `css` loads; `local` says what it may."""
    lines = _CSS_COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), css)
    plain = _CSS_ESCAPE.sub(lambda m: m[2] or chr(min(int(m[1], 16), 0x10FFFF)), lines)
    for found in _CSS_LOAD.finditer(plain):
        target = (found["target"] or "").strip(" \t\n\"'")
        if found["target"] is not None and (_inside(target) or local(target)):
            continue
        return plain.count("\n", 0, found.start()) + 1, found[0].strip()[:60]
    return None


def _inside(target: str) -> bool:
    return target.startswith("#") or target.lower().startswith("data:")


class _Reader(HTMLParser):
    """Remembers the first thing that a piece of HTML would load, with its line."""

    def __init__(self, local: Local, scripts: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._local, self._scripts = local, scripts
        self._open = ""
        self.found: tuple[int, str] | None = None

    def _refuse(self, what: str, below: int = 0) -> None:
        self.found = self.found or (self.getpos()[0] + below, what)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        if tag in _LOADING_ELEMENTS or (tag == "script" and not self._scripts):
            self._refuse(f"<{tag}>")
        rel = next((value for name, value in attrs if name == "rel"), None)
        if tag == "link" and (rel or "").lower() in _NAMING:
            return
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._open = ""

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def _attribute(self, tag: str, name: str, value: str) -> None:
        target = re.sub(r"[\t\r\n]", "", value).strip()
        shown = f'<{tag} {name}="{value[:40]}">'
        runs = re.match(r"on[a-z]+$", name) or re.match(r"(java|vb)script:", target, re.I)
        moves = name == "attributename" and target.lower() in ("href", "xlink:href", "src")
        link = tag in _LINKS and name in ("href", "xlink:href")
        if runs or moves:
            self._refuse(shown)
        elif name in _LOADING_ATTRIBUTES:
            picture = tag == "img" and name == "src" and self._local(target)
            if target and not (link or picture or _inside(target)):
                self._refuse(shown)
        elif "(" in value and not _WORDS.match(name) and css_load(value):
            self._refuse(shown)

    def handle_data(self, data: str) -> None:
        if self._open == "style":
            found = (1, "<style> with a tag in it") if "<" in data else css_load(data)
            if found:
                self._refuse(found[1], found[0] - 1)
        elif self._open == "script":
            call = _SCRIPT_LOADS.search(data)
            if call:
                self._refuse(call[0], data.count("\n", 0, call.start()))

    def handle_comment(self, data: str) -> None:
        if data.startswith((">", "->")) or "--!>" in data:
            self._refuse("a comment that ends early")

    def unknown_decl(self, data: str) -> None:
        self._refuse("<![…")


def html_load(text: str, local: Local = _nothing, scripts: bool = False) -> tuple[int, str] | None:
    """Line (from 1) and name of the first thing in a piece of HTML that loads something.

    `local` says which addresses of pictures are put into the page. `scripts`: whether scripts that
    stand in the piece itself are allowed; handlers in attributes never are.
    """
    reader = _Reader(local, scripts)
    reader.feed(text)
    rest, inside = reader.rawdata, reader.cdata_elem
    if reader.found is None and (inside or "<" in rest):
        return reader.getpos()[0], f"<{inside}> that is not closed" if inside else rest[:30]
    return reader.found
