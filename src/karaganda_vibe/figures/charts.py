"""The kinds of chart in the report. Each function returns a drawing for `figures.save_figure`.

Frames hold one row a mark; names of units come in columns `name_<language>`, so that a drawing
works in every edition. Karaganda is in colour, comparators in dark grey, the rest in light grey;
gains and losses have their own two colours, and are told apart by the side of zero as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import (
    COMPARATOR,
    FAINT,
    GAIN,
    HATCH,
    INK,
    KARAGANDA,
    LOSS,
    MUTED,
    ON_COLOUR,
    PAPER,
    REST,
    LineEnd,
    heading_style,
    is_dark,
    label_line_ends,
    mark_break,
    mark_period,
    name_rows,
    zero_line,
)

# Comparators are told apart by their dashes where there is no colour.
DASHES: tuple[Any, ...] = ((0, (6, 1.5)), (0, (2.5, 1.5)), (0, (1, 1.3)), (0, (6, 1.5, 1, 1.5)))

FOCUS_DASHES: tuple[Any, ...] = ("-", (0, (3.5, 1.2)))


@dataclass(frozen=True)
class Break:
    """A break of a series: the year before which it lies, the label that says why, its height."""

    year: float
    label: str
    height: float = 0.98


@dataclass(frozen=True)
class Period:
    """Years that are not comparable with the others, and the label that says why."""

    start: float
    end: float
    label: str
    height: float = 0.98


@dataclass(frozen=True)
class Axis:
    """How the values of a chart are written: the kind of number on the axis and on labels."""

    ticks: str
    labels: str


def number_axis(axes: Axes, pen: Pen, kind: str, which: str = "y", steps: int = 6) -> None:
    """Write the ticks of an axis as the edition writes numbers."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    if pen.narrow and which == "x":
        steps = min(steps, 4)
    axis.set_major_locator(MaxNLocator(steps, integer=False))
    axis.set_major_formatter(FuncFormatter(lambda value, _: pen.number(value, kind)))


def year_axis(axes: Axes, first: int, last: int, steps: int = 8) -> None:
    """Whole years, the first and the last among them where they fit."""
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    if figure.get_size_inches()[0] < 4:
        steps = min(steps, 5)
    span = last - first
    step = next(s for s in (1, 2, 3, 4, 5, 6, 8, 10, 15, 20) if span / s <= steps)
    axes.set_xticks(np.arange(last, first - 1, -step)[::-1])
    axes.set_xticklabels([str(year) for year in np.arange(last, first - 1, -step)[::-1]])


def marks(axes: Axes, pen: Pen, breaks: Sequence[Break], periods: Sequence[Period]) -> None:
    """Draw the breaks and the periods that are not comparable."""
    for period in periods:
        text = pen.say(period.label)
        mark_period(axes, period.start, period.end, text, height=period.height, narrow=pen.narrow)
    for place in breaks:
        mark_break(axes, place.year, pen.say(place.label), height=place.height, narrow=pen.narrow)


def year_points(
    axes: Axes, pen: Pen, line: pd.Series, unit: str, name: str, kind: str, room: float = 3.5
) -> None:
    """Invisible dots on a line, so that a reader who points at a year sees its number."""
    known = line.dropna()
    for year, value in zip(known.index.astype(int), known.astype(float), strict=True):
        dot = axes.plot([year], [value], "o", color=INK, markersize=2 * room, alpha=0, zorder=6)[0]
        mark(dot, unit, pen.tip(f"{name}, {year}" if name else str(year), float(value), kind))


