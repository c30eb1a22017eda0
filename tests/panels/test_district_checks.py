"""Accounting identities of the district panel."""

import pandas as pd

from karaganda_vibe.panels.district_checks import district_checks, rounding
from karaganda_vibe.project.paths import PROCESSED

MADE = pd.DataFrame(
    {
        "region": ["KZ-35"] * 4,
        "place_id": ["a", "a", "b", "b"],
        "year": [2010, 2011, 2010, 2011],
        "population": [1000.0, 1100.0, 5000.0, 5050.0],
        "births": [10.0, 20.0, 30.0, 40.0],
        "deaths": [5.0, 10.0, 30.0, 41.0],
        "arrivals": [30.0, 200.0, 7.0, 9.0],
        "departures": [10.0, 100.0, 8.0, 9.0],
        "net_migration": [20.0, 90.0, -1.0, 551.0],
    }
)
REGIONS = pd.DataFrame(
    {
        "region": ["KZ-35", "KZ-35"],
        "year": [2010, 2011],
        "borders": ["until-2022", "since-2022"],
        "net_migration_total": [19.0, 700.0],
    }
)


def test_rounding_follows_the_last_published_digit():
    figures = pd.DataFrame({"a": [100.0, 120.0, 7.0], "b": [-200.0, None, 100.0]})
    assert rounding(figures).tolist() == [50.0, 5.0, 0.0]


def test_every_identity_finds_its_exception_and_holds_elsewhere():
    checks = district_checks(MADE, REGIONS, {"KZ-35": ["KZ-35"]})
    holds = {
        (c, u, y): h for c, u, y, h in checks[["check_id", "unit", "year", "holds"]].to_numpy()
    }
    flows = "arrivals - departures = net: places"
    population = "population change = natural growth + net migration: places"
    assert holds == {
        (flows, "a", 2010): True,
        (flows, "a", 2011): True,  # 100 against 90, published in tens
        (flows, "b", 2010): True,
        (flows, "b", 2011): False,
        (population, "a", 2011): True,  # 100 against 10 + 90
        (population, "b", 2011): False,  # 50 against -1 + 551
        ("places = region: net migration", "KZ-35", 2011): False,  # 641 against 700
        ("places = region on the borders before 2022: net migration", "KZ-35", 2010): True,
    }


def test_karaganda_region_adds_up_in_the_published_tables():
    districts = pd.read_csv(PROCESSED / "districts.csv")
    regions = pd.read_csv(PROCESSED / "regions.csv")
    checks = district_checks(districts, regions, {"KZ-35": ["KZ-35", "KZ-62"]})
    here = checks[(checks["unit"] == "KZ-35") & checks["check_id"].str.startswith("places")]
    exact = here.set_index(["check_id", "year"])["difference"].abs() <= 2
    assert exact["places = region: net migration", 2024]
    old = exact["places = region on the borders before 2022: net migration"]
    assert old.loc[[2016, 2017, 2018, 2021]].all()
    assert old.loc[1997:].mean() > 0.8
