"""Small charts of the passports as compact SVG text, for pages and paper alike.

Colours come from classes, which a page styles for light and dark and `for_paper` styles for print.
Widths are in the pixels in which a phone shows them. The same input gives the same text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

Say = Callable[[float], str]
Point = tuple[int, float, str]
"""Year, value, definition: a line breaks where the years do or the definition changes."""

PAPER_STYLE = (
    "text{font-family:Inter;font-size:11px;fill:#56616e}.own{fill:none;stroke:#0b5394;"
    "stroke-width:2}.dot{fill:#0b5394}.peers{fill:none;stroke:#7b8794;stroke-width:1.3;"
    "stroke-dasharray:4 2}.grid{stroke:#e3e7eb}.zero{stroke:#1f2933}.mark{stroke:#7b8794;"
    "stroke-dasharray:3 3}.gain{fill:#1c7c6e}.loss{fill:#c2511b}.band{fill:#e3e7eb}"
    ".tick{stroke:#7b8794;stroke-width:1.5}.m0{fill:#a8410f}.m1{fill:#e0915f}.m2{fill:#f7d6c2}"
    ".m3{fill:#c4e5df}.m4{fill:#1c7c6e}.mx{fill:#e3e7eb}.map path{stroke:#fff;stroke-width:1.6}"
    ".map .here{stroke:#1f2933;stroke-width:4}.ring{fill:none;stroke:#1f2933;stroke-width:2}"
    ".here-name{fill:#1f2933;font-weight:600;font-size:13px;paint-order:stroke;stroke:#fff;"
    "stroke-width:3px}"
)


def for_paper(svg: str) -> str:
    """`svg` with the colours and type of the printed annex."""
    head, mark, rest = svg.partition(">")
    namespace = ' xmlns="http://www.w3.org/2000/svg"'
    return f"{head}{namespace}{mark}<style>{PAPER_STYLE}</style>{rest}"


def nice_ticks(low: float, high: float, count: int = 3) -> list[float]:
    """Round numbers from `low` to `high`, about `count` of them; both ends lie inside or on them.

    The step is 1, 2 or 5 times a power of ten.
    """
    span = high - low
    if not span > 0:
        return [low]
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def segments(points: Sequence[Point]) -> list[list[Point]]:
    """Points in order of years, cut where a year is missing or the definition changes."""
    parts: list[list[Point]] = []
    for point in sorted(points):
        if parts and point[0] == parts[-1][-1][0] + 1 and point[2] == parts[-1][-1][2]:
            parts[-1].append(point)
        else:
            parts.append([point])
    return parts


class _Frame:
    """The plane of a chart: years to the right, values upwards."""

    def __init__(
        self,
        years: tuple[int, int],
        values: tuple[float, float],
        size: tuple[int, int],
        margins: tuple[float, float, float, float],
    ) -> None:
        self.years, self.values, self.size = years, values, size
        self.top, self.right, self.bottom, self.left = margins

    def x(self, year: float) -> float:
        first, last = self.years
        width = self.size[0] - self.left - self.right
        return self.left + width * (year - first) / max(last - first, 1)

    def y(self, value: float) -> float:
        low, high = self.values
        height = self.size[1] - self.top - self.bottom
        return self.top + height * (high - value) / ((high - low) or 1)

    def path(self, points: Sequence[Point], name: str) -> str:
        """A line through the points; a lonely point becomes a dot."""
        out = []
        for part in segments(points):
            spots = [f"{self.x(year):.1f} {self.y(value):.1f}" for year, value, _ in part]
            if len(part) > 1:
                out.append(f'<path class="{name}" d="M{"L".join(spots)}"/>')
            elif name == "own":
                x, y = spots[0].split()
                out.append(f'<circle class="dot" cx="{x}" cy="{y}" r="1.8"/>')
        return "".join(out)

    def ending(self, points: Sequence[Point]) -> str:
        """A dot on the last point."""
        year, value, _ = max(points)
        return f'<circle class="dot" cx="{self.x(year):.1f}" cy="{self.y(value):.1f}" r="3"/>'

    def level(self, value: float, name: str) -> str:
        y = f"{self.y(value):.1f}"
        end = self.size[0] - self.right
        return f'<path class="{name}" d="M{self.left:.1f} {y}H{end:.1f}"/>'

    def text(self, x: float, y: float, words: str, anchor: str) -> str:
        return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'

    def year_labels(self, decades: bool) -> str:
        first, last = self.years
        low = self.size[1] - 3
        out = [
            self.text(self.x(first), low, str(first), "start"),
            self.text(self.x(last), low, str(last), "end"),
        ]
        for year in range(-(-first // 10) * 10, last, 10) if decades else ():
            if min(year - first, last - year) >= 5:
                out.append(self.text(self.x(year), low, str(year), "middle"))
        return "".join(out)

    def value_grid(self, say: Say) -> str:
        out = []
        ticks = next(
            (t for t in (nice_ticks(*self.values, n) for n in (3, 4, 6, 9)) if len(t) > 2), []
        )
        for tick in ticks or nice_ticks(*self.values):
            out.append(self.level(tick, "zero" if tick == 0 else "grid"))
            out.append(self.text(self.left - 5, self.y(tick) + 4, say(tick), "end"))
        return "".join(out)

    def mark(self, year: float, words: str) -> str:
        """A dashed line where the series has a break, with a word beside it."""
        x = self.x(year)
        line = f'<path class="mark" d="M{x:.1f} {self.top}V{self.size[1] - self.bottom}"/>'
        return line + self.text(x - 4, self.top + 9, words, "end")

    def drawing(self, body: str, alt: str) -> str:
        width, height = self.size
        box = f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(alt)}"'
        return f"<svg {box}>{body}</svg>"


def _span(points: Sequence[Point], *more: Sequence[Point]) -> tuple[int, int]:
    years = [year for part in (points, *more) for year, _, _ in part]
    return min(years), max(years)


def _padded(values: Sequence[float], zero: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = 0.06 * ((high - low) or abs(high) or 1.0)
    return (low if zero and low == 0 else low - room), (high if zero and high == 0 else high + room)


def line_chart(
    points: Sequence[Point], alt: str, say: Say, break_year: float | None, break_word: str
) -> str:
    """One line over the years with a scale; a dashed mark at `break_year`."""
    values = [value for _, value, _ in points]
    frame = _Frame(_span(points), _padded(values, False), (340, 132), (8, 12, 20, 56))
    body = frame.value_grid(say)
    first, last = frame.years
    if break_year is not None and first < break_year < last:
        body += frame.mark(break_year, break_word)
    body += frame.path(points, "own") + frame.ending(points) + frame.year_labels(True)
    return frame.drawing(body, alt)


def gain_loss_chart(points: Sequence[Point], peers: Sequence[Point], alt: str, say: Say) -> str:
    """One column a year above or below zero, the peers' median as a dashed line."""
    values = [value for _, value, _ in [*points, *peers]]
    first, last = _span(points)
    # Half a column's room at both ends keeps the first and the last column inside the plane.
    slot = (340 - 56 - 12) / (last - first + 1)
    sides = (8, 12 + slot / 2, 20, 56 + slot / 2)
    frame = _Frame((first, last), _padded(values, True), (340, 132), sides)
    width = 0.72 * slot
    body = frame.value_grid(say)
    for year, value, _ in sorted(points):
        top, low = sorted([frame.y(value), frame.y(0)])
        name = "gain" if value > 0 else "loss"
        body += (
            f'<rect class="{name}" x="{frame.x(year) - width / 2:.1f}" y="{top:.1f}" '
            f'width="{width:.1f}" height="{low - top:.1f}"/>'
        )
    body += frame.path([p for p in peers if first <= p[0] <= last], "peers")
    return frame.drawing(body + frame.year_labels(True), alt)


