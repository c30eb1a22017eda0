"""The counts of a register, written once with Ibis for every engine.

Nothing but counts by cell leaves the engine: no expression here returns a row of the register.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers.age_groups import FIRST_AGES, LEAVERS, NO_AGE, OLDEST
from karaganda_vibe.registers.cell_key import MODULUS
from karaganda_vibe.registers.kato import UNKNOWN

SEXES = ("female", "male")
NO_SEX = "unknown"
OPTIONAL = ("education", "reason")
ENDS = ("origin", "destination")
HEXADECIMAL: Any = ibis.literal("0123456789abcdef")
KEY_DIGITS = 12
"""Digits of a digest that make a record key: enough that no key is likelier than another."""
MOST_DAYS, AGE_CODES, SEX_CODES = 3_000_000, OLDEST + 3, len(SEXES) + 1
"""Days from 1970 to the year 9999, ages 0 to OLDEST and two more, sexes and none of them."""


def typed(moves: ir.Table) -> ir.Table:
    """A register's moves → day, origin, destination, sex (texts), age (missing where none).

    moves: date, origin, destination, sex, and age or birth_year, of any type; columns of OPTIONAL
    follow as texts. Texts stay as they are written: each is read once, in `surveyed`, not in
    every row.
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
        sex=_text(moves["sex"]),
        **{name: _text(moves[name]) for name in OPTIONAL if name in moves.columns},
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
    return column if column.type().is_string() else column.cast("string")


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
    moves: ir.Table, codes: Any, sexes: Any, abroad: int, secret: str | None = None
) -> ir.Table:
    """Typed moves as small numbers: year, month, ends, their regions, age, leaver, sex, kind.

    Args:
        codes: a frame written, code, node, region (`Nodes.of_codes`).
        sexes: a frame written, sex (`sexes_of`).
        abroad: number of the end abroad.
        secret: of cell keys; with it a column record_key follows.

    Ends are numbers of `Nodes`, UNKNOWN where the code is none; age is the first age of its group,
    NO_AGE where missing or outside 0 to OLDEST; leaver is 1 for ages LEAVERS; sex is a place in
    SEXES or their number; kind is a place in KINDS. The columns of `alike` are there too.
    """
    joined = _with_numbers(moves, codes, sexes)
    age = joined.age
    origin, destination = (joined[f"{end}_node"].fill_null(UNKNOWN) for end in ENDS)
    kind = ibis.cases(
        ((origin == UNKNOWN) | (destination == UNKNOWN), KINDS.index("unknown code")),
        ((origin == abroad) & (destination == abroad), KINDS.index("abroad to abroad")),
        (joined.origin_code == joined.destination_code, KINDS.index("place to itself")),
        (origin == destination, KINDS.index("inside a place")),
        else_=KINDS.index("counted"),
    )
    groups: list[Any] = [(age.isnull() | (age < 0) | (age > OLDEST), NO_AGE)]
    groups += [(age >= first, first) for first in reversed(FIRST_AGES)]
    narrow = joined.mutate(
        year=joined.day.year().cast("int16"),
        month=joined.day.month().cast("int8"),
        origin=origin.cast("int16"),
        destination=destination.cast("int16"),
        origin_region=joined.origin_region.fill_null(UNKNOWN).cast("int16"),
        destination_region=joined.destination_region.fill_null(UNKNOWN).cast("int16"),
        age=ibis.cases(*groups, else_=NO_AGE).cast("int16"),
        leaver=age.between(*LEAVERS).fill_null(False).cast("int8"),
        sex=joined.sex_number.fill_null(len(SEXES)).cast("int8"),
        kind=kind.cast("int8"),
        row_code=_row_code(joined, len(codes)),
        **({} if secret is None else {"record_key": _record_key(joined, secret)}),
    )
    keys = list(dict.fromkeys((*DEPARTURES, *ARRIVALS, *FLOWS)))
    return narrow.select(*keys, *_alike_by(narrow), *(["record_key"] if secret else []))


