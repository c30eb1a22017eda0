"""Moves between regions: a wrong matrix is refused, and the identities of the real one."""

from __future__ import annotations

from itertools import permutations

import pandas as pd
import pytest

from karaganda_vibe.panels.flows_od import (
    EXPLANATIONS,
    TOLERANCE,
    build_flows_od,
    check_pairs,
    compare_nets,
    load_explanations,
    tidy_moves,
    totals,
)
from karaganda_vibe.places.registry import load_regions
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROCESSED
from karaganda_vibe.sources.raw_package import read_raw

REGIONS = ["KZ-11", "KZ-35", "KZ-71"]
NAMES = {"KZ-11": "Akmola", "KZ-35": "Karaganda", "KZ-71": "Astana"}
# Made counts of persons, no two alike: from the row's region to the column's.
MADE = {
    ("KZ-11", "KZ-35"): 10,
    ("KZ-11", "KZ-71"): 200,
    ("KZ-35", "KZ-11"): 35,
    ("KZ-35", "KZ-71"): 501,
    ("KZ-71", "KZ-11"): 90,
    ("KZ-71", "KZ-35"): 300,
}


def made(**changes: object) -> pd.DataFrame:
    """A made raw matrix of three regions and one year; `changes` go into its first row."""
    rows = [
        {
            "origin": NAMES[origin],
            "destination": NAMES[destination],
            "origin_iso": origin,
            "destination_iso": destination,
            "year": "2023",
            "period": "annual",
            "value": str(MADE[origin, destination]),
        }
        for origin, destination in permutations(REGIONS, 2)
    ]
    rows[0] |= changes
    return pd.DataFrame(rows)


def published(*nets: tuple[str, int]) -> pd.DataFrame:
    return pd.DataFrame(
        [(region, 2023, net) for region, net in nets], columns=["region", "year", "net_published"]
    )


NOTHING = pd.DataFrame({"region": [], "year": [], "difference": [], "explanation": [], "line": []})
NOTHING = NOTHING.astype({"region": str, "year": int, "difference": int, "explanation": str})


def one_line(error: pytest.ExceptionInfo[ProjectError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_totals_of_a_made_matrix() -> None:
    found = totals(tidy_moves(made())).set_index("region")
    assert found.loc["KZ-35", ["arrivals", "departures", "net"]].tolist() == [310, 536, -226]
    assert found["net"].sum() == 0


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"origin_iso": "KZ-99"}, ("line 2", "origin_iso", "KZ-99")),
        ({"origin": "Astana"}, ("line 2", "'Astana' and KZ-11")),
        ({"destination": "Akmola", "destination_iso": "KZ-11"}, ("line 2", "KZ-11 to itself")),
        ({"value": "-3"}, ("line 2", "'-3'")),
        ({"value": ""}, ("line 2", "a gap is a row")),
        ({"value": "1.5"}, ("line 2", "'1.5'")),
    ],
)
def test_a_wrong_row_is_named(changes: dict[str, str], parts: tuple[str, ...]) -> None:
    with pytest.raises(ProjectError) as error:
        tidy_moves(made(**changes), "made.csv")
    text = one_line(error)
    assert text.startswith("made.csv: ")
    assert all(part in text for part in parts), text


def test_a_missing_pair_is_named() -> None:
    flows = tidy_moves(made().drop(index=3))
    with pytest.raises(ProjectError) as error:
        check_pairs(flows, REGIONS, "made.csv")
    assert "2023: no row for KZ-35 to KZ-71; expected 6 pairs" in one_line(error)


def test_a_pair_twice_is_named() -> None:
    raw = made()
    flows = tidy_moves(pd.concat([raw, raw.iloc[[4]]], ignore_index=True))
    with pytest.raises(ProjectError) as error:
        check_pairs(flows, REGIONS, "made.csv")
    assert "KZ-71 to KZ-11 stands twice in 2023" in one_line(error)


def test_a_year_is_whole_or_a_part() -> None:
    with pytest.raises(ProjectError, match="some of a part"):
        check_pairs(tidy_moves(made(period="Jan-Sep")), REGIONS)
    check_pairs(tidy_moves(made().assign(period="Jan-Sep")), REGIONS)


