"""The matrix of moves between regions: refused where wrong, its sums equal published nets."""

from __future__ import annotations

import pandas as pd
import pytest

from karaganda_vibe.panels.flows_od import (
    MOVES,
    TOLERANCE,
    build_flows_od,
    check_pairs,
    compare_nets,
    load_explanations,
    published_nets,
    tidy_moves,
    totals,
)
from karaganda_vibe.places.registry import load_regions
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROCESSED
from karaganda_vibe.sources.raw_package import read_raw

NAMES = {"KZ-35": "Karaganda", "KZ-62": "Ulytau", "KZ-71": "Astana"}
# Made: persons from row to column.
MADE = {
    ("KZ-35", "KZ-62"): 2,
    ("KZ-35", "KZ-71"): 30,
    ("KZ-62", "KZ-35"): 7,
    ("KZ-62", "KZ-71"): 11,
    ("KZ-71", "KZ-35"): 13,
    ("KZ-71", "KZ-62"): 5,
}
MADE_NETS = {"KZ-35": -12, "KZ-62": -11, "KZ-71": 23}


def made_raw(pairs=None, period="annual"):
    rows = [
        (NAMES[one], NAMES[other], one, other, "2023", period, str(persons))
        for (one, other), persons in (pairs or MADE).items()
    ]
    columns = ["origin", "destination", "origin_iso", "destination_iso", "year", "period", "value"]
    return pd.DataFrame(rows, columns=columns)


def published(nets=None):
    made = nets or MADE_NETS
    return pd.DataFrame({"region": list(made), "year": 2023, "net_published": list(made.values())})


def explained(*rows):
    columns = ["region", "year", "difference", "explanation", "line"]
    return pd.DataFrame(rows, columns=columns).astype({"year": int, "difference": int})


def message(function, *arguments):
    with pytest.raises(ProjectError) as caught:
        function(*arguments)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_made_matrix_adds_up():
    flows = tidy_moves(made_raw())
    assert flows.iloc[1].tolist()[:5] == ["KZ-35", "KZ-71", 2023, 30, "no"]
    check_pairs(flows, list(NAMES))
    found = totals(flows).set_index("region")
    assert found["net"].to_dict() == MADE_NETS
    assert found.loc["KZ-71", ["arrivals", "departures"]].tolist() == [41, 18]


def test_a_part_of_a_year_is_marked():
    assert set(tidy_moves(made_raw(period="Jan-Sep"))["part_of_year"]) == {"yes"}


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("origin_iso", "KZ-36", "line 2, column origin_iso: unknown region 'KZ-36'"),
        ("destination", "Astana", "'Astana' and KZ-62 are not one region"),
        ("value", "-4", "column value: found '-4', expected a count of persons"),
        ("value", "", "column value: found '', expected a count of persons"),
        ("value", "2.5", "column value: found '2.5', expected a count of persons"),
        ("year", "20x3", "line 2, column year: found '20x3', expected a year"),
    ],
)
def test_wrong_cells_are_named(column, text, expected):
    raw = made_raw()
    raw.loc[0, column] = text
    assert expected in message(tidy_moves, raw)


def test_a_region_to_itself_is_refused():
    raw = made_raw()
    raw.loc[0, ["destination", "destination_iso"]] = ["Karaganda", "KZ-35"]
    assert "line 2: KZ-35 to itself" in message(tidy_moves, raw)


def test_a_pair_twice_a_missing_pair_and_no_pair_are_named():
    flows = tidy_moves(made_raw())
    assert "no rows; expected every pair" in message(check_pairs, flows.iloc[:0], list(NAMES))
    twice = pd.concat([flows, flows.iloc[[3]]], ignore_index=True)
    assert "line 5: KZ-62 to KZ-71 stands twice in 2023" in message(check_pairs, twice, list(NAMES))
    lacking = flows.drop(index=4)
    text = message(check_pairs, lacking, list(NAMES))
    assert "2023: no row for KZ-71 to KZ-35; expected 6 pairs of 3 regions, found 5" in text


def test_a_year_is_whole_or_a_part():
    flows = tidy_moves(made_raw())
    flows.loc[0, "part_of_year"] = "yes"
    assert "2023: some rows are of the whole year" in message(check_pairs, flows, list(NAMES))


