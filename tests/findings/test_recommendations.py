"""The ranking of levers follows its rule, on made tables and on the real one."""

import pandas as pd
import pytest

from karaganda_vibe.findings.driver_words import read_model_results
from karaganda_vibe.findings.recommendations import (
    LEVERS,
    NOT_MEASURED,
    WORDS,
    caution,
    concerned_text,
    lever_places,
    lever_size,
    load_levers,
    losing_places,
    places_behind,
    ranked,
    recent_levels,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROCESSED
from karaganda_vibe.words.languages import inside_sentence


def made_levers(**columns):
    frame = pd.DataFrame(columns)
    return frame.assign(every_test=frame.get("every_test", True))


def test_evidence_comes_before_size_and_the_unmeasured_last():
    made = made_levers(
        id=["a", "b", "c", "d", "e"],
        word=["unknown", NOT_MEASURED, "weak", "firm", "weak"],
        effect=[9.0, None, 1.0, 0.1, 2.0],
    )
    assert ranked(made)["id"].tolist() == ["d", "e", "c", "a", "b"]
    assert ranked(made)["rank"].tolist() == [1, 2, 3, 4, 5]


def test_of_one_word_the_fully_tested_come_first_then_size_then_name():
    made = made_levers(
        id=["z", "y", "x", "w"],
        word=["weak"] * 4,
        effect=[5.0, 1.0, 2.0, 2.0],
        every_test=[False, True, True, True],
    )
    assert ranked(made)["id"].tolist() == ["w", "x", "y", "z"]


def test_an_effect_the_other_way_is_smaller_than_none():
    made = made_levers(id=["a", "b"], word=["unknown", "unknown"], effect=[-3.0, 0.0])
    assert ranked(made)["id"].tolist() == ["b", "a"]


def test_an_unknown_word_has_no_place():
    with pytest.raises(ProjectError, match="the word 'sure' has no place in the ranking"):
        ranked(made_levers(id=["a"], word=["sure"], effect=[1.0]))


def made_places():
    rows = []
    for place, region, kind, net, homes in [
        ("here-city", "R1", "city", -10, 100.0),
        ("here-village", "R1", "district", -50, 10.0),
        ("here-growing", "R1", "city", 20, 5.0),
        ("far-city", "R2", "city", 0, 300.0),
        ("far-village", "R2", "district", 0, 1.0),
    ]:
        rows += [
            {
                "region": region,
                "place_id": place,
                "kind": kind,
                "year": year,
                "population": 1000.0,
                "net_migration": net,
                "homes": homes,
            }
            for year in (2021, 2022, 2023, 2024)
        ]
    return pd.DataFrame(rows)


def test_places_that_lose_come_worst_first():
    losing = losing_places(made_places(), "R1")
    assert losing.index.tolist() == ["here-village", "here-city"]
    assert losing.tolist() == [-50.0, -10.0]


def test_behind_compares_like_with_like_in_both_directions():
    districts = made_places()
    levels = recent_levels(districts, "homes", per_head=True)
    assert levels["here-city"] == pytest.approx(100.0)
    kinds = districts.drop_duplicates("place_id").set_index("place_id")["kind"]
    losing = pd.Index(["here-village", "here-city"])
    # Cities: 5, 100, 300, median 100; districts: 1 and 10, median 5.5.
    assert places_behind(levels, kinds, losing, "more") == ([], 0)
    assert places_behind(levels, kinds, losing, "less") == (["here-village"], 0)
    gone = levels.drop("here-city")
    assert places_behind(gone, kinds, losing, "less") == (["here-village"], 1)


def test_rules_of_levers_without_a_driver():
    lever = {"rule": "losing", "column": "", "per": "", "direction": ""}
    assert lever_places(lever, made_places(), "R1")["places"] == ["here-village", "here-city"]
    rural = lever | {"rule": "losing-districts"}
    assert lever_places(rural, made_places(), "R1")["places"] == ["here-village"]


def test_an_unknown_column_is_one_line():
    with pytest.raises(
        ProjectError, match=r"no column 'trees', which metadata/programmes/recommendations.csv"
    ):
        recent_levels(made_places(), "trees", per_head=False)


def made_results():
    return pd.DataFrame(
        {
            "model_id": ["m", "second_core", "second_lag_lead"],
            "term": ["crime", "homes", "homes_lead1"],
            "estimate": [-2.0, 1.0, 1.0],
            "ci_low": [-3.0, 0.5, 0.5],
            "ci_high": [1.0, 1.5, 1.5],
            "p_wild_region": [0.3, 0.01, 0.05],
            "p_holm": [0.6, 0.01, 0.05],
            "p_romano_wolf": [0.6, 0.01, 0.05],
            "n_places": [40, 40, 40],
        }
    )


VERDICTS = pd.DataFrame(
    {"model_id": ["second_core"], "term": ["homes"], "verdict": ["weak"], "warned": [True]}
)
TYPICAL = {"m": pd.Series({"crime": 3.0}), "second_core": pd.Series({"homes": 2.0})}


def test_size_of_a_lever_that_means_less_is_turned():
    lever = {"term": "crime", "model_id": "m", "direction": "less"}
    size = lever_size(lever, made_results(), VERDICTS, TYPICAL)
    assert (size["change"], size["effect"], size["low"], size["high"]) == (-3.0, 6.0, -3.0, 9.0)
    assert (size["word"], size["every_test"], size["placebo_fails"]) == ("unknown", False, False)


def test_placebo_of_the_plan_is_carried_along():
    lever = {"term": "homes", "model_id": "second_core", "direction": "more"}
    size = lever_size(lever, made_results(), VERDICTS, TYPICAL)
    assert (size["effect"], size["word"], size["every_test"]) == (2.0, "weak", True)
    assert size["placebo_fails"] is True
    calm = VERDICTS.assign(warned=False)
    assert lever_size(lever, made_results(), calm, TYPICAL)["placebo_fails"] is False


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"word": NOT_MEASURED}, "unmeasured"),
        ({"placebo_fails": True}, "placebo"),
        ({"n_places": 16}, "few"),
        ({"low": -1.0}, "zero"),
        ({"effect": -2.0, "low": -3.0, "high": -1.0}, "against"),
        ({}, "none"),
    ],
)
def test_caution(change, expected):
    row = {
        "word": "weak",
        "placebo_fails": False,
        "n_places": 99,
        "effect": 2.0,
        "low": 1.0,
        "high": 3.0,
    }
    assert caution(row | change) == expected


