"""Reads a workbook back from its XML, for tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from lxml import etree

NAMES = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def cells(content: bytes, sheet: int) -> Mapping[str, str | float]:
    """Place → text or number of a sheet, counted from 1."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    tree = etree.fromstring(archive.read(f"xl/worksheets/sheet{sheet}.xml"))
    found: dict[str, str | float] = {}
    for cell in tree.iterfind(".//m:c", NAMES):
        number = cell.findtext("m:v", namespaces=NAMES)
        text = cell.findtext("m:is/m:t", namespaces=NAMES)
        found[cell.get("r")] = float(number) if number is not None else text
    return found
