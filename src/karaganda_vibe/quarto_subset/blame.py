"""From a message of pandoc or Typst back to the place in the sources."""

from __future__ import annotations

import re
from collections.abc import Callable

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset.text import Manuscript

_HEADING = re.compile(r"^=+ ")
_LABEL = re.compile(r"^<([^<>]+)>$|(?<= )<([^<>]+)>$")
_SHORTEST = 4
"""Words of a message with fewer letters say nothing of the place."""


def place_of_words(text: Manuscript, message: str) -> str:
    """`file:line` of the longest word of `message` that stands in the sources; else the article."""
    for word in sorted(set(message.split()), key=lambda word: (-len(word), word)):
        bare = word.strip("\"'`‘’“”(),.;:")
        if len(bare) < _SHORTEST:
            break
        for line in text.lines:
            if bare in line.text:
                return line.place
    return text.article


def place_of_typst(text: Manuscript, source: str, number: int) -> str:
    """`file:line` for line `number` (from 1) of the Typst source of the manuscript.

    Where the line itself is not in the sources, the picture that it names, or else the heading
    before it, says where to look.
    """
    lines = source.split("\n")
    wrong = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    for line in text.lines:
        if wrong and line.text.strip() == wrong:
            return line.place
    for picture in re.findall(r'"/([^"]+)"', wrong):
        for line in text.lines:
            if picture in line.text:
                return line.place
    return _chapter(text, lines, number)


def _chapter(text: Manuscript, lines: list[str], number: int) -> str:
    for at in range(min(number, len(lines)) - 1, -1, -1):
        if not _HEADING.match(lines[at]):
            continue
        title = re.sub(r"[\\~]", " ", lines[at].lstrip("= "))
        label = _LABEL.search(lines[at + 1]) if at + 1 < len(lines) else None
        name = label[1] or label[2] if label else ""
        for line in text.lines:
            if line.text.startswith("#") and (
                f"{{#{name}" in line.text or _letters(line.text).startswith(_letters(title))
            ):
                return line.place
    return text.article


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text.split("{")[0])


def first_bad_chapter(source: str, refused: Callable[[str], bool]) -> int:
    """Line (from 1) of the chapter that makes `refused` true of a Typst source; 0 if none does.

    `refused` is asked of sources that end after a chapter, as few of them as are needed.
    """
    lines = source.split("\n")
    starts = [at for at, line in enumerate(lines) if line.startswith("= ")]
    low, high = 0, len(starts)  # chapters that may stand / that are refused together
    while starts and high - low > 1:
        middle = (low + high) // 2
        if refused("\n".join(lines[: starts[middle]])):
            high = middle
        else:
            low = middle
    return starts[low] + 1 if starts else 0


def blamed(text: Manuscript, error: ProjectError, source: str = "") -> ProjectError:
    """`error` of a format with the place in the sources before it.

    `source` is the Typst source, whose line the message names in brackets.
    """
    message = str(error)
    kept = re.search(r"\(kept as .+?\.typ:(\d+)\)", message)
    if kept:
        place = place_of_typst(text, source, int(kept[1]))
    elif "[WARNING] " in message:
        place = place_of_words(text, message.partition("[WARNING] ")[2])
    elif re.match(r"[^:\s]+(:\d+)?: ", message) and not message.startswith("PDF: "):
        return error  # it names its file
    else:
        place = text.article
    return ProjectError(f"{place}: {message.replace('[WARNING] ', '')}")
