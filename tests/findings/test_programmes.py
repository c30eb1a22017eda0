"""The programme ledger: grades by rule, placebos by hand, input rows, on made tables."""

import shutil

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.findings import programme_noise as noise
from karaganda_vibe.findings import programmes as ledger
from karaganda_vibe.findings.driver_words import read_model_results
from karaganda_vibe.findings.programme_measures import read_measures
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROCESSED
from karaganda_vibe.sources.input_tables import INPUT

VERDICTS = pd.DataFrame([{"model_id": "made", "term": "homes", "verdict": "firm"}])
RESULTS = pd.DataFrame(
    [
        {"model_id": "made", "term": "homes", "estimate": 2.0, "p_wild_region": 0.001,
         "p_holm": 0.01, "p_romano_wolf": 0.01},
        {"model_id": "short", "term": "jobs", "estimate": -1.0, "p_wild_region": 0.05,
         "p_holm": 0.3, "p_romano_wolf": np.nan},
    ]
)  # fmt: skip


def made_table(shift=0.0, years=range(2000, 2008)):
    """Three made regions of two places; `shift` lifts the place b1 from 2005 on."""
    rows = []
    for region in ("a", "b", "c"):
        for number in (1, 2):
            for year in years:
                value = 10.0 * number + year % 2
                if (region, number) == ("b", 1) and year >= 2005:
                    value += shift
                rows.append((region, f"{region}{number}", "city", year, value, 1000.0 * number))
    columns = ["region", "place_id", "kind", "year", "value", "mean_population"]
    return pd.DataFrame(rows, columns=columns)


def test_the_grade_follows_the_data():
    assert ledger.grade("", "", "", VERDICTS, RESULTS) == "not measured"
    assert ledger.grade("homes", "made", "more", VERDICTS, RESULTS) == "firm"
    for word in ("weak", "unknown"):
        changed = VERDICTS.assign(verdict=word)
        assert ledger.grade("homes", "made", "more", changed, RESULTS) == word
    assert ledger.grade("homes", "made", "less", VERDICTS, RESULTS) == "against"
    unknown = VERDICTS.assign(verdict="unknown")
    assert ledger.grade("homes", "made", "less", unknown, RESULTS) == "unknown"


def test_a_driver_outside_the_long_models_is_weak_at_most():
    assert ledger.grade("jobs", "short", "less", VERDICTS, RESULTS) == "weak"
    certain = RESULTS.assign(p_wild_region=0.0, p_holm=0.0, p_romano_wolf=0.0)
    assert ledger.grade("jobs", "short", "less", VERDICTS, certain) == "weak"
    noise = RESULTS.assign(p_wild_region=0.5, p_romano_wolf=1.0)
    assert ledger.grade("jobs", "short", "less", VERDICTS, noise) == "unknown"
    with pytest.raises(ProjectError, match="'jobs' of the model 'made'"):
        ledger.grade("jobs", "made", "less", VERDICTS, RESULTS)


def test_a_placebo_change_by_hand():
    kwargs = {"treated_region": "c", "group_size": 1, "years_after": 2, "years_before": 2}
    changes = noise.placebo_changes(made_table(shift=6.0), **kwargs)
    assert set(changes["region"]) == {"a", "b"}
    found = changes.set_index(["group", "start"])["change"]
    # b1 rises by 6, its comparators (a1, a2) do not move.
    assert found["b1", 2005] == pytest.approx(6.0)
    # a1 does not move, its comparators (b1, b2) rise by 3 on average.
    assert found["a1", 2005] == pytest.approx(-3.0)
    assert found["b1", 2002] == pytest.approx(0.0)
    quiet = noise.placebo_changes(made_table(), **kwargs)
    assert quiet["change"].abs().max() < 1e-12


def test_a_whole_region_is_weighted_by_population():
    changes = noise.placebo_changes(
        made_table(shift=6.0), treated_region="c", group_size=None, years_after=2, years_before=2
    )
    found = changes.set_index(["group", "start"])["change"]
    # A third of region b's people live in b1.
    assert found["b", 2005] == pytest.approx(2.0)


