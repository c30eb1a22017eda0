"""Long csv files → the rows of a long raw table: exports of the Bureau, and SDMX-like ones.

One row is one value of one region and year. What a column is, which table a title belongs to and
which places are meant stands in metadata/indicators/long_columns.csv and published_exports.csv and
in metadata/places/export_places.csv. An export holds what its service still serves, often the
latest years only: rows of the present edition that it does not hold stay as they are.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

import pandas as pd

from karaganda_vibe.places.registry import REGIONS_FILE, region_names, region_spellings
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.reading import decoded
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.sources.district_tables import text_records
from karaganda_vibe.sources.published_cells import cell_text, decimal_text, year_of
from karaganda_vibe.sources.recognised_tables import near
from karaganda_vibe.sources.sheet_tables import SheetTable
from karaganda_vibe.sources.workbook_files import checked_content

COLUMNS_FILE = METADATA / "indicators" / "long_columns.csv"
EXPORTS_FILE = METADATA / "indicators" / "published_exports.csv"
PLACES_FILE = METADATA / "places" / "export_places.csv"

LONG_KEYS = ["indicator", "region", "year", "period"]
ROLES = ("indicator", "year", "place", "value", "dimension", "ignored")
# What a dimension holds where it is not split: all of it.
_WHOLE = {"", "всего", "все группы", "_t", "_z", "total", "t"}


def _plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split()).casefold()


def read_long(path: Path) -> tuple[str, SheetTable]:
    """A long csv → the resource of data/raw that it belongs to, and its rows.

    The rows have `LONG_KEYS`, value and unit, all text; a value as "-7141.0". Raises ProjectError
    for columns or a title that nothing knows (with the nearest), an unknown region, a value that is
    no number, and two values of one region and year.
    """
    header, records = _records(path)
    roles = _roles(path, header)
    rows: dict[tuple[str, ...], tuple[str, str]] = {}
    left_out: Counter[str] = Counter()
    resource = ""
    for line, record in enumerate(records, 2):
        where = f"{shown(path)}: line {line}"
        if len(record) != len(header):
            raise ProjectError(
                f"{where}: {len(record)} cells, expected {len(header)}; download it again"
            )
        cells = {role: record[place].strip() for place, role in enumerate(roles)}
        entry = _entry(path, cells["indicator"], _dimensions(record, roles))
        if entry is None:
            left_out["of a part of the people (a sex, an age, a group)"] += 1
            continue
        resource = entry["table"]
        region, reason = region_of(cells["place"], where)
        year, whole = year_of(cells["year"])
        if not region or not whole:
            left_out["of a part of a year" if region else reason] += 1
            continue
        value = _value(cells["value"], where)
        key = (
            entry["indicator"],
            region,
            _checked_year(year, cells["year"], where),
            entry["period"],
        )
        if value and rows.setdefault(key, (value, entry["unit"])) != (value, entry["unit"]):
            raise ProjectError(
                f"{where}: a second value of {region} in {key[2]}, {value} beside {rows[key][0]}; "
                "download it again, or ask the publisher"
            )
    if not rows:
        raise ProjectError(f"{shown(path)}: no value of a region; look what was downloaded")
    frame = pd.DataFrame(
        [(*key, *rest) for key, rest in sorted(rows.items())],
        columns=[*LONG_KEYS, "value", "unit"],
        dtype=str,
    )
    notes = [f"rows left out, {what}: {count:,}" for what, count in left_out.items()]
    return resource, SheetTable(frame, notes)


def _records(path: Path) -> tuple[list[str], list[list[str]]]:
    text = decoded(checked_content(path), shown(path))
    first = text.partition("\n")[0]
    delimiter = max("\t;,", key=first.count)
    header, *records = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    return [name.strip() for name in header], records


def _roles(path: Path, header: Sequence[str]) -> list[str]:
    known = read_table(COLUMNS_FILE, ("header", "role"), typed={"role": ROLES}, keys=["header"])
    patterns = list(zip(known["header"], known["role"], strict=True))
    roles = [
        next(str(role) for pattern, role in patterns if fnmatchcase(_plain(name), str(pattern)))
        for name in header
    ]
    for role in ROLES[:4]:
        if roles.count(role) != 1:
            names = ", ".join(name for name, pattern in patterns if pattern == role)
            found = ", ".join(header[:6])
            raise ProjectError(
                f"{shown(path)}: line 1: {'no' if role not in roles else 'more than one'} column "
                f"of the {role} (known: {names}), found {found}; add its name to "
                f"{shown(COLUMNS_FILE)}"
            )
    return roles


def _dimensions(record: Sequence[str], roles: Sequence[str]) -> frozenset[str]:
    cells = {_plain(cell) for cell, role in zip(record, roles, strict=True) if role == "dimension"}
    return frozenset(cells - _WHOLE)


@lru_cache
def _exports() -> tuple[dict[str, str], ...]:
    columns = ("table", "title", "dimension", "indicator", "unit", "period")
    frame = read_table(EXPORTS_FILE, columns, filled=[c for c in columns if c != "dimension"])
    return tuple(text_records(frame[list(columns)]))


@lru_cache(maxsize=1024)
def _entry(path: Path, title: str, dimensions: frozenset[str]) -> Mapping[str, str] | None:
    """The entry of published_exports.csv for a title; None for a part that is not taken."""
    same = [row for row in _exports() if _plain(title) in {row["title"], row["indicator"]}]
    if not same:
        titles = [row["title"] for row in _exports()]
        raise ProjectError(
            f'{shown(path)}: no table of the publisher is known by the title "{title}"'
            f"{near(_plain(title), titles)}; add the title, its table and indicator to "
            f"{shown(EXPORTS_FILE)}"
        )
    wanted = {row["dimension"]: row for row in same}
    # By its own name an indicator is one row, whatever part of the people it is of.
    if len(same) == 1 and _plain(title) == same[0]["indicator"]:
        return same[0] if not dimensions else None
    return wanted.get(next(iter(dimensions), "")) if len(dimensions) < 2 else None


@lru_cache
def _places() -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Name of a region → its name in the raw tables; pattern of a place → that name, or reason."""
    english = region_names("en")
    regions = {_plain(name): english[code] for name, code in region_spellings().items()}
    regions |= {code.casefold(): name for code, name in english.items()}
    frame = read_table(PLACES_FILE, ("name", "region", "reason"), filled=["name"], keys=["name"])
    patterns = {
        _plain(row["name"]): (english.get(row["region"], ""), row["reason"])
        for row in text_records(frame)
    }
    return regions, patterns


