"""Passports: peers and ranks on made frames, sentences that follow the signs, and the pages."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html import unescape
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from lxml import html
from pypdf import PdfReader

from karaganda_vibe.figures.passport_charts import (
    for_paper,
    gain_loss_chart,
    line_chart,
    nice_ticks,
    segments,
    strip,
)
from karaganda_vibe.figures.tile_map import check_tiles, colour_class, tile_svg
from karaganda_vibe.findings import passports as module
from karaganda_vibe.findings.passport_tables import figures_table, rate_table
from karaganda_vibe.findings.passports import (
    Passport,
    floor_space_scenarios,
    indicator_values,
    make_passports,
    scenario_part,
)
from karaganda_vibe.findings.peers import (
    band_of_ranks,
    comparable_year,
    nearest_places,
    rank_from_highest,
    share_below,
    standing,
    structure,
    with_peers_median,
)
from karaganda_vibe.findings.people_balance import People, migration_part, people_of
from karaganda_vibe.findings.three_years import (
    BesidePeers,
    ThreeYears,
    beside_peers,
    compared_years,
    comparison_part,
    latest_three,
    mean_rates,
)
from karaganda_vibe.places.place_names import plain, spoken, spoken_names
from karaganda_vibe.places.registry import region_names
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, OUTPUT, PROCESSED
from karaganda_vibe.publishing import annex_pdf
from karaganda_vibe.publishing.passport_annex import annex_data
from karaganda_vibe.publishing.passport_expectation import (
    expectation_chart,
    expectation_part,
    expectation_text,
    rank_band,
)
from karaganda_vibe.publishing.passport_frame import page_style
from karaganda_vibe.publishing.passport_lead import lever_parts, lever_text, sentences
from karaganda_vibe.publishing.passport_maps import map_places, where
from karaganda_vibe.publishing.passport_pages import page_html, write_figures, write_pages
from karaganda_vibe.publishing.passport_paths import FOLDER, home, page_folder, same_page
from karaganda_vibe.publishing.passport_view import land_moved, view
from karaganda_vibe.publishing.passport_writer import Writer
from karaganda_vibe.words.languages import LANGUAGES
from karaganda_vibe.words.place_forms import load_russian_names

INDICATORS = pd.read_csv(METADATA / "indicators" / "passport_indicators.csv")
TILES = pd.read_csv(METADATA / "places" / "place_tiles.csv")
PASSED = sorted(FOLDER.glob("*-*.html"))
IN_EVERY_LANGUAGE = [
    (language, page_folder(language) / path.name) for language in LANGUAGES for path in PASSED
]
INDEXES = [(language, page_folder(language) / "index.html") for language in LANGUAGES]
YEARS = range(2010, 2016)


def made_panel(places: int = 14) -> pd.DataFrame:
    """Made: one region of cities and districts that grow by number, all columns of the panel."""
    rows = []
    # Sentences decline Russian names, which the table must know.
    districts = [name for name in load_russian_names() if name.endswith(" район")]
    for number in range(places):
        for year in YEARS:
            size = 1000.0 * (number + 1)
            rows.append(
                {
                    "place_id": f"place-{number:02d}",
                    "place_en": f"Place {number:02d}",
                    "place_ru": districts[number],
                    "place_kk": f"Жер {number:02d} ауданы",
                    "region": "KZ-35",
                    "kind": "city" if number % 2 else "district",
                    "year": year,
                    "population": size,
                    "mean_population": size,
                    "births": 20.0,
                    "deaths": 5.0,
                    "arrivals": 10.0,
                    "departures": 12.0 + number,
                    "net_migration": -2.0 - number,
                    "youth_unemployment_ages": "15-28",
                    **{
                        column: 100.0 * (number + 1)
                        for column in INDICATORS["column"].unique()
                        if column not in {"net_migration", "population"}
                    },
                }
            )
    return pd.DataFrame(rows)


@cache
def no_model() -> SimpleNamespace:
    """A result in whose sample no place is: every scenario is then "no sample"."""
    table = pd.DataFrame({"place_id": [], "region": [], "year": [], "floor_space": [], "net": []})
    design = SimpleNamespace(
        terms=("floor_space",), outcome_name="net", sample_table=lambda: table, model_id="made"
    )
    return SimpleNamespace(design=design, jackknife=None)


@pytest.fixture(scope="module")
def made() -> list[Passport]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "mean_levels", lambda design, years: design.sample_table())
        return make_passports(
            made_panel(), INDICATORS, ["KZ-35"], no_model(), "floor_space", "weak", (2013, 2015)
        )


def shown_of(
    passport: Passport, language: str = "en", region: str = "Made region"
) -> dict[str, object]:
    """A view of a made place without its map, of which made places have no outline."""
    writer, regions = Writer(language), {"KZ-35": region}
    no_map = {"title": "", "alt": "", "svg": ""}
    return view(passport, INDICATORS, regions, 14, writer, lambda passport: no_map)


def squares(count: int) -> dict[str, list[np.ndarray]]:
    """Made: outlines of places side by side."""
    corner = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    return {f"place-{number:02d}": [corner + np.array([number, 0.0])] for number in range(count)}


# Peers


def test_nearest_places_are_ordered_by_standardised_distance_and_ties_by_name() -> None:
    table = pd.DataFrame(
        {"population": [0.0, 1.0, -1.0, 5.0], "wage": [7.0, 7.0, 7.0, 7.0]},
        index=["here", "b-up", "a-down", "far"],
    )
    found = nearest_places(table, "here", 3)
    assert list(found.index) == ["a-down", "b-up", "far"]
    spread = np.std([0.0, 1.0, -1.0, 5.0])
    np.testing.assert_allclose(found, [1 / spread, 1 / spread, 5 / spread], rtol=1e-9)


def test_a_place_is_never_its_own_peer_and_needs_enough_others() -> None:
    table = pd.DataFrame({"population": [0.0, 1.0]}, index=["a", "b"])
    assert list(nearest_places(table, "a", 1).index) == ["b"]
    with pytest.raises(ProjectError, match="1 places to compare with, expected at least 2"):
        nearest_places(table, "a", 2)
    with pytest.raises(ProjectError, match="passport of c: no population, wage or industrial"):
        nearest_places(table, "c", 1)


def test_structure_leaves_out_places_without_a_figure_and_city_districts() -> None:
    panel = made_panel(4)
    panel.loc[panel["place_id"] == "place-01", "industrial_output"] = np.nan
    panel.loc[panel["place_id"] == "place-02", "kind"] = "city_district"
    table = structure(panel, YEARS)
    assert list(table.index) == ["place-00", "place-03"]
    assert table.loc["place-03", "town"] == 1.0
    assert table.loc["place-03", "population"] == pytest.approx(np.log(4000))
    assert table.loc["place-03", "output"] == pytest.approx(np.log1p(400 / 4000))


def test_structure_takes_the_mean_of_the_years_that_are_published() -> None:
    panel = made_panel(2)
    panel.loc[(panel["place_id"] == "place-00") & (panel["year"] == 2015), "wage"] = np.nan
    panel.loc[(panel["place_id"] == "place-00") & (panel["year"] == 2014), "wage"] = 300.0
    table = structure(panel, (2013, 2014, 2015))
    assert table.loc["place-00", "wage"] == pytest.approx(np.log((100 + 300) / 2))


# Ranks


def values_of(numbers: dict[str, float], year: int = 2020, definition: str = "") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "place_id": list(numbers),
            "year": year,
            "value": list(numbers.values()),
            "definition": definition,
        }
    )


def test_ranks_count_from_the_highest_and_ties_share_one() -> None:
    values = values_of({"a": 3.0, "b": 3.0, "c": 1.0, "d": 5.0})
    assert [standing(values, place, ["a"])["rank"] for place in "dabc"] == [1, 2, 2, 4]
    assert standing(values, "c", ["a"])["places"] == 4
    shares = share_below(values.set_index("place_id")["value"])
    assert shares.to_dict() == {"a": 0.5, "b": 0.5, "c": 0.0, "d": 1.0}


def test_peers_are_compared_only_where_enough_of_them_publish() -> None:
    everyone = {letter: float(number) for number, letter in enumerate("abcdefg")}
    peers = list("bcdefg")
    facts = standing(values_of(everyone), "a", peers)
    assert (facts["rank_among_peers"], facts["of_peers"], facts["peers_median"]) == (7, 7, 3.5)
    few = standing(values_of({k: v for k, v in everyone.items() if k in "abcde"}), "a", peers)
    assert few["rank"] == 5
    assert few["rank_among_peers"] is None
    assert few["peers_median"] is None


def test_a_year_that_few_places_publish_is_shown_but_not_compared() -> None:
    old = values_of({"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}, 2020)
    new = values_of({"a": 9.0, "b": 8.0}, 2021)
    facts = standing(pd.concat([old, new]), "a", [])
    assert (facts["latest_year"], facts["latest"]) == (2021, 9.0)
    assert (facts["year"], facts["value"], facts["rank"]) == (2020, 1.0, 4)
    assert comparable_year(pd.Series([2020] * 4 + [2021] * 3)) == 2021


def test_missing_values_stay_missing() -> None:
    values = values_of({"a": 1.0, "b": 2.0})
    facts = standing(values, "nowhere", ["a"])
    assert facts["latest"] is None
    assert facts["rank"] is None


def test_figures_of_another_definition_are_not_ranked_together() -> None:
    values = pd.concat([values_of({"a": 4.0, "b": 3.0}, definition="15-28"), values_of({"c": 9.0})])
    facts = standing(values, "b", [])
    assert (facts["rank"], facts["places"], facts["definition"]) == (2, 2, "15-28")


def test_series_carry_the_peers_median_of_the_same_definition() -> None:
    near = list("bcdef")
    values = pd.concat(
        [
            values_of({letter: float(n) for n, letter in enumerate("abcdef")}, definition="x"),
            values_of({"a": 1.0, "b": 2.0}, 2021, "y"),
        ]
    ).assign(indicator="made")
    series = with_peers_median(values, "a", near)
    assert series["peers_median"].tolist()[0] == 3.0
    assert np.isnan(series["peers_median"].tolist()[1])


def test_indicators_are_in_their_units_and_start_where_they_are_comparable() -> None:
    panel = made_panel(2)
    table = INDICATORS.copy()
    table["first_year"] = [2012 if name == "crimes" else None for name in table["indicator"]]
    values = indicator_values(panel, table).set_index(["indicator", "place_id", "year"])["value"]
    assert values["net_rate", "place-01", 2010] == pytest.approx(-1.5)
    assert values["investment", "place-00", 2010] == pytest.approx(100 / 1000)
    assert values["relative_wage", "place-00", 2010] == pytest.approx(100 * 100 / 150)
    assert values.loc["crimes"].index.get_level_values("year").min() == 2012


def test_an_unknown_column_or_form_is_one_line() -> None:
    for column, value, message in (
        ("column", "nothing", "names the column 'nothing'"),
        ("form", "doubled", "has the form 'doubled'"),
    ):
        table = INDICATORS.head(1).assign(**{column: value})
        with pytest.raises(ProjectError, match=message):
            indicator_values(made_panel(1), table)


# People


def people_rows(net: dict[int, float]) -> pd.DataFrame:
    """Made: a place of 100 at first, with 3 births and 1 death a year; no correction."""
    frame = pd.DataFrame({"year": list(net), "net_migration": list(net.values())})
    frame["population"] = 100.0 + (frame["net_migration"] + 2).cumsum() - frame.loc[0, [
        "net_migration"]].sum() - 2  # fmt: skip
    frame = frame.assign(births=3.0, deaths=1.0, arrivals=5.0, departures=5 - frame.net_migration)
    return frame.assign(mean_population=frame["population"], place_id="made")


def test_the_balance_of_people_adds_up() -> None:
    people = people_of(people_rows({2000: -9.0, 2001: -3.0, 2002: 4.0}))
    assert (people.natural, people.migration, people.rest) == (4.0, 1.0, 0.0)
    assert people.population_last - people.population_first == 5.0
    assert (people.years, people.gains, people.run, people.before) == (3, 1, 1, -1)


def test_a_gap_breaks_the_sum_and_the_run() -> None:
    people = people_of(people_rows({2000: -9.0, 2001: -3.0, 2003: -4.0}))
    assert (people.natural, people.migration, people.rest) == (None, None, None)
    assert (people.run, people.before) == (1, None)
    assert migration_part(people) == "loss_alone"
    assert people.ten_years is None


@pytest.mark.parametrize(
    ("net", "part"),
    [
        ([-1, -2, -3], "loss_always"),
        ([1, 2, 3], "gain_always"),
        ([5, -2, -3], "loss_run"),
        ([-5, 2, 3], "gain_run"),
        ([-1, 2, -3], "loss_after_gain"),
        ([-1, -2, 3], "gain_after_loss"),
        ([-1, 0, 3], "gain_after_level"),
        ([-1, 0, -3], "loss_after_level"),
        ([-1, 2, 0], "level"),
    ],
)
def test_the_sentence_follows_the_signs(made: list[Passport], net: list[float], part: str) -> None:
    people = people_of(people_rows({2000 + n: float(value) for n, value in enumerate(net)}))
    assert migration_part(people) == part
    said = sentences(replace(made[0], people=people), Writer("en"))[0]
    direction = {-1: "lost", 0: "As many people came", 1: "gained"}[int(np.sign(net[-1]))]
    assert direction in said
    assert "nan" not in said
    assert ("gained" in said) == (net[-1] > 0)


@pytest.mark.parametrize(
    ("value", "median", "words"),
    [
        (-1.0, -2.0, "At least half of the places most like it did worse"),
        (-3.0, -2.0, "At least half of the places most like it did better"),
        (2.0, 1.0, "did worse: in 2013–2015 it had +2.0"),
        (-2.0, -2.0, "in the middle of the places most like it"),
        (-2.0, None, "too few of the places most like it"),
        (None, -2.0, "cannot be compared"),
    ],
)
def test_the_comparison_follows_the_numbers(
    made: list[Passport], value: float | None, median: float | None, words: str
) -> None:
    changed = replace(made[0], beside=BesidePeers(2013, 2015, value, median))
    third = sentences(changed, Writer("en"))[2]
    assert words in third
    assert re.search(r"nan|None", third) is None


# Three years together


def test_three_years_are_the_last_that_follow_each_other() -> None:
    rows = people_rows({2018: -50.0, 2019: -9.0, 2020: -3.0, 2021: 6.0})
    rows["mean_population"] = [100.0, 1000.0, 2000.0, 3000.0]
    # Rates -9, -1.5 and +2; 2018 is out of it.
    assert latest_three(rows) == ThreeYears(2019, 2021, -6.0, pytest.approx(-8.5 / 3))
    assert latest_three(rows.tail(2)) is None
    assert latest_three(rows.drop(index=2)) is None
    not_yet = pd.DataFrame({"year": [2022], "net_migration": [np.nan], "mean_population": [9.0]})
    assert latest_three(pd.concat([rows, not_yet], ignore_index=True)).last_year == 2021


def test_a_place_stands_beside_peers_in_the_years_that_nearly_all_publish() -> None:
    panel = made_panel(8)
    panel.loc[(panel["year"] == 2015) & (panel["place_id"] > "place-02"), "net_migration"] = np.nan
    years = compared_years(panel)
    assert list(years) == [2012, 2013, 2014]
    panel.loc[(panel["year"] == 2014) & (panel["place_id"] == "place-07"), "net_migration"] = np.nan
    means = mean_rates(panel, years)
    assert np.isnan(means["place-07"])
    peers = [f"place-{number:02d}" for number in (1, 2, 3, 4, 5, 7)]
    beside = beside_peers(means, "place-00", peers, years)
    # Of 2 + n leaving a size of 1,000 (n + 1): -2 here; -1.5, -1.33, -1.25, -1.2, -1.17 there.
    assert (beside.own, beside.median) == (-2.0, -1.25)
    assert (beside.first_year, beside.last_year) == (2012, 2014)
    assert comparison_part(beside) == "worse"
    assert beside_peers(means, "place-00", peers[1:], years).median is None
    assert beside_peers(means, "place-07", peers, years).own is None


@pytest.mark.parametrize(
    ("recent", "words"),
    [
        (ThreeYears(2022, 2024, -2200.0, -4.1), "(2022–2024) it lost 2,200 people, a mean of −4.1"),
        (ThreeYears(2022, 2024, 30.0, 0.4), "it gained 30 people, a mean of +0.4"),
        (ThreeYears(2022, 2024, 0.0, 0.0), "as many people came as left"),
        (None, "cannot be summed up"),
    ],
)
def test_three_years_are_said_by_their_sign(
    made: list[Passport], recent: ThreeYears | None, words: str
) -> None:
    assert words in sentences(replace(made[0], recent=recent), Writer("en"))[1]


def test_a_band_holds_the_ranks_of_three_years_among_those_that_publish_all() -> None:
    values = pd.concat(
        [
            values_of({"a": 1.0, "b": 2.0, "c": 3.0, "gap": 9.0}, 2018),
            values_of({"a": 9.0, "b": 5.0, "c": 3.0, "gap": 9.0}, 2019),
            values_of({"a": 1.0, "b": 5.0, "c": 3.0}, 2020),
            values_of({"a": 4.0, "b": 5.0, "c": 3.0, "gap": 9.0}, 2021),
        ]
    )
    assert band_of_ranks(values, "a", 2021) == (1, 3)
    assert band_of_ranks(values, "b", 2021) == (1, 2)
    assert band_of_ranks(values, "gap", 2021) == (None, None)
    assert band_of_ranks(values, "a", 2021, years=4) == (1, 3)


# The driver model


def made_scenario(status: str, verdict: str = "weak", reason: str = "") -> dict[str, object]:
    people = 12.0 if status == "computed" else None
    return {
        "status": status, "verdict": verdict, "reason": reason, "current": 100.0, "target": 200.0,
        "people": people, "low": people and 3.0, "high": people and 20.0, "first_year": 2020,
        "last_year": 2022, "peers_used": 10,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("scenario", "parts", "words"),
    [
        (made_scenario("computed"), ("link_weak", "level", "clear"), "+12 people a year (from +3"),
        (made_scenario("computed", "firm"), ("link_firm", "level", "clear"), "firmly across"),
        (
            made_scenario("computed") | {"low": -4.0},
            ("link_weak", "level", "open"),
            "the range from −4 to +20 holds zero: no gain can be promised",
        ),
        (
            made_scenario("refused", reason="the target 9 lies outside the sample's"),
            ("link_weak", "level", "outside"),
            "such levels lie outside the data",
        ),
        (
            made_scenario("refused", reason="a move of 9 is larger than any"),
            ("link_weak", "level", "too_far"),
            "has ever changed so much",
        ),
        (made_scenario("already there"), ("link_weak", "already_there"), "does not lag"),
        (made_scenario("unknown", "unknown"), ("link_unknown", "level"), "told from chance"),
        (made_scenario("no sample", "firm"), ("link_firm", "no_sample"), "cannot be computed"),
    ],
)
def test_every_outcome_of_a_scenario_is_worded(
    made: list[Passport], scenario: dict[str, object], parts: tuple[str, ...], words: str
) -> None:
    place = replace(made[0], scenario=scenario)
    assert lever_parts(place) == parts
    text = lever_text(place, Writer("en"))
    assert words in text
    assert ("Building as much would go with" in text) == (scenario["status"] == "computed")
    assert re.search(r"nan|None", text) is None


def test_an_unknown_driver_gives_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    places = list("abcdefg")
    levels = pd.DataFrame({"floor_space": [1.0, *[5.0] * 6], "region": "A"}, index=places)
    table = pd.DataFrame(
        {"place": ["a"], "status": ["computed"], "current": [1.0], "target": [5.0],
         "people": [2.0], "low": [1.0], "high": [3.0], "reason": [""]}
    )  # fmt: skip
    monkeypatch.setattr(module, "mean_levels", lambda design, years: levels)
    monkeypatch.setattr(module, "scenario_table", lambda *arguments: table)
    monkeypatch.setattr(module, "slopes_by_driver", lambda design: {})
    monkeypatch.setattr(module, "slopes_of", lambda slopes, cluster: slopes)
    result = SimpleNamespace(design=None, jackknife=None)
    asked = (pd.Series(1.0, places), {"a": places[1:]}, (2021, 2023))
    weak = floor_space_scenarios(result, "floor_space", "weak", *asked)["a"]
    assert (weak["people"], weak["first_year"], weak["last_year"]) == (2.0, 2020, 2022)
    unknown = floor_space_scenarios(result, "floor_space", "unknown", *asked)["a"]
    assert (unknown["status"], unknown["people"], unknown["low"]) == ("unknown", None, None)
    assert scenario_part(unknown) == "unknown"
    few = floor_space_scenarios(result, "floor_space", "weak", asked[0], {"a": ["b"]}, (2021,))
    assert few["a"]["status"] == "no sample"


# Charts and the map


def test_lines_break_at_gaps_and_at_new_definitions() -> None:
    points = [(2000, 1.0, ""), (2001, 1.0, ""), (2003, 1.0, ""), (2004, 1.0, "new")]
    assert [len(part) for part in segments(points)] == [2, 1, 1]
    drawn = line_chart(points, "alt", str, None, "")
    assert drawn.count('class="own"') == 1
    assert drawn.count("<circle") == 3


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-37.2, 9), (160_000, 230_000), (0.002, 0.003)])
def test_ticks_are_round_and_inside(low: float, high: float) -> None:
    ticks = nice_ticks(low, high)
    assert 1 <= len(ticks) <= 5
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
    assert nice_ticks(3, 3) == [3]


def test_a_gain_is_drawn_above_and_a_loss_below_zero() -> None:
    drawn = gain_loss_chart([(2000, 5.0, ""), (2001, -5.0, "")], [], "alt", str)
    gain, loss = (
        float(re.search(rf'class="{kind}" x="[\d.]+" y="([\d.]+)"', drawn)[1])
        for kind in ("gain", "loss")
    )
    zero = float(re.search(r'class="zero" d="M[\d.]+ ([\d.]+)H', drawn)[1])
    assert gain < zero
    assert loss == pytest.approx(zero, abs=0.1)
    assert for_paper(drawn).startswith("<svg")
    assert strip(0.5, [0.0, 1.0]).count("tick") == 2


def test_tiles_are_coloured_by_class_and_gaps_are_no_loss() -> None:
    assert [colour_class(rate) for rate in (-25, -20, -10.1, -0.1, 0, 3, 12)] == [
        0, 1, 1, 2, 3, 3, 4,
    ]  # fmt: skip
    assert colour_class(None) is None
    assert colour_class(float("nan")) is None


def test_every_place_has_one_tile_of_its_own() -> None:
    places = [path.stem for path in PASSED]
    check_tiles(TILES, places)
    with pytest.raises(ProjectError, match="on both the map and the list"):
        check_tiles(TILES, [*places, "new-city"])
    with pytest.raises(ProjectError, match="lies on another tile"):
        check_tiles(TILES.assign(column=0, row=0), places)


def test_tiles_are_links_with_names() -> None:
    tiles = pd.DataFrame(
        {"place_id": ["a"], "column": [0], "row": [0], "label": ["A <B>"], "rate": [-3.0]}
    )
    drawn = tile_svg(tiles, {"a": ("-3", "a.html", "A: -3 in 2020")}, "title")
    link = html.fragment_fromstring(drawn).xpath("//a")[0]
    assert (link.get("href"), link.get("aria-label")) == ("a.html", "A: -3 in 2020")
    assert "&lt;B&gt;" in drawn


# The pages on made data


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_written_once_and_stale_ones_go(
    made: list[Passport], language: str, tmp_path: Path
) -> None:
    writer, regions = Writer(language), {"KZ-35": "Made region"}
    views = [shown_of(passport, language) for passport in made]
    tiles = pd.DataFrame(
        {
            "place_id": [passport.place_id for passport in made],
            "column": range(len(made)),
            "row": 0,
            f"label_{language}": "made",
        }
    )
    stale = [page_folder(language, tmp_path) / "old-city.html", tmp_path / "old-city.csv"]
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text("old")

    def written() -> dict[Path, bytes]:
        files = write_pages(made, views, tiles, squares(len(made)), regions, writer, tmp_path)
        return {path: path.read_bytes() for path in [*files, *write_figures(made, tmp_path)]}

    first = written()
    assert not any(path.exists() for path in stale)
    assert len(first) == 2 * len(made) + 1
    assert first == written()


def test_ways_between_editions() -> None:
    assert (home("en"), home("kk")) == ("../../index.html", "../../../kk/index-kk.html")
    assert same_page("a.html", "en", "ru") == "ru/a.html"
    assert same_page("a.html", "ru", "en") == "../a.html"
    assert same_page("a.html", "ru", "kk") == "../kk/a.html"


@pytest.mark.parametrize(
    ("language", "name", "in_a_sentence", "sorted_by"),
    [
        ("en", "Saran (city)", "Saran city", "Saran"),
        ("ru", "г. Сарань", "город Сарань", "Сарань"),
        ("kk", "Саран қ.", "Саран қаласы", "Саран"),
        ("ru", "Шетский район", "Шетский район", "Шетский район"),
    ],
)
def test_names_in_sentences(language: str, name: str, in_a_sentence: str, sorted_by: str) -> None:
    assert spoken(name, language) == in_a_sentence
    assert plain(name, language) == sorted_by
    names = {"en": "a (city)", "ru": "г. a", "kk": "a қ."}
    assert spoken_names(names) == {"en": "a city", "ru": "город a", "kk": "a қаласы"}


def test_what_is_missing_is_worded_not_printed(made: list[Passport]) -> None:
    writer = Writer("en")
    rows = [
        {**row, "latest": None, "value": None, "rank": None} if row["indicator"] == "colleges"
        else {**row, "value": None, "rank": None} if row["indicator"] == "crimes"
        else {**row, "rank_among_peers": None, "peers_median": None}
        for row in made[0].standings
    ]  # fmt: skip
    holed = replace(
        made[0],
        standings=tuple(rows),
        people=replace(made[0].people, natural=None, arrivals=None, ten_years=None),
    )
    shown = shown_of(holed)
    text = page_html(shown, writer, "", {}, (None, None))
    assert "nothing to count: Colleges." in text
    assert "not published for 2015" in text
    assert "too few publish it" in text
    assert "cannot be summed up" in text
    assert re.search(r"\b(nan|None|NaN|<NA>)\b", text) is None
    table = figures_table(holed)
    assert table.loc[table["item"] == "arrivals", "value"].isna().all()
    data = annex_data([shown], {"path": "", "alt": ""}, writer)
    assert re.search(r"\b(nan|None|NaN)\b", str(data)) is None


# The pages as published


@cache
def page(path) -> html.HtmlElement:
    return html.document_fromstring(path.read_text(encoding="utf-8"))


def test_every_place_of_both_regions_has_a_passport() -> None:
    districts = pd.read_csv(PROCESSED / "districts.csv")
    places = districts.loc[districts["region"].isin(["KZ-35", "KZ-62"]), "place_id"].unique()
    assert [path.stem for path in PASSED] == sorted(places)


@pytest.mark.parametrize(("language", "path"), IN_EVERY_LANGUAGE)
def test_a_page_has_all_sections_and_no_missing_value(language: str, path: Path) -> None:
    tree, writer = page(path), Writer(language)
    headings = [heading.text_content() for heading in tree.xpath("//h2")]
    sections = ("people", "expectation", "peers", "standings", "trends", "notes")
    assert headings == [writer.say(name) for name in sections]
    rows = tree.xpath("//*[contains(@class, 'peer-table')]//tbody/tr")
    assert len(rows) == 11
    assert [row.get("class") for row in rows].count("here") == 1
    rates = [row.xpath("string((td)[1]/data/@value)") for row in rows]
    known = [float(rate) for rate in rates if rate]
    assert known == sorted(known, reverse=True)
    assert rates[len(known) :] == [""] * (len(rows) - len(known))
    assert len(tree.xpath("//figure//*[name()='svg']")) >= 8
    text = tree.xpath("//body")[0].text_content()
    assert re.search(r"\b(nan|None|NaN|inf)\b", text) is None
    assert re.search(r"\{\w*\}|\$\w+", text) is None


@pytest.mark.parametrize(("language", "path"), IN_EVERY_LANGUAGE)
def test_the_csv_holds_the_figures_of_the_page(language: str, path: Path) -> None:
    table = pd.read_csv(FOLDER / f"{path.stem}.csv")
    known = set(table["value"].dropna()) | set(table["peers_median"].dropna())
    shown = [float(value) for value in page(path).xpath("//data/@value")]
    assert len(shown) > 40
    assert [value for value in shown if value not in known] == []
    standing = table[table["part"] == "standing"].dropna(subset=["rank"])
    bands = {tuple(row) for row in standing[["rank_low", "rank_high"]].dropna().to_numpy(int)}
    assert all(1 <= low <= high for low, high in bands)
    assert (standing["rank"] <= standing["places"]).all()
    words = re.escape(Writer(language).say("rank_band", low="0", high="9", places="1"))
    words = words.replace("0", r"(\d+)").replace("9", r"(\d+)").replace("1", r"\d+")
    # In Kazakh the number of places has an ending of its own.
    words = re.sub(r"\\?[-\u2011]\w+", lambda found: r"[-\u2011]\w+", words)
    cells = page(path).xpath("//*[contains(@class, 'standings')]//td/text()")
    found = {tuple(map(int, m.groups())) for m in map(re.compile(words).search, cells) if m}
    means = table.set_index("item")["rank"]
    own = {(int(means["rate_rank_low"]), int(means["rate_rank_high"]))}
    assert len(found) > 5
    assert found <= bands | own
    assert own <= found, "net migration has the band of its means"


@pytest.mark.parametrize(("language", "path"), [*INDEXES, *IN_EVERY_LANGUAGE])
def test_links_resolve_and_the_page_is_accessible(language: str, path: Path) -> None:
    tree = page(path)
    assert tree.get("lang") == language
    others = tree.xpath("//nav/a[@hreflang]")
    assert {link.get("hreflang") for link in others} == set(LANGUAGES) - {language}
    for link in others:
        other = (path.parent / link.get("href")).resolve()
        assert other == page_folder(link.get("hreflang")) / path.name
    built = {
        OUTPUT / "index.html" if language == LANGUAGES[0]
        else OUTPUT / language / f"index-{language}.html",
        annex_pdf.annex_path(language),
    }  # fmt: skip
    lies_in = OUTPUT / path.parent.relative_to(FOLDER.parent.parent)
    assert tree.xpath("string(//title)")
    assert len(tree.xpath("//h1")) == 1
    levels = [int(heading.tag[1]) for heading in tree.xpath("//h1|//h2|//h3")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(head.get("scope") in {"col", "row"} for head in tree.xpath("//th"))
    for picture in tree.xpath("//*[name()='svg']"):
        assert picture.get("aria-label") or picture.get("aria-hidden") == "true"
    assert tree.xpath("//main")
    assert tree.xpath("//nav[@aria-label]")
    names = [link.get("aria-label") or link.text_content().strip() for link in tree.xpath("//a")]
    assert all(names)
    identifiers = tree.xpath("//@id")
    assert len(identifiers) == len(set(identifiers))
    for address in tree.xpath("//a/@href"):
        name = unquote(unescape(address))
        if name.startswith("#"):
            assert name[1:] in identifiers
        elif name.startswith("../../"):
            # The report and the annex are built into the output folder, where the page is copied.
            assert (lies_in / name).resolve() in {place.resolve() for place in built}
        else:
            assert (path.parent / name).is_file(), f"{path.name} links to {name}"
    loading = "//@src | //link[not(starts-with(@href, 'data:'))]/@href"
    assert tree.xpath(loading) == [], "a page loads nothing"
    assert tree.xpath("//link[@rel='icon']")
    assert tree.xpath("string(//meta[@property='og:description']/@content)")
    assert path.stat().st_size < 80_000


@pytest.mark.parametrize(("language", "path"), INDEXES)
def test_the_index_lists_every_place_in_its_map_and_its_table(language: str, path: Path) -> None:
    tree = page(path)
    assert tree.xpath("string(//h1)") == Writer(language).say("title")
    pages = {path.name for path in PASSED}
    assert set(tree.xpath("//*[name()='svg']//a/@href")) == pages
    assert set(tree.xpath("//table//a/@href")) == pages
    for row in tree.xpath("//tbody/tr"):
        assert len(row.xpath("./*[@data-value]")) == 6
    assert tree.xpath("//script")[0].text.count("\n") < 40


def test_the_style_has_both_colour_schemes_and_loads_the_two_fonts_alone() -> None:
    style = page_style("en")
    assert style.count("prefers-color-scheme:dark") + style.count("prefers-color-scheme: dark") >= 2
    for language in LANGUAGES:
        fonts = re.findall(r'url\("([^"]+)"\)', page_style(language))
        assert len(fonts) == 2
        assert all((page_folder(language) / font).resolve().is_file() for font in fonts)


def test_scenarios_of_the_pages_agree_with_the_verdict_of_the_study() -> None:
    verdicts = pd.read_csv(PROCESSED / "driver_verdicts.csv").set_index(["model_id", "term"])
    word = verdicts.loc[("second_core", "floor_space"), "verdict"]
    for path in PASSED:
        table = pd.read_csv(path.with_suffix(".csv")).query("part == 'scenario'")
        facts = table.set_index("item")["value"]
        text = page(path).text_content()
        if np.isfinite(facts["people"]):
            assert facts["low"] <= facts["people"] <= facts["high"]
            assert facts["target"] > facts["current"]
            assert ("holds zero" in text) == (facts["low"] <= 0 <= facts["high"])
        else:
            assert "Building as much would go with" not in text
        assert {"firm": "firmly across", "weak": "only weakly"}.get(word, "from chance") in text


def test_real_peers_are_the_same_kind_of_frame_for_all() -> None:
    districts = pd.read_csv(PROCESSED / "districts.csv")
    names = set(districts["place_id"])
    for path in PASSED:
        peers = pd.read_csv(path.with_suffix(".csv")).query("part == 'peer'")
        assert len(peers) == 10
        assert set(peers["item"]) <= names - {path.stem}
        assert peers["value"].is_monotonic_increasing


# The annex


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_annex_has_a_page_a_place_with_contents_title_and_language(
    language: str, tmp_path: Path
) -> None:
    first, second = tmp_path / "one.pdf", tmp_path / "two.pdf"
    annex_pdf.build_annex(language, first)
    annex_pdf.build_annex(language, second)
    assert first.read_bytes() == second.read_bytes()
    reader = PdfReader(first)
    assert len(reader.pages) == 2 * len(PASSED) + 1
    assert reader.metadata.title == Writer(language).say("title")
    assert reader.trailer["/Root"]["/Lang"] == language
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert len(reader.outline) == len(PASSED)
    contents = reader.pages[0].extract_text()
    for number, place in enumerate(reader.outline, start=1):
        assert place.title in reader.pages[2 * number - 1].extract_text()
        assert place.title in contents


def test_an_annex_without_words_is_one_line(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(annex_pdf, "annex_file", lambda language: tmp_path / "none.json")
    with pytest.raises(ProjectError, match="run the notebook 10_passports"):
        annex_pdf.build_annex("en", tmp_path / "none.pdf")
    assert not (tmp_path / "none.pdf").exists()


def test_regions_without_places_are_refused() -> None:
    assert "KZ-35" in region_names("en")
    with pytest.raises(ProjectError, match="no places of region KZ-99"):
        make_passports(
            made_panel(), INDICATORS, ["KZ-99"], no_model(), "floor_space", "weak", (2015,)
        )


def test_people_and_comparison_parts_cover_the_texts() -> None:
    phrases = Writer("en").phrases
    pairs = [(1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (1.0, None), (None, 1.0)]
    found = {comparison_part(BesidePeers(2013, 2015, own, median)) for own, median in pairs}
    assert found == set(phrases.parts("comparison"))
    assert len(found) == len(pairs)
    assert isinstance(people_of(people_rows({2000: 1.0, 2001: 2.0})), People)


def test_the_built_annex_lies_where_the_index_looks_for_it() -> None:
    assert annex_pdf.annex_path("en") == OUTPUT / "passports.pdf"
    assert annex_pdf.annex_path("kk") == OUTPUT / "passports-kk.pdf"
    for language, address in (("en", "../../passports.pdf"), ("ru", "../../../passports-ru.pdf")):
        index = page_folder(language) / "index.html"
        assert index.read_text("utf-8").count(f'href="{address}"') == 1


# What is expected of a place like it.

EXPECTED = {
    "actual": -6.0, "expected": -2.5, "low": -9.0, "high": 4.0, "shrunk_residual": -2.0,
    "rate_rank": 40, "rate_rank_low": 31, "rate_rank_high": 58, "places": 118,
    "first_year": 2013, "last_year": 2023,
}  # fmt: skip


@pytest.mark.parametrize(
    ("actual", "part", "words"),
    [
        (-6.0, "inside", "It is inside that band"),
        (-9.5, "below", "It did worse than that band"),
        (4.5, "above", "It did better than that band"),
        (4.0, "inside", "It is inside that band"),
    ],
)
def test_the_sentence_says_on_which_side_of_the_band(
    made: list[Passport], actual: float, part: str, words: str
) -> None:
    place = replace(made[0], expectation={**EXPECTED, "actual": actual})
    assert expectation_part(place) == part
    said = expectation_text(place, Writer("en"))
    assert words in said
    assert "Its rank among 118 places of the country may lie anywhere from 31 to 58." in said
    assert "−2.5 is expected" in said


def test_a_place_without_expectation_has_a_sentence_and_no_chart(made: list[Passport]) -> None:
    writer = Writer("en")
    assert made[0].expectation is None
    assert "is not known" in expectation_text(made[0], writer)
    assert expectation_chart(made[0], writer) is None
    assert rank_band(made[0], writer) == ""
    rows = shown_of(made[0])["standings"]
    assert next(row for row in rows if row["name"] == "Net migration")["rank"] == "no band of ranks"


def test_net_migration_has_a_band_and_a_side_of_the_median_in_place_of_ranks(
    made: list[Passport],
) -> None:
    place = replace(made[0], expectation=EXPECTED)
    shown = shown_of(place)
    rows = {row["name"]: row for row in shown["standings"]}
    assert rows["Net migration"]["rank"] == "ranks 31 to 58 of 118"
    # Two of 1,000 people against three of 2,000 and less in the larger made places.
    assert rows["Net migration"]["among_peers"] == "below their median"
    assert rows["Net migration"]["strip"] == ""
    # The made wage grows with the number of the place in every year: no band, the same rank.
    assert rows["Wage"]["rank"] == "rank 14 of 14"
    assert rows["Wage"]["among_peers"] == "below their median"


def test_a_rank_of_one_year_is_told_as_a_third_of_all_places(made: list[Passport]) -> None:
    for share, words in ((0.1, "lower third"), (0.5, "middle third"), (1.0, "upper third")):
        rows = [{**row, "rank_low": None, "share": share} for row in made[0].standings]
        shown = shown_of(replace(made[0], standings=tuple(rows)))
        ranks = {row["name"]: row["rank"] for row in shown["standings"]}
        assert ranks["Wage"] == f"{words} of 14"


def test_the_table_of_peers_holds_the_place_and_the_highest_first(made: list[Passport]) -> None:
    shown = shown_of(made[3])
    rows = shown["peers"]
    assert [row["here"] for row in rows].count(True) == 1
    rates = [row["numbers"][0].value for row in rows]
    assert rates == sorted(rates, reverse=True)
    own = next(row for row in rows if row["here"])
    # Five of 4,000 people a year; the wage of the fourth made place.
    assert [number.value for number in own["numbers"]][:2] == [-1.25, 400.0]
    assert "2013–2015" in shown["peer_heads"][1]
    unknown = made[3].peers.assign(rate=[np.nan, *made[3].peers["rate"].iloc[1:]])
    last = shown_of(replace(made[3], peers=unknown))["peers"][-1]
    assert (last["place_id"], last["numbers"][0]) == (unknown["place_id"].iloc[0], None)


def test_the_place_stands_out_on_its_map(made: list[Passport]) -> None:
    writer, outlines = Writer("en"), squares(len(made))
    places = map_places(made, {"KZ-35": "Made region"}, writer)
    assert places["place-02"].rate == pytest.approx(-4 / 3)
    assert "2013–2015" in places["place-02"].spoken
    picture = html.fromstring(where(made[2], places, outlines, writer)["svg"])
    assert len(picture.xpath("//a")) == len(made)
    marked = picture.xpath("//a[path[contains(@class, 'here')]]/@href")
    assert marked == ["place-02.html"]
    assert picture.xpath("string(//text[@class='here-name'])") == "Place 02"
    # The outline lies where its square does: 332 points for 14 squares, two steps to a point.
    start = picture.xpath("//a[@href='place-02.html']/path/@d")[0]
    assert float(re.match(r"M(\d+)", start)[1]) / 2 == pytest.approx(4 + 2 * 332 / 14, abs=0.5)
    none = map_places([replace(made[0], recent=None)], {"KZ-35": "Made region"}, writer)
    assert none["place-00"].rate is None
    assert none["place-00"].number == "no figure"


def test_the_rates_of_all_places_are_means_of_three_years(made: list[Passport]) -> None:
    table = rate_table([made[1], replace(made[0], recent=None)])
    assert table["value"].tolist()[0] == pytest.approx(-1.5)
    assert table.loc[0, ["first_year", "last_year"]].tolist() == [2013, 2015]
    assert np.isnan(table["value"].tolist()[1])


@pytest.mark.parametrize(("language", "path"), IN_EVERY_LANGUAGE)
def test_no_sentence_of_a_page_is_longer_than_35_words(language: str, path: Path) -> None:
    for text in page(path).xpath("//main//p[not(ancestor::nav)]"):
        for sentence in re.split(r"(?<=[.!?])\s+(?=[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ])", text.text_content()):
            words = [word for word in sentence.split() if re.search(r"\w", word)]
            assert len(words) <= 35, sentence


def test_the_chart_of_the_expectation_marks_what_it_says(made: list[Passport]) -> None:
    chart = expectation_chart(replace(made[0], expectation=EXPECTED), Writer("en"))
    assert chart is not None
    picture = html.fromstring(chart["svg"])
    band = picture.xpath("//*[@class='band']")[0]
    dot = float(picture.xpath("//*[@class='dot']")[0].get("cx"))
    left, width = float(band.get("x")), float(band.get("width"))
    # Actual -6 lies 3 of 13 into the band from -9 to 4; the stroke of -2.5 lies 6.5 of 13.
    assert (dot - left) / width == pytest.approx(3 / 13, abs=0.01)
    stroke = picture.xpath("//*[@class='tick']")[0].get("d")
    assert (float(stroke[1:].split()[0]) - left) / width == pytest.approx(0.5, abs=0.01)
    assert picture.get("aria-label") == chart["alt"]
    assert "mean of 2013–2023" in chart["title"]


def test_the_csv_holds_the_expectation_and_the_band(made: list[Passport]) -> None:
    table = figures_table(replace(made[0], expectation=EXPECTED)).query("part == 'expectation'")
    facts = table.set_index("item")
    assert facts.loc["expected", "value"] == -2.5
    assert facts.loc["rate_rank_high", ["rank", "places"]].tolist() == [58, 118]
    assert (facts["year"] == 2023).all()
    assert (figures_table(made[0])["part"] != "expectation").all()


# Each choice of a rule gives another answer here.


def made_values(**by_place: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"place_id": list(by_place), "year": 2023, "value": list(by_place.values()),
         "definition": ""}
    )  # fmt: skip


def test_percent_is_of_the_median_of_the_year_not_of_the_mean() -> None:
    panel = pd.DataFrame(
        {"place_id": ["a", "b", "c", "a", "b"], "year": [2020, 2020, 2020, 2021, 2021],
         "wage": [50.0, 100.0, 900.0, 30.0, 10.0], "mean_population": [2000.0] * 5}
    )  # fmt: skip
    rows = {"indicator": ["pay"], "column": ["wage"], "form": ["percent_of_median"],
            "definition_column": [""], "first_year": [""]}  # fmt: skip
    found = indicator_values(panel, pd.DataFrame(rows))
    assert found["value"].tolist() == [50.0, 100.0, 900.0, 150.0, 50.0]
    for form, expected in (("per_1000", 25.0), ("per_head", 0.025), ("published", 50.0)):
        made = indicator_values(panel, pd.DataFrame(rows | {"form": [form]}))
        assert made["value"].iloc[0] == pytest.approx(expected)
    late = indicator_values(panel, pd.DataFrame(rows | {"first_year": ["2021"]}))
    assert late["year"].tolist() == [2021, 2021]


def test_the_rank_is_from_the_highest_and_the_share_from_the_lowest() -> None:
    values = pd.Series({"top": 9.0, "next": 5.0, "same": 5.0, "low": 1.0, "least": 0.0})
    ranks = {place: rank_from_highest(values, place) for place in values.index}
    assert ranks == {"top": 1, "next": 2, "same": 2, "low": 4, "least": 5}
    assert share_below(values).to_dict() == {
        "top": 1.0, "next": 0.625, "same": 0.625, "low": 0.25, "least": 0.0
    }  # fmt: skip


def test_the_median_of_peers_leaves_the_place_out_and_is_no_mean() -> None:
    values = made_values(own=100.0, a=1.0, b=2.0, c=3.0, d=4.0, e=50.0, far=7.0)
    peers = ["a", "b", "c", "d", "e"]
    facts = standing(values, "own", peers)
    assert (facts["rank"], facts["places"]) == (1, 7)
    assert (facts["rank_among_peers"], facts["of_peers"], facts["peers_median"]) == (1, 6, 3.0)
    assert standing(values, "c", ["a", "b", "d", "e", "own"])["rank"] == 5
    assert standing(values, "own", peers[:4])["peers_median"] is None
    series = with_peers_median(values.assign(indicator="made"), "own", peers)
    assert series["peers_median"].tolist() == [3.0]
    few = with_peers_median(values.assign(indicator="made"), "own", peers[:4])
    assert few["peers_median"].isna().all()


def test_a_year_is_comparable_from_three_quarters_of_the_best() -> None:
    def years(last: int) -> pd.Series:
        return pd.Series([2021] * 8 + [2022] * 8 + [2023] * last)

    assert comparable_year(years(6)) == 2023
    assert comparable_year(years(5)) == 2022


def test_the_balance_of_people_by_hand() -> None:
    rows = pd.DataFrame(
        {"place_id": "a", "year": range(2010, 2022),
         "population": [1000.0 + 10 * n for n in range(12)], "mean_population": 2000.0,
         "births": 30.0, "deaths": 10.0, "arrivals": 5.0, "departures": 9.0,
         "net_migration": [-99.0, 7.0, *[-4.0] * 10]}
    )  # fmt: skip
    found = people_of(rows)
    assert (found.first_year, found.last_year, found.year) == (2010, 2021, 2021)
    # Eleven years after the first: 20 a year; moves 7 - 40; the change is 110.
    assert (found.natural, found.migration, found.rest) == (220.0, -33.0, -77.0)
    assert (found.ten_years, found.years, found.gains) == (-40.0, 12, 1)
    assert (found.rate, found.sign, found.run, found.before) == (-2.0, -1, 10, 1)
    assert (found.population_first, found.population_last) == (1000.0, 1110.0)
    level = people_of(rows.assign(net_migration=[0.0] * 12))
    assert (level.gains, level.sign, level.run, level.before) == (0, 0, 12, None)


def test_land_that_moved_is_told_on_both_pages(made: list[Passport]) -> None:
    people = replace(made[0].people, first_year=2000, last_year=2024)
    came = replace(made[0], place_id="abai-district-karaganda", people=people)
    went = replace(made[0], place_id="bukhar-zhyrau-district", people=people)
    said = {
        "came": land_moved(came, Writer("en")),
        "went": land_moved(went, Writer("en")),
        "later": land_moved(replace(came, people=replace(people, first_year=2019)), Writer("en")),
        "other": land_moved(replace(came, place_id="nura-district"), Writer("en")),
    }
    assert [len(sentences) for sentences in said.values()] == [1, 1, 0, 0]
    assert re.search("2018 .* came to it from Bukhar-Zhyrau District", said["came"][0])
    assert re.search("2018 .* went from it to Abai District", said["went"][0])
