"""The checks of claims: every kind of verdict follows from the data and turns with them."""

import csv
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.findings import claim_checks as checks
from karaganda_vibe.findings.claim_documents import says_the_same
from karaganda_vibe.findings.claim_figures import OFFICE, rate_record
from karaganda_vibe.findings.claim_ledger import (
    CHECKS,
    CLAIMS,
    check_claim,
    ledger,
    ledger_row,
    load_claims,
    read_tables,
    words_of,
)
from karaganda_vibe.findings.driver_words import driver_word
from karaganda_vibe.panels.migration_series import sum_of_places, with_later_figures
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import NOTEBOOKS, PROCESSED, RAW
from karaganda_vibe.publishing.values import VALUES_FOLDER
from karaganda_vibe.words.languages import LANGUAGES
from karaganda_vibe.words.texts import FOLDER, Texts

TEXTS = Texts(FOLDER / "13_claims.yml", "phrases")
ARTICLE = "https://mk-kz.kz/social/2026/02/17/kreativ-iz-sela-v-gorod.html"


@pytest.fixture(scope="module")
def tables():
    return read_tables()


def verdict_of(identifier, tables):
    outcome = check_claim(identifier, tables)
    # Every outcome has words in every language, whatever the data say.
    for language in LANGUAGES:
        assert words_of(outcome, TEXTS, identifier, language)["calculation"]
    return outcome.verdict


# The rules.


@pytest.mark.parametrize(
    ("claimed", "found", "expected"),
    [
        (10, 10, "confirmed"),
        (10, 12, "confirmed"),
        (10, 12.1, "contradicted"),
        (10, None, "undecided"),
        (None, 3, "plausible"),
        (None, None, "undecided"),
    ],
)
def test_compare(claimed, found, expected):
    assert checks.compare(claimed, found, 2) == expected


def test_size_change_is_of_the_size_and_not_of_the_sign():
    assert checks.percent_change(-200, -150) == pytest.approx(-25)
    assert checks.size_change(-25, -200, -150, 0.1) == "confirmed"
    assert checks.size_change(25, -200, -150, 0.1) == "contradicted"
    assert checks.size_change(25, None, -150, 0.1) == "undecided"
    assert checks.size_change(25, 0, -150, 0.1) == "undecided"


def test_between_a_loss_and_a_gain_no_percentage_is_right():
    assert checks.size_change(-25, -200, 150, 0.1) == "contradicted"
    assert checks.size_change(-25, 200, -150, 0.1) == "contradicted"


def test_a_right_sum_is_plausible_only():
    assert checks.adds_up([5, -8], -3, 0.5) == "plausible"
    assert checks.adds_up([5, -8], 3, 0.5) == "contradicted"
    assert checks.adds_up([5, -8], None, 0.5) == "undecided"


def test_a_record_needs_every_year_and_no_tie():
    series = pd.Series({2000: -3.0, 2001: -1.0, 2002: -4.0})
    assert checks.lowest_since(series, 2002, 2000) == "confirmed"
    assert checks.lowest_since(series, 2002, 1999) == "undecided"
    tied = pd.Series({2000: -4.0, 2001: -1.0, 2002: -4.0})
    assert checks.lowest_since(tied, 2002, 2000) == "contradicted"
    gap = pd.Series({2000: -3.0, 2001: np.nan, 2002: -4.0})
    assert checks.lowest_since(gap, 2002, 2000) == "undecided"
    assert checks.years_known(gap, 2002, 2000) == 2


def test_a_part_of_a_known_whole():
    assert checks.fits_known_total(10, 40, 2, 6) == "plausible"
    assert checks.fits_known_total(10, 9, 2, 6) == "contradicted"
    assert checks.fits_known_total(10, 100, 2, 6) == "undecided"
    assert checks.fits_known_total(10, None, 2) == "undecided"


def test_leavers_against_net_and_gross():
    assert checks.net_and_gross(100, 30, 90) == "contradicted"
    assert checks.net_and_gross(100, 30, 200) == "undecided"
    assert checks.net_and_gross(100, 100, 200) == "plausible"


def test_a_balance_below_zero():
    assert checks.stays_below_zero(pd.Series({1: -1, 2: -2}), 1, 2) == "plausible"
    assert checks.stays_below_zero(pd.Series({1: 1, 2: 0}), 1, 2) == "contradicted"
    assert checks.stays_below_zero(pd.Series({1: 1, 2: -2}), 1, 2) == "undecided"
    assert checks.stays_below_zero(pd.Series({1: -1}), 1, 2) == "undecided"


