"""One series has one number everywhere: what is printed of one quantity and year must agree.

`metadata/values/quantities.csv` says which values of the report, and which columns of the tables
behind figures, passports and downloads, print the same quantity. A value of several years is held
against the sum of the years. Two numbers for one quantity and year are named with both places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from karaganda_vibe.places.study import load_study
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROJECT, shown
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.publishing.results import Result

QUANTITIES = METADATA / "values" / "quantities.csv"
COLUMNS = ("where", "name", "year", "only", "quantity", "part")
# Persons are whole; two numbers closer than this are one.
SAME = 0.5


def load_quantities(path: Path = QUANTITIES) -> pd.DataFrame:
    """What prints which quantity: where (value, table), name, year, only, quantity, part, line.

    `name` is a value's name, or "path:column" of a table (the path may hold *); `year` the table's
    column of years; `only` the rows that count, "column=word;column=word"; `quantity` may take a
    column of the table in braces, or {here} and {main_city} for the study's region and city; `part`
    is "net", or "size" where the sign is left to the words.

    Raises ProjectError for a word that is none of these, and for a name that stands twice.
    """
    frame = read_table(
        path,
        COLUMNS,
        checked={"where": ["value", "table"], "part": ["net", "size"]},
        filled=("where", "name", "quantity", "part"),
        keys=[("name", "only")],
    )
    study = load_study()
    named = {"{here}": study.region, "{main_city}": study.main_city or ""}
    return frame.assign(quantity=frame["quantity"].replace(_escaped(named), regex=True))


def _escaped(named: Mapping[str, str]) -> dict[str, str]:
    return {re.escape(name): code for name, code in named.items()}


def printed(
    quantities: pd.DataFrame, results: Mapping[str, Result], folder: Path = PROJECT
) -> pd.DataFrame:
    """Every number printed of a listed quantity: quantity, first, last (years), number, place.

    Raises ProjectError for a value or table that is not there, one without years, and a table
    without the column.
    """
    parts = []
    for record in quantities.to_dict("records"):
        row = {str(name): cell for name, cell in record.items()}
        if row["where"] == "value":
            parts.append(_of_value(row, results))
        else:
            paths = sorted(folder.glob(row["name"].partition(":")[0]))
            if not paths:
                raise ProjectError(
                    f"{shown(QUANTITIES)}, line {row['line']}: no table "
                    f"{row['name'].partition(':')[0]}; correct the path or take the row out"
                )
            parts.extend(_of_table(row, path, folder) for path in paths)
    return pd.concat(parts, ignore_index=True)


def contradictions(numbers: pd.DataFrame) -> list[str]:
    """One line for every number that differs from another one of its quantity and years."""
    lines = []
    single = numbers[numbers["first"] == numbers["last"]]
    agreed: dict[tuple[str, int], float] = {}
    for _, group in single.groupby(["quantity", "first"], sort=True):
        first = group.iloc[0]
        quantity, year = str(first["quantity"]), int(first["first"])
        agreed[quantity, year] = float(first["number"])
        for other in group.to_dict("records")[1:]:
            if abs(other["number"] - first["number"]) > SAME:
                lines.append(
                    f"{quantity}, {year}: {first['place']} has {first['number']:g}, "
                    f"{other['place']} has {other['number']:g}"
                )
    for row in numbers[numbers["first"] != numbers["last"]].to_dict("records"):
        years = range(int(row["first"]), int(row["last"]) + 1)
        known = [agreed.get((row["quantity"], year)) for year in years]
        missing = [year for year, number in zip(years, known, strict=True) if number is None]
        total = sum(number for number in known if number is not None)
        span = f"{row['quantity']}, {years[0]} to {years[-1]}: {row['place']} has"
        if missing:
            lines.append(f"{span} {row['number']:g}, but nothing prints the year {missing[0]}")
        elif abs(row["number"] - total) > SAME:
            lines.append(f"{span} {row['number']:g}, the years add up to {total:g}")
    return lines


def _of_value(row: Mapping[str, object], results: Mapping[str, Result]) -> pd.DataFrame:
    name = str(row["name"])
    result = results.get(name)
    if result is None or result.value.number is None:
        raise ProjectError(
            f"{shown(QUANTITIES)}, line {row['line']}: the report has no number '{name}'; correct "
            "the name or take the row out"
        )
    first, last = result.first_year, result.last_year
    if first is None or last is None:
        raise ProjectError(
            f"{shown(QUANTITIES)}, line {row['line']}: '{name}' has no year; say it in "
            "metadata/values/values.csv"
        )
    sign = -1 if row["part"] == "size" else 1
    number = sign * float(result.value.number)
    return _frame([(row["quantity"], first, last, number, f"the value {name}")])


def _of_table(row: Mapping[str, object], path: Path, folder: Path) -> pd.DataFrame:
    column = str(row["name"]).partition(":")[2]
    table = pd.read_csv(path, dtype=str)
    wanted = [part.partition("=") for part in filter(None, str(row["only"]).split(";"))]
    missing = {column, str(row["year"]), *(name for name, _, _ in wanted)} - set(table.columns)
    if missing:
        raise ProjectError(
            f"{shown(QUANTITIES)}, line {row['line']}: {path.name} has no column "
            f"'{min(missing)}'; expected one of {', '.join(table.columns)}"
        )
    for name, _, word in wanted:
        table = table[table[name] == word]
    table = table.dropna(subset=[column, str(row["year"])])
    address = path.relative_to(folder).as_posix()
    rows = []
    for cells in table.to_dict("records"):
        year = int(float(cells[str(row["year"])]))
        number = float(cells[column]) * (-1 if row["part"] == "size" else 1)
        quantity = str(row["quantity"]).format_map(cells)
        rows.append((quantity, year, year, number, address))
    return _frame(rows)


def _frame(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["quantity", "first", "last", "number", "place"])
