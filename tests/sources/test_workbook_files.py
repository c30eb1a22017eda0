"""Files that are no workbook, or a broken one, are told in one line; all of them are made here."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from made_workbooks import Failed, xlsx

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources import workbook_files
from karaganda_vibe.sources.workbook_errors import OLE, error_cells, is_protected
from karaganda_vibe.sources.workbook_files import LARGEST, is_workbook, read_workbook

EXCERPT = Path(__file__).parent / "excerpts" / "Zhetisu_All.xls"
OPEN = "urn:oasis:names:tc:opendocument:xmlns"
SHEETS = {"one": [["a", 1.5], ["b", Failed("#REF!"), "c"]], "two <&>": [["d"]]}


def saved(folder: Path, content: bytes, name: str = "made.xlsx") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def ods(content: str, manifest: str = "<manifest/>") -> bytes:
    """A made OpenDocument table."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{OPEN}:office:1.0"'
            f' xmlns:table="{OPEN}:table:1.0" xmlns:text="{OPEN}:text:1.0"'
            ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
            "<office:body><office:spreadsheet>"
            f'<table:table table:name="лист">{content}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return stream.getvalue()


def test_sheets_are_read_with_merged_cells_and_failed_formulas(tmp_path):
    one, two = read_workbook(saved(tmp_path, xlsx(SHEETS, {"one": ["A1:B1"]})))
    assert (one.name, one.rows[0]) == ("one", ["a", 1.5, ""])
    assert one.merged == (((0, 0), (0, 1)),)
    assert one.errors == {(1, 1)}
    assert (two.name, two.rows, two.errors) == ("two <&>", [["d"]], frozenset())


def test_the_bytes_say_what_a_file_is_and_not_its_name(tmp_path):
    assert read_workbook(saved(tmp_path, xlsx(SHEETS), "made.xls"))[0].rows[0][1] == 1.5
    assert not is_workbook(b"a;b\n")


def test_failed_formulas_of_xls_are_found():
    content = bytearray(EXCERPT.read_bytes())
    assert not any(error_cells(bytes(content)).values())
    # Made: the first number of the workbook becomes an error, #REF!.
    place = content.index(struct.pack("<HH", 0x27E, 10))
    struct.pack_into("<H", content, place, 0x205)
    content[place + 10 : place + 12] = b"\x17\x01"
    row, column = struct.unpack_from("<HH", content, place + 4)
    assert error_cells(bytes(content))["г.а.Талдыкорган"] == {(row, column)}


def test_failed_formulas_of_ods_are_found(tmp_path):
    row = (
        '<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>'
        '<table:table-row><table:table-cell table:number-columns-repeated="3" '
        'office:value-type="float" office:value="2.5"/><table:table-cell '
        'calcext:value-type="error" office:value-type="string"/></table:table-row>'
    )
    (sheet,) = read_workbook(saved(tmp_path, ods(row), "made.ods"))
    assert sheet.rows[2][:3] == [2.5, 2.5, 2.5]
    assert sheet.errors == {(2, 3)}


def protected_xls() -> bytes:
    """The excerpt with the mark of a password in the place of its second record; made."""
    content = bytearray(EXCERPT.read_bytes())
    begin = content.index(struct.pack("<HH", 0x809, 16))
    struct.pack_into("<H", content, begin + 20, 0x2F)
    return bytes(content)


ENCRYPTED = OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(900)
PROTECTED = ods("", '<manifest><encryption-data checksum-type="made"/></manifest>')


@pytest.mark.parametrize(
    "content", [ENCRYPTED, PROTECTED, protected_xls()], ids=["xlsx", "ods", "xls"]
)
def test_a_password_is_named(tmp_path, content):
    assert is_protected(content)
    with pytest.raises(ProjectError, match="protected by a password; open it, save it without"):
        read_workbook(saved(tmp_path, content))


def test_no_password_is_seen_where_there_is_none():
    assert not is_protected(EXCERPT.read_bytes())
    assert not is_protected(xlsx(SHEETS))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty, expected a workbook"),
        (b" \n", "empty, expected a workbook"),
        (b"\xef\xbb\xbf\n<!doctype html><title>404</title>", "a web page, expected a workbook"),
        (xlsx({"one": [[]]}), "a workbook without a filled cell"),
        (xlsx(SHEETS)[:700], "cut short or damaged"),
        (EXCERPT.read_bytes()[:9000], "damaged"),
    ],
)
def test_what_is_no_workbook_is_told_in_one_line(tmp_path, content, message):
    path = saved(tmp_path, content)
    with pytest.raises(ProjectError, match=message) as caught:
        read_workbook(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_of_200_mb_is_not_read(tmp_path):
    path = tmp_path / "made.xlsx"
    with path.open("wb") as stream:
        stream.truncate(200_000_000)  # takes no room on the disk
    with pytest.raises(ProjectError, match=r"200 MB, expected a workbook .* of at most 50 MB"):
        read_workbook(path)
    assert LARGEST < 200_000_000


def test_a_small_file_that_unpacks_to_a_huge_one_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook_files, "LARGEST_INSIDE", 2_000_000)
    path = tmp_path / "made.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(3_000_000))
    assert path.stat().st_size < 10_000
    with pytest.raises(ProjectError, match="3 MB when unpacked, expected at most 2 MB"):
        read_workbook(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ProjectError, match="no such file; give the path"):
        read_workbook(tmp_path / "made.xlsx")
