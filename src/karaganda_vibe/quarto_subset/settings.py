"""Which settings of `_quarto.yml` are known, what each does here, and which values it may have.

A key that would be accepted without effect is a fault: a setting is honoured, or may only have the
value that the renderer keeps to anyway, or is named in docs/quarto_subset.md as one of the look of
Quarto's own files. Anything else is refused with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset.yamls import Lines


def _text(value: Any) -> bool:
    return not isinstance(value, (dict, list, bool)) and value is not None and str(value) != ""


def _names(value: Any) -> bool:
    return _text(value) or (isinstance(value, list) and all(map(_text, value)))


def _filters(value: Any) -> bool:
    """Names of Lua filters; one with a stage, `path` and `at`, is for Quarto alone."""
    values = value if isinstance(value, list) else [value]
    return all(
        _text(item) or (isinstance(item, dict) and set(item) == {"path", "at"}) for item in values
    )


@dataclass(frozen=True)
class Setting:
    """What a key does (`effect`), and what its value must be: one of `only`, or of a `kind`."""

    effect: str
    only: tuple[Any, ...] = ()
    kind: Callable[[Any], bool] = _text
    expected: str = "a text"
    look: bool = False
    """Whether it concerns the look of Quarto's own files alone."""


def _yes_or_no(effect: str) -> Setting:
    return Setting(effect, only=(True, False))


def _kept(value: Any, effect: str) -> Setting:
    """The one value that the renderer keeps to anyway."""
    return Setting(effect, only=(value,))


def _look(effect: str) -> Setting:
    return Setting(effect, kind=lambda value: True, look=True)


def _list(effect: str) -> Setting:
    return Setting(effect, kind=_names, expected="a name or a list of names")


_FOR_ALL_OR_ONE: dict[str, Any] = {
    "number-sections": _yes_or_no("headings have numbers"),
    "toc": _yes_or_no("contents"),
    "toc-depth": Setting("levels of the contents", only=(1, 2, 3, 4, 5, 6)),
    "toc-title": Setting("heading of the contents"),
    "fig-cap-location": _kept("top", "captions of figures stand above"),
    "tbl-cap-location": _kept("top", "captions of tables stand above"),
}
"""Settings of the document, or of one format."""

_HTML: dict[str, Any] = {
    "css": _list("styles of the page"),
    "theme": _look("Quarto's theme"),
    "mainfont": _look("Quarto's font"),
    "embed-resources": _kept(True, "the page is one file"),
    "minimal": _kept(True, "the page has none of Quarto's scripts"),
    "html-math-method": _kept("mathml", "formulas are MathML"),
    "section-divs": _kept(True, "sections are elements"),
    "output-file": Setting("name of the page, that of the article"),
    "template": Setting("frame of the page"),
    "editions": Setting(
        "links to the page in other languages",
        kind=lambda value: isinstance(value, dict) and all(map(_text, value.values())),
        expected="`language: address` lines",
    ),
    "site-address": Setting(
        "where the output folder is published",
        kind=lambda value: _text(value) and re.match(r"https?://", str(value)) is not None,
        expected="an address that begins with https://",
    ),
    "filters": Setting("Lua filters", kind=_filters, expected="names, or `path` with `at`"),
    "include-after-body": _list("pieces of HTML at the end of the page"),
}
_TYPST: dict[str, Any] = {
    "papersize": _look("Quarto's paper"),
    "margin": _look("Quarto's margins"),
    "mainfont": _look("Quarto's font"),
    "fontsize": _look("Quarto's size of type"),
    "font-paths": _look("where Quarto finds fonts"),
    "linkcolor": _look("Quarto's colour of links"),
    "include-in-header": _look("Typst rules for Quarto's PDF"),
    "section-numbering": _kept("1.1", "form of the numbers of headings"),
    "filters": Setting("Lua filters", kind=_filters, expected="names, or `path` with `at`"),
}
_DOCX: dict[str, Any] = {
    "reference-doc": Setting("styles of the Word file"),
    "filters": Setting("Lua filters", kind=_filters, expected="names, or `path` with `at`"),
}

