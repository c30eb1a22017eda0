"""A file is told from a page, a message or half a file by its content, never by its name."""

from __future__ import annotations

import io
import zipfile

import pytest
from made_service import made_workbook

from karaganda_vibe.sources.answers import OLE, AnswerError, ending_of_answer, read_json

PAGE = "<!DOCTYPE html>\n<html><head><title>Технические\n работы &amp; отдых</title></head></html>"
TABLE = "область\tдата\tзначение\nмаде\t2024\t12\n"


def zipped(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "made " * 100)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "gives", "ending"),
    [
        (made_workbook(), "workbook", ".xlsx"),
        (zipped("content.xml"), "workbook", ".ods"),
        (OLE + bytes(600), "workbook", ".xls"),
        (TABLE.encode(), "csv", ".csv"),
        (b"\xef\xbb\xbf" + TABLE.encode(), "csv", ".csv"),
        (b"a;b\r\n1;2\r\n", "csv", ".csv"),
        (b'[{"a": 1}]', "json", ".json"),
        (b"[]", "taldau", ".json"),
    ],
)
def test_the_ending_follows_the_content(content: bytes, gives: str, ending: str) -> None:
    assert ending_of_answer(content, gives) == ending


@pytest.mark.parametrize("gives", ["workbook", "csv", "json", "taldau"])
@pytest.mark.parametrize("before", ["", "\ufeff", "\n  "])
def test_a_page_is_named_by_its_title(gives: str, before: str) -> None:
    with pytest.raises(
        AnswerError, match=r"a web page .“Технические работы & отдых”. came, expected"
    ):
        ending_of_answer((before + PAGE).encode(), gives)


@pytest.mark.parametrize("gives", ["workbook", "csv", "json"])
@pytest.mark.parametrize("content", [b"", b" \r\n"])
def test_nothing_is_no_file(gives: str, content: bytes) -> None:
    with pytest.raises(AnswerError, match=r"nothing .0 bytes or blanks. came, expected"):
        ending_of_answer(content, gives)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"error: try later", "no workbook came; it begins with 'error: try later'"),
        (made_workbook()[:200], "a workbook that is cut or damaged came"),
        (made_workbook().replace(b"<workbook>", b"<workdesk>"), "does not match its checksum"),
        (zipped("readme.txt"), "a zip without a workbook came .it holds readme.txt"),
    ],
)
def test_what_is_no_workbook_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(AnswerError, match=reason):
        ending_of_answer(content, "workbook")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"error": "made"}\n', "no table of text came; it begins with '{"),
        (b"message\nof one column\n", "a text of one column came"),
        (b"a\tb\n", "a table without rows came"),
        ("имя\tчисло\nмаде\t1\n".encode("cp1251"), "line 1: not UTF-8"),
        (made_workbook(), "a workbook came, expected a table of text"),
        (OLE + bytes(9), "a workbook came, expected a table of text"),
    ],
)
def test_what_is_no_table_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(AnswerError, match=reason) as caught:
        ending_of_answer(content, "csv")
    assert "\n" not in str(caught.value)


def test_what_is_no_json_is_named() -> None:
    with pytest.raises(AnswerError, match=r"no JSON came .Expecting.* expected JSON of Taldau"):
        ending_of_answer(b'[{"terms": [1,', "taldau")


def test_numbers_of_json_stay_as_written() -> None:
    assert read_json('[1.50, 20, "x"]') == ["1.50", "20", "x"]
