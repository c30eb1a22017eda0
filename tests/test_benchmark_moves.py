"""The benchmark of made moves, at a small size: two engines, one answer, a table that says so."""

from __future__ import annotations

import numpy as np

from benchmarks.moves import TERMS, as_text, made_moves, measure
from karaganda_vibe.project.paths import PROJECT


def test_made_moves_are_complete_and_made_the_same_way_again():
    moves = made_moves(6, 2)
    assert len(moves) == 6 * 6 * 2
    assert not moves.duplicated(["origin", "destination", "year"]).any()
    assert moves.equals(made_moves(6, 2))


def test_both_engines_give_one_answer_and_the_table_says_whether_the_aim_is_met():
    found = measure(PROJECT, 12, 3)
    assert {run["rows"] for run in found.values()} == {432}
    assert all(len(run["estimates"]) == len(TERMS) for run in found.values())
    assert np.allclose(found["ours"]["estimates"], found["theirs"]["estimates"], atol=1e-5)
    text = as_text(found)
    assert "432" in text
    assert "; met." in text
    late = {"ours": found["ours"] | {"seconds": 61.0}, "theirs": found["theirs"]}
    assert "not met" in as_text(late)
