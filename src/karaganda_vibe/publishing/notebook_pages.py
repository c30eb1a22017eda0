"""Every notebook as a page that can be read in a browser, on a phone, without Jupyter.

Each cell has its id as anchor, so that a number of the report can be followed to where it is
computed; a heading has the anchor that Jupyter gives it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mistune
from markupsafe import Markup
from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Number, Operator, String, Token

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.markdown import plain_text
from karaganda_vibe.project.paths import GENERATED, METADATA, NOTEBOOK_PAGES, NOTEBOOKS, shown
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.project.writing import write_text
from karaganda_vibe.publishing.running_cell import ids_of_cells, not_a_notebook, read_cells
from karaganda_vibe.publishing.site_pages import Link, page_name, read_words, render_page
from karaganda_vibe.words.languages import LANGUAGES

TITLES = METADATA / "texts" / "notebook_titles.csv"
LANGUAGE = "en"
# Classes of the page's style sheet for what the Python lexer tells apart.
COLOURS = (
    (Comment, "c"),
    (String.Doc, "c"),
    (String, "s"),
    (Number, "m"),
    (Keyword, "k"),
    (Operator.Word, "k"),
)
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Cell:
    """What the template shows of one cell."""

    id: str
    kind: str
    code: str = ""
    text: str = ""
    outputs: tuple[Markup, ...] = ()


def figure_alts(folder: Path = GENERATED / LANGUAGE) -> dict[str, str]:
    """Alternative texts of the figures by identifier, from the blocks of the report."""
    found = {}
    for path in sorted(folder.glob("_fig-*.qmd")):
        alt = re.search(r'fig-alt="((?:[^"\\]|\\.)*)"', path.read_text(encoding="utf-8"))
        if alt:
            found[path.stem.removeprefix("_")] = plain_text(alt[1])
    return found


def notebook_title(path: Path) -> str:
    """The first line of the notebook's first cell. Raises ProjectError where that is no text."""
    return _title(read_cells(path), path)


def notebook_titles(notebooks: Path = NOTEBOOKS, path: Path = TITLES) -> dict[str, dict[str, str]]:
    """Titles of all notebooks by name and language: English as the notebook has it.

    Raises ProjectError where the table at `path` lacks a notebook or has one that does not exist.
    """
    others = tuple(code for code in LANGUAGES if code != LANGUAGE)
    table = read_table(path, ("notebook", *others), filled=others, keys=["notebook"])
    rows = {row["notebook"]: row for row in table.to_dict("records")}
    own = {file.stem: notebook_title(file) for file in sorted(notebooks.glob("*.ipynb"))}
    for name in sorted(set(own) ^ set(rows)):
        fault = "has no title of the notebook" if name in own else "names no notebook:"
        raise ProjectError(f"{shown(path)} {fault} '{name}'; list every notebook once")
    return {
        name: {LANGUAGE: title, **{code: rows[name][code] for code in others}}
        for name, title in own.items()
    }


def _title(cells: Sequence[Mapping[str, Any]], path: Path) -> str:
    try:
        title = _joined(cells[0]["source"]).partition("\n")[0].strip("# ").strip()
        if cells[0]["cell_type"] == "markdown" and title:
            return title
    except (KeyError, IndexError, TypeError) as error:
        raise not_a_notebook(path, error) from None
    raise ProjectError(f"{shown(path)}: the first cell must be text whose first line is the title")


def notebook_html(path: Path, alts: Mapping[str, str]) -> str:
    """The notebook at `path` as a page. Raises ProjectError where it is none or has no title.

    `alts` are the alternative texts of figures by identifier.
    """
    cells = read_cells(path)
    ids = ids_of_cells(cells, path)
    title = _title(cells, path)
    texts = [
        _joined(cells[0]["source"]).partition("\n")[2],
        *(_joined(cell["source"]) for cell in cells[1:]),
    ]
    words = [
        text for text, cell in zip(texts, cells, strict=True) if cell["cell_type"] == "markdown"
    ]
    markdown = _Markdown("\n".join(words))
    shown_cells = [
        Cell(identifier, "text", text=markdown.html(text))
        if cell["cell_type"] == "markdown"
        else Cell(
            identifier,
            "code",
            code=coloured(text),
            outputs=_outputs(cell, identifier, text, alts),
        )
        for identifier, cell, text in zip(ids, cells, texts, strict=True)
    ]
    return render_page(
        "notebook.html.j2",
        LANGUAGE,
        title=title,
        lead="",
        links=[
            *(
                Link(
                    f"../data/{page_name('index', code)}",
                    read_words(code)["to_data"],
                    language="" if code == LANGUAGE else code,
                )
                for code in LANGUAGES
            ),
            Link(path.name, read_words(LANGUAGE)["get_notebook"], download=True),
        ],
        contents=markdown.contents if len(markdown.contents) > 2 else [],
        cells=shown_cells,
    )