def test_groups_of_several_places_are_the_same_on_every_run():
    rng = np.random.default_rng(1)
    table = made_table()
    table["value"] += rng.normal(size=len(table))
    table["region"] = table["region"].replace({"b": "a"})
    kwargs = {
        "treated_region": "",
        "group_size": 3,
        "years_after": 1,
        "years_before": 2,
        "draws": 4,
    }
    first = noise.placebo_changes(table, **kwargs)
    pd.testing.assert_frame_equal(first, noise.placebo_changes(table, **kwargs))
    # Only the joined region has three places.
    assert set(first["region"]) == {"a"}


def test_too_few_years_are_refused():
    with pytest.raises(ProjectError, match="too few"):
        noise.placebo_changes(
            made_table(years=range(2000, 2003)), treated_region="", group_size=1, years_after=2
        )
    with pytest.raises(ProjectError, match="expected one or more"):
        noise.placebo_changes(made_table(), treated_region="", group_size=1, years_after=0)


def test_the_band_and_the_effect_that_is_seen():
    changes = pd.DataFrame(
        {"change": np.arange(101.0) - 30, "group": "made", "region": "made", "start": 2005}
    )
    found = noise.detectable(changes)
    assert (found.low, found.high, found.threshold) == (-25.0, 65.0, 65.0)
    assert found.four_of_five == pytest.approx(65.0 - -10.0)
    # Where less is better, the improvement lies on the other side.
    assert noise.detectable(changes, better="lower").threshold == pytest.approx(25.0)


def test_an_effect_of_that_size_is_seen_in_four_of_five_cases():
    chance = np.random.default_rng(7).normal(size=4000)
    changes = pd.DataFrame({"change": chance, "group": "made", "region": "made", "start": 2005})
    found = noise.detectable(changes)
    assert np.mean(chance + found.four_of_five > found.threshold) == pytest.approx(0.80, abs=0.002)
    assert np.mean((chance < found.low) | (chance > found.high)) == pytest.approx(0.10, abs=0.002)


def test_people_needed_by_the_textbook_formula():
    # (1.6449 + 0.8416)^2 (0.25 + 0.24) / 0.01 = 302.96
    assert noise.people_needed(0.1) == 303
    assert noise.people_needed(0.2) < noise.people_needed(0.1) < noise.people_needed(0.05)
    with pytest.raises(ProjectError):
        noise.people_needed(0)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (",crimes,far,", ",theft,far,", "column measure: found 'theft'"),
        (",crimes,far,", ",crimes,,", "must all be filled"),
        (",one,2015,", ",two,2015,", "column scope: found 'two'"),
        ("jas-fund,", "senim-alany,", "column programme_id: 'senim-alany' stands in"),
    ],
)
def test_a_bad_programme_is_named_with_its_line(tmp_path, old, new, fault):
    text = ledger.PROGRAMMES.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "programmes.csv"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProjectError, match=fault) as error:
        ledger.read_programmes(path)
    assert "line " in str(error.value)


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ("made,made-city,2025,20,15,14,13,,,,made", None),
        ("other,made-city,2025,20,15,14,13,,,,made", "line 2, column programme_id: 'other'"),
        ("made,made-city,2025,20,15,16,13,,,,made", "line 2, column participants_followed: 16"),
        ("made,made-city,2025,20,15,14,15,,,,made", "line 2, column participants_here: 15"),
        ("made,made-city,2025,20,15,14,13,,12,,made", "line 2, column others_here: 12"),
        ("made,made-city,2025,20,15,14,13,,,much,made", "line 2, column cost: found 'much'"),
    ],
)
def test_input_rows_of_programmes(tmp_path, row, where):
    shutil.copy(INPUT / "programmes.schema.json", tmp_path)
    header = (INPUT / "programmes.csv").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "programmes.csv").write_text(f"{header}\n{row}\n")
    if where is None:
        assert len(ledger.read_programme_input(["made"], ["made-city"], tmp_path)) == 1
        return
    with pytest.raises(ProjectError) as error:
        ledger.read_programme_input(["made"], ["made-city"], tmp_path)
    assert where in str(error.value)
    assert "\n" not in str(error.value)


