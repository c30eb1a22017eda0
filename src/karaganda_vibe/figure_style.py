"""One look for every figure: colours, type, and small drawing helpers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from karaganda_vibe.paths import REPORT

INK = "#1f2933"
MUTED = "#5f6b76"
GRID = "#e3e7eb"
KARAGANDA = "#0b5394"
REST = "#b4bcc4"
COMPARATOR = "#7b8794"
GAIN = "#1c7c6e"
LOSS = "#c2511b"
BAND = "#f1f3f5"

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


def zero_line(axes: Axes) -> None:
    """Draw the line between gain and loss."""
    axes.axhline(0, color=INK, linewidth=1.0, zorder=1.5)


def mark_break(axes: Axes, year: float, text: str, *, height: float = 0.98) -> None:
    """Mark a break of the series (a border change, say) by a dashed line and a few words."""
    axes.axvline(year, color=MUTED, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1.4)
    axes.annotate(
        text,
        (year, height),
        xycoords=("data", "axes fraction"),
        xytext=(-4, 0),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=9,
        color=MUTED,
    )


def mark_period(axes: Axes, start: float, end: float, text: str, *, height: float = 0.98) -> None:
    """Shade a period whose figures are not comparable with the others, and say why."""
    axes.axvspan(start, end, color=BAND, zorder=0)
    axes.annotate(
        text,
        ((start + end) / 2, height),
        xycoords=("data", "axes fraction"),
        ha="center",
        va="top",
        fontsize=9,
        color=MUTED,
    )


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


def label_line_ends(
    axes: Axes,
    ends: Sequence[tuple[float, float, str, str, bool]],
    *,
    gap_points: float = 13,
) -> None:
    """Name lines directly at their ends.

    `ends` holds (x, y, text, colour, bold) for each line. Labels that would overlap are moved
    apart vertically and tied to their line's end by a thin leader.
    """
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    to_points = 72 / figure.dpi
    heights = [axes.transData.transform((x, y))[1] * to_points for x, y, *_ in ends]
    placed = spread_labels(heights, gap_points)
    for (x, y, text, colour, bold), height, target in zip(ends, heights, placed, strict=True):
        shift = target - height
        axes.annotate(
            text,
            (x, y),
            xytext=(10, shift),
            textcoords="offset points",
            va="center",
            ha="left",
            color=colour,
            fontsize=10,
            fontweight=600 if bold else 400,
            annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkB": 1}
            if abs(shift) > 3
            else None,
        )
