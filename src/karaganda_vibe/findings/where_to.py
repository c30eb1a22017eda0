"""Where the people of one region go and where others come from, by destination and year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from karaganda_vibe.project.errors import ProjectError

COLUMNS = [
    "region", "year", "departures", "arrivals", "net", "departures_share", "arrivals_share",
    "part_of_year",
]  # fmt: skip


def exchange(flows: pd.DataFrame, region: str) -> pd.DataFrame:
    """Moves between `region` and each other region: COLUMNS, by year, the largest loss first.

    flows: origin, destination, year, persons, part_of_year (data/processed/flows_od.csv), every
    pair once. departures: persons from `region` to the other, arrivals the other way, net their
    difference (arrivals - departures). Shares are percent of all departures and arrivals of
    `region` in the year. Raises ProjectError when the matrix does not know the region.
    """
    keys = ["year", "part_of_year"]
    out = flows[flows["origin"] == region].rename(
        columns={"destination": "region", "persons": "departures"}
    )
    into = flows[flows["destination"] == region].rename(
        columns={"origin": "region", "persons": "arrivals"}
    )
    if out.empty or into.empty:
        raise ProjectError(
            f"flows_od.csv: no moves from and to {region}; expected a code of the matrix"
        )
    both = out[["region", *keys, "departures"]].merge(
        into[["region", *keys, "arrivals"]], on=["region", *keys], validate="1:1"
    )
    both["net"] = both["arrivals"] - both["departures"]
    for flow in ("departures", "arrivals"):
        both[f"{flow}_share"] = 100 * both[flow] / both.groupby("year")[flow].transform("sum")
    return both[COLUMNS].sort_values(["year", "net", "region"], kind="stable", ignore_index=True)


def grouped(moves: pd.DataFrame, groups: Mapping[str, Sequence[str]], rest: str) -> pd.DataFrame:
    """Nets by year and group of regions, one column a group, then `rest`, total and part_of_year.

    moves: from `exchange`. groups: name → codes; a region in none of them is in `rest`. Raises
    ProjectError for a region that stands in two groups or in none of the data.
    """
    of_region: dict[str, str] = {}
    known = set(moves["region"])
    for group, codes in groups.items():
        for code in codes:
            if code not in known or code in of_region:
                reason = f"is in {of_region[code]} too" if code in of_region else "has no moves"
                raise ProjectError(f"groups of destinations: {code} of {group} {reason}")
            of_region[code] = group
    named = moves.assign(group=moves["region"].map(of_region).fillna(rest))
    nets = named.pivot_table(index="year", columns="group", values="net", aggfunc="sum")
    nets = nets.reindex(columns=[*groups, rest], fill_value=0)
    nets["total"] = nets.sum(axis=1)
    nets["part_of_year"] = moves.groupby("year")["part_of_year"].first()
    return nets.rename_axis(columns=None).reset_index()


def largest_destination(moves: pd.DataFrame, year: int) -> str:
    """Code of the region to which the most people went in `year`; moves from `exchange`."""
    of_year = moves[moves["year"] == year]
    return str(of_year.set_index("region")["departures"].idxmax())


def net_without(moves: pd.DataFrame, year: int, region: str) -> int:
    """The balance with all regions but `region`: a sum of published flows, not a forecast of what
    would be if that region were not there."""
    of_year = moves[(moves["year"] == year) & (moves["region"] != region)]
    return int(of_year["net"].sum())
