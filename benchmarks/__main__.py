"""`make bench`: time builds of a scratch copy, and Jupyter doing the same the plain way.

The plain way is what one would do without the task graph: `jupyter nbconvert --execute` of all
notebooks in their order, in one process, then the values and the same render. It knows nothing of
what has changed, so for every change it does everything again. Kept results of slow models are
there for both or, in the cold rows, for neither. The project itself is not touched.
"""

from __future__ import annotations

import argparse
import graphlib
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import growth
from benchmarks.measure import Measured, measured
from benchmarks.table import Row, as_text
from karaganda_vibe.build.tasks import read_notebook_table
from karaganda_vibe.project.paths import PROJECT

sys.path.insert(0, str(PROJECT / "tests"))
from scratch_project import BUILT, copy_project

from benchmarks import first_view

QUIET = 0.5
CHAPTER = "report/en/_regions.qmd"
RAW_TABLE = "data/raw/bns_net_migration_all_flows/regions_2000_2024.csv"
BUILD = [sys.executable, "-m", "karaganda_vibe.build"]
TESTS = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadscope", "tests"]
NBCONVERT = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute",
             "--inplace", "--ExecutePreprocessor.timeout=1800"]  # fmt: skip
RENDER = (
    "from karaganda_vibe.publishing.values import write_variables\n"
    "from karaganda_vibe.rendering import render_report\n"
    "write_variables()\n"
    "render_report()\n"
)


def in_order(table: Mapping[str, Mapping[str, Sequence[Path]]]) -> list[str]:
    """The notebooks so that each comes after those whose tables it reads."""
    writers = {place: name for name, entry in table.items() for place in entry["writes"]}
    graph = {
        name: sorted({writers[place] for place in entry["reads"] if place in writers} - {name})
        for name, entry in table.items()
    }
    return list(graphlib.TopologicalSorter(graph).static_order())


def touch_chapter(root: Path) -> None:
    """Add a sentence to a chapter."""
    path = root / CHAPTER
    path.write_text(f"{path.read_text('utf-8')}\nA sentence more.\n", "utf-8")


def touch_raw_table(root: Path) -> None:
    """Change the first note of a raw table, and its checksum with it, as by a new release."""
    path = root / RAW_TABLE
    lines = path.read_text("utf-8").split("\n")
    assert lines[1].endswith('"'), f"{RAW_TABLE} has no note in its first row"
    lines[1] = f'{lines[1][:-1]}; touched"'
    content = "\n".join(lines).encode("utf-8")
    path.write_bytes(content)
    package = root / "data" / "raw" / "datapackage.json"
    described = json.loads(package.read_text("utf-8"))
    for resource in described["resources"]:
        if f"data/raw/{resource['path']}" == RAW_TABLE:
            resource["bytes"] = len(content)
            resource["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    package.write_text(json.dumps(described, ensure_ascii=False, indent=1), "utf-8")


def one_run(folder: Path, with_tests: bool) -> dict[str, Measured]:
    """All measurements once, in two scratch copies inside `folder`."""
    found: dict[str, Measured] = {}

    def take(name: str, root: Path, *commands: list[str]) -> None:
        print(f"  {name} …", flush=True)
        environment = {"PYTHONPATH": str(root / "src")}
        parts = [measured(command, root, environment) for command in commands]
        found[name] = Measured(sum(p.seconds for p in parts), max(p.memory for p in parts))

    ours = copy_project(folder / "ours", without=BUILT)
    take("cold build", ours, BUILD)
    take("nothing changed", ours, BUILD)
    if with_tests:
        # Some tests ask git which files are the project's.
        for command in (["init", "--quiet"], ["add", "--all"]):
            subprocess.run(["git", *command], cwd=ours, check=True)
        take("tests, without notebooks", ours, TESTS)
    touch_chapter(ours)
    take("one chapter touched", ours, BUILD)
    touch_raw_table(ours)
    take("one raw table touched", ours, BUILD)

    plain = copy_project(folder / "plain", without=BUILT)
    notebooks = [f"notebooks/{name}.ipynb" for name in in_order(read_notebook_table())]
    commands = [[*NBCONVERT, *notebooks], [sys.executable, "-c", RENDER]]
    take("plain way, cold", plain, *commands)
    # The embedded renderer does nothing when nothing has changed, but the plain way cannot know.
    touch_chapter(plain)
    take("plain way, again", plain, *commands)
    return found


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="how often to measure (default: once)")
    parser.add_argument("--no-tests", action="store_true", help="leave the row of the tests out")
    options = parser.parse_args()
    runs: list[dict[str, Measured]] = []
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    for number in range(options.runs):
        print(f"Run {number + 1} of {options.runs}", flush=True)
        with tempfile.TemporaryDirectory(prefix="benchmark") as folder:
            runs.append(one_run(Path(folder), not options.no_tests))

    def all_of(name: str) -> list[Measured]:
        return [run[name] for run in runs]

    rows = [
        Row("cold build", all_of("cold build"), all_of("plain way, cold")),
        *(
            Row(name, all_of(name), all_of("plain way, again"))
            for name in ("nothing changed", "one chapter touched", "one raw table touched")
        ),
    ]
    if not options.no_tests:
        name = "tests, without notebooks"
        rows.append(Row(name, all_of(name)))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    models = growth.as_text(growth.measure(PROJECT))
    views = first_views()
    print(f"\n{as_text(rows)}\n")
    print(
        f"{len(runs)} run(s) on {cores} cores, Python {platform.python_version()}. The plain way: "
        "jupyter nbconvert runs every notebook, one after another, then the same render.\n"
        "Memory is the largest sum over all processes at one time. The raw table is touched in a "
        "note, with its checksum: every notebook that reads raw data runs, and what follows.\n"
    )
    if busy > QUIET:
        print(
            f"The machine was busy at the start (load {busy:.1f}): measure again when it is not.\n"
        )
    print(f"{models}\n\n{views}")


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
