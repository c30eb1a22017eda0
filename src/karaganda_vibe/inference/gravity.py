"""A model of moves with all its doubts: clusters both ways, flipped and left-out destinations.

Poisson pseudo-maximum likelihood of persons (Santos Silva and Tenreyro 2006, "The log of gravity"),
fixed effects swept out (`poisson.fit_poisson`). Few destinations carry the conditions, so the
probability comes from the wild bootstrap of the scores over whole destinations with the null
imposed (Kline and Santos 2012; Webb 2014 weights), the interval from leaving every destination out
once; clusters by origin and destination at once (Cameron, Gelbach and Miller 2011) stand beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from karaganda_vibe.inference.cluster import (
    Jackknife,
    cluster_sums,
    cr1_covariance,
    cr1_factor,
    cross_products,
)
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.gravity_file import GravityModel
from karaganda_vibe.inference.linear import Fit
from karaganda_vibe.inference.multiple_testing import holm, romano_wolf
from karaganda_vibe.inference.robustness import fit, jackknife
from karaganda_vibe.inference.verdicts import SECOND_RULE
from karaganda_vibe.inference.wild_bootstrap import (
    WildTest,
    cluster_weights,
    wild_tests,
    wild_tests_poisson,
)
from karaganda_vibe.inference.within import (
    Absorber,
    FloatArray,
    IntArray,
    integer_codes,
    is_nested,
)


@dataclass(frozen=True, eq=False)
class GravityResult:
    """One estimated model of moves.

    Attributes:
        model: what was declared; fit: the estimates; jackknife: without each destination (origin,
            for the model of the origin's conditions).
        se_two_way: (k,) clustered by origin and destination.
        tests: bootstrap test of each term; p_old: (k,) the same with the oblasts before the first
            division as clusters, for the terms judged together (nan for the others).
        rows: the rows in the design, with origin, destination and their units.
    """

    model: GravityModel
    fit: Fit
    jackknife: Jackknife
    se_two_way: FloatArray
    tests: tuple[WildTest, ...]
    p_old: FloatArray
    rows: pd.DataFrame

    @property
    def terms(self) -> tuple[str, ...]:
        """Terms that the rows can tell apart."""
        return self.fit.design.terms

    def estimate(self, term: str) -> float:
        """Coefficient of `term` (log points of the flow per unit of the term)."""
        return float(self.fit.estimates[self.terms.index(term)])


def two_way_covariance(fitted: Fit, first: IntArray, second: IntArray) -> FloatArray:
    """(k, k) covariance clustered by `first` and by `second` (codes (n,)).

    V(first) + V(second) - V(both), Cameron, Gelbach and Miller (2011), equation 2.11; where that
    gives a negative variance its negative eigenvalues are set to zero, as they propose. The factor
    is that of the smaller number of clusters; effects nested in either cost nothing, as in fixest.
    """
    design = fitted.design
    both, _ = integer_codes(first * (int(second.max()) + 1) + second)
    total = np.zeros((len(design.terms),) * 2)
    fewest = design.n_obs
    for codes, sign in ((first, 1.0), (second, 1.0), (both, -1.0)):
        compact, labels = integer_codes(codes)
        sums = cluster_sums(fitted.scores, compact)
        total += sign * fitted.bread @ (sums.T @ sums) @ fitted.bread
        fewest = min(fewest, len(labels))
    crossing = [e for e in design.effects if not is_nested(e, first) and not is_nested(e, second)]
    parameters = len(design.terms) + 1
    parameters += Absorber(crossing, design.n_obs).absorbed if crossing else 0
    rows = design.n_obs
    total *= fewest / (fewest - 1) * (rows - 1) / (rows - parameters)
    total = (total + total.T) / 2
    if (np.diag(total) > 0).all():
        return total
    values, vectors = np.linalg.eigh(total)
    return vectors @ np.diag(values.clip(min=0)) @ vectors.T


def flips(order: Sequence[str], draws: int, seed: int, kind: str) -> dict[str, FloatArray]:
    """(B,) weights of each destination, the same in every model, so that models test jointly."""
    return dict(zip(order, cluster_weights(len(order), draws, seed, kind), strict=True))


def bootstrap_tests(
    fitted: Fit, weights: FloatArray, positions: Sequence[int] | None = None
) -> list[WildTest]:
    """Wild bootstrap over the design's regions with the flips `weights` (G, B)."""
    if fitted.design.estimator == "ppml":
        return wild_tests_poisson(fitted, "region", positions, weights=weights)
    design = fitted.design
    codes, labels = design.cluster("region")
    factor = cr1_factor(design, codes, len(labels))
    return wild_tests(
        cross_products(design, "region"), positions, weights=weights, intervals=False, factor=factor
    )


def by_old_oblast(fitted: Fit, oblast: Mapping[str, str]) -> Fit:
    """The same fit with the regions of its design gathered into `oblast` (region → oblast)."""
    design = fitted.design
    names = [oblast[str(label)] for label in design.region_labels]
    order = list(dict.fromkeys(names))
    codes = np.array([order.index(name) for name in names], dtype=np.int64)
    moved = replace(design, region=codes[design.region], region_labels=np.array(order))
    return replace(fitted, design=moved)


def estimate(
    model: GravityModel,
    design: Design,
    rows: pd.DataFrame,
    weights: Mapping[str, FloatArray],
    oblast: Mapping[str, str],
) -> GravityResult:
    """Estimate one model.

    Args:
        design, rows: from `panels.gravity_rows.gravity_design`.
        weights: flips of each region, from `flips`; oblast: region → oblast before the divisions.
    """
    fitted = fit(design)
    rows = _rows_of(fitted.design, rows)
    first, second = (integer_codes(rows[end].to_numpy(str))[0] for end in ("origin", "destination"))
    labels = [str(label) for label in fitted.design.cluster("region")[1]]
    tests = bootstrap_tests(fitted, np.stack([weights[label] for label in labels]))
    p_old = np.full(len(tests), np.nan)
    if fitted.design.family:
        old = by_old_oblast(fitted, oblast)
        names = [str(label) for label in old.design.cluster("region")[1]]
        family = list(fitted.design.family)
        again = bootstrap_tests(old, np.stack([weights[name] for name in names]), family)
        p_old[family] = [test.p_value for test in again]
    return GravityResult(
        model=model,
        fit=fitted,
        jackknife=jackknife(fitted),
        se_two_way=np.sqrt(np.diag(two_way_covariance(fitted, first, second))),
        tests=tuple(tests),
        p_old=p_old,
        rows=rows,
    )


def _rows_of(design: Design, rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` without those that the fit left out (separated), in the design's order."""
    held = pd.MultiIndex.from_arrays([design.place_labels[design.place], design.year])
    pairs = rows["origin"] + ">" + rows["destination"]
    kept = pd.MultiIndex.from_arrays([pairs.to_numpy(str), rows["year"]]).isin(held)
    return rows[kept].reset_index(drop=True)


def adjusted(tests: Sequence[WildTest]) -> tuple[FloatArray, FloatArray, float]:
    """Holm's and Romano and Wolf's probabilities of a family, and the t that would have passed.

    The last is the smallest |t| whose Romano-Wolf probability, were it the largest of the family,
    is below the plan's limit.
    """
    p_holm = holm([test.p_value for test in tests])
    largest = np.sort(np.abs(np.stack([test.t_draws for test in tests])).max(axis=0))
    # (1 + draws at or above t) / (B + 1) must stay below the limit.
    most = int(np.ceil(SECOND_RULE.firm_adjusted_p * (len(largest) + 1))) - 2
    passing = float(largest[len(largest) - 1 - most]) if most >= 0 else float("inf")
    return p_holm, romano_wolf(tests), passing


def result_table(result: GravityResult) -> pd.DataFrame:
    """A row a term: estimate, standard errors, interval, probabilities, what would have passed."""
    design, model = result.fit.design, result.model
    low, high = result.jackknife.interval().T
    se = np.sqrt(np.diag(cr1_covariance(result.fit, "region")))
    table = pd.DataFrame(
        {
            "model": model.id,
            "role": model.role,
            "side": model.side,
            "borders": model.borders,
            "estimator": model.estimator,
            "effects": " + ".join(model.effects),
            "years": " ".join(map(str, model.years)),
            "term": design.terms,
            "estimate": result.fit.estimates,
            "se_one_way": se,
            "se_two_way": result.se_two_way,
            "se_jackknife": result.jackknife.se,
            "low": low,
            "high": high,
            "p": [test.p_value for test in result.tests],
            "p_old_oblasts": result.p_old,
            "in_family": False,
            "p_holm": np.nan,
            "p_romano_wolf": np.nan,
            "smallest_firm": np.nan,
            "same_sign_without_any_one": same_sign(result.jackknife),
            "rows": design.n_obs,
            "clusters": len(design.cluster("region")[1]),
            "share_of_deviance": result.fit.r2_within,
            "notes": "; ".join(design.notes),
        }
    )
    if len(design.family):
        family = list(design.family)
        p_holm, p_joint, passing = adjusted([result.tests[i] for i in family])
        table.loc[family, "in_family"] = True
        table.loc[family, "p_holm"] = p_holm
        table.loc[family, "p_romano_wolf"] = p_joint
        table.loc[family, "smallest_firm"] = passing * se[family]
    return table


def same_sign(result: Jackknife) -> NDArray[np.bool_]:
    """(k,) whether the estimate has one sign with any one cluster left out."""
    return (np.sign(result.without) == np.sign(result.estimates)).all(axis=0)


def further_family(results: Sequence[GravityResult]) -> pd.DataFrame:
    """The conditions tried one at a time as one family: model, term, p_holm, p_romano_wolf,
    smallest_firm. Their draws are shared by destination, so they are judged together."""
    tests = [result.tests[result.fit.design.family[0]] for result in results]
    se = [
        float(np.sqrt(cr1_covariance(result.fit, "region")[position, position]))
        for result in results
        for position in result.fit.design.family[:1]
    ]
    p_holm, p_joint, passing = adjusted(tests)
    return pd.DataFrame(
        {
            "model": [result.model.id for result in results],
            "term": [test.term for test in tests],
            "p_holm": p_holm,
            "p_romano_wolf": p_joint,
            "smallest_firm": passing * np.array(se),
        }
    )
