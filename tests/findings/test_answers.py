"""Rows, targets, scenarios, levers and published results; made panels, then the real results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_panel import design_of, made_panel

from karaganda_vibe.findings.answers import (
    COMPUTED,
    REFUSED,
    THERE,
    Evidence,
    aligned,
    change_text,
    chosen_rows,
    evidence,
    interval_text,
    lasting_moves,
    latest_years,
    lever_table,
    mean_levels,
    read_evidence,
    scenario_table,
    scenario_targets,
    similar_places,
    summed_scenarios,
)
from karaganda_vibe.findings.published_results import (
    COLUMNS,
    agreement,
    compared,
    published_words,
    read_published,
    study_words,
)
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.results import ModelResult, estimate
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROCESSED, REPORT
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.words.languages import inside_sentence

FRAME = made_panel(seed=2, regions=8, places=4, years=8, missing=0.0, shock=0.2)


@pytest.fixture(scope="module")
def design() -> Design:
    return design_of(FRAME)


@pytest.fixture(scope="module")
def result(design: Design) -> ModelResult:
    return estimate(design, draws=199, intervals=False)


def test_rows_are_chosen_by_year_region_and_place(design: Design) -> None:
    years = latest_years(design, 3)
    assert years == (2005, 2006, 2007)
    here = chosen_rows(design, years=years, regions=["KZ-00"])
    assert here.sum() == 3 * 4
    rest = chosen_rows(design, years=years, regions=["KZ-00"], without_places=["place-000"])
    city = chosen_rows(design, years=years, places=["place-000"])
    assert (rest | city == here).all()
    assert not (rest & city).any()
    assert chosen_rows(design).all()
    elsewhere = chosen_rows(design, years=years, without_regions=["KZ-00"])
    assert elsewhere.sum() == 3 * 4 * 7
    with pytest.raises(ProjectError, match="the region KZ-99 is not in the estimation sample"):
        chosen_rows(design, regions=["KZ-99"])


def test_a_column_is_aligned_with_the_rows_and_a_gap_is_named(design: Design) -> None:
    found = aligned(design, FRAME, "population", "place_id")
    place = design.place_labels[design.place[17]]
    row = FRAME[(FRAME["place_id"] == place) & (FRAME["year"] == design.year[17])]
    assert found[17] == row["population"].iloc[0]
    holed = FRAME.copy()
    holed.loc[row.index, "population"] = np.nan
    with pytest.raises(ProjectError, match=f"no population for {place}, {design.year[17]}"):
        aligned(design, holed, "population", "place_id")


def test_levels_are_means_of_the_places_own_rows(design: Design) -> None:
    levels = mean_levels(design, (2006, 2007))
    own = FRAME[(FRAME["place_id"] == "place-005") & FRAME["year"].isin([2006, 2007])]
    assert levels.loc["place-005", "x0"] == pytest.approx(own["x0"].mean())
    assert levels.loc["place-005", "rows"] == 2
    assert levels.loc["place-005", "region"] == "KZ-01"


def made_places() -> pd.DataFrame:
    """Made: four places here, six elsewhere, of two kinds."""
    rows = [
        ("a-city", "KZ-00", "city", 100), ("b", "KZ-00", "district", 20),
        ("c", "KZ-00", "district", 10), ("x-city", "KZ-01", "city", 90),
        ("y-city", "KZ-01", "city", 220), ("k", "KZ-01", "district", 10),
        ("l", "KZ-02", "district", 21), ("m", "KZ-02", "district", 40),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["place", "region", "kind", "population"])
    return frame.set_index("place")


def test_similar_places_are_of_the_same_kind_elsewhere_and_close_in_ratio() -> None:
    places = made_places()
    assert similar_places(places, "b", 2) == ["l", "k"]
    assert similar_places(places, "a-city", 2) == ["x-city", "y-city"]
    with pytest.raises(ProjectError, match="3 places of kind district in other regions; expected"):
        similar_places(places, "b", 4)


def test_targets_know_which_side_is_better() -> None:
    places = made_places()
    levels = pd.Series(
        {"a-city": 5.0, "b": 2.0, "c": 3.0, "x-city": 4.0, "y-city": 8.0, "k": 1.0, "l": 6.0}
    )
    made = {"region": "KZ-00", "city": "a-city", "count": 2}
    high = scenario_targets(levels, places, higher_is_better=True, **made)
    found = high.set_index(["place", "comparator"])
    assert found.loc[("b", "similar"), "target"] == 3.5
    assert found.loc[("b", "best"), "target"] == 5.0
    assert bool(found.loc[("b", "city"), "better"])
    assert not bool(found.loc[("a-city", "city"), "better"])
    low = scenario_targets(levels, places, higher_is_better=False, **made)
    found = low.set_index(["place", "comparator"])
    assert found.loc[("b", "best"), "target"] == 2.0
    assert not bool(found.loc[("b", "city"), "better"])
    assert bool(found.loc[("a-city", "best"), "better"])


def test_lasting_moves_are_of_means_and_not_of_single_years() -> None:
    frame = FRAME.copy()
    spike = (frame["place_id"] == "place-003") & (frame["year"] == 2004)
    step = (frame["place_id"] == "place-004") & (frame["year"] >= 2004)
    frame["x0"] = 0.01 * frame["x0"]
    frame.loc[spike, "x0"] += 9.0
    frame.loc[step, "x0"] += 9.0
    moves = lasting_moves(design_of(frame), "x0")
    assert moves["place-004"] > 2 * moves["place-003"]
    assert len(moves) == 32


def test_scenarios_are_computed_refused_or_not_needed(design: Design, result: ModelResult) -> None:
    now = float(np.median(design.regressors[:, 0]))
    widest = float(lasting_moves(design, "x0").quantile(0.9))
    targets = pd.DataFrame(
        {
            "place": ["p", "q", "r", "s"],
            "comparator": "made",
            "current": now,
            "target": [now + 0.5, now + widest * 1.01, now + 99, now - 0.5],
            "better": [True, True, True, False],
        }
    )
    population = pd.Series({"p": 2000.0, "q": 1000.0, "r": 1000.0, "s": 1000.0})
    cluster = str(design.region_labels[0])
    table = scenario_table(design, result.jackknife, "x0", targets, population, cluster)
    assert table["status"].tolist() == [COMPUTED, REFUSED, REFUSED, THERE]
    assert table["people"].notna().tolist() == [True, False, False, False]
    assert table.loc[0, "people"] == pytest.approx(result.jackknife.estimates[0] * 0.5 * 2)
    assert "larger than 90% of the sample's places" in table.loc[1, "reason"]
    assert "outside the sample" in table.loc[2, "reason"]
    people, low, high = summed_scenarios(design, result.jackknife, table)
    assert (people, low, high) == pytest.approx(tuple(table.loc[0, ["people", "low", "high"]]))
    with pytest.raises(ProjectError, match="0 computed rows"):
        summed_scenarios(design, result.jackknife, table[table["status"] == REFUSED])


def test_a_move_that_no_place_of_the_cluster_has_made_is_refused(
    design: Design, result: ModelResult
) -> None:
    moves = lasting_moves(design, "x0")
    region = pd.Series(design.region_labels[design.region], index=design.place_labels[design.place])
    largest = moves.groupby(region[~region.index.duplicated()]).max()
    calm, wild = str(largest.idxmin()), str(largest.idxmax())
    step = (float(largest[calm]) + float(moves.quantile(0.9))) / 2
    assert largest[calm] < step < min(largest[wild], moves.quantile(0.9))
    now = float(np.median(design.regressors[:, 0]))
    targets = pd.DataFrame(
        {"place": ["p"], "comparator": "made", "current": now, "target": now + step, "better": True}
    )
    people = pd.Series({"p": 1000.0})
    here = scenario_table(design, result.jackknife, "x0", targets, people, calm).iloc[0]
    assert here["status"] == REFUSED
    assert f"larger than any place of {calm} has made" in here["reason"]
    there = scenario_table(design, result.jackknife, "x0", targets, people, wild).iloc[0]
    assert there["status"] == COMPUTED


def test_a_sum_is_as_uncertain_as_its_parts_together(design: Design, result: ModelResult) -> None:
    now = float(np.median(design.regressors[:, 0]))
    targets = pd.DataFrame(
        {"place": ["p", "q"], "comparator": "made", "current": now, "target": now + 0.4}
    ).assign(better=True)
    population = pd.Series({"p": 2000.0, "q": 500.0})
    cluster = str(design.region_labels[0])
    table = scenario_table(design, result.jackknife, "x0", targets, population, cluster)
    found = summed_scenarios(design, result.jackknife, table)
    assert found == pytest.approx(tuple(table[["people", "low", "high"]].sum()))


def test_evidence_outside_the_curves_is_never_firm(design: Design, result: ModelResult) -> None:
    found = evidence(result, "x0", strict=result)
    assert found.p_adjusted < 0.05
    assert found.sign_strict_same
    assert found.survives_leave_one_region_out
    assert found.word == "weak"
    assert evidence(result, "x2").word in {"weak", "unknown"}
    assert not evidence(result, "x0").sign_strict_same
    read = read_evidence(pd.read_csv(PROCESSED / "driver_verdicts.csv"))
    assert {model for model, _ in read} == {"second_core"}


def test_levers_take_the_sign_of_the_move(result: ModelResult) -> None:
    levers = pd.DataFrame(
        {
            "lever_id": ["up", "down", "none"],
            "term": ["x0", "x0", ""],
            "model_id": ["m", "m", ""],
            "direction": ["more", "less", ""],
        }
    )
    typical = {"m": pd.Series({"x0": 2.0})}
    words = {("m", "x0"): Evidence(0.01, 0.01, True, 1.0, True, "firm")}
    table = lever_table(levers, {"m": result}, typical, words)
    assert table["word"].tolist() == ["firm", "firm", "not measured"]
    assert table.loc[0, "effect"] == pytest.approx(2 * result.jackknife.estimates[0])
    assert table.loc[1, "effect"] == -table.loc[0, "effect"]
    assert table.loc[1, "low"] == -table.loc[0, "high"]
    assert np.isnan(table.loc[2, "effect"])
    with pytest.raises(ProjectError, match="the lever up names the driver 'x0' of the model"):
        lever_table(levers, {}, typical, words)
    bad = levers.assign(direction="sideways")
    with pytest.raises(ProjectError, match="direction 'sideways'; expected more or less"):
        lever_table(bad, {"m": result}, typical, words)


def test_numbers_in_words() -> None:
    text = interval_text(1.44, -0.6, 2.1, "signed_per_1000", "en", "to")
    assert text == "+1.4 (\u22120.6 to +2.1)"
    logged = {"log": "yes", "kind": "signed_percent_0"}
    assert change_text(float(np.log(1.1)), logged, "en") == "+10%"
    plain = {"log": "no", "kind": "signed_decimal_0", "unit_en": "m²"}
    assert change_text(205.6, plain, "en") == "+206 m²"
    assert interval_text(1.44, -0.6, 2.1, "signed_per_1000", "ru", "…") == "+1,4 (\u22120,6 … +2,1)"
    in_russian = {"log": "no", "kind": "signed_per_1000", "unit_ru": "процентного пункта"}
    assert change_text(-1.28, in_russian, "ru") == "\u22121,3 процентного пункта"


def test_names_inside_a_sentence_keep_their_acronyms() -> None:
    assert inside_sentence("Floor space built") == "floor space built"
    assert inside_sentence("Ввод жилья") == "ввод жилья"
    assert inside_sentence("ЖОО студенттері") == "ЖОО студенттері"


# ---- published results ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sign", "estimate_", "low", "high", "expected"),
    [
        ("+", 1.0, 0.5, 1.5, "agrees"),
        ("-", 1.0, 0.5, 1.5, "disagrees"),
        ("+", 1.0, -0.5, 2.5, "same sign, unsure"),
        ("-", 1.0, -0.5, 2.5, "other sign, unsure"),
        ("-", -1.0, -1.5, -0.5, "agrees"),
        ("0", 1.0, 0.5, 1.5, "disagrees"),
        ("0", 1.0, -0.5, 1.5, "none seen either"),
        ("", 1.0, 0.5, 1.5, "no sign given"),
    ],
)
def test_agreement(sign: str, estimate_: float, low: float, high: float, expected: str) -> None:
    assert agreement(sign, estimate_, low, high) == expected


def published_row(**fields: str) -> pd.DataFrame:
    return pd.DataFrame([dict.fromkeys(COLUMNS, "") | {"study": "made", "depth": "table"} | fields])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"published_sign": "?"}, "column published_sign: found '\\?'"),
        ({"depth": "hearsay"}, "column depth: found 'hearsay'"),
        ({"depth": "abstract", "published_size_en": "3"}, "a size without its table"),
        ({"published_size_en": "0.5", "published_size_ru": "0,4"}, "expected the same numbers"),
        ({"model_id": "m"}, "model_id and term belong together"),
    ],
)
def test_bad_published_rows_are_refused(
    fields: dict[str, str], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "published.csv"
    published_row(**fields).to_csv(path, index=False)
    with pytest.raises(ProjectError, match=f"line 2.*{message}"):
        read_published(path)


def test_a_study_is_worded_in_every_language() -> None:
    sizes = {"published_size_en": "-0.5, say", "published_size_ru": "-0,5"}
    rows = published_row(place_en="Italy", place_ru="Италия", years="1970-2002", **sizes)
    row = rows.to_dict("records")[0]
    assert study_words(row, "en") == "Italy, 1970–2002 [@made]"
    assert study_words(row, "ru") == "Италия, 1970–2002 [@made]"
    assert study_words(row | {"years": ""}, "ru") == "Италия [@made]"
    assert published_words(row, "ru", "знак не указан") == "\u22120,5"
    assert published_words(row | {"published_sign": "0"}, "kk", "белгісіз") == "0"
    assert published_words(row, "kk", "белгісіз") == "белгісіз"


def test_ours_stands_beside_theirs(result: ModelResult) -> None:
    rows = pd.concat(
        [published_row(model_id="m", term="x0", published_sign="+"), published_row()],
        ignore_index=True,
    )
    table = compared(rows, {"m": result}, {"m": pd.Series({"x0": 2.0})})
    assert table["agreement"].tolist() == ["agrees", "not measured here"]
    assert table.loc[0, "effect"] == pytest.approx(2 * result.jackknife.estimates[0])
    with pytest.raises(ProjectError, match="compared with 'x9' of the model 'm'"):
        compared(published_row(model_id="m", term="x9"), {"m": result}, {})


# ---- the real tables and what the chapter says ---------------------------------------------------


def values() -> dict[str, dict]:
    path = REPORT / "generated" / "values" / "07_answers.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_every_study_is_in_the_bibliography_and_every_model_in_the_list() -> None:
    published = read_published()
    bibliography = (REPORT / "references.bib").read_text(encoding="utf-8")
    missing = [key for key in published["study"] if f"{{{key}," not in bibliography]
    assert missing == []
    lists = [read_yaml(METADATA / "models" / f"{name}.yml") for name in ("specs", "drivers_second")]
    terms = {
        model["id"]: {driver.get("name", driver["column"]) for driver in model["drivers"]}
        for models in lists
        for model in models["models"]
    }
    levers = pd.read_csv(METADATA / "programmes" / "levers.csv", dtype=str, keep_default_na=False)
    pairs = [*zip(published["model_id"], published["term"], strict=True)]
    pairs += [*zip(levers["model_id"], levers["term"], strict=True)]
    assert [pair for pair in pairs if pair[0] and pair[1] not in terms[pair[0]]] == []
    named = set(pd.read_csv(METADATA / "models" / "driver_names.csv")["term"])
    assert {term for _, term in pairs if term} - named == set()


def test_a_gap_is_its_explained_and_its_unexplained_part() -> None:
    found = values()
    for place in ("city", "country", "regions", "capital"):
        gap = {part: found[f"ans_gap_{place}_{part}"]["number"] for part in ("explained", "rest")}
        total = found[f"ans_gap_{place}"]["number"]
        # Values have eight significant digits.
        assert gap["explained"] + gap["rest"] == pytest.approx(total, abs=2e-6)
        ends = (found[f"ans_gap_{place}_{end}"]["number"] for end in ("unit", "other"))
        unit, other = ends
        assert unit - other == pytest.approx(total, abs=2e-6)


def test_the_city_and_its_region_have_the_rates_of_the_tables() -> None:
    found = values()
    districts = pd.read_csv(PROCESSED / "districts.csv")
    first, last = (found[f"ans_year_{end}"]["number"] for end in ("first", "last"))
    own = districts[(districts["region"] == "KZ-35") & districts["year"].between(first, last)]
    city = own[own["place_id"] == "karaganda-city"]
    rate = 1000 * city["net_migration"].sum() / city["population"].sum()
    # End-of-year instead of mean population: the same to a few hundredths.
    assert found["ans_gap_city_other"]["number"] == pytest.approx(rate, abs=0.05)


def test_shares_add_up_to_the_explained_variation() -> None:
    found = values()
    bars = pd.read_csv(REPORT / "figures" / "fig-ans-shares.csv")
    for group, own in bars.groupby("group"):
        assert own["share"].sum() == pytest.approx(found[f"ans_r2_{group}"]["number"], abs=1e-6)
    assert (bars["low"] <= bars["share"]).all()
    assert (bars["share"] <= bars["high"]).all()
    results = pd.read_csv(PROCESSED / "model_results_second.csv").set_index("model_id")
    assert found["ans_r2_net"]["number"] == pytest.approx(
        100 * results.loc["second_core", "r2_within"].iloc[0], abs=1e-6
    )


def test_every_scenario_is_counted_and_follows_from_the_published_coefficient() -> None:
    found = values()
    table = pd.read_csv(PROCESSED / "scenarios.csv")
    assert len(table) == 13 * 4 * 3
    counts = table["status"].value_counts()
    assert counts.sum() == found["ans_scenarios_all"]["number"]
    assert counts.get("refused", 0) == found["ans_scenarios_refused"]["number"]
    assert (table["people"].notna() == (table["status"] == "computed")).all()
    assert (table["reason"].notna() == (table["status"] == "refused")).all()
    # The slopes of the region's own old oblast, in the table for a typical change.
    own = pd.read_csv(PROCESSED / "driver_slopes.csv").query("cluster == 'KZ-35'").set_index("term")
    results = pd.read_csv(PROCESSED / "model_results_second.csv").query("model_id == 'second_core'")
    checks = pd.read_csv(PROCESSED / "drivers_over_time.csv").query(
        "check == 'second_core' and cluster == 'old_region'"
    )
    typical = checks.set_index("term")["effect"] / results.set_index("term")["estimate"]
    slope = own["effect"] / typical
    done = table[table["status"] == "computed"]
    expected = done["term"].map(slope) * (done["target"] - done["current"]) * done["population"]
    assert np.allclose(done["people"], expected / 1000, rtol=1e-5, atol=1e-3)
    done = done[done["comparator"] == "similar"]
    total = done.loc[done["term"] == "floor_space", "people"].sum()
    assert found["ans_space_similar_sum"]["number"] == pytest.approx(total, abs=0.01)


def test_the_levers_word_is_that_of_the_drivers_notebook() -> None:
    shown = pd.read_csv(REPORT / "figures" / "tbl-ans-levers.csv").set_index("lever_id")
    verdicts = pd.read_csv(PROCESSED / "driver_verdicts.csv").set_index(["model_id", "term"])
    word = verdicts.loc[("second_core", "floor_space"), "verdict"]
    assert shown.loc["housing-built", "word"] == word
    assert shown.loc["leisure", "word"] == "not measured"
    assert not (shown.drop(index="housing-built")["word"] == "firm").any()
