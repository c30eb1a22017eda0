"""Makes report/theme/reference.docx: pandoc's own reference document in this project's styles.

Run `python -m karaganda_vibe.quarto_subset.reference_docx` after a change here; the file is
committed because Quarto needs it as a file.
"""

from __future__ import annotations

import io
import re
import subprocess
import zipfile

from karaganda_vibe.project.paths import THEME
from karaganda_vibe.project.writing import write_bytes
from karaganda_vibe.quarto_subset import pandoc

_INK, _SOFT, _ACCENT, _PALE = "1C2530", "56616E", "0B5C8A", "F4F6F8"


def _paragraph_style(
    name: str,
    *,
    base: str = "Normal",
    size: float | None = None,
    bold: bool = False,
    colour: str | None = None,
    before: int = 0,
    after: int = 0,
    keep: bool = False,
    line: int | None = None,
    outline: int | None = None,
    extra: str = "",
    custom: bool = True,
) -> tuple[str, str]:
    """Style id and XML of a paragraph style; sizes in points, spaces in twentieths of a point."""
    identifier = "".join(word[:1].upper() + word[1:] for word in name.split())
    spacing = f'<w:spacing w:before="{before}" w:after="{after}"' + (
        f' w:line="{line}" w:lineRule="auto"/>' if line else "/>"
    )
    level = f'<w:outlineLvl w:val="{outline}"/>' if outline is not None else ""
    half = f'<w:sz w:val="{round((size or 0) * 2)}"/>' if size else ""
    own = ' w:customStyle="1"' if custom else ""
    return identifier, (
        f'<w:style w:type="paragraph"{own}'
        f' w:styleId="{identifier}"><w:name w:val="{name}"/><w:basedOn w:val="{base}"/><w:qFormat/>'
        f"<w:pPr>{'<w:keepNext/><w:keepLines/>' if keep else ''}{extra}{spacing}{level}</w:pPr>"
        f'<w:rPr>{"<w:b/><w:bCs/>" if bold else ""}<w:i w:val="0"/>'
        f'<w:color w:val="{colour or _INK}"/>{half}</w:rPr></w:style>'
    )


def _bar(colour: str) -> str:
    return (
        f'<w:pBdr><w:left w:val="single" w:sz="24" w:space="8" w:color="{colour}"/></w:pBdr>'
        f'<w:shd w:val="clear" w:color="auto" w:fill="{_PALE}"/>'
    )


_HANGING = '<w:ind w:left="425" w:hanging="425"/>'
_TEXT_WIDTH = 11906 - 2 * 1304
"""Width of the text in twentieths of a point: A4 less its margins."""


def _contents_style(level: int, *, bold: bool, before: int) -> tuple[str, str]:
    """The style of a line of the contents: number, title, dotted line, page."""
    left = 240 * (level - 1)
    number = left + (480 if level == 1 else 620)
    tabs = (
        f'<w:tabs><w:tab w:val="left" w:pos="{number}"/>'
        f'<w:tab w:val="right" w:leader="dot" w:pos="{_TEXT_WIDTH}"/></w:tabs>'
    )
    name, xml = _paragraph_style(
        f"toc {level}", size=9.5, bold=bold, before=before, after=20, extra=tabs, custom=False
    )
    # Word's order of elements: spacing before indents.
    xml = xml.replace("</w:pPr>", f'<w:ind w:left="{left}" w:right="560"/></w:pPr>')
    return f"TOC{level}", xml.replace(f'w:styleId="{name}"', f'w:styleId="TOC{level}"')


