"""Writes the HTML page: one file, nothing loaded from elsewhere, complete without its script."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import THEME
from karaganda_vibe.project.reading import read_text
from karaganda_vibe.quarto_subset import pandoc
from karaganda_vibe.quarto_subset.loads import html_load
from karaganda_vibe.quarto_subset.pictures import data_uri, picture_of
from karaganda_vibe.quarto_subset.project import FORMATS, Project
from karaganda_vibe.quarto_subset.sharing import sharing
from karaganda_vibe.quarto_subset.tree import (
    Node,
    div,
    plain_words,
    raw_block,
    raw_inline,
    rewrite,
    text_of,
)
from karaganda_vibe.quarto_subset.value_links import relative
from karaganda_vibe.quarto_subset.yamls import read_words

_TABLE_BOX = '<div class="table-box" tabindex="0" role="group">'


def _raw(text: str) -> Node:
    return raw_block("html", text)


class HtmlShapes:
    """`shapes.Shapes` for HTML."""

    def image(self, target: str, alt: str, pairs: dict[str, str]) -> Node:
        """An `img`; its source becomes a data URI in `page`.

        An SVG stays a picture of pandoc's, for the filters of `format.html.filters`.
        """
        if target.endswith(".svg"):
            sizes = [[key, pairs[key]] for key in ("width", "height") if key in pairs]
            return {"t": "Image", "c": [["", [], sizes], plain_words(alt), [target, ""]]}
        style = "".join(f"{key}:{pairs[key]};" for key in ("width", "height") if key in pairs)
        return raw_inline(
            "html",
            f'<img src="{html.escape(target)}" alt="{html.escape(alt)}"'
            + (f' style="{html.escape(style)}"' if style else "")
            + ">",
        )

    def floating(
        self, kind: str, label: str, head: str, caption: list[Node], body: list[Node]
    ) -> list[Node]:
        """A `figure` with its caption first."""
        name = "figure" if kind == "fig" else "table"
        identifier = f' id="{label}"' if label else ""
        number = [raw_inline("html", f'<span class="float-number">{head}</span> ')] if head else []
        if head:
            named = _raw(_TABLE_BOX.replace('role="group"', f'role="region" aria-label="{head}"'))
            body = rewrite(body, lambda node: [named if node == _raw(_TABLE_BOX) else node])
        return [
            _raw(f'<figure class="float float-{name}"{identifier}><figcaption>'),
            {"t": "Plain", "c": [*number, *caption]},
            _raw("</figcaption>"),
            *body,
            _raw("</figure>"),
        ]

    def table(self, table: Node, widths: list[float] | None) -> list[Node]:
        """A table in a box that scrolls by itself; the first column heads its row if it is text."""
        columns = table["c"][2]
        for number, column in enumerate(columns):
            column[1] = (
                {"t": "ColWidth", "c": widths[number]}
                if widths and number < len(widths)
                else {"t": "ColWidthDefault"}
            )
        if columns and columns[0][0]["t"] != "AlignRight":
            for body in table["c"][4]:
                body[1] = max(body[1], 1)
        return [_raw(_TABLE_BOX), table, _raw("</div>")]

    def callout(self, kind: str, title: list[Node], body: list[Node], collapse: bool) -> list[Node]:
        """An `aside`, or `details` when it may be collapsed."""
        outer, inner = ("details", "summary") if collapse else ("aside", "p")
        return [
            _raw(f'<{outer} class="callout callout-{kind}"><{inner} class="callout-title">'),
            {"t": "Plain", "c": title},
            _raw(f'</{inner}><div class="callout-body">'),
            *body,
            _raw(f"</div></{outer}>"),
        ]

    def key_figures(self, cards: list[list[Node]]) -> list[Node]:
        """Cards in a grid."""
        return [div([div(card, classes=["key-figure"]) for card in cards], classes=["key-figures"])]

    def source(self, body: list[Node]) -> list[Node]:
        """Small print."""
        return [div(body, classes=["figure-source"])]

    def lead(self, body: list[Node]) -> list[Node]:
        """Larger type."""
        return [div(body, classes=["lead"])]

    def grid(self, columns: int, cells: list[list[Node]]) -> list[Node]:
        """A CSS grid that becomes one column on phones."""
        return [
            _raw(f'<div class="layout" style="--columns:{columns}">'),
            *[div(cell, classes=["layout-cell"]) for cell in cells],
            _raw("</div>"),
        ]


def _style(project: Project) -> str:
    """The page's own styles and those of `format.html.css`, fonts inlined."""
    sheets = [(project.root / name, name) for name in project.names("html", "css")]
    own = [(THEME / name, f"report/theme/{name}") for name in ("report.css", "page.css")]
    sheets = sheets or own[:1]
    if "page.css" not in {sheet.name for sheet, _ in sheets}:
        sheets.append(own[1])
    out = []
    for sheet, sheet_name in sheets:
        if not sheet.is_file():
            raise ProjectError(f"_quarto.yml: format.html.css: {sheet_name} is missing")
        folder = sheet.parent

        def inlined(match: re.Match[str], folder: Path = folder) -> str:
            return f"url({data_uri(folder / match[1])})"

        text = re.sub(r"/\*.*?\*/\s*", "", read_text(sheet, sheet_name), flags=re.S)
        out.append(re.sub(r"url\([\"']?(?!data:)([^)\"']+)[\"']?\)", inlined, text))
    return "\n".join(out)


