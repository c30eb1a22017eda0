"""How large an effect of a programme must be to be seen over what places do without one.

Placebos in space: places without the programme are treated as if they had it, and what their rates
do by themselves is the noise that an effect must exceed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from karaganda_vibe.findings.programme_measures import measure_table
from karaganda_vibe.project.errors import ProjectError

SCOPES = {"one": 1, "nine": 9, "all": None}
# Years before a start that the years after it are compared with.
YEARS_BEFORE = 5
LEVEL = 0.90
POWER = 0.80
# Random groups of several places drawn from each region and start year.
DRAWS = 20
SEED = 20261123


@dataclass(frozen=True)
class Detectable:
    """What a change must exceed to stand out from what happens without any programme.

    `low` and `high` bound the central LEVEL of the placebo changes; `threshold` is the smallest
    improvement outside of it, `four_of_five` the effect that exceeds the threshold in POWER of
    cases. All in the measure's unit, positive for an improvement.
    """

    low: float
    high: float
    threshold: float
    four_of_five: float
    placebos: int
    units: int
    first_start: int
    last_start: int


def placebo_changes(
    table: pd.DataFrame,
    *,
    treated_region: str,
    group_size: int | None,
    years_after: int,
    years_before: int = YEARS_BEFORE,
    draws: int = DRAWS,
    seed: int = SEED,
) -> pd.DataFrame:
    """What the measure does in groups of places that had no programme.

    For every start year and every group: mean of the `years_after` years from the start, less mean
    of the `years_before` years before it, less the same change in places of other regions
    (unweighted mean). A group's value of a year is weighted by population. Groups lie within one
    region; `treated_region` is left out. One place: every place; None: all places of a region; else
    `draws` random groups of a region and start year (seeded).

    Returns:
        group, region, start, change (the measure's unit); sorted.

    Raises:
        ProjectError: fewer than two years, or nothing to compare.
    """
    if years_after < 1 or years_before < 1:
        raise ProjectError(
            f"{years_before} years before, {years_after} after; expected one or more"
        )
    others = table[table["region"] != treated_region]
    wide = others.pivot(index="year", columns="place_id", values="value").sort_index()
    weight = others.pivot(index="year", columns="place_id", values="mean_population").sort_index()
    first, last = int(wide.index.min()), int(wide.index.max())
    values = wide.reindex(range(first, last + 1)).to_numpy(dtype=float)
    weights = weight.reindex(range(first, last + 1)).to_numpy(dtype=float)
    of_place = others.drop_duplicates("place_id").set_index("place_id")["region"]
    places = wide.columns.to_numpy()
    region = of_place.reindex(places).to_numpy()
    random = np.random.default_rng(seed)
    rows = []
    for start in range(first + years_before, last - years_after + 2):
        begin = start - first - years_before
        value = values[begin : begin + years_before + years_after]
        mass = weights[begin : begin + years_before + years_after]
        whole = np.isfinite(value).all(axis=0)
        single = value[years_before:].mean(axis=0) - value[:years_before].mean(axis=0)
        for name in sorted(set(region[whole])):
            elsewhere = whole & (region != name)
            if not elsewhere.any():
                continue
            compared = float(single[elsewhere].mean())
            own = np.flatnonzero(whole & (region == name))
            for group in _groups(own, group_size, draws, random):
                rate = (value[:, group] * mass[:, group]).sum(axis=1) / mass[:, group].sum(axis=1)
                change = float(rate[years_before:].mean() - rate[:years_before].mean())
                label = str(places[group[0]]) if group_size == 1 else str(name)
                rows.append((label, str(name), start, change - compared))
    if not rows:
        raise ProjectError(
            f"no placebo for groups of {group_size or 'all'} places over {years_before} years "
            f"before and {years_after} after; the measure's years are too few"
        )
    found = pd.DataFrame(rows, columns=["group", "region", "start", "change"])
    return found.sort_values(["start", "region", "group"], ignore_index=True, kind="stable")


def _groups(
    own: NDArray[np.intp], size: int | None, draws: int, random: np.random.Generator
) -> list[NDArray[np.intp]]:
    """The groups of a region's places (column numbers) that are treated as if they were one."""
    if size is None:
        # A region of one place is no group.
        return [own] if len(own) > 1 else []
    if size == 1:
        return [own[[place]] for place in range(len(own))]
    if len(own) <= size:
        return [own] if len(own) == size else []
    picked = {tuple(sorted(random.choice(own, size, replace=False))) for _ in range(draws)}
    return [np.array(group) for group in sorted(picked)]


def detectable(changes: pd.DataFrame, *, better: str = "higher") -> Detectable:
    """What an improvement must exceed, from the placebo changes of `placebo_changes`.

    `better`: whether a higher or a lower value of the measure is the improvement.
    """
    values = changes["change"].to_numpy(dtype=float) * (1 if better == "higher" else -1)
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    short = np.quantile(values, 1 - POWER)
    return Detectable(
        float(low),
        float(high),
        float(high),
        float(high - short),
        len(values),
        int(changes["group"].nunique()),
        int(changes["start"].min()),
        int(changes["start"].max()),
    )


def detectable_table(
    districts: pd.DataFrame,
    measures: pd.DataFrame,
    *,
    treated_region: str,
    horizons: Sequence[int] = (1, 2, 3, 5),
) -> pd.DataFrame:
    """Smallest visible improvement by measure, scope and years after the start.

    City districts are left out: the region has none. A measure whose years do not reach a horizon
    has no row for it.

    Returns:
        measure, scope, years_after, and the fields of `Detectable`.
    """
    places = districts[districts["kind"].isin(["city", "district"])]
    rows = []
    for measure in measures.to_dict("records"):
        table = measure_table(places, {str(key): value for key, value in measure.items()})
        span = int(table["year"].max()) - int(table["year"].min()) + 1
        for scope, size in SCOPES.items():
            for years_after in horizons:
                if span < YEARS_BEFORE + years_after:
                    continue
                changes = placebo_changes(
                    table, treated_region=treated_region, group_size=size, years_after=years_after
                )
                found = detectable(changes, better=str(measure["better"]))
                key = {"measure": measure["measure"], "scope": scope, "years_after": years_after}
                rows.append(key | vars(found))
    return pd.DataFrame(rows)


def people_needed(difference: float, share: float = 0.5) -> int:
    """People in each of two groups that show a difference in shares of those who stayed.

    Normal approximation for two independent groups, outside the central LEVEL in POWER of cases.

    Args:
        difference: of the shares, 0 to 1; share: of those who stay without the programme.

    Raises:
        ProjectError: a difference or a share outside 0 to 1.
    """
    if not 0 < difference <= 1 or not 0 <= share <= 1:
        raise ProjectError(f"difference {difference}, share {share}; expected shares from 0 to 1")
    reach = stats.norm.ppf((1 + LEVEL) / 2) + stats.norm.ppf(POWER)
    other = min(1.0, share + difference)
    spread = share * (1 - share) + other * (1 - other)
    return int(np.ceil(reach**2 * spread / difference**2))