def test_entered_counts_reach_the_ledger():
    programmes = ledger.read_programmes()
    measures = read_measures()
    districts = pd.read_csv(PROCESSED / "districts.csv").query("region == 'KZ-35'")
    grades = dict.fromkeys(programmes["programme_id"], "unknown")
    columns = [*read_columns(), "line"]
    old = ["ult-qazynasy", "nura-district", 2025, 20, 10, 8, 6, 8, 4, 1e6, "made", 2]
    new = ["ult-qazynasy", "nura-district", 2026, 20, 12, 10, 5, 0, 0, 1e6, "made", 3]
    entered = pd.DataFrame([old, new], columns=columns)
    table = ledger.programme_ledger(
        programmes, measures, districts, entered, grades, region="KZ-35"
    )
    filled = table.dropna(subset=["input_year"])
    assert len(filled) == 1
    row = filled.iloc[0]
    assert (row["input_year"], row["participants"], row["participants_here_share"]) == (
        2026,
        12,
        50,
    )
    assert pd.isna(row["others_here_share"])
    before = pd.read_csv(PROCESSED / "programme_ledger.csv")
    pd.testing.assert_series_equal(table["net_rate"].round(8), before["net_rate"])


def read_columns():
    return (INPUT / "programmes.csv").read_text(encoding="utf-8").splitlines()[0].split(",")


def test_the_real_ledger_holds_every_programme_and_place_once():
    table = pd.read_csv(PROCESSED / "programme_ledger.csv")
    programmes = ledger.read_programmes()
    assert not table.duplicated(["programme_id", "place_id"]).any()
    assert len(table) == len(programmes) * table["place_id"].nunique()
    assert table["place_id"].nunique() == 13
    verdicts = pd.read_csv(PROCESSED / "driver_verdicts.csv")
    results = read_model_results()
    written = table.drop_duplicates("programme_id").set_index("programme_id")["grade"]
    for row in programmes.to_dict("records"):
        word = ledger.grade(row["term"], row["model_id"], row["direction"], verdicts, results)
        assert written[row["programme_id"]] == word
    nothing = table[table["grade"] == "not measured"]
    assert nothing["baseline"].isna().all()


def test_the_real_thresholds_shrink_with_more_places():
    table = pd.read_csv(PROCESSED / "detectable_effects.csv").query("measure == 'net_rate'")
    after = table[table["years_after"] == 3].set_index("scope")["threshold"]
    assert after["one"] > after["nine"] > after["all"] > 0
    assert (table["low"] < 0).all()
    assert (table["four_of_five"] > table["threshold"]).all()


def test_programmes_are_named_in_three_languages():
    table = ledger.read_programmes()
    for column in (c for c in table.columns if c[-3:] in {"_en", "_ru", "_kk"}):
        assert (table[column].str.len() > 2).all(), column


def test_people_needed_at_the_edges_of_shares():
    # (1.6449 + 0.8416)^2 = 6.1826, times the two variances over the squared difference.
    assert noise.people_needed(0.1, 0.8) == 155  # 0.16 + 0.09
    assert noise.people_needed(0.2, 0.95) == 8  # 0.0475 + 0: nobody can stay more than surely
    assert noise.people_needed(1.0, 0.0) == 0
    assert noise.people_needed(0.5, 1.0) == 0
    for difference, share in ((0.0, 0.5), (1.01, 0.5), (0.1, -0.01), (0.1, 1.01)):
        with pytest.raises(ProjectError, match="expected shares from 0 to 1"):
            noise.people_needed(difference, share)
