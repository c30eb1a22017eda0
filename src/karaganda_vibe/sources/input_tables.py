"""Tables that people fill in: data/input/<name>.csv, checked against <name>.schema.json beside it.

A table that holds its header only is a template: it reads as an empty frame. The schema is a
Frictionless table schema; the first fault found stops the build with one line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.project import tables
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROJECT, shown
from karaganda_vibe.project.tables import NUMBER, WHOLE, YEAR, fault, read_table

INPUT = PROJECT / "data" / "input"
HELP = "see data/input/README.md"
KINDS = {"integer": WHOLE, "number": NUMBER}
CONSTRAINTS = ("required", "minimum", "maximum", "minLength", "pattern")


def read_schema(name: str, folder: Path = INPUT) -> dict[str, Any]:
    """The schema of the input table `name`; ProjectError when it is missing or is no schema."""
    path = folder / f"{name}.schema.json"
    try:
        schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for field in schema["fields"]:
            if field["type"] not in {*KINDS, "string"}:
                raise ValueError(f"{field['name']} has the type {field['type']}")
            for limit in field.get("constraints", {}):
                if limit not in CONSTRAINTS:
                    raise ValueError(f"{field['name']} has the constraint {limit}")
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
        the schema's columns and `line` (the row's line in the file, the header being 1):
        integers as Int64, numbers as float, text as str; an empty text cell is "".

    Raises:
        ProjectError: table or schema missing, another header, a cell that breaks the schema; the
        message names file, line and column. See `tables.read_table`.
    """
    path = folder / f"{name}.csv"
    schema = read_schema(name, folder)
    fields = schema["fields"]
    limits = {field["name"]: field.get("constraints", {}) for field in fields}
    key = schema.get("primaryKey", [])
    kinds = {field["name"]: _kind(field) for field in fields if field["type"] in KINDS}
    rows = read_table(
        path,
        [field["name"] for field in fields],
        typed=kinds,
        filled=[column for column, limit in limits.items() if limit.get("required")],
        keys=[key if isinstance(key, str) else tuple(key)] if key else [],
    )
    for column, limit in limits.items():
        for cell, line in zip(rows[column], rows["line"], strict=True):
            wrong = "" if pd.isna(cell) or cell == "" else _outside(cell, limit)
            if wrong:
                refuse(name, line, column, f"found '{cell}', expected {wrong}", folder)
    whole = [field["name"] for field in fields if field["type"] == "integer"]
    return rows.astype(dict.fromkeys(whole, "Int64"))


def check_known(
    name: str,
    rows: pd.DataFrame,
    column: str,
    known: Iterable[str],
    folder: Path = INPUT,
    spellings: Mapping[str, str] | None = None,
) -> None:
    """ProjectError with line and column for the first value of `column` that is not in `known`."""
    tables.check_known(folder / f"{name}.csv", rows, column, known, spellings=spellings)


def refuse(name: str, line: int, column: str, text: str, folder: Path = INPUT) -> None:
    """Raise the one-line error of an input table: file, line, column, fault, what to do."""
    raise fault(folder / f"{name}.csv", line, f"{text}; correct the cell, {HELP}", column)


def _kind(field: Mapping[str, Any]) -> str:
    return YEAR if field["name"] == "year" else KINDS[field["type"]]


def _outside(cell: Any, limit: Mapping[str, Any]) -> str:
    """What the constraints of a field demand that `cell` does not meet, or ""."""
    if "minimum" in limit and cell < limit["minimum"]:
        return f"{limit['minimum']} or more"
    if "maximum" in limit and cell > limit["maximum"]:
        return f"{limit['maximum']} or less"
    if "minLength" in limit and len(cell) < limit["minLength"]:
        return f"{limit['minLength']} letters or more"
    if "pattern" in limit and not re.fullmatch(limit["pattern"], cell):
        return f"a text of the form {limit['pattern']}"
    return ""
