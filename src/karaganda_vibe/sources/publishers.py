"""Publishers of figures, named in each language: `metadata/texts/publishers.csv`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.words.languages import LANGUAGES

PUBLISHERS = METADATA / "texts" / "publishers.csv"
NAMES = [f"publisher_{language}" for language in LANGUAGES]


def load_publishers(path: Path = PUBLISHERS) -> pd.DataFrame:
    """Names of publishers, columns `NAMES`, by the publisher's name in the tables.

    Raises ProjectError where the table lacks a column.
    """
    return read_table(path, ("publisher", *NAMES), keys=["publisher"]).set_index("publisher")
