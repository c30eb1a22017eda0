"""The real project's results: a build trusts the committed ones and runs only what changed.

That computing them again gives the same is the work of `karaganda_vibe.build.recompute`, which
`make test` runs before the tests.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from scratch_project import build, contents, copy_project, run

from karaganda_vibe.build.lock import ACCEPTED, LOCAL, read_records, written_by
from karaganda_vibe.build.results import left_over
from karaganda_vibe.build.states import OUTPUTS
from karaganda_vibe.build.steps import Noted
from karaganda_vibe.build.tasks import (
    RESULT_FOLDERS,
    page_steps,
    published_files,
    read_notebook_table,
    result_steps,
)
from karaganda_vibe.project.paths import PROJECT

RESULTS = [folder.relative_to(PROJECT).as_posix() for folder in RESULT_FOLDERS]
KEPT = (*RESULTS, "_variables.yml", "notebooks", "data/raw", "results.lock")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("rebuild") / "project")


def notebooks_run(printed: str) -> set[str]:
    """The notebooks that a build says it has run."""
    return set(re.findall(r"✓ notebook:(\w+)", printed))


def test_the_copy_is_built_by_its_own_package(scratch: Path) -> None:
    asked = run(scratch, "-c", "import karaganda_vibe; print(karaganda_vibe.__file__)")
    assert asked.stdout.strip() == str(scratch / "src" / "karaganda_vibe" / "__init__.py")


def test_every_result_is_in_the_lock_and_every_step() -> None:
    records = read_records(ACCEPTED)
    assert set(records) == {step.name for step in result_steps(lambda path: Noted())}
    assert left_over(records) == []
    written = written_by(records)
    assert [name for name, steps in written.items() if len(steps) > 1] == []
    notebooks = {name.removesuffix(OUTPUTS) for name in written if name.endswith(OUTPUTS)}
    assert notebooks == {f"notebooks/{name}.ipynb" for name in read_notebook_table()}


def test_every_data_file_that_a_notebook_opens_is_declared() -> None:
    records = read_records(ACCEPTED)
    for name, entry in read_notebook_table().items():
        opened = {
            place
            for place in records[f"notebook:{name}"].reads
            if place.startswith(("data/", "metadata/", "report/generated/values/"))
        }
        listed = {place.relative_to(PROJECT).as_posix() for place in entry["reads"]}
        # A folder in the list stands for what is opened in it.
        inside = {place for place in opened if place.startswith(tuple(f"{p}/" for p in listed))}
        assert opened - inside - listed == set(), (
            f"{name} opens files that notebooks.yml does not list"
        )


def test_every_file_of_the_report_is_an_output_of_one_step() -> None:
    records = read_records(LOCAL)
    made = written_by({step.name: records[step.name] for step in page_steps()})
    there = {path.relative_to(PROJECT).as_posix() for path in published_files()}
    assert there == set(made)
    assert [name for name, steps in made.items() if len(steps) > 1] == []


def test_a_build_runs_nothing_and_after_a_change_only_what_it_changes(scratch: Path) -> None:
    before = contents(scratch, KEPT)
    again = build(scratch, "notebook", "variables")
    assert (again.returncode, again.stdout.strip(), again.stderr) == (0, "", "")
    assert contents(scratch, KEPT) == before

    # A unit that no press figure uses: the notebook that reads the table runs, nothing after it.
    units = scratch / "metadata" / "indicators" / "press_units.csv"
    units.write_text(f"{units.read_text('utf-8')}made unit,1,persons\n", "utf-8")
    # A name in a table of the report: its notebook runs, and what it shows changes.
    families = scratch / "metadata" / "corrections" / "check_families.csv"
    text = families.read_text("utf-8")
    assert "Arrivals minus departures are net migration" in text
    families.write_text(text.replace("Arrivals minus departures", "Made words"), "utf-8")
    changed = build(scratch, "notebook", "variables")
    assert notebooks_run(changed.stdout) == {"02_regions", "05_quality_and_codebook"}
    assert "✓ variables" not in changed.stdout
    after = contents(scratch, KEPT)
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
