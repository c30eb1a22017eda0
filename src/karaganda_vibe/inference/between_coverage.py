"""How often do the tests and intervals between places miss? Made worlds like ours.

Places, years and conditions are the real model's; only the outcome is made. Its noise has four
parts, each with heavy tails (Student's t with 4 degrees of freedom): one that a cluster keeps over
the years, one that it has in a year (both shared by its places), one that a place keeps, one of a
row. Their variances are those of the real residuals, by the method of moments of Rao (1972,
"Estimation of variance and covariance components", the simplest MINQUE): sums of squares of the
residuals' totals are set equal to what the four parts leave in the residuals of this design.

For the tests no condition has any effect; for the shares all have the estimated ones, and the true
share follows from the expected cross products, nothing drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import optimize, sparse, stats

from karaganda_vibe.inference.cluster import PSEUDO_INVERSE_TOLERANCE, cross_products
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.linear import Fit
from karaganda_vibe.inference.wild_bootstrap import cluster_weights
from karaganda_vibe.inference.within import FloatArray, IntArray, indicator, integer_codes
from karaganda_vibe.inference.within_between import (
    BETWEEN,
    centred,
    place_means,
    shares_of_products,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.rounding import round_table

HEAVY_TAIL_DF = 4
LEVEL = 0.95
ROUNDING = 1e-10
BATCH = 100  # made outcomes whose cross products are held at once
# Worlds: the noise as estimated, and a harder one, since few clusters say little of what they keep:
# half of the variance that places keep is then shared by all places of their cluster.
WORLDS = {"as_estimated": 0.0, "half_shared": 0.5}
COLUMNS = ["world", "part", "name", "worlds", "missed", "error", "truth", "mean_found"]


@dataclass(frozen=True)
class Noise:
    """Standard deviations of the four parts of the noise, in the outcome's units."""

    region: float
    region_year: float
    place: float
    row: float

    @property
    def each(self) -> tuple[float, float, float, float]:
        """The four, in the order of `_levels`."""
        return self.region, self.region_year, self.place, self.row


def _levels(design: Design) -> tuple[IntArray, ...]:
    """(n,) level of each row in each part of the noise: region, region and year, place, row."""
    region, _ = design.cluster("region")
    cell, _ = integer_codes(region * 10_000 + design.year)
    place, _ = integer_codes(design.place)
    return region, cell, place, np.arange(design.n_obs)


def calibrated(fit: Fit) -> Noise:
    """Noise of a fitted least-squares model; a part that would be negative is zero.

    Raises:
        ProjectError: a model with weights, or one of counts.
    """
    design = fit.design
    if design.estimator != "ols" or design.weights is not None:
        raise ProjectError(
            f"made worlds of model {design.model_id}: found estimator {design.estimator}"
            f"{'' if design.weights is None else ' with weights'}; expected ols without weights"
        )
    basis, _ = np.linalg.qr(fit.regressors)
    held = [indicator(codes) for codes in _levels(design)]
    # What a part leaves in the residuals: its dummies freed of effects and regressors.
    left = []
    for dummies in held:
        freed = design.absorber.residuals(dummies.toarray())
        left.append(freed - basis @ (basis.T @ freed))
    expected = np.array([[float(((z.T @ m) ** 2).sum()) for m in left] for z in held])
    found = np.array([float(((z.T @ fit.residuals) ** 2).sum()) for z in held])
    # Each equation on the scale of what it measures, so that none drowns the others.
    scale = np.diag(expected)
    variances, _ = optimize.nnls(expected / scale[:, None], found / scale)
    return Noise(*(float(value) for value in np.sqrt(variances)))


def made_noise(
    design: Design, noise: Noise, worlds: int, generator: np.random.Generator
) -> FloatArray:
    """(n, worlds) heavy-tailed noise on the design's own rows."""
    size = np.sqrt((HEAVY_TAIL_DF - 2) / HEAVY_TAIL_DF)
    made = np.zeros((design.n_obs, worlds))
    for codes, spread in zip(_levels(design), noise.each, strict=True):
        drawn = generator.standard_t(HEAVY_TAIL_DF, (int(codes.max()) + 1, worlds))
        made += (spread * size * drawn)[codes]
    return made