def test_places_of_a_lever_in_words():
    names = {"a": "A", "b": "B", "c": "C"}
    assert concerned_text({"places": ""}, names, 3, "–") == "–"
    assert concerned_text({"places": "a;b"}, names, 3, "–") == "A; B"
    assert concerned_text({"places": "a;b;c"}, names, 3, "–") == "3 / 3"


def test_levers_in_a_sentence_begin_small_but_abbreviations_do_not():
    assert inside_sentence("New housing") == "new housing"
    assert inside_sentence("Новое жильё") == "новое жильё"
    assert inside_sentence("ЖОО-дағы орындар") == "ЖОО-дағы орындар"


def test_a_bad_table_of_levers_is_one_line(tmp_path):
    lines = LEVERS.read_text("utf-8").splitlines()
    path = tmp_path / "recommendations.csv"
    path.write_text("\n".join([lines[0], lines[1].replace(",more,", ",up,")]), "utf-8")
    with pytest.raises(ProjectError, match="line 2, column direction: found 'up', expected one of"):
        load_levers(path)
    path.write_text("\n".join([lines[0], lines[1].replace(",behind,", ",all,")]), "utf-8")
    with pytest.raises(ProjectError, match="line 2, column rule: found 'all', expected one of"):
        load_levers(path)


# The real table.


def test_the_real_ranking_keeps_its_rule():
    table = pd.read_csv(PROCESSED / "recommendations.csv")
    order = table["word"].map({word: place for place, word in enumerate(WORDS)})
    assert order.is_monotonic_increasing
    assert table["rank"].tolist() == list(range(1, len(table) + 1))
    unmeasured = table[table["word"] == NOT_MEASURED]
    assert len(unmeasured)
    assert unmeasured[["effect", "low", "high"]].isna().all().all()
    assert unmeasured["term"].isna().all()
    measured = table[table["word"] != NOT_MEASURED]
    assert (
        (measured["low"] <= measured["effect"]) & (measured["effect"] <= measured["high"])
    ).all()
    again = ranked(table.drop(columns="rank"))
    assert again["id"].tolist() == table["id"].tolist()


def test_real_words_and_sizes_are_those_of_the_models():
    table = pd.read_csv(PROCESSED / "recommendations.csv").set_index("id")
    verdicts = pd.read_csv(PROCESSED / "driver_verdicts.csv").set_index("term")["verdict"]
    results = read_model_results().set_index(["model_id", "term"])
    for row in table[table["word"] != NOT_MEASURED].itertuples():
        if row.every_test:
            assert row.word == verdicts[row.term]
        estimate = results.loc[(row.model_id, row.term), "estimate"]
        assert row.effect == pytest.approx(estimate * row.change, rel=1e-5)
        assert (row.change > 0) == (row.direction == "more")


