"""One look for every figure: colours, type, and small drawing helpers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from karaganda_vibe.figure_layout import wrapped
from karaganda_vibe.paths import REPORT
from karaganda_vibe.pens import Pen

INK = "#1f2933"
MUTED = "#5f6b76"
GRID = "#e3e7eb"
KARAGANDA = "#0b5394"
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

FONT_FOLDER = REPORT / "theme" / "fonts"

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
    known = {font.fname for font in font_manager.fontManager.ttflist}
    for font in sorted(FONT_FOLDER.glob("*.ttf")):
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


def spread_labels(positions: Sequence[float], gap: float) -> list[float]:
    """Move label positions apart until neighbours are at least `gap` apart, in the same order.

    The mean shift is kept small: clusters of labels that are too close are centred on the mean
    of their wanted positions (pool-adjacent-violators).
    """
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    groups: list[list[int]] = []
    centres: list[float] = []
    for index in order:
        groups.append([index])
        centres.append(positions[index])
        while len(groups) > 1:
            room = gap * (len(groups[-2]) + len(groups[-1])) / 2
            if centres[-1] - centres[-2] >= room - 1e-12:
                break
            last = groups.pop()
            centres.pop()
            groups[-1] = groups[-1] + last
            # Positions relative to the group's slots, so that the mean shift of its labels is nil.
            centres[-1] = sum(positions[member] for member in groups[-1]) / len(groups[-1])
    placed = [0.0] * len(positions)
    for group, centre in zip(groups, centres, strict=True):
        for slot, member in enumerate(group):
            placed[member] = centre + gap * (slot - (len(group) - 1) / 2)
    return placed


def above_floor(placed: Sequence[float], gap: float, floor: float) -> list[float]:
    """The positions moved up where they lie below `floor` or, then, too near to one another."""
    out = list(placed)
    lowest = floor
    for index in sorted(range(len(out)), key=lambda index: out[index]):
        if out[index] < lowest - 1e-9:
            out[index] = lowest
        lowest = out[index] + gap
    return out


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

    Labels that would overlap are moved apart vertically and tied to their line's end by a thin
    leader. Long names are broken.
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
    figure.canvas.draw()
    to_points = 72 / figure.dpi
    heights = [float(axes.transData.transform((end.x, end.y))[1]) * to_points for end in ends]
    lines = max(text.count("\n") + 1 for text in texts)
    gap = gap_points * (lines if lines == 1 else 0.95 * lines)
    floor = float(axes.get_window_extent().y0) * to_points + 6 * lines
    placed = above_floor(spread_labels(heights, gap), gap, floor)
    for end, text, height, target in zip(ends, texts, heights, placed, strict=True):
        shift = target - height
        axes.annotate(
            text,
            (end.x, end.y),
            xytext=(5 if pen.narrow else 10, shift),
            textcoords="offset points",
            va="center",
            ha="left",
            color=end.ink or end.colour,
            fontsize=10,
            fontweight=600 if end.bold else 400,
            annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            arrowprops={"arrowstyle": "-", "color": end.colour, "linewidth": 0.6, "shrinkB": 1}
            if abs(shift) > 3
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
