"""results.json: units, years and sources of every value; made notes and the project's own."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from jsonschema import Draft202012Validator

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.publishing import results
from karaganda_vibe.publishing.downloads import SCHEMA, all_results
from karaganda_vibe.publishing.values import Value, read_values
from karaganda_vibe.words.languages import LANGUAGES

TEXT = {"en": "1", "ru": "1", "kk": "1"}
HEAD = "pattern,first_year,last_year,unit,sources,note\n"


def value(name: str, number: float | None = 1, kind: str = "persons") -> Value:
    return Value(name, number, kind, TEXT, "made", "01_made", "cell-01")


def notes(tmp_path, rows: str) -> list[results.Note]:
    path = tmp_path / "values.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return results.read_notes(path)


def joined(tmp_path, rows: str, *values: Value) -> list[results.Result]:
    by_name = {entry.name: entry for entry in values}
    meanings = {name: dict.fromkeys(LANGUAGES, f"made {name}") for name in by_name}
    words = {"made note": {code: f"made note {code}" for code in LANGUAGES}}
    units = results.read_units()
    return results.join_results(by_name, notes(tmp_path, rows), units, meanings, words)


def test_the_most_specific_pattern_holds(tmp_path):
    made = notes(tmp_path, "net_*,,,,chosen,\nnet_*_high,,,,table:regions,\nnet_a_high,,,,raw,\n")
    assert results.note_of("net_b", made).pattern == "net_*"
    assert results.note_of("net_b_high", made).pattern == "net_*_high"
    assert results.note_of("net_a_high", made).pattern == "net_a_high"


def test_a_value_without_a_pattern_or_with_two_is_named(tmp_path):
    made = notes(tmp_path, "a_*,,,,chosen,\n*_b,,,,chosen,\n")
    with pytest.raises(ProjectError, match="no pattern for the value 'other'"):
        results.note_of("other", made)
    with pytest.raises(ProjectError, match=r"'a_b' fits 'a_\*' and '\*_b' equally well"):
        results.note_of("a_b", made)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("net,,,,chosen,\nnet,,,,chosen,\n", "line 3, column pattern: 'net' stands in line 2"),
        ("net,soon?,2020,,chosen,\n", "first_year is 'soon"),
        ("net,2020,,,chosen,\n", "both years or none"),
        ("net,,,,,\n", "no source"),
        ("net [0],,,,chosen,\n", "is no name of a value"),
        ("net,,,,chosen\n", "5 cells, expected 6"),
    ],
)
def test_broken_notes_are_named_with_their_line(tmp_path, row, message):
    with pytest.raises(ProjectError, match=message.replace("?", r"\?")):
        notes(tmp_path, row)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("press", "is no source"),
        ("table:", "is no source"),
        ("chosen:by_us", "is no source"),
        ("raw:no_such_folder", "no such folder or resource"),
        ("table:no_such_table", r"has no no_such_table\.csv"),
        ("model:no_such_table", r"has no no_such_table\.csv"),
        ("file:no/such.csv", r"no file no/such\.csv"),
    ],
)
def test_a_source_that_does_not_exist_is_refused(source, message):
    with pytest.raises(ProjectError, match=message):
        results.check_source(source)


def test_sources_of_every_kind_are_known():
    for source in ("raw", "raw:press_claims", "raw:press_claims.claims", "chosen"):
        results.check_source(source)
    results.check_source("table:districts")
    results.check_source("file:CITATION.cff")


def test_years_follow_the_value_that_holds_them(tmp_path):
    rows = "net,last-2,last,,chosen,\nlast,,,,chosen,\nold,1999,1999,,chosen,\n"
    made = joined(tmp_path, rows, value("net"), value("last", 2024, "year"), value("old"))
    found = {result.value.name: (result.first_year, result.last_year) for result in made}
    assert found == {"net": (2022, 2024), "last": (None, None), "old": (1999, 1999)}
    assert [result.years for result in made] == ["", "2022–2024", "1999"]


@pytest.mark.parametrize("holder", [value("last", 2024, "count"), value("last", None, "year")])
def test_a_year_must_be_held_by_a_year(tmp_path, holder):
    rows = "net,last,last,,chosen,\nlast,,,,chosen,\nother,,,,chosen,\n"
    with pytest.raises(ProjectError, match="'last' is no value that holds a year"):
        joined(tmp_path, rows, value("net"), holder)


def test_a_year_that_a_study_does_not_compute_is_not_told(tmp_path):
    rows = "net,1999,last,,chosen,\nlast,,,,chosen,\n"
    (alone,) = joined(tmp_path, rows, value("net"))
    assert alone.years == ""


def test_years_are_named_by_values_of_the_project():
    years = {name for name, held in read_values().items() if held.kind == "year"}
    named = {
        re.sub(r"[+-]\d+$", "", text)
        for note in results.read_notes()
        for text in (note.first_year, note.last_year)
    }
    assert {text for text in named if text and not text.isdigit()} <= years


def test_units_follow_the_kind_unless_the_note_says_otherwise(tmp_path):
    rows = "net,,,,chosen,\nspace,,,m2_per_1000,chosen,\nplace,,,,chosen,\n"
    made = joined(tmp_path, rows, value("net"), value("space", 1, "count"), value("place", None))
    units = {result.value.name: result.unit["en"] for result in made}
    assert units == {"net": "persons", "space": "m² of new housing per 1,000 people", "place": ""}
    with pytest.raises(ProjectError, match="the unit 'furlongs' is not in"):
        joined(tmp_path, "net,,,furlongs,chosen,\n", value("net"))


def test_the_unit_of_the_text_says_that_it_is_in_thousands(tmp_path):
    rows = "net,,,,chosen,\nvillagers,,,,chosen,\nspace,,,m2_per_1000,chosen,\n"
    made = joined(
        tmp_path,
        rows,
        value("net", -111_640, "signed_thousand_persons"),
        value("villagers", 7_560_000, "million_persons"),
    )
    written = {result.value.name: (result.unit["en"], result.text_unit["en"]) for result in made}
    assert written == {
        "net": ("persons", "thousand persons"),
        "villagers": ("persons", "million persons"),
    }
    with pytest.raises(ProjectError, match="no unit 'thousand_m2_per_1000', in which 'space'"):
        joined(tmp_path, rows, value("space", 1, "thousand_persons"))


def test_notes_are_there_in_every_language_or_named(tmp_path):
    (made,) = joined(tmp_path, "net,,,,chosen,made note\n", value("net"))
    assert made.note == {code: f"made note {code}" for code in LANGUAGES}
    with pytest.raises(ProjectError, match="does not have the note 'another'"):
        joined(tmp_path, "net,,,,chosen,another\n", value("net"))


def test_units_cover_every_kind_of_number_once(tmp_path):
    path = tmp_path / "units.csv"
    path.write_text("unit,kinds,en,ru,kk\na,persons,a,a,a\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="no unit for numbers of kind"):
        results.read_units(path)
    path.write_text("unit,kinds,en,ru,kk\na,persons,a,a,a\nb,persons,b,b,b\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="already have the unit 'a'"):
        results.read_units(path)


# The project's own values.


@pytest.fixture(scope="module")
def own() -> list[results.Result]:
    return all_results()


def test_every_value_of_the_report_has_its_source_and_possible_years(own):
    assert len(own) > 700
    for result in own:
        assert result.sources
        if result.first_year is not None and result.last_year is not None:
            assert 1990 < result.first_year <= result.last_year < 2041, result.value.name
        elif result.value.kind == "year":
            assert result.value.number is not None


def test_results_keep_to_their_schema(own):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    content = json.loads(results.results_json(own))
    Draft202012Validator(schema).validate(content)
    named = {source for result in content["results"] for source in result["sources"]}
    assert named == set(content["sources"])
    content["results"][0]["number"] = "many"
    assert not Draft202012Validator(schema).is_valid(content)
    content["results"][0] |= {"number": None, "cell": ""}
    assert not Draft202012Validator(schema).is_valid(content)
    content["results"][0] |= {"cell": "cell-01", "meaning": {"en": "made", "ru": "", "kk": "made"}}
    assert not Draft202012Validator(schema).is_valid(content)


def test_the_table_holds_what_the_json_holds(own):
    rows = list(csv.DictReader(io.StringIO(results.results_csv(own))))
    assert [row["name"] for row in rows] == [result.value.name for result in own]
    for row, result in zip(rows, own, strict=True):
        assert row["number"] == ("" if result.value.number is None else str(result.value.number))
        assert row["text_en"] == result.value.text["en"]
        assert row["sources"] == "; ".join(result.sources)
        assert row["unit_ru"] == result.unit["ru"]
        assert row["meaning_kk"] == result.meaning["kk"]
        assert row["cell"] == result.value.cell
