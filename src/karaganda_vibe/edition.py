"""Which edition of the report this is: version and date, as CITATION.cff gives them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from babel.dates import format_date

from karaganda_vibe.errors import ProjectError
from karaganda_vibe.languages import LOCALES
from karaganda_vibe.paths import PROJECT, shown
from karaganda_vibe.yaml_files import read_yaml

CITATION = PROJECT / "CITATION.cff"


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
    written = {code: format_date(date, "long", locale=place) for code, place in LOCALES.items()}
    return Edition(version, date, written)
