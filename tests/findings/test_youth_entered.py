"""The office's own figures of the young: read, checked, set beside the bound. All figures made."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest

from karaganda_vibe.build.states import notebook_code
from karaganda_vibe.findings.leavers_entered import entered_leavers
from karaganda_vibe.findings.youth_bound import YouthBound
from karaganda_vibe.findings.youth_entered import (
    EnteredYoung,
    area_names,
    balances_by_year,
    beside,
    entered_young,
    own_figure,
    verdict_on,
)
from karaganda_vibe.inference import results
from karaganda_vibe.project import writing
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import NOTEBOOKS, PROJECT
from karaganda_vibe.publishing import exhibits
from karaganda_vibe.sources.age_tables import COLUMNS
from karaganda_vibe.sources.input_tables import INPUT

HERE, YEAR, CITY = "KZ-35", 2024, "temirtau-city"
BALANCES = "region,year,age_from,age_to,net_migration,source\n"
TABLES = ",".join(COLUMNS) + "\n"
DOC = (PROJECT / "docs" / "youth_input.md").read_text("utf-8")


def written(folder, balances=(), tables=()):
    shutil.copy(INPUT / "age_balances.schema.json", folder)
    for name, head, rows in (("balances", BALANCES, balances), ("tables", TABLES, tables)):
        text = head + "".join(f"{row}\n" for row in rows)
        (folder / f"age_{name}.csv").write_text(text, encoding="utf-8")
    return folder


def entered(folder, *balances, tables=()):
    return entered_young(YEAR, HERE, written(folder, balances, tables))


def cohorts(area=CITY, leaving=30, years=5, ages=range(0, 41)):
    """Single ages: of every age `leaving` persons leave at the end, after 1 in 100 has died."""
    fixed = f"{area},since-2022,2021"
    for age in ages:
        start = 1000 + 10 * age
        yield f"{fixed},population,2022,{age},1,{start},made"
        yield f"{fixed},survival,2022,{age},1,0.99,made life table"
        yield (
            f"{fixed},population,{2022 + years},{age + years},1,{start * 0.99 - leaving:.4f},made"
        )


def entry(net=-700.0, area=HERE, years=(YEAR, YEAR), ages=(14, 34), basis="balance"):
    return EnteredYoung(area, *years, *ages, net, net - 5, net + 7, basis, "made")


def test_the_templates_are_empty():
    assert entered_young(YEAR, HERE) == []


def test_groups_within_the_young_are_summed_and_the_region_stands_first(tmp_path):
    found = entered(
        tmp_path,
        f"{CITY},2022,15,19,-999,made",  # older than the next: not shown
        f"{CITY},2023,20,34,35,made",
        f"{CITY},2023,15,19,-210,made",
        f"{CITY},2023,10,14,-7,made",  # begins below 14
        f"{CITY},2023,35,39,-11,made",  # ends above 34
        f"{HERE},2025,14,34,-1,made",  # newer than the bound's year, which goes first
        f"{HERE},2024,14,29,-3100,made",
        f"{HERE},2024,30,34,-55,made too",
    )
    assert [(e.area, e.first_year, e.youngest, e.oldest, e.net) for e in found] == [
        (HERE, 2024, 14, 34, -3155),
        (CITY, 2023, 15, 34, -175),
    ]
    assert {(e.low == e.net == e.high, e.basis) for e in found} == {(True, "balance")}
    assert [e.source for e in found] == ["made; made too", "made"]


def test_age_tables_give_the_cohorts_that_end_young(tmp_path):
    (found,) = entered(tmp_path, tables=cohorts())
    assert (found.first_year, found.last_year) == (2022, 2026)
    assert (found.youngest, found.oldest, found.basis) == (14, 34, "cohort")
    # 21 ages of 30 leavers each; the reverse method counts those who would have died as well.
    assert found.low < found.net < -21 * 30 < found.high + 1
    assert found.net == pytest.approx(-21 * 30 * (1 + 1 / 0.99) / 2)
    assert found.source == "made; made life table"


def test_those_not_born_at_the_first_date_are_left_out(tmp_path):
    (found,) = entered(tmp_path, tables=cohorts(years=17))
    assert (found.youngest, found.oldest) == (17, 34)


@pytest.mark.parametrize(
    ("balances", "tables", "message"),
    [
        (["KZ-99,2024,14,34,-5,made"], [], "line 2, column region: 'KZ-99' is none of"),
        (["Temirtau,2024,14,34,-5,made"], [], r"perhaps temirtau-city is meant"),
        (["temirtau-monotown,2024,14,34,-5,made"], [], "column region: 'temirtau-monotown'"),
        ([f"{CITY},2024,14,34,many,made"], [], "column net_migration: found 'many', expected a"),
        ([f"{CITY},2024,14,34,-5,"], [], "line 2, column source: empty"),
        ([f"{CITY},2024,34,14,-5,made"], [], "column age_to: 14 is below age_from 34"),
        ([f"{CITY},2024,0,40,-5,made"], [], "2024 has no age group within 14 to 34"),
        (
            [f"{CITY},2024,14,19,-5,made", f"{CITY},2024,25,34,-5,made"],
            [],
            "line 3, column age_from: the age groups of 2024 leave a gap: found 25, expected 20",
        ),
        (
            [f"{CITY},2024,14,19,-5,made", f"{CITY},2024,17,34,-5,made"],
            [],
            "line 3, column age_from: the age groups of 2024 overlap: found 17, expected 20",
        ),
        ([f"{CITY},2024,14,34,-5,made"] * 2, [], "stands in line 2 as well"),
        ([], list(cohorts(area="nowhere")), "age_tables.csv: line 2, column region: 'nowhere'"),
        ([], list(cohorts())[::3], "age_tables.csv: age tables: temirtau-city has population at 1"),
        ([], list(cohorts(ages=range(40, 45))), "population of 2027 has no age group within"),
        ([], [row for row in cohorts() if ",12,1," not in row], "the first table has no age 12"),
        ([], [row.replace("2021", "2009") if "2027" in row else row for row in cohorts()],
         "census_base is 2009 and 2021"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(tmp_path, balances, tables, message):
    with pytest.raises(ProjectError, match=message) as raised:
        entered(tmp_path, *balances, tables=tables)
    assert "\n" not in str(raised.value)
    assert re.match(r"\S*age_(balances|tables)\.csv: ", str(raised.value))


def test_the_extrapolation_stands_beside_figures_of_its_year_and_ages_only():
    bound = YouthBound(regions=15, loss=1000.0, least=400.0, most=550.0)
    nets = {HERE: -9012.0, CITY: 77.0}
    assert beside(entry(), YEAR, nets, bound) == (3600, 5000)
    assert beside(entry(years=(2023, 2023)), YEAR, nets, bound) is None
    assert beside(entry(ages=(15, 34)), YEAR, nets, bound) is None
    assert beside(entry(basis="cohort"), YEAR, nets, bound) is None
    assert beside(entry(area=CITY), YEAR, nets, bound) is None  # it gains people
    assert beside(entry(area="elsewhere"), YEAR, nets, bound) is None
    assert beside(entry(), YEAR, {HERE: float("nan")}, bound) is None


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([], "empty"),
        ([entry(area=CITY)], "elsewhere"),
        ([entry(net=-700)], "inside"),
        ([entry(net=-600)], "inside"),
        ([entry(net=-901)], "above"),
        ([entry(net=-599)], "below"),
        ([entry(net=20)], "below"),
        ([entry(ages=(15, 34))], "other"),
        ([entry(years=(2023, 2023))], "other"),
        ([entry(basis="cohort")], "cohort"),
        ([entry(net=-901), entry(basis="cohort"), entry(area=CITY)], "above"),
    ],
)
def test_the_verdict_follows_the_figures(found, verdict):
    assert verdict_on(found, HERE, YEAR, (600, 900)) == verdict


def test_every_area_has_a_name_in_every_language():
    assert all(all(texts.values()) and len(texts) == 3 for texts in area_names().values())


def test_the_document_is_true_to_the_letter(tmp_path, monkeypatch, capsys):
    balances, tables = re.findall(r"```csv\n(.*?)```", DOC, re.DOTALL)
    program, cohort_program = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
    (printed,) = re.findall(r"```text\n(.*?)```", DOC, re.DOTALL)
    folder = tmp_path / "data" / "input"
    folder.mkdir(parents=True)
    shutil.copy(INPUT / "age_balances.schema.json", folder)
    (folder / "age_balances.csv").write_text(balances, encoding="utf-8")
    (folder / "age_tables.csv").write_text(tables, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(program, names)
    assert capsys.readouterr().out == printed
    exec(cohort_program, names)
    # 3900 - 0.998 × 4000, 2500 - 0.996 × 3600, and so on
    assert list(names["result"].cohorts["forward"].round(1)) == [-92.0, -1085.6, -85.0, 119.2]


def test_the_command_of_the_document_reads_the_templates():
    (module,) = re.findall(r"    python -m (\S+)\n", DOC)
    done = subprocess.run(
        [sys.executable, "-m", module], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("age_balances.csv and age_tables.csv read without a fault\n")


class Recorder(exhibits.Exhibits):
    """Exhibits that keep the table and the phrases, and write nothing."""

    kept: dict[str, pd.DataFrame] = {}  # noqa: RUF012
    said: dict[str, dict[str, str]] = {}  # noqa: RUF012

    def figure(self, identifier, *_, **__):
        return None

    def table(self, identifier, data, *_, **__):
        self.kept[identifier] = data
        return data

    def save(self):
        self.said.update({name: value.text for name, value in self._values.items()})


CALLS = {
    # Shows no balance, leavers only.
    "17_where_to": ("HERE = study.region", "HERE = study.region"),
    "19_who": ("entered_young(year, HERE)", "entered_young(year, HERE, made_input)"),
    "16_front_page": (
        'entered_young(int(number["who_year"]), HERE)',
        'entered_young(int(number["who_year"]), HERE, made_input)',
    ),
    "13_claims": ("read_tables()", "replace(read_tables(), young=balances_by_year(made_input))"),
}


def chapter(monkeypatch, folder, notebook="19_who", leavers=INPUT, tables=INPUT):
    """The notebook run on the project's data and the input in `folder`: its table, its values.

    leavers: folder of the input table of leavers; tables: of the other tables of a register.
    """
    monkeypatch.setattr(exhibits, "Exhibits", Recorder)
    monkeypatch.setattr(results, "write_results", lambda *_: False)
    monkeypatch.setattr(writing, "write_table", lambda *_: False)
    code = notebook_code(NOTEBOOKS / f"{notebook}.ipynb")
    call, made_call = CALLS[notebook]
    assert code.count(call) == 1
    names = {
        "__name__": "chapter", "made_input": folder, "replace": replace,
        "balances_by_year": balances_by_year, "made_leavers": leavers, "made_tables": tables,
    }  # fmt: skip
    code = code.replace("entered_leavers(HERE)", "entered_leavers(HERE, made_leavers)")
    for name in ("ages", "rates", "season"):
        code = code.replace(f"entered_{name}(HERE)", f"entered_{name}(HERE, made_tables)")
    code = code.replace("entered_places()", "entered_places(made_tables)")
    code = code.replace("entered_flows(HERE, moves)", "entered_flows(HERE, moves, made_tables)")
    exec(code.replace(call, made_call), names)
    return Recorder.kept.get("tbl-who-known"), Recorder.said


def test_the_chapter_without_input_says_that_it_is_missing(tmp_path, monkeypatch):
    table, said = chapter(monkeypatch, written(tmp_path))
    assert list(table["figure_en"])[-1] == "none"
    assert len(table) == 7
    assert said["who_input"]["en"].endswith("the region's own figure is not published.")
    assert said["who_input_method"]["en"].endswith("the tables are not at hand.")


def test_the_chapter_with_input_shows_it_in_every_language(tmp_path, monkeypatch):
    folder = written(
        tmp_path,
        [f"{CITY},{YEAR},14,34,-321,made office", f"{HERE},{YEAR},14,34,-90123,made office"],
        cohorts(area="shakhtinsk-city"),
    )
    table, said = chapter(monkeypatch, folder)
    assert len(table) == 10
    rows = table.iloc[3:6]  # after the extrapolation
    assert rows["what_en"].iloc[0].endswith("Karaganda, 2024")
    assert "Temirtau" in rows["what_en"].iloc[1]
    assert rows["figure_en"].iloc[0].startswith("−90,123 (a loss of ")
    assert rows["figure_en"].iloc[1].startswith("−321")
    assert rows["figure_en"].iloc[2].startswith("−633 (")
    assert list(rows["kind_en"].str.contains("office's own")) == [True] * 3
    assert "made office" in rows["kind_kk"].iloc[0]
    assert "made office" in rows["kind_ru"].iloc[0]
    assert "other regions and districts" in table["what_en"].iloc[-1]
    for code, number in (("en", "−90,123"), ("ru", "90"), ("kk", "90")):
        assert number in said["who_input"][code]
    assert "larger loss than that range" in said["who_input"]["en"]
    assert "have been entered" in said["who_input_wanted"]["en"]
    assert "used in the chapter" in said["who_input_method"]["en"]


MADE_LEAVERS = (
    f"{HERE},KZ-71,2024,17,24,700,made office",
    f"{HERE},KZ-75,2024,17,24,,made office",
    f"{HERE},abroad,2024,17,24,900,made office",
    f"KZ-71,{HERE},2024,17,24,60,made office",
    f"{HERE},KZ-71,2022,17,24,5000,made office",
)


def with_leavers(folder, rows=MADE_LEAVERS):
    shutil.copy(INPUT / "leavers.schema.json", folder)
    head = (INPUT / "leavers.csv").read_text("utf-8").splitlines()[0]
    (folder / "leavers.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return folder


def test_the_newest_leavers_of_the_region_are_read(tmp_path):
    assert entered_leavers(HERE) is None  # the template
    found = entered_leavers(HERE, with_leavers(tmp_path))
    assert (found.year, found.youngest, found.oldest) == (2024, 17, 24)
    assert (found.left, found.gaps, found.most, found.most_left) == (1600, 1, "KZ-71", 700)
    table = found.table.set_index("region")
    assert list(table.index) == ["abroad", "KZ-71", "KZ-75"]
    assert table.loc["KZ-71", "net"] == 60 - 700
    assert pd.isna(table.loc["KZ-75", "left"])
    assert entered_leavers("KZ-10", tmp_path) is None


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"{HERE},KZ-99,2024,17,24,700,made", "line 2, column destination"),
        (f"{HERE},{HERE},2024,17,24,700,made", "is the origin too"),
        (f"{HERE},KZ-71,2024,24,17,700,made", "17 is below age_from 24"),
        (f"{HERE},KZ-71,2024,17,24,3,made", "found 3 persons, expected 0 or at least 5"),
        (f"{HERE},KZ-71,2024,17,24,70,made\nKZ-71,{HERE},2024,15,24,9,made",
         "line 3, column age_from: ages 15 to 24 beside 17 to 24"),
    ],
)  # fmt: skip
def test_faulty_leavers_are_one_line(tmp_path, row, message):
    with pytest.raises(ProjectError, match=re.escape(message)):
        entered_leavers(HERE, with_leavers(tmp_path, [row]))


def test_both_chapters_show_leavers_in_every_language(tmp_path, monkeypatch):
    folder = with_leavers(written(tmp_path))
    table, _ = chapter(monkeypatch, folder, leavers=folder)
    row = table[table["what_en"].str.startswith("People aged 17 to 24 who left")].iloc[0]
    assert len(table) == 8
    assert row["figure_en"] == "at least 1,600 (1 destinations are not given); most to Astana (700)"
    assert "Астана" in row["figure_ru"]
    assert "Астана" in row["figure_kk"]
    assert all("made office" in row[f"kind_{code}"] for code in ("en", "ru", "kk"))

    chapter(monkeypatch, folder, "17_where_to", leavers=folder)
    shown = Recorder.kept["tbl-where-to"].set_index("region")
    assert shown.loc["KZ-71", "leavers"] == 700
    assert pd.isna(shown.loc["KZ-75", "leavers"])
    assert "departures_share" in shown
    chapter(monkeypatch, folder, "17_where_to")
    assert "leavers" not in Recorder.kept["tbl-where-to"]


def test_the_first_own_entry_stands_for_the_region():
    found = [entry(area=CITY, net=1), entry(net=-7), entry(net=-8, basis="cohort")]
    assert own_figure(found, HERE) is found[1]
    assert own_figure(found[:1], HERE) is None


def test_balances_are_found_by_area_and_year_where_they_cover_the_young(tmp_path):
    rows = (
        f"{HERE},2021,14,19,-10,made",
        f"{HERE},2021,20,34,-25,made",
        f"{HERE},2022,15,34,-99,made",  # without those of fourteen
        f"{HERE},2023,14,34,-40,made",
        f"{CITY},2023,14,34,6,made",
    )
    found = balances_by_year(written(tmp_path, rows))
    assert found == {HERE: {2021: -35, 2023: -40}, CITY: {2023: 6}}


def test_the_front_page_says_what_was_entered_in_place_of_the_bound(tmp_path, monkeypatch):
    rows = [f"{HERE},{YEAR},14,34,-90123,made", f"{CITY},{YEAR},14,34,-321,made"]
    _, said = chapter(monkeypatch, written(tmp_path, rows), "16_front_page")
    assert "region's balance of people aged 14 to 34 was −90,123" in said["front_young"]["en"]
    for code in ("en", "ru", "kk"):
        assert said["front_young"][code] in said["front_answer"][code]
        assert "90" in said["front_young"][code]
    # A figure of a city says nothing of the region.
    _, said = chapter(monkeypatch, written(tmp_path, rows[1:]), "16_front_page")
    assert said["front_young"]["en"].startswith("People aged 14 to 34 made ")
    _, said = chapter(monkeypatch, written(tmp_path, tables=cohorts(area=HERE)), "16_front_page")
    assert "Over 2022–2026 the region's balance" in said["front_young"]["en"]


def claim_years(*nets):
    return [f"{HERE},{2021 + n},14,34,{net},made" for n, net in enumerate(nets)]


@pytest.mark.parametrize(
    ("nets", "starts", "verdict"),
    [
        ((-9000, -1000), "As a net loss of young people it would be", "one source"),
        ((-9000, -9, -9, -9, -9), "The statistical office's own balances", "one source"),
        ((-30000, -20000, -20000, -20000, -5000), "The statistical", "confirmed by data"),
    ],
)
def test_the_claim_of_a_hundred_thousand_follows_what_was_entered(
    tmp_path, monkeypatch, nets, starts, verdict
):
    folder = written(tmp_path, claim_years(*nets))
    _, said = chapter(monkeypatch, folder, "13_claims")
    text = said["claim_young"]
    assert text["en"].startswith(starts)
    assert all("−" in text[code] for code in ("en", "ru", "kk"))
    assert ("agrees with it" in text["en"]) == (verdict == "confirmed by data")
    assert Recorder.kept["tbl-claims"].set_index("claim_id").loc["C01", "verdict"] == verdict
    if len(nets) == 2:
        assert "entered for 2 of these years, add up to −10,000" in text["en"]
