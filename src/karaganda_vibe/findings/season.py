"""The months of one year: when in it people leave. A description of twelve numbers, no more."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from karaganda_vibe.project.errors import ProjectError

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
AFTER_SCHOOL = (7, 8, 9)


def monthly_net(flows: pd.DataFrame, regions: Sequence[str], year: int) -> pd.Series:
    """Balance with other regions by month (1 to 12), persons, summed over `regions`.

    Args:
        flows: flows.csv (destination, year, period, kind, value, preferred).

    Raises:
        ProjectError: a region lacks a month, or has it twice.
    """
    rows = flows[
        (flows["kind"] == "net")
        & (flows["year"] == year)
        & (flows["preferred"] == "yes")
        & flows["period"].isin(MONTHS)
        & flows["destination"].isin(list(regions))
    ]
    table = rows.assign(month=rows["period"].map(MONTHS.index) + 1)
    twice = table.duplicated(["destination", "month"])
    if twice.any():
        row = table[twice].iloc[0]
        raise ProjectError(
            f"months: {row['destination']} has {row['period']} {year} twice; expected once"
        )
    wide = table.pivot(index="month", columns="destination", values="value")
    wide = wide.reindex(index=range(1, 13), columns=list(regions))
    gaps = wide.isna()
    if gaps.any(axis=None):
        region = next(code for code in wide.columns if gaps[code].any())
        month = MONTHS[int(gaps[region].to_numpy().argmax())]
        raise ProjectError(
            f"months: {region} lacks {month} {year}; expected twelve months; leave the region out"
        )
    return wide.sum(axis=1).rename("net")


def share_of_months(net: pd.Series, months: Sequence[int] = AFTER_SCHOOL) -> float:
    """Share (0 to 1) of the year's loss that falls on `months`; ProjectError without a loss."""
    total = float(net.sum())
    if not total < 0:
        raise ProjectError(f"months: the year's balance is {total:g}; expected a loss")
    return float(net.loc[list(months)].sum()) / total
