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
PICTURE = 0.75
"""About how much of a figure's height is its picture, which alone shrinks."""
NEAR_TOP = 30.0
UNDER_HEADING = 130.0
WHOLE_TABLE = 0.8 * (FOOT - TOP)
"""Tables up to this height, in points, stay whole while that leaves no gap at a chapter's end."""
SHORT_TABLE = 0.3 * (FOOT - TOP)
"""Tables up to this height never break."""
GAP = 0.3 * (FOOT - TOP)
"""Empty room, in points, that is worse than a broken table."""
CHAPTER_END = "chapter-end-"
"""Mark where a chapter's text ends, followed by the number of the next chapter."""
LAST_ROW = "-last-row"
"""Mark, after the label of a table, where its last row ends and its small print begins."""
ROOMS = (112, 124, 136, 88, 76)
"""Percent of the usual room around the rows of a table, in the order in which they are tried."""


@dataclass(frozen=True)
class Float:
    """A figure (`kind` image) or table of the text, and whether a heading stands right above.

    `chapter` counts the headings of the first level up to it.
    """

    label: str
    kind: str
    after_heading: bool
    chapter: int = 0


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
    """How a float is set: "flow", "whole" (a table in one piece) or "float".

    `share` is the width of a figure, or the room around a table's rows, in percent of the usual.
    """

    mode: str = "flow"
    share: int = 100


Places = dict[str, Place]


def read_spots(answer: str) -> dict[str, Spot]:
    """Spots by label, from the values of Typst's marks `<report-spot>` as JSON."""
    heads: dict[str, tuple[int, float]] = {}
    feet: dict[str, tuple[int, float]] = {}
    for mark in json.loads(answer):
        (feet if mark["end"] else heads)[mark["label"]] = (mark["page"], mark["y"])
    return {label: Spot(*head, *feet.get(label, head)) for label, head in heads.items()}


def as_typst(places: Places) -> str:
    """The decisions as a Typst dictionary."""
    entries = [
        f'"{label}": ("{place.mode}", {place.share}%)'
        for label, place in places.items()
        if place != Place()
    ]
    return f"({', '.join(entries)})" if entries else "(:)"


class _Pages:
    """The places chosen so far and the spots that they lead to; nothing is laid out twice."""

    def __init__(self, laid_out: Callable[[Places], dict[str, Spot]], places: Places) -> None:
        self._laid_out = laid_out
        self._known: dict[str, dict[str, Spot]] = {}
        self.places = places
        self.spots = self.tried({})

    def tried(self, changes: Places) -> dict[str, Spot]:
        """The spots that the places with some `changes` would lead to."""
        places = {**self.places, **changes}
        key = as_typst(places)
        if key not in self._known:
            self._known[key] = self._laid_out(places)
        return self._known[key]

    def choose(self, changes: Places) -> None:
        """Make the changes."""
        self.spots = self.tried(changes)
        self.places = {**self.places, **changes}

    def mode(self, item: Float) -> str:
        """How a float is set so far."""
        return self.places.get(item.label, Place()).mode


def find_places(floats: Sequence[Float], laid_out: Callable[[Places], dict[str, Spot]]) -> Places:
    """The place of every float; `laid_out` gives the spots that a choice of places leads to."""
    pages = _Pages(laid_out, {})
    floats = [item for item in floats if item.label in pages.spots]
    pages.choose(
        {
            item.label: Place("whole")
            for item in floats
            if item.kind == "table" and pages.spots[item.label].height <= WHOLE_TABLE
        }
    )
    for number, item in enumerate(floats):
        if number and floats[number - 1].chapter < item.chapter:
            _end_chapter(floats[:number], pages)
        before = [other for other in floats[:number] if other.kind == item.kind]
        if item.kind == "table" and pages.mode(item) != "whole":
            _recall(item, before, pages)
        elif _overtakes(item, before, pages.spots):
            pages.choose({item.label: Place("float")})
        elif _at_top(pages.spots[item.label], item):
            shrunk = _shrunk(item, before, pages) if item.kind == "image" else None
            pages.choose(shrunk or {item.label: Place("float")})
            if shrunk is None and item.kind == "image":
                _beside(item, before, pages)
    _end_chapter(floats, pages)
    return pages.places


def _end_chapter(floats: Sequence[Float], pages: _Pages) -> None:
    """Settle the tables of the last chapter so far, before what follows is placed."""
    for number, item in enumerate(floats):
        if item.chapter != floats[-1].chapter or item.kind != "table":
            continue
        if pages.mode(item) != "flow":
            tables = [other for other in floats[:number] if other.kind == "table"]
            _break_over_gap(item, tables, pages)
        if pages.mode(item) == "flow":
            _keep_small_print(item, pages)


