"""The document stage: parse once, check, number, resolve cross-references, shape per format."""

from __future__ import annotations

import copy
import json
import posixpath
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Protocol
from urllib.parse import unquote

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset import pandoc, value_links
from karaganda_vibe.quarto_subset.dates import written_date
from karaganda_vibe.quarto_subset.kept_together import kept_together
from karaganda_vibe.quarto_subset.project import Project, shared_resources
from karaganda_vibe.quarto_subset.text import Manuscript
from karaganda_vibe.quarto_subset.tree import (
    Node,
    attributes,
    div,
    link,
    plain_words,
    rewrite,
    text_of,
    walk,
)

READER = "markdown"
CALLOUTS = ("note", "tip", "important", "warning", "caution")
_KINDS = ("fig", "tbl", "sec")
_OTHER_KINDS = (
    "eq",
    "lst",
    "thm",
    "lem",
    "cor",
    "prp",
    "cnj",
    "def",
    "exm",
    "exr",
    "sol",
    "rem",
    "alg",
    "nte",
    "tip",
    "wrn",
    "imp",
    "cau",
    "supplement",
    "vid",
    "dia",
)
_LABEL = re.compile(rf"^({'|'.join(_KINDS)})-.+")
_OTHER_LABEL = re.compile(rf"^({'|'.join(_OTHER_KINDS)})-.+")
_CONDITIONS = ("html", "typst", "docx")
_SHAPED = "shaped-by-the-renderer"

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
_REMOTE = re.compile(r"<(script|iframe|link|object|embed)\b|\bsrc\s*=\s*[\"']?(https?:)?//", re.I)


class Shapes(Protocol):
    """How one format draws what pandoc alone does not."""

    def image(self, target: str, alt: str, pairs: dict[str, str]) -> Node:
        """An image as an inline."""

    def floating(
        self, kind: str, label: str, head: str, caption: list[Node], body: list[Node]
    ) -> list[Node]:
        """A figure or table with its head ("Figure 3", empty if unnumbered) above the body."""

    def table(self, table: Node, widths: list[float] | None) -> list[Node]:
        """A table without its caption; widths are shares of the text width, or None."""

    def callout(self, kind: str, title: list[Node], body: list[Node], collapse: bool) -> list[Node]:
        """A box of a kind of `CALLOUTS`."""

    def key_figures(self, cards: list[list[Node]]) -> list[Node]:
        """Cards; each holds paragraphs: the number, its label, its source."""

    def source(self, body: list[Node]) -> list[Node]:
        """The small print under a figure or table."""

    def lead(self, body: list[Node]) -> list[Node]:
        """An introduction in larger type."""

    def grid(self, columns: int, cells: list[list[Node]]) -> list[Node]:
        """Cells side by side in `columns` columns."""


@dataclass
class Parsed:
    """The parsed manuscript, as pandoc's JSON, before any format is chosen."""

    tree: dict[str, Any]
    images: tuple[str, ...] = ()


@dataclass
class _Labels:
    numbers: dict[str, str] = field(default_factory=dict)
    anchors: set[str] = field(default_factory=set)


def parse(project: Project, text: Manuscript) -> Parsed:
    """Pandoc's tree of the manuscript with its front matter.

    Raises ProjectError with file:line for what pandoc warns of (an unclosed div, say).
    """
    front = {key: value for key, value in text.front.items() if key not in ("csl", "bibliography")}
    for key in ("author", "date"):
        if key not in front and project.config.get(key):
            front[key] = project.config[key]
    form = front.get("date-format", project.config.get("date-format"))
    if form and front.get("date"):
        language = str(project.config.get("lang", "en"))
        front["date"] = written_date(front["date"], str(form), language, text.article)
    whole = text.body + "\n---\n" + json.dumps(front, ensure_ascii=False, default=str) + "\n...\n"
    output, warnings = pandoc.run(["-f", READER, "-t", "json"], whole.encode("utf-8"), project.root)
    for warning in warnings:
        if "Duplicate identifier" in warning:
            continue  # decided for each format, after its conditional content
        spot = re.search(r"line (\d+)", warning)
        place = text.place_of_line(int(spot[1])) if spot else text.article
        reason = re.sub(r"\s*(at )?(stdin |-)?\s*line \d+ column \d+", "", warning)
        raise ProjectError(f"{place}: {reason.removeprefix('[WARNING] ')}")
    tree = json.loads(output)
    images = [node["c"][2][0] for node in walk(tree["blocks"]) if node["t"] == "Image"]
    return Parsed(tree, tuple(sorted(set(images))))


