"""Which of the publisher's tables a workbook is: by its titles, then by the places of its sheets.

What is known stands in tables: titles and file names in metadata/indicators/published_tables.csv,
blocks of the labour-market tables in labour_blocks.csv, rows that are not taken in
sheet_labels.csv (both there), sheets in metadata/places/places.csv and sheet_names.csv, districts
in metadata/places/labour_market_places.csv.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from karaganda_vibe.places.registry import PLACES_FILE
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.sources.district_tables import plain_label, text_records
from karaganda_vibe.sources.workbook_files import Sheet

TABLES_FILE = METADATA / "indicators" / "published_tables.csv"
BLOCKS_FILE = METADATA / "indicators" / "labour_blocks.csv"
LABELS_FILE = METADATA / "indicators" / "sheet_labels.csv"
SHEETS_FILE = METADATA / "places" / "sheet_names.csv"
DISTRICTS_FILE = METADATA / "places" / "labour_market_places.csv"

SHEETS, BLOCKS = "sheets", "blocks"
"""Layouts: a sheet for each place, or one sheet with a block of places for each indicator."""
_TOP = 12  # a title stands within the first rows of a sheet
_NEAREST = 3


class PublishedTable(NamedTuple):
    """A table of the publisher: the folder in data/raw, and how its workbooks are laid out."""

    table: str
    layout: str


def near(text: str, known: Iterable[str]) -> str:
    """ "; nearest known: …" with up to three known texts, or ""."""
    found = get_close_matches(text, list(dict.fromkeys(known)), n=_NEAREST, cutoff=0.5)
    return "; nearest known: " + ", ".join(f'"{name}"' for name in found) if found else ""


def load_published_tables(path: Path = TABLES_FILE) -> list[dict[str, str]]:
    """Titles and file names of the publisher's tables; ProjectError where the table is wrong."""
    columns = ("table", "layout", "title", "file")
    frame = read_table(
        path, columns, typed={"layout": (SHEETS, BLOCKS)}, filled=columns, keys=["title"]
    )
    return text_records(frame[list(columns)])


def recognise(path: Path, sheets: Sequence[Sheet]) -> PublishedTable:
    """The publisher's table that a workbook is, by the titles of its sheets, else by its name.

    Raises ProjectError with the title that was found and the nearest known ones.
    """
    known = load_published_tables()
    titles = [title for sheet in sheets for title in _titles(sheet)]
    for title in titles:
        for row in known:
            if fnmatchcase(title, row["title"]):
                return PublishedTable(row["table"], row["layout"])
    for row in known:
        if fnmatchcase(path.name.casefold(), row["file"]):
            return PublishedTable(row["table"], row["layout"])
    title = titles[0] if titles else ""
    raise ProjectError(
        f'{shown(path)}: no table of the publisher is known by the title "{title}"'
        f"{near(title, (row['title'] for row in known))}; if it is one of these, add the title to "
        f"{shown(TABLES_FILE)}"
    )


def _titles(sheet: Sheet) -> list[str]:
    cells = [cell for row in sheet.rows[:_TOP] for cell in row if isinstance(cell, str)]
    return [plain_label(cell) for cell in cells if len(cell.strip()) > 20]


def places_of(table: PublishedTable) -> dict[str, list[str]]:
    """Resource → names of its places, as sheets or districts of its workbook are called."""
    places: dict[str, list[str]] = {}
    if table.layout == SHEETS:
        columns = ("raw_file", "raw_name")
        for row in text_records(read_table(PLACES_FILE, columns, exact=False)):
            places.setdefault(f"{table.table}.{row['raw_file']}", []).append(row["raw_name"])
        return places
    described = ("table", "district", "place_id", "reason")
    for row in text_records(read_table(DISTRICTS_FILE, described, as_written=["district"])):
        places.setdefault(row["table"], []).append(row["district"])
    return places


