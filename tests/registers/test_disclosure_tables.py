"""Margins, groups, nets. All counts made."""

import pandas as pd
import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers.cell_key import MODULUS
from karaganda_vibe.registers.disclosure_tables import coarsened, net_counts, with_margins

PLACES = {"place": {"p1": "north", "p2": "north", "p3": "south"}}


def made():
    rows = [("p1", 17, 2024, 2), ("p2", 17, 2024, 5), ("p3", 18, 2024, 11), ("p1", 17, 2025, 23)]
    return pd.DataFrame(rows, columns=["place", "age", "year", "count"])


def counts(frame, *columns):
    return frame.set_index(list(columns))["count"].to_dict()


def test_margins_are_there_at_every_level_and_not_over_years():
    found = counts(
        with_margins(made(), ["place", "age"], hierarchies=PLACES), "year", "place", "age"
    )
    assert found[(2024, "north", "17")] == 7
    assert found[(2024, "south", "total")] == 11
    assert found[(2024, "total", "17")] == 7
    assert found[(2024, "total", "total")] == 18
    assert found[(2025, "total", "total")] == found[(2025, "p1", "17")] == 23
    assert {year for year, _, _ in found} == {2024, 2025}
    assert len(found) == 3 + 3 + 2 + 2 + 1 + 2 + (1 + 1 + 1) * 2


def test_margins_add_up_the_keys_of_their_records():
    keyed = made().assign(cell_key=[MODULUS - 1, 4, 10, 6])
    found = with_margins(keyed, ["place", "age"]).set_index(["year", "place", "age"])["cell_key"]
    assert found[(2024, "total", "17")] == 3
    assert found[(2024, "total", "total")] == 13
    assert found[(2025, "total", "total")] == 6


@pytest.mark.parametrize(
    ("over", "hierarchy", "words"),
    [
        ("sex", {}, "no dimension sex; found place, age, year, count"),
        ("place", {"place": {"p1": "p2"}}, "margins of place: p2 is there already"),
        ("place", {"place": {"p1": "n", "n": "p1"}}, "is there already"),
        ("place", {"place": {"p1": "n", "n": "m", "m": "n"}}, "runs in a circle at n"),
    ],
)
def test_margins_that_cannot_be_made_are_refused(over, hierarchy, words):
    with pytest.raises(ProjectError, match=words):
        with_margins(made(), [over], hierarchies=hierarchy)


def test_groups_add_up_and_every_code_needs_one():
    found = coarsened(made(), {"age": {17: "17–24", 18: "17–24"}, "place": PLACES["place"]})
    assert counts(found, "place", "age", "year") == {
        ("north", "17–24", 2024): 7,
        ("north", "17–24", 2025): 23,
        ("south", "17–24", 2024): 11,
    }
    with pytest.raises(ProjectError, match="groups of age: 18 is in none"):
        coarsened(made(), {"age": {17: "17–24"}})


def flows(cells):
    frame = pd.DataFrame([(place, n) for place, n in cells.items()], columns=["place", "count"])
    counted = frame["count"].astype("Int64")
    status = counted.notna().map({True: "published", False: "suppressed"})
    return frame.assign(count=counted, status=status)


def test_the_net_is_derived_from_published_cells_only():
    came = flows({"A": 20, "B": None, "C": 9, "D": 7})
    left = flows({"D": None, "C": 30, "A": 6, "E": 8})
    found = net_counts(came, left).set_index("place")
    assert found["net"].dropna().to_dict() == {"A": 14, "C": -21, "E": -8}
    assert found["status"].to_dict() == {
        "A": "published",
        "B": "suppressed",
        "C": "published",
        "D": "suppressed",
        "E": "published",
    }


def test_a_net_of_unlike_or_unprotected_tables_is_refused():
    came = flows({"A": 20})
    with pytest.raises(ProjectError, match="arrivals have place, departures town"):
        net_counts(came, came.rename(columns={"place": "town"}))
    with pytest.raises(ProjectError, match="departures have no column status; protect them"):
        net_counts(came, came.drop(columns="status"))
    with pytest.raises(ProjectError, match="arrivals name a cell twice"):
        net_counts(pd.concat([came, came]), came)
