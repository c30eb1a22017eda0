"""Everything computed again in a scratch copy, and compared with what is committed.

The second step of `make test`. The copy is `build/scratch`: the project's own files without any
result. nbval runs every notebook once, in their order, and compares what it prints with its stored
outputs; what the same run wrote is compared with `results.lock`. The project itself is not touched.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from karaganda_vibe.build import git
from karaganda_vibe.build.__main__ import alone, one_line
from karaganda_vibe.build.check import accepted_records
from karaganda_vibe.build.differences import told
from karaganda_vibe.build.lock import ACCEPTED, Record
from karaganda_vibe.build.notebooks import LONGEST_CELL_SECONDS
from karaganda_vibe.build.pins import pinned_environment
from karaganda_vibe.build.states import OUTPUTS, content_state
from karaganda_vibe.build.steps import Noted, Step, in_order
from karaganda_vibe.build.tasks import RESULT_FOLDERS, VARIABLES, result_steps
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import BUILD, PROJECT, shown
from karaganda_vibe.project.writing import write_text

SCRATCH = BUILD / "scratch"
HERE = "--here"
NBVAL = [
    sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env",
    f"--nbval-cell-timeout={LONGEST_CELL_SECONDS}", "--nbval-sanitize-with", "tests/nbval.cfg",
]  # fmt: skip
COMPARED, STOPPED = 1, 2
"""Exit codes: outputs differ (nbval's own code too); a step failed."""


def copy_sources(target: Path, project: Path = PROJECT) -> None:
    """Copy the project's own files to `target`, which must not exist, without any result."""
    results = [folder.relative_to(PROJECT).as_posix() for folder in RESULT_FOLDERS]
    left_out = (VARIABLES.name, ACCEPTED.name)
    for name in git.own_files(project):
        if name in left_out or name.startswith(tuple(f"{folder}/" for folder in results)):
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(project / name, target / name)


def compute_here() -> int:
    """Run all notebooks through nbval, and what follows, in this project; return the exit code.

    Each fault is a line on stderr.
    """
    found: list[str] = []

    def validate(path: Path) -> Noted:
        found.extend(validate_notebook(path))
        return Noted()

    def work(step: Step) -> None:
        start = time.monotonic()
        step.run()
        print(f"  ✓ {step.name} again ({time.monotonic() - start:.1f} s)", flush=True)

    failures = in_order(result_steps(validate), work)
    for line in [*found, *map(one_line, failures)]:
        print(line, file=sys.stderr)
    return STOPPED if failures else COMPARED if found else 0


def validate_notebook(path: Path) -> list[str]:
    """Run a notebook with nbval; a line for each cell whose output is not the stored one.

    Raises ProjectError where a cell fails or nbval cannot run.
    """
    done = subprocess.run(
        [*NBVAL, shown(path)],
        cwd=PROJECT,
        env=pinned_environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode == 0:
        return []
    log = BUILD / "log" / f"nbval-{path.stem}.txt"
    write_text(log, done.stdout + done.stderr)
    cells = sorted({int(n) for n in re.findall(r"^FAILED .*::Cell (\d+)", done.stdout, flags=re.M)})
    if done.returncode != COMPARED or not cells:
        raise ProjectError(f"nbval could not run {shown(path)}; see {shown(log)}")
    return [
        f"{shown(path)}: cell {_position(path, cell)} does not print what is stored; "
        f"see {shown(log)}"
        for cell in cells
    ]


def _position(path: Path, code_cell: int) -> int:
    """The place of a code cell, counted from 0 among those, among all cells, counted from 1."""
    from karaganda_vibe.publishing.running_cell import read_cells

    code = [at for at, cell in enumerate(read_cells(path), 1) if cell["cell_type"] == "code"]
    return code[code_cell]


def compared(records: dict[str, Record], scratch: Path, project: Path = PROJECT) -> list[str]:
    """A line for each result of `scratch` that is not the accepted one."""
    accepted = {
        name: state
        for record in records.values()
        for name, state in record.writes.items()
        if not name.endswith(OUTPUTS)
    }
    found = []
    for name, state in sorted(accepted.items()):
        here, again = project / name, scratch / name
        if not again.is_file():
            found.append(f"{name} is accepted, but computing it again does not make it")
        elif content_state(name, again.read_bytes()) != state:
            committed = here.read_bytes() if here.is_file() else b""
            what = told(name, committed, again.read_bytes())
            found.append(
                f"{name} is not what computing it again makes"
                + (f" (committed → computed: {what})" if what else "")
            )
    return found + [f"{name} is computed, but not accepted" for name in _new(accepted, scratch)]


def _new(accepted: Iterable[str], scratch: Path) -> list[str]:
    folders = [scratch / folder.relative_to(PROJECT) for folder in RESULT_FOLDERS]
    made = {
        path.relative_to(scratch).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    return sorted(made - set(accepted))


def recompute(records: dict[str, Record], scratch: Path = SCRATCH) -> list[str]:
    """Compute everything again in `scratch` and return what is not as accepted, a line each."""
    shutil.rmtree(scratch, ignore_errors=True)
    with alone():
        copy_sources(scratch)
    done = subprocess.run(
        [sys.executable, "-m", __spec__.name if __spec__ else __name__, HERE],
        cwd=scratch,
        env=pinned_environment(project=scratch),
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        check=False,
    )
    found = [line for line in done.stderr.splitlines() if line.strip()]
    # Where it stopped halfway, all that is not there yet would only hide why.
    return found if done.returncode not in (0, COMPARED) else found + compared(records, scratch)


def main(arguments: Sequence[str] | None = None) -> int:
    """Say what is not as accepted, a line each on stderr; return 1 if anything is not, else 0."""
    asked = sys.argv[1:] if arguments is None else arguments
    try:
        if HERE in asked:
            return compute_here()
        print("Computing everything again in a scratch copy …", flush=True)
        found = recompute(accepted_records())
        if not found:
            shutil.rmtree(SCRATCH, ignore_errors=True)
            print("All results are what computing them again makes.", flush=True)
    except (ProjectError, OSError, SyntaxError) as error:
        found = [one_line(error)]
    for line in found:
        print(f"error: {line}", file=sys.stderr)
    if found:
        print(f"What was computed lies in {shown(SCRATCH)}.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