def _styles() -> dict[str, str]:
    made = [
        _paragraph_style("Body Text", after=140, line=288, custom=False),
        _paragraph_style("Title", size=26, bold=True, after=80, custom=False),
        _paragraph_style("Subtitle", size=13, colour=_SOFT, after=160, custom=False),
        _paragraph_style("Author", size=10, colour=_SOFT),
        _paragraph_style("Date", size=10, colour=_SOFT, after=240, custom=False),
        _paragraph_style(
            "Abstract Title",
            size=10.5,
            bold=True,
            before=120,
            after=60,
            keep=True,
            extra=_bar(_ACCENT),
        ),
        _paragraph_style("Abstract", size=10.5, after=240, line=276, extra=_bar(_ACCENT)),
        _paragraph_style(
            "heading 1",
            size=17,
            bold=True,
            before=480,
            after=140,
            keep=True,
            outline=0,
            custom=False,
        ),
        _paragraph_style(
            "heading 2",
            size=13,
            bold=True,
            before=320,
            after=100,
            keep=True,
            outline=1,
            custom=False,
        ),
        _paragraph_style(
            "heading 3",
            size=11,
            bold=True,
            before=240,
            after=80,
            keep=True,
            outline=2,
            custom=False,
        ),
        _paragraph_style(
            "TOC Heading", size=13, bold=True, before=240, after=100, keep=True, custom=False
        ),
        _contents_style(1, bold=True, before=80),
        _contents_style(2, bold=False, before=0),
        _contents_style(3, bold=False, before=0),
        _paragraph_style("Figure", base="BodyText", keep=True),
        _paragraph_style("Bibliography", size=9.5, after=100, extra=_HANGING, custom=False),
        _paragraph_style("Image Caption", size=10, before=280, after=100, keep=True),
        _paragraph_style("Table Caption", size=10, before=280, after=100, keep=True),
        _paragraph_style("Figure Source", size=8.5, colour=_SOFT, before=60, after=240),
        _paragraph_style("Lead", size=12.5, after=180, line=288),
        _paragraph_style("Callout Title", bold=True, before=200, keep=True, extra=_bar(_ACCENT)),
        _paragraph_style("Callout", after=200, line=276, extra=_bar(_ACCENT)),
        _paragraph_style("Key Number", size=20, bold=True, colour=_ACCENT, before=200, keep=True),
        _paragraph_style("Key Label", size=10.5, keep=True),
        _paragraph_style("Key Source", size=8.5, colour=_SOFT, after=160),
        _paragraph_style("Compact", base="BodyText", size=9.5, before=30, after=30, line=250),
        _paragraph_style("List Paragraph", base="BodyText", after=60, custom=False),
    ]
    return dict(made)


_TABLE = (
    '<w:style w:type="table" w:default="1" w:styleId="Table"><w:name w:val="Table"/>'
    '<w:basedOn w:val="TableNormal"/><w:qFormat/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>'
    f'<w:tblBorders><w:bottom w:val="single" w:sz="4" w:color="{_SOFT}"/>'
    '<w:insideH w:val="single" w:sz="2" w:color="D9DFE5"/></w:tblBorders>'
    '<w:tblCellMar><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar>'
    "</w:tblPr><w:trPr><w:cantSplit/></w:trPr>"
    '<w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr><w:trPr><w:tblHeader/></w:trPr>'
    f'<w:tcPr><w:tcBorders><w:bottom w:val="single" w:sz="8" w:color="{_SOFT}"/></w:tcBorders>'
    '<w:vAlign w:val="bottom"/></w:tcPr></w:tblStylePr></w:style>'
)

_NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_SMALL = f'<w:rPr><w:color w:val="{_SOFT}"/><w:sz w:val="17"/></w:rPr>'


def _field(code: str, result: str) -> str:
    """A small field in the head or foot of the page, with what it shows before an update."""
    parts = (
        '<w:fldChar w:fldCharType="begin"/>',
        f'<w:instrText xml:space="preserve"> {code} </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
        f"<w:t>{result}</w:t>",
        '<w:fldChar w:fldCharType="end"/>',
    )
    return "".join(f"<w:r>{_SMALL}{part}</w:r>" for part in parts)


