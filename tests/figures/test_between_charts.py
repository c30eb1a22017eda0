"""Places beside their expectation, ranks with bands: what is drawn, in which order and colour."""

from __future__ import annotations

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from karaganda_vibe.figures.axes import Axis
from karaganda_vibe.figures.between_charts import expected_and_actual, rank_dots
from karaganda_vibe.figures.pens import Pen
from karaganda_vibe.figures.style import FOCUS, GAIN, LOSS, PAPER, use_style

PEN = Pen("en", {"expected": "expected", "actual": "actual", "middle": "middle"}.__getitem__)


def drawn(draw):
    use_style()
    figure = plt.figure(figsize=(6, 4))
    draw(figure, PEN)
    (axes,) = figure.axes
    plt.close(figure)
    return axes


def test_expected_and_actual_rates():
    data = pd.DataFrame(
        {
            "unit": ["a", "b", "c"],
            "value": [4.0, -20.0, -3.0],
            "expected": [1.0, -9.0, -5.0],
            "low": [-6.0, -15.0, -9.0],
            "high": [6.0, -2.0, -1.0],
            "name_en": ["A", "B", "C"],
        }
    )
    axes = drawn(expected_and_actual(data, Axis("signed_per_1000", "signed_per_1000"), focus=["c"]))
    # From most below its expectation, at the bottom, to most above.
    assert [label.get_text() for label in axes.get_yticklabels()] == ["B", "C", "A"]
    assert [label.get_fontweight() for label in axes.get_yticklabels()] == [400, 700, 400]
    dots = axes.collections
    assert [tuple(dot.get_offsets()[0]) for dot in dots] == [(-20, 0), (-3, 1), (4, 2)]
    assert [to_hex(dot.get_edgecolor()[0]) for dot in dots] == [LOSS, GAIN, GAIN]
    # B alone lies outside its band.
    assert [to_hex(dot.get_facecolor()[0]) for dot in dots] == [LOSS, PAPER, PAPER]
    bands = [tuple(line.get_xdata()) for line in axes.lines if line.get_linewidth() == 8.0]
    assert bands == [(-15, -2), (-9, -1), (-6, 6)]
    strokes = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "|"]
    assert strokes == [-9, -5, 1]


def test_ranks_with_bands():
    data = pd.DataFrame(
        {
            "unit": ["a", "b"],
            "rank": [3, 1],
            "low": [2, 1],
            "high": [30, 4],
            "bright": [False, True],
            "name_en": ["A", "B"],
        }
    )
    axes = drawn(rank_dots(data, focus=["a"], places=41))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["A", "B"]
    first, second = axes.collections
    assert tuple(first.get_offsets()[0]) == (3, 0)
    assert to_hex(first.get_facecolor()[0]) == PAPER
    assert to_hex(first.get_edgecolor()[0]) == FOCUS
    assert to_hex(second.get_facecolor()[0]) != PAPER
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "20", "40"]
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [line.get_xdata()[0] for line in dashed] == [21.0]
