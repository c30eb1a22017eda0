"""How often would each interval cry wolf? False-positive rates on this very panel.

The drivers, fixed effects, clusters and gaps of a real model are kept; the outcome is replaced by
noise with no effect of any driver. The noise has region-level and place-level parts, both first-
order autoregressive, with variances and persistence taken from the real model's residuals. Each
inference method then tests every chosen driver at a nominal level, 5 % unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from karaganda_vibe.inference.cluster import (
    PSEUDO_INVERSE_TOLERANCE,
    CrossProducts,
    cr1_factor,
    cross_products,
)
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.linear import Fit
from karaganda_vibe.inference.wild_bootstrap import cluster_weights
from karaganda_vibe.inference.within import (
    Absorber,
    FloatArray,
    indicator,
    integer_codes,
    is_nested,
)
from karaganda_vibe.project.errors import ProjectError

METHODS = ("iid", "cr1_normal", "cr1_t", "cr1_place_normal", "cr3_t", "wild")
BATCH = 100


@dataclass(frozen=True)
class ErrorProcess:
    """Noise of a panel: two first-order autoregressive parts, in the outcome's units.

    Attributes:
        region_sd, place_sd: standard deviations of the regional and the local part.
        region_persistence, place_persistence: correlation of a year with the year before.
    """

    region_sd: float
    region_persistence: float
    place_sd: float
    place_persistence: float


def _lag_product(values: pd.Series, unit: pd.Series, year: pd.Series) -> tuple[float, float]:
    """Mean product of consecutive years' values, and mean number of years a unit is there."""
    frame = pd.DataFrame({"unit": unit, "year": year, "value": values})
    before = frame.assign(year=frame["year"] + 1)
    pairs = frame.merge(before, on=["unit", "year"], suffixes=("", "_before"))
    years = float(frame.groupby("unit")["year"].size().mean())
    return float((pairs["value"] * pairs["value_before"]).mean()) if len(pairs) else 0.0, years


def _persistence(covariance: float, variance: float, years: float) -> float:
    """Correlation of a year with the one before, the units' own means having been taken out.

    The correction (1 + rho) / T is the first-order bias of Nickell (1981).
    """
    if variance <= 0 or years <= 2:
        return 0.0
    raw = covariance / variance
    return float(np.clip((raw * years + 1) / (years - 1), 0.0, 0.95))


def _demeaning_loss(persistence: float, years: float) -> float:
    """Factor that gives back the variance that went with the units' own means.

    The degrees of freedom already allow for independent years; persistent ones lose more.
    """
    count = max(round(years), 2)
    lags = np.arange(1, count)
    of_mean = (count + 2 * ((count - lags) * persistence**lags).sum()) / count**2
    return float((1 - 1 / count) / max(1 - of_mean, 0.1))


def calibrate(fit: Fit) -> ErrorProcess:
    """Error process of a fitted linear model's residuals.

    The regional part is the region-year mean of the residuals, less what local noise adds to a mean
    of so many places. With region-year effects in the model there is no regional part left. Sums of
    squares are divided by the degrees of freedom, so that the noise is as large as the data's.
    """
    design = fit.design
    weights = np.ones(design.n_obs) if design.weights is None else design.weights
    residual = pd.Series(fit.residuals / np.sqrt(weights))
    residual *= np.sqrt(design.n_obs / fit.df_resid)
    region_year, _ = integer_codes(design.region * 10_000 + design.year)
    cell = pd.Series(region_year)
    count = cell.map(cell.value_counts())
    mean = residual.groupby(cell).transform("mean")
    local = (residual - mean) * np.sqrt(count / (count - 1).clip(lower=1))
    several = count > 1
    if several.any():
        place_variance = float((local[several] ** 2).mean())
        each = pd.DataFrame({"mean": mean, "count": count, "cell": cell}).drop_duplicates("cell")
        region_variance = float((each["mean"] ** 2 - place_variance / each["count"]).mean())
    else:
        place_variance, region_variance = float((residual**2).mean()), 0.0
    place, year = pd.Series(design.place), pd.Series(design.year)
    covariance, years = _lag_product(local if several.any() else residual, place, year)
    local_persistence = _persistence(covariance, place_variance, years)
    local_loss = _demeaning_loss(local_persistence, years)
    regional = pd.DataFrame(
        {"region": design.region, "year": design.year, "mean": mean, "count": count}
    ).drop_duplicates(["region", "year"])
    covariance, years = _lag_product(regional["mean"], regional["region"], regional["year"])
    # What the local noise of so many places leaves in the covariance of the means.
    covariance -= local_persistence * place_variance * float((1 / regional["count"]).mean())
    persistence = _persistence(covariance, region_variance, years)
    region_variance = max(region_variance, 0.0) * _demeaning_loss(persistence, years)
    return ErrorProcess(
        region_sd=float(np.sqrt(region_variance)),
        region_persistence=persistence,
        place_sd=float(np.sqrt(place_variance * local_loss)),
        place_persistence=local_persistence,
    )


