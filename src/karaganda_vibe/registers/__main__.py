"""python -m karaganda_vibe.registers: tables from a register, or a made register for trials.

Exit codes: 0 tables written; 1 an error, one line on stderr, no table written; 2 wrong arguments.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from karaganda_vibe.places.study import load_study
from karaganda_vibe.project.errors import exit_with_one_line
from karaganda_vibe.registers.disclosure import CELL_KEYS, SUPPRESSION, THRESHOLD
from karaganda_vibe.registers.engines import DUCKDB, ENGINES, EngineSettings
from karaganda_vibe.registers.kato import load_nodes
from karaganda_vibe.registers.made_register import made_world, write_made
from karaganda_vibe.registers.register_checks import LIMITS, limits_of
from karaganda_vibe.registers.running import Request, make_tables
from karaganda_vibe.registers.sentences import said
from karaganda_vibe.words.languages import LANGUAGES

ALL = "all"


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    whole = argparse.ArgumentParser(prog="python -m karaganda_vibe.registers", description=__doc__)
    commands = whole.add_subparsers(dest="command", required=True)
    tables = commands.add_parser("make-tables", help="tables from a register of moves")
    tables.add_argument("source", help="Parquet, CSV, a folder of either, or ADDRESS#TABLE")
    tables.add_argument("--out", type=Path, required=True, help="folder of the tables")
    tables.add_argument("--publisher", required=True, help="who keeps the register")
    tables.add_argument("--title", default="register of moves", help="what it is, for the source")
    tables.add_argument("--period", default=f"2000-{date.today().year}", help="FIRST-LAST year")
    tables.add_argument(
        "--places", default=load_study().region, help="regions whose places are given"
    )
    tables.add_argument("--threshold", type=int, default=THRESHOLD, help="smallest open count")
    tables.add_argument(
        "--protection",
        choices=(SUPPRESSION, CELL_KEYS),
        default=SUPPRESSION,
        help="small counts left out, or noise on all",
    )
    tables.add_argument("--secret", type=Path, help=f"file of the office's secret, for {CELL_KEYS}")
    tables.add_argument("--codes", type=Path, help="the office's own table of KATO codes")
    tables.add_argument("--population", help="a register of population, for rates")
    tables.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="CHECK=SHARE",
        help=f"share of rows that stops it; checks: {', '.join(LIMITS)}",
    )
    tables.add_argument("--engine", choices=ENGINES, default=DUCKDB)
    tables.add_argument("--master", default="local[2]", help="Spark's master")
    tables.add_argument("--memory", default="3GB", help="memory that the engine may hold")
    tables.add_argument("--threads", type=int, help="DuckDB's threads (default: all cores)")
    tables.add_argument("--spill", type=Path, help="folder for what does not fit into memory")
    made = commands.add_parser("make-made", help="a made register, for trials")
    made.add_argument("file", type=Path, help="made_….parquet")
    made.add_argument("--rows", type=float, default=1e6)
    made.add_argument("--years", default="2015-2024")
    made.add_argument("--seed", type=int, default=1)
    for command in (tables, made):
        command.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0])
    return whole


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    whole = parser()
    options = whole.parse_args(arguments)
    if options.command == "make-made":
        first, last = _years(whole, options.years)
        write_made(
            options.file, made_world(range(first, last + 1)), int(options.rows), options.seed
        )
        rows = (options.rows, "count")
        print(said("made", options.language, file=options.file, rows=rows))
        return
    regions = sorted(set(load_nodes().regions) - {"abroad"})
    request = Request(
        source=options.source,
        out=options.out,
        period=_years(whole, options.period),
        publisher=options.publisher,
        title=options.title,
        engine=EngineSettings(
            options.engine, options.master, options.memory, options.threads, options.spill
        ),
        detailed=regions if options.places == ALL else options.places.split(","),
        threshold=options.threshold,
        codes=options.codes,
        population=options.population,
        limits=limits_of(options.limit),
        protection=options.protection,
        secret=options.secret,
        language=options.language,
    )
    for line in make_tables(request):
        print(line)


def _years(whole: argparse.ArgumentParser, text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    if not (first.isdigit() and last.isdigit() and int(first) <= int(last)):
        whole.error(f"years: expected FIRST-LAST, as 2015-2024, found '{text}'")
    return int(first), int(last)


if __name__ == "__main__":
    exit_with_one_line(main)