def resource_of(path: Path, table: PublishedTable, found: Sequence[str]) -> str:
    """The resource of data/raw whose places are those `found` in a workbook.

    Raises ProjectError where no resource knows one of the places, or two know as many.
    """
    counts = {
        resource: len({name.strip() for name in names} & {name.strip() for name in found})
        for resource, names in places_of(table).items()
    }
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])
    if not ranked or ranked[0][1] == 0:
        everything = [name for names in places_of(table).values() for name in names]
        raise ProjectError(
            f'{shown(path)}: {table.table}: no place is known, the first is "{found[0]}"'
            f"{near(found[0], everything)}; say which table it is: --table {table.table}.REGION"
        )
    if len(ranked) > 1 and ranked[1][1] == ranked[0][1]:
        raise ProjectError(
            f"{shown(path)}: places of {ranked[0][0]} and as many of {ranked[1][0]}; say which "
            "table it is with --table"
        )
    return ranked[0][0]


def sheet_names(resource: str, path: Path = SHEETS_FILE) -> dict[str, tuple[str, str]]:
    """Sheet → (name of its place, reason) where it is called otherwise; "" where it is left out."""
    frame = read_table(
        path, ("table", "sheet", "raw_name", "reason"), filled=["reason"], keys=[("table", "sheet")]
    )
    rows = frame[frame["table"] == resource].to_dict("records")
    return {str(row["sheet"]): (str(row["raw_name"]), str(row["reason"])) for row in rows}


def unknown_place(path: Path, resource: str, name: str, layout: str) -> ProjectError:
    """The error for a place that no register has: the nearest ones and the line to add."""
    known = places_of(PublishedTable(resource.partition(".")[0], layout)).get(resource, [])
    hint = near(name.strip(), (place.strip() for place in known))
    nearest = get_close_matches(name.strip(), known, n=1, cutoff=0)
    if layout == SHEETS:
        line = f"{resource},{name.strip()},{nearest[0].strip() if nearest else ''},renamed"
        return ProjectError(
            f'{shown(path)}: unknown sheet "{name}"{hint}; if it is one of these under another '
            f"name, add the line {line} to {shown(SHEETS_FILE)}; for a new place add it to "
            f"{shown(PLACES_FILE)} (raw_file {resource.partition('.')[2]}, raw_name {name.strip()})"
        )
    return ProjectError(
        f'{shown(path)}: unknown district "{name}"{hint}; add the line {resource},{name},PLACE_ID, '
        f"to {shown(DISTRICTS_FILE)}"
    )


def load_blocks(path: Path = BLOCKS_FILE) -> list[dict[str, str]]:
    """Headings of the blocks of a labour-market table: heading (a pattern), indicator, unit."""
    columns = ("heading", "indicator", "unit", "reason")
    frame = read_table(path, columns, filled=["heading"], keys=["heading"])
    return text_records(frame[list(columns)])


def block_of(path: Path, heading: str) -> Mapping[str, str]:
    """The entry of labour_blocks.csv for a heading; ProjectError with the nearest ones."""
    blocks = load_blocks()
    label = plain_label(heading)
    for block in blocks:
        if fnmatchcase(label, block["heading"]):
            return block
    raise ProjectError(
        f'{shown(path)}: unknown heading "{heading.strip()}"'
        f"{near(label, (block['heading'] for block in blocks))}; add the line "
        f'"{label}",INDICATOR,UNIT, to {shown(BLOCKS_FILE)}, or with a reason and no indicator to '
        "leave it out"
    )


class SheetLabels(NamedTuple):
    """Labels of rows that are not taken, and those that are units without a name."""

    left_out: tuple[str, ...]
    units: tuple[str, ...]

    def leaves_out(self, label: str) -> bool:
        """Whether rows of this label (of `plain_label`) are known and not taken."""
        return any(fnmatchcase(label, pattern) for pattern in self.left_out + self.units)

    def is_unit(self, label: str) -> bool:
        """Whether the label is a unit alone, which is no heading for the rows beneath."""
        return any(fnmatchcase(label, pattern) for pattern in self.units)


def load_sheet_labels(path: Path = LABELS_FILE) -> SheetLabels:
    """Labels known and not taken; ProjectError where the table is wrong."""
    columns = ("label", "role", "reason")
    frame = read_table(
        path, columns, typed={"role": ("left_out", "unit")}, filled=columns, keys=["label"]
    )
    by_role = {role: tuple(map(str, rows["label"])) for role, rows in frame.groupby("role")}
    return SheetLabels(by_role.get("left_out", ()), by_role.get("unit", ()))
