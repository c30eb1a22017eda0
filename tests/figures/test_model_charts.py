"""Charts of model results, drawn from made frames."""

import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from karaganda_vibe.figures import model_charts
from karaganda_vibe.figures.pens import Pen
from karaganda_vibe.figures.style import FOCUS, LOSS

PEN = Pen("en", lambda part: part)


@pytest.fixture
def figure():
    drawn = plt.figure()
    yield drawn
    plt.close(drawn)


def test_a_dot_is_filled_only_if_its_interval_leaves_out_zero(figure):
    data = pd.DataFrame(
        {
            "row": ["a", "b"],
            "group": ["net", "net"],
            "effect": [1.0, 1.0],
            "low": [0.5, -0.5],
            "high": [1.5, 2.5],
        }
    )
    drawing = model_charts.interval_dots(
        data, kind="signed_decimal_2", groups=["net"], rows=["a", "b"]
    )
    drawing(figure, PEN)
    faces = [to_hex(dots.get_facecolor()[0]) for dots in figure.axes[0].collections]
    assert faces == ["#ffffff", FOCUS]  # drawn from the bottom row up
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["b", "a"]


def test_a_curve_marks_the_main_model_and_counts_signs(figure):
    data = pd.DataFrame(
        {
            "term": ["x"] * 4,
            "rank": range(4),
            "model_id": ["m0", "m1", "m2", "m3"],
            "effect": [-1.0, 1.0, 2.0, 3.0],
            "low": [-2.0, 0.0, 1.0, 2.0],
            "high": [0.0, 2.0, 3.0, 4.0],
        }
    )
    model_charts.specification_curves(data, kind="signed_decimal_2", terms=["x"], main="m2")(
        figure, PEN
    )
    assert figure.axes[0].get_title(loc="left") == "x  above_zero 75%"
    marked = figure.axes[0].collections[3].get_offsets()
    assert marked.tolist() == [[2.0, 2.0]]
    assert not figure.axes[1].get_visible()


def test_the_farthest_dot_of_a_strip_is_named(figure):
    data = pd.DataFrame(
        {
            "term": ["x"] * 6,
            "by": ["region"] * 3 + ["year"] * 3,
            "left_out": ["", "KZ-1", "KZ-2", "", "2001", "2002"],
            "effect": [1.0, 0.9, 0.2, 1.0, 1.6, 1.1],
            "name_en": ["", "One", "Two", "", "2001", "2002"],
        }
    )
    model_charts.leave_out_strips(data, kind="signed_decimal_2", terms=["x"])(figure, PEN)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["2001", "Two"]


def test_methods_that_cry_wolf_twice_as_often_as_promised_stand_out(figure):
    data = pd.DataFrame({"method": ["good", "bad"], "rate": [5.0, 22.0], "error": [0.5, 1.0]})
    model_charts.rate_bars(data, kind="percent_0", nominal=5, rows=["bad", "good"])(figure, PEN)
    colours = [to_hex(bar.get_facecolor()) for bar in figure.axes[0].patches]
    assert colours == [FOCUS, LOSS]
    assert {"5%", "22%"} <= {text.get_text() for text in figure.axes[0].texts}