_FINDERS = {
    "label": r"#{}(?![\w-])",
    "reference": r"@{}(?![\w-])",
    "target": r"\]\({}",
    "div": r":::.*{}(?![\w-])",
    "div attribute": r":::.*{}\s*=",
    "attribute": r"{}=",
    "heading": r"^#+\s+{}",
    "heading class": r"^#.*{}(?![\w-])",
    "span class": r"\]\{{[^}}]*{}(?![\w-])",
    "raw": r"{}",
}


def _at(text: Manuscript, kind: str, name: str, skip: int = 0) -> str:
    """`file:line` of a label, reference, … with this name in the assembled text."""
    return text.place(_FINDERS[kind].format(re.escape(name)), skip)


def _div_kind(identifier: str, classes: list[str]) -> str:
    if any(name.startswith("callout-") for name in classes):
        return "callout"
    if "content-visible" in classes or "content-hidden" in classes:
        return "condition"
    return "float" if identifier.startswith(("fig-", "tbl-")) else "plain"


class _Places:
    """Where the elements walked over stand: the nth of a name is at its nth match."""

    def __init__(self, text: Manuscript) -> None:
        self._text = text
        self._seen: Counter[tuple[str, str]] = Counter()

    def next(self, kind: str, name: str) -> str:
        """`file:line` of the next element of this name."""
        skip = self._seen[kind, name]
        self._seen[kind, name] += 1
        return _at(self._text, kind, name, skip)


def _check_div(node: Node, text: Manuscript, places: _Places) -> None:
    identifier, classes, pairs = attributes(node)
    for name in classes:
        if name not in _DIV_CLASSES:
            hint = " (tabs hide text on paper; use headings)" if name == "panel-tabset" else ""
            raise ProjectError(
                f"{_at(text, 'div', name)}: class `.{name}` of a div is outside the "
                f"supported subset of Quarto{hint}; expected one of: "
                f"{', '.join(sorted(_DIV_CLASSES))}"
            )
    kind = _div_kind(identifier, classes)
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
        raise ProjectError(
            f"{_at(text, 'div', name)}: `.{name}` needs when-format or unless-format"
        )


def _check_pairs(pairs: dict[str, str], known: set[str], what: str, text: Manuscript) -> None:
    for key in pairs:
        if key not in known:
            raise ProjectError(
                f"{_at(text, 'attribute', key)}: attribute `{key}` of {what} is outside the "
                f"supported subset of Quarto; expected one of: {', '.join(sorted(known))}"
            )


def _check_image(node: Node, project: Project, text: Manuscript, place: str) -> None:
    target = node["c"][2][0]
    _, classes, pairs = attributes(node)
    _check_pairs(pairs, _IMAGE_PAIRS, "an image", text)
    if classes:
        raise ProjectError(f"{place}: class `.{classes[0]}` of an image is outside the subset")
    if re.match(r"[a-z][a-z0-9+.-]*:|//", target):
        raise ProjectError(f"{place}: image {target} is not in the project; store it there")
    path = project.root / unquote(target)
    if not path.is_file():
        raise ProjectError(
            f"{place}: image {target} does not exist; run the notebook that draws it, or mend "
            "the path (from the project's root)"
        )
    if path.suffix not in (".svg", ".png", ".jpg", ".jpeg"):
        raise ProjectError(f"{place}: image {target} is neither SVG, PNG nor JPEG")
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


def _bibliography_keys(project: Project, text: Manuscript) -> set[str]:
    keys: set[str] = set()
    for name in bibliography(project, text):
        path = project.root / name
        if not path.is_file():
            raise ProjectError(f"_quarto.yml: bibliography {name} does not exist")
        keys.update(re.findall(r"^\s*@\w+\s*\{\s*([^,\s]+)\s*,", path.read_text("utf-8"), re.M))
    return keys


def bibliography(project: Project, text: Manuscript) -> list[str]:
    """Names of the bibliography files of the article, else of the project."""
    value = text.front.get("bibliography", project.config.get("bibliography", []))
    return [value] if isinstance(value, str) else list(value)


