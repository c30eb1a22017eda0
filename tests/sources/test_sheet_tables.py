"""Excerpts of the Bureau's workbooks give the tables of data/raw cell for cell.

The excerpts are real (excerpts/README.md names the publisher and what was cut); where they differ
from data/raw is said there too, and below. What is broken on purpose is made.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from made_workbooks import Failed, xlsx

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.raw_package import read_raw
from karaganda_vibe.sources.recognised_tables import recognise, resource_of
from karaganda_vibe.sources.sheet_tables import read_blocks, read_place_sheets
from karaganda_vibe.sources.workbook_files import Sheet, read_workbook

EXCERPTS = Path(__file__).parent / "excerpts"
RESOURCE = "bns_district_dynamics.zhetisu"


def rows_kept(last: int, *gaps: tuple[int, int]) -> set[int]:
    return {row for row in range(1, last + 1) if not any(a < row < b for a, b in gaps)}


@pytest.mark.parametrize(
    ("file", "resource", "kept", "not_taken", "count"),
    [
        (
            "Karagandy_All.xls",
            "karaganda",
            rows_kept(151, (47, 60), (63, 66), (71, 133)),
            set(),
            40,
        ),
        ("Ulytau_All.xls", "ulytau", rows_kept(152, (47, 61), (64, 67), (72, 134)), set(), 51),
        ("Zhetisu_All.xls", "zhetisu", rows_kept(151), set(), 47),
        ("Pavlodar_All.xlsx", "pavlodar", rows_kept(62), {"2024"}, 43),
        ("Astana-city_All.xlsx", "astana", rows_kept(60), set(), 20),
    ],
)
def test_sheets_of_places_give_the_raw_table(file, resource, kept, not_taken, count):
    path, name = EXCERPTS / file, f"bns_district_dynamics.{resource}"
    sheets = read_workbook(path)
    table = recognise(path, sheets)
    assert resource_of(path, table, [sheet.name for sheet in sheets]) == name
    found = read_place_sheets(path, sheets, name)
    assert found.unknown == []
    raw = read_raw(name)
    places = [sheet.name for sheet in sheets]
    raw = raw[raw["place_ru"].isin(places) & raw["sheet_row"].astype(int).isin(kept)]
    assert len(raw) == count
    wanted = raw.reset_index(drop=True)
    rows = found.rows.drop(columns=sorted(not_taken))
    assert list(rows)[:4] == list(wanted)[:4]
    # Years of other sheets of the table, which the excerpt does not hold, are empty in it.
    more = [year for year in wanted if year not in rows]
    assert (wanted[more] == "").all(axis=None)
    pd.testing.assert_frame_equal(rows, wanted[list(rows)], check_dtype=False)


def test_a_second_column_of_1994_and_a_sheet_left_out_are_named():
    path = EXCERPTS / "Ulytau_All.xls"
    notes = read_place_sheets(path, read_workbook(path), "bns_district_dynamics.ulytau").notes
    assert len(notes) == 1
    assert 'sheet "Жанааркинский район", row 2: a second column (F) is headed 1994' in notes[0]
    path = EXCERPTS / "Astana-city_All.xlsx"
    notes = read_place_sheets(path, read_workbook(path), "bns_district_dynamics.astana").notes
    assert notes == [
        'sheet "Нура" is left out: new district: the sheet holds one year and neither population '
        "nor migration"
    ]


@pytest.mark.parametrize(
    ("file", "region", "filled"),
    [
        ("Karagandy_labour_market.xls", "karaganda", {}),
        (
            "Astana-city_labour_market.xlsx",
            "astana",
            # Headed "2019, 3)" in the workbook, and lost on the way to data/raw.
            {
                "г. Астана": "4.5",
                "район Алматы": "3.7",
                "район Байқоңыр": "4.3",
                "район Есиль": "5.1",
                "район Сарыарка": "4.7",
            },
        ),
    ],
)
def test_blocks_of_districts_give_the_raw_table(file, region, filled):
    path, name = EXCERPTS / file, f"bns_district_labour_market.{region}"
    sheets = read_workbook(path)
    raw = read_raw(name)
    table = recognise(path, sheets)
    names = [row[0] for row in sheets[0].rows if isinstance(row[0], str)]
    assert resource_of(path, table, names) == name
    rows = read_blocks(path, sheets, name, raw["region"][0], raw["source_url"][0]).rows
    youth = raw["indicator"] == "unemployment_rate_youth_law"
    if filled:
        assert set(raw.loc[youth, "2019"]) == {""}
        raw.loc[youth, "2019"] = raw.loc[youth, "district"].map(filled)
    assert set(raw["2024"]) == {""}
    pd.testing.assert_frame_equal(rows, raw[list(rows)], check_dtype=False)


TITLE = ["", "Динамика основных показателей социально-экономического развития, made"]
HEAD = ["№ п/п", "Показатели", 2022.0, 2023.0]


def place_sheet(*rows: list[object], head: list[object] = HEAD) -> list[list[object]]:
    return [TITLE, [], head, *rows]


def read(tmp_path: Path, sheets, merged=None):
    path = tmp_path / "made.xlsx"
    path.write_bytes(xlsx(sheets, merged))
    return read_place_sheets(path, read_workbook(path), RESOURCE)


BIRTHS = [2.0, "Число родившихся, тыс. человек", 4.3, 3.9]
DEATHS = [3.0, "Число умерших, тыс. человек", 1.4, "1,418)"]


def test_a_row_without_a_number_is_a_heading(tmp_path):
    heading = ["", "Безработное население", "", " - "]
    people = ["", "тыс. человек", 0.3, 0.4]
    rate = ["", "в % к соответствующему периоду предыдущего года", "-", "-"]
    rates = ["", "Уровень безработицы, в %", 5.1, "…"]
    found = read(tmp_path, {"г.а.Текели": place_sheet(heading, people, rate, rates)}).rows
    assert found[
        ["sheet_row", "section_ru", "indicator_ru", "2022", "2023"]
    ].to_numpy().tolist() == [
        ["5", "Безработное население", "тыс. человек", "0.3", "0.4"],
        ["7", "Безработное население", "Уровень безработицы, в %", "5.1", ""],
    ]


def test_an_unknown_label_comes_with_the_nearest_and_the_line_to_add(tmp_path):
    rows = place_sheet(["", "Число родившихся, тыс.человек", 4.3, 3.9], BIRTHS)
    (unknown,) = read(tmp_path, {"г.а.Текели": rows}).unknown
    assert unknown.startswith(
        f'{RESOURCE}: г.а.Текели, sheet row 4, "Число родившихся, тыс.человек" under "": unknown '
        'label; nearest known: "число родившихся, тыс. человек", '
    )
    assert 'add the line "число родившихся, тыс.человек",left_out,WHY to ' in unknown
    assert "metadata/indicators/sheet_labels.csv" in unknown
    assert "metadata/indicators/district_indicators.csv" in unknown


def test_a_label_without_figures_is_not_asked_for(tmp_path):
    rows = place_sheet(["", "Made words", "-", "…"], BIRTHS)
    assert read(tmp_path, {"г.а.Текели": rows}).unknown == []


def test_a_label_that_is_known_and_not_studied_is_left_out(tmp_path):
    found = read(tmp_path, {"г.а.Текели": place_sheet(["", "  овцы и козы", 5.0, 6.0], BIRTHS)})
    assert list(found.rows["indicator_ru"]) == [BIRTHS[1]]
    assert found.unknown == []


def test_a_renamed_sheet_comes_with_the_nearest_and_the_line_to_add(tmp_path):
    with pytest.raises(ProjectError) as caught:
        read(tmp_path, {"г.Текели": place_sheet(BIRTHS)})
    message = str(caught.value)
    assert 'unknown sheet "г.Текели"; nearest known: "г.а.Текели"' in message
    assert f"add the line {RESOURCE},г.Текели,г.а.Текели,renamed to metadata/places/" in message
    assert "raw_file zhetisu, raw_name г.Текели" in message


def test_a_sheet_that_repeats_another_is_refused(tmp_path):
    rows = place_sheet(BIRTHS, DEATHS)
    with pytest.raises(ProjectError, match=r'"Аксуский" repeats "г.а.Текели" cell for cell'):
        read(tmp_path, {"г.а.Текели": rows, "Аксуский": rows})


def test_a_sheet_that_stands_twice_is_refused(tmp_path):
    sheets = {"Аксуский": place_sheet(BIRTHS), "Аксуский ": place_sheet(DEATHS)}
    with pytest.raises(ProjectError, match='"Аксуский" and "Аксуский " are both of Аксуский'):
        read(tmp_path, sheets)


def test_a_merged_cell_across_years_is_refused_where_the_row_is_taken(tmp_path):
    sheets = {"г.а.Текели": place_sheet(BIRTHS, ["", "  лошади", 1.0, ""])}
    assert len(read(tmp_path, sheets, {"г.а.Текели": ["C5:D5", "A4:B4", "C1:D1"]}).rows) == 1
    with pytest.raises(
        ProjectError, match=r'"г.а.Текели", row 4: one merged cell from column C to D'
    ):
        read(tmp_path, sheets, {"г.а.Текели": ["C4:D4"]})
    with pytest.raises(
        ProjectError, match=r'"г.а.Текели", row 3: one merged cell from column C to D'
    ):
        read(tmp_path, sheets, {"г.а.Текели": ["C3:D3"]})


def test_a_formula_that_failed_is_refused_where_the_row_is_taken(tmp_path):
    fine = ["", "  лошади", Failed("#DIV/0!"), 7.0]
    assert len(read(tmp_path, {"г.а.Текели": place_sheet(BIRTHS, fine)}).rows) == 1
    broken = [3.0, "Число умерших, тыс. человек", Failed("#REF!"), ""]
    with pytest.raises(ProjectError, match=r'"г.а.Текели", row 5: the formula in C5 has failed'):
        read(tmp_path, {"г.а.Текели": place_sheet(BIRTHS, broken)})


def test_years_that_changed_places_are_refused(tmp_path):
    sheet = place_sheet(BIRTHS, head=["№ п/п", "Показатели", 2023.0, 2022.0])
    with pytest.raises(ProjectError, match="row 3: the columns of years have changed places"):
        read(tmp_path, {"г.а.Текели": sheet})


def test_a_sheet_without_years_is_refused(tmp_path):
    with pytest.raises(
        ProjectError, match=r'sheet "г.а.Текели": no row of years among the first 15'
    ):
        read(tmp_path, {"г.а.Текели": [TITLE, BIRTHS]})


LABOUR = "bns_district_labour_market.karaganda"


def blocks(*rows: list[object]):
    head: list[object] = ["Наименование региона", "2022 год4)", "2023 год"]
    sheet = [["Основные индикаторы рынка труда, made"], ["Занятое население"], head, *rows]
    return read_blocks(Path("made.xls"), [Sheet("Регионы", sheet)], LABOUR, "Karaganda", "address")


def test_a_block_gives_a_row_a_district():
    found = blocks(["", "год", "год"], ["Саран қ. ", 19.9, "21,2"], ["Сәтбаев қ.", "-", "-"])
    assert found.rows.to_numpy().tolist() == [
        ["Karaganda", "Саран қ.", "employed", "thousand persons", "address", "19.9", "21.2"]
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["Сараны", 1.0, 2.0]], 'unknown district "Сараны"; nearest known: "Саран қ."'),
        ([["Саран қ.", 1.0, 2.0], ["Саран қ.", 3.0, 4.0]], "Саран қ. stands twice under"),
        ([["Занятые"], ["Саран қ.", 1.0, 2.0]], "figures of Саран қ. without years above them"),
        (
            [["Занятое насиление"], ["Наименование", 2022.0]],
            'unknown heading "Занятое насиление"; nearest known: "занятое население',
        ),
    ],
)
def test_a_block_that_is_not_understood_is_refused(rows, message):
    with pytest.raises(ProjectError, match=message):
        blocks(*rows)
