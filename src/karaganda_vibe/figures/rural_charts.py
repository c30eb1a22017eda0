"""Charts of the rural chapters: districts by region, services, ranks by rule, a place's twin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from karaganda_vibe.figures.axes import Axis, number_axis, year_axis, year_points
from karaganda_vibe.figures.compact_svg import mark
from karaganda_vibe.figures.layout import text_width
from karaganda_vibe.figures.pens import Draw, Pen
from karaganda_vibe.figures.style import (
    COMPARATOR,
    FOCUS,
    GAIN,
    HATCH,
    INK,
    LOSS,
    MUTED,
    PAPER,
    REST,
    LineEnd,
    label_line_ends,
    mark_break,
    name_rows,
    spread_labels,
    zero_line,
)

# The least width of a panel of strips, in points.
PANEL = 245.0


def loss_columns(data: pd.DataFrame, *, labelled: Sequence[int], doubtful: Sequence[int]) -> Draw:
    """One column a year in thousand persons. `data`: year, value (persons), some below zero.

    The `labelled` years carry their number, set to the side of the lower neighbour; `doubtful`
    ones are hatched.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        values = data.set_index("year")["value"].sort_index()
        for year, value in zip(values.index.astype(int), values.astype(float), strict=True):
            colour = GAIN if value >= 0 else LOSS
            bar = axes.bar(year, value, color=colour, width=0.78, zorder=2)[0]
            if year in doubtful:
                bar.set(edgecolor=colour, **HATCH)
            mark(bar, "", pen.tip(str(year), value, "signed_persons"))
            if year not in labelled:
                continue
            deeper_next = float(values.get(year + 1, 0.0)) < value
            axes.annotate(
                pen.number(value / 1000, "signed_per_1000"),
                (year + (0.42 if deeper_next else -0.42), value),
                xytext=(0, 4 if value >= 0 else -4),
                textcoords="offset points",
                ha="right" if deeper_next else "left",
                va="bottom" if value >= 0 else "top",
                fontsize=9.5,
                fontweight=600,
                color=INK,
                annotation_clip=False,
            )
        zero_line(axes)
        axes.margins(y=0.1)
        axes.yaxis.set_major_locator(MaxNLocator(6))
        axes.yaxis.set_major_formatter(
            FuncFormatter(lambda value, _: pen.number(value / 1000, "signed_decimal_0"))
        )
        year_axis(axes, int(values.index.min()), int(values.index.max()))
        axes.set_xlim(values.index.min() - 0.8, values.index.max() + 1.4)

    return draw


