"""The one reader of tables that people edit: what it reads and what it names."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karaganda_vibe.places.registry import check_places, load_places
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.tables import (
    NUMBER,
    WHOLE,
    YEAR,
    YES_NO,
    check_known,
    perhaps,
    read_table,
)
from karaganda_vibe.project.yaml_files import read_yaml

COLUMNS = ("place", "year", "people", "rate", "used", "note")
TYPED = {"year": YEAR, "people": WHOLE, "rate": NUMBER, "used": YES_NO}
HEADER = ",".join(COLUMNS)
ROW = "Темиртау,2020,12,0.5,yes,made"


def read(folder: Path, content: str | bytes) -> pd.DataFrame:
    path = folder / "made.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(
        path, COLUMNS, typed=TYPED, filled=("place", "year"), keys=[("place", "year")]
    )


def refusal(folder: Path, content: str | bytes) -> str:
    with pytest.raises(ProjectError) as error:
        read(folder, content)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 300
    return message.partition("made.csv: ")[2]


BYTES = f"{HEADER}\n{ROW}\n".encode()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (BYTES, 2),
        (BYTES.rstrip(), 2),
        (b"\xef\xbb\xbf" + BYTES, 2),
        (BYTES.replace(b"\n", b"\r\n"), 2),
        (BYTES + b",,,,,\r\n" * 3, 2),
        (b"\n" + BYTES.replace(b"\n", b"\n\n , ,,,,\n", 1), 5),
        (BYTES.replace(b"\n", b",,\n"), 2),  # columns that Excel keeps after they were emptied
        (BYTES.replace(b",12,", b", 12 ,"), 2),
        (BYTES.replace(b"made", b'"made"'), 2),
    ],
)
def test_what_does_no_harm_is_read(tmp_path: Path, content: bytes, line: int) -> None:
    expected = {"place": "Темиртау", "year": 2020, "people": 12, "rate": 0.5, "used": "yes",
                "note": "made", "line": line}  # fmt: skip
    assert read(tmp_path, content).to_dict("records") == [expected]


def test_cells_have_their_types_and_empty_ones_stay_empty(tmp_path: Path) -> None:
    table = read(tmp_path, f"{HEADER}\na,2020,-3,-1.5e2,no,\nb,1999,,,,null\n")
    assert table["people"].tolist() == [-3, pd.NA]
    assert table["rate"].iloc[0] == -150
    assert pd.isna(table["rate"].iloc[1])
    assert table["used"].tolist() == ["no", ""]
    assert table["note"].tolist() == ["", "null"]
    assert str(table["year"].dtype) == "int64"
    empty = read(tmp_path, f"{HEADER}\n,,,,,\n")
    assert empty.empty
    assert list(empty) == [*COLUMNS, "line"]


def test_lines_are_counted_where_a_cell_has_several(tmp_path: Path) -> None:
    table = read(tmp_path, f'{HEADER}\r\na,2020,,,,"one\r\ntwo"\r\n\r\nb,2021,,,,\r\n')
    assert table["line"].tolist() == [2, 5]
    assert table["note"].iloc[0] == "one\ntwo"
    message = refusal(tmp_path, f'{HEADER}\na,2020,,,,"one\ntwo"\nb,soon,,,,\n')
    assert message == "line 4, column year: found 'soon', expected a year; correct it"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"{HEADER}\n{ROW}".encode("cp1251"), "line 2: not UTF-8 (cp1251, perhaps); save it as"),
        (f"{HEADER}\n{ROW}".encode("utf-16"), "UTF-16, expected UTF-8; save it as CSV UTF-8"),
        (f"{HEADER}\n{ROW}".encode("utf-16-le"), "UTF-16, expected UTF-8"),
        (f"{HEADER}\n{ROW}\ufffd", "line 2: a letter was lost"),
        (BYTES.replace(b",", b";"), "line 1: semicolons between the cells; save the table as"),
        (BYTES.replace(b",", b"\t"), "line 1: tabs between the cells"),
        (f"{HEADER}\n{ROW.replace(',', ';')}", "line 2: 1 cells, expected 6: save the table as"),
        (f"{HEADER}\n{ROW},fitters", "line 2: 7 cells, expected 6: put a text with a comma in quo"),
        (f"{HEADER}\na,2020,1", "line 2: 3 cells, expected 6: keep a comma for every empty cell"),
        (f'{HEADER}\na,2020,,,,"made\n{ROW}\n', "line 2: a quotation mark opens and is not closed"),
        (f'{HEADER}\na,2020,,,,"made" x\n', "line 2: a quotation mark opens and is not closed"),
        ("", "line 1: no header; begin with place,"),
        (f"{HEADER}\n{ROW}\n\n{ROW}", "line 4, column place, year: 'Темиртау, 2020' stands in lin"),
        (f"{HEADER}\na,,,,,", "line 2, column year: empty; fill it in"),
        (f"{HEADER}\na,2015-01-01,,,,", "found '2015-01-01', expected a year; write 2015"),
        (f"{HEADER}\na,215,,,,", "line 2, column year: found '215', expected a year; correct it"),
        (f'{HEADER}\na,2020,,"0,5",,', "column rate: found '0,5', a decimal comma in a number; wr"),
        (f"{HEADER}\na,2020,1.5,,,", "column people: found '1.5', expected a whole number"),
        (f"{HEADER}\na,2020,many,,,", "column people: found 'many', expected a whole number"),
        (f"{HEADER}\na,2020,1\u00a0000,,,", "a no-break space (U+00A0) in a whole number; wri"),
        (f"{HEADER}\na,2020,,1\u2009000,,", "a thin space (U+2009) in a number; write 1000"),
        (f"{HEADER}\na,2020,,\u22125,,", "a minus sign (U+2212) in a number; write -5"),
        (f"{HEADER}\na,2020,,nan,,", "column rate: found 'nan', expected a number"),
        (f"{HEADER}\na,2020,,,yees,", "found 'yees', expected one of no, yes (perhaps yes is mean"),
        (BYTES.replace(b"rate", b"rates"), "columns: missing rate; unknown rates (perhaps rate is"),
        (BYTES.replace(b",note", b",note,more"), "line 1: columns: unknown more; mend the header"),
        (BYTES.replace(b"rate", b"year"), "columns: missing rate; year twice; mend the header"),
        (BYTES.replace(b"people,rate", b"rate,people"), "column 3 is rate, expected people; mend"),
        (b"a,b,c,d,e,f\n", "missing place, year, people and 3 more; unknown a, b, c and 3 more"),
    ],
)  # fmt: skip
def test_what_does_harm_is_named(tmp_path: Path, content: str | bytes, said: str) -> None:
    assert said in refusal(tmp_path, content)


def test_columns_that_differ_are_named_and_no_others(tmp_path: Path) -> None:
    assert "used" not in refusal(tmp_path, BYTES.replace(b"rate", b"rates"))


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["C"])), st.integers(0, 9999))))
def test_every_text_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]]
) -> None:
    path = tmp_path_factory.mktemp("made") / "made.csv"
    rows = [(text, number) for text, number in rows if "\ufffd" not in text]
    pd.DataFrame(rows, columns=["text", "number"]).to_csv(path, index=False)
    table = read_table(path, ("text", "number"), typed={"number": WHOLE}, as_written=["text"])
    assert list(zip(table["text"], table["number"], strict=True)) == rows


def test_the_nearest_known_name_is_suggested(tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    path.write_text("name\nnura\nnurra\n", encoding="utf-8")
    table = read_table(path, ["name"])
    with pytest.raises(ProjectError, match=r"line 3, column name: 'nurra' is none of the 2 names"):
        check_known(path, table, "name", ["nura", "abai"])
    assert perhaps("nurra", ["nura", "abai"]) == " (perhaps nura is meant)"
    assert perhaps("something else", ["nura", "abai"]) == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Темиртау", "temirtau-city"),
        ("г. Темиртау", "temirtau-city"),
        ("темиртауу", "temirtau-city"),
        ("Теміртау", "temirtau-city"),
        ("temirtau-citi", "temirtau-city"),
        ("Нұра ауданы", "nura-district"),
    ],
)
def test_a_place_is_suggested_by_its_name_in_any_language(
    tmp_path: Path, written: str, meant: str
) -> None:
    path = tmp_path / "made.csv"
    path.write_text(f"place_id\n{written}\n", encoding="utf-8")
    table = read_table(path, ["place_id"])
    with pytest.raises(
        ProjectError, match=rf"places/places\.csv \(perhaps {meant} is meant\)"
    ) as error:
        check_places(path, table, "place_id", load_places())
    assert "line 2, column place_id" in str(error.value)


def test_a_missing_table_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"made\.csv: missing; .* the header place,year"):
        read_table(tmp_path / "made.csv", ("place", "year"))


def test_yaml_is_read_as_people_save_it(tmp_path: Path) -> None:
    path = tmp_path / "made.yml"
    path.write_bytes("\ufeffname: Нура\r\n".encode())
    assert read_yaml(path) == {"name": "Нура"}
    path.write_bytes("one: 1\nname: Нура\n".encode("cp1251"))
    with pytest.raises(ProjectError, match=r"made\.yml: line 2: not UTF-8"):
        read_yaml(path)
    path.write_bytes(b"one:\n\t- 1\n")
    with pytest.raises(ProjectError, match=r"made\.yml:2: not valid YAML"):
        read_yaml(path)
