"""A downloaded workbook (xls, xlsx, ods) as sheets of plain cells, or one line why not.

Whether a file is a workbook is told by its bytes, not by its name: the Bureau's files come as
`.xls` that are `.xlsx` inside, and an error page of a server comes under any name.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import shown
from karaganda_vibe.sources.workbook_errors import OLE, ZIP, error_cells, is_protected

LARGEST = 50_000_000
"""Bytes. The largest workbook of the Bureau seen is 1.2 MB."""
LARGEST_INSIDE = 400_000_000
"""Bytes that a zipped workbook may hold when unpacked."""
EXPECTED = "expected a workbook (xls, xlsx, ods) or a csv file"

Place = tuple[int, int]
"""Row and column, counted from 0."""


@dataclass(frozen=True)
class Sheet:
    """One sheet as stored.

    rows: numbers are floats, dates are dates, all else is text; an empty cell is "".
    merged: first and last cell of each merged range. errors: cells whose formula failed.
    """

    name: str
    rows: list[list[Any]]
    merged: tuple[tuple[Place, Place], ...] = ()
    errors: frozenset[Place] = frozenset()


def checked_content(path: Path) -> bytes:
    """The bytes of a downloaded file.

    Raises ProjectError where it is not there, empty, a web page or larger than `LARGEST`.
    """
    if not path.is_file():
        raise ProjectError(f"{shown(path)}: no such file; give the path of a downloaded file")
    size = path.stat().st_size
    if size > LARGEST:
        raise ProjectError(
            f"{shown(path)}: {size / 1e6:,.0f} MB, {EXPECTED} of at most {LARGEST / 1e6:.0f} MB; "
            "look what was downloaded"
        )
    content = path.read_bytes()
    if not content.strip():
        raise ProjectError(f"{shown(path)}: empty, {EXPECTED}; download it again")
    if content.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        raise ProjectError(f"{shown(path)}: a web page, {EXPECTED}; download it again")
    return content


def is_workbook(content: bytes) -> bool:
    """Whether these are the bytes of a workbook, whatever its name."""
    return content.startswith((OLE, ZIP))


def read_workbook(path: Path) -> list[Sheet]:
    """All sheets of a workbook, in its order.

    Raises ProjectError where it is protected by a password, damaged, too large or without a
    filled cell; `checked_content` says what else.
    """
    # Only this needs the group `sources`; a report is built without it.
    try:
        from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum
    except ModuleNotFoundError:
        raise ProjectError(
            f"{shown(path)}: the packages that read workbooks are not installed; run make take "
            f"FILE={shown(path)}, which adds them"
        ) from None
    content = checked_content(path)
    name = shown(path)
    protected = f"{name}: protected by a password; open it, save it without one and give that file"
    if is_protected(content):
        raise ProjectError(protected)
    if content.startswith(ZIP):
        _check_unpacked_size(content, name)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        errors = error_cells(content)
        sheets = []
        for described in book.sheets_metadata:
            if described.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(described.name)
            sheets.append(
                Sheet(
                    described.name,
                    sheet.to_python(skip_empty_area=False),
                    tuple(sheet.merged_cell_ranges or ()),
                    errors.get(described.name, frozenset()),
                )
            )
    except PasswordError:
        raise ProjectError(protected) from None
    except (CalamineError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ProjectError(f"{name}: damaged ({error}); download it again") from None
    if not any(cell != "" for sheet in sheets for row in sheet.rows for cell in row):
        raise ProjectError(f"{name}: a workbook without a filled cell; download it again")
    return sheets


def _check_unpacked_size(content: bytes, name: str) -> None:
    try:
        size = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(content)).infolist())
    except zipfile.BadZipFile:
        raise ProjectError(f"{name}: cut short or damaged; download it again") from None
    if size > LARGEST_INSIDE:
        raise ProjectError(
            f"{name}: {size / 1e6:,.0f} MB when unpacked, expected at most "
            f"{LARGEST_INSIDE / 1e6:.0f} MB; look what was downloaded"
        )
