"""Refuses what is outside the subset, whatever the format, with file and line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.reading import read_text
from karaganda_vibe.quarto_subset.document import Parsed, bibliography
from karaganda_vibe.quarto_subset.loads import Local, css_load, html_load
from karaganda_vibe.quarto_subset.pictures import media_of, picture_of, svg_of
from karaganda_vibe.quarto_subset.project import Project
from karaganda_vibe.quarto_subset.references import LABEL, OTHER_LABEL
from karaganda_vibe.quarto_subset.shapes import CALLOUTS, div_kind, widths_of
from karaganda_vibe.quarto_subset.source_lines import Places, at
from karaganda_vibe.quarto_subset.text import Manuscript
from karaganda_vibe.quarto_subset.tree import Node, attributes, text_of, walk

_CONDITIONS = ("html", "typst", "docx")
_DIV_CLASSES = {
    "content-visible",
    "content-hidden",
    "key-figures",
    "key-figure",
    "figure-source",
    "table-source",
    "lead",
    "refs",
    *(f"callout-{kind}" for kind in CALLOUTS),
}
_DIV_PAIRS: dict[str, set[str]] = {
    "callout": {"collapse", "title", "icon", "appearance"},
    "condition": {"when-format", "unless-format"},
    "float": {"layout-ncol", "tbl-colwidths", "fig-align"},
    "plain": {"layout-ncol", "lang", "role", "aria-label"},
}
_SPAN_CLASSES = {"number", "nowrap", "underline", "mark", "smallcaps", "muted"}
_HEADER_CLASSES = {"unnumbered", "unlisted"}
_IMAGE_PAIRS = {"fig-alt", "width", "height", "fig-align"}
_TABLE_PAIRS = {"tbl-colwidths"}


def _check_div(node: Node, text: Manuscript, places: Places) -> None:
    identifier, classes, pairs = attributes(node)
    for name in classes:
        if name not in _DIV_CLASSES:
            hint = " (tabs hide text on paper; use headings)" if name == "panel-tabset" else ""
            raise ProjectError(
                f"{at(text, 'div', name)}: class `.{name}` of a div is outside the "
                f"supported subset of Quarto{hint}; expected one of: "
                f"{', '.join(sorted(_DIV_CLASSES))}"
            )
    kind = div_kind(identifier, classes)
    for key, value in pairs.items():
        place = places.next("div attribute", key)
        if key not in _DIV_PAIRS[kind]:
            raise ProjectError(
                f"{place}: attribute `{key}` of a div is outside the supported subset of Quarto; "
                f"expected one of: {', '.join(sorted(_DIV_PAIRS[kind]))}"
            )
        if kind == "condition" and value not in _CONDITIONS:
            raise ProjectError(
                f'{place}: `{key}="{value}"` is outside the subset; expected one of: '
                f"{', '.join(_CONDITIONS)} (the PDF is `typst`)"
            )
        if key == "layout-ncol" and not re.fullmatch(r"[1-6]", value):
            raise ProjectError(f"{place}: layout-ncol must be 1 to 6, found `{value}`")
    if kind == "condition" and not pairs:
        name = next(name for name in classes if name.startswith("content-"))
        raise ProjectError(f"{at(text, 'div', name)}: `.{name}` needs when-format or unless-format")


def _check_pairs(pairs: dict[str, str], known: set[str], what: str, text: Manuscript) -> None:
    for key in pairs:
        if key not in known:
            raise ProjectError(
                f"{at(text, 'attribute', key)}: attribute `{key}` of {what} is outside the "
                f"supported subset of Quarto; expected one of: {', '.join(sorted(known))}"
            )


def _check_image(node: Node, project: Project, text: Manuscript, place: str) -> None:
    target = node["c"][2][0]
    _, classes, pairs = attributes(node)
    _check_pairs(pairs, _IMAGE_PAIRS, "an image", text)
    if classes:
        raise ProjectError(f"{place}: class `.{classes[0]}` of an image is outside the subset")
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|[/\\]", target):
        raise ProjectError(
            f"{place}: image {target} is not in the project; store it there and name it from the "
            "root, without a slash before it"
        )
    path = project.root / unquote(target)
    if not path.is_file():
        raise ProjectError(
            f"{place}: image {target} does not exist; run the notebook that draws it, or mend "
            "the path (from the project's root)"
        )
    if path.suffix not in (".svg", ".png", ".jpg", ".jpeg"):
        raise ProjectError(f"{place}: image {target} is neither SVG, PNG nor JPEG")
    _check_drawing(path, target, place)
    if (
        path.suffix == ".svg"
        and "docx" in project.formats
        and not (path.with_suffix(".png").is_file())
    ):
        raise ProjectError(
            f"{place}: image {target} has no PNG beside it for the Word file; expected "
            f"{target.removesuffix('.svg')}.png"
        )
    if not pairs.get("fig-alt", "").strip():
        raise ProjectError(f'{place}: image {target} has no alternative text; add fig-alt="…"')


def _check_drawing(path: Path, target: str, place: str) -> None:
    """An SVG goes into the page itself, so it must not load anything either."""
    for drawing in (path, path.with_name(f"{path.stem}-narrow.svg")):
        if drawing.suffix == ".svg" and drawing.is_file():
            found = html_load(svg_of(read_text(drawing, target)))
            if found:
                raise ProjectError(
                    f"{place}: image {drawing.name} must not load anything, found `{found[1]}` in "
                    f"its line {found[0]}; draw it without"
                )


def _check_raw(form: str, raw: str, project: Project, text: Manuscript) -> None:
    lines = raw.splitlines() or [""]
    if form not in _RAW_LOADS:
        raise ProjectError(
            f"{at(text, 'raw', lines[0][:30])}: raw `{form}` (`{lines[0][:30]}`) is outside the "
            f"subset and would be left out; expected one of: {', '.join(sorted(_RAW_LOADS))}"
        )
    found = _RAW_LOADS[form](raw, lambda name: picture_of(project, name) is not None)
    if found:
        line = lines[min(found[0], len(lines)) - 1].strip()
        raise ProjectError(
            f"{at(text, 'raw', line[:60])}: raw {form} must not load anything, found `{found[1]}`; "
            "store what it needs in the project, or use a link"
        )


def _word_load(raw: str, local: Local) -> tuple[int, str] | None:
    found = re.search(r"\b(INCLUDEPICTURE|INCLUDETEXT|DDEAUTO|DDE|IMPORT)\b", raw)
    return (raw.count("\n", 0, found.start()) + 1, found[0]) if found else None


def _typst_load(raw: str, local: Local) -> tuple[int, str] | None:
    found = re.search(r"\b(import|include)\s*\(?\s*\"@[^\"]*", raw)
    return (raw.count("\n", 0, found.start()) + 1, found[0]) if found else None


_RAW_LOADS: dict[str, Callable[[str, Local], tuple[int, str] | None]] = {
    "html": html_load,
    "typst": _typst_load,
    "openxml": _word_load,
}


FILES = (
    ("html", "css"),
    ("html", "filters"),
    ("html", "include-after-body"),
    ("html", "csl"),
    ("typst", "filters"),
    ("docx", "filters"),
    ("docx", "reference-doc"),
)
"""Options that name files, with a format that may have them."""


def _beside(sheet: Path) -> Local:
    return lambda target: media_of(sheet.parent / target)


def check_page_files(project: Project) -> None:
    """Refuse styles, pieces of HTML and a style of citations that are missing or load something."""
    for form, option in FILES:
        for name in project.names(form, option):
            path = project.root / name
            if not path.is_file():
                raise ProjectError(f"_quarto.yml: {option}: {name} is missing; mend the name")
            content = "" if option == "reference-doc" else read_text(path, name)
            found = None
            if option == "css":
                found = css_load(content, _beside(path))
            elif option == "include-after-body":
                found = html_load(content, scripts=True)
            if found:
                raise ProjectError(
                    f"{name}:{found[0]}: must not load anything, found `{found[1]}`; store what it "
                    "needs in the project"
                )


def _bibliography_keys(project: Project, text: Manuscript) -> set[str]:
    keys: set[str] = set()
    for name in bibliography(project, text):
        path = project.root / name
        if not path.is_file():
            raise ProjectError(f"_quarto.yml: bibliography {name} does not exist")
        keys.update(re.findall(r"^\s*@\w+\s*\{\s*([^,\s]+)\s*,", read_text(path, name), re.M))
    return keys


def check_elements(project: Project, text: Manuscript, parsed: Parsed) -> None:
    """Refuse what is outside the subset, whatever the format.

    Raises ProjectError with file:line for a class, attribute, image, citation or raw HTML that the
    subset does not have.
    """
    keys = _bibliography_keys(project, text)
    places = Places(text)
    deepest = 0
    for node in walk(parsed.tree["blocks"]):
        kind = node["t"]
        identifier, classes, pairs = attributes(node)
        if OTHER_LABEL.match(identifier):
            raise ProjectError(
                f"{at(text, 'label', identifier)}: label `#{identifier}`: cross-references "
                "of this kind are outside the subset; expected #fig-, #tbl- or #sec-"
            )
        if "tbl-colwidths" in pairs:
            widths_of(pairs["tbl-colwidths"], places.next("attribute", "tbl-colwidths"))
        if kind == "Div":
            _check_div(node, text, places)
        elif kind == "Image":
            _check_image(node, project, text, places.next("target", node["c"][2][0]))
        elif kind == "Table":
            _check_pairs(pairs, _TABLE_PAIRS, "a table", text)
        elif kind == "Header":
            level = node["c"][0]
            title = text_of(node["c"][2])[:12]
            if level > deepest + 1:
                raise ProjectError(
                    f"{at(text, 'heading', title)}: heading of level {level} after level "
                    f"{deepest}; levels must not be skipped, the first is `#`"
                )
            deepest = level
            for name in classes:
                if name not in _HEADER_CLASSES:
                    raise ProjectError(
                        f"{at(text, 'heading class', name)}: class `.{name}` of a heading is "
                        "outside the subset; expected .unnumbered or .unlisted"
                    )
            _check_pairs(pairs, set(), "a heading", text)
            if not title:
                place = text.place(r"^#+\s*(\{[^}]*\})?\s*$")
                raise ProjectError(f"{place}: a heading without words; write some, or delete it")
        elif kind == "Span":
            for name in classes:
                if name not in _SPAN_CLASSES:
                    raise ProjectError(
                        f"{at(text, 'span class', name)}: class `.{name}` of a span is "
                        f"outside the subset; expected one of: {', '.join(sorted(_SPAN_CLASSES))}"
                    )
        elif kind in ("RawBlock", "RawInline"):
            _check_raw(node["c"][0], node["c"][1], project, text)
        elif kind == "Cite":
            names = [citation["citationId"] for citation in node["c"][0]]
            for name in names:
                place = places.next("reference", name)
                if len({bool(LABEL.match(other)) for other in names}) > 1:
                    raise ProjectError(
                        f"{place}: cross-references and citations mixed in one bracket; use two"
                    )
                if LABEL.match(name):
                    continue
                if OTHER_LABEL.match(name):
                    raise ProjectError(
                        f"{place}: `@{name}`: cross-references of this kind are outside the "
                        "subset; expected @fig-, @tbl- or @sec-"
                    )
                if name not in keys:
                    raise ProjectError(
                        f"{place}: citation `@{name}` is not in "
                        f"{', '.join(bibliography(project, text)) or 'any bibliography'}; add the "
                        "entry or mend the key"
                    )
