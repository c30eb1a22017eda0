"""Whether the texts of a figure have room: their widths, their line breaks, what is crowded."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Annotation, Text
from matplotlib.textpath import text_to_path

SVG = "{http://www.w3.org/2000/svg}"
PHONE = 328.0
"""Width in CSS pixels at which a narrow figure is shown on a phone of 360 pixels."""
SMALLEST_ON_PHONE = 11.0
NARROW_WIDTH = 3.7
"""Inches. Type of 9 points in it is 11 pixels at the width `PHONE`."""
SMALLEST_NARROW = 9.0
# How far two texts may reach into one another, and a text out of the canvas, in points.
OVERLAP_DOWN, OUTSIDE = 1.6, 1.0
# How far a number keeps from an upright line that it would lie on, in points.
ASIDE = 4.0
# Words side by side need a gap to be told apart.
SMALLEST_GAP = 1.5
# Inter's letters above and below the line, as shares of the size (without room for accents).
ABOVE, BELOW = 0.74, 0.2


@functools.lru_cache(maxsize=20000)
def text_width(text: str, size: float, weight: int | str = 400) -> float:
    """Width of one line in points."""
    font = FontProperties(family="Inter", size=size, weight=weight)
    return float(text_to_path.get_text_width_height_descent(text, font, False)[0])


def wrapped(text: str, width: float, size: float, weight: int | str = 400) -> str:
    """`text` broken into lines of at most `width` points; a longer word keeps a line of its own.

    Only plain spaces break; a given line break stays.
    """
    out: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and text_width(longer, size, weight) > width:
                out.append(line)
                line = word
            else:
                line = longer
        out.append(line)
    return "\n".join(out)


def settle(figure: Figure, narrow: bool) -> None:
    """After drawing: type is large enough for a phone, and every text has its room.

    Headings of panels are broken into lines, numbers beside marks step over upright lines, and
    annotations that leave the canvas at a side move back into it.
    """
    if narrow:
        for text in figure.findobj(Text):
            assert isinstance(text, Text)
            if float(text.get_fontsize()) < SMALLEST_NARROW:
                text.set_fontsize(SMALLEST_NARROW)
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                size = axis.get_tick_params().get("labelsize", SMALLEST_NARROW)
                if isinstance(size, (int, float)) and size < SMALLEST_NARROW:
                    axis.set_tick_params(labelsize=SMALLEST_NARROW)
    figure.draw_without_rendering()
    if any([_wrap_headings(figure), _step_aside(figure), _push_inside(figure)]):
        figure.draw_without_rendering()
        _step_aside(figure)
        _push_inside(figure)


def _wrap_headings(figure: Figure) -> bool:
    changed = False
    shown = [axes for axes in figure.axes if axes.get_visible()]
    right_edge = figure.bbox.width
    to_points = 72 / figure.dpi
    for axes in shown:
        for heading in (axes._left_title, axes.title):  # type: ignore[attr-defined]
            if not heading.get_text():
                continue
            box = axes.get_window_extent()
            beside = [
                other.get_window_extent().x0
                for other in shown
                if other.get_window_extent().x0 > box.x1 - 1
                and other.get_window_extent().y1 > box.y0 + 1
                and other.get_window_extent().y0 < box.y1 - 1
            ]
            start = heading.get_window_extent().x0
            room = (min([*beside, right_edge]) - start) * to_points - 4
            text = wrapped(
                heading.get_text(),
                room,
                float(heading.get_fontsize()),
                heading.get_fontweight(),
            )
            changed = changed or text != heading.get_text()
            heading.set_text(text)
    return changed


def _step_aside(figure: Figure) -> bool:
    """Move words that stand beside a mark over the upright line (at zero, say) that they lie on.

    They go on in the direction in which they stand from their mark.
    """
    changed = False
    to_pixels = figure.dpi / 72
    for axes in figure.axes:
        guides = _upright_lines(axes)
        for text in axes.texts:
            beside = isinstance(text, Annotation) and text.xycoords == "data"
            side = {"left": 1, "right": -1}.get(text.get_horizontalalignment(), 0)
            if (
                not (beside and side and text.get_text())
                or text.get_verticalalignment() != "center"
            ):
                continue
            assert isinstance(text, Annotation)
            for guide in sorted(guides, key=lambda place: side * place):
                box = Text.get_window_extent(text)
                if not box.x0 - ASIDE / 2 * to_pixels < guide < box.x1 + ASIDE / 2 * to_pixels:
                    continue
                edge = box.x0 if side > 0 else box.x1
                x, y = text.xyann
                text.xyann = (x + (guide - edge) / to_pixels + side * ASIDE, y)
                changed = True
    return changed


def _upright_lines(axes: Axes) -> list[float]:
    """Where lines run from the bottom to the top of a panel, as `axvline` draws them, in pixels."""
    lines = [np.asarray(line.get_xydata(), dtype=float) for line in axes.lines]
    return [
        float(axes.transData.transform((points[0, 0], 0))[0])
        for points in lines
        if len(points) == 2 and points[0, 0] == points[1, 0] and list(points[:, 1]) == [0, 1]
    ]


def _push_inside(figure: Figure) -> bool:
    """Move annotations that leave the canvas at a side back into it."""
    changed = False
    width = figure.bbox.width
    for axes in figure.axes:
        for text in axes.texts:
            if not (axes.get_visible() and text.get_visible() and text.get_text()):
                continue
            box = Text.get_window_extent(text)
            shift = min(0.0, width - 2 - box.x1) or max(0.0, 2 - box.x0)
            movable = isinstance(text, Annotation) and text.anncoords == "offset points"
            if abs(shift) < 0.5 or not movable:
                continue
            assert isinstance(text, Annotation)
            x, y = text.xyann
            text.xyann = (x + shift * 72 / figure.dpi, y)
            changed = True
    return changed


@dataclass(frozen=True)
class _Box:
    text: str
    size: float
    left: float
    top: float
    right: float
    bottom: float


def _boxes(svg: str) -> tuple[float, float, list[_Box]]:
    root = ElementTree.fromstring(svg)
    width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])

    def walk(element: ElementTree.Element, inherited: dict[str, str]) -> Iterator[_Box]:
        style = {**inherited, **element.attrib}
        style = {
            key: style[key]
            for key in ("font-size", "font-weight", "text-anchor", "x", "y", "transform")
            if key in style
        }
        if element.tag == f"{SVG}text":
            yield _box("".join(element.itertext()), style)
        for child in element:
            yield from walk(child, style)

    return width, height, list(walk(root, {}))


def _box(text: str, style: dict[str, str]) -> _Box:
    size = float(style.get("font-size", "10"))
    wide = text_width(text, size, int(style.get("font-weight", "400")))
    x, y = float(style["x"]), float(style["y"])
    turned = style.get("transform", "").startswith("rotate(-90")
    before = {"start": 0.0, "middle": wide / 2, "end": wide}[style.get("text-anchor", "start")]
    if turned:
        return _Box(text, size, x - ABOVE * size, y - wide + before, x + BELOW * size, y + before)
    left = x - before
    return _Box(text, size, left, y - ABOVE * size, left + wide, y + BELOW * size)


def crowding(svg: str, narrow: bool) -> list[str]:
    """What is wrong with the room of a figure's texts, one sentence each; empty if nothing is.

    Looks at the file as it is shown: texts that leave the canvas, that lie on one another, and in a
    narrow figure type below 11 CSS pixels on a phone.
    """
    width, height, boxes = _boxes(svg)
    found = [
        f"'{box.text}' leaves the canvas"
        for box in boxes
        if box.left < -OUTSIDE
        or box.top < -OUTSIDE
        or box.right > width + OUTSIDE
        or box.bottom > height + OUTSIDE
    ]
    for one, other in combinations(boxes, 2):
        across = min(one.right, other.right) - max(one.left, other.left)
        down = min(one.bottom, other.bottom) - max(one.top, other.top)
        if across > -SMALLEST_GAP and down > OVERLAP_DOWN:
            found.append(f"'{one.text}' and '{other.text}' overlap or touch")
    if narrow:
        found += [
            f"'{box.text}' is {box.size * PHONE / width:.1f} pixels high on a phone, less than "
            f"{SMALLEST_ON_PHONE:g}"
            for box in boxes
            if box.size * PHONE / width < SMALLEST_ON_PHONE
        ]
    return found
