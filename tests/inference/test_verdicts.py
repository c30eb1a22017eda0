"""The rule that sets the words firm, weak and unknown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karaganda_vibe.inference.verdicts import verdict
from karaganda_vibe.project.errors import ProjectError

ORDER = {"unknown": 0, "weak": 1, "firm": 2}
SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("p_adjusted", "p_unadjusted", "strict", "share", "survives", "expected"),
    [
        (0.04, 0.01, True, 0.90, True, "firm"),
        (0.04, 0.01, True, 27 / 30, True, "firm"),
        (0.05, 0.02, True, 1.0, True, "weak"),
        (0.04, 0.01, False, 1.0, True, "weak"),
        (0.04, 0.01, True, 0.89, True, "weak"),
        (0.04, 0.01, True, 1.0, False, "weak"),
        (0.04, 0.01, False, 0.2, False, "weak"),
        (0.30, 0.099, False, 0.5, False, "weak"),
        (0.30, 0.10, True, 1.0, True, "unknown"),
        (1.0, 0.9, True, 1.0, True, "unknown"),
        # Adjusted below unadjusted cannot come from one family, but the rule is read as written.
        (0.04, 0.20, True, 1.0, False, "weak"),
        (0.04, 0.20, False, 1.0, False, "unknown"),
    ],
)
def test_rule(
    p_adjusted: float,
    p_unadjusted: float,
    strict: bool,
    share: float,
    survives: bool,
    expected: str,
) -> None:
    assert verdict(p_adjusted, p_unadjusted, strict, share, survives) == expected


@given(SHARES, SHARES, SHARES, st.booleans(), st.booleans())
def test_more_evidence_never_lowers_the_word(
    adjusted: float, unadjusted: float, share: float, strict: bool, survives: bool
) -> None:
    found = ORDER[verdict(adjusted, unadjusted, strict, share, survives)]
    assert ORDER[verdict(adjusted / 2, unadjusted / 2, True, 1.0, True)] >= found
    assert ORDER[verdict(1.0, 1.0, strict, share, survives)] <= found


@pytest.mark.parametrize("bad", [float("nan"), -0.1, 1.1, float("inf")])
@pytest.mark.parametrize("name", ["p_adjusted", "p_unadjusted", "share_same_sign_curve"])
def test_bad_numbers_are_refused_by_name(bad: float, name: str) -> None:
    numbers = {"p_adjusted": 0.01, "p_unadjusted": 0.01, "share_same_sign_curve": 1.0, name: bad}
    with pytest.raises(ProjectError, match=f"verdict: {name} is"):
        verdict(**numbers, sign_strict_same=True, survives_leave_one_region_out=True)
