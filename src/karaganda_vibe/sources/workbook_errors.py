"""What the reader of workbooks does not tell: cells whose formula failed, and passwords.

python-calamine gives a cell with #REF! as an empty one, so a broken formula would pass for a gap.
Here only the marks of such cells are looked for: in the XML of xlsx and ods (ECMA-376; OpenDocument
1.3), and in the records of xls (Microsoft's [MS-XLS] and, for the container, [MS-CFB]).
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator
from html import unescape
from itertools import islice

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"

Errors = dict[str, frozenset[tuple[int, int]]]

_FORMULA, _FILEPASS, _SHEET, _BOOL_OR_ERROR, _BEGIN = 0x06, 0x2F, 0x85, 0x205, 0x809
_FIRST = 10  # the mark of a password stands among the first records
_FAILED = 2  # the kind of a formula's result that is an error
_LAST_SECTOR = 0xFFFFFFFA  # larger numbers end a chain or mark a free sector
_ODS_ERROR = re.compile(rb'<table:table-cell[^>]*calcext:value-type="error"')
_XLSX_ERROR = re.compile(rb'<c\s(?=[^>]*\bt="e")[^>]*\br="([A-Z]+)(\d+)"')


def is_protected(content: bytes) -> bool:
    """Whether a workbook is encrypted: it cannot be read without its password."""
    if content.startswith(OLE):
        # An encrypted xlsx is put into a container of the old kind.
        if "EncryptedPackage".encode("utf-16-le") in content:
            return True
        first = islice(_records(_workbook_stream(content)), _FIRST)
        return any(kind == _FILEPASS for _, kind, _ in first)
    if not content.startswith(ZIP):
        return False
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        return b"encryption-data" in archive.read("META-INF/manifest.xml")
    except (KeyError, zipfile.BadZipFile):
        return False


def error_cells(content: bytes) -> Errors:
    """Sheet → cells (row and column from 0) whose formula failed, of the bytes of a workbook."""
    if content.startswith(OLE):
        return _of_xls(_workbook_stream(content))
    archive = zipfile.ZipFile(io.BytesIO(content))
    if "xl/workbook.xml" in archive.namelist():
        return _of_xlsx(archive)
    return _of_ods(archive)


def _of_xlsx(archive: zipfile.ZipFile) -> Errors:
    targets = {
        match["id"]: posixpath.normpath(posixpath.join("/xl", match["target"])).lstrip("/")
        for match in _attributes(
            archive.read("xl/_rels/workbook.xml.rels"), "Relationship", id="Id", target="Target"
        )
    }
    found: Errors = {}
    for sheet in _attributes(archive.read("xl/workbook.xml"), "sheet", name="name", id="r:id"):
        path = targets.get(sheet["id"], "")
        if path in archive.namelist():
            cells = _XLSX_ERROR.findall(archive.read(path))
            found[sheet["name"]] = frozenset(
                (int(row) - 1, _column(letters.decode())) for letters, row in cells
            )
    return found


def _attributes(xml: bytes, element: str, **wanted: str) -> Iterator[dict[str, str]]:
    """The wanted attributes of each element of that name."""
    for tag in re.findall(rf"<{element}\s[^>]*>", xml.decode("utf-8")):
        values = {
            name: re.search(rf'\b{attribute}="([^"]*)"', tag) for name, attribute in wanted.items()
        }
        yield {name: unescape(value[1]) if value else "" for name, value in values.items()}


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _of_ods(archive: zipfile.ZipFile) -> Errors:
    """As `error_cells`; a row or cell that stands for several is counted as often as it stands."""
    found: Errors = {}
    xml = archive.read("content.xml").decode("utf-8")
    for table in re.finditer(r'<table:table [^>]*table:name="([^"]*)".*?</table:table>', xml, re.S):
        row, cells = 0, set()
        for line in re.finditer(
            r"<table:table-row\b([^>]*)>(.*?)</table:table-row>", table[0], re.S
        ):
            column = 0
            for cell in re.finditer(r"<table:(?:covered-)?table-cell\b[^>]*>", line[2]):
                if _ODS_ERROR.match(cell[0].encode()):
                    cells.add((row, column))
                column += _repeated(cell[0], "columns")
            row += _repeated(line[1], "rows")
        found[unescape(table[1])] = frozenset(cells)
    return found


def _repeated(tag: str, of: str) -> int:
    number = re.search(rf'table:number-{of}-repeated="(\d+)"', tag)
    return int(number[1]) if number else 1


def _of_xls(stream: bytes) -> Errors:
    names: dict[int, str] = {}
    found: dict[str, set[tuple[int, int]]] = {}
    sheet = ""
    for place, kind, data in _records(stream):
        if kind == _SHEET:
            names[struct.unpack_from("<I", data)[0]] = _short_text(data[6:])
        elif kind == _BEGIN:
            sheet = names.get(place, "")
        elif _is_error(kind, data):
            row, column = struct.unpack_from("<HH", data)
            found.setdefault(sheet, set()).add((row, column))
    return {name: frozenset(cells) for name, cells in found.items()}


def _is_error(kind: int, data: bytes) -> bool:
    if kind == _BOOL_OR_ERROR:
        return len(data) >= 8 and data[7] == 1
    return kind == _FORMULA and data[12:14] == b"\xff\xff" and data[6] == _FAILED


def _short_text(data: bytes) -> str:
    """A text of at most 255 letters: their number, one byte or two for each, the letters."""
    length, wide = data[0], data[1] & 1
    return data[2 : 2 + length * (1 + wide)].decode("utf-16-le" if wide else "latin-1")


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Where each record of an xls begins, its kind and its data."""
    place = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        yield place, kind, stream[place + 4 : place + 4 + length]
        place += 4 + length


def _workbook_stream(content: bytes) -> bytes:
    """The stream "Workbook" of an OLE container; empty where it has none or is damaged.

    Streams of less than 4 KB are kept elsewhere in a container; no workbook is as small.
    """
    try:
        return _stream(content)
    except (struct.error, IndexError):
        return b""


def _stream(content: bytes) -> bytes:
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    directory: int = struct.unpack_from("<I", content, 48)[0]
    more: int = struct.unpack_from("<I", content, 68)[0]

    def sector(number: int) -> bytes:
        return content[(number + 1) * size : (number + 2) * size]

    tables = list(struct.unpack_from("<109I", content, 76))
    while more < _LAST_SECTOR:
        numbers = struct.unpack(f"<{size // 4}I", sector(more))
        tables, more = tables + list(numbers[:-1]), numbers[-1]
    following: list[int] = []
    for number in tables:
        if number < _LAST_SECTOR:
            following += struct.unpack(f"<{size // 4}I", sector(number))

    def chain(number: int) -> bytes:
        parts: list[bytes] = []
        while number < _LAST_SECTOR and len(parts) <= len(following):
            parts.append(sector(number))
            number = following[number]
        return b"".join(parts)

    entries = chain(directory)
    for place in range(0, len(entries), 128):
        entry = entries[place : place + 128]
        name = entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le")
        if name in {"Workbook", "Book"}:
            start, length = struct.unpack_from("<II", entry, 116)
            return chain(start)[:length]
    return b""