def test_nets_within_the_tolerance_pass_and_beyond_it_are_refused():
    flows = tidy_moves(made_raw())
    near = compare_nets(flows, published(MADE_NETS | {"KZ-35": -12 - TOLERANCE}), explained())
    assert near.set_index("region")["difference"].to_dict() == {"KZ-35": 2, "KZ-62": 0, "KZ-71": 0}
    far = published(MADE_NETS | {"KZ-35": -12 - TOLERANCE - 1})
    text = message(compare_nets, flows, far, explained())
    assert "KZ-35, 2023: arrivals less departures are -12, the published net is -15" in text


def test_an_explanation_holds_for_its_difference_only_and_must_be_needed():
    flows = tidy_moves(made_raw())
    far = published(MADE_NETS | {"KZ-71": 13})
    found = compare_nets(flows, far, explained(("KZ-71", 2023, 10, "made", 2)))
    assert found.set_index("region").loc["KZ-71", "explanation"] == "made"
    other = explained(("KZ-71", 2023, 9, "made", 2))
    assert "or 9 as explained" in message(compare_nets, flows, far, other)
    idle = explained(("KZ-62", 2023, 4, "made", 3))
    assert "line 3: KZ-62, 2023: nothing to explain" in message(
        compare_nets, flows, published(), idle
    )


@pytest.fixture(scope="module")
def real():
    return build_flows_od(pd.read_csv(PROCESSED / "regions.csv"))


def test_every_year_has_every_pair_and_2022_is_a_gap(real):
    flows, _ = real
    assert sorted(set(flows["year"])) == [2010, 2015, 2020, 2021, 2023, 2024, 2025]
    assert flows.groupby("year").size().unique().tolist() == [380]
    assert flows.loc[flows["part_of_year"] == "yes", "year"].unique().tolist() == [2025]


def test_nets_of_every_year_sum_to_zero(real):
    sums = totals(real[0]).groupby("year")["net"].sum()
    assert (sums == 0).all()


def test_nets_equal_the_published_ones_as_sources_say(real):
    """sources: 18 of 20 regions exactly in 2023, 12 of 20 in 2024, the rest within 2 persons."""
    nets = real[1]
    equal = nets[nets["difference"] == 0].groupby("year").size()
    assert equal.to_dict() == {2023: 18, 2024: 12}
    rest = nets[nets["explanation"] == ""]
    assert rest["difference"].abs().max() <= TOLERANCE
    assert set(nets.loc[nets["explanation"] != "", "region"]) == {"KZ-19", "KZ-79"}


def test_nets_of_2021_are_those_of_the_release(real):
    nets = totals(real[0]).set_index(["region", "year"])["net"]
    assert nets[("KZ-71", 2021)] == 31906
    assert nets[("KZ-75", 2021)] == 29253
    assert nets[("KZ-79", 2021)] == 9774


def test_a_changed_cell_of_the_real_matrix_is_found():
    raw = read_raw(MOVES)
    chosen = (
        (raw["origin_iso"] == "KZ-35")
        & (raw["destination_iso"] == "KZ-71")
        & (raw["year"] == "2024")
    )
    raw.loc[chosen, "value"] = "10890"
    nets = published_nets(pd.read_csv(PROCESSED / "regions.csv"))
    text = message(compare_nets, tidy_moves(raw), nets, load_explanations())
    assert "KZ-35, 2024: arrivals less departures are -5690, the published net is -5696" in text


def test_signs_of_2020_are_those_of_the_half_year_nets(real):
    """A second table, on the old borders (sources: 17 of 17 regions)."""
    eri = read_raw("eri_net_interregional_migration.regions_2019_2020").query("year == '2020'")
    regions = load_regions().set_index("name_en")
    names = regions["region"].to_dict() | {"South Kazakhstan": "KZ-61", "Turkistan": "KZ-61"}
    parents = regions.set_index("region")["split_from"].to_dict()
    flows, _ = real
    old = {code: parents[code] if parents[code] and code != "KZ-79" else code for code in parents}
    of_year = flows[flows["year"] == 2020]
    ends = of_year.assign(
        origin=of_year["origin"].map(old), destination=of_year["destination"].map(old)
    )
    nets = totals(ends[ends["origin"] != ends["destination"]]).set_index("region")["net"]
    compared = {
        names[name]: float(value) for name, value in zip(eri["region"], eri["value"], strict=True)
    }
    assert len(compared) == 17
    assert [code for code, value in compared.items() if value * nets[code] <= 0] == []