def test_an_association_is_never_a_confirmation():
    assert checks.drivers_seen([("firm", True)]) == "plausible"
    assert checks.drivers_seen([("weak", True), ("firm", False)]) == "plausible"
    assert checks.drivers_seen([("firm", False)]) == "contradicted"
    assert checks.drivers_seen([("weak", False), ("unknown", True)]) == "undecided"
    assert checks.drivers_seen([]) == "undecided"


def test_driver_word_of_a_model_without_all_tests_is_never_firm():
    made = pd.DataFrame(
        {
            "model_id": ["m", "m"],
            "term": ["a", "b"],
            "p_holm": [0.001, 0.9],
            "p_romano_wolf": [0.001, 0.9],
            "p_wild_region": [0.001, 0.8],
        }
    )
    none = pd.DataFrame({"model_id": [], "term": [], "verdict": []})
    assert driver_word(made, none, "m", "a") == "weak"
    assert driver_word(made, none, "m", "b") == "unknown"
    known = pd.DataFrame({"model_id": ["m"], "term": ["a"], "verdict": ["firm"]})
    assert driver_word(made, known, "m", "a") == "firm"
    with pytest.raises(ProjectError, match="0 rows of the driver 'c' in the model 'm'"):
        driver_word(made, none, "m", "c")


def test_rate_of_a_year_without_population_takes_the_last_one_published():
    counts = pd.Series({2000: -10.0, 2001: -9.0, 2002: -12.0})
    people = pd.Series({2000: 1000.0, 2001: 1100.0})
    made = rate_record(counts, people, 2002)
    assert made["population_year"].tolist() == [2000, 2001, 2001]
    assert made.loc[2002, "rate"] == pytest.approx(-12000 / 1100)
    assert rate_record(counts, people[people.index > 2000], 2002).index.tolist() == [2001, 2002]


# Altered (made) copies of the real tables turn each kind of verdict.


def with_press(tables, indicator, value, region="KZ-35", year=2025, url="https://made.example"):
    row = dict.fromkeys(tables.press.columns, np.nan) | {
        "region": region,
        "indicator": indicator,
        "year": year,
        "value": value,
        "url": url,
        "publisher": OFFICE,
        "source": "made",
        "source_row": 1,
    }
    return replace(tables, press=pd.concat([tables.press, pd.DataFrame([row])]))


def without_press(tables, indicator):
    return replace(tables, press=tables.press[tables.press["indicator"] != indicator])


def with_region(tables, region, column, year, value):
    made = tables.regions.copy()
    rows = (made["region"] == region) & (made["year"] == year)
    made.loc[rows & ~made["borders"].str.startswith("until"), column] = value
    return replace(tables, regions=made)


def test_compare_turns(tables):
    assert verdict_of("C04", tables) == "confirmed"
    wrong = tables.press.assign(
        value=tables.press["value"].mask(tables.press["value"] == -5700, -7700)
    )
    assert verdict_of("C04", replace(tables, press=wrong)) == "contradicted"
    assert verdict_of("C04", without_press(tables, "migration_net_total")) == "undecided"
    assert verdict_of("C14", tables) == "confirmed"
    far = with_region(tables, "KZ", "net_migration_rural", 2024, -90000)
    assert verdict_of("C14", far) == "contradicted"


def test_the_article_does_not_confirm_itself(tables):
    only = tables.press[tables.press["url"] == ARTICLE]
    assert (only["indicator"] == "migration_net_total").any()
    alone = replace(tables, press=only)
    for identifier in ("C02", "C03", "C04", "C05"):
        assert verdict_of(identifier, alone) == "undecided"


def test_events_can_be_confirmed_by_another_source(tables):
    assert verdict_of("C19", tables) == "undecided"
    assert verdict_of("C19", with_press(tables, "qazynasy_mentors", 13)) == "confirmed"
    assert verdict_of("C19", with_press(tables, "qazynasy_mentors", 20)) == "contradicted"
    own = with_press(tables, "qazynasy_mentors", 13, url=ARTICLE)
    assert verdict_of("C19", own) == "undecided"


def test_existence_turns(tables):
    assert verdict_of("C30", tables) == "plausible"
    assert verdict_of("C30", without_press(tables, "housing_queue_youth")) == "undecided"


