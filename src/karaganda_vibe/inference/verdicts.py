"""The words "firm", "weak" and "unknown", set by the rule of report/analysis_plan.qmd.

The rule was written before any model was estimated; nothing in it is judged by eye.
"""

from __future__ import annotations

from math import isfinite
from typing import Literal

from karaganda_vibe.project.errors import ProjectError

Verdict = Literal["firm", "weak", "unknown"]

FIRM_ADJUSTED_P = 0.05
WEAK_UNADJUSTED_P = 0.10
FIRM_SHARE_OF_CURVE = 0.90


def verdict(
    p_adjusted: float,
    p_unadjusted: float,
    sign_strict_same: bool,
    share_same_sign_curve: float,
    survives_leave_one_region_out: bool,
) -> Verdict:
    """How sure the study may be of one driver of one two-way model.

    Args:
        p_adjusted: two-sided wild bootstrap p of the driver, adjusted over the family of drivers.
        p_unadjusted: the same without the adjustment.
        sign_strict_same: whether the estimate has the same sign in the strict model (place and
            region by year effects).
        share_same_sign_curve: share (0 to 1) of the specification curve's models in which the
            estimate has the sign of the two-way model.
        survives_leave_one_region_out: whether the finding stays when any one region is left out.

    Returns:
        "firm": adjusted p below 0.05, same sign in the strict model and in nine of ten models of
        the curve, and not hanging on one region. "weak": unadjusted p below 0.10, or the adjusted
        p passes and exactly one of the other three tests fails. A driver that passes every test
        but the probability is no finding: it stays "unknown" unless the unadjusted p is below 0.10.

    Raises:
        ProjectError: a probability or the share is missing or outside 0 to 1.
    """
    for name, value in (
        ("p_adjusted", p_adjusted),
        ("p_unadjusted", p_unadjusted),
        ("share_same_sign_curve", share_same_sign_curve),
    ):
        if not isfinite(value) or not 0 <= value <= 1:
            raise ProjectError(
                f"verdict: {name} is {value}; expected a number from 0 to 1; estimate the model "
                "with bootstrap draws and the whole curve first"
            )
    significant = p_adjusted < FIRM_ADJUSTED_P
    failed = [
        sign_strict_same,
        # A share of nine in ten must count as nine in ten whatever the last bit of 27 / 30.
        share_same_sign_curve >= FIRM_SHARE_OF_CURVE - 1e-12,
        survives_leave_one_region_out,
    ].count(False)
    if significant and failed == 0:
        return "firm"
    if p_unadjusted < WEAK_UNADJUSTED_P or (significant and failed == 1):
        return "weak"
    return "unknown"


ConditionVerdict = Literal["firm", "weak", "none"]


def condition_verdict(
    p_adjusted: float,
    p_unadjusted: float,
    same_sign_without_any_one: bool,
    same_sign_in_logs: bool,
    same_sign_within: bool,
) -> ConditionVerdict:
    """How sure the study may be of one condition of a destination, by the second plan.

    Args:
        p_adjusted: two-sided wild bootstrap p, adjusted by Romano and Wolf over the family.
        p_unadjusted: the same without the adjustment.
        same_sign_without_any_one: the sign stays with any one destination left out.
        same_sign_in_logs: the sign is that of the least squares of logarithms.
        same_sign_within: the sign is that within destinations.

    Returns:
        "firm": adjusted p below 0.05 and all three signs. "weak": unadjusted p below 0.10, or the
        adjusted p passes and exactly one sign fails. "none" otherwise: a condition that passes
        every test but the probability is no finding.

    Raises:
        ProjectError: a probability is missing or outside 0 to 1.
    """
    for name, value in (("p_adjusted", p_adjusted), ("p_unadjusted", p_unadjusted)):
        if not isfinite(value) or not 0 <= value <= 1:
            raise ProjectError(
                f"verdict on a destination: {name} is {value}; expected a number from 0 to 1; "
                "estimate the model with bootstrap draws first"
            )
    significant = p_adjusted < FIRM_ADJUSTED_P
    failed = [same_sign_without_any_one, same_sign_in_logs, same_sign_within].count(False)
    if significant and not failed:
        return "firm"
    if p_unadjusted < WEAK_UNADJUSTED_P or (significant and failed == 1):
        return "weak"
    return "none"
