"""The table of a place's peers with their figures, the place itself among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from karaganda_vibe.findings.passports import PEER_VALUES, Passport
from karaganda_vibe.publishing.passport_writer import Writer


def peer_rows(
    passport: Passport, indicators: pd.DataFrame, regions: Mapping[str, str], writer: Writer
) -> tuple[list[str], list[dict[str, Any]]]:
    """Heads and rows of the table of peers with the place itself among them, highest rate first."""
    say, language, beside = writer.say, writer.language, passport.beside
    own: dict[str, Any] = {
        "place_id": passport.place_id,
        f"place_{language}": passport.names[language],
        "region": passport.region,
        "rate": beside.own,
    }
    heads, kinds = [say("peer_rate", years=f"{beside.first_year}–{beside.last_year}")], []
    facts = {str(row["indicator"]): row for row in passport.standings}
    near: list[dict[Any, Any]] = passport.peers.to_dict("records")
    described = indicators.set_index("indicator")
    for name in PEER_VALUES:
        entry = described.loc[name]
        words = {"indicator": entry[f"name_{language}"], "unit": entry[f"unit_{language}"]}
        heads.append(say("peer_in_year", year=facts[name]["year"], **words))
        own[name] = facts[name]["value"]
        kinds.append((name, str(entry["kind"])))
    rows: list[dict[Any, Any]] = sorted(
        [own, *near],
        key=lambda row: (pd.isna(row["rate"]), -(row["rate"] or 0), row["place_id"]),
    )
    shown = [("rate", "signed_per_1000"), *kinds]
    return heads, [
        {
            "place_id": str(row["place_id"]),
            "name": str(row[f"place_{language}"]),
            "region": regions[str(row["region"])],
            "here": row["place_id"] == passport.place_id,
            "numbers": [
                None if pd.isna(row[name]) else writer.cell(row[name], kind) for name, kind in shown
            ],
        }
        for row in rows
    ]
