"""A map of tiles of one size, about where places or regions lie, coloured by a rate per 1,000."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.layout import text_width
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import INK, MUTED, ON_COLOUR
from karaganda_vibe.project.errors import ProjectError

# Lower bounds of the classes from the second on, people per 1,000; fill and text of each class.
BOUNDS = (-20.0, -10.0, 0.0, 10.0)
WHITE = "#ffffff"
FILLS = ("#a8410f", "#e0915f", "#f7d6c2", "#c4e5df", "#1c7c6e")
INKS = (WHITE, INK, INK, INK, WHITE)
NO_FIGURE = ("#e3e7eb", INK)
WIDTH, HEIGHT, GAP = 64, 54, 4
LEGEND_ROWS = 0.6
"""Rows of tiles that the bar of colours takes from its upper edge on."""
LONGEST_NAME = 10
LINE = 11.0
"""Points from one line of a label to the next."""


def colour_class(rate: float | None) -> int | None:
    """The class of a rate, 0 (strongest loss) to 4 (strongest gain); None without a figure.

    No change at all belongs to the losses' side of nothing: zero is in the class that starts there.
    """
    if rate is None or pd.isna(rate):
        return None
    return sum(rate >= bound for bound in BOUNDS)


def colours(rate: float | None) -> tuple[str, str]:
    """Fill and text colour of a tile."""
    found = colour_class(rate)
    return NO_FIGURE if found is None else (FILLS[found], INKS[found])


def check_tiles(
    tiles: pd.DataFrame,
    units: Sequence[str],
    *,
    unit: str = "place_id",
    table: str = "metadata/places/place_tiles.csv",
) -> None:
    """Raise ProjectError unless each of `units` has exactly one tile and no two tiles overlap.

    `unit` is the column of `tiles` that names them, `table` the file to correct.
    """
    missing = sorted(set(units) ^ set(tiles[unit]))
    if missing:
        raise ProjectError(
            f"{table}: {missing[0]} is not on both the map and the list of what it shows; "
            "give each one tile"
        )
    twice = tiles[tiles.duplicated(["column", "row"]) | tiles.duplicated(unit)]
    if len(twice):
        raise ProjectError(
            f"{table}: {twice[unit].iloc[0]} lies on another tile or stands twice; give each a "
            "column and row of its own"
        )


def _grid(tiles: pd.DataFrame) -> tuple[float, float]:
    return float(tiles["column"].max()) + 1, float(tiles["row"].max()) + 1


def _squeezed(line: str) -> str:
    """An attribute that keeps a long name on its tile, whatever font the reader has."""
    fits = len(line) < LONGEST_NAME
    return "" if fits else f' textLength="{WIDTH - 5}" lengthAdjust="spacingAndGlyphs"'


def tile_svg(tiles: pd.DataFrame, labels: Mapping[str, tuple[str, str, str]], title: str) -> str:
    """The map as SVG with a link on each tile, in reading order for the keyboard.

    Args:
        tiles: place_id, column and row (in tiles; a fraction leaves a gap), label (a space in it
            breaks the line), rate.
        labels: by place: the number written on the tile, the address, the text read aloud.
    """
    columns, rows = _grid(tiles)
    out = []
    for tile in tiles.sort_values(["row", "column"]).to_dict("records"):
        x, y = float(tile["column"]) * (WIDTH + GAP), float(tile["row"]) * (HEIGHT + GAP)
        fill, ink = colours(tile["rate"])
        number, address, spoken = labels[str(tile["place_id"])]
        lines = [*str(tile["label"]).split(" "), number]
        middle, first = x + WIDTH / 2, y + HEIGHT / 2 + 4 - 6.5 * (len(lines) - 1)
        words = "".join(
            f'<text x="{middle:g}" y="{first + 13 * place:g}"{_squeezed(line)}>'
            f"{escape(line)}</text>"
            for place, line in enumerate(lines)
        )
        out.append(
            f'<a class="{"white" if ink == WHITE else "dark"}" href="{escape(address)}" '
            f'aria-label="{escape(spoken)}">'
            f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="5" fill="{fill}"/>'
            f"{words}</a>"
        )
    size = f"{columns * (WIDTH + GAP) - GAP:g} {rows * (HEIGHT + GAP) - GAP:g}"
    return (
        f'<svg class="tiles" viewBox="0 0 {size}" role="group" aria-label="{escape(title)}">'
        f"{''.join(out)}</svg>"
    )


def _stacked(
    tiles: pd.DataFrame, regions: Mapping[str, tuple[float, float]]
) -> tuple[pd.DataFrame, dict[str, tuple[float, float]]]:
    """The parts of the map that a free column divides, the widest first, one under another.

    Each region's name moves along with the tile next to it and stands above that tile's part.
    """
    tiles = tiles.sort_values("column", kind="stable")
    part = tiles["column"].diff().gt(1.0).cumsum()
    nearest: dict[str, int] = {}
    for label, (x, y) in regions.items():
        # A name stands in the row of its part, left of it: a row counts for more than a column.
        away = (tiles["column"] + 0.5 - x).abs() + 3 * (tiles["row"] + 0.5 - y).abs()
        nearest[label] = int(part.iloc[int(away.to_numpy().argmin())])
    moved: list[pd.DataFrame] = []
    names: dict[str, tuple[float, float]] = {}
    top = 0.0
    for number in part.value_counts().index:
        group = tiles[part == number]
        left, first = float(group["column"].min()), float(group["row"].min())
        above = [label for label, own in nearest.items() if own == number]
        names |= dict.fromkeys(above, (0.04, top + 0.3))
        top += 0.6 if above else 0.0
        moved.append(group.assign(column=group["column"] - left, row=group["row"] - first + top))
        top += float(group["row"].max()) - first + 1.2
    return pd.concat(moved), names


def tile_label(label: str, width: float, size: float = 9) -> str:
    """`label` in lines of at most `width` points.

    A line may break at a space and, with a hyphen, at `|`; a space after a hyphen is only a place
    to break (`Bukhar- Zhyrau`). What is still too long keeps a line of its own.
    """
    lines = [""]
    for word in label.replace("- ", "-|").split(" "):
        gap = " " if lines[-1] else ""
        if text_width(f"{lines[-1]}{gap}{word.replace('|', '')}", size) <= width:
            lines[-1] += gap + word.replace("|", "")
            continue
        if lines[-1]:
            lines.append("")
        parts = word.split("|")
        for place, part in enumerate(parts):
            hyphen = "-" if place < len(parts) - 1 and not part.endswith("-") else ""
            if lines[-1] and text_width(lines[-1] + part + hyphen, size) > width:
                lines[-1] += "" if lines[-1].endswith("-") else "-"
                lines.append("")
            lines[-1] += part
    return "\n".join(lines)


def plain_label(label: str) -> str:
    """`label` of a table of tiles without its places to break."""
    return label.replace("- ", "-").replace("|", "")


@dataclass(frozen=True)
class ClassLegend:
    """Where the bar of colour classes stands and how wide it is, in tiles.

    Below the lowest tile where `row` is None. The parts `losses` and `gains` of the texts name its
    two ends.
    """

    column: float
    row: float | None
    width: float


def tile_drawing(
    tiles: pd.DataFrame,
    regions: Mapping[str, tuple[float, float]],
    *,
    unit: str = "place_id",
    focus: Sequence[str] = (),
    legend: ClassLegend | None = None,
) -> Draw:
    """The same map for a figure of the report.

    Args:
        tiles: the column `unit`, column, row, label_<language>, value (people per 1,000), and
            name_<language> where a mark is called otherwise than its tile.
        regions: label of the texts → column and row at which the region's name stands.
        focus: units whose tiles are outlined.
        legend: the bar of colour classes.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        placed, named = _stacked(tiles, regions) if pen.narrow else (tiles, regions)
        columns, rows = _grid(placed)
        top = rows + 0.3 if legend is None or legend.row is None else legend.row
        rows = max(rows, top + LEGEND_ROWS if legend else 0.0)
        pitch = (258 if pen.narrow else 72 * figure.get_size_inches()[0] - 8) / (columns + 0.1)
        width = 0.92 * pitch - (2 if pen.narrow else 4)
        labels = [tile_label(str(label), width) for label in placed[f"label_{pen.language}"]]
        lines = max(label.count("\n") + 1 for label in labels)
        # The longest label and its number, with room above and below.
        aspect = max(0.62, (LINE * lines + 27) / pitch)
        if pen.narrow:
            high = 3.7 * aspect * rows / columns + 0.1
            figure.set_size_inches(figure.get_size_inches()[0], high)
        axes = figure.subplots()
        axes.set(xlim=(-0.05, columns + 0.05), ylim=(rows + 0.05, -0.15), aspect=aspect)
        axes.axis("off")
        for tile, label in zip(placed.to_dict("records"), labels, strict=True):
            _tile(axes, pen, tile, label, str(tile[unit]), pitch * aspect, tile[unit] in focus)
        for text, (x, y) in named.items():
            beside = placed[(placed["row"] <= y) & (placed["row"] + 1 > y) & (placed["column"] > x)]
            free = (float(beside["column"].min()) if len(beside) else columns) - x
            axes.text(
                x, y, pen.wrap(pen.say(text), free * pitch, 10), va="center", fontsize=10,
                color=MUTED,
            )  # fmt: skip
        if legend:
            class_legend(axes, pen, replace(legend, row=top), pitch * aspect)

    return draw


