"""The counts of a register, written once with Ibis for every engine.

Nothing but counts by cell leaves the engine: no expression here returns a row of the register.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from karaganda_vibe.registers.age_groups import FIRST_AGES, LEAVERS, NO_AGE, OLDEST
from karaganda_vibe.registers.kato import UNKNOWN

SEXES = ("female", "male")
NO_SEX = "unknown"


def typed(moves: ir.Table) -> ir.Table:
    """A register's moves → day, origin, destination (text), age (missing where none), sex (text).

    moves: date, origin, destination, sex, and age or birth_year, of any type.
    """
    day = _day(moves)
    if "age" in moves.columns:
        age = _whole(moves["age"])
    else:
        age = day.year().cast("int32") - _whole(moves["birth_year"])
    return moves.select(
        day=day,
        origin=_text(moves["origin"]),
        destination=_text(moves["destination"]),
        age=age,
        sex=_text(moves["sex"]).lower(),
    )


def _day(moves: ir.Table) -> Any:
    day = moves["date"]
    if day.type().is_string():
        # The first ten signs: a time of day may follow.
        return day.strip().substr(0, 10).try_cast("date")
    return day if day.type().is_date() else day.date()


def _whole(column: Any) -> Any:
    if column.type().is_string():
        return column.strip().try_cast("int32")
    return column.cast("int32")


def _text(column: Any) -> Any:
    return column.strip() if column.type().is_string() else column.cast("string")


def rows_by_year_and_age(moves: ir.Table) -> ir.Table:
    """Rows by year and age as given: year, age (both may be missing), rows."""
    return moves.group_by(year=moves.day.year().cast("int32"), age=moves.age).agg(
        rows=moves.count()
    )


def rows_by_text(moves: ir.Table, column: str) -> ir.Table:
    """Rows by what a column holds: text, rows."""
    return moves.group_by(text=moves[column]).agg(rows=moves.count())


def within(moves: ir.Table, first: int, last: int) -> ir.Table:
    """The moves of the years `first` to `last`, both counted."""
    return moves.filter(
        moves.day >= ibis.date(f"{first:04d}-01-01"), moves.day <= ibis.date(f"{last:04d}-12-31")
    )


def coded(
    moves: ir.Table, codes: Any, sexes: Mapping[str, Collection[str]], abroad: int
) -> ir.Table:
    """Typed moves as small numbers: year, month, ends, their regions, age, leaver, sex, kind.

    Args:
        codes: a frame code, node, region (`Nodes.of_codes`).
        sexes: "female" and "male" → how they may be written.
        abroad: number of the end abroad.

    Ends are numbers of `Nodes`, UNKNOWN where the code is none; age is the first age of its group,
    NO_AGE where missing or outside 0 to OLDEST; leaver is 1 for ages LEAVERS; sex is a place in
    SEXES or their number; kind is a place in KINDS.
    """
    joined = _with_ends(moves, codes)
    age = joined.age
    origin, destination = joined.origin_node, joined.destination_node
    kind = ibis.cases(
        (origin.isnull() | destination.isnull(), KINDS.index("unknown code")),
        ((origin == UNKNOWN) | (destination == UNKNOWN), KINDS.index("unknown code")),
        ((origin == abroad) & (destination == abroad), KINDS.index("abroad to abroad")),
        (joined.origin == joined.destination, KINDS.index("place to itself")),
        (origin == destination, KINDS.index("inside a place")),
        else_=KINDS.index("counted"),
    )
    groups: list[Any] = [(age.isnull() | (age < 0) | (age > OLDEST), NO_AGE)]
    groups += [(age >= first, first) for first in reversed(FIRST_AGES)]
    sex = [(joined.sex.isin(sorted(sexes[name])), place) for place, name in enumerate(SEXES)]
    return joined.select(
        year=joined.day.year().cast("int16"),
        month=joined.day.month().cast("int8"),
        origin=origin.fill_null(UNKNOWN).cast("int16"),
        destination=destination.fill_null(UNKNOWN).cast("int16"),
        origin_region=joined.origin_region.fill_null(UNKNOWN).cast("int16"),
        destination_region=joined.destination_region.fill_null(UNKNOWN).cast("int16"),
        age=ibis.cases(*groups, else_=NO_AGE).cast("int16"),
        leaver=age.between(*LEAVERS).fill_null(False).cast("int8"),
        sex=ibis.cases(*sex, else_=len(SEXES)).cast("int8"),
        kind=kind.cast("int8"),
    )


def _with_ends(moves: ir.Table, codes: Any) -> ir.Table:
    """Moves with the numbers of both ends: origin_node, origin_region, destination_node, …"""
    table = ibis.memtable(codes)
    for end in ("origin", "destination"):
        named = table.select(
            **{f"{end}_code": table.code, f"{end}_node": table.node, f"{end}_region": table.region}
        )
        moves = moves.left_join(named, moves[end] == named[f"{end}_code"])
    return moves


KINDS = ("counted", "unknown code", "abroad to abroad", "place to itself", "inside a place")
"""What a move is to the tables: only the first kind is counted in them."""
DEPARTURES = ("year", "kind", "origin", "age", "sex")
ARRIVALS = ("year", "kind", "destination", "age", "sex")
FLOWS = ("year", "kind", "month", "origin_region", "destination_region", "leaver")


def counted(moves: ir.Table, keys: Sequence[str]) -> ir.Table:
    """Rows by `keys`."""
    return moves.group_by(list(keys)).agg(rows=moves.count())


def alike(moves: ir.Table, columns: Sequence[str]) -> ir.Table:
    """Rows by year and, in `repeated`, those alike in all `columns` beyond the first of them."""
    groups = moves.group_by(list(columns)).agg(times=moves.count())
    groups = groups.mutate(year=groups.day.year().cast("int32"))
    return groups.group_by("year").agg(rows=groups.times.sum(), repeated=(groups.times - 1).sum())
