"""Two editions of a raw table compared, and the log of what changed; all figures are made."""

from __future__ import annotations

import pandas as pd
import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.edition_changes import (
    REVISION_COLUMNS,
    Revision,
    cells_of,
    compare_editions,
    largest,
    load_revisions,
    revisions_of,
    with_revisions,
)

KEYS = ["place_ru", "sheet_row", "section_ru", "indicator_ru"]
SCHOOLS, PUPILS = "Число школ, единиц1)", "Численность учащихся в школах, человек"


def edition(rows: list[list[str]], years: tuple[str, ...] = ("2022", "2023")) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*KEYS, *years], dtype=str)


BEFORE = edition(
    [
        ["Made г.а.", "5", "Head", SCHOOLS, "10", "12"],
        ["Made г.а.", "6", "Head", PUPILS, "900", ""],
        ["Other", "5", "Head", SCHOOLS, "3", "17,518)"],
        ["Other", "9", "Head", "Число браков", "7", "8"],
    ]
)


def test_rows_that_moved_and_marks_that_changed_are_no_changes():
    now = edition(
        [
            ["Other ", "7", "HEAD 2)", "Число школ,  единиц3)", "3.0", "17,518)"],
            ["Other ", "8", "Head", "Число браков", "7", "8"],
            ["Made г.а.", "11", "Head", SCHOOLS, "10", "12"],
            ["Made г.а.", "12", "Head", PUPILS, "900", ""],
        ]
    )
    changes = compare_editions(BEFORE, now)
    assert not changes.anything
    assert (changes.gone_rows, changes.new_labels, changes.new_years) == ([], [], [])


def test_revised_filled_added_and_gone_cells_are_told_apart():
    now = edition(
        [
            ["Made г.а.", "5", "Head", SCHOOLS, "10", "15", "16"],
            ["Made г.а.", "6", "Head", PUPILS, "", "910", "920"],
            ["Other", "5", "Head", SCHOOLS, "3", "17.5", ""],
            ["New", "5", "Head", SCHOOLS, "1", "", ""],
            ["New", "6", "Head", "Число разводов", "2", "", ""],
        ],
        ("2022", "2023", "2024"),
    )
    changes = compare_editions(BEFORE, now)
    schools = "head: число школ, единиц"
    assert changes.revised == [
        Revision("Made г.а.", schools, "2023", "12", "15"),
        Revision("Other", schools, "2023", "17,518)", "17.5"),
        Revision("Made г.а.", "head: численность учащихся в школах, человек", "2022", "900", ""),
    ]
    assert (changes.filled, changes.added) == (1, 4)
    assert changes.gone_rows == [("Other", "head: число браков")]
    assert (changes.new_places, changes.gone_places) == (["New"], [])
    assert changes.new_labels == ["head: число разводов"]
    assert (changes.years, changes.new_years, changes.gone_years) == (
        ["2022", "2023", "2024"],
        ["2024"],
        [],
    )


def test_a_year_and_a_place_that_are_missing_are_named():
    changes = compare_editions(BEFORE, BEFORE[BEFORE["place_ru"] == "Other"].drop(columns="2022"))
    assert (changes.gone_places, changes.gone_years) == (["Made г.а."], ["2022"])


def test_the_largest_differences_come_first_for_their_size():
    cells = [
        Revision("a", "", "2020", "1000", "1001"),
        Revision("b", "", "2020", "2", "1"),
        Revision("c", "", "2020", "5", ""),
        Revision("d", "", "2020", "-4", "-1"),
        Revision("e", "", "2020", "0", "0.0"),
    ]
    assert [cell.place for cell in largest(cells, 3)] == ["d", "b", "a"]
    assert [cell.size for cell in cells] == pytest.approx([1 / 1001, 0.5, 0, 0.75, 0])


def test_a_label_that_stands_twice_is_counted():
    twice = edition([["Made", "5", "h", "тенге", "1", ""], ["Made", "6", "h", "тенге", "2", ""]])
    assert cells_of(twice) == {
        ("Made", "h: тенге", "2022"): "1",
        ("Made", "h: тенге (2)", "2022"): "2",
    }


def test_figures_of_two_years_that_changed_places_are_refused():
    rows = [[f"Place {n}", "5", "Head", SCHOOLS, str(n), str(10 * n + 1)] for n in range(1, 8)]
    swapped = [[*row[:4], row[5], row[4]] for row in rows]
    with pytest.raises(ProjectError, match="2022 and 2023 have changed places in 7 rows"):
        compare_editions(edition(rows), edition(swapped))
    # Four rows are too few to say so, and rows revised otherwise are many here.
    few = swapped[:4] + rows[4:]
    assert len(compare_editions(edition(rows), edition(few)).revised) == 8


def test_long_tables_are_compared_by_region_and_period():
    columns = ["indicator", "region", "year", "period", "value"]
    before = pd.DataFrame([["made", "Abai", "2023", "1 Jan", "5.0"]], columns=columns)
    now = pd.DataFrame([["made", "Abai", "2023", "1 Jan", "6.0"]], columns=columns)
    assert compare_editions(before, now).revised == [
        Revision("Abai", "made, 1 Jan", "2023", "5.0", "6.0")
    ]


def log() -> pd.DataFrame:
    empty = pd.DataFrame(columns=list(REVISION_COLUMNS))
    first = [Revision("Made", "schools", "2022", "10", "12"), Revision("Old", "b", "2021", "5", "")]
    older = with_revisions(empty, "made.one", first, "2026-01-02")
    second = [
        Revision("Made", "schools", "2022", "12", "3"),
        Revision("Made", "b", "2020", "8", "9"),
    ]
    newer = with_revisions(older, "made.one", second, "2026-11-29")
    return with_revisions(newer, "mades.two", first[:1], "2026-12-01")


def test_the_log_grows_and_nothing_in_it_changes():
    assert log().to_numpy().tolist() == [
        ["made.one", "Made", "schools", 2022, "10", "12", "2026-01-02"],
        ["made.one", "Old", "b", 2021, "5", "", "2026-01-02"],
        ["made.one", "Made", "schools", 2022, "12", "3", "2026-11-29"],
        ["made.one", "Made", "b", 2020, "8", "9", "2026-11-29"],
        ["mades.two", "Made", "schools", 2022, "10", "12", "2026-12-01"],
    ]


def test_revisions_are_shown_by_table_place_and_year():
    found = revisions_of(log(), "made", ["Made"])
    assert found[["year", "before", "after", "edition"]].to_numpy().tolist() == [
        [2022, "12", "3", "2026-11-29"],
        [2020, "8", "9", "2026-11-29"],
        [2022, "10", "12", "2026-01-02"],
    ]
    assert found["change"].tolist() == pytest.approx([9 / 12, 1 / 9, 2 / 12])
    assert list(revisions_of(log(), "mades.two")["table"]) == ["mades.two"]
    assert list(revisions_of(log(), years=[2021])["place"]) == ["Old"]
    assert len(revisions_of(log())) == 5
    assert len(revisions_of(log(), "none")) == 0


def test_the_log_is_read_back_as_it_was_written(tmp_path):
    path = tmp_path / "revisions.csv"
    log().to_csv(path, index=False)
    pd.testing.assert_frame_equal(load_revisions(path), log(), check_dtype=False)
    assert list(load_revisions().columns) == list(REVISION_COLUMNS)
