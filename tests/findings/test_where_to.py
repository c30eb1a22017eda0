"""Flows of one region against answers made by hand, and identities on the real matrix."""

from __future__ import annotations

import pandas as pd
import pytest

from karaganda_vibe.findings.where_to import exchange, grouped, largest_destination, net_without
from karaganda_vibe.panels.flows_od import MOVES, tidy_moves, totals
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.raw_package import read_raw

# Made: a sends 30 to b and 10 to c, gets 12 and 25.
MADE = pd.DataFrame(
    [("a", "b", 30), ("a", "c", 10), ("b", "a", 12), ("c", "a", 25), ("b", "c", 99), ("c", "b", 1)],
    columns=["origin", "destination", "persons"],
).assign(year=2023, part_of_year="no")


def test_gross_net_and_shares():
    moves = exchange(MADE, "a").set_index("region")
    assert moves.index.tolist() == ["b", "c"]
    assert moves["net"].tolist() == [-18, 15]
    assert moves["departures_share"].tolist() == [75, 25]
    assert moves.loc["b", "arrivals_share"] == pytest.approx(100 * 12 / 37)


def test_largest_destination_and_the_balance_without_it():
    moves = exchange(MADE, "a")
    assert largest_destination(moves, 2023) == "b"
    assert net_without(moves, 2023, "b") == 15


def test_groups_and_the_rest():
    nets = grouped(exchange(MADE, "a"), {"one": ["c"]}, "rest")
    assert nets.iloc[0].to_dict() == {
        "year": 2023, "one": 15, "rest": -18, "total": -3, "part_of_year": "no",
    }  # fmt: skip


def test_wrong_groups_and_an_unknown_region_are_named():
    moves = exchange(MADE, "a")
    with pytest.raises(ProjectError, match="c of two is in one too"):
        grouped(moves, {"one": ["c"], "two": ["c"]}, "rest")
    with pytest.raises(ProjectError, match="x of one has no moves"):
        grouped(moves, {"one": ["x"]}, "rest")
    with pytest.raises(ProjectError, match="no moves from and to x"):
        exchange(MADE, "x")


def test_nets_of_the_real_region_are_those_of_the_matrix():
    flows = tidy_moves(read_raw(MOVES))
    moves = exchange(flows, "KZ-35")
    own = totals(flows).query("region == 'KZ-35'").set_index("year")["net"]
    pd.testing.assert_series_equal(
        moves.groupby("year")["net"].sum(), own, check_names=False, check_dtype=False
    )
    assert moves.groupby("year")["departures_share"].sum().tolist() == pytest.approx([100] * 7)
