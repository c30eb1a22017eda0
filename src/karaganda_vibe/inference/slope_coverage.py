"""How often do the intervals of slopes drawn together miss? Made worlds like ours.

Rows and drivers are the real model's. In every world each cluster's slope is drawn anew from the
distribution that was estimated; the noise is that of `size_simulation` (shared by a cluster in a
year, going on from year to year), times a scale drawn for each cluster and year, so that its tails
are those of Student's t with 4 degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from karaganda_vibe.inference.cluster import clusters_of
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.size_simulation import ErrorProcess, made_outcomes
from karaganda_vibe.inference.slopes import RandomSlopes, slopes_by_driver
from karaganda_vibe.inference.within import FloatArray, integer_codes

HEAVY_TAIL_DF = 4


def missed_slopes(
    design: Design,
    process: ErrorProcess,
    slopes: Mapping[str, RandomSlopes],
    *,
    here: str,
    worlds: int = 200,
    seed: int = 1,
) -> pd.DataFrame:
    """Share of 95 percent intervals that miss the truth, a row a driver and part.

    Args:
        design: the real model; its outcome is not used.
        process: noise (`size_simulation.calibrate`); slopes: estimated, by driver: their mean and
            tau are those of the worlds.
        here: label of the cluster that is counted by itself as well.

    Returns:
        columns term, part, missed (0 to 1), error (Monte Carlo standard error), worlds. Parts:
        the interval of the shrunk slope of `here`, of each "cluster" (their mean), of the "mean"
        slope, and of the slope of one "new" cluster.
    """
    generator = np.random.default_rng(seed)
    noise = _heavy_tailed(design, process, worlds, generator)
    codes, labels = clusters_of(design, "region")
    own = int(np.flatnonzero(labels == here)[0])
    misses: dict[tuple[str, str], list[float]] = {}
    for world in range(worlds):
        truth = {
            term: (each.mean + each.tau * generator.standard_normal(len(labels) + 1))
            for term, each in slopes.items()
        }
        pull = sum(
            design.regressors[:, position] * truth[term][codes]
            for position, term in enumerate(design.terms)
        )
        found = slopes_by_driver(replace(design, outcome=noise[:, world] + pull))
        for term, each in found.items():
            wide = each.reach() * each.shrunk_se
            outside = np.abs(each.shrunk - truth[term][:-1]) > wide
            of_world = {
                "here": float(outside[own]),
                "cluster": float(outside.mean()),
                "mean": _outside(each.mean_interval(), slopes[term].mean),
                "new": _outside(each.prediction_interval(), float(truth[term][-1])),
            }
            for part, miss in of_world.items():
                misses.setdefault((term, part), []).append(miss)
    rows = [
        (term, part, float(np.mean(each)), float(np.std(each) / np.sqrt(worlds)), worlds)
        for (term, part), each in misses.items()
    ]
    return pd.DataFrame(rows, columns=["term", "part", "missed", "error", "worlds"])


def _outside(interval: tuple[float, float], truth: float) -> float:
    return float(not interval[0] <= truth <= interval[1])


def _heavy_tailed(
    design: Design, process: ErrorProcess, worlds: int, generator: np.random.Generator
) -> FloatArray:
    """(n, worlds) noise with the variance of `process` and heavy tails."""
    noise = made_outcomes(design, process, worlds, generator)
    cell, _ = integer_codes(design.cluster("region")[0] * 10_000 + design.year)
    drawn = generator.chisquare(HEAVY_TAIL_DF, (int(cell.max()) + 1, worlds))
    scaled: FloatArray = noise * np.sqrt((HEAVY_TAIL_DF - 2) / drawn)[cell]
    return scaled
