"""One step of counting: a register's moves of some years → counts by cell, and what is wrong.

What comes back here is exact and therefore still secret; it goes out through `disclosure` only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers import query
from karaganda_vibe.registers.age_groups import OLDEST
from karaganda_vibe.registers.engines import held
from karaganda_vibe.registers.identifiers import load_signs, refuse_cells, refuse_names
from karaganda_vibe.registers.kato import ABROAD, UNKNOWN, Nodes, load_words

if TYPE_CHECKING:
    import ibis.expr.types as ir

REQUIRED = ("date", "origin", "destination", "sex")
AGE_COLUMNS = ("age", "birth_year")
SAMPLE = 2000
STEP_ROWS = 15_000_000
"""Rows that are counted at one go: whole years together up to this many, so that a narrow copy of
them fits into memory."""
READ = "columns of a register: docs/registers.md"


@dataclass(frozen=True)
class Survey:
    """What a first look at a register says: nothing that is counted in a table yet.

    `years`: year, age as given, rows (both may be missing); `origins`, `destinations`: written
    code, rows, node (UNKNOWN where it is none); `sexes`: written word, rows.
    """

    years: pd.DataFrame
    origins: pd.DataFrame
    destinations: pd.DataFrame
    sexes: pd.DataFrame

    def rows_of_years(self) -> dict[int, int]:
        """Calendar year → rows of it."""
        rows = self.years.dropna(subset=["year"]).groupby("year", as_index=False)[["rows"]].sum()
        return {int(year): int(many) for year, many in rows.itertuples(index=False)}


@dataclass(frozen=True)
class Counts:
    """Rows of some years by cell: the keys of `query.DEPARTURES`, `ARRIVALS` and `FLOWS`, rows.

    `alike`: year, rows, repeated. With a secret of cell keys, cell_key stands beside the rows.
    """

    departures: pd.DataFrame
    arrivals: pd.DataFrame
    flows: pd.DataFrame
    alike: pd.DataFrame


def checked_columns(moves: ir.Table, where: str) -> list[str]:
    """The columns that are read; ProjectError for one that tells who moved, or one that lacks.

    where: the register, for messages. Other columns are not read, but looked at for identifiers.
    """
    names = list(moves.columns)
    signs = load_signs()
    refuse_names(names, where, signs)
    missing = [name for name in REQUIRED if name not in names]
    if not set(AGE_COLUMNS) & set(names):
        missing.append("age or birth_year")
    if missing:
        raise ProjectError(
            f"{where}: no column {', '.join(missing)}; found {', '.join(names)}; rename the "
            f"columns ({READ})"
        )
    # Looked at and forgotten: only whether a column is one of identifiers is known afterwards.
    sample = moves.head(SAMPLE).select(*(moves[name].cast("string").name(name) for name in names))
    cells = sample.to_pandas()
    for name in names:
        refuse_cells(name, cells[name], where, signs)
    age = AGE_COLUMNS[0] if AGE_COLUMNS[0] in names else AGE_COLUMNS[1]
    return [*REQUIRED, age, *(name for name in query.OPTIONAL if name in names)]


def surveyed(moves: ir.Table, nodes: Nodes) -> Survey:
    """A first look at typed moves: years, ages as given, codes."""
    texts = []
    for column in (*query.ENDS, "sex"):
        found = query.rows_by_text(moves, column).to_pandas()
        found["text"] = found["text"].astype(object).where(found["text"].notna(), "")
        if column in query.ENDS:
            found["node"] = [nodes.of_code(code) for code in found["text"]]
        texts.append(found.sort_values("text", kind="stable", ignore_index=True))
    years = query.rows_by_year_and_age(moves).to_pandas()
    return Survey(years.sort_values(["year", "age"], kind="stable", ignore_index=True), *texts)


def sexes_of(written: Sequence[str]) -> pd.DataFrame:
    """Written words for sex: written, sex (a place in `query.SEXES`, their number if none)."""
    words, unknown = load_words("sex"), len(query.SEXES)
    # A missing word and an empty one are one row here: two would double the moves joined to them.
    written = sorted(set(written))
    plain = pd.Series(written, dtype=object).str.strip().str.lower()
    sex = [query.SEXES.index(words[text]) if text in words else unknown for text in plain]
    frame = pd.DataFrame({"written": written, "sex": sex})
    return frame.astype({"written": str, "sex": "int8"})


def counted(
    backend: Any,
    moves: ir.Table,
    survey: Survey,
    nodes: Nodes,
    years: tuple[int, int],
    secret: str | None = None,
) -> Counts:
    """Counts of the first to the last of `years`, from typed moves of a connection.

    secret: of the cell keys, None where there are none. The register is read once here.
    """
    own = query.within(moves, *years)
    codes = nodes.of_codes([*survey.origins["text"], *survey.destinations["text"]])
    sexes = sexes_of(list(survey.sexes["text"]))
    coded = query.coded(own, codes, sexes, nodes.names.index(ABROAD), secret)
    with held(backend, coded) as narrow:
        tables = {
            name: _sorted(query.counted(narrow, keys).to_pandas(), keys)
            for name, keys in (
                ("departures", query.DEPARTURES), ("arrivals", query.ARRIVALS),
                ("flows", query.FLOWS),
            )
        }  # fmt: skip
        same = query.alike(narrow).to_pandas()
    return Counts(**tables, alike=_sorted(same, ["year"]))


def steps_of(rows: Mapping[int, int], most: int) -> list[tuple[int, int]]:
    """First and last year of each step: years in order, together while they stay below `most`."""
    steps: list[tuple[int, int]] = []
    filled = 0
    for year in sorted(rows):
        if steps and filled + rows[year] <= most:
            steps[-1] = (steps[-1][0], year)
            filled += rows[year]
        else:
            steps.append((year, year))
            filled = rows[year]
    return steps


def _sorted(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    frame = frame.astype("int64")
    return frame.sort_values(list(keys), kind="stable", ignore_index=True)


def together(parts: Sequence[Counts]) -> Counts:
    """The counts of several steps as one."""
    names = ("departures", "arrivals", "flows", "alike")
    joined = {
        name: pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        for name in names
    }
    return Counts(**joined)


def ages_out_of_range(survey: Survey) -> pd.DataFrame:
    """Ages that are missing or outside 0 to OLDEST: year, age, rows."""
    age = survey.years["age"]
    return survey.years[age.isna() | (age < 0) | (age > OLDEST)]


def unknown_codes(survey: Survey) -> pd.DataFrame:
    """Written codes that name no place: text, rows, as origin and as destination together."""
    both = pd.concat([survey.origins, survey.destinations])
    unknown = both[both["node"] == UNKNOWN].assign(text=lambda rows: rows["text"].str.strip())
    return unknown.groupby("text", as_index=False)[["rows"]].sum()


def kept(counts: Counts, folder: Path) -> None:
    """Keep the counts of a step in `folder`, for a run that goes on later."""
    folder.mkdir(parents=True, exist_ok=True)
    # Exact counts: for nobody else's eyes.
    folder.parent.chmod(0o700)
    for name in ("departures", "arrivals", "flows", "alike"):
        getattr(counts, name).to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "done").touch()


def kept_before(folder: Path) -> Counts | None:
    """The counts that an earlier run kept in `folder`, or None where it did not come to its end."""
    if not (folder / "done").exists():
        return None
    names = ("departures", "arrivals", "flows", "alike")
    return Counts(*(pd.read_parquet(folder / f"{name}.parquet") for name in names))
