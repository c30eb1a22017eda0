"""Numbers are written as each language writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.words.languages import MINUS, NO_BREAK_HYPHEN, NO_BREAK_SPACE, format_number


@pytest.mark.parametrize(
    ("value", "kind", "language", "expected"),
    [
        (-5697, "signed_persons", "en", "−5,697"),
        (5697, "signed_persons", "en", "+5,697"),
        (-5697, "signed_persons", "ru", f"−5{NO_BREAK_SPACE}697"),
        (7.84, "percent", "en", "7.8%"),
        (7.84, "percent", "kk", f"7,8{NO_BREAK_SPACE}%"),
        (2024, "year", "ru", "2024"),
        (-0.04, "signed_per_1000", "en", "0.0"),
        (111_400, "thousand_persons", "ru", "111,4"),
    ],
)
def test_a_number_is_written_in_its_language(value, kind, language, expected):
    assert format_number(value, kind, language) == expected


@pytest.mark.parametrize("number", [1, 6, 10, 11, 50, 69, 100, 1000])
def test_a_kazakh_place_has_a_hyphen_and_its_noun_and_no_ending(number):
    assert format_number(number, "ordinal", "kk") == f"{number}{NO_BREAK_HYPHEN}орын"


def test_a_place_is_not_parted_at_its_hyphen():
    assert format_number(11, "ordinal", "ru") == f"11{NO_BREAK_HYPHEN}е"
    assert format_number(11, "ordinal", "en") == "11th"
    assert format_number(22, "ordinal", "en") == "22nd"


@given(st.integers(-(10**9), 10**9))
def test_a_written_count_reads_back_as_the_same_number(number):
    written = format_number(number, "persons", "ru")
    assert int(written.replace(NO_BREAK_SPACE, "").replace(MINUS, "-")) == number


def test_a_gap_is_not_printed_as_a_number():
    with pytest.raises(ProjectError, match="word the gap"):
        format_number(float("nan"), "persons", "en")


def test_an_unknown_kind_is_named():
    with pytest.raises(ProjectError, match="unknown kind of number 'furlongs'"):
        format_number(1, "furlongs", "en")
