"""Accounting identities that published figures must obey, as tidy tables of checks.

Every function is pure: tables in, one row a check out, with the columns of `CHECK_COLUMNS`. A check
is only made where every figure that it needs is there. Exceptions are published with an explanation
from metadata/corrections/check_explanations.csv, or counted as not explained; nothing is repaired
here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pandas as pd

from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.tables import YEAR, read_table

CHECK_COLUMNS = [
    "check_id",
    "unit",
    "year",
    "left",
    "right",
    "difference",
    "tolerance",
    "holds",
]
EXPLANATIONS = METADATA / "corrections" / "check_explanations.csv"
EXPLANATION_COLUMNS = ("check_id", "unit", "first_year", "last_year", "code", "explanation")
NOT_EXPLAINED = "not explained"

COUNTRY = "KZ"
# In the tables by region, 1 January 2000-2008 are not rebased, 2009-2021 stand on the census of
# 2009, 2022 and later on that of 2021: what changes during 2008 and 2021 is no change of
# population. Tables by place go over in other years (`census_break`).
REBASED = (2008, 2021)


def checks_table(
    check_id: str,
    unit: pd.Series,
    year: pd.Series,
    left: pd.Series,
    right: pd.Series,
    tolerance: float | pd.Series,
) -> pd.DataFrame:
    difference = (left - right).astype(float).round(6)
    frame = pd.DataFrame(
        {
            "check_id": check_id,
            "unit": unit,
            "year": year.astype(int),
            "left": left.astype(float),
            "right": right.astype(float),
            "difference": difference,
            "tolerance": tolerance,
            "holds": difference.abs() <= tolerance,
        }
    )
    return frame[CHECK_COLUMNS].sort_values(
        ["check_id", "unit", "year"], kind="stable", ignore_index=True
    )


def no_checks() -> pd.DataFrame:
    """A table of checks without rows."""
    empty = pd.Series(dtype=float)
    return checks_table("", empty.astype(str), empty, empty, empty, 0.0)


def sum_of_columns(
    frame: pd.DataFrame,
    *,
    check_id: str,
    parts: Mapping[str, int],
    whole: str,
    unit: str = "region",
    tolerance: float | pd.Series = 0.5,
    absent_is_zero: Mapping[str, Collection[str]] | None = None,
) -> pd.DataFrame:
    """Check, row by row, that the columns `parts` (name → +1 or -1) sum to the column `whole`.

    Used for arrivals − departures = net and urban + rural = total. `frame` needs the columns
    `unit` and "year"; rows where a figure is missing are not checked. `absent_is_zero` names, for
    a column, the units where a missing part is a true zero (a city has no rural population).
    """
    columns = {name: frame[name].astype(float) for name in parts}
    for name, units in (absent_is_zero or {}).items():
        zero = columns[name].isna() & frame[unit].isin(list(units))
        columns[name] = columns[name].where(~zero, 0.0)
    left = pd.Series(0.0, index=frame.index)
    for name, sign in parts.items():
        left = left + sign * columns[name]
    right = frame[whole].astype(float)
    complete = left.notna() & right.notna()
    chosen = frame[complete]
    allowed = tolerance[complete] if isinstance(tolerance, pd.Series) else tolerance
    return checks_table(
        check_id, chosen[unit], chosen["year"], left[complete], right[complete], allowed
    )


def arrivals_minus_departures(
    frame: pd.DataFrame,
    *,
    check_id: str = "arrivals - departures = net",
    unit: str = "region",
    arrivals: str = "arrivals",
    departures: str = "departures",
    net: str = "net_migration",
    tolerance: float | pd.Series = 0.5,
) -> pd.DataFrame:
    """Check that arrivals minus departures are the published net migration (persons)."""
    return sum_of_columns(
        frame,
        check_id=check_id,
        parts={arrivals: 1, departures: -1},
        whole=net,
        unit=unit,
        tolerance=tolerance,
    )


def parts_sum_to_whole(
    parts: pd.DataFrame,
    wholes: pd.DataFrame,
    *,
    check_id: str,
    value: str,
    group: str,
    members: Mapping[str, Collection[str]],
    member: str,
    whole_value: str | None = None,
    tolerance: float = 0.5,
) -> pd.DataFrame:
    """Check that `value` of all members of a group sums to the value of the group.

    `parts` has one row a `member` and "year"; `wholes` one row a `group` and "year". `members`
    gives all members of each group: a year in which one of them has no value is not checked.
    Used for districts = region.
    """
    frames = [no_checks()]
    whole_name = whole_value or value
    for name, names in sorted(members.items()):
        wanted = set(names)
        chosen = parts[parts[member].isin(wanted) & parts[value].notna()]
        sums = chosen.groupby("year").agg(total=(value, "sum"), count=(member, "nunique"))
        sums = sums[sums["count"] == len(wanted)]
        total = wholes[(wholes[group] == name) & wholes[whole_name].notna()]
        joined = total.merge(sums, left_on="year", right_index=True)
        if len(joined):
            frames.append(
                checks_table(
                    check_id,
                    joined[group],
                    joined["year"],
                    joined["total"],
                    joined[whole_name],
                    tolerance,
                )
            )
    return pd.concat(frames, ignore_index=True)


def sums_to_zero(
    frame: pd.DataFrame,
    *,
    check_id: str,
    value: str,
    by: Sequence[str] = ("year",),
    members: int,
    unit_name: str = COUNTRY,
    tolerance: float = 0.5,
) -> pd.DataFrame:
    """Check that `value` sums to zero over all `members` rows of each group `by`.

    Net moves between regions must: what one region loses another gains. Groups with another number
    of values are not checked. With more keys than "year" the unit is named after them.
    """
    present = frame[frame[value].notna()]
    sums = present.groupby(list(by), as_index=False).agg(
        total=(value, "sum"), count=(value, "size")
    )
    sums = sums[sums["count"] == members].reset_index(drop=True)
    names = pd.Series(unit_name, index=sums.index)
    for key in by:
        if key != "year":
            names = names + " " + sums[key].astype(str)
    zero = pd.Series(0.0, index=sums.index)
    return checks_table(check_id, names, sums["year"], sums["total"], zero, tolerance)


def population_balance(
    frame: pd.DataFrame,
    *,
    check_id: str = "population change = natural growth + net migration",
    unit: str = "region",
    population: str = "population_start_of_year",
    natural_growth: str = "natural_growth",
    net_migration: str = "net_migration_total",
    end_of_year: bool = False,
    rebased: Collection[int] | Mapping[str, Collection[int]] = REBASED,
    tolerance: float | str = 0.5,
) -> pd.DataFrame:
    """Check that the population changes by natural growth plus net migration (persons).

    `tolerance` is a number or the name of a column of `frame`.

    `population` is that of 1 January, or of 31 December with `end_of_year`. `frame` has one row a
    unit and year on unchanged borders. Years in `rebased` (of all units, or by unit) are never
    checked: the population of their first and their last day stand on different censuses.
    """
    rows = frame[[unit, "year", population, natural_growth, net_migration]].copy()
    rows["_tolerance"] = frame[tolerance] if isinstance(tolerance, str) else tolerance
    rows = rows.rename(columns={population: "_this"})
    shift = 1 if end_of_year else -1
    other = rows[[unit, "year", "_this"]].rename(columns={"_this": "_other"})
    other["year"] = other["year"] + shift
    joined = rows.merge(other, on=[unit, "year"], how="inner", validate="1:1")
    across = [
        year in (rebased.get(name, ()) if isinstance(rebased, Mapping) else rebased)
        for name, year in zip(joined[unit], joined["year"], strict=True)
    ]
    joined = joined[~pd.Series(across, index=joined.index, dtype=bool)].dropna()
    change = joined["_this"] - joined["_other"]
    if not end_of_year:
        change = -change
    expected = joined[natural_growth] + joined[net_migration]
    return checks_table(
        check_id, joined[unit], joined["year"], change, expected, joined["_tolerance"]
    )


def regions_sum_to_country(
    regions: pd.DataFrame,
    *,
    value: str,
    check_id: str | None = None,
    families: Sequence[tuple[str, str, Sequence[str]]],
    unchanged: Collection[str],
    tolerance: float = 0.5,
) -> pd.DataFrame:
    """Check that `value` of all regions sums to that of the whole country (region KZ).

    `regions` has one row a region, year and borders. `families` are (change, parent, children):
    for each of them either the parent on the borders until the change is added, or the parent and
    the children on those since. `unchanged` are all other regions. A year with a region missing is
    not checked.
    """
    name = check_id or f"regions = Kazakhstan: {value}"
    present = regions[regions[value].notna()]
    lookup = {
        (region, int(year), borders): float(figure)
        for region, year, borders, figure in zip(
            present["region"], present["year"], present["borders"], present[value], strict=True
        )
    }
    years: list[int] = []
    sums: list[float] = []
    wholes: list[float] = []
    for (region, year, _), whole in sorted(lookup.items()):
        if region != COUNTRY:
            continue
        cells = [lookup.get((other, year, "unchanged")) for other in sorted(unchanged)]
        for change, parent, children in families:
            since = [lookup.get((part, year, f"since-{change}")) for part in (parent, *children)]
            until = [lookup.get((parent, year, f"until-{change}"))]
            cells += since if None not in since else until
        figures = [cell for cell in cells if cell is not None]
        if len(figures) == len(cells):
            years.append(year)
            sums.append(float(np.sum(figures)))
            wholes.append(whole)
    index = pd.RangeIndex(len(years))
    return checks_table(
        name,
        pd.Series(COUNTRY, index=index, dtype=str),
        pd.Series(years, index=index, dtype="int64"),
        pd.Series(sums, index=index, dtype=float),
        pd.Series(wholes, index=index, dtype=float),
        tolerance,
    )


def load_explanations(path: Path = EXPLANATIONS) -> pd.DataFrame:
    """Explanations of exceptions: patterns (* and ?) of check_id and unit, first and last year.

    Raises ProjectError on wrong columns, an empty pattern or explanation, or a year that is none.
    """
    return read_table(
        path,
        EXPLANATION_COLUMNS,
        checked={"first_year": YEAR, "last_year": YEAR},
        filled=("check_id", "unit", "code", "explanation"),
        keys=[EXPLANATION_COLUMNS[:5]],
    )


def explain(checks: pd.DataFrame, explanations: pd.DataFrame) -> pd.DataFrame:
    """The exceptions of `checks` with `code` and `explanation`: the first pattern that fits.

    An exception that no pattern fits has the code "not explained" and an empty explanation.
    """
    exceptions = checks[~checks["holds"]].reset_index(drop=True)
    rules = explanations.to_dict("records")
    codes: list[str] = []
    texts: list[str] = []
    for check_id, unit, year in zip(
        exceptions["check_id"], exceptions["unit"], exceptions["year"], strict=True
    ):
        for rule in rules:
            if (
                fnmatchcase(check_id, rule["check_id"])
                and fnmatchcase(unit, rule["unit"])
                and int(rule["first_year"] or 0) <= year <= int(rule["last_year"] or 9999)
            ):
                codes.append(rule["code"])
                texts.append(rule["explanation"])
                break
        else:
            codes.append(NOT_EXPLAINED)
            texts.append("")
    return exceptions.assign(code=codes, explanation=texts)


def summarise(checks: pd.DataFrame, explained: pd.DataFrame) -> pd.DataFrame:
    """One row a check_id: how many were made, hold, are exceptions, and are not explained."""
    counts = checks.groupby("check_id").agg(
        checks=("holds", "size"),
        hold=("holds", "sum"),
        first_year=("year", "min"),
        last_year=("year", "max"),
    )
    counts["exceptions"] = counts["checks"] - counts["hold"]
    unexplained = explained[explained["code"] == NOT_EXPLAINED].groupby("check_id").size()
    counts["not_explained"] = unexplained.reindex(counts.index, fill_value=0).astype(int)
    order = ["checks", "hold", "exceptions", "not_explained", "first_year", "last_year"]
    return counts[order].reset_index()
