"""Takes downloaded figures into data/raw: a workbook of the Bureau, a csv export or a long csv.

    python -m karaganda_vibe.sources.take FILE…

reads each file, shows what it understood and what differs from the present edition, asks, and
writes the table, its entry in the data package and the log of revisions. Nothing changes before
every check of every file has passed.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from karaganda_vibe.project.errors import ProjectError, exit_with_one_line
from karaganda_vibe.project.paths import RAW, shown
from karaganda_vibe.sources.district_tables import (
    DYNAMICS,
    KEY_COLUMNS,
    load_district_corrections,
    load_indicators,
    read_district_table,
)
from karaganda_vibe.sources.edition_changes import (
    REVISIONS_FILE,
    Changes,
    compare_editions,
    largest,
    load_revisions,
    with_revisions,
)
from karaganda_vibe.sources.edition_writing import csv_bytes, write_edition
from karaganda_vibe.sources.long_tables import merged_rows, read_long
from karaganda_vibe.sources.raw_package import read_raw, resource, suspicious_columns
from karaganda_vibe.sources.recognised_tables import (
    SHEETS,
    PublishedTable,
    recognise,
    resource_of,
)
from karaganda_vibe.sources.sheet_tables import (
    LABOUR_KEYS,
    SheetTable,
    read_blocks,
    read_place_sheets,
)
from karaganda_vibe.sources.workbook_files import Sheet, checked_content, is_workbook, read_workbook

COMMAND = "python -m karaganda_vibe.sources.take"
YES = {"y", "yes", "д", "да", "и", "иә"}
_SHOWN = 6  # names and cells that are listed; the rest is counted


@dataclass(frozen=True)
class Edition:
    """A new edition that can be taken in.

    name: its resource in the data package. frame: the table as it will stand in data/raw.
    notes: what was left out. doubts: what looks wrong and may be as published. left: what the
    build will ask a person for afterwards.
    """

    path: Path
    name: str
    frame: pd.DataFrame
    changes: Changes
    same: bool
    notes: list[str]
    doubts: list[str]
    left: list[str]


def read_edition(path: Path, name: str = "", raw: Path = RAW) -> Edition:
    """Read a downloaded file and compare it with the present edition in `raw`; writes nothing.

    name: the resource, where the file does not say which it is. Raises ProjectError for a file
    that cannot be read or is not known, an unknown place or label, a place or year of the present
    edition that is missing, and years that changed places.
    """
    content = checked_content(path)
    if is_workbook(content):
        found, table, present = _from_workbook(path, name, raw)
    else:
        found, table = read_long(path)
        present = read_raw(name or found, raw)
        source = resource(name or found, raw).get("source_ids", [""])[0]
        table = SheetTable(merged_rows(table.rows, present, source), table.notes)
    found = name or found
    if table.unknown:
        more = f" (and {len(table.unknown) - 1} more)" if len(table.unknown) > 1 else ""
        raise ProjectError(f"{shown(path)}: {table.unknown[0]}{more}")
    try:
        changes = compare_editions(present, table.rows)
    except ProjectError as error:
        raise ProjectError(f"{shown(path)}: {found}: {error}") from None
    _refuse_less(path, found, changes)
    frame = _with_columns(table.rows, present)
    same = csv_bytes(frame) == csv_bytes(present)
    doubts = [] if same else suspicious_columns(found, frame)
    if doubts:
        doubts = [line for line in doubts if line not in suspicious_columns(found, present)]
    left = [] if same else _left_to_do(found, frame)
    return Edition(path, found, frame, changes, same, table.notes, doubts, left)


def _from_workbook(path: Path, name: str, raw: Path) -> tuple[str, SheetTable, pd.DataFrame]:
    sheets = read_workbook(path)
    table = recognise(path, sheets)
    if name and not name.startswith(f"{table.table}."):
        raise ProjectError(
            f"{shown(path)}: by its title a workbook of {table.table}, expected one of {name}; "
            "give another file or another --table"
        )
    name = name or resource_of(path, table, _places(sheets, table))
    present = read_raw(name, raw)
    if table.layout == SHEETS:
        return name, read_place_sheets(path, sheets, name), present
    region, address = (str(present[column].iloc[0]) for column in ("region", "source_url"))
    return name, read_blocks(path, sheets, name, region, address), present


def _places(sheets: Sequence[Sheet], table: PublishedTable) -> list[str]:
    if table.layout == SHEETS:
        return [sheet.name for sheet in sheets]
    cells = [row[0] for sheet in sheets for row in sheet.rows if row and isinstance(row[0], str)]
    return [" ".join(cell.split()) for cell in cells if cell.strip()]


def _refuse_less(path: Path, name: str, changes: Changes) -> None:
    """ProjectError where a place or a year of the present edition is missing."""
    if changes.gone_places:
        raise ProjectError(
            f"{shown(path)}: {name}: {_listed(changes.gone_places)} missing, expected the places "
            "of the present edition; download it again, or say in metadata/places/sheet_names.csv "
            "what the sheet is called now"
        )
    if changes.gone_years:
        raise ProjectError(
            f"{shown(path)}: {name}: no figures of {_listed(changes.gone_years)}, expected them as "
            "in the present edition; an older one, perhaps: download the newest"
        )


def _with_columns(rows: pd.DataFrame, present: pd.DataFrame) -> pd.DataFrame:
    """The rows with the columns of the present edition, empty years included, and new ones."""
    if "year" in present:
        return rows
    keys = KEY_COLUMNS if KEY_COLUMNS[0] in present else LABOUR_KEYS
    years = sorted(
        {str(name) for frame in (rows, present) for name in map(str, frame) if name.isdigit()}
    )
    return rows.reindex(columns=[*keys, *years], fill_value="")


def _left_to_do(name: str, frame: pd.DataFrame) -> list[str]:
    """What the build will stop at: a cell that no rule covers, a correction that no longer fits."""
    if not name.startswith(f"{DYNAMICS}."):
        return []
    try:
        read_district_table(name, frame, load_indicators(), load_district_corrections())
    except ProjectError as error:
        return [str(error)]
    return []


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def shown_edition(edition: Edition) -> list[str]:
    """What was understood and what differs, one line each."""
    changes = edition.changes
    lines = [
        f"{edition.path.name}: {edition.name}",
        f"  {len(changes.places)} places, {changes.rows:,} rows, "
        f"{changes.years[0]} to {changes.years[-1]}: {_listed(changes.places)}",
    ]
    for word, names in (
        ("new places", changes.new_places),
        ("new labels", changes.new_labels),
        ("new years", changes.new_years),
        ("rows gone", [f"{place}, {label}" for place, label in changes.gone_rows]),
    ):
        if names:
            lines.append(f"  {word} ({len(names)}): {_listed(names)}")
    lines += [f"  note: {note}" for note in edition.notes]
    if edition.same:
        return [*lines, "  nothing differs from the present edition"]
    emptied = sum(not cell.after for cell in changes.revised)
    lines.append(
        f"  cells: {len(changes.revised):,} revised ({emptied:,} of them empty now), "
        f"{changes.filled:,} filled that were empty, {changes.added:,} in new rows and years"
    )
    for cell in largest(changes.revised, _SHOWN):
        after = cell.after or "(empty)"
        lines.append(f"    {cell.place}, {cell.label}, {cell.year}: {cell.before} → {after}")
    if not changes.anything:
        lines.append("  no figure differs; sheet rows, labels or footnote marks do")
    lines += [f"  {doubt}" for doubt in edition.doubts]
    return lines + [f"  left to do afterwards: {fault}" for fault in edition.left]


def take(
    editions: Sequence[Edition],
    date: str = "",
    address: str = "",
    raw: Path = RAW,
    revisions: Path = REVISIONS_FILE,
) -> list[Path]:
    """Write the editions that differ; returns the files that changed.

    date: of publication or download; where empty, that of the file. address: where it was
    downloaded, where that is another than the package says.
    """
    changed: list[Path] = []
    for edition in editions:
        if edition.same:
            continue
        when = date or _day(edition.path)
        about = {
            "date": f"published or downloaded {when}",
            "where_found": f"{edition.path.name}, downloaded from the address",
            "address": address,
        }
        log = with_revisions(load_revisions(revisions), edition.name, edition.changes.revised, when)
        changed += write_edition(edition.name, edition.frame, about, log, raw, revisions)
    return changed


def _day(path: Path) -> str:
    """The day on which a file was last written, the same in every time zone."""
    written = datetime.datetime.fromtimestamp(path.stat().st_mtime, tz=datetime.UTC)
    return written.date().isoformat()


def _read_all(paths: Sequence[Path], name: str) -> list[Edition]:
    editions: dict[str, Edition] = {}
    for path in paths:
        edition = read_edition(path, name)
        if edition.name in editions:
            raise ProjectError(
                f"{shown(path)}: {edition.name}, as {shown(editions[edition.name].path)} is; give "
                "one of the two"
            )
        editions[edition.name] = edition
    return list(editions.values())


def _main(ask: Callable[[str], str] = input) -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Take downloaded figures in.")
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="a downloaded file")
    parser.add_argument("--yes", action="store_true", help="take it in without asking")
    parser.add_argument("--date", default="", help="of publication; else that of the file")
    parser.add_argument("--address", default="", help="where it was downloaded, if new")
    parser.add_argument("--table", default="", help="which table it is, if the file does not say")
    parser.add_argument(
        "--as-published", action="store_true", help="with --yes: also where something is suspicious"
    )
    chosen = parser.parse_args()
    editions = _read_all(chosen.files, chosen.table)
    for edition in editions:
        print("\n".join(shown_edition(edition)))
    if all(edition.same for edition in editions):
        return
    doubts = [line for edition in editions for line in edition.doubts]
    if chosen.yes and doubts and not chosen.as_published:
        raise ProjectError(
            f"{doubts[0]}; nothing was changed: look at the file, and add --as-published where the "
            "publisher has it so"
        )
    if not chosen.yes:
        if not sys.stdin.isatty():
            raise ProjectError("nobody is there to say yes; nothing was changed: add --yes")
        if ask("Take this in? [y/N] ").strip().casefold() not in YES:
            print("Nothing was changed.")
            return
    for path in take(editions, chosen.date, chosen.address):
        print(f"written: {shown(path)}")


if __name__ == "__main__":
    exit_with_one_line(_main)
