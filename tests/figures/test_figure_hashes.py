"""The drawings look as they were accepted; what changed is said in one line with what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import figure_hashes
import pytest
from figure_hashes import ALIKE, accept, changes, described, difference, drawings, read_table

from karaganda_vibe.project.paths import PROJECT


def test_every_figure_looks_as_it_was_accepted() -> None:
    found = changes(read_table(), drawings())
    assert not found, "\n" + "\n".join(found)


@pytest.fixture
def figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of one drawing, which a test may change."""
    monkeypatch.setattr(figure_hashes, "PROJECT", tmp_path)
    path = tmp_path / "ru" / "fig-net-trend-narrow.svg"
    path.parent.mkdir()
    shutil.copy(PROJECT / "report" / "figures" / "ru" / path.name, path)
    return path


def test_a_change_is_told_from_a_file_written_otherwise(figure: Path) -> None:
    before = described([figure])
    assert changes(before, [figure]) == []
    text = figure.read_text("utf-8")
    figure.write_text(text.replace("<svg ", "<svg  "), "utf-8")
    (line,) = changes(before, [figure])
    assert line.startswith("fig-net-trend, ru, narrow: the file differs, the picture looks alike")
    # Made: every column in the colour of gains.
    figure.write_text(text.replace("#c2511b", "#1c7c6e"), "utf-8")
    (line,) = changes(before, [figure])
    assert "the picture changed" in line
    assert line.endswith("look at it, then accept it with `make accept`")


def test_a_moved_part_changes_the_picture(figure: Path) -> None:
    before = described([figure])[0]
    text = figure.read_text("utf-8")
    moved = '<path d="M20 20H200V60H20z" fill="#1f2933"/></svg>'
    figure.write_text(text.replace("</svg>", moved), "utf-8")
    assert difference(before.picture, described([figure])[0].picture)[0] > ALIKE


def test_figures_that_come_and_go_are_named(figure: Path, tmp_path: Path) -> None:
    accepted = described([figure])
    assert changes([], [figure])[0].startswith("fig-net-trend, ru, narrow: is new")
    assert changes(accepted, [])[0].startswith("fig-net-trend, ru, narrow: is no longer drawn")
    table = tmp_path / "hashes.csv"
    accept([figure], table)
    assert read_table(table) == accepted
