"""Net migration between two censuses, registered and corrected."""

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.findings.census_correction import (
    corrected_net,
    intercensal_years,
    together,
    turned,
    witnesses,
)
from karaganda_vibe.project.paths import PROCESSED

BREAKS = pd.DataFrame(
    [
        ("R", "", 2009, 2008),
        ("R", "", 2021, 2011),
        ("R", "late", 2021, 2012),
        ("S", "", 2021, 2011),
    ],
    columns=["region", "place_id", "census", "first_year"],
)


def made(place="a", kind="city", region="R", nets=(-5, 20, -45), jump=-90, land=0, start=1000.0):
    """A made place, year-ends 2008-2012: +8 births, -3 deaths, `nets` in 2009-2011, then nil.

    The population jumps by `jump` in 2011; `land` comes in 2010.
    """
    rows, people = [], start
    for year in range(2008, 2013):
        net = dict(zip((2009, 2010, 2011), nets, strict=True)).get(year, 0)
        if year > 2008:
            people += 8 - 3 + net + {2011: jump, 2010: land}.get(year, 0)
        rows.append(
            {"region": region, "place_id": place, "kind": kind, "year": year, "population": people,
             "births": 8.0, "deaths": 3.0, "net_migration": float(net), "pupils": 150.0}
        )  # fmt: skip
    return pd.DataFrame(rows)


def test_the_years_lie_between_the_breaks_of_the_place():
    places = pd.DataFrame({"region": ["R", "R", "S", "T"], "place_id": ["a", "late", "s", "t"]})
    assert intercensal_years(places, BREAKS) == {"a": (2009, 2011), "late": (2009, 2012)}


def test_corrected_is_registered_and_the_jump():
    (row,) = corrected_net(made(), BREAKS).to_dict("records")
    # year-ends 1000, 1000, 1025, then 1025 + 5 - 45 - 90 = 895 on the new census
    assert (row["first_year"], row["last_year"], row["years"]) == (2009, 2011, 3)
    assert (row["registered"], row["census"], row["corrected"]) == (-30.0, -90.0, -120.0)
    assert row["census_share"] == pytest.approx(-100 * 90 / 1025)
    # the denominators of the three years on these made breaks are those of the register's tables
    assert row["registered_rate"] == pytest.approx(1000 * -30 / (3 * row["population"]))
    assert row["corrected_rate"] == pytest.approx(4 * row["registered_rate"])
    assert np.isnan(row["border_year"])


def test_land_is_no_correction_but_is_told():
    (row,) = corrected_net(made(land=60), BREAKS).to_dict("records")
    assert (row["registered"], row["census"], row["border_year"]) == (-30.0, -90.0, 2010)


@pytest.mark.parametrize(
    ("column", "year"), [("net_migration", 2010), ("births", 2011), ("population", 2010)]
)
def test_a_place_that_lacks_what_it_takes_is_left_out(column, year):
    gap = made("gap")
    gap.loc[gap["year"] == year, column] = np.nan
    table = corrected_net(
        pd.concat([gap, made("whole"), made("part", kind="city_district")]), BREAKS
    )
    assert table["place_id"].tolist() == ["whole"]


def test_places_weigh_by_people_and_years():
    table = pd.DataFrame(
        {"place_id": ["a", "b", "c"], "population": [100.0, 400.0, 50.0], "years": [10, 5, 10],
         "registered": [-30.0, 60.0, 7.0], "census": [10.0, -90.0, 1.0],
         "corrected": [-20.0, -30.0, 8.0]}
    )  # fmt: skip
    both, one = together(table, {"both": ["a", "b"], "one": ["c"]}).to_dict("records")
    assert (both["places"], both["registered"], both["census"]) == (2, 30.0, -80.0)
    assert both["registered_rate"] == 1000 * 30 / 3000
    assert both["corrected_rate"] == pytest.approx(1000 * -50 / 3000)
    assert one["corrected_rate"] == 1000 * 8 / 500


def test_a_turned_sign_counts_where_no_land_moved():
    table = pd.DataFrame(
        {"place_id": ["gain", "same", "moved", "nil"], "registered": [5.0, -5.0, 5.0, 0.0],
         "corrected": [-1.0, -9.0, -1.0, 4.0], "border_year": [np.nan, np.nan, 2014, np.nan]}
    )  # fmt: skip
    assert turned(table)["place_id"].tolist() == ["gain"]


