"""Within and between a place: Mundlak's columns, means of places, shares of their differences.

Years differ in level (wages grow for all), and places are not published for the same years. Given
the years, a value counts from its year's mean over the places of the sample before it is averaged
by place; a place that is published in late years only does not look rich for that. In a balanced
panel this changes nothing.

Sources: Mundlak (1978), "On the pooling of time series and cross section data"; Bell and Jones
(2015), "Explaining fixed effects"; Wooldridge (2021), "Two-way fixed effects, the two-way Mundlak
regression". Shares: Shapley (1953) over groups; Owen (1977) inside them.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import pandas as pd
from scipy import stats

from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.errors import ProjectError

BETWEEN, WITHIN = "_between", "_within"
# A column that moves less than this share of its spread within every place does not change there.
UNCHANGING = 1e-9


def within_and_between(
    columns: Mapping[str, FloatArray],
    place: pd.Series,
    year: pd.Series | None,
    perhaps_unchanging: Sequence[str] = (),
) -> dict[str, FloatArray]:
    """Each column split: <name>_within and <name>_between.

    Args:
        columns: name → (n,) values; place, year: (n,) labels; year None: values count from zero,
            not from their year's mean.
        perhaps_unchanging: names that have no within part if they never change in any place.

    Returns:
        name → (n,): between is the place's mean of the values less their year's mean, within the
        value less that.
    """
    split: dict[str, FloatArray] = {}
    for name, values in columns.items():
        series = pd.Series(np.asarray(values, dtype=float), index=place.index)
        deviation = series - series.groupby(place).transform("mean")
        if name in perhaps_unchanging and (deviation.abs() <= UNCHANGING * series.std()).all():
            split[name + BETWEEN] = series.to_numpy()
            continue
        level = series if year is None else series - series.groupby(year).transform("mean")
        mean = level.groupby(place).transform("mean")
        split[name + WITHIN] = (series - mean).to_numpy()
        split[name + BETWEEN] = mean.to_numpy()
    return split


def place_means(design: Design) -> pd.DataFrame:
    """What the between terms compare, one row a place.

    Index place_id; columns region, years (rows of the place), outcome (mean of the outcome less
    its year's mean over places, plus the mean of all rows, so that a level is read), then each
    between term without its ending.
    """
    terms = [term for term in design.terms if term.endswith(BETWEEN)]
    if not terms:
        raise ProjectError(
            f"model {design.model_id}: no term compares places; expected `effects: within_between`"
        )
    outcome = pd.Series(design.outcome)
    level = outcome - outcome.groupby(design.year).transform("mean") + outcome.mean()
    rows = pd.DataFrame(
        {
            "place_id": np.asarray(design.place_labels)[design.place],
            "region": np.asarray(design.region_labels)[design.region],
            "years": 1,
            "outcome": level,
            **{
                term.removesuffix(BETWEEN): design.regressors[:, design.terms.index(term)]
                for term in terms
            },
        }
    )
    grouped = rows.groupby("place_id")
    means = grouped.mean(numeric_only=True).drop(columns="years")
    means.insert(0, "region", grouped["region"].first())
    means.insert(1, "years", grouped["years"].sum())
    return means


def within_share(design: Design) -> float:
    """Share of the outcome's variance over all rows that lies within places, 0 to 1.

    The rest lies between the means of places. Years are not taken out first.
    """
    outcome = pd.Series(design.outcome)
    inside = outcome - outcome.groupby(design.place).transform("mean")
    return float((inside**2).sum() / ((outcome - outcome.mean()) ** 2).sum())


@dataclass(frozen=True, eq=False)
class BetweenShares:
    """Shares of the differences between places.

    Attributes:
        table: name (a group, "rest", or a term), part ("group", "rest", "term"), group, share,
            low, high: shares of the weighted variance of the places' means; groups and rest add
            up to one, terms to their group.
        places, clusters: how many.
    """

    table: pd.DataFrame
    places: int
    clusters: int


def between_shares(
    means: pd.DataFrame, groups: Mapping[str, Sequence[str]], level: float = 0.95
) -> BetweenShares:
    """What share of the differences between places goes with each group of terms.

    A place weighs as many times as it has years, as in the pooled model. A group's share is the
    rise in R2 on adding it, averaged over the orders of the groups (Shapley); a term's the same
    over the orders that keep groups together (Owen), so that terms add up to their group.
    Intervals leave out one cluster at a time (t, clusters less one), cut at 0 and 1.

    Args:
        means: from `place_means`; groups: name → terms, each term once.

    Raises:
        ProjectError: a group names a term that the model does not have, or misses one of it.
    """
    terms = [term for group in groups.values() for term in group]
    known = [name for name in means.columns if name not in {"region", "years", "outcome"}]
    for term in terms:
        if term not in known or terms.count(term) > 1:
            raise ProjectError(
                f"shares between places: the groups name {term!r}; expected each of "
                f"{', '.join(known)} once; correct the groups"
            )
    clusters = sorted(means["region"].unique())
    shares = _shares(means, groups)
    without = np.array([_shares(means[means["region"] != code], groups) for code in clusters])
    count = len(clusters)
    error = np.sqrt((count - 1) / count * ((without - shares) ** 2).sum(axis=0))
    reach = stats.t.ppf((1 + level) / 2, count - 1) * error
    names = [("group", name, name) for name in groups] + [("rest", "rest", "rest")]
    names += [("term", name, term) for name, group in groups.items() for term in group]
    table = pd.DataFrame(
        {
            "name": [name for _, _, name in names],
            "part": [part for part, _, _ in names],
            "group": [group for _, group, _ in names],
            "share": shares,
            "low": (shares - reach).clip(0, 1),
            "high": (shares + reach).clip(0, 1),
        }
    )
    return BetweenShares(table, len(means), count)


def centred(values: FloatArray, weight: FloatArray) -> FloatArray:
    """(P, m) columns less their weighted mean, times the root of the weights."""
    return (values - weight @ values / weight.sum()) * np.sqrt(weight)[:, None]


def _shares(means: pd.DataFrame, groups: Mapping[str, Sequence[str]]) -> FloatArray:
    """Shares of groups, of the rest, and of the terms in the order of the groups."""
    terms = [term for group in groups.values() for term in group]
    weight = means["years"].to_numpy(float)
    values = means[[*terms, "outcome"]].to_numpy(float)
    values = centred(values, weight)
    products = values.T @ values
    return shares_of_products(products[:-1, :-1], products[:-1, -1:], products[-1:, -1], groups)[
        :, 0
    ]


def shares_of_products(
    products: FloatArray,
    right: FloatArray,
    total: FloatArray,
    groups: Mapping[str, Sequence[str]],
) -> FloatArray:
    """Shares from weighted cross products, for S outcomes at once.

    Args:
        products: (k, k) of the terms in the order of the groups; right: (k, S) of terms and
            outcomes; total: (S,) sums of squares of the outcomes.

    Returns:
        (groups + 1 + k, S): groups, the rest, the terms in the order of the groups.
    """
    terms = [term for group in groups.values() for term in group]
    position = {term: index for index, term in enumerate(terms)}
    explained = {frozenset[str](): np.zeros(len(total))}

    def r2(chosen: frozenset[str]) -> FloatArray:
        if chosen not in explained:
            at = sorted(position[term] for term in chosen)
            sides = right[at]
            slope = np.linalg.lstsq(products[np.ix_(at, at)], sides, rcond=None)[0]
            explained[chosen] = (slope * sides).sum(axis=0) / total
        return explained[chosen]

    by_term: dict[str, FloatArray] = {}
    for name, group in groups.items():
        others = [frozenset(rest) for other, rest in groups.items() if other != name]
        for term in group:
            beside = [other for other in group if other != term]
            steps = [
                (r2(base | {term}) - r2(base))
                / (comb(len(others), k) * (len(others) + 1))
                / (comb(len(beside), j) * len(group))
                for k in range(len(others) + 1)
                for before in itertools.combinations(others, k)
                for j in range(len(beside) + 1)
                for own in itertools.combinations(beside, j)
                for base in [frozenset(own).union(*before)]
            ]
            by_term[term] = np.sum(steps, axis=0)
    by_group = [np.sum([by_term[term] for term in group], axis=0) for group in groups.values()]
    return np.stack([*by_group, 1 - np.sum(by_group, axis=0), *by_term.values()])
