"""Cell keys: noise that is the same whenever the same records are counted.

Every record has a random key; the sum of the keys of a cell, modulo, is its cell key, and a
perturbation table turns count and cell key into a deviation (Fraser and Wooton 2005, "A proposed
method for confidentialising tabular output to protect against differencing"; Thompson, Broadfoot
and Elazar 2013; Giessing 2016 for tables of greatest entropy). Margins have keys of their own: they
are not the sums of the perturbed cells.
"""

from __future__ import annotations

import hashlib
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA

# A prime, so that equal records, whose keys are equal too, spread over all cell keys.
MODULUS = 1_000_003
PERTURBATION_TABLE = METADATA / "models" / "perturbation_table.csv"
SHORTEST_SECRET = 16
_EXACT = 1e-6


def record_keys(records: pd.DataFrame, secret: str) -> pd.Series:
    """A whole number from 0 to MODULUS − 1 a record, by its content and `secret`, not its place.

    The secret stays with the office: who has it can take the noise off again. Raises ProjectError
    where it is shorter than 16 characters.
    """
    check_secret(secret)
    key = hashlib.blake2b(secret.encode(), digest_size=8).hexdigest()
    hashes = pd.util.hash_pandas_object(records, index=False, hash_key=key)
    return (hashes % MODULUS).astype("int64").rename("record_key")


def check_secret(secret: str) -> None:
    """ProjectError where a secret of cell keys is short enough to be guessed."""
    if len(secret) < SHORTEST_SECRET:
        raise ProjectError(
            f"cell keys: the secret has {len(secret)} characters; expected at least "
            f"{SHORTEST_SECRET}; draw one at random and keep it"
        )


def perturbation_for(threshold: int) -> pd.DataFrame:
    """The perturbation table after which no count from 1 to below `threshold` stands.

    The variance is what the least certain of the counts below the threshold need (a count c must
    become 0 or at least the threshold: c × (threshold − c), at most threshold² / 4) and three
    quarters more; deviations reach so far that a count of 1 can have it. For a threshold of 3 it is
    the table of PERTURBATION_TABLE. Raises ProjectError for a threshold below 1.
    """
    if threshold < 1:
        raise ProjectError(f"cell keys: threshold {threshold}; expected a whole number from 1 up")
    variance = threshold**2 / 4 + 0.75
    return perturbation_table(variance, max(threshold + 2, ceil(variance) + 1), threshold - 1)


def read_perturbation_table(path: Path = PERTURBATION_TABLE) -> pd.DataFrame:
    """Probabilities: a row a true count, the last for all greater ones; a column a deviation.

    Raises ProjectError where a row does not add up to one, has a bias, may fall below zero or
    leaves a zero, or the counts do not run from zero up without a gap.
    """
    table = pd.read_csv(path, index_col="count")
    table.columns = table.columns.astype(int)
    table.index = table.index.astype(int)
    check_perturbation_table(table, path.name)
    return table


def check_perturbation_table(table: pd.DataFrame, name: str = "perturbation table") -> None:
    """Raise ProjectError where `table` is not what `read_perturbation_table` promises."""
    chances = table.to_numpy(float)
    deviations = table.columns.to_numpy(float)
    below = table.index.to_numpy()[:, None] + deviations < 0
    faults = {
        "counts must run 0, 1, 2, … without a gap": list(table.index) != list(range(len(table))),
        "deviations must rise": list(deviations) != sorted(set(deviations)),
        "chances must be from 0 to 1": not ((chances >= 0) & (chances <= 1)).all(),
        "each row must add up to 1": (abs(chances.sum(axis=1) - 1) > _EXACT).any(),
        "each row's mean deviation must be 0": (abs(chances @ deviations) > _EXACT).any(),
        "no count may fall below zero": (chances[below] > 0).any(),
        "zero must stay zero": abs(chances[0] @ deviations**2) > _EXACT,
    }
    for words, found in faults.items():
        if found:
            raise ProjectError(f"{name}: {words}; mend the table")


def perturbation_table(variance: float, largest: int, blocked: int) -> pd.DataFrame:
    """The perturbation table of greatest entropy without bias.

    Args:
        variance: of the deviation, for every count but zero, which stays.
        largest: greatest deviation either way.
        blocked: counts from 1 up to this never come out.

    Raises ProjectError where no such table exists for a count.
    """
    deviations = np.arange(-largest, largest + 1)
    rows = {0: (deviations == 0).astype(float)}
    for count in range(1, largest + blocked + 2):
        result = count + deviations
        allowed = deviations[(result == 0) | (result > blocked)]
        chances = _greatest_entropy(allowed, variance, count)
        rows[count] = np.zeros(len(deviations))
        rows[count][np.isin(deviations, allowed)] = chances
    table = pd.DataFrame.from_dict(rows, orient="index", columns=deviations).rename_axis("count")
    check_perturbation_table(table)
    return table


def _greatest_entropy(
    deviations: NDArray[np.int64], variance: float, count: int
) -> NDArray[np.float64]:
    """Chances proportional to exp(a d + b d²), with mean 0 and the variance."""
    # Here, since every count of a register imports this module and few make such a table.
    from scipy.optimize import linprog, minimize
    from scipy.special import logsumexp

    moments = np.array([deviations, deviations**2 - variance], float)

    def dual(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        total = logsumexp(weights @ moments)
        return float(total), moments @ np.exp(weights @ moments - total)

    # Mean and variance must be those of some chances; else the weights run off without end.
    exists = linprog(
        np.zeros(len(deviations)),
        A_eq=np.vstack([moments, np.ones(len(deviations))]),
        b_eq=[0, 0, 1],
    )
    if exists.x is None:
        raise ProjectError(
            f"perturbation table: no chances for count {count} have mean 0 and variance {variance} "
            f"with deviations {', '.join(map(str, deviations))}; change variance or largest"
        )
    found = minimize(dual, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-9})
    weights = found.x @ moments
    return np.exp(weights - logsumexp(weights))


def perturbed(
    counts: NDArray[np.int64], cell_keys: NDArray[np.int64], table: pd.DataFrame
) -> NDArray[np.int64]:
    """(n,) `counts` with the deviation that `table` gives each for its cell key.

    Args:
        counts: (n,) true counts.
        cell_keys: (n,) sums of the record keys, taken modulo here.
        table: see `read_perturbation_table`.
    """
    row = np.minimum(counts, len(table) - 1)
    reached = np.cumsum(table.to_numpy(float), axis=1)[row]
    # The middle of a key's share of [0, 1), so that no rounding puts it on an edge.
    place = (np.mod(cell_keys, MODULUS) + 0.5) / MODULUS
    column = (place[:, None] > reached[:, :-1]).sum(axis=1)
    return counts + table.columns.to_numpy()[column]
