"""How numbers are rounded: once, where they are written, so that every machine writes the same.

The last bits of a float depend on the processor (which kernels its linear algebra uses, how many
threads add up a sum). What is written has no more digits than mean something.

A number is first snapped to SNAP significant digits and then rounded, halves to even, to the digits
of its kind; whole numbers stay exact and nothing is rounded coarser than to a whole unit. Without
the first step a decimal tie such as 0.123456785, which floats can hold only a little above or
below, would go up on one machine and down on another. Guaranteed: two floats within 1e-13 of each
other (relative) are written alike wherever either is that close to a decimal of at most SNAP
digits, ties included; any other pair is, unless one of the rare edges between two written numbers
lies just between them (about one pair in a hundred thousand at 8 digits). A difference that
cancels to nothing but noise cannot be mended here: make it zero where it is computed.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SNAP = 12

DIGITS = {
    "computed": 8,  # rates, shares, estimates, probabilities, what is drawn, named values
    "sample": 10,  # rows a model was fitted to: fitted again they give the 8 digits we publish
    "published": SNAP,  # figures as their publisher prints them, at most times a unit
    "shown": 6,  # tables printed under a notebook's cell; what is drawn of a solver's result
}
"""Significant digits by kind of quantity. Counts (whole numbers) are exact in every kind."""


def round_number(number: float | np.floating, kind: str = "computed") -> float:
    """`number` in the digits of its kind; never -0.0; NaN and infinities as they are."""
    number = float(number)
    if not math.isfinite(number) or number.is_integer():
        return number + 0.0  # turns -0.0 into 0.0
    if abs(number) >= 10 ** (SNAP - 1):
        return float(round(number))
    decimal = Decimal(f"{number:.{SNAP - 1}e}")
    places = max(0, DIGITS[kind] - 1 - decimal.adjusted())
    return float(round(decimal, places))  # Decimal rounds halves to even


def snapped(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """An array of any shape in SNAP significant digits: without the noise of the arithmetic."""
    values = np.asarray(values, dtype=float)
    return np.array([float(f"{value:.{SNAP - 1}e}") for value in values.flat]).reshape(values.shape)


def round_table(table: pd.DataFrame, kind: str = "computed") -> pd.DataFrame:
    """`table` with every float rounded by `round_number`; integers, words and gaps stay."""
    result = table.copy()
    for position in range(result.shape[1]):
        column = result.iloc[:, position]
        if pd.api.types.is_float_dtype(column.dtype) or column.dtype == object:
            rounded = [_cell(value, kind) for value in column]
            result.isetitem(position, pd.Series(rounded, dtype=column.dtype).array)
    return result


def shown_number(number: float) -> str:
    """A float as the tables under a notebook's cells show it."""
    return f"{round_number(number, 'shown'):.15g}"


def show_tables_rounded() -> None:
    """Let pandas print floats by `shown_number`, so that noise never reaches a stored output."""
    pd.set_option("display.float_format", shown_number)


def _cell(value: Any, kind: str) -> Any:
    return round_number(value, kind) if isinstance(value, float | np.floating) else value
