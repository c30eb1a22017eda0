"""Net migration of places without a dynamics table: rules on made rows, sums on the real ones."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from karaganda_vibe.panels.place_cells import with_tables
from karaganda_vibe.places.registry import load_places
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.district_nets import (
    LONG,
    LONG_COLUMNS,
    WIDE,
    check_sums,
    read_long_nets,
    read_wide_nets,
)
from karaganda_vibe.sources.district_tables import (
    CORRECTION_COLUMNS,
    load_district_corrections,
    load_indicators,
)
from karaganda_vibe.sources.raw_package import read_raw, resources

NAME = "made.nets"
NET_ROW = "Сальдо миграции4), человек"


def made_long(*changes: dict[str, str]) -> pd.DataFrame:
    """Made long table: one row a change, of Место in 2023 unless it says otherwise."""
    row = {
        "indicator": "migration_net_total", "place_ru": "Место", "region": "Made",
        "iso_3166_2": "KZ-99", "year": "2023", "age_group": "all", "sex": "both", "value": "-7",
        "unit": "persons", "source_id": "m1", "note": "",
    }  # fmt: skip
    return pd.DataFrame([row | change for change in changes], columns=LONG_COLUMNS)


def made_places() -> pd.DataFrame:
    kinds = {"Место": "district", "Город": "city", "Область": "region_total"}
    return pd.DataFrame(
        [(NAME, name, "KZ-99", kind) for name, kind in kinds.items()],
        columns=["table", "raw_name", "region", "kind"],
    )


def made_sums(*values: tuple[str, int, int]) -> pd.DataFrame:
    return read_long_nets(
        NAME,
        made_long(
            *({"place_ru": place, "year": str(y), "value": str(v)} for place, y, v in values)
        ),
    )


def test_long_rows_become_cells_in_persons() -> None:
    cells = read_long_nets(NAME, made_long({}, {"year": "2024", "value": "1203"}))
    assert cells["value"].tolist() == [Decimal(-7), Decimal(1203)]
    assert cells[["place", "sheet_row", "indicator", "year"]].values.tolist() == [
        ["Место", 2, "net_migration", 2023],
        ["Место", 3, "net_migration", 2024],
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indicator": "arrivals"}, "expected indicator migration_net_total, found 'arrivals'"),
        ({"age_group": "14-34"}, "expected age_group all, found '14-34'"),
        ({"sex": "men"}, "expected sex both"),
        ({"unit": "thousand persons"}, "expected unit persons, found 'thousand persons'"),
        ({"value": "-7.5"}, "a whole number of persons, found '-7.5'"),
        ({"value": ""}, "a whole number of persons, found ''"),
        ({"year": "23"}, "line 3: Место, 23: expected a year"),
        ({}, "line 3: Место, 2023: stands in line 2 as well"),
    ],
)
def test_a_wrong_long_row_is_named(change: dict[str, str], message: str) -> None:
    with pytest.raises(ProjectError) as caught:
        read_long_nets(NAME, made_long({}, {"year": "2023"} | change))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_columns_are_refused() -> None:
    with pytest.raises(ProjectError, match=r"made\.nets: expected the columns indicator"):
        read_long_nets(NAME, made_long({}).drop(columns="sex"))
    with pytest.raises(ProjectError, match="expected the column indicator_ru"):
        read_wide_nets(NAME, made_long({}), load_indicators(), load_district_corrections())


def made_wide(label: str) -> pd.DataFrame:
    rows = [["Место", "5", "демография", label, "-", "1 012"],
            ["Место", "6", "демография", "неизвестная строка", "1", "2"]]  # fmt: skip
    columns = ["place_ru", "sheet_row", "section_ru", "indicator_ru", "2002", "2003"]
    return pd.DataFrame(rows, columns=columns)


def test_only_net_migration_is_read_of_a_wide_table() -> None:
    arguments = (load_indicators(), load_district_corrections())
    cells = read_wide_nets("made.wide", made_wide(NET_ROW), *arguments).cells
    assert cells["indicator"].tolist() == ["net_migration"] * 2
    assert cells["value"].tolist() == [None, Decimal(1012)]
    # A correction of such a cell is used, and so is refused where it fits none.
    entry = ("made.wide", "Место", "5", "2003", "net_migration", "1 012", "1 021")
    register = pd.DataFrame([(*entry, "slip", "made", "2026-01-01")], columns=CORRECTION_COLUMNS)
    read = read_wide_nets("made.wide", made_wide(NET_ROW), load_indicators(), register)
    assert read.cells["value"].tolist() == [None, Decimal(1021)]
    assert read.corrections["published"].tolist() == ["1 012"]
    with pytest.raises(ProjectError, match=r"no cell for .*Место.*2001"):
        read_wide_nets(
            "made.wide", made_wide(NET_ROW), load_indicators(), register.assign(year="2001")
        )
    with pytest.raises(ProjectError, match='expected rows that begin with "сальдо миграции"'):
        read_wide_nets("made.wide", made_wide("Прибыло, человек"), *arguments)


def test_places_sum_to_their_total() -> None:
    good = [("Место", 2023, -7), ("Город", 2023, 30), ("Область", 2023, 23)]
    check_sums(made_sums(*good), made_places())
    with pytest.raises(ProjectError, match="KZ-99, 2023: the places sum to 23, expected the total"):
        check_sums(made_sums(*good[:2], ("Область", 2023, 24)), made_places())
    check_sums(made_sums(*good[:2], ("Область", 2023, 24)), made_places(), tolerance=1)
    with pytest.raises(ProjectError, match="sum to -7, expected the total 23; a place is missing"):
        check_sums(made_sums(good[0], good[2]), made_places())
    with pytest.raises(ProjectError, match=r"KZ-99, 2024: .* total of the region, not found"):
        check_sums(made_sums(*good, ("Город", 2024, 5)), made_places())


def test_a_table_without_a_total_and_an_unknown_place_are_named() -> None:
    with pytest.raises(ProjectError, match="expected one total a year, found 0 for 0 years"):
        check_sums(made_sums(("Место", 2023, -7)), made_places())
    with pytest.raises(ProjectError, match="unknown place Нигде; expected one of the registry"):
        check_sums(made_sums(("Нигде", 2023, -7)), made_places())


def test_the_real_tables_add_up_in_every_year() -> None:
    """Six sums of the long table, 22 of the city: also the years that the panel leaves out."""
    places = with_tables(load_places())
    long = pd.concat([read_long_nets(name, read_raw(name)) for name in resources(LONG)])
    wide = pd.concat(
        [
            read_wide_nets(
                name, read_raw(name), load_indicators(), load_district_corrections()
            ).cells
            for name in resources(WIDE)
        ]
    )
    check_sums(pd.concat([long, wide], ignore_index=True), places)
    assert long["place"].nunique() == 41 + 3
    districts = wide[(wide["place"] != "г.Алматы") & wide["value"].notna()]
    assert districts["year"].nunique() == 22
    wrong = wide.copy()
    last = districts.index[-1]
    wrong.loc[last, "value"] += 1
    with pytest.raises(ProjectError, match="KZ-75, 2024: the places sum to"):
        check_sums(wrong, places)
