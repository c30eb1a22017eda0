"""Drawings of shares, gaps and scenarios put every number where it belongs."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from karaganda_vibe.figures.answer_charts import place_intervals, share_bars, waterfall
from karaganda_vibe.figures.pens import Draw, Pen


def drawn(draw: Draw) -> Figure:
    figure = plt.figure(figsize=(6.4, 3))
    draw(figure, Pen("en", lambda label: f"[{label}]"))
    plt.close(figure)
    return figure


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_a_waterfall_ends_where_its_parts_lead() -> None:
    data = pd.DataFrame(
        [
            ("comparator", "level", 2.0, None, None),
            ("wage", "driver", -1.5, -2.0, -1.0),
            ("unexplained", "rest", -4.0, -5.0, -3.0),
            ("unit", "level", -3.5, None, None),
        ],
        columns=["row", "part", "value", "low", "high"],
    )
    figure = drawn(waterfall(data, kind="signed_per_1000"))
    axes = figure.axes[0]
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches[:4]]
    assert bars[1] == pytest.approx((2.0, 0.5))
    assert bars[2] == pytest.approx((0.5, -3.5))
    assert bars[3][1] == pytest.approx(bars[2][1])
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "[comparator]", "[wage]", "[unexplained]", "[unit]",
    ]  # fmt: skip
    assert texts(figure) == ["+2.0", "\u22121.5", "\u22124.0", "\u22123.5"]
    bottom, top = axes.get_ylim()
    assert bottom > top


def test_shares_come_in_groups_with_their_intervals() -> None:
    data = pd.DataFrame(
        [
            ("net", "wage", 2.0, 1.0, 3.0),
            ("net", "crimes", 0.5, 0.0, 1.0),
            ("out", "wage", 1, 0, 9),
        ],
        columns=["group", "row", "share", "low", "high"],
    )
    figure = drawn(share_bars(data, kind="percent", ticks_kind="percent_0", groups=["net", "out"]))
    axes = figure.axes[0]
    assert texts(figure) == ["[net]", "2.0%", "0.5%", "[out]", "1.0%"]
    intervals = [tuple(line.get_xdata()) for line in axes.lines]
    assert intervals == [(1.0, 3.0), (0.0, 1.0), (0, 9)]
    assert axes.get_xlim()[1] > 9


def test_places_without_a_figure_carry_a_word() -> None:
    data = pd.DataFrame(
        [
            ("a", "one", "computed", 10.0, 5.0, 15.0, "A"),
            ("b", "one", "already there", None, None, None, "B"),
            ("a", "two", "refused", None, None, None, "A"),
            ("b", "two", "computed", -4.0, -8.0, 1.0, "B"),
        ],
        columns=["unit", "group", "status", "people", "low", "high", "name_en"],
    )
    figure = drawn(
        place_intervals(data, kind="signed_persons", groups=["one", "two"], order=["b", "a"])
    )
    assert texts(figure) == ["[already_there]", "+10", "\u22124", "[refused]"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["B", "A"]
    left, right = figure.axes
    assert left.get_xlim() == right.get_xlim()
    assert left.get_xlim()[0] < -8
    assert left.get_xlim()[1] > 15
