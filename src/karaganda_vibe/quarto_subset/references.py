"""Labels, their numbers, and what refers to them: cross-references and links."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset.project import Project, shared_resources
from karaganda_vibe.quarto_subset.source_lines import at
from karaganda_vibe.quarto_subset.text import Manuscript
from karaganda_vibe.quarto_subset.tree import Node, attributes, link, plain_words, text_of, walk

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
LABEL = re.compile(rf"^({'|'.join(_KINDS)})-.+")
OTHER_LABEL = re.compile(rf"^({'|'.join(_OTHER_KINDS)})-.+")


@dataclass
class Labels:
    numbers: dict[str, str] = field(default_factory=dict)
    anchors: set[str] = field(default_factory=set)


def float_label(node: Node) -> str:
    identifier, _, _ = attributes(node)
    wanted = {"Figure": ("fig-",), "Table": ("tbl-",), "Div": ("fig-", "tbl-")}.get(node["t"], ())
    return identifier if wanted and identifier.startswith(wanted) else ""


def number_labels(project: Project, text: Manuscript, blocks: list[Node]) -> Labels:
    labels = Labels()
    counts = {"fig": 0, "tbl": 0}
    sections = [0] * 9

    def seen(identifier: str) -> None:
        if identifier in labels.anchors:
            raise ProjectError(
                f"{at(text, 'label', identifier, skip=1)}: label `#{identifier}` is used "
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
        label = float_label(value)
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
                    f"{at(text, 'label', label)}: label `#{label}` inside `#{inside}`: "
                    "sub-figures are outside the subset; give one of them no label"
                )
            counts[label[:3]] += 1
            labels.numbers[label] = str(counts[label[:3]])
        elif LABEL.match(identifier) and value["t"] != "Header":
            raise ProjectError(
                f"{at(text, 'label', identifier)}: label `#{identifier}` stands on a "
                f"{value['t'].lower()}; expected fig on an image or div, tbl on a table or div, "
                "sec on a heading"
            )
        visit(value.get("c"), inside or label)

    visit(blocks, "")
    return labels


def word_of(project: Project, kind: str, what: str) -> str:
    words = project.words
    if what == "prefix" and f"crossref-{kind}-prefix" in words:
        return words[f"crossref-{kind}-prefix"]
    return words.get(f"crossref-{kind}-title", words.get(f"crossref-{kind}-prefix", kind))


def numbered(project: Project, word: str, number: str) -> str:
    """A word with its number as the language joins them: "Figure 3", «3-сурет»."""
    return project.words["numbered"].format(word=word, number=number)


def resolved_reference(
    project: Project, text: Manuscript, labels: Labels, node: Node
) -> list[Node]:
    """A Cite whose ids are labels, as links; any other node as it is."""
    if node["t"] != "Cite":
        return [node]
    citations = node["c"][0]
    if not all(LABEL.match(citation["citationId"]) for citation in citations):
        return [node]
    out: list[Node] = []
    for citation in citations:
        name = citation["citationId"]
        if name not in labels.anchors or name not in labels.numbers:
            why = "is on an unnumbered heading" if name in labels.anchors else "does not exist"
            raise ProjectError(
                f"{at(text, 'reference', name)}: cross-reference `@{name}`: the label "
                f"`#{name}` {why}; mend the name or add the label"
            )
        if out:
            out += [{"t": "Str", "c": ","}, {"t": "Space"}]
        shown = labels.numbers[name]
        if citation["citationPrefix"]:
            shown = f"{text_of(citation['citationPrefix'])}\u00a0{shown}"
        elif citation["citationMode"]["t"] != "SuppressAuthor":
            shown = numbered(project, word_of(project, name[:3], "prefix"), shown)
        out.append(link(plain_words(shown), f"#{name}", ["quarto-xref"]))
        out += citation["citationSuffix"]
    return out


def check_links(
    project: Project, text: Manuscript, labels: Labels, blocks: list[Node], resources: set[str]
) -> None:
    shared: set[str] | None = None
    for node in walk(blocks):
        if node["t"] != "Link":
            continue
        target = node["c"][2][0]
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        place = at(text, "target", target)
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
            shared = shared_resources(project.root) if shared is None else shared
            # Another document of the first edition lies beside the files that it publishes.
            if len(PurePosixPath(project.output_dir).parts) == 1 and name in shared:
                continue
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
