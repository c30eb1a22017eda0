"""Word's own fields: numbers of captions (SEQ), cross-references (REF), contents (TOC).

Word keeps a field's last result beside its code and shows it until the field is updated; pandoc
writes neither, so the runs are written here, each with the result that it has now.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from karaganda_vibe.quarto_subset.tree import (
    Node,
    attributes,
    link,
    plain_words,
    raw_block,
    raw_inline,
    rewrite,
    text_of,
    walk,
)

_LONGEST_BOOKMARK = 40
_FIRST_OWN_ID = 100_000
"""Bookmarks of our own are counted from here, above those that pandoc counts."""


def bookmark(label: str) -> str:
    """Name of the bookmark around the number of `label`; Word's fields allow no hyphens."""
    name = re.sub(r"\W", "_", f"number-{label}")
    if len(name) <= _LONGEST_BOOKMARK:
        return name
    return name[: _LONGEST_BOOKMARK - 9] + "_" + hashlib.sha1(label.encode()).hexdigest()[:8]


def pandoc_bookmark(identifier: str) -> str:
    """The bookmark that pandoc makes of an identifier."""
    if identifier[:1].isalpha() and len(identifier) <= _LONGEST_BOOKMARK:
        return identifier
    return "X" + hashlib.sha1(identifier.encode()).hexdigest()[1:]


def _own_id(label: str) -> int:
    return _FIRST_OWN_ID + int(hashlib.sha1(label.encode()).hexdigest()[:7], 16)


def _bookmarked(label: str, runs: str) -> str:
    number = _own_id(label)
    return (
        f'<w:bookmarkStart w:id="{number}" w:name="{bookmark(label)}"/>{runs}'
        f'<w:bookmarkEnd w:id="{number}"/>'
    )


def _run(content: str, style: str = "") -> str:
    look = f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>' if style else ""
    return f"<w:r>{look}{content}</w:r>"


def field(code: str, result: str, style: str = "") -> str:
    """The runs of a field; `result` is what it shows until Word updates it."""
    return (
        _run('<w:fldChar w:fldCharType="begin"/>', style)
        + _run(f'<w:instrText xml:space="preserve"> {escape(code)} </w:instrText>', style)
        + _run('<w:fldChar w:fldCharType="separate"/>', style)
        + _run(f'<w:t xml:space="preserve">{escape(result)}</w:t>', style)
        + _run('<w:fldChar w:fldCharType="end"/>', style)
    )


def _around_number(shown: str) -> tuple[str, str, str]:
    """What stands before the last number of "Figure 3" or «3-сурет», the number, what follows."""
    before, number, after = re.findall(r"^(.*?)(\d+(?:\.\d+)*)(\D*)$", shown)[0]
    return before, number, after


def caption_number(label: str, head: str) -> list[Node]:
    """Inlines of "Figure 3": the word, and the number as a SEQ field in a bookmark."""
    before, number, after = _around_number(head)
    name = re.sub(r"\W+", "_", f"{before}{after}".strip("\u00a0-"))
    runs = field(f"SEQ {name} \\* ARABIC", number)
    return [
        *plain_words(before),
        raw_inline("openxml", _bookmarked(label, runs) if label else runs),
        *plain_words(after),
    ]


def with_references(tree: Any) -> Any:
    """Blocks or front matter with the number in every cross-reference as a REF field."""

    def change(node: Node) -> list[Node]:
        if node["t"] != "Link" or "quarto-xref" not in attributes(node)[1]:
            return [node]
        target = node["c"][2][0]
        # Not `text_of`, which makes the space that does not break an ordinary one.
        shown = "".join(part.get("c", " ") for part in node["c"][1])
        before, number, after = _around_number(shown)
        runs = raw_inline("openxml", field(f"REF {bookmark(target[1:])} \\h", number, "Hyperlink"))
        return [link([*plain_words(before), runs, *plain_words(after)], target)]

    return rewrite(tree, change)


@dataclass(frozen=True)
class Entry:
    """One line of the contents."""

    level: int
    number: str
    title: str
    anchor: str


def entries(blocks: Sequence[Node], depth: int, numbered: bool) -> list[Entry]:
    """The headings down to level `depth`, numbered as pandoc numbers them."""
    counts = [0] * 9
    found = []
    for node in walk(list(blocks)):
        if node["t"] != "Header":
            continue
        level = node["c"][0]
        identifier, classes, _ = attributes(node)
        number = ""
        if numbered and "unnumbered" not in classes:
            counts[level - 1] += 1
            counts[level:] = [0] * (9 - level)
            number = ".".join(map(str, counts[:level]))
        if level <= depth and "unlisted" not in classes:
            found.append(Entry(level, number, text_of(node["c"][2]), pandoc_bookmark(identifier)))
    return found


