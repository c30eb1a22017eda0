"""The drawings: small SVG, room for texts, colours in the dark, series told apart in grey."""

from __future__ import annotations

import re
import subprocess
from itertools import combinations
from xml.etree import ElementTree

import pandas as pd
import pytest
from label_clashes import label_clashes
from lxml import html as lxml_html
from matplotlib import pyplot as plt

from karaganda_vibe.figures import model_charts, ranked_charts, tile_map, year_charts
from karaganda_vibe.figures import style as figure_style
from karaganda_vibe.figures.axes import DASHES, FOCUS_DASHES, Axis
from karaganda_vibe.figures.compact_svg import compact_svg, mark
from karaganda_vibe.figures.layout import crowding, settle, wrapped
from karaganda_vibe.figures.pens import Pen
from karaganda_vibe.figures.saving import drawn_svg
from karaganda_vibe.figures.style import ON_COLOUR, above_floor, contrast, use_style
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import FIGURES, PROJECT, REPORT
from karaganda_vibe.quarto_subset import pandoc
from karaganda_vibe.words.languages import LANGUAGES

SVG = "{http://www.w3.org/2000/svg}"
THEME = REPORT / "theme"
DRAWINGS = sorted(path for code in LANGUAGES for path in (FIGURES / code).glob("*.svg"))
# Drawn to be hardly seen: grid, shaded rows and years, all other lines behind, bands of a fan.
QUIET = {figure_style.GRID, figure_style.BAND, figure_style.FAINT, "#d6e4f2", "#a9c8e6"}
PAPER = figure_style.PAPER


def dark_colours() -> dict[str, str]:
    sheet = (THEME / "page.css").read_text("utf-8")
    return {f"#{light}": dark for light, dark in re.findall(r"--c-(\w{6}): (#\w{6});", sheet)}


@pytest.fixture
def axes():
    use_style()
    figure = plt.figure(figsize=(4, 3))
    yield figure.subplots()
    plt.close(figure)


def drawn(axes) -> str:
    return drawn_svg(axes.get_figure()).decode("utf-8")


def test_circles_lines_and_texts_are_written_short(axes):
    axes.scatter([0.5], [0.5], s=36, color="#0b5394")
    axes.plot([0, 1], [0.25, 0.25], color="#c2511b")
    axes.text(0.2, 0.8, "Қарағанды < 5", fontsize=9)
    svg = drawn(axes)
    root = ElementTree.fromstring(svg)
    circle = next(root.iter(f"{SVG}circle"))
    assert circle.attrib["r"] == "3"
    assert "Қарағанды &lt; 5</text>" in svg
    assert re.search(r'd="M[\d.]+ [\d.]+[Hh][\d.]+"[^>]*stroke="#c2511b"', svg)


def test_what_lies_inside_its_clip_is_not_clipped(axes):
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.plot([0.1, 0.9], [0.5, 0.6])
    assert "clip-path" not in drawn(axes)
    axes.plot([0.1, 0.9], [0.5, 5])
    assert drawn(axes).count('clip-path="url(#i0)"') == 1


def test_a_mark_says_what_it_shows(axes):
    bar = axes.bar([1], [2])[0]
    mark(bar, "KZ-35", "Қарағанды | 2024: −5.4 & more")
    root = ElementTree.fromstring(drawn(axes))
    (found,) = [element for element in root.iter() if element.get("class") == "mark"]
    assert found.get("data-unit") == "KZ-35"
    assert found.findtext(f"{SVG}title") == "Қарағанды | 2024: −5.4 & more"


def test_the_same_drawing_gives_the_same_bytes():
    use_style()
    data = pd.DataFrame({"year": [2001, 2002], "value": [-5.0, 12.0]})

    def once() -> bytes:
        figure = plt.figure()
        draw = year_charts.gain_loss_columns(
            data, Axis("persons", "persons"), labelled=[], doubtful=[2001]
        )
        draw(figure, Pen("en", str))
        try:
            return drawn_svg(figure)
        finally:
            plt.close(figure)

    first = once()
    assert first == once()
    assert b'<pattern id="i0"' in first


def test_a_users_style_does_not_change_a_drawing():
    def once() -> bytes:
        use_style()
        figure, axes = plt.subplots(figsize=(4, 3))
        axes.plot([1, 2], [3, 4])
        try:
            return drawn_svg(figure)
        finally:
            plt.close(figure)

    first = once()
    with plt.rc_context({"axes.linewidth": 5.0, "xtick.minor.visible": True}):
        assert once() == first


