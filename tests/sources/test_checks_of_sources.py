"""What the finders of tables say they checked holds for the files as they are."""

from __future__ import annotations

import pandas as pd
import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROCESSED
from karaganda_vibe.sources import raw_package
from karaganda_vibe.sources.raw_package import read_outlines, read_raw

YEARS = [str(year) for year in range(2003, 2025)]


def numbers(column):
    plain = column.str.replace(" ", "").str.replace(",", ".")
    return pd.to_numeric(plain, errors="coerce")


def test_districts_of_almaty_city_sum_to_the_city_in_every_year():
    raw = read_raw("bns_district_dynamics_almaty_city.districts_1991_2024")
    net = raw[raw["indicator_ru"].str.strip().str.contains("Сальдо миграции")]
    net = net.drop_duplicates("place_ru").set_index(net["place_ru"].str.strip())
    values = net[YEARS].apply(numbers)
    city = values.loc["г.Алматы"]
    districts = values.drop(index="г.Алматы").sum()
    assert (districts - city).abs().max() < 0.5
    regions = pd.read_csv(PROCESSED / "regions.csv").query("region == 'KZ-75'").set_index("year")
    for year in range(2013, 2024):
        assert regions.loc[year, "net_migration_total"] == pytest.approx(city[str(year)])


def test_districts_of_three_regions_sum_to_their_region():
    raw = read_raw("bns_district_net_migration.aktobe_kostanay_atyrau_2023_2024")
    raw = raw.assign(value=raw["value"].astype(int), year=raw["year"].astype(int))
    regions = pd.read_csv(PROCESSED / "regions.csv").set_index(["region", "year"])
    codes = raw["iso_3166_2"].unique()
    total = raw["place_ru"].str.contains("ОБЛАСТЬ|ОБЛ", case=False)
    sums = raw[~total].groupby(["iso_3166_2", "year"])["value"].sum()
    assert len(sums) == 2 * len(codes) == 6
    for key, value in sums.items():
        assert regions.loc[key, "net_migration_total"] == value


def test_participants_of_the_test_by_district_sum_to_the_national_row():
    raw = read_raw("testing_centre_unt_districts.districts_2014_2018")
    takers = raw.query("indicator == 'unt_participants' and test_language == 'all'")
    takers = takers.assign(value=takers["value"].astype(int))
    printed = {"2014": 87564, "2015": 83262, "2016": 84042, "2017": 88583, "2018": 92437}
    national = takers[takers["region"] == "Kazakhstan"]
    found = takers.groupby("year")["value"].sum()
    for year, total in printed.items():
        own = national[(national["year"] == year) & (national["value"] == total)]["value"].sum()
        assert found[year] - own == total


@pytest.mark.parametrize("indicator", ["natural_growth", "migration_net_total"])
@pytest.mark.parametrize("year", ["2011", "2015"])
@pytest.mark.parametrize("area", ["total", "urban", "rural"])
def test_regions_sum_to_the_country(indicator, year, area):
    raw = read_raw("bns_natural_growth_and_net_migration.regions_2011_2015")
    rows = raw[(raw["indicator"] == indicator) & (raw["year"] == year) & (raw["area"] == area)]
    values = rows.set_index("region")["value"].astype(int)
    # The two cities have no countryside: zeros in 2011, no rows in 2015.
    assert len(values) == (15 if (year, area) == ("2015", "rural") else 17)
    assert values.drop("Kazakhstan").sum() == values["Kazakhstan"]


def test_a_table_is_no_outline_and_outlines_are_no_table():
    with pytest.raises(ProjectError, match=r"no table but geojson; use read_outlines"):
        read_raw("geokz_boundaries.regions_2024")
    with pytest.raises(ProjectError, match=r"a table; read it with read_raw"):
        read_outlines("bns_moves_between_regions.regions_2010_2025")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", "no GeoJSON collection of features (JSONDecodeError"),
        (b'{"features": []}', "expected polygons, found nothing"),
        (b'{"features": [{"geometry": {"type": "Point"}}]}', "expected polygons, found Point"),
    ],
)
def test_what_is_no_collection_of_polygons_is_named(content, expected):
    with pytest.raises(ProjectError) as caught:
        raw_package._outlines(content, "made.geojson")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
