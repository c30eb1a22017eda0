"""Cells of a workbook as text, and the years of a head; the figures are made."""

from __future__ import annotations

import datetime

import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.published_cells import (
    cell_text,
    decimal_text,
    has_number,
    head_of,
    label_of,
    year_of,
)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (7633.0, "7633"),
        (107795.91429877232, "107795.9143"),
        (-4.000000000000002, "-4"),
        ("6\u00a0268", "6268"),
        ("3 077, 7", "3077.7"),
        ("5,0", "5"),
        ("50 0634)", "50063 4)"),  # 50,063 with footnote 4
        ("1 420,89)10)", "1 420,89)10)"),  # which digits are the mark is decided by cells.py
        ("17,518)", "17,518)"),
        ("1 781,4*", "1781.4 *"),
        ("–", ""),
        (" - ", ""),
        ("…", ""),
        ("..", ""),
        ("....", "...."),
        ("х", ""),
        ("…14)", "…14)"),
        ("", ""),
        (datetime.date(2025, 2, 24), "2025-02-24"),
    ],
)
def test_a_cell_is_the_text_of_the_raw_table(cell, text):
    assert cell_text(cell) == text


def test_long_tables_write_a_number_with_its_decimals():
    assert [decimal_text(value) for value in (-7141.0, 0.1 + 0.2)] == ["-7141.0", "0.3"]


def test_a_footnote_alone_is_no_number():
    assert [has_number(text) for text in ("12", "-3.5", "4)", "17,518)", "…14)", "")] == [
        *(True, True, False, True, False, False)
    ]


def test_a_label_is_the_last_text_before_the_years():
    assert label_of([3.0, "  прибыло,  тыс. человек "]) == "прибыло, тыс. человек"
    assert label_of([3.0, ""]) == ""


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (2024.0, ("2024", True)),
        ("202426)", ("2024", True)),
        ("2019, 3)", ("2019", True)),
        ("2015 год3)", ("2015", True)),
        ("Январь-декабрь 2024 года17)", ("2024", True)),
        ("Январь-сентябрь 2025 года", ("2025", False)),
        ("1991-2023", ("", True)),
        (1.0, ("", True)),
        (2024.5, ("", True)),
        (datetime.date(2025, 2, 24), ("", True)),
        ("год", ("", True)),
    ],
)
def test_a_head_names_a_year_a_part_of_one_or_none(cell, found):
    assert year_of(cell) == found


def test_a_part_of_a_year_and_a_repeated_year_are_left_out_and_named():
    head = head_of(["", 1993.0, 1994.0, 1995.0, 1994.0, 1997.0, "Январь-июнь 1998 г."], "made")
    assert head is not None
    assert head.years == {"1993": 1, "1994": 2, "1995": 3, "1997": 5}
    assert head.notes == [
        "made: a second column (E) is headed 1994, left out",
        'made: "Январь-июнь 1998 г." is a part of a year, left out',
    ]


def test_years_that_changed_places_are_refused():
    with pytest.raises(ProjectError, match="2021 stands after 2022; look whether the figures"):
        head_of(["", 2020.0, 2022.0, 2021.0], "made")


def test_a_row_without_years_is_no_head():
    assert head_of(["тыс. человек", 500.8, 489.6], "made") is None
