"""Chapters without what a study lacks: what quotes a missing result goes, one line says why.

Which results there are decides, not a list of regions: a block of prose (a paragraph, a row, an
item) that quotes a value, shows an exhibit or points to a place that is not there is left out; so
is the rest of a section that has lost all that it quoted. A chapter keeps its heading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

HEADING = re.compile(r"(#{1,6}) ")
LABEL = re.compile(r"\{[^}]*#([\w-]+)[^}]*\}")
EXHIBIT = re.compile(r"report/generated/\w+/_((?:fig|tbl)-[\w-]+)\.qmd")
POINTED = re.compile(r"(?:@|\(#|\b(?:annexes|index)(?:-\w+)?\.html#)((?:sec|fig|tbl)-[\w-]+)")
_ASIDE = re.compile(r" \((?!#)[^()]*\)")
_ITEM = re.compile(r"(?:[-*+]|\d+[.)]) ")
_FENCE = re.compile(r"(:{3,}|`{3,})")

Gone = dict[str, tuple[str, ...]]


@dataclass
class Section:
    """A heading (none before the first) and the blocks below it, up to the next heading."""

    heading: str
    level: int
    blocks: list[str] = field(default_factory=list)


Line = Callable[[Collection[str], bool], str]
"""Missing names, and whether a whole chapter went → the line that says what is missing."""


@cache
def quoted(text: str, language: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Values of `language`, exhibits and labels that a text quotes, shows and points to."""
    values = re.findall(rf"\{{\{{<\s*var\s+{language}\.(?:form\.)?(\w+)", text)
    return tuple(values), tuple(EXHIBIT.findall(text)), tuple(POINTED.findall(text))


@dataclass(frozen=True)
class Results:
    """What a study has made: names of values in `language`, and whether an exhibit is there."""

    language: str
    values: Collection[str]
    has_exhibit: Callable[[str], bool]

    def missing_in(self, text: str, gone: Gone) -> list[str]:
        """Values and exhibits that `text` needs and that are not there.

        `gone`: labels that nothing bears any more → what was missing for them.
        """
        values, exhibits, labels = quoted(text, self.language)
        return [
            *(name for name in values if name not in self.values),
            *(name for name in exhibits if not self.has_exhibit(name)),
            *(name for label in labels for name in gone.get(label, ())),
        ]


def left_out(chapters: Mapping[str, str], results: Results, line: Line) -> dict[str, str]:
    """The texts of an edition's chapters without what quotes a result that is not there.

    `chapters`: name → text, of report and annexes together: they point to each other. A chapter
    that keeps nothing is that line alone.
    """
    gone: Gone = {}
    while True:
        made = {name: _without(text, results, gone, line) for name, text in chapters.items()}
        lost: Gone = {}
        for _, labels in made.values():
            lost |= labels
        if lost.keys() <= gone.keys():
            return {name: text for name, (text, _) in made.items()}
        gone |= lost


def _without(text: str, results: Results, gone: Gone, line: Line) -> tuple[str, Gone]:
    """A chapter without what is missing, and the labels that went with it."""
    head, body = _front_matter(text)
    sections = list(_sections(body))
    missing: list[str] = []
    kept = [_kept_blocks(section, results, gone, missing) for section in sections]
    if kept == [section.blocks for section in sections]:
        return text, {}
    parts: list[str] = []
    labels: list[str] = []
    for at, section in enumerate(sections):
        below = [
            blocks
            for later, blocks in zip(sections[at + 1 :], kept[at + 1 :], strict=True)
            if later.level > section.level and _is_below(sections, at, later)
        ]
        if section.blocks and not kept[at] and not any(below):
            labels += LABEL.findall(section.heading)
            continue
        parts += [part for part in (section.heading, *kept[at]) if part]
    labels += [name for name in missing if name.startswith(("fig-", "tbl-"))]
    whole = not any(kept)
    parts += [line(missing, whole)] if missing else []
    text = head + "\n\n".join(parts) + "\n"
    return text, dict.fromkeys(labels, tuple(dict.fromkeys(missing)))


