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

from karaganda_vibe.figures import ranked_charts, year_charts
from karaganda_vibe.figures.axes import Axis, Break, Period
from karaganda_vibe.figures.layout import NARROW_WIDTH, crowding, settle, text_width
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.saving import drawn_svg
from karaganda_vibe.figures.slope_chart import kind_of_change, slopes
from karaganda_vibe.figures.style import (
    COMPARATOR,
    FOCUS,
    GAIN,
    INK,
    LOSS,
    MUTED,
    REST,
    above_floor,
    spread_labels,
    use_style,
)
from karaganda_vibe.figures.tile_map import (
    FILLS,
    ClassLegend,
    check_tiles,
    colour_class,
    plain_label,
    tile_drawing,
    tile_label,
)
from karaganda_vibe.places.registry import load_regions
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA

WHOLE = Axis("signed_persons", "signed_persons")


@pytest.fixture(autouse=True)
def _style() -> Iterator[None]:
    with mpl.rc_context():
        use_style()
        yield
    plt.close("all")


def drawn(draw: Draw, language: str = "en", narrow: bool = False) -> Figure:
    """The figure of a drawing; `say` answers with the part's name and the language."""
    figure = plt.figure(figsize=(NARROW_WIDTH if narrow else 6.4, 3.6), layout="constrained")
    draw(figure, Pen(language, lambda part: f"{part} [{language}]", narrow))
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
    figure = drawn(year_charts.gain_loss_columns(COLUMNS, WHOLE, labelled=[2004], doubtful=[2001]))
    first, second, third, last = figure.axes[0].patches[:4]
    assert [to_hex(bar.get_facecolor()) for bar in (second, third, last)] == [GAIN, LOSS, LOSS]
    assert first.get_hatch()
    assert to_hex(first.get_facecolor()) == "#ffffff"
    assert to_hex(first.get_edgecolor()) == LOSS
    assert not any(bar.get_hatch() for bar in (second, third, last))


def test_only_the_chosen_columns_carry_their_number() -> None:
    figure = drawn(year_charts.gain_loss_columns(COLUMNS, WHOLE, labelled=[2001, 2004]))
    assert words(figure.axes[0]) == ["−5,000", "−6,181"]


@pytest.mark.parametrize(
    ("language", "number"), [("en", "−6,181"), ("ru", "−6\u00a0181"), ("kk", "−6\u00a0181")]
)
def test_every_number_and_word_is_in_the_language(language: str, number: str) -> None:
    marks = {
        "breaks": [Break(2002.5, "border")],
        "periods": [Period(2003, 2004, "registration")],
    }
    figure = drawn(
        year_charts.gain_loss_columns(COLUMNS, WHOLE, labelled=[2004], **marks), language
    )
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
        ranked_charts.ranked_bars(bars, WHOLE, focus=["a"]),
        ranked_charts.dumbbells(slopes, WHOLE, focus=["a"]),
    ):
        labels = drawn(draw, language).axes[0].get_yticklabels()
        assert [label.get_text() for label in labels] == names
    named = drawn(year_charts.focus_lines(lines, WHOLE, focus=["a"], comparators=["b"]), language)
    assert words(named.axes[0]) == [f"a {language} +2", f"b {language} −2"]
    panels = drawn(year_charts.small_multiples(lines, WHOLE, order=["a", "b"], columns=2), language)
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
    figure = drawn(year_charts.focus_lines(lines, WHOLE, focus=["here"], comparators=["country"]))
    (axes,) = figure.axes
    found = curves(axes)
    assert set(found) == {FOCUS, COMPARATOR, REST}
    (here,), (country,), (other,) = found[FOCUS], found[COMPARATOR], found[REST]
    assert here.get_linewidth() > country.get_linewidth() > other.get_linewidth()
    assert here.get_zorder() > country.get_zorder() > other.get_zorder()
    # Told apart without colours as well.
    assert country.get_linestyle() != here.get_linestyle()
    assert words(axes) == ["country en +2", "here en +2"]