def _autoregressive(
    generator: np.random.Generator, units: int, years: int, draws: int, persistence: float
) -> FloatArray:
    """(units, years, draws) stationary AR(1) with variance one."""
    noise: FloatArray = generator.standard_normal((units, years, draws))
    shrink = np.sqrt(1 - persistence**2)
    for year in range(1, years):
        noise[:, year] = persistence * noise[:, year - 1] + shrink * noise[:, year]
    return noise


def made_outcomes(
    design: Design, process: ErrorProcess, draws: int, generator: np.random.Generator
) -> FloatArray:
    """(n, draws) outcomes without any effect of any driver, on the design's own rows."""
    years = design.year - design.year.min()
    span = int(years.max()) + 1
    place, _ = integer_codes(design.place)
    region, _ = integer_codes(design.region)
    local = _autoregressive(
        generator, int(place.max()) + 1, span, draws, process.place_persistence
    )[place, years]
    outcome: FloatArray = process.place_sd * local
    if process.region_sd > 0:
        regional = _autoregressive(
            generator, int(region.max()) + 1, span, draws, process.region_persistence
        )[region, years]
        outcome += process.region_sd * regional
    return outcome


@dataclass(frozen=True, eq=False)
class _Panel:
    """What does not change from one made outcome to the next."""

    design: Design
    process: ErrorProcess
    drivers: tuple[int, ...]
    wild_draws: int
    seed: int
    effect: FloatArray | None = None
    level: float = 0.05


def _solved(stacked: FloatArray, drivers: int, right: FloatArray) -> FloatArray:
    """(H, k, S) driver coefficients for cross products (H, K, K) and right sides (H, K, S)."""
    inner = stacked[:, :drivers, :drivers]
    side = stacked[:, :drivers, drivers:]
    inner_right: FloatArray = right
    if side.shape[-1]:
        middle = np.linalg.pinv(
            stacked[:, drivers:, drivers:], rcond=PSEUDO_INVERSE_TOLERANCE, hermitian=True
        )
        lift = side @ middle
        inner = inner - lift @ np.swapaxes(side, 1, 2)
        inner_right = right[:, :drivers] - lift @ right[:, drivers:]
    return np.linalg.solve(inner, inner_right)


