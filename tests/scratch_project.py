"""A copy of the project in which a test may build, break and change things."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from karaganda_vibe.project.paths import PROJECT

# What a build from raw makes anew.
BUILT = (
    "data/processed",
    "report/figures",
    "report/generated",
    "report/passports",
    "_variables.yml",
)


def project_files(project: Path = PROJECT) -> list[Path]:
    """The project's own files (committed, or new and not ignored), relative to `project`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    names = sorted(Path(name) for name in set(listed) if name)
    return [name for name in names if (project / name).is_file()]


def copy_project(target: Path, *, without: Sequence[str] = ()) -> Path:
    """Copy the project's own files to `target`, without the files and folders named; return it."""
    for name in project_files():
        if any(name == Path(left) or Path(left) in name.parents for left in without):
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, target / name)
    return target


def run(
    project: Path, *arguments: str, path: str | None = None, program: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run `python ARGUMENTS` in the copy, with the copy's own package."""
    environment = {**os.environ, "PYTHONPATH": str(project / "src")}
    if path is not None:
        environment["PATH"] = path
    return subprocess.run(
        [program, *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def build(project: Path, *tasks: str) -> subprocess.CompletedProcess[str]:
    """What `make report` runs, in the copy; `tasks` may name single ones."""
    return run(project, "-m", "karaganda_vibe.build", *tasks)


def contents(project: Path, places: Sequence[str]) -> dict[str, bytes]:
    """Every file in the folders (or the files themselves) by its path in the project."""
    found: dict[str, bytes] = {}
    for place in places:
        start = project / place
        files = [start] if start.is_file() else sorted(start.rglob("*"))
        for file in files:
            if file.is_file() and not file.name.startswith("."):
                found[file.relative_to(project).as_posix()] = file.read_bytes()
    return found
