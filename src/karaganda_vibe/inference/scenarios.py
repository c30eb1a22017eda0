"""Scenarios: one driver of one place moved to a stated level, in people per year.

"If the association were causal" - and only inside what the sample has seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from karaganda_vibe.inference.cluster import Slopes
from karaganda_vibe.inference.design import Design
from karaganda_vibe.project.errors import ProjectError


@dataclass(frozen=True)
class Scenario:
    """Change in people per year from moving one driver, or the reason why none is given.

    Attributes:
        refused: whether the data do not support the move; reason: why, empty if not refused.
        current, target, change: the driver's level now, its target and the difference, as the
            model measures it (logs for a logged driver).
        people, low, high: change in people per year and its interval; nan if refused.
        seen_low, seen_high: lowest and highest level of the driver in the estimation sample.
        largest_move: the largest spread of the driver within one place once the fixed effects are
            out: how far any place has moved against what the effects predict.
    """

    term: str
    place: str
    current: float
    target: float
    change: float
    refused: bool
    reason: str
    people: float
    low: float
    high: float
    seen_low: float
    seen_high: float
    largest_move: float


def scenario(
    design: Design,
    slopes: Slopes,
    *,
    term: str,
    place: str,
    current: float,
    target: float,
    population: float,
    counts: float | None = None,
    per: float = 1000.0,
    level: float = 0.95,
) -> Scenario:
    """Move `term` of `place` from `current` to `target`.

    Args:
        current, target: in the model's own measure of the driver (log tenge for a logged wage).
        population: people of the place; linear outcomes are rates per `per` people.
        counts: for ppml the place's present count a year, which the coefficient multiplies.

    Returns:
        A `Scenario`; refused where the target (or the present level) lies outside the levels of
        the estimation sample, or the move is larger than any place of the sample has made within
        the fixed effects.

    Raises:
        ProjectError: unknown term; values that are not finite; ppml without `counts`.
    """
    name = f"model {design.model_id}: scenario for {place}"
    if term not in design.terms:
        raise ProjectError(f"{name}: no driver {term}; expected one of {', '.join(design.terms)}")
    if not np.isfinite([current, target, population]).all() or population <= 0:
        raise ProjectError(
            f"{name}: {term} {current} to {target} with population {population}; expected finite "
            "numbers and people above zero"
        )
    position = design.terms.index(term)
    values = design.regressors[:, position]
    seen_low, seen_high = float(values.min()), float(values.max())
    moved = design.absorber.residuals(values)
    highest = np.full(len(design.place_labels), -np.inf)
    lowest = np.full(len(design.place_labels), np.inf)
    np.maximum.at(highest, design.place, moved)
    np.minimum.at(lowest, design.place, moved)
    present = np.isfinite(highest)
    largest = float((highest - lowest)[present].max())
    change = target - current
    slack = 1e-9 * max(1.0, abs(seen_low), abs(seen_high))
    reason = ""
    for label, at in (("target", target), ("present level", current)):
        if not seen_low - slack <= at <= seen_high + slack:
            reason = (
                f"the {label} {at:.4g} lies outside the sample's {seen_low:.4g} to {seen_high:.4g}"
            )
            break
    if not reason and abs(change) > largest * (1 + 1e-9):
        reason = (
            f"a move of {abs(change):.4g} is larger than any place of the sample made within the "
            f"fixed effects ({largest:.4g})"
        )
    people = low = high = np.nan
    if not reason:
        reach = float(stats.t.ppf((1 + level) / 2, slopes.df) * slopes.se[position])
        estimate = float(slopes.estimates[position])
        bounds = sorted([(estimate - reach) * change, (estimate + reach) * change])
        effects = np.array([estimate * change, *bounds])
        if design.estimator == "ppml":
            if counts is None:
                raise ProjectError(f"{name}: a ppml model needs the present count; give counts")
            effects = counts * np.expm1(effects)
        else:
            effects = effects * population / per
        people, low, high = (float(value) for value in effects)
    return Scenario(
        term, place, current, target, change, bool(reason), reason, people, low, high,
        seen_low, seen_high, largest,
    )  # fmt: skip