def gain_loss_columns(
    data: pd.DataFrame,
    axis: Axis,
    *,
    labelled: Sequence[int],
    doubtful: Sequence[int] = (),
    breaks: Sequence[Break] = (),
    periods: Sequence[Period] = (),
) -> Draw:
    """One column a year above or below zero. `data`: year, value.

    The `labelled` years carry their number; `doubtful` years are hatched (another source, or
    preliminary).
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        colours = [GAIN if value >= 0 else LOSS for value in data["value"]]
        bars = axes.bar(data["year"], data["value"], color=colours, width=0.78, zorder=2)
        for bar, year, value in zip(bars, data["year"], data["value"], strict=True):
            if year in doubtful:
                bar.set(edgecolor=bar.get_facecolor(), **HATCH)
            if not pd.isna(value):
                mark(bar, "", pen.tip(str(year), float(value), axis.labels))
        for year, value in zip(data["year"], data["value"], strict=True):
            if year in labelled:
                axes.annotate(
                    pen.number(value, axis.labels),
                    (year, value),
                    xytext=(0, 4 if value >= 0 else -4),
                    textcoords="offset points",
                    ha="center",
                    va="bottom" if value >= 0 else "top",
                    fontsize=9.5,
                    fontweight=600,
                    color=INK,
                )
        zero_line(axes)
        axes.margins(y=0.12)
        number_axis(axes, pen, axis.ticks)
        year_axis(axes, int(data["year"].min()), int(data["year"].max()))
        axes.set_xlim(data["year"].min() - 0.8, data["year"].max() + 0.8)
        marks(axes, pen, breaks, periods)

    return draw


def focus_lines(
    data: pd.DataFrame,
    axis: Axis,
    *,
    focus: Sequence[str],
    comparators: Sequence[str] = (),
    breaks: Sequence[Break] = (),
    periods: Sequence[Period] = (),
    zero: bool = True,
    limits: tuple[float, float] | None = None,
    with_value: bool = True,
    quoted: int | None = None,
) -> Draw:
    """One line a unit over years. `data`: unit, year, value, and name_<language> if the units
    are places; otherwise the text part of the unit's own name is written.

    The `focus` units are in Karaganda's colour and the `comparators` in dark grey, both named at
    their ends; all others are thin and grey. A gap in the years breaks the line, and so does a
    change of the column `segment` (other borders, say) where the data have it. Where a focus line
    goes on after the year `quoted`, which the headline speaks of, both years are dotted and
    written, and the other lines carry their year too.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        ends = []
        latest_years = {
            int(data.loc[data["unit"] == unit].dropna(subset=["value"])["year"].max())
            for unit in (*focus, *comparators)
        }
        dated = quoted is not None and latest_years != {quoted}
        for unit, line in data.sort_values("year").groupby("unit", sort=True):
            chosen, compared = unit in focus, unit in comparators
            colour = KARAGANDA if chosen else COMPARATOR if compared else REST
            dash: Any = "-"
            if chosen:
                dash = FOCUS_DASHES[list(focus).index(str(unit)) % len(FOCUS_DASHES)]
            elif compared:
                dash = DASHES[list(comparators).index(str(unit)) % len(DASHES)]
            # A unit that is neither has its name in the data or has none.
            named = chosen or compared or f"name_{pen.language}" in line
            name = _name(line, str(unit), pen) if named else ""
            values = line.set_index("year")["value"].dropna()
            for whole in _unbroken(line):
                drawn = axes.plot(
                    whole.index,
                    whole.to_numpy(),
                    color=colour,
                    linewidth=2.8 if chosen else 1.8 if compared else 1.0,
                    linestyle=dash,
                    zorder=4 if chosen else 3 if compared else 2,
                )[0]
                if name:
                    latest = f"{name}, {values.index[-1]}"
                    mark(drawn, str(unit), pen.tip(latest, float(values.iloc[-1]), axis.labels))
            if chosen or compared:
                written = pen.number(float(values.iloc[-1]), axis.labels) if with_value else ""
                if dated:
                    written = _dated(values, quoted if chosen else None, pen, axis.labels)
                if dated and chosen:
                    later = values[values.index >= quoted].iloc[[0, -1]]
                    axes.plot(later.index, later, "o", color=colour, markersize=5.5, zorder=5)
                ends.append(
                    LineEnd(
                        float(values.index[-1]),
                        float(values.iloc[-1]),
                        name,
                        colour,
                        written,
                        chosen,
                        colour if chosen else MUTED,
                        dash,
                    )
                )
                if chosen:
                    year_points(axes, pen, values, str(unit), name, axis.labels)
        if zero:
            zero_line(axes)
        if limits:
            axes.set_ylim(*limits)
        number_axis(axes, pen, axis.ticks)
        year_axis(axes, int(data["year"].min()), int(data["year"].max()))
        marks(axes, pen, breaks, periods)
        label_line_ends(axes, ends, pen)

    return draw