def test_real_places_are_of_the_region_and_lose_people():
    districts = pd.read_csv(PROCESSED / "districts.csv")
    losing = set(losing_places(districts, "KZ-35").index)
    assert losing
    table = pd.read_csv(PROCESSED / "recommendations.csv")
    for row in table.itertuples():
        places = row.places.split(";") if isinstance(row.places, str) else []
        assert set(places) <= losing
        assert len(places) == row.places_count


# Each choice of a rule gives another answer here.


def made_years(**nets):
    """One place a name, four years each: its net migration per 1,000 by year, from 2021."""
    rows = [
        {"region": "R1", "place_id": place, "kind": "city", "year": 2021 + number,
         "population": 1000.0, "net_migration": net, "homes": net}
        for place, years in nets.items()
        for number, net in enumerate(years)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_losing_is_the_mean_of_the_last_three_years_below_nought():
    districts = made_years(
        early=[-900.0, 3.0, 3.0, -3.0],
        skewed=[0.0, 1.0, 2.0, -9.0],
        level=[-5.0, -3.0, 0.0, 3.0],
        worst=[50.0, -30.0, -20.0, -10.0],
        gap=[-5.0, -5.0, None, -5.0],
    )
    elsewhere = districts.assign(region="R2", place_id="far-" + districts["place_id"])
    losing = losing_places(pd.concat([districts, elsewhere]), "R1")
    assert losing.to_dict() == pytest.approx({"worst": -20.0, "skewed": -2.0})
    assert losing.index.tolist() == ["worst", "skewed"]


def test_recent_levels_are_means_of_the_last_three_years():
    districts = made_years(a=[1000.0, 1.0, 2.0, 9.0], b=[7.0, None, None, 4.0])
    assert recent_levels(districts, "homes", per_head=False).to_dict() == {"a": 4.0, "b": 4.0}
    halved = districts.assign(population=500.0)
    assert recent_levels(halved, "homes", per_head=True)["a"] == pytest.approx(8.0)


def test_places_behind_come_worst_first_against_the_median_of_their_kind():
    levels = pd.Series({"a": 1.0, "b": 3.0, "c": 4.0, "d": 6.0, "e": 100.0, "f": None})
    kinds = pd.Series("city", index=levels.index)
    everyone = pd.Index(["b", "a", "c", "f", "e", "d"])
    # The median is 4, the mean 22.8: c is not behind, by either direction.
    assert places_behind(levels, kinds, everyone, "more") == (["a", "b"], 1)
    assert places_behind(levels, kinds, everyone, "less") == (["e", "d"], 1)
    # The median is that of all places, not of the candidates.
    assert places_behind(levels, kinds, pd.Index(["d", "e"]), "less") == (["e", "d"], 0)


def test_behind_is_asked_among_the_losing_only():
    districts = made_places()
    lever = {"rule": "behind", "column": "homes", "per": "population", "direction": "less"}
    found = lever_places(lever, districts, "R1")
    assert found == {"places": ["here-village"], "not_published": 0}


def test_a_driver_without_the_checks_of_time_has_no_placebo_to_fail():
    other = {"term": "crime", "model_id": "m", "direction": "more"}
    assert lever_size(other, made_results(), VERDICTS, TYPICAL)["placebo_fails"] is False


def test_sizes_are_estimate_and_bounds_times_the_typical_change():
    lever = {"term": "homes", "model_id": "second_core", "direction": "more"}
    size = lever_size(lever, made_results(), VERDICTS, TYPICAL)
    assert (size["change"], size["low"], size["high"]) == (2.0, 1.0, 3.0)
    assert (size["p_unadjusted"], size["n_places"]) == (0.01, 40)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"n_places": 29}, "few"),
        ({"n_places": 30}, "none"),
        ({"low": 0.0}, "zero"),
        ({"effect": -2.0, "low": -3.0, "high": 0.0}, "zero"),
        ({"placebo_fails": True, "n_places": 5, "low": -1.0}, "placebo"),
        ({"n_places": 5, "low": -1.0}, "few"),
        ({"effect": 0.0, "low": 0.5}, "none"),
    ],
)
def test_the_edges_and_the_order_of_cautions(change, expected):
    row = {"word": "weak", "placebo_fails": False, "n_places": 99, "effect": 2.0, "low": 1.0,
           "high": 3.0}  # fmt: skip
    assert caution(row | change) == expected
