"""Exact counts → tables that share their cells, protected together, in the study's own shapes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers import query
from karaganda_vibe.registers.age_groups import (
    FIRST_AGES,
    LEAVERS,
    LEAVERS_GROUP,
    OTHERS_GROUP,
    YOUNG,
    age_hierarchy,
    group_name,
    last_age,
)
from karaganda_vibe.registers.cell_key import perturbation_for
from karaganda_vibe.registers.disclosure import (
    CELL_KEYS,
    Protected,
    protected_together,
    report_of,
)
from karaganda_vibe.registers.disclosure_cells import CELL_KEY, TOTAL, Hierarchies
from karaganda_vibe.registers.disclosure_tables import net_counts, with_margins
from karaganda_vibe.registers.kato import ABROAD, Nodes
from karaganda_vibe.registers.register_counts import Counts
from karaganda_vibe.registers.sentences import said

Protect = Callable[..., dict[str, Protected]]
SEX_NAMES = (*query.SEXES, query.NO_SEX)
PART = "of region "
"""A region's moves of which only the region is known stand beside its places as a part of it."""
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
FLOWS_COLUMNS = [
    "origin", "destination", "year", "persons", "part_of_year", "source", "source_row",
]  # fmt: skip
MONTH_COLUMNS = [
    "origin", "destination", "year", "period", "kind", "ages", "value", "unit", "scope",
    "preferred", "source", "source_row", "publisher", "note",
]  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """The tables as they may go out, by file name, and the report of what was suppressed."""

    files: dict[str, pd.DataFrame]
    disclosure: pd.DataFrame


def hierarchies(nodes: Nodes, detailed: Collection[str]) -> Hierarchies:
    """What lies under what: places under regions (those `detailed`), age groups under two."""
    above = {
        end: region
        for end, region in zip(_ends(nodes, detailed), nodes.regions, strict=True)
        if region in detailed
    }
    return {"origin": above, "destination": above, "age": age_hierarchy()}


def _ends(nodes: Nodes, detailed: Collection[str]) -> list[str]:
    """How each end stands in the tables: as a place, as its region, or as a part of it."""
    return [
        region if region not in detailed else PART + region if name == region else name
        for name, region in zip(nodes.names, nodes.regions, strict=True)
    ]


def count_tables(
    counts: Counts, nodes: Nodes, detailed: Collection[str]
) -> dict[str, pd.DataFrame]:
    """Linked count tables in long shape with their margins: year, dimensions, count.

    departures and arrivals: end (place of a region of `detailed`, region, total) × age × sex;
    months_out and months_in:
    region × month; flows: region × region × leavers and others. Moves of the kind counted only.
    """
    named = hierarchies(nodes, detailed)
    ends = dict(enumerate(_ends(nodes, detailed)))
    tables = {}
    for name, end, frame in (
        ("departures", "origin", counts.departures),
        ("arrivals", "destination", counts.arrivals),
    ):
        own = _counted(frame)
        table = own.assign(
            **{
                end: own[end].map(ends),
                "age": own["age"].map(group_name),
                "sex": own["sex"].map(dict(enumerate(SEX_NAMES))),
            }
        )
        tables[name] = with_margins(
            _summed(table, end, "age", "sex"), [end, "age", "sex"], hierarchies=named
        )
    regions = dict(enumerate(nodes.names))
    flows = _counted(counts.flows).assign(
        origin=lambda t: t["origin_region"].map(regions),
        destination=lambda t: t["destination_region"].map(regions),
        age=lambda t: t["leaver"].map({1: LEAVERS_GROUP, 0: OTHERS_GROUP}),
        month=lambda t: t["month"].map(lambda m: MONTHS[m - 1]),
    )
    own = _summed(flows, "origin", "destination", "age")
    tables["flows"] = with_margins(own, ["origin", "destination", "age"])
    for name, end in (("months_out", "origin"), ("months_in", "destination")):
        tables[name] = with_margins(_summed(flows, end, "month"), [end, "month"])
    return tables


