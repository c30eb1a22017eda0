"""The codebook describes every column, and the data package is true to its files."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest
from frictionless import validate

from karaganda_vibe.panels.codebook import data_package, data_package_text, describe_columns
from karaganda_vibe.places.study import with_names
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROCESSED
from karaganda_vibe.publishing.edition import edition

MADE = pd.DataFrame(
    {
        "year": [2000, 2001, 2002],
        "place": ["a", "b", None],
        "births": [None, 5.0, 7.0],
        "rate": [0.5, None, None],
        "holds": [True, False, True],
        "empty": [None, None, None],
    }
)
WORDS = {
    column: {"unit": "made unit", "definition": f"made {column}", "source": "made"}
    for column in MADE
}


def test_a_column_is_described_by_what_it_holds() -> None:
    book = describe_columns("made", MADE, WORDS).set_index("column")
    assert book.index.tolist() == list(MADE)
    assert book["type"].to_dict() == {
        "year": "integer",
        "place": "text",
        "births": "number",
        "rate": "number",
        "holds": "yes/no",
        "empty": "text",
    }
    assert book.loc["births", ["first_year", "last_year", "filled", "rows"]].tolist() == [
        2001,
        2002,
        2,
        3,
    ]
    assert book.loc["empty", "filled"] == 0
    assert book.loc["empty", ["first_year", "last_year"]].isna().all()
    assert book.loc["rate", ["definition", "unit", "source"]].tolist() == [
        "made rate",
        "made unit",
        "made",
    ]


def test_a_column_that_nobody_defined_is_an_error() -> None:
    words = {column: text for column, text in WORDS.items() if column != "rate"}
    message = r"data/processed/made\.csv: the column 'rate' has no definition; add it to metadata/"
    with pytest.raises(ProjectError, match=message):
        describe_columns("made", MADE, words)


def test_a_data_package_of_made_tables_is_valid_and_sees_a_change(tmp_path) -> None:
    MADE.to_csv(tmp_path / "made.csv", index=False)
    book = describe_columns("made", MADE, WORDS)
    described = data_package(tmp_path, book, {"made": "Made table"}, "1.2.3")
    (tmp_path / "datapackage.json").write_text(data_package_text(described), "utf-8")
    assert described["version"] == "1.2.3"
    assert validate(str(tmp_path / "datapackage.json")).valid
    (tmp_path / "made.csv").write_text(
        (tmp_path / "made.csv").read_text().replace("7.0", "seven"), "utf-8"
    )
    faults = validate(str(tmp_path / "datapackage.json")).flatten(["type"])
    assert ["type-error"] in faults
    assert ["hash-count"] in faults


# On the real tables.

PACKAGE = json.loads((PROCESSED / "datapackage.json").read_text("utf-8"))
RESOURCES = {resource["name"]: resource for resource in PACKAGE["resources"]}
CODEBOOK = pd.read_csv(PROCESSED / "codebook.csv", dtype=str, keep_default_na=False)


def test_every_processed_table_is_in_codebook_and_package() -> None:
    files = {path.stem for path in PROCESSED.glob("*.csv")} - {"codebook"}
    assert set(CODEBOOK["table"]) == files
    assert set(RESOURCES) == files
    titles = pd.read_csv(METADATA / "indicators" / "processed_tables.csv").set_index("table")[
        "title_en"
    ]
    written = {name: with_names(title, "en") for name, title in titles.items()}
    assert {name: resource["title"] for name, resource in RESOURCES.items()} == written
    assert PACKAGE["version"] == edition().version


@pytest.mark.parametrize("table", sorted(RESOURCES))
def test_every_column_has_its_words(table: str) -> None:
    book = CODEBOOK[CODEBOOK["table"] == table]
    header = pd.read_csv(PROCESSED / f"{table}.csv", nrows=0).columns.tolist()
    assert book["column"].tolist() == header
    assert [field["name"] for field in RESOURCES[table]["schema"]["fields"]] == header
    assert book.loc[book["definition"].str.len() < 3, "column"].tolist() == []
    assert book.loc[book["source"] == "", "column"].tolist() == []
    # A number is in some unit, unless it stands for a note or for a cell as it was published.
    bare = book[(book["type"] == "number") & (book["unit"] == "")]
    assert set(bare["column"]) <= {"note", "notes", "published"}


@pytest.mark.parametrize("table", sorted(RESOURCES))
def test_bytes_and_checksum_are_those_of_the_file(table: str) -> None:
    content = (PROCESSED / RESOURCES[table]["path"]).read_bytes()
    assert RESOURCES[table]["bytes"] == len(content)
    assert RESOURCES[table]["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_data_package_is_valid() -> None:
    report = validate(str(PROCESSED / "datapackage.json"))
    assert report.stats["tasks"] == len(RESOURCES)
    assert report.valid, report.flatten(["name", "type", "note"])[:5]


def test_tables_are_utf8_with_plain_line_ends() -> None:
    for path in sorted(PROCESSED.glob("*.csv")):
        content = path.read_bytes()
        content.decode("utf-8")
        assert not content.startswith(b"\xef\xbb\xbf"), path.name
        assert b"\r" not in content, path.name
        assert content.endswith(b"\n"), path.name


def test_base_units_only() -> None:
    wide = CODEBOOK[CODEBOOK["table"].isin(["districts", "regions"])]
    scaled = wide["unit"].str.contains(r"^(?:thousand|million|billion)\b", regex=True)
    assert wide.loc[scaled, ["table", "column", "unit"]].to_numpy().tolist() == []
