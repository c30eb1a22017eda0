"""Accounting identities: the functions on made figures, and the real regional tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from karaganda_vibe.panels.identities import (
    CHECK_COLUMNS,
    EXPLANATION_COLUMNS,
    NOT_EXPLAINED,
    arrivals_minus_departures,
    explain,
    load_explanations,
    parts_sum_to_whole,
    population_balance,
    regions_sum_to_country,
    sum_of_columns,
    summarise,
    sums_to_zero,
)
from karaganda_vibe.panels.region_checks import region_checks
from karaganda_vibe.panels.regions import build_regions
from karaganda_vibe.places.registry import load_border_changes
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.region_tables import load_indicators


def made() -> pd.DataFrame:
    """Made flows of two places."""
    return pd.DataFrame(
        {
            "region": ["a", "a", "b", "b"],
            "year": [2000, 2001, 2000, 2001],
            "arrivals": [10.0, 12.0, 5.0, None],
            "departures": [4.0, 2.0, 6.0, 1.0],
            "net_migration": [6.0, 9.0, -1.0, 3.0],
        }
    )


def test_arrivals_minus_departures() -> None:
    checks = arrivals_minus_departures(made())
    assert list(checks.columns) == CHECK_COLUMNS
    assert checks[["unit", "year", "difference", "holds"]].to_numpy().tolist() == [
        ["a", 2000, 0.0, True],
        ["a", 2001, 1.0, False],
        ["b", 2000, 0.0, True],
    ]


def test_tolerance_may_differ_by_row() -> None:
    frame = made()
    checks = sum_of_columns(
        frame,
        check_id="made",
        parts={"arrivals": 1, "departures": -1},
        whole="net_migration",
        tolerance=pd.Series([0.5, 2.0, 0.5, 0.5]),
    )
    assert checks["holds"].all()
    assert checks["tolerance"].tolist() == [0.5, 2.0, 0.5]


def test_a_city_without_villages_has_a_true_zero() -> None:
    frame = pd.DataFrame(
        {
            "region": ["city", "b"],
            "year": 2000,
            "urban": [7.0, 2.0],
            "rural": [None, None],
            "all": [7.0, 2.0],
        }
    )
    checks = sum_of_columns(
        frame,
        check_id="made",
        parts={"urban": 1, "rural": 1},
        whole="all",
        absent_is_zero={"rural": {"city"}},
    )
    assert checks[["unit", "holds"]].to_numpy().tolist() == [["city", True]]


def test_parts_are_summed_only_when_all_are_there() -> None:
    parts = made().rename(columns={"region": "place_id"})
    wholes = pd.DataFrame({"region": ["r", "r"], "year": [2000, 2001], "net_migration": [6.0, 0.0]})
    members = {"r": ["a", "b"]}
    arguments = {
        "check_id": "made",
        "value": "net_migration",
        "group": "region",
        "member": "place_id",
    }
    checks = parts_sum_to_whole(parts, wholes, members=members, **arguments)
    assert checks[["left", "right", "holds"]].to_numpy().tolist() == [
        [5.0, 6.0, False],
        [12.0, 0.0, False],
    ]
    short = parts_sum_to_whole(parts.iloc[:3], wholes, members=members, **arguments)
    assert short["year"].tolist() == [2000]
    assert parts_sum_to_whole(parts, wholes, members={}, **arguments).empty


def test_sums_to_zero_needs_every_member() -> None:
    frame = pd.DataFrame({"year": [1, 1, 2, 2, 3], "net": [5.0, -5.0, 5.0, -4.0, 9.0]})
    checks = sums_to_zero(frame, check_id="made", value="net", members=2)
    assert checks[["year", "holds"]].to_numpy().tolist() == [[1, True], [2, False]]


def balance(**arguments: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "region": "a",
            "year": [2019, 2020, 2021, 2022, 2023],
            "population": [100.0, 107.0, 110.0, 500.0, 504.0],
            "natural_growth": [5.0, 1.0, 3.0, 2.0, 1.0],
            "net": [2.0, 3.0, 4.0, 2.0, 1.0],
        }
    )
    return population_balance(
        frame,
        population="population",
        net_migration="net",
        **arguments,  # type: ignore[arg-type]
    )


def test_population_is_never_differenced_across_a_census() -> None:
    checks = balance()
    assert checks[["year", "difference", "holds"]].to_numpy().tolist() == [
        [2019, 0.0, True],
        [2020, -1.0, False],
        [2022, 0.0, True],
    ]


def test_population_at_the_end_of_the_year() -> None:
    checks = balance(end_of_year=True, rebased=(2022,))
    assert checks["year"].tolist() == [2020, 2021, 2023]
    assert checks["left"].tolist() == [7.0, 3.0, 4.0]


def test_regions_sum_to_the_country_on_either_borders() -> None:
    frame = pd.DataFrame(
        [
            ("KZ", 2021, "unchanged", 10.0),
            ("p", 2021, "until-2022", 7.0),
            ("u", 2021, "unchanged", 3.0),
            ("KZ", 2022, "unchanged", 10.0),
            ("p", 2022, "since-2022", 4.0),
            ("c", 2022, "since-2022", 2.0),
            ("u", 2022, "unchanged", 3.0),
            ("KZ", 2023, "unchanged", 10.0),
            ("p", 2023, "since-2022", 4.0),
            ("u", 2023, "unchanged", 3.0),
        ],
        columns=["region", "year", "borders", "made"],
    )
    checks = regions_sum_to_country(
        frame, value="made", families=[("2022", "p", ["c"])], unchanged=["u"]
    )
    assert checks[["year", "left", "holds"]].to_numpy().tolist() == [
        [2021, 10.0, True],
        [2022, 9.0, False],
    ]


def test_exceptions_are_explained_by_the_first_pattern() -> None:
    checks = arrivals_minus_departures(made())
    rules = pd.DataFrame(
        [("arrivals*", "a", "2001", "2001", "made", "a made reason"), ("*", "*", "", "", "x", "y")],
        columns=EXPLANATION_COLUMNS,
    )
    explained = explain(checks, rules)
    assert explained[["unit", "code"]].to_numpy().tolist() == [["a", "made"]]
    nothing = explain(checks, rules.iloc[:0])
    assert nothing["code"].tolist() == [NOT_EXPLAINED]
    summary = summarise(checks, nothing).iloc[0]
    assert summary[["checks", "hold", "exceptions", "not_explained"]].tolist() == [3, 2, 1, 1]
    assert summarise(checks, explained)["not_explained"].tolist() == [0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("*,*,2000,2001,,made", "column code: empty"),
        ("*,*,then,2001,made,made", "column first_year: found 'then', expected a year"),
        ("*,*,2000", "3 cells, expected 6"),
    ],
)
def test_wrong_explanations_are_errors(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "check_explanations.csv"
    path.write_text(",".join(EXPLANATION_COLUMNS) + "\n" + row + "\n")
    with pytest.raises(ProjectError, match=message):
        load_explanations(path)


# The real regional tables.


@pytest.fixture(scope="module")
def checks() -> pd.DataFrame:
    tables = build_regions()
    return region_checks(
        tables.regions, tables.long, tables.chosen, load_indicators(), load_border_changes()
    )


@pytest.fixture(scope="module")
def explained(checks: pd.DataFrame) -> pd.DataFrame:
    return explain(checks, load_explanations())


def of(checks: pd.DataFrame, check_id: str) -> pd.DataFrame:
    chosen = checks[checks["check_id"] == check_id]
    assert len(chosen)
    return chosen


@pytest.mark.parametrize(
    ("check_id", "count"),
    [
        ("urban + rural = total: net migration", 136),
        ("urban + rural = total: population", 421),
        ("arrivals - departures = net: inside the country", 60),
        ("internal nets sum to zero", 3),
        ("internal nets sum to zero: months", 12),
        ("twelve months = year: net_interregional", 20),
        ("regions = Kazakhstan: population_start_of_year", 25),
        ("regions = Kazakhstan: population_average", 17),
        ("regions = Kazakhstan: grp", 26),
        ("regions = Kazakhstan: investment", 23),
        ("regions = Kazakhstan: employed", 24),
    ],
)
def test_identities_that_hold_everywhere(checks: pd.DataFrame, check_id: str, count: int) -> None:
    chosen = of(checks, check_id)
    assert len(chosen) == count
    assert chosen["holds"].all()


def test_population_balance_is_exact_2013_to_2020_but_for_land_that_moved(
    checks: pd.DataFrame,
) -> None:
    chosen = of(checks, "population change = natural growth + net migration")
    years = chosen[chosen["year"].between(2013, 2020)]
    wrong = years[~years["holds"]]
    assert set(zip(wrong["unit"], wrong["year"], strict=True)) == {
        ("KZ-19 until-2022", 2014),
        ("KZ-75 unchanged", 2014),
    }
    assert sorted(wrong["difference"]) == [-93930.0, 93930.0]
    later = chosen[chosen["year"] >= 2023]
    assert later["difference"].abs().max() <= 105
    assert not set(chosen["year"]) & {2008, 2021}


def test_regional_net_migration_sums_to_the_country(checks: pd.DataFrame) -> None:
    chosen = of(checks, "regions = Kazakhstan: net_migration_total").set_index("year")
    assert chosen.index.tolist() == list(range(2013, 2025))
    assert chosen.index[~chosen["holds"]].tolist() == [2017]
    assert chosen.at[2017, "difference"] == 23


def test_most_exceptions_are_explained_and_the_rest_is_counted(
    checks: pd.DataFrame, explained: pd.DataFrame
) -> None:
    summary = summarise(checks, explained)
    assert summary["checks"].sum() == len(checks)
    assert summary["exceptions"].sum() == len(explained)
    left = explained[explained["code"] == NOT_EXPLAINED]
    assert set(zip(left["unit"], left["year"], strict=True)) == {
        ("KZ-47", 1993),
        ("KZ-31 unchanged", 2000),
        ("KZ-31 unchanged", 2001),
    }


def test_breaks_may_differ_by_unit() -> None:
    assert balance(rebased={"a": {2019, 2022}})["year"].tolist() == [2020, 2021]
    assert balance(rebased={"b": {2019, 2022}})["year"].tolist() == [2019, 2020, 2021, 2022]