def check_elements(project: Project, text: Manuscript, parsed: Parsed) -> None:
    """Refuse what is outside the subset, whatever the format.

    Raises ProjectError with file:line for a class, attribute, image, citation or raw HTML that the
    subset does not have.
    """
    keys = _bibliography_keys(project, text)
    places = _Places(text)
    deepest = 0
    for node in walk(parsed.tree["blocks"]):
        kind = node["t"]
        identifier, classes, pairs = attributes(node)
        if _OTHER_LABEL.match(identifier):
            raise ProjectError(
                f"{_at(text, 'label', identifier)}: label `#{identifier}`: cross-references "
                "of this kind are outside the subset; expected #fig-, #tbl- or #sec-"
            )
        if "tbl-colwidths" in pairs:
            _widths(pairs["tbl-colwidths"], places.next("attribute", "tbl-colwidths"))
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
                    f"{_at(text, 'heading', title)}: heading of level {level} after level "
                    f"{deepest}; levels must not be skipped, the first is `#`"
                )
            deepest = level
            for name in classes:
                if name not in _HEADER_CLASSES:
                    raise ProjectError(
                        f"{_at(text, 'heading class', name)}: class `.{name}` of a heading is "
                        "outside the subset; expected .unnumbered or .unlisted"
                    )
            _check_pairs(pairs, set(), "a heading", text)
        elif kind == "Span":
            for name in classes:
                if name not in _SPAN_CLASSES:
                    raise ProjectError(
                        f"{_at(text, 'span class', name)}: class `.{name}` of a span is "
                        f"outside the subset; expected one of: {', '.join(sorted(_SPAN_CLASSES))}"
                    )
        elif kind in ("RawBlock", "RawInline") and _REMOTE.search(node["c"][1]):
            raise ProjectError(
                f"{_at(text, 'raw', node['c'][1].splitlines()[0][:30])}: raw HTML must not "
                "load anything (script, frame, link, remote picture)"
            )
        elif kind == "Cite":
            names = [citation["citationId"] for citation in node["c"][0]]
            for name in names:
                place = places.next("reference", name)
                if len({bool(_LABEL.match(other)) for other in names}) > 1:
                    raise ProjectError(
                        f"{place}: cross-references and citations mixed in one bracket; use two"
                    )
                if _LABEL.match(name):
                    continue
                if _OTHER_LABEL.match(name):
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


def _visible(blocks: Any, form: str) -> Any:
    """`blocks` with conditional content decided for the format `form`."""

    def decide(node: Node) -> list[Node]:
        if node["t"] != "Div":
            return [node]
        _, classes, pairs = attributes(node)
        if _div_kind("", classes) != "condition":
            return [node]
        holds = pairs.get("when-format", form) == form and pairs.get("unless-format") != form
        shown = holds if "content-visible" in classes else not holds
        return node["c"][1] if shown else []

    return rewrite(blocks, decide)


def _float_label(node: Node) -> str:
    identifier, _, _ = attributes(node)
    wanted = {"Figure": ("fig-",), "Table": ("tbl-",), "Div": ("fig-", "tbl-")}.get(node["t"], ())
    return identifier if wanted and identifier.startswith(wanted) else ""


def _number(project: Project, text: Manuscript, blocks: list[Node]) -> _Labels:
    labels = _Labels()
    counts = {"fig": 0, "tbl": 0}
    sections = [0] * 9

    def seen(identifier: str) -> None:
        if identifier in labels.anchors:
            raise ProjectError(
                f"{_at(text, 'label', identifier, skip=1)}: label `#{identifier}` is used "
                "twice; every label must be unique"
            )
        labels.anchors.add(identifier)

    def visit(value: Any, inside: str) -> None:
        if isinstance(value, list):
            for item in value:
                visit(item, inside)
            return
        if not isinstance(value, dict):
            return
        if "t" not in value:
            for item in value.values():
                visit(item, inside)
            return
        identifier, classes, _ = attributes(value)
        label = _float_label(value)
        if identifier:
            seen(identifier)
        if value["t"] == "Header" and "unnumbered" not in classes:
            level = value["c"][0]
            sections[level - 1] += 1
            sections[level:] = [0] * (9 - level)
            labels.numbers[identifier] = ".".join(map(str, sections[:level]))
        if label:
            if inside:
                raise ProjectError(
                    f"{_at(text, 'label', label)}: label `#{label}` inside `#{inside}`: "
                    "sub-figures are outside the subset; give one of them no label"
                )
            counts[label[:3]] += 1
            labels.numbers[label] = str(counts[label[:3]])
        elif _LABEL.match(identifier) and value["t"] != "Header":
            raise ProjectError(
                f"{_at(text, 'label', identifier)}: label `#{identifier}` stands on a "
                f"{value['t'].lower()}; expected fig on an image or div, tbl on a table or div, "
                "sec on a heading"
            )
        visit(value.get("c"), inside or label)

    visit(blocks, "")
    return labels


def _word(project: Project, kind: str, what: str) -> str:
    words = project.words
    if what == "prefix" and f"crossref-{kind}-prefix" in words:
        return words[f"crossref-{kind}-prefix"]
    return words.get(f"crossref-{kind}-title", words.get(f"crossref-{kind}-prefix", kind))


