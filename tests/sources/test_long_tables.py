"""Exports of the Bureau and SDMX-like tables as rows of the long raw tables.

The excerpt is real (excerpts/README.md); all else is made.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.long_tables import merged_rows, read_long
from karaganda_vibe.sources.raw_package import read_raw

EXCERPT = Path(__file__).parent / "excerpts" / "net_migration_6567.csv"
RESOURCE = "bns_net_migration_all_flows.regions_2000_2024"


def test_an_export_of_the_bureau_gives_the_raw_table():
    resource, table = read_long(EXCERPT)
    assert resource == RESOURCE
    keys = ["indicator", "region", "year", "period"]
    raw = read_raw(RESOURCE).merge(table.rows[keys])
    assert len(raw) == len(table.rows) == 18
    pd.testing.assert_frame_equal(table.rows, raw[list(table.rows)], check_dtype=False)
    assert set(table.rows["region"]) == {
        *("Kazakhstan", "Almaty city", "Kyzylorda", "Zhambyl", "Zhetisu", "Atyrau")
    }
    assert table.notes == [
        "rows left out, a district; the table is of regions: 2",
        "rows left out, a city with its villages; the table is of regions: 1",
    ]


def test_an_edition_that_says_the_same_leaves_the_table_as_it_is():
    raw = read_raw(RESOURCE)
    merged = merged_rows(read_long(EXCERPT)[1].rows, raw, "s003")
    pd.testing.assert_frame_equal(merged, raw, check_dtype=False)


def saved(folder: Path, text: str) -> Path:
    path = folder / "made.csv"
    path.write_text(text, encoding="utf-8")
    return path


SDMX = """INDICATOR,REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,UNIT_MEASURE
natural_growth,KZULU,_T,2024,1 234,PS
natural_growth,KZ-35,_T,2025,-5.0,PS
natural_growth,Kostanay,F,2025,-9,PS
natural_growth,Kostanay,_T,2025 год,"-7,5",PS
natural_growth,KZKUS,_T,2025-Q1,3,PS
natural_growth,KZABY,_T,2025,...,PS
"""


def test_a_long_table_is_read_by_the_roles_of_its_columns(tmp_path):
    resource, table = read_long(saved(tmp_path, SDMX))
    assert resource == "bns_natural_growth.regions_2000_2024"
    assert table.rows.to_numpy().tolist() == [
        ["natural_growth", "Karaganda", "2025", "annual", "-5.0", "persons"],
        ["natural_growth", "Kostanay", "2025", "annual", "-7.5", "persons"],
        ["natural_growth", "Ulytau", "2024", "annual", "1234.0", "persons"],
    ]
    assert table.notes == [
        "rows left out, of a part of the people (a sex, an age, a group): 1",
        "rows left out, of a part of a year: 1",
    ]


def test_new_values_are_put_into_the_present_edition():
    columns = ["indicator", "region", "year", "period", "value", "unit", "source_id", "note"]
    present = pd.DataFrame(
        [
            ["made", "Abai", "2023", "annual", "5.0", "persons", "s001", "of the old value"],
            ["made", "Abai", "2024", "annual", "6.0", "persons", "s001", "kept"],
            ["made", "Ulytau", "2023", "annual", "7.0", "persons", "s001", "kept too"],
        ],
        columns=columns,
    )
    rows = pd.DataFrame(
        [
            ["made", "Abai", "2023", "annual", "5.5", "persons"],
            ["made", "Abai", "2024", "annual", "6.0", "persons"],
            ["made", "Abai", "2025", "annual", "9.0", "persons"],
        ],
        columns=columns[:6],
    )
    assert merged_rows(rows, present, "s002").to_numpy().tolist() == [
        ["made", "Abai", "2023", "annual", "5.5", "persons", "s001", ""],
        ["made", "Abai", "2024", "annual", "6.0", "persons", "s001", "kept"],
        ["made", "Abai", "2025", "annual", "9.0", "persons", "s002", ""],
        ["made", "Ulytau", "2023", "annual", "7.0", "persons", "s001", "kept too"],
    ]


HEAD = "NAM\tDAT\tКАТО(по каталогу)\tVAL\n"
TITLE = "Естественный прирост населения(Человек)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"{HEAD}Естественный прирост(Человек)\t2024 год\tОБЛАСТЬ АБАЙ\t5\n",
            "known by the title .* nearest known: .естественный прирост населения.человек.",
        ),
        (
            f"{HEAD}{TITLE}\t2024 год\tОБЛАСТЬ АБАИ\t5\n",
            'line 2: unknown place "ОБЛАСТЬ АБАИ"; nearest known: "область абай".* add the line',
        ),
        (f"{HEAD}{TITLE}\t2024 год\tОБЛАСТЬ АБАЙ\tпять\n", 'the value "пять" is no number'),
        (f"{HEAD}{TITLE}\tскоро\tОБЛАСТЬ АБАЙ\t5\n", 'line 2: "скоро" names no year'),
        (f"{HEAD}{TITLE}\t2024 год\tОБЛАСТЬ АБАЙ\n", "line 2: 3 cells, expected 4"),
        (
            f"{HEAD}{TITLE}\t2024 год\tОБЛАСТЬ АБАЙ\t5\n{TITLE}\t2024 год\tОБЛАСТЬ АБАЙ\t6\n",
            "line 3: a second value of Abai in 2024, 6.0 beside 5.0",
        ),
        (f"{HEAD}{TITLE}\t2024 год\tАБАЙСКИЙ РАЙОН\t5\n", "no value of a region"),
        ("made;columns\n1;2\n", "line 1: no column of the indicator .known: nam, indicator."),
    ],
)
def test_what_is_not_understood_is_told_in_one_line(tmp_path, text, message):
    with pytest.raises(ProjectError, match=message) as caught:
        read_long(saved(tmp_path, text))
    assert "\n" not in str(caught.value)
