"""The steps of the build: what they wait for, what they read and write, errors of one line."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from karaganda_vibe.build import kernel, pins, tasks
from karaganda_vibe.build.__main__ import check_checkout, one_line
from karaganda_vibe.build.imports import PACKAGE, modules_behind
from karaganda_vibe.build.lock import Record, read_records, write_records
from karaganda_vibe.build.states import (
    MISSING,
    OUTPUTS,
    SOURCE,
    VERSIONS,
    content_state,
    pinned_versions,
    state_of,
)
from karaganda_vibe.build.steps import Builder, Noted, Step, in_order, most_awaited_first
from karaganda_vibe.build.tasks import (
    maker_of,
    notebooks_before,
    page_steps,
    read_notebook_table,
    result_steps,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import OUTPUT, PROJECT


def test_modules_are_followed_through_one_another(tmp_path: Path) -> None:
    package = tmp_path / "karaganda_vibe"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "inner" / "__init__.py").write_text("import karaganda_vibe.third\n")
    (package / "first.py").write_text("from karaganda_vibe.inner import second\n")
    (package / "third.py").write_text("")
    (package / "inner" / "second.py").write_text("import json\n")
    (package / "unused.py").write_text("")
    found = modules_behind("from karaganda_vibe.first import thing", package)
    assert [path.relative_to(package).as_posix() for path in found] == [
        "__init__.py",
        "first.py",
        "inner/__init__.py",
        "inner/second.py",
        "third.py",
    ]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "01_made: {reads: [], writes: []}\n02_gone: {}\n",
            r"names the notebook 02_gone, but \S*02_gone.ipynb is not there",
        ),
        ("{}\n", "does not name the notebook 01_made"),
    ],
)
def test_the_table_and_the_folder_of_notebooks_must_agree(
    tmp_path: Path, table: str, message: str
) -> None:
    (tmp_path / "01_made.ipynb").write_text("{}")
    (tmp_path / "notebooks.yml").write_text(table)
    with pytest.raises(ProjectError, match=message):
        read_notebook_table(tmp_path / "notebooks.yml")


def test_a_broken_table_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "notebooks.yml").write_text("a: 1\nb: [\n")
    with pytest.raises(ProjectError, match=r"notebooks.yml:\d+: not valid YAML"):
        read_notebook_table(tmp_path / "notebooks.yml")


def test_a_long_chain_of_notebooks_starts_first() -> None:
    made = {
        "1_alone": {"reads": [Path("raw")], "writes": []},
        "2_first": {"reads": [Path("raw")], "writes": [Path("a/x")]},
        "3_alone": {"reads": [Path("a")], "writes": []},
        "4_middle": {"reads": [Path("a/x")], "writes": [Path("b")]},
        "5_last": {"reads": [Path("b"), Path("a/x")], "writes": []},
    }
    before = notebooks_before(made)
    assert before["3_alone"] == {"2_first"}  # by the folder
    order = ["2_first", "4_middle", "1_alone", "3_alone", "5_last"]
    assert most_awaited_first(before) == order


def test_everything_that_the_list_names_is_there() -> None:
    for name, entry in read_notebook_table().items():
        for place in entry["reads"] + entry["writes"]:
            assert place.exists(), f"{name} names {place}"


def step(name: str, *after: str) -> Step:
    return Step(name, Noted, set, after=frozenset(after))


def test_steps_run_two_at_once_and_after_those_they_wait_for() -> None:
    together = threading.Barrier(2, timeout=20)
    done: list[str] = []

    def work(one: Step) -> None:
        if one.name in ("a", "b"):
            together.wait()  # breaks unless both are at work
        done.append(one.name)

    assert in_order([step("c", "a", "b"), step("a"), step("b"), step("d", "c")], work) == []
    assert sorted(done[:2]) == ["a", "b"]
    assert done[2:] == ["c", "d"]


def test_after_a_failure_no_step_begins() -> None:
    done: list[str] = []

    def work(one: Step) -> None:
        done.append(one.name)
        raise ProjectError(f"{one.name} failed")

    (failure,) = in_order([step("a"), step("b", "a"), step("c", "b")], work, at_once=1)
    assert (str(failure), done) == ("a failed", ["a"])


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    monkeypatch.setattr("karaganda_vibe.build.states.PROJECT", tmp_path)
    for name in ("in", "out"):
        (tmp_path / name).write_text(name)
    return Builder({}, {}, tmp_path / "state.json")


def test_a_step_runs_again_only_where_something_is_otherwise(
    builder: Builder, tmp_path: Path
) -> None:
    runs: list[str] = []

    def run() -> Noted:
        runs.append("run")
        (tmp_path / "out").write_text("out")
        return Noted(reads=frozenset(["seen", "out"]), writes=frozenset(["found"]))

    (tmp_path / "seen").write_text("1")
    (tmp_path / "found").write_text("1")
    one = Step("one", run, lambda: {"in"}, frozenset(["out"]))

    def runs_after(name: str, text: str) -> int:
        (tmp_path / name).write_text(text)
        before = len(runs)
        builder.bring_up_to_date(one)
        return len(runs) - before

    assert runs_after("in", "in") == 1  # for the first time
    assert runs_after("in", "in") == 0
    assert runs_after("in", "other") == 1
    assert runs_after("seen", "other") == 1  # read, though not declared
    assert runs_after("out", "edited") == 1
    assert runs_after("found", "edited") == 1
    assert runs_after("unrelated", "x") == 0
    record = read_records(builder.state)["one"]
    assert (set(record.reads), set(record.writes)) == ({"in", "seen"}, {"found", "out"})


def test_what_changes_while_a_step_runs_is_read_again(builder: Builder, tmp_path: Path) -> None:
    one = Step("one", lambda: (tmp_path / "in").write_text("late") and Noted(), lambda: {"in"})
    builder.bring_up_to_date(one)
    assert builder.current["one"].reads["in"] != state_of("in")


def test_a_declared_output_that_is_not_there_is_named(builder: Builder) -> None:
    one = Step("one", Noted, set, frozenset(["gone.csv"]), declared_in="list.yml")
    with pytest.raises(ProjectError, match=r"list\.yml says that one writes gone\.csv, but"):
        builder.bring_up_to_date(one)


def test_records_say_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("karaganda_vibe.build.states.PROJECT", tmp_path)
    (tmp_path / "a").write_text("1")
    record = Record({"a": state_of("a"), "b": "x"}, {"c": "y"})
    found = record.differences({"a", "b", "d"}, {"c", "e"})
    assert found == ["b is missing", "d is new", "c is missing", "e is not made yet"]
    assert write_records(tmp_path / "kept", {"s": record})
    assert read_records(tmp_path / "kept") == {"s": record}
    assert read_records(tmp_path / "none") == {}


NOTEBOOK = (
    b'{"cells": [{"cell_type": "code", "id": "a", "source": ["1 + ", "1"], "metadata": {}, '
    b'"outputs": [{"text": "2"}], "execution_count": 1}], "metadata": {}, "nbformat": 4}'
)


def test_a_notebook_has_two_states() -> None:
    def states(content: bytes) -> tuple[str, str]:
        one, other = (content_state(f"n.ipynb{part}", content) for part in (SOURCE, OUTPUTS))
        return one, other

    source, outputs = states(NOTEBOOK)
    assert states(NOTEBOOK.replace(b'["1 + ", "1"]', b'"1 + 1"')) == (source, outputs)
    assert states(NOTEBOOK.replace(b'"text": "2"', b'"text": "3"'))[0] == source
    assert states(NOTEBOOK.replace(b'"text": "2"', b'"text": "3"'))[1] != outputs
    assert states(NOTEBOOK.replace(b"1 + ", b"2 + "))[0] != source
    assert states(NOTEBOOK.replace(b"1 + ", b"2 + "))[1] == outputs
    # Where a value is computed is told by the id of its cell.
    assert states(NOTEBOOK.replace(b'"id": "a"', b'"id": "b"'))[0] != source
    with pytest.raises(ProjectError, match="is not a notebook"):
        states(NOTEBOOK[:50])


def test_libraries_are_their_versions_not_their_files() -> None:
    text = 'b==1.0 ; os_name == "nt" \\\n    --hash=sha256:12\na[x]==2 \\\n    --hash=1\n# c\n'
    assert pinned_versions(text) == 'a[x]==2\nb==1.0 ; os_name == "nt"'
    name = "requirements.lock" + VERSIONS
    assert state_of(name) != MISSING
    content = (PROJECT / "requirements.lock").read_bytes()
    assert b"\nnumpy==" in content
    assert content_state(name, content.replace(b"sha256:", b"sha256:0")) == state_of(name)
    assert content_state(name, content.replace(b"\nnumpy==", b"\nnumpy==9")) != state_of(name)


def test_what_each_notebook_reads_covers_its_modules_and_where_it_runs() -> None:
    for made in result_steps(lambda path: Noted()):
        reads = made.reads()
        assert "requirements.lock (versions)" in reads
        if made.name.startswith("notebook:"):
            assert "src/karaganda_vibe/build/pins.py" in reads
            assert f"notebooks/{made.name.removeprefix('notebook:')}.ipynb (source)" in reads
            assert not [name for name in reads if name.startswith("src/karaganda_vibe/quarto_su")]


def test_every_file_of_the_report_is_made_by_one_step() -> None:
    names = {made.name for made in page_steps()}
    assert names >= {"render:en", "render:ru", "render:kk", "passports", "summary", "downloads"}
    assert names >= {"render:en-annexes", "render:ru-annexes", "render:kk-annexes"}
    for place, maker in {
        "index.html": "render:en",
        "report/figures/fig-x.csv": "render:en",
        "kk/index-kk.pdf": "render:kk",
        "ru/report/figures/ru/fig-x.svg": "render:ru",
        "data/index-ru.html": "downloads",
        "notebooks/01_districts.html": "downloads",
        "notebooks/01_districts.ipynb": "render:en",
        "passports.pdf": "passports",
        "passports-kk.pdf": "passports",
        "summary-ru.pdf": "summary",
        "index.pdf": "render:en",
        "annexes.docx": "render:en-annexes",
        "kk/annexes-kk.html": "render:kk-annexes",
    }.items():
        assert maker_of(OUTPUT / place) == maker
    for made in page_steps():
        if made.name.startswith("render:"):
            assert {"renderer", "_variables.yml"} <= made.reads()
    read = {made.name: made.reads() for made in page_steps()}
    assert "report/ru/_where_to.qmd" in read["render:ru"] - read["render:ru-annexes"]
    assert "report/ru/annexes/_pull.qmd" in read["render:ru-annexes"] - read["render:ru"]
    assert "report/ru/analysis_plan.qmd" in read["render:ru-annexes"]


def test_published_files_are_those_that_were_written_or_made_sure_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "OUTPUT", tmp_path)
    monkeypatch.setattr(tasks, "maker_of", lambda path: path.name[0])
    monkeypatch.setattr(tasks, "name_of", lambda path: path.name)
    for name in ("a-old", "a-same", "a-new", "b-new"):
        (tmp_path / name).write_text("x")
    os_time = tasks.time.time_ns() + 10**12  # as if all that lay there for a long time
    monkeypatch.setattr(tasks.time, "time_ns", lambda: os_time)

    def make() -> None:
        tasks.listen("karaganda_vibe.write", (str(tmp_path / "a-same"),))

    assert tasks._publish("a", make).writes == {"a-same"}
    monkeypatch.undo()
    monkeypatch.setattr(tasks, "OUTPUT", tmp_path)
    monkeypatch.setattr(tasks, "maker_of", lambda path: path.name[0])
    monkeypatch.setattr(tasks, "name_of", lambda path: path.name)
    made = tasks._publish("b", lambda: (tmp_path / "b-new").write_text("y") and None)
    assert made.writes == {"b-new"}


def test_the_kernel_notes_what_of_the_project_is_used(tmp_path: Path) -> None:
    lines: list[str] = []
    hook = kernel.noting(lines.append, str(tmp_path))
    for event, arguments in [
        ("open", (f"{tmp_path}/data/a.csv", "r", 0)),
        ("open", (f"{tmp_path}/data/a.csv", "r", 0)),
        ("open", (f"{tmp_path}/data/b.csv", "wb", 0)),
        ("open", (f"{tmp_path}/data/c.csv", None, os.O_RDONLY)),
        ("open", (f"{tmp_path}/data/d.csv", None, os.O_WRONLY)),
        ("open", (f"{tmp_path}/data/.e.csv.x1", "w", 0)),
        ("open", (f"{tmp_path}/src/x.py", "r", 0)),
        ("open", (f"{tmp_path}/build/cache/x", "w", 0)),
        ("open", ("/etc/passwd", "r", 0)),
        ("open", (3, "r", 0)),
        ("os.rename", (f"{tmp_path}/data/.f.csv.x1", f"{tmp_path}/data/f.csv", -1, -1)),
        ("karaganda_vibe.write", (f"{tmp_path}/data/g.csv",)),
        ("import", ("os",)),
    ]:
        hook(event, arguments)
    noted = [line.rstrip("\n").replace("\tdata/", " ").replace(".csv", "") for line in lines]
    assert noted == ["r a", "w b", "r c", "w d", "w f", "w g"]


def test_notebooks_run_apart_from_a_users_settings(tmp_path: Path) -> None:
    given = {
        "HOME": "/home/made",
        "PATH": "/bin",
        "PYTHONSTARTUP": "/home/made/start.py",
        "PYTHONPATH": "/elsewhere",
        "MATPLOTLIBRC": "/home/made",
        "MPLCONFIGDIR": "/home/made",
        "JUPYTER_PATH": "/home/made",
        "IPYTHONDIR": "/home/made",
        "LC_ALL": "kk_KZ.UTF-8",
        "LANGUAGE": "kk",
        "TZ": "Asia/Almaty",
        "OPENBLAS_CORETYPE": "Prescott",
        "OMP_NUM_THREADS": "8",
        "NPY_DISABLE_CPU_FEATURES": "AVX2",
    }
    made = pins.pinned_environment(given, tmp_path)
    assert {"HOME", "PATH"} <= made.keys()
    changed = {name: made.get(name) for name in given if name not in ("HOME", "PATH")}
    assert not {name for name in changed if changed[name] == given[name]}
    assert made["PYTHONPATH"] == str(tmp_path / "src")
    assert (made["TZ"], made["LC_ALL"], made["PYTHONHASHSEED"]) == ("UTC", "C.UTF-8", "0")
    assert (made["OMP_NUM_THREADS"], made["OPENBLAS_NUM_THREADS"]) == ("1", "1")
    for name in pins.SETTINGS_FOLDERS:
        assert Path(made[name]).is_relative_to(tmp_path / "build" / "settings")
        assert Path(made[name]).is_dir()


def test_a_library_compiled_for_the_first_time_adds_nothing_to_an_output(tmp_path: Path) -> None:
    # An odd escape, and a comparison that every Python warns of.
    (tmp_path / "made_library.py").write_text("'\\h'\n1 is 1\n", encoding="utf-8")

    def said(environment: dict[str, str]) -> str:
        python = [sys.executable, "-B", "-c", "import made_library"]
        done = subprocess.run(
            python, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        return done.stderr

    assert said(pins.pinned_environment({}, tmp_path)) == ""
    assert "SyntaxWarning" in said({})
    if sys.version_info >= (3, 12):
        assert "invalid escape" in said({})


def test_numpy_takes_the_pins_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    if pins.platform.machine().lower() not in ("x86_64", "amd64"):
        assert "OPENBLAS_CORETYPE" not in pins.number_pins()
        return
    assert pins.number_pins()["OPENBLAS_CORETYPE"] == "Haswell"
    # A made processor: what it has beyond AVX2 goes, what numpy does not know stays unnamed.
    from numpy._core import _multiarray_umath as core

    features = dict.fromkeys(core.__cpu_dispatch__, True)
    monkeypatch.setattr(core, "__cpu_features__", features)
    named = pins.newer_features()
    assert set(named) == {n for n in core.__cpu_dispatch__ if "512" in n or n == "X86_V4"}
    assert "AVX2" not in named
    monkeypatch.undo()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import numpy"],
        env={**os.environ, **pins.number_pins()},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_errors_are_one_line_with_what_to_do() -> None:
    def told(number: int, place: str | None = "made.csv") -> str:
        return one_line(OSError(number, os.strerror(number), place))

    assert told(errno.ENOSPC) == (
        "No space left on device (made.csv); nothing was changed: make room on the disk and run "
        "it again"
    )
    for number in (errno.EROFS, errno.EACCES):
        assert "copy it to where you may write" in told(number)
        assert "room" not in told(number)
    assert one_line(ProjectError("made,\n in two lines")) == "made, in two lines"
    assert one_line(ZeroDivisionError("x")).startswith("ZeroDivisionError: x;")


def test_another_checkouts_package_is_refused(tmp_path: Path) -> None:
    check_checkout(PROJECT)
    check_checkout(PACKAGE)
    check_checkout(tmp_path)  # no checkout at all
    (tmp_path / "src" / "karaganda_vibe").mkdir(parents=True)
    with pytest.raises(ProjectError, match=f"the checkout {tmp_path}, but Python found .* of "):
        check_checkout(tmp_path)
