"""data/raw is exactly what its data package says, and every way of breaking it has one error."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from frictionless import validate

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import RAW
from karaganda_vibe.sources import raw_package
from karaganda_vibe.sources.raw_package import package, read_raw, resource, resources, verify_raw

MADE = "indicator,region,value\nmade,Akmola,1.50\nmade,Aktobe,\nmade,NA,null\n"


@pytest.fixture
def made_raw(tmp_path: Path) -> Path:
    """A data package of one made table."""
    folder = tmp_path / "raw"
    (folder / "made").mkdir(parents=True)
    content = MADE.encode()
    (folder / "made" / "part.csv").write_bytes(content)
    described = {
        "name": "made.part",
        "path": "made/part.csv",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": {
            "fields": [
                {"name": name, "type": "string"} for name in ("indicator", "region", "value")
            ]
        },
    }
    (folder / "datapackage.json").write_text(json.dumps({"resources": [described]}))
    return folder


def test_all_raw_files_are_as_the_package_says() -> None:
    verify_raw()


def test_package_is_valid_for_frictionless() -> None:
    report = validate(str(RAW / "datapackage.json"))
    assert report.stats["tasks"] == len(package())
    assert report.valid, report.flatten(["name", "type", "note"])


@pytest.mark.parametrize(
    "key",
    [
        "title",
        "publisher",
        "where_found",
        "date",
        "terms",
        "borders",
        "caveats",
        "sources",
        "hash",
        "bytes",
        "schema",
    ],
)
def test_every_resource_says_where_it_comes_from(key: str) -> None:
    empty = [name for name, described in package().items() if not described.get(key)]
    assert empty == []


def test_every_table_of_figures_has_an_address() -> None:
    without = [
        name
        for name, described in package().items()
        if not name.endswith(".sources")
        and "path" not in described["sources"][0]
        and "sources.csv" not in described["sources"][0]["title"]
    ]
    assert without == []


def test_rows_with_a_source_find_it() -> None:
    for name, described in package().items():
        if name.endswith(".sources") or not described.get("source_ids"):
            continue
        used = set(read_raw(name)["source_id"])
        assert used == set(described["source_ids"]), name
        folder = Path(described["path"]).parent
        if (RAW / folder / "sources.csv").exists():
            assert used <= set(read_raw(f"{folder}.sources")["source_id"]), name


def test_cells_are_text_and_nothing_is_read_as_missing(made_raw: Path) -> None:
    frame = read_raw("made.part", made_raw)
    assert frame["value"].tolist() == ["1.50", "", "null"]
    assert frame["region"].tolist() == ["Akmola", "Aktobe", "NA"]


def test_footnote_marks_stay_in_the_district_tables() -> None:
    cells = read_raw("bns_district_dynamics.karaganda").to_numpy().ravel()
    assert any(cell.endswith(")") and cell[0].isdigit() for cell in cells)


def test_resources_of_a_table_leave_the_sources_out() -> None:
    assert resources("bns_housing_prices") == [
        "bns_housing_prices.new_2001_2023",
        "bns_housing_prices.rent_2001_2023",
        "bns_housing_prices.secondary_2001_2023",
    ]
    assert len(resources("bns_district_dynamics")) == 16


def test_unknown_names_are_errors() -> None:
    with pytest.raises(ProjectError, match='no resource named "made"'):
        resource("made")
    with pytest.raises(ProjectError, match='folder named "made"'):
        resources("made")


def test_missing_table(made_raw: Path) -> None:
    (made_raw / "made" / "part.csv").unlink()
    with pytest.raises(ProjectError, match=r"part\.csv: raw table missing"):
        verify_raw(made_raw)


def test_missing_package(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"datapackage\.json: missing"):
        verify_raw(tmp_path)


def test_broken_package(made_raw: Path) -> None:
    (made_raw / "datapackage.json").write_text("{")
    with pytest.raises(ProjectError, match="not a data package"):
        verify_raw(made_raw)


def test_truncated_table(made_raw: Path) -> None:
    path = made_raw / "made" / "part.csv"
    path.write_bytes(path.read_bytes()[:-5])
    expected = hashlib.sha256(MADE.encode()).hexdigest()
    found = hashlib.sha256(MADE.encode()[:-5]).hexdigest()
    with pytest.raises(ProjectError, match="cut short") as error:
        read_raw("made.part", made_raw)
    assert expected in str(error.value)
    assert found in str(error.value)
    assert "\n" not in str(error.value)


def test_changed_bytes(made_raw: Path) -> None:
    (made_raw / "made" / "part.csv").write_text(MADE.replace("1.50", "1.51"))
    found = hashlib.sha256(MADE.replace("1.50", "1.51").encode()).hexdigest()
    with pytest.raises(ProjectError, match=rf"raw table changed: sha256 .*found {found}"):
        verify_raw(made_raw)


def test_changed_header(made_raw: Path) -> None:
    (made_raw / "made" / "part.csv").write_text(MADE.replace("region", "oblast", 1))
    with pytest.raises(ProjectError, match=r"line 1: header changed: .*found indicator,oblast"):
        verify_raw(made_raw)


def test_file_that_is_not_listed(made_raw: Path) -> None:
    shutil.copy(made_raw / "made" / "part.csv", made_raw / "made" / "other.csv")
    with pytest.raises(ProjectError, match=r"other\.csv: file not listed"):
        verify_raw(made_raw)


def test_hidden_files_of_editors_do_not_matter(made_raw: Path) -> None:
    (made_raw / "made" / ".part.csv.swp").write_text("made")
    verify_raw(made_raw)


def test_command_line_shows_one_line(
    made_raw: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (made_raw / "made" / "part.csv").unlink()
    monkeypatch.setattr(raw_package, "verify_raw", lambda: verify_raw(made_raw))
    with pytest.raises(SystemExit) as stop:
        raw_package.exit_with_one_line(raw_package._main)
    assert stop.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_private_names_and_minors_are_left_out() -> None:
    claims = read_raw("press_claims.claims")
    assert "C28" not in set(claims["id"])
    assert claims.loc[claims["id"] == "C01", "claim"].str.contains("NGO Golos molodezhi").all()
    caveats = " ".join(resource("press_claims.claims")["caveats"])
    assert "C01" in caveats
    assert "C28" in caveats