def _row_code(moves: ir.Table, codes: int) -> Any:
    """Day, ends, age and sex of a row as one number, by which copies are found at half the cost.

    Ages outside 0 to OLDEST are alike here, and so are unknown words for sex.
    """
    if (codes + 1) ** 2 * MOST_DAYS * AGE_CODES * SEX_CODES >= 2**63:
        raise ProjectError(
            f"the register names {codes} different codes of places, more than there are; expected "
            "KATO codes in the columns origin and destination"
        )
    number = moves.day.epoch_days().cast("int32").cast("int64")
    for end in ENDS:
        number = number * (codes + 1) + moves[f"{end}_code"].fill_null(-1) + 1
    age: Any = ibis.greatest(-1, ibis.least(OLDEST + 1, moves.age.fill_null(-1)))
    return (number * AGE_CODES + age + 1) * SEX_CODES + moves.sex_number.fill_null(len(SEXES))


def _with_numbers(moves: ir.Table, codes: Any, sexes: Any) -> ir.Table:
    """Moves with the numbers of their texts: origin_code, origin_node, …, sex_number."""
    for end in ENDS:
        table = ibis.memtable(codes)
        named = table.select(
            **{f"{end}_{name}": table[name] for name in ("written", "code", "node", "region")}
        )
        moves = moves.left_join(named, moves[end] == named[f"{end}_written"])
    words = ibis.memtable(sexes)
    words = words.select(sex_written=words.written, sex_number=words.sex)
    return moves.left_join(words, moves.sex == words.sex_written)


def _alike_by(moves: ir.Table) -> list[str]:
    return ["row_code", *(name for name in OPTIONAL if name in moves.columns)]


def _record_key(moves: ir.Table, secret: str) -> Any:
    """A whole number below MODULUS from what a row says and the secret; alike on every engine."""
    parts = [
        moves.day.cast("string"),
        *(moves[end].strip().lower() for end in ENDS),
        moves.age.cast("string"),
        moves.sex_number.cast("string"),
        *(moves[name].strip() for name in OPTIONAL if name in moves.columns),
    ]
    text: Any = ibis.literal(secret)
    for part in parts:
        text = text + "|" + part.fill_null("")
    digest = text.hexdigest("sha256")
    # No engine reads hexadecimal digits as another one does; their places in a text all do. The
    # remainder at each digit: Spark's whole numbers are of 32 bits here.
    number: Any = ibis.literal(0)
    for place in range(KEY_DIGITS):
        number = (number * 16 + HEXADECIMAL.find(digest.substr(place, 1))) % MODULUS
    return number.cast("int32")


KINDS = ("counted", "unknown code", "abroad to abroad", "place to itself", "inside a place")
"""What a move is to the tables: only the first kind is counted in them."""
DEPARTURES = ("year", "kind", "origin", "age", "sex")
ARRIVALS = ("year", "kind", "destination", "age", "sex")
FLOWS = ("year", "kind", "month", "origin_region", "destination_region", "leaver")


def counted(moves: ir.Table, keys: Sequence[str]) -> ir.Table:
    """Rows by `keys`, of coded moves; with record keys their sum, modulo, as cell_key."""
    sums = {"rows": moves.count()}
    if "record_key" in moves.columns:
        sums["cell_key"] = moves.record_key.cast("int64").sum().cast("int64") % MODULUS
    return moves.group_by(list(keys)).agg(**sums)


def alike(moves: ir.Table) -> ir.Table:
    """Coded moves: rows by year and, in `repeated`, those alike in all beyond the first of them."""
    by = _alike_by(moves)
    if by == ["row_code"]:
        found = moves.group_by("year").agg(rows=moves.count(), kinds=moves.row_code.nunique())
        return found.select("year", "rows", repeated=found.rows - found.kinds)
    groups = moves.group_by(["year", *by]).agg(times=moves.count())
    return groups.group_by("year").agg(rows=groups.times.sum(), repeated=(groups.times - 1).sum())
