"""Which edition this is and what differs from the last one; made tables and the project's own."""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd
import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.publishing.edition import (
    compare_editions,
    edition,
    load_last_edition,
    written_date,
)

HEAD = "version,date,name,number,name_en,name_ru,name_kk\n"


def made(folder: Path, rows: str) -> Path:
    path = folder / "last.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return path


def row(name: str, number: object, version: str = "0.1.0") -> str:
    return f"{version},2020-01-01,{name},{number},made,сделано,жасалған\n"


def last(**numbers: float) -> pd.DataFrame:
    return pd.DataFrame({"name": list(numbers), "number": list(numbers.values())})


def test_what_differs_is_what_differs_beyond_the_digits_that_are_kept():
    before = last(same=0.125, rounded=1 / 3, tiny=-4000.0, larger=7.0, turned=-5.0, zero=0.0)
    now = {
        "same": 0.125,
        "rounded": 0.33333333,  # eight digits, as values keep them
        "tiny": -4000.0001,
        "larger": 8.0,
        "turned": 5.0,
        "zero": 0.0,
        "new": 1.0,
    }
    compared = compare_editions(before, now).set_index("name")
    assert compared["differs"].to_dict() == {
        "same": False,
        "rounded": False,
        "tiny": True,
        "larger": True,
        "turned": True,
        "zero": False,
    }
    assert compared.loc["larger", ["number", "now"]].tolist() == [7.0, 8.0]


def test_a_number_near_zero_is_measured_by_one_and_not_by_itself():
    compared = compare_editions(last(level=1e-12, moved=0.0), {"level": 0.0, "moved": 0.001})
    assert compared["differs"].tolist() == [False, True]


@pytest.mark.parametrize("now", [{}, {"net": None}])
def test_a_key_figure_that_is_not_computed_any_more_is_named(now):
    with pytest.raises(ProjectError, match="key figure 'net' of the last edition is not computed"):
        compare_editions(last(net=1.0), now)


def test_the_last_edition_is_read_with_its_numbers(tmp_path):
    frame = load_last_edition(made(tmp_path, row("net", -5) + row("rate", 0.5)))
    assert frame["number"].tolist() == [-5.0, 0.5]
    assert frame["version"].tolist() == ["0.1.0", "0.1.0"]
    assert frame.columns.tolist() == HEAD.strip().split(",")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (row("net", ""), "line 2, column number: empty"),
        (row("net", 1) + row("net", 2), "line 3, column name: 'net' stands in line 2"),
        (row("net", "many"), "line 2, column number: found 'many', expected a number"),
        (row("net", 1) + row("rate", 2, "0.2.0"), "must hold one edition"),
        ("", "must hold one edition"),
    ],
)
def test_a_table_of_the_last_edition_that_cannot_be_right_is_refused(tmp_path, rows, message):
    with pytest.raises(ProjectError, match=message):
        load_last_edition(made(tmp_path, rows))


def test_a_date_is_written_as_each_language_writes_it():
    assert written_date(datetime.date(2020, 1, 2))["en"] == "2 January 2020"
    assert "2020" in written_date(datetime.date(2020, 1, 2))["kk"]


def test_a_citation_without_version_or_date_is_named(tmp_path):
    path = tmp_path / "CITATION.cff"
    path.write_text("version: 1.0.0\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="must give version and date-released"):
        edition(path)


def test_the_last_edition_of_the_project_comes_before_this_one():
    before = load_last_edition()
    assert datetime.date.fromisoformat(before["date"].iloc[0]) < edition().date
    assert before["version"].iloc[0] != edition().version
