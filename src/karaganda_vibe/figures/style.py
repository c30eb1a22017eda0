"""One look for every figure: colours, type, and small drawing helpers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from karaganda_vibe.figures.layout import wrapped
from karaganda_vibe.figures.pens import Pen
from karaganda_vibe.project.paths import FONTS

INK = "#1f2933"
MUTED = "#5f6b76"
GRID = "#e3e7eb"
FOCUS = "#0b5394"
REST = "#b4bcc4"
COMPARATOR = "#7b8794"
GAIN = "#1c7c6e"
LOSS = "#c2511b"
BAND = "#f1f3f5"
FAINT = "#dde1e5"
PAPER = "#ffffff"
"""The ground behind open dots, hatches and labels: dark where the page is dark."""
ON_COLOUR = "#fefefe"
"""White text on a coloured mark: stays white where the page is dark."""
HATCH: dict[str, Any] = {"facecolor": PAPER, "hatch": "////", "lw": 1.1}
"""How doubtful columns and bars are filled; the edge keeps their colour."""

# Points between a panel and the labels of its lines' ends; farther ends get a leader.
LABEL_GAP, FARTHEST_END = 3.0, 22.0

SETTINGS: dict[str, Any] = {
    "font.family": "Inter",
    "font.size": 10.5,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 10,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    # The SVG of one figure must be the same bytes on every run.
    "svg.hashsalt": "karaganda-vibe",
    "svg.fonttype": "none",
}


def use_style() -> None:
    """Set matplotlib up for the report's figures. Safe to call more than once."""
    mpl.rcdefaults()  # whatever a user's own matplotlibrc has set
    known = {font.fname for font in font_manager.fontManager.ttflist}
    for font in sorted(FONTS.glob("*.ttf")):
        if str(font) not in known:
            font_manager.fontManager.addfont(str(font))
    mpl.rcParams.update(SETTINGS)  # type: ignore[arg-type]


