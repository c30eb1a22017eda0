"""Input tables: a number of so few people that they may be recognised stops the build."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.input_tables import (
    INPUT,
    PERSONS,
    fewest_persons,
    read_input,
    read_schema,
)

RULES = "table,column,fewest,reason_en\nmade,net,0,made\n*,*,5,made\n"


def field(name: str, unit: str = "", kind: str = "integer") -> dict[str, str]:
    return {"name": name, "type": kind} | ({"unit": unit} if unit else {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fields = [field("asked", PERSONS), field("posts", "posts"), field("net", PERSONS)]
    fields.append(field("hours", PERSONS, "number"))
    (tmp_path / "made.schema.json").write_text(json.dumps({"fields": fields}))
    (tmp_path / "privacy.csv").write_text(RULES)
    return tmp_path


def read(folder: Path, *rows: str) -> list[int]:
    (folder / "made.csv").write_text("\n".join(["asked,posts,net,hours", *rows]) + "\n")
    return list(read_input("made", folder, folder / "privacy.csv")["asked"].dropna())


def test_zero_five_empty_and_what_counts_no_people_may_stand(folder: Path) -> None:
    assert read(folder, "0,1,-3,", "5,4,2,5.0", ",0,,", "12,,,0") == [0, 5, 12]


@pytest.mark.parametrize("few", ["1", "4"])
def test_fewer_than_five_people_are_refused_in_one_line(folder: Path, few: str) -> None:
    with pytest.raises(ProjectError) as caught:
        read(folder, "7,1,1,", f"{few},1,1,")
    assert str(caught.value).endswith(
        f"made.csv: line 3, column asked: found {few} persons, expected 0 or at least 5, so that "
        "nobody can be recognised; leave the cell empty or join it with a larger group, "
        "see data/input/README.md"
    )


def test_a_number_that_is_not_whole_is_looked_at_too(folder: Path) -> None:
    with pytest.raises(ProjectError, match=r"column hours: found 4\.5 persons"):
        read(folder, ",,,4.5")


@pytest.mark.parametrize(("fewest", "passes"), [("3", True), ("4", False), ("0", True)])
def test_how_few_are_too_few_is_set_in_the_table(folder: Path, fewest: str, passes: bool) -> None:
    (folder / "privacy.csv").write_text(RULES.replace("made,net,0", f"made,asked,{fewest}"))
    if passes:
        assert read(folder, "3,,,") == [3]
    else:
        with pytest.raises(ProjectError, match="expected 0 or at least 4"):
            read(folder, "3,,,")


def test_a_table_without_a_rule_is_not_read(folder: Path) -> None:
    (folder / "privacy.csv").write_text("table,column,fewest,reason_en\nother,*,5,made\n")
    with pytest.raises(ProjectError, match=r"no row for made, asked; put back the row \*,\*"):
        read(folder, "9,,,")


@pytest.mark.parametrize("name", sorted(path.name.split(".")[0] for path in INPUT.glob("*.json")))
def test_every_count_of_people_of_the_study_is_protected(name: str) -> None:
    counted = [held["name"] for held in read_schema(name)["fields"] if held.get("unit") == PERSONS]
    assert counted
    balances = {"net_migration"}
    assert {column: fewest_persons(name, column) for column in counted} == {
        column: 0 if column in balances else 5 for column in counted
    }
