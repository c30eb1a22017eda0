"""Drivers over time under the second plan: every check of a driver, one table, and the verdicts.

Rows are sizes of a typical change of the driver (see `driver_results.typical_changes`) in people
per 1,000, so that checks on different rows can be set beside one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from karaganda_vibe.findings.driver_results import (
    same_sign_share,
    survives_leaving_out,
    typical_changes,
)
from karaganda_vibe.inference.cluster import Jackknife, jackknife_linear
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.interactive_effects import jackknife_interactive, rows_with_factors
from karaganda_vibe.inference.local_projections import joint_tests, projection_spec
from karaganda_vibe.inference.multiple_testing import holm, passing_sizes, romano_wolf
from karaganda_vibe.inference.panel_design import build_design
from karaganda_vibe.inference.place_trends import rows_with_trend, trend_cross_products
from karaganda_vibe.inference.results import ModelResult, estimate
from karaganda_vibe.inference.robustness import fit as fitted
from karaganda_vibe.inference.robustness import jackknife, leave_one_out
from karaganda_vibe.inference.second_plan import SecondPlan
from karaganda_vibe.inference.slopes import RandomSlopes
from karaganda_vibe.inference.specs import ModelSpec
from karaganda_vibe.inference.verdicts import verdict
from karaganda_vibe.inference.wild_bootstrap import wild_tests

COLUMNS = (
    "check", "horizon", "term", "cluster", "estimate", "effect", "low", "high", "p", "p_adjusted",
    "n_obs", "n_places", "n_clusters",
)  # fmt: skip
LAG_LEAD, STRICT, TRIMMED = "second_lag_lead", "second_core_strict", "second_without_outliers"


@dataclass(frozen=True, eq=False)
class Level:
    """All models of the plan under one kind of cluster.

    Attributes:
        cluster: column of the panel that holds it; results: the declared models by id.
        table: a row a check, horizon and driver, columns `COLUMNS`; effect, low and high are those
            of a typical change of the driver, in people per 1,000.
        pre_trends: by driver the smallest adjusted p of a projection before it.
    """

    cluster: str
    results: dict[str, ModelResult]
    table: pd.DataFrame
    pre_trends: dict[str, float]


def with_clusters(spec: ModelSpec, column: str) -> ModelSpec:
    """The same model with the clusters (and regions of its effects) of another column."""
    return replace(spec, panel=replace(spec.panel, region=column))


def _rows(
    check: str, design: Design, spread: Jackknife, typical: pd.Series, p: Sequence[float],
    *, horizon: int = 0, adjusted: Sequence[float] | None = None, terms: Sequence[str] = (),
) -> list[dict[str, object]]:  # fmt: skip
    """A row a driver of one model; `typical` by term (a lead is measured as its driver)."""
    bounds = spread.interval()
    rows: list[dict[str, object]] = []
    for position, term in enumerate(terms or design.terms):
        change = float(typical[term.removesuffix("_lead1")])
        numbers = (spread.estimates[position], *bounds[position])
        rows.append(
            {
                "check": check,
                "horizon": horizon,
                "term": term,
                "estimate": float(numbers[0]),
                **dict(zip(("effect", "low", "high"), (float(v) * change for v in numbers),
                           strict=True)),
                "p": float(p[position]),
                "p_adjusted": np.nan if adjusted is None else float(adjusted[position]),
                "n_obs": design.n_obs,
                "n_places": len(np.unique(design.place)),
                "n_clusters": len(spread.labels),
            }
        )  # fmt: skip
    return rows


def _declared(results: Mapping[str, ModelResult], typical: pd.Series) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name, result in results.items():
        table = result.table
        rows += _rows(
            name, result.design, result.jackknife, typical, table["p_wild_region"].tolist(),
            adjusted=table["p_romano_wolf"].tolist(),
        )  # fmt: skip
    return rows


def _projections(
    plan: SecondPlan, base: ModelSpec, panel: pd.DataFrame, full: ModelResult, typical: pd.Series
) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Rows of the local projections, and by term the smallest adjusted p before the driver."""
    terms = full.design.terms
    positions = range(len(terms))
    designs = {h: build_design(projection_spec(base, h), panel) for h in plan.horizons}
    labels = list(full.design.region_labels[np.unique(full.design.region)])
    rows: list[dict[str, object]] = []
    earliest = dict.fromkeys(terms, 1.0)
    for wanted in (lambda h: h < 0, lambda h: h >= 0):
        chosen = {h: design for h, design in designs.items() if wanted(h)}
        joint = joint_tests(chosen, positions, labels, draws=base.draws, seed=base.seed)
        for horizon, design in chosen.items():
            found = [joint[horizon, position] for position in positions]
            rows += _rows(
                "local_projection", design, jackknife(fitted(design)), typical,
                [test.p_value for test, _ in found], horizon=horizon,
                adjusted=[p for _, p in found], terms=terms,
            )  # fmt: skip
            for term, (_, p) in zip(terms, found, strict=True):
                if horizon < 0:
                    earliest[term] = min(earliest[term], p)
    return rows, earliest