def spark_chart(points: Sequence[Point], peers: Sequence[Point], alt: str) -> str:
    """A small line from zero upwards, with the peers' median dashed; numbers stand beside it."""
    values = [value for _, value, _ in [*points, *peers]]
    frame = _Frame(_span(points), _padded(values, True), (160, 60), (4, 5, 16, 2))
    first, last = frame.years
    body = frame.level(0, "grid") + frame.path([p for p in peers if first <= p[0] <= last], "peers")
    body += frame.path(points, "own") + frame.ending(points)
    return frame.drawing(body + frame.year_labels(False), alt)


def strip(share: float, peers: Sequence[float]) -> str:
    """Where the place stands among all places: 0 (lowest) to 1 (highest), peers as ticks.

    Decoration beside numbers that say the same, so it is hidden from screen readers.
    """
    ticks = "".join(f'<path class="tick" d="M{3 + 114 * at:.1f} 2V10"/>' for at in sorted(peers))
    return (
        '<svg class="strip" viewBox="0 0 120 12" aria-hidden="true">'
        f'<rect class="band" x="3" y="4" width="114" height="4" rx="2"/>{ticks}'
        f'<circle class="dot" cx="{3 + 114 * share:.1f}" cy="6" r="4"/></svg>'
    )


def expected_chart(
    numbers: tuple[float, float, float, float], words: tuple[str, str], alt: str, say: Say
) -> str:
    """The band around what is expected, a stroke at it, a dot at what is actual, and a scale.

    Args:
        numbers: actual, expected, low and high end of the band; words: names of actual and
            expected.
    """
    actual, expected, low, high = numbers
    width, left, right = 340, 14, 14
    first, last = _padded((actual, low, high), True)

    def x(value: float) -> float:
        return left + (width - left - right) * (value - first) / ((last - first) or 1)

    def text(at: float, y: int, said: str, anchor: str) -> str:
        return f'<text x="{at:.1f}" y="{y}" text-anchor="{anchor}">{escape(said)}</text>'

    grid = "".join(
        f'<path class="{"zero" if tick == 0 else "grid"}" d="M{x(tick):.1f} 16V58"/>'
        + text(x(tick), 72, say(tick), "middle")
        for tick in nice_ticks(first, last, 4)
    )
    # Names lead away from each other, so that they part where the marks are close.
    sides = ("end", "start") if actual < expected else ("start", "end")
    apart = {"end": -4.0, "start": 4.0}
    marks = (
        f'<rect class="band" x="{x(low):.1f}" y="30" width="{x(high) - x(low):.1f}" height="14"/>'
        f'<path class="tick" d="M{x(expected):.1f} 26V48"/>'
        f'<circle class="dot" cx="{x(actual):.1f}" cy="37" r="4.5"/>'
    )
    names = "".join(
        text(min(max(x(value), 75.0), width - 75.0) + apart[side], 12, word, side)
        for value, word, side in zip((actual, expected), words, sides, strict=True)
    )
    box = f'viewBox="0 0 {width} 78" role="img" aria-label="{escape(alt)}"'
    return f"<svg {box}>{grid}{marks}{names}</svg>"
