"""Writes small workbooks (xlsx) for tests, with merged cells and formulas that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from karaganda_vibe.project.xlsx import letters
from karaganda_vibe.project.zips import zipped

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"


class Failed(str):
    """A cell whose formula has failed, with what it shows: Failed("#REF!")."""


def _cell(value: object, place: str) -> str:
    if value in ("", None):
        return ""
    if isinstance(value, Failed):
        return f'<c r="{place}" t="e"><f>1/0</f><v>{value}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    text = escape(str(value))
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _sheet(rows: Sequence[Sequence[object]], merged: Sequence[str]) -> str:
    body = "".join(
        f'<row r="{number}">'
        + "".join(_cell(value, f"{letters(at)}{number}") for at, value in enumerate(row, 1))
        + "</row>"
        for number, row in enumerate(rows, 1)
    )
    ranges = "".join(f'<mergeCell ref="{cells}"/>' for cells in merged)
    joined = f'<mergeCells count="{len(merged)}">{ranges}</mergeCells>' if merged else ""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData>{joined}</worksheet>'


def xlsx(
    sheets: Mapping[str, Sequence[Sequence[object]]],
    merged: Mapping[str, Sequence[str]] | None = None,
) -> bytes:
    """A workbook of `sheets` (name → rows of numbers and texts); merged: ranges by sheet."""
    names = list(enumerate(sheets, 1))
    related = f'<Relationships xmlns="{PACKAGE}/relationships">{{}}</Relationships>'
    link = f'<Relationship Id="rId{{}}" Type="{OFFICE}/{{}}" Target="{{}}"/>'
    part = f'<Override PartName="/xl/{{}}" ContentType="{KIND}.{{}}+xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + part.format("workbook.xml", "sheet.main")
        + "".join(part.format(f"worksheets/sheet{n}.xml", "worksheet") for n, _ in names)
        + "</Types>",
        "_rels/.rels": related.format(link.format(1, "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        + "".join(
            f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>' for n, name in names
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": related.format(
            "".join(link.format(n, "worksheet", f"worksheets/sheet{n}.xml") for n, _ in names)
        ),
    }
    for n, name in names:
        parts[f"xl/worksheets/sheet{n}.xml"] = _sheet(sheets[name], (merged or {}).get(name, ()))
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return zipped({name: (head + text).encode() for name, text in parts.items()})