def _tile(
    axes: Axes, pen: Pen, tile: Mapping[Any, Any], label: str, unit: str, high: float, chosen: bool
) -> None:
    """One tile, `high` points from row to row: its colour, name and number."""
    x, y = float(tile["column"]), float(tile["row"])
    fill, ink = colours(tile["value"])
    ink = ON_COLOUR if ink == WHITE else ink
    patch = axes.add_patch(
        FancyBboxPatch(
            (x + 0.04, y + 0.06), 0.92, 0.88, facecolor=fill, zorder=3 if chosen else 2,
            edgecolor=INK if chosen else "none", linewidth=2.4 if chosen else 0,
            boxstyle="round,pad=0,rounding_size=0.06",
        )
    )  # fmt: skip
    name = str(tile.get(f"name_{pen.language}") or plain_label(str(tile[f"label_{pen.language}"])))
    known = not pd.isna(tile["value"])
    number = pen.number(float(tile["value"]), "signed_per_1000") if known else pen.say("none")
    tip = pen.tip(name, float(tile["value"]), "signed_per_1000") if known else f"{name}: {number}"
    mark(patch, unit, tip)
    half = LINE * (label.count("\n") + 1) / 2
    axes.text(
        x + 0.5, y + 0.5 - 6 / high, label, ha="center", va="center", fontsize=9, color=ink,
        zorder=4, linespacing=LINE / 9 / 1.2,
    )  # fmt: skip
    axes.text(
        x + 0.5, y + 0.5 + (half + 1.5) / high, number, ha="center", va="center", zorder=4,
        fontsize=9.5 if pen.narrow else 10.5, fontweight=600, color=ink,
    )  # fmt: skip


def class_legend(axes: Axes, pen: Pen, legend: ClassLegend, high: float) -> None:
    """A bar of the colour classes with their bounds under it, losses at the left."""
    each, top = legend.width / len(FILLS), legend.row or 0.0
    for place, fill in enumerate(FILLS):
        left = legend.column + place * each
        axes.add_patch(Rectangle((left, top), each, 9 / high, facecolor=fill, edgecolor="none"))
    for place, bound in enumerate(BOUNDS, start=1):
        axes.text(
            legend.column + place * each, top + 16 / high, pen.number(bound, "signed_per_1000_0"),
            ha="center", va="center", fontsize=9, color=MUTED,
        )  # fmt: skip
    for part, x, side in (
        ("losses", legend.column, "left"),
        ("gains", legend.column + legend.width, "right"),
    ):
        axes.text(x, top - 7 / high, pen.say(part), ha=side, va="center", fontsize=9, color=MUTED)
