"""The words "firm", "weak" and "unknown", set by the rule of the second plan.

The rule stands in report/analysis_plan.qmd, its thresholds in metadata/models/drivers_second.yml;
both were written before the models that it judges were estimated. Nothing in it is judged by eye.
"unknown" is what the plan calls "none": no finding, which is no proof of no effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from karaganda_vibe.project.errors import ProjectError

Verdict = Literal["firm", "weak", "unknown"]


@dataclass(frozen=True)
class VerdictRule:
    """Thresholds of the second plan.

    Attributes:
        firm_adjusted_p: a firm finding's adjusted p lies below; weak_unadjusted_p: a weak one's
            unadjusted p lies below, and that of the lag beside the lead; curve_share: least share
            of the curve with the same sign; placebo_adjusted_p: a trend ahead of the driver counts
            as seen where its adjusted p lies below.
    """

    firm_adjusted_p: float = 0.05
    weak_unadjusted_p: float = 0.10
    curve_share: float = 0.90
    placebo_adjusted_p: float = 0.05


SECOND_RULE = VerdictRule()


def verdict(
    p_adjusted: float,
    p_unadjusted: float,
    *,
    sign_strict_same: bool = False,
    curve_share: float = 0.0,
    survives_leave_one_out: bool = False,
    lag_stands: bool = False,
    no_pre_trend: bool = False,
    rule: VerdictRule = SECOND_RULE,
) -> Verdict:
    """How sure the study may be of one driver of one two-way model.

    A test that was not tried counts as not passed: what was not tried is not called firm.

    Args:
        p_adjusted: two-sided wild bootstrap p of the driver, adjusted over the family of drivers.
        p_unadjusted: the same without the adjustment.
        sign_strict_same: whether the estimate has the same sign in the strict model (place and
            region by year effects).
        curve_share: share (0 to 1) of the specification curve's models in which the estimate has
            the sign of the two-way model.
        survives_leave_one_out: whether the finding stays when any one cluster is left out.
        lag_stands: whether the value of the year before keeps its sign at an unadjusted one in ten
            beside the value of the year after.
        no_pre_trend: whether no local projection before the driver is told from zero.

    Returns:
        "firm": adjusted p below 0.05 and all five tests passed. "weak": unadjusted p below 0.10,
        or the adjusted p passes and exactly one test fails. Else "unknown".

    Raises:
        ProjectError: a probability or the share is missing or outside 0 to 1.
    """
    for name, value in (
        ("p_adjusted", p_adjusted),
        ("p_unadjusted", p_unadjusted),
        ("curve_share", curve_share),
    ):
        if not isfinite(value) or not 0 <= value <= 1:
            raise ProjectError(
                f"verdict: {name} is {value}; expected a number from 0 to 1; estimate the model "
                "with bootstrap draws and the whole curve first"
            )
    significant = p_adjusted < rule.firm_adjusted_p
    failed = [
        sign_strict_same,
        # A share of nine in ten must count as nine in ten whatever the last bit of 27 / 30.
        curve_share >= rule.curve_share - 1e-12,
        survives_leave_one_out,
        lag_stands,
        no_pre_trend,
    ].count(False)
    if significant and failed == 0:
        return "firm"
    if p_unadjusted < rule.weak_unadjusted_p or (significant and failed == 1):
        return "weak"
    return "unknown"


ConditionVerdict = Literal["firm", "weak", "none"]


def condition_verdict(
    p_adjusted: float,
    p_unadjusted: float,
    same_sign_without_any_one: bool,
    same_sign_in_logs: bool,
    same_sign_within: bool,
    rule: VerdictRule = SECOND_RULE,
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
    significant = p_adjusted < rule.firm_adjusted_p
    failed = [same_sign_without_any_one, same_sign_in_logs, same_sign_within].count(False)
    if significant and not failed:
        return "firm"
    if p_unadjusted < rule.weak_unadjusted_p or (significant and failed == 1):
        return "weak"
    return "none"
