"""The benchmark measures what it says: order of notebooks, touched files, time, memory, table."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

import pytest
from build.test_failures import small  # noqa: F401  (a fixture: a small project, built)
from scratch_project import contents, copy_project

from benchmarks import first_view
from benchmarks.__main__ import page
from benchmarks.builds import (
    BUILD,
    EDITIONS,
    IMPORTS,
    NOTHING,
    RAW,
    RAW_TABLE,
    RENDER,
    TEXT,
    TEXTS,
    Run,
    aims,
    change_text,
    notebooks_in_order,
    plain_way,
    steps_of,
    timed,
    touch_chapter,
    touch_raw_table,
)
from benchmarks.measure import Measured, measured, typical
from benchmarks.models import main as time_models
from benchmarks.table import Row, as_text
from karaganda_vibe.project.paths import PROJECT
from karaganda_vibe.sources.raw_package import verify_raw

MB = 1_000_000


def test_notebooks_come_after_those_whose_tables_and_values_they_read(tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("1_last", "2_middle", "3_first"):
        (folder / f"{name}.ipynb").write_text("{}", encoding="utf-8")
    made = """
1_last: {reads: [report/generated/values/2_middle.json], writes: []}
2_middle: {reads: [data/processed/a.csv], writes: []}
3_first: {reads: [data/raw], writes: [data/processed/a.csv]}
"""
    (folder / "notebooks.yml").write_text(made, encoding="utf-8")
    assert notebooks_in_order(tmp_path) == ["3_first", "2_middle", "1_last"]
    there = {path.stem for path in (PROJECT / "notebooks").glob("*.ipynb")}
    assert set(notebooks_in_order(PROJECT)) == there


def test_what_is_touched_changes_and_raw_data_stay_valid(tmp_path: Path) -> None:
    root = copy_project(tmp_path / "copy", without=["data/processed", "report/figures", "src"])
    folders = ["data", "report", "metadata"]
    before = contents(root, folders)
    touch_chapter(root)
    touch_raw_table(root)
    change_text(root)
    after = contents(root, folders)
    assert {name for name in after if after[name] != before[name]} == {
        "report/en/_how_many.qmd",
        RAW_TABLE,
        "data/raw/datapackage.json",
        TEXTS,
    }
    verify_raw(root / "data" / "raw")


def test_a_build_and_the_plain_way_run_for_real(small: Path) -> None:  # noqa: F811
    nothing = timed(small, BUILD)
    assert steps_of(nothing.output) == []
    chapter = small / "report" / "chapter.qmd"
    chapter.write_text(f"{chapter.read_text('utf-8')}\nA sentence more.\n", "utf-8")
    changed = timed(small, BUILD)
    assert "render:en" in steps_of(changed.output)
    assert not [step for step in steps_of(changed.output) if step.startswith("notebook:")]
    page = small / "_output" / "index.html"
    page.unlink()
    # The small project has no passports and no summary: their steps are only looked up.
    plain = timed(small, *plain_way(small, IMPORTS + EDITIONS))
    assert page.exists()
    assert plain.seconds > nothing.seconds
    imports = "\n".join(line for line in IMPORTS.splitlines() if line.startswith("from "))
    timed(small, [sys.executable, "-c", imports])


def test_the_plain_way_writes_what_the_editions_link_to_before_them() -> None:
    assert RENDER.index("write_value_links()\n") < RENDER.index("render_document(language")


def test_models_are_timed_for_real(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmarks.models.DRAWS", 99)
    monkeypatch.setattr("benchmarks.models.EVERY", 64)
    monkeypatch.setattr(sys, "argv", ["models", "2"])
    time_models()
    found = json.loads(capsys.readouterr().out)
    assert all(seconds > 0 for seconds in found["ours"].values())


def made_run(notebooks: int) -> Run:
    ours = {RAW: Measured(60, MB), NOTHING: Measured(1.5, MB), TEXT: Measured(9, MB)}
    steps = [*["notebook:03_region_in_the_country"] * notebooks, "render:ru"]
    drawn = ["report/figures/ru/fig-net-trend.svg", "report/figures/ru/fig-net-trend-narrow.svg"]
    return Run(ours, {RAW: Measured(100, MB)}, steps, drawn)


def test_aims_are_said_beside_the_figures() -> None:
    lines = aims(made_run(notebooks=1))
    assert [line.split(":")[-1] for line in lines[:2]] == [" 0.60, NOT met.", " 1.5 s, met."]
    assert "2 of the 2 drawings that changed, met" in lines[2]
    assert "NOT met (steps that ran: notebook:03_region_in_the_country, render:ru)" in lines[3]
    assert "again: met (" in aims(made_run(notebooks=0))[3]


def test_the_page_names_the_machine_and_is_not_edited_by_hand() -> None:
    text = page(
        [made_run(notebooks=0)], 3.0, "models of a test", "rows of a test", "views of a test"
    )
    assert "The machine was busy at the start (load 3.0)" in text
    assert f"Python {platform.python_version()}; commit " in text
    assert " cores, " in text
    assert "\nall from raw " in text
    assert "0.60\n" in text
    assert "models of a test" in text
    assert "views of a test" in text


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
