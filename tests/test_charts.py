"""The drawings of made frames: colours, gaps, marks of doubt, words in every language."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from karaganda_vibe import charts
from karaganda_vibe.charts import Axis, Break, Period
from karaganda_vibe.figure_style import COMPARATOR, GAIN, KARAGANDA, LOSS, MUTED, REST, use_style
from karaganda_vibe.figures import Draw, Pen
from karaganda_vibe.tile_map import plain_label, tile_drawing

WHOLE = Axis("signed_persons", "signed_persons")


@pytest.fixture(autouse=True)
def _style() -> Iterator[None]:
    with mpl.rc_context():
        use_style()
        yield
    plt.close("all")


def drawn(draw: Draw, language: str = "en") -> Figure:
    """The figure of a drawing; `say` answers with the part's name and the language."""
    figure = plt.figure(figsize=(6.4, 3.6), layout="constrained")
    draw(figure, Pen(language, lambda part: f"{part} [{language}]"))
    figure.canvas.draw()
    return figure


def words(axes: Axes) -> list[str]:
    """All that is written inside the axes."""
    return [text.get_text() for text in axes.texts if text.get_text()]


def made_names(unit: str) -> dict[str, str]:
    return {f"name_{code}": f"{unit} {code}" for code in ("en", "ru", "kk")}


def made_lines(**values: list[float | None]) -> pd.DataFrame:
    """One made line a keyword, from the year 2000 on."""
    return pd.DataFrame(
        [
            {"unit": unit, "year": 2000 + step, "value": value, **made_names(unit)}
            for unit, line in values.items()
            for step, value in enumerate(line)
        ]
    )


def made_bars(**values: float) -> pd.DataFrame:
    return pd.DataFrame(
        [{"unit": unit, "value": value, **made_names(unit)} for unit, value in values.items()]
    )


COLUMNS = pd.DataFrame({"year": [2001, 2002, 2003, 2004], "value": [-5000.0, 12.0, -7.0, -6181.0]})


def test_gains_and_losses_have_their_colours_and_doubt_is_hatched() -> None:
    figure = drawn(charts.gain_loss_columns(COLUMNS, WHOLE, labelled=[2004], doubtful=[2001]))
    first, second, third, last = figure.axes[0].patches[:4]
    assert [to_hex(bar.get_facecolor()) for bar in (second, third, last)] == [GAIN, LOSS, LOSS]
    assert first.get_hatch()
    assert to_hex(first.get_facecolor()) == "#ffffff"
    assert to_hex(first.get_edgecolor()) == LOSS
    assert not any(bar.get_hatch() for bar in (second, third, last))


def test_only_the_chosen_columns_carry_their_number() -> None:
    figure = drawn(charts.gain_loss_columns(COLUMNS, WHOLE, labelled=[2001, 2004]))
    assert words(figure.axes[0]) == ["−5,000", "−6,181"]


@pytest.mark.parametrize(
    ("language", "number"), [("en", "−6,181"), ("ru", "−6\u00a0181"), ("kk", "−6\u00a0181")]
)
def test_every_number_and_word_is_in_the_language(language: str, number: str) -> None:
    marks = {
        "breaks": [Break(2002.5, "border")],
        "periods": [Period(2003, 2004, "registration")],
    }
    figure = drawn(charts.gain_loss_columns(COLUMNS, WHOLE, labelled=[2004], **marks), language)
    (axes,) = figure.axes
    assert words(axes) == [number, f"registration [{language}]", f"border [{language}]"]
    ticks = [label.get_text() for label in axes.get_yticklabels()]
    mark = "," if language == "en" else "\u00a0"
    assert any(mark in tick for tick in ticks)
    assert not any("-" in tick or (mark != "," and "," in tick) for tick in ticks)
    years = [label.get_text() for label in axes.get_xticklabels()]
    assert years == ["2001", "2002", "2003", "2004"]


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_names_are_those_of_the_language(language: str) -> None:
    bars = made_bars(a=1.0, b=-2.0)
    slopes = bars.rename(columns={"value": "after"}).assign(before=0.5)
    lines = made_lines(a=[1.0, 2.0], b=[-1.0, -2.0])
    names = [f"b {language}", f"a {language}"]
    for draw in (
        charts.ranked_bars(bars, WHOLE, focus=["a"]),
        charts.dumbbells(slopes, WHOLE, focus=["a"]),
    ):
        labels = drawn(draw, language).axes[0].get_yticklabels()
        assert [label.get_text() for label in labels] == names
    named = drawn(charts.focus_lines(lines, WHOLE, focus=["a"], comparators=["b"]), language)
    assert words(named.axes[0]) == [f"a {language} +2", f"b {language} −2"]
    panels = drawn(charts.small_multiples(lines, WHOLE, order=["a", "b"], columns=2), language)
    titles = [axes.get_title(loc="left") for axes in panels.axes]
    assert titles == [f"a {language}  +2", f"b {language}  −2"]


