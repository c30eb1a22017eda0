"""The year in which the published population of a place goes over to a new census.

After a census the Bureau counts population anew from it and leaves earlier year-ends as they were:
from the last old year-end to the first new one the population jumps by what the registers had
missed since the census before. Whatever spans the jump (a denominator, a check, a comparison)
takes it for people who came or left. The tables of the regions go over in different years, and the
year is found in the figures themselves:

    unexplained change = change of population - natural growth - net migration    (persons, a year)

is rounding in a usual year. A region goes over in the candidate year in which its median place
has by far the larger share of it (`find_breaks`).

What is found is compared with metadata/places/census_breaks.csv, and the table is what rates,
checks and figures follow. Of the two ways that is the more robust one: a panel cut down to one
place, or without births, still knows its breaks, and an edition that goes over elsewhere stops the
build (`check_breaks`) instead of moving rates unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import YEAR, read_table

PATH = METADATA / "places" / "census_breaks.csv"
COLUMNS = ("region", "place_id", "census", "first_year", "evidence")
# Census: the year-ends that can be the first ones counted from it. Tables of 1 January go over in
# the year of the census, so their first new figure is the year-end before it.
CANDIDATES: Mapping[int, tuple[int, int]] = {
    1999: (1998, 1999),
    2009: (2008, 2009),
    2021: (2021, 2022),
}
# A region goes over where the median place is off by a hundredth of its people, and by three
# times what it is off in the other candidate year.
LEAST_SHARE, LEAST_RATIO = 0.01, 3.0
# A place goes its own way where its balance closes in its region's year and breaks in the other.
CLOSES_WITHIN, OWN_SHARE = 0.005, 0.05
FEWEST_YEARS = 5

Breaks = Mapping[str, Collection[int]]
"""For a place or region, the first year-ends counted from a new census."""


def unexplained_change(districts: pd.DataFrame) -> pd.DataFrame:
    """Change of population that neither births and deaths nor registered moves explain.

    Where a place's births or deaths are not published, its natural growth is taken as steady: as
    the median share, over the years with moves, of the change that moves do not explain. That is
    enough to find a jump and is marked by `steady`; it measures none.

    Args:
        districts: region, place_id, year, population (end of the year), births, deaths,
            net_migration (persons).

    Returns:
        region, place_id, year, before (population a year earlier), change (unexplained, persons),
        share (of `before`), steady; rows with both year-ends and net migration only.
    """
    counts = ["population", "births", "deaths", "net_migration"]
    kinds = {"year": "int64", **dict.fromkeys(counts, "float64")}
    rows = districts[["region", "place_id", "year", *counts]].astype(kinds)
    before = rows[["place_id", "year", "population"]].rename(columns={"population": "before"})
    before["year"] += 1
    table = rows.merge(before, on=["place_id", "year"], validate="one_to_one")
    table = table[(table["before"] > 0) & table["population"].notna()]
    moved = table["population"] - table["before"] - table["net_migration"]
    natural = table["births"] - table["deaths"]
    other = (moved / table["before"]).groupby(table["place_id"])
    usual = other.transform("median").where(other.transform("count") >= FEWEST_YEARS)
    table["steady"] = natural.isna()
    table["change"] = moved - natural.fillna(usual * table["before"])
    table["share"] = table["change"] / table["before"]
    columns = ["region", "place_id", "year", "before", "change", "share", "steady"]
    table = table[table["change"].notna()][columns]
    return table.sort_values(["region", "place_id", "year"], ignore_index=True, kind="stable")


def find_breaks(districts: pd.DataFrame) -> pd.DataFrame:
    """Where the published population goes over to a census, by region, and by place if apart.

    For a census and region, the candidate year with the larger median of the places' |share|, if
    that is at least LEAST_SHARE and LEAST_RATIO times the other's; a single year that is there
    counts alone. A place has a row of its own where it is off by OWN_SHARE or more in the other
    candidate year, and by at most CLOSES_WITHIN in its region's.

    Returns:
        region, place_id ("" for a region), census, first_year (the first year-end counted from
        it), share (median |share|, or the place's own), other_share (that of the other candidate
        year, missing where there is none), places (that were measured).
    """
    changes = unexplained_change(districts)
    changes = changes.assign(share=changes["share"].abs())
    found = []
    for census, years in CANDIDATES.items():
        rows = changes[changes["year"].isin(years)]
        for region, own in rows.groupby("region", sort=True):
            middle = own.groupby("year")["share"].median()
            year = int(str(middle.idxmax()))
            other = float(middle.drop(year).max())  # not a number where there is one year only
            if middle[year] < LEAST_SHARE or middle[year] < LEAST_RATIO * other:
                continue
            key = {"region": region, "census": census}
            measured = int((own["year"] == year).sum())
            found.append({**key, "place_id": "", "first_year": year, "share": middle[year],
                          "other_share": other, "places": measured})  # fmt: skip
            table = own.pivot(index="place_id", columns="year", values="share")
            for apart in middle.index.drop([year]):
                here = table[(table[year] <= CLOSES_WITHIN) & (table[apart] >= OWN_SHARE)]
                found += [
                    {**key, "place_id": place, "first_year": int(apart), "share": row[apart],
                     "other_share": row[year], "places": 1}
                    for place, row in here.iterrows()
                ]  # fmt: skip
    columns = ["region", "place_id", "census", "first_year", "share", "other_share", "places"]
    table = pd.DataFrame(found, columns=columns)
    return table.sort_values(columns[:3], ignore_index=True, kind="stable")


@cache
def load_breaks(path: Path = PATH) -> pd.DataFrame:
    """The table of breaks: `COLUMNS`, line; place_id is "" for a whole region.

    Raises ProjectError on wrong columns, a year that is none, and a break that stands twice.
    """
    return read_table(
        path,
        COLUMNS,
        typed={"census": YEAR, "first_year": YEAR},
        filled=("region", "census", "first_year", "evidence"),
        keys=[("region", "place_id", "census")],
    )


def check_breaks(found: pd.DataFrame, breaks: pd.DataFrame, path: Path = PATH) -> None:
    """Raise ProjectError where the balance shows a break that the table has not, or not there.

    A break that the table has and the balance cannot see (too few places) is not refused: its
    evidence says what it rests on.
    """
    keys = ["region", "place_id", "census"]
    joined = found.merge(breaks, on=keys, how="left", suffixes=("", "_table"))
    wrong = joined[joined["first_year"] != joined["first_year_table"]]
    if len(wrong):
        row = wrong.iloc[0]
        listed = row["first_year_table"]
        says = "no break" if pd.isna(listed) else int(listed)
        where = row["place_id"] or row["region"]
        raise ProjectError(
            f"{shown(path)}: {where}: expected the break of the census of {row['census']} at the "
            f"end of {row['first_year']}, where {row['share']:.1%} of people are not explained, "
            f"found {says}; check the edition of the tables, then correct the row"
        )


def first_years(breaks: pd.DataFrame) -> Callable[[str, str], dict[int, int]]:
    """By region and place: census → first year-end counted from it; a place's own goes first.

    breaks: from `load_breaks`.
    """
    known: dict[tuple[str, str], dict[int, int]] = {}
    for row in breaks.to_dict("records"):
        listed = known.setdefault((row["region"], row["place_id"]), {})
        listed[int(row["census"])] = int(row["first_year"])

    def of(region: str, place_id: str) -> dict[int, int]:
        return {**known.get((region, ""), {}), **known.get((region, place_id), {})}

    return of


def last_break(region: str, place_id: str = "") -> tuple[int, int]:
    """The latest census that a region's tables (or a place's, if apart) went over to.

    Returns:
        the first year-end counted from it, the year of the census.

    Raises:
        ProjectError: the table of breaks has none of the region.
    """
    years = first_years(load_breaks())(region, place_id)
    if not years:
        raise ProjectError(
            f"{shown(PATH)}: no break of {region}; expected one row a census; add what "
            "find_breaks shows for it"
        )
    census = max(years)
    return years[census], census


def breaks_of_places(places: pd.DataFrame, breaks: pd.DataFrame | None = None) -> Breaks:
    """The first year-ends on a new census of each place: its own where listed, else its region's.

    Args:
        places: at least region and place_id, a place any number of times (districts.csv will do).
        breaks: from `load_breaks`, which is the default.
    """
    years = first_years(load_breaks() if breaks is None else breaks)
    pairs = places[["region", "place_id"]].drop_duplicates()
    return {
        place: frozenset(years(region, place).values())
        for region, place in pairs.itertuples(index=False)
    }
