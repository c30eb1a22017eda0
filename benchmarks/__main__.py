"""`make bench`: time builds beside Jupyter, models and first views; write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from karaganda_vibe.project.paths import PROJECT

sys.path.insert(0, str(PROJECT / "tests"))

from benchmarks import builds, first_view, growth, machine, moves, registers
from benchmarks.table import Row, as_text

QUIET = 0.5
PAGE = PROJECT / "docs" / "benchmarks.md"
BUILDS = """\
Every row is measured in a scratch copy. The plain way is Jupyter alone: `jupyter execute` runs
every notebook, one after another, then the same render; it knows nothing of what has changed.
Memory is the largest sum over all processes at one time. The environment is installed from the
cache of pip (or uv). The raw table is touched in a note, with its checksum."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="how often to measure (default: once)")
    parser.add_argument("--no-environment", action="store_true", help="install nothing")
    parser.add_argument("--tests", action="store_true", help="time the tests too")
    parser.add_argument(
        "--largest", action="store_true", help="a register of a hundred million rows too (minutes)"
    )
    options = parser.parse_args(arguments)
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    runs: list[builds.Run] = []
    for number in range(options.runs):
        print(f"Run {number + 1} of {options.runs}", flush=True)
        with tempfile.TemporaryDirectory(prefix="benchmark") as folder:
            runs.append(builds.one_run(Path(folder), not options.no_environment, options.tests))
    models = growth.as_text(growth.measure(PROJECT))
    models += "\n\n" + moves.as_text(moves.measure(PROJECT))
    sizes = [*registers.SIZES, *([registers.LARGEST] if options.largest else [])]
    with tempfile.TemporaryDirectory(prefix="registers-") as folder:
        counted = registers.as_text(registers.measure(sizes, Path(folder)))
    text = page(runs, busy, models, counted, first_views())
    PAGE.write_text(text, encoding="utf-8")
    print(f"\n{text}\nWritten to {PAGE.relative_to(PROJECT)}.")


def page(runs: Sequence[builds.Run], busy: float, models: str, counted: str, views: str) -> str:
    """The page of the benchmarks, Markdown."""
    names = list(runs[0].ours)
    rows = [
        Row(
            name,
            [run.ours[name] for run in runs],
            [run.plain[name] for run in runs if name in run.plain],
        )
        for name in names
    ]
    load = f"The machine was busy at the start (load {busy:.1f}). " if busy > QUIET else ""
    met = "\n".join(f"- {line}" for line in builds.aims(runs[-1]))
    return (
        f"# Benchmarks\n\nWritten by `make bench`: do not edit. {load}Ratios mean more than "
        f"seconds.\n\nMachine: {machine.described()}. Runs: {len(runs)}.\n\n"
        f"## Builds\n\n```text\n{as_text(rows)}\n```\n\n{BUILDS}\n\nAims:\n\n{met}\n\n"
        f"## Models\n\n```text\n{models}\n```\n\n## Registers\n\n```text\n{counted}\n```\n\n"
        f"## First view of a page\n\n```text\n{views}\n```\n"
    )


def first_views() -> str:
    """The table of first views, or why there is none: a browser and built pages are needed."""
    pages = first_view.editions()
    missing = [str(path.relative_to(PROJECT)) for path in pages.values() if not path.exists()]
    if missing:
        return f"First view not measured: {', '.join(missing)} not built; run make report."
    try:
        return first_view.as_text(first_view.measure(pages))
    except RuntimeError as error:
        return f"First view not measured: {error}."


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
