"""The split by age, on made tables where each choice gives another number."""

import pandas as pd
import pytest

from karaganda_vibe.findings import youth_split
from karaganda_vibe.findings.youth_split import (
    YouthSplit,
    left_for_the_rest,
    mean_of_years,
    share_of_adults,
    split_by_age,
)
from karaganda_vibe.inference.child_split import SplitAssumptions
from karaganda_vibe.project.errors import ProjectError


def test_adults_and_children_are_means_of_both_ends_of_the_year(monkeypatch):
    key = {"region": ["A"], "borders": ["unchanged"], "year": [2020]}
    inputs = pd.DataFrame(
        {**key, "births": 5.0, "births_basis": "published", "infant_deaths": 1.0,
         "infant_basis": "published", "children_start": [100.0], "children_end": [300.0],
         "adults_start": [1000.0], "adults_end": [3000.0]}
    )  # fmt: skip
    turning = pd.DataFrame(
        {"region": ["A"], "year": [2020], "turning": [7.0], "turning_low": [6.0],
         "turning_high": [8.0], "turning_method": "made"}
    )  # fmt: skip
    split = pd.DataFrame(
        {"region": ["A"], "year": [2020], "net_migration": [-50.0], "net_0_15": [-10.0],
         "net_0_15_low": [-12.0], "net_0_15_high": [-8.0], "net_16_plus": [-40.0],
         "net_16_plus_low": [-42.0], "net_16_plus_high": [-38.0], "sign_0_15": "loss",
         "sign_16_plus": "loss"}
    )  # fmt: skip
    left_out, ages, country, first = (pd.DataFrame({"made": [name]}) for name in "lacf")
    given, assumptions = {}, SplitAssumptions()
    for name, answer in (
        ("split_inputs", (inputs, left_out)),
        ("national_ages", ages),
        ("country_inputs", country),
        ("turning_sixteen", first),
        ("with_steady_moves", turning),
        ("split_net_migration", split),
    ):

        def asked(*arguments, name=name, answer=answer):
            given[name] = arguments
            return answer

        monkeypatch.setattr(youth_split, name, asked)
    regions, districts, registry, long = (pd.DataFrame({"made": [name]}) for name in "rdgl")
    found = split_by_age(regions, districts, registry, long, assumptions)
    expected = {
        "split_inputs": (regions, districts, registry),
        "national_ages": (long,),
        "country_inputs": (ages, inputs),
        "turning_sixteen": (inputs, country, assumptions),
        "with_steady_moves": (first, inputs, country, assumptions.turning_error),
        "split_net_migration": (inputs, turning, assumptions),
    }
    assert given.keys() == expected.keys()
    for name, arguments in expected.items():
        assert len(given[name]) == len(arguments), name
        for one, other in zip(given[name], arguments, strict=True):
            assert one is other, name
    for one, other in ((found.left_out, left_out), (found.country, country), (found.ages, ages)):
        assert one is other
    row = found.table.iloc[0]
    assert (row["children"], row["adults"]) == (200.0, 2000.0)
    bounds = [row[f"rate_16_plus{bound}"] for bound in ("", "_low", "_high")]
    assert bounds == pytest.approx([-20.0, -21.0, -19.0])
    assert list(found.table.columns) == [
        "region", "borders", "year", "net_migration", "net_0_15", "net_0_15_low", "net_0_15_high",
        "net_16_plus", "net_16_plus_low", "net_16_plus_high", "sign_0_15", "sign_16_plus",
        "children", "adults", "rate_16_plus", "rate_16_plus_low", "rate_16_plus_high", "births",
        "births_basis", "infant_deaths", "infant_basis", "turning", "turning_low", "turning_high",
        "turning_method",
    ]  # fmt: skip


def made_split():
    rows = []
    for region, years in (("A", (2019, 2020, 2021, 2022)), ("B", (2019, 2020, 2022))):
        for year in years:
            size = {2019: 1.0, 2020: 2.0, 2021: 9.0, 2022: 100.0}[year]
            rows.append(
                {"region": region, "borders": "unchanged", "year": year, "net_migration": -size,
                 "net_0_15": size, "net_0_15_low": size - 1, "net_0_15_high": size + 2,
                 "net_16_plus": -size, "net_16_plus_low": -2 * size, "net_16_plus_high": 0.0,
                 "children": 10 * size, "adults": 1000.0 * year}
            )  # fmt: skip
    return pd.DataFrame(rows)


def test_a_mean_of_years_needs_each_of_them_and_is_no_median():
    means = mean_of_years(made_split(), [2019, 2020, 2021])
    assert means["region"].tolist() == ["A"]
    row = means.iloc[0]
    assert (row["net_migration"], row["net_0_15_high"], row["children"]) == (-4.0, 6.0, 40.0)
    # The rate is that of the means: -4 of 2,020,000.
    assert row["rate_16_plus"] == pytest.approx(-4 / 2020)
    assert row["rate_16_plus_low"] == pytest.approx(-8 / 2020)


def test_the_share_of_adults_has_its_bounds_in_order_and_needs_a_loss():
    row = pd.Series(
        {"net_migration": -10.0, "net_16_plus": -7.0, "net_16_plus_low": -9.0,
         "net_16_plus_high": -2.0}
    )  # fmt: skip
    assert share_of_adults(row) == pytest.approx((0.7, 0.2, 0.9))
    for total in (0.0, 5.0):
        with pytest.raises(ProjectError, match="expected a loss"):
            share_of_adults(pd.Series({**row, "net_migration": total}))


def test_what_is_left_for_the_rest_follows_one_year_of_births_by_another():
    ages = pd.DataFrame(
        {
            2019: range(1, 18),
            2020: range(2, 19),
            2021: range(4, 21),
            2022: range(8, 25),
            2023: range(16, 33),
        }
    )
    split = YouthSplit(made_split(), pd.DataFrame(), pd.DataFrame(), ages)
    national = pd.Series({2019: 30.0, 2020: 40.0, 2021: 50.0, 2022: 60.0})
    rest = left_for_the_rest(split, national).set_index("year")
    # 2021 to 2022 stands on two censuses.
    assert list(rest.index) == [2019, 2020, 2022]
    # Ages 1-15 hold age + 2 in 2020, ages 0-14 held age + 1 in 2019: 15 times 2 more.
    assert rest.loc[2019, "children_country"] == 15 * 2
    assert rest.loc[2020, "children_country"] == 15 * 3
    assert rest.loc[2020, "regions"] == 2
    assert rest.loc[2020, "children_split"] == 4.0
    assert rest.loc[2020, "children_split_low"] == 2.0
    assert rest.loc[2020, "children_split_high"] == 8.0
    assert rest.loc[2020, "children_rest"] == 41.0
    assert rest.loc[2020, "net_rest"] == 44.0
    # A year needs the single ages of the next one, and no more.
    known = split.table[split.table["year"] < 2021]
    short = YouthSplit(known, split.left_out, split.country, ages[[2019, 2020, 2021]])
    assert left_for_the_rest(short, national)["year"].tolist() == [2019, 2020]
