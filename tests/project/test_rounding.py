"""Numbers are rounded once, so that the last bits of a processor never reach a file."""

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from karaganda_vibe.project.rounding import (
    DIGITS,
    SNAP,
    round_number,
    round_table,
    show_tables_rounded,
    shown_number,
    snapped,
)
from karaganda_vibe.project.writing import write_table

NOISE = 1e-13
NOISES = st.integers(-100, 100).map(lambda hundredths: NOISE * hundredths / 100)
DECIMALS = st.builds(
    lambda digits, power: Decimal(digits).scaleb(power),
    st.integers(-(10**SNAP) + 1, 10**SNAP - 1),
    st.integers(-30, -1),
).filter(lambda number: number == 0 or abs(number) < 10 ** (SNAP - 1))

TIES = st.builds(
    lambda digits, power: Decimal(10 * digits + 5).scaleb(power),
    st.integers(10**7, 10**8 - 1),
    st.integers(-30, -2),
)


@pytest.mark.parametrize(
    ("number", "kind", "written"),
    [
        (0.1 + 0.2, "computed", "0.3"),
        (1.4008894550713098, "computed", "1.4008895"),
        (-0.005762312953424863, "computed", "-0.005762313"),
        (0.123456785, "computed", "0.12345678"),  # a tie goes to the even digit,
        (0.123456775, "computed", "0.12345678"),
        (123456789.4, "computed", "123456789.0"),  # never coarser than a whole unit
        (1234567890123.0, "computed", "1234567890123.0"),
        (1234567890123.25, "computed", "1234567890123.0"),
        (1999.9999999999998, "computed", "2000.0"),
        (12345.678901234, "sample", "12345.6789"),
        (104.9 * 1000, "published", "104900.0"),
        (98765.4321, "published", "98765.4321"),
        (1234567.0, "shown", "1234567.0"),
        (-0.0, "computed", "0.0"),
        (5e-324, "computed", "5e-324"),
        (-math.inf, "computed", "-inf"),
    ],
)
def test_digits_by_kind(number, kind, written):
    assert repr(round_number(number, kind)) == written
    assert repr(round_number(np.float64(number), kind)) == written


def test_a_gap_stays_a_gap():
    assert math.isnan(round_number(math.nan))


def test_only_floats_are_rounded():
    table = pd.DataFrame(
        {
            "people": [123456789012, 2],
            "yes": [True, False],
            "year": [2013.0, np.nan],
            "mixed": [1 / 3, "word"],
            "whole": pd.Series([1, None], dtype=object),
            "single": np.array([0.1, 0.2], dtype="float32"),
            "gaps": pd.array([2 / 3, None], dtype="Float64"),
        }
    )
    table = pd.concat([table, table[["year"]]], axis=1)  # a name that stands twice
    text = round_table(table).to_csv(index=False, lineterminator="\n")
    assert text == (
        "people,yes,year,mixed,whole,single,gaps,year\n"
        "123456789012,True,2013.0,0.33333333,1,0.1,0.66666667,2013.0\n"
        "2,False,,word,,0.2,,\n"
    )


@given(TIES | DECIMALS, NOISES, st.sampled_from(sorted(DIGITS)))
def test_noise_around_a_decimal_of_twelve_digits_changes_nothing(number, noise, kind):
    """Ties at the last digit among them: such decimals are what people and publishers write."""
    assert repr(round_number(float(number) * (1 + noise), kind)) == repr(
        round_number(float(number), kind)
    )


@given(st.floats(-1e11, 1e11), NOISES, st.sampled_from(sorted(DIGITS)))
def test_noise_changes_a_number_by_one_in_its_last_digit_at_an_edge_only(number, noise, kind):
    """Two floats that close are written alike unless an edge of the snap lies between them."""
    assume(abs(number) > 1e-290)
    other = number * (1 + noise)
    if round_number(number, kind) != round_number(other, kind):
        snapped = [f"{value:.{SNAP - 1}e}" for value in (number, other)]
        assert snapped[0] != snapped[1]
        unit = 10.0 ** (math.floor(math.log10(abs(number))) + 1 - DIGITS[kind])
        assert abs(round_number(number, kind) - round_number(other, kind)) <= 2 * max(1.0, unit)


@given(st.floats(allow_nan=False), st.sampled_from(sorted(DIGITS)))
def test_rounding_twice_is_rounding_once(number, kind):
    once = round_number(number, kind)
    assert repr(round_number(once, kind)) == repr(once)


def test_a_made_models_table_has_the_same_bytes_under_noise(tmp_path):
    generator = np.random.default_rng(20261128)
    frame = pd.DataFrame(
        {
            "term": ["wage", "floor_space"] * 200,
            "estimate": generator.normal(size=400),
            "p": generator.uniform(size=400),
            "tie": np.repeat([0.125, 0.123456785, 2.5, 1000.00005], 100),
            "n_obs": 2825,
        }
    )
    write_table(tmp_path / "one.csv", frame)
    noisy = frame.copy()
    for column in ("estimate", "p", "tie"):
        noisy[column] *= 1 + generator.choice([-NOISE, NOISE], size=len(frame))
    assert (noisy["tie"] != frame["tie"]).any()
    write_table(tmp_path / "two.csv", noisy)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_tables_under_cells_show_six_digits():
    with pd.option_context("display.float_format", None):
        show_tables_rounded()
        shown = pd.DataFrame({"a": [1 / 3, 1234567.891, -1e-17, np.nan]}).to_string(index=False)
    assert shown.split() == ["a", "0.333333", "1234568", "-1e-17", "NaN"]
    assert shown_number(-0.0) == "0"


def test_an_array_is_snapped_to_twelve_digits():
    values = np.array([[0.30019989763372157, -0.0], [np.nan, -12345.678901234567]])
    assert repr(snapped(values).tolist()) == "[[0.300199897634, -0.0], [nan, -12345.6789012]]"
    assert snapped(np.empty((0, 2))).shape == (0, 2)
