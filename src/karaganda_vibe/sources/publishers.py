"""Publishers of figures, named in each language: `metadata/texts/publishers.csv`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.words.languages import LANGUAGES

PUBLISHERS = METADATA / "texts" / "publishers.csv"
NAMES = [f"publisher_{language}" for language in LANGUAGES]


def load_publishers(path: Path = PUBLISHERS) -> pd.DataFrame:
    """Names of publishers, columns `NAMES`, by the publisher's name in the tables.

    Raises ProjectError where the table lacks a column.
    """
    return read_table(path, ("publisher", *NAMES), keys=["publisher"]).set_index("publisher")


def publisher_names(publisher: str, path: Path = PUBLISHERS) -> dict[str, str]:
    """A publisher's name in every language. Raises ProjectError where the table lacks it."""
    names = _read_once(path)
    if publisher not in names.index:
        raise ProjectError(
            f"{shown(path)} does not name the publisher '{publisher}'; add it in every language"
        )
    return {code: str(names.loc[publisher, f"publisher_{code}"]) for code in LANGUAGES}


@cache
def _read_once(path: Path) -> pd.DataFrame:
    return load_publishers(path)
