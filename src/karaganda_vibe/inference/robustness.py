"""The same model on other samples: without one cluster, one year, one place; shuffled histories."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from karaganda_vibe.inference.cluster import (
    MOST_CROSSING,
    Jackknife,
    clusters_of,
    cross_products,
    jackknife_linear,
    jackknife_of,
    jackknife_poisson,
)
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.linear import Fit, fit_linear
from karaganda_vibe.inference.poisson import fit_poisson
from karaganda_vibe.inference.within import is_nested
from karaganda_vibe.project.errors import ProjectError


def fit(design: Design) -> Fit:
    """Fit by the design's own estimator."""
    return fit_poisson(design) if design.estimator == "ppml" else fit_linear(design)


def jackknife(fitted: Fit, cluster: str = "region") -> Jackknife:
    """Estimates without each cluster ("region", "place" or "year") in turn."""
    design = fitted.design
    if design.estimator == "ppml":
        return jackknife_poisson(fitted, cluster)
    codes, labels = clusters_of(design, cluster)
    crossing = [effect for effect in design.effects if not is_nested(effect, codes)]
    if sum(int(effect.max()) + 1 for effect in crossing) <= min(MOST_CROSSING, 400):
        return jackknife_linear(cross_products(design, cluster))
    without = np.stack(
        [
            fit_linear(
                replace(design.rows(codes != group), model_id=f"{design.model_id}: without {label}")
            ).estimates
            for group, label in enumerate(labels)
        ]
    )
    return jackknife_of(fitted.estimates, without, labels)


def leave_one_out(fitted: Fit, by: str) -> pd.DataFrame:
    """Estimates with one region, year or place left out, fixed effects estimated anew.

    Returns:
        columns left_out ("" is the full sample, first), term, estimate, shift (estimate less that
        of the full sample).
    """
    result = jackknife(fitted, by)
    terms = fitted.design.terms
    order = np.argsort(result.labels, kind="stable")
    labels = ["", *[str(label) for label in result.labels[order]]]
    estimates = np.vstack([result.estimates, result.without[order]])
    table = pd.DataFrame(
        {
            "left_out": np.repeat(labels, len(terms)),
            "term": list(terms) * len(labels),
            "estimate": estimates.ravel(),
        }
    )
    table["shift"] = (estimates - result.estimates).ravel()
    return table


def shuffled_outcome(design: Design, seed: int) -> Design:
    """The design with whole histories of the outcome dealt to other clusters' places at random.

    Places keep their rows; every row takes the outcome that the place it is dealt had in the same
    year, where that place has none the rows of that year are dealt at random. Regional shocks stay
    together because regions are dealt first: the null "drivers tell nothing" holds, with the
    outcome's own dependence kept as far as an unbalanced panel allows.
    """
    generator = np.random.default_rng(seed)
    regions = np.unique(design.region)
    dealt_region = dict(zip(regions, generator.permutation(regions), strict=True))
    places_of = {
        region: generator.permutation(np.unique(design.place[design.region == region]))
        for region in regions
    }
    source: dict[int, int] = {}
    for region in regions:
        givers = places_of[dealt_region[region]]
        for index, place in enumerate(np.unique(design.place[design.region == region])):
            source[int(place)] = int(givers[index % len(givers)])
    # Free the outcome of the fixed effects first: levels of places belong to the places.
    residual = design.absorber.residuals(design.outcome)
    lookup = {
        (int(place), int(year)): float(value)
        for place, year, value in zip(design.place, design.year, residual, strict=True)
    }
    shuffled = np.array(
        [
            lookup.get((source[int(place)], int(year)), np.nan)
            for place, year in zip(design.place, design.year, strict=True)
        ]
    )
    missing = np.isnan(shuffled)
    if missing.any():
        shuffled[missing] = generator.permutation(residual)[: int(missing.sum())]
    if not np.isfinite(shuffled).all():
        raise ProjectError(f"model {design.model_id}: shuffling left gaps; this is a bug")
    return design.with_outcome(shuffled, f"{design.outcome_name} (shuffled)")