def shared_more(noise: Noise, share: float) -> Noise:
    """The noise with this share of the places' variance moved to their clusters; total kept."""
    moved = share * noise.place**2
    return replace(
        noise,
        region=float(np.sqrt(noise.region**2 + moved)),
        place=float(np.sqrt(noise.place**2 - moved)),
    )


def miss_rates(
    fit: Fit,
    groups: Mapping[str, Sequence[str]],
    *,
    worlds: int = 800,
    draws: int = 399,
    seed: int = 20_261_128,
) -> pd.DataFrame:
    """How often each test and interval between places is wrong; five in a hundred are promised.

    Args:
        fit: the real model within and between; groups: name of a group → its terms, as in
            `between_shares`.
        worlds: made outcomes of each kind in WORLDS.
        draws: bootstrap draws a world (399: alpha (B+1) is whole).

    Returns:
        rounded, COLUMNS and the spreads sd_region, sd_region_year, sd_place, sd_row. part "wild"
        and "jackknife" (a row a between term: bootstrap p at most 5 %; interval without the true
        zero), "any_of_family" (one row: adjusted p of any driver at most 5 %), "share" (a row a
        group, and the rest: interval without the true share). missed: share of worlds; error: its
        Monte Carlo standard error; truth and mean_found: true share and the mean of those found
        (zero and empty for tests).

    Raises:
        ProjectError: a model with weights, or one of counts.
    """
    estimated, tables = calibrated(fit), []
    for world, share in WORLDS.items():
        noise = shared_more(estimated, share)
        made = made_noise(fit.design, noise, worlds, np.random.default_rng(seed))
        tests = _test_misses(fit.design, made, draws, seed)
        table = pd.concat([tests, _share_misses(fit, groups, noise, made)], ignore_index=True)
        rate = table["missed"]
        # No miss in so many worlds is not known without error: count at least one.
        error = np.sqrt((rate * (1 - rate)).clip(lower=1 / worlds) / worlds)
        spreads = {f"sd_{name}": value for name, value in vars(noise).items()}
        table = table.assign(world=world, worlds=worlds, error=error)
        tables.append(table[COLUMNS].assign(**spreads))
    return round_table(pd.concat(tables, ignore_index=True))


def worst_misses(rates: pd.DataFrame) -> pd.DataFrame:
    """The worst rate of each test and of each group's interval, one row a test or group.

    Args:
        rates: from `miss_rates`.

    Returns:
        tried ("wild", "jackknife", "any_of_family", then names of the groups and "rest"), and a
        column a kind of world.
    """
    tried = rates["part"].where(rates["part"] != "share", rates["name"]).rename("tried")
    worst = rates.groupby([tried, "world"], sort=False)["missed"].max().unstack("world", sort=False)
    return worst.reset_index().rename_axis(columns=None)


def kept_promise(rates: pd.DataFrame, part: str) -> str:
    """Whether a test or the intervals of the shares miss no more often than promised.

    More often: beyond the promise by more than two Monte Carlo errors, anywhere.

    Returns:
        "hold"; "shared": more often in the harder worlds only; "miss": with the noise as estimated.
    """
    rows = rates[rates["part"] == part]
    bold = rows["missed"] - 2 * rows["error"] > 1 - LEVEL
    if (bold & (rows["world"] == "as_estimated")).any():
        return "miss"
    return "shared" if bold.any() else "hold"


