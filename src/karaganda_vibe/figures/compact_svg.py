"""Small SVG of a drawing: matplotlib's own output holds the same picture in five times the bytes.

Texts stay texts (the page and the PDF have the font), coordinates keep one decimal of a point,
markers are written in place, ids are short and the same on every run. An artist whose gid was set
by `mark` becomes an element of the class `mark` with what it shows as `title`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from matplotlib.artist import Artist

from karaganda_vibe.project.errors import ProjectError

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
FONT = "Inter,system-ui,sans-serif"
MARK = "mark|"
# Room at the edge of a clip in which a mark is still taken to lie inside (half a line's width).
CLIP_ROOM = 1.5
DEFAULTS = {
    "stroke-linejoin": "round",
    "stroke-linecap": "butt",
    "stroke-width": "1",
    "text-anchor": "start",
    "font-weight": "400",
    "stroke-dashoffset": "0",
}
KNOWN = {
    *DEFAULTS,
    *("fill", "stroke", "opacity", "fill-opacity", "stroke-opacity", "stroke-dasharray"),
    "font-size",
}
Point = tuple[float, float]
Step = tuple[str, list[Point]]


def mark(artist: Artist, unit: str, text: str) -> None:
    """Say what a bar, point, line or tile shows, for readers who point at it.

    `unit` is the code of the region or place ("" for none): the page highlights all marks of one
    unit together. `text` is in the language of the edition: name or year, number and its unit.
    """
    artist.set_gid(f"{MARK}{unit}|{text}")


@dataclass
class _Leaf:
    """One element without children; `style` can be inherited from a group around it."""

    name: str
    own: dict[str, str]
    style: dict[str, str]
    text: str = ""
    title: str = ""
    points: list[Point] = field(default_factory=list)
    """Where a shape runs, to see whether a clip cuts it."""


@dataclass
class _Marked:
    """A mark of several elements."""

    own: dict[str, str]
    title: str
    leaves: list[_Leaf]


@dataclass
class _Sources:
    """What other elements refer to, by id; `names` are the short ids given so far."""

    markers: dict[str, ElementTree.Element] = field(default_factory=dict)
    clips: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)
    patterns: dict[str, ElementTree.Element] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def short(self, identifier: str) -> str:
        return self.names.setdefault(identifier, f"i{len(self.names)}")


def compact_svg(content: bytes) -> bytes:
    """The SVG that matplotlib wrote, small. Raises ProjectError for what it does not know."""
    root = ElementTree.fromstring(content)
    sources = _sources(root)
    items = list(_items(root, sources))
    body = "".join(_written(items))
    defs = "".join(_definitions(sources))
    box = root.attrib["viewBox"]
    width, height = box.split()[2:]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width}" '
        f'height="{height}" font-family="{FONT}" stroke-linejoin="round">'
    )
    return f"{head}{defs}{body}</svg>\n".encode()


def _sources(root: ElementTree.Element) -> _Sources:
    found = _Sources()
    for defs in root.iter(f"{SVG}defs"):
        for element in defs:
            identifier = element.attrib.get("id", "")
            if element.tag == f"{SVG}path":
                found.markers[identifier] = element
            elif element.tag == f"{SVG}pattern":
                found.patterns[identifier] = element
            elif element.tag == f"{SVG}clipPath":
                rect = element[0]
                x, y, wide, high = (float(rect.attrib[at]) for at in ("x", "y", "width", "height"))
                found.clips[identifier] = (x, y, x + wide, y + high)
    return found


def _items(element: ElementTree.Element, sources: _Sources) -> Iterator[_Leaf | _Marked]:
    for child in element:
        name = child.tag.removeprefix(SVG)
        if name in ("defs", "metadata"):
            continue
        if name == "g":
            inner = list(_items(child, sources))
            clip = child.attrib.get("clip-path")
            if clip:
                inner = [_clipped(item, clip, sources) for item in inner]
            identifier = child.attrib.get("id", "")
            if identifier.startswith("matplotlib.axis"):
                yield from _axis_first(inner)
            elif identifier.startswith(MARK):
                yield from _marked(identifier, inner)
            else:
                yield from inner
        elif name == "text":
            yield _text(child)
        elif name in ("path", "use"):
            leaf = _shape(child, sources)
            if leaf:
                yield leaf
        else:
            raise ProjectError(f"a figure's SVG holds <{name}>, which compact_svg does not know")


def _axis_first(inner: list[_Leaf | _Marked]) -> list[_Leaf | _Marked]:
    """The lines of an axis by their style, then its numbers, so that equals are neighbours."""
    return sorted(
        inner,
        key=lambda item: (
            (item.name == "text", _attributes(item.style))
            if isinstance(item, _Leaf)
            else (True, "")
        ),
    )


def _marked(identifier: str, inner: list[_Leaf | _Marked]) -> Iterator[_Leaf | _Marked]:
    _, unit, title = identifier.split("|", 2)
    leaves = [item for item in inner if isinstance(item, _Leaf)]
    if not leaves:
        return
    own = {"class": "mark", **({"data-unit": unit} if unit else {})}
    if len(leaves) == 1:
        leaf = leaves[0]
        yield _Leaf(leaf.name, {**own, **leaf.own}, leaf.style, leaf.text, title)
    else:
        yield _Marked(own, title, leaves)


def _clipped(item: _Leaf | _Marked, clip: str, sources: _Sources) -> _Leaf | _Marked:
    if isinstance(item, _Leaf):
        _clip(item, clip, item.points, sources)
    return item


def _clip(leaf: _Leaf, clip: str, points: Iterable[Point], sources: _Sources) -> None:
    identifier = clip.removeprefix("url(#").removesuffix(")")
    left, top, right, bottom = sources.clips[identifier]
    inside = all(
        left - CLIP_ROOM <= x <= right + CLIP_ROOM and top - CLIP_ROOM <= y <= bottom + CLIP_ROOM
        for x, y in points
    )
    if not inside:
        leaf.style["clip-path"] = f"url(#{sources.short(identifier)})"


def _style(text: str) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in text.split(";") if part.strip())
    style = {key.strip(): value.strip().removesuffix("px") for key, value in pairs}
    style.pop("font-family", None)
    unknown = set(style) - KNOWN
    if unknown:
        raise ProjectError(
            f"a figure's SVG has the style '{sorted(unknown)[0]}', which compact_svg does not know"
        )
    return style


def _tidy(style: dict[str, str]) -> dict[str, str]:
    """Without what is the default or cannot be seen."""
    out = {key: value for key, value in style.items() if DEFAULTS.get(key) != value}
    if "stroke" not in out or out["stroke"] == "none":
        out = {key: value for key, value in out.items() if not key.startswith("stroke")}
    if out.get("fill") == "none":
        out.pop("fill-opacity", None)
    return {
        key: _number(float(value), 2) if _is_number(value) else _dashes(key, value)
        for key, value in out.items()
    }


def _dashes(key: str, value: str) -> str:
    if key != "stroke-dasharray":
        return value
    return " ".join(_number(float(part)) for part in value.replace(",", " ").split())


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None


def _shape(element: ElementTree.Element, sources: _Sources) -> _Leaf | None:
    style = _style(element.attrib.get("style", ""))
    offset = (0.0, 0.0)
    data = element.attrib.get("d", "")
    if element.tag == f"{SVG}use":
        marker = sources.markers[element.attrib[HREF][1:]]
        style |= _style(marker.attrib.get("style", ""))
        data = marker.attrib["d"]
        offset = (float(element.attrib.get("x", 0)), float(element.attrib.get("y", 0)))
    steps = _steps(data)
    if not steps:
        return None
    radius = _circle(steps)
    style = _tidy(style)
    pattern = re.fullmatch(r"url\(#(.+)\)", style.get("fill", ""))
    if pattern:
        style["fill"] = f"url(#{sources.short(pattern[1])})"
    if radius is not None and element.tag == f"{SVG}use":
        x, y = offset
        own = {"cx": _number(x), "cy": _number(y), "r": _number(radius)}
        leaf = _Leaf("circle", own, style, points=[(x, y)])
    else:
        moved = [(name, [(x + offset[0], y + offset[1]) for x, y in part]) for name, part in steps]
        points = [point for _, part in moved for point in part]
        leaf = _Leaf("path", {"d": _path(moved)}, style, points=points)
    if "clip-path" in element.attrib:
        _clip(leaf, element.attrib["clip-path"], leaf.points, sources)
    return leaf


def _text(element: ElementTree.Element) -> _Leaf:
    style = _tidy(_style(element.attrib.get("style", "")))
    transform = element.attrib.get("transform", "")
    moved = re.search(r"translate\(([-\d.]+)[ ,]([-\d.]+)\)", transform)
    turned = re.search(r"rotate\(([-\d.]+)", transform)
    x, y = (
        (float(moved[1]), float(moved[2]))
        if moved
        else (float(element.attrib["x"]), float(element.attrib["y"]))
    )
    own = {"x": _number(x), "y": _number(y)}
    if turned and abs(float(turned[1])) > 0.01:
        own["transform"] = f"rotate({_number(float(turned[1]))} {own['x']} {own['y']})"
    return _Leaf("text", own, style, element.text or "")


def _steps(data: str) -> list[Step]:
    """A path's steps. Only the commands that matplotlib writes, all of them absolute."""
    steps: list[Step] = []
    for name, numbers in re.findall(r"([MLQCzHV])([^MLQCzHVhvlm]*)", data):
        values = [float(value) for value in re.findall(r"-?\d*\.?\d+(?:e-?\d+)?", numbers)]
        steps.append((name, list(zip(values[::2], values[1::2], strict=True))))
    return steps


