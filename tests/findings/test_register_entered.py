"""Tables of a register in data/input: read, set beside the published figures. All figures made."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from findings.test_youth_entered import Recorder, chapter, written

from karaganda_vibe.findings.register_entered import (
    entered_ages,
    entered_flows,
    entered_places,
    entered_rates,
    entered_season,
)
from karaganda_vibe.findings.season import MONTHS
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROCESSED
from karaganda_vibe.sources.input_tables import INPUT

HERE, CITY, YEAR = "KZ-35", "temirtau-city", 2024


def entered(folder: Path, name: str, *rows: str) -> Path:
    shutil.copy(INPUT / f"{name}.schema.json", folder)
    head = (INPUT / f"{name}.csv").read_text("utf-8").splitlines()[0]
    (folder / f"{name}.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return folder


def month(number: int, kind: str, value: object, year: int = YEAR) -> str:
    return f"all,{HERE},{year},{MONTHS[number - 1]},{kind},all,{value},persons,,yes,made office,2,,"


def all_tables(folder: Path) -> Path:
    entered(
        folder, "flows_od",
        f"{HERE},KZ-71,{YEAR},7001,no,made office,2", f"KZ-71,{HERE},{YEAR},3000,no,made office,3",
        f"{HERE},KZ-75,{YEAR},,no,made office,4", f"KZ-75,{HERE},{YEAR},90,no,made office,5",
        f"{HERE},KZ-71,{YEAR + 1},9,yes,made office,6",  # a part of a year
        f"{HERE},KZ-71,{YEAR - 3},5,no,made office,7",
    )  # fmt: skip
    season = [month(n, "departures", 100 + n) for n in range(1, 13)]
    season += [month(n, "net", -n) for n in range(1, 13)]
    season += [month(1, "departures", 7777, YEAR + 1)]  # eleven months lack
    season[2] = month(3, "departures", 500)
    entered(folder, "months", *season)
    ages = [
        f"{HERE},{YEAR},0,13,both,40,made office", f"{HERE},{YEAR},14,64,both,,made office",
        f"{HERE},{YEAR},65,110,both,-9,made office", f"{HERE},{YEAR},0,110,both,-8100,made office",
        f"{HERE},{YEAR},0,110,female,-5000,made office",
        f"{HERE},{YEAR},0,110,male,-3100,made office",
        f"{HERE},{YEAR - 1},0,110,both,-1,made office",
    ]  # fmt: skip
    entered(folder, "age_sex_balances", *ages)
    entered(folder, "rates", f"{HERE},{YEAR},0,13,both,40,16000,2.5,made office")
    return entered(
        folder, "leavers_places", f"{CITY},{YEAR},17,24,321,120,made office",
        f"nura-district,{YEAR},17,24,,6,made office", f"{CITY},{YEAR - 1},17,24,9,9,made office",
    )  # fmt: skip


def published() -> pd.DataFrame:
    return pd.DataFrame(
        [("KZ-71", YEAR, 6900, 2950, -3950, "no"), ("KZ-75", YEAR, 50, 60, 10, "no")],
        columns=["region", "year", "departures", "arrivals", "net", "part_of_year"],
    )


def test_the_templates_are_empty():
    assert entered_flows(HERE, published()) is None
    assert entered_season(HERE) is None
    assert entered_ages(HERE) is None
    assert entered_rates(HERE) is None
    assert entered_places().empty


def test_the_newest_whole_year_stands_beside_the_published_one(tmp_path):
    folder = all_tables(tmp_path)
    flows = entered_flows(HERE, published(), folder)
    assert (flows.year, flows.compared, flows.difference) == (YEAR, 1, -4001 + 3950)
    table = flows.table.set_index("region")
    assert table.loc["KZ-71", "net_published"] == -3950
    assert pd.isna(table.loc["KZ-75", "difference"])  # one side is suppressed

    season = entered_season(HERE, folder)
    assert (season.year, season.most, season.most_left, season.net) == (YEAR, 3, 500, -78)
    assert season.summer == (107 + 108 + 109) / season.departures.sum()

    ages = entered_ages(HERE, folder)
    assert (ages.year, ages.total) == (YEAR, -8100)
    assert ages.ages == {(0, 13): 40, (14, 64): None, (65, 110): -9}
    assert ages.sexes == {"female": -5000, "male": -3100}
    assert entered_rates(HERE, folder).ages == {(0, 13): 2.5}

    places = entered_places(folder)
    assert places.loc[CITY, "net"] == 120 - 321
    assert pd.isna(places.loc["nura-district", "net"])


@pytest.mark.parametrize(
    ("name", "row", "read", "message"),
    [
        ("flows_od", f"{HERE},KZ-99,2024,70,no,made,2",
         lambda f: entered_flows(HERE, published(), f), "line 2, column destination"),
        ("flows_od", f"{HERE},{HERE},2024,70,no,made,2",
         lambda f: entered_flows(HERE, published(), f), "is the origin too"),
        ("flows_od", f"{HERE},KZ-71,2024,3,no,made,2",
         lambda f: entered_flows(HERE, published(), f), "found 3 persons, expected 0 or at least"),
        ("months", month(1, "departures", 70).replace("January", "Januar"),
         lambda f: entered_season(HERE, f), "found 'Januar', expected a month"),
        ("months", month(1, "arrivals", 4), lambda f: entered_season(HERE, f), "found 4 persons"),
        ("rates", f"{HERE},2024,0,13,both,1,3,2.5,made", lambda f: entered_rates(HERE, f),
         "column population: found 3 persons"),
        ("age_sex_balances", "nowhere,2024,0,13,both,1,made", lambda f: entered_ages(HERE, f),
         "line 2, column area"),
        ("leavers_places", f"{CITY},2024,24,17,9,9,made", entered_places, "17 is below age_from"),
        ("leavers_places", f"{CITY},2024,17,24,9,1,made", entered_places, "found 1 persons"),
    ],
)  # fmt: skip
def test_faulty_tables_are_one_line(tmp_path, name, row, read, message):
    with pytest.raises(ProjectError, match=re.escape(message)) as caught:
        read(entered(tmp_path, name, row))
    assert "\n" not in str(caught.value)


def test_both_chapters_show_them_in_every_language(tmp_path, monkeypatch):
    folder = all_tables(written(tmp_path))
    regions = pd.read_csv(PROCESSED / "regions.csv")
    own = regions[(regions["region"] == HERE) & (regions["year"] == YEAR)]
    total = own[~own["borders"].str.startswith("until-")]["net_migration_total"].item()

    table, _ = chapter(monkeypatch, folder, tables=folder)
    rows = table.set_index("what_en")
    ages = rows[rows.index.str.startswith("Balance by age")].iloc[0]
    assert ages["figure_en"] == (
        "0–13: +40; 14–64: –; 65+: −9; women −5,000, men −3,100, all −8,100 "
        f"(published −{-total:,.0f}, difference {'−' if total > -8100 else '+'}"
        f"{abs(-8100 - total):,.0f})"
    )
    rate = rows[rows.index.str.startswith("Balance per 1,000")].iloc[0]
    assert rate["figure_en"] == "0–13: +2.50"
    season = rows[rows.index.str.startswith("Months of departure")].iloc[0]
    assert "most in March (500); balance of the year −78" in season["figure_en"]
    assert "март (500)" in season["figure_ru"]
    assert "наурыз (500)" in season["figure_kk"]
    for row in (ages, rate, season):
        assert all("made office" in row[f"kind_{code}"] for code in ("en", "ru", "kk"))
    places = Recorder.kept["tbl-who-places"].set_index("unit")
    assert places.loc[CITY, ["own_left", "own_net"]].tolist() == [321, -201]

    chapter(monkeypatch, folder, "17_where_to", tables=folder)
    shown = Recorder.kept["tbl-where-to"].set_index("region")
    assert shown.loc["KZ-71", ["own_departures", "own_arrivals"]].tolist() == [7001, 3000]
    assert shown.loc["KZ-71", "own_difference"] == -4001 - shown.loc["KZ-71", "net"]
    assert pd.isna(shown.loc["KZ-75", "own_departures"])

    chapter(monkeypatch, folder)
    assert "own_left" not in Recorder.kept["tbl-who-places"]
    assert len(Recorder.kept["tbl-who-known"]) == len(table) - 3
    chapter(monkeypatch, folder, "17_where_to")
    assert "own_departures" not in Recorder.kept["tbl-where-to"]


def test_a_made_register_comes_through_to_both_chapters(tmp_path, monkeypatch):
    pytest.importorskip("ibis", reason="the group registers is not installed")
    from karaganda_vibe.registers import running

    # By month from Temirtau to Astana, ten more in August; from Astana to Karaganda in May.
    moves = [
        (f"{YEAR}-{n:02d}-09", "352400000", "710000000", 19, "female")
        for n in range(1, 13)
        for _ in range(20 if n == 8 else 10)
    ]
    moves += [(f"{YEAR}-05-10", "710000000", "351000000", 33, "male")] * 24
    source, out = tmp_path / "made_moves.parquet", tmp_path / "out"
    frame = pd.DataFrame(moves, columns=["date", "origin", "destination", "age", "sex"])
    frame.to_parquet(source)
    limits = {"alike": 1.0}
    request = running.Request(
        str(source), out, (YEAR, YEAR), "made office", "made register", limits={
            **running.register_checks.LIMITS, **limits,
        },
    )  # fmt: skip
    running.make_tables(request, progress=False)
    dropped = tmp_path / "input"
    shutil.copytree(INPUT, dropped)
    for path in out.glob("*.csv"):
        if (dropped / path.name).exists():
            shutil.copy(path, dropped)

    table, _ = chapter(monkeypatch, dropped, leavers=dropped, tables=dropped)
    rows = table.set_index("what_en")
    season = rows[rows.index.str.startswith("Months of departure")].iloc[0]
    assert "most in August (20); balance of the year −106" in season["figure_en"]
    assert "made register: drawn by a computer" in season["kind_en"]
    ages = rows[rows.index.str.startswith("Balance by age")].iloc[0]
    assert "17–19: −130; " in ages["figure_en"]
    assert "all −106 (published −" in ages["figure_en"]
    assert Recorder.kept["tbl-who-places"].set_index("unit").loc[CITY, "own_left"] == 130
    chapter(monkeypatch, dropped, "17_where_to", leavers=dropped, tables=dropped)
    shown = Recorder.kept["tbl-where-to"].set_index("region")
    assert shown.loc["KZ-71", ["own_departures", "own_arrivals"]].tolist() == [130, 24]


def test_rates_leave_out_groups_of_a_few_people():
    from karaganda_vibe.registers.register_rates import KEYS, rates

    keys = [(CITY, YEAR, 0, 13, "both"), (CITY, YEAR, 14, 16, "both")]
    balances = pd.DataFrame(keys, columns=KEYS).assign(net_migration=[-4, 2], source="made office")
    people = pd.DataFrame(keys, columns=KEYS).assign(population=[4, 8])
    found = rates(balances, people, 5)
    assert found["net_migration_per_1000"].tolist() == [250.0]