def test_a_gap_breaks_the_line() -> None:
    lines = made_lines(here=[1.0, 2.0, None, 4.0, 5.0]).dropna(subset=["value"])
    figure = drawn(year_charts.focus_lines(lines, WHOLE, focus=["here"]))
    (line,) = curves(figure.axes[0])[FOCUS]
    assert list(line.get_xdata()) == [2000, 2001, 2002, 2003, 2004]
    assert np.isnan(line.get_ydata()).tolist() == [False, False, True, False, False]


def test_a_change_of_segment_breaks_the_line() -> None:
    lines = made_lines(here=[1.0, 2.0, 3.0, 4.0])
    lines["segment"] = ["until-2002", "until-2002", "since-2002", "since-2002"]
    figure = drawn(year_charts.focus_lines(lines, WHOLE, focus=["here"]))
    pieces = curves(figure.axes[0])[FOCUS]
    assert [list(piece.get_xdata()) for piece in pieces] == [[2000, 2001], [2002, 2003]]
    # One line has one name, at its very end.
    assert words(figure.axes[0]) == ["here en +4"]


def test_labels_of_lines_that_end_together_do_not_overlap() -> None:
    values = {f"line{step}": [0.0, 100.0 + step] for step in range(5)}
    figure = drawn(
        year_charts.focus_lines(
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
        ranked_charts.ranked_bars(
            data, WHOLE, focus=["here"], doubtful=["doubt"], reference=["country"]
        )
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
        year_charts.small_multiples(
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
    assert [to_hex(lines[0].get_color()) == FOCUS for lines in own] == [
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
    figure = drawn(ranked_charts.dumbbells(data, WHOLE, focus=["worse"]))
    (axes,) = figure.axes
    ties = {to_hex(line.get_color()): line for line in axes.lines if len(set(line.get_xdata())) > 1}
    assert list(ties[LOSS].get_xdata()) == [1.0, -3.0]
    assert list(ties[GAIN].get_xdata()) == [-2.0, 2.0]
    assert ties[LOSS].get_linewidth() > ties[GAIN].get_linewidth()
    assert words(axes) == ["−3", "+2", "before [en]", "after [en]"]


@pytest.mark.parametrize("narrow", [False, True])
def test_names_of_two_dots_that_are_close_do_not_touch(narrow: bool) -> None:
    rows = [("far", -30.0, -20.0), ("top", 1.0, 1.4)]
    data = pd.DataFrame([{"unit": u, "before": b, "after": a, **made_names(u)} for u, b, a in rows])
    draw = ranked_charts.dumbbells(data, WHOLE, focus=["far"], margin=0.2)
    figure = drawn(draw, "en", narrow)
    before, after = (
        next(text for text in figure.axes[0].texts if text.get_text() == name).get_window_extent()
        for name in ("before [en]", "after [en]")
    )
    assert narrow or after.x0 - before.x1 > 2
    assert not before.overlaps(after)


def test_stacked_columns_stack_on_their_side_of_zero_and_write_the_total() -> None:
    data = pd.DataFrame({"year": [2022, 2023], "near": [-300.0, -100.0], "far": [-200.0, 400.0]})
    colours = {"near": LOSS, "far": MUTED}
    figure = drawn(year_charts.stacked_columns(data, WHOLE, parts=["near", "far"], colours=colours))
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
    figure = drawn(year_charts.gain_loss_columns(data, WHOLE, labelled=[]))
    years = [int(label.get_text()) for label in figure.axes[0].get_xticklabels()]
    assert years[-1] == 2025
    assert len(set(np.diff(years))) == 1
    assert 5 <= len(years) <= 9


def test_losses_are_darker_than_gains_in_small_multiples() -> None:
    figure = drawn(
        year_charts.small_multiples(made_lines(a=[5.0, -5.0]), WHOLE, order=["a"], columns=1)
    )
    fills = {
        to_hex(area.get_facecolor()[0]): area.get_alpha() for area in figure.axes[0].collections
    }
    assert fills[LOSS] > 1.5 * fills[GAIN]


def test_a_line_cut_by_the_scale_is_marked_with_its_farthest_value() -> None:
    lines = made_lines(inside=[1.0, -2.0, 3.0], high=[1.0, 90.0, 60.0], low=[-40.0, 2.0, 1.0])
    order = ["inside", "high", "low"]
    draw = year_charts.small_multiples(lines, WHOLE, order=order, columns=3, limits=(-20, 25))
    inside, high, low = drawn(draw).axes
    assert words(inside) == []
    assert words(high) == ["+90"]
    assert words(low) == ["−40"]

    def triangles(axes: Axes) -> list[tuple[str, float, float]]:
        return [
            (str(line.get_marker()), line.get_xdata()[0], line.get_ydata()[0])
            for line in axes.lines
            if line.get_marker() in "^v"
        ]

    assert triangles(inside) == []
    assert triangles(high) == [("^", 2001, 25)]
    assert triangles(low) == [("v", 2000, -20)]


def test_the_unit_behind_is_the_only_other_line_of_a_panel() -> None:
    lines = made_lines(here=[1.0, 2.0], other=[3.0, 4.0], third=[5.0, 6.0])
    order = ["here", "other", "third"]
    draw = year_charts.small_multiples(
        lines, WHOLE, order=order, columns=3, focus=["here"], behind=["here"]
    )
    others = [
        [list(line.get_ydata()) for line in axes.lines if to_hex(line.get_color()) == COMPARATOR]
        for axes in drawn(draw).axes
    ]
    assert others == [[], [[1.0, 2.0]], [[1.0, 2.0]]]


# Slopes

PAIRS = pd.DataFrame(
    [
        {"unit": unit, "before": before, "after": after, **made_names(unit)}
        | {f"short_{code}": unit[:2] for code in ("en", "ru", "kk")}
        for unit, before, after in (
            ("city", 5.0, 4.0), ("town", 4.9, -3.0), ("farm", 4.8, -3.1), ("hill", -30.0, -20.0),
        )
    ]
)  # fmt: skip
TENTHS = Axis("signed_per_1000", "signed_per_1000")


def test_slopes_tell_worse_from_better_by_colour_and_dashes() -> None:
    (axes,) = drawn(slopes(PAIRS, TENTHS, focus=["city"])).axes
    found = {tuple(line.get_ydata()): line for line in axes.lines if line.get_marker() == "o"}
    assert set(found) == {(5.0, 4.0), (4.9, -3.0), (4.8, -3.1), (-30.0, -20.0)}
    worse, better, less = found[(4.9, -3.0)], found[(-30.0, -20.0)], found[(5.0, 4.0)]
    assert (to_hex(worse.get_color()), to_hex(better.get_color())) == (LOSS, GAIN)
    # A place that still gains is no loser, though its gain is smaller.
    assert to_hex(less.get_color()) == GAIN
    assert worse.get_linestyle() == "-"
    assert better.get_linestyle() != "-"
    assert less.get_linewidth() > worse.get_linewidth()
    key = axes.get_legend()
    assert [text.get_text() for text in key.get_texts()] == [
        "worse [en]",
        "less [en]",
        "better [en]",
    ]
    assert len({str(line._dash_pattern) for line in key.get_lines()}) == 3


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (4.8, 4.0, "less"),
        (4.8, 0.0, "less"),
        (4.0, -2.6, "worse"),
        (-3.4, -12.4, "worse"),
        (-33.3, -29.9, "better"),
        (1.0, 1.0, "better"),
    ],
)
def test_a_change_is_called_by_what_the_place_still_does(
    before: float, after: float, kind: str
) -> None:
    assert kind_of_change(before, after) == kind


def test_the_key_of_slopes_names_only_what_is_drawn() -> None:
    (axes,) = drawn(slopes(PAIRS[:3], TENTHS, focus=[])).axes
    key = [text.get_text() for text in axes.get_legend().get_texts()]
    assert key == ["worse [en]", "less [en]"]


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_slopes_name_both_ends_without_overlap(language: str, narrow: bool) -> None:
    figure = drawn(slopes(PAIRS, TENTHS, focus=["city"]), language, narrow)
    said = words(figure.axes[0])
    mark = "." if language == "en" else ","
    name = "ci" if narrow else f"city {language}"
    assert f"{name} +5{mark}0" in said
    assert f"{name} +4{mark}0" in said
    assert {f"before [{language}]", f"after [{language}]"} <= set(said)
    settle(figure, narrow)
    assert crowding(drawn_svg(figure).decode(), narrow) == []


@pytest.mark.parametrize(
    ("quoted", "here", "there"),
    [
        (2001, "here en 2001:\u00a0−5\n2002:\u00a0−4", "there en +2\u00a0(2001)"),
        # Where all lines end in the year that the headline quotes, no year is needed.
        (None, "here en −4", "there en +2"),
    ],
)
def test_a_line_beyond_the_quoted_year_writes_both_years(
    quoted: int | None, here: str, there: str
) -> None:
    data = made_lines(here=[-3.0, -5.0, -4.0], there=[1.0, 2.0, None])
    draw = year_charts.focus_lines(
        data, WHOLE, focus=["here"], comparators=["there"], quoted=quoted
    )
    assert {here, there} <= set(words(drawn(draw).axes[0]))


def test_names_of_lines_stand_right_of_the_panel() -> None:
    data = made_lines(here=[-3.0, -5.0, -4.0], early=[0.1, 0.0, None])
    figure = drawn(year_charts.focus_lines(data, WHOLE, focus=["here"], comparators=["early"]))
    (axes,) = figure.axes
    right = axes.get_window_extent().x1
    for text in axes.texts:
        # `Text`, because an annotation's own box holds its leader too.
        assert Text.get_window_extent(text).x0 > right


def test_labels_of_different_heights_are_spread_by_their_own_room() -> None:
    assert spread_labels([0.0, 1.0, 50.0], [10, 30, 10]) == pytest.approx([-9.5, 10.5, 50.0])
    assert above_floor([0.0, 8.0], [10, 30], floor=5) == [5, 25]


# Tiles

REGION_TILES = pd.read_csv(METADATA / "places" / "region_tiles.csv")


def made_tiles(**values: float) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"unit": unit, "column": place % 6, "row": place // 6, "value": value}
            | {f"label_{code}": unit for code in ("en", "ru", "kk")}
            | made_names(unit)
            for place, (unit, value) in enumerate(values.items())
        ]
    )


