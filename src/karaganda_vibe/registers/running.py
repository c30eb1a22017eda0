"""From a register to tables, from the first look to the files: in steps that go on after a stop."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.places.registry import REGIONS_FILE
from karaganda_vibe.places.study import load_study
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import shown
from karaganda_vibe.project.writing import write_table, write_text
from karaganda_vibe.registers import query, reconcile, register_checks
from karaganda_vibe.registers.cell_key import SHORTEST_SECRET, check_secret
from karaganda_vibe.registers.disclosure import (
    CELL_KEYS,
    SUPPRESSION,
    THRESHOLD,
    protected_together,
)
from karaganda_vibe.registers.disclosure import words_of as words_of_disclosure
from karaganda_vibe.registers.engines import (
    EngineSettings,
    connected,
    files_of,
    is_csv,
    open_source,
)
from karaganda_vibe.registers.kato import load_nodes
from karaganda_vibe.registers.made_register import LABEL, is_made
from karaganda_vibe.registers.register_counts import (
    STEP_ROWS,
    Counts,
    Survey,
    checked_columns,
    counted,
    kept,
    kept_before,
    steps_of,
    surveyed,
    together,
)
from karaganda_vibe.registers.register_rates import rates, read_population
from karaganda_vibe.registers.register_tables import Protect, output_tables
from karaganda_vibe.registers.sentences import said
from karaganda_vibe.sources.input_tables import INPUT, fewest_persons
from karaganda_vibe.words.languages import LANGUAGES

KEPT = ".counts"
OFFICE = "office"
WITH_SCHEMA = (
    "flows_od", "leavers", "leavers_places", "age_sex_balances", "months", "rates",
)  # fmt: skip
"""Tables that the report reads in `INPUT`, where their schemas stand."""


@dataclass(frozen=True)
class Request:
    """What is asked of a register.

    `source`: see `engines.open_source`; `out`: folder of the tables; `period`: first and last year;
    `publisher`, `title`: who counted, and what, for the column source; `detailed`: regions whose
    places are given; `codes`: the office's own table of codes; `population`: a register of
    population; `limits`: see `register_checks.LIMITS`; `protection`: `disclosure.SUPPRESSION` or
    `disclosure.CELL_KEYS`, which needs `secret`, a file that holds the office's secret; `language`:
    of what is said.
    """

    source: str
    out: Path
    period: tuple[int, int]
    publisher: str
    title: str
    engine: EngineSettings = field(default_factory=EngineSettings)
    detailed: Sequence[str] = field(default_factory=lambda: (load_study().region,))
    threshold: int = THRESHOLD
    codes: Path | None = None
    population: str | None = None
    limits: Mapping[str, float] = field(default_factory=lambda: dict(register_checks.LIMITS))
    protection: str = SUPPRESSION
    secret: Path | None = None
    language: str = LANGUAGES[0]


def make_tables(
    request: Request, protect: Protect = protected_together, progress: bool = True
) -> list[str]:
    """Write the tables of a register and return what is to be said of them, a line each.

    All tables are written, or none. Raises ProjectError for a register that cannot be read, is not
    sound enough, or cannot be protected.
    """
    made = _is_made(request.source)
    if made and request.out.resolve() == INPUT.resolve():
        raise ProjectError(
            f"{request.source}: a made register; its tables never stand in {shown(INPUT)}, which "
            "the report reads; name another folder with --out"
        )
    secret = _secret(request)
    nodes = load_nodes(request.codes)
    unknown = set(request.detailed) - set(nodes.regions)
    if unknown:
        raise ProjectError(
            f"--places {sorted(unknown)[0]}: no region; expected a code of {shown(REGIONS_FILE)}"
        )
    survey, counts = _counted(request, nodes, progress, secret)
    found = register_checks.checks(survey, counts, nodes, request.period)
    listed = request.out / OFFICE / "checks.csv"
    write_table(listed, found.head(register_checks.MOST_LISTED), "published")
    shares = register_checks.shares(found, int(survey.years["rows"].sum()))
    register_checks.refuse_above(shares, request.limits, str(listed))
    months = counts.flows[counts.flows["kind"] == 0].groupby("year")["month"].nunique()
    parts = {int(year) for year in months.index[months < 12]}
    source = f"{LABEL if made else request.publisher}: {request.title}"
    if secret is not None:
        source += f"; counts with noise ({CELL_KEYS})"
    tables, lines = output_tables(
        counts, nodes, parts=parts, source=source, publisher=request.publisher,
        threshold=request.threshold, detailed=request.detailed, protect=protect,
        language=request.language,
    )  # fmt: skip
    files = dict(tables.files)
    files["disclosure.csv"] = tables.disclosure
    files["reconciliation.csv"] = reconcile.reconciled(
        files["age_sex_balances.csv"], files["flows_od.csv"], parts
    )
    if request.population is not None:
        with connected(request.engine, request.population) as backend:
            people = read_population(backend, request.population, nodes)
        files["rates.csv"] = rates(
            files["age_sex_balances.csv"], people, fewest_persons("rates", "population")
        )
    for name, frame in files.items():
        write_table(request.out / name, frame, "published")
    for name in WITH_SCHEMA:
        # Beside its table, where sources.input_tables.read_input looks for it.
        schema = (INPUT / f"{name}.schema.json").read_text(encoding="utf-8")
        if f"{name}.csv" in files:
            write_text(request.out / f"{name}.schema.json", schema)
    shutil.rmtree(request.out / KEPT, ignore_errors=True)
    return [
        *register_checks.sentences(shares, request.limits, request.language),
        *_words_by_table(tables.disclosure, request.language),
        *lines,
        *reconcile.sentences(files["reconciliation.csv"], request.language),
        said(
            "written", request.language, files=(len(files), "count"), folder=request.out,
            checks=listed,
        ),
    ]  # fmt: skip


def _words_by_table(report: pd.DataFrame, language: str) -> list[str]:
    return [f"{row['year'].iloc[0]}, {line}"
            for _, row in report.groupby(level=0)
            for line in words_of_disclosure(row, language)]  # fmt: skip


def _secret(request: Request) -> str | None:
    """The office's secret where cell keys are asked for; ProjectError where it cannot be had."""
    if request.protection == SUPPRESSION:
        if request.secret is not None:
            raise ProjectError(
                f"--secret: only --protection {CELL_KEYS} uses it; name that, or leave --secret out"
            )
        return None
    if request.secret is None:
        raise ProjectError(
            f"--protection {CELL_KEYS}: no secret; expected --secret FILE, a text of at least "
            f"{SHORTEST_SECRET} random characters that stays in the office"
        )
    if request.secret.resolve().is_relative_to(request.out.resolve()):
        raise ProjectError(
            f"--secret {request.secret}: lies in {request.out}, which goes out; keep it elsewhere"
        )
    try:
        secret = request.secret.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(
            f"--secret {request.secret}: cannot be read ({type(error).__name__}); expected a file "
            "of text"
        ) from None
    check_secret(secret)
    return secret


