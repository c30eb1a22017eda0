"""Bounds on the young in the loss of the regions that lose them; no balance by age is published.

Let Y_r be the balance of the young and N_r that of all ages of region r (all flows). Moves inside
the country cancel out, so the Y_r add up to the country's balance Y with abroad, which is
published, as are the Y_r of the cities K. The regions that gain young people, G (K is part of it),
are published by name; all others, L, lose some. Hence

    sum over L of Y_r = Y - sum over K of Y_r - sum over G without K of Y_r

and the last sum is above zero: the regions of L lost at least (sum over K of Y_r) - Y young people.
That is arithmetic. From above it needs an assumption: that in each region of G without K all other
ages together did not lose people. Then Y_r is at most N_r there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.tables import YEAR, read_table

GAINING = METADATA / "indicators" / "gaining_young.csv"


@dataclass(frozen=True)
class YouthBound:
    """What is known of the young in the loss of the losing regions of one year.

    Attributes:
        regions: how many regions lose young people.
        loss: their net loss at all ages, persons (above zero).
        least, most: their net loss of young people, persons; `most` under the assumption.
    """

    regions: int
    loss: float
    least: float
    most: float

    @property
    def share_low(self) -> float:
        """Smallest share of the young in the loss, 0 to 1."""
        return self.least / self.loss

    @property
    def share_high(self) -> float:
        """Largest share of the young in the loss, 0 to 1, under the assumption."""
        return self.most / self.loss


def gaining_regions(year: int, path: Path = GAINING) -> list[str]:
    """Regions that are published as gaining young people in `year`.

    Raises ProjectError where the table has none for that year.
    """
    columns = ["region", "year", "evidence"]
    table = read_table(
        path, columns, typed={"year": YEAR}, filled=columns, keys=[("region", "year")]
    )
    found = table.loc[table["year"] == year, "region"].tolist()
    if not found:
        raise ProjectError(f"{path.name}: no region of the year {year}; add what is published")
    return [str(region) for region in found]


def youth_bound(
    country: float,
    cities: Mapping[str, float],
    nets: pd.Series,
    gaining: list[str],
    rounding: float,
) -> YouthBound:
    """Bounds on the net loss of young people in all regions outside `gaining`.

    Args:
        country: net migration of the country at the ages in question, persons.
        cities: net migration of the regions whose figure at these ages is published, persons.
        nets: net migration at all ages of every region of the year, persons, by region.
        gaining: regions that gain people of these ages; all of `cities` are among them.
        rounding: how far each published figure of the young may be from the true one, persons;
            taken against the bound each time, so that the range holds whatever they were.

    Raises ProjectError where a region is missing from `nets`, a city is not among the gaining
    ones, or the other regions lose nobody, so that there is no loss to take a share of.
    """
    unknown = sorted(({*gaining} - {*nets.index}) | ({*cities} - {*gaining}))
    if unknown or nets.isna().any():
        gaps = [str(region) for region in nets.index[nets.isna()]]
        raise ProjectError(
            f"bound on the young: {', '.join([*unknown, *gaps])} without a net at all ages, or "
            "with a published figure and not among the gaining regions; expected every region once"
        )
    losing = nets.drop(index=gaining)
    loss = -float(losing.sum())
    known = sum(cities.values()) - country
    slack = rounding * (len(cities) + 1)
    others = float(nets.loc[[region for region in gaining if region not in cities]].sum())
    least, most = known - slack, known + slack + max(others, 0.0)
    if loss <= 0 or least <= 0:
        raise ProjectError(
            f"bound on the young: the losing regions have a net of {-loss:.0f} and lose at least "
            f"{least:.0f} young people; expected a loss of both; check the published figures"
        )
    return YouthBound(len(losing), loss, least, min(most, loss))