def _resolve(project: Project, text: Manuscript, labels: _Labels, node: Node) -> list[Node]:
    """A Cite whose ids are labels, as links; any other node as it is."""
    if node["t"] != "Cite":
        return [node]
    citations = node["c"][0]
    if not all(_LABEL.match(citation["citationId"]) for citation in citations):
        return [node]
    out: list[Node] = []
    for citation in citations:
        name = citation["citationId"]
        if name not in labels.anchors or name not in labels.numbers:
            why = "is on an unnumbered heading" if name in labels.anchors else "does not exist"
            raise ProjectError(
                f"{_at(text, 'reference', name)}: cross-reference `@{name}`: the label "
                f"`#{name}` {why}; mend the name or add the label"
            )
        if out:
            out += [{"t": "Str", "c": ","}, {"t": "Space"}]
        shown = labels.numbers[name]
        if citation["citationPrefix"]:
            shown = f"{text_of(citation['citationPrefix'])}\u00a0{shown}"
        elif citation["citationMode"]["t"] != "SuppressAuthor":
            shown = f"{_word(project, name[:3], 'prefix')}\u00a0{shown}"
        out.append(link(plain_words(shown), f"#{name}", ["quarto-xref"]))
        out += citation["citationSuffix"]
    return out


def _check_links(
    project: Project, text: Manuscript, labels: _Labels, blocks: list[Node], resources: set[str]
) -> None:
    shared: set[str] | None = None
    for node in walk(blocks):
        if node["t"] != "Link":
            continue
        target = node["c"][2][0]
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        place = _at(text, "target", target)
        if target.startswith("#"):
            if target[1:] not in labels.anchors:
                raise ProjectError(f"{place}: link to `{target}`: no such label in the document")
            continue
        name = unquote(target.partition("#")[0]).removeprefix("./")
        if posixpath.normpath(f"{project.output_dir}/{name}") in project.value_links.pages:
            continue
        if name.startswith("../"):
            shared = shared_resources(project.root) if shared is None else shared
            _check_shared(project, shared, name, place)
            continue
        if not (project.root / name).is_file():
            raise ProjectError(
                f"{place}: link target {name} does not exist; mend the path (from the root) or "
                "run what makes the file"
            )
        if name not in resources:
            raise ProjectError(
                f"{place}: link target {name} is not published; add it to project.resources in "
                "_quarto.yml"
            )


def _check_shared(project: Project, shared: set[str], name: str, place: str) -> None:
    """A link out of an edition's own folder leads to a file that the default profile publishes."""
    up = "../" * (len(PurePosixPath(project.output_dir).parts) - 1)
    target = name.replace("../", "")
    if not up or name != up + target:
        raise ProjectError(
            f"{place}: link target {name} does not lead to the folder that the editions share; "
            f"expected {up}{target}"
        )
    if target not in shared:
        raise ProjectError(
            f"{place}: link target {name} is not published by the default profile; add {target} "
            "to its project.resources"
        )


def _caption_and_body(
    text: Manuscript, label: str, content: list[Node]
) -> tuple[list[Node], list[Node]]:
    if not content or content[-1]["t"] != "Para" or len(content) < 2:
        raise ProjectError(
            f"{_at(text, 'label', label)}: `#{label}` needs a caption: a last paragraph "
            "after the figure or table, with blank lines around it"
        )
    return content[-1]["c"], content[:-1]


def _widths(value: str | None, place: str = "tbl-colwidths") -> list[float] | None:
    if not value or value in ("auto", "false", "true"):
        return None
    try:
        numbers = [float(number) for number in json.loads(value)]
        total = sum(numbers)
        return [number / total for number in numbers]
    except (ValueError, TypeError, ZeroDivisionError):
        raise ProjectError(
            f'{place}: tbl-colwidths `{value}`: expected numbers as in "[40,30,30]"'
        ) from None


def _callout(
    project: Project,
    shapes: Shapes,
    classes: list[str],
    pairs: dict[str, str],
    content: list[Node],
) -> list[Node]:
    kind = next(name for name in classes if name.startswith("callout-"))[len("callout-") :]
    title = plain_words(pairs["title"]) if "title" in pairs else []
    if not title and content and content[0]["t"] == "Header":
        title, content = content[0]["c"][2], content[1:]
    if not title:
        title = plain_words(project.words[f"callout-{kind}-title"])
    return shapes.callout(kind, title, content, pairs.get("collapse") == "true")


