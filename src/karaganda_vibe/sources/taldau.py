"""Answers of Taldau, the Bureau's data bank, as long tables: a row a combination and a period.

The form is known from public programs that read it: an array of combinations, each with `terms`
(ids of a region and of other dictionary entries), `termNames` (their labels) and `periods` (name
and value as text). Anything else is refused, so that a changed form is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from karaganda_vibe.project.reading import decoded
from karaganda_vibe.sources.answers import AnswerError, read_json

KEYS = ("terms", "termNames", "periods")
PERIOD_KEYS = ("name", "value")


def long_table(content: bytes, indicator: str) -> pd.DataFrame:
    """An answer of Taldau as text: a row for each region, further terms, and period.

    Columns: `indicator` (as given), `region` (label of the first term), `term_2` and so on (labels
    of the others, as many as the answer has), `year` (name of the period), `value` as published:
    "x", "-" and "" too.

    Raises:
        AnswerError: the answer has another form, or a cell twice.
    """
    combinations = read_json(decoded(content, "what came"), "taldau")
    if not isinstance(combinations, list) or not combinations:
        raise AnswerError(f"expected an array of combinations, found {_seen(combinations)}")
    rows: list[list[str]] = []
    for number, held in enumerate(combinations, 1):
        where = f"combination {number}"
        names, periods = _checked(held, where)
        if rows and len(names) != len(rows[0]) - 2:
            raise AnswerError(f"{where}: {len(names)} terms, the first has {len(rows[0]) - 2}")
        rows += [[*names, *_period(period, where)] for period in periods]
    if not rows:
        raise AnswerError("no combination has a period")
    terms = [f"term_{place}" for place in range(2, len(rows[0]) - 1)]
    frame = pd.DataFrame(rows, columns=["region", *terms, "year", "value"], dtype=str)
    twice = frame[frame.duplicated(["region", *terms, "year"])]
    if len(twice):
        raise AnswerError(f"{', '.join(twice.iloc[0].iloc[:-1])} came twice")
    frame.insert(0, "indicator", indicator)
    return frame


def _checked(held: Any, where: str) -> tuple[list[str], list[Any]]:
    """Labels of the terms of a combination, and its periods."""
    terms, names, periods = _parts(held, KEYS, where)
    if not all(isinstance(part, list) for part in (terms, names, periods)) or not terms:
        raise AnswerError(f"{where}: terms, termNames and periods are not arrays")
    if len(terms) != len(names):
        raise AnswerError(f"{where}: {len(terms)} terms and {len(names)} names of them")
    return [" ".join(str(name).split()) for name in names], periods


def _period(held: Any, where: str) -> list[str]:
    name, value = _parts(held, PERIOD_KEYS, where)
    return [" ".join(str(name).split()), "" if value is None else str(value).strip()]


def _parts(held: Any, keys: Sequence[str], where: str) -> list[Any]:
    """The values of `keys`; AnswerError where `held` is no object with all of them."""
    missing = [key for key in keys if not isinstance(held, dict) or key not in held]
    if missing:
        raise AnswerError(f"{where}: no {', '.join(missing)}, found {_seen(held)}")
    return [held[key] for key in keys]


def _seen(held: Any) -> str:
    return repr(held)[:60]