def test_change_turns(tables):
    assert verdict_of("C05", tables) == "confirmed"
    other = with_region(tables, "KZ-35", "net_migration_total", 2024, -5000)
    assert verdict_of("C05", other) == "contradicted"
    gap = with_region(tables, "KZ-35", "net_migration_total", 2024, np.nan)
    assert verdict_of("C05", gap) == "undecided"


def test_sum_turns(tables):
    assert verdict_of("C02", tables) == "plausible"
    said = tables.claims.copy()
    said.loc[said["id"] == "C03", "claimed"] = "36220"
    assert verdict_of("C02", replace(tables, claims=said)) == "contradicted"


def test_record_turns(tables):
    assert verdict_of("C13", tables) == "confirmed"
    deeper = with_region(tables, "KZ", "net_migration_rural", 2001, -200000)
    assert verdict_of("C13", deeper) == "contradicted"
    assert verdict_of("C15", deeper) == "contradicted"
    gap = with_region(tables, "KZ", "net_migration_rural", 2010, np.nan)
    assert verdict_of("C15", gap) == "undecided"


def test_part_of_a_whole_turns(tables):
    assert verdict_of("C09", tables) == "plausible"
    few = with_region(tables, "KZ-35", "college_students", 2024, 5000)
    assert verdict_of("C09", few) == "contradicted"
    many = with_region(tables, "KZ-35", "college_students", 2024, 500000)
    assert verdict_of("C09", many) == "undecided"
    assert verdict_of("C29", tables) == "plausible"
    fewer = tables.districts[
        ~((tables.districts["region"] == "KZ-35") & (tables.districts["kind"] == "district"))
    ]
    assert verdict_of("C29", replace(tables, districts=fewer)) == "contradicted"


def test_young_leavers_turn(tables):
    assert verdict_of("C01", tables) == "undecided"
    for said, expected in (("20000", "plausible"), ("900000", "contradicted")):
        made = tables.claims.copy()
        made.loc[made["id"] == "C01", "claimed"] = said
        assert verdict_of("C01", replace(tables, claims=made)) == expected
    own = (tables.districts["region"] == "KZ-35") & tables.districts["year"].between(2021, 2024)
    few = tables.districts.assign(departures=tables.districts["departures"].mask(own, 10))
    assert verdict_of("C01", replace(tables, districts=few)) == "contradicted"


def test_trend_turns(tables):
    assert verdict_of("C07", tables) == "plausible"
    own = (tables.districts["region"] == "KZ-35") & (tables.districts["year"] == 2023)
    gain = tables.districts["net_migration"].mask(own, 50)
    mixed = replace(tables, districts=tables.districts.assign(net_migration=gain))
    assert verdict_of("C07", mixed) == "undecided"
    gains = replace(tables, districts=tables.districts.assign(net_migration=50.0))
    assert verdict_of("C07", gains) == "undecided"
    later = with_region(gains, "KZ-35", "net_migration_total", 2025, 9)
    assert verdict_of("C07", later) == "contradicted"


def test_cause_turns(tables):
    assert verdict_of("C06", tables) == "plausible"
    calm = tables.results.assign(p_wild_region=0.9, p_holm=0.9, p_romano_wolf=0.9)
    unknown = tables.verdicts.assign(verdict="unknown")
    nothing = replace(tables, results=calm, verdicts=unknown)
    assert verdict_of("C06", nothing) == "undecided"
    assert verdict_of("C16", nothing) == "undecided"
    against = replace(
        nothing,
        results=calm.assign(estimate=-1.0),
        verdicts=tables.verdicts.assign(verdict="firm"),
    )
    assert verdict_of("C16", against) == "contradicted"
    assert verdict_of("C08", tables) == "undecided"


@pytest.mark.parametrize(
    ("found", "kind", "in_tables", "second", "expected"),
    [
        ("contradicted", "number", True, True, "contradicted"),
        ("contradicted", "cause", False, False, "contradicted"),
        ("confirmed", "number", True, False, "confirmed by data"),
        ("confirmed", "number", True, True, "confirmed by data"),
        ("confirmed", "number", False, False, "confirmed by a second document"),
        ("plausible", "sum", False, True, "confirmed by a second document"),
        ("undecided", "event", False, True, "confirmed by a second document"),
        ("plausible", "sum", True, False, "one source"),
        ("undecided", "event", False, False, "one source"),
        ("plausible", "cause", True, False, "nothing published"),
        ("undecided", "proposal", False, False, "nothing published"),
    ],
)
def test_the_verdict_follows_from_figures_documents_and_kind(
    found, kind, in_tables, second, expected
):
    word = checks.judge(found, kind, in_tables=in_tables, second_document=second)
    assert word == expected
    assert word in checks.VERDICTS


