"""A small data/raw for tests: chosen real tables with their entries, and a workbook made of one."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd

from karaganda_vibe.project.paths import RAW
from karaganda_vibe.sources.raw_package import PACKAGE, read_raw, resource

TITLE = (
    "Динамика основных показателей социально-экономического развития (a workbook made for tests)"
)


def raw_with(folder: Path, *names: str) -> Path:
    """A copy of these tables of data/raw under `folder`, with a package of them alone."""
    raw = folder / "raw"
    entries = [resource(name) for name in names]
    for entry in entries:
        (raw / entry["path"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(RAW / entry["path"], raw / entry["path"])
    text = json.dumps({"resources": entries}, ensure_ascii=False, indent=1)
    (raw / PACKAGE).write_text(text + "\n", encoding="utf-8")
    return raw


def fingerprint(*places: Path) -> dict[str, str]:
    """Path and checksum of every file there, hidden ones included."""
    files = [
        path for place in places for path in ([place] if place.is_file() else place.rglob("*"))
    ]
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()
    }


def sheets_of(name: str) -> dict[str, list[list[object]]]:
    """The sheets of a workbook that gives the raw table `name`: every row in its sheet row.

    Numbers are numbers again; a heading stands in the free row above the first row under it.
    """
    frame = read_raw(name)
    years = [column for column in frame if column.isdigit()]
    sheets: dict[str, list[list[object]]] = {}
    for place, rows in frame.groupby("place_ru", sort=False):
        last = max(rows["sheet_row"].astype(int))
        sheet: list[list[object]] = [["", "", *[""] * len(years)] for _ in range(last)]
        sheet[0][1] = TITLE
        sheet[2][:] = ["№ п/п", "Показатели", *map(float, years)]
        section = ""
        for row in rows.to_dict("records"):
            at = int(row["sheet_row"]) - 1
            if row["section_ru"] != section:
                section = row["section_ru"]
                assert sheet[at - 1][1] == "", (place, at)
                sheet[at - 1][1] = section
            sheet[at][1:] = [row["indicator_ru"], *(number(row[year]) for year in years)]
        sheets[str(place)] = sheet
    return sheets


def number(text: str) -> object:
    """The number that a text is, or the text."""
    value = pd.to_numeric(text, errors="coerce") if text else float("nan")
    return text if pd.isna(value) else float(value)