def test_every_region_has_one_tile_with_karaganda_in_the_middle() -> None:
    regions = sorted(set(load_regions()["region"]) - {"KZ"})
    check_tiles(REGION_TILES, regions, unit="region", table="metadata/places/region_tiles.csv")
    with pytest.raises(ProjectError, match=r"metadata/places/region_tiles\.csv: KZ-99"):
        check_tiles(
            REGION_TILES,
            [*regions, "KZ-99"],
            unit="region",
            table="metadata/places/region_tiles.csv",
        )
    place = REGION_TILES.set_index("region")[["column", "row"]]
    for side in ("column", "row"):
        assert abs(place.loc["KZ-35", side] - place[side].max() / 2) <= 0.5
    # West of Karaganda, east, north and south.
    assert place.loc["KZ-27", "column"] < place.loc["KZ-35", "column"]
    assert place.loc["KZ-63", "column"] > place.loc["KZ-35", "column"]
    assert place.loc["KZ-59", "row"] < place.loc["KZ-35", "row"] < place.loc["KZ-79", "row"]


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_names_of_regions_fit_their_tiles_on_a_phone(language: str) -> None:
    pitch = 258 / (REGION_TILES["column"].max() + 1.1)
    for label in REGION_TILES[f"label_{language}"]:
        lines = tile_label(label, 0.92 * pitch - 2).split("\n")
        assert len(lines) <= 3, label
        assert max(text_width(line, 9) for line in lines) <= 0.92 * pitch - 1, label