def _is_below(sections: list[Section], at: int, later: Section) -> bool:
    """Whether no heading of the same or a higher level stands between."""
    between = sections[at + 1 : sections.index(later)]
    return all(section.level > sections[at].level for section in between)


def _kept_blocks(section: Section, results: Results, gone: Gone, missing: list[str]) -> list[str]:
    """The blocks of a section that stay; names of what the others quote go into `missing`."""
    left = [(block, _left_of(block, results, gone, missing)) for block in section.blocks]
    quoting = [part for block, part in left if _quotes(block, results)]
    if quoting and not any(quoting):
        # All that the section quoted is gone: the rest speaks of what is not there.
        return []
    kept: list[str] = []
    for at, (_, part) in enumerate(left):
        is_caption_of_nothing = part.startswith(": ") and at > 0 and not left[at - 1][1]
        if part and not is_caption_of_nothing:
            kept.append(part)
    return kept


def _quotes(block: str, results: Results) -> bool:
    """Whether a block shows any result, there or not."""
    values, exhibits, _ = quoted(block, results.language)
    return bool(values or exhibits)


def _left_of(block: str, results: Results, gone: Gone, missing: list[str]) -> str:
    """A block without the rows or items that quote what is missing; "" where nothing is left."""
    if not block.startswith("|"):
        block = _without_asides(block, gone)
    lost = results.missing_in(block, gone)
    if not lost:
        return block
    missing += lost
    lines = block.split("\n")
    if lines[0].startswith("|"):
        rows = [row for row in lines[2:] if not results.missing_in(row, gone)]
        return "\n".join([*lines[:2], *rows]) if rows else ""
    if _ITEM.match(lines[0]):
        items = [item for item in _items(lines) if not results.missing_in(item, gone)]
        return "\n".join(items)
    if lines[0].startswith(":::") and len(lines) > 2:
        inner = _blocks(lines[1:-1])
        stay = [part for part in inner if not results.missing_in(part, gone)]
        return "\n".join([lines[0], "\n\n".join(stay), lines[-1]]) if stay else ""
    return ""


def _without_asides(block: str, gone: Gone) -> str:
    """A block without brackets that only point to a place that is not there."""

    def kept(aside: re.Match[str]) -> str:
        labels = POINTED.findall(aside[0])
        only_points = labels and "{{<" not in aside[0]
        return "" if only_points and all(label in gone for label in labels) else aside[0]

    return _ASIDE.sub(kept, block)


def _items(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if _ITEM.match(line) or not items:
            items.append(line)
        else:
            items[-1] += f"\n{line}"
    return items


def _front_matter(text: str) -> tuple[str, str]:
    """The YAML before an article and what follows it; a chapter has none."""
    if not text.startswith("---\n"):
        return "", text
    end = text.index("\n---\n", 4) + len("\n---\n")
    return text[:end] + "\n", text[end:]


def _sections(text: str) -> Iterator[Section]:
    section = Section("", 1)
    for block in _blocks(text.split("\n")):
        found = HEADING.match(block)
        if found is None:
            section.blocks.append(block)
            continue
        if section.heading or section.blocks:
            yield section
        section = Section(block, len(found[1]))
    yield section


def _blocks(lines: list[str]) -> list[str]:
    """Runs of lines between empty ones; what stands between fences is one block."""
    blocks: list[list[str]] = []
    depth, fence, fresh = 0, "", True
    for line in lines:
        found = _FENCE.match(line)
        if depth == 0 and not line.strip():
            fresh = True
            continue
        if fresh:
            blocks.append([])
            fresh = False
        blocks[-1].append(line)
        if found and (depth == 0 or found[1][0] == fence):
            fence = found[1][0]
            opens = len(line.strip()) > len(found[1]) if fence == ":" else depth == 0
            depth += 1 if opens else -1
        if depth == 0 and (found or HEADING.match(line)):
            fresh = True
    return ["\n".join(block) for block in blocks]
