"""Inputs of the split by age: made tables for the rules, the real tables for what holds of them."""

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.findings.youth_split import (
    left_for_the_rest,
    mean_of_years,
    share_of_adults,
    split_by_age,
)
from karaganda_vibe.inference.child_split import SplitAssumptions
from karaganda_vibe.panels.youth_inputs import (
    COHORT_COLUMNS,
    NO_BIRTHS,
    NO_NEXT,
    OTHER_BASE,
    births_by_year,
    country_inputs,
    national_ages,
    parts_of,
    population_balance,
    split_inputs,
    steady_age_15,
    with_steady_moves,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROCESSED


def made_regions():
    """Two made regions, 2019-2021: A is whole, B is rebased in 2020 and has births as a rate."""
    rows = []
    for year in range(2000, 2022):
        for region, extra in (("A", 0), ("B", 5000 if year > 2020 else 0)):
            row = {
                "region": region, "borders": "unchanged", "year": year,
                "population_start_of_year": 10000.0 + 100 * (year - 2019) + extra,
                "births": 200.0 if region == "A" else np.nan,
                "crude_birth_rate": np.nan if region == "A" else 20.0,
                "infant_mortality_rate": 10.0 if region == "A" else np.nan,
                "natural_growth": 150.0, "net_migration_total": -50.0,
                "population_0_15": np.nan, "population_16_to_pension_age": np.nan,
                "population_pension_age_and_over": np.nan,
            }  # fmt: skip
            if year >= 2019:
                total = row["population_start_of_year"]
                row["population_0_15"] = 3000.0
                row["population_16_to_pension_age"] = total - 4000
                row["population_pension_age_and_over"] = 1000.0
            rows.append(row)
    return pd.DataFrame(rows)


REGISTRY = pd.DataFrame(
    {
        "region": ["A", "B", "C"],
        "split_from": [None, None, "A"],
        "split_year": [np.nan, np.nan, 2022],
    }
)
NO_PLACES = pd.DataFrame({"region": [], "place_id": [], "year": [], "births": []})


def test_a_year_across_two_census_bases_is_left_out():
    balance = population_balance(made_regions()).set_index(["region", "year"])
    assert balance.loc[("A", 2019), "gap"] == 0
    assert balance.loc[("B", 2020), "gap"] == 5000
    assert list(balance.loc["B", "same_base"]) == [True, False, False]
    inputs, left_out = split_inputs(made_regions(), NO_PLACES, REGISTRY)
    assert list(zip(inputs["region"], inputs["year"], strict=True)) == [
        ("A", 2019), ("A", 2020), ("B", 2019)]  # fmt: skip
    reasons = left_out.set_index(["region", "year"])["reason"]
    assert reasons[("B", 2020)] == OTHER_BASE
    assert reasons[("A", 2021)] == NO_NEXT
    no_births = made_regions().assign(births=np.nan, crude_birth_rate=np.nan)
    assert set(split_inputs(no_births, NO_PLACES, REGISTRY)[1]["reason"]) >= {NO_BIRTHS}


def test_births_and_infant_deaths_say_where_they_come_from():
    inputs, _ = split_inputs(made_regions(), NO_PLACES, REGISTRY)
    rows = inputs.set_index(["region", "year"])
    assert rows.loc[("A", 2020), "births_basis"] == "published"
    assert rows.loc[("B", 2019), "births_basis"] == "birth rate"
    # 20 per 1,000 of the mean of 10,000 and 10,100.
    assert rows.loc[("B", 2019), "births"] == pytest.approx(201)
    assert rows.loc[("B", 2019), "infant_basis"] == "mean of regions"
    assert rows.loc[("B", 2019), "infant_deaths"] == pytest.approx(2.01)
    # Sixteen years before 2019 is 2003; the made tables begin in 2000.
    assert rows.loc[("A", 2019), "births_in_16_years"] == 16 * 200


def test_births_of_places_count_only_where_every_place_has_them():
    regions = made_regions().assign(births=np.nan)
    regions.loc[regions["region"] == "A", "borders"] = "until-2022"
    places = pd.DataFrame(
        [
            (part, f"{part}-{n}", year, 10.0)
            for part in ("A", "C")
            for n in (1, 2)
            for year in (2004, 2005)
        ],
        columns=["region", "place_id", "year", "births"],
    )
    assert parts_of("A", "until-2022", REGISTRY) == ["A", "C"]
    assert parts_of("A", "since-2022", REGISTRY) == ["A"]
    births = births_by_year(regions, places, REGISTRY)
    own = births[births["region"] == "A"]
    assert own["births"].tolist() == [40.0, 40.0]
    places.loc[places["place_id"] == "C-2", "births"] = np.nan
    assert births_by_year(regions, places, REGISTRY).query("region == 'A'").empty


def test_steady_moves_find_a_known_rate():
    births = np.vstack([np.linspace(500, 1500, 16), np.full(16, 1000.0)])
    ages = np.arange(16)[::-1] + 0.5
    rates = np.array([-0.01, 0.02])
    children = (births * np.exp(rates[:, None] * ages)).sum(axis=1)
    expected = births[:, 0] * np.exp(rates * ages[0])
    assert np.allclose(steady_age_15(births, children), expected)
    assert expected[0] < births[0, 0]
    assert expected[1] > births[1, 0]


def test_the_range_spans_all_three_estimates():
    inputs, _ = split_inputs(made_regions(), NO_PLACES, REGISTRY)
    inputs = inputs[inputs["year"] == 2019]
    ages = pd.DataFrame({2019: [400.0] * 17}, index=range(17))
    country = country_inputs(ages, inputs)
    turning = pd.DataFrame(
        {
            "region": inputs["region"], "year": inputs["year"], "turning_by_births": 200.0,
            "turning_by_shape": 190.0, "turning": 195.0, "turning_low": 1.0, "turning_high": 999.0,
        }
    )  # fmt: skip
    wide = with_steady_moves(turning.reset_index(drop=True), inputs, country, 0.03)
    for row in wide.itertuples():
        three = [200.0, 190.0, row.turning_by_moves]
        if np.isfinite(row.turning_by_moves):
            assert row.turning == sorted(three)[1]
            assert row.turning_low == pytest.approx(min(three) * 0.97)
            assert row.turning_high == pytest.approx(max(three) * 1.03)
        else:
            assert (row.turning, row.turning_low, row.turning_high) == (195.0, 1.0, 999.0)


def test_single_ages_with_a_gap_or_twice_are_named():
    rows = pd.DataFrame(
        [("KZ", "population_by_age", 2019, str(age), 100.0) for age in range(20)],
        columns=["region", "indicator", "year", "age_group", "value"],
    )
    assert national_ages(rows).loc[15, 2019] == 100
    with pytest.raises(ProjectError, match="age 7"):
        national_ages(rows[rows["age_group"] != "7"])
    with pytest.raises(ProjectError, match="stands twice"):
        national_ages(pd.concat([rows, rows[:1]]))


def test_a_share_of_a_gain_is_refused():
    row = pd.Series({"net_migration": -100.0, "net_16_plus": -80.0, "net_16_plus_low": -90.0,
                     "net_16_plus_high": -60.0})  # fmt: skip
    assert share_of_adults(row) == pytest.approx((0.8, 0.6, 0.9))
    with pytest.raises(ProjectError, match="expected a loss"):
        share_of_adults(row * -1)


# ---- The real tables -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real():
    regions = pd.read_csv(PROCESSED / "regions.csv")
    districts = pd.read_csv(PROCESSED / "districts.csv")
    registry = pd.read_csv(METADATA / "places" / "regions.csv")
    long = pd.read_csv(PROCESSED / "region_indicators_long.csv", low_memory=False)
    return regions, split_by_age(regions, districts, registry, long, SplitAssumptions())


def test_real_years_on_one_base_balance_and_2022_does_not(real):
    balance = population_balance(real[0]).dropna(subset=["gap"])
    assert balance.loc[balance["year"] == 2022, "gap"].abs().min() > 1000
    assert balance.loc[balance["year"] != 2022, "gap"].abs().max() < 20
    assert set(real[1].table["year"]) == {2019, 2020, 2021, 2023}


def test_real_parts_add_up_to_the_published_total(real):
    regions, split = real
    table = split.table
    parts = table["net_0_15"] + table["net_16_plus"]
    assert np.allclose(parts, table["net_migration"])
    published = regions.set_index(["region", "borders", "year"])["net_migration_total"]
    keys = pd.MultiIndex.from_frame(table[["region", "borders", "year"]])
    assert np.allclose(published.reindex(keys), table["net_migration"])
    for part in ("0_15", "16_plus"):
        assert (table[f"net_{part}_low"] <= table[f"net_{part}"]).all()
        assert (table[f"net_{part}"] <= table[f"net_{part}_high"]).all()


def test_real_births_turning_16_add_up_to_the_country(real):
    _, split = real
    for row in split.country.itertuples():
        known = split.table.query("year == @row.year and turning_method == 'births'")
        # All regions with births together: their share of the country's children, within 5 %.
        assert known["turning"].sum() == pytest.approx(row.age_15 * row.covered, rel=0.05)
    rest = left_for_the_rest(split, real[0].query("region == 'KZ'").set_index("year")[
        "net_migration_total"])  # fmt: skip
    assert list(rest["year"]) == [2019, 2020, 2023]


def test_real_mean_of_karaganda_lies_between_its_years(real):
    table = real[1].table.query("region == 'KZ-35' and year <= 2021")
    mean = mean_of_years(real[1].table, [2019, 2020, 2021]).set_index("region").loc["KZ-35"]
    assert table["net_16_plus"].min() < mean["net_16_plus"] < table["net_16_plus"].max()
    assert mean["net_16_plus_high"] < 0
    assert len(COHORT_COLUMNS) == 16
