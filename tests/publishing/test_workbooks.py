"""Workbooks of processed tables: heads in the reader's language and a sheet of meanings."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from read_workbook import cells

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import OUTPUT, PROCESSED
from karaganda_vibe.publishing.workbooks import workbook_name, workbooks
from karaganda_vibe.words.languages import LANGUAGES, Words

BOOK = """\
table,column,type,unit,definition,source,first_year,last_year,filled,rows
made,place,text,,made place,made.csv,2020,2021,2,2
made,net,number,persons,made net,made.csv,2020,2021,1,2
other,year,integer,year,Made year,made.csv,2020,2020,1,1
"""
TABLES = {
    "made.csv": "place,net\nНура,-7\nАбай,\n".encode(),
    "other.csv": b"year\n2020\n",
    "codebook.csv": BOOK.encode(),
    "datapackage.json": b"{}",
}
TOLD: dict[str, Words] = {
    "made place": {"en": "made place", "ru": "место", "kk": "жер"},
    "made net": {"en": "made net", "ru": "сальдо", "kk": "айырым"},
    "persons": {"en": "persons", "ru": "человек", "kk": "адам"},
}


def test_heads_and_meanings_are_in_the_readers_language() -> None:
    made = workbooks(TABLES, TOLD)
    assert set(made) == {
        workbook_name(table, language)
        for table in ("made", "other", "codebook")
        for language in LANGUAGES
    }
    russian = made["excel/made-ru.xlsx"]
    assert cells(russian, 1) == {
        **{"A1": "место", "B1": "сальдо, человек", "A2": "Нура", "B2": -7.0, "A3": "Абай"}
    }
    meanings = cells(russian, 2)
    assert [meanings[f"{letter}1"] for letter in "ABCDEF"] == [
        *("Столбец здесь", "Имя в CSV", "Определение", "Единица", "Годы", "Заполнено ячеек")
    ]
    assert [meanings[f"{letter}3"] for letter in "ABCDEF"] == [
        *("B", "net", "сальдо", "человек", "2020–2021", 1.0)
    ]
    english = cells(made["excel/made.xlsx"], 1)
    assert english["B1"] == "made net, persons"
    assert cells(made["excel/other-kk.xlsx"], 1)["A1"] == "Made year", "a unit is not said twice"


def test_the_codebook_speaks_the_readers_language_where_it_can() -> None:
    found = cells(workbooks(TABLES, TOLD)["excel/codebook-kk.xlsx"], 1)
    assert (found["A1"], found["E3"], found["D3"]) == ("Кесте", "айырым", "адам")
    assert (found["H3"], found["I3"]) == (1.0, 2.0)


def test_a_table_that_the_codebook_does_not_describe_is_refused() -> None:
    changed = {**TABLES, "made.csv": b"net,place\n1,x\n"}
    with pytest.raises(ProjectError, match=r"made\.csv: codebook\.csv describes other columns"):
        workbooks(changed, TOLD)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_published_table_is_offered_with_all_its_numbers(language: str) -> None:
    tables = sorted(path.stem for path in PROCESSED.glob("*.csv"))
    folder = OUTPUT / "data"
    page = (folder / f"index{'' if language == 'en' else '-' + language}.html").read_text("utf-8")
    for table in tables:
        name = workbook_name(table, language)
        assert (folder / name).is_file()
        assert f'href="{name}"' in page
    assert len(tables) > 50
    _same_numbers(folder / workbook_name("flows_od", language), PROCESSED / "flows_od.csv")


def _same_numbers(book: Path, table: Path) -> None:
    found = cells(book.read_bytes(), 1)
    with table.open(encoding="utf-8", newline="") as stream:
        names, *rows = csv.reader(stream)
    for row, values in enumerate(rows, 2):
        for letter, value in zip("ABCDEFGHIJKLMN", values, strict=False):
            cell = found.get(f"{letter}{row}", "")
            assert cell == (float(value) if isinstance(cell, float) else value)
    assert len(found) == len(names) + sum(value != "" for row in rows for value in row)
