"""Summaries of the data's quality on made frames."""

from __future__ import annotations

import pandas as pd
import pytest

from karaganda_vibe.panels.quality import (
    checks_by_family,
    corrections_by_reason,
    coverage_of_columns,
)
from karaganda_vibe.project.errors import ProjectError


def named(key: str, *values: str) -> pd.DataFrame:
    """A made table of names."""
    rows = [(v, f"{v} en", f"{v} ru", f"{v} kk") for v in values]
    return pd.DataFrame(rows, columns=[key, "name_en", "name_ru", "name_kk"])


SUMMARY = pd.DataFrame(
    [
        ("a = b: births", 10, 8, 2, 1),
        ("a = b: deaths", 5, 5, 0, 0),
        ("parts = whole", 3, 0, 3, 3),
    ],
    columns=["check_id", "checks", "hold", "exceptions", "not_explained"],
)


def test_checks_are_summed_by_family_in_the_order_of_the_names() -> None:
    found = checks_by_family(SUMMARY, named("family", "parts = whole", "a = b", "never made"))
    assert found["family"].tolist() == ["parts = whole", "a = b"]
    assert found["name_kk"].tolist() == ["parts = whole kk", "a = b kk"]
    counts = ["checks", "hold", "exceptions", "not_explained"]
    assert found[counts].to_numpy().tolist() == [[3, 0, 3, 3], [15, 13, 2, 1]]


def test_a_family_without_a_name_is_an_error() -> None:
    with pytest.raises(ProjectError, match=r"check_families\.csv .*'parts = whole'"):
        checks_by_family(SUMMARY, named("family", "a = b"))


def applied(*rows: tuple[str, str, int, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["table", "place", "row", "why"])


def test_corrections_are_counted_by_the_first_reason_that_fits() -> None:
    cells = applied(
        ("t1", "p", 5, "Wrong sign at the source"),
        ("t1", "p", 7, "unit slip: made"),
        ("t1", "p", 7, "unit slip: made"),
        ("t2", "p", 7, "unit slip: made"),
        ("t2", "q", 1, "something else"),
    )
    found = corrections_by_reason(cells, named("pattern", "unit slip*", "wrong sign*", "*"))
    assert found["name_en"].tolist()[0] == "unit slip* en"
    counts = found.set_index("name_en")[["entries", "cells", "tables"]]
    assert counts.loc["unit slip* en"].tolist() == [2, 3, 2]
    assert counts.loc["wrong sign* en"].tolist() == [1, 1, 1]
    assert counts.loc["* en"].tolist() == [1, 1, 1]
    assert counts["cells"].sum() == len(cells)


def test_a_correction_whose_reason_has_no_name_is_an_error() -> None:
    with pytest.raises(ProjectError, match=r"correction_reasons\.csv .*something else"):
        corrections_by_reason(applied(("t", "p", 1, "something else")), named("pattern", "unit*"))


COVERAGE = pd.DataFrame(
    [
        ("KZ-10", "births", 2000, 4, 2),
        ("KZ-10", "births", 2001, 4, 4),
        ("KZ-11", "births", 2001, 6, 0),
        ("KZ-10", "births", 2005, 4, 4),
        ("KZ-10", "wage", 2000, 4, 0),
        ("KZ-10", "wage", 2001, 4, 4),
    ],
    columns=["region", "column", "year", "places", "published"],
)


def test_coverage_is_a_share_of_place_years_inside_the_window() -> None:
    found = coverage_of_columns(COVERAGE, named("column", "births", "wage"), 2000, 2001)
    table = found.set_index("column")
    assert table.loc["births", "share"] == pytest.approx(100 * 6 / 14)
    assert table.loc["wage", "share"] == pytest.approx(50)
    # The years are those of the whole series: where anything at all is published.
    assert table.loc["births", ["first_year", "last_year"]].tolist() == [2000, 2005]
    assert table.loc["wage", ["first_year", "last_year"]].tolist() == [2001, 2001]
    assert found["column"].tolist() == ["wage", "births"]


def test_a_column_that_nothing_is_published_of_is_an_error() -> None:
    with pytest.raises(ProjectError, match=r"district_columns\.csv .*'deaths'"):
        coverage_of_columns(COVERAGE, named("column", "births", "deaths"), 2000, 2001)