def _keep_small_print(item: Float, pages: _Pages) -> None:
    """A table whose small print alone goes over to a page takes a row with it, or makes room."""

    def parted(spots: dict[str, Spot]) -> bool:
        rows = spots.get(item.label + LAST_ROW)
        return rows is not None and rows.page < spots[item.label].last_page

    if parted(pages.spots):
        for share in ROOMS:
            trial = {item.label: Place("flow", share)}
            if not parted(pages.tried(trial)):
                pages.choose(trial)
                return


def _break_over_gap(item: Float, before: Sequence[Float], pages: _Pages) -> None:
    """A table that waits on a page of its own, the chapter's text having ended, may break.

    It then starts in the room left empty; if need be, the table before it does too.
    """
    here, end = pages.spots[item.label], pages.spots.get(f"{CHAPTER_END}{item.chapter + 1}")
    if end is None or here.page <= end.page or here.height <= SHORT_TABLE:
        return
    page = here.page - 1
    feet = [spot.last_y for spot in pages.spots.values() if spot.last_page == page]
    if FOOT - max(feet, default=TOP) < GAP:
        return
    long_before = [
        other
        for other in before[-1:]
        if other.chapter == item.chapter and pages.spots[other.label].height > SHORT_TABLE
    ]
    for together in ([item], [*long_before, item]):
        trial = {table.label: Place() for table in together}
        spots = pages.tried(trial)
        there = spots[item.label]
        sooner = (there.last_page, there.last_y) < (here.last_page, here.last_y)
        if sooner and not _overtakes(item, before, spots):
            pages.choose(trial)
            return


def _shrunk(item: Float, before: Sequence[Float], pages: _Pages) -> Places | None:
    """The figure, or else it and the one before in the text, shrunk to fit on the page before."""
    last = pages.spots[item.label].page - 1
    above = [
        other.label
        for other in before[-1:]
        if pages.mode(other) == "flow" and pages.spots[other.label].page == last
    ]
    for together in ([item.label], [*above, item.label]):
        fitting = _largest_that_fits(item, together, before, pages)
        if fitting is not None:
            return fitting
    return None


def _largest_that_fits(
    item: Float, together: Sequence[str], before: Sequence[Float], pages: _Pages
) -> Places | None:
    """The largest share for the figures `together` with which `item` stands a page earlier."""
    fitting = None
    for share in SHARES:
        trial = {
            label: Place("flow", min(share, pages.places.get(label, Place()).share))
            for label in together
        }
        spots = pages.tried(trial)
        if spots[item.label].page >= pages.spots[item.label].page:
            break
        if _overtakes(item, before, spots):
            return None
        fitting = trial
    return fitting


def _beside(item: Float, before: Sequence[Float], pages: _Pages) -> None:
    """Two figures that float one after the other shrink a little where they then share a page."""
    if not before:
        return
    other = before[-1]
    here, there = pages.spots[item.label], pages.spots[other.label]
    missing = here.height + there.height + 2 * CLEARANCE - (FOOT - TOP)
    if (
        pages.places.get(other.label, Place()) != Place("float")
        or here.page != there.page + 1
        or not 0 < missing < (1 - SHARES[0] / 100) * (here.height + there.height)
    ):
        return
    for share in reversed(SHARES):
        if missing < (1 - share / 100) * (here.height + there.height) * PICTURE:
            trial = {name: Place("float", share) for name in (other.label, item.label)}
            if pages.tried(trial)[item.label].page == there.page:
                pages.choose(trial)
                return


def _at_top(spot: Spot, item: Float) -> bool:
    return spot.y < TOP + (UNDER_HEADING if item.after_heading else NEAR_TOP)


def _overtakes(item: Float, before: Sequence[Float], spots: dict[str, Spot]) -> bool:
    """Whether it stands before one that is numbered before it."""
    here = (spots[item.label].page, spots[item.label].y)
    return any((spots[other.label].page, spots[other.label].y) > here for other in before)


def _recall(item: Float, before: Sequence[Float], pages: _Pages) -> None:
    """A long table cannot float: those that it overtakes come back into the text."""
    while _overtakes(item, before, pages.spots):
        floating = [other for other in before if pages.mode(other) == "float"]
        if not floating:
            break
        pages.choose({floating[-1].label: Place("whole")})
