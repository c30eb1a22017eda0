"""The panel of cities and districts: its rules on made rows, its identities on the real tables."""

from __future__ import annotations

import pandas as pd
import pytest

from karaganda_vibe.panels import districts as module
from karaganda_vibe.panels.districts import (
    COLUMNS,
    KEYS,
    DistrictTables,
    build_districts,
    expand_doubtful,
    fill_labour,
    refuse_unexplained,
    resolve_duplicates,
    with_places,
)
from karaganda_vibe.panels.labour_market import (
    LABOUR_MARKET,
    choose_youth_rate,
    labour_market_panel,
    load_labour_places,
    read_labour_market,
)
from karaganda_vibe.panels.migration_series import place_rates
from karaganda_vibe.panels.outlook_panels import place_panel
from karaganda_vibe.places.registry import load_places
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROCESSED
from karaganda_vibe.sources.district_tables import (
    CELL_COLUMNS,
    DYNAMICS,
    load_district_corrections,
    load_indicators,
    read_district_table,
)
from karaganda_vibe.sources.raw_package import read_raw
from karaganda_vibe.sources.unit_slips import find_suspects, load_ranges


@pytest.fixture(scope="module")
def tables() -> DistrictTables:
    return build_districts()


@pytest.fixture(scope="module")
def panel(tables: DistrictTables) -> pd.DataFrame:
    return tables.panel


def made_cells(*rows: tuple[object, ...]) -> pd.DataFrame:
    """Made cells: sheet row, indicator, year, value."""
    return pd.DataFrame(
        [
            (
                *("bns_district_dynamics.karaganda", "Караганда г.а.", row, "", "", indicator),
                *(year, str(value), value, "", "", False),
            )
            for row, indicator, year, value in rows
        ],
        columns=CELL_COLUMNS,
    ).assign(place_id="karaganda-city")


# Rules, on made rows


def test_duplicates_identical_union_and_upper_row() -> None:
    cells = made_cells(
        (9, "births", 2001, 5.0), (7, "births", 2001, 5.0),
        (9, "births", 2002, 6.0),
        (7, "births", 2003, 7.0), (9, "births", 2003, 8.0),
    )  # fmt: skip
    one, resolved = resolve_duplicates(cells)
    assert dict(zip(one["year"], one["value"], strict=True)) == {2001: 5.0, 2002: 6.0, 2003: 7.0}
    assert resolved[["year", "value_used", "value_dropped", "rule"]].values.tolist() == [
        [2001, 5.0, 5.0, "identical"],
        [2003, 7.0, 8.0, "upper row"],
    ]


def test_an_unknown_place_is_an_error() -> None:
    cells = made_cells((7, "births", 2001, 5.0)).drop(columns="place_id").assign(place="Нигде")
    with pytest.raises(ProjectError, match="karaganda: unknown place Нигде; add it to"):
        with_places(cells, load_places())


def test_monotown_sheets_and_years_outside_the_borders_are_left_out() -> None:
    cells = made_cells((7, "births", 2021, 5.0), (7, "births", 2022, 6.0)).drop(columns="place_id")
    aksuat = cells.assign(table="bns_district_dynamics.abai", place="Аксуат")
    assert with_places(aksuat, load_places())["year"].tolist() == [2022]
    assert with_places(cells.assign(place="Балхаш (моногород)"), load_places()).empty


def labour_frame(**changes: object) -> pd.DataFrame:
    row = {
        "region": "Karaganda", "district": "Қарағанды қ.", "indicator": "unemployed",
        "unit": "thousand persons", "source_url": "", "2022": "12.4", "2023": "",
    } | changes  # fmt: skip
    return pd.DataFrame([row])


