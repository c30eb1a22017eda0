"""Tables that people fill in: data/input/<name>.csv, checked against <name>.schema.json beside it.

A table that holds its header only is a template: it reads as an empty frame. The schema is a
Frictionless table schema; the first fault found stops the build with one line. So does a number of
people that is so small that it may show who they are (metadata/indicators/input_privacy.csv).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.project import tables
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROJECT, shown
from karaganda_vibe.project.tables import NUMBER, WHOLE, YEAR, fault, read_table

INPUT = PROJECT / "data" / "input"
PRIVACY = METADATA / "indicators" / "input_privacy.csv"
PERSONS = "persons"
BALANCES = "balanceWhere"
"""In a schema, beside a unit of persons: column → value of the rows that count nobody, as a net."""
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


def fewest_persons(table: str, column: str, path: Path = PRIVACY) -> int:
    """The smallest number of people, besides zero, that a column of an input table may hold.

    The first row of `path` that fits holds; * in a name stands for anything. 0 where any number
    may stand. Raises ProjectError where no row fits or the table has a fault.
    """
    rows = read_table(
        path,
        ("table", "column", "fewest", "reason_en"),
        typed={"fewest": WHOLE},
        filled=("table", "column", "fewest", "reason_en"),
        keys=[("table", "column")],
    )
    for row in rows.to_dict("records"):
        if fnmatchcase(table, row["table"]) and fnmatchcase(column, row["column"]):
            return int(row["fewest"])
    raise ProjectError(f"{shown(path)}: no row for {table}, {column}; put back the row *,*")


def read_input(name: str, folder: Path = INPUT, privacy: Path = PRIVACY) -> pd.DataFrame:
    """The input table `name`, every row of it as its schema demands.

    Returns:
        the schema's columns and `line` (the row's line in the file, the header being 1):
        integers as Int64, numbers as float, text as str; an empty text cell is "".

    Raises:
        ProjectError: table or schema missing, another header, a cell that breaks the schema or
        holds fewer people than `privacy` allows; the message names file, line and column. See
        `tables.read_table`.
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
    counted = {f["name"]: f.get(BALANCES, {}) for f in fields if f.get("unit") == PERSONS}
    _check_privacy(path, name, rows, counted, privacy)
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


def _check_privacy(
    path: Path,
    name: str,
    rows: pd.DataFrame,
    counted: Mapping[str, Mapping[str, str]],
    privacy: Path,
) -> None:
    """Raise ProjectError for the first number of people that is small and not zero.

    counted: columns of numbers of people, each with the rows of BALANCES.
    """
    for column, balances in counted.items():
        fewest = fewest_persons(name, column, privacy)
        people = rows
        for other, value in balances.items():
            people = people[people[other] != value]
        for number, line in zip(people[column], people["line"], strict=True):
            if not pd.isna(number) and 0 < number < fewest:
                raise fault(
                    path,
                    line,
                    f"found {number:g} persons, expected 0 or at least {fewest}, so that nobody "
                    "can be recognised; leave the cell empty or join it with a larger group, "
                    f"{HELP}",
                    column,
                )


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
