"""Balance and pupils against births: made places with answers worked out by hand."""

import pandas as pd
import pytest
from made_panel import made_panel

from karaganda_vibe.findings.school_leavers import (
    balance_per_leaver,
    births_before,
    effects_of_leavers,
    pupils_per_births,
    with_leavers,
)
from karaganda_vibe.inference.design import make_design
from karaganda_vibe.inference.results import estimate


def made(place: str, births: dict[int, float], **now: float) -> pd.DataFrame:
    """Births by year, and other figures in the year 2024."""
    rows = pd.DataFrame({"place_id": place, "year": list(births), "births": list(births.values())})
    last = pd.DataFrame([{"place_id": place, "year": 2024, **now}])
    return pd.concat([rows, last], ignore_index=True)


def test_balance_against_the_mean_of_two_cohorts():
    table = balance_per_leaver(
        made("a", {2006: 30, 2007: 50, 2005: 999}, net_migration=-60.0), 2024
    )
    assert table.loc["a"].to_dict() == {
        "net_migration": -60.0,
        "leavers": 40.0,
        "per_100_leavers": -150.0,
    }


def test_a_place_without_a_cohort_or_without_births_is_left_out():
    frames = [
        made("gap", {2006: 30}, net_migration=-60.0),
        made("none", {2006: 0, 2007: 0}, net_migration=-60.0),
        made("kept", {2006: 10, 2007: 10}, net_migration=5.0),
    ]
    assert balance_per_leaver(pd.concat(frames), 2024).index.tolist() == ["kept"]


def test_births_of_every_age_are_needed():
    births = births_before(made("a", {2006: 30, 2007: 50}), 2024, (17, 18))
    assert births["a"] == 80
    assert pd.isna(births_before(made("a", {2006: 30, 2007: 50}), 2024, (17, 18, 19))["a"])


def test_pupils_against_eleven_years_of_births():
    births = dict.fromkeys(range(2007, 2018), 10.0)  # turn 17 to 7 in 2024
    births |= {2006: 500.0, 2018: 500.0}
    table = pupils_per_births(made("a", births, school_pupils=88.0), 2024)
    assert table.loc["a", "births"] == 110
    assert table.loc["a", "pupils_per_100"] == pytest.approx(80.0)


def test_leavers_of_each_year_are_the_mean_of_two_years_of_births():
    panel = pd.concat([made("a", {2006: 30, 2007: 50, 2008: 8}), made("b", {2007: 7})])
    panel = with_leavers(pd.concat([panel, made("a", {}).assign(year=2025)], ignore_index=True))
    found = panel.set_index(["place_id", "year"])["leavers"]
    assert found["a", 2024] == 40  # 17 years before 2024 is 2007
    assert found["a", 2025] == 29
    assert found.drop([("a", 2024), ("a", 2025)]).isna().all()  # b lacks one of the two years


def made_results(*coefficients: float):
    """A model of made rows for each size of the effect, other drivers beside the leavers."""
    results = {}
    for number, size in enumerate(coefficients):
        frame = made_panel(seed=5, regions=8, places=4, years=10, coefficients=(size, 2.0))
        design = make_design(
            "made", frame["y"], {"leavers": frame["x0"], "other": frame["x1"]},
            place=frame["place_id"], region=frame["region"], year=frame["year"],
        )  # fmt: skip
        results[f"made-{number}"] = estimate(design, draws=199, seed=3, intervals=False)
    return results


def test_effects_are_those_of_the_leavers_alone_and_a_clear_one_is_told():
    results = made_results(-1.5, 0.0)
    found = effects_of_leavers(results)
    assert found.index.tolist() == ["made-0", "made-1"]
    assert found["told"].tolist() == [True, False]
    row = results["made-0"].table.set_index("term").loc["leavers"]
    assert found.loc["made-0", "effect"] == pytest.approx(
        row["estimate"] * found.loc["made-0", "typical_change"]
    )
    assert -2.5 < found.loc["made-0", "effect"] < -1
    assert found.loc["made-1", "low"] < 0 < found.loc["made-1", "high"]
