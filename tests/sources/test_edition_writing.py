"""A new edition is written whole with its entry, or not at all; figures are made."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from made_raw import fingerprint, raw_with

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources import edition_writing
from karaganda_vibe.sources.edition_changes import REVISION_COLUMNS
from karaganda_vibe.sources.edition_writing import (
    csv_bytes,
    replace_together,
    updated_entry,
    write_edition,
)
from karaganda_vibe.sources.raw_package import read_raw, resource, verify_raw

NAME = "bns_district_labour_market.astana"
ABOUT = {"date": "published or downloaded 2026-11-29", "where_found": "made.xlsx", "address": ""}
LOG = pd.DataFrame(columns=list(REVISION_COLUMNS))


def grown(raw: Path) -> pd.DataFrame:
    return read_raw(NAME, raw).assign(**{"2025": "1.5"})


def test_the_entry_follows_the_table(tmp_path):
    raw = raw_with(tmp_path, NAME, "bns_district_dynamics.zhetisu")
    others = resource("bns_district_dynamics.zhetisu", raw)
    log = tmp_path / "revisions.csv"
    changed = write_edition(NAME, grown(raw), ABOUT, LOG, raw, log)
    assert {path.name for path in changed} == {"astana.csv", "datapackage.json", "revisions.csv"}
    verify_raw(raw)
    assert read_raw(NAME, raw)["2025"].tolist() == ["1.5"] * 40
    entry = resource(NAME, raw)
    assert entry["schema"]["fields"][-1] == {
        "name": "2025",
        "type": "string",
        "description": "the cell of 2025, as published",
    }
    assert entry["bytes"] == (raw / entry["path"]).stat().st_size
    assert (entry["date"], entry["where_found"]) == (ABOUT["date"], "made.xlsx")
    assert entry["title"] == "Labour market by cities and districts 2014-2025: Astana"
    assert entry["sources"][0]["title"].endswith("districts 2014-2025: Astana")
    assert entry["sources"][0]["path"] == resource(NAME)["sources"][0]["path"]
    assert list(entry) == list(resource(NAME))
    assert resource("bns_district_dynamics.zhetisu", raw) == others
    text = (raw / "datapackage.json").read_text("utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"


def test_a_new_address_takes_the_place_of_the_old_one():
    entry = resource(NAME)
    frame = read_raw(NAME)
    about = ABOUT | {"address": "https://example.org/made"}
    new = updated_entry(entry, frame, csv_bytes(frame), about)
    assert new["sources"][0]["path"] == "https://example.org/made"
    assert entry["sources"][0]["path"] != new["sources"][0]["path"]
    assert (new["hash"], new["schema"]["fields"]) == (entry["hash"], entry["schema"]["fields"])


def test_a_table_that_the_package_does_not_know_is_named(tmp_path):
    raw = raw_with(tmp_path, NAME)
    before = fingerprint(tmp_path)
    with pytest.raises(ProjectError, match='no resource named "made'):
        write_edition("made.table", grown(raw), ABOUT, LOG, raw, tmp_path / "revisions.csv")
    assert fingerprint(tmp_path) == before


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_fault_while_putting_into_place_leaves_everything_as_it_was(tmp_path, monkeypatch, at):
    raw = raw_with(tmp_path, NAME)
    before = fingerprint(tmp_path)
    calls = []
    replace = Path.replace

    def fails(path: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == at:
            raise OSError(28, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OSError, match="No space left"):
        write_edition(NAME, grown(raw), ABOUT, LOG, raw, tmp_path / "revisions.csv")
    assert len(calls) == at
    assert fingerprint(tmp_path) == before


def test_a_full_disk_leaves_everything_as_it_was(tmp_path, monkeypatch):
    raw = raw_with(tmp_path, NAME)
    before = fingerprint(tmp_path)
    monkeypatch.setattr(edition_writing.os, "fdopen", lambda *_: (_ for _ in ()).throw(OSError(28)))
    with pytest.raises(OSError, match="28"):
        write_edition(NAME, grown(raw), ABOUT, LOG, raw, tmp_path / "revisions.csv")
    assert fingerprint(tmp_path) == before


def test_a_file_that_holds_the_content_is_not_written(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"same")
    stamp = one.stat().st_mtime_ns
    assert replace_together({one: b"same", two: b"new"}) == [two]
    assert one.stat().st_mtime_ns == stamp
    assert two.read_bytes() == b"new"