def contents(title: str, lines: Sequence[Entry], depth: int) -> list[Node]:
    """A TOC field with its lines; Word adds the page numbers when the field is updated."""
    if not lines:
        return []
    code = f'TOC \\o "1-{depth}" \\h \\z \\u'
    begin = (
        _run('<w:fldChar w:fldCharType="begin"/>')
        + _run(f'<w:instrText xml:space="preserve"> {escape(code)} </w:instrText>')
        + _run('<w:fldChar w:fldCharType="separate"/>')
    )
    end = _run('<w:fldChar w:fldCharType="end"/>')
    rows = []
    for place, line in enumerate(lines):
        number = f"<w:t>{line.number}</w:t><w:tab/>" if line.number else ""
        text = _run(f'{number}<w:t xml:space="preserve">{escape(line.title)}</w:t>')
        rows.append(
            f'<w:p><w:pPr><w:pStyle w:val="TOC{line.level}"/></w:pPr>'
            f"{begin if place == 0 else ''}"
            f'<w:hyperlink w:anchor="{escape(line.anchor)}" w:history="1">{text}</w:hyperlink>'
            f"{end if place == len(lines) - 1 else ''}</w:p>"
        )
    return [
        raw_block(
            "openxml",
            '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/>'
            "<w:docPartUnique/></w:docPartObj></w:sdtPr><w:sdtContent>"
            '<w:p><w:pPr><w:pStyle w:val="TOCHeading"/></w:pPr>'
            f"{_run(f'<w:t>{escape(title)}</w:t>')}</w:p>{''.join(rows)}</w:sdtContent></w:sdt>"
            '<w:p><w:r><w:br w:type="page"/></w:r></w:p>',
        )
    ]


_HEADING = re.compile(
    r'(<w:bookmarkStart w:id="\d+" w:name="([^"]+)" ?/>\s*'
    r'<w:p><w:pPr><w:pStyle w:val="Heading\d" ?/></w:pPr>)'
    r'(<w:r><w:rPr><w:rStyle w:val="SectionNumber" ?/></w:rPr><w:t[^>]*>[\d.]+</w:t></w:r>)'
)


def with_section_bookmarks(document: str, labels: Sequence[str]) -> str:
    """Word's document.xml with a bookmark around the number of every heading in `labels`."""
    by_name = {pandoc_bookmark(label): label for label in labels}

    def change(match: re.Match[str]) -> str:
        label = by_name.get(match[2])
        return match[1] + (_bookmarked(label, match[3]) if label else match[3])

    return _HEADING.sub(change, document)


_TABLE = re.compile(r"<w:tbl>(?:(?!<w:tbl>).)*?</w:tbl>", re.S)
_ROW = re.compile(r"<w:tr[ >].*?</w:tr>", re.S)
_ROW_START = re.compile(r"<w:tr>(?!<w:trPr><w:cantSplit/>)(?:<w:trPr>)?")
_CELL = re.compile(r'<w:pStyle w:val="Compact" ?/>')
_LIST_ITEM = re.compile(r'<w:pStyle w:val="Compact" ?/>(?=<w:numPr>)')
_MOST_ROWS = 12
"""Tables with more rows may break, or pages would stay half empty."""
_FIRST_ROWS, _LAST_ROWS = 3, 2
"""Rows that stay together with the caption, and with the small print under a long table."""


def with_whole_tables(document: str) -> str:
    """Word's document.xml with each short table, and the ends of the long ones, on one page.

    Word breaks a table between rows unless their paragraphs are kept with the next ones, and within
    a row unless the row itself says no (readers other than Word miss it in the table's style).
    """

    def whole(start: re.Match[str]) -> str:
        closed = "" if start[0].endswith("<w:trPr>") else "</w:trPr>"
        return f"<w:tr><w:trPr><w:cantSplit/>{closed}"

    def change(match: re.Match[str]) -> str:
        rows = list(_ROW.finditer(match[0]))
        if len(rows) > _MOST_ROWS:
            rows = [*rows[:_FIRST_ROWS], *rows[-_LAST_ROWS:]]
        out, at = [], 0
        for row in rows:
            out += [
                match[0][at : row.start()],
                _CELL.sub(lambda style: style[0] + "<w:keepNext/>", row[0]),
            ]
            at = row.end()
        return _ROW_START.sub(whole, "".join([*out, match[0][at:]]))

    return _TABLE.sub(change, document)


def with_list_style(document: str) -> str:
    """Word's document.xml with lists in the type of the text.

    Pandoc gives the close lines of a list the style of table cells, which are small.
    """
    return _LIST_ITEM.sub('<w:pStyle w:val="ListParagraph"/>', document)


def section_labels(blocks: Any) -> list[str]:
    """Labels of the headings."""
    return [attributes(node)[0] for node in walk(blocks) if node["t"] == "Header"]
