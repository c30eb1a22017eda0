"""When in the year people leave: twelve months, no gap, none twice. All tables here are made."""

from __future__ import annotations

import pandas as pd
import pytest

from karaganda_vibe.findings.season import MONTHS, monthly_net, share_of_months
from karaganda_vibe.project.errors import ProjectError

YEAR = 2024


def made(regions: dict[str, list[int]]) -> pd.DataFrame:
    rows = [
        (region, YEAR, month, "net", value, "yes")
        for region, values in regions.items()
        for month, value in zip(MONTHS, values, strict=True)
    ]
    columns = ["destination", "year", "period", "kind", "value", "preferred"]
    others = [
        ("a", YEAR, "year", "net", -999, "yes"),  # the whole year is no month
        ("a", YEAR, "July", "net", -999, "no"),  # another source
        ("a", YEAR, "July", "departures", 999, "yes"),
        ("a", YEAR - 1, "July", "net", -999, "yes"),
    ]
    return pd.DataFrame([*rows, *others], columns=columns)


A = [-10, -10, -10, -10, -10, -10, -40, -50, -60, 5, 5, 0]
B = [-1] * 12


def test_months_of_several_regions_add_up():
    found = monthly_net(made({"a": A, "b": B}), ["a", "b"], YEAR)
    assert found.index.tolist() == list(range(1, 13))
    assert found.loc[[1, 9, 10, 12]].tolist() == [-11, -61, 4, -1]


def test_share_of_the_months_after_school():
    assert share_of_months(monthly_net(made({"a": A}), ["a"], YEAR)) == pytest.approx(150 / 200)
    assert share_of_months(monthly_net(made({"b": B}), ["b"], YEAR)) == pytest.approx(0.25)


def test_a_year_without_a_loss_has_no_share_of_it():
    with pytest.raises(ProjectError, match="the year's balance is 12; expected a loss"):
        share_of_months(pd.Series([1.0] * 12, index=range(1, 13)))


def test_a_missing_and_a_doubled_month_are_named():
    flows = made({"a": A, "b": B})
    lacking = flows[~((flows["destination"] == "b") & (flows["period"] == "March"))]
    with pytest.raises(ProjectError, match="b lacks March 2024"):
        monthly_net(lacking, ["a", "b"], YEAR)
    twice = pd.concat([flows, flows.iloc[[3]]])
    with pytest.raises(ProjectError, match="a has April 2024 twice"):
        monthly_net(twice, ["a", "b"], YEAR)