def brightness(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 (black) to 1 (white), as WCAG 2 defines it."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 (none) to 21."""
    high, low = sorted((brightness(one), brightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def is_dark(colour: str) -> bool:
    """Whether white words are better legible on `colour` than dark ones."""
    return contrast(colour, "#ffffff") >= contrast(colour, INK)


def zero_line(axes: Axes) -> None:
    """Draw the line between gain and loss."""
    axes.axhline(0, color=INK, linewidth=1.0, zorder=1.5)


def mark_break(
    axes: Axes, year: float, text: str, *, height: float = 0.98, narrow: bool = False
) -> None:
    """Mark a break of the series (a border change, say) by a dashed line and a few words.

    The words stand on the side of the line that has more room.
    """
    axes.axvline(year, color=MUTED, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1.4)
    low, high = axes.get_xlim()
    left = not narrow or (year - low) > (high - low) / 2
    axes.annotate(
        _short_lines(text) if narrow else text,
        (year, height),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if left else 4, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="top",
        fontsize=9,
        color=MUTED,
    )


def mark_period(
    axes: Axes, start: float, end: float, text: str, *, height: float = 0.98, narrow: bool = False
) -> None:
    """Shade a period whose figures are not comparable with the others, and say why."""
    axes.axvspan(start, end, color=BAND, zorder=0)
    axes.annotate(
        _short_lines(text) if narrow else text,
        ((start + end) / 2, height),
        xycoords=("data", "axes fraction"),
        xytext=(0, 0),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=9,
        color=MUTED,
    )


def _short_lines(text: str) -> str:
    return wrapped(text, 105, 9)


def name_rows(
    axes: Axes,
    pen: Pen,
    names: Sequence[str],
    bold: Sequence[bool] | None = None,
    *,
    places: Sequence[float] | None = None,
    mark_points: float = 13,
    more_height: float = 0.5,
    widest: float = 190,
) -> float:
    """Name the rows of a chart of bars or dots; return the share of a row that marks may take.

    Rows lie at `places` (0, 1, 2, … if None). In a wide figure names stand at the left and the
    share is 1. In a narrow one they stand above their marks, which are `mark_points` high, and the
    figure becomes as tall as its rows need, with `more_height` inches for axes and headings.
    """
    places = list(range(len(names))) if places is None else list(places)
    bold = [False] * len(names) if bold is None else bold
    if not pen.narrow:
        axes.set_yticks(places, [pen.wrap(name, widest, 10) for name in names])
        for label, chosen in zip(axes.get_yticklabels(), bold, strict=True):
            label.set(color=INK, fontsize=10, fontweight=700 if chosen else 400)
        return 1.0
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    written = [
        pen.wrap(name, 245, 9.5, 600 if chosen else 400)
        for name, chosen in zip(names, bold, strict=True)
    ]
    lines = max((name.count("\n") + 1 for name in written), default=1)
    pitch = mark_points + 12.0 * lines + 4
    axes.set_yticks([])
    for place, name, chosen in zip(places, written, bold, strict=True):
        axes.annotate(
            name,
            (0, place),
            xycoords=("axes fraction", "data"),
            xytext=(0, mark_points / 2 + 1),
            textcoords="offset points",
            va="bottom",
            fontsize=9.5,
            fontweight=600 if chosen else 400,
            color=INK,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.3},
            zorder=2.5,
            annotation_clip=False,
        )
    width = float(figure.get_size_inches()[0])
    rows = (max(places) - min(places) + 1) if places else 1
    figure.set_size_inches(width, rows * pitch / 72 + more_height)
    return mark_points / pitch


def spread_labels(positions: Sequence[float], gap: float | Sequence[float]) -> list[float]:
    """Move label positions apart until neighbours do not overlap, in the same order.

    `gap` is the height of a label, or that of each. The mean shift is kept small: clusters of
    labels that are too close are centred on the mean of their wanted positions
    (pool-adjacent-violators on the positions less the room of the labels below).
    """
    heights = _heights(positions, gap)
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    below = dict(zip(order, _stacked([heights[index] for index in order]), strict=True))
    groups: list[list[int]] = []
    for index in order:
        groups.append([index])
        while len(groups) > 1 and _mean(groups[-1], positions, below) < _mean(
            groups[-2], positions, below
        ):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = [0.0] * len(positions)
    for group in groups:
        for member in group:
            placed[member] = _mean(group, positions, below) + below[member]
    return placed


def above_floor(placed: Sequence[float], gap: float | Sequence[float], floor: float) -> list[float]:
    """The positions moved up where they lie below `floor` or, then, too near to one another."""
    heights = _heights(placed, gap)
    out = list(placed)
    lowest = floor
    order = sorted(range(len(out)), key=lambda index: out[index])
    for index, following in zip(order, [*order[1:], order[-1]] if order else [], strict=True):
        if out[index] < lowest - 1e-9:
            out[index] = lowest
        lowest = out[index] + (heights[index] + heights[following]) / 2
    return out


def _heights(positions: Sequence[float], gap: float | Sequence[float]) -> list[float]:
    return [float(gap)] * len(positions) if isinstance(gap, (int, float)) else list(gap)


def _stacked(heights: Sequence[float]) -> list[float]:
    """Where the centres lie of labels that stand on one another, the first at 0."""
    out = [0.0]
    for lower, upper in itertools.pairwise(heights):
        out.append(out[-1] + (lower + upper) / 2)
    return out[: len(heights)]


def _mean(group: Sequence[int], positions: Sequence[float], below: dict[int, float]) -> float:
    # fsum: Python's own sum rounds otherwise from 3.12 on, which moves pixels.
    return math.fsum(positions[member] - below[member] for member in group) / len(group)


@dataclass(frozen=True)
class LineEnd:
    """The end of a line (or of a part of a column): where it is, its name and number, its look."""

    x: float
    y: float
    name: str
    colour: str
    value: str = ""
    bold: bool = False
    ink: str = ""
    """Colour of the words; that of the line if empty."""
    dash: Any = "-"
    patch: bool = False


def label_line_ends(
    axes: Axes, ends: Sequence[LineEnd], pen: Pen, *, gap_points: float = 13
) -> None:
    """Name lines directly at their ends; in a narrow figure above the panel, with samples.

    All labels stand right of the panel, so that neither the line at zero nor that of a break runs
    into one. Labels that would overlap are moved apart vertically; these, and that of a line which
    ends early, are tied to their line's end by a thin leader. Long names are broken.
    """
    if pen.narrow:
        _legend_above(axes, ends, pen)
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    texts = [
        end.value if pen.narrow else pen.wrap(f"{end.name} {end.value}".strip(), 125, 10)
        for end in ends
    ]
    if not any(texts):
        return
    low, last = axes.get_xlim()[0], max(end.x for end in ends)
    axes.set_xlim(right=max(last + 0.02 * (last - low), min(axes.get_xlim()[1], last + 0.4)))
    figure.canvas.draw()
    to_points = 72 / figure.dpi
    beside = axes.transAxes + ScaledTranslation(
        (LABEL_GAP if pen.narrow else 2 * LABEL_GAP) / 72, 0, figure.dpi_scale_trans
    )
    right = float(axes.get_window_extent().x1) * to_points
    away = [right - float(axes.transData.transform((end.x, end.y))[0]) * to_points for end in ends]
    heights = [float(axes.transData.transform((end.x, end.y))[1]) * to_points for end in ends]
    lines = [text.count("\n") + 1 for text in texts]
    gaps = [gap_points * (count if count == 1 else 0.95 * count) for count in lines]
    lowest = lines[min(range(len(heights)), key=lambda index: heights[index])]
    floor = float(axes.get_window_extent().y0) * to_points + 6 * lowest
    placed = above_floor(spread_labels(heights, gaps), gaps, floor)
    for end, text, height, target, short in zip(ends, texts, heights, placed, away, strict=True):
        shift = target - height
        axes.annotate(
            text,
            (end.x, end.y),
            xytext=(1, shift),
            textcoords=(beside, "offset points"),
            va="center",
            ha="left",
            color=end.ink or end.colour,
            fontsize=10,
            fontweight=600 if end.bold else 400,
            annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            arrowprops={
                "arrowstyle": "-",
                "color": end.colour,
                "linewidth": 0.6,
                "shrinkA": 1,
                "shrinkB": 1,
                "relpos": (0, 0.5),
            }
            if abs(shift) > 3 or (short > FARTHEST_END and not end.patch)
            else None,
        )


def _legend_above(axes: Axes, ends: Sequence[LineEnd], pen: Pen) -> None:
    """The names with samples of their lines above the panel, from the highest end down."""
    ordered = sorted(ends, key=lambda end: -end.y)
    samples = [
        Line2D([], [], color=end.colour, marker="s", markersize=8, linestyle="none")
        if end.patch
        else Line2D([], [], color=end.colour, linewidth=2.8 if end.bold else 1.8, ls=end.dash)
        for end in ordered
    ]
    names = [pen.wrap(end.name, 215, 9.5, 600 if end.bold else 400) for end in ordered]
    short = max(text_length(name) for name in names) < 16 and len(names) > 1
    # A heading of the panel stays above the legend.
    legend = axes.legend(
        samples,
        names,
        loc="lower left",
        bbox_to_anchor=(0, 1.01),
        borderaxespad=0.2,
        borderpad=0.1,
        frameon=False,
        fontsize=9.5,
        handlelength=2.0,
        labelspacing=0.25,
        columnspacing=1.2,
        ncols=2 if short else 1,
    )
    for text, end in zip(legend.get_texts(), ordered, strict=True):
        text.set(color=end.ink or end.colour, fontweight=600 if end.bold else 400)
    rows = -(-sum(name.count("\n") + 1 for name in names) // (2 if short else 1))
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    for heading in (axes._left_title,):  # type: ignore[attr-defined]
        if heading.get_text():
            axes.set_title(heading.get_text(), loc="left", pad=6 + 13.5 * rows,
                           **heading_style(heading))  # fmt: skip
    wide, high = figure.get_size_inches()
    figure.set_size_inches(wide, high + 13.5 * rows / 72)


def text_length(text: str) -> int:
    """Letters of the longest line."""
    return max(len(line) for line in text.split("\n"))


def heading_style(heading: Any) -> dict[str, Any]:
    """Size, weight and colour of a panel's heading, to set it again."""
    return {
        "fontsize": heading.get_fontsize(),
        "fontweight": heading.get_fontweight(),
        "color": heading.get_color(),
    }