def _shape(
    project: Project, text: Manuscript, labels: _Labels, shapes: Shapes, blocks: list[Node]
) -> list[Node]:
    def head(label: str) -> str:
        if not label:
            return ""
        return f"{_word(project, label[:3], 'title')}\u00a0{labels.numbers[label]}"

    def one_table(node: Node, value: str | None) -> list[Node]:
        bare = copy.copy(node)
        bare["c"] = [["", [], []], [None, []], *node["c"][2:]]
        return shapes.table(bare, _widths(value))

    def change(node: Node) -> list[Node]:
        kind = node["t"]
        identifier, classes, pairs = attributes(node)
        if kind == "Image":
            return [shapes.image(node["c"][2][0], pairs["fig-alt"], pairs)]
        if kind == "Figure":
            label = _float_label(node)
            caption = [inline for block in node["c"][1][1] for inline in block["c"]]
            return shapes.floating("fig", label, head(label), caption, node["c"][2])
        if kind == "Table":
            label = _float_label(node)
            caption = [inline for block in node["c"][1][1] for inline in block["c"]]
            body = one_table(node, pairs.get("tbl-colwidths"))
            if not caption and not label:
                return body
            return shapes.floating("tbl", label, head(label), caption, body)
        if kind != "Div":
            return [node]
        content = node["c"][1]
        columns = int(pairs.get("layout-ncol", "0"))
        if _float_label(node):
            caption, body = _caption_and_body(text, identifier, content)
            if columns:
                cells = [block for block in body if not _is_source(block)]
                rest = [block for block in body if _is_source(block)]
                body = shapes.grid(columns, [[cell] for cell in cells]) + rest
            return shapes.floating(identifier[:3], identifier, head(identifier), caption, body)
        if columns:
            return shapes.grid(columns, [[block] for block in content])
        if _div_kind(identifier, classes) == "callout":
            return _callout(project, shapes, classes, pairs, content)
        if "key-figures" in classes:
            cards = []
            for block in content:
                if block["t"] != "Div" or "key-figure" not in attributes(block)[1]:
                    raise ProjectError(
                        f"{_at(text, 'div', 'key-figures')}: `.key-figures` may hold only divs "
                        "`.key-figure`"
                    )
                cards.append(block["c"][1])
            return shapes.key_figures(cards)
        if "lead" in classes:
            return shapes.lead(content)
        # Kept as divs until the figure around them is shaped: its caption is the last paragraph.
        return [node]

    def one(node: Node) -> list[Node]:
        # A shape stays one block until the end: a grid around it counts its cells.
        drawn = change(node)
        return drawn if len(drawn) == 1 else [div(drawn, classes=[_SHAPED])]

    def opened(node: Node) -> list[Node]:
        if node["t"] == "Div" and attributes(node)[1] == [_SHAPED]:
            return list(node["c"][1])
        return shapes.source(node["c"][1]) if _is_source(node) else [node]

    return list(rewrite(rewrite(blocks, one), opened))


def _is_source(node: Node) -> bool:
    return node["t"] == "Div" and bool({"figure-source", "table-source"} & set(attributes(node)[1]))


def _widths_of_tables(project: Project, parsed_blocks: Any) -> Any:
    """Table divs hand their tbl-colwidths to the table inside."""

    def change(node: Node) -> list[Node]:
        if node["t"] == "Div" and "tbl-colwidths" in attributes(node)[2]:
            value = attributes(node)[2]["tbl-colwidths"]
            for inner in node["c"][1]:
                if inner["t"] == "Table":
                    inner["c"][0][2].append(["tbl-colwidths", value])
        return [node]

    return rewrite(parsed_blocks, change)


def build(
    project: Project,
    text: Manuscript,
    parsed: Parsed,
    form: str,
    shapes: Shapes,
    resources: set[str],
) -> dict[str, Any]:
    """The tree for one format: conditions decided, numbers and links set, shapes drawn.

    Raises ProjectError with file:line for a duplicate label, an undefined cross-reference, a link
    to a missing or unpublished file, a figure or table div without its caption.
    """
    tree = copy.deepcopy(parsed.tree)
    blocks = _widths_of_tables(project, _visible(tree["blocks"], form))
    labels = _number(project, text, blocks)
    _check_links(project, text, labels, blocks, resources)

    def resolved(node: Node) -> list[Node]:
        return _resolve(project, text, labels, node)

    blocks = rewrite(blocks, resolved)
    if form == "html":
        blocks = value_links.linked(blocks, project.value_links, project.output_dir)
    else:
        blocks = value_links.bare(blocks)
    tree["blocks"] = _shape(project, text, labels, shapes, kept_together(blocks))
    tree["meta"] = kept_together(rewrite(tree["meta"], resolved))
    return tree