def test_only_a_document_that_says_the_same_confirms(tables):
    def word(claim, documents):
        made = replace(tables, documents=documents)
        return ledger_row(claim, made, TEXTS)["verdict"]

    assert word("C18", tables.documents) == "one source"
    row = tables.documents.iloc[[0]].assign(id="D99", claims="C17;C18")
    for relation, expected in (
        ("related", "one source"),
        ("source", "one source"),
        ("same", "confirmed by a second document"),
    ):
        more = pd.concat([tables.documents, row.assign(relation=relation)])
        assert word("C18", more) == expected
    # A name that another one begins with is another claim.
    assert says_the_same(row.assign(claims="C181", relation="same"), "C18") == []


def test_no_members_are_set_against_a_population(tables):
    claims = tables.claims.set_index("id")
    assert claims.loc["C25", "check"] == "compare"
    assert "population" not in set(claims["indicator"])


# The real ledger.


def test_every_document_has_the_figure_that_was_read_off_it(tables):
    known = set(tables.claims["id"]) | {"all"}
    press = tables.press.assign(year=tables.press["year"].astype("Int64").astype(str))
    for row in tables.documents.to_dict("records"):
        assert set(row["claims"].split(";")) <= known
        figures = press[
            (press["url"] == row["address"])
            & (press["indicator"] == row["indicator"])
            & (press["region"] == row["region"])
            & (press["year"] == row["year"])
        ]
        assert len(figures), row["id"]
        assert row["address"].startswith("https://")
        assert (row["address"] == ARTICLE) == (row["relation"] == "source")


def test_every_raw_claim_is_in_the_ledger_and_the_one_left_out_is_not():
    with (RAW / "press_claims" / "claims.csv").open(encoding="utf-8", newline="") as stream:
        raw = {row["id"]: row for row in csv.DictReader(stream)}
    claims = load_claims().set_index("id")
    assert set(claims.index) == set(raw)
    assert "C28" not in claims.index
    for identifier, row in claims.iterrows():
        number = raw[identifier]["value"].strip("<>")
        if row["claimed"] and row["check"] != "lowest_since":
            said = float(row["claimed"])
            assert said in {float(number), 1000 * float(number)}, identifier


def test_the_committed_ledger_is_what_the_tables_say(tables):
    made = ledger(tables, TEXTS)
    kept = pd.read_csv(PROCESSED / "claims_ledger.csv")
    assert made["verdict"].tolist() == kept["verdict"].tolist()
    assert made["calculation_en"].tolist() == kept["calculation_en"].tolist()
    assert set(made["verdict"]) <= set(checks.VERDICTS)
    assert set(made["check_result"]) <= set(checks.CHECK_RESULTS)
    assert set(made["check"]) == set(CHECKS)


def test_each_claim_has_its_cell_and_no_verdict_is_typed():
    notebook = (NOTEBOOKS / "13_claims.ipynb").read_text("utf-8")
    kept = pd.read_csv(PROCESSED / "claims_ledger.csv")
    for identifier, cell in zip(kept["claim_id"], kept["notebook_cell"], strict=True):
        assert f"## Claim {identifier}" in notebook
        assert f'card(\\"{identifier}\\", tables, texts)' in notebook
        assert cell == f"notebooks/13_claims.ipynb#Claim-{identifier}"
    header = CLAIMS.read_text("utf-8").splitlines()[0].split(",")
    assert "verdict" not in header


def test_what_the_chapter_says_of_its_numbers():
    values = json.loads((VALUES_FOLDER / "13_claims.json").read_text("utf-8"))
    number = {name: value["number"] for name, value in values.items()}
    words = ("by_data", "by_document", "contradicted", "one_source", "unpublished")
    assert sum(number[f"claim_{word}"] for word in words) == number["claim_count"]
    regions = pd.read_csv(PROCESSED / "regions.csv").query("region == 'KZ'").set_index("year")
    people = regions["population_start_of_year_rural"].dropna()
    year = int(number["claim_rural_worst_year"])
    rate = 1000 * regions.loc[year, "net_migration_rural"] / people[year]
    assert number["claim_rural_worst_rate"] == pytest.approx(rate)
    assert number["claim_rural_population_year"] == people.index.max()
    # The net loss is that of the report's own series, but for the last year's rounding.
    trend = json.loads((VALUES_FOLDER / "03_region_in_the_country.json").read_text("utf-8"))
    places = sum_of_places(pd.read_csv(PROCESSED / "districts.csv"), "KZ-35")
    latest = {trend["year_latest"]["number"]: trend["net_latest"]["number"]}
    series = with_later_figures(places, pd.Series(latest))
    first, last = number["claim_young_first"], number["claim_young_last"]
    expected = -series[(series.index >= first) & (series.index <= last)].sum()
    assert number["claim_net_loss"] == pytest.approx(expected, abs=50)
    # The chapter calls the departures "somewhat larger" than the sum: the last year is a part.
    assert 0 < number["claim_departures_last"] < number["claim_departures"]
    assert number["claim_employed_first_year"] < number["claim_employed_last_year"]