SETTINGS: dict[str, Any] = {
    "project": {
        "type": _kept("manuscript", "kind of project"),
        "output-dir": Setting("folder of the outputs"),
        "resources": _list("files that are published"),
        "render": _list("what Quarto renders: the article and nothing else"),
    },
    "manuscript": {
        "article": Setting("the file that is rendered"),
        "meca-bundle": _kept(False, "no bundle"),
    },
    "profile": {"default": Setting("profile taken when none is named")},
    "format": {
        "html": {**_FOR_ALL_OR_ONE, **_HTML},
        "typst": {**_FOR_ALL_OR_ONE, **_TYPST},
        "docx": {**_FOR_ALL_OR_ONE, **_DOCX},
    },
    **_FOR_ALL_OR_ONE,
    "lang": Setting("language"),
    "language": Setting(
        "interface words",
        kind=lambda value: _text(value) or isinstance(value, dict),
        expected="a file of words, or `word: text` lines",
    ),
    "bibliography": _list("sources"),
    "csl": Setting("style of citations"),
    "link-citations": _kept(True, "citations lead to the list of sources"),
    "tbl-colwidths": _kept("auto", "columns as wide as needed, unless a table says otherwise"),
    "author": Setting("author, where the article names none", kind=lambda value: bool(value)),
    "date": Setting("date, where the article has none"),
    "date-format": Setting("how the date is written"),
    "abstract-title": Setting("heading of the abstract"),
    "google-scholar": _kept(False, "no tags for search engines of papers"),
    "execute": {"enabled": _kept(False, "nothing is computed")},
    "html-math-method": _kept("mathml", "formulas are MathML"),
}


def check_settings(config: dict[str, Any], lines: Lines, shown: str) -> None:
    """Refuse what one file of settings says that is unknown or would have no effect.

    Raises ProjectError with `shown`:line.
    """
    _check(config, SETTINGS, lines, shown, ())


def _check(
    config: dict[str, Any], known: dict[str, Any], lines: Lines, shown: str, path: tuple[str, ...]
) -> None:
    for key, value in config.items():
        here = (*path, key)
        place, name = f"{shown}:{lines[here]}", ".".join(here)
        if key not in known:
            raise ProjectError(
                f"{place}: key `{name}` is outside the supported subset of Quarto; expected one "
                f"of: {', '.join(sorted(known))}"
            )
        setting = known[key]
        if isinstance(setting, dict):
            if isinstance(value, dict):
                _check(value, setting, lines, shown, here)
            elif not _whole(here, value):
                raise ProjectError(f"{place}: `{name}` must be `key: value` lines, found `{value}`")
        elif setting.only and not any(_same(value, only) for only in setting.only):
            wanted = " or ".join(f"`{_typed(only)}`" for only in setting.only)
            raise ProjectError(
                f"{place}: `{name}` must be {wanted}, found `{_typed(value)}`, which would have no "
                f"effect here ({setting.effect})"
            )
        elif not setting.only and not setting.kind(value):
            raise ProjectError(
                f"{place}: `{name}` ({setting.effect}) must be {setting.expected}, found "
                f"`{_typed(value)}`"
            )


def _whole(path: tuple[str, ...], value: Any) -> bool:
    """A format may be named alone, or have `default` or nothing for its options."""
    if path == ("format",):
        return isinstance(value, str) and value in SETTINGS["format"]
    return path[0] == "format" and (value is None or value == "default")


def _same(value: Any, only: Any) -> bool:
    if isinstance(only, str):
        return str(value) == only
    return isinstance(value, bool) == isinstance(only, bool) and bool(value == only)


def _typed(value: Any) -> str:
    """A value as it is typed in YAML."""
    if isinstance(value, bool):
        return str(value).lower()
    return "…" if isinstance(value, (dict, list)) else str("" if value is None else value)
