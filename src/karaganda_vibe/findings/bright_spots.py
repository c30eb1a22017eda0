"""Places that lose less, or gain more, than places of their size, distance, births and wage.

Expected and actual rates are averages over the years of a period, each year counted from the mean
of all places in it. Everything is association: a bright spot is a place to look at, no proof that
anybody did something right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from karaganda_vibe.inference.between_plan import BetweenPlan
from karaganda_vibe.inference.panel_design import build_design
from karaganda_vibe.inference.shrinkage import RankBands, Shrunk, rank_bands, shrink, yearly_means
from karaganda_vibe.inference.specs import ModelSpec
from karaganda_vibe.inference.within_between import place_means
from karaganda_vibe.project.errors import ProjectError

# Nine of ten averages of places like it lie inside the band around an expectation.
BAND = 0.90
BAND_MULTIPLE = 1.6448536269514722  # standard normal quantile at (1 + BAND) / 2


@dataclass(frozen=True, eq=False)
class Period:
    """Actual and expected rates of one period.

    Attributes:
        places: index place_id; region (the old oblast), years, actual, expected, low, high,
            residual, shrunk (see `Shrunk`).
        shrunk: the fit; correlation: of a place's year with its year before.
        draws: (B, n) of the places' own parts, in the order of `places`.
    """

    places: pd.DataFrame
    shrunk: Shrunk
    correlation: float
    draws: np.ndarray


def period_expectations(
    plan: BetweenPlan, panel: pd.DataFrame, years: tuple[int, int], seed: int
) -> Period:
    """Every place's average rate of the years beside what its conditions let one expect.

    The headline's sample and variables, its drivers and controls cut down to the plan's
    `expected_from`; places with fewer years than `shrinkage.FEWEST_YEARS` are left out.
    """
    spec = plan.headline
    wanted = set(plan.expected_from)
    design = build_design(
        replace(
            spec,
            id=f"expected_{years[0]}_{years[1]}",
            drivers=tuple(v for v in spec.drivers if v.term in wanted),
            controls=tuple(v for v in spec.controls if v.term in wanted),
            sample=replace(spec.sample, years=years),
        ),
        panel,
        from_year_means=True,
    )
    place = pd.Series(np.asarray(design.place_labels)[design.place])
    means, correlation = yearly_means(pd.Series(design.outcome), place, pd.Series(design.year))
    conditions = place_means(design).loc[means.index]
    fit = shrink(
        means["mean"].to_numpy(),
        means["error_variance"].to_numpy(),
        conditions[list(plan.expected_from)].to_numpy(),
    )
    reach = fit.reach(BAND_MULTIPLE)
    places = pd.DataFrame(
        {
            "region": conditions["region"],
            "years": means["years"],
            "actual": means["mean"],
            "expected": fit.expected,
            "low": fit.expected - reach,
            "high": fit.expected + reach,
            "residual": fit.residual,
            "shrunk": fit.shrunk,
        }
    )
    return Period(places, fit, correlation, fit.draws(spec.draws, seed))


def place_expectations(plan: BetweenPlan, early: Period, late: Period) -> pd.DataFrame:
    """The table place_expectations.csv: the later years, checked on the earlier ones.

    Returns: one row a place, highest shrunk residual first: place_id, years, actual, expected,
    low, high (per 1,000 people a year), shrunk_residual, rank (1 = most above expectation),
    rank_low, rank_high, places, best_probability, early_residual (shrunk, missing where the early
    years are not published), bright, and rate_rank, rate_rank_low, rate_rank_high: ranks of the
    rate itself, shrunk towards the mean of all places.
    """
    bands = rank_bands(late.shrunk.shrunk, late.draws, plan.best_share, BAND)
    rates = _rates(late, plan)
    table = late.places.assign(
        rank=bands.rank,
        rank_low=bands.low,
        rank_high=bands.high,
        places=len(late.places),
        best_probability=bands.best,
        early_residual=early.places["shrunk"].reindex(late.places.index),
        rate_rank=rates.rank,
        rate_rank_low=rates.low,
        rate_rank_high=rates.high,
    )
    table["bright"] = (table["best_probability"] >= plan.probability) & (
        table["early_residual"] > 0
    )
    table = table.rename(columns={"shrunk": "shrunk_residual"})
    columns = [
        "years", "actual", "expected", "low", "high", "shrunk_residual", "rank", "rank_low",
        "rank_high", "places", "best_probability", "early_residual", "bright", "rate_rank",
        "rate_rank_low", "rate_rank_high",
    ]  # fmt: skip
    return table.sort_values("rank", kind="stable")[columns].rename_axis("place_id").reset_index()


def _rates(period: Period, plan: BetweenPlan) -> RankBands:
    """Bands of the ranks of the rates themselves."""
    fit = shrink(period.places["actual"].to_numpy(), period.shrunk.error_variance)
    draws = fit.draws(plan.headline.draws, plan.headline.seed)
    # The line is the same constant for all in a draw, so it moves no rank.
    return rank_bands(fit.shrunk, draws, plan.best_share, BAND)


def clearly(expected: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Places whose whole band of ranks lies in the better half, and in the worse one; by rank."""
    ordered = expected.sort_values("rank", kind="stable")
    middle = (ordered["places"] + 1) / 2
    above = ordered.loc[ordered["rank_high"] < middle, "place_id"]
    below = ordered.loc[ordered["rank_low"] > middle, "place_id"]
    return above.tolist(), below.tolist()