def _rejections(panel: _Panel, batch: int, draws: int) -> FloatArray:
    """(methods, drivers) number of rejections at the level in one batch of made outcomes."""
    design = panel.design
    generator = np.random.default_rng([panel.seed, batch])
    outcomes = made_outcomes(design, panel.process, draws, generator)
    if panel.effect is not None:
        outcomes = outcomes + panel.effect[:, None]
    root = np.ones(design.n_obs) if design.weights is None else np.sqrt(design.weights)
    outcomes = design.absorber.residuals(outcomes)
    cross = cross_products(design, "region")
    codes, labels = design.cluster("region")
    groups, drivers = len(labels), cross.drivers
    size = cross.products.shape[-1] - 1
    columns = _columns(design, cross)  # (n, K), scaled as in cross
    target = outcomes * root[:, None]
    gather = indicator(codes).T.tocsr()
    right = np.stack(
        [columns[codes == group].T @ target[codes == group] for group in range(groups)]
    )  # (G, K, S)
    products = cross.products[:, :size, :size]
    total, right_total = products.sum(axis=0), right.sum(axis=0)
    stacked = np.concatenate([total[None], total[None] - products])
    rights = np.concatenate([right_total[None], right_total[None] - right])
    estimates = _solved(stacked, drivers, rights)  # (1+G, k, S)
    full, without = estimates[0], estimates[1:]
    regressors = design.absorber.residuals(design.regressors) * root[:, None]
    regressors = regressors / cross.scale[:drivers]
    residuals = target - regressors @ full
    bread = np.linalg.inv(regressors.T @ regressors)
    parameters = drivers + design.absorber.absorbed
    variance_iid = (residuals**2).sum(axis=0) / (design.n_obs - parameters)
    factor = cr1_factor(design, codes, groups)
    place_codes, place_labels = design.cluster("place")
    place_factor = cr1_factor(design, place_codes, len(place_labels))
    gather_place = indicator(place_codes).T.tocsr()
    critical = float(stats.t.ppf(1 - panel.level / 2, groups - 1))
    normal = float(stats.norm.ppf(1 - panel.level / 2))
    inverse = np.linalg.pinv(total, rcond=PSEUDO_INVERSE_TOLERANCE, hermitian=True)
    weights = cluster_weights(groups, panel.wild_draws, panel.seed + 7919 * (batch + 1))
    counts = np.zeros((len(METHODS), len(panel.drivers)))
    for column, driver in enumerate(panel.drivers):
        influence = regressors @ bread[:, driver]  # (n,)
        se_region = np.sqrt(factor * ((gather @ (influence[:, None] * residuals)) ** 2).sum(axis=0))
        se_place = np.sqrt(
            place_factor * ((gather_place @ (influence[:, None] * residuals)) ** 2).sum(axis=0)
        )
        spread = without[:, driver] - full[driver]
        se_jackknife = np.sqrt((groups - 1) / groups * (spread**2).sum(axis=0))
        size_of = np.abs(full[driver])
        se_iid = np.sqrt(variance_iid * bread[driver, driver])
        counts[0, column] = (size_of > normal * se_iid).sum()
        counts[1, column] = (size_of > normal * se_region).sum()
        counts[2, column] = (size_of > critical * se_region).sum()
        counts[3, column] = (size_of > normal * se_place).sum()
        counts[4, column] = (size_of > critical * se_jackknife).sum()
        counts[5, column] = _wild_rejections(
            driver, products, total, right, right_total, inverse, weights, panel.level
        )
    return counts


def _columns(design: Design, cross: CrossProducts) -> FloatArray:
    """(n, K) drivers and crossing dummies, freed of nested effects and scaled, as in `cross`."""
    codes, _ = design.cluster("region")
    nested = [effect for effect in design.effects if is_nested(effect, codes)]
    crossing = [effect for effect in design.effects if not is_nested(effect, codes)]
    blocks = [design.absorber.residuals(design.regressors)]
    dummies = [indicator(effect).toarray() for effect in crossing]
    if not design.effects:
        dummies = [np.ones((design.n_obs, 1))]
    for dummy in dummies:
        blocks.append(
            Absorber(nested, design.n_obs, design.weights).residuals(dummy) if nested else dummy
        )
    columns = np.column_stack(blocks)
    if design.weights is not None:
        columns = columns * np.sqrt(design.weights)[:, None]
    return columns / cross.scale[:-1]


