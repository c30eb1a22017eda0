"""A result that changes makes a test fail: results.lock, its check, computing again, accepting."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from made_results import (
    FIRST,
    RESULTS,
    SECOND,
    TABLE,
    accepted_project,
    call,
    commit,
    compute,
    git_says,
    make_project,
    notebook,
    put,
)
from scratch_project import contents, run

EVERYTHING = ("_variables.yml", "data", "notebooks", "report", "results.lock")


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return accepted_project(tmp_path_factory.mktemp("accepted") / "project")


@pytest.fixture
def project(accepted: Path, tmp_path: Path) -> Path:
    """The accepted project, for one test."""
    return shutil.copytree(accepted, tmp_path / "copy", symlinks=True)


def edit(root: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    before = (root / name).read_bytes()
    assert change(before) != before, f"{name} was to be changed"
    (root / name).write_bytes(change(before))


def other_digit(content: bytes) -> bytes:
    """The total of 7 as 8, wherever it stands."""
    return content.replace(b"7", b"8").replace(b"\x07", b"\x08")


def environment(root: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root / "src"), **more}


def ran(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("  ✓")]


def test_a_fresh_clone_trusts_the_lock(accepted: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "-q", accepted, tmp_path / "clone"], check=True)
    done = compute(tmp_path / "clone")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert git_says(tmp_path / "clone") == ""
    assert call(tmp_path / "clone", "check", "--inputs").returncode == 0


def test_the_lock_has_a_line_for_each_file_and_no_place_of_this_machine(accepted: Path) -> None:
    text = (accepted / "results.lock").read_text("utf-8")
    assert str(accepted) not in text
    lock = json.loads(text)
    first = lock["notebook:01_first"]
    written = {name.removesuffix(" (outputs)") for e in lock.values() for name in e["writes"]}
    assert set(RESULTS) <= written
    assert {"data/raw/made.csv", "notebooks/01_first.ipynb (source)"} <= set(first["reads"])
    assert "requirements.lock (versions)" in first["reads"]
    assert "src/karaganda_vibe/project/writing.py" in first["reads"]
    lines = text.splitlines()
    assert sum("data/processed/first.csv" in line for line in lines) == 2  # written, and read
    assert list(first["reads"]) == sorted(first["reads"])


@pytest.mark.parametrize("name", RESULTS)
def test_an_altered_digit_is_named(project: Path, name: str) -> None:
    edit(project, name, other_digit)
    done = call(project, "check")
    assert done.returncode == 1
    assert [line.split(" ")[1] for line in done.stderr.splitlines()] == [name]


def test_an_altered_value_is_named_with_both_numbers(project: Path) -> None:
    edit(project, "report/generated/values/01_first.json", other_digit)
    assert "(made_total: 7 (7) → 8 (8))" in call(project, "check").stderr


def test_a_deleted_result_and_one_of_nobody_are_named(project: Path) -> None:
    (project / "report/figures/en/fig-made.svg").unlink()
    put(project, "data/processed/mine.csv", "a\n1\n")
    lines = call(project, "check").stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("error: report/figures/en/fig-made.svg is missing")
    assert lines[1].startswith("error: data/processed/mine.csv: no step writes this file")


def test_edited_and_deleted_results_are_made_again(project: Path) -> None:
    before = contents(project, EVERYTHING)
    for name in RESULTS[:-1]:
        edit(project, name, other_digit)
    (project / RESULTS[-1]).unlink()
    done = compute(project)
    assert ran(done) == ["notebook:01_first", "notebook:02_second", "variables"]
    assert "first.csv was edited" in done.stdout
    assert contents(project, EVERYTHING) == before
    assert git_says(project) == ""


def test_a_repaired_file_is_still_wrong_in_git(project: Path) -> None:
    edit(project, "report/figures/fig-made.csv", other_digit)
    commit(project)
    assert ran(compute(project)) == ["notebook:01_first"]
    done = call(project, "check")
    assert done.returncode == 1
    assert done.stderr.startswith("error: report/figures/fig-made.csv as git has it is not as")
    assert "(line 2, people: 7 → 8)" in done.stderr
    commit(project)
    assert call(project, "check").returncode == 0


def test_a_false_result_that_was_accepted_is_found_by_computing_again(project: Path) -> None:
    name = "report/generated/values/01_first.json"
    edit(project, name, other_digit)
    edit(project, "notebooks/01_first.ipynb", lambda c: c.replace(b'"7\\n"', b'"8\\n"'))
    # As someone would who wants it to pass: the lock says what the files say.
    program = (
        "from karaganda_vibe.build.lock import *\n"
        "old = read_records(ACCEPTED)\n"
        "write_records(ACCEPTED, {step: Record({n: state_of(n) for n in record.reads},\n"
        "    {n: state_of(n) for n in record.writes}) for step, record in old.items()})\n"
    )
    assert run(project, "-c", program).returncode == 0
    commit(project)
    assert call(project, "check", "--inputs").returncode == 0
    assert ran(compute(project)) == []
    before = contents(project, EVERYTHING)
    done = call(project, "recompute")
    assert done.returncode == 1
    assert f"{name} is not what computing it again makes" in done.stderr
    assert "(committed → computed: made_total: 8 (8) → 7 (7))" in done.stderr
    assert "notebooks/01_first.ipynb: cell 4 does not print what is stored" in done.stderr
    assert done.stderr.count("error: ") == 2
    assert contents(project, EVERYTHING) == before


def test_computing_again_finds_nothing_where_all_is_well(project: Path) -> None:
    before = contents(project, EVERYTHING)
    done = call(project, "recompute")
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(project, EVERYTHING) == before
    assert not (project / "build" / "scratch").exists()
    assert git_says(project) == ""


def test_a_cell_that_fails_is_named_and_hides_nothing_behind_it(project: Path) -> None:
    source = ["# First", *FIRST[1:], "raise ValueError('made')"]
    put(project, "notebooks/01_first.ipynb", notebook(source))
    done = call(project, "recompute")
    assert done.returncode == 1
    first = done.stderr.splitlines()[0]
    assert first.startswith("error: notebooks/01_first.ipynb: cell ")


def test_changed_results_wait_for_make_accept(project: Path) -> None:
    put(project, "data/raw/made.csv", "name,people\na,3\nb,6\n")
    done = compute(project)
    assert ran(done) == ["notebook:01_first", "notebook:02_second", "variables"]
    assert "… notebook:01_first: data/raw/made.csv changed\n" in done.stdout
    assert "results are not as accepted" in done.stdout
    assert "although" not in done.stdout
    assert ran(compute(project)) == []  # not accepted, but up to date
    checked = call(project, "check")
    assert checked.returncode == 1
    assert "report/figures/fig-made.csv is not as accepted (line 2, people: 7 → 9)" in (
        checked.stderr
    )
    looked = call(project, "accept", "--show")
    assert call(project, "check").returncode == 1
    taken = call(project, "accept")
    assert looked.stdout == taken.stdout.replace(
        "Taken: results.lock holds the results as they are; commit it.\n", ""
    )
    table = [line.split() for line in taken.stdout.splitlines()[:2]]
    assert table == [["value", "before", "after"], ["made_total", "7", "(7)", "9", "(9)"]]
    assert "data/processed/first.csv: 1 cell: line 2, people: 7 → 9" in taken.stdout
    page = (project / "build" / "accept.html").read_text("utf-8")
    assert page.count("<img") == 4  # one drawing and one picture, before and after
    assert call(project, "check", "--inputs").returncode == 0
    assert ran(compute(project)) == []


def test_accept_takes_nothing_that_is_out_of_date(project: Path) -> None:
    put(project, "data/raw/made.csv", "name,people\na,3\nb,6\n")
    before = contents(project, EVERYTHING)
    done = call(project, "accept")
    assert done.returncode == 1
    assert done.stderr == (
        "error: notebook:01_first is out of date (data/raw/made.csv changed); "
        "run make report first\n"
    )
    assert contents(project, EVERYTHING) == before


def test_an_input_that_changes_no_result_is_taken_without_asking(project: Path) -> None:
    module = "src/karaganda_vibe/project/writing.py"
    edit(project, module, lambda content: content + b"# A comment.\n")
    assert "results.lock is older than src/karaganda_vibe/project/writing.py" in (
        call(project, "check", "--inputs").stderr
    )
    done = compute(project)
    assert "results.lock is up to date: no result changed" in done.stdout
    assert call(project, "check", "--inputs").returncode == 0
    assert {line[3:] for line in git_says(project).splitlines()} == {module, "results.lock"}


def test_a_result_that_differs_on_every_run_is_said(tmp_path: Path) -> None:
    chance = "import os\nfrom karaganda_vibe.project.paths import PROCESSED\n" + (
        "from karaganda_vibe.project.writing import write_text\n"
        "from karaganda_vibe.publishing.values import save_values\n"
        'write_text(PROCESSED / "chance.csv", f"a\\n{os.urandom(4).hex()}\\n")\n'
        'values = save_values([], "01_chance")'
    )
    root = make_project(tmp_path / "project", {"01_chance": [chance]}, "01_chance: {}\n")
    assert compute(root).returncode == 0
    assert call(root, "accept").returncode == 0
    edit(root, "data/processed/chance.csv", lambda content: content + b"1\n")
    done = compute(root)
    assert done.returncode == 0  # another processor must still get its report
    assert "1 results differ from results.lock although nothing that they are computed" in (
        done.stdout
    )
    assert "data/processed/chance.csv is not as accepted" in call(root, "check").stderr


SAME_FILE = 'same = write_text(PROCESSED / "first.csv", first)'
FAULTS: dict[str, tuple[dict[str, list[str]], str, str]] = {
    "two notebooks write one file": (
        {
            "01_first": FIRST,
            "02_second": [*SECOND, 'same = write_text(PROCESSED / "first.csv", first)'],
        },
        TABLE,
        "data/processed/first.csv is written by notebook:01_first and by notebook:02_second; "
        "let one of them write it",
    ),
    "a file is listed and not written": (
        {"01_first": FIRST},
        "01_first:\n  reads: [data/raw]\n  writes: [data/processed/pres.csv]\n",
        "notebooks/notebooks.yml says that notebooks/01_first.ipynb writes "
        "data/processed/pres.csv, but running it wrote no such file; correct the list or the "
        "notebook",
    ),
    "a file that another notebook writes is not listed": (
        {
            "01_second": [cell.replace("02_second", "01_second") for cell in SECOND],
            "02_first": [cell.replace("01_first", "02_first") for cell in FIRST],
        },
        "01_second: {reads: [data/raw]}\n02_first: {reads: [data/raw]}\n",
        "notebook:01_second reads data/processed/first.csv, which notebook:02_first writes; list "
        "it among what it reads in notebooks/notebooks.yml, so that it waits",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_notebook_that_does_not_do_what_the_list_says(tmp_path: Path, fault: str) -> None:
    notebooks, table, message = FAULTS[fault]
    root = make_project(tmp_path / "project", notebooks, table)
    put(root, "data/processed/first.csv", "name,people\nall,7\n")
    done = compute(root)
    assert (done.returncode, done.stderr) == (1, f"error: {message}\n")


def test_a_result_that_is_written_no_more_goes_away(project: Path) -> None:
    put(project, "data/processed/mine.csv", "a\n1\n")
    cells = [cell.replace("fig-made.svg", "fig-other.svg") for cell in FIRST]
    put(project, "notebooks/01_first.ipynb", notebook(cells))
    done = compute(project)
    assert "removed report/figures/en/fig-made.svg: nothing writes it any more" in done.stdout
    assert "data/processed/mine.csv: nothing writes this file; remove it" in done.stdout
    assert not (project / "report/figures/en/fig-made.svg").exists()
    assert (project / "data/processed/mine.csv").exists()
    assert "mine.csv: no step writes this file" in call(project, "accept").stderr


def test_files_that_a_notebook_does_not_read_do_not_run_it(project: Path) -> None:
    put(project, "data/raw/unrelated.csv", "a\n1\n")
    edit(project, "requirements.lock", lambda c: c.replace(b"--hash=sha256:0", b"--hash=sha256:1"))
    done = compute(project)
    assert (done.returncode, done.stdout) == (0, "")


def test_another_library_version_runs_it(project: Path) -> None:
    edit(project, "requirements.lock", lambda c: c.replace(b"\nnumpy==", b"\nnumpy==9", 1))
    done = compute(project)
    assert "… notebook:01_first: requirements.lock (versions) changed\n" in done.stdout


@pytest.mark.parametrize("name", ["build/state.json", "results.lock"])
@pytest.mark.parametrize("damage", ["", "{", '{"notebook:01_first": 3}', '{"a": {"reads": []}}'])
def test_damaged_records_are_named_and_made_anew(project: Path, name: str, damage: str) -> None:
    put(project, name, damage)
    if name == "build/state.json":
        done = compute(project)
        assert done.stdout.startswith("  build/state.json is damaged (")
        assert len(done.stdout.splitlines()) == 1  # results.lock knows that all is well
    else:
        assert call(project, "check").stderr.startswith("error: results.lock is damaged (")
        done = call(project, "accept")
        assert done.stdout.startswith("  results.lock is damaged (")
        assert "Taken: " in done.stdout
        assert git_says(project) == ""
    assert done.returncode == 0


def test_a_users_own_settings_change_nothing(project: Path, tmp_path: Path) -> None:
    """Start-up files, styles, kernels and search paths as people have them at home."""
    home = tmp_path / "home"
    start = 'raise RuntimeError("a user\'s start-up file was run")\n'
    put(home, ".ipython/profile_default/startup/00-mine.py", start)
    put(home, ".config/matplotlib/matplotlibrc", "font.size: 40\n")
    put(home, "startup.py", start)
    put(home, "path/sitecustomize.py", start)
    spec = {"argv": ["/no/such/python"], "display_name": "mine", "language": "python"}
    put(home, ".local/share/jupyter/kernels/python3/kernel.json", json.dumps(spec))
    put(home, "jupyter/kernels/python3/kernel.json", json.dumps(spec))
    before = contents(project, EVERYTHING)
    edit(project, "data/processed/first.csv", other_digit)
    done = subprocess.run(
        [sys.executable, "-m", "karaganda_vibe.build", "notebook"],
        cwd=project,
        env=environment(
            project,
            HOME=str(home),
            IPYTHONDIR=str(home / ".ipython"),
            JUPYTER_PATH=str(home / "jupyter"),
            PYTHONSTARTUP=str(home / "startup.py"),
            LC_ALL="C",
            TZ="Asia/Almaty",
        ),
        capture_output=True,
        text=True,
    )
    assert ran(done) == ["notebook:01_first", "notebook:02_second"]
    assert contents(project, EVERYTHING) == before


def test_two_builds_at_once_wait_for_each_other(project: Path) -> None:
    slow = [*FIRST, "import time\ntime.sleep(3)"]
    put(project, "notebooks/01_first.ipynb", notebook(slow))
    command = [sys.executable, "-m", "karaganda_vibe.build", "notebook"]
    with subprocess.Popen(
        command, cwd=project, env=environment(project), stdout=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        assert "… notebook:01_first" in one.stdout.readline()
        other = subprocess.run(
            command, cwd=project, env=environment(project), capture_output=True, text=True
        )
        assert other.stdout.startswith(
            f"  another build is at work here (process {one.pid}); waiting for its end\n"
        )
        assert ran(other) == []  # the first one has done it all
        assert one.wait() == 0


def test_a_build_that_was_killed_is_no_hindrance(project: Path) -> None:
    put(project, "notebooks/01_first.ipynb", notebook([*FIRST, "import time\ntime.sleep(60)"]))
    command = [sys.executable, "-m", "karaganda_vibe.build", "notebook"]
    with subprocess.Popen(
        command, cwd=project, env=environment(project), stdout=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        one.stdout.readline()
        time.sleep(1)
        one.kill()
    put(project, "notebooks/01_first.ipynb", notebook(FIRST))
    assert ran(compute(project)) == ["notebook:01_first"]


def test_a_cell_over_its_limit_is_named(tmp_path: Path) -> None:
    cells = ["# Words", "1 + 1", "import time\ntime.sleep(30)"]
    root = make_project(tmp_path / "project", {"01_slow": cells}, "01_slow: {}\n")
    program = (
        "from pathlib import Path\n"
        "from karaganda_vibe.build.notebooks import run_notebook\n"
        "from karaganda_vibe.project.errors import exit_with_one_line\n"
        "path = Path.cwd() / 'notebooks' / '01_slow.ipynb'\n"
        "exit_with_one_line(lambda: run_notebook(path, longest=1))\n"
    )
    before = contents(root, ["notebooks"])
    done = run(root, "-c", program)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "error: notebooks/01_slow.ipynb: cell 3 took longer than 1 seconds; make it quicker"
    )
    assert done.stderr.count("\n") == 1
    assert contents(root, ["notebooks"]) == before


def test_a_copied_checkout_builds_itself_or_says_why_not(project: Path, tmp_path: Path) -> None:
    other = shutil.copytree(project, tmp_path / "other place", symlinks=True)
    assert compute(other).stdout == ""  # what is up to date here is so there too
    edit(other, "data/raw/made.csv", lambda content: content.replace(b"4", b"5"))
    assert "notebook:01_first" in ran(compute(other))
    assert (project / "data/processed/first.csv").read_text() == "name,people\nall,7\n"
    assert (other / "data/processed/first.csv").read_text() == "name,people\nall,8\n"
    done = subprocess.run(
        [sys.executable, "-m", "karaganda_vibe.build"],
        cwd=other,
        env=environment(project),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: this is the checkout {other}, but Python found")


def test_tests_that_touch_the_project_are_found_out(project: Path) -> None:
    put(project, "data/raw/made.csv", "name,people\na,3\nb,6\n")  # a person's own change
    assert call(project, "untouched", "--begin").returncode == 0
    assert call(project, "untouched").returncode == 0
    put(project, "left.txt", "x")
    edit(project, "data/processed/first.csv", other_digit)
    done = call(project, "untouched")
    assert done.returncode == 1
    assert done.stderr == (
        "error: the tests changed data/processed/first.csv; they must leave it alone\n"
        "error: the tests changed left.txt; they must leave it alone\n"
    )