def test_labour_market_in_persons() -> None:
    long = read_labour_market(f"{LABOUR_MARKET}.karaganda", labour_frame(), load_labour_places())
    assert long.values.tolist() == [["karaganda-city", 2022, "unemployed", 12400.0]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"district": "Нигде"}, "unknown district"),
        ({"unit": "persons"}, "unknown indicator or unit"),
        ({"2022": "12,,4"}, 'cell "12,,4" is not a number'),
    ],
)
def test_labour_market_errors(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        read_labour_market(
            f"{LABOUR_MARKET}.karaganda", labour_frame(**changes), load_labour_places()
        )


def test_labour_is_filled_whole_or_not_at_all() -> None:
    panel = pd.DataFrame(
        {
            "place_id": ["a", "b"],
            "year": [2022, 2022],
            **dict.fromkeys(
                ["labour_force", "unemployed", "unemployment_rate"], [float("nan")] * 2
            ),
            **dict.fromkeys(module.YOUTH.values(), [float("nan")] * 2),
        }
    )
    panel.loc[1, "labour_force"] = 1000.0
    long = pd.DataFrame(
        [
            (place, 2022, column, value)
            for place in "ab"
            for column, value in (("labour_force", 999.0), ("unemployment_rate", 5.0))
        ],
        columns=["place_id", "year", "column", "value"],
    )
    filled = fill_labour(panel, labour_market_panel([long]))
    assert filled["labour_force"].tolist() == [999.0, 1000.0]
    assert filled["unemployment_rate"].fillna(-1).tolist() == [5.0, -1]
    assert filled["unemployment_source"].tolist() == [LABOUR_MARKET, ""]


def test_youth_rates_are_named_and_not_chained() -> None:
    rows = pd.DataFrame(
        {
            "year": [2020, 2021, 2023, 2022],
            module.YOUTH["15-24"]: [1.0, 2.0, 3.0, None],
            module.YOUTH["15-28"]: [4.0, None, 5.0, None],
            module.YOUTH["15-34"]: [None, None, 6.0, None],
        }
    )
    chosen = choose_youth_rate(rows)
    assert chosen["youth_unemployment_ages"].tolist() == ["15-28", "15-24", "15-34", ""]
    assert chosen["youth_unemployment_rate"].fillna(-1).tolist() == [4.0, 2.0, 6.0, -1]


def test_a_suspect_must_be_corrected_or_listed() -> None:
    cells = made_cells((5, "population", 2001, 50e3), (7, "births", 2001, 900e3))
    found = find_suspects(cells, load_ranges())
    columns = [*module.DOUBTFUL_COLUMNS, "line"]
    empty = pd.DataFrame(columns=columns)
    with pytest.raises(ProjectError, match=r"sheet row 7, births, 2001.*contradicts its unit"):
        refuse_unexplained(found, expand_doubtful(empty, cells))
    listed = pd.DataFrame(
        [("bns_district_dynamics.karaganda", "Караганда г.а.", "7", "2001", "births", "made", 9)],
        columns=columns,
    )
    refuse_unexplained(found, expand_doubtful(listed, cells))
    with pytest.raises(ProjectError, match=r"line 9: no cell of births"):
        expand_doubtful(listed.assign(year="2002"), cells)


def test_a_column_that_no_label_is_mapped_to_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    indicators = load_indicators()
    module.check_columns_are_mapped(indicators)
    monkeypatch.setattr(module, "COLUMNS", [*COLUMNS, "preschool_pupil"])
    with pytest.raises(ProjectError, match="no label is mapped to the column preschool_pupil"):
        module.check_columns_are_mapped(indicators)


# The real tables

# Regions whose places have net migration only, and the years of it.
NETS_ONLY = {"KZ-15": (2023, 2024), "KZ-23": (2023, 2024), "KZ-39": (2023, 2024),
             "KZ-75": (2003, 2019)}  # fmt: skip


def test_regions_with_nets_only(panel: pd.DataFrame) -> None:
    nets = panel[panel["region"].isin(NETS_ONLY)]
    numbers = nets.drop(columns=KEYS).replace("", pd.NA)
    assert numbers.columns[numbers.notna().any()].tolist() == ["net_migration"]
    assert numbers["net_migration"].notna().all()
    years = nets.groupby("region")["year"].agg(["min", "max"])
    assert dict(zip(years.index, years.itertuples(index=False, name=None), strict=True)) == (
        NETS_ONLY
    )
    counted = nets.groupby("region")["place_id"].nunique()
    assert counted.to_dict() == {"KZ-15": 13, "KZ-23": 8, "KZ-39": 20, "KZ-75": 8}


def test_nets_sum_to_the_published_region(panel: pd.DataFrame) -> None:
    nets = panel[panel["region"].isin(NETS_ONLY)]
    sums = nets.groupby(["region", "year"])["net_migration"].sum().astype(float)
    regions = pd.read_csv(PROCESSED / "regions.csv").query("region in @NETS_ONLY")
    regions = regions.set_index(["region", "year"])
    published = regions["net_migration_total"].reindex(sums.index).dropna()
    # Three regions in 2023 and 2024, Almaty in 2013-2019.
    assert len(published) == 3 * 2 + 7
    assert sums[published.index].tolist() == published.tolist()


def test_nets_change_no_row_of_the_other_regions(panel: pd.DataFrame) -> None:
    """No rate can be made of them, so no rank, model or outlook of places holds one."""
    rated = place_rates(panel)
    nets = rated["region"].isin(NETS_ONLY)
    assert rated.loc[nets, "net_rate"].isna().all()
    assert not set(place_panel(panel).index) & set(rated.loc[nets, "place_id"])


def test_what_is_not_comparable_is_counted(tables: DistrictTables) -> None:
    """Eight districts of Almaty in the five years without moves between them."""
    missing = tables.missing_cells.query("reason == 'not_comparable'")
    assert missing[["column", "cells"]].values.tolist() == [["net_migration", 8 * 5]]


def test_without_the_register_the_finder_finds_the_slips() -> None:
    name = f"{DYNAMICS}.shymkent"
    nothing = load_district_corrections().iloc[:0]
    cells = read_district_table(name, read_raw(name), load_indicators(), nothing).cells
    found = find_suspects(cells, load_ranges())
    slips = found[(found["indicator"] == "population") & (found["unit_factor"] == 0.001)]
    assert slips["year"].nunique() == 4
    assert slips["place"].nunique() == 4


def test_columns_keys_and_places(panel: pd.DataFrame) -> None:
    assert list(panel.columns) == COLUMNS
    assert not panel.duplicated(["place_id", "year"]).any()
    assert (panel[KEYS[:-1]] != "").all().all()
    assert panel.equals(panel.sort_values(["region", "place_id", "year"]).reset_index(drop=True))
    assert panel["place_id"].nunique() == 172 + 41 + 8
    assert panel.groupby("region")["place_id"].nunique()["KZ-35"] == 13
    assert set(panel["kind"]) == {"city", "district", "city_district"}


def test_every_correction_of_the_register_is_used(tables: DistrictTables) -> None:
    register = load_district_corrections()
    used = tables.corrections_applied
    keys = ["table", "place", "row", "column"]
    assert set(map(tuple, register[keys].values)) == set(map(tuple, used[keys].values))


def test_no_sum_counts_a_place_twice(panel: pd.DataFrame) -> None:
    """The old East Kazakhstan: its places, with Aksuat left out before 2022, give its total."""
    total = read_raw("bns_region_dynamics.east_kazakhstan")
    total = total[total["indicator"] == "migration_net_total"].astype({"year": int})
    published = total.set_index("year")["value"].astype(float).loc[1999:2021]
    places = panel[panel["region"].isin(["KZ-10", "KZ-63"])]
    summed = places.groupby("year")["net_migration"].sum().loc[1999:2021]
    assert summed.astype(float).tolist() == published.tolist()


def test_karaganda_sums(panel: pd.DataFrame) -> None:
    net = panel.pivot_table(index="year", columns="region", values="net_migration", aggfunc="sum")
    assert net.loc[2024, "KZ-35"] == -6181
    old = (net["KZ-35"] + net["KZ-62"]).loc[[2016, 2017, 2018, 2021]]
    total = read_raw("bns_region_dynamics.karaganda")
    total = total[total["indicator"] == "migration_net_total"].astype({"year": int})
    published = total.set_index("year")["value"].astype(float)
    assert old.astype(float).tolist() == published.loc[old.index].tolist()


def test_only_karaganda_city_gains_in_2024(panel: pd.DataFrame) -> None:
    last = panel[(panel["region"] == "KZ-35") & (panel["year"] == 2024)]
    assert last.loc[last["net_migration"] > 0, "place_id"].tolist() == ["karaganda-city"]


def test_arrivals_less_departures_are_the_net(panel: pd.DataFrame) -> None:
    flows = panel[["arrivals", "departures", "net_migration"]].dropna().astype(float)
    off = (flows["arrivals"] - flows["departures"] - flows["net_migration"]).abs()
    # Figures in thousands with one decimal are rounded to 100 persons.
    assert len(flows) > 3_100
    assert (off > 101).sum() <= 12


def test_labour_force_is_employed_and_unemployed(panel: pd.DataFrame) -> None:
    parts = panel[["labour_force", "employed", "unemployed"]].dropna().astype(float)
    off = (parts["employed"] + parts["unemployed"] - parts["labour_force"]).abs()
    assert len(parts) > 2_600
    assert (off > 0.02 * parts["labour_force"] + 150).sum() <= 10


@pytest.mark.parametrize(
    ("column", "low", "high"),
    [
        ("births", 3, 60),
        ("deaths", 1, 40),
        ("arrivals", 0, 350),
        ("departures", 0.5, 350),
        ("school_pupils", 40, 500),
        ("labour_force", 150, 1000),
        ("crimes", 0.3, 50),
        ("housing_commissioned_m2", 0, 10_000),
    ],
)
def test_plausible_for_each_thousand(
    panel: pd.DataFrame, column: str, low: float, high: float
) -> None:
    rate = 1000 * panel[column].astype(float) / panel["population"].astype(float)
    known = rate[panel[column].fillna(0) > 0].dropna()
    assert known.between(low, high).all(), known[~known.between(low, high)]


def test_population_is_in_persons(panel: pd.DataFrame) -> None:
    assert panel["population"].dropna().between(5_000, 1_500_000).all()


def test_required_columns_are_covered(panel: pd.DataFrame) -> None:
    years = panel[panel["year"].between(2000, 2023) & ~panel["region"].isin(NETS_ONLY)]
    for column, least in {
        "population": 0.99, "net_migration": 0.97, "wage": 0.97, "investment": 0.97,
        "housing_commissioned_m2": 0.94, "crimes": 0.85, "school_pupils": 0.79, "births": 0.72,
        "arrivals": 0.72, "college_students": 0.70, "infant_mortality_rate": 0.70,
        "unemployment_rate": 0.68, "hospital_beds": 0.42, "sme_active": 0.32,
    }.items():  # fmt: skip
        assert years[column].notna().mean() >= least, column


def test_no_roubles_under_tenge(panel: pd.DataFrame) -> None:
    money = ["wage", "investment", "industrial_output", "retail_turnover", "subsistence_minimum"]
    assert panel.loc[panel["year"] < 1993, money].isna().all().all()


def test_gaps_are_counted_by_their_reason(tables: DistrictTables) -> None:
    cells = tables.missing_cells.groupby("reason")["cells"].sum()
    assert cells["not_available"] > 0
    assert cells["footnote_only"] > 1_000
    assert cells["left_out"] > 100
