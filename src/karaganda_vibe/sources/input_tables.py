"""Tables that people fill in: data/input/<name>.csv, checked against <name>.schema.json beside it.

A table that holds its header only is a template: it reads as an empty frame. The schema is a
Frictionless table schema; the first fault found stops the build with one line.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROJECT, shown

INPUT = PROJECT / "data" / "input"
HELP = "see data/input/README.md"


def read_schema(name: str, folder: Path = INPUT) -> dict[str, Any]:
    """The schema of the input table `name`; ProjectError when it is missing or is no schema."""
    path = folder / f"{name}.schema.json"
    try:
        schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        [(field["name"], field["type"]) for field in schema["fields"]]
    except FileNotFoundError:
        raise ProjectError(f"{shown(path)}: missing; restore it from the repository") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{shown(path)}: not a table schema ({type(error).__name__}: {error}); restore it "
            "from the repository"
        ) from None
    return schema


def read_input(name: str, folder: Path = INPUT) -> pd.DataFrame:
    """The input table `name`, every row of it as its schema demands.

    Returns:
        the schema's columns and `line` (the row's number in the file, the header being 1):
        integers as Int64, numbers as float, text as str; an empty text cell is "".

    Raises:
        ProjectError: table or schema missing, another header, a cell that breaks the schema; the
        message names file, row and column.
    """
    path = folder / f"{name}.csv"
    schema = read_schema(name, folder)
    columns = [field["name"] for field in schema["fields"]]
    if not path.is_file():
        raise ProjectError(f"{shown(path)}: missing; make it with the header {','.join(columns)}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.reader(stream))
    except UnicodeDecodeError:
        raise ProjectError(
            f"{shown(path)}: not UTF-8; save it as CSV UTF-8, comma between cells; {HELP}"
        ) from None
    header = lines[0] if lines else []
    if header != columns:
        raise ProjectError(
            f"{shown(path)}: row 1: expected the columns {','.join(columns)}, found "
            f"{','.join(header) or 'nothing'}; {HELP}"
        )
    if not any(any(cells) for cells in lines[1:]):
        return _typed(pd.DataFrame(columns=[*columns, "line"], dtype=str), schema)
    _validate(path, schema)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return _typed(frame.assign(line=range(2, len(frame) + 2)), schema)


def check_known(
    name: str, rows: pd.DataFrame, column: str, known: Iterable[str], folder: Path = INPUT
) -> None:
    """ProjectError with row and column for the first value of `column` that is not in `known`."""
    names = set(known)
    for row in rows.to_dict("records"):
        if row[column] not in names:
            near = get_close_matches(row[column], sorted(names), n=1)
            hint = f"; perhaps {near[0]} is meant" if near else ""
            fault = f"'{row[column]}' is not one of the {len(names)} known names{hint}"
            refuse(name, row["line"], column, fault, folder)


def refuse(name: str, line: int, column: str, fault: str, folder: Path = INPUT) -> None:
    """Raise the one-line error of an input table: file, row, column, fault, what to do."""
    path = shown(folder / f"{name}.csv")
    raise ProjectError(f"{path}: row {line}, column {column}: {fault}; correct the cell, {HELP}")


def _validate(path: Path, schema: dict[str, Any]) -> None:
    # Imported here: a build in which nobody filled a table need not load it.
    from frictionless import Resource, Schema

    resource = Resource(
        path=path.name,
        basepath=str(path.parent),
        schema=Schema.from_descriptor(schema),
        encoding="utf-8-sig",
    )
    faults = resource.validate().flatten(["rowNumber", "fieldName", "cell", "note"])
    if not faults:
        return
    row, column, cell, note = min(faults, key=lambda fault: (fault[0] or 0, str(fault[1])))
    keys = schema.get("primaryKey", [])
    where = column or ",".join([keys] if isinstance(keys, str) else keys)
    found = f"found '{cell}', " if column else ""
    refuse(path.stem, row or 1, where, found + " ".join(str(note).split()), path.parent)


def _typed(frame: pd.DataFrame, schema: dict[str, Any]) -> pd.DataFrame:
    kinds = {"integer": "Int64", "number": "float64"}
    for field in schema["fields"]:
        if field["type"] in kinds:
            numbers = pd.to_numeric(frame[field["name"]].replace("", None))
            frame[field["name"]] = numbers.astype(kinds[field["type"]])
    return frame.astype({"line": "int64"})
