"""Is what came what was asked for? A workbook, a table of text, JSON; and not a page that says so.

Only the form is looked at. Whether the table is the expected one, with known labels and places, is
checked where it is taken in.
"""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.reading import decoded

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
ZIPPED = {"xl/workbook.xml": ".xlsx", "xl/workbook.bin": ".xlsb", "content.xml": ".ods"}
SEPARATORS = "\t;,"
EXPECTED = {
    "workbook": "a workbook (xls, xlsx, ods)",
    "csv": "a table of text",
    "json": "JSON",
    "taldau": "JSON of Taldau",
}
_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|!--)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)


class AnswerError(ProjectError):
    """What came is not of the form that was asked for; the message is the reason alone."""


def ending_of_answer(content: bytes, gives: str) -> str:
    """The ending that the name of a file with this content has, as in ".xlsx".

    Args:
        gives: what was asked for, a key of EXPECTED.

    Raises:
        AnswerError: says what came instead, or what is broken.
    """
    if not content.strip():
        raise AnswerError(f"nothing (0 bytes or blanks) came, expected {EXPECTED[gives]}")
    if _PAGE.match(content.removeprefix(b"\xef\xbb\xbf")):
        raise AnswerError(f"a web page{_title(content)} came, expected {EXPECTED[gives]}")
    if gives == "workbook":
        return _workbook(content)
    text = _text(content, gives)
    if gives == "csv":
        _check_table(text)
        return ".csv"
    read_json(text, gives)
    return ".json"


def read_json(text: str, gives: str = "json") -> Any:
    """The content of a JSON text, its numbers as the text that they are written in."""
    try:
        return json.loads(text, parse_float=str, parse_int=str)
    except ValueError as error:
        raise AnswerError(
            f"no JSON came ({error}), expected {EXPECTED[gives]}; it begins with {_begin(text)}"
        ) from None


def _title(content: bytes) -> str:
    found = _TITLE.search(content.decode("utf-8", "replace"))
    title = " ".join(html.unescape(found[1]).split()) if found else ""
    return f" (“{title[:80]}”)" if title else ""


def _begin(text: str) -> str:
    return repr(text[:40])


def _workbook(content: bytes) -> str:
    if content.startswith(OLE):
        return ".xls"
    if content.startswith(ZIP):
        return _zipped_workbook(content)
    text = content[:200].decode("utf-8", "replace")
    raise AnswerError(f"no workbook came; it begins with {_begin(text)}")


def _zipped_workbook(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            broken = archive.testzip()
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise AnswerError(f"a workbook that is cut or damaged came ({error})") from None
    if broken:
        raise AnswerError(f"a damaged workbook came ({broken} does not match its checksum)")
    for name, ending in ZIPPED.items():
        if name in names:
            return ending
    raise AnswerError(f"a zip without a workbook came (it holds {', '.join(sorted(names)[:3])})")


def _text(content: bytes, gives: str) -> str:
    if content.startswith((OLE, ZIP)):
        raise AnswerError(f"a workbook came, expected {EXPECTED[gives]}")
    try:
        return decoded(content, "what came")
    except ProjectError as error:
        reason = str(error).partition(";")[0]
        raise AnswerError(f"{reason}, expected {EXPECTED[gives]}") from None


def _check_table(text: str) -> None:
    """Raise AnswerError where a text is no table: a header of two cells or more, and rows."""
    first, _, rest = text.lstrip().partition("\n")
    if first[:1] in "[{":
        raise AnswerError(f"no table of text came; it begins with {_begin(first)}")
    if not any(separator in first for separator in SEPARATORS):
        raise AnswerError(f"a text of one column came, expected a table: {_begin(first)}")
    if not rest.strip():
        raise AnswerError("a table without rows came, expected rows under its header")