def ranked_bars(
    data: pd.DataFrame,
    axis: Axis,
    *,
    focus: Sequence[str],
    doubtful: Sequence[str] = (),
    reference: Sequence[str] = (),
) -> Draw:
    """Horizontal bars from the largest gain to the largest loss. `data`: unit, value, names.

    The `focus` units are solid and their names bold; the others are pale in the same two
    colours. The `doubtful` ones are hatched and `reference` units (a national total) are grey.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        ordered = data.sort_values("value").reset_index(drop=True)
        names = [str(name) for name in ordered[f"name_{pen.language}"]]
        room = name_rows(
            axes, pen, names, [u in focus for u in ordered["unit"]], more_height=0.2, mark_points=12
        )
        for place, row in enumerate(ordered.to_dict("records")):
            value, unit = float(row["value"]), row["unit"]
            colour = GAIN if value >= 0 else LOSS
            if unit in reference:
                colour = COMPARATOR
            bar = axes.barh(
                place, value, color=colour, height=0.72 * room, alpha=1.0 if unit in focus else 0.45
            )[0]
            mark(bar, str(unit), pen.tip(names[place], value, axis.labels))
            if unit in doubtful:
                bar.set(edgecolor=colour, **HATCH)
            axes.annotate(
                pen.number(value, axis.labels),
                (value, place),
                xytext=(4 if value >= 0 else -4, 0),
                textcoords="offset points",
                ha="left" if value >= 0 else "right",
                va="center",
                fontsize=9.5,
                fontweight=600 if unit in focus else 400,
                color=INK,
            )
        axes.axvline(0, color=INK, linewidth=1.0)
        axes.grid(False)
        axes.spines["bottom"].set_visible(False)
        axes.set_xticks([])
        axes.margins(x=0.16, y=0.01)

    return draw


def small_multiples(
    data: pd.DataFrame,
    axis: Axis,
    *,
    order: Sequence[str],
    columns: int,
    focus: Sequence[str] = (),
    breaks: Sequence[Break] = (),
    limits: tuple[float, float] | None = None,
    behind: Sequence[str] | None = None,
) -> Draw:
    """One small panel a unit, all on one scale. `data`: unit, year, value, names.

    Grey behind each are all the others, or the dashed lines of the units `behind`. Gains are
    filled in one colour, losses darker in the other; the last value is written. Where `limits` cut
    a line, a triangle with the line's farthest value points out of the panel.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        across = min(columns, 2) if pen.narrow else columns
        rows = -(-len(order) // across)
        if pen.narrow:
            each = 1.15 if rows < 9 else 1.0
            figure.set_size_inches(figure.get_size_inches()[0], 0.4 + each * rows)
        panels = figure.subplots(rows, across, sharex=True, sharey=True, squeeze=False)
        years = range(int(data["year"].min()), int(data["year"].max()) + 1)
        lines = {
            unit: line.set_index("year")["value"].reindex(years)
            for unit, line in data.groupby("unit")
        }
        names = data.drop_duplicates("unit").set_index("unit")[f"name_{pen.language}"]
        for axes, unit in zip(panels.flat, order, strict=False):
            for other in lines if behind is None else behind:
                if other != unit:
                    axes.plot(
                        lines[other].index,
                        lines[other].to_numpy(),
                        color=FAINT if behind is None else COMPARATOR,
                        linewidth=0.6 if behind is None else 0.9,
                        linestyle="-" if behind is None else DASHES[1],
                        zorder=1 if behind is None else 2.5,
                    )
            line = lines[unit]
            x, y = np.array(line.index, dtype=float), line.to_numpy(dtype=float)
            # Unlike also where there is no colour.
            for side, colour, alpha in ((y >= 0, GAIN, 0.25), (y <= 0, LOSS, 0.55)):
                axes.fill_between(
                    x, 0, y, where=side, color=colour, alpha=alpha, interpolate=True, linewidth=0
                )
            own = axes.plot(
                x, y, color=KARAGANDA if unit in focus else INK, linewidth=1.5, zorder=3
            )[0]
            year = int(line.dropna().index[-1])
            tip = pen.tip(f"{names[unit]}, {year}", float(line.dropna().iloc[-1]), axis.labels)
            mark(own, str(unit), tip)
            axes.axhline(0, color=INK, linewidth=0.8, zorder=2)
            last = float(line.dropna().iloc[-1])
            title = f"{names[unit]}  {pen.number(last, axis.labels)}"
            axes.set_title(
                title, loc="left", fontsize=9, fontweight=700 if unit in focus else 600, color=INK
            )
            for place in breaks:
                axes.axvline(place.year, color=MUTED, linewidth=0.7, linestyle=(0, (3, 3)))
            number_axis(axes, pen, axis.ticks, steps=4)
            axes.tick_params(labelsize=8.5)
        for axes in panels.flat[len(order) :]:
            axes.set_visible(False)
        for axes in panels.flat:
            year_axis(axes, years[0], years[-1], steps=3)
            axes.tick_params(labelbottom=False)
        for column in range(across):
            lowest = [row for row in range(rows) if row * across + column < len(order)][-1]
            panels[lowest, column].tick_params(labelbottom=True)
        if limits:
            panels[0, 0].set_ylim(*limits)
            for axes, unit in zip(panels.flat, order, strict=False):
                _mark_cut(axes, pen, lines[unit], limits, axis.ticks)
                if float(lines[unit].max()) > limits[1]:
                    # The number of the cut stands between the panel and its heading.
                    heading = axes._left_title
                    axes.set_title(heading.get_text(), loc="left", pad=17,
                                   **heading_style(heading))  # fmt: skip

    return draw


def _mark_cut(
    axes: Axes, pen: Pen, line: pd.Series, limits: tuple[float, float], kind: str
) -> None:
    """A triangle where the line runs farthest out of the panel, its number outside beside it."""
    years, values = line.dropna().index.to_numpy(), line.dropna().to_numpy(dtype=float)
    for edge, place, symbol, inwards in (
        (limits[0], int(values.argmin()), "v", 1),
        (limits[1], int(values.argmax()), "^", -1),
    ):
        farthest, value = int(years[place]), float(values[place])
        if (edge - value) * inwards <= 0:
            continue
        axes.plot(
            [farthest], [edge], marker=symbol, color=INK, markersize=5, clip_on=False, zorder=5
        )
        late = farthest > (years[0] + years[-1]) / 2
        axes.annotate(
            pen.number(value, kind),
            (farthest, edge),
            xytext=(-5 if late else 5, -4 * inwards),
            textcoords="offset points",
            ha="right" if late else "left",
            va="top" if inwards > 0 else "bottom",
            fontsize=8.5,
            color=INK,
            annotation_clip=False,
        )


def dumbbells(data: pd.DataFrame, axis: Axis, *, focus: Sequence[str]) -> Draw:
    """Two dots a unit tied by a line: before and after. `data`: unit, before, after, names.

    The open dot is before, the full one after; the colour says on which side of zero it is now.
    The parts `before` and `after` of the texts name the two dots on the first row.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        ordered = data.sort_values("after").reset_index(drop=True)
        names = [str(name) for name in ordered[f"name_{pen.language}"]]
        name_rows(axes, pen, names, [u in focus for u in ordered["unit"]], more_height=0.9)
        for place, row in enumerate(ordered.to_dict("records")):
            chosen = row["unit"] in focus
            worse = row["after"] < row["before"]
            colour = LOSS if row["after"] < 0 else GAIN
            alpha = 1.0 if chosen else 0.5
            axes.plot(
                [row["before"], row["after"]],
                [place, place],
                color=colour,
                linewidth=3.2 if chosen else 1.8,
                alpha=alpha,
                zorder=2,
            )
            axes.scatter(row["before"], place, s=36, color=PAPER, edgecolor=MUTED, zorder=3)
            dot = axes.scatter(row["after"], place, s=46, color=colour, alpha=alpha, zorder=4)
            before = pen.number(float(row["before"]), axis.labels)
            after = pen.tip(names[place], float(row["after"]), axis.labels)
            mark(dot, str(row["unit"]), f"{after} ({pen.say('before')}: {before})")
            side = -1 if worse else 1
            axes.annotate(
                pen.number(float(row["after"]), axis.labels),
                (row["after"], place),
                xytext=(side * 7, 0),
                textcoords="offset points",
                ha="right" if worse else "left",
                va="center",
                fontsize=9.5,
                fontweight=600 if chosen else 400,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
                zorder=3.5,
            )
        top = ordered.to_dict("records")[-1]
        name_pair(axes, pen, {part: float(top[part]) for part in ("before", "after")},
                  len(ordered) - 1)  # fmt: skip
        axes.axvline(0, color=INK, linewidth=1.0)
        axes.grid(True, axis="x")
        axes.grid(False, axis="y")
        number_axis(axes, pen, axis.ticks, "x")
        axes.margins(x=0.12)
        axes.set_ylim(-0.7, len(ordered) - 0.1)

    return draw


def name_pair(axes: Axes, pen: Pen, dots: Mapping[str, float], place: float) -> None:
    """Name the two dots of the topmost row above them, away from each other.

    `dots`: text part → value. In a narrow figure the names stand above the row's own name, one
    under the other and left of lines that lead down to their dots.
    """
    left, right = sorted(dots, key=lambda part: dots[part])
    for part, aside in ((left, "right"), (right, "left")):
        lines = 0 if aside == "right" else 1
        axes.annotate(
            pen.wrap(pen.say(part), 150, 9) if pen.narrow else pen.say(part),
            (dots[part], place),
            xytext=(-3, 23 + 15 * lines) if pen.narrow else (5 if aside == "right" else -5, 9),
            textcoords="offset points",
            ha="right" if pen.narrow else aside,
            va="bottom",
            fontsize=9,
            color=MUTED,
            annotation_clip=False,
        )
        if pen.narrow:
            axes.annotate(
                "",
                (dots[part], place),
                xytext=(0, 33 + 15 * lines),
                textcoords="offset points",
                annotation_clip=False,
                arrowprops={
                    "arrowstyle": "-",
                    "color": MUTED,
                    "linewidth": 0.6,
                    "shrinkA": 0,
                    "shrinkB": 5,
                },
            )


def stacked_columns(
    data: pd.DataFrame,
    axis: Axis,
    *,
    parts: Sequence[str],
    colours: Mapping[str, str],
    breaks: Sequence[Break] = (),
    total: bool = True,
) -> Draw:
    """Parts of a yearly total stacked on both sides of zero. `data`: year and a column a part.

    Each part is named (by the text part of its name) beside its last column. The total's number
    stands at the end of the column, or beside a dot where gains and losses add up inside it.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        years = data["year"].to_numpy(dtype=float)
        above, below = np.zeros(len(data)), np.zeros(len(data))
        ends = []
        for part in parts:
            values = data[part].to_numpy(dtype=float)
            base = np.where(values >= 0, above, below)
            bars = axes.bar(years, values, bottom=base, color=colours[part], width=0.62, zorder=2)
            for bar, year, value in zip(bars, years, values, strict=True):
                mark(bar, "", pen.tip(f"{pen.say(part)}, {year:.0f}", value, axis.labels))
            for year, value, start in zip(years, values, base, strict=True):
                if abs(value) > 0.06 * np.nanmax(np.abs(data[list(parts)].to_numpy())):
                    axes.annotate(
                        pen.number(value, axis.labels),
                        (year, start + value / 2),
                        ha="center",
                        va="center",
                        fontsize=9,
                        color=ON_COLOUR if is_dark(colours[part]) else INK,
                    )
            middle = float(base[-1] + values[-1] / 2)
            ends.append(
                LineEnd(
                    float(years[-1]) + 0.32, middle, pen.say(part), colours[part], "", True,
                    colours[part] if is_dark(colours[part]) else MUTED, patch=True,
                )
            )  # fmt: skip
            above = np.where(values >= 0, above + values, above)
            below = np.where(values < 0, below + values, below)
        if total:
            sums = data[list(parts)].sum(axis=1).to_numpy(dtype=float)
            inside = (above > 0) & (below < 0)
            axes.scatter(years[inside], sums[inside], s=30, color=INK, zorder=5)
            for year, value, dot in zip(years, sums, inside, strict=True):
                away = 9 if dot else 4
                axes.annotate(
                    pen.number(value, axis.labels),
                    (year, value),
                    xytext=(0, -away if value < 0 else away),
                    textcoords="offset points",
                    ha="center",
                    va="top" if value < 0 else "bottom",
                    fontsize=9.5,
                    fontweight=600,
                )
        zero_line(axes)
        axes.margins(y=0.14)
        number_axis(axes, pen, axis.ticks)
        axes.set_xticks(years, [str(int(year)) for year in years])
        marks(axes, pen, breaks, ())
        label_line_ends(axes, ends, pen)

    return draw


def _dated(values: pd.Series, quoted: int | None, pen: Pen, kind: str) -> str:
    """The number of the last year with its year, and that of the year `quoted` above it."""
    last = int(values.index[-1])
    if quoted is None or quoted == last or quoted not in values.index:
        return f"{pen.number(float(values.iloc[-1]), kind)}\u00a0({last})"
    years = (quoted, last)
    return "\n".join(f"{y}:\u00a0{pen.number(float(values.loc[y]), kind)}" for y in years)


def _unbroken(line: pd.DataFrame) -> Iterator[pd.Series]:
    """The stretches of a line that belong together: value by year, gaps as missing."""
    segments = line["segment"] if "segment" in line else pd.Series("", index=line.index)
    for _, part in line.groupby(segments, sort=False):
        values = part.set_index("year")["value"]
        yield values.reindex(range(int(values.index.min()), int(values.index.max()) + 1))


def _name(line: pd.DataFrame, unit: str, pen: Pen) -> str:
    """The unit's name in the language of the edition, from the data or from the texts."""
    column = f"name_{pen.language}"
    return str(line[column].iloc[-1]) if column in line else pen.say(unit)
