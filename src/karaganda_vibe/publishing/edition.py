"""Which edition of the report this is, and which key figures differ from those of the last one."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from babel.dates import format_date

from karaganda_vibe.places.study import with_names_in
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROJECT, shown
from karaganda_vibe.project.rounding import round_number
from karaganda_vibe.project.tables import NUMBER, read_table
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.words.languages import LOCALES

CITATION = PROJECT / "CITATION.cff"
LAST_EDITION = METADATA / "values" / "last_edition.csv"
LAST_EDITION_COLUMNS = ("version", "date", "name", "number", "name_en", "name_ru", "name_kk")
# Two numbers are the same when, rounded as values are, they differ by less than this share.
SAME = 1e-9


@dataclass(frozen=True)
class Edition:
    """Version, date, and the date as each language writes it."""

    version: str
    date: datetime.date
    written: dict[str, str]


def edition(path: Path = CITATION) -> Edition:
    """The edition that `path` declares. Raises ProjectError where version or date are missing."""
    citation = read_yaml(path)
    try:
        version = str(citation["version"])
        date = datetime.date.fromisoformat(str(citation["date-released"]))
    except (KeyError, TypeError, ValueError):
        raise ProjectError(
            f"{shown(path)} must give version and date-released (YYYY-MM-DD); write them there"
        ) from None
    return Edition(version, date, written_date(date))


def written_date(date: datetime.date) -> dict[str, str]:
    """The date as each language writes it in full."""
    return {code: format_date(date, "long", locale=place) for code, place in LOCALES.items()}


def load_last_edition(path: Path = LAST_EDITION) -> pd.DataFrame:
    """The key figures of the last edition: version, date, name, number, name_en, name_ru, name_kk.

    Raises ProjectError where a cell is empty, a name stands twice, a number is none, or the rows
    are of several editions or of none.
    """
    frame = read_table(
        path,
        LAST_EDITION_COLUMNS,
        typed={"number": NUMBER},
        filled=LAST_EDITION_COLUMNS,
        keys=["name"],
    )
    if len(frame[["version", "date"]].drop_duplicates()) != 1:
        raise ProjectError(f"{shown(path)} must hold one edition, the last one")
    return with_names_in(frame, "name").drop(columns="line")


def compare_editions(last: pd.DataFrame, numbers: Mapping[str, float | None]) -> pd.DataFrame:
    """`last` with the number of this edition and whether it differs: columns `now`, `differs`.

    Args:
        last: from `load_last_edition`.
        numbers: the values of this edition by name, in their base unit.

    Raises:
        ProjectError: this edition has no number of that name.
    """
    for name in last["name"]:
        if numbers.get(name) is None:
            raise ProjectError(
                f"the key figure '{name}' of the last edition is not computed any more; "
                f"compute it or take it out of {shown(LAST_EDITION)}"
            )
    now = last["name"].map(numbers).astype(float).map(round_number)
    before = last["number"].map(round_number)
    scale = before.abs().clip(lower=1.0)
    return last.assign(now=now, differs=(now - before).abs() > SAME * scale)