def curves(axes: Axes) -> dict[str, list]:
    """The lines over years, by colour (the line at zero has two points in axes coordinates)."""
    found: dict[str, list] = {}
    for line in axes.lines:
        shown = line.get_alpha() != 0  # dots that only answer a pointer are not
        if shown and len(line.get_xdata()) and max(line.get_xdata()) > 1900:
            found.setdefault(to_hex(line.get_color()), []).append(line)
    return found


def test_the_focus_line_is_in_colour_and_widest() -> None:
    lines = made_lines(here=[1.0, 2.0], other=[3.0, 4.0], country=[2.0, 2.5])
    figure = drawn(charts.focus_lines(lines, WHOLE, focus=["here"], comparators=["country"]))
    (axes,) = figure.axes
    found = curves(axes)
    assert set(found) == {KARAGANDA, COMPARATOR, REST}
    (here,), (country,), (other,) = found[KARAGANDA], found[COMPARATOR], found[REST]
    assert here.get_linewidth() > country.get_linewidth() > other.get_linewidth()
    assert here.get_zorder() > country.get_zorder() > other.get_zorder()
    # Told apart without colours as well.
    assert country.get_linestyle() != here.get_linestyle()
    assert words(axes) == ["country en +2", "here en +2"]


def test_a_gap_breaks_the_line() -> None:
    lines = made_lines(here=[1.0, 2.0, None, 4.0, 5.0]).dropna(subset=["value"])
    figure = drawn(charts.focus_lines(lines, WHOLE, focus=["here"]))
    (line,) = curves(figure.axes[0])[KARAGANDA]
    assert list(line.get_xdata()) == [2000, 2001, 2002, 2003, 2004]
    assert np.isnan(line.get_ydata()).tolist() == [False, False, True, False, False]


def test_a_change_of_segment_breaks_the_line() -> None:
    lines = made_lines(here=[1.0, 2.0, 3.0, 4.0])
    lines["segment"] = ["until-2002", "until-2002", "since-2002", "since-2002"]
    figure = drawn(charts.focus_lines(lines, WHOLE, focus=["here"]))
    pieces = curves(figure.axes[0])[KARAGANDA]
    assert [list(piece.get_xdata()) for piece in pieces] == [[2000, 2001], [2002, 2003]]
    # One line has one name, at its very end.
    assert words(figure.axes[0]) == ["here en +4"]


def test_labels_of_lines_that_end_together_do_not_overlap() -> None:
    values = {f"line{step}": [0.0, 100.0 + step] for step in range(5)}
    figure = drawn(
        charts.focus_lines(
            made_lines(low=[0.0, -400.0], **values), WHOLE, focus=["line0"], comparators=values
        )
    )
    renderer = figure.canvas.get_renderer()
    boxes = [
        Text.get_window_extent(text, renderer)  # without the leader, which may cross others
        for text in figure.axes[0].texts
        if text.get_text().startswith("line")
    ]
    assert len(boxes) == 5
    # Half a point of room for the round of pixels.
    assert not any(
        min(a.y1, b.y1) - max(a.y0, b.y0) > 0.7 and min(a.x1, b.x1) > max(a.x0, b.x0)
        for a, b in combinations(boxes, 2)
    )


def test_ranked_bars_are_in_order_and_tell_gain_loss_reference_and_doubt() -> None:
    data = made_bars(gain=3.0, country=1.0, loss=-2.0, doubt=-4.0, here=-3.0)
    figure = drawn(
        charts.ranked_bars(data, WHOLE, focus=["here"], doubtful=["doubt"], reference=["country"])
    )
    (axes,) = figure.axes
    units = [label.get_text().removesuffix(" en") for label in axes.get_yticklabels()]
    assert units == ["doubt", "here", "loss", "country", "gain"]
    bars = dict(zip(units, axes.patches, strict=True))
    colours = {unit: to_hex(bar.get_facecolor()) for unit, bar in bars.items()}
    assert colours == {
        "doubt": "#ffffff",
        "here": LOSS,
        "loss": LOSS,
        "country": COMPARATOR,
        "gain": GAIN,
    }
    assert bars["here"].get_alpha() == 1.0
    assert {bars[unit].get_alpha() for unit in ("loss", "gain", "country")} == {0.45}
    assert [unit for unit, bar in bars.items() if bar.get_hatch()] == ["doubt"]
    assert words(axes) == ["−4", "−3", "−2", "+1", "+3"]