def _is_made(source: str) -> bool:
    return "://" not in source and any(is_made(path) for path in files_of(source))


def _counted(
    request: Request, nodes: Any, progress: bool, secret: str | None
) -> tuple[Survey, Counts]:
    from tqdm import tqdm

    with connected(request.engine, request.source) as backend:
        moves = open_source(backend, request.source)
        columns = checked_columns(moves, request.source)
        with tempfile.TemporaryDirectory(prefix="registers-", dir=request.engine.spill) as staged:
            chosen = moves.select(*columns)
            if "://" not in request.source and is_csv(files_of(request.source)[0]):
                chosen = _staged(backend, chosen, Path(staged) / "moves.parquet")
            typed = query.typed(chosen)
            survey = surveyed(typed, nodes)
            many = survey.rows_of_years()
            years = [year for year in sorted(many)
                     if request.period[0] <= year <= request.period[1]]  # fmt: skip
            if not years:
                raise ProjectError(
                    f"{request.source}: no move from {request.period[0]} to {request.period[1]}; "
                    "correct --period, or the column date (as 2024-08-21)"
                )
            steps = steps_of({year: many[year] for year in years}, STEP_ROWS)
            mark = _fingerprint(request, survey, secret)
            parts = []
            for first, last in tqdm(
                steps, desc=said("progress", request.language), disable=not progress
            ):
                place = request.out / KEPT / f"{mark}-{first}-{last}"
                part = kept_before(place)
                if part is None:
                    part = counted(backend, typed, survey, nodes, (first, last), secret)
                    kept(part, place)
                parts.append(part)
    return survey, together(parts)


def _staged(backend: Any, moves: Any, path: Path) -> Any:
    """A CSV's columns as Parquet: a CSV would be parsed anew for every question."""
    moves.to_parquet(path)
    return backend.read_parquet(path)


def _fingerprint(request: Request, survey: Survey, secret: str | None) -> str:
    """A sign of the register and of how it is read: counts kept under another one are not used."""
    text = "|".join(
        [
            request.source,
            survey.years.to_csv(index=False),
            survey.origins.to_csv(index=False),
            survey.destinations.to_csv(index=False),
            survey.sexes.to_csv(index=False),
            secret or "",
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]