# The renderer writes the title over TITLE-OF-THE-REPORT; Word does so when it updates the field.
_HEADER = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:hdr {_NAMESPACE}><w:p><w:pPr>'
    '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="4" w:color="D9DFE5"/></w:pBdr></w:pPr>'
    f"{_field('TITLE', 'TITLE-OF-THE-REPORT')}</w:p></w:hdr>"
)
_FOOTER = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:ftr {_NAMESPACE}><w:p><w:pPr>'
    f'<w:jc w:val="right"/></w:pPr>{_field("PAGE", "1")}<w:r>{_SMALL}'
    f'<w:t xml:space="preserve"> / </w:t></w:r>{_field("NUMPAGES", "1")}</w:p></w:ftr>'
)
_SECTION = (
    '<w:sectPr><w:headerReference w:type="default" r:id="rIdHeader"/>'
    '<w:footerReference w:type="default" r:id="rIdFooter"/>'
    '<w:footnotePr><w:numRestart w:val="eachSect"/></w:footnotePr>'
    '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1304" w:right="1304" w:bottom="1247" '
    'w:left="1304" w:header="624" w:footer="567" w:gutter="0"/><w:titlePg/></w:sectPr>'
)
_PARTS = {"header": _HEADER, "footer": _FOOTER}


def _restyled(text: str) -> str:
    for identifier, xml in _styles().items():
        pattern = re.compile(
            rf'<w:style\b(?:(?!</w:style>).)*?w:styleId="{identifier}".*?</w:style>', re.S | re.I
        )
        found = pattern.search(text)
        if found:
            text = text[: found.start()] + xml + text[found.end() :]
        else:
            text = text.replace("</w:styles>", xml + "</w:styles>")
    # Code as large as the text around it.
    code = re.compile(
        r'(w:styleId="VerbatimChar">(?:(?!</w:style>).)*?)<w:sz w:val="\d+" ?/>', re.S
    )
    text = code.sub(r"\1", text, count=1)
    table = re.compile(r'<w:style\b(?:(?!</w:style>).)*?w:styleId="Table".*?</w:style>', re.S)
    text = table.sub(lambda _: _TABLE, text, count=1)
    text = re.sub(
        r"<w:rFonts[^>]*/>",
        '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Calibri"/>',
        text,
        count=1,
    )
    return re.sub(
        r'(<w:docDefaults>.*?<w:sz w:val=)"24"(.*?<w:szCs w:val=)"24"',
        r'\1"21"\2"21"',
        text,
        count=1,
        flags=re.S,
    )


def make() -> bytes:
    """The reference document; the same pandoc gives the same bytes."""
    default = subprocess.run(
        [pandoc.program(), "--print-default-data-file", "reference.docx"],
        capture_output=True,
        check=True,
    ).stdout
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(default)) as old, zipfile.ZipFile(out, "w") as new:
        parts = {name: old.read(name) for name in sorted(old.namelist())}
        parts["word/styles.xml"] = _restyled(parts["word/styles.xml"].decode()).encode()
        document = parts["word/document.xml"].decode()
        document = re.sub(r"<w:sectPr>.*?</w:sectPr>", _SECTION, document, flags=re.S)
        parts["word/document.xml"] = document.encode()
        for kind, xml in _PARTS.items():
            parts[f"word/{kind}1.xml"] = xml.encode()
            relation = (
                f'<Relationship Id="rId{kind.title()}" Type="http://schemas.openxmlformats.org/'
                f'officeDocument/2006/relationships/{kind}" Target="{kind}1.xml"/></Relationships>'
            )
            content_type = (
                f'<Override PartName="/word/{kind}1.xml" ContentType="application/vnd.openxml'
                f'formats-officedocument.wordprocessingml.{kind}+xml"/></Types>'
            )
            for place, end, added in (
                ("word/_rels/document.xml.rels", "</Relationships>", relation),
                ("[Content_Types].xml", "</Types>", content_type),
            ):
                parts[place] = parts[place].replace(end.encode(), added.encode())
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
    return out.getvalue()


if __name__ == "__main__":
    write_bytes(THEME / "reference.docx", make())