def test_a_total_that_contradicts_the_published_net_is_named() -> None:
    with pytest.raises(ProjectError) as error:
        compare_nets(tidy_moves(made()), published(("KZ-35", -226 - TOLERANCE - 1)), NOTHING)
    assert "KZ-35, 2023: arrivals less departures are -226" in one_line(error)


def test_slips_within_the_tolerance_pass() -> None:
    found = compare_nets(tidy_moves(made()), published(("KZ-35", -226 - TOLERANCE)), NOTHING)
    assert found["difference"].tolist() == [TOLERANCE]


def explained(difference: int) -> pd.DataFrame:
    row = {"region": "KZ-35", "year": 2023, "difference": difference, "explanation": "made"}
    return pd.DataFrame([row | {"line": 2}])


def test_an_explained_difference_passes_and_no_other() -> None:
    flows, nets = tidy_moves(made()), published(("KZ-35", -876))
    found = compare_nets(flows, nets, explained(650))
    assert found["explanation"].tolist() == ["made"]
    with pytest.raises(ProjectError, match="or 651 as explained"):
        compare_nets(flows, nets, explained(651))


def test_an_explanation_of_nothing_is_refused() -> None:
    with pytest.raises(ProjectError, match="nothing to explain"):
        compare_nets(tidy_moves(made()), published(("KZ-35", -226)), explained(650))


@pytest.fixture(scope="module")
def built() -> tuple[pd.DataFrame, pd.DataFrame]:
    return build_flows_od(pd.read_csv(PROCESSED / "regions.csv"))


def test_each_year_of_the_real_matrix_sums_to_zero(
    built: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    flows, _ = built
    assert (totals(flows).groupby("year")["net"].sum() == 0).all()
    pairs = flows.groupby("year").size()
    n = len(load_regions().query("region != @COUNTRY"))
    assert (pairs == n * (n - 1)).all()


def test_real_nets_agree_but_for_the_explained_pair(
    built: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    """Of 2023 and 2024 all twenty regions are published; two of 2023 differ, by one number."""
    _, nets = built
    assert (nets.groupby("year").size().reindex([2023, 2024]) == 20).all()
    apart = nets[nets["difference"].abs() > TOLERANCE]
    assert apart.set_index("region")["difference"].to_dict() == {"KZ-19": -647, "KZ-79": 647}
    exact = nets.assign(same=nets["difference"] == 0).groupby("year")["same"].sum()
    assert (exact[2023], exact[2024]) == (18, 12)


def test_the_explanations_name_what_is_there() -> None:
    assert load_explanations(EXPLANATIONS)["difference"].sum() == 0


def test_districts_of_the_new_table_sum_to_their_region() -> None:
    """41 cities and districts of three regions: each of the six sums is the regional row."""
    raw = read_raw("bns_district_net_migration.aktobe_kostanay_atyrau_2023_2024")
    regions = pd.read_csv(PROCESSED / "regions.csv")
    nets = regions.set_index(["region", "year"])["net_migration_total"].dropna()
    raw["value"] = raw["value"].astype(int)
    own = raw["place_ru"].str.endswith("ОБЛАСТЬ")
    assert raw.loc[~own, "place_ru"].nunique() == 41
    sums = raw[~own].groupby(["iso_3166_2", "year"])["value"].sum()
    assert sums.equals(raw[own].set_index(["iso_3166_2", "year"])["value"].sort_index())
    assert len(sums) == 6
    for (region, year), total in sums.items():
        assert nets[region, int(year)] == total, (region, year, total)


def test_towns_and_villages_sum_to_the_total_of_2011_to_2015() -> None:
    raw = read_raw("bns_natural_growth_and_net_migration.regions_2011_2015")
    raw["value"] = pd.to_numeric(raw["value"])
    keys = ["indicator", "region", "year"]
    wide = raw.pivot_table(index=keys, columns="area", values="value").dropna()
    assert len(wide) > 0
    assert ((wide["urban"] + wide["rural"] - wide["total"]).abs() <= 1).all()