def _test_misses(design: Design, made: FloatArray, draws: int, seed: int) -> pd.DataFrame:
    """Rejections of a true zero: wild bootstrap, jackknife interval, adjusted over the family."""
    between = [index for index, term in enumerate(design.terms) if term.endswith(BETWEEN)]
    family = list(design.tested)
    flips = cluster_weights(len(design.cluster("region")[1]), draws, seed)
    wild, jackknife, joint = [], [], []
    for start in range(0, made.shape[1], BATCH):
        worlds = _Worlds.of(design, made[:, start : start + BATCH])
        jackknife.append(worlds.jackknife_misses()[between])
        single, adjusted = worlds.wild_p_values(flips, between, family)
        # As in the verdicts: told from zero where p is at most five in a hundred.
        wild.append(single <= 1 - LEVEL + ROUNDING)
        joint.append(adjusted <= 1 - LEVEL + ROUNDING)
    names = [design.terms[index].removesuffix(BETWEEN) for index in between]
    rates = {"wild": np.hstack(wild).mean(axis=1), "jackknife": np.hstack(jackknife).mean(axis=1)}
    rows = [
        (part, name, rate, 0.0, np.nan)
        for part, found in rates.items()
        for name, rate in zip(names, found, strict=True)
    ]
    rows.append(("any_of_family", "any", float(np.hstack(joint).mean()), 0.0, np.nan))
    return pd.DataFrame(rows, columns=["part", "name", "missed", "truth", "mean_found"])


