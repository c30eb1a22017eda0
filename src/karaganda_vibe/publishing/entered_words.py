"""Entered figures (`findings.youth_entered`, `leavers_entered`) as a notebook's texts name them."""

from __future__ import annotations

from collections.abc import Mapping

from karaganda_vibe.findings.leavers_entered import EnteredLeavers
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


LEAVERS_KINDS = {
    "leavers_year": "year",
    "leavers_youngest": "count",
    "leavers_oldest": "count",
    "leavers_left": "persons",
    "leavers_gaps": "count",
    "leavers_most_left": "persons",
}


def name_leavers(
    book: Exhibits, entered: EnteredLeavers, areas: Mapping[str, Mapping[str, str]]
) -> None:
    """Make entered leavers, the region most went to and the source known to `book`'s texts."""
    book.local_word("leavers_most", areas[entered.most])
    book.local_word("leavers_source", dict.fromkeys(LANGUAGES, entered.source))
    for name, kind in LEAVERS_KINDS.items():
        book.local(name, getattr(entered, name.removeprefix("leavers_")), kind)