def test_unknown_parts_of_an_svg_are_refused():
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><image/></svg>'
    with pytest.raises(ProjectError, match="<image>"):
        compact_svg(svg)


def text_svg(*texts: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 266.4 100">{"".join(texts)}</svg>'


def test_crowding_finds_overlap_edge_and_small_type():
    word = '<text x="{}" y="50" font-size="{}">made words</text>'
    assert crowding(text_svg(word.format(10, 9), word.format(150, 9)), narrow=True) == []
    overlap = crowding(text_svg(word.format(10, 9), word.format(40, 9)), narrow=True)
    assert overlap == ["'made words' and 'made words' overlap or touch"]
    assert crowding(text_svg(word.format(250, 9)), narrow=True) == [
        "'made words' leaves the canvas"
    ]
    (small,) = crowding(text_svg(word.format(10, 8)), narrow=True)
    assert "9.8 pixels high on a phone" in small
    assert crowding(text_svg(word.format(10, 8)), narrow=False) == []


def test_text_is_broken_at_plain_spaces_only():
    assert wrapped("one two three", 45, 10).split("\n") == ["one two", "three"]
    assert wrapped("6\u00a0181 people", 20, 10).split("\n") == ["6\u00a0181", "people"]


def test_labels_stay_above_the_floor_and_apart():
    assert above_floor([0.0, 8.0, 40.0], gap=10, floor=5) == [5, 15, 40]


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_of_a_narrow_chart_are_named_above_their_bars(language):
    use_style()
    names = {f"name_{code}": ["Солтүстік Қазақстан облысы", "b"] for code in LANGUAGES}
    data = pd.DataFrame({"unit": ["a", "b"], "value": [-3.0, 2.0], **names})
    draw = ranked_charts.ranked_bars(data, Axis("persons", "signed_persons"), focus=["a"])
    figure = plt.figure(figsize=(3.7, 3), layout="constrained")
    draw(figure, Pen(language, str, narrow=True))
    (axes,) = figure.axes
    figure.draw_without_rendering()
    assert not axes.get_yticklabels()
    label = next(text for text in axes.texts if text.get_text().startswith("Солт"))
    bar = axes.patches[0].get_window_extent()
    assert label.get_window_extent().y0 >= bar.y1 - 1
    assert figure.get_size_inches()[1] < 3
    assert crowding(drawn_svg(figure).decode("utf-8"), narrow=True) == []
    plt.close(figure)


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_texts_of_every_figure_have_room(path):
    use_style()
    narrow = path.stem.endswith("-narrow")
    assert crowding(path.read_text("utf-8"), narrow) == []
    if not narrow:
        assert path.with_name(f"{path.stem}-narrow.svg").is_file()


# What may lie behind words: a grid, a shaded period or row, the lines of all others, a blank.
BEHIND_WORDS = frozenset({figure_style.GRID, figure_style.BAND, figure_style.FAINT, PAPER})


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_label_lies_on_a_line_or_a_point(path):
    use_style()
    assert label_clashes(path.read_text("utf-8"), BEHIND_WORDS) == []


LINE = '<path d="M{} {}h{}" stroke="#0b5394" fill="none"/>'
WORD = '<text x="20" y="50" font-size="10">made</text>'
GROUND = '<path d="M19 41H48V53H19z" fill="#ffffff"/>'


@pytest.mark.parametrize(
    ("drawing", "clashes"),
    [
        (LINE.format(0, 46, 100) + WORD, "'made' (at 20, 50) lies on a line of colour #0b5394"),
        (LINE.format(0, 60, 100) + WORD, None),
        (LINE.format(60, 46, 40) + WORD, None),
        # On its own ground a label hides a line, which is no better.
        (LINE.format(0, 46, 100) + GROUND + WORD, "hides a line"),
        (GROUND + WORD + LINE.format(0, 46, 100), "lies on a line"),
        # Words in a column lie on that column alone; words across its edge do not.
        ('<path d="M10 0H90V90H10z" fill="#0b5394"/>' + WORD, None),
        ('<path d="M30 0H90V90H30z" fill="#0b5394"/>' + WORD, "lies on a shape"),
        ('<path d="M10 0H90V90H10z" fill="#e3e7eb"/>' + LINE.format(0, 60, 100) + WORD, None),
        ('<circle cx="46" cy="46" r="4" fill="#1f2933"/>' + WORD, "lies on a point"),
        ('<circle cx="52" cy="46" r="4" fill="#1f2933"/>' + WORD, None),
        ('<circle cx="46" cy="46" r="9" fill="#1f2933" opacity="0"/>' + WORD, None),
        # A leader ends at its label, but does not run through it.
        ('<path d="M47 46L90 20" stroke="#0b5394" stroke-width=".6" fill="none"/>' + WORD, None),
        (
            '<path d="M30 38V90" stroke="#0b5394" stroke-width=".6" fill="none"/>' + WORD,
            "lies on a line",
        ),
        ('<path d="M0 46H100" stroke="#e3e7eb" fill="none"/>' + WORD, None),
        (WORD + '<path d="M30 40H90V60H30z" fill="#ffffff"/>', "lies on a shape"),
        (
            '<clipPath id="i0"><path d="M60 0H100V100H60z"/></clipPath>'
            '<path clip-path="url(#i0)" d="M0 46H100" stroke="#0b5394" fill="none"/>' + WORD,
            None,
        ),
    ],
)
def test_a_clash_of_a_label_is_found_as_a_reader_sees_it(drawing, clashes):
    use_style()
    found = label_clashes(text_svg(drawing), BEHIND_WORDS)
    assert (clashes is None) == (found == []), found
    assert clashes is None or clashes in found[0]


def test_numbers_beside_a_mark_step_over_the_line_at_zero(axes):
    axes.set(xlim=(-10, 10), ylim=(0, 1))
    axes.axvline(0)
    right = axes.annotate("+12", (-1, 0.5), xytext=(4, 0), textcoords="offset points", va="center")
    left = axes.annotate(
        "+3", (0.7, 0.2), xytext=(-4, 0), textcoords="offset points", va="center", ha="right"
    )
    settle(axes.get_figure(), narrow=False)
    zero = axes.transData.transform((0, 0))[0]
    assert right.get_window_extent().x0 > zero + 2
    assert left.get_window_extent().x1 < zero - 2


def colours_by_use() -> dict[str, set[str]]:
    """Colours of all figures: of "text", "line" (strokes) and "fill"."""
    found: dict[str, set[str]] = {"text": set(), "line": set(), "fill": set()}

    def walk(element: ElementTree.Element, fill: str, stroke: str) -> None:
        fill, stroke = element.get("fill", fill), element.get("stroke", stroke)
        name = element.tag.removeprefix(SVG)
        if name == "text":
            found["text"].add(fill)
        elif name in ("path", "circle"):
            found["fill"].add(fill)
            found["line"].add(stroke)
        for child in element:
            walk(child, fill, stroke)

    for path in DRAWINGS:
        walk(ElementTree.parse(path).getroot(), "#000000", "none")
    return {
        use: {colour for colour in colours if re.fullmatch(r"#\w{6}", colour)}
        for use, colours in found.items()
    }


def test_every_colour_has_a_dark_one_with_contrast():
    dark, used = dark_colours(), colours_by_use()
    missing = (used["text"] | used["line"] | used["fill"]) - {"#000000"} - set(dark)
    assert not missing
    night = dark[PAPER]
    for colour in used["text"] - {ON_COLOUR}:
        assert contrast(dark[colour], night) >= 4.5, colour
        assert contrast(colour, PAPER) >= 3.5, colour
    tiles = set(tile_map.FILLS) | {tile_map.NO_FIGURE[0]}
    for colour in (used["line"] | used["fill"]) - QUIET - tiles - {PAPER, ON_COLOUR, "#000000"}:
        assert contrast(dark[colour], night) >= 3, colour
    for fill, ink in [*zip(tile_map.FILLS, tile_map.INKS, strict=True), tile_map.NO_FIGURE]:
        ink = ON_COLOUR if ink == tile_map.WHITE else ink
        assert contrast(dark[fill], dark[ink]) >= 4.5, fill


def test_quiet_colours_stay_visible_in_the_dark():
    dark = dark_colours()
    assert all(1.08 <= contrast(dark[colour], dark[PAPER]) < 3 for colour in QUIET)


def test_lines_differ_without_colour():
    assert len({str(dash) for dash in (*DASHES, "-")}) == 5
    assert len({str(dash) for dash in FOCUS_DASHES}) == 2
    use_style()
    data = pd.DataFrame(
        [
            {"row": "r", "group": group, "effect": 1.0, "low": 0.5, "high": 1.5}
            for group in ("a", "b", "c")
        ]
    )
    figure = plt.figure()
    model_charts.interval_dots(data, kind="decimal_1", groups=["a", "b", "c"], rows=["r"])(
        figure, Pen("en", str)
    )
    shapes = [dots.get_paths()[0].vertices for dots in figure.axes[0].collections]
    plt.close(figure)
    assert all(a.shape != b.shape or (a != b).any() for a, b in combinations(shapes, 2))


def test_parts_of_a_column_differ_in_grey():
    for path in DRAWINGS:
        if not path.stem.startswith("fig-inside-abroad"):
            continue
        root = ElementTree.parse(path).getroot()
        fills = {element.get("fill") for element in root.iter() if element.get("class") == "mark"}
        groups = {
            element.get("fill")
            for element in root.iter(f"{SVG}g")
            if any(child.get("class") == "mark" for child in element)
        }
        parts = (fills | groups) - {None}
        assert len(parts) == 2
        assert contrast(*parts) > 2


def html_of(markdown: str, folder) -> str:
    done = subprocess.run(
        [pandoc.program(), "-t", "html5", f"--lua-filter={THEME / 'figures_for_html.lua'}"],
        input=markdown.encode(),
        cwd=folder,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode("utf-8")


MADE = (
    '<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg" '
    'viewBox="0 0 4 2"><clipPath id="i0"><path d="M0 0h4v2z"/></clipPath>'
    '<path clip-path="url(#i0)" fill="#C2511B" d="M0 0H1"/><a href="#i0"/></svg>'
)


def test_the_filter_draws_both_shapes_in_the_page(tmp_path):
    (tmp_path / "a.svg").write_text(MADE, encoding="utf-8")
    (tmp_path / "a-narrow.svg").write_text(MADE, encoding="utf-8")
    (tmp_path / "b.svg").write_text(MADE, encoding="utf-8")
    text = html_of(
        '![](a.svg){fig-alt="10 % \\"made\\" <x>"}\n\n![Alt](b.svg)\n\n![](c.png)', tmp_path
    )
    page = lxml_html.fromstring(text)
    drawings = page.xpath("//svg")
    assert [svg.get("class") for svg in drawings] == [
        "figure-svg figure-wide",
        "figure-svg figure-narrow",
        "figure-svg",
    ]
    assert [svg.get("aria-label") for svg in drawings] == ['10 % "made" <x>'] * 2 + ["Alt"]
    assert {svg.get("role") for svg in drawings} == {"img"}
    ids = page.xpath("//*[local-name()='clippath']/@id")
    assert ids == ["f1-i0", "n1-i0", "f2-i0"]
    assert page.xpath("//path/@clip-path") == [f"url(#{name})" for name in ids]
    assert page.xpath("//svg//a/@href") == [f"#{name}" for name in ids]
    assert text.count('fill="var(--c-c2511b,#c2511b)"') == 3
    assert "DOCTYPE" not in text
    assert page.xpath("//img/@src") == ["c.png"]


def test_the_filter_leaves_other_formats_alone(tmp_path):
    (tmp_path / "a.svg").write_text(MADE, encoding="utf-8")
    done = subprocess.run(
        [pandoc.program(), "-t", "typst", f"--lua-filter={THEME / 'figures_for_html.lua'}"],
        input=b"![](a.svg)",
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert b'image("a.svg")' in done.stdout


def test_the_script_is_small_asks_for_nothing_and_speaks_every_language():
    script = (THEME / "figures.html").read_text("utf-8")
    assert len(script.encode()) <= 8000
    assert not re.search(r"https?:|fetch\(|XMLHttp|import\(|src=", script)
    for code in LANGUAGES:
        assert re.search(rf"^ +{code}: \[", script, re.M)


def test_every_figure_of_one_row_a_unit_answers_a_pointer():
    for name in ("fig-regions-ranked", "fig-places-ranked", "fig-passport-tiles", "fig-net-trend"):
        svg = (FIGURES / LANGUAGES[0] / f"{name}.svg").read_text("utf-8")
        assert svg.count('class="mark"') >= 10, name
        assert svg.count("<title>") == svg.count('class="mark"')


def test_the_figures_of_an_edition_are_light():
    for code in LANGUAGES:
        drawings = list((FIGURES / code).glob("*.svg"))
        mean = sum(path.stat().st_size for path in drawings) / len(drawings)
        assert mean < 10_000, f"{code}: {mean:.0f} bytes a drawing"


def test_quarto_reads_the_filter_and_the_script():
    config = (PROJECT / "_quarto.yml").read_text("utf-8")
    assert "report/theme/figures_for_html.lua" in config
    assert "- report/theme/figures.html" in config
