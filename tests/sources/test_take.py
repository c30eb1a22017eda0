"""From a downloaded file to a new edition in data/raw, and every way of not getting there.

The workbook is made of the raw table of one region, so that it gives that table; what is changed in
it is made. data/raw is a copy in a temporary folder.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import pytest
from made_raw import fingerprint, raw_with, sheets_of
from made_workbooks import Failed, xlsx

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources import take as command
from karaganda_vibe.sources.edition_changes import load_revisions
from karaganda_vibe.sources.raw_package import read_raw, resource, verify_raw
from karaganda_vibe.sources.take import read_edition, shown_edition, take
from karaganda_vibe.sources.workbook_errors import OLE

NAME = "bns_district_dynamics.zhetisu"
LONG = "bns_net_migration_all_flows.regions_2000_2024"
EXCERPTS = Path(__file__).parent / "excerpts"
TEKELI, AKSU = "г.а.Текели", "Аксуский"
HEAD, POPULATION, BIRTHS = 2, 4, 5  # rows of a sheet, from 0


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    (tmp_path / "revisions.csv").write_text("table,place,label,year,before,after,edition\n")
    return raw_with(tmp_path, NAME, LONG)


@pytest.fixture
def sheets() -> dict[str, list[list[object]]]:
    return sheets_of(NAME)


def saved(folder: Path, sheets, merged=None, name: str = "Zhetisu_All.xlsx") -> Path:
    path = folder / name
    path.write_bytes(xlsx(sheets, merged))
    os.utime(path, (1_790_000_000, 1_790_000_000))  # 21 September 2026
    return path


def with_2025(sheets) -> None:
    """A made year more: the figures of 2024 and 1 with it."""
    for sheet in sheets.values():
        for row in sheet:
            last = row[4] if len(row) > 4 else ""
            row.append(last + 1 if isinstance(last, float) else "")


def test_an_edition_that_says_the_same_is_not_written(raw, sheets, tmp_path):
    edition = read_edition(saved(tmp_path, sheets), raw=raw)
    assert edition.name == NAME
    assert edition.same
    lines = shown_edition(edition)
    assert lines[1].startswith("  10 places, 230 rows, 2022 to 2024: г.а.Талдыкорган, ")
    assert lines[-1] == "  nothing differs from the present edition"
    before = fingerprint(tmp_path)
    assert take([edition], raw=raw, revisions=tmp_path / "revisions.csv") == []
    assert fingerprint(tmp_path) == before


def test_a_year_more_with_revisions_is_shown_and_taken_in(raw, sheets, tmp_path):
    with_2025(sheets)
    old = sheets[TEKELI][POPULATION][3]
    sheets[TEKELI][POPULATION][3] = 99.5
    sheets[AKSU][BIRTHS][3] = "…"
    edition = read_edition(saved(tmp_path, sheets), raw=raw)
    shown = shown_edition(edition)
    assert "  new years (1): 2025" in shown
    assert any(
        "cells: 2 revised (1 of them empty now), 0 filled that were empty, " in s for s in shown
    )
    (largest,) = [line for line in shown if line.startswith(f"    {TEKELI}, ")]
    assert largest.endswith(f", 2023: {old:g} → 99.5")
    log = tmp_path / "revisions.csv"
    changed = take([edition], raw=raw, revisions=log)
    assert {path.name for path in changed} == {"zhetisu.csv", "datapackage.json", "revisions.csv"}
    verify_raw(raw)
    frame = read_raw(NAME, raw)
    assert list(frame)[-1] == "2025"
    row = frame[(frame["place_ru"] == TEKELI) & (frame["sheet_row"] == str(POPULATION + 1))]
    assert row["2023"].tolist() == ["99.5"]
    entry = resource(NAME, raw)
    assert entry["date"] == "published or downloaded 2026-09-21"
    assert entry["where_found"] == "Zhetisu_All.xlsx, downloaded from the address"
    kept = load_revisions(log)
    assert kept[["table", "place", "year", "before", "after", "edition"]].to_numpy().tolist() == [
        [NAME, TEKELI, 2023, f"{old:g}", "99.5", "2026-09-21"],
        [
            NAME,
            AKSU,
            2023,
            read_raw(NAME).set_index("place_ru").loc[AKSU, "2023"].iloc[1],
            "",
            "2026-09-21",
        ],
    ]
    assert set(kept["label"].str.partition(": ")[2]) <= {
        "численность населения на конец периода (по текущему учету), тыс. человек",
        "число родившихся, тыс. человек",
    }


def test_an_export_with_a_year_more_is_taken_in(raw, tmp_path):
    path = tmp_path / "export.csv"
    text = (EXCERPTS / "net_migration_6567.csv").read_text(encoding="utf-8")
    last = text.splitlines()[-1]
    # Made: a year more for one region, and another figure of 2024.
    more = last.replace("городская местность", "Всего").replace("-2 846", "-9 000")
    text = text.replace('"-10 849"', '"-10 850"') + more.replace("2024", "2025") + "\n"
    path.write_text(text, encoding="utf-8")
    edition = read_edition(path, raw=raw)
    assert [tuple(cell) for cell in edition.changes.revised] == [
        ("Zhetisu", "migration_net_total", "2024", "-10849.0", "-10850.0")
    ]
    assert (edition.changes.added, edition.changes.new_years) == (1, ["2025"])
    take([edition], "2026-11-29", raw=raw, revisions=tmp_path / "revisions.csv")
    verify_raw(raw)
    rows = read_raw(LONG, raw)
    rows = rows[(rows["region"] == "Zhetisu") & (rows["indicator"] == "migration_net_total")]
    assert rows[["year", "value", "source_id", "note"]].to_numpy().tolist()[1:] == [
        ["2024", "-10850.0", "s003", ""],
        ["2025", "-9000.0", "s003", ""],
    ]


def rename(sheets):
    sheets["г.Текели"] = sheets.pop(TEKELI)


def leave_out(sheets):
    del sheets[AKSU]


def duplicate(sheets):
    sheets[AKSU] = sheets[TEKELI]


def swap_heads(sheets):
    row = sheets[TEKELI][HEAD]
    row[3], row[4] = row[4], row[3]


def swap_figures(sheets):
    for sheet in sheets.values():
        for row in sheet[HEAD + 1 :]:
            row[2], row[3] = row[3], row[2]


def merge_years(sheets):
    return {TEKELI: [f"C{POPULATION + 1}:D{POPULATION + 1}"]}


def fail_formula(sheets):
    sheets[TEKELI][POPULATION][3] = Failed("#REF!")


def new_label(sheets):
    sheets[TEKELI][BIRTHS][1] = "Число рожденных, тыс. человек"


def older(sheets):
    for sheet in sheets.values():
        for row in sheet:
            del row[4:]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename, 'unknown sheet "г.Текели"; nearest known: "г.а.Текели"'),
        (leave_out, "Аксуский missing, expected the places of the present edition"),
        (duplicate, '"Аксуский" repeats "г.а.Текели" cell for cell'),
        (swap_heads, "the columns of years have changed places: 2023 stands after 2024"),
        (swap_figures, "the figures of 2022 and 2023 have changed places in "),
        (merge_years, "one merged cell from column C to D stands for several years"),
        (fail_formula, "the formula in D5 has failed"),
        (new_label, 'unknown label; nearest known: "число родившихся, тыс. человек"'),
        (older, "no figures of 2024, expected them as in the present edition"),
    ],
)
def test_a_broken_workbook_is_told_in_one_line_and_changes_nothing(
    raw, sheets, tmp_path, change, message
):
    path = saved(tmp_path, sheets, change(sheets))
    before = fingerprint(tmp_path)
    with pytest.raises(ProjectError) as caught:
        read_edition(path, raw=raw)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert fingerprint(tmp_path) == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
        (b"", "empty"),
        (xlsx({"one": [[]]}), "a workbook without a filled cell"),
        (b"<html>made</html>", "a web page"),
        (
            xlsx({"one": [["Сведения о чем-то другом, сделано для теста"]]}),
            "no table of the publisher",
        ),
    ],
)
def test_a_file_that_is_no_table_changes_nothing(raw, tmp_path, content, message):
    path = tmp_path / "made.bin"
    path.write_bytes(content)
    before = fingerprint(tmp_path)
    with pytest.raises(ProjectError, match=message):
        read_edition(path, raw=raw)
    assert fingerprint(tmp_path) == before


def test_another_table_than_the_one_asked_for_is_refused(raw, sheets, tmp_path):
    with pytest.raises(ProjectError, match="by its title a workbook of bns_district_dynamics"):
        read_edition(saved(tmp_path, sheets), "bns_district_labour_market.zhetisu", raw)


def test_what_the_build_will_ask_for_is_said_before(raw, sheets, tmp_path):
    sheets[TEKELI][POPULATION][3] = "около 32"
    (left,) = read_edition(saved(tmp_path, sheets), raw=raw).left
    assert 'cell "около 32" no rule covers; add the value that is meant to metadata/' in left


@pytest.fixture
def run(raw, tmp_path, monkeypatch):
    """The command on the copy of data/raw; `answer` is what a person types, None for nobody."""
    monkeypatch.setattr(command, "read_edition", partial(read_edition, raw=raw))
    monkeypatch.setattr(
        command, "take", partial(take, raw=raw, revisions=tmp_path / "revisions.csv")
    )

    def call(*arguments: str, answer: str | None = None) -> None:
        monkeypatch.setattr(sys, "argv", ["take", *arguments])
        monkeypatch.setattr(sys.stdin, "isatty", lambda: answer is not None, raising=False)
        command._main(lambda _: answer or "")

    return call


def test_nothing_is_written_without_a_yes(run, raw, sheets, tmp_path, capsys):
    sheets[TEKELI][POPULATION][3] = 99.5
    path = str(saved(tmp_path, sheets))
    before = fingerprint(tmp_path)
    with pytest.raises(ProjectError, match="nobody is there to say yes"):
        run(path)
    run(path, answer="n")
    assert capsys.readouterr().out.endswith("Nothing was changed.\n")
    assert fingerprint(tmp_path) == before
    run(path, answer="да")
    assert "zhetisu.csv" in capsys.readouterr().out
    verify_raw(raw)
    run(path)
    assert capsys.readouterr().out.endswith("nothing differs from the present edition\n")


def test_two_files_of_one_table_change_nothing(run, sheets, tmp_path):
    one = saved(tmp_path, sheets, name="one_all.xlsx")
    two = saved(tmp_path, sheets, name="two_all.xlsx")
    with pytest.raises(ProjectError, match=f"{NAME}, as .*one_all.xlsx is; give one of the two"):
        run(str(one), str(two), "--yes")


def test_a_year_that_is_a_copy_wants_more_than_yes(run, raw, sheets, tmp_path):
    with_2025(sheets)
    for sheet in sheets.values():
        for row in sheet[HEAD + 1 :]:
            row[5] = row[4] if len(row) > 5 else ""
    path = str(saved(tmp_path, sheets))
    before = fingerprint(tmp_path)
    with pytest.raises(ProjectError, match="2025 is a copy of 2024; nothing was changed"):
        run(path, "--yes")
    assert fingerprint(tmp_path) == before
    run(path, "--yes", "--as-published", "--date", "2026-11-29")
    assert resource(NAME, raw)["date"] == "published or downloaded 2026-11-29"
