"""Local projections: the outcome of years around a driver's, given the past (Jorda 2005).

One regression a horizon h: the outcome of year t + h on the drivers of year t - 1, given the
outcome of year t - 1 and the drivers of year t - 2, with place and year effects. Horizons before
-1 show a trend ahead of the driver; at -1 the outcome is its own control. Place effects bend slopes
of other years towards minus the effect over the number of years (Nickell 1981): small in long
panels, and the other way round from an effect of people on the driver.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from karaganda_vibe.inference.cluster import CrossProducts, cross_products
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.multiple_testing import romano_wolf
from karaganda_vibe.inference.specs import ModelSpec, Variable
from karaganda_vibe.inference.wild_bootstrap import WildTest, wild_tests
from karaganda_vibe.inference.within import FloatArray


def projection_spec(base: ModelSpec, horizon: int) -> ModelSpec:
    """The model of one horizon (years); its family of drivers is that of `base`.

    The outcome of `base` must be undated (lag 0), its drivers those of year t - 1.
    """
    past = replace(base.outcome, lag=1, name="own_past")
    earlier = tuple(
        Variable(driver.column, driver.lag + 1, driver.transform, f"{driver.term}_before")
        for driver in base.drivers
    )
    word = f"lp_{'m' if horizon < 0 else 'p'}{abs(horizon)}"
    return replace(
        base,
        id=f"{base.id}__{word}",
        outcome=replace(base.outcome, lag=-horizon),
        controls=(past, *earlier, *base.controls),
        role="projection",
    )


def aligned_clusters(cross: CrossProducts, labels: Sequence[object]) -> CrossProducts:
    """The same cross products with the clusters in the order of `labels`, absent ones empty.

    Draws of models on different rows can then be compared jointly: cluster i has one weight in all.
    """
    size = cross.products.shape[-1]
    held = dict(zip(cross.labels, cross.products, strict=True))
    empty = np.zeros((size, size))
    return replace(
        cross,
        products=np.stack([held.get(label, empty) for label in labels]),
        labels=np.asarray(labels),
    )


def joint_tests(
    designs: Mapping[int, Design],
    positions: Sequence[int],
    labels: Sequence[object],
    *,
    draws: int,
    seed: int,
) -> dict[tuple[int, int], tuple[WildTest, float]]:
    """Wild bootstrap tests of several models with one set of draws, and their joint p-values.

    Args:
        designs: models by horizon; positions: the drivers tested in each; labels: all clusters.

    Returns:
        by (horizon, position) the test and its Romano-Wolf p over all horizons and positions given.
    """
    keys: list[tuple[int, int]] = []
    tests: list[WildTest] = []
    for horizon, design in designs.items():
        cross = aligned_clusters(cross_products(design, "region"), labels)
        tests += wild_tests(cross, positions, draws=draws, seed=seed, intervals=False)
        keys += [(horizon, position) for position in positions]
    adjusted: FloatArray = romano_wolf(tests)
    return {key: (test, float(p)) for key, test, p in zip(keys, tests, adjusted, strict=True)}
