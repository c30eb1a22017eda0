"""Margins, coarser groups and nets of count tables in long shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers.cell_key import MODULUS
from karaganda_vibe.registers.disclosure_cells import (
    CELL_KEY,
    PUBLISHED,
    STATUS,
    SUPPRESSED,
    TOTAL,
    Hierarchies,
    dimensions_of,
)


def with_margins(
    frame: pd.DataFrame,
    over: Iterable[str],
    *,
    hierarchies: Hierarchies | None = None,
    count: str = "count",
) -> pd.DataFrame:
    """`frame` and its margins over the dimensions `over`, at every level of their hierarchies.

    Args:
        frame: dimensions, `count`, and perhaps `cell_key`, which is added up like the counts.
        over: dimensions that get the code "total"; a dimension left out (a year) gets no margin.
        hierarchies: dimension → code → the code above it.

    Returns the codes of `over` as text. Raises ProjectError where a margin is there already.
    """
    dimensions = dimensions_of(frame, count)
    values = [count, *([CELL_KEY] if CELL_KEY in frame else [])]
    for dimension in over:
        _need(frame, dimension)
        codes = frame[dimension].astype(str)
        above = {str(k): str(v) for k, v in (hierarchies or {}).get(dimension, {}).items()}
        margins = {TOTAL, *above.values()} & set(codes)
        if margins:
            raise ProjectError(
                f"margins of {dimension}: {sorted(margins)[0]} is there already; "
                "expected innermost codes only; leave the margins out"
            )
        ways = pd.DataFrame(
            [(code, up) for code in sorted(set(codes)) for up in _way_up(code, above)],
            columns=[dimension, "_above"],
        )
        frame = frame.assign(**{dimension: codes}).merge(ways, on=dimension)
        frame = frame.drop(columns=dimension).rename(columns={"_above": dimension})
        frame = frame.groupby(dimensions, as_index=False)[values].sum()
    if CELL_KEY in frame:
        frame[CELL_KEY] %= MODULUS
    return frame


def _way_up(code: str, above: Mapping[str, str]) -> list[str]:
    way = [code]
    while way[-1] != TOTAL:
        way.append(above.get(way[-1], TOTAL))
        if way[-1] in way[:-1]:
            raise ProjectError(
                f"margins: the hierarchy runs in a circle at {way[-1]}; mend the hierarchy"
            )
    return way


def _need(frame: pd.DataFrame, dimension: str) -> None:
    if dimension not in frame:
        raise ProjectError(
            f"count table: no dimension {dimension}; found {', '.join(map(str, frame))}; "
            "name one of them"
        )


def coarsened(
    frame: pd.DataFrame, groups: Mapping[str, Mapping[object, object]], *, count: str = "count"
) -> pd.DataFrame:
    """`frame` with the codes of some dimensions put into groups and the counts added up.

    `groups`: dimension → code → group. The field's first remedy where too much is suppressed:
    five-year ages instead of single ones. Raises ProjectError where a code has no group.
    """
    for dimension, group in groups.items():
        _need(frame, dimension)
        named = frame[dimension].map(group)
        if named.isna().any():
            lost = frame.loc[named.isna(), dimension].iloc[0]
            raise ProjectError(
                f"groups of {dimension}: {lost} is in none; expected a group for every code; add it"
            )
        frame = frame.assign(**{dimension: named})
    values = [count, *([CELL_KEY] if CELL_KEY in frame else [])]
    frame = frame.groupby(dimensions_of(frame, count), as_index=False)[values].sum()
    if CELL_KEY in frame:
        frame[CELL_KEY] %= MODULUS
    return frame


def net_counts(
    arrivals: pd.DataFrame, departures: pd.DataFrame, *, count: str = "count", net: str = "net"
) -> pd.DataFrame:
    """Arrivals − departures, from cells both of which are published; else missing.

    So the net says nothing that its two parts do not say. `arrivals`, `departures`: protected
    tables with the same dimensions, `count` and `status`; a cell that one lacks is a zero there.
    Returns the dimensions, `net` and `status`. Raises ProjectError where the dimensions differ, a
    table is not protected or names a cell twice.
    """
    dimensions = dimensions_of(arrivals, count)
    if set(dimensions) != set(dimensions_of(departures, count)):
        raise ProjectError(
            f"net: arrivals have {', '.join(dimensions)}, departures "
            f"{', '.join(dimensions_of(departures, count))}; give both the same dimensions"
        )
    for name, table in (("arrivals", arrivals), ("departures", departures)):
        if STATUS not in table:
            raise ProjectError(f"net: {name} have no column {STATUS}; protect them first")
        if table.duplicated(dimensions).any():
            raise ProjectError(f"net: {name} name a cell twice; add the rows up")
    both = arrivals.merge(departures, on=dimensions, how="outer", suffixes=("_in", "_out"))
    came, left = (
        both[f"{count}_{side}"].astype("Int64").mask(both[f"{STATUS}_{side}"].isna(), 0)
        for side in ("in", "out")
    )
    value = came - left
    # Both published, both perturbed, or (beside a zero that is no row) what the other one is.
    status = both[f"{STATUS}_in"].fillna(both[f"{STATUS}_out"]).fillna(PUBLISHED)
    return both[dimensions].assign(**{net: value, STATUS: status.where(value.notna(), SUPPRESSED)})
