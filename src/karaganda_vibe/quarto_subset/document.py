"""The document stage: parse once, number, resolve cross-references, shape per format."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset import pandoc, value_links
from karaganda_vibe.quarto_subset.blame import place_of_words
from karaganda_vibe.quarto_subset.dates import written_date
from karaganda_vibe.quarto_subset.kept_together import kept_together
from karaganda_vibe.quarto_subset.project import Project
from karaganda_vibe.quarto_subset.references import check_links, number_labels, resolved_reference
from karaganda_vibe.quarto_subset.shapes import Shapes, div_kind, shaped
from karaganda_vibe.quarto_subset.swallowed import check_swallowed
from karaganda_vibe.quarto_subset.text import Manuscript
from karaganda_vibe.quarto_subset.tree import Node, attributes, rewrite, walk

READER = "markdown"


@dataclass
class Parsed:
    """The parsed manuscript, as pandoc's JSON, before any format is chosen."""

    tree: dict[str, Any]
    images: tuple[str, ...] = ()


def parse(project: Project, text: Manuscript) -> Parsed:
    """Pandoc's tree of the manuscript with its front matter.

    Raises ProjectError with file:line for what pandoc warns of (an unclosed div, say).
    """
    front = {
        key: value for key, value in text.coded_front.items() if key not in ("csl", "bibliography")
    }
    for key in ("author", "date"):
        if key not in front and project.config.get(key):
            front[key] = project.config[key]
    form = front.get("date-format", project.config.get("date-format"))
    if form and front.get("date"):
        language = str(project.config.get("lang", "en"))
        front["date"] = written_date(
            text.front.get("date", front["date"]), str(form), language, text.article
        )
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
    check_swallowed(text, tree)
    try:
        tree["blocks"] = text.values.put_back(tree["blocks"], project.value_links)
        tree["meta"] = text.values.put_back(tree["meta"])
    except ProjectError as error:
        raise ProjectError(f"{place_of_words(text, str(error))}: {error}") from None
    images = [node["c"][2][0] for node in walk(tree["blocks"]) if node["t"] == "Image"]
    return Parsed(tree, tuple(sorted(set(images))))


def bibliography(project: Project, text: Manuscript) -> list[str]:
    """Names of the bibliography files of the article, else of the project."""
    value = text.front.get("bibliography", project.config.get("bibliography", []))
    return [value] if isinstance(value, str) else list(value)


def visible(blocks: Any, form: str) -> Any:
    """`blocks` with conditional content decided for the format `form`."""

    def decide(node: Node) -> list[Node]:
        if node["t"] != "Div":
            return [node]
        _, classes, pairs = attributes(node)
        if div_kind("", classes) != "condition":
            return [node]
        holds = pairs.get("when-format", form) == form and pairs.get("unless-format") != form
        shown = holds if "content-visible" in classes else not holds
        return node["c"][1] if shown else []

    return rewrite(blocks, decide)


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
    blocks = _widths_of_tables(project, visible(tree["blocks"], form))
    labels = number_labels(project, text, blocks)
    check_links(project, text, labels, blocks, resources)

    def resolved(node: Node) -> list[Node]:
        return resolved_reference(project, text, labels, node)

    blocks = rewrite(blocks, resolved)
    if form == "html":
        blocks = value_links.linked(blocks, project.value_links, project.output_dir)
    else:
        blocks = value_links.bare(blocks)
    tree["blocks"] = shaped(project, text, labels, shapes, kept_together(blocks))
    tree["meta"] = kept_together(rewrite(tree["meta"], resolved))
    return tree
