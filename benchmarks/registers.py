"""Part of `make bench`: count a made register; ours, plain pandas, plain Polars, a process each.

`python -m benchmarks.registers 1e6 1e7` makes a made register of each size (removed afterwards),
runs the three and prints the table; `python -m benchmarks.registers --one ours FILE` runs one. Ours
does all that make-tables does before protection (checks, duplicates, codes); the plain ways group
by the same keys and check nothing. Seconds are those of a whole process, its imports too; its
processor time (user and system, all threads) says more where others use the machine. `--spark`
before the sizes counts ours on Spark alone (its Java's memory and processor time are not
measured).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.table import aligned

YEARS = (2015, 2024)
ENGINES = ("ours", "polars", "pandas")
SPARK = "ours on Spark"
SIZES = (1_000_000, 10_000_000)
LARGEST = 100_000_000
"""Ours alone, where `make bench` is asked for it: `--largest`."""
MOST_PLAIN = 10_000_000
LIMITS = {"times Polars": 1.5, "memory": 4 * 2**30, "growth": 13.0}
"""Aims: seconds over those of Polars at MOST_PLAIN; bytes; seconds of ten times the rows."""
ENDS = ("origin", "destination")


def ours(path: Path, engine: str = "duckdb") -> int:
    """Rows counted by the query of the registers, with all its checks."""
    from karaganda_vibe.registers import query
    from karaganda_vibe.registers.engines import EngineSettings, connected, open_source
    from karaganda_vibe.registers.kato import load_nodes
    from karaganda_vibe.registers.register_counts import STEP_ROWS, counted, steps_of, surveyed

    nodes = load_nodes()
    with connected(EngineSettings(engine, "local[2]", "2GB", 2)) as backend:
        moves = query.typed(open_source(backend, str(path)))
        survey = surveyed(moves, nodes)
        steps = steps_of(survey.rows_of_years(), STEP_ROWS)
        parts = [counted(backend, moves, survey, nodes, step) for step in steps]
    return sum(int(part.departures["rows"].sum()) for part in parts)


def pandas(path: Path) -> int:
    """The same groups by pandas, codes as they are."""
    import pandas as pd

    moves = pd.read_parquet(path)
    day = pd.to_datetime(moves["date"])
    moves["year"], moves["month"] = day.dt.year, day.dt.month
    age_groups = moves.groupby(["year", "origin", "age", "sex"]).size()
    moves.groupby(["year", "destination", "age", "sex"]).size()
    for end in ENDS:
        moves[f"{end}_region"] = moves[end].str[:2]
    leaver = moves["age"].between(17, 24)
    moves.groupby(["year", "month", "origin_region", "destination_region", leaver]).size()
    return int(age_groups.sum())


def polars(path: Path) -> int:
    """The same groups by Polars, lazily, in one run over the file."""
    import polars as pl

    moves = pl.scan_parquet(path).with_columns(
        year=pl.col("date").dt.year(),
        month=pl.col("date").dt.month(),
        leaver=pl.col("age").is_between(17, 24),
        **{f"{end}_region": pl.col(end).str.slice(0, 2) for end in ENDS},
    )
    keys = (
        ["year", "origin", "age", "sex"],
        ["year", "destination", "age", "sex"],
        ["year", "month", "origin_region", "destination_region", "leaver"],
    )
    found = pl.collect_all([moves.group_by(key).len() for key in keys])
    return int(found[0]["len"].sum())


def ours_on_spark(path: Path) -> int:
    """The same query on Spark, two threads of this machine."""
    return ours(path, "spark")


def measure(
    sizes: Sequence[int], folder: Path, engines: Sequence[str] = ENGINES
) -> list[dict[str, Any]]:
    """Each engine at each size, in a process of its own: rows, seconds, memory in bytes."""
    from karaganda_vibe.registers.made_register import made_world, write_made

    world = made_world(range(YEARS[0], YEARS[1] + 1))
    found = []
    for rows in sizes:
        path = folder / f"made_{rows}.parquet"
        write_made(path, world, rows)
        for engine in engines:
            if engine in ("polars", "pandas") and rows > MOST_PLAIN:
                continue
            print(f"  register of {rows:,} rows, {engine} …", flush=True)
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.registers", "--one"]
            start, used = time.perf_counter(), _processor_time()
            done = subprocess.run(
                [*command, engine, str(path)], capture_output=True, text=True, check=False
            )
            seconds, used = time.perf_counter() - start, _processor_time() - used
            if done.returncode != 0:
                raise RuntimeError(f"the register ({engine}) failed:\n{done.stderr[-2000:]}")
            said = json.loads(done.stdout.splitlines()[-1])
            found.append({"engine": engine, **said, "seconds": seconds, "processor": used})
        path.unlink()
    return found


def _processor_time() -> float:
    """Seconds of processor time, user and system, of all processes that this one has run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def as_text(found: Sequence[dict[str, Any]]) -> str:
    """The table, with seconds and memory over those of Polars in the same run, and the aims."""
    polars = {row["rows"]: row for row in found if row["engine"] == "polars"}
    lines: list[tuple[str, ...]] = [
        (
            "register",
            "rows",
            "seconds",
            "processor",
            "rows a second",
            "memory",
            "time : Polars",
            "processor : Polars",
            "memory : Polars",
        )
    ]
    for row in found:
        beside = polars.get(row["rows"])
        lines.append(
            (
                row["engine"],
                f"{row['rows']:,}",
                f"{row['seconds']:.1f} s",
                "–" if row["engine"] == SPARK else f"{row['processor']:.1f} s",
                f"{row['rows'] / row['seconds']:,.0f}",
                "–" if row["engine"] == SPARK else f"{row['memory'] / 1e6:,.0f} MB",
                *(
                    f"{row[name] / beside[name]:.2f}" if beside else "–"
                    for name in ("seconds", "processor", "memory")
                ),
            )
        )
    return "\n\n".join(
        [
            aligned(lines),
            "The registers are made. Only ours checks rows and finds copies.",
            "\n".join(aims(found)),
        ]
    )


