"""Regional tables: mapping, units, borders, conflicts, corrections; and the real tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karaganda_vibe.panels import regions as module
from karaganda_vibe.panels.regions import (
    RegionTables,
    build_regions,
    number_notes,
    resolve,
    widen,
)
from karaganda_vibe.places.registry import Borders
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.sources.corrections import (
    COLUMNS,
    apply_corrections,
    check_all_used,
    load_corrections,
)
from karaganda_vibe.sources.region_tables import (
    CORRECTIONS,
    INDICATOR_COLUMNS,
    load_indicators,
    read_region_tables,
    tidy_long,
)

RAW_COLUMNS = ["indicator", "region", "year", "period", "value", "unit", "note"]


@pytest.fixture(scope="module")
def built() -> RegionTables:
    return build_regions()


def made_raw(*rows: tuple[str, ...], table: str = "bns_employed") -> pd.DataFrame:
    """Made raw rows of one table."""
    frame = pd.DataFrame(rows, columns=RAW_COLUMNS)
    return frame.assign(
        age_group="",
        sex="",
        place="",
        source=f"{table}.made",
        table=table,
        source_row=range(2, len(frame) + 2),
    )


def made_row(**changes: str) -> tuple[str, ...]:
    row = dict(
        zip(
            RAW_COLUMNS,
            ("employed", "Akmola", "2020", "annual", "3.5", "thousand persons", ""),
            strict=True,
        )
    )
    return tuple((row | changes).values())


INDICATORS = load_indicators()
BORDERS = Borders()


def tidy(raw: pd.DataFrame) -> pd.DataFrame:
    return tidy_long(raw, INDICATORS, BORDERS)


def test_values_in_base_units() -> None:
    long = tidy(made_raw(made_row()))
    assert long.loc[0, ["region", "indicator", "value", "unit", "borders"]].tolist() == [
        "KZ-11",
        "employed",
        3500.0,
        "persons",
        "unchanged",
    ]


@settings(max_examples=40, deadline=None)
@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_thousands_become_exact_persons(persons: int) -> None:
    text = f"{persons / 1000:.3f}"
    assert tidy(made_raw(made_row(value=text)))["value"].tolist() == [persons]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"indicator": "made"}, r'made\.csv: line 2: indicator "made" in "thousand persons"'),
        ({"unit": "dozens"}, r'"employed" in "dozens" is not mapped'),
        ({"region": "Atlantis"}, r'row 2: unknown region "Atlantis"'),
        ({"value": "3,5"}, r'line 2: value "3,5" is no number'),
        ({"year": ""}, r'line 2: year "" is no year'),
    ],
)
def test_wrong_cells_are_named(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        tidy(made_raw(made_row(**changes)))


def test_empty_values_make_no_row() -> None:
    assert len(tidy(made_raw(made_row(value="")))) == 0


def test_the_same_key_twice_in_one_table_is_an_error() -> None:
    long = tidy(made_raw(made_row(), made_row(value="9.0")))
    with pytest.raises(ProjectError, match=r"line 3: employed of KZ-11 2020 is there twice: 3500"):
        widen(long, load_indicators(), Borders())


def test_borders_are_never_mixed_in_a_row() -> None:
    raw = pd.concat(
        [
            made_raw(made_row(region="Karaganda", year="2015")),
            made_raw(
                made_row(
                    region="Karaganda",
                    year="2015",
                    indicator="population_average_annual",
                    unit="persons",
                ),
                table="bns_population_average_annual",
            ),
        ],
        ignore_index=True,
    )
    wide, _, _ = widen(tidy(raw), load_indicators(), Borders())
    assert wide["borders"].tolist() == ["since-2022", "until-2022"]
    assert wide["employed"].isna().tolist() == [True, False]
    assert wide["population_average"].isna().tolist() == [False, True]


def test_prices_of_the_centre_hold_under_any_borders() -> None:
    raw = pd.concat(
        [
            made_raw(made_row(region="Karaganda", year="2015")),
            made_raw(
                made_row(
                    region="Karaganda",
                    year="2015",
                    indicator="housing_price_new",
                    unit="tenge per sq m, end of period",
                ),
                made_row(
                    region="Abai",
                    year="2015",
                    indicator="housing_price_new",
                    unit="tenge per sq m, end of period",
                ),
                table="bns_housing_prices",
            ),
        ],
        ignore_index=True,
    )
    wide, _, _ = widen(tidy(raw), load_indicators(), Borders())
    found = wide.set_index(["region", "borders"])["housing_price_new"].to_dict()
    assert found == {("KZ-35", "until-2022"): 3.5, ("KZ-10", "since-2022"): 3.5}


def candidates(*rows: tuple[str, float, float, int, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["source", "value", "tolerance", "priority", "note"])
    return frame.assign(
        region="KZ-11",
        year=2020,
        borders="unchanged",
        indicator="made",
        superseded=frame["note"].str.contains("first release"),
        source_row=range(len(frame)),
    )


def test_sources_that_agree_within_rounding_are_no_conflict() -> None:
    kept, conflicts = resolve(candidates(("b.x", 1049.0, 0.5, 1, ""), ("a.x", 1000.0, 50, 2, "")))
    assert kept["value"].tolist() == [1049.0]
    assert conflicts.empty


def test_sources_that_disagree_are_listed_and_the_first_priority_kept() -> None:
    kept, conflicts = resolve(candidates(("b.x", 1060.0, 0.5, 1, ""), ("a.x", 1000.0, 50, 2, "")))
    assert kept["value"].tolist() == [1060.0]
    assert conflicts[["source_kept", "source_other", "difference"]].to_numpy().tolist() == [
        ["b.x", "a.x", -60.0]
    ]


def test_press_may_repeat_itself_and_a_later_release_wins() -> None:
    kept, conflicts = resolve(
        candidates(
            ("press_made.x", 10.0, 0.5, 9, "first release"), ("press_made.x", 12.0, 0.5, 9, "")
        )
    )
    assert kept["value"].tolist() == [12.0]
    assert len(conflicts) == 1


def test_wrong_mapping_is_an_error(tmp_path: Path) -> None:
    header = ",".join(INDICATOR_COLUMNS)
    row = "made,made,persons,made,yes,1,persons,0.5,1,annual,region,sum,as published,made"
    path = tmp_path / "region_indicators.csv"
    for lines, message in (
        ([row, row], "line 3, column table, indicator, unit_raw: 'made, made, persons' stands in"),
        (
            [row.replace("yes,1,", "yes,one,")],
            "line 2, column factor: found 'one', expected a number",
        ),
        (
            [row.replace("yes", "maybe")],
            "line 2, column wide: found 'maybe', expected one of by age, no, yes",
        ),
        (
            [row, row.replace("persons,made,yes,1,persons", "km,made,yes,1,km")],
            "one name has one unit",
        ),
    ):
        path.write_text("\n".join([header, *lines]) + "\n")
        with pytest.raises(ProjectError, match=message):
            load_indicators(path)


# Corrections.


def register(tmp_path: Path, *rows: str) -> pd.DataFrame:
    path = tmp_path / "corrections.csv"
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    return load_corrections(path)


CORRECTION = "made,Nura,births,2006,value,{published},{used},why,evidence,2026-11-23"


def made_cells() -> pd.DataFrame:
    return pd.DataFrame(
        {"place": ["Nura", "Nura"], "row": "births", "year": ["2005", "2006"], "value": "120 5)"}
    )


LOCATE = {"place": "place", "row": "row", "year": "year"}


def test_a_correction_changes_one_cell_and_not_the_table(tmp_path: Path) -> None:
    corrections = register(tmp_path, CORRECTION.format(published="120 5)", used="121"))
    cells = made_cells()
    corrected, applied = apply_corrections(cells, corrections, locate=LOCATE, value_column="value")
    assert corrected["value"].tolist() == ["120 5)", "121"]
    assert cells["value"].tolist() == ["120 5)", "120 5)"]
    check_all_used(corrections, applied)


def test_a_correction_of_numbers_and_of_a_column_a_year(tmp_path: Path) -> None:
    corrections = register(tmp_path, CORRECTION.format(published="120", used=""))
    numbers = made_cells().assign(value=[120.0, 120.0])
    corrected, _ = apply_corrections(numbers, corrections, locate=LOCATE, value_column="value")
    assert corrected["value"].isna().tolist() == [False, True]
    wide = pd.DataFrame({"place": ["Nura"], "row": ["births"], "2006": ["120"]})
    corrected, _ = apply_corrections(
        wide, corrections, locate={"place": "place", "row": "row"}, value_column_from="year"
    )
    assert corrected["2006"].tolist() == [""]


def test_a_row_that_is_there_twice_is_told_apart_by_what_was_published(tmp_path: Path) -> None:
    cells = made_cells().assign(year="2006", value=["1", "2"])
    corrections = register(tmp_path, CORRECTION.format(published="2", used="3"))
    corrected, _ = apply_corrections(cells, corrections, locate=LOCATE, value_column="value")
    assert corrected["value"].tolist() == ["1", "3"]


def test_a_correction_must_find_what_was_published(tmp_path: Path) -> None:
    corrections = register(tmp_path, CORRECTION.format(published="120", used="121"))
    message = r"line 2: place Nura, row births, year 2006: expected one published cell 120, found"
    with pytest.raises(ProjectError, match=message):
        apply_corrections(made_cells(), corrections, locate=LOCATE, value_column="value")


def test_a_correction_without_a_cell_is_an_error(tmp_path: Path) -> None:
    corrections = register(tmp_path, CORRECTION.format(published="120", used="121"))
    cells = made_cells().iloc[:1]
    with pytest.raises(ProjectError, match="line 2: no cell for place Nura"):
        apply_corrections(cells, corrections, locate=LOCATE, value_column="value")
    with pytest.raises(ProjectError, match='no table named "made" was read'):
        check_all_used(corrections, corrections.iloc[:0])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (CORRECTION.format(published="1", used="1"), "column used: '1' is what was published"),
        (CORRECTION.format(published="", used="1"), "column published: empty"),
        ("made,Nura,births,2006,value,1,2,why,,2026-11-23", "column evidence: empty"),
        ("made,Nura", "2 cells, expected 10"),
    ],
)
def test_wrong_register_is_an_error(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        register(tmp_path, row)


def test_the_same_cell_twice_in_the_register(tmp_path: Path) -> None:
    row = CORRECTION.format(published="1", used="2")
    with pytest.raises(
        ProjectError, match=r"line 3, column table, place, row, year, col.* stands in line 2"
    ):
        register(tmp_path, row, row)


# The real tables.


def cell(built: RegionTables, region: str, year: int, column: str, borders: str) -> float:
    rows = built.regions
    rows = rows[(rows["region"] == region) & (rows["year"] == year) & (rows["borders"] == borders)]
    assert len(rows) == 1
    return float(rows[column].iloc[0])


def test_one_row_a_region_year_and_borders(built: RegionTables) -> None:
    assert not built.regions.duplicated(["region", "year", "borders"]).any()
    assert built.regions["region"].nunique() == 21
    assert set(built.regions["borders"]) == {
        "unchanged",
        "until-2018",
        "since-2018",
        "until-2022",
        "since-2022",
    }


def test_known_values_of_karaganda(built: RegionTables) -> None:
    since = "since-2022"
    assert cell(built, "KZ-35", 2024, "net_migration_total", since) == -6181
    assert cell(built, "KZ-35", 2024, "net_migration_rural", since) == -5921
    assert cell(built, "KZ-35", 2025, "net_migration_total", since) == -5697
    assert cell(built, "KZ-35", 2025, "departures_outside_region", since) == 26220
    assert cell(built, "KZ-35", 2024, "arrivals_internal", since) == 51293
    assert cell(built, "KZ-35", 2019, "population_average", since) == 1150134
    assert cell(built, "KZ-35", 2019, "wage", "until-2022") == 172239
    assert cell(built, "KZ-35", 2021, "grp", since) == pytest.approx(6069356.6e6)
    assert cell(built, "KZ", 1991, "net_migration_total", "unchanged") < 0


def test_every_wide_column_holds_something_and_is_described(built: RegionTables) -> None:
    columns = built.regions.columns.drop(["region", "year", "borders"])
    assert built.regions[columns].notna().any().all()
    described = set(load_indicators()["name"]) | set(module.AGE_COLUMNS.values())
    assert set(columns) <= described


def test_every_value_can_be_followed_to_its_source(built: RegionTables) -> None:
    columns = built.regions.columns.drop(["region", "year", "borders"])
    assert len(built.chosen) == built.regions[columns].notna().sum().sum()
    raw, _ = read_region_tables()
    lines = set(zip(raw["source"], raw["source_row"], strict=True))
    assert set(zip(built.chosen["source"], built.chosen["source_row"], strict=True)) <= lines


def test_long_table_keeps_every_published_value(built: RegionTables) -> None:
    raw, _ = read_region_tables()
    official = raw[~raw["table"].str.startswith("press_")]
    corrected_away = (official["value"] == "").sum()
    kept = built.long[~built.long["source"].str.startswith("press_")]
    assert len(kept) == len(official) - corrected_away
    assert built.long["note"].dropna().isin(built.notes["note"]).all()


def test_registered_corrections_are_all_applied(built: RegionTables) -> None:
    register_ = load_corrections(CORRECTIONS)
    assert len(built.corrections) == len(register_)
    assert cell(built, "KZ-15", 2015, "net_migration_total", "unchanged") == -2175
    assert cell(built, "KZ-79", 2011, "net_migration_total", "since-2018") == -166
    assert cell(built, "KZ-47", 2002, "net_migration_total", "unchanged") == 5500


def test_conflicts_are_small_or_known(built: RegionTables) -> None:
    migration = built.conflicts[built.conflicts["indicator"] == "net_migration_total"]
    assert migration["difference"].abs().max() <= 473
    assert set(built.conflicts["indicator"]) == {
        "arrivals_external",
        "departures_external",
        "life_expectancy",
        "natural_growth",
        "net_interregional",
        "net_migration_rural",
        "net_migration_total",
        "net_migration_urban",
        "school_pupils",
        "unemployment_rate",
        "wage",
    }


def test_borders_agree_with_the_regions_that_a_table_has(built: RegionTables) -> None:
    """A table that gives a new region in a year gives its parent on the new borders."""
    long = built.long
    regional = long[~long["borders"].isin(["centre"]) & ~long["source"].str.startswith("press_")]
    regional = regional.assign(table=regional["source"].str.split(".").str[0])
    # Shymkent has had rows of its own beside South Kazakhstan in these two tables.
    known = {"bns_subsistence_minimum", "bns_sdg_local_roads"}
    key = ["table", "indicator", "year"]
    for parent, child in (
        ("KZ-61", "KZ-79"),
        ("KZ-35", "KZ-62"),
        ("KZ-63", "KZ-10"),
        ("KZ-19", "KZ-33"),
    ):
        of_child = regional[regional["region"] == child][key].drop_duplicates()
        of_parent = regional[regional["region"] == parent][[*key, "borders"]].drop_duplicates()
        both = of_parent.merge(of_child, on=key)
        both = both[~both["table"].isin(known | {"bns_region_dynamics"})]
        once = both.groupby(key)["borders"].agg(set)
        wrong = once[[not any(name.startswith("since") for name in names) for names in once]]
        assert wrong.empty, wrong.head()


def test_region_metadata_holds_no_stray_table() -> None:
    raw, _ = read_region_tables()
    tables = set(raw["table"])
    for name in ("indicators/region_indicators.csv", "places/borders_of_tables.csv"):
        named = set(pd.read_csv(METADATA / name)["table"])
        assert named <= tables, name


def test_codebook_describes_every_column(built: RegionTables) -> None:
    book = module.describe_columns(built, load_indicators()).set_index("column")
    assert book.index.tolist() == built.regions.columns.tolist()
    assert book[["unit", "definition"]].ne("").all().all()
    wage = book.loc["wage"]
    assert wage["unit"] == "tenge per month"
    assert wage["sources"].startswith("bns_region_dynamics;bns_wage_by_region")
    assert book.loc["population_0_15", "first_year"] == 2019


def kept_of(*rows: tuple[str, float, float, int, str]) -> float:
    kept, _ = resolve(candidates(*rows))
    assert len(kept) == 1
    return float(kept["value"].iloc[0])


def test_the_order_of_sources_priority_release_copy_name_row() -> None:
    late, early = "", "first release"
    # A source of the first priority counts even where it gives its first release only.
    assert kept_of(("b.x", 1.0, 0.5, 2, late), ("b.x", 2.0, 0.5, 1, early)) == 2.0
    # At one priority: not superseded, then the first copy of a table, then name, then row.
    assert kept_of(("a.x", 1.0, 9, 1, early), ("b.x_second_copy", 2.0, 9, 1, late)) == 2.0
    assert kept_of(("a.x_second_copy", 1.0, 9, 1, late), ("b.x", 2.0, 9, 1, late)) == 2.0
    assert kept_of(("b.x", 1.0, 9, 1, late), ("a.x", 2.0, 9, 1, late)) == 2.0
    assert kept_of(("press_a.x", 1.0, 9, 1, late), ("press_a.x", 2.0, 9, 1, late)) == 1.0


def test_sources_disagree_from_just_over_the_sum_of_their_tolerances() -> None:
    first = ("b.x", 1000.0, 0.5, 1, "")
    assert resolve(candidates(first, ("a.x", 1050.5, 50, 2, "")))[1].empty
    beyond = resolve(candidates(first, ("a.x", 1050.6, 50, 2, "")))[1]
    assert beyond[["value_kept", "value_other", "difference"]].to_numpy().tolist() == [
        [1000.0, 1050.6, 50.6]
    ]
    # A smaller figure is as far apart as a larger one.
    assert len(resolve(candidates(first, ("a.x", 949.4, 50, 2, "")))[1]) == 1


def test_two_values_of_one_table_are_told_by_their_lines() -> None:
    with pytest.raises(ProjectError, match=r"line 1: made of KZ-11 2020 is there twice: 1\.0 in"):
        resolve(candidates(("b.x", 1.0, 0.5, 1, ""), ("b.x", 3.0, 0.5, 1, "")))


def test_notes_are_numbered_as_they_appear_and_empty_ones_are_none() -> None:
    long = pd.DataFrame({"note": ["second", "", "first", " ; ", "second"]})
    numbered, notes = number_notes(long)
    assert numbered["note"].fillna(0).tolist() == [1, 0, 2, 0, 1]
    assert notes.to_numpy().tolist() == [[1, "second"], [2, "first"]]
