"""Which labels of a drawn figure lie on its lines, points or edges.

Reads the small SVG of `compact_svg`, in the order in which it is painted, so that it judges what a
reader sees: a line under a label's own ground is hidden and does not count, one across it does.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.etree import ElementTree

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

SVG = "{http://www.w3.org/2000/svg}"
# A line's edge must stay this far from the ink of a label, in points.
NEAREST = 0.4
# A thin line that ends this near to a label (its leader) belongs to it.
LEADER_WIDTH, LEADER_END, LEADER_DEPTH = 0.8, 4.0, 1.0
# Ink may reach this far out of the ground that a label brings along.
GROUND_ROOM = 0.8
# A label's own ground reaches no farther than this beyond its ink; row names begin left of this.
OWN_GROUND, AT_LEFT = 8.0, 16.0
# Opacity below which a mark is not seen, from which it hides what lies behind.
SEEN, OPAQUE = 0.05, 0.95
INHERITED = (
    "fill", "stroke", "stroke-width", "opacity", "fill-opacity", "stroke-opacity",
    "font-size", "font-weight", "text-anchor", "clip-path",
)  # fmt: skip
STEP = re.compile(r"([MLHVhvlQCz])([^MLHVhvlQCz]*)")
NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in points."""


@dataclass(frozen=True)
class Label:
    """A text, the box of its ink and its place in the order of painting."""

    text: str
    box: Box
    order: int
    fill: str


@dataclass(frozen=True)
class Shape:
    """A path or circle: its strokes as runs of points, how wide they are, what it covers."""

    name: str
    runs: list[list[Point]]
    half_width: float
    """Half the stroke's width; 0 where only the fill has an edge."""
    colour: str
    fill: str
    covers: bool
    """Whether its fill hides what lies behind."""
    order: int
    clip: Box | None = None


@dataclass
class Drawing:
    """What a figure holds."""

    labels: list[Label] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)


def read_drawing(svg: str) -> Drawing:
    """Texts and shapes of a figure's SVG in the order of painting; unseen ones are left out."""
    root = ElementTree.fromstring(svg)
    clips = {
        f"url(#{clip.attrib['id']})": _path_box(clip[0].attrib["d"])
        for clip in root.iter(f"{SVG}clipPath")
    }
    drawing = Drawing()
    for order, (name, style, text) in enumerate(_leaves(root, {})):
        if name == "text":
            drawing.labels.append(_label(text, style, order))
        else:
            shape = _shape(name, style, order, clips)
            if shape:
                drawing.shapes.append(shape)
    return drawing


def label_clashes(svg: str, quiet: frozenset[str] = frozenset()) -> list[str]:
    """One sentence for each label that a line, a point or an edge touches; empty if none.

    A label on a filled tile or column lies on that alone. A label with a ground of its own may
    interrupt a guide (a straight line across the panel) only where it names a row at the left edge,
    and hides no data. `quiet` are colours that may lie behind words (a grid, a shaded period).
    """
    drawing = read_drawing(svg)
    found = []
    for label in drawing.labels:
        grounds = [s for s in drawing.shapes if s.order < label.order and _covers(s, label.box)]
        own = [s.order for s in grounds if not _is_own(s, label)]
        hidden = [s.order for s in grounds]
        for shape in drawing.shapes:
            if shape.order <= max(own, default=-1) or shape in grounds:
                continue
            if shape.colour in quiet and shape.order < label.order:
                continue
            if not _touches(shape, label.box) or _is_leader(shape, label.box):
                continue
            behind = shape.order < max(hidden, default=-1)
            if behind and label.box[0] < AT_LEFT and _is_guide(shape, label.box):
                continue
            x, y = label.box[0], label.box[3]
            found.append(
                f"'{label.text}' (at {x:.0f}, {y:.0f}) {'hides' if behind else 'lies on'} "
                f"a {shape.name} of colour {shape.colour}"
            )
            break
    return found