def _trends(design: Design, base: ModelSpec, typical: pd.Series) -> list[dict[str, object]]:
    rows_used = rows_with_trend(design)
    cross = trend_cross_products(rows_used)
    tests = wild_tests(cross, draws=base.draws, seed=base.seed, intervals=False)
    return _rows(
        "place_trends", rows_used, jackknife_linear(cross), typical,
        [test.p_value for test in tests], adjusted=romano_wolf(tests).tolist(),
    )  # fmt: skip


def _factors(design: Design, factors: int, typical: pd.Series) -> list[dict[str, object]]:
    """Factors cannot be drawn again under a null: p by the jackknife's t, adjusted by Holm."""
    rows_used = rows_with_factors(design)
    spread = jackknife_interactive(rows_used, factors)
    p = spread.p_values.tolist()
    rows = _rows(f"interactive_{factors}", rows_used, spread, typical, p, adjusted=holm(p).tolist())
    # Steps end where they hardly move: beneath the fifth digit stands where they ended.
    inexact = ("estimate", "effect", "low", "high", "p", "p_adjusted")
    return [row | {key: float(f"{row[key]:.5g}") for key in inexact} for row in rows]


def estimate_level(
    plan: SecondPlan, panel: pd.DataFrame, cluster: str, typical: pd.Series | None = None
) -> Level:
    """Every check of the plan with the clusters of one column of the panel.

    Args:
        typical: typical change by term; default: that of the base model itself.
    """
    specs = {name: with_clusters(spec, cluster) for name, spec in plan.specs.items()}
    results = {
        name: estimate(
            build_design(spec, panel), draws=spec.draws, seed=spec.seed, intervals=name == plan.base
        )
        for name, spec in specs.items()
    }
    base, full = specs[plan.base], results[plan.base]
    changes = typical_changes(full.design) if typical is None else typical
    rows = _declared(results, changes)
    projected, earliest = _projections(plan, base, panel, full, changes)
    rows += projected + _trends(full.design, base, changes)
    for factors in plan.factors:
        rows += _factors(full.design, factors, changes)
    table = pd.DataFrame(rows).assign(cluster=cluster)[list(COLUMNS)]
    return Level(cluster, results, table, earliest)


def judge_again(plan: SecondPlan, level: Level, curve: pd.DataFrame) -> pd.DataFrame:
    """The verdict on each driver by the rule of the second plan, a row a driver.

    Args:
        curve: the specification curve (see `driver_results.curve_table`).

    Returns:
        columns model_id, term, estimate, p_unadjusted (wild bootstrap), p_adjusted (the one that
        the verdict uses), p_romano_wolf, p_holm, sign_strict_same, curve_share,
        survives_leave_one_out, lag_beside_lead, lag_beside_lead_p, lag_stands, lead, lead_p,
        pre_trend_p (smallest adjusted p of a projection before the driver), no_pre_trend,
        warned (a trend ahead, or the year after told from zero at an adjusted p as well),
        smallest_passing (the least estimate that would pass the adjusted criterion), verdict,
        verdict_under_holm.
    """
    full = level.results[plan.base]

    def by_term(model: str) -> dict[str, dict[Any, Any]]:
        return {str(row["term"]): row for row in level.results[model].table.to_dict("records")}

    table, strict, both = by_term(plan.base), by_term(STRICT), by_term(LAG_LEAD)
    signs = {term: float(row["estimate"]) for term, row in table.items()}
    shares = same_sign_share(curve, signs)
    survives = survives_leaving_out(leave_one_out(full.fit, "region"))
    passing = dict(zip(full.design.terms, passing_sizes(full.tests), strict=True))
    rows = []
    for term, sign in signs.items():
        row, lag, lead = table[term], both[term], both[f"{term}_lead1"]
        tests: dict[str, Any] = {
            "sign_strict_same": bool(np.sign(strict[term]["estimate"]) == np.sign(sign)),
            "curve_share": float(shares[term]),
            "survives_leave_one_out": bool(survives[term]),
            "lag_stands": bool(
                np.sign(lag["estimate"]) == np.sign(sign)
                and lag["p_wild_region"] < plan.rule.weak_unadjusted_p
            ),
            "no_pre_trend": bool(level.pre_trends[term] >= plan.rule.placebo_adjusted_p),
        }
        adjusted = {name: float(row[f"p_{name}"]) for name in ("romano_wolf", "holm")}
        unadjusted = float(row["p_wild_region"])
        words = {
            name: verdict(p, unadjusted, **tests, rule=plan.rule) for name, p in adjusted.items()
        }
        rows.append(
            {
                "model_id": plan.base,
                "term": term,
                "estimate": float(row["estimate"]),
                "p_unadjusted": unadjusted,
                "p_adjusted": adjusted[plan.adjustment],
                "p_romano_wolf": adjusted["romano_wolf"],
                "p_holm": adjusted["holm"],
                "sign_strict_same": tests["sign_strict_same"],
                "curve_share": tests["curve_share"],
                "survives_leave_one_out": tests["survives_leave_one_out"],
                "lag_beside_lead": float(lag["estimate"]),
                "lag_beside_lead_p": float(lag["p_wild_region"]),
                "lag_stands": tests["lag_stands"],
                "lead": float(lead["estimate"]),
                "lead_p": float(lead["p_wild_region"]),
                "pre_trend_p": level.pre_trends[term],
                "no_pre_trend": tests["no_pre_trend"],
                "warned": bool(
                    not tests["no_pre_trend"]
                    or lead["p_romano_wolf"] < plan.rule.placebo_adjusted_p
                ),
                "smallest_passing": float(passing[term]),
                "verdict": words[plan.adjustment],
                "verdict_under_holm": words["holm"],
            }
        )
    return pd.DataFrame(rows)


