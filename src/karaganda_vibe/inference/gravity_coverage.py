"""How often would each interval of the destination choice miss? Made worlds like ours.

Rows, regions, years and conditions are the real model's; the moves are made: the pair terms, size
and rank pull as estimated, the conditions do not pull at all. Around the mean stand shocks with
heavy tails (Student's t with 4 degrees of freedom, on the log scale): one that a destination keeps
over the years, one of a destination in a year, one that a pair keeps, one of each row; their
spreads are those of the real residuals. Persons are Poisson draws.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from karaganda_vibe.inference.cluster import cr1_factor, cross_products
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.linear import Fit
from karaganda_vibe.inference.wild_bootstrap import cluster_weights, score_draws
from karaganda_vibe.inference.within import FloatArray, IntArray, integer_codes
from karaganda_vibe.project.errors import ProjectError

METHODS = ("iid", "one_way", "two_way", "jackknife", "wild", "any_of_family")
HEAVY_TAIL_DF = 4
LEVEL = 0.95
MOST_ROUNDS = 60


@dataclass(frozen=True)
class Shocks:
    """Standard deviations of the shocks, log points."""

    destination: float
    destination_year: float
    pair: float
    row: float


def calibrated(fit: Fit) -> Shocks:
    """Spreads of the shocks from a fitted model's residuals log(persons / expected), zeros left
    out: by differences of variances of means (the part of a mean that its rows' own noise makes is
    taken off)."""
    design = fit.design
    used = design.outcome > 0
    left = np.log(design.outcome[used] / fit.fitted[used])
    frame = pd.DataFrame(
        {"left": left, "region": design.region[used], "pair": design.place[used],
         "cell": design.region[used] * 10_000 + design.year[used]}
    )  # fmt: skip

    def spread(values: pd.Series, by: pd.Series) -> tuple[float, pd.Series]:
        mean = values.groupby(by).transform("mean")
        count = by.map(by.value_counts())
        noise = ((values - mean) ** 2 * (count / (count - 1).clip(lower=1))).mean()
        each = pd.DataFrame({"mean": mean, "count": count, "by": by}).drop_duplicates("by")
        between = float((each["mean"] ** 2 - noise / each["count"]).mean())
        return max(between, 0.0), values - mean

    destination, rest = spread(frame["left"], frame["region"])
    destination_year, rest = spread(rest, frame["cell"])
    pair, rest = spread(rest, frame["pair"])
    return Shocks(*np.sqrt([destination, destination_year, pair, float((rest**2).mean())]))


@dataclass(frozen=True, eq=False)
class _Choice:
    """Arrays of a design with one set of effects, rows sorted by its levels."""

    regressors: FloatArray
    group: IntArray
    starts: IntArray

    def fit(self, outcome: FloatArray, keep: FloatArray, start: FloatArray) -> FloatArray:
        """(R, k) Poisson coefficients with the rows weighted by each row of `keep` (R, n).

        The effects of the levels are concentrated out (the likelihood of a multinomial choice), so
        Newton runs in the k coefficients only.
        """
        slopes = np.tile(start, (len(keep), 1))
        totals = np.add.reduceat(keep * outcome, self.starts, axis=1)
        for _ in range(MOST_ROUNDS):
            _, residual, centred, expected = self.parts(outcome, keep, totals, slopes)
            gradient = np.einsum("rn,rnk->rk", residual, centred)
            hessian = np.einsum("rnk,rnl->rkl", centred * expected[..., None], centred)
            step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
            slopes = slopes + np.clip(step, -2, 2)
            if np.abs(step).max() < 1e-8:
                return slopes
        raise ProjectError(
            f"made worlds: Newton did not settle in {MOST_ROUNDS} rounds; expected a finite "
            "maximum; look for conditions that predict zeros perfectly"
        )

    def parts(
        self, outcome: FloatArray, keep: FloatArray, totals: FloatArray, slopes: FloatArray
    ) -> tuple[FloatArray, ...]:
        """Shares, residuals (R, n), regressors less their level's mean (R, n, k), expected."""
        index = slopes @ self.regressors.T
        level = np.maximum.reduceat(index, self.starts, axis=1)
        weight = keep * np.exp(index - level[:, self.group])
        share = weight / np.add.reduceat(weight, self.starts, axis=1)[:, self.group]
        mean = np.add.reduceat(share[..., None] * self.regressors, self.starts, axis=1)
        expected = share * totals[:, self.group]
        centred = self.regressors - mean[:, self.group]
        return share, keep * outcome - expected, centred, expected


def coverage(
    fit: Fit,
    origins: IntArray,
    *,
    worlds: int = 200,
    draws: int = 999,
    seed: int = 20_261_128,
) -> pd.DataFrame:
    """Rates at which each method rejects a condition that does not pull, at 5 %.

    Args:
        fit: the real model, with one set of effects (origin by year), and a family.
        origins: (n,) codes of the origins of the design's rows.

    Returns:
        a row a method and term (and "any", over the family): worlds, rejected (share), covered
        (share of intervals that hold the truth, zero), error (Monte Carlo standard error), and the
        spreads of the shocks.
    """
    design = fit.design
    if len(design.effects) != 1:
        raise ProjectError(
            f"made worlds of model {design.model_id}: {len(design.effects)} sets of effects; "
            "expected one (origin by year)"
        )
    order = np.argsort(design.effects[0], kind="stable")
    design, origins = design.rows(np.ones(design.n_obs, bool)), origins[order]
    design = _ordered(design, order)
    group = design.effects[0]
    choice = _Choice(design.regressors, group, np.flatnonzero(np.diff(group, prepend=-1)))
    shocks = calibrated(fit)
    slopes = np.asarray(fit.estimates).copy()
    slopes[list(design.family)] = 0.0
    observed = np.add.reduceat(design.outcome, choice.starts)
    weights = cluster_weights(len(design.cluster("region")[1]), draws, seed)
    generator = np.random.default_rng(seed)
    found = [
        _one_world(design, choice, origins, slopes, observed, shocks, weights, generator)
        for _ in range(worlds)
    ]
    rejected = np.stack(found)  # (worlds, methods, family)
    table = []
    for number, method in enumerate(METHODS):
        for place, position in enumerate(design.family):
            if method == "any_of_family" and place:
                continue
            rate = float(rejected[:, number, place].mean())
            term = "any" if method == "any_of_family" else design.terms[position]
            error = float(np.sqrt(max(rate * (1 - rate), 0.25 / worlds) / worlds))
            table.append((method, term, worlds, rate, 1 - rate, error))
    columns = ["method", "term", "worlds", "rejected", "covered", "error"]
    frame = pd.DataFrame(table, columns=columns)
    return frame.assign(
        sd_destination=shocks.destination,
        sd_destination_year=shocks.destination_year,
        sd_pair=shocks.pair,
        sd_row=shocks.row,
    )


