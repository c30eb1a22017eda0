"""Every value that the report quotes, for reuse: number, unit, year, meaning, where it is from.

In metadata/values/: year and source of a value stand in `values.csv`, by patterns of names (the
most specific one holds), and the notes that it makes in `value_notes.csv` in every language; units
in `units_of_values.csv`; what a value means in `value_meanings.csv`. `results.schema.json`
describes what is written.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from karaganda_vibe.places.study import load_study
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROCESSED, PROJECT, shown
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.publishing.edition import edition
from karaganda_vibe.publishing.latest_tables import latest_tables
from karaganda_vibe.publishing.value_meanings import meaning_of
from karaganda_vibe.publishing.values import Value
from karaganda_vibe.sources.raw_package import package
from karaganda_vibe.words.languages import LANGUAGES, NUMBER_KINDS, Words

NOTES = METADATA / "values" / "values.csv"
NOTE_WORDS = METADATA / "values" / "value_notes.csv"
UNITS = METADATA / "values" / "units_of_values.csv"
NOTE_COLUMNS = ("pattern", "first_year", "last_year", "unit", "sources", "note")
UNIT_COLUMNS = ("unit", "kinds", "en", "ru", "kk")
HERE = "{here}"
"""In the name of a raw table: the one of the study's own region."""
LATEST = "raw:{latest}"
"""A source: the tables that say the region's latest figure, others in the next edition."""
SOURCE_KINDS = {
    "raw": "a folder or resource of data/raw/datapackage.json, or nothing for the whole package",
    "table": "a table of data/processed",
    "model": "a table of data/processed that holds results of a model",
    "file": "a file of the project",
    "chosen": "nothing: the authors chose or assumed the value",
}
# What the id of a unit begins with where a number is written in thousands or millions of it.
SCALES = {1e3: "thousand", 1e6: "million"}
YEAR = re.compile(r"(?P<name>[a-z][a-z0-9_]*)(?P<shift>[+-]\d+)?|(?P<year>(?:19|20)\d\d)")


@dataclass(frozen=True)
class Note:
    """What `metadata/values/values.csv` says of the values whose names fit `pattern`.

    Years are a number, the name of a value that holds the year (with +n or -n), or empty.
    """

    pattern: str
    first_year: str
    last_year: str
    unit: str
    sources: tuple[str, ...]
    note: str
    line: int

    @property
    def literal(self) -> int:
        """How many characters the pattern fixes; a whole name counts for more than any pattern."""
        fixed = len(self.pattern.replace("*", ""))
        return fixed if "*" in self.pattern else fixed + 1000


@dataclass(frozen=True)
class Unit:
    """A unit by language, and the kinds of number that have it unless the notes say otherwise."""

    text: dict[str, str]
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """A value with all that a reader needs to reuse it.

    `unit` is that of the number, `text_unit` that of the number as it is written, which may be in
    thousands.
    """

    value: Value
    meaning: Words
    unit: Words
    text_unit: Words
    first_year: int | None
    last_year: int | None
    sources: tuple[str, ...]
    note: Words

    @property
    def address(self) -> str:
        """Where it is computed, from the root of the output folder."""
        page = f"notebooks/{self.value.notebook}.html"
        return f"{page}#{self.value.cell}" if self.value.cell else page

    @property
    def years(self) -> str:
        """ "2024", "2001–2023" or ""."""
        if self.first_year is None:
            return ""
        if self.first_year == self.last_year:
            return str(self.first_year)
        return f"{self.first_year}–{self.last_year}"


def read_notes(path: Path = NOTES) -> list[Note]:
    """The notes of `path`. Raises ProjectError for a repeated pattern or a year that is none."""
    notes: dict[str, Note] = {}
    study = load_study()
    here, press = study.table_name, f"raw:press_{study.table_name}.figures"
    has_press = study.has("press")
    for row in read_table(path, NOTE_COLUMNS, keys=["pattern"]).to_dict("records"):
        where = f"{shown(path)}: line {row['line']}"
        if not re.fullmatch(r"[a-z0-9_*]+", row["pattern"]):
            raise ProjectError(
                f"{where}: '{row['pattern']}' is no name of a value, with or without *"
            )
        for column in ("first_year", "last_year"):
            if row[column] and not YEAR.fullmatch(row[column]):
                raise ProjectError(
                    f"{where}: {column} is '{row[column]}'; expected a year, the name of a value "
                    "that holds one (with +n or -n), or nothing"
                )
        if bool(row["first_year"]) != bool(row["last_year"]):
            raise ProjectError(f"{where}: give both years or none")
        named = row["sources"].replace(LATEST, latest_tables(study.region)).replace(HERE, here)
        if not has_press:  # such values are computed from what else is published
            named = named.replace(press, "raw")
        sources = tuple(dict.fromkeys(part.strip() for part in named.split(";") if part.strip()))
        if not sources:
            raise ProjectError(
                f"{where}: no source; expected one or more of {', '.join(SOURCE_KINDS)}, "
                "joined by ;"
            )
        notes[row["pattern"]] = Note(
            row["pattern"],
            row["first_year"],
            row["last_year"],
            row["unit"],
            sources,
            row["note"],
            int(row["line"]),
        )
    return list(notes.values())