def _is_own(shape: Shape, label: Label) -> bool:
    """Whether a ground is the label's own: hardly larger than its words and without an outline."""
    if shape.half_width:
        return False
    xs = [x for run in shape.runs for x, _ in run]
    ys = [y for run in shape.runs for _, y in run]
    near = _grown(label.box, OWN_GROUND)
    return near[0] <= min(xs) and near[1] <= min(ys) and max(xs) <= near[2] and max(ys) <= near[3]


def _is_guide(shape: Shape, box: Box) -> bool:
    """Whether what touches the box is straight and upright or level, as the line at zero is."""
    return shape.name == "line" and all(
        min(_span(run, 0), _span(run, 1)) < 0.1
        for run in shape.runs
        if _touches(replace(shape, runs=[run]), box)
    )


def _span(run: list[Point], axis: int) -> float:
    return max(point[axis] for point in run) - min(point[axis] for point in run)


def _leaves(
    element: ElementTree.Element, inherited: dict[str, str]
) -> Iterator[tuple[str, dict[str, str], str]]:
    name = element.tag.removeprefix(SVG)
    if name in ("defs", "clipPath", "pattern", "title"):
        return
    style = {
        **inherited,
        **{key: element.attrib[key] for key in INHERITED if key in element.attrib},
    }
    if name == "text":
        words = (element.text or "") + "".join(child.tail or "" for child in element)
        yield name, {**style, **element.attrib}, words
    elif name in ("path", "circle"):
        yield name, {**style, **element.attrib}, ""
    else:
        for child in element:
            yield from _leaves(child, style)


@functools.lru_cache(maxsize=20000)
def ink(text: str, size: float, weight: str) -> Box:
    """The box of a line's ink around its starting point (0, 0), y downwards, in points."""
    font = FontProperties(family="Inter", size=size, weight=int(weight))
    vertices, _ = text_to_path.get_text_path(font, text, False)
    if not len(vertices):
        return (0.0, 0.0, 0.0, 0.0)
    scale = size / text_to_path.FONT_SCALE
    xs, ys = zip(*((float(x) * scale, -float(y) * scale) for x, y in vertices), strict=True)
    return (min(xs), min(ys), max(xs), max(ys))


def _label(text: str, style: dict[str, str], order: int) -> Label:
    size, weight = float(style.get("font-size", "10")), style.get("font-weight", "400")
    left, top, right, bottom = ink(text, size, weight)
    font = FontProperties(family="Inter", size=size, weight=int(weight))
    wide = float(text_to_path.get_text_width_height_descent(text, font, False)[0])
    back = {"start": 0.0, "middle": wide / 2, "end": wide}[style.get("text-anchor", "start")]
    x, y = float(style["x"]), float(style["y"])
    if style.get("transform", "").startswith("rotate(-90"):
        box = (x + top, y + back - right, x + bottom, y + back - left)
    else:
        box = (x - back + left, y + top, x - back + right, y + bottom)
    return Label(text, box, order, style.get("fill", "#000000"))


def _shape(name: str, style: dict[str, str], order: int, clips: dict[str, Box]) -> Shape | None:
    whole = float(style.get("opacity", "1"))
    fill, stroke = style.get("fill", "#000000"), style.get("stroke", "none")
    filled = 0.0 if fill == "none" else whole * float(style.get("fill-opacity", "1"))
    stroked = 0.0 if stroke == "none" else whole * float(style.get("stroke-opacity", "1"))
    if max(filled, stroked) < SEEN:
        return None
    if name == "circle":
        x, y, radius = (float(style[key]) for key in ("cx", "cy", "r"))
        turns = [2 * math.pi * step / 24 for step in range(25)]
        runs = [[(x + radius * math.cos(t), y + radius * math.sin(t)) for t in turns]]
    else:
        runs = [run for run in path_runs(style["d"]) if len(run) > 1]
    if not runs:
        return None
    return Shape(
        {"circle": "point"}.get(name, "line" if filled < SEEN else "shape"),
        runs,
        float(style.get("stroke-width", "1")) / 2 if stroked >= SEEN else 0.0,
        stroke if stroked >= SEEN else fill,
        fill,
        filled >= OPAQUE,
        order,
        clips.get(style.get("clip-path", "")),
    )