def aims(found: Sequence[dict[str, Any]]) -> list[str]:
    """A sentence an aim: time beside Polars, memory, growth with ten times the rows."""
    ours = {row["rows"]: row for row in found if row["engine"] == "ours"}
    polars = {row["rows"]: row["seconds"] for row in found if row["engine"] == "polars"}
    lines: list[str] = []
    if not ours:
        return lines
    both = sorted(set(ours) & set(polars))
    if both:
        ratio = ours[both[-1]]["seconds"] / polars[both[-1]]
        lines.append(
            f"At {both[-1]:,} rows at most {LIMITS['times Polars']} of Polars' time: {ratio:.2f}, "
            f"{_met(ratio <= LIMITS['times Polars'])}."
        )
    most = max(ours)
    memory = ours[most]["memory"]
    lines.append(
        f"At {most:,} rows under {LIMITS['memory'] / 2**30:.0f} GiB: {memory / 2**30:.2f} GiB, "
        f"{_met(memory < LIMITS['memory'])}."
    )
    if most // 10 in ours:
        growth = ours[most]["seconds"] / ours[most // 10]["seconds"]
        lines.append(
            f"Ten times the rows take at most {LIMITS['growth']:.0f} times as long: {growth:.1f}, "
            f"{_met(growth <= LIMITS['growth'])}."
        )
    return lines


def _met(reached: bool) -> str:
    return "met" if reached else "NOT met"


def main() -> None:
    """One engine on one file, or the table of some sizes."""
    if sys.argv[1:2] == ["--one"]:
        run = {"ours": ours, "pandas": pandas, "polars": polars, SPARK: ours_on_spark}[sys.argv[2]]
        rows = run(Path(sys.argv[3]))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"rows": rows, "memory": memory}))
        return
    spark = sys.argv[1:2] == ["--spark"]
    sizes = [int(float(text)) for text in sys.argv[1 + spark :]] or SIZES
    with tempfile.TemporaryDirectory(prefix="registers-") as folder:
        found = measure(sizes, Path(folder), (SPARK,) if spark else ENGINES)
    print(as_text(found))


if __name__ == "__main__":
    main()
