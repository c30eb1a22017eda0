"""What a passport shows of a place: metadata/indicators/passport_indicators.csv."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.tables import YEAR, read_table
from karaganda_vibe.words.languages import LANGUAGES, NUMBER_KINDS

INDICATORS = METADATA / "indicators" / "passport_indicators.csv"
NAMES = tuple(f"name_{code}" for code in LANGUAGES)
UNITS = tuple(f"unit_{code}" for code in LANGUAGES)
COLUMNS = (
    "indicator", "column", "form", "definition_column", "first_year", "why_first_year", "kind",
    "shown", *NAMES, *UNITS,
)  # fmt: skip
FORMS = ("published", "per_1000", "per_head", "percent_of_median")
SHOWN = ("table", "chart", "both")


def load_passport_indicators(path: Path = INDICATORS) -> pd.DataFrame:
    """The indicators of a passport in their order: `COLUMNS`, first_year as a year.

    Raises ProjectError for an indicator given twice or a cell that is not of its kind.
    """
    return read_table(
        path,
        COLUMNS,
        typed={"form": FORMS, "first_year": YEAR, "kind": list(NUMBER_KINDS), "shown": SHOWN},
        filled=["indicator", "column", "form", "kind", "shown", *NAMES, *UNITS],
        keys=["indicator"],
    ).drop(columns="line")