def test_a_witness_speaks_for_the_census_where_it_brings_the_place_to_its_region():
    # year-end 2010: on the register 1025 people each; births and pupils as given
    few, many, split = made("few"), made("many"), made("split")
    usual = [made(name, jump=0) for name in ("u1", "u2", "u3", "u4")]
    few[["births", "pupils"]] = [7.0, 130.0]  # fewer than usual: fewer people bring it nearer
    many[["births", "pupils"]] = [9.0, 190.0]
    split[["births", "pupils"]] = [7.0, 190.0]
    silent = made("silent").assign(pupils=np.nan)
    panel = pd.concat([few, many, split, silent, *usual])
    table = corrected_net(panel, BREAKS)
    seen = witnesses(panel, table, ["births", "pupils"]).set_index("place_id")
    assert seen["verdict"].drop(["u1", "u2", "u3", "u4"]).to_dict() == {
        "few": "nearer", "many": "farther", "split": "mixed", "silent": "unknown",
    }  # fmt: skip
    people = panel[(panel["place_id"] == "many") & (panel["year"] == 2010)]["population"].iloc[0]
    share = table.set_index("place_id").at["many", "census_share"]
    assert seen.at["many", "pupils_register"] == pytest.approx(190000 / people)
    assert seen.at["many", "pupils_census"] == pytest.approx(190000 / people / (1 + share / 100))


@pytest.fixture(scope="module")
def real():
    districts = pd.read_csv(PROCESSED / "districts.csv")
    return districts, corrected_net(districts)


def test_the_processed_table_is_what_the_function_says(real):
    written = pd.read_csv(PROCESSED / "net_migration_census_corrected.csv")
    pd.testing.assert_frame_equal(written, real[1], check_dtype=False, rtol=1e-6)


def test_population_changes_by_births_deaths_and_corrected_moves(real):
    """From census to census, for every place whose land did not move; rounding is what is left."""
    districts, table = real
    panel = districts.set_index(["place_id", "year"])
    assert len(table) == 113
    for row in table[table["border_year"].isna()].itertuples():
        own = panel.loc[row.place_id]
        years = own.loc[row.first_year : row.last_year]
        change = own.at[row.last_year, "population"] - own.at[row.first_year - 1, "population"]
        natural = years["births"].sum() - years["deaths"].sum()
        if pd.notna(natural) and years[["births", "deaths"]].notna().all(axis=None):
            left = abs(change - natural - row.corrected)
            assert left <= max(1000, 0.02 * row.population), row.place_id


def test_corrections_of_places_sum_to_what_the_regional_table_cannot_explain(real):
    """The regional table is published apart: 1 January 2021 and 2022, natural growth, moves."""
    _, table = real
    regions = pd.read_csv(PROCESSED / "regions.csv")
    sums = table.groupby("region")["census"].sum()
    for region, tolerance in (("KZ-31", 1), ("KZ-59", 1), ("KZ-43", 100)):
        own = regions[(regions["region"] == region) & (regions["borders"] == "unchanged")]
        own = own.set_index("year")
        start = own["population_start_of_year"]
        flows = own.at[2021, "natural_growth"] + own.at[2021, "net_migration_total"]
        assert sums[region] == pytest.approx(start[2022] - start[2021] - flows, abs=tolerance)


def test_every_place_of_both_regions_has_a_corrected_balance(real):
    districts, table = real
    for region, count, years in (("KZ-35", 13, (2009, 2021)), ("KZ-62", 5, (2009, 2022))):
        own = table[table["region"] == region]
        assert len(own) == count == districts[districts["region"] == region]["place_id"].nunique()
        assert set(zip(own["first_year"], own["last_year"], strict=True)) == {years}
    registered = districts[(districts["region"] == "KZ-35") & districts["year"].between(2009, 2021)]
    here = table[table["region"] == "KZ-35"]
    assert here["registered"].sum() == registered["net_migration"].sum()
    moved = set(here[here["border_year"].notna()]["place_id"])
    assert moved == {"abai-district-karaganda", "bukhar-zhyrau-district"}