def _ordered(design: Design, order: IntArray) -> Design:
    return replace(
        design,
        outcome=design.outcome[order],
        regressors=design.regressors[order],
        effects=tuple(codes[order] for codes in design.effects),
        place=design.place[order],
        region=design.region[order],
        year=design.year[order],
    )


def made_moves(
    design: Design,
    slopes: FloatArray,
    totals: FloatArray,
    shocks: Shocks,
    generator: np.random.Generator,
) -> FloatArray:
    """(n,) made persons: level totals of the real moves, shares by `slopes` and the shocks."""
    group = design.effects[0]
    cells = integer_codes(design.region * 10_000 + design.year)[0]
    size = np.sqrt((HEAVY_TAIL_DF - 2) / HEAVY_TAIL_DF)

    def shock(codes: IntArray, spread: float) -> FloatArray:
        drawn = generator.standard_t(HEAVY_TAIL_DF, int(codes.max()) + 1)
        return (spread * size * drawn)[codes]

    index = design.regressors @ slopes
    index = index - index.mean()
    index += shock(design.region, shocks.destination) + shock(cells, shocks.destination_year)
    index += shock(design.place, shocks.pair)
    index += shock(np.arange(design.n_obs), shocks.row)
    weight = np.exp(np.clip(index, -30, 30))
    share = weight / np.bincount(group, weights=weight)[group]
    return generator.poisson(share * totals[group]).astype(float)


def _one_world(
    design: Design,
    choice: _Choice,
    origins: IntArray,
    slopes: FloatArray,
    totals: FloatArray,
    shocks: Shocks,
    flips: FloatArray,
    generator: np.random.Generator,
) -> FloatArray:
    """(methods, family) whether each method rejects "does not pull" in one made world."""
    outcome = made_moves(design, slopes, totals, shocks, generator)
    region, labels = design.cluster("region")
    groups = len(labels)
    family = list(design.family)
    everything = np.ones((1, design.n_obs))
    full = choice.fit(outcome, everything, slopes)[0]
    sums = np.add.reduceat(outcome, choice.starts)
    _, residual, centred, expected = choice.parts(outcome, everything, sums[None], full[None])
    residual, centred, expected = residual[0], centred[0], expected[0]
    bread = np.linalg.inv((centred * expected[:, None]).T @ centred)
    scores = centred * residual[:, None]

    def covariance(codes: IntArray) -> FloatArray:
        compact, names = integer_codes(codes)
        summed = np.stack(
            [np.bincount(compact, weights=column, minlength=len(names)) for column in scores.T], 1
        )
        return cr1_factor(design, compact, len(names)) * bread @ (summed.T @ summed) @ bread

    one = covariance(region)
    two = one + covariance(origins) - covariance(design.place)
    keep = (region[None, :] != np.arange(groups)[:, None]).astype(float)
    without = choice.fit(outcome, keep, full)
    left = ((groups - 1) / groups * ((without - full) ** 2).sum(axis=0))[family]
    critical = stats.t.ppf((1 + LEVEL) / 2, groups - 1)
    size = np.abs(full[family])
    spreads = {
        "iid": (np.sqrt(np.diag(bread)[family]), stats.norm.ppf((1 + LEVEL) / 2)),
        "one_way": (np.sqrt(np.diag(one)[family]), critical),
        "two_way": (np.sqrt(np.diag(two).clip(min=0)[family]), critical),
        "jackknife": (np.sqrt(left), critical),
    }
    rows = [size > reach * spread for spread, reach in spreads.values()]
    observed = size / spreads["one_way"][0]
    shrink = 1 / np.sqrt(cr1_factor(design, region, groups))
    t_draws = []
    for position in family:
        others = [index for index in range(len(full)) if index != position]
        smaller = _Choice(choice.regressors[:, others], choice.group, choice.starts)
        null = smaller.fit(outcome, everything, full[others])
        _, gap, _, mean = smaller.parts(outcome, everything, sums[None], null)
        cross = cross_products(design, "region", outcome=gap[0] / mean[0], weights=mean[0])
        t_draws.append(np.abs(shrink * score_draws(cross, position, flips)))
    draws = np.stack(t_draws)
    extreme = (draws >= observed[:, None] * (1 - 1e-10)).sum(axis=1)
    rows.append((1 + extreme) / (draws.shape[1] + 1) < 1 - LEVEL)
    joint = (draws.max(axis=0) >= observed.max() * (1 - 1e-10)).sum()
    rows.append(np.full(len(family), (1 + joint) / (draws.shape[1] + 1) < 1 - LEVEL))
    return np.stack(rows)
