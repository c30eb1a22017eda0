"""Columns of a panel as arrays of one length, or one line that says which column is off."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from karaganda_vibe.inference.within import FloatArray, IntArray, integer_codes
from karaganda_vibe.project.errors import ProjectError


def as_numbers(model_id: str, name: str, values: ArrayLike, rows: int) -> FloatArray:
    """`values` (rows,) as numbers. Raises ProjectError for words or another length."""
    try:
        column = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ProjectError(
            f"model {model_id}: {name} holds {str(values)[:40]!r}; expected numbers"
        ) from None
    if column.shape != (rows,):
        raise ProjectError(
            f"model {model_id}: {name} has the shape {column.shape}; expected ({rows},), a value "
            "a row of the sample"
        )
    return column


def as_years(model_id: str, year: ArrayLike) -> IntArray:
    """(n,) calendar years. Raises ProjectError for one that is missing or no whole number."""
    values = np.asarray(year)
    whole = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(float)
    bad = np.flatnonzero(~np.isfinite(whole) | (whole != np.round(whole)))
    if len(bad):
        raise ProjectError(
            f"model {model_id}: row {bad[0] + 1} has the year {values[bad[0]]}; expected whole "
            "calendar years; mend the panel's year column"
        )
    return whole.astype(np.int64)


def as_codes(model_id: str, name: str, labels: ArrayLike, rows: int) -> tuple[IntArray, NDArray]:
    """Codes (n,) and labels of places or regions. Raises ProjectError for a missing one."""
    values = np.asarray(labels)
    missing = np.flatnonzero(pd.isna(values))
    if values.shape != (rows,) or len(missing):
        found = f"none in row {missing[0] + 1}" if len(missing) else f"{values.shape} of them"
        raise ProjectError(
            f"model {model_id}: the {name} of each of {rows} rows is expected; found {found}; mend "
            f"the panel's {name} column"
        )
    return integer_codes(values)
