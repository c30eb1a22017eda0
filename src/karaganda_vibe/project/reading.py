"""Texts that people edit, read where harmless and named where not."""

from __future__ import annotations

import codecs
from pathlib import Path

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import shown as as_typed

_WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path, shown: str = "") -> str:
    """The text of a UTF-8 file without its byte-order mark, line ends as `\\n`.

    `shown` is what an error calls the file (its path by default). Raises ProjectError with file and
    line where the file has another encoding.
    """
    name = shown or as_typed(path)
    content = path.read_bytes()
    if content.startswith(_WIDE) or b"\0" in content[:200]:
        raise ProjectError(
            f"{name}:1: saved as UTF-16 (Windows calls it Unicode); save it as UTF-8"
        )
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ProjectError(
            f"{name}:{line}: byte 0x{error.object[error.start]:02x} is not UTF-8 (perhaps the file "
            "is saved as Windows-1251 or Latin-1); save it as UTF-8"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
