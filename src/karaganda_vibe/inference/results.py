"""A model from design to table row: estimates, every standard error, intervals and p-values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from karaganda_vibe.inference.cluster import Jackknife, cr1_covariance, cross_products
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.linear import Fit
from karaganda_vibe.inference.multiple_testing import holm, romano_wolf
from karaganda_vibe.inference.panel_design import build_design
from karaganda_vibe.inference.power import detectable_multiple
from karaganda_vibe.inference.robustness import fit, jackknife
from karaganda_vibe.inference.specs import ModelSpec
from karaganda_vibe.inference.wild_bootstrap import (
    DRAWS,
    SEED,
    WildTest,
    wild_tests,
    wild_tests_poisson,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.rounding import round_table
from karaganda_vibe.project.writing import write_table

COLUMNS = [
    "model_id", "panel", "outcome", "estimator", "fixed_effects", "sample", "term", "estimate",
    "se_cr1_place", "se_cr3_region", "p_wild_region", "ci_low", "ci_high", "n_obs", "n_places",
    "n_clusters", "r2_within",
]  # fmt: skip
EXTRA_COLUMNS = [
    "se_iid", "se_cr1_region", "p_cr3_region", "wild_low", "wild_high", "p_holm", "p_romano_wolf",
    "detectable_effect", "in_family", "first_year", "last_year", "notes",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class ModelResult:
    """Everything estimated of one model.

    Attributes:
        fit: the fit; jackknife: leave-one-region-out estimates and CRV3 covariance.
        tests: wild bootstrap tests in the order of the terms; empty if not asked.
        table: the rows of model_results.csv for this model (COLUMNS, then EXTRA_COLUMNS), rounded.
    """

    fit: Fit
    jackknife: Jackknife
    tests: tuple[WildTest, ...]
    table: pd.DataFrame

    @property
    def design(self) -> Design:
        """The rows that entered (Poisson may have left separated ones out)."""
        return self.fit.design


def estimate(
    design: Design,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    intervals: bool = True,
    level: float = 0.95,
) -> ModelResult:
    """Fit a design and infer: CR1 by place and region, CRV3 by region, wild bootstrap, family.

    Headline: ci_low and ci_high are CRV3 t(G-1); p_wild_region is the restricted wild cluster
    bootstrap with Webb weights. p_holm adjusts the wild p-values, p_romano_wolf their joint draws,
    both over the family of drivers. detectable_effect is for one unit of the term at 80 % power.

    Args:
        draws: bootstrap draws; 0 leaves the bootstrap out (a specification curve, say).
        intervals: also invert the wild test (least squares only).
    """
    fitted = fit(design)
    used = fitted.design
    left_out = jackknife(fitted, "region")
    bounds = left_out.interval(level)
    tests: list[WildTest] = []
    if draws and used.estimator == "ppml":
        tests = wild_tests_poisson(fitted, "region", draws=draws, seed=seed)
    elif draws:
        tests = wild_tests(
            cross_products(used, "region"), draws=draws, seed=seed, level=level,
            intervals=intervals,
        )  # fmt: skip
    terms = list(used.terms)
    size = len(terms)
    empty = np.full(size, np.nan)
    p_wild = np.array([test.p_value for test in tests]) if tests else empty
    family = list(used.tested)
    p_holm, p_joint = empty.copy(), empty.copy()
    if tests:
        p_holm[family] = holm(p_wild[family])
        p_joint[family] = romano_wolf([tests[index] for index in family])
    table = pd.DataFrame(
        {
            "model_id": used.model_id,
            "panel": used.panel,
            "outcome": used.outcome_name,
            "estimator": used.estimator,
            "fixed_effects": " + ".join(used.effect_names),
            "sample": used.sample,
            "term": terms,
            "estimate": fitted.estimates,
            "se_cr1_place": np.sqrt(np.diag(cr1_covariance(fitted, "place"))),
            "se_cr3_region": left_out.se,
            "p_wild_region": p_wild,
            "ci_low": bounds[:, 0],
            "ci_high": bounds[:, 1],
            "n_obs": used.n_obs,
            "n_places": len(np.unique(used.place)),
            "n_clusters": len(left_out.labels),
            "r2_within": fitted.r2_within,
            "se_iid": fitted.se_iid,
            "se_cr1_region": np.sqrt(np.diag(cr1_covariance(fitted, "region"))),
            "p_cr3_region": left_out.p_values,
            "wild_low": [test.low for test in tests] if tests else empty,
            "wild_high": [test.high for test in tests] if tests else empty,
            "p_holm": p_holm,
            "p_romano_wolf": p_joint,
            "detectable_effect": left_out.se * detectable_multiple(left_out.df),
            "in_family": [index in family for index in range(size)],
            "first_year": int(used.year.min()),
            "last_year": int(used.year.max()),
            "notes": "; ".join(used.notes),
        }
    )
    # Rounded here, once: whatever reads the table starts from the same numbers on every machine.
    rounded = round_table(table[COLUMNS + EXTRA_COLUMNS])
    return ModelResult(fitted, left_out, tuple(tests), rounded)


def run_specs(
    specs: Sequence[ModelSpec],
    panels: dict[str, pd.DataFrame],
    *,
    draws: int | None = None,
    intervals: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, ModelResult]:
    """Estimate every model of a list, by id, in the order of the list.

    Args:
        panels: the data by panel name; draws: in place of each spec's own number.
    """
    results = {}
    for done, spec in enumerate(specs, start=1):
        if spec.panel.name not in panels:
            raise ProjectError(
                f"model {spec.id}: no data for the panel {spec.panel.name!r}; expected one of "
                f"{', '.join(sorted(panels))}"
            )
        design = build_design(spec, panels[spec.panel.name])
        results[spec.id] = estimate(
            design, draws=spec.draws if draws is None else draws, seed=spec.seed,
            intervals=intervals,
        )  # fmt: skip
        if progress:
            progress(done, len(specs))
    return results


def results_table(results: Sequence[ModelResult]) -> pd.DataFrame:
    """All models' rows, one below the other, in the stated columns."""
    return pd.concat([result.table for result in results], ignore_index=True)


def write_results(results: Sequence[ModelResult], path: Path) -> bool:
    """Write model_results.csv; whether it changed."""
    return write_table(path, results_table(results))


def write_sample(result: ModelResult, folder: Path) -> bool:
    """Write model_sample_<model_id>.csv, the exact rows used; whether it changed."""
    name = f"model_sample_{result.design.model_id}.csv"
    return write_table(folder / name, result.design.sample_table(), "sample")