def region_strips(
    data: pd.DataFrame, axis: Axis, *, focus: str, threshold: float, named: Sequence[str]
) -> Draw:
    """One row of dots a region, one dot a district; regions in order of their median.

    `data`: unit, region, value, names of the districts, and region_<language>. Dots left of the
    `threshold` are in the colour of loss, those of the region `focus` in the study's; the `named`
    districts are written. The text part `threshold` says what the line is.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        order = (
            data.groupby("region")["value"]
            .median()
            .sort_values(ascending=False, kind="stable")
            .index
        )
        names = data.drop_duplicates("region").set_index("region")[f"region_{pen.language}"]
        written = [str(names[region]) for region in order]
        name_rows(axes, pen, written, [region == focus for region in order], mark_points=14)
        left, right_room = float(data["value"].min()), 0.0
        for height, region in enumerate(order):
            own = data[data["region"] == region]
            chosen = region == focus
            for district in own.to_dict("records"):
                value = float(district["value"])
                colour = LOSS if value <= threshold else REST
                dot = axes.scatter(
                    value,
                    height,
                    s=52 if chosen else 34,
                    color=FOCUS if chosen else colour,
                    edgecolor=colour if chosen else PAPER,
                    linewidth=1.4 if chosen and value <= threshold else 0.5,
                    zorder=4 if chosen else 3,
                )
                name = str(district[f"name_{pen.language}"])
                mark(dot, str(district["unit"]), pen.tip(name, value, axis.labels))
            written_dots = (
                own[own["unit"].isin(named)].sort_values("value", kind="stable").to_dict("records")
            )
            for row in written_dots:
                # Outwards, where the region has no other dots.
                outer_left = float(row["value"]) <= float(own["value"].median())
                name = str(row[f"name_{pen.language}"])
                axes.annotate(
                    name,
                    (row["value"], height),
                    xytext=(-7 if outer_left else 7, 0),
                    textcoords="offset points",
                    ha="right" if outer_left else "left",
                    va="center",
                    fontsize=9,
                    color=FOCUS if chosen else INK,
                )
                if outer_left:
                    span = float(data["value"].max()) - float(row["value"])
                    room = text_width(name, 9) + 14
                    left = min(left, float(row["value"]) - span * room / (PANEL - room))
                elif float(row["value"]) < 0:
                    right_room = text_width(name, 9) + 10
        axes.axvline(threshold, color=MUTED, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
        axes.annotate(
            pen.say("threshold"),
            (threshold, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-4, 2),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=9,
            color=MUTED,
        )
        axes.axvline(0, color=INK, linewidth=1.0, zorder=1)
        axes.grid(False)
        axes.grid(True, axis="x")
        number_axis(axes, pen, axis.ticks, "x")
        axes.set_ylim(-0.6, len(order) - 0.2 if pen.narrow else len(order) - 0.4)
        left, right = min(left, axes.get_xlim()[0]), axes.get_xlim()[1]
        # A name that steps over the line at zero has its room there.
        axes.set_xlim(left, max(right, -left * right_room / (PANEL - right_room)))

    return draw


def service_scatters(
    data: pd.DataFrame,
    axis: Axis,
    *,
    features: Sequence[str],
    focus: str,
    logged: Sequence[str] = (),
) -> Draw:
    """One panel a feature: districts by the feature and by net migration per 1,000.

    `data`: unit, region, net_rate and a column a feature; a gap leaves the dot out. The text part
    of a feature's name is the panel's title; `logged` features have a logarithmic scale. The
    region `focus` is in the study's colour.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        shape = (len(features), 1) if pen.narrow else (1, len(features))
        if pen.narrow:
            figure.set_size_inches(figure.get_size_inches()[0], 2.1 * len(features))
        panels = np.atleast_1d(figure.subplots(*shape, sharey=True)).ravel()
        for axes, feature in zip(panels, features, strict=True):
            own = data.dropna(subset=[feature])
            rest, chosen = own[own["region"] != focus], own[own["region"] == focus]
            axes.scatter(rest[feature], rest["net_rate"], s=18, color=REST, zorder=2)
            axes.scatter(
                chosen[feature], chosen["net_rate"], s=38, color=FOCUS, edgecolor=PAPER,
                linewidth=0.6, zorder=3,
            )  # fmt: skip
            if feature in logged:
                axes.set_xscale("log")
                ticks = _log_ticks(float(own[feature].min()), float(own[feature].max()))
                axes.set_xticks(ticks, [pen.number(tick, "count") for tick in ticks])
                axes.set_xticks([], minor=True)
            else:
                axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
                axes.xaxis.set_major_formatter(
                    FuncFormatter(lambda value, _: pen.number(value, "count"))
                )
            axes.set_title(pen.say(feature), loc="left", fontsize=9.5, fontweight=600, color=INK)
            zero_line(axes)
            if pen.narrow:
                number_axis(axes, pen, axis.ticks)
        number_axis(panels[0], pen, axis.ticks)

    return draw


