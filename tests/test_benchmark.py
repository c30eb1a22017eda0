"""The benchmark measures what it says: order of notebooks, touched files, time, memory, table."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from scratch_project import contents, copy_project

from benchmarks import first_view
from benchmarks.__main__ import RAW_TABLE, in_order, touch_chapter, touch_raw_table
from benchmarks.measure import Measured, measured, typical
from benchmarks.table import Row, as_text
from karaganda_vibe.build.tasks import read_notebook_table
from karaganda_vibe.sources.raw_package import verify_raw

MB = 1_000_000


def test_notebooks_come_after_those_whose_tables_they_read() -> None:
    made = {
        "1_last": {"reads": [Path("b"), Path("raw")], "writes": []},
        "2_middle": {"reads": [Path("a")], "writes": [Path("b")]},
        "3_first": {"reads": [Path("raw")], "writes": [Path("a")]},
    }
    assert in_order(made) == ["3_first", "2_middle", "1_last"]
    assert sorted(in_order(read_notebook_table())) == sorted(read_notebook_table())


def test_what_is_touched_changes_and_raw_data_stay_valid(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "copy", without=["data/processed", "report/figures", "src"])
    before = contents(root, ["data", "report"])
    touch_chapter(root)
    touch_raw_table(root)
    after = contents(root, ["data", "report"])
    assert {name for name in after if after[name] != before[name]} == {
        "report/en/_regions.qmd",
        RAW_TABLE,
        "data/raw/datapackage.json",
    }
    verify_raw(root / "data" / "raw")


def test_time_and_memory_of_a_command_and_its_children(tmp_path: Path) -> None:
    child = "import time; block = bytearray(80_000_000); time.sleep(0.5)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    run = measured([sys.executable, "-c", program], tmp_path, {})
    assert 0.5 <= run.seconds < 10
    assert 80 * MB < run.memory < 400 * MB


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    program = "import sys; print('made output'); sys.exit(3)"
    with pytest.raises(RuntimeError, match=r"ended with 3:\nmade output"):
        measured([sys.executable, "-c", program], tmp_path, {})


def test_median_and_ratio() -> None:
    runs = [Measured(9, 300 * MB), Measured(2, 100 * MB), Measured(4, 200 * MB)]
    assert typical(runs) == Measured(4, 300 * MB)
    plain = [Measured(8, 50 * MB)]
    head, rule, build, tests = as_text([Row("build", runs, plain), Row("tests", plain)]).split("\n")
    assert head.split() == ["seconds", "memory", "plain", "way", "memory", "ours", ":", "plain"]
    assert set(rule) == {"-", " "}
    assert build.split("  ")[0] == "build"
    assert " ".join(build.split()) == "build 4.0 (fastest 2.0) 300 MB 8.0 50 MB 0.50"
    assert " ".join(tests.split()) == "tests 8.0 50 MB – – –"
    assert len({len(line) for line in (head, rule, build, tests)}) == 1


def test_a_first_view_slower_than_the_aim_is_marked() -> None:
    made = {"en": [0.21, 0.84], "ru": [0.2, first_view.AIM + 0.3]}
    lines = first_view.as_text(made).splitlines()
    assert lines[0].split()[:3] == ["first", "view", "desk"]
    assert lines[2].endswith("0.84 s")
    assert lines[3].endswith("1.30 s > aim")


def test_a_first_view_is_measured_in_the_browser(tmp_path: Path) -> None:
    if first_view.browser_path() is None:
        pytest.skip(first_view.MISSING)
    page = tmp_path / "made.html"
    page.write_text("<!doctype html><title>Made</title><p>Made page.</p>", encoding="utf-8")
    found = first_view.measure({"made": page})
    assert len(found["made"]) == len(first_view.WINDOWS)
    assert all(seconds > 0 for seconds in found["made"])
