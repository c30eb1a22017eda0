"""The map of places: each drawn once in the colour of its class, names inside or beside. Made."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from karaganda_vibe.figures.pens import Pen
from karaganda_vibe.figures.place_map import place_map, roomiest_point, scaled, spread
from karaganda_vibe.figures.tile_map import FILLS
from karaganda_vibe.panels import place_shapes
from karaganda_vibe.panels.place_shapes import map_of_places
from karaganda_vibe.project.errors import ProjectError


def box(left: float, low: float, wide: float, high: float) -> np.ndarray:
    corners = [(0, 0), (wide, 0), (wide, high), (0, high), (0, 0)]
    return np.array([(left + x, low + y) for x, y in corners], dtype=float)


OUTLINES = {
    "large": [box(0, 0, 10, 6)],
    "other": [box(10, 0, 8, 6)],
    "small": [box(12, 2, 0.3, 0.3)],
}
RATES = {"large": -25.0, "other": 3.0, "small": -5.0}


def drawn(outlines: dict[str, list[np.ndarray]] = OUTLINES) -> Figure:
    places = pd.DataFrame(
        {"unit": unit, "value": rate, "name_en": f"Made {unit}", "label_en": unit}
        for unit, rate in RATES.items()
    )
    figure = Figure(figsize=(6.4, 3.0))
    pen = Pen("en", lambda part: part)
    place_map(outlines, places, lambda figure, pen: None, legend=130)(figure, pen)
    return figure


def test_every_place_is_drawn_once_in_the_colour_of_its_class() -> None:
    shapes = [c for c in drawn().axes[0].collections if isinstance(c, PolyCollection)]
    assert [to_hex(shape.get_facecolor()[0]) for shape in shapes] == [FILLS[0], FILLS[3], FILLS[2]]


def test_a_city_inside_a_district_is_painted_over_it_whatever_the_order() -> None:
    backwards = dict(reversed(OUTLINES.items()))
    assert next(iter(backwards)) == "small"
    shapes = [c for c in drawn(backwards).axes[0].collections if isinstance(c, PolyCollection)]
    assert [to_hex(shape.get_facecolor()[0]) for shape in shapes] == [FILLS[0], FILLS[3], FILLS[2]]


def test_names_stand_inside_where_they_fit_and_beside_where_not() -> None:
    axes = drawn().axes[0]
    texts = {text.get_text(): text.get_position() for text in axes.texts}
    assert list(texts) == ["small", "−5.0", "large", "−25.0", "other", "+3.0"]
    rings = scaled(OUTLINES, *(72 * axes.figure.get_size_inches() - (0, 42)))
    for unit in ("large", "other"):
        (left, low), (right, high) = rings[unit][0].min(axis=0), rings[unit][0].max(axis=0)
        assert left < texts[unit][0] < right
        assert low < texts[unit][1] < high
    assert texts["small"][0] > rings["other"][0].max(axis=0)[0], "beside the map"
    (line,) = [line for line in axes.lines if len(line.get_xdata()) == 2]
    assert line.get_xdata()[1] == pytest.approx(rings["small"][0].mean(axis=0)[0], abs=1)


def test_a_name_has_the_most_room_and_keeps_off_lines() -> None:
    ring = np.array([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)], dtype=float)
    nothing = np.empty((0, 2))
    x, y = roomiest_point(ring, 20, 10, nothing) or (0, 0)
    assert (x, y) == pytest.approx((50, 50), abs=5)
    line = np.column_stack([np.linspace(0, 100, 60), np.full(60, 50.0)])
    x, y = roomiest_point(ring, 20, 10, line) or (0, 50)
    assert abs(y - 50) > 5
    assert roomiest_point(ring, 120, 10, nothing) is None


@pytest.mark.parametrize(
    ("wanted", "heights"),
    [
        ([90.0, 50.0], [90.0, 50.0]),
        ([52.0, 50.0, 48.0], [60.0, 50.0, 40.0]),
        ([90.0, 30.0, 28.0], [90.0, 34.0, 24.0]),
        ([4.0, 3.0], [10.0, 0.0]),
        ([200.0], [100.0]),
        ([], []),
    ],
)
def test_names_beside_the_map_keep_apart(wanted: list[float], heights: list[float]) -> None:
    assert spread(wanted, 10, 0, 100) == heights


def test_a_place_without_an_outline_is_named() -> None:
    with pytest.raises(ProjectError, match="no row for made-place"):
        map_of_places(["made-place"], 0.02)


def test_an_unknown_outline_of_a_map_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = pd.DataFrame({"place_id": ["made-place"], "outlines": ["KZ0"], "line": [7]})
    monkeypatch.setattr(place_shapes, "load_place_outlines", lambda: wrong)
    with pytest.raises(ProjectError, match="line 7, column outlines: 'KZ0' is no outline of"):
        map_of_places(["made-place"], 0.02)
