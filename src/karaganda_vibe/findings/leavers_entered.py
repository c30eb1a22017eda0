"""Leavers of one age group by origin and destination, from the office's own table.

data/input/leavers.csv is empty until somebody enters it or a register makes it (docs/registers.md);
chapters 17_where_to and 19_who then show it beside the published figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from karaganda_vibe.places.registry import load_regions
from karaganda_vibe.project.errors import exit_with_one_line
from karaganda_vibe.project.paths import shown
from karaganda_vibe.sources.input_tables import INPUT, check_known, read_input, refuse

LEAVERS = "leavers"
ABROAD, COUNTRY = "abroad", "KZ"
ENDS = ("origin", "destination")


@dataclass(frozen=True)
class EnteredLeavers:
    """What the office's own table says of those who left and came to one region, in one year.

    Attributes:
        year: calendar year; youngest, oldest: completed ages.
        table: region (code, or "abroad"), left, came, net (persons, Int64, missing where the table
            has a gap), most left first.
        left: persons who left, of the destinations that are given.
        gaps: destinations that are not given: `left` is then the least that it can be.
        most: code of the region to which most went; most_left: persons.
        source: as entered.
    """

    year: int
    youngest: int
    oldest: int
    table: pd.DataFrame
    left: int
    gaps: int
    most: str
    most_left: int
    source: str


def read_leavers(folder: Path = INPUT) -> pd.DataFrame:
    """The table as its schema demands (see `read_input`), with known regions and two ends a row.

    Raises ProjectError, one line, for every fault, also a year of two age groups: its persons
    cannot be added up.
    """
    rows = read_input(LEAVERS, folder)
    known = [*(set(load_regions()["region"]) - {COUNTRY}), ABROAD]
    for end in ENDS:
        check_known(LEAVERS, rows, end, known, folder)
    ages: dict[int, tuple[int, int]] = {}
    for row in rows.to_dict("records"):
        if row["origin"] == row["destination"]:
            fault = f"{row['destination']} is the origin too; expected another region"
            refuse(LEAVERS, row["line"], "destination", fault, folder)
        if row["age_to"] < row["age_from"]:
            fault = f"{row['age_to']} is below age_from {row['age_from']}; expected no less"
            refuse(LEAVERS, row["line"], "age_to", fault, folder)
        own = (row["age_from"], row["age_to"])
        first = ages.setdefault(row["year"], own)
        if own != first:
            fault = (
                f"ages {own[0]} to {own[1]} beside {first[0]} to {first[1]} in {row['year']}; "
                "expected one age group a year"
            )
            refuse(LEAVERS, row["line"], "age_from", fault, folder)
    return rows


def entered_leavers(here: str, folder: Path = INPUT) -> EnteredLeavers | None:
    """The newest year of which leavers of `here` are entered; None where none are.

    Raises ProjectError as `read_leavers`.
    """
    rows = read_leavers(folder)
    out = rows[(rows["origin"] == here) & rows["persons"].notna()]
    regions = out[out["destination"] != ABROAD]
    if regions.empty:
        return None
    year = int(regions["year"].max())
    of_year = rows[rows["year"] == year]
    left = of_year[of_year["origin"] == here].set_index("destination")["persons"].rename("left")
    came = of_year[of_year["destination"] == here].set_index("origin")["persons"].rename("came")
    table = pd.concat([left, came], axis=1).astype("Int64").rename_axis("region").reset_index()
    table["net"] = table["came"] - table["left"]
    table = table.sort_values(
        ["left", "region"], ascending=[False, True], kind="stable", ignore_index=True
    )
    first = table[table["region"] != ABROAD].iloc[0]
    one = of_year.iloc[0]
    sources = of_year.loc[(of_year[list(ENDS)] == here).any(axis=1), "source"]
    return EnteredLeavers(
        year, int(one["age_from"]), int(one["age_to"]), table, int(left.sum()),
        int(left.isna().sum()), str(first["region"]), int(first["left"]),
        "; ".join(dict.fromkeys(sources)),
    )  # fmt: skip


def _main() -> None:
    rows = read_leavers()
    print(f"{shown(INPUT / f'{LEAVERS}.csv')}: {len(rows)} rows, all as the schema says")


if __name__ == "__main__":
    exit_with_one_line(_main)