def rank_slopes(data: pd.DataFrame, *, rules: Sequence[str], focus: Sequence[str]) -> Draw:
    """Ranks of units under several rules, tied by lines; first rank on top.

    `data`: unit, names, rank_<rule>. The text part of a rule's name heads its column; units are
    named at the first and last rule. The `focus` units are in the study's colour.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        axes = figure.subplots()
        rows = data.to_dict("records")
        # On a phone there is room for the names on one side only.
        sides = [0] if pen.narrow else [0, len(rules) - 1]
        ends: dict[int, list[tuple[float, str, bool]]] = {side: [] for side in sides}
        width = 62 if pen.narrow else 110
        for row in rows:
            ranks = [float(row[f"rank_{rule}"]) for rule in rules]
            chosen = row["unit"] in focus
            colour = FOCUS if chosen else COMPARATOR
            axes.plot(range(len(rules)), ranks, color=colour, linewidth=2.4 if chosen else 1.4)
            dots = axes.scatter(
                range(len(rules)), ranks, s=210, color=PAPER, edgecolor=colour, linewidth=1.6,
                zorder=3,
            )  # fmt: skip
            written = [f"{pen.say(rule)} {pen.number(rank, 'count')}" for rule, rank
                       in zip(rules, ranks, strict=True)]  # fmt: skip
            mark(dots, str(row["unit"]), f"{row[f'name_{pen.language}']}: {', '.join(written)}")
            for column, rank in enumerate(ranks):
                axes.annotate(
                    pen.number(rank, "count"),
                    (column, rank),
                    ha="center",
                    va="center",
                    fontsize=9.5,
                    fontweight=600 if chosen else 400,
                    color=colour if chosen else INK,
                    zorder=4,
                )
            for column in ends:
                ends[column].append((ranks[column], str(row[f"name_{pen.language}"]), chosen))
        for column, labels in ends.items():
            left = column == 0
            heights = spread_labels([height for height, *_ in labels], 0.6)
            for (_, name, chosen), height in zip(labels, heights, strict=True):
                axes.annotate(
                    pen.wrap(name, 88, 9.5, 600) if pen.narrow else name,
                    (column, height),
                    xytext=(-14 if left else 14, 0),
                    textcoords="offset points",
                    ha="right" if left else "left",
                    va="center",
                    fontsize=9.5,
                    fontweight=700 if chosen else 400,
                    color=INK,
                    annotation_clip=False,
                )
        axes.set_xticks(range(len(rules)), [pen.wrap(pen.say(r), width, 9.5, 600) for r in rules])
        axes.xaxis.tick_top()
        axes.tick_params(axis="x", length=0)
        for label in axes.get_xticklabels():
            label.set(color=INK, fontsize=9.5, fontweight=600)
        axes.set_yticks([])
        axes.grid(False)
        for side in ("top", "bottom"):
            axes.spines[side].set_visible(False)
        axes.set_ylim(len(rows) + 0.6, 0.4)
        axes.set_xlim(-0.3 if pen.narrow else -0.75, len(rules) - (0.6 if pen.narrow else 0.25))

    return draw


def twin_and_gaps(
    data: pd.DataFrame,
    axis: Axis,
    *,
    unit: str,
    start_year: int,
    limits: tuple[float, float] | None = None,
) -> Draw:
    """Above: a place and its twin; below: its gap to the twin, with placebos in grey behind.

    `data`: unit, year, value, twin, gap; the rows of `unit` are the place, all others placebos.
    The text parts `place`, `twin`, `gap`, `placebos`, `start`, `upper` and `lower` name what is
    drawn. `limits` cut the lower panel.
    """

    def draw(figure: Figure, pen: Pen) -> None:
        if pen.narrow:
            figure.set_size_inches(figure.get_size_inches()[0], 5.6)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1, 1.1])
        own = data[data["unit"] == unit].sort_values("year", kind="stable")
        years = own["year"]
        upper.plot(years, own["value"], color=FOCUS, linewidth=2.8, zorder=4)
        upper.plot(
            years, own["twin"], color=COMPARATOR, linewidth=2.0, linestyle=(0, (6, 1.5)), zorder=3
        )
        zero_line(upper)
        number_axis(upper, pen, axis.ticks, steps=5)
        last = own.iloc[-1]
        end = float(last["year"])
        for axes, part in ((upper, "upper"), (lower, "lower")):
            text = pen.wrap(pen.say(part), 250 if pen.narrow else 420, 9.5, 600)
            axes.set_title(text, loc="left", fontsize=9.5, fontweight=600, color=INK)
        label_line_ends(
            upper,
            [
                LineEnd(end, float(last["value"]), pen.say("place"), FOCUS, bold=True),
                LineEnd(
                    end, float(last["twin"]), pen.say("twin"), COMPARATOR, ink=MUTED,
                    dash=(0, (6, 1.5)),
                ),
            ],
            pen,
        )  # fmt: skip
        year_points(upper, pen, own.set_index("year")["value"], "", pen.say("place"), axis.labels)
        year_points(lower, pen, own.set_index("year")["gap"], "", pen.say("gap"), axis.labels)
        for _, line in data[data["unit"] != unit].groupby("unit", sort=True):
            ordered = line.sort_values("year", kind="stable")
            lower.plot(ordered["year"], ordered["gap"], color=REST, linewidth=0.7, zorder=1)
        lower.plot(years, own["gap"], color=FOCUS, linewidth=2.8, zorder=4)
        zero_line(lower)
        if limits:
            lower.set_ylim(*limits)
        number_axis(lower, pen, axis.ticks, steps=5)
        year_axis(lower, int(years.min()), int(years.max()))
        lower.annotate(
            pen.say("placebos"), (0.01, 0.03), xycoords="axes fraction", fontsize=9, color=MUTED,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}, zorder=5,
        )  # fmt: skip
        gap = LineEnd(end, float(last["gap"]), pen.say("gap"), FOCUS, bold=True)
        label_line_ends(lower, [gap], pen)
        for axes in (upper, lower):
            _start(axes, start_year, pen if axes is upper else None)

    return draw


def _start(axes: Axes, year: int, pen: Pen | None) -> None:
    text = pen.say("start") if pen else ""
    mark_break(axes, year - 0.5, text, height=0.14, narrow=bool(pen and pen.narrow))


def _log_ticks(low: float, high: float) -> list[float]:
    """Round numbers inside the range of a log scale, at most four of them."""
    steps = [digit * 10.0**power for power in range(-3, 7) for digit in (1, 2, 5)]
    inside = [step for step in steps if low <= step <= high]
    every = -(-len(inside) // 4)
    return inside[::every]