def test_a_bad_table_of_claims_is_one_line(tmp_path):
    lines = CLAIMS.read_text("utf-8").splitlines()
    path = tmp_path / "claims.csv"
    path.write_text("\n".join([*lines[:2], lines[1]]) + "\n", "utf-8")
    with pytest.raises(ProjectError, match="line 3, column id: 'C01' stands in line 2"):
        load_claims(path)
    path.write_text("\n".join([lines[0], lines[1].replace("net_and_gross", "guess")]), "utf-8")
    with pytest.raises(ProjectError, match="line 2, column check: found 'guess', expected one of"):
        load_claims(path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wording_has_its_words_in_every_language(tables, language):
    for identifier in tables.claims["id"]:
        outcome = check_claim(identifier, tables)
        words = words_of(outcome, TEXTS, identifier, language)
        assert words["found"]
        assert words["calculation"]
        if language != "en":
            assert "Bureau" not in words["calculation"]


def test_a_missing_parameter_is_one_line(tables):
    made = tables.claims.copy()
    made.loc[made["id"] == "C09", "low"] = ""
    with pytest.raises(ProjectError, match="C09: low is ''; the check fits_known_total needs"):
        check_claim("C09", replace(tables, claims=made))
    with pytest.raises(ProjectError, match="has no claim C28"):
        check_claim("C28", tables)


def test_the_edges_of_every_rule_of_a_claim():
    # Exactly the tolerance is within it, whatever the last bit; a whisker more is not.
    assert checks.compare(0.3, 0.1, 0.2) == "confirmed"
    assert checks.compare(0.3, 0.1, 0.199) == "contradicted"
    assert checks.adds_up([0.1, 0.2], 0.1, 0.2) == "plausible"
    assert checks.adds_up([0.1, 0.2], 0.1, 0.199) == "contradicted"
    # The whole itself, and a whole of exactly low or high times the claim.
    assert checks.fits_known_total(5.0, 5.0, 1.0, 2.0) == "plausible"
    assert checks.fits_known_total(5.0, 10.0, 1.0, 2.0) == "plausible"
    assert checks.fits_known_total(5.0, 10.5, 1.0, 2.0) == "undecided"
    assert checks.fits_known_total(5.0, 9.5, 2.0) == "undecided"
    assert checks.fits_known_total(5.0, 4.9, 0.5) == "contradicted"
    assert checks.net_and_gross(9.0, 4.0, 9.0) == "undecided"
    assert checks.net_and_gross(9.1, 4.0, 9.0) == "contradicted"
    assert checks.net_and_gross(4.0, 4.0, 9.0) == "plausible"
    assert checks.net_and_gross(4.1, 4.0, 9.0) == "undecided"
    level = pd.Series({2020: -1.0, 2021: 0.0, 2022: 0.0, 2023: 2.0})
    assert checks.stays_below_zero(level, 2020, 2020) == "plausible"
    assert checks.stays_below_zero(level, 2020, 2021) == "undecided"
    assert checks.stays_below_zero(level, 2021, 2023) == "contradicted"
    assert checks.stays_below_zero(level, 2023, 2024) == "undecided"
    record = pd.Series({2019: -9.0, 2020: -1.0, 2021: 3.0, 2022: -1.0, 2023: -2.0})
    assert checks.lowest_since(record, 2022, 2020) == "contradicted"
    assert checks.lowest_since(record, 2023, 2020) == "confirmed"
    assert checks.lowest_since(record, 2023, 2019) == "contradicted"
    assert checks.lowest_since(record, 2023, 2018) == "undecided"
    assert checks.years_known(record, 2023, 2020) == 4
    assert checks.years_known(record, 2022, 2020) == 3
