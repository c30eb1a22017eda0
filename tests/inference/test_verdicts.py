"""The rule of the second plan that sets the words firm, weak and unknown."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karaganda_vibe.inference.verdicts import VerdictRule, verdict
from karaganda_vibe.project.errors import ProjectError

ORDER = {"unknown": 0, "weak": 1, "firm": 2}
SHARES = st.floats(0, 1)
PASSED = {
    "sign_strict_same": True,
    "curve_share": 0.9,
    "survives_leave_one_out": True,
    "lag_stands": True,
    "no_pre_trend": True,
}
FAILED = {name: 0.89 if name == "curve_share" else False for name in PASSED}


@pytest.mark.parametrize(
    ("p_adjusted", "p_unadjusted", "change", "expected"),
    [
        (0.04, 0.01, {}, "firm"),
        (0.04, 0.01, {"curve_share": 27 / 30}, "firm"),
        (0.0499, 0.2, {}, "firm"),
        (0.05, 0.02, {}, "weak"),
        (0.05, 0.20, {}, "unknown"),
        (0.30, 0.099, FAILED, "weak"),
        (0.30, 0.10, {}, "unknown"),
        (1.0, 0.9, {}, "unknown"),
        (0.04, 0.01, FAILED, "weak"),
    ],
)
def test_rule(p_adjusted, p_unadjusted, change, expected) -> None:
    assert verdict(p_adjusted, p_unadjusted, **(PASSED | change)) == expected


@pytest.mark.parametrize("name", PASSED)
def test_firm_but_for_one_test_is_weak(name: str) -> None:
    # An unadjusted p that passes nothing: only the tests speak.
    assert verdict(0.04, 0.5, **(PASSED | {name: FAILED[name]})) == "weak"


@pytest.mark.parametrize(("first", "second"), [p for p in product(PASSED, PASSED) if p[0] < p[1]])
def test_two_tests_failed_are_too_many(first: str, second: str) -> None:
    changed = PASSED | {first: FAILED[first], second: FAILED[second]}
    assert verdict(0.04, 0.5, **changed) == "unknown"


def test_what_was_not_tried_is_not_called_firm() -> None:
    assert verdict(0.001, 0.001) == "weak"
    assert verdict(0.001, 0.2) == "unknown"


def test_thresholds_are_those_of_the_rule() -> None:
    strict = VerdictRule(firm_adjusted_p=0.01, weak_unadjusted_p=0.02, curve_share=0.95)
    assert verdict(0.02, 0.015, **PASSED, rule=strict) == "weak"
    assert verdict(0.005, 0.03, **PASSED, rule=strict) == "weak"
    assert verdict(0.005, 0.03, **(PASSED | {"curve_share": 0.96}), rule=strict) == "firm"


@given(SHARES, SHARES, SHARES, *[st.booleans()] * 4)
def test_more_evidence_never_lowers_the_word(
    adjusted: float, unadjusted: float, share: float, a: bool, b: bool, c: bool, d: bool
) -> None:
    tests = dict(zip(PASSED, (a, share, b, c, d), strict=True))
    found = ORDER[verdict(adjusted, unadjusted, **tests)]
    assert ORDER[verdict(adjusted / 2, unadjusted / 2, **(PASSED | {"curve_share": 1.0}))] >= found
    assert ORDER[verdict(1.0, 1.0, **tests)] <= found


@pytest.mark.parametrize("bad", [float("nan"), -0.1, 1.1, float("inf")])
@pytest.mark.parametrize("name", ["p_adjusted", "p_unadjusted", "curve_share"])
def test_bad_numbers_are_refused_by_name(bad: float, name: str) -> None:
    numbers = {"p_adjusted": 0.01, "p_unadjusted": 0.01, "curve_share": 1.0, name: bad}
    with pytest.raises(ProjectError, match=f"verdict: {name} is"):
        verdict(**numbers)
