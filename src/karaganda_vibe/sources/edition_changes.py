"""What a new edition of a raw table changes, cell by cell, and the log of published corrections.

A cell is named by place, label and year, not by its row in a sheet: rows move between editions, and
footnote marks in labels change. The log is metadata/corrections/revisions.csv: what a table said
before a new edition said something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.tables import YEAR, read_table
from karaganda_vibe.sources.district_tables import KEY_COLUMNS, plain_label, text_records

REVISIONS_FILE = METADATA / "corrections" / "revisions.csv"
REVISION_COLUMNS = ("table", "place", "label", "year", "before", "after", "edition")
FEWEST_SWAPPED = 5  # cells that say that two years changed places
_SHARE_SWAPPED = 0.5

Key = tuple[str, str, str]
"""Place, label and year."""


class Revision(NamedTuple):
    """A cell that a new edition gives otherwise; `after` is "" where it gives none any more."""

    place: str
    label: str
    year: str
    before: str
    after: str

    @property
    def size(self) -> float:
        """The difference as a share of the larger of the two numbers; 0 where one is no number."""
        one, other = _number(self.before), _number(self.after)
        if one is None or other is None:
            return 0.0
        return abs(one - other) / (max(abs(one), abs(other)) or 1.0)


@dataclass(frozen=True)
class Changes:
    """A new edition beside the present one.

    places, labels, years: all of the new edition, in its order. new_places, new_labels and
    new_years: those that the present one does not have; gone_rows: place and label of the
    present one only. revised: cells of both that differ. filled: empty before, in a year and a
    row of both; added: in a new row or year.
    """

    places: list[str]
    labels: list[str]
    years: list[str]
    new_places: list[str]
    gone_places: list[str]
    new_labels: list[str]
    new_years: list[str]
    gone_years: list[str]
    gone_rows: list[tuple[str, str]]
    revised: list[Revision]
    filled: int
    added: int
    rows: int

    @property
    def anything(self) -> bool:
        """Whether the new edition says anything that the present one does not."""
        return bool(self.revised or self.filled or self.added or self.gone_rows)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def cells_of(frame: pd.DataFrame) -> dict[Key, str]:
    """The filled cells of a raw table: (place, label, year) → text.

    frame: one of the three forms that `take` writes, all text. A label that stands twice for one
    place gets a number.
    """
    if "year" in frame:
        return {
            (row["region"], _with_period(row), row["year"]): row["value"]
            for row in text_records(frame)
            if row["value"]
        }
    years = [name for name in map(str, frame) if name.isdigit()]
    cells: dict[Key, str] = {}
    seen: Counter[tuple[str, str]] = Counter()
    wide = list(frame.columns[: len(KEY_COLUMNS)]) == KEY_COLUMNS
    for row in text_records(frame):
        place = (row["place_ru"] if wide else row["district"]).strip()
        label = _label(row) if wide else row["indicator"]
        seen[place, label] += 1
        if seen[place, label] > 1:
            label = f"{label} ({seen[place, label]})"
        cells.update({(place, label, year): row[year] for year in years if row[year]})
    return cells


def _with_period(row: Mapping[str, str]) -> str:
    return row["indicator"] + ("" if row["period"] == "annual" else f", {row['period']}")


def _label(row: Mapping[str, str]) -> str:
    return f"{plain_label(row['section_ru'])}: {plain_label(row['indicator_ru'])}"


def compare_editions(before: pd.DataFrame, now: pd.DataFrame) -> Changes:
    """What the edition `now` changes against `before`; both as raw tables, all text.

    Raises ProjectError where the figures of two years have changed places.
    """
    old, new = cells_of(before), cells_of(now)
    _refuse_swapped(old, new)
    rows, old_rows = _rows(new), _rows(old)
    old_years = {year for *_, year in old}
    revised, filled, added = [], 0, 0
    for key in dict.fromkeys([*new, *old]):
        was, now_is = old.get(key, ""), new.get(key, "")
        if was and not _same(was, now_is):
            if key[:2] in rows:
                revised.append(Revision(*key, was, now_is))
        elif not was and key[:2] in old_rows and key[2] in old_years:
            filled += 1
        elif not was:
            added += 1
    places, years = _names(rows, 0), sorted({year for *_, year in new})
    return Changes(
        places=places,
        labels=_names(rows, 1),
        years=years,
        new_places=[name for name in places if name not in _names(old_rows, 0)],
        gone_places=[name for name in _names(old_rows, 0) if name not in places],
        new_labels=[name for name in _names(rows, 1) if name not in _names(old_rows, 1)],
        new_years=[year for year in years if year not in old_years],
        gone_years=sorted(old_years - set(years)),
        gone_rows=[row for row in old_rows if row not in rows],
        revised=revised,
        filled=filled,
        added=added,
        rows=len(now),
    )


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    first, second = _number(one), _number(other)
    return first is not None and first == second


def _rows(cells: Mapping[Key, str]) -> dict[tuple[str, str], None]:
    return dict.fromkeys((place, label) for place, label, _ in cells)


def _names(rows: Mapping[tuple[str, str], None], part: int) -> list[str]:
    return list(dict.fromkeys(row[part] for row in rows))


def _refuse_swapped(old: Mapping[Key, str], new: Mapping[Key, str]) -> None:
    """ProjectError where in two years most cells that changed hold each other's old figure."""
    differ: dict[str, set[tuple[str, str]]] = {}
    for key, was in old.items():
        if not _same(was, new.get(key, was)):
            differ.setdefault(key[2], set()).add(key[:2])
    for first, second in combinations(sorted(differ), 2):
        crossed = [
            row
            for row in sorted(differ[first] & differ[second])
            if _same(new[*row, first], old[*row, second])
            and _same(new[*row, second], old[*row, first])
        ]
        changed = len(differ[first] | differ[second])
        if len(crossed) >= FEWEST_SWAPPED and len(crossed) > _SHARE_SWAPPED * changed:
            raise ProjectError(
                f"the figures of {first} and {second} have changed places in {len(crossed)} rows "
                f'against the present edition (the first: {crossed[0][0]}, "{crossed[0][1]}"); '
                "look which edition is right, download it again or ask the publisher"
            )


