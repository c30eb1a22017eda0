"""Made moves between made regions, for tests of the gravity models. Nothing here is data."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd

from karaganda_vibe.inference.gravity_file import GravityModel
from karaganda_vibe.inference.specs import Variable
from karaganda_vibe.panels.gravity_rows import Places

PAIR = ("log_distance", "border", "former_common_region")
# What the made moves follow, in log points.
TRUE = {"log_distance": -0.9, "border": 0.4, "former_common_region": 0.7, "size": 0.8, "wage": 1.2}


def made_model(**changes: Any) -> GravityModel:
    """A model of destinations like those of gravity.yml, of the made years."""
    parts: dict[str, Any] = {
        "id": "made_choice",
        "title": "made",
        "role": "headline",
        "borders": "published",
        "years": (2011, 2012),
        "effects": ("origin_year",),
        "pair": PAIR,
        "conditions": (
            Variable("population_average", 1, "log", "size"),
            Variable("wage", 1, "log", "wage"),
            Variable("unemployment_rate", 1, "none", "unemployment"),
        ),
        "family": ("wage", "unemployment"),
        "where": "made.yml, line 1: model made_choice",
    }
    return GravityModel(**(parts | changes))


def made_places(count: int = 9, seed: int = 3, noise: float = 0.3) -> Places:
    """Made regions R0, R1, …; R1 was split from R0 and is published with it up to 2010."""
    generator = np.random.default_rng(seed)
    names = [f"R{number}" for number in range(count)]
    at = generator.uniform(0, 1000, size=(count, 2))
    wage = np.exp(generator.normal(11, 0.4, count))
    people = np.exp(generator.normal(13, 0.5, count))
    pairs, flows = [], []
    for first, second in permutations(range(count), 2):
        km = float(np.hypot(*(at[first] - at[second])))
        border, common = int(km < 300), int({first, second} == {0, 1})
        pairs.append((names[first], names[second], km, border, common))
        for year in (2011, 2012):
            pull = TRUE["log_distance"] * np.log(km) + TRUE["border"] * border
            pull += TRUE["former_common_region"] * common + TRUE["size"] * np.log(people[second])
            pull += TRUE["wage"] * np.log(wage[second]) + noise * generator.normal()
            flows.append((names[first], names[second], year, generator.poisson(np.exp(pull - 13))))
    panel = []
    for year in (2010, 2011):
        for number, name in enumerate(names):
            split = number in (0, 1)
            row = {
                "region": name, "year": year,
                "borders": "since-2011" if split else "unchanged",
                "population_average": people[number],
                "population_start_of_year": people[number],
                "wage": np.nan if split and year == 2010 else wage[number],
                "unemployment_rate": np.nan if split and year == 2010 else 5 + 0.1 * number,
                "housing_price_secondary": 100.0 + number, "housing_rent": 10.0 + number,
            }  # fmt: skip
            panel.append(row)
            if name == "R0" and year == 2010:
                panel.append(
                    row
                    | {"borders": "until-2011", "population_average": np.nan, "wage": wage[0],
                       "unemployment_rate": 4.5, "housing_price_secondary": np.nan}
                )  # fmt: skip
    registry = pd.DataFrame({"region": names, "name_ru": "край", "split_from": ""})
    registry.loc[1, "split_from"] = "R0"
    registry.loc[2, "name_ru"] = "город R2"
    columns = ["origin", "destination", "distance_km", "border", "former_common_region"]
    return Places(
        pd.DataFrame(flows, columns=["origin", "destination", "year", "persons"]),
        pd.DataFrame(pairs, columns=columns),
        pd.DataFrame(panel),
        registry,
        {("R0", "until-2011"): "R1"},
    )
