"""Reading and labelling of wide district tables, on small made tables."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.district_tables import (
    CORRECTION_COLUMNS,
    INDICATOR_COLUMNS,
    Row,
    changes_by_cell,
    check_labour_order,
    factor_of,
    load_indicators,
    match_indicator,
    plain_label,
    read_district_table,
    years_of,
)

NAME = "bns_district_dynamics.made"
POPULATION = "Численность населения на конец периода (года)"


def made_table(**rows: list[str]) -> pd.DataFrame:
    """Made table of one place: label → cells of 2001-2003."""
    return pd.DataFrame(
        [
            ["Место", str(row), POPULATION, label, *cells]
            for row, (label, cells) in enumerate(rows.items(), start=5)
        ],
        columns=["place_ru", "sheet_row", "section_ru", "indicator_ru", "2001", "2002", "2003"],
    )


def register(*rows: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=CORRECTION_COLUMNS)


def correction(year: str, published: str, used: str, row: str = "5") -> tuple[str, ...]:
    return (
        *(NAME, "Место", row, year, "population", published, used),
        *("unit slip", "made", "2026-01-01"),
    )


OTHER_COLUMN = (*correction("2001", "", "")[:4], "births", "44", "45", "slip", "made", "2026")


def read(table: pd.DataFrame, *rows: tuple[str, ...]) -> pd.DataFrame:
    return read_district_table(NAME, table, load_indicators(), register(*rows)).cells


def test_cells_in_base_units() -> None:
    cells = read(made_table(**{"тыс. человек1)": ["500.8", "", "7)"]}))
    assert cells["indicator"].tolist() == ["population", "population"]
    assert cells["value"].tolist() == [Decimal("500800.0"), None]
    assert cells["missing"].tolist() == ["", "footnote_only"]
    assert cells["footnotes"].tolist() == ["", "7"]


@pytest.mark.parametrize(
    ("label", "plain"),
    [
        ("Учащиеся в школах, тыс. человек3)", "учащиеся в школах, тыс. человек"),
        ("Уровень  5) 7) (15-28 лет), в %", "уровень (15-28 лет), в %"),
        ("Количество больничных коек1), единиц", "количество больничных коек, единиц"),
        ("Наемные работники,", "наемные работники"),
        ("Коэффициент (на 1000 родившихся)", "коэффициент (на 1000 родившихся)"),
    ],
)
def test_plain_label(label: str, plain: str) -> None:
    assert plain_label(label) == plain


def test_the_heading_tells_rows_with_one_label_apart() -> None:
    entries = [
        {name: str(cell) for name, cell in row.items()}
        for row in load_indicators().to_dict("records")
    ]
    for section, indicator in (
        ("Рабочая сила (в возрасте 15 лет и старше)4)", "labour_force"),
        ("Занятое население5", "employed"),
        ("Безработное население", "unemployed"),
        (POPULATION, "population"),
    ):
        row = Row(NAME, "Место", "9", section, "тыс. человек")
        assert match_indicator(row, entries)["indicator"] == indicator
    exception = Row(
        *("bns_district_dynamics.kyzylorda", "Жалагаш", "51"),
        *("Самостоятельно занятые работники", "тыс. человек"),
    )
    assert match_indicator(exception, entries)["indicator"] == "unemployed"


def test_unmapped_label_names_table_row_and_label() -> None:
    with pytest.raises(ProjectError, match=r"made: Место, sheet row 5, \"поголовье\".*add one"):
        read(made_table(поголовье=["1", "2", "3"]))


def test_a_cell_that_no_rule_covers_is_named() -> None:
    with pytest.raises(ProjectError, match=r'Место, sheet row 5.*2002: cell "4,,8" no rule covers'):
        read(made_table(**{"тыс. человек": ["5", "4,,8", "5"]}))


def test_an_ambiguous_cell_is_an_error() -> None:
    with pytest.raises(ProjectError, match=r'2001: cell "1214\)" has more than one reading'):
        read(made_table(**{"Число родившихся, человек": ["1214)", "", ""]}))


def test_a_ratio_is_refused() -> None:
    with pytest.raises(ProjectError, match="is a ratio where a level is expected"):
        read(made_table(**{"тыс. человек": ["в 2,1 раза", "", ""]}))


def test_a_changed_header_is_an_error() -> None:
    table = made_table(**{"тыс. человек": ["5", "6", "7"]}).rename(columns={"place_ru": "place"})
    with pytest.raises(ProjectError, match="expected the columns place_ru"):
        read(table)


def test_corrections_replace_scale_and_leave_out() -> None:
    table = made_table(**{"тыс. человек": ["44,,8", "45900", "1"]})
    done = read_district_table(
        *(NAME, table, load_indicators()),
        register(
            correction("2001", "44,,8", "44.8"),
            correction("2002", "45900", "÷1000"),
            correction("2003", "1", ""),
        ),
    )
    assert done.cells["value"].tolist() == [Decimal("44800.0"), Decimal("45900"), None]
    assert done.cells["missing"].tolist() == ["", "", "left_out"]
    assert done.corrections[["year", "published", "used"]].values.tolist() == [
        [2001, "44,,8", "44800"],
        [2002, "45900", "45900"],
        [2003, "1", ""],
    ]


def test_a_range_of_years_is_scaled_and_its_blanks_stay() -> None:
    table = made_table(**{"тыс. человек": ["44800", "", "45900"]})
    cells = read(table, correction("2001-2003", "*", "÷1000"))
    assert cells["value"].tolist() == [Decimal("44800"), Decimal("45900")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (correction("2001", "43", "44"), 'expects the published cell "43"; found "44"'),
        (correction("2009", "*", "44"), "no cell for .*2009; correct or remove"),
        (correction("2001", "44", "45", row="77"), "no cell for .*77"),
        (OTHER_COLUMN, "names the column births, but the row is population"),
    ],
)
def test_a_correction_that_does_not_fit_is_an_error(row: tuple[str, ...], message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        read(made_table(**{"тыс. человек": ["44", "45", "46"]}), row)


def test_a_cell_corrected_twice_is_an_error() -> None:
    with pytest.raises(ProjectError, match="is corrected twice"):
        changes_by_cell(register(correction("2001-2002", "*", "1"), correction("2002", "1", "2")))


def test_years_and_factors() -> None:
    assert years_of("1991-1993;2006") == (1991, 1992, 1993, 2006)
    assert factor_of("×1000") == 1000
    assert factor_of("÷1000") == Decimal("0.001")
    assert factor_of("44.8") is None
    with pytest.raises(ProjectError, match="is not a year"):
        years_of("91-93")


def test_labour_rows_must_keep_their_order() -> None:
    cells = pd.DataFrame(
        {
            "table": NAME,
            "place": "Место",
            "indicator": ["labour_force", "unemployed", "employed"],
            "sheet_row": [41, 44, 56],
        }
    )
    with pytest.raises(ProjectError, match="labour rows stand in the order"):
        check_labour_order(cells)
    check_labour_order(cells.assign(sheet_row=[41, 56, 44]))


def mapping_file(tmp_path: Path, **changes: str) -> Path:
    row = dict.fromkeys(INDICATOR_COLUMNS, "") | {
        "label": "x", "section": "*", "decision": "keep", "indicator": "births", "factor": "1",
        "base_unit": "persons", "definition": "made",
    } | changes  # fmt: skip
    path = tmp_path / "mapping.csv"
    pd.DataFrame([row]).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"decision": "maybe"}, "column decision: found 'maybe', expected one of ignore, keep"),
        ({"decision": "ignore"}, "column reason: empty; a label with the decision ignore needs it"),
        ({"factor": "0.5"}, "column factor: found '0.5', expected a whole number"),
    ],
)
def test_a_wrong_mapping_is_an_error(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        load_indicators(mapping_file(tmp_path, **changes))
