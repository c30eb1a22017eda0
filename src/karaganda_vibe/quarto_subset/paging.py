"""Finds pages without gaps: which figures shrink a little, float, or which tables stay whole.

A figure that does not fit on the rest of a page would leave that rest empty. For each one, in the
order of the text, the pages are tried: a slightly smaller figure; else the figure floats, so that
the text after it fills the page. Typst keeps what it has laid out, so a trial takes little time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SHARES = (76, 82, 88, 94)
"""Percent of the text width to which a figure may shrink in order to fit, smallest first."""
TOP = 25 / 25.4 * 72
"""Where the text of a page starts, in points from its upper edge."""
FOOT = (297 - 23) / 25.4 * 72
"""Where it ends."""
CLEARANCE = 17.0
"""Space between a float at the head or foot of a page and the text."""
PICTURE = 0.65
"""About how much of a figure's height is its picture, which alone shrinks."""
NEAR_TOP = 30.0
UNDER_HEADING = 130.0
WHOLE_TABLE = 0.8 * (FOOT - TOP)
"""Tables up to this height, in points, never break over pages."""


@dataclass(frozen=True)
class Float:
    """A figure (`kind` image) or table of the text, and whether a heading stands right above."""

    label: str
    kind: str
    after_heading: bool


@dataclass(frozen=True)
class Spot:
    """Page and distance from its upper edge (points) of the head and the foot of a float."""

    page: int
    y: float
    last_page: int
    last_y: float

    @property
    def height(self) -> float:
        """Height in points, without the heads that a broken table repeats."""
        pages = self.last_page - self.page
        return self.last_y - self.y + pages * (FOOT - TOP)


@dataclass(frozen=True)
class Place:
    """How a float is set: "flow", "whole" (a table in one piece) or "float"; width in percent."""

    mode: str = "flow"
    share: int = 100


Places = dict[str, Place]


def read_spots(answer: str) -> dict[str, Spot]:
    """Spots by label, from the values of Typst's marks `<report-spot>` as JSON."""
    heads: dict[str, tuple[int, float]] = {}
    feet: dict[str, tuple[int, float]] = {}
    for mark in json.loads(answer):
        (feet if mark["end"] else heads)[mark["label"]] = (mark["page"], mark["y"])
    return {label: Spot(*head, *feet[label]) for label, head in heads.items() if label in feet}


def as_typst(places: Places) -> str:
    """The decisions as a Typst dictionary."""
    entries = [
        f'"{label}": ("{place.mode}", {place.share}%)'
        for label, place in places.items()
        if place != Place()
    ]
    return f"({', '.join(entries)})" if entries else "(:)"


def find_places(floats: Sequence[Float], laid_out: Callable[[Places], dict[str, Spot]]) -> Places:
    """The place of every float; `laid_out` gives the spots that a choice of places leads to."""
    laid_out = _remembered(laid_out)
    places: Places = {}
    spots = laid_out(places)
    places |= {
        item.label: Place("whole")
        for item in floats
        if item.kind == "table" and item.label in spots and spots[item.label].height <= WHOLE_TABLE
    }
    spots = laid_out(places)
    for number, item in enumerate(floats):
        if item.label not in spots:
            continue
        before = [other for other in floats[:number] if other.kind == item.kind]
        spot = spots[item.label]
        if item.kind == "table" and places.get(item.label) != Place("whole"):
            spots = _recall(item, before, places, spots, laid_out)
            continue
        if _overtakes(item, before, spots):
            places[item.label] = Place("float")
            spots = laid_out(places)
            continue
        if not _at_top(spot, item):
            continue
        shrunk = _largest_that_fits(item, spot, places, laid_out) if item.kind == "image" else None
        places[item.label] = shrunk or Place("float")
        spots = laid_out(places)
        if shrunk is None and item.kind == "image":
            spots = _beside(item, before, places, spots, laid_out)
    return places


def _remembered(
    laid_out: Callable[[Places], dict[str, Spot]],
) -> Callable[[Places], dict[str, Spot]]:
    """`laid_out` that does nothing twice."""
    known: dict[str, dict[str, Spot]] = {}

    def remembered(places: Places) -> dict[str, Spot]:
        key = as_typst(places)
        if key not in known:
            known[key] = laid_out(places)
        return known[key]

    return remembered


def _largest_that_fits(
    item: Float, spot: Spot, places: Places, laid_out: Callable[[Places], dict[str, Spot]]
) -> Place | None:
    """The largest share with which a figure fits on the page before, or None."""
    fitting = None
    for share in SHARES:
        trial = Place("flow", share)
        if laid_out({**places, item.label: trial})[item.label].page >= spot.page:
            break
        fitting = trial
    return fitting


def _beside(
    item: Float,
    before: Sequence[Float],
    places: Places,
    spots: dict[str, Spot],
    laid_out: Callable[[Places], dict[str, Spot]],
) -> dict[str, Spot]:
    """Two figures that float one after the other shrink a little where they then share a page."""
    if not before:
        return spots
    other = before[-1]
    here, there = spots[item.label], spots[other.label]
    missing = here.height + there.height + 2 * CLEARANCE - (FOOT - TOP)
    if (
        places.get(other.label, Place()) != Place("float")
        or here.page != there.page + 1
        or not 0 < missing < (1 - SHARES[0] / 100) * (here.height + there.height)
    ):
        return spots
    for share in reversed(SHARES):
        if missing < (1 - share / 100) * (here.height + there.height) * PICTURE:
            trial = {name: Place("float", share) for name in (other.label, item.label)}
            new = laid_out({**places, **trial})
            if new[item.label].page == there.page:
                places.update(trial)
                return new
    return spots


def _at_top(spot: Spot, item: Float) -> bool:
    return spot.y < TOP + (UNDER_HEADING if item.after_heading else NEAR_TOP)


def _overtakes(item: Float, before: Sequence[Float], spots: dict[str, Spot]) -> bool:
    """Whether it stands before one that is numbered before it."""
    here = (spots[item.label].page, spots[item.label].y)
    return any(
        (spots[other.label].page, spots[other.label].y) > here
        for other in before
        if other.label in spots
    )


def _recall(
    item: Float,
    before: Sequence[Float],
    places: Places,
    spots: dict[str, Spot],
    laid_out: Callable[[Places], dict[str, Spot]],
) -> dict[str, Spot]:
    """A long table cannot float: those that it overtakes come back into the text."""
    while _overtakes(item, before, spots):
        floating = [other for other in before if places.get(other.label, Place()).mode == "float"]
        if not floating:
            break
        places[floating[-1].label] = Place("whole")
        spots = laid_out(places)
    return spots
