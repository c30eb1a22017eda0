"""The finder of unit slips, on made rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.district_tables import load_indicators
from karaganda_vibe.sources.unit_slips import SUSPECT_COLUMNS, find_suspects, load_ranges


def made_row(indicator: str, values: list[float], sheet_row: int = 7) -> pd.DataFrame:
    """Made cells of one sheet row, one a year from 2001."""
    return pd.DataFrame(
        {
            "table": "made",
            "place": "Место",
            "sheet_row": sheet_row,
            "indicator": indicator,
            "year": range(2001, 2001 + len(values)),
            "published": [str(value) for value in values],
            "value": values,
        }
    )


POPULATION = made_row("population", [50_000.0, 50_500.0, 51_000.0, 51_200.0], sheet_row=5)


def suspects(*rows: pd.DataFrame) -> pd.DataFrame:
    return find_suspects(pd.concat([POPULATION, *rows], ignore_index=True), load_ranges())


def test_plausible_rows_are_no_suspects() -> None:
    found = suspects(
        made_row("births", [900.0, 910.0, 905.0, 890.0]),
        made_row("net_migration", [-300.0, 250.0, 0.0, -10.0], sheet_row=8),
    )
    assert list(found.columns) == SUSPECT_COLUMNS
    assert found.empty


def test_thousands_beside_persons() -> None:
    found = suspects(made_row("births", [900.0, 0.91, 905.0, 890.0]))
    assert set(found["year"]) == {2002}
    assert set(found["rule"]) == {"range", "whole number", "history"}
    assert (found["unit_factor"] == 1000).all()


def test_persons_under_a_label_in_thousands() -> None:
    found = suspects(made_row("births", [900e3, 910e3, 905e3, 890e3]))
    assert found["year"].tolist() == [2001, 2002, 2003, 2004]
    assert (found["unit_factor"] == 0.001).all()


def test_a_slip_of_the_population_itself_is_found_and_does_not_spoil_the_yardstick() -> None:
    slipped = POPULATION.assign(value=[50_000.0, 50_500_000.0, 51_000.0, 51_200.0])
    births = made_row("births", [900.0, 910.0, 905.0, 890.0])
    found = find_suspects(pd.concat([slipped, births], ignore_index=True), load_ranges())
    assert set(found["indicator"]) == {"population"}
    assert found[found["rule"] == "range"]["unit_factor"].tolist() == [0.001]


def test_an_outlier_that_no_unit_explains_has_no_factor() -> None:
    found = suspects(made_row("births", [900.0, 9_100.0, 905.0, 890.0]))
    assert set(found["rule"]) == {"range", "history"}
    assert found["unit_factor"].isna().all()


def test_a_rounded_zero_is_no_suspect() -> None:
    assert suspects(made_row("deaths", [400.0, 0.0, 400.0, 400.0])).empty


def test_ranges_cover_every_indicator() -> None:
    assert set(load_indicators()["indicator"]) == set(load_ranges()["indicator"])


def test_a_repeated_range_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "ranges.csv"
    pd.concat([load_ranges().drop(columns="line")] * 2).to_csv(path, index=False)
    with pytest.raises(ProjectError, match="column indicator: 'population' stands in line 2"):
        load_ranges(path)