@lru_cache(maxsize=1024)
def _known_place(name: str) -> tuple[str, str] | None:
    regions, patterns = _places()
    if name in regions:
        return regions[name], ""
    return next((found for pattern, found in patterns.items() if fnmatchcase(name, pattern)), None)


def region_of(name: str, where: str) -> tuple[str, str]:
    """The region that an export names, as the raw tables write it, or "" and why it is none.

    Raises ProjectError for a place that no register knows, with the nearest ones.
    """
    found = _known_place(_plain(name))
    if found is None:
        hint = near(_plain(name), [*_places()[0], *_places()[1]])
        raise ProjectError(
            f'{where}: unknown place "{name}"{hint}; add the line "{_plain(name)}",REGION, to '
            f"{shown(PLACES_FILE)}, or the spelling to also_written in {shown(REGIONS_FILE)}"
        )
    return found


def _value(cell: str, where: str) -> str:
    text = cell_text(cell)
    try:
        return decimal_text(float(text)) if text else ""
    except ValueError:
        raise ProjectError(
            f'{where}: the value "{cell}" is no number; ask the publisher, or download it again'
        ) from None


def _checked_year(year: str, cell: str, where: str) -> str:
    if not year:
        raise ProjectError(f'{where}: "{cell}" names no year; look what was downloaded')
    return year


def merged_rows(rows: pd.DataFrame, present: pd.DataFrame, source_id: str) -> pd.DataFrame:
    """The present edition of a long table with the values of a new one put in.

    rows: of `read_long`. present: the raw table, all text. A value that differs takes the place
    of the old one and loses its note, which spoke of the old one; a new row is added under the
    `source_id`. Sorted as the raw tables are: by indicator, region, year and period.
    """
    new = {tuple(row[:4]): row[4:] for row in rows.itertuples(index=False, name=None)}
    out = []
    for record in present.to_dict("records"):
        key = tuple(record[name] for name in LONG_KEYS)
        value, unit = new.pop(key, (record["value"], record["unit"]))
        if value != record["value"]:
            record |= {"value": value, "unit": unit, "note": ""}
        out.append(record)
    for key, (value, unit) in new.items():
        record = dict.fromkeys(present.columns, "")
        record |= dict(zip(LONG_KEYS, key, strict=True))
        out.append(record | {"value": value, "unit": unit, "source_id": source_id})
    out.sort(key=lambda record: [record[name] for name in LONG_KEYS])
    return pd.DataFrame(out, columns=list(present.columns), dtype=str)
