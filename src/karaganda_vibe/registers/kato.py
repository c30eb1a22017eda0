"""KATO codes of a register → places and regions of this study.

The published codes of today are metadata/places/kato_codes.csv. Codes that it does not hold (those
from before a new region was made, say) are known from a table that the office gives, else counted
as unknown: none is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from karaganda_vibe.places.registry import check_places, check_regions, load_places
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import fault, read_table

KATO = METADATA / "places" / "kato_codes.csv"
WORDS = METADATA / "indicators" / "register_words.csv"
COLUMNS = ("kato", "region", "place_id", "source")
ABROAD = "abroad"
UNKNOWN = -1
# Digits of a code that name region, district, rural district: a settlement lies in all of them.
LEVELS = (6, 4)
WIDTH = 9


@dataclass(frozen=True)
class Nodes:
    """Ends of moves: places, regions of which no place is known, and abroad.

    `names`: place_id, region code or "abroad", by number; `regions`: the region of each (its own
    code for a region, "abroad" for abroad); `codes`: KATO code → number.
    """

    names: tuple[str, ...]
    regions: tuple[str, ...]
    codes: dict[str, int]

    def region_of(self) -> dict[str, str]:
        """Name of an end → its region."""
        return dict(zip(self.names, self.regions, strict=True))

    def of_code(self, code: str) -> int:
        """The number of a written code, UNKNOWN where it is none."""
        written = code.strip()
        if written.lower() in self.codes:
            return self.codes[written.lower()]
        if re.fullmatch(r"[A-Za-z]{2}", written):
            return UNKNOWN if written.upper() == "KZ" else self.names.index(ABROAD)
        if not re.fullmatch(r"[1-9]\d{8}", written):
            return UNKNOWN
        for digits in LEVELS:
            above = written[:digits].ljust(WIDTH, "0")
            if above in self.codes:
                return self.codes[above]
        return UNKNOWN

    def of_codes(self, codes: Iterable[str]) -> pd.DataFrame:
        """Written codes: written, code (a number, alike for codes that differ in spaces only), node
        (number of an end), region (number of its region's end).
        """
        written = sorted(set(codes))
        code, _ = pd.factorize(pd.Series(written, dtype=object).str.strip())
        node = [self.of_code(code) for code in written]
        own = {name: number for number, name in enumerate(self.names)}
        region = [UNKNOWN if n == UNKNOWN else own[self.regions[n]] for n in node]
        frame = pd.DataFrame({"written": written, "code": code, "node": node, "region": region})
        return frame.astype({"written": str, "code": "int32", "node": "int16", "region": "int16"})


def load_words(column: str, path: Path = WORDS) -> dict[str, str]:
    """How the values of a column may be written, in small letters → what they mean."""
    columns = ("column", "written", "means")
    table = read_table(path, columns, filled=columns, keys=[("column", "written")])
    own = table[table["column"] == column]
    return dict(zip(own["written"], own["means"], strict=True))


def load_kato(path: Path = KATO) -> pd.DataFrame:
    """Codes and what they name: COLUMNS and line; place_id is "" for a whole region.

    Raises ProjectError for a code that is none or stands twice, an unknown region or place, and a
    place of another region.
    """
    table = read_table(path, COLUMNS, filled=("kato", "region", "source"), keys=["kato"])
    check_regions(path, table, "region")
    places = load_places()
    check_places(path, table, "place_id", places)
    region_of = dict(zip(places["place_id"], places["region"], strict=True))
    for row in table.to_dict("records"):
        if not re.fullmatch(r"[1-9]\d{8}", row["kato"]):
            text = f"found '{row['kato']}', expected a code of nine digits; correct it"
            raise fault(path, row["line"], text, "kato")
        if row["place_id"] and region_of[row["place_id"]] != row["region"]:
            text = (
                f"{row['place_id']} lies in {region_of[row['place_id']]}, not in {row['region']}; "
                f"correct the row or {shown(METADATA / 'places' / 'places.csv')}"
            )
            raise fault(path, row["line"], text, "region")
    return table


def load_nodes(own: Path | None = None, path: Path = KATO) -> Nodes:
    """The ends of moves that codes can name; `own`: a table of the office like kato_codes.csv.

    The office's rows come first: they also say what an old code names today. ProjectError: see
    `load_kato`.
    """
    table = load_kato(path)
    if own is not None:
        table = pd.concat([table, load_kato(own)]).drop_duplicates("kato", keep="last")
    ends = table["place_id"].where(table["place_id"] != "", table["region"])
    regions = sorted(set(table["region"]))
    places = (
        table[table["place_id"] != ""]
        .drop_duplicates("place_id")
        .sort_values(["region", "place_id"], kind="stable")
    )
    names = (*places["place_id"], *regions, ABROAD)
    number = {name: n for n, name in enumerate(names)}
    codes = {code: number[end] for code, end in zip(table["kato"], ends, strict=True)}
    for word in load_words("end"):
        codes[word] = number[ABROAD]
    return Nodes(names, (*places["region"], *regions, ABROAD), codes)