def read_units(path: Path = UNITS) -> dict[str, Unit]:
    """Units by id. Raises ProjectError where a kind of number has none, or two."""
    units: dict[str, Unit] = {}
    owner: dict[str, str] = {}
    frame = read_table(path, UNIT_COLUMNS, filled=["unit"], keys=["unit"])
    for row in frame.to_dict("records"):
        kinds = tuple(row["kinds"].split())
        for kind in kinds:
            if kind in owner:
                raise ProjectError(
                    f"{shown(path)}: line {row['line']}: numbers of kind '{kind}' already have "
                    f"the unit '{owner[kind]}'"
                )
            owner[kind] = row["unit"]
        units[row["unit"]] = Unit({code: row[code] for code in ("en", "ru", "kk")}, kinds)
    missing = sorted({*NUMBER_KINDS, "ordinal"} - set(owner))
    if missing:
        raise ProjectError(f"{shown(path)}: no unit for numbers of kind '{missing[0]}'; add it")
    return units


def note_of(name: str, notes: Sequence[Note], path: Path = NOTES) -> Note:
    """The most specific note whose pattern fits `name`.

    Raises ProjectError where none fits, or two fit equally well.
    """
    fitting = [note for note in notes if fnmatchcase(name, note.pattern)]
    if not fitting:
        raise ProjectError(
            f"{shown(path)} has no pattern for the value '{name}'; "
            "add its years and its source there"
        )
    most = max(note.literal for note in fitting)
    best = [note for note in fitting if note.literal == most]
    if len(best) > 1:
        raise ProjectError(
            f"{shown(path)}: the value '{name}' fits '{best[0].pattern}' and '{best[1].pattern}' "
            "equally well; write a line for its whole name"
        )
    return best[0]


