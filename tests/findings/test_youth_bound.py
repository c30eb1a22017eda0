"""The bound on the young in the loss: made regions with an answer worked out by hand."""

from pathlib import Path

import pandas as pd
import pytest

from karaganda_vibe.findings.youth_bound import gaining_regions, youth_bound
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROCESSED

# Made regions: A and B are cities with a published figure, C gains young people too, D and E lose.
NETS = pd.Series({"A": 700.0, "B": 300.0, "C": 50.0, "D": -900.0, "E": -100.0})


def test_the_bound_by_hand():
    bound = youth_bound(120.0, {"A": 400.0, "B": 200.0}, NETS, ["A", "B", "C"], rounding=10.0)
    # D and E lost 400 + 200 - 120 = 480, give or take three roundings, and at most C's gain more.
    assert (bound.regions, bound.loss) == (2, 1000.0)
    assert (bound.least, bound.most) == (450.0, 560.0)
    assert (bound.share_low, bound.share_high) == (0.45, 0.56)


def test_the_truth_of_a_made_country_lies_inside():
    young = pd.Series({"A": 400.0, "B": 200.0, "C": 30.0, "D": -420.0, "E": -90.0})
    bound = youth_bound(young.sum(), {"A": 400.0, "B": 200.0}, NETS, ["A", "B", "C"], rounding=0.0)
    assert bound.least <= -young[["D", "E"]].sum() <= bound.most


def test_a_gaining_region_that_loses_other_ages_widens_nothing_from_below():
    losing_others = NETS.copy()
    losing_others["C"] = -60.0
    bound = youth_bound(120.0, {"A": 400.0, "B": 200.0}, losing_others, ["A", "B", "C"], 0.0)
    assert bound.least == bound.most == 480.0


@pytest.mark.parametrize(
    ("cities", "gaining", "nets"),
    [
        ({"A": 400.0}, ["A", "X"], NETS),  # a region without a net
        ({"D": 400.0}, ["A", "B"], NETS),  # a published gain outside the gaining regions
        ({"A": 400.0}, ["A"], NETS.where(NETS.index != "E")),  # a gap
        ({"A": 400.0}, ["D", "E", "A"], NETS),  # the others gain
        ({"A": 100.0}, ["A", "B", "C"], NETS),  # the young would gain there
    ],
)
def test_what_bounds_nothing_is_refused_in_one_line(cities, gaining, nets):
    with pytest.raises(ProjectError, match="bound on the young") as error:
        youth_bound(120.0, cities, nets, gaining, rounding=0.0)
    assert "\n" not in str(error.value)


def test_gaining_regions_are_those_of_the_year(tmp_path: Path):
    path = tmp_path / "gaining_young.csv"
    path.write_text("region,year,evidence\nKZ-71,2024,a\nKZ-75,2023,b\n", encoding="utf-8")
    assert gaining_regions(2024, path) == ["KZ-71"]
    with pytest.raises(ProjectError, match="2022"):
        gaining_regions(2022, path)


def test_the_published_regions_are_as_many_as_published():
    press = pd.read_csv(PROCESSED / "press.csv", low_memory=False)
    losing = press[press["indicator"] == "regions_with_negative_net_age_14_34"]["value"].item()
    assert len(gaining_regions(2024)) == 20 - losing