@dataclass(frozen=True, eq=False)
class _Worlds:
    """Cross products by cluster of one design with S made outcomes.

    Attributes:
        products: (G, K, K) of [k drivers, crossing dummies]; right: (G, K, S) with the outcomes;
            drivers: k.
    """

    products: FloatArray
    right: FloatArray
    drivers: int

    @staticmethod
    def of(design: Design, outcomes: FloatArray) -> _Worlds:
        drivers, count = len(design.terms), outcomes.shape[1]
        names = tuple(f"made_{index}" for index in range(count))
        beside = replace(
            design,
            regressors=np.column_stack([design.regressors, outcomes]),
            terms=(*design.terms, *names),
        )
        products = cross_products(beside, "region").products
        last = products.shape[-1] - 1
        own = [*range(drivers), *range(drivers + count, last)]
        side = products[:, own]
        return _Worlds(side[:, :, own], side[:, :, drivers : drivers + count], drivers)

    def jackknife_misses(self) -> FloatArray:
        """(k, S) whether the interval (CRV3, t of clusters less one) leaves out zero."""
        groups, k = len(self.products), self.drivers

        def slopes(products: FloatArray, right: FloatArray) -> FloatArray:
            dummies = _pinv(products[k:, k:])
            lift = products[:k, k:] @ dummies
            inner = products[:k, :k] - lift @ products[k:, :k]
            return np.linalg.solve(inner, right[:k] - lift @ right[k:])

        total, side = self.products.sum(axis=0), self.right.sum(axis=0)
        full = slopes(total, side)
        spread = [
            slopes(total - own, side - of_own) - full
            for own, of_own in zip(self.products, self.right, strict=True)
        ]
        error = np.sqrt((groups - 1) / groups * np.square(spread).sum(axis=0))
        return np.abs(full) > stats.t.ppf((1 + LEVEL) / 2, groups - 1) * error

    def wild_p_values(
        self, flips: FloatArray, shown: Sequence[int], family: Sequence[int]
    ) -> tuple[FloatArray, FloatArray]:
        """(shown, S) p values of `wild_tests`, and (S,) the family's smallest adjusted one."""
        each = {index: self._statistics(index, flips) for index in {*shown, *family}}

        def p_value(observed: FloatArray, drawn: FloatArray) -> FloatArray:
            extreme = (drawn >= observed[:, None] * (1 - ROUNDING)).sum(axis=1)
            return (1 + extreme) / (flips.shape[1] + 1)

        single = np.stack([p_value(*each[index]) for index in shown])
        # Romano and Wolf's first step: the largest of the family against its largest draws.
        largest = np.max([each[index][0] for index in family], axis=0)
        return single, p_value(largest, np.max([each[index][1] for index in family], axis=0))

    def _statistics(self, position: int, flips: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(S,) |t| and (S, B) |t*| of one driver with "no effect" imposed."""
        total = self.products.sum(axis=0)
        others = [index for index in range(len(total)) if index != position]
        core, inverse = _pinv(total[np.ix_(others, others)]), _pinv(total)
        direction = np.zeros(len(total))
        direction[position] = 1.0
        direction[others] = -core @ total[others, position]
        by_direction = self.products @ direction  # (G, K)
        side = self.right.sum(axis=0)
        restricted = np.zeros_like(side)
        restricted[others] = core @ side[others]
        own = np.einsum("k,gks->gs", direction, self.right)
        scores = own - by_direction @ restricted  # (G, S)
        observed = np.abs(scores.sum(axis=0)) / np.sqrt(
            ((own - by_direction @ (inverse @ side)) ** 2).sum(axis=0)
        )
        # What a flipped cluster moves in every cluster's score, its own part and the refit's.
        back = self.right - self.products @ restricted  # (G, K, S)
        spread = -np.einsum("gk,hks->sgh", by_direction @ inverse, back, optimize=True)
        diagonal = np.arange(len(self.products))
        spread[:, diagonal, diagonal] += scores.T
        bottom = ((spread @ flips) ** 2).sum(axis=1)
        return observed, np.abs(scores.T @ flips) / np.sqrt(bottom)


def _pinv(products: FloatArray) -> FloatArray:
    """Pseudo-inverse of cross products in which dummies may be collinear."""
    return np.linalg.pinv(products, rcond=PSEUDO_INVERSE_TOLERANCE, hermitian=True)


def _share_misses(
    fit: Fit, groups: Mapping[str, Sequence[str]], noise: Noise, made: FloatArray
) -> pd.DataFrame:
    """How often the interval of a share leaves out the true share."""
    design = fit.design
    means = place_means(design)
    terms = [term for group in groups.values() for term in group]
    weight = means["years"].to_numpy(float)
    values = means[terms].to_numpy(float)
    level = _level_of_places(design)
    signal = level @ (design.regressors @ fit.estimates)
    outcomes = signal[:, None] + level @ made
    clusters = means["region"].to_numpy()

    def shares(kept: FloatArray) -> FloatArray:
        columns, targets = centred(values, weight * kept), centred(outcomes, weight * kept)
        squares = (targets**2).sum(axis=0)
        return shares_of_products(columns.T @ columns, columns.T @ targets, squares, groups)

    count = len(groups) + 1
    everything = np.ones(len(means))
    found = shares(everything)[:count]
    names = sorted(set(clusters))
    without = np.stack([shares((clusters != code).astype(float))[:count] for code in names])
    error = np.sqrt((len(names) - 1) / len(names) * ((without - found) ** 2).sum(axis=0))
    reach = stats.t.ppf((1 + LEVEL) / 2, len(names) - 1) * error
    columns, target = centred(values, weight), centred(signal[:, None], weight)
    truth = shares_of_products(
        columns.T @ columns,
        columns.T @ target,
        (target**2).sum(axis=0) + _expected_squares(design, level, weight, noise),
        groups,
    )[:count]
    missed = (np.abs(found - truth) > reach).mean(axis=1)
    return pd.DataFrame(
        {
            "part": "share",
            "name": [*groups, "rest"],
            "missed": missed,
            "truth": truth[:, 0],
            "mean_found": found.mean(axis=1),
        }
    )


def _level_of_places(design: Design) -> sparse.csr_matrix:
    """(P, n) turns an outcome into the places' levels of `place_means`, up to one constant.

    Places in the order of their names, as there.
    """
    names = np.asarray(design.place_labels)[design.place]
    place, _ = integer_codes(np.unique(names, return_inverse=True)[1])
    by_place, by_year = indicator(place), indicator(integer_codes(design.year)[0])
    mean = sparse.diags(1 / by_place.sum(axis=0).A1) @ by_place.T
    of_year = sparse.diags(1 / by_year.sum(axis=0).A1) @ by_year.T
    return sparse.csr_matrix(mean - (mean @ by_year) @ of_year)


def _expected_squares(
    design: Design, level: sparse.csr_matrix, weight: FloatArray, noise: Noise
) -> float:
    """Expected weighted sum of squares that the noise makes between places."""
    return sum(
        spread**2 * float((centred((level @ indicator(codes)).toarray(), weight) ** 2).sum())
        for codes, spread in zip(_levels(design), noise.each, strict=True)
    )
