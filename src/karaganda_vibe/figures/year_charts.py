"""Charts over years: columns, lines, small panels, stacked parts of a yearly total.

Each function returns a drawing for `saving.save_figure`.

Frames hold one row a mark; names of units come in columns `name_<language>`, so that a drawing
works in every edition. The study's region is in colour, comparators dark grey, others light grey;
gains and losses have their own two colours, and are told apart by the side of zero as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from karaganda_vibe.figures.axes import (
    DASHES,
    FOCUS_DASHES,
    Axis,
    Break,
    Period,
    marks,
    number_axis,
    year_axis,
    year_points,
)
from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import (
    COMPARATOR,
    FAINT,
    FOCUS,
    GAIN,
    HATCH,
    INK,
    LOSS,
    MUTED,
    ON_COLOUR,
    REST,
    LineEnd,
    heading_style,
    is_dark,
    label_line_ends,
    zero_line,
)


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

    The `focus` units are in the study's colour and the `comparators` in dark grey, both named at
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
        for unit, line in data.sort_values("year", kind="stable").groupby("unit", sort=True):
            chosen, compared = unit in focus, unit in comparators
            colour = FOCUS if chosen else COMPARATOR if compared else REST
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
            own = axes.plot(x, y, color=FOCUS if unit in focus else INK, linewidth=1.5, zorder=3)[0]
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