def _circle(steps: list[Step]) -> float | None:
    """The radius, if the path is matplotlib's circle around the origin."""
    if [name for name, _ in steps] != ["M", *["C"] * 8, "z"]:
        return None
    (x, y) = steps[0][1][0]
    ends = [part[-1] for name, part in steps if name == "C"]
    radius = (x * x + y * y) ** 0.5
    same = all(abs((px * px + py * py) ** 0.5 - radius) < 0.01 * radius for px, py in ends)
    return radius if x == 0 and same else None


def _number(value: float, decimals: int = 1) -> str:
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text in ("-0", ""):
        text = "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _joined(values: Iterable[float]) -> str:
    out = ""
    for value in values:
        text = _number(value)
        out += text if not out or text.startswith("-") else f" {text}"
    return out


def _path(steps: list[Step]) -> str:
    out = ""
    at: Point = (0.0, 0.0)
    for name, part in steps:
        rounded = [(round(x, 1), round(y, 1)) for x, y in part]
        if name == "z":
            out += "z"
        elif name == "L":
            out += _line(at, rounded[0])
        else:
            out += name + _joined(value for point in rounded for value in point)
        at = rounded[-1] if rounded else at
    return out


def _line(start: Point, end: Point) -> str:
    """A straight step, in its shortest form."""
    across, down = end[0] - start[0], end[1] - start[1]
    if abs(down) < 0.05 and abs(across) < 0.05:
        return ""
    if abs(down) < 0.05:
        return min(f"H{_number(end[0])}", f"h{_number(across)}", key=len)
    if abs(across) < 0.05:
        return min(f"V{_number(end[1])}", f"v{_number(down)}", key=len)
    return min(f"L{_joined(end)}", f"l{_joined((across, down))}", key=len)


