"""Time the counting of a made register: ours, plain pandas and plain Polars, a process each.

`python -m benchmarks.registers 1e6 1e7` makes a made register of each size (removed afterwards),
runs the three and prints the table; `python -m benchmarks.registers --one ours FILE` runs one. Ours
does all that make-tables does before protection (checks, duplicates, codes); the plain ways group
by the same keys and check nothing.
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
MOST_PANDAS = 10_000_000
ENDS = ("origin", "destination")


def ours(path: Path) -> int:
    """Rows counted by the query of the registers, with all its checks."""
    from karaganda_vibe.registers import query
    from karaganda_vibe.registers.engines import EngineSettings, connected, open_source
    from karaganda_vibe.registers.kato import load_nodes
    from karaganda_vibe.registers.register_counts import counted, surveyed
    from karaganda_vibe.registers.running import STEP_ROWS, steps_of

    nodes = load_nodes()
    with connected(EngineSettings(memory="2GB", threads=2)) as backend:
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


def measure(sizes: Sequence[int], folder: Path) -> list[dict[str, Any]]:
    """Each engine at each size, in a process of its own: rows, seconds, memory in bytes."""
    from karaganda_vibe.registers.made_register import made_world, write_made

    world = made_world(range(YEARS[0], YEARS[1] + 1))
    found = []
    for rows in sizes:
        path = folder / f"made_{rows}.parquet"
        write_made(path, world, rows)
        for engine in ENGINES:
            if engine == "pandas" and rows > MOST_PANDAS:
                continue
            print(f"  register of {rows:,} rows, {engine} …", flush=True)
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.registers", "--one"]
            done = subprocess.run(
                [*command, engine, str(path)], capture_output=True, text=True, check=False
            )
            if done.returncode != 0:
                raise RuntimeError(f"the register ({engine}) failed:\n{done.stderr[-2000:]}")
            found.append({"engine": engine, **json.loads(done.stdout.splitlines()[-1])})
        path.unlink()
    return found


def as_text(found: Sequence[dict[str, Any]]) -> str:
    """The table."""
    lines: list[tuple[str, ...]] = [("register", "rows", "seconds", "rows a second", "memory")]
    for row in found:
        lines.append(
            (
                row["engine"],
                f"{row['rows']:,}",
                f"{row['seconds']:.1f} s",
                f"{row['rows'] / row['seconds']:,.0f}",
                f"{row['memory'] / 1e6:,.0f} MB",
            )
        )
    return f"{aligned(lines)}\n\nThe registers are made. Only ours checks rows and finds copies."


def main() -> None:
    """One engine on one file, or the table of some sizes."""
    if sys.argv[1:2] == ["--one"]:
        run = {"ours": ours, "pandas": pandas, "polars": polars}[sys.argv[2]]
        start = time.perf_counter()
        rows = run(Path(sys.argv[3]))
        seconds = time.perf_counter() - start
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"rows": rows, "seconds": seconds, "memory": memory}))
        return
    sizes = [int(float(text)) for text in sys.argv[1:]] or [1_000_000, MOST_PANDAS]
    with tempfile.TemporaryDirectory(prefix="registers-") as folder:
        print(as_text(measure(sizes, Path(folder))))


if __name__ == "__main__":
    main()