def test_small_multiples_share_a_scale_and_hide_empty_panels() -> None:
    lines = made_lines(a=[1.0, 2.0, 3.0], b=[-1.0, None, -30.0], c=[0.0, 1.0, 0.5], d=[1.0, 1.0, 1])
    figure = drawn(
        charts.small_multiples(
            lines,
            WHOLE,
            order=["d", "c", "b", "a"],
            columns=3,
            focus=["b"],
            breaks=[Break(2000.5, "border")],
            limits=(-20, 5),
        )
    )
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(figure.axes) == 6
    assert [axes.get_title(loc="left").split()[0] for axes in shown] == ["d", "c", "b", "a"]
    assert {axes.get_ylim() for axes in shown} == {(-20, 5)}
    own = [[line for line in axes.lines if line.get_linewidth() == 1.5] for axes in shown]
    assert all(len(lines) == 1 for lines in own)
    assert [to_hex(lines[0].get_color()) == KARAGANDA for lines in own] == [
        False,
        False,
        True,
        False,
    ]
    # A gap stays a gap.
    assert np.isnan(own[2][0].get_ydata()).tolist() == [False, True, False]
    # Years stand under the lowest panel of each column.
    labelled = [
        axes.get_title(loc="left")[0]
        for axes in shown
        if axes.xaxis.get_tick_params()["labelbottom"]
    ]
    assert labelled == ["c", "b", "a"]


def test_dumbbells_tell_better_from_worse_and_name_their_dots() -> None:
    data = pd.DataFrame(
        [
            {"unit": "worse", "before": 1.0, "after": -3.0, **made_names("worse")},
            {"unit": "better", "before": -2.0, "after": 2.0, **made_names("better")},
        ]
    )
    figure = drawn(charts.dumbbells(data, WHOLE, focus=["worse"]))
    (axes,) = figure.axes
    ties = {to_hex(line.get_color()): line for line in axes.lines if len(set(line.get_xdata())) > 1}
    assert list(ties[LOSS].get_xdata()) == [1.0, -3.0]
    assert list(ties[GAIN].get_xdata()) == [-2.0, 2.0]
    assert ties[LOSS].get_linewidth() > ties[GAIN].get_linewidth()
    assert words(axes) == ["−3", "+2", "before [en]", "after [en]"]


def test_stacked_columns_stack_on_their_side_of_zero_and_write_the_total() -> None:
    data = pd.DataFrame({"year": [2022, 2023], "near": [-300.0, -100.0], "far": [-200.0, 400.0]})
    colours = {"near": LOSS, "far": MUTED}
    figure = drawn(charts.stacked_columns(data, WHOLE, parts=["near", "far"], colours=colours))
    (axes,) = figure.axes
    bars = [(bar.get_y(), bar.get_height()) for bar in axes.patches[:4]]
    assert bars == [(0, -300), (0, -100), (-300, -200), (0, 400)]
    assert {to_hex(bar.get_facecolor()) for bar in axes.patches[:2]} == {LOSS}
    assert words(axes) == [
        *("−300", "−100", "−200", "+400"),
        *("−500", "+300"),
        *("near [en]", "far [en]"),
    ]


def test_a_long_axis_of_years_ends_with_the_last_year() -> None:
    data = pd.DataFrame({"year": range(1991, 2026), "value": -1.0})
    figure = drawn(charts.gain_loss_columns(data, WHOLE, labelled=[]))
    years = [int(label.get_text()) for label in figure.axes[0].get_xticklabels()]
    assert years[-1] == 2025
    assert len(set(np.diff(years))) == 1
    assert 5 <= len(years) <= 9


def test_slopes_name_both_ends_and_tell_falls_from_rises_without_colour() -> None:
    data = pd.DataFrame(
        [
            {"unit": "a", "before": 1.0, "after": -2.0, **made_names("a")},
            {"unit": "b", "before": -3.0, "after": -1.0, **made_names("b")},
        ]
    )
    axes = drawn(charts.slopes(data, Axis("signed_per_1000", "signed_per_1000"), focus=["a"])).axes[
        0
    ]
    lines = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_marker() == "o"]
    assert [line.get_linestyle() for line in lines] == ["-", "--"]
    assert [line.get_color() for line in lines] == [LOSS, GAIN]
    assert {"a en −2.0", "b en −1.0", "+1.0", "−3.0"} <= set(words(axes))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["before [en]", "after [en]"]


def test_panels_write_the_number_that_lies_beyond_the_scale() -> None:
    data = made_lines(a=[1.0, 5.0], b=[0.0, -1.0])
    draw = charts.small_multiples(
        data, WHOLE, order=["a", "b"], columns=2, last={"a": 51.0, "b": -1.0}
    )
    titles = [axes.get_title(loc="left") for axes in drawn(draw).axes]
    assert titles == ["a en  +51", "b en  −1"]


def test_tiles_outline_the_focus_and_break_names_where_they_may() -> None:
    tiles = pd.DataFrame(
        {
            "place_id": ["KZ-35", "KZ-59"], "column": [0, 1], "row": [0, 0],
            "label_en": ["Kara|ganda", "A very long made|up name"], "value": [-5.4, None],
        }
    )  # fmt: skip
    axes = drawn(tile_drawing(tiles, {}, focus=["KZ-35"])).axes[0]
    edges = [patch.get_edgecolor()[3] for patch in axes.patches]
    assert edges == [1.0, 0.0]
    assert "Karaganda" in words(axes)
    assert plain_label("Kara|ganda") == "Karaganda"
    assert plain_label("Bukhar- Zhyrau") == "Bukhar-Zhyrau"