def test_labels_break_at_marks_and_spaces_only() -> None:
    assert tile_label("Kara|ganda", 100) == "Karaganda"
    assert tile_label("Kara|ganda", 40) == "Kara-\nganda"
    assert tile_label("Bukhar- Zhyrau", 100) == "Bukhar-Zhyrau"
    assert tile_label("Bukhar- Zhyrau", 40) == "Bukhar-\nZhyrau"
    assert tile_label("Almaty city", 40) == "Almaty\ncity"
    assert tile_label("Unbreakable", 10) == "Unbreakable"
    assert plain_label("Kara|ganda") == "Karaganda"
    assert plain_label("Bukhar- Zhyrau") == "Bukhar-Zhyrau"


def test_tiles_have_the_colour_of_their_class_and_the_focus_an_outline() -> None:
    values = {"far": -25.0, "near": -3.0, "gain": 3.0, "best": 30.0}
    (axes,) = drawn(tile_drawing(made_tiles(**values), {}, unit="unit", focus=["near"])).axes
    fills = [to_hex(patch.get_facecolor()) for patch in axes.patches]
    assert fills == [FILLS[colour_class(value) or 0] for value in values.values()]
    outlined = [to_hex(patch.get_edgecolor()) == INK for patch in axes.patches]
    assert [bool(patch.get_linewidth()) for patch in axes.patches] == outlined
    assert outlined == [False, True, False, False]
    assert words(axes) == ["far", "−25.0", "near", "−3.0", "gain", "+3.0", "best", "+30.0"]


