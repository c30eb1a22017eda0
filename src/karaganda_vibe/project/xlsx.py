"""Plain tables as an Excel workbook (ECMA-376), the same bytes for the same tables.

Only what a table needs: texts, numbers, a head that stays in sight and filters. XlsxWriter was
tried: at its pace the project's tables would take half a minute in three languages, as it writes
every cell anew for each; here the rows are written once (`rows_xml`) and the heads by language.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.zips import zipped

MOST_ROWS = 1_048_576
"""What a sheet of Excel holds, its head included."""
LONGEST_TEXT = 32_767
LONGEST_NAME = 31
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LINE, _LETTERS_A_LINE = 15, 1.1
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = f"""{_XML}<styleSheet xmlns="{_MAIN}">
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>
<fills count="3"><fill><patternFill patternType="none"/></fill>
<fill><patternFill patternType="gray125"/></fill>
<fill><patternFill patternType="solid"><fgColor rgb="FFE5F0F6"/></patternFill></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1" \
applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1">\
<alignment vertical="top" wrapText="1"/></xf></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"""
HEAD, WRAPPED = 1, 2


@dataclass(frozen=True)
class Sheet:
    """A sheet: name, heads, the rows below (`rows_xml`), their number, widths in letters."""

    name: str
    heads: Sequence[str]
    rows: str
    count: int
    widths: Sequence[float]


def letters(column: int) -> str:
    """The name of a column, counted from 1: A, Z, AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _text(text: str, place: str, style: int) -> str:
    found = _UNPRINTABLE.search(text)
    if found or len(text) > LONGEST_TEXT:
        fault = (
            f"the invisible character U+{ord(found[0]):04X}" if found else f"{len(text)} letters"
        )
        raise ProjectError(f"cell {place}: found {fault}, which Excel cannot hold; mend the table")
    look = f' s="{style}"' if style else ""
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f'<c r="{place}"{look} t="inlineStr"><is><t{space}>{escape(text)}</t></is></c>'


def _cells(name: str, column: Sequence[str], number: bool, style: int) -> list[str]:
    """A column's cells from row 2 on; empty ones are left out."""
    out = []
    for row, value in enumerate(column, 2):
        if value == "":
            out.append("")
        elif number and _NUMBER.fullmatch(value):
            out.append(f'<c r="{name}{row}"><v>{value}</v></c>')
        else:
            out.append(_text(value, f"{name}{row}", style))
    return out


def rows_xml(columns: Sequence[Sequence[str]], numbers: Sequence[bool], style: int = 0) -> str:
    """The rows below the head, from columns of equal length; `numbers`: which hold numbers.

    Raises ProjectError for a text that Excel cannot hold.
    """
    cells = [
        _cells(letters(place), column, number, style)
        for place, (column, number) in enumerate(zip(columns, numbers, strict=True), 1)
    ]
    return "".join(
        f'<row r="{row}">{"".join(parts)}</row>'
        for row, parts in enumerate(zip(*cells, strict=True), 2)
    )


def _sheet_xml(sheet: Sheet, first: bool) -> str:
    last = letters(len(sheet.heads))
    lines = [
        -(-len(head) * _LETTERS_A_LINE // width)
        for head, width in zip(sheet.heads, sheet.widths, strict=True)
    ]
    heads = "".join(
        _text(head, f"{letters(place)}1", HEAD) for place, head in enumerate(sheet.heads, 1)
    )
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width + 1:g}" customWidth="1"/>'
        for place, width in enumerate(sheet.widths, 1)
    )
    chosen = ' tabSelected="1"' if first else ""
    return (
        f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView{chosen} workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView>'
        f'</sheetViews><sheetFormatPr defaultRowHeight="{_LINE}"/><cols>{columns}</cols><sheetData>'
        f'<row r="1" ht="{int(max(lines) + 1) * _LINE}" customHeight="1">{heads}</row>{sheet.rows}'
        f'</sheetData><autoFilter ref="A1:{last}{sheet.count + 1}"/></worksheet>'
    )


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """The workbook of `sheets`, in their order.

    Raises ProjectError for a name that no sheet can have, or more rows than one holds.
    """
    for sheet in sheets:
        if not 0 < len(sheet.name) <= LONGEST_NAME or re.search(r"[\[\]:*?/\\]", sheet.name):
            raise ProjectError(
                f"sheet “{sheet.name}”: expected 1 to {LONGEST_NAME} letters, none of []:*?/\\"
            )
        if sheet.count >= MOST_ROWS:
            raise ProjectError(f"sheet “{sheet.name}” has {sheet.count} rows; at most {MOST_ROWS}")
    numbers = range(1, len(sheets) + 1)
    relation = f'<Relationship Id="rId{{}}" Type="{_OFFICE}/{{}}" Target="{{}}"/>'
    related = f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{{}}</Relationships>'
    part = '<Override PartName="/xl/{}" ContentType="{}.{}+xml"/>'
    parts = {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + part.format("workbook.xml", _KIND, "sheet.main")
        + part.format("styles.xml", _KIND, "styles")
        + "".join(part.format(f"worksheets/sheet{n}.xml", _KIND, "worksheet") for n in numbers)
        + "</Types>",
        "_rels/.rels": related.format(relation.format(1, "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews>'
        "<workbookView/></bookViews><sheets>"
        + "".join(
            f'<sheet name="{escape(sheet.name)}" sheetId="{n}" r:id="rId{n}"/>'
            for n, sheet in zip(numbers, sheets, strict=True)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": related.format(
            "".join(relation.format(n, "worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
            + relation.format(len(sheets) + 1, "styles", "styles.xml")
        ),
        "xl/styles.xml": _STYLES,
    }
    for n, sheet in zip(numbers, sheets, strict=True):
        parts[f"xl/worksheets/sheet{n}.xml"] = _sheet_xml(sheet, n == 1)
    return zipped({name: text.encode("utf-8") for name, text in parts.items()}, level=6)
