"""What is wrong with the rows of a register: counted, listed, and stopped at above a limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from karaganda_vibe.places.registry import load_border_changes
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers import query
from karaganda_vibe.registers.kato import ABROAD, Nodes
from karaganda_vibe.registers.register_counts import (
    Counts,
    Survey,
    ages_out_of_range,
    unknown_codes,
)
from karaganda_vibe.registers.sentences import said

COLUMNS = ["check", "year", "value", "rows", "what_happens"]
LIMITS = {
    "day": 0.01,
    "unknown code": 0.01,
    "place to itself": 0.01,
    "abroad to abroad": 0.01,
    "age": 0.02,
    "sex": 0.02,
    # Moves without a number may be alike by chance; a register read twice is half copies.
    "alike": 0.5,
    "inside a place": 1.0,
    "border change": 1.0,
}
"""Check → share of all rows from which nothing is made."""
LEFT_OUT = "left out of all tables"
AS_UNKNOWN = "counted with age or sex unknown"
ONLY_SAID = "counted"
MOST_LISTED = 1000


def checks(survey: Survey, counts: Counts, nodes: Nodes, period: tuple[int, int]) -> pd.DataFrame:
    """Every fault by year and value: COLUMNS, the most frequent first within a check.

    Moves of a whole region before its border changed are on its old borders ("border change").
    """
    found = [
        *_days(survey, period),
        *[("unknown code", pd.NA, code or "(empty)", rows, LEFT_OUT + _old(code, nodes))
          for code, rows in unknown_codes(survey).itertuples(index=False)],
        *_kinds(counts, nodes),
        *[("age", year, "(empty)" if pd.isna(age) else f"{age:.0f}", rows, AS_UNKNOWN)
          for year, age, rows in ages_out_of_range(survey)[["year", "age", "rows"]].itertuples(
              index=False)],
        *_sexes(counts),
        *[("alike", year, "all columns", repeated, ONLY_SAID)
          for year, repeated in counts.alike[["year", "repeated"]].itertuples(index=False)
          if repeated],
        *_borders(counts, nodes),
    ]  # fmt: skip
    frame = pd.DataFrame(found, columns=COLUMNS)
    frame["year"] = frame["year"].astype("Int64")
    frame["rows"] = frame["rows"].astype("int64")
    frame["_order"] = frame["check"].map(list(LIMITS).index)
    frame = frame.sort_values(
        ["_order", "rows", "year", "value"], ascending=[True, False, True, True], kind="stable"
    )
    return frame.drop(columns="_order").reset_index(drop=True)


Found = tuple[str, object, str, int, str]


def _days(survey: Survey, period: tuple[int, int]) -> list[Found]:
    rows = survey.years.groupby("year", dropna=False, as_index=False)[["rows"]].sum()
    return [
        ("day", pd.NA if pd.isna(year) else int(year),
         "(none)" if pd.isna(year) else f"outside {period[0]} to {period[1]}", int(many), LEFT_OUT)
        for year, many in rows.itertuples(index=False)
        if pd.isna(year) or not period[0] <= year <= period[1]
    ]  # fmt: skip


def _kinds(counts: Counts, nodes: Nodes) -> list[Found]:
    frame = counts.departures.groupby(["kind", "year", "origin"], as_index=False)["rows"].sum()
    found: list[Found] = []
    for kind in ("place to itself", "abroad to abroad", "inside a place"):
        own = frame[frame["kind"] == query.KINDS.index(kind)]
        found += [
            (kind, year, nodes.names[origin], rows, LEFT_OUT)
            for year, origin, rows in own[["year", "origin", "rows"]].itertuples(index=False)
        ]
    return found


def _sexes(counts: Counts) -> list[Found]:
    own = counts.departures[counts.departures["sex"] == len(query.SEXES)]
    rows = own.groupby("year")["rows"].sum()
    return [("sex", year, "none of the known words", many, AS_UNKNOWN)
            for year, many in rows.items()]  # fmt: skip


def _borders(counts: Counts, nodes: Nodes) -> list[Found]:
    found: list[Found] = []
    for change in load_border_changes().to_dict("records"):
        # Of a new region only moves that name no place of the old one are on other borders.
        inside = change["from_place"] != ""
        ends = (
            {change["from_place"], change["to_place"]} if inside else {change["from_region"]}
        ) & set(nodes.names)
        numbers = [nodes.names.index(end) for end in sorted(ends)]
        for frame, end in ((counts.departures, "origin"), (counts.arrivals, "destination")):
            own = frame[frame[end].isin(numbers) & (frame["year"] < int(change["change"]))]
            rows = own.groupby(["year", end], as_index=False)[["rows"]].sum()
            found += [
                ("border change", year, f"{nodes.names[node]}, {end}, borders until "
                 f"{change['change']}", many, ONLY_SAID)
                for year, node, many in rows.itertuples(index=False)
            ]  # fmt: skip
    return found


def _old(code: str, nodes: Nodes) -> str:
    """What the border register says of an unknown code, for whoever must map it."""
    region = nodes.of_code(f"{code[:2]}0000000") if len(code) == 9 and code.isdigit() else -1
    if region < 0 or nodes.names[region] == ABROAD:
        return ""
    changes = load_border_changes()
    own = changes[changes["from_region"] == nodes.names[region]]
    news = ", ".join(f"{row['to_region']} in {row['change']}" for row in own.to_dict("records"))
    return f"; perhaps a place that left {nodes.names[region]} for {news}" if news else ""


def shares(found: pd.DataFrame, all_rows: int) -> dict[str, float]:
    """Check → share of all rows; an unknown code at both ends of a move counts twice."""
    rows = found.groupby("check")["rows"].sum()
    return {check: float(rows.get(check, 0)) / max(all_rows, 1) for check in LIMITS}


def limits_of(settings: Sequence[str]) -> dict[str, float]:
    """LIMITS with what was set as "age=0.05"; ProjectError for an unknown check or no share."""
    limits = dict(LIMITS)
    for setting in settings:
        name, _, text = setting.partition("=")
        try:
            share = float(text)
        except ValueError:
            share = -1.0
        if name not in LIMITS or not 0 <= share <= 1:
            raise ProjectError(
                f"--limit {setting}: expected CHECK=SHARE, a share from 0 to 1 of one of "
                f"{', '.join(LIMITS)}"
            )
        limits[name] = share
    return limits


def refuse_above(found: Mapping[str, float], limits: Mapping[str, float], listed: str) -> None:
    """ProjectError for the first check whose share of rows is at or above its limit below 1."""
    for check, share in found.items():
        limit = limits[check]
        if limit < 1 and share > 0 and share >= limit:
            raise ProjectError(
                f"check '{check}': {share:.2%} of the rows, expected less than {limit:.2%}; no "
                f"table is made; see {listed}, mend the register, or set --limit '{check}=SHARE'"
            )


def sentences(
    found: Mapping[str, float], limits: Mapping[str, float], language: str = "en"
) -> list[str]:
    """A line a check: share of the rows and limit."""
    return [
        said(
            "check_share",
            language,
            check=said(f"check {check}", language),
            share=(100 * share, "decimal_3"),
            limit=(100 * limits[check], "percent"),
        )
        for check, share in found.items()
    ]