def _wild_rejections(
    driver: int,
    products: FloatArray,
    total: FloatArray,
    right: FloatArray,
    right_total: FloatArray,
    inverse: FloatArray,
    weights: FloatArray,
    level: float,
) -> int:
    """Number of made outcomes whose restricted wild bootstrap p is at most `level`, one driver."""
    size = total.shape[0]
    others = [index for index in range(size) if index != driver]
    core = np.linalg.pinv(
        total[np.ix_(others, others)], rcond=PSEUDO_INVERSE_TOLERANCE, hermitian=True
    )
    direction = np.zeros(size)
    direction[driver] = 1.0
    direction[others] = -core @ total[others, driver]
    by_driver = np.einsum("gij,i->gj", products, direction)  # (G, K)
    restricted = np.zeros((size, right.shape[-1]))
    restricted[others] = core @ right_total[others]
    full = inverse @ right_total  # (K, S)
    own = np.einsum("i,gis->gs", direction, right)  # (G, S)
    scores = own - by_driver @ restricted  # (G, S)
    scores_full = own - by_driver @ full
    observed = np.abs(scores.sum(axis=0)) / np.sqrt((scores_full**2).sum(axis=0))
    back = right - products @ restricted  # (G, K, S)
    loadings = by_driver @ inverse  # (G, K)
    groups = len(products)
    rejected = 0
    diagonal = np.arange(groups)
    for made in range(right.shape[-1]):
        spread = -loadings @ back[:, :, made].T
        spread[diagonal, diagonal] += scores[:, made]
        bottom = spread @ weights
        t_draws = np.abs(scores[:, made] @ weights) / np.sqrt(
            np.maximum(np.einsum("gb,gb->b", bottom, bottom), 1e-300)
        )
        extreme = int((t_draws >= observed[made] * (1 - 1e-10)).sum())
        rejected += (1 + extreme) / (len(t_draws) + 1) <= level
    return rejected


def false_positive_rates(
    design: Design,
    process: ErrorProcess,
    *,
    draws: int = 1000,
    wild_draws: int = 399,
    seed: int = 1,
    drivers: tuple[int, ...] | None = None,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
    effect: FloatArray | None = None,
    level: float = 0.05,
) -> pd.DataFrame:
    """False-positive rates at a nominal 5 % of each method, with their Monte Carlo error.

    Args:
        design: a linear model; its outcome is not used.
        process: the made noise, from `calibrate` on the real fit.
        draws: made outcomes; wild_draws: bootstrap draws for each (399: alpha (B+1) is whole).
        drivers: positions tested (default: all of the family).
        workers: processes; the result does not depend on their number.
        progress: called with (batches done, batches in all).
        effect: (n,) what the made outcomes hold besides noise: a true effect of something else.
        level: nominal rate, in place of 5 %.

    Returns:
        columns term, method, rate, mc_error (standard error of the rate), draws; "all drivers" is
        the mean over drivers (its error treats drivers as one, so it is on the safe side).
    """
    if design.estimator == "ppml":
        raise ProjectError(
            f"model {design.model_id}: the size simulation makes outcomes for linear models; found "
            "ppml; use the rate model"
        )
    chosen = design.tested if drivers is None else drivers
    panel = _Panel(design, process, tuple(chosen), wild_draws, seed, effect, level)
    batches = [min(BATCH, draws - start) for start in range(0, draws, BATCH)]
    counts = np.zeros((len(METHODS), len(chosen)))
    jobs = [(panel, index, size) for index, size in enumerate(batches)]
    if workers > 1 and len(jobs) > 1:
        with ProcessPoolExecutor(workers) as pool:
            results = pool.map(_one_batch, jobs)
            for done, result in enumerate(results, start=1):
                counts += result
                if progress:
                    progress(done, len(jobs))
    else:
        for done, job in enumerate(jobs, start=1):
            counts += _one_batch(job)
            if progress:
                progress(done, len(jobs))
    rates = counts / draws
    rows = []
    for column, driver in [*enumerate(chosen), (-1, -1)]:
        for row, method in enumerate(METHODS):
            rate = float(rates[row].mean() if driver < 0 else rates[row, column])
            term = "all drivers" if driver < 0 else design.terms[driver]
            error = float(np.sqrt(max(rate * (1 - rate), 0.0) / draws))
            rows.append((term, method, rate, error, draws))
    return pd.DataFrame(rows, columns=["term", "method", "rate", "mc_error", "draws"])


def _one_batch(job: tuple[_Panel, int, int]) -> FloatArray:
    return _rejections(*job)