def path_runs(data: str) -> list[list[Point]]:
    """The runs of points of a path as `compact_svg` writes it; curves by some points on them."""
    runs: list[list[Point]] = []
    for name, numbers in STEP.findall(data):
        values = [float(number) for number in NUMBER.findall(numbers)]
        if name == "M":
            runs.append([(values[0], values[1])])
            continue
        run = runs[-1]
        x, y = run[-1]
        if name == "L":
            run.append((values[0], values[1]))
        elif name == "l":
            run.append((x + values[0], y + values[1]))
        elif name in "Hh":
            run.append((values[0] + (x if name == "h" else 0), y))
        elif name in "Vv":
            run.append((x, values[0] + (y if name == "v" else 0)))
        elif name == "z":
            run.append(run[0])
        else:
            ends = list(zip(values[::2], values[1::2], strict=True))
            run += [_on_curve([(x, y), *ends], step / 8) for step in range(1, 9)]
    return runs


def _on_curve(points: list[Point], share: float) -> Point:
    """De Casteljau: the point of a Bézier curve at `share` of its way."""
    while len(points) > 1:
        points = [
            (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
            for a, b in itertools.pairwise(points)
        ]
    return points[0]


def _path_box(data: str) -> Box:
    points = [point for run in path_runs(data) for point in run]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys))


def _covers(shape: Shape, box: Box) -> bool:
    """Whether the shape's fill hides all that lies behind the box (but for its outermost ink)."""
    if not shape.covers:
        return False
    left, top, right, bottom = _grown(box, -GROUND_ROOM)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return all(_encloses(shape, corner) for corner in corners)


def _encloses(shape: Shape, point: Point) -> bool:
    """Whether a point lies in the shape's fill (by the even-odd rule)."""
    x, y = point
    inside = False
    for run in shape.runs:
        for (ax, ay), (bx, by) in zip(run, run[1:] + run[:1], strict=True):
            if (ay > y) != (by > y) and x < ax + (bx - ax) * (y - ay) / (by - ay):
                inside = not inside
    return inside


def _is_leader(shape: Shape, box: Box) -> bool:
    """Whether the shape is the thin line that ties this very label to its mark."""
    if len(shape.runs) != 1 or shape.name != "line" or 2 * shape.half_width > LEADER_WIDTH:
        return False
    near, core = _grown(box, LEADER_END), _grown(box, -LEADER_DEPTH)
    run = shape.runs[0]
    ends = [_inside(end, near) for end in (run[0], run[-1])]
    through = any(_crosses(a, b, core) for a, b in itertools.pairwise(run))
    return any(ends) and not all(ends) and not through


def _touches(shape: Shape, box: Box) -> bool:
    room = _grown(box, shape.half_width + NEAREST)
    if shape.clip:
        room = (
            max(room[0], shape.clip[0] - shape.half_width),
            max(room[1], shape.clip[1] - shape.half_width),
            min(room[2], shape.clip[2] + shape.half_width),
            min(room[3], shape.clip[3] + shape.half_width),
        )
        if room[0] >= room[2] or room[1] >= room[3]:
            return False
    return any(
        _crosses(start, end, room) for run in shape.runs for start, end in itertools.pairwise(run)
    )


def _grown(box: Box, by: float) -> Box:
    return (box[0] - by, box[1] - by, box[2] + by, box[3] + by)


def _inside(point: Point, box: Box) -> bool:
    return box[0] < point[0] < box[2] and box[1] < point[1] < box[3]


def _crosses(start: Point, end: Point, box: Box) -> bool:
    """Whether a piece of a line passes through the box (Liang and Barsky's clipping)."""
    enter, leave = 0.0, 1.0
    for axis in (0, 1):
        step = end[axis] - start[axis]
        for edge, sign in ((box[axis], -1), (box[axis + 2], 1)):
            room = sign * (edge - start[axis])
            way = sign * step
            if way == 0:
                if room <= 0:
                    return False
            elif way > 0:
                leave = min(leave, room / way)
            else:
                enter = max(enter, room / way)
    return enter < leave