def _accessible(body: str) -> str:
    """Table heads with their scope; headings one level down, as the title is the only h1."""
    head = re.compile(r"<thead>.*?</thead>", re.S)
    body = head.sub(lambda m: re.sub(r"<th(?=[ >])", '<th scope="col"', m[0]), body)
    body = re.sub(r"<th(?![^>]*scope=)(?=[ >])", '<th scope="row"', body)
    return re.sub(r"<(/?)h([1-5])(?=[ >])", lambda m: f"<{m[1]}h{int(m[2]) + 1}", body)


_IMAGE = re.compile(r"""(<img\s[^>]*?\bsrc\s*=\s*)("[^"]+"|'[^']+'|[^\s>"']+)""", re.I)


def _embed(project: Project, body: str) -> str:
    def embedded(match: re.Match[str]) -> str:
        path = picture_of(project, html.unescape(match[2].strip("\"'")))
        return f'{match[1]}"{data_uri(path)}"' if path else match[0]

    return _IMAGE.sub(embedded, body)


def _downloads(project: Project) -> list[dict[str, str]]:
    names = {"typst": "PDF", "docx": "Word"}
    return [
        {"name": names[form], "file": f"{project.stem}.{FORMATS[form]}"}
        for form in project.formats
        if form in names
    ]


def _editions(project: Project) -> list[dict[str, str]]:
    """The page in every language, by code: name, language, address ("" for the page itself)."""
    own = str(project.config.get("lang", "en")).partition("-")[0]
    words = read_words(THEME / "_page-words.yml", "report/theme/_page-words.yml")
    addresses = project.option("html", "editions", {})
    return [
        {
            "name": words[code]["language-name"],
            "file": "" if code == own else addresses[code],
            "language": code,
        }
        for code in sorted(set(addresses) & set(words))
    ]


def _contents_after_answer(body: str, contents: str) -> str:
    """`body` with the folded contents behind what comes first, which is the answer.

    That is what stands before the first section, or else the first section.
    """
    sections = [match.start() for match in re.finditer(r'<section id="[^"]*" class="level1', body)]
    starts = [start for start in sections if body[:start].strip()]
    at = starts[0] if starts else 0
    return body[:at] + contents + "\n" + body[at:]


def _data_page(project: Project) -> dict[str, str]:
    """The page that lists data and numbers, in the page's language, and the note on its links."""
    group = project.value_links.groups.get(str(project.config.get("lang", "en")), {})
    if "page" not in group:
        return {}
    return {
        "data-page": relative(group["page"], project.output_dir),
        "data-page-title": group["page_title"],
        "numbers-are-links": project.words["numbers-are-links"],
    }


