"""An entered figure of the young (`findings.youth_entered`) as the texts of a notebook name it."""

from __future__ import annotations

from collections.abc import Mapping

from karaganda_vibe.findings.youth_entered import EnteredYoung
from karaganda_vibe.publishing.exhibits import Exhibits
from karaganda_vibe.words.languages import LANGUAGES

KINDS = {
    "entered_first_year": "year",
    "entered_last_year": "year",
    "entered_youngest": "count",
    "entered_oldest": "count",
    "entered_net": "signed_persons",
    "entered_low": "signed_persons",
    "entered_high": "signed_persons",
}
"""Places of a notebook's `Texts` that an entry fills, and how its numbers are written."""


def name_entered(
    book: Exhibits, entry: EnteredYoung, areas: Mapping[str, Mapping[str, str]]
) -> None:
    """Make the entry's figures, its area (from `area_names`) and source known to `book`'s texts."""
    book.local_word("entered_name", areas[entry.area])
    book.local_word("entered_source", dict.fromkeys(LANGUAGES, entry.source))
    for name, kind in KINDS.items():
        book.local(name, getattr(entry, name.removeprefix("entered_")), kind)
