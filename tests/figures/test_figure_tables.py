"""The table behind a figure: rows, spread columns, summaries, words, and what is refused."""

import pandas as pd
import pytest

from karaganda_vibe.figures.tables import (
    Cell,
    FigureTable,
    figure_table,
    folded_table,
    load_figure_tables,
    table_rows,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import FIGURES

MADE = pd.DataFrame(
    {
        "unit": ["a", "a", "b", "b"],
        "year": [2001, 2002, 2001, 2002],
        "value": [1.04, -2.0, None, 1234.5],
        "name_en": ["Place A", "Place A", "Place B", "Place B"],
        "name_ru": ["А", "А", "Б", "Б"],
    }
)


def no_words(_: str) -> None:
    return None


def test_units_are_spread_over_the_heads_and_gaps_stay_gaps() -> None:
    table = FigureTable(("year",), "unit", (Cell("value", "signed_per_1000"),), "")
    heads, rows, names = table_rows("fig-made", MADE, table, "en", no_words)
    assert heads == ["Year", "Place A", "Place B"]
    assert rows == [["2001", "+1.0", "–"], ["2002", "−2.0", "+1,234.5"]]
    assert names == 1


def test_numbers_and_names_are_those_of_the_language() -> None:
    table = FigureTable(("unit",), "year", (Cell("value", "signed_per_1000"),), "")
    heads, rows, _ = table_rows("fig-made", MADE, table, "ru", no_words)
    assert heads == ["Место", "2001", "2002"]
    assert rows == [["А", "+1,0", "−2,0"], ["Б", "–", "+1\u00a0234,5"]]


def test_several_rows_are_summed_up_and_the_own_words_of_the_figure_come_first() -> None:
    cells = (Cell("value", "signed_persons", "lowest"), Cell("value", "count", "count"))
    table = FigureTable(("unit",), "", cells, "year!=2003")
    words = {"unit": "Series:", "a": "First\none", "b": "Second"}
    heads, rows, _ = table_rows("fig-made", MADE.drop(columns="name_en"), table, "en", words.get)
    assert heads == ["Series", "lowest", "number"]
    assert rows[0] == ["First one", "−2", "2"]


def test_rows_can_be_chosen() -> None:
    table = FigureTable(("year",), "", (Cell("value", "signed_persons"),), "unit=a")
    assert len(table_rows("fig-made", MADE, table, "en", no_words)[1]) == 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (FigureTable(("month",), "", (Cell("value", "count"),), ""), "no column 'month'"),
        (FigureTable(("unit",), "", (Cell("extra", "count"),), ""), "no column 'extra'"),
    ],
)
def test_an_unknown_column_is_refused(table: FigureTable, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        table_rows("fig-made", MADE, table, "en", no_words)


def test_a_name_without_a_word_is_refused() -> None:
    table = FigureTable(("unit",), "", (Cell("value", "count"),), "")
    with pytest.raises(ProjectError, match="no word for 'a'"):
        table_rows("fig-made", MADE.drop(columns="name_en"), table, "en", no_words)


@pytest.mark.parametrize(
    ("row", "message"),
    [("fig-a,unit,,value=furlongs,", "is no cell"), ("fig-a,unit,,value=count@sum,", "is no cell")],
)
def test_a_faulty_specification_is_refused(tmp_path, row: str, message: str) -> None:
    path = tmp_path / "figure_tables.csv"
    path.write_text(f"figure,rows,spread,cells,where\n{row}\n")
    with pytest.raises(ProjectError, match=f"figure_tables.csv: line 2, column cells: .*{message}"):
        load_figure_tables(path)


def test_a_figure_named_twice_is_refused(tmp_path) -> None:
    path = tmp_path / "figure_tables.csv"
    path.write_text("figure,rows,spread,cells,where\n" + "fig-a,unit,,value=count,\n" * 2)
    with pytest.raises(ProjectError, match="line 3, column figure: 'fig-a' stands in line 2"):
        load_figure_tables(path)


def test_a_figure_without_a_specification_is_refused() -> None:
    with pytest.raises(ProjectError, match="fig-made has no row"):
        figure_table("fig-made", MADE, "en", no_words)


def test_every_figure_has_a_specification_and_none_is_left_over() -> None:
    assert set(load_figure_tables()) == {path.stem for path in FIGURES.glob("fig-*.csv")}


def test_the_table_is_folded_and_for_html_only() -> None:
    text = folded_table(["A|B", "C"], [["x", "1"]], 1, "Table")
    assert 'when-format="html"' in text
    assert "| A\\|B | C |\n| --- | --: |\n| x | 1 |" in text
