"""Texts of exhibits: a part of its own where the study lacks what the usual one speaks of."""

from __future__ import annotations

from pathlib import Path

import pytest

from karaganda_vibe.words.texts import Texts

MADE = """
exhibits:
  fig:
    note: {en: "With {part}."}
    note_without_former_parts: {en: "Alone, {n}."}
    label: {en: "L"}
"""


@pytest.mark.parametrize(
    ("lacking", "said"), [((), "With P."), (("press", "former_parts"), "Alone, 3.")]
)
def test_a_part_for_studies_that_lack_something(
    tmp_path: Path, lacking: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "made.yml"
    path.write_text(MADE, encoding="utf-8")
    texts = Texts(path, "exhibits", lacking.__contains__)
    assert texts.text("fig", "note", "en", {"part": "P", "n": "3"}) == said
    assert texts.text("fig", "label", "en", {}) == "L"
