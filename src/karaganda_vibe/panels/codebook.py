"""The codebook and the data package of the processed tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.places.study import study_words, with_names, with_names_in
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.words.languages import LANGUAGES

COLUMNS_TABLE = METADATA / "indicators" / "columns.csv"
TABLES_TABLE = METADATA / "indicators" / "processed_tables.csv"
CODEBOOK_COLUMNS = [
    "table",
    "column",
    "type",
    "unit",
    "definition",
    "source",
    "first_year",
    "last_year",
    "filled",
    "rows",
]
FRICTIONLESS_TYPES = {
    "integer": "integer",
    "number": "number",
    "text": "string",
    "yes/no": "boolean",
}


def describe_columns(
    table: str, frame: pd.DataFrame, definitions: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """One codebook row a column of `frame`: type, unit, definition, source and coverage.

    `definitions` gives unit, definition and source by column name. First and last year are those
    in which the column is filled, where the table has years. Raises ProjectError for a column
    that nobody defined.
    """
    rows = []
    for column in frame.columns:
        if column not in definitions:
            raise ProjectError(
                f"data/processed/{table}.csv: the column '{column}' has no definition; "
                f"add it to {shown(COLUMNS_TABLE)} or to the indicator tables"
            )
        filled = frame[column].notna()
        years = frame.loc[filled, "year"] if "year" in frame else pd.Series(dtype=float)
        rows.append(
            {
                "table": table,
                "column": column,
                "type": _type_of(frame[column]),
                **{key: definitions[column][key] for key in ("unit", "definition", "source")},
                "first_year": int(years.min()) if len(years) else None,
                "last_year": int(years.max()) if len(years) else None,
                "filled": int(filled.sum()),
                "rows": len(frame),
            }
        )
    book = pd.DataFrame(rows, columns=CODEBOOK_COLUMNS)
    return book.astype({"first_year": "Int64", "last_year": "Int64"})


def load_definitions(path: Path = COLUMNS_TABLE) -> dict[str, dict[str, dict[str, str]]]:
    """Definitions by table and column: unit, definition, source."""
    frame = read_table(
        path,
        ("table", "column", "unit", "definition", "source"),
        filled=["table", "column", "definition"],
        keys=[("table", "column")],
    )
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in frame.to_dict("records"):
        found.setdefault(row["table"], {})[row["column"]] = {
            key: with_names(row[key], "en") for key in ("unit", "definition", "source")
        }
    return found


def load_titles(path: Path = TABLES_TABLE) -> pd.DataFrame:
    """The tables of data/processed: table, title_en, title_ru, title_kk, none of them empty."""
    columns = ("table", *(f"title_{code}" for code in LANGUAGES))
    frame = read_table(path, columns, filled=columns, keys=["table"])
    return with_names_in(frame, "title").drop(columns="line")


def data_package(
    folder: Path, book: pd.DataFrame, titles: Mapping[str, str], version: str
) -> dict[str, Any]:
    """The Frictionless data package of the tables of `book` that lie in `folder` as CSV."""
    resources = []
    for table, columns in book.groupby("table", sort=True):
        content = (folder / f"{table}.csv").read_bytes()
        resources.append(
            {
                "name": str(table),
                "path": f"{table}.csv",
                "title": titles[str(table)],
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": len(content),
                "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
                "schema": {
                    "missingValues": [""],
                    "fields": [
                        {
                            "name": column["column"],
                            "type": FRICTIONLESS_TYPES[column["type"]],
                            "title": column["definition"],
                            "unit": column["unit"],
                        }
                        for column in columns.to_dict("records")
                    ],
                },
            }
        )
    return {
        "name": "karaganda-vibe",
        "title": f"Migration from {study_words()['here']['en']} and what goes with it: "
        "processed tables",
        "version": version,
        "licenses": [
            {
                "name": "CC-BY-4.0",
                "title": "Creative Commons Attribution 4.0; name the Bureau of National "
                "Statistics of Kazakhstan as the source of the figures as well",
            }
        ],
        "resources": resources,
    }


def data_package_text(package: Mapping[str, Any]) -> str:
    """The data package as readable JSON."""
    return json.dumps(package, ensure_ascii=False, indent=1) + "\n"


def _type_of(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "yes/no"
    if not pd.api.types.is_numeric_dtype(column):
        return "text"
    present = column.dropna()
    whole = pd.api.types.is_integer_dtype(column) or bool((present % 1 == 0).all())
    return "integer" if whole and pd.api.types.is_integer_dtype(column) else "number"
