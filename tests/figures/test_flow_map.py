"""The flow map: arrows the way that more people go, circles as large as the numbers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle

from karaganda_vibe.figures.flow_map import Box, flow_map
from karaganda_vibe.figures.matrix_chart import (
    BOUNDS,
    COLUMNS_NARROW,
    FILLS,
    matrix_chart,
    share_class,
)
from karaganda_vibe.figures.pens import Pen
from karaganda_vibe.figures.style import GAIN, LOSS, use_style

RINGS = {"a": [np.array([(0, 0), (4, 0), (4, 3), (0, 3), (0, 0)], float)]}
CENTRES = pd.DataFrame({"x": [1.0, 3, 3, 1], "y": [1.0, 2, 0.5, 2.5]}, index=list("abcd"))
NETS = pd.DataFrame(
    {"region": ["b", "c", "d"], "value": [-900, 400, 3], **{
        f"name_{code}": ["Made b", "Made c", "Made d"] for code in ("en", "ru", "kk")}}
)  # fmt: skip


@pytest.fixture(params=[False, True], ids=["wide", "narrow"])
def drawn(request):
    use_style()
    figure = Figure(figsize=(3.7, 3) if request.param else (6.4, 4))
    pen = Pen("en", str, request.param)
    flow_map(RINGS, CENTRES, NETS, focus="a", labelled=5, smallest=10)(figure, pen)
    figure.canvas.draw()
    return figure.axes[0]


def test_circles_are_as_large_as_the_numbers(drawn):
    circles = [patch for patch in drawn.patches if isinstance(patch, Circle)]
    areas = sorted(circle.radius**2 for circle in circles)
    assert len(areas) == 2  # the balance below the smallest is left out
    assert areas[1] / areas[0] == pytest.approx(900 / 400)


def test_arrows_go_the_way_that_more_people_go(drawn):
    arrows = [patch for patch in drawn.patches if isinstance(patch, FancyArrowPatch)]
    ends = {tuple(float(x) for x in arrow._posA_posB[1]) for arrow in arrows}
    assert ends == {(3.0, 2.0), (1.0, 1.0)}  # to b, which takes; from c to here


def test_labels_say_name_and_number_and_do_not_overlap(drawn):
    texts = [text for text in drawn.texts if text.get_text()]
    assert [text.get_text() for text in texts] == ["Made b", "−900", "Made c", "+400"]
    assert [text.get_color() for text in texts][1::2] == [LOSS, GAIN]
    boxes = [text.get_window_extent() for text in texts]
    for one, other in product(boxes[:2], boxes[2:]):
        assert not one.overlaps(other)


def test_boxes_meet():
    one = Box(0, 0, 10, 5)
    assert one.meets(Box(9, 4, 3, 3))
    assert not one.meets(Box(10, 0, 3, 3))
    assert not one.meets(Box(0, 5, 3, 3))


def test_matrix_shows_the_first_columns_on_a_phone():
    use_style()
    codes = [f"r{number}" for number in range(9)]
    shares = pd.DataFrame(np.arange(81.0).reshape(9, 9), index=codes, columns=codes)
    names = {"en": pd.Series({code: code.upper() for code in codes})}
    for narrow, columns in ((False, 9), (True, COLUMNS_NARROW)):
        figure = Figure(figsize=(3.7, 3))
        matrix_chart(shares, names, focus="r8", order=codes)(figure, Pen("en", str, narrow))
        labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
        assert labels == [code.upper() for code in codes[:columns]]


def test_matrix_colours_a_share_by_its_class():
    assert [share_class(share) for share in (0.0, 2.9, 3.0, 9.9, 10.0, 30.0, 88.0)] == [
        0, 0, 1, 1, 2, 3, 3,
    ]  # fmt: skip
    use_style()
    shares = pd.DataFrame([[np.nan, 2.0], [44.0, np.nan]], index=["a", "b"], columns=["a", "b"])
    names = {"en": pd.Series({"a": "Made a", "b": "Made b"})}
    figure = Figure(figsize=(6.4, 4))
    matrix_chart(shares, names, focus="a", order=["a", "b"])(figure, Pen("en", str))
    cells = {
        patch.get_xy(): to_hex(patch.get_facecolor())
        for patch in figure.axes[0].patches
        if isinstance(patch, Rectangle) and patch.get_width() == 1 and patch.get_height() == 1
    }
    assert cells[(0, 1)] == FILLS[2]  # from b to a
    assert (1, 0) not in cells  # below the first bound: white
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written == [f"{bound:.0f}%" for bound in BOUNDS]
