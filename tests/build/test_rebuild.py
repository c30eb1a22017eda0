"""A second build from raw gives the same bytes, and a build runs only what is out of date.

One scratch copy of the project is built from data/raw alone, and what it makes is compared with
what the project holds: processed tables, figures, values and the outputs of the notebooks.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from scratch_project import BUILT, build, contents, copy_project, run

from karaganda_vibe.build import read_notebook_table
from karaganda_vibe.project.paths import PROJECT

MADE = (*BUILT, "notebooks")

# Python runs this at the start of every kernel: it notes which of the project's data files are
# opened, in one file a process.
NOTE_OPENED_FILES = """
import os, sys
root = os.environ["PYTHONPATH"].removesuffix("/src")
kept = {f"{root}/{place}/" for place in ("data", "metadata")}
def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and not noting:
        path = os.path.abspath(arguments[0])
        if path.startswith(tuple(kept)) or path.startswith(f"{root}/report/generated/values/"):
            noting.append(1)
            with open(f"{root}/opened/{os.getpid()}", "a", encoding="utf-8") as notes:
                notes.write(os.path.relpath(path, root) + "\\n")
            noting.clear()
noting = []
sys.addaudithook(note)
"""


@dataclass(frozen=True)
class Scratch:
    """The copy, what the project held when it was copied, and the lines of the first build."""

    root: Path
    held: dict[str, bytes]
    printed: str


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    root = copy_project(tmp_path_factory.mktemp("rebuild") / "project", without=BUILT)
    held = contents(PROJECT, MADE)
    (root / "opened").mkdir()
    (root / "src" / "sitecustomize.py").write_text(NOTE_OPENED_FILES, "utf-8")
    done = build(root, "notebook", "variables")
    assert done.returncode == 0, done.stderr
    (root / "src" / "sitecustomize.py").unlink()
    return Scratch(root, held, done.stdout)


def notebooks_run(printed: str) -> set[str]:
    """The notebooks that a build says it has run."""
    return set(re.findall(r"✓ notebook:(\w+)", printed))


def test_the_copy_is_built_by_its_own_package(scratch: Scratch) -> None:
    asked = run(scratch.root, "-c", "import karaganda_vibe; print(karaganda_vibe.__file__)")
    assert asked.stdout.strip() == str(scratch.root / "src" / "karaganda_vibe" / "__init__.py")


def test_a_build_from_raw_runs_every_notebook(scratch: Scratch) -> None:
    assert notebooks_run(scratch.printed) == set(read_notebook_table())


@pytest.mark.parametrize("place", MADE)
def test_a_build_from_raw_makes_exactly_what_the_project_holds(
    scratch: Scratch, place: str
) -> None:
    def of(files: dict[str, bytes]) -> dict[str, bytes]:
        return {n: c for n, c in files.items() if n == place or n.startswith(f"{place}/")}

    held, made = of(scratch.held), of(contents(scratch.root, MADE))
    assert held, f"{place} holds nothing"
    # The names first: they say what to do, two long files do not.
    assert sorted(made) == sorted(held)
    assert [name for name in sorted(held) if made[name] != held[name]] == []


def test_every_data_file_that_a_notebook_opens_is_declared(scratch: Scratch) -> None:
    table = read_notebook_table()
    opened: dict[str, set[str]] = {}
    for notes in (scratch.root / "opened").iterdir():
        lines = set(notes.read_text("utf-8").splitlines())
        # A file is written under a hidden name first; that of the values tells the notebook.
        hidden = {line for line in lines if Path(line).name.startswith(".")}
        for name in table:
            if any(Path(line).name.startswith(f".{name}.json.") for line in hidden):
                opened[name] = {line for line in lines - hidden if "generated" not in line}
    assert set(opened) == set(table)
    for name, entry in table.items():
        reads = [place.relative_to(PROJECT).as_posix() for place in entry["reads"]]
        writes = [place.relative_to(PROJECT).as_posix() for place in entry["writes"]]
        # A folder in the list stands for all that is in it.
        listed = {line for line in opened[name] if line.startswith(tuple(f"{r}/" for r in reads))}
        assert opened[name] - listed - {*reads, *writes} == set(), (
            f"{name} opens files that notebooks.yml does not list"
        )
        data = {place for place in reads if place.startswith(("data/", "metadata/"))}
        assert {place for place in data if Path(place).suffix} - opened[name] == set(), (
            f"{name} lists files that it never opens"
        )


def test_a_build_leaves_raw_data_as_they_are(scratch: Scratch) -> None:
    assert contents(scratch.root, ["data/raw"]) == contents(PROJECT, ["data/raw"])


def test_a_second_build_runs_nothing_and_a_change_only_what_it_changes(scratch: Scratch) -> None:
    again = build(scratch.root, "notebook", "variables")
    assert (again.returncode, again.stdout.strip()) == (0, "")

    # A unit that no press figure uses: the notebook that reads the table runs, nothing after it.
    units = scratch.root / "metadata" / "press_units.csv"
    units.write_text(f"{units.read_text('utf-8')}made unit,1,persons\n", "utf-8")
    # A name in a table of the report: its notebook runs, and what it shows changes.
    families = scratch.root / "metadata" / "check_families.csv"
    text = families.read_text("utf-8")
    assert "Arrivals minus departures are net migration" in text
    families.write_text(text.replace("Arrivals minus departures", "Made words"), "utf-8")
    before = contents(scratch.root, MADE)
    changed = build(scratch.root, "notebook", "variables")
    assert notebooks_run(changed.stdout) == {"02_regions", "05_quality_and_codebook"}
    assert "variables" not in changed.stdout
    after = contents(scratch.root, MADE)
    assert {name for name in after if after[name] != before.get(name)} == {
        "notebooks/05_quality_and_codebook.ipynb",
        "report/figures/tbl-checks.csv",
        "report/generated/en/_tbl-checks.qmd",
    }


def test_stored_outputs_hold_no_warnings() -> None:
    for path in sorted((PROJECT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                assert output.get("name") != "stderr", f"{path.name}: {output['text'][:1]}"