def _attributes(pairs: dict[str, str]) -> str:
    return "".join(f" {key}={quoteattr(value)}" for key, value in sorted(pairs.items()))


def _element(leaf: _Leaf, style: dict[str, str]) -> str:
    inner = (f"<title>{escape(leaf.title)}</title>" if leaf.title else "") + escape(leaf.text)
    start = f"<{leaf.name}{_attributes({**leaf.own, **style})}"
    return f"{start}>{inner}</{leaf.name}>" if inner else f"{start}/>"


def _written(items: list[_Leaf | _Marked]) -> Iterator[str]:
    """Elements in their order; neighbours of one style share a group."""

    def key(item: _Leaf | _Marked) -> str:
        return _attributes(item.style) if isinstance(item, _Leaf) else "marked"

    for _, run in groupby(items, key):
        group = list(run)
        if isinstance(group[0], _Marked):
            for item in group:
                assert isinstance(item, _Marked)
                inner = "".join(_written(list(item.leaves)))
                title = f"<title>{escape(item.title)}</title>"
                yield f"<g{_attributes(item.own)}>{title}{inner}</g>"
            continue
        leaves = [item for item in group if isinstance(item, _Leaf)]
        style = leaves[0].style
        # One path draws what would be many: only where overlaps cannot show.
        if len(leaves) > 1 and style:
            inner = "".join(_element(leaf, {}) for leaf in _one_path(leaves))
            yield f"<g{_attributes(style)}>{inner}</g>"
        else:
            yield from (_element(leaf, style) for leaf in leaves)


def _one_path(leaves: list[_Leaf]) -> list[_Leaf]:
    """Lines of one style that follow one another, as one path."""
    style = leaves[0].style
    plain = style.get("fill") == "none" and not any(key.endswith("opacity") for key in style)
    if not plain or any(leaf.name != "path" or leaf.title or leaf.own.keys() != {"d"}
                        for leaf in leaves):  # fmt: skip
        return leaves
    return [_Leaf("path", {"d": "".join(leaf.own["d"] for leaf in leaves)}, style)]


def _definitions(sources: _Sources) -> Iterator[str]:
    for identifier, name in sources.names.items():
        if identifier in sources.clips:
            left, top, right, bottom = sources.clips[identifier]
            yield (
                f'<clipPath id="{name}"><path d="M{_joined((left, top))}H{_number(right)}'
                f'V{_number(bottom)}H{_number(left)}z"/></clipPath>'
            )
        else:
            yield _hatch(name, sources.patterns[identifier])


def _hatch(name: str, pattern: ElementTree.Element) -> str:
    """Slanting lines on a ground: the one hatch of the report ("////"), as a small tile."""
    ground = pattern[0].attrib["fill"]
    colour = _style(pattern[1].attrib["style"])["stroke"]
    return (
        f'<pattern id="{name}" width="4.2" height="4.2" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path fill="{ground}" d="M0 0H4.2V4.2H0z"/>'
        f'<path stroke="{colour}" stroke-width="2.4" d="M0 0V4.2"/></pattern>'
    )
