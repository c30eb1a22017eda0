"""Workbooks of made tables, read back from their XML."""

from __future__ import annotations

import io
import zipfile

import pytest
from lxml import etree
from read_workbook import NAMES, cells

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.xlsx import Sheet, letters, rows_xml, workbook
from karaganda_vibe.project.zips import zipped


def made_sheet(name: str = "Made") -> Sheet:
    columns = [("a < b", "", " Нура"), ("2", "-0.5", "1e-05"), ("007", "x", "3")]
    rows = rows_xml(columns, [False, True, False])
    return Sheet(name, ["Place & kind", "Rate", "Code"], rows, 3, [10, 10, 10])


def test_texts_numbers_and_gaps_stay_what_they_are() -> None:
    assert cells(workbook([made_sheet()]), 1) == {
        **{"A1": "Place & kind", "B1": "Rate", "C1": "Code"},
        **{"A2": "a < b", "B2": 2.0, "C2": "007"},
        **{"B3": -0.5, "C3": "x"},
        **{"A4": " Нура", "B4": 0.00001, "C4": "3"},
    }


def test_every_part_is_declared_and_related() -> None:
    archive = zipfile.ZipFile(io.BytesIO(workbook([made_sheet("One"), made_sheet("Two & 3")])))
    types = etree.fromstring(archive.read("[Content_Types].xml"))
    declared = {part.get("PartName") for part in types if part.get("PartName")}
    inside = {f"/{name}" for name in archive.namelist()}
    assert declared == {
        name for name in inside if not name.endswith(".rels") and "Content_Types" not in name
    }
    book = etree.fromstring(archive.read("xl/workbook.xml"))
    assert [s.get("name") for s in book.iterfind(".//m:sheet", NAMES)] == ["One", "Two & 3"]
    related = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {part.get("Id"): part.get("Target") for part in related}
    kind = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    assert [targets[s.get(kind)] for s in book.iterfind(".//m:sheet", NAMES)] == [
        "worksheets/sheet1.xml",
        "worksheets/sheet2.xml",
    ]


def test_the_head_stays_in_sight_and_filters() -> None:
    archive = zipfile.ZipFile(io.BytesIO(workbook([made_sheet()])))
    tree = etree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    pane = tree.find(".//m:pane", NAMES)
    assert (pane.get("state"), pane.get("ySplit")) == ("frozen", "1")
    assert tree.find("m:autoFilter", NAMES).get("ref") == "A1:C4"


def test_the_same_tables_give_the_same_bytes() -> None:
    content = workbook([made_sheet()])
    assert content == workbook([made_sheet()])
    times = {info.date_time for info in zipfile.ZipFile(io.BytesIO(content)).infolist()}
    assert times == {(1980, 1, 1, 0, 0, 0)}
    assert zipped({"a": b"x" * 9, "b": b""}) == zipped({"b": b"", "a": b"x" * 9})


@pytest.mark.parametrize(("place", "name"), [(1, "A"), (26, "Z"), (27, "AA"), (703, "AAA")])
def test_columns_are_called_as_in_excel(place: int, name: str) -> None:
    assert letters(place) == name


@pytest.mark.parametrize(
    ("name", "count", "message"),
    [
        ("a/b", 3, "none of"),
        ("", 3, "expected 1 to 31"),
        ("n" * 32, 3, "expected 1 to 31"),
        ("Made", 1_048_576, "at most 1048576"),
    ],
)
def test_what_excel_would_not_open_is_refused(name: str, count: int, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        workbook([Sheet(name, ["a"], "", count, [9])])


@pytest.mark.parametrize("text", ["a\x07b", "x" * 32_768])
def test_a_text_that_excel_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(ProjectError, match="cell A3: found"):
        rows_xml([("fine", text)], [False])
