"""The register of documents that say something of a claim: metadata/programmes/documents.csv.

Only documents whose address is known stand in it, with what they say. "source" makes the claims,
"same" says the same as a claim, "related" says something near it that neither confirms nor denies.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd

from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.tables import YEAR, read_table

DOCUMENTS = METADATA / "programmes" / "documents.csv"
COLUMNS = (
    "id", "claims", "relation", "publisher", "date", "address", "title", "indicator", "region",
    "year", "says_en", "says_ru", "says_kk",
)  # fmt: skip
RELATIONS = ("source", "same", "related")


def load_documents(path: Path = DOCUMENTS) -> pd.DataFrame:
    """The documents as text, columns `COLUMNS` and line; `date` may be empty where none is printed.

    `indicator`, `region` and `year` name the figure of data/processed/press.csv that was read off
    the document. Raises ProjectError for an unknown relation, an empty cell, or an id twice.
    """
    return read_table(
        path,
        COLUMNS,
        checked={"relation": list(RELATIONS), "year": YEAR},
        filled=tuple(column for column in COLUMNS if column != "date"),
        keys=["id"],
    )


def says_the_same(documents: pd.DataFrame, claim: str) -> list[str]:
    """Ids of the documents, other than the one that makes the claim, that say the same."""
    same = documents[documents["relation"] == "same"]
    named = same["claims"].str.split(";").map(lambda claims: claim in claims)
    return same.loc[named, "id"].tolist()


def first_dated(
    documents: pd.DataFrame, indicator: str, region: str, year: int
) -> tuple[str, datetime.date] | None:
    """Publisher and day of the earliest dated document that says this figure; None if none does.

    Args:
        documents: from `load_documents`.
    """
    same = (
        (documents["indicator"] == indicator)
        & (documents["region"] == region)
        & (documents["year"] == str(year))
        & (documents["date"] != "")
    )
    if not same.any():
        return None
    first = documents[same].sort_values("date", kind="stable").iloc[0]
    return str(first["publisher"]), datetime.date.fromisoformat(first["date"])
