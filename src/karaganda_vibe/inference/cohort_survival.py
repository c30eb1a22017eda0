"""Net migration of an age range from two dated age tables (the census survival method).

Those aged x at the first date, less the deaths that a life table expects, should be aged x + t at
the second; what differs is net migration of the cohort. Source: United Nations, Manual VI, "Methods
of measuring internal migration" (1970), chapter II: forward, reverse and average ratio methods.

Input table: one row an age group, columns age (lowest age of the group), persons; groups of equal
width that divides the years between the dates; the last group may be open. Survival ratios: column
age (at the first date), ratio (share alive at the second date).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from karaganda_vibe.project.errors import ProjectError

METHODS = ("forward", "reverse", "average")


@dataclass(frozen=True, eq=False)
class CohortMigration:
    """Net migration by cohort.

    Attributes:
        cohorts: columns age_start (at the first date), age_end (at the second), persons_start,
            persons_end, ratio, forward, reverse, average (persons over the whole interval).
        total, low, high: net migration of the age range by the average method, and the lowest and
            highest value over the methods and over the stated error of the survival ratios.
        years: length of the interval; width: years of age in a group.
    """

    cohorts: pd.DataFrame
    total: float
    low: float
    high: float
    years: int
    width: int


def _checked(table: pd.DataFrame, name: str, column: str) -> pd.Series:
    missing = [wanted for wanted in ("age", column) if wanted not in table]
    if missing:
        raise ProjectError(
            f"cohort survival: {name} lacks the column {missing[0]}; expected age and {column}"
        )
    series = table.set_index(table["age"].astype(int))[column].astype(float).sort_index()
    if series.index.has_duplicates:
        age = series.index[series.index.duplicated()][0]
        raise ProjectError(f"cohort survival: {name} holds age {age} twice; expected once")
    bad = series[~np.isfinite(series) | (series < 0)]
    if len(bad):
        raise ProjectError(
            f"cohort survival: {name}, age {bad.index[0]}: {column} is {bad.iloc[0]}; expected a "
            "number of zero or more; leave the table out or complete it"
        )
    return series


def cohort_net_migration(
    first: pd.DataFrame,
    second: pd.DataFrame,
    survival: pd.DataFrame,
    *,
    years: int,
    width: int = 1,
    ages_at_end: tuple[int, int] = (15, 29),
    ratio_error: float = 0.0,
) -> CohortMigration:
    """Net migration of those who end up in an age range.

    Args:
        first, second: age tables (age, persons) at two dates `years` apart, same territory.
        survival: (age, ratio) from the first date to the second; ratio in (0, 1].
        width: years of age in a group (1 or 5, say); must divide `years`.
        ages_at_end: lowest and highest completed age at the second date, whole groups. Only
            cohorts already born at the first date are estimated.
        ratio_error: relative error of the survival ratios' complement (0.2: deaths 20 % off),
            which widens `low` and `high`.

    Raises:
        ProjectError: columns, ages or ratios missing or out of range; groups that do not fit.
    """
    lowest, highest = ages_at_end
    if years <= 0 or width <= 0 or years % width:
        raise ProjectError(
            f"cohort survival: {years} years and groups of {width}; expected years above zero that "
            "the width divides"
        )
    if lowest % width or (highest + 1) % width or lowest > highest:
        raise ProjectError(
            f"cohort survival: ages {lowest}-{highest} are not whole groups of {width} years; "
            f"expected bounds like {width * 3}-{width * 6 - 1}"
        )
    if lowest - years < 0:
        raise ProjectError(
            f"cohort survival: those aged {lowest} were not born {years} years before; expected a "
            "lowest age of at least the interval; children need births"
        )
    start = _checked(first, "the first table", "persons")
    end = _checked(second, "the second table", "persons")
    ratios = _checked(survival, "the survival table", "ratio")
    rows = []
    for age in range(lowest - years, highest - years + 1, width):
        for series, at, name in (
            (start, age, "first"), (end, age + years, "second"), (ratios, age, "survival"),
        ):  # fmt: skip
            if at not in series.index:
                raise ProjectError(
                    f"cohort survival: the {name} table has no age {at}; expected every group of "
                    f"{width} years; complete the table"
                )
        ratio = float(ratios[age])
        if not 0 < ratio <= 1:
            raise ProjectError(
                f"cohort survival: the survival ratio at age {age} is {ratio:g}; expected above 0 "
                "and at most 1"
            )
        rows.append((age, age + years, float(start[age]), float(end[age + years]), ratio))
    columns = ["age_start", "age_end", "persons_start", "persons_end", "ratio"]
    cohorts = pd.DataFrame(rows, columns=columns)

    def by_method(scale: float) -> dict[str, pd.Series]:
        ratio = (1 - (1 - cohorts["ratio"]) * scale).clip(lower=1e-9, upper=1.0)
        forward = cohorts["persons_end"] - ratio * cohorts["persons_start"]
        reverse = cohorts["persons_end"] / ratio - cohorts["persons_start"]
        return {"forward": forward, "reverse": reverse, "average": (forward + reverse) / 2}

    central = by_method(1.0)
    for method in METHODS:
        cohorts[method] = central[method]
    sums = [
        float(values.sum())
        for scale in (1 - ratio_error, 1.0, 1 + ratio_error)
        for values in by_method(scale).values()
    ]
    return CohortMigration(
        cohorts, float(central["average"].sum()), min(sums), max(sums), years, width
    )