CHECKS = (
    "second_core", "region", STRICT, TRIMMED, LAG_LEAD, "place_trends", "interactive_1",
    "interactive_2",
)  # fmt: skip


def checks_wide(over_time: pd.DataFrame, terms: Sequence[str]) -> pd.DataFrame:
    """A row a check of the drivers of the year before, a column a driver: (effect, low, high).

    `over_time`: tables of `Level`s, one below the other. "region" is the base model with today's
    regions as clusters; all other checks are those of the old oblasts. Checks not there are left
    out.
    """
    now = over_time[(over_time["check"] == CHECKS[0]) & (over_time["cluster"] == "region")]
    both = pd.concat([over_time[over_time["cluster"] == "old_region"], now.assign(check="region")])
    rows = []
    for check in CHECKS:
        own = both[both["check"] == check].set_index("term")
        if len(own):
            cells = {
                term: tuple(own.loc[term, ["effect", "low", "high"]].astype(float))
                for term in terms
            }
            rows.append({"check": check, **cells})
    return pd.DataFrame(rows)


def variance_within(design: Design) -> float:
    """Share of the outcome's whole variance that is left within places and years (0 to 1).

    A share of variation explained "within" is a share of this part only.
    """
    within = design.absorber.residuals(design.outcome)
    around = design.outcome - design.outcome.mean()
    return float((within @ within) / (around @ around))


def slope_table(slopes: Mapping[str, RandomSlopes], typical: pd.Series) -> pd.DataFrame:
    """Slopes of each cluster times the driver's typical change, own and shrunk, with intervals.

    Columns term, cluster, own, own_low, own_high, effect, low, high (shrunk), and for the whole
    driver mean, mean_low, mean_high, predicted_low, predicted_high, tau, q, q_p, i2.
    """
    rows = []
    for term, each in slopes.items():
        change = float(typical[term])
        reach = each.reach()
        whole = {
            "mean": each.mean * change,
            **dict(zip(("mean_low", "mean_high"), np.multiply(each.mean_interval(), change),
                       strict=True)),
            **dict(zip(("predicted_low", "predicted_high"),
                       np.multiply(each.prediction_interval(), change), strict=True)),
            "tau": each.tau * change,
            "q": each.q,
            "q_p": each.q_p,
            "i2": each.i2,
        }  # fmt: skip
        for at, label in enumerate(each.labels):
            own, own_se = each.own[at] * change, each.own_se[at] * change
            shrunk, shrunk_se = each.shrunk[at] * change, each.shrunk_se[at] * change
            rows.append(
                {
                    "term": term,
                    "cluster": str(label),
                    "own": own,
                    "own_low": own - reach * own_se,
                    "own_high": own + reach * own_se,
                    "effect": shrunk,
                    "low": shrunk - reach * shrunk_se,
                    "high": shrunk + reach * shrunk_se,
                    **whole,
                }
            )
    return pd.DataFrame(rows)