def without_term(plan: BetweenPlan, term: str) -> tuple[ModelSpec, dict[str, tuple[str, ...]]]:
    """The headline model and the plan's groups without one term, which is not published everywhere.

    Raises:
        ProjectError: the headline has no such term.
    """
    spec = plan.headline
    if term not in {variable.term for variable in (*spec.drivers, *spec.controls)}:
        raise ProjectError(f"model {spec.id} has no term {term!r}; name one of its terms")
    drivers, controls = (
        tuple(variable for variable in variables if variable.term != term)
        for variables in (spec.drivers, spec.controls)
    )
    cut = replace(spec, id=f"{spec.id}_without_{term}", drivers=drivers, controls=controls)
    groups = {
        name: tuple(other for other in terms if other != term)
        for name, terms in plan.groups.items()
    }
    return cut, groups


def early_late_correlation(early: Period, late: Period) -> tuple[float, int]:
    """Correlation of the places' residuals, not shrunk, of both periods; how many have both."""
    both = (
        early.places["residual"]
        .rename("early")
        .to_frame()
        .join(late.places["residual"].rename("late"), how="inner")
    )
    return float(both["early"].corr(both["late"])), len(both)


def compared_conditions(
    panel: pd.DataFrame,
    bright: Sequence[str],
    others: Sequence[str],
    columns: Mapping[str, str],
    years: tuple[int, int],
) -> pd.DataFrame:
    """Medians of published conditions of bright places and of all others.

    Args:
        panel: districts with mean_population and is_city; columns: name → column, with the form
            after a colon: "wage:relative" (percent of the year's median of all places),
            "crimes:per_1000", "is_city:published".
        years: first and last; a place's own figure is its mean over them.

    Returns:
        condition, bright, others (medians over places), bright_places, other_places (that publish
        it), share_above: of bright places above the others' median.
    """
    rows = panel[panel["year"].between(*years)]
    chosen = rows[rows["place_id"].isin([*bright, *others])]
    table = []
    for name, text in columns.items():
        column, _, form = text.partition(":")
        if column not in rows or form not in {"relative", "per_1000", "published"}:
            raise ProjectError(
                f"conditions of bright places: {name} is {text!r}; expected a column of the panel "
                "and relative, per_1000 or published; correct it"
            )
        values = rows[column]
        if form == "relative":
            values = 100 * values / values.groupby(rows["year"]).transform("median")
        elif form == "per_1000":
            values = 1000 * values / rows["mean_population"]
        own = values.loc[chosen.index].groupby(chosen["place_id"]).mean().dropna()
        inside, outside = own[own.index.isin(bright)], own[own.index.isin(others)]
        table.append(
            {
                "condition": name,
                "bright": inside.median(),
                "others": outside.median(),
                "bright_places": len(inside),
                "other_places": len(outside),
                "share_above": float((inside > outside.median()).mean()),
            }
        )
    return pd.DataFrame(table)


def rank_moves(panel: pd.DataFrame) -> pd.DataFrame:
    """How far ranks of one year's net migration rate move to the next year.

    Args: panel: place_id, year, net_migration, mean_population, kind; city districts left out.

    Returns: year (the later one), places (that have both years, ranked among themselves), moved
    (mean absolute change of rank).
    """
    rows = panel[panel["kind"] != "city_district"]
    rates = (
        (rows["net_migration"] / rows["mean_population"])
        .groupby([rows["year"], rows["place_id"]])
        .first()
        .unstack("year")
    )
    table = []
    for before, now in pairwise(int(year) for year in rates.columns):
        both = rates[[before, now]].dropna()
        if now != before + 1 or both.empty:
            continue
        ranks = both.rank(ascending=False)
        moved = float((ranks[now] - ranks[before]).abs().mean())
        table.append({"year": now, "places": len(both), "moved": moved})
    return pd.DataFrame(table)
