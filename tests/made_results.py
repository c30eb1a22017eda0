"""A made project of two notebooks, with the real package: what the build promises is tested on it.

The first notebook reads a raw table and writes a table, a drawing, a picture, a block, a page and
a value; the second reads that table. Both are done in some seconds.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from scratch_project import copy_project, run

from karaganda_vibe.project.paths import PROJECT

ONLY = ("src", "pyproject.toml", "requirements.lock", "tests/nbval.cfg", ".gitignore")
STUDY = ("metadata/study.yml", "metadata/places")
"""What the study is about, whose names stand beside the values."""
FIRST = [
    "# First",
    "import csv\n"
    "from karaganda_vibe.project.paths import FIGURES, GENERATED, PROCESSED, RAW, REPORT\n"
    "from karaganda_vibe.project.writing import write_bytes, write_text\n"
    "from karaganda_vibe.publishing.values import number_value, save_values\n"
    'rows = list(csv.DictReader((RAW / "made.csv").open(encoding="utf-8")))\n'
    'total = sum(int(row["people"]) for row in rows)',
    'write_text(PROCESSED / "first.csv", f"name,people\\nall,{total}\\n")\n'
    'write_text(FIGURES / "fig-made.csv", f"name,people\\nall,{total}\\n")\n'
    'write_text(FIGURES / "en" / "fig-made.svg", f"<svg>{total}</svg>")\n'
    'write_bytes(FIGURES / "en" / "fig-made.png", b"made " + bytes([total]))\n'
    'write_text(GENERATED / "en" / "_fig-made.qmd", f"A block of {total}.\\n")\n'
    'page = write_text(REPORT / "passports" / "made.html", f"<p>{total}</p>\\n")',
    'save_values([number_value("made_total", total, "count", "people", "01_first")], "01_first")\n'
    "print(total)",
]
SECOND = [
    "from karaganda_vibe.project.paths import PROCESSED\n"
    "from karaganda_vibe.project.writing import write_text\n"
    "from karaganda_vibe.publishing.values import save_values\n"
    'first = (PROCESSED / "first.csv").read_text()\n'
    'write_text(PROCESSED / "second.csv", first.replace("all", "every"))\n'
    'values = save_values([], "02_second")',
]
TABLE = """
01_first:
  reads: [data/raw]
  writes: [data/processed/first.csv, report/passports]
02_second:
  reads: [data/processed/first.csv]
  writes: [data/processed/second.csv]
"""
RESULTS = (
    "_variables.yml",
    "data/processed/first.csv",
    "data/processed/second.csv",
    "notebooks/01_first.ipynb",
    "report/figures/en/fig-made.png",
    "report/figures/en/fig-made.svg",
    "report/figures/fig-made.csv",
    "report/generated/en/_fig-made.qmd",
    "report/generated/values/01_first.json",
    "report/passports/made.html",
)


def put(root: Path, name: str, text: str) -> None:
    """Write a file of the made project."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


def notebook(cells: Sequence[str]) -> str:
    """A notebook that was never run; a cell that starts with # and a space is text."""
    kinds = {True: {"cell_type": "markdown"}, False: {"cell_type": "code"}}
    made = []
    for number, source in enumerate(cells):
        cell = {**kinds[source.startswith("# ")], "id": f"made-{number}", "metadata": {}}
        if cell["cell_type"] == "code":
            cell |= {"execution_count": None, "outputs": []}
        made.append({**cell, "source": source})
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def make_project(root: Path, notebooks: Mapping[str, Sequence[str]], table: str) -> Path:
    """The project with the real package and these notebooks; nothing is run yet."""
    there = {path.name for path in PROJECT.iterdir()} - {Path(name).parts[0] for name in ONLY}
    copy_project(root, without=[*there, *(f"tests/{p.name}" for p in not_nbval())])
    for name in STUDY:
        files = [PROJECT / name, *(PROJECT / name).glob("*.csv")]
        for path in filter(Path.is_file, files):
            put(root, path.relative_to(PROJECT).as_posix(), path.read_text("utf-8"))
    put(root, "data/raw/made.csv", "name,people\na,3\nb,4\n")
    for name, cells in notebooks.items():
        put(root, f"notebooks/{name}.ipynb", notebook(cells))
    put(root, "notebooks/notebooks.yml", table)
    return root


def not_nbval() -> list[Path]:
    """What lies in tests/ besides the settings of nbval."""
    return [path for path in (PROJECT / "tests").iterdir() if path.name != "nbval.cfg"]


def compute(root: Path) -> subprocess.CompletedProcess[str]:
    """The part of `make report` that makes results."""
    return run(root, "-m", "karaganda_vibe.build", "notebook", "variables")


def call(root: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Another part of the build, as the Makefile calls it."""
    return run(root, "-m", f"karaganda_vibe.build.{module}", *arguments)


def commit(root: Path) -> None:
    """Take all files into git."""
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "--allow-empty", "-m", "made"],
    ):
        subprocess.run(["git", *command], cwd=root, check=True)


def git_says(root: Path) -> str:
    """What git finds changed or new."""
    done = subprocess.run(
        ["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True, check=True
    )
    return done.stdout


def accepted_project(root: Path) -> Path:
    """The project, computed, accepted and committed."""
    make_project(root, {"01_first": FIRST, "02_second": SECOND}, TABLE)
    commit(root)
    for done in (compute(root), call(root, "accept")):
        assert done.returncode == 0, done.stderr
    commit(root)
    assert git_says(root) == ""
    return root
