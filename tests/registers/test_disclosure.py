"""Suppression: what goes, what stays, and that the attacker learns too little. All counts made."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers import disclosure_suppression
from karaganda_vibe.registers.disclosure import (
    protected,
    protected_together,
    report_of,
    words_of,
)
from karaganda_vibe.registers.disclosure_audit import audit
from karaganda_vibe.registers.disclosure_tables import with_margins

ROWS = [
    ("A", "x", 3),
    ("A", "y", 20),
    ("A", "z", 9),
    ("B", "x", 40),
    ("B", "y", 30),
    ("B", "z", 12),
]
ROWS += [("C", "x", 50), ("C", "y", 60), ("C", "z", 70)]
REGIONS = {"place": {"p1": "north", "p2": "north", "p3": "south", "p4": "south"}}


def table(rows, names=("place", "age")):
    return pd.DataFrame(rows, columns=[*names, "count"])


def made():
    return with_margins(table(ROWS), ["place", "age"])


def made_array(counts, names="abc"):
    """The inner cells of an array, with margins over all its dimensions."""
    places = product(*(range(size) for size in counts.shape))
    rows = [(*(f"{names[i]}{k}" for i, k in enumerate(p)), int(counts[p])) for p in places]
    names = list(names[: counts.ndim])
    return with_margins(table(rows, names), names)


def attack(done, **more):
    return audit(done.table.drop(columns="status"), **more)


def hidden(done):
    gone = done.table[done.table["status"] == "suppressed"]
    return set(zip(gone["place"], gone["age"], strict=True))


def test_the_cheapest_partners_go_with_the_small_cell():
    done = protected(made())
    assert hidden(done) == {("A", "x"), ("A", "z"), ("B", "x"), ("B", "z")}
    row = done.report.iloc[0]
    assert (row["cells"], row["primary"], row["secondary"]) == (16, 1, 3)
    assert row["suppressed_share"] == pytest.approx(4 / 16)
    # A,x is 3 now, at most all that A hides (12); B,z at least 21 − 9 − … = 9.
    bounds = attack(done).set_index(["place", "age"])
    assert bounds.loc[("A", "x")].tolist() == [0, 12, 12]
    assert bounds.loc[("A", "z")].tolist() == [0, 12, 12]
    assert bounds.loc[("B", "z")].tolist() == [9, 21, 12]
    assert bounds.loc[("B", "x")].tolist() == [31, 43, 12]


def test_which_suppressed_cell_is_the_small_one_is_not_said():
    done = protected(made())
    assert set(done.table["status"]) == {"published", "suppressed"}
    assert done.table["count"].isna().tolist() == done.table["status"].eq("suppressed").tolist()
    assert list(done.table) == ["place", "age", "count", "status"]


def test_the_words_say_what_was_suppressed():
    assert words_of(report_of([protected(made())])) == [
        "table: 4 of 16 cells suppressed (25.0%), 1 below 5 and 3 to protect them; what is "
        "published leaves each at least 5 wide open"
    ]


def test_a_table_without_small_cells_stays_as_it_is():
    frame = with_margins(table([("A", "x", 5), ("A", "y", 0), ("B", "x", 7)]), ["place", "age"])
    done = protected(frame)
    assert done.table["count"].tolist() == frame["count"].tolist()
    assert set(done.table["status"]) == {"published"}
    assert done.report.loc[0, ["primary", "secondary", "zeros"]].tolist() == [0, 0, 2]


def test_the_threshold_itself_is_published_and_one_below_is_not():
    frame = table([("A", "x", 5), ("A", "y", 4), ("A", "z", 0)])
    assert hidden(protected(frame)) == {("A", "y")}
    assert hidden(protected(frame, threshold=6)) == {("A", "x"), ("A", "y")}
    assert hidden(protected(frame, zeros="suppressed")) == {("A", "y"), ("A", "z")}


def test_a_wider_protection_takes_more_cells():
    counts = np.array([[2, 6, 30], [7, 40, 50], [60, 70, 90]])
    near, far = (protected(made_array(counts), protection=width) for width in (5, 25))
    assert attack(near)["width"].min() >= 5
    assert attack(far)["width"].min() >= 25 > attack(near)["width"].min()


def test_the_order_of_rows_does_not_matter_and_is_kept():
    frame = made()
    mixed = frame.sample(frac=1, random_state=3)
    done = protected(mixed).table
    assert done.index.tolist() == mixed.index.tolist()
    pd.testing.assert_frame_equal(done.sort_index(), protected(frame).table)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.data())
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2)])
def test_no_suppressed_cell_is_bounded_within_the_protection(shape, data):
    values = st.sampled_from([0, 0, 1, 2, 3, 4, 5, 6, 9, 17, 60])
    size = int(np.prod(shape))
    counts = np.array(data.draw(st.lists(values, min_size=size, max_size=size))).reshape(shape)
    width = data.draw(st.sampled_from([3, 5, 8]))
    frame = made_array(counts)
    done = protected(frame, protection=width)
    small = frame["count"].between(1, 4)
    assert done.table.loc[small, "count"].isna().all()
    shown = done.table["count"].notna()
    assert (done.table.loc[shown, "count"] == frame.loc[shown, "count"]).all()
    if not shown.all():
        bounds = attack(done)
        assert bounds["width"].min() >= width
        truth = bounds.merge(frame, on=list(frame.columns[:-1]))
        assert len(truth) == (~shown).sum()
        assert truth["count"].between(truth["lower"], truth["upper"]).all()


def test_pieces_of_a_large_table_protect_the_whole(monkeypatch):
    monkeypatch.setattr(disclosure_suppression, "PIECE", 20)
    counts = np.random.default_rng(5).poisson(4, (8, 3, 2))
    regions = {"a": {f"a{k}": f"r{k // 4}" for k in range(8)}}
    rows = [(f"a{i}", f"b{j}", f"c{k}", int(counts[i, j, k])) for i, j, k in np.ndindex(8, 3, 2)]
    names = ["a", "b", "c"]
    done = protected(
        with_margins(table(rows, names), names, hierarchies=regions), hierarchies=regions
    )
    bounds = attack(done, hierarchies=regions)
    assert len(bounds) > 40
    assert bounds["width"].min() >= 5


def by_place():
    rows = [("p1", "17", 2), ("p2", "17", 30), ("p3", "17", 41), ("p4", "17", 52)]
    rows += [("p1", "18", 13), ("p2", "18", 24), ("p3", "18", 35), ("p4", "18", 46)]
    return table(rows)


def test_tables_that_share_cells_are_protected_together():
    regions = by_place().replace({"place": REGIONS["place"]})
    regions = with_margins(regions.groupby(["place", "age"], as_index=False).sum(), ["place"])
    places = by_place()
    # Each alone: nothing in the regions, one cell in the places; together the one is worked out.
    alone = {"places": protected(places).table, "regions": protected(regions).table}
    alone = {name: frame.drop(columns="status") for name, frame in alone.items()}
    found = audit(alone, hierarchies=REGIONS)
    assert found[["place", "lower", "upper"]].to_numpy().tolist() == [["p1", 2, 2]]
    done = protected_together({"places": places, "regions": regions}, hierarchies=REGIONS)
    shown = {name: part.table.drop(columns="status") for name, part in done.items()}
    found = audit(shown, hierarchies=REGIONS)
    assert {("p1", "17"), ("p2", "17")} <= set(zip(found["place"], found["age"], strict=True))
    assert found["width"].min() >= 5


def test_a_shared_cell_is_suppressed_in_both_tables():
    regions = table([("north", "17", 4), ("south", "17", 9)])
    totals = regions.drop(columns="age").assign(sex="f", count=[3, 8])
    totals = pd.concat([totals, totals.assign(sex="m", count=1)])
    totals = with_margins(totals, ["sex"])
    ages = with_margins(regions, ["age"])
    done = protected_together({"ages": ages, "sexes": totals})
    north = {
        name: part.table.set_index("place").loc["north"].set_index(column)["status"]
        for (name, part), column in zip(done.items(), ("age", "sex"), strict=True)
    }
    assert north["ages"]["total"] == north["sexes"]["total"] == "suppressed"


def test_years_without_a_total_are_parts_of_their_own():
    frame = pd.concat([made().assign(year=2023), made().assign(year=2024, count=100)])
    later = frame["year"] == 2024
    frame.loc[later, "count"] = made()["count"].to_numpy() + 5000
    with pytest.raises(ProjectError, match="add up to"):
        protected(frame)
    frame.loc[later, "count"] = made()["count"].to_numpy() * 10
    done = protected(frame).table
    assert done.loc[done["status"] == "suppressed", "year"].unique().tolist() == [2023]


def test_protection_that_cannot_be_reached_is_refused():
    frame = made().assign(known=False)
    frame.loc[(frame["place"] == "A") & (frame["age"] != "x"), "known"] = True
    with pytest.raises(ProjectError, match="place A, age x cannot be protected within 5"):
        protected(frame)
    # The neighbours known, the sum of the row not: the row's total can go instead.
    frame.loc[(frame["place"] == "A") & (frame["age"] == "total"), "known"] = False
    assert ("A", "total") in hidden(protected(frame))


def test_a_small_cell_that_is_known_anyhow_stays():
    frame = made().assign(known=lambda f: (f["place"] == "A") & (f["age"] == "x"))
    done = protected(frame)
    assert hidden(done) == set()
    assert "known" not in done.table


FAULTS = {
    "negative": (lambda f: f.assign(count=[-1, *f["count"][1:]]), "count -1 in 1 rows"),
    "part of a person": (lambda f: f.assign(count=[0.5, *f["count"][1:]]), "count 0.5 in 1 rows"),
    "empty": (lambda f: f.assign(count=[None, *f["count"][1:]]), "in 1 rows; expected whole"),
    "twice": (lambda f: pd.concat([f, f.tail(1)]), "place total, age z stands in 2 rows"),
    "no margin": (
        lambda f: f[~((f["place"] == "B") & (f["age"] == "total"))],
        "place B, age x has no margin age total",
    ),
    "wrong margin": (
        lambda f: f.assign(count=f["count"].mask((f["place"] == "B") & (f["age"] == "total"), 81)),
        "place total, age total is 294, its parts by place add up to 293",
    ),
    "no code": (lambda f: f.assign(age=f["age"].where(f["age"] != "x")), "age is empty in 4 rows"),
    "no count": (
        lambda f: f.rename(columns={"count": "n"}),
        "no column count; found place, age",
    ),
    "no dimension": (lambda f: f[["count"]], "expected rows and a dimension"),
    "no rows": (lambda f: f.head(0), "expected rows and a dimension"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_table_is_refused_in_one_line(name):
    change, words = FAULTS[name]
    with pytest.raises(ProjectError) as error:
        protected(change(made()))
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"threshold": 0}, "threshold 0"),
        ({"protection": 0}, "protection 0"),
        ({"zeros": "hidden"}, "zeros is 'hidden'; expected published or suppressed"),
        ({"method": "swap"}, "method is 'swap'; expected suppression or cell-key"),
        ({"hierarchies": {"age": {"x": "y", "y": "x"}}}, "hierarchy of age runs in a circle"),
    ],
)
def test_a_faulty_setting_is_refused(setting, words):
    with pytest.raises(ProjectError, match=words):
        protected(made(), **setting)


def test_two_tables_that_count_a_cell_differently_are_refused():
    with pytest.raises(ProjectError, match="place A, age x is 3 in one table and 4 in another"):
        protected_together({"one": table(ROWS), "two": table([("A", "x", 4)])})
