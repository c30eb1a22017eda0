"""A map of tiles of one size: places about where they lie, coloured by a rate per 1,000."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from karaganda_vibe.compact_svg import mark
from karaganda_vibe.errors import ProjectError
from karaganda_vibe.figure_style import INK, MUTED, ON_COLOUR
from karaganda_vibe.figures import Draw, Pen

# Lower bounds of the classes from the second on, people per 1,000; fill and text of each class.
BOUNDS = (-20.0, -10.0, 0.0, 10.0)
WHITE = "#ffffff"
FILLS = ("#a8410f", "#e0915f", "#f7d6c2", "#c4e5df", "#1c7c6e")
INKS = (WHITE, INK, INK, INK, WHITE)
NO_FIGURE = ("#e3e7eb", INK)
WIDTH, HEIGHT, GAP = 64, 54, 4
LONGEST_NAME = 10
BREAK, SOFT_HYPHEN = "|", "\u00ad"
"""Where a label of a tile may be broken, in its table and in the drawing."""


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


def check_tiles(tiles: pd.DataFrame, places: Sequence[str]) -> None:
    """Raise ProjectError unless every place has exactly one tile and no two tiles overlap."""
    missing = sorted(set(places) ^ set(tiles["place_id"]))
    if missing:
        raise ProjectError(
            f"metadata/place_tiles.csv: {missing[0]} is not on both the map and the list of "
            "passports; give each place one tile"
        )
    twice = tiles[tiles.duplicated(["column", "row"]) | tiles.duplicated("place_id")]
    if len(twice):
        raise ProjectError(
            f"metadata/place_tiles.csv: {twice['place_id'].iloc[0]} lies on another tile or stands "
            "twice; give each place a column and row of its own"
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
    tiles = tiles.sort_values("column")
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


def plain_label(label: str) -> str:
    """`label` of a table of tiles without its places to break a line."""
    return label.replace("- ", "-").replace(BREAK, "")


def _broken(label: str, width: float, pen: Pen) -> str:
    """`label` in lines of at most `width` points; it may break at a space and, hyphened, at `|`."""
    parted = pen.wrap(label.replace(BREAK, f"{SOFT_HYPHEN} "), width, 9)
    whole = parted.replace(f"{SOFT_HYPHEN} ", "").replace("- ", "-")
    return whole.replace(SOFT_HYPHEN, "-")


def tile_drawing(
    tiles: pd.DataFrame,
    regions: Mapping[str, tuple[float, float]],
    *,
    focus: Sequence[str] = (),
    narrow_aspect: float = 0.62,
) -> Draw:
    """The same map for a figure of the report.

    Args:
        tiles: place_id (or the code of a region), column, row, label_<language>, value (people per
            1,000), and name_<language> where a mark is called otherwise than its tile.
        regions: label of the texts → column and row at which the region's name stands.
        focus: whose tiles are outlined.
        narrow_aspect: height of a tile over its width in the narrow drawing.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        placed, named = _stacked(tiles, regions) if pen.narrow else (tiles, regions)
        columns, rows = _grid(placed)
        aspect = narrow_aspect if pen.narrow else 0.62
        if pen.narrow:
            figure.set_size_inches(figure.get_size_inches()[0], 3.7 * aspect * rows / columns + 0.1)
        axes = figure.subplots()
        axes.set(xlim=(-0.05, columns + 0.05), ylim=(rows + 0.05, -0.15), aspect=aspect)
        axes.axis("off")
        points = 258.0 if pen.narrow else 72 * float(figure.get_size_inches()[0]) - 8
        width = 0.92 * points / (columns + 0.1) - 2
        for tile in placed.to_dict("records"):
            x, y = float(tile["column"]), float(tile["row"])
            fill, ink = colours(tile["value"])
            patch = axes.add_patch(
                FancyBboxPatch(
                    (x + 0.04, y + 0.06), 0.92, 0.88, facecolor=fill,
                    edgecolor=INK if tile["place_id"] in focus else "none", linewidth=1.8,
                    boxstyle="round,pad=0,rounding_size=0.06",
                )
            )  # fmt: skip
            name = str(tile[f"label_{pen.language}"])
            plain = str(tile.get(f"name_{pen.language}", plain_label(name)))
            number = (
                pen.say("none") if pd.isna(tile["value"])
                else pen.number(float(tile["value"]), "signed_per_1000")
            )  # fmt: skip
            tip = (
                f"{plain}: {number}" if pd.isna(tile["value"])
                else pen.tip(plain, float(tile["value"]), "signed_per_1000")
            )  # fmt: skip
            mark(patch, str(tile["place_id"]), tip)
            breaks = pen.narrow or BREAK in name
            shown = _broken(name, width, pen) if breaks else plain_label(name)
            low = 0.82 if aspect > 0.62 else 0.74 if pen.narrow else 0.72 if "\n" in shown else 0.68
            ink = ON_COLOUR if ink == WHITE else ink
            axes.text(
                x + 0.5,
                y + (0.39 if aspect > 0.62 else 0.37),
                shown,
                ha="center",
                va="center",
                fontsize=9,
                color=ink,
            )
            axes.text(
                x + 0.5, y + low, number, ha="center", va="center",
                fontsize=9.5 if pen.narrow else 10.5, fontweight=600, color=ink,
            )  # fmt: skip
        for label, (x, y) in named.items():
            beside = placed[(placed["row"] <= y) & (placed["row"] + 1 > y) & (placed["column"] > x)]
            free = (float(beside["column"].min()) if len(beside) else columns) - x
            axes.text(
                x, y, pen.wrap(pen.say(label), free * (width / 0.92 if pen.narrow else 68), 10),
                va="center", fontsize=10, color=MUTED,
            )  # fmt: skip

    return draw
