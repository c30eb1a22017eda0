"""Flows of people and press figures: ends, units, repetitions, and the real tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from karaganda_vibe.panels.flows import (
    FLOW_INDICATOR_COLUMNS,
    FLOW_INDICATORS,
    PRESS_UNITS,
    _prefer,
    build_flows,
    build_press,
    load_ends,
    load_flow_indicators,
    press_tables,
    read_press,
    tidy_flows,
    tidy_press,
)
from karaganda_vibe.places.registry import load_regions
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.tables import NUMBER, read_table


def made(**changes: object) -> pd.DataFrame:
    """One made press row of a flow from region to region."""
    row: dict[str, object] = {
        "indicator": "migration_od_flow",
        "region": "Karaganda -> Astana",
        "year": "2021",
        "period": "Q1",
        "value": "1.5",
        "unit": "thousand persons",
        "note": "",
        "publisher": "made",
        "table": "press_migration",
        "source": "press_migration.made",
        "source_row": 2,
    }
    return pd.DataFrame([row | changes])


def flows(raw: pd.DataFrame) -> pd.DataFrame:
    return tidy_flows(raw, load_flow_indicators(), load_ends())


def test_a_flow_has_two_ends_and_persons() -> None:
    found = flows(made()).iloc[0]
    assert found[["origin", "destination", "value", "unit"]].tolist() == [
        "KZ-35",
        "KZ-71",
        1500.0,
        "persons",
    ]


def test_an_end_that_is_not_stated_keeps_its_doubt() -> None:
    assert flows(made(region="Almaty (not stated) -> Astana"))["origin"].tolist() == [
        "almaty-not-stated"
    ]


def test_departures_abroad() -> None:
    raw = made(indicator="migration_departures_external", region="Karaganda", unit="persons")
    assert flows(raw)[["origin", "destination"]].to_numpy().tolist() == [["KZ-35", "abroad"]]


def test_unknown_end_is_an_error() -> None:
    with pytest.raises(ProjectError, match='line 2: unknown end of a flow "Atlantis"'):
        flows(made(region="Atlantis -> Astana"))


def test_a_pair_where_one_region_is_expected_is_an_error() -> None:
    with pytest.raises(ProjectError, match="expects two regions"):
        flows(made(region="Astana"))


def test_repetitions_keep_one_preferred_row() -> None:
    raw = pd.concat(
        [
            made(value="1.6"),
            made(value="1567.0", unit="persons", source_row=3),
            made(value="1500.0", unit="persons", note="first release", source_row=4),
        ],
        ignore_index=True,
    )
    found = flows(raw)
    assert found.loc[found["preferred"] == "yes", "value"].tolist() == [1567.0]
    assert len(found) == 3


def test_press_figures_in_base_units_and_errors() -> None:
    units = read_table(PRESS_UNITS, ("unit_raw", "factor", "unit"), typed={"factor": NUMBER})
    raw = made(region="Karaganda", title="made", url="made")
    assert tidy_press(raw, units)["value"].tolist() == [1500.0]
    with pytest.raises(ProjectError, match='line 2: unknown unit "dozens"'):
        tidy_press(raw.assign(unit="dozens"), units)
    with pytest.raises(ProjectError, match='unknown region "Atlantis"'):
        tidy_press(raw.assign(region="Atlantis"), units)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "country,{region},all,1,",
            "atlantis,{region},all,1,",
            "column origin: 'atlantis' is none of",
        ),
        (
            "country,{region},all,1,",
            "country,{region},all,one,",
            "column factor: found 'one', expected a number",
        ),
        (
            "migration_departures_internal",
            "migration_arrivals_internal",
            "stands in line 2 as well",
        ),
    ],
)
def test_wrong_mapping_is_an_error(tmp_path: Path, old: str, new: str, message: str) -> None:
    lines = FLOW_INDICATORS.read_text(encoding="utf-8").splitlines()[:3]
    assert lines[0] == ",".join(FLOW_INDICATOR_COLUMNS)
    path = tmp_path / "flow_indicators.csv"
    path.write_text("\n".join(lines).replace(old, new) + "\n", encoding="utf-8")
    with pytest.raises(ProjectError, match=message):
        load_flow_indicators(path)


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    return build_flows()


def test_ends_are_regions_or_named(real: pd.DataFrame) -> None:
    known = set(load_regions()["region"]) | set(load_ends().values())
    assert set(real["origin"]) | set(real["destination"]) <= known


def test_one_preferred_row_a_flow(real: pd.DataFrame) -> None:
    key = ["origin", "destination", "year", "period", "kind", "ages", "scope", "unit"]
    preferred = real[real["preferred"] == "yes"]
    assert not preferred.duplicated(key).any()
    assert len(preferred) == len(real[key].drop_duplicates())


def test_second_copies_agree_with_the_first(real: pd.DataFrame) -> None:
    key = ["origin", "destination", "year", "period", "kind", "ages", "scope", "unit"]
    copies = real[real["source"].str.contains("second_copy")]
    first = real[real["source"].str.startswith("bns_internal_migration.regions")]
    both = copies.merge(first, on=key, suffixes=("_copy", ""))
    assert len(both) == len(copies) == 84
    assert (both["value_copy"] == both["value"]).all()


def test_karaganda_to_astana(real: pd.DataFrame) -> None:
    chosen = real[
        (real["origin"] == "KZ-35")
        & (real["destination"] == "KZ-71")
        & (real["year"] == 2021)
        & (real["preferred"] == "yes")
        & (real["kind"] == "flow")
    ]
    assert chosen["value"].tolist() == [1567.0]


def test_every_press_figure_is_in_one_of_the_two_tables(real: pd.DataFrame) -> None:
    raw, press = read_press(), build_press()
    assert set(raw["table"]) == set(press_tables())
    key = ["source", "source_row"]
    shown = {tuple(row) for row in pd.concat([real[key], press[key]]).to_numpy()}
    assert {tuple(row) for row in raw[key].to_numpy()} <= shown
    assert press["publisher"].ne("").all()
    assert press["url"].ne("").all()
    assert press["year"].isna().sum() == 1


def preferred(*rows: tuple[str, str, float]) -> list[int]:
    """Which of made rows of one flow (source, note, factor) are preferred, by position."""
    frame = pd.DataFrame(rows, columns=["source", "note", "factor"]).assign(
        origin="KZ-35", destination="KZ-71", year=2021, period="annual", kind="departures",
        ages="all", scope="", unit="persons", source_row=range(len(rows)),
    )  # fmt: skip
    chosen = _prefer(frame, frame["factor"])
    return [place for place, word in enumerate(chosen) if word == "yes"]


def test_the_order_of_sources_of_a_flow() -> None:
    # An official table counts before the press, even with its first release.
    assert preferred(("press_a.x", "", 1.0), ("bns.x", "first release", 1.0)) == [1]
    # Then what is not superseded, even in a second copy.
    assert preferred(("bns.x", "first release", 1.0), ("bns.x_second_copy", "", 1.0)) == [1]
    # Then the first copy, even rounded; then unrounded; then source and row.
    assert preferred(("bns.x_second_copy", "", 1.0), ("bns.x", "", 1000.0)) == [1]
    assert preferred(("bns.a", "", 1000.0), ("bns.b", "", 1.0)) == [1]
    assert preferred(("bns.b", "", 1.0), ("bns.a", "", 1.0)) == [1]
    assert preferred(("bns.a", "", 1.0), ("bns.a", "", 1.0)) == [0]
