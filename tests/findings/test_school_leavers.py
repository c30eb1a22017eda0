"""Balance and pupils against births: made places with answers worked out by hand."""

import pandas as pd
import pytest

from karaganda_vibe.findings.school_leavers import (
    balance_per_leaver,
    births_before,
    pupils_per_births,
)


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
