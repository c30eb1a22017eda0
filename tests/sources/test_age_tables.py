"""The analyst's input table for ages 15-29: checked, then run. All populations here are made."""

import csv

import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.age_tables import COLUMNS, SCHEMA, migration_of_ages, read_age_tables


def made_rows(leaving=20.0, survival=0.99, years=5):
    """A made region: `leaving` persons of every age leave at the end of `years` years."""
    fixed = ["KZ-35", "since-2022", "2021"]
    rows = []
    for age in range(0, 41):
        start = 1000 + 10 * age
        rows.append([*fixed, "population", "2022", str(age), "1", str(start), "made"])
        rows.append([*fixed, "survival", "2022", str(age), "1", str(survival), "made"])
        end = start * survival - leaving
        rows.append([*fixed, "population", str(2022 + years), str(age + years), "1", f"{end:.6f}",
                     "made"])  # fmt: skip
    return rows


def written(folder, rows, columns=COLUMNS):
    path = folder / "ages.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([columns, *rows])
    return path


def test_a_made_region_gives_its_known_answer(tmp_path):
    table = read_age_tables(written(tmp_path, made_rows()))
    result = migration_of_ages(table, "KZ-35")
    assert result.cohorts["forward"].sum() == pytest.approx(-20 * 15)
    assert result.low <= result.cohorts["forward"].sum() <= result.high
    assert list(result.cohorts["age_end"]) == list(range(15, 30))


def test_the_schema_lists_the_columns():
    with SCHEMA.open(encoding="utf-8", newline="") as stream:
        assert [row["column"] for row in csv.DictReader(stream)] == list(COLUMNS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda rows: rows[3].__setitem__(7, "x"),
            "line 5, column value: found 'x', expected a number",
        ),
        (
            lambda rows: rows[0].__setitem__(3, "people"),
            "line 2, column kind: found 'people', expected one of pop",
        ),
        (lambda rows: rows[0].__setitem__(8, ""), "line 2, column source: empty"),
        (lambda rows: rows[0].pop(), "line 2: 8 cells, expected 9"),
        (lambda rows: rows.append(rows[0]), "population, 2022, 0' stands in line 2 as well"),
    ],
)
def test_a_bad_cell_is_named(tmp_path, change, message):
    rows = made_rows()
    change(rows)
    with pytest.raises(ProjectError, match=message):
        read_age_tables(written(tmp_path, rows))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda row: row[4] == "2027" and row.__setitem__(2, "2009"),
            "census_base is 2009 and 2021",
        ),
        (lambda row: row[4] == "2027" and row.__setitem__(1, "until-2022"), "borders is"),
        (lambda row: row[4] == "2027" and row.__setitem__(4, "2022"), "stands in line"),
        (lambda row: row[3] == "survival" and row.__setitem__(4, "2021"), "ratios dated 2022"),
        (lambda row: row.__setitem__(0, "KZ-10"), "KZ-35 has population at 0 dates"),
    ],
)
def test_two_tables_that_do_not_fit_are_refused(tmp_path, change, message):
    rows = made_rows()
    for row in rows:
        change(row)
    with pytest.raises(ProjectError, match=message):
        migration_of_ages(read_age_tables(written(tmp_path, rows)), "KZ-35")


def test_a_missing_file_or_another_header_is_named(tmp_path):
    with pytest.raises(ProjectError, match=r"none\.csv: missing"):
        read_age_tables(tmp_path / "none.csv")
    with pytest.raises(
        ProjectError, match="missing region, borders, census_base and 6 more; unknown a, b"
    ):
        read_age_tables(written(tmp_path, [], columns=("a", "b")))
