"""Text files as people save them: UTF-8 with or without a byte-order mark, and nothing else."""

from __future__ import annotations

import codecs
from pathlib import Path

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import shown

_WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path, name: str = "", save_as: str = "UTF-8") -> str:
    """The text of `path` without a byte-order mark, line ends as `\\n`.

    `name` is what an error calls the file (its path by default), `save_as` what it says to save it
    as. Raises ProjectError where the file is UTF-16 or no UTF-8 (naming the line), and where a
    letter was lost before; FileNotFoundError where it is not there.
    """
    text = decoded(path.read_bytes(), name or shown(path), save_as)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def has_rows(path: Path) -> bool:
    """Whether a table holds anything below its head; ProjectError and errors as `read_text`."""
    return len(read_text(path).strip().split("\n")) > 1


def decoded(content: bytes, where: str, save_as: str = "UTF-8") -> str:
    """The bytes of a text file as text, its line ends as they are; `read_text` says what fails."""
    if content.startswith(_WIDE) or b"\0" in content:
        raise ProjectError(f"{where}: UTF-16, expected UTF-8; save it as {save_as}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProjectError(
            f"{where}: line {line}: not UTF-8 (cp1251, perhaps); save it as {save_as}"
        ) from None
    if "\ufffd" in text:
        line = text.count("\n", 0, text.index("\ufffd")) + 1
        raise ProjectError(
            f"{where}: line {line}: a letter was lost when the file was saved (it holds U+FFFD); "
            "write it again"
        )
    return text
