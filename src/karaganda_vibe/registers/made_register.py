"""A made register with a known answer, for tests and trials: nobody in it has ever lived.

Moves follow a gravity law (sizes and positions of places are drawn), ages the migration schedule of
Rogers and Castro, days a season. Every file says that it is made, in its name and in its metadata.

Source: Rogers, A. and Castro, L. J. (1981), Model Migration Schedules, IIASA RR-81-30.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers.kato import load_kato

LABEL = "made register: drawn by a computer, counts nobody"
LABEL_KEY = b"karaganda_vibe.made"
NAME_MARK = "made"
CHUNK = 1_000_000
AGES = 101
SEASON = (0.7, 0.7, 0.8, 0.9, 0.9, 1.1, 1.3, 1.9, 1.4, 1.0, 0.7, 0.6)
FEMALE_SHARE = 0.53
ABROAD_SHARE = 0.03

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MadeWorld:
    """What a made register is drawn from.

    `codes`: (n,) KATO codes and "abroad"; `moves`: (n, n) probability of a move from row to column,
    the diagonal zero; `ages`: (101,) by completed age; `months`: (12,); `female`: share of women;
    `years`: calendar years, alike. All are independent of each other.
    """

    codes: tuple[str, ...]
    moves: Floats
    ages: Floats
    months: Floats
    female: float
    years: tuple[int, ...]


def rogers_castro() -> Floats:
    """(101,) the standard schedule's shares of moves by completed age, 0 to 100; they add to 1."""
    age = np.arange(AGES, dtype=float)
    children = 0.02 * np.exp(-0.1 * age)
    labour = 0.06 * np.exp(-0.1 * (age - 20) - np.exp(-0.4 * (age - 20)))
    schedule = children + labour + 0.003
    return np.asarray(schedule / schedule.sum())


def made_world(years: Sequence[int], seed: int = 1) -> MadeWorld:
    """A world of all places with a published KATO code; sizes and positions are drawn."""
    table = load_kato()
    codes = (*table.loc[table["place_id"] != "", "kato"], "abroad")
    generator = np.random.default_rng(seed)
    size = generator.lognormal(0, 1, len(codes))
    at = generator.uniform(0, 1000, (len(codes), 2))
    km = np.hypot(*(at[:, None, :] - at[None, :, :]).transpose(2, 0, 1)) + 30
    moves = np.outer(size, size**1.2) / km**0.8
    np.fill_diagonal(moves, 0)
    for end in (np.s_[-1, :], np.s_[:, -1]):
        moves[end] *= ABROAD_SHARE / 2 * moves[:-1, :-1].sum() / moves[end].sum()
    months = np.array(SEASON)
    return MadeWorld(
        codes, moves / moves.sum(), rogers_castro(), months / months.sum(), FEMALE_SHARE,
        tuple(years),
    )  # fmt: skip


def drawn(world: MadeWorld, rows: int, seed: int = 1, chunk: int = CHUNK) -> Iterator[pd.DataFrame]:
    """Chunks of a register: date, origin, destination, age, sex; the same for the same seed."""
    cut = np.cumsum(world.moves.ravel())
    ages, months = np.cumsum(world.ages), np.cumsum(world.months)
    codes, sexes = pd.Index(list(world.codes)), pd.Index(["female", "male"])
    n = len(codes)
    days = np.array([[calendar.monthrange(y, m)[1] for m in range(1, 13)] for y in world.years])
    for number, start in enumerate(range(0, rows, chunk)):
        many = min(chunk, rows - start)
        generator = np.random.default_rng([seed, number])
        pair = _picked(cut, generator.random(many))
        year = generator.integers(len(world.years), size=many)
        month = _picked(months, generator.random(many))
        day = (generator.random(many) * days[year, month]).astype(int)
        first = np.array([f"{y}-01" for y in world.years], dtype="datetime64[M]")
        date = (first[year] + month).astype("datetime64[D]") + day
        yield pd.DataFrame(
            {
                "date": date.astype("datetime64[s]"),
                "origin": pd.Categorical.from_codes(pair // n, categories=codes),
                "destination": pd.Categorical.from_codes(pair % n, categories=codes),
                "age": _picked(ages, generator.random(many)).astype("int16"),
                "sex": pd.Categorical.from_codes(
                    (generator.random(many) >= world.female).astype("int8"), categories=sexes
                ),
            }
        )


def _picked(cumulative: Floats, draws: Floats) -> NDArray[np.int64]:
    """The place of each draw in cumulative shares, whose last one is taken for 1."""
    return np.searchsorted(cumulative[:-1], draws, side="right").astype(np.int64)


def write_made(path: Path, world: MadeWorld, rows: int, seed: int = 1, chunk: int = CHUNK) -> None:
    """Write a made register to Parquet, chunk by chunk, so that memory does not grow with `rows`.

    Raises ProjectError where the name of the file does not say that it is made.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if NAME_MARK not in path.name:
        raise ProjectError(f"{path}: a made register says so in its name; expected made_….parquet")
    schema = pa.schema(
        [
            ("date", pa.date32()), ("origin", pa.string()), ("destination", pa.string()),
            ("age", pa.int16()), ("sex", pa.string()),
        ],
        metadata={LABEL_KEY: LABEL.encode()},
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, schema) as writer:
        for part in drawn(world, rows, seed, chunk):
            table = pa.Table.from_pandas(part, preserve_index=False)
            writer.write_table(
                table.cast(pa.schema(list(schema))).replace_schema_metadata(schema.metadata)
            )


def is_made(path: Path) -> bool:
    """Whether a file of a register is made: it says so in its name or in its metadata."""
    if NAME_MARK in path.name:
        return True
    if path.suffix not in (".parquet", ".pq"):
        return False
    import pyarrow.parquet as pq

    return LABEL_KEY in (pq.read_schema(path).metadata or {})