def write_notebook_pages(folder: Path = NOTEBOOK_PAGES, notebooks: Path = NOTEBOOKS) -> list[Path]:
    """Write a page for each notebook of `notebooks` to `folder`; return their paths."""
    alts = figure_alts()
    pages = []
    for path in sorted(notebooks.glob("*.ipynb")):
        page = folder / f"{path.stem}.html"
        write_text(page, notebook_html(path, alts))
        pages.append(page)
    return pages


def coloured(code: str) -> Markup:
    """Python code as HTML with spans of the classes k, s, m, c."""
    parts: list[str] = []
    last = ""
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(code):
        name = "" if kind in Token.Text else next((c for k, c in COLOURS if kind in k), "")
        if name != last:
            parts.append(("</span>" if last else "") + (f'<span class="{name}">' if name else ""))
            last = name
        parts.append(html.escape(text))
    return Markup("".join(parts) + ("</span>" if last else ""))


class _Markdown:
    """Text cells as HTML; headings of all cells together start at level 2."""

    def __init__(self, all_words: str) -> None:
        levels = [len(marks) for marks in re.findall(r"^(#{1,6}) ", all_words, flags=re.M)]
        self.contents: list[dict[str, str]] = []
        self._shift = 2 - min(levels, default=2)
        renderer = mistune.HTMLRenderer(escape=True)
        renderer.heading = self._heading  # type: ignore[method-assign]
        self._make = mistune.create_markdown(renderer=renderer, plugins=["table"])

    def html(self, text: str) -> Markup:
        return Markup(str(self._make(text)).strip())

    def _heading(self, text: str, level: int, **attributes: Any) -> str:
        level = min(level + self._shift, 6)
        plain = html.unescape(re.sub(r"<[^>]+>", "", text))
        anchor = plain.replace(" ", "-")
        if any(entry["id"] == anchor for entry in self.contents):
            return f"<h{level}>{text}</h{level}>\n"
        if level == 2 or anchor.startswith("Claim-"):
            self.contents.append({"id": anchor, "text": plain})
        return f'<h{level} id="{html.escape(anchor)}">{text}</h{level}>\n'


def _outputs(
    cell: Mapping[str, Any], identifier: str, code: str, alts: Mapping[str, str]
) -> tuple[Markup, ...]:
    shown_outputs = (_output(output, identifier, code, alts) for output in cell.get("outputs", []))
    return tuple(output for output in shown_outputs if output)


def _output(
    output: Mapping[str, Any], identifier: str, code: str, alts: Mapping[str, str]
) -> Markup:
    label = f'tabindex="0" role="region" aria-label="Output of {html.escape(identifier)}"'
    if output["output_type"] == "stream":
        return _text(_joined(output["text"]), label)
    if output["output_type"] == "error":
        return _text(f"{output['ename']}: {output['evalue']}", label)
    data = output.get("data", {})
    if "image/png" in data:
        content = re.sub(r"\s", "", _joined(data["image/png"]))
        figures = re.findall(r"""["'](fig-[a-z0-9-]+)["']""", code)
        alt = alts.get(figures[-1], "") if figures else ""
        alt = alt or f"Picture that the code of {identifier} draws"
        return Markup(f'<img src="data:image/png;base64,{content}" alt="{html.escape(alt)}">')
    if "text/html" in data:
        return Markup(f'<div class="table-box" {label}>{_table(_joined(data["text/html"]))}</div>')
    return _text(_joined(data.get("text/plain", "")), label)


def _text(text: str, label: str) -> Markup:
    text = ANSI.sub("", text).strip("\n")
    return Markup(f"<pre {label}>{html.escape(text)}</pre>") if text else Markup()


def _table(text: str) -> str:
    """pandas' table without its own styles, heads with their scope."""
    text = re.sub(r"<style.*?</style>\s*", "", text, flags=re.S)
    text = re.sub(r"^\s*<div>\s*|\s*</div>\s*$", "", text)
    text = text.replace(' border="1" class="dataframe"', "").replace(
        ' style="text-align: right;"', ""
    )
    text = re.sub(r"<th></th>", "<td></td>", text)
    head, mark, body = text.partition("</thead>")
    head = re.sub(r"<th(?=[ >])", '<th scope="col"', head)
    body = re.sub(r"<th(?=[ >])", '<th scope="row"', body)
    return re.sub(r"\n\s*", "", head + mark + body)


def _joined(source: object) -> str:
    return "".join(source) if isinstance(source, list) else str(source)