def test_a_tile_without_a_figure_says_so() -> None:
    (axes,) = drawn(tile_drawing(made_tiles(a=1.0, b=float("nan")), {}, unit="unit")).axes
    assert words(axes)[-1] == "none [en]"


def test_the_legend_of_tiles_has_every_class_and_bound() -> None:
    tiles = made_tiles(a=1.0, b=2.0).assign(row=1)
    draw = tile_drawing(tiles, {}, unit="unit", legend=ClassLegend(0, 0.4, 1.5))
    (axes,) = drawn(draw, "ru").axes
    assert [to_hex(patch.get_facecolor()) for patch in axes.patches[2:]] == list(FILLS)
    assert words(axes)[4:] == ["−20", "−10", "0", "+10", "losses [ru]", "gains [ru]"]


@pytest.mark.parametrize("narrow", [False, True])
def test_a_legend_without_a_row_stands_below_the_lowest_tile(narrow: bool) -> None:
    tiles = made_tiles(a=1.0, b=2.0, c=3.0).assign(column=[0, 0, 3], row=[0, 4, 1])
    draw = tile_drawing(tiles, {}, unit="unit", legend=ClassLegend(0, None, 1.5))
    (axes,) = drawn(draw, "ru", narrow).axes
    lowest = max(patch.get_y() + patch.get_height() for patch in axes.patches[:3])
    bar = {patch.get_y() for patch in axes.patches[3:]}
    assert min(bar) > lowest + 0.2
    # Stacked, the part behind the free column stands below the others: five rows, then one.
    assert max(bar) == pytest.approx(6.5 if narrow else 5.3)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_the_map_of_regions_has_room_for_its_words(language: str, narrow: bool) -> None:
    tiles = REGION_TILES.rename(columns={"region": "unit"}).assign(value=-13.2)
    figure = drawn(
        tile_drawing(tiles, {}, unit="unit", focus=["KZ-35"], legend=ClassLegend(0.04, 0.4, 2.5)),
        language,
        narrow,
    )
    settle(figure, narrow)
    assert crowding(drawn_svg(figure).decode(), narrow) == []
