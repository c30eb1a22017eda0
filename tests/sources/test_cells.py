"""Published text cells → numbers with footnotes; cells made or quoted from the tables."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karaganda_vibe.sources.cells import (
    Cell,
    candidate_readings,
    certain_footnotes,
    choose_reading,
    read_row,
)


def only(text: str) -> Cell:
    readings = candidate_readings(text)
    assert len(readings) == 1, readings
    return readings[0]


@pytest.mark.parametrize(
    ("text", "value", "footnotes"),
    [
        ("7633", "7633", ()),
        ("-3975", "-3975", ()),
        ("−12,5", "-12.5", ()),
        ("107795.9143", "107795.9143", ()),
        ("50063 4)", "50063", ("4",)),
        ("49 964 27)", "49964", ("27",)),
        ("2\u00a0023,4", "2023.4", ()),
        ("2  023,410)11)", "2023.4", ("10", "11")),  # 0 is no footnote, so not 2023.41
        ("35.7 *", "35.7", ("*",)),
        ("14,7 9)", "14.7", ("9",)),
        ("239,410)", "239.4", ("10",)),
    ],
)
def test_numbers(text: str, value: str, footnotes: tuple[str, ...]) -> None:
    assert only(text) == Cell(Decimal(value), footnotes=footnotes)


@pytest.mark.parametrize(
    ("text", "missing", "footnotes"),
    [
        ("", "blank", ()),
        (" \u00a0", "blank", ()),
        ("-", "nil_or_none", ()),
        ("- -", "nil_or_none", ()),
        ("- 7)", "nil_or_none", ("7",)),
        ("…", "not_available", ()),
        ("....", "not_available", ()),
        ("… 7)", "not_available", ("7",)),
        ("7)", "footnote_only", ("7",)),
    ],
)
def test_gaps_keep_the_reason_of_the_publisher(
    text: str, missing: str, footnotes: tuple[str, ...]
) -> None:
    cell = only(text)
    assert (cell.value, cell.missing, cell.footnotes) == (None, missing, footnotes)


def test_gap_with_a_footnote_of_three_digits_is_a_gap() -> None:
    assert only("…147)").missing == "not_available"


def test_a_ratio_is_no_level() -> None:
    assert only("в 2,1 раза") == Cell(Decimal("2.1"), times=True)


@pytest.mark.parametrize(
    "text",
    ["44,,8", "Величина прожиточно+A26:AB28го минимума", "12a", "1 23 4", "5)6", "nan", "--x"],
)
def test_what_no_rule_covers_has_no_reading(text: str) -> None:
    assert candidate_readings(text) == ()


def test_glued_footnotes_have_several_readings() -> None:
    assert [(str(cell.value), cell.footnotes) for cell in candidate_readings("146,214)")] == [
        ("146.21", ("4",)),
        ("146.2", ("14",)),
    ]
    assert [(cell.value, cell.footnotes) for cell in candidate_readings("14)")] == [
        (Decimal(1), ("4",)),
        (None, ("14",)),
    ]


def test_the_row_decides_between_readings() -> None:
    schools = ["494)", "474)", "484)", "60", "60", "61"]
    assert [cell and cell.value for cell in read_row(schools, {"4"})] == [49, 47, 48, 60, 60, 61]
    population = ["360.5", "361.9", "366,216)", "367.3"]
    assert [str(cell and cell.value) for cell in read_row(population, {"6"})][2] == "366.2"
    investment = ["7721.5", "13177.1", "1496218)"]
    assert read_row(investment, {"18"})[2] == Cell(Decimal(14962), footnotes=("18",))
    unemployed = ["0.9", "0.8", "0.9", "19)", "0.9"]
    assert read_row(unemployed, {"9"})[3] == Cell(Decimal(1), footnotes=("9",))


@pytest.mark.parametrize(
    ("row", "value", "footnote"),
    [
        (["-285", "-310", "-2982)", "-298"], "-298", "2"),
        (["-28", "-31", "-312)", "-29"], "-31", "2"),
        (["-3", "-2", "-12)", "-1"], "-1", "2"),
        (["−28", "−31", "−312)", "−29"], "-31", "2"),
        (["-28,5", "-31,2", "—31,22)", "-29,1"], "-31.2", "2"),
    ],
)
def test_a_loss_with_a_glued_footnote_is_a_loss(row: list[str], value: str, footnote: str) -> None:
    assert read_row(row, {"2"})[2] == Cell(Decimal(value), footnotes=(footnote,))


def test_a_dash_with_a_footnote_is_a_gap_where_no_number_is_near() -> None:
    assert read_row(["-285", "-310", "-12)", "-298"], {"12"})[2] == Cell(
        None, "nil_or_none", ("12",)
    )
    assert read_row(["5", "-4", "-312)"], set())[2] is None
    assert candidate_readings("- 312)") == ()


MINUSES = "-\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"


@given(
    minus=st.sampled_from(MINUSES),
    number=st.integers(10, 99999),
    mark=st.integers(1, 30),
    decimals=st.sampled_from(["", ",7", ",41"]),
)
def test_a_negative_number_is_read_as_its_positive_twin(
    minus: str, number: int, mark: int, decimals: str
) -> None:
    def readings(sign: str) -> set[tuple[object, ...]]:
        found = candidate_readings(f"{sign}{number}{decimals}{mark})")
        return {(c.value, c.footnotes) for c in found if c.value is not None}

    assert readings(minus) == {(-value, marks) for value, marks in readings("")}
    value = Decimal(f"{number}{decimals.replace(',', '.')}")
    assert (-value, (str(mark),)) in readings(minus)


@given(
    minus=st.sampled_from(MINUSES),
    number=st.integers(10, 99999),
    change=st.integers(-5, 5),
    mark=st.integers(1, 30),
)
def test_the_row_finds_the_loss_that_its_neighbours_say(
    minus: str, number: int, change: int, mark: int
) -> None:
    near = [f"{minus}{number + step * number // 50}" for step in (1, -1, 2)]
    cell = read_row([*near[:2], f"{minus}{number + change}{mark})", near[2]], {str(mark)})[2]
    assert cell is None or cell == Cell(Decimal(-number - change), footnotes=(str(mark),))
    if number > 30:
        assert cell is not None


def test_a_footnote_stands_for_a_number_where_no_number_is_close() -> None:
    row = ["233.3", "268.8", "14)", "370.4"]
    assert read_row(row, {"14"})[2] == Cell(None, "footnote_only", ("14",))


def test_neighbours_of_both_signs_leave_the_choice_to_the_footnotes_in_use() -> None:
    row = ["100", "-140", "-609", "10621)", "5175", "11722"]
    assert read_row(row, {"1"})[3] == Cell(Decimal(1062), footnotes=("1",))


def test_what_stays_ambiguous_is_not_guessed() -> None:
    readings = candidate_readings("1214)")
    assert choose_reading(readings, footnotes=set(), neighbours=[], decimals=0) is None
    assert choose_reading(readings, footnotes={"4", "14"}, neighbours=[], decimals=0) is None


def test_footnotes_in_use_are_those_no_reading_denies() -> None:
    texts = ["7013 4)", "146,214)", "Число школ, единиц2)", "(15-24 лет)", "на 1000 родившихся)"]
    assert certain_footnotes(texts) == {"4", "2"}


def test_a_cell_is_a_value_or_a_gap() -> None:
    with pytest.raises(ValueError, match="either a value or a reason"):
        Cell(None)


numbers = st.decimals(
    min_value=-(10**9), max_value=10**9, places=3, allow_nan=False, allow_infinity=False
)


def grouped(number: Decimal, space: str, comma: str) -> str:
    return f"{number:,.3f}".replace(",", space).replace(".", comma)


@given(numbers, st.sampled_from(["", " ", "\u00a0"]), st.sampled_from([",", "."]))
def test_round_trip_of_formatted_numbers(number: Decimal, space: str, comma: str) -> None:
    assert only(grouped(number, space, comma)).value == number


@given(numbers, st.integers(min_value=1, max_value=30))
def test_round_trip_with_a_footnote_apart(number: Decimal, mark: int) -> None:
    assert only(f"{grouped(number, ' ', ',')} {mark})") == Cell(number, footnotes=(str(mark),))


@given(st.integers(min_value=1, max_value=10**7), st.integers(min_value=1, max_value=30))
def test_the_reading_that_is_meant_is_among_the_candidates(number: int, mark: int) -> None:
    readings = candidate_readings(f"{number}{mark})")
    assert Cell(Decimal(number), footnotes=(str(mark),)) in readings


@given(st.text(max_size=12))
def test_never_raises_and_never_a_silent_nan(text: str) -> None:
    for cell in candidate_readings(text):
        assert (cell.value is None) == bool(cell.missing)
        assert cell.value is None or cell.value.is_finite()


@given(st.lists(st.sampled_from(["12", "1,5", "124)", "-", "…", "", "7)", "x"]), max_size=8))
def test_a_row_gives_one_answer_a_cell(texts: list[str]) -> None:
    cells = read_row(texts, {"4"})
    assert len(cells) == len(texts)
    assert all(cell is None for cell, text in zip(cells, texts, strict=True) if text == "x")
