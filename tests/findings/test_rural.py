"""The rural chapters: series, shares, needs on made frames; identities of the real results."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.figures.saving import checked_headline
from karaganda_vibe.findings.rural import (
    RULES,
    district_profile,
    largest_loss,
    mentoring_need,
    moved_borders,
    rates_by_group,
    region_jackknife,
    rural_series,
    slope,
    teenage_share,
    what_they_share,
    with_services,
    worst_share,
)
from karaganda_vibe.panels.migration_series import place_rates
from karaganda_vibe.places.study import study_words
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROCESSED
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.publishing.values import read_values
from karaganda_vibe.sources.raw_package import read_raw
from karaganda_vibe.words.languages import LANGUAGES
from karaganda_vibe.words.texts import FOLDER, Texts

HERE = "KZ-35"


@pytest.fixture(scope="module")
def places():
    return place_rates(pd.read_csv(PROCESSED / "districts.csv"))


@pytest.fixture(scope="module")
def values():
    return read_values()


def made_regions():
    return pd.DataFrame(
        {
            "region": ["KZ-01"] * 3 + ["KZ-02"] * 2,
            "year": [2022, 2023, 2024, 2021, 2022],
            "borders": ["unchanged"] * 3 + ["until-2022", "since-2022"],
            "net_migration_rural": [-10.0, -20.0, -30.0, -5.0, -5.0],
            "net_migration_urban": [1.0, 2.0, 3.0, 4.0, 5.0],
            "population_start_of_year_rural": [1000.0, 2000.0, np.nan, 500.0, np.nan],
        }
    )


def made_places(regions=6, districts=8, years=range(2019, 2024), seed=5):
    """Made districts whose net rate falls with `effect` of a small population; no noise in it."""
    generator = np.random.default_rng(seed)
    rows = []
    for region in range(regions):
        for district in range(districts):
            population = float(np.exp(generator.normal(10, 0.8)))
            beds = generator.uniform(1, 9)
            for year in years:
                rate = -20 + 5 * (np.log(population) - 10) + generator.normal(scale=0.3)
                rows.append(
                    {
                        "region": f"KZ-{region:02d}",
                        "place_id": f"place-{region}-{district}",
                        "place_en": "A", "place_ru": "А", "place_kk": "А",
                        "kind": "district", "year": year, "population": population,
                        "mean_population": population, "net_rate": rate,
                        "net_migration": rate * population / 1000,
                        "wage": generator.uniform(9e4, 2e5),
                        "school_pupils": population * generator.uniform(0.15, 0.2),
                        "schools": 20.0, "hospital_beds": population * beds / 1000,
                        "sme_active": population * generator.uniform(0.04, 0.08),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def test_a_rate_without_a_count_takes_the_last_one_on_the_same_borders():
    rows = rural_series(made_regions()).set_index(["region", "borders", "year"])
    last = rows.loc[("KZ-01", "unchanged", 2024)]
    assert (last["rate"], last["counted_in"]) == (-15.0, 2023)
    assert rows.loc[("KZ-01", "unchanged", 2022), "rate"] == -10.0
    assert np.isnan(rows.loc[("KZ-02", "since-2022", 2022), "rate"])


def test_a_record_is_a_record_only_if_every_other_year_is_better():
    series = pd.Series({2000: -100.0, 2001: -50.0, 2002: -101.0})
    assert largest_loss(series, 2002)
    assert not largest_loss(series, 2000)
    assert not largest_loss(pd.Series({2000: -100.0, 2001: -100.0}), 2001)
    with pytest.raises(ProjectError, match="no year 2010"):
        largest_loss(series, 2010)


def test_a_moved_border_is_a_jump_of_the_population():
    frame = pd.DataFrame(
        {
            "place_id": ["a"] * 3 + ["b"] * 3,
            "year": [2000, 2001, 2002] * 2,
            "population": [100.0, 75.0, 74.0, 100.0, 60.0, 61.0],
        }
    )
    assert moved_borders(frame, 2000, 2002) == ["b"]
    assert moved_borders(frame, 2001, 2002) == []


def test_a_group_holds_the_same_places_in_every_year():
    frame = made_places(regions=2, districts=2, years=range(2019, 2022))
    holed = frame[~((frame["place_id"] == "place-0-1") & (frame["year"] == 2020))]
    rates = rates_by_group(holed.assign(unit="x"), "unit", 2019, 2021)
    assert rates["places"].tolist() == [3, 3, 3]
    year = holed[(holed["year"] == 2019) & (holed["place_id"] != "place-0-1")]
    by_hand = 1000 * year["net_migration"].sum() / year["mean_population"].sum()
    assert rates["rate"].iloc[0] == pytest.approx(by_hand)
    assert rates["median"].iloc[0] == pytest.approx(sorted(year["net_rate"])[1])
    assert rates["median"].iloc[0] != pytest.approx(by_hand)
    with pytest.raises(ProjectError, match="no place has net migration"):
        rates_by_group(frame.assign(unit="x"), "unit", 1990, 2021)


def test_a_known_difference_is_found_and_one_that_is_not_there_is_not():
    profile = district_profile(made_places(), range(2019, 2024))
    worst = worst_share(profile, 0.25)
    assert worst.sum() == 12
    assert profile.loc[worst, "net_rate"].max() < profile.loc[~worst, "net_rate"].min()
    shared = what_they_share(profile, worst).set_index(["feature", "comparison"])
    assert shared.loc[("population", "all"), "high"] < 0
    assert shared.loc[("population", "within"), "high"] < 0
    assert (
        shared.loc[("beds_per_1000", "all"), "low"]
        < 0
        < shared.loc[("beds_per_1000", "all"), "high"]
    )
    mean = profile.loc[worst, "beds_per_1000"].mean()
    assert shared.loc[("beds_per_1000", "all"), "mean_worst"] == pytest.approx(mean)


def test_a_district_without_one_of_the_years_is_left_out_of_the_profile():
    frame = made_places()
    frame.loc[(frame["place_id"] == "place-0-0") & (frame["year"] == 2020), "net_rate"] = np.nan
    assert "place-0-0" not in district_profile(frame, range(2019, 2024)).index


def test_the_jackknife_by_region_is_that_of_the_formula():
    frame = pd.DataFrame({"region": list("aabbccd"), "y": [1.0, 2, 3, 4, 6, 8, 9]})
    found = region_jackknife(frame, lambda part: float(part["y"].mean()))
    left_out = [frame.loc[frame["region"] != region, "y"].mean() for region in "abcd"]
    error = np.sqrt(3 / 4 * np.sum((np.array(left_out) - frame["y"].mean()) ** 2))
    assert found.high - found.value == pytest.approx(3.182446 * error, rel=1e-5)
    assert (found.places, found.regions) == (7, 4)
    with pytest.raises(ProjectError, match="three of them; found 2"):
        region_jackknife(frame[frame["region"] < "c"], lambda part: 0.0)
    with pytest.raises(ProjectError, match="without the region d"):
        region_jackknife(
            frame.assign(group=(frame["region"] == "d").astype(float)),
            lambda part: slope(part, "y", "group"),
        )


def test_a_slope_within_regions_ignores_differences_between_them():
    frame = pd.DataFrame(
        {"region": list("aabbcc"), "x": [0.0, 1, 10, 11, 20, 21], "y": [0.0, 2, -50, -48, 9, 11]}
    )
    assert slope(frame, "y", "x", within=True) == pytest.approx(2.0)
    assert slope(frame, "y", "x") != pytest.approx(2.0, abs=0.5)


def test_the_share_of_teenagers():
    ages = pd.DataFrame(
        {
            "indicator": "population_by_age", "region": "KZ", "year": 2024, "sex": "both",
            "age_group": [str(age) for age in range(6, 18)], "value": [10.0] * 7 + [20.0] * 5,
        }
    )  # fmt: skip
    assert teenage_share(ages, 2024, (13, 17), (6, 17)) == pytest.approx(100 / 170)
    with pytest.raises(ProjectError, match="has no age 5"):
        teenage_share(ages, 2024, (13, 17), (5, 17))


def test_need_is_pupils_times_loss_and_ranks_follow_the_rules():
    frame = made_places(regions=1, districts=3)
    rates = {"place-0-0": -10.0, "place-0-1": -30.0, "place-0-2": 4.0}
    pupils = {"place-0-0": 9000.0, "place-0-1": 1000.0, "place-0-2": 500.0}
    frame["net_rate"] = frame["place_id"].map(rates)
    frame["school_pupils"] = frame["place_id"].map(pupils)
    need = mentoring_need(frame, "KZ-00", range(2019, 2024)).set_index("place_id")
    assert need["need"].to_dict() == {"place-0-0": 90.0, "place-0-1": 30.0, "place-0-2": 0.0}
    assert need["rank_need"].tolist() == [1, 2, 3]
    assert need.loc["place-0-1", "rank_loss_rate"] == 1
    assert need.loc["place-0-2", "loss_rate"] == 0.0
    assert need.loc["place-0-0", "rank_pupils"] == 1
    with pytest.raises(ProjectError, match="no rural district of region KZ-77"):
        mentoring_need(frame, "KZ-77", range(2019, 2024))
    with pytest.raises(ProjectError, match="place-0-0 lacks"):
        mentoring_need(frame, "KZ-00", range(2018, 2024))


def test_the_national_series_is_the_published_one(values):
    regions = pd.read_csv(PROCESSED / "regions.csv")
    rural = rural_series(regions)
    national = rural[rural["region"] == "KZ"].set_index("year")["rural"]
    last = int(values["rur_last"].number)
    assert values["rur_net"].number == national[last]
    assert (values["rur_record"].text["en"].startswith("the largest")) == largest_loss(
        national, last
    )
    per_region = rural[(rural["region"] != "KZ") & (rural["year"] == last)]["rural"].sum()
    assert per_region == national[last]
    parts = values["rur_here"].number + values["rur_here_urban"].number
    total = regions[(regions["region"] == HERE) & (regions["year"] == last)]["net_migration_total"]
    assert parts == total.dropna().iloc[0]


def test_the_rate_record_and_the_count_that_would_make_one_agree(values):
    net, rate = values["rur_net"].number, values["rur_record_rate"].number
    assert 1000 * net / values["rur_needed"].number == pytest.approx(rate)
    deeper = values["rur_rate"].number < rate
    assert deeper == (values["rur_people"].number < values["rur_needed"].number)
    assert deeper != values["rur_record_rate_says"].text["en"].startswith("It is no record")


def test_the_mentoring_table_is_made_from_the_district_table(places):
    need = pd.read_csv(PROCESSED / "mentoring_need.csv")
    own = places[(places["region"] == HERE) & (places["kind"] == "district")]
    assert set(need["place_id"]) == set(own["place_id"])
    for row in need.to_dict("records"):
        place = own[own["place_id"] == row["place_id"]].set_index("year")
        assert place.loc[row["pupils_year"], "school_pupils"] == row["school_pupils"]
        years = range(row["first_year"], row["last_year"] + 1)
        assert place.loc[list(years), "net_migration"].sum() == row["net_migration"]
        assert row["need"] == pytest.approx(row["school_pupils"] * row["loss_rate"] / 1000)
    for rule in RULES:
        assert sorted(need[f"rank_{rule}"]) == list(range(1, len(need) + 1))


def test_the_reach_is_quoted_from_the_claims(values):
    claims = read_raw("press_claims.claims").set_index("id")["value"]
    names = {"C18": "men_participants", "C19": "men_mentors", "C20": "men_settlements",
             "C21": "men_reached", "C22": "men_months", "C25": "nur_members"}  # fmt: skip
    for claim, name in names.items():
        assert values[name].number == float(claims[claim])
    low, high = values["men_share_low"].number, values["men_share_high"].number
    assert 0 < low < high < 100
    assert low == pytest.approx(100 * values["men_reached"].number / values["men_pupils"].number)


def test_the_conclusion_on_nura_follows_from_its_p_value(values):
    unclear = values["nur_verdict"].text["en"].startswith("The figures do not show")
    assert unclear == (values["nur_p"].number > 0.1)
    assert values["nur_rank"].number / values["nur_units"].number == pytest.approx(
        values["nur_p"].number
    )


def test_services_are_compared_where_they_are_known(places):
    profile = district_profile(places, range(2019, 2024))
    goes = with_services(profile, ["beds_per_1000"]).set_index("comparison")
    assert goes.loc["all", "places"] == profile["beds_per_1000"].notna().sum()
    assert (goes["low"] < goes["effect"]).all()
    assert (goes["effect"] < goes["high"]).all()


A_REGION = {"en": "Almaty region", "ru": "Алматинская область", "kk": "Алматы облысы"}
NAMES = ("men_mover", "rur_gaining", "rur_ours_worst", "rur_worst_district", "rur_worst_region")


class MadeValues(defaultdict):
    """Every value that a text names is the same made number."""

    def __contains__(self, name):
        return True


@pytest.mark.parametrize("number", ["1", "2", "5", "21"])
@pytest.mark.parametrize("notebook", ["12_rural", "15_programmes"])
def test_every_variant_of_a_text_can_be_filled_not_only_todays(notebook, number):
    path = FOLDER / f"{notebook}.yml"
    values = MadeValues(lambda: number)
    for section, entries in read_yaml(path).items():
        texts = Texts(path, section)
        for entry in entries:
            for part in texts.parts(entry):
                for language in LANGUAGES:
                    values |= dict.fromkeys(NAMES, A_REGION[language])
                    values |= {name: words[language] for name, words in study_words().items()}
                    if part.startswith("headline"):
                        written = checked_headline(entry, part, language, texts, values)
                    else:
                        written = texts.text(entry, part, language, values)
                    assert "{" not in written
                    assert "|" not in written, (entry, part, language)


# Each choice of a rule gives another answer here.


def test_a_record_is_no_tie_and_a_jump_is_more_than_its_bound():
    assert not largest_loss(pd.Series({2020: -5.0, 2021: -5.0}), 2021)
    assert largest_loss(pd.Series({2020: -5.0, 2021: -5.1, 2022: 3.0}), 2021)


def test_ranks_count_from_the_largest_loss_and_the_worst_share_is_theirs():
    rates = {"a": -1.0, "b": -9.0, "c": 4.0, "d": -5.0, "e": 0.0}
    rows = [
        {"region": "R", "place_id": place, "place_en": "", "place_ru": "", "place_kk": "",
         "kind": "district", "year": year, "mean_population": 1000.0, "net_rate": rate,
         "population": 1000.0, "net_migration": rate,
         "wage": {"a": 100.0, "b": 50.0}.get(place, 200.0),
         "school_pupils": 150.0, "schools": 3.0, "hospital_beds": 4.0, "sme_active": 30.0}
        for place, rate in rates.items()
        for year in (2021, 2022)
    ]  # fmt: skip
    profile = district_profile(pd.DataFrame(rows), [2021, 2022])
    assert profile["rank"].to_dict() == {"b": 1, "d": 2, "a": 3, "e": 4, "c": 5}
    worst = worst_share(profile)
    assert worst[worst].index.tolist() == ["b"]
    assert worst_share(profile, 0.4).sum() == 2
    assert profile.loc["b", "net_migration"] == -18.0
    # The median wage is 200, the mean 150.
    assert profile["relative_wage"].to_dict() == {"b": 0.25, "d": 1.0, "a": 0.5, "e": 1.0, "c": 1.0}
    assert profile.loc["a", ["pupils_per_1000", "pupils_per_school"]].tolist() == [150.0, 50.0]
    assert profile.loc["a", ["beds_per_1000", "sme_per_1000"]].tolist() == [4.0, 30.0]


def test_the_interval_over_regions_is_that_of_t_with_regions_less_one():
    frame = pd.DataFrame({"region": ["a", "b", "c"], "value": [0.0, 3.0, 9.0]})
    found = region_jackknife(frame, lambda table: float(table["value"].mean()))
    # Means without one: 6, 4.5, 1.5 against 4; error sqrt(2/3 (4 + 0.25 + 6.25)); t(2) 4.302653.
    error = (2 / 3 * 10.5) ** 0.5
    assert found.value == 4.0
    assert found.high - 4.0 == pytest.approx(4.302653 * error, rel=1e-6)
    assert 4.0 - found.low == pytest.approx(4.302653 * error, rel=1e-6)
    narrow = region_jackknife(frame, lambda table: float(table["value"].mean()), level=0.9)
    assert narrow.high - 4.0 == pytest.approx(2.919986 * error, rel=1e-6)
