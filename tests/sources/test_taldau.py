"""Made answers of Taldau as long tables; any other form is refused in one line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from karaganda_vibe.sources.answers import AnswerError
from karaganda_vibe.sources.taldau import long_table


def period(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "date": "made", "value": value}


def combination(**other: Any) -> dict[str, Any]:
    return {
        "terms": [256619, 741917],
        "termNames": [" МАДЕ  ОБЛАСТЬ", "Всего "],
        "periods": [period("2023 год", "1234.50"), period("2024 год", "x")],
    } | other


def answer(*combinations: Any) -> bytes:
    return json.dumps(list(combinations)).encode()


def test_a_row_for_each_combination_and_period() -> None:
    periods = [period("2024 год", 7.10), period("2025 год", None)]
    more = combination(termNames=["МАДЕ ОБЛАСТЬ", "Село"], periods=periods)
    frame = long_table(answer(combination(), more), "taldau 12")
    assert list(frame.columns) == ["indicator", "region", "term_2", "year", "value"]
    assert frame.values.tolist() == [
        ["taldau 12", "МАДЕ ОБЛАСТЬ", "Всего", "2023 год", "1234.50"],
        ["taldau 12", "МАДЕ ОБЛАСТЬ", "Всего", "2024 год", "x"],
        ["taldau 12", "МАДЕ ОБЛАСТЬ", "Село", "2024 год", "7.1"],
        ["taldau 12", "МАДЕ ОБЛАСТЬ", "Село", "2025 год", ""],
    ]


def test_regions_alone_and_regions_with_two_more_terms() -> None:
    alone = combination(terms=[1], termNames=["Made"])
    assert list(long_table(answer(alone), "m").columns) == ["indicator", "region", "year", "value"]
    three = combination(terms=[1, 2, 3], termNames=["Made", "b", "c"])
    frame = long_table(answer(three), "m")
    assert frame.loc[1, ["term_2", "term_3", "value"]].tolist() == ["b", "c", "x"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"error": "made"}', r"expected an array of combinations, found {'error': 'made'}"),
        (b"[]", r"expected an array of combinations, found \[\]"),
        (answer("made"), "combination 1: no terms, termNames, periods, found 'made'"),
        (answer(combination(), {"terms": [1]}), "combination 2: no termNames, periods"),
        (answer(combination(terms=[])), "are not arrays"),
        (answer(combination(periods="2024")), "are not arrays"),
        (answer(combination(terms=[1])), "1 terms and 2 names"),
        (answer(combination(periods=[{"name": "2024"}])), "combination 1: no value"),
        (answer(combination(periods=[])), "no combination has a period"),
        (
            answer(combination(), combination(terms=[1], termNames=["a"])),
            "combination 2: 1 terms, the first has 2",
        ),
        (answer(combination(), combination()), "МАДЕ ОБЛАСТЬ, Всего, 2023 год came twice"),
    ],
)
def test_another_form_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(AnswerError, match=reason) as caught:
        long_table(content, "made")
    assert "\n" not in str(caught.value)
