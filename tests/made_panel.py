"""A made panel of places and years with known coefficients. Never in the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from karaganda_vibe.inference.design import Design, make_design

DRIVERS = ("x0", "x1", "x2")


def made_panel(
    seed: int = 1,
    regions: int = 16,
    places: int = 9,
    years: int = 24,
    coefficients: tuple[float, ...] = (1.5, -0.7, 0.0),
    missing: float = 0.05,
    shock: float = 1.0,
) -> pd.DataFrame:
    """Columns region, place_id, year, kind, population, x0.., y, counts; rows missing at random.

    y = coefficients * x + place + year effects + regional shocks + noise.
    """
    generator = np.random.default_rng(seed)
    region = np.repeat(np.arange(regions), places * years)
    place = np.repeat(np.arange(regions * places), years)
    year = np.tile(np.arange(2000, 2000 + years), regions * places)
    rows = len(year)
    region_year = region * years + (year - 2000)
    drivers = {}
    signal = np.zeros(rows)
    for index, coefficient in enumerate(coefficients):
        values = (
            generator.normal(size=rows)
            + generator.normal(size=regions * years)[region_year]
            + generator.normal(size=regions * places)[place]
            + 0.1 * (year - 2000)
        )
        drivers[f"x{index}"] = values
        signal += coefficient * values
    noise = (
        generator.normal(size=rows) + shock * generator.normal(size=regions * years)[region_year]
    )
    effects = generator.normal(size=regions * places)[place] * 3 + np.sin(year)
    population = np.round(np.exp(generator.normal(10, 0.7, regions * places)))[place]
    frame = pd.DataFrame(
        {
            "region": [f"KZ-{code:02d}" for code in region],
            "place_id": [f"place-{code:03d}" for code in place],
            "year": year,
            "kind": np.where(place % places == 0, "city", "district"),
            "population": population,
            **drivers,
            "y": signal + effects + noise,
        }
    )
    rate = np.exp(-4 + 0.1 * signal + 0.1 * effects + 0.05 * noise)
    frame["counts"] = generator.poisson(population * rate)
    keep = generator.random(rows) >= missing
    return frame[keep].sample(frac=1, random_state=seed).reset_index(drop=True)


def design_of(frame: pd.DataFrame, outcome: str = "y", **options: Any) -> Design:
    """A design on the made panel."""
    drivers: Mapping[str, Any] = options.pop("drivers", {name: frame[name] for name in DRIVERS})
    return make_design(
        options.pop("model_id", "made"),
        frame[outcome],
        drivers,
        place=frame["place_id"],
        region=frame["region"],
        year=frame["year"],
        outcome_name=outcome,
        **options,
    )
