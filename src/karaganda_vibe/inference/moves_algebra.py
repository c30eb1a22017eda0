"""What a changed condition would go with: all moves change at once and add up (hat algebra).

People of a region choose among the regions, staying put among them. A share moves with the
exponent of its change in attraction over the mean of these exponents in its row (Dekle, Eaton and
Kortum 2008, "Global rebalancing with gravity", exact hat algebra, for shares of people). So every
row keeps its people, and the changes of all regions' balances add up to zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.errors import ProjectError


def changed_moves(people: FloatArray, attraction: FloatArray) -> FloatArray:
    """(N, N) people by origin and destination once attractions have changed.

    Args:
        people: (N, N), those who stay on the diagonal.
        attraction: (N, N) changes in log points of a destination for an origin's people.

    Raises:
        ProjectError: a negative number of people, or a row without any.
    """
    if (people < 0).any() or (people.sum(axis=1) <= 0).any():
        raise ProjectError(
            "what-if of moves: a region has fewer people than move away; expected those who stay "
            "on the diagonal, zero or more; check population and moves of the year"
        )
    moved = people * np.exp(attraction)
    return moved * (people.sum(axis=1) / moved.sum(axis=1))[:, None]


def people_matrix(moves: pd.DataFrame, population: pd.Series) -> pd.DataFrame:
    """Moves of a year (origin, destination, persons) with those who stay on the diagonal.

    Args:
        population: by region, at the start of the year.
    """
    matrix = moves.pivot(index="origin", columns="destination", values="persons")
    matrix = matrix.reindex(columns=matrix.index).fillna(0.0).astype(float)
    staying = population.reindex(matrix.index) - matrix.sum(axis=1)
    lacking = staying[staying.isna()]
    if len(lacking):
        raise ProjectError(
            f"what-if of moves: no population of {lacking.index[0]}; expected one for every region "
            "of the table of moves"
        )
    numbers = matrix.to_numpy(copy=True)
    np.fill_diagonal(numbers, staying)
    return pd.DataFrame(numbers, index=matrix.index, columns=matrix.index)


def attraction_of_condition(size: int, place: int, change: float) -> FloatArray:
    """(N, N) a destination more attractive by `change` log points for everybody, its own people
    too."""
    attraction = np.zeros((size, size))
    attraction[:, place] = change
    return attraction


def attraction_of_nearness(size: int, first: int, second: int, change: float) -> FloatArray:
    """(N, N) two regions more attractive to each other's people by `change` log points."""
    attraction = np.zeros((size, size))
    attraction[first, second] = attraction[second, first] = change
    return attraction


@dataclass(frozen=True)
class Change:
    """Persons a year, with the interval of the whole effect with one destination left out."""

    value: float
    low: float
    high: float


def jackknifed(value: float, without: FloatArray, level: float = 0.95) -> Change:
    """`value` with the interval by t(G-1) of its values `without` (G,) one cluster each."""
    groups = len(without)
    spread = np.sqrt((groups - 1) / groups * ((without - value) ** 2).sum())
    reach = float(stats.t.ppf((1 + level) / 2, groups - 1) * spread)
    return Change(float(value), float(value) - reach, float(value) + reach)


def balances(people: FloatArray, place: int) -> FloatArray:
    """(3,) arrivals, departures and balance of one region."""
    arrivals = people[:, place].sum() - people[place, place]
    departures = people[place].sum() - people[place, place]
    return np.array([arrivals, departures, arrivals - departures])