def check_source(source: str, raw: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Raise ProjectError where `source` (kind:id) names nothing that exists.

    `raw` is the package of raw data by resource (read where it is not given).
    """
    kind, _, name = source.partition(":")
    needs_name = kind not in ("raw", "chosen")
    if kind not in SOURCE_KINDS or (needs_name and not name) or (kind == "chosen" and name):
        known = "; ".join(f"{key}: {what}" for key, what in SOURCE_KINDS.items())
        raise ProjectError(f"{shown(NOTES)}: '{source}' is no source; expected kind:id ({known})")
    if kind == "raw" and name and not raw_resources(name, raw):
        raise ProjectError(
            f"{shown(NOTES)}: '{source}': data/raw/datapackage.json has no such folder or resource"
        )
    if kind in ("table", "model") and not (PROCESSED / f"{name}.csv").is_file():
        raise ProjectError(f"{shown(NOTES)}: '{source}': data/processed has no {name}.csv")
    if kind == "file" and not (PROJECT / name).is_file():
        raise ProjectError(f"{shown(NOTES)}: '{source}': there is no file {name}")


def raw_resources(name: str, raw: Mapping[str, Mapping[str, Any]] | None = None) -> list[str]:
    """Names of the raw resources that a folder or resource name means, sorted."""
    resources = package() if raw is None else raw
    if name in resources:
        return [name]
    return sorted(key for key in resources if key.partition(".")[0] == name)


def join_results(
    values: Mapping[str, Value],
    notes: Sequence[Note],
    units: Mapping[str, Unit],
    meanings: Mapping[str, Words],
    note_words: Mapping[str, Words],
) -> list[Result]:
    """Every value with its meaning, unit, years and sources, sorted by name.

    Raises ProjectError for a value without a note or a meaning, an unknown unit or source, a year
    that names no value of kind "year", and a note that is not in every language.
    """
    raw = package()
    noted = {name: note_of(name, notes) for name in sorted(values)}
    for source in sorted({source for note in noted.values() for source in note.sources}):
        check_source(source, raw)
    results = []
    for name, note in noted.items():
        value = values[name]
        unit, text_unit = _units(value, note, units)
        years = [_year(part, values, note) for part in (note.first_year, note.last_year)]
        if value.kind == "year" or None in years:
            years = [None, None]
        if note.note and note.note not in note_words:
            raise ProjectError(
                f"{shown(NOTE_WORDS)} does not have the note '{note.note}' of {shown(NOTES)}, "
                f"line {note.line}; add it in every language"
            )
        results.append(
            Result(
                value,
                meaning_of(name, meanings),
                unit,
                text_unit,
                years[0],
                years[1],
                note.sources,
                note_words[note.note] if note.note else dict.fromkeys(LANGUAGES, ""),
            )
        )
    return results


def _units(value: Value, note: Note, units: Mapping[str, Unit]) -> tuple[Words, Words]:
    """Unit of the number and unit of its text; both empty for a word."""
    if note.unit and note.unit not in units:
        raise ProjectError(
            f"{shown(NOTES)}: line {note.line}: the unit '{note.unit}' is not in {shown(UNITS)}"
        )
    if value.number is None:
        nothing = dict.fromkeys(LANGUAGES, "")
        return nothing, nothing
    of_kind = next(name for name, unit in units.items() if value.kind in unit.kinds)
    name = note.unit if note.unit and value.kind != "year" else of_kind
    kind = NUMBER_KINDS.get(value.kind)
    written = f"{SCALES[kind.divisor]}_{name}" if kind and kind.divisor in SCALES else name
    if written not in units:
        raise ProjectError(
            f"{shown(UNITS)} has no unit '{written}', in which '{value.name}' is written; add it"
        )
    return units[name].text, units[written].text


def _year(text: str, values: Mapping[str, Value], note: Note) -> int | None:
    if not text:
        return None
    if text.isdigit():
        return int(text)
    name, shift = re.fullmatch(r"([a-z][a-z0-9_]*)([+-]\d+)?", text).groups()  # type: ignore[union-attr]
    if name not in values:
        return None  # a study may lack it; a test asks for it in the project's own
    value = values[name]
    if value.kind != "year" or value.number is None:
        raise ProjectError(
            f"{shown(NOTES)}: line {note.line}: '{name}' is no value that holds a year; "
            "name one, or write the year"
        )
    return int(value.number) + int(shift or 0)


def source_text(source: str) -> str:
    """A source for readers: "Publisher: title (folder)", or the name of a table or file."""
    kind, _, name = source.partition(":")
    if kind == "raw" and name:
        raw = package()
        found = [raw[key] for key in raw_resources(name, raw)]
        publisher = str(found[0].get("publisher", ""))
        return f"{publisher}: data/raw/{name.replace('.', '/')}" + (".csv" if name in raw else "")
    return {
        "raw": "data/raw/datapackage.json",
        "table": f"data/processed/{name}.csv",
        "model": f"data/processed/{name}.csv",
        "file": name,
        "chosen": "",
    }[kind]


def record(result: Result) -> dict[str, Any]:
    """One result as it stands in results.json."""
    value = result.value
    return {
        "name": value.name,
        "type": "word" if value.number is None else "number",
        "number": value.number,
        "kind": value.kind,
        "unit": dict(result.unit),
        "text_unit": dict(result.text_unit),
        "text": {code: value.text.get(code, "") for code in LANGUAGES},
        "meaning": dict(result.meaning),
        "first_year": result.first_year,
        "last_year": result.last_year,
        "sources": list(result.sources),
        "note": dict(result.note),
        "notebook": value.notebook,
        "cell": value.cell,
        "address": result.address,
    }


def results_json(results: Sequence[Result]) -> str:
    """The text of results.json (see metadata/values/results.schema.json)."""
    raw = package()
    named = sorted({source for result in results for source in result.sources})
    now = edition()
    content = {
        "title": "Karaganda Vibe: every value that the report quotes",
        "version": now.version,
        "date": now.date.isoformat(),
        "licence": "CC-BY-4.0",
        "sources": {source: _described(source, raw) for source in named},
        "results": [record(result) for result in results],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _described(source: str, raw: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    kind, _, name = source.partition(":")
    if kind != "raw" or not name:
        return {"kind": kind, "place": source_text(source)}
    found = [raw[key] for key in raw_resources(name, raw)]
    return {
        "kind": kind,
        "place": f"data/raw/{name.partition('.')[0]}",
        "publishers": sorted({str(entry.get("publisher", "")) for entry in found}),
        "titles": sorted({str(entry.get("title", "")) for entry in found}),
        "terms": sorted({str(entry.get("terms", "")) for entry in found}),
    }


BY_LANGUAGE = ("unit", "text", "text_unit", "meaning", "note")
"""Fields of a result that have a text in every language: a column a language in the table."""


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """One result of results.json as the cells of a row of results.csv, by column."""
    cells: dict[str, Any] = {}
    for name, entry in row.items():
        if name in BY_LANGUAGE:
            cells |= {f"{name}_{code}": entry[code] for code in LANGUAGES}
        elif name == "sources":
            cells[name] = "; ".join(entry)
        else:
            cells[name] = "" if entry is None else entry
    return cells


def results_csv(results: Sequence[Result]) -> str:
    """The same as a table: a row a value, UTF-8, LF."""
    stream = io.StringIO()
    rows = [_cells(record(result)) for result in results]
    writer = csv.DictWriter(stream, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()
