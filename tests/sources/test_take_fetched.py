"""What `make refresh` downloaded goes through the readers and checks of `take`.

The export is real (excerpts/README.md); what is changed in it is made.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import RAW
from karaganda_vibe.sources.edition_changes import REVISIONS_FILE, load_revisions
from karaganda_vibe.sources.newer_editions import LEFT, NO_READER, SAME, TAKEN
from karaganda_vibe.sources.raw_package import read_raw
from karaganda_vibe.sources.service_addresses import known_addresses
from karaganda_vibe.sources.take_fetched import readable_tables, taker

EXPORT = Path(__file__).parent / "excerpts" / "net_migration_6567.csv"
TABLE = "bns_net_migration_all_flows.regions_2000_2024"
ADDRESS = "https://made.example/csv/file/ru/"


class Place:
    """A copy of one raw table, and a downloaded export that changes one cell of it."""

    def __init__(self, folder: Path) -> None:
        self.raw = folder / "raw"
        self.revisions = folder / "revisions.csv"
        package = json.loads((RAW / "datapackage.json").read_text("utf-8"))
        package["resources"] = [held for held in package["resources"] if held["name"] == TABLE]
        path = package["resources"][0]["path"]
        (self.raw / path).parent.mkdir(parents=True)
        shutil.copy(RAW / path, self.raw / path)
        (self.raw / "datapackage.json").write_text(json.dumps(package), "utf-8")
        self.revisions.write_text(REVISIONS_FILE.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
        self.file = folder / "download.csv"
        text = EXPORT.read_text("utf-8")
        assert text.count('"16 550"') == 1
        self.file.write_text(text.replace('"16 550"', '"16 551"'), "utf-8")

    def take(self, file: Path, yes: bool, answer: str = "", tables: tuple[str, ...] = ()) -> str:
        take_in = taker(yes, lambda _: answer, self.raw, self.revisions)
        return take_in(file, tables or ("made.other", TABLE), ADDRESS)

    def value(self) -> str:
        rows = read_raw(TABLE, self.raw).query("region == 'Kazakhstan' and year == '2024'")
        (value,) = rows.query("indicator == 'migration_net_total'")["value"]
        return str(value)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_same_figures_change_nothing(place: Place) -> None:
    assert place.take(EXPORT, yes=True) == SAME
    assert place.value() == "16550.0"


def test_a_changed_figure_is_taken_in_with_its_log_and_address(place: Place) -> None:
    assert place.take(place.file, yes=True) == TAKEN
    assert place.value() == "16551.0"
    (revision,) = load_revisions(place.revisions).to_dict("records")
    assert (revision["table"], revision["before"], revision["after"]) == (
        TABLE,
        "16550.0",
        "16551.0",
    )
    package = json.loads((place.raw / "datapackage.json").read_text("utf-8"))
    assert package["resources"][0]["sources"][0]["path"] == ADDRESS


@pytest.mark.parametrize(
    ("watched", "answer", "became"),
    [(True, "да", TAKEN), (True, "", LEFT), (True, "no", LEFT), (False, "yes", LEFT)],
)
def test_a_person_decides_where_one_watches(
    place: Place, monkeypatch: pytest.MonkeyPatch, watched: bool, answer: str, became: str
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: watched)
    assert place.take(place.file, yes=False, answer=answer) == became
    assert place.value() == ("16551.0" if became == TAKEN else "16550.0")


def test_figures_of_another_table_are_refused(place: Place) -> None:
    other = next(iter(readable_tables() - {TABLE}))
    with pytest.raises(ProjectError, match=f"figures of {TABLE}, expected {other}; the address"):
        place.take(place.file, yes=True, tables=(other,))
    assert place.value() == "16550.0"


def test_a_table_without_a_reader_is_left_to_people(place: Place) -> None:
    place.file.write_bytes(b"no reader looks at it")
    assert place.take(place.file, yes=True, tables=("made.other", "made.more")) == NO_READER


def test_readers_know_tables_that_the_services_give() -> None:
    asked = {name for held in known_addresses()[0] for name in held.tables}
    for name in readable_tables():
        assert name in asked or any(table.startswith(f"{name}.") for table in asked), name
