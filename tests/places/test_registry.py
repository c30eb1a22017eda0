"""Regions, their names, and which borders a value is on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from karaganda_vibe.places import registry
from karaganda_vibe.places.registry import (
    COUNTRY,
    REGION_COLUMNS,
    Borders,
    border_year_of,
    full_names,
    load_border_changes,
    load_regions,
    moves_between_places,
    old_region,
    region_code,
    region_codes,
    region_names,
    region_spellings,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.sources.region_tables import read_region_tables, region_resources

HEADER = ",".join(REGION_COLUMNS)
AKMOLA = "KZ-11,Akmola,Акмолинская область,Ақмола облысы,Akmola,Акмолинская,Ақмола,Kokshetau,,,"


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_twenty_regions_and_the_country() -> None:
    regions = load_regions()
    assert len(regions) == 21
    assert regions["region"].str.fullmatch(r"KZ(-\d\d)?").all()
    assert (regions["region"] == COUNTRY).sum() == 1
    made = regions[regions["split_from"] != ""]
    assert dict(zip(made["region"], made["split_from"], strict=True)) == {
        "KZ-10": "KZ-63",
        "KZ-33": "KZ-19",
        "KZ-62": "KZ-35",
        "KZ-79": "KZ-61",
    }


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_short_names_are_there_and_different(language: str) -> None:
    names = region_names(language)
    assert len(set(names.values())) == 21
    assert region_names(language, short=False).keys() == names.keys()


def test_full_names_can_stand_in_a_sentence() -> None:
    assert full_names("KZ-33") == {
        "en": "Zhetisu",
        "ru": "область Жетісу",
        "kk": "Жетісу облысы",
    }


def test_no_names_in_other_languages() -> None:
    with pytest.raises(ProjectError, match="no names in the language de"):
        region_names("de")


def test_border_changes_agree_with_the_registry() -> None:
    regions = load_regions().set_index("region")
    changes = load_border_changes()
    new = changes[changes["kind"] == "new region"]
    for record in new.to_dict("records"):
        assert regions.at[record["to_region"], "split_from"] == record["from_region"]
        assert regions.at[record["to_region"], "split_year"] == record["change"]
    assert set(new["to_region"]) == set(regions.index[regions["split_from"] != ""])


def test_every_region_of_every_raw_table_is_known() -> None:
    raw, _ = read_region_tables()
    assert len(region_resources()) > 90
    whole = raw[~raw["region"].str.contains(" -> ", regex=False)]
    assert region_codes(whole["region"], "all").notna().all()


def test_spellings() -> None:
    assert region_code("South Kazakhstan", "made", 2) == "KZ-61"
    assert region_code(" Карагандинская область ", "made", 2) == "KZ-35"
    assert region_spellings()["Almaty city"] != region_spellings()["Almaty region"]


def test_unknown_region_names_table_and_row() -> None:
    with pytest.raises(ProjectError, match=r'made: row 7: unknown region "Atlantis"'):
        region_code("Atlantis", "made", 7)
    with pytest.raises(ProjectError, match=r'made\.csv: row 3: unknown region "Atlantis"'):
        region_codes(pd.Series(["Akmola", "Atlantis"]), "made.csv")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((HEADER, AKMOLA, AKMOLA), "line 3, column region: 'KZ-11' stands in line 2 as well"),
        ((HEADER, AKMOLA.replace("Ақмола облысы", "")), "line 2, column name_kk: empty"),
        ((HEADER, AKMOLA + ","), "line 2: 12 cells, expected 11"),
        ((HEADER, AKMOLA[:-3] + ",KZ-99,2022,"), "line 2, column split_from: 'KZ-99' is none of"),
        ((HEADER, AKMOLA[:-3] + ",KZ-11,,"), "line 2: split_from and split_year belong together"),
        (
            (HEADER.replace("centre", "center"), AKMOLA),
            r"missing centre; unknown center \(perhaps centre",
        ),
    ],
)
def test_wrong_registry_is_an_error(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        load_regions(write(tmp_path / "regions.csv", *lines))


def test_missing_registry(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"regions\.csv: missing"):
        load_regions(tmp_path / "regions.csv")


def test_one_spelling_for_two_regions(tmp_path: Path) -> None:
    other = AKMOLA.replace("KZ-11,Akmola,", "KZ-15,Aktobe,")
    path = write(tmp_path / "regions.csv", HEADER, AKMOLA, other)
    with pytest.raises(ProjectError, match="also means KZ-11"):
        region_spellings(path)


def test_border_change_with_an_unknown_region(tmp_path: Path) -> None:
    text = (METADATA / "places" / "border_changes.csv").read_text(encoding="utf-8")
    path = write(tmp_path / "changes.csv", text.replace("KZ-79", "KZ-99").rstrip())
    with pytest.raises(ProjectError, match="line 2, column to_region: 'KZ-99'"):
        load_border_changes(path)


def test_places_are_checked(tmp_path: Path) -> None:
    path = write(
        tmp_path / "places.csv",
        ",".join(registry.PLACE_COLUMNS),
        "made,KZ-99,Made,М,М,city,made,М,no,yes,,,,",
    )
    with pytest.raises(ProjectError, match="line 2, column region: 'KZ-99'"):
        registry.load_places(path)


@pytest.mark.parametrize(
    ("region", "year", "expected"),
    [
        ("KZ-39", 2000, "unchanged"),
        ("KZ", 2024, "unchanged"),
        ("KZ-35", 2021, "until-2022"),
        ("KZ-35", 2022, "since-2022"),
        ("KZ-62", 1995, "since-2022"),
        ("KZ-61", 2017, "until-2018"),
        ("KZ-61", 2018, "since-2018"),
        ("KZ-79", 2001, "since-2018"),
    ],
)
def test_borders_of_the_time(region: str, year: int, expected: str) -> None:
    assert Borders().of_time(region, year) == expected


def test_tables_that_switch_in_other_years() -> None:
    borders = Borders()
    back_cast = "bns_population_average_annual"
    assert borders.of_value(back_cast, "population_average_annual", "KZ-35", 2010) == "since-2022"
    product = "bns_gross_regional_product"
    assert borders.of_value(product, "grp_nominal", "KZ-35", 2021) == "since-2022"
    assert borders.of_value(product, "grp_nominal", "KZ-35", 2020) == "until-2022"
    old = "grp_nominal_south_kazakhstan_old"
    assert borders.of_value(product, old, "KZ-61", 2015) == "until-2018"
    poverty = "poverty_rate_below_subsistence"
    assert borders.of_value("bns_sdg_poverty", poverty, "KZ-35", 2022) == "until-2022"


def test_borders_that_a_region_never_had(tmp_path: Path) -> None:
    path = write(
        tmp_path / "borders.csv",
        ",".join(registry.BORDERS_COLUMNS),
        "made,,KZ-35,2000,2001,since-2018,made",
    )
    with pytest.raises(ProjectError, match='line 2: KZ-35 has no borders "since-2018"'):
        Borders(exceptions=path)


def test_a_border_inside_a_region_names_both_places(tmp_path: Path) -> None:
    text = (METADATA / "places" / "border_changes.csv").read_text(encoding="utf-8").rstrip()
    path = write(tmp_path / "changes.csv", text.replace("abai-district-karaganda", "abai"))
    with pytest.raises(ProjectError, match="column to_place: 'abai'"):
        load_border_changes(path)
    changes = load_border_changes()
    assert moves_between_places(changes, 2017, 2018)["to_place"].tolist() == [
        "abai-district-karaganda"
    ]
    assert moves_between_places(changes, 2019, 2026).empty


def test_old_oblasts_of_the_four_divisions() -> None:
    codes = pd.Series(
        ["KZ-62", "KZ-10", "KZ-33", "KZ-79", "KZ-35", "KZ-71"], index=[9, 8, 7, 6, 5, 4]
    )
    found = old_region(codes, load_regions())
    assert found.tolist() == ["KZ-35", "KZ-63", "KZ-19", "KZ-61", "KZ-35", "KZ-71"]
    assert found.index.tolist() == [9, 8, 7, 6, 5, 4]


def test_old_oblast_follows_a_division_of_a_division() -> None:
    made = pd.DataFrame({"region": ["A", "B", "C"], "split_from": ["", "A", "B"]})
    assert old_region(pd.Series(["C", "A"]), made).tolist() == ["A", "A"]
    made["split_from"] = ["C", "A", "B"]
    with pytest.raises(ProjectError, match="split_from of B goes round in a circle: B → A → C → B"):
        old_region(pd.Series(["B"]), made)
    with pytest.raises(ProjectError, match="'KZ-99' is no region"):
        old_region(pd.Series(["KZ-99"]), load_regions())


def test_the_year_in_which_parts_split_off() -> None:
    changes = load_border_changes()
    assert border_year_of(["KZ-62"], changes) == 2022
    assert border_year_of([], changes) is None
