"""Moves between regions, origin by destination: the published matrix, checked, one row a pair.

The matrix is refused with a missing or repeated pair, an unknown region, a region to itself, a
number that is no count of persons, and a net that contradicts the published one by more than
TOLERANCE, unless metadata/corrections/flow_explanations.csv explains exactly that difference.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from karaganda_vibe.places.registry import COUNTRY, check_regions, load_regions, region_spellings
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import WHOLE, YEAR, perhaps, read_table
from karaganda_vibe.sources.raw_package import read_raw

MOVES = "bns_moves_between_regions.regions_2010_2025"
FILE = "data/raw/bns_moves_between_regions/regions_2010_2025.csv"
EXPLANATIONS = METADATA / "corrections" / "flow_explanations.csv"
COLUMNS = ["origin", "destination", "year", "persons", "part_of_year", "source", "source_row"]
CHECK_COLUMNS = ["region", "year", "net", "net_published", "difference", "explanation"]
WHOLE_YEAR = "annual"
# Persons by which the sums of a matrix may differ from a net published at another time: late
# slips move single persons between releases.
TOLERANCE = 2


def tidy_moves(raw: pd.DataFrame, file: str = FILE) -> pd.DataFrame:
    """The published matrix → COLUMNS, sorted by year, origin and destination.

    raw: as `read_raw` gives it. `part_of_year` is "yes" where the publisher's period is not the
    whole year. Raises ProjectError for a region that is not known or is written in two ways that
    disagree, a region to itself, a value that is no count of persons, and a year that is none.
    """
    spellings = region_spellings()
    known = set(load_regions()["region"]) - {COUNTRY}
    for end in ("origin", "destination"):
        codes = raw[f"{end}_iso"]
        for row in raw.index[~codes.isin(known)]:
            name = str(raw.at[row, end])
            raise ProjectError(
                f"{file}: line {row + 2}, column {end}_iso: unknown region '{codes[row]}'"
                f"{perhaps(name, spellings)}; expected an ISO code of metadata/places/regions.csv"
            )
        other = raw.index[raw[end].map(spellings) != codes]
        if len(other):
            raise ProjectError(
                f"{file}: line {other[0] + 2}, column {end}: '{raw[end][other[0]]}' and "
                f"{codes[other[0]]} are not one region; correct the copy"
            )
    for column, pattern, wanted in (
        ("year", r"\d{4}", "a year; correct the copy"),
        ("value", r"\d+(\.0+)?", "a count of persons; a gap is a row that is not there"),
    ):
        right = raw[column].astype(str).str.fullmatch(pattern)
        if not right.all():
            row = raw.index[~right][0]
            raise ProjectError(
                f"{file}: line {row + 2}, column {column}: found '{raw[column][row]}', "
                f"expected {wanted}"
            )
    itself = raw.index[raw["origin_iso"] == raw["destination_iso"]]
    if len(itself):
        raise ProjectError(
            f"{file}: line {itself[0] + 2}: {raw['origin_iso'][itself[0]]} to itself; the "
            "matrix holds moves between two regions, leave the row out"
        )
    flows = pd.DataFrame(
        {
            "origin": raw["origin_iso"],
            "destination": raw["destination_iso"],
            "year": raw["year"].astype(int),
            "persons": raw["value"].astype(float).astype(int),
            "part_of_year": raw["period"].ne(WHOLE_YEAR).map({True: "yes", False: "no"}),
            "source": MOVES,
            "source_row": raw.index + 2,
        }
    )
    order = ["year", "origin", "destination"]
    return flows[COLUMNS].sort_values(order, kind="stable", ignore_index=True)


def check_pairs(flows: pd.DataFrame, regions: list[str], file: str = FILE) -> None:
    """Every year holds every ordered pair of `regions` once, all of the whole year or of a part.

    flows: COLUMNS. ProjectError names year and pair.
    """
    key = ["year", "origin", "destination"]
    if flows.empty:
        raise ProjectError(f"{file}: no rows; expected every pair of regions; restore the copy")
    repeated = flows[flows.duplicated(key)]
    if len(repeated):
        row = repeated.iloc[0]
        raise ProjectError(
            f"{file}: line {row['source_row']}: {row['origin']} to {row['destination']} "
            f"stands twice in {row['year']}; keep one row"
        )
    wanted = pd.MultiIndex.from_product([regions, regions], names=key[1:])
    wanted = wanted[wanted.get_level_values(0) != wanted.get_level_values(1)]
    for year, of_year in flows.groupby("year"):
        found = pd.MultiIndex.from_frame(of_year[key[1:]])
        missing = wanted.difference(found)
        if len(missing):
            raise ProjectError(
                f"{file}: {year}: no row for {missing[0][0]} to {missing[0][1]}; expected "
                f"{len(wanted)} pairs of {len(regions)} regions, found {len(of_year)}; add it or "
                "leave the year out"
            )
        if of_year["part_of_year"].nunique() > 1:
            raise ProjectError(
                f"{file}: {year}: some rows are of the whole year, some of a part; correct the "
                "column period"
            )


def totals(flows: pd.DataFrame) -> pd.DataFrame:
    """Departures, arrivals and net of each region and year in the matrix, long by region."""
    out = flows.groupby(["origin", "year"])["persons"].sum().rename_axis(["region", "year"])
    into = flows.groupby(["destination", "year"])["persons"].sum().rename_axis(["region", "year"])
    both = pd.concat([into.rename("arrivals"), out.rename("departures")], axis=1)
    both["net"] = both["arrivals"] - both["departures"]
    return both.sort_index(kind="stable").reset_index()


def load_explanations(path: Path = EXPLANATIONS) -> pd.DataFrame:
    """Differences between nets of the matrix and published ones that are known, with the reason."""
    columns = ("region", "year", "difference", "explanation")
    frame = read_table(
        path,
        columns,
        typed={"year": YEAR, "difference": WHOLE},
        filled=columns,
        keys=[("region", "year")],
    )
    check_regions(path, frame, "region")
    return frame


def compare_nets(
    flows: pd.DataFrame,
    published: pd.DataFrame,
    explanations: pd.DataFrame,
    tolerance: int = TOLERANCE,
) -> pd.DataFrame:
    """Nets of the matrix beside published interregional nets of the whole year: CHECK_COLUMNS.

    published: region, year, net_published in persons. explanations: `load_explanations`. Raises
    ProjectError for a difference above `tolerance` that is not explained, for an explanation of
    another difference, and for one that is not needed.
    """
    whole = totals(flows[flows["part_of_year"] == "no"])
    compared = whole.merge(
        published.dropna(subset=["net_published"]), on=["region", "year"], validate="1:1"
    ).astype({"net_published": int})
    compared["difference"] = compared["net"] - compared["net_published"]
    explained = compared.merge(
        explanations, on=["region", "year"], how="left", suffixes=("", "_explained")
    )
    large = explained[explained["difference"].abs() > tolerance]
    wrong = large[large["difference"] != large["difference_explained"]]
    if len(wrong):
        row = wrong.iloc[0]
        known = row["difference_explained"]
        raise ProjectError(
            f"{FILE}: {row['region']}, {row['year']}: arrivals less departures are {row['net']}, "
            f"the published net is {row['net_published']}; expected at most {tolerance} persons "
            f"apart{'' if pd.isna(known) else f' or {int(known)} as explained'}; find the wrong "
            f"cell or explain the difference in {shown(EXPLANATIONS)}"
        )
    keys = set(large[["region", "year"]].itertuples(index=False, name=None))
    for record in explanations.to_dict("records"):
        if (record["region"], record["year"]) not in keys:
            raise ProjectError(
                f"{shown(EXPLANATIONS)}: line {record['line']}: {record['region']}, "
                f"{record['year']}: nothing to explain, the nets agree or none is published; "
                "remove the row"
            )
    explained["explanation"] = explained["explanation"].fillna("")
    order = ["year", "region"]
    return explained[CHECK_COLUMNS].sort_values(order, kind="stable", ignore_index=True)


def published_nets(regions: pd.DataFrame) -> pd.DataFrame:
    """Interregional nets of regions.csv on today's borders: region, year, net_published."""
    today = regions[~regions["borders"].str.startswith("until-") & (regions["region"] != COUNTRY)]
    return today[["region", "year", "net_interregional"]].rename(
        columns={"net_interregional": "net_published"}
    )


def build_flows_od(regions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """data/processed/flows_od.csv and the comparison of its nets with published ones.

    regions: data/processed/regions.csv. Source: Bureau of National Statistics of Kazakhstan,
    internal migration between regions.
    """
    flows = tidy_moves(read_raw(MOVES))
    check_pairs(flows, sorted(set(load_regions()["region"]) - {COUNTRY}))
    return flows, compare_nets(flows, published_nets(regions), load_explanations())