def _counted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["kind"] == query.KINDS.index("counted")].rename(columns={"rows": "count"})


def _summed(frame: pd.DataFrame, *dimensions: str) -> pd.DataFrame:
    sums = [name for name in ("count", CELL_KEY) if name in frame]
    return frame.groupby(["year", *dimensions], as_index=False)[sums].sum()


def protected_tables(
    tables: Mapping[str, pd.DataFrame],
    above: Hierarchies,
    threshold: int,
    protect: Protect = protected_together,
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The linked count tables with what is unsafe taken out, and the report, year by year.

    With cell keys in the tables the counts are perturbed, else small ones are suppressed.
    ProjectError where protection cannot be reached: nothing may then be written.
    """
    keyed = all(CELL_KEY in frame for frame in tables.values())
    noise = {"method": CELL_KEYS, "perturbation": perturbation_for(threshold)} if keyed else {}
    years = sorted({int(year) for frame in tables.values() for year in frame["year"].unique()})
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in tables}
    reports = []
    for year in years:
        own = {
            name: frame[frame["year"] == year].drop(columns="year").reset_index(drop=True)
            for name, frame in tables.items()
        }
        done = protect(
            {n: f for n, f in own.items() if len(f)},
            hierarchies=above, threshold=threshold, **noise,
        )  # fmt: skip
        _refuse_small(done, threshold, year)
        for name, one in done.items():
            parts[name].append(one.table.assign(year=year))
        reports.append(report_of(done.values()).assign(year=year))
    joined = {name: pd.concat(found, ignore_index=True) for name, found in parts.items()}
    return joined, pd.concat(reports, ignore_index=True)


def _refuse_small(done: Mapping[str, Protected], threshold: int, year: int) -> None:
    """The last look, whatever the method: ProjectError for a small count that would go out."""
    for name, one in done.items():
        small = one.table["count"].between(1, threshold - 1).sum()
        if small:
            raise ProjectError(
                f"disclosure control, {year}, table {name}: {small} counts from 1 to "
                f"{threshold - 1} would stand open; nothing is written; take --protection "
                "suppression, or a lower --threshold"
            )


def flows_od(
    tables: Mapping[str, pd.DataFrame], nodes: Nodes, parts: set[int], source: str
) -> pd.DataFrame:
    """data/processed/flows_od.csv's shape: every pair of two regions, persons empty if suppressed.

    parts: years of which the register holds a part only. A pair without a move counts 0.
    """
    flows = tables["flows"]
    frame = _all_pairs(flows, TOTAL, nodes)
    frame["part_of_year"] = frame["year"].isin(parts).map({True: "yes", False: "no"})
    frame["source"] = source
    frame["source_row"] = range(2, len(frame) + 2)
    return frame.rename(columns={"count": "persons"})[FLOWS_COLUMNS]


def _all_pairs(flows: pd.DataFrame, age: str, nodes: Nodes, abroad: bool = False) -> pd.DataFrame:
    """Every pair of two regions and year of `flows`, one age group: count 0 where no row."""
    own = flows.loc[flows["age"] == age, ["origin", "destination", "year", "count", "status"]]
    codes = sorted(set(nodes.regions) - (set() if abroad else {ABROAD}))
    years = sorted(flows["year"].unique())
    index = pd.MultiIndex.from_product(
        [years, codes, codes], names=["year", "origin", "destination"]
    )
    index = index[index.get_level_values(1) != index.get_level_values(2)]
    frame = own.set_index(["year", "origin", "destination"]).reindex(index).reset_index()
    # No row is no move; a suppressed one is a row without a count.
    frame["count"] = frame["count"].mask(frame["status"].isna(), 0).astype("Int64")
    return frame


def leavers(tables: Mapping[str, pd.DataFrame], nodes: Nodes, source: str) -> pd.DataFrame:
    """Leavers aged LEAVERS by origin, destination (also abroad) and year."""
    frame = _all_pairs(tables["flows"], LEAVERS_GROUP, nodes, abroad=True)
    frame = frame.rename(columns={"count": "persons"})
    frame = frame.assign(age_from=LEAVERS[0], age_to=LEAVERS[1], source=source)
    return frame[["origin", "destination", "year", "age_from", "age_to", "persons", "source"]]


def leavers_places(
    tables: Mapping[str, pd.DataFrame], nodes: Nodes, detailed: Collection[str], source: str
) -> pd.DataFrame:
    """data/input/leavers_places.csv's shape: those aged LEAVERS who left each place, and who came.

    Moves to and from other places of the same region are in it. A place and year without a move
    counts 0; a suppressed count is empty. The cells are those of the tables by age, protected with
    them.
    """
    places = sorted(
        name for name, region in zip(nodes.names, nodes.regions, strict=True)
        if region in detailed and name != region
    )  # fmt: skip
    years = sorted(set().union(*(tables[name]["year"] for name in ("departures", "arrivals"))))
    index = pd.MultiIndex.from_product([places, years], names=["place_id", "year"])
    frame = index.to_frame(index=False)
    for column, name, end in (
        ("left", "departures", "origin"), ("came", "arrivals", "destination"),
    ):  # fmt: skip
        own = tables[name]
        own = own[(own["age"] == LEAVERS_GROUP) & (own["sex"] == TOTAL)]
        own = own.rename(columns={end: "place_id"}).set_index(["place_id", "year"])
        own = own[["count", "status"]].reindex(index)
        # No row is no move; a suppressed one is a row without a count.
        frame[column] = own["count"].mask(own["status"].isna(), 0).astype("Int64").to_numpy()
    frame[["left", "came"]] = frame[["left", "came"]].astype("Int64")
    frame = frame.assign(age_from=LEAVERS[0], age_to=LEAVERS[1], source=source)
    return frame[["place_id", "year", "age_from", "age_to", "left", "came", "source"]]


def nets(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """area, age, sex, year, net, status: arrivals less departures where both are published."""
    keys = ["area", "age", "sex", "year", "count", "status"]
    both = [
        tables[name].rename(columns={end: "area"})[keys]
        for name, end in (("arrivals", "destination"), ("departures", "origin"))
    ]
    return net_counts(*both)


def age_sex_balances(net: pd.DataFrame, nodes: Nodes, source: str) -> pd.DataFrame:
    """Net migration by place or region, age group, sex (also both) and year; empty if suppressed.

    net: from `nets`. Ages "total" are 0 to the oldest.
    """
    groups = {group_name(first): (first, last_age(first)) for first in FIRST_AGES}
    groups[TOTAL] = (0, last_age(FIRST_AGES[-1]))
    known = set(nodes.names) - {ABROAD}
    own = net[net["area"].isin(known) & net["age"].isin(groups)]
    own = own[own["sex"].isin([*query.SEXES, TOTAL])]
    frame = own.assign(
        age_from=own["age"].map(lambda g: groups[g][0]),
        age_to=own["age"].map(lambda g: groups[g][1]),
        sex=own["sex"].replace(TOTAL, "both"),
        source=source,
    ).rename(columns={"net": "net_migration"})
    order = ["area", "year", "age_from", "age_to", "sex"]
    return frame[[*order, "net_migration", "source"]].sort_values(
        order, kind="stable", ignore_index=True
    )


def age_balances(balances: pd.DataFrame, source: str) -> tuple[pd.DataFrame, int]:
    """data/input/age_balances.csv's shape, and how many areas' years were left out.

    balances: from `age_sex_balances`. The table knows no gap among the young: of an area and year
    of which a group within YOUNG is suppressed, no group within YOUNG is given.
    """
    # A group without moves is no row above; its balance is nought.
    both = balances[balances["sex"] == "both"]
    both = both[~((both["age_from"] == 0) & (both["age_to"] == last_age(FIRST_AGES[-1])))]
    wide = both.pivot(index=["area", "year"], columns="age_from", values="net_migration")
    there = both.assign(row=1).pivot(index=["area", "year"], columns="age_from", values="row")
    columns = list(FIRST_AGES)
    wide, there = wide.reindex(columns=columns), there.reindex(columns=columns)
    wide = wide.astype("Int64").mask(there.isna(), 0)
    young = [a for a in columns if YOUNG[0] <= a and last_age(a) <= YOUNG[1]]
    gaps = wide[young].isna().any(axis=1)
    wide.loc[gaps, young] = pd.NA
    long = wide.reset_index().melt(
        ["area", "year"], var_name="age_from", value_name="net_migration"
    )
    long = long.dropna(subset="net_migration").rename(columns={"area": "region"})
    long = long.astype({"age_from": "int64"}).sort_values(
        ["region", "year", "age_from"], ignore_index=True
    )
    long["age_to"] = long["age_from"].map(last_age)
    long["source"] = source
    order = ["region", "year", "age_from", "age_to", "net_migration", "source"]
    return long[order], int(gaps.sum())


def months(
    tables: Mapping[str, pd.DataFrame], nodes: Nodes, source: str, publisher: str
) -> pd.DataFrame:
    """Arrivals, departures and net of each region by month, in the shape of flows.csv."""
    regions = set(nodes.regions) - {ABROAD}
    sides = {}
    for kind, name, end in (
        ("arrivals", "months_in", "destination"), ("departures", "months_out", "origin"),
    ):  # fmt: skip
        own = tables[name].rename(columns={end: "region"})
        own = own[own["region"].isin(regions) & (own["month"] != TOTAL)]
        sides[kind] = own[["region", "month", "year", "count", "status"]]
    net = net_counts(sides["arrivals"], sides["departures"], net="count")
    long = pd.concat([f.assign(kind=k) for k, f in (*sides.items(), ("net", net))])
    long["number"] = long["month"].map(MONTHS.index)
    long = long.sort_values(["year", "region", "number", "kind"], kind="stable", ignore_index=True)
    frame = pd.DataFrame(
        {
            "origin": "all", "destination": long["region"], "year": long["year"],
            "period": long["month"], "kind": long["kind"], "ages": "all",
            "value": long["count"].astype("Int64"), "unit": "persons",
            "scope": "all flows; moves inside the region included", "preferred": "yes",
            "source": source, "source_row": range(2, len(long) + 2), "publisher": publisher,
            "note": "",
        }
    )  # fmt: skip
    return frame[MONTH_COLUMNS]


def output_tables(
    counts: Counts,
    nodes: Nodes,
    *,
    parts: set[int],
    source: str,
    publisher: str,
    threshold: int,
    detailed: Collection[str],
    protect: Protect = protected_together,
    language: str = "en",
) -> tuple[Tables, list[str]]:
    """All tables of a register, protected, by file name; and sentences on what is left out."""
    exact = count_tables(counts, nodes, detailed)
    safe, report = protected_tables(exact, hierarchies(nodes, detailed), threshold, protect)
    balances = age_sex_balances(nets(safe), nodes, source)
    young, gaps = age_balances(balances, source)
    lines = []
    if gaps:
        lines.append(
            said(
                "young_left_out",
                language,
                gaps=(gaps, "count"),
                first=(YOUNG[0], "count"),
                last=(YOUNG[1], "count"),
            )
        )
    files = {
        "flows_od.csv": flows_od(safe, nodes, parts, source),
        "leavers.csv": leavers(safe, nodes, source),
        "leavers_places.csv": leavers_places(safe, nodes, detailed, source),
        "age_balances.csv": young,
        "age_sex_balances.csv": balances,
        "months.csv": months(safe, nodes, source, publisher),
    }
    return Tables(files, report), lines