def page(project: Project, tree: dict[str, Any], citation_arguments: list[str]) -> bytes:
    """The whole page as UTF-8."""
    words = project.words
    meta = tree["meta"]
    people = [
        text_of(person["c"]["name"]) if person["t"] == "MetaMap" else text_of([person])
        for person in (
            meta["author"]["c"]
            if meta.get("author", {}).get("t") == "MetaList"
            else [meta["author"]]
            if "author" in meta
            else []
        )
    ]
    own = {
        "page-title": text_of([meta["title"]]),
        "people": people,
        "downloads": _downloads(project),
        "editions": _editions(project),
        "languages-heading": words["languages-heading"],
        "toc-heading": project.option("html", "toc-title") or words["toc-title-document"],
        "abstract-heading": words["section-title-abstract"],
        "formats-heading": words["related-formats-title"],
        "skip": words["skip-to-content"],
        "keyword-line": ", ".join(text_of([word]) for word in meta.get("keywords", {}).get("c", []))
        if meta.get("keywords", {}).get("t") == "MetaList"
        else "",
    }
    own |= _data_page(project) | sharing(project, meta)
    lang = {"t": "MetaString", "c": str(project.config.get("lang", "en"))}
    filled = {key: _meta(value) for key, value in own.items()}
    tree = {**tree, "meta": {**meta, **filled, "lang": lang}}
    output, warnings = pandoc.run(
        [
            "-f",
            "json",
            "-t",
            "html5",
            "--wrap=preserve",
            "--template",
            str(_template(project)),
            "--section-divs",
            "--mathml",
            "--syntax-highlighting=none",
            *pandoc.filters(project, "html"),
            *(["--number-sections"] if project.option("html", "number-sections") else []),
            *(
                ["--toc", f"--toc-depth={project.option('html', 'toc-depth', 3)}"]
                if project.option("html", "toc")
                else []
            ),
            *citation_arguments,
        ],
        json.dumps(tree).encode("utf-8"),
        project.root,
    )
    if warnings:
        raise ProjectError(f"HTML: {warnings[0]}")
    text = output.decode("utf-8")
    start, mark, rest = text.partition("<!-- body -->")
    # The contents stand twice (beside the text and above it), so their links carry no ids.
    start = re.sub(r' id="toc-[^"]*"', "", start)
    start, _, contents = start.partition("<!-- contents -->")
    contents, _, after = contents.partition("<!-- /contents -->")
    body = _contents_after_answer(rest, contents) if contents else rest
    text = start + after + mark + _accessible(body)
    text = re.sub(r'(<a\s[^>]*href="[^"]+\.(?:csv|ipynb)")', r"\1 download", text)
    text = _embed(project, text).replace("/* style */", _style(project), 1)
    start, mark, rest = text.rpartition("</body>")
    text = start + _after_body(project) + mark + rest
    found = html_load(text, scripts=True)
    if found:
        raise ProjectError(
            f"{project.output_dir}/{project.stem}.html: the page must not load anything, found "
            f"`{found[1]}`; look in the filters of format.html.filters"
        )
    return text.encode("utf-8")


def _template(project: Project) -> Path:
    """The frame of the page, in which the body and the contents have their marks."""
    name = project.option("html", "template")
    path = _existing(project, "template", name) if name else THEME / "page.html"
    text = read_text(path, str(name))
    for mark in ("<!-- body -->", "/* style */", "</body>"):
        if mark not in text:
            raise ProjectError(f"{name}: the frame of the page has no `{mark}`; add it")
    return path


def _existing(project: Project, key: str, name: str) -> Path:
    path = project.root / name
    if not path.is_file():
        raise ProjectError(f"_quarto.yml: format.html.{key}: {name} is missing")
    return path


def _after_body(project: Project) -> str:
    """The files of `format.html.include-after-body`, which hold all that they need."""
    names = project.names("html", "include-after-body")
    return "".join(
        read_text(_existing(project, "include-after-body", name), name) for name in names
    )


def _meta(value: Any) -> Node:
    """A value for a template, escaped."""
    if isinstance(value, list):
        return {"t": "MetaList", "c": [_meta(item) for item in value]}
    if isinstance(value, dict):
        return {"t": "MetaMap", "c": {key: _meta(item) for key, item in value.items()}}
    return {"t": "MetaInlines", "c": [raw_inline("html", html.escape(str(value)))]}
