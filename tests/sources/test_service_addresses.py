"""Addresses of the package: each asked once, pages told from files, missing ones named."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROJECT
from karaganda_vibe.sources.raw_package import package
from karaganda_vibe.sources.service_addresses import known_addresses, load_services

BOOK = "https://made.example/api/iblock/element/region/7/file/ru/"
TEXT = "https://made.example/api/iblock/element/7/csv/file/ru/"
BANK = "https://made.example/ru/Api/GetIndexData/12?period=7&dics=67"
PAGE = "https://made.example/ru/industries/"


def table(name: str, *paths: str, newer: tuple[str, ...] = ()) -> dict[str, Any]:
    folder, _, file = name.partition(".")
    held = {
        "name": name,
        "path": f"{folder}/{file}.csv",
        "sources": [{"title": "made", "path": path} for path in paths] or [{"title": "made"}],
    }
    return held | ({"newer_editions": list(newer)} if newer else {})


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    resources = [
        table("places.one", BOOK),
        table("people.all", TEXT, BOOK),
        table("people.old", PAGE),
        table("people.sources"),
        table("talk.figures"),
        table("bank.prices", PAGE, newer=(BANK,)),
    ]
    (tmp_path / "datapackage.json").write_text(json.dumps({"resources": resources}))
    return tmp_path


def test_each_address_stands_once_with_its_tables(raw: Path) -> None:
    addresses, missing = known_addresses(raw)
    assert [(held.url, held.gives, held.tables) for held in addresses] == [
        (BOOK, "workbook", ("places.one", "people.all")),
        (TEXT, "csv", ("people.all",)),
        (BANK, "taldau", ("bank.prices",)),
    ]
    assert addresses[2].headers == {"X-Requested-With": "XMLHttpRequest"}
    assert missing == {"people.old": PAGE, "talk.figures": ""}


def test_only_some_tables_or_folders(raw: Path) -> None:
    addresses, missing = known_addresses(raw, only=["people"])
    assert [held.tables for held in addresses] == [("people.all",), ("people.all",)]
    assert list(missing) == ["people.old"]
    addresses, missing = known_addresses(raw, only=["places.one", "bank.prices"])
    assert [held.url for held in addresses] == [BOOK, BANK]
    assert missing == {}
    with pytest.raises(ProjectError, match=r"no table or folder named 'place' \(perhaps places is"):
        known_addresses(raw, only=["place"])


@pytest.mark.parametrize("headers", ["X-Made", "X-Made:", ": yes"])
def test_a_header_without_name_or_value_is_refused(tmp_path: Path, headers: str) -> None:
    path = tmp_path / "services.csv"
    path.write_text(f"address,gives,headers,meaning_en\n*.csv,csv,{headers},made\n", "utf-8")
    with pytest.raises(ProjectError, match=r"line 2, column headers: .* expected NAME: VALUE"):
        load_services(path)


def test_the_study_knows_its_addresses_and_lists_every_other_table() -> None:
    addresses, missing = known_addresses()
    tables = {name for held in addresses for name in held.tables}
    everything = {name for name in package() if not name.endswith(".sources")}
    assert tables | set(missing) == everything
    assert not tables & set(missing)
    assert len(addresses) == len({held.url for held in addresses}) >= 60
    named = json.dumps(list(package().values()))
    # Every file of the Bureau's interface that the package names is asked for.
    assert set(re.findall(r'https?://[^"]*/file/[^"]*', named)) <= {held.url for held in addresses}


def test_no_address_stands_in_code() -> None:
    modules = sorted((PROJECT / "src" / "karaganda_vibe" / "sources").glob("*.py"))
    found = [path.name for path in modules if "://" in path.read_text("utf-8").replace('"://"', "")]
    assert found == []
