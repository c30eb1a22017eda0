"""data/raw is exactly what its data package says, and every way of breaking it has one error."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from frictionless import validate

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import RAW
from karaganda_vibe.sources import raw_package
from karaganda_vibe.sources.raw_package import (
    accept,
    is_table,
    package,
    read_raw,
    resource,
    resources,
    suspicious_columns,
    verify_raw,
)

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
    empty = [
        name
        for name, described in package().items()
        if not described.get(key) and (key != "schema" or is_table(described))
    ]
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


def broken(made_raw: Path, content: bytes) -> str:
    (made_raw / "made" / "part.csv").write_bytes(content)
    with pytest.raises(ProjectError) as error:
        verify_raw(made_raw)
    message = str(error.value)
    assert "\n" not in message
    assert "git checkout" not in message
    path = str(made_raw / "made" / "part.csv")
    assert message.endswith(f"--accept {path}; else compare: git diff -- {path}")
    return message.partition("part.csv: ")[2].partition("; if it was replaced on purpose")[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (MADE.encode()[:-5], "raw table cut short: 61 bytes, expected 66"),
        (MADE.replace("1.50", "1.51").encode(), "raw table changed"),
        (MADE.encode() + b"made,Abai,7\n", "raw table changed: 78 bytes, expected 66"),
        (MADE.replace("region", "oblast", 1).encode(),
         "line 1: header changed: missing region; unknown oblast"),
        (MADE.replace("value\n", "value,2025\n", 1).encode(),
         "line 1: header changed: unknown 2025"),
        (b"\xef\xbb\xbf" + MADE.encode(), "saved with a byte-order mark, the figures are the same"),
        (MADE.replace("\n", "\r\n").encode(),
         "saved with CRLF line ends (git's core.autocrlf or an editor), the figures are the same"),
        (b"\xef\xbb\xbf" + MADE.replace("\n", "\r\n").encode(),
         "saved with a byte-order mark and with CRLF line ends (git's core.autocrlf or an editor), "
         "the figures are the same"),
        (MADE.encode("utf-16"), "UTF-16, expected UTF-8; save it as UTF-8"),
        (MADE.replace("made", "Нура").encode("cp1251"),
         "line 2: not UTF-8 (cp1251, perhaps); save it as UTF-8"),
    ],
)  # fmt: skip
def test_what_happened_to_a_table_is_said_right(made_raw: Path, content: bytes, said: str) -> None:
    assert broken(made_raw, content) == said


def test_a_table_saved_as_cp1251_is_known_by_its_figures(made_raw: Path) -> None:
    text = MADE.replace("made", "Нура")
    (made_raw / "made" / "part.csv").write_text(text, encoding="utf-8")
    accept(made_raw / "made" / "part.csv", made_raw)
    said = broken(made_raw, text.encode("cp1251"))
    assert said == "saved as cp1251, expected UTF-8, the figures are the same"


def test_a_table_that_was_replaced_on_purpose_is_taken_in(made_raw: Path) -> None:
    path = made_raw / "made" / "part.csv"
    git = ["git", "-c", "user.name=made", "-c", "user.email=made@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "made"]):
        subprocess.run([*git, *words], cwd=made_raw, check=True)
    package_before = json.loads((made_raw / "datapackage.json").read_text())
    path.write_text(
        "indicator,region,value,2025\nmade,Akmola,1.51,2\nmade,Aktobe,,3\nmade,NA,null,4\n"
    )
    lines = accept(path, made_raw)
    assert lines[1:3] == ["columns new: 2025", "rows: 3 as before; cells changed: 1 in value"]
    verify_raw(made_raw)
    assert read_raw("made.part", made_raw)["2025"].tolist() == ["2", "3", "4"]
    package_after = json.loads((made_raw / "datapackage.json").read_text())
    assert list(package_after["resources"][0]) == list(package_before["resources"][0])
    path.write_text(path.read_text() + "made,Abai,7,8\n")
    assert "rows: 3 before, 4 now; 2 are new or changed, 1 are gone or changed" in accept(
        path, made_raw
    )


def test_what_is_no_table_or_not_listed_is_not_taken_in(made_raw: Path) -> None:
    path = made_raw / "made" / "part.csv"
    held = (made_raw / "datapackage.json").read_bytes()
    for content, message in (
        (MADE.encode() + b"made\n", "line 5: 1 cells, expected 3"),
        (MADE.replace("made", "Нура").encode("cp1251"), "line 2: not UTF-8"),
    ):
        path.write_bytes(content)
        with pytest.raises(ProjectError, match=message):
            accept(path, made_raw)
    with pytest.raises(ProjectError, match=r"other\.csv: not a file that .* lists"):
        accept(made_raw / "made" / "other.csv", made_raw)
    assert (made_raw / "datapackage.json").read_bytes() == held


def test_a_copied_year_and_two_exchanged_years_look_suspicious() -> None:
    frame = read_raw("bns_district_dynamics.karaganda")
    assert suspicious_columns("made", frame) == []
    copied = frame.assign(**{"2024": frame["2023"]})
    assert suspicious_columns("made", copied) == ["suspicious: made: 2024 is a copy of 2023"]
    exchanged = frame.assign(**{"2010": frame["2011"], "2011": frame["2010"]})
    assert any("2010 and 2011 seem" in line for line in suspicious_columns("made", exchanged))


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
    monkeypatch.setattr("sys.argv", ["raw_package"])
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
