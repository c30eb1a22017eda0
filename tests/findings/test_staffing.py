"""The staffing passport and its input table, on made rows; and the real results' identities."""

import json
import shutil

import pandas as pd
import pytest

from karaganda_vibe.findings import staffing
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROCESSED
from karaganda_vibe.sources.input_tables import INPUT, read_input, read_schema

HEADER = (
    "place_id,year,organisation,occupation_code,occupation,graduates,graduates_employed,"
    "vacancies,source\n"
)
WELDERS = "made-city,2015,Made college,7212,Welders,"
PLACES = ["made-city", "made-district"]


@pytest.fixture
def folder(tmp_path):
    shutil.copy(INPUT / "staffing.schema.json", tmp_path)
    return tmp_path


def entered(folder, *rows):
    (folder / "staffing.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return staffing.read_staffing(PLACES, folder)


def made_districts():
    """Two made places of a made region in two years; the district has no college."""
    columns = [*staffing.PLACE_COLUMNS, *staffing.SUPPLY, *staffing.DEMAND]
    rows = []
    for year, students in ((2014, 100.0), (2015, 90.0)):
        for place, people in (("made-city", 2000.0), ("made-district", 500.0)):
            row = dict.fromkeys(columns, 10.0) | {
                "region": "made", "place_id": place, "place_en": place, "place_ru": place,
                "place_kk": place, "kind": "city", "year": year, "population": people,
                "labour_force": people / 2, "college_students": students,
                "youth_unemployment_ages": "15-28", "unemployment_rate": 5.0,
                "youth_unemployment_rate": 4.0 if place == "made-city" else 6.0,
            }  # fmt: skip
            if place == "made-district":
                row["college_students"] = float("nan")
            rows.append(row)
    return pd.DataFrame(rows, columns=columns)


def test_sums_keep_what_is_not_known_empty(folder):
    rows = entered(
        folder,
        WELDERS + "20,8,,made",
        "made-city,2015,Other college,7212,Welders,6,,,made",
        "made-city,2015,Made office,2411,Accountants,,,3,made",
        "made-district,2015,Made office,2411,Accountants,,,0,made",
    )
    summed = staffing.sum_input(rows).set_index("place_id")
    city = summed.loc["made-city"]
    assert (city["occupations"], city["organisations"]) == (2, 3)
    assert (city["graduates"], city["graduates_followed"], city["vacancies"]) == (26, 20, 3)
    assert summed.loc["made-district", "vacancies"] == 0
    assert pd.isna(summed.loc["made-district", "graduates"])


def test_entered_rows_fill_the_passport_and_an_empty_table_leaves_it_open(folder):
    empty = staffing.staffing_passport(
        made_districts(), staffing.sum_input(entered(folder)), "made", 2014
    )
    assert empty[staffing.FROM_INPUT].isna().all(axis=None)
    rows = entered(folder, WELDERS + "20,8,,made")
    passport = staffing.staffing_passport(made_districts(), staffing.sum_input(rows), "made", 2014)
    filled = passport.set_index(["place_id", "year"])["graduates_employed_share"].dropna()
    assert filled.to_dict() == {("made-city", 2015): 40.0}
    published = [c for c in passport if c not in {*staffing.FROM_INPUT, "graduates_employed_share"}]
    pd.testing.assert_frame_equal(passport[published], empty[published])


def test_rates_of_the_passport_by_hand():
    passport = staffing.staffing_passport(
        made_districts(), staffing.sum_input(pd.DataFrame()), "made", 2014
    ).set_index(["place_id", "year"])
    city = passport.loc[("made-city", 2015)]
    assert city["college_students_per_1000"] == 45.0
    assert city["students_per_1000_labour_force"] == 90.0
    assert city["investment_per_head"] == 10 / 2000
    assert pd.isna(passport.loc[("made-city", 2014), "sme_active"])
    assert city["sme_per_1000"] == 5.0


@pytest.mark.parametrize(
    ("row", "where"),
    [
        (WELDERS + "ten,4,,made", "line 3, column graduates: found 'ten'"),
        (WELDERS + "-1,,,made", "line 3, column graduates: found '-1'"),
        ("made-city,1015,Made college,7212,Welders,1,,,made", "line 3, column year: found '1015'"),
        ("made-city,2015,Made college,weld,Welders,1,,,made", "line 3, column occupation_code"),
        (WELDERS + "1,,,", "line 3, column source"),
        ("made-town,2015,Made college,7212,Welders,6,,,made", "line 3, column place_id"),
        (WELDERS + "6,9,,made", "line 3, column graduates_employed: 9"),
        (WELDERS + ",9,,made", "line 3, column graduates_employed"),
        (WELDERS + ",,,made", "line 3, column graduates,graduates_e"),
        ("made-city,2015,Made office,1111,Made,,,1,made", "line 3, column place_id, year, organ"),
        ("made-city,2015,Made college", "line 3: 3 cells, expected 9"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_in_one_line(folder, row, where):
    with pytest.raises(ProjectError) as error:
        entered(folder, "made-city,2015,Made office,1111,Made,,,2,made", row)
    message = str(error.value)
    assert where in message
    assert "\n" not in message


def test_another_header_another_encoding_and_missing_files_are_named(folder):
    table = folder / "staffing.csv"
    with pytest.raises(
        ProjectError, match=r"staffing\.csv: missing; restore it, or make it with the header"
    ):
        read_input("staffing", folder)
    table.write_text("place,year\n")
    with pytest.raises(ProjectError, match="line 1: columns: missing place_id, organisation"):
        read_input("staffing", folder)
    table.write_bytes((HEADER + "made-city,2015,Колледж,7212,Made,1,,,made\n").encode("cp1251"))
    with pytest.raises(ProjectError, match="not UTF-8"):
        read_input("staffing", folder)
    (folder / "staffing.schema.json").write_text("{}")
    with pytest.raises(ProjectError, match="not a table schema"):
        read_input("staffing", folder)
    (folder / "staffing.schema.json").unlink()
    with pytest.raises(ProjectError, match=r"schema\.json: missing"):
        read_input("staffing", folder)


def test_a_table_saved_by_a_spreadsheet_is_read(folder):
    (folder / "staffing.csv").write_text(HEADER + WELDERS + "20,8,,made\n", encoding="utf-8-sig")
    assert staffing.read_staffing(PLACES, folder)["graduates"].tolist() == [20]


def test_a_year_that_is_not_published_is_refused(folder):
    rows = entered(folder, "made-city,2030,Made college,7212,Welders,20,8,,made")
    with pytest.raises(ProjectError, match="made-city, 2030"):
        staffing.staffing_passport(made_districts(), staffing.sum_input(rows), "made", 2014)


def test_leavers_and_their_place_against_a_statement():
    low, high = staffing.leavers_range(1200, staffing.CourseLength(2, 4))
    assert (low, high) == (300, 600)
    assert staffing.against_range(299, low, high) == "below"
    assert staffing.against_range(300, low, high) == "inside"
    assert staffing.against_range(601, low, high) == "above"
    with pytest.raises(ProjectError):
        staffing.against_range(1, 2, float("nan"))


def test_enrolment_that_moves_is_not_steady():
    steady = pd.Series({2020: 50.0, 2021: 100, 2022: 101, 2023: 99})
    assert staffing.enrolment_is_steady(steady)
    assert not staffing.enrolment_is_steady(steady.replace(99, 80))
    assert not staffing.enrolment_is_steady(steady.iloc[:2])


def test_the_verdict_on_employment_follows_the_data():
    none, national = pd.Series(dtype=float), pd.Series([59.0, 81.0])
    assert staffing.employment_verdict(50, national, none) == "cannot be checked, below all"
    assert staffing.employment_verdict(50, pd.Series([45.0, 81]), none) == "cannot be checked"
    assert staffing.employment_verdict(50, none, none) == "cannot be checked"
    assert staffing.employment_verdict(50, national, pd.Series([70.0, 44.0])) == "confirmed"
    assert staffing.employment_verdict(50, national, pd.Series([50.0])) == "contradicted"


def test_young_against_all_by_hand():
    gaps = staffing.youth_against_all(made_districts(), "made", 2015).set_index("place_id")["gap"]
    assert gaps.to_dict() == {"made-city": -1.0, "made-district": 1.0}
    with pytest.raises(ProjectError, match="2016"):
        staffing.youth_against_all(made_districts(), "made", 2016)


def test_an_index_needs_its_base():
    series = pd.DataFrame({"a": [10.0, 15.0]}, index=[2014, 2015])
    assert staffing.index_to_base(series, 2014)["a"].tolist() == [100.0, 150.0]
    with pytest.raises(ProjectError, match="no a in 2013"):
        staffing.index_to_base(series, 2013)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("course_longest,4", "course_longest,four", "found 'four', expected a number"),
        ("course_longest,4", "course_longest,1", "is longer than"),
        ("course_longest,", "course_long,", "no row course_longest"),
    ],
)
def test_a_bad_assumption_is_named(tmp_path, old, new, fault):
    text = staffing.ASSUMPTIONS.read_text(encoding="utf-8").replace(old, new)
    path = tmp_path / "staffing_assumptions.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError, match=fault):
        staffing.read_course_length(path)


def test_publishers_are_named_in_every_language_or_missed_by_name(tmp_path):
    path = tmp_path / "press_publishers.csv"
    head = "publisher,publisher_en,publisher_ru,publisher_kk\n"
    path.write_text(f"{head}made,Made,Придуманный,Ойдан\n", encoding="utf-8")
    rows = pd.DataFrame({"publisher": ["made", "made"], "value": [1.0, 2.0]}, index=[7, 9])
    named = staffing.with_publishers(rows, path)
    assert named["publisher_kk"].tolist() == ["Ойдан", "Ойдан"]
    assert named["value"].tolist() == [1.0, 2.0]
    with pytest.raises(ProjectError, match="publisher 'other'"):
        staffing.with_publishers(rows.assign(publisher=["made", "other"]), path)
    path.write_text(f"{head}made,Made,,Ойдан\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="publisher 'made'"):
        staffing.with_publishers(rows, path)


@pytest.mark.parametrize("name", ["staffing", "programmes"])
def test_templates_and_schemas_agree(name):
    schema = read_schema(name)
    header = (INPUT / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header.split(",") == [field["name"] for field in schema["fields"]]
    assert all(field["title"] for field in schema["fields"])
    assert set(schema["primaryKey"]) <= {field["name"] for field in schema["fields"]}


def test_the_real_passport_repeats_the_published_figures():
    passport = pd.read_csv(PROCESSED / "staffing_passport.csv")
    districts = pd.read_csv(PROCESSED / "districts.csv")
    own = districts[(districts["region"] == "KZ-35") & (districts["year"] >= staffing.FIRST_YEAR)]
    both = passport.merge(own, on=["place_id", "year"], suffixes=("", "_published"))
    assert len(both) == len(passport) == len(own)
    for column in ("college_students", "labour_force", "wage", "investment"):
        pd.testing.assert_series_equal(both[column], both[f"{column}_published"], check_names=False)
    known = passport.dropna(subset=["labour_force", "employed", "unemployed"])
    assert ((known["labour_force"] - known["employed"] - known["unemployed"]).abs() <= 1).all()


def test_the_chapter_says_what_the_data_say():
    values = json.loads(
        (PROCESSED.parents[1] / "report/generated/values/11_education.json").read_text("utf-8")
    )
    passport = pd.read_csv(PROCESSED / "staffing_passport.csv")
    students = passport.pivot(index="year", columns="place_id", values="college_students")
    last = values["edu_last"]["number"]
    assert values["edu_students"]["number"] == students.loc[last].sum()
    course = staffing.read_course_length()
    mean = students.loc[last - 2 : last].sum(axis=1).mean()
    assert values["edu_recent"]["number"] == pytest.approx(mean)
    low, high = staffing.leavers_range(mean, course)
    below = staffing.against_range(values["edu_stated"]["number"], low, high) == "below"
    assert below == ("lower than enrolment" in values["edu_graduates"]["text"]["en"])
    places = pd.read_csv(METADATA / "places" / "places.csv")
    assert (
        values["edu_places"]["number"]
        == ((places["region"] == "KZ-35") & places["kind"].isin(["city", "district"])).sum()
    )


# Each choice of a rule gives another answer here.


def test_the_share_is_of_graduates_whose_work_is_known_not_of_all():
    rows = pd.DataFrame(
        {"place_id": "a", "year": 2023, "occupation_code": ["1", "1", "2"],
         "organisation": ["x", "y", "y"], "graduates": [30.0, 50.0, 20.0],
         "graduates_employed": [15.0, None, 10.0], "vacancies": [None, None, None]}
    )  # fmt: skip
    summed = staffing.sum_input(rows).iloc[0]
    assert (summed["occupations"], summed["organisations"]) == (2, 2)
    assert (summed["graduates"], summed["graduates_followed"]) == (100.0, 50.0)
    assert summed["graduates_employed"] == 25.0
    assert pd.isna(summed["vacancies"])
    districts = pd.DataFrame(
        {name: [1.0] for name in (*staffing.SUPPLY, *staffing.DEMAND)}
        | {name: ["a"] for name in staffing.PLACE_COLUMNS}
        | {"region": ["R"], "place_id": ["a"], "year": [2023], "population": [4000.0],
           "labour_force": [2000.0], "college_students": [100.0], "sme_active": [8.0],
           "investment": [12000.0]}
    )  # fmt: skip
    row = staffing.staffing_passport(districts, staffing.sum_input(rows), "R").iloc[0]
    assert row["graduates_employed_share"] == 50.0
    assert row["college_students_per_1000"] == 25.0
    assert row["students_per_1000_labour_force"] == 50.0
    assert (row["sme_per_1000"], row["investment_per_head"]) == (2.0, 3.0)


def test_enrolment_is_steady_up_to_its_tolerance_over_its_last_years():
    assert staffing.enrolment_is_steady(
        pd.Series({2020: 5.0, 2021: 95.0, 2022: 100.0, 2023: 105.0})
    )
    assert not staffing.enrolment_is_steady(pd.Series({2021: 94.0, 2022: 100.0, 2023: 106.0}))
    assert not staffing.enrolment_is_steady(pd.Series({2022: 100.0, 2023: 100.0}))
    # By year, not by row; from the mean (103), not from the median (100).
    assert not staffing.enrolment_is_steady(
        pd.Series({2023: 100.0, 2020: 100.0, 2021: 109.0, 2022: 100.0})
    )


def test_the_ends_of_a_range_lie_inside_it():
    words = [staffing.against_range(value, 2.0, 5.0) for value in (1.9, 2.0, 3.0, 5.0, 5.1)]
    assert words == ["below", "inside", "inside", "inside", "above"]
    assert staffing.against_range(2.0, 2.0, 2.0) == "inside"
    with pytest.raises(ProjectError, match="low before high"):
        staffing.against_range(1.0, 3.0, 2.0)


def test_only_the_latest_regional_share_decides_and_equal_is_not_below():
    none = pd.Series(dtype=float)
    assert staffing.employment_verdict(40.0, none, pd.Series([10.0, 39.9, None])) == "confirmed"
    assert staffing.employment_verdict(40.0, none, pd.Series([10.0, 40.0])) == "contradicted"
    assert (
        staffing.employment_verdict(40.0, pd.Series([40.0, 90.0]), none)
        == "cannot be checked, below all"
    )
    assert staffing.employment_verdict(40.0, pd.Series([39.9, 90.0]), none) == "cannot be checked"


def test_those_who_leave_are_fewer_where_courses_are_longer():
    assert staffing.leavers_range(1200.0, staffing.CourseLength(2.0, 4.0)) == (300.0, 600.0)


def test_an_index_is_of_its_base_year_and_columns_are_not_mixed():
    series = pd.DataFrame({"a": [2.0, 4.0], "b": [10.0, 5.0]}, index=[2019, 2020])
    assert staffing.index_to_base(series, 2019).loc[2020].to_dict() == {"a": 200.0, "b": 50.0}
    with pytest.raises(ProjectError, match="no b in 2019"):
        staffing.index_to_base(series.replace(10.0, 0.0), 2019)


def test_the_gap_of_the_young_is_theirs_less_that_of_all():
    rows = pd.DataFrame(
        {"region": ["R", "R", "S"], "place_id": ["b", "a", "c"], "year": 2020,
         "unemployment_rate": [5.0, 4.0, 1.0], "youth_unemployment_rate": [3.0, 9.0, 1.0],
         "youth_unemployment_ages": "15-28"}
    )  # fmt: skip
    table = staffing.youth_against_all(pd.concat([rows, rows.assign(year=2021)]), "R", 2020)
    assert table[["place_id", "all", "young", "gap"]].to_numpy().tolist() == [
        ["a", 4.0, 9.0, 5.0],
        ["b", 5.0, 3.0, -2.0],
    ]