def largest(revised: Sequence[Revision], count: int = 5) -> list[Revision]:
    """The revisions with the largest difference for their size, the largest first."""
    return sorted(revised, key=lambda revision: -revision.size)[:count]


def load_revisions(path: Path = REVISIONS_FILE) -> pd.DataFrame:
    """The log of revisions, `REVISION_COLUMNS`: one row a cell and edition that changed it.

    year is a number, all else text. Raises ProjectError where the table is wrong.
    """
    filled = ("table", "place", "label", "year", "before", "edition")
    frame = read_table(path, REVISION_COLUMNS, typed={"year": YEAR}, filled=filled)
    return frame[list(REVISION_COLUMNS)]


def with_revisions(
    log: pd.DataFrame, resource: str, revised: Sequence[Revision], edition: str
) -> pd.DataFrame:
    """The log with the revisions of a new edition at its end; `edition` is its date."""
    rows = [
        (resource, cell.place, cell.label, int(cell.year), cell.before, cell.after, edition)
        for cell in revised
    ]
    new = pd.DataFrame(rows, columns=list(REVISION_COLUMNS))
    return pd.concat([log, new], ignore_index=True) if len(log) else new


def revisions_of(
    log: pd.DataFrame, resource: str = "", places: Sequence[str] = (), years: Sequence[int] = ()
) -> pd.DataFrame:
    """Rows of the log of one table, of some places (as the table names them) and years.

    resource: "bns_district_dynamics.pavlodar", or a folder for all its tables; what is left
    empty does not narrow. The latest edition comes first, then the largest differences; `change`
    is the difference as a share of the larger number, 0 where a cell is no number.
    """
    keep = pd.Series(True, index=log.index)
    if resource:
        table = log["table"].astype(str)
        keep &= (table == resource) | table.str.startswith(f"{resource}.")
    if places:
        keep &= log["place"].isin(list(places))
    if years:
        keep &= log["year"].isin(list(years))
    chosen = log[keep]
    cells = chosen[["place", "label", "year", "before", "after"]].astype(str)
    change = [Revision(*row).size for row in cells.itertuples(index=False, name=None)]
    return (
        chosen.assign(change=pd.Series(change, index=chosen.index, dtype=float))
        .sort_values(["edition", "change"], ascending=False, kind="stable")
        .reset_index(drop=True)
    )
