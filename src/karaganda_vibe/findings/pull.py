"""What pulls: verdicts on conditions, one region's moves taken apart, and what a change goes with.

The region asked about is a parameter everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd

from karaganda_vibe.findings.answers import interval_text
from karaganda_vibe.inference.gravity import GravityResult
from karaganda_vibe.inference.gravity_file import GravityPlan, Scenario
from karaganda_vibe.inference.moves_algebra import (
    attraction_of_condition,
    attraction_of_nearness,
    balances,
    changed_moves,
    jackknifed,
)
from karaganda_vibe.inference.verdicts import condition_verdict
from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.words.languages import format_number

# Parts of a gap between two destinations; what a part does not name is the rest.
PARTS: dict[str, tuple[str, ...]] = {
    "nearness": ("log_distance", "border", "former_common_region"),
    "size_and_rank": ("size", "rank"),
    "wage": ("wage",),
    "housing": ("housing_price_over_wage", "floor_space_per_person"),
    "rest": ("unemployment",),
}
# The change of a condition in which its size is told: a tenth more, or a tenth of a percentage
# point (regions' unemployment rates of a year differ by a few tenths).
TENTH_MORE = float(np.log(1.1))
TENTH_OF_A_POINT = 0.1


def step_of(term: str, plan: GravityPlan, model: str) -> float:
    """The told change of a condition, in units of the term."""
    found = {v.term: v.transform for v in plan.model(model).conditions}
    return TENTH_MORE if "log" in found[term] else TENTH_OF_A_POINT


def percent(points: float) -> float:
    """Percent by which a flow changes for so many log points."""
    return float(100 * np.expm1(points))


def verdict_table(
    table: pd.DataFrame, further: pd.DataFrame, plan: GravityPlan, names: Mapping[str, str]
) -> pd.DataFrame:
    """The word of each condition of a destination, by the rule of the second plan.

    Args:
        table: all models' rows, from `gravity.result_table`; further: from
            `gravity.further_family`.
        names: ids of the models "main", "log" and "within".

    Returns:
        a row a condition: family (main, further), model, term, effect, low, high (percent of the
        flow for the told change), p, p_old_oblasts, p_holm, p_romano_wolf, smallest_firm (percent),
        the three signs, verdict. The second family has no models of logs and within destinations of
        its own: those tests count as not passed there.
    """
    rows, second = _by_model_and_term(table), _by_model_and_term(further)
    judged = [("main", names["main"], term) for term in plan.model(names["main"]).family]
    judged += [("further", model, term) for model, term in second]
    result = []
    for family, model, term in judged:
        row = rows[model, term]
        adjusted = row if family == "main" else second[model, term]
        step = step_of(term, plan, model)
        signs = {
            kind: (names[kind], term) in rows
            and bool(np.sign(rows[names[kind], term]["estimate"]) == np.sign(row["estimate"]))
            for kind in ("log", "within")
        }
        result.append(
            {
                "family": family,
                "model": model,
                "term": term,
                "effect": percent(step * row["estimate"]),
                "low": percent(step * row["low"]),
                "high": percent(step * row["high"]),
                "p": row["p"],
                "p_old_oblasts": row["p_old_oblasts"],
                "p_holm": adjusted["p_holm"],
                "p_romano_wolf": adjusted["p_romano_wolf"],
                "smallest_firm": percent(step * adjusted["smallest_firm"]),
                "same_sign_without_any_one": bool(row["same_sign_without_any_one"]),
                "same_sign_in_logs": signs["log"],
                "same_sign_within": signs["within"],
                "verdict": condition_verdict(
                    float(adjusted["p_romano_wolf"]),
                    float(row["p"]),
                    bool(row["same_sign_without_any_one"]),
                    signs["log"],
                    signs["within"],
                ),
            }
        )
    return pd.DataFrame(result)


def _by_model_and_term(table: pd.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {str(key): value for key, value in row.items()} for row in table.to_dict("records")
    ]
    return {(str(row["model"]), str(row["term"])): row for row in rows}


def mirrored(table: pd.DataFrame, main: str, push: str, family: Sequence[str]) -> list[str]:
    """Conditions with the opposite sign at the origin, as a choice by conditions would have."""
    rows = _by_model_and_term(table)
    return [t for t in family if rows[main, t]["estimate"] * rows[push, t]["estimate"] < 0]


def last_complete_year(result: GravityResult, regions: int) -> int:
    """The last year in which every one of so many regions is in the model as a destination."""
    counts = result.rows.groupby("year")["destination"].nunique()
    return int(counts[counts == regions].index.max())


def shapley_of_product(base: float, points: Mapping[str, float]) -> dict[str, float]:
    """What each factor adds to `base` times the product of the factors, over all orders.

    Args:
        points: logarithm of each factor. The parts add up to the product less the base.
    """
    names = list(points)
    result = dict.fromkeys(names, 0.0)
    for name in names:
        others = [other for other in names if other != name]
        for size in range(len(names)):
            weight = factorial(size) * factorial(len(names) - size - 1) / factorial(len(names))
            for chosen in combinations(others, size):
                before = base * np.exp(sum(points[other] for other in chosen))
                result[name] += weight * before * np.expm1(points[name])
    return result


def taken_apart(
    result: GravityResult,
    origin: str,
    year: int,
    destinations: Sequence[str],
    parts: Mapping[str, Sequence[str]] = PARTS,
) -> pd.DataFrame:
    """Moves from `origin` to each destination against a destination like the mean, by parts.

    The destination like the mean has the mean of every term over the origin's destinations of the
    year. The rest holds the terms of "rest" and what the model does not explain.

    Returns:
        columns destination, part (with "gap", the sum), persons, low, high (each destination of
        the model left out once), moves, like_mean.
    """
    rows = result.rows
    chosen = ((rows["origin"] == origin) & (rows["year"] == year)).to_numpy()
    terms = list(result.terms)
    values = result.fit.design.regressors[chosen]
    persons = rows.loc[chosen, "persons"].to_numpy(float)
    names = list(rows.loc[chosen, "destination"])
    found = []
    for destination in destinations:
        place = names.index(destination)

        def split(slope: FloatArray, place: int = place) -> tuple[dict[str, float], float]:
            weights = np.exp((values - values.mean(axis=0)) @ slope)
            base = persons.sum() / weights.sum()
            away = (values[place] - values.mean(axis=0)) * slope
            points = {
                part: float(sum(away[terms.index(term)] for term in held if term in terms))
                for part, held in parts.items()
            }
            explained = float(away.sum())
            points["rest"] += float(np.log(persons[place] / base)) - explained
            return shapley_of_product(base, points), float(base)

        at, base = split(result.fit.estimates)
        without = [split(slope) for slope in result.jackknife.without]
        for part in [*parts, "gap"]:
            value = sum(at.values()) if part == "gap" else at[part]
            left = [sum(w.values()) if part == "gap" else w[part] for w, _ in without]
            change = jackknifed(value, np.array(left))
            found.append(
                {
                    "destination": destination,
                    "part": part,
                    "persons": change.value,
                    "low": change.low,
                    "high": change.high,
                    "moves": float(persons[place]),
                    "like_mean": base,
                }
            )
    return pd.DataFrame(found)


def what_if(
    scenario: Scenario, result: GravityResult, people: pd.DataFrame, region: str
) -> pd.DataFrame:
    """What a declared change of `region` would go with, in persons a year.

    Args:
        people: (N, N) people of the last full year, from `moves_algebra.people_matrix`.

    Returns:
        a row each for arrivals, departures and balance: scenario, region, term, factor, other (the
        largest destination, for a changed distance), current, changed, least, most (the support:
        the term's values in the model's years, in its own units), status ("computed", "refused",
        "no value"), value, low, high (nan unless computed).
    """
    names = list(people.index)
    place = names.index(region)
    numbers = people.to_numpy()
    away = people.loc[region].drop(region)
    other = str(away.idxmax()) if scenario.of_pair else ""
    rows = result.rows
    held = rows[scenario.term].to_numpy(float)
    own = rows["destination"] == region
    if scenario.of_pair:
        own = (rows["origin"] == region) & (rows["destination"] == other)
    shift = float(np.log(scenario.factor))
    latest = rows[own & (rows["year"] == rows["year"].max())]
    current = float(latest[scenario.term].iloc[0]) if len(latest) else float("nan")
    status = "computed"
    if np.isnan(current):
        status = "no value"
    elif not held.min() <= current + shift <= held.max():
        status = "refused"
    position = result.terms.index(scenario.term)

    def effect(slope: float) -> FloatArray:
        if scenario.of_pair:
            attraction = attraction_of_nearness(
                len(names), place, names.index(other), slope * shift
            )
        else:
            attraction = attraction_of_condition(len(names), place, slope * shift)
        return balances(changed_moves(numbers, attraction), place) - balances(numbers, place)

    at = effect(float(result.fit.estimates[position]))
    without = np.stack([effect(float(slopes[position])) for slopes in result.jackknife.without])
    table = []
    for number, part in enumerate(("arrivals", "departures", "balance")):
        change = jackknifed(float(at[number]), without[:, number])
        shown = status == "computed"
        table.append(
            {
                "scenario": scenario.id,
                "region": region,
                "model": scenario.model,
                "term": scenario.term,
                "factor": scenario.factor,
                "other": other,
                "current": float(np.exp(current)),
                "changed": float(np.exp(current + shift)),
                "least": float(np.exp(held.min())),
                "most": float(np.exp(held.max())),
                "status": status,
                "part": part,
                "value": change.value if shown else np.nan,
                "low": change.low if shown else np.nan,
                "high": change.high if shown else np.nan,
            }
        )
    return pd.DataFrame(table)


def away_from_zero(row: Mapping[str, float] | pd.Series) -> bool:
    """Whether the interval low … high leaves zero out."""
    return bool(row["low"] > 0 or row["high"] < 0)


def interval_words(
    row: Mapping[str, float] | pd.Series, kind: str, language: str, to: str, value: str = "effect"
) -> str:
    """A number with its interval, "+16% (−15 to +59)"."""
    return interval_text(
        float(row[value]), float(row["low"]), float(row["high"]), kind, language, to
    )


def starred(row: Mapping[str, float] | pd.Series, kind: str, language: str) -> str:
    """The number of persons in `row`, with a star if its interval leaves out zero: "+1,806*"."""
    star = "*" if away_from_zero(row) else ""
    return f"{format_number(float(row['persons']), kind, language)}{star}"


def population_at_start(panel: pd.DataFrame, year: int) -> pd.Series:
    """People at the start of `year` by region, on the borders of the year."""
    rows = panel[(panel["year"] == year) & panel["population_start_of_year"].notna()]
    rows = rows.sort_values(["region", "borders"], kind="stable").drop_duplicates("region")
    return rows.set_index("region")["population_start_of_year"]


def sample_table(results: Sequence[GravityResult]) -> pd.DataFrame:
    """The exact rows of some models, under plain names: model, origin, destination, year,
    origin_year, destination_year, persons, their terms (nan where a model has not the term)."""
    parts = []
    for result in results:
        rows = result.rows
        part = rows[["origin", "destination", "year"]].assign(
            origin_year=rows["origin"] + " " + rows["year"].astype(str),
            destination_year=rows["destination"] + " " + rows["year"].astype(str),
            persons=rows["persons"],
        )
        part.insert(0, "model", result.model.id)
        parts.append(pd.concat([part, rows[list(result.terms)]], axis=1))
    return pd.concat(parts, ignore_index=True)
