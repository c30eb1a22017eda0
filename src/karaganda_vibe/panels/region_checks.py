"""Which identities the regional tables are held to: sums, balances, workbooks, months."""

from __future__ import annotations

import numpy as np
import pandas as pd

from karaganda_vibe.panels.identities import (
    COUNTRY,
    arrivals_minus_departures,
    checks_table,
    no_checks,
    population_balance,
    regions_sum_to_country,
    sum_of_columns,
    sums_to_zero,
)


def region_checks(
    regions: pd.DataFrame,
    long: pd.DataFrame,
    chosen: pd.DataFrame,
    indicators: pd.DataFrame,
    changes: pd.DataFrame,
) -> pd.DataFrame:
    """Every identity that the regional tables can be held to.

    `regions`, `long` and `chosen` are those of regions.build_regions, `indicators` of
    region_tables.load_indicators and `changes` of registry.load_border_changes.
    """
    new = changes[changes["kind"] == "new region"]
    families = [
        (str(change), str(parent), tuple(group["to_region"]))
        for (change, parent), group in new.groupby(["change", "from_region"])
    ]
    touched = {name for _, parent, children in families for name in (parent, *children)}
    unchanged = sorted(set(regions["region"]) - touched - {COUNTRY})
    cities = {"KZ-71", "KZ-75", "KZ-79"}
    named = regions.assign(unit=regions["region"] + " " + regions["borders"])
    # A net that is itself the difference of two figures rounded to hundreds may be 100 off.
    flows = chosen[chosen["indicator"].isin(["natural_growth", "net_migration_total"])]
    coarsest = flows.groupby(["region", "year", "borders"])["tolerance"].max()
    keys = pd.MultiIndex.from_frame(regions[["region", "year", "borders"]])
    named["tolerance"] = np.where(coarsest.reindex(keys).fillna(0.5) > 1, 100.0, 0.5)
    frames = [
        sum_of_columns(
            regions,
            check_id="urban + rural = total: net migration",
            parts={"net_migration_urban": 1, "net_migration_rural": 1},
            whole="net_migration_total",
            absent_is_zero={"net_migration_rural": cities},
        ),
        sum_of_columns(
            regions,
            check_id="urban + rural = total: population",
            parts={"population_start_of_year_urban": 1, "population_start_of_year_rural": 1},
            whole="population_start_of_year",
            absent_is_zero={"population_start_of_year_rural": cities},
        ),
        sum_of_columns(
            regions,
            check_id="age groups = total: population",
            parts={
                "population_0_15": 1,
                "population_16_to_pension_age": 1,
                "population_pension_age_and_over": 1,
            },
            whole="population_start_of_year",
        ),
        arrivals_minus_departures(
            regions,
            check_id="arrivals - departures = net: inside the country",
            arrivals="arrivals_internal",
            departures="departures_internal",
            net="net_interregional",
        ),
        arrivals_minus_departures(
            regions,
            check_id="arrivals - departures = net: across the region's border",
            arrivals="arrivals_outside_region",
            departures="departures_outside_region",
            net="net_migration_total",
        ),
        workbook_checks(long),
        monthly_checks(long),
        population_balance(named, unit="unit", tolerance="tolerance"),
    ]
    between = regions[~regions["region"].eq(COUNTRY)]
    frames.append(
        sums_to_zero(
            between,
            check_id="internal nets sum to zero",
            value="net_interregional",
            members=between["region"].nunique(),
        )
    )
    for record in indicators.drop_duplicates("name").to_dict("records"):
        if record["aggregation"] == "sum" and record["wide"] == "yes":
            # Each of up to twenty regions and the country is rounded on its own.
            frames.append(
                regions_sum_to_country(
                    regions,
                    value=record["name"],
                    families=families,
                    unchanged=unchanged,
                    tolerance=21 * float(record["tolerance"]),
                )
            )
    return pd.concat(frames, ignore_index=True)


def workbook_checks(long: pd.DataFrame) -> pd.DataFrame:
    """Identities inside the workbook of each region: flows, natural growth, population change.

    Figures of one workbook are on the same borders. Each figure in tenths of a thousand may be 50
    persons off.
    """
    rows = long[long["source"].str.startswith("bns_region_dynamics.")]
    frames = []
    for region, group in rows.groupby("region"):
        wide = group.pivot_table(
            index=["year", "borders"], columns="indicator", values="value", aggfunc="first"
        ).reset_index()
        wide["unit"] = region
        for check_id, parts, whole in (
            (
                "arrivals - departures = net: workbook of the region",
                {"arrivals_total": 1, "departures_total": -1},
                "net_migration_total",
            ),
            (
                "births - deaths = natural growth: workbook of the region",
                {"births": 1, "deaths": -1},
                "natural_growth",
            ),
        ):
            if {*parts, whole} <= set(wide.columns):
                figures = wide[[*parts, whole]]
                # A multiple of a hundred counts as rounded to hundreds.
                rounded = (figures % 100 == 0).sum(axis="columns")
                frames.append(
                    sum_of_columns(
                        wide,
                        check_id=check_id,
                        parts=parts,
                        whole=whole,
                        unit="unit",
                        tolerance=rounded * 50.0 + 0.5,
                    )
                )
    return pd.concat([no_checks(), *frames], ignore_index=True)


def monthly_checks(long: pd.DataFrame) -> pd.DataFrame:
    """The twelve months of internal moves sum to the year, and their nets to zero."""
    names = ("arrivals_internal", "departures_internal", "net_interregional")
    rows = long[
        long["indicator"].isin(names)
        & long["source"].str.startswith("bns_internal_migration.regions_")
    ]
    annual = rows[rows["period"] == "annual"]
    months = rows[rows["source"].str.endswith("_monthly")]
    sums = months.groupby(["indicator", "region", "year"], as_index=False).agg(
        total=("value", "sum"), count=("period", "nunique")
    )
    joined = sums[sums["count"] == 12].merge(annual, on=["indicator", "region", "year"])
    frames = [no_checks()]
    for name, group in joined.groupby("indicator"):
        frames.append(
            checks_table(
                f"twelve months = year: {name}",
                group["region"],
                group["year"],
                group["total"],
                group["value"],
                0.5,
            )
        )
    nets = months[months["indicator"] == "net_interregional"]
    frames.append(
        sums_to_zero(
            nets,
            check_id="internal nets sum to zero: months",
            value="value",
            by=("year", "period"),
            members=20,
        )
    )
    return pd.concat(frames, ignore_index=True)
