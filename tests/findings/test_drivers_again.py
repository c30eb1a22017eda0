"""Drivers over time under the second plan: the published tables say what the rule says."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from made_panel import made_panel

from karaganda_vibe.findings.driver_words import read_model_results
from karaganda_vibe.findings.drivers_again import checks_wide, slope_table, variance_within
from karaganda_vibe.inference.design import make_design
from karaganda_vibe.inference.second_plan import load_second_plan
from karaganda_vibe.inference.slopes import random_slopes
from karaganda_vibe.inference.verdicts import verdict
from karaganda_vibe.panels.driver_panels import with_old_regions
from karaganda_vibe.project.paths import METADATA, PROCESSED
from karaganda_vibe.publishing.values import VALUES_FOLDER

PLAN = load_second_plan(METADATA / "models" / "drivers_second.yml")
TESTS = (
    "sign_strict_same", "curve_share", "survives_leave_one_out", "lag_stands", "no_pre_trend",
)  # fmt: skip


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(PROCESSED / f"{name}.csv")


def test_the_words_follow_from_the_facts_beside_them() -> None:
    rows = table("driver_verdicts").to_dict("records")
    assert [row["term"] for row in rows] == ["wage", "floor_space", "investment", "crimes"]
    for row in rows:
        facts = {name: row[name] for name in TESTS}
        raw = row["p_unadjusted"]
        assert row["verdict"] == verdict(row["p_romano_wolf"], raw, **facts, rule=PLAN.rule)
        assert row["verdict_under_holm"] == verdict(row["p_holm"], raw, **facts, rule=PLAN.rule)
        assert row["p_adjusted"] == row[f"p_{PLAN.adjustment}"]
        assert row["lag_stands"] == (
            row["lag_beside_lead"] * row["estimate"] > 0 and row["lag_beside_lead_p"] < 0.10
        )
        assert row["no_pre_trend"] == (row["pre_trend_p"] >= 0.05)


def test_the_facts_are_those_of_the_checks() -> None:
    checks = table("drivers_over_time").query("cluster == 'old_region'")
    main = read_model_results().query("model_id == 'second_core'").set_index("term")
    for row in table("driver_verdicts").to_dict("records"):
        own = checks[checks["term"] == row["term"]].set_index(["check", "horizon"])
        core = own.loc[("second_core", 0)]
        assert core["estimate"] == pytest.approx(row["estimate"])
        assert core["p"] == pytest.approx(row["p_unadjusted"])
        assert main.loc[row["term"], "estimate"] == pytest.approx(row["estimate"])
        ahead = [own.loc[("local_projection", h), "p_adjusted"] for h in PLAN.horizons if h < 0]
        assert row["pre_trend_p"] == pytest.approx(min(ahead))
        lead = checks[checks["term"] == f"{row['term']}_lead1"].iloc[0]
        assert lead["estimate"] == pytest.approx(row["lead"])


def test_every_declared_check_is_there_under_both_clusters() -> None:
    checks = table("drivers_over_time")
    for _, own in checks.groupby("cluster"):
        found = {name: set(rows["horizon"]) for name, rows in own.groupby("check")}
        assert found.pop("local_projection") == set(PLAN.horizons)
        expected = {*PLAN.specs, "place_trends", *(f"interactive_{n}" for n in PLAN.factors)}
        assert set(found) == expected
        assert (own["low"] <= own["effect"]).all()
        assert (own["effect"] <= own["high"]).all()
        assert own["p"].between(0, 1).all()
    counts = checks.query("check == 'second_core'").groupby("cluster")["n_clusters"].first()
    assert counts["old_region"] < counts["region"]


def test_one_quantity_has_one_number() -> None:
    path = VALUES_FOLDER / "22_drivers_again.json"
    values = json.loads(path.read_text("utf-8"))
    older = json.loads((VALUES_FOLDER / "06_drivers.json").read_text("utf-8"))
    assert not set(values) & set(older)
    checks = table("drivers_over_time").query("cluster == 'old_region' and check == 'second_core'")
    for row in checks.to_dict("records"):
        for part in ("effect", "low", "high"):
            assert values[f"drv_{row['term']}_{part}"]["number"] == pytest.approx(row[part])


def test_old_oblasts_hold_the_regions_that_left_them() -> None:
    panel = with_old_regions(pd.read_csv(PROCESSED / "districts.csv"))
    pairs = panel[["region", "old_region"]].drop_duplicates().set_index("region")["old_region"]
    assert pairs["KZ-62"] == pairs["KZ-35"] == "KZ-35"
    assert pairs.nunique() < len(pairs)


def test_checks_stand_in_rows_and_today_s_regions_beside() -> None:
    frame = pd.DataFrame(
        {
            "check": ["second_core", "second_core", "place_trends"],
            "cluster": ["old_region", "region", "old_region"],
            "term": "x",
            "effect": [1.0, 1.0, 2.0],
            "low": [0.5, 0.25, -1.0],
            "high": [1.5, 1.75, 5.0],
        }
    )
    wide = checks_wide(frame, ["x"]).set_index("check")["x"]
    assert wide.to_dict() == {
        "second_core": (1.0, 0.5, 1.5),
        "region": (1.0, 0.25, 1.75),
        "place_trends": (2.0, -1.0, 5.0),
    }


def test_slopes_are_given_for_a_typical_change() -> None:
    drawn = random_slopes(["a", "b", "c"], [1.0, 3.0, 2.0], [0.5, 0.25, 1.0])
    found = slope_table({"x": drawn}, pd.Series({"x": -2.0})).set_index("cluster")
    assert found.loc["b", "own"] == -6.0
    assert found["mean"].unique() == pytest.approx([-2 * drawn.mean])
    assert found.loc["c", "effect"] == pytest.approx(-2 * drawn.shrunk[2])


def test_the_variance_within_is_what_the_effects_leave() -> None:
    frame = made_panel(seed=3, regions=6, places=4, years=10, missing=0.0)

    def share(outcome: pd.Series) -> float:
        return variance_within(
            make_design(
                "made", outcome, {"x0": frame["x0"]}, place=frame["place_id"],
                region=frame["region"], year=frame["year"],
            )
        )  # fmt: skip

    wide = frame.pivot(index="place_id", columns="year", values="y").to_numpy()
    left = wide - wide.mean(1, keepdims=True) - wide.mean(0, keepdims=True) + wide.mean()
    within, whole = (left**2).sum(), ((wide - wide.mean()) ** 2).sum()
    assert share(frame["y"]) == pytest.approx(within / whole)
    # Added to places and years, however large, it is no variance within.
    shifted = frame["y"] + 7 * frame["place_id"].str[-1].astype(int) + 3 * (frame["year"] % 5)
    assert share(shifted) == pytest.approx(within / ((shifted - shifted.mean()) ** 2).sum())
