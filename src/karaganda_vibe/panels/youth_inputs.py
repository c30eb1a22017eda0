"""The inputs of the split of net migration by age (see inference/child_split.py), from the tables.

Each input is published; where one is missing the region and year are left out with the reason.
Two things are assumed and stated in the report: infant mortality of a region that does not publish
it is the mean of those that do, and births of the whole country, which the project's tables do not
hold, are those of the regions with births, scaled by the children who live there. To the two
estimates of those turning 16 in child_split.py a third is added here, for regions that have gained
or lost children year after year.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from karaganda_vibe.panels.migration_series import NATIONAL, sum_of_places
from karaganda_vibe.project.errors import ProjectError

AGES = ("population_0_15", "population_16_to_pension_age", "population_pension_age_and_over")
COHORTS = 16
# Published totals of one census base agree to a few dozen persons; a rebasing moves thousands.
TOLERANCE = 100


def births_column(back: int) -> str:
    """Name of the column of births `back` years before."""
    return f"births_{back}_years_before"


COHORT_COLUMNS = tuple(births_column(back) for back in range(COHORTS, 0, -1))
OTHER_BASE = "two census bases or two borders"
NO_BIRTHS = "births of the year not published"
NO_NEXT = "no later count on the same borders"


def population_balance(regions: pd.DataFrame) -> pd.DataFrame:
    """Whether the age groups at both ends of a year stand on one census base and one border.

    If they do, their sum moves by exactly natural growth plus net migration.

    Args:
        regions: regions.csv.

    Returns:
        region, borders, year, total_start, total_end (persons on 1 January of the year and of the
        next; end missing where there is none), natural_growth, net_migration, gap (total_end less
        what the flows give) and same_base (gap at most TOLERANCE persons).
    """
    rows = regions[regions["region"] != NATIONAL]
    table = rows.assign(total_start=rows[list(AGES)].sum(axis=1, min_count=len(AGES)))
    table = table[table["total_start"].notna()]
    after = table[["region", "borders", "year", "total_start"]].rename(
        columns={"total_start": "total_end"}
    )
    after["year"] -= 1
    table = table.merge(after, on=["region", "borders", "year"], how="left", validate="one_to_one")
    table = table.rename(columns={"net_migration_total": "net_migration"})
    flows = table["natural_growth"] + table["net_migration"]
    table["gap"] = table["total_end"] - table["total_start"] - flows
    table["same_base"] = table["gap"].abs() <= TOLERANCE
    columns = ["region", "borders", "year", "total_start", "total_end", "natural_growth",
               "net_migration", "gap", "same_base"]  # fmt: skip
    return table[columns].sort_values(["region", "year"], ignore_index=True)


def parts_of(region: str, borders: str, registry: pd.DataFrame) -> list[str]:
    """Today's regions that lie within `region` on `borders` ("until-2022": with those split off).

    `registry` is metadata/places/regions.csv (region, split_from, split_year).
    """
    if not borders.startswith("until-"):
        return [region]
    year = int(borders.removeprefix("until-"))
    left = registry[(registry["split_from"] == region) & (registry["split_year"] == year)]
    return [region, *sorted(left["region"])]


def births_by_year(
    regions: pd.DataFrame, districts: pd.DataFrame, registry: pd.DataFrame
) -> pd.DataFrame:
    """Births of every region, borders and year for which the tables give them.

    Taken in this order: the region's published number; the sum of its cities and districts, where
    every one of them is there; the published birth rate times the mean population of the year.

    Returns:
        region, borders, year, births (persons), births_basis ("published", "sum of places" or
        "birth rate").
    """
    rows = regions[regions["region"] != NATIONAL].copy()
    ages = rows[list(AGES)].sum(axis=1, min_count=len(AGES))
    rows["start"] = ages.fillna(rows["population_start_of_year"])
    after = rows[["region", "borders", "year", "start"]].rename(columns={"start": "end"})
    after["year"] -= 1
    rows = rows.merge(after, on=["region", "borders", "year"], how="left")
    rows["by_rate"] = rows["crude_birth_rate"] * (rows["start"] + rows["end"]) / 2 / 1000
    found = []
    for (region, borders), group in rows.groupby(["region", "borders"], sort=True):
        published = group.set_index("year")["births"].dropna()
        sums = _births_of_places(districts, parts_of(str(region), str(borders), registry))
        by_rate = group.set_index("year")["by_rate"].dropna()
        for basis, series in (
            ("published", published), ("sum of places", sums), ("birth rate", by_rate),
        ):  # fmt: skip
            table = series.rename("births").rename_axis("year").reset_index()
            found.append(table.assign(region=str(region), borders=str(borders), births_basis=basis))
    table = pd.concat(found, ignore_index=True)
    table = table.drop_duplicates(["region", "borders", "year"], keep="first")
    columns = ["region", "borders", "year", "births", "births_basis"]
    return table[columns].sort_values(columns[:3], ignore_index=True, kind="stable")


def _births_of_places(districts: pd.DataFrame, parts: Sequence[str]) -> pd.Series:
    """Births of several of today's regions by year; empty unless every place publishes births."""
    series = []
    for part in parts:
        own = districts[districts["region"] == part]
        if own.empty or not own.groupby("place_id")["births"].count().gt(0).all():
            return pd.Series(dtype=float)
        series.append(sum_of_places(districts, part, "births"))
    return pd.concat(series, axis=1, join="inner").sum(axis=1)


def split_inputs(
    regions: pd.DataFrame, districts: pd.DataFrame, registry: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What `split_net_migration` needs, and the regions and years that it cannot have.

    Returns:
        inputs: region, borders, year, children_start, children_end (0-15), adults_start,
        adults_end (16+, persons on 1 January of the year and of the next), births, births_basis,
        infant_rate (deaths under one year per 1,000 births), infant_basis ("published" or "mean of
        regions"), infant_deaths, net_migration, births_16_years_before to
        births_1_years_before, births_in_16_years (empty where the region's births do not go back
        that far);
        left_out: region, borders, year, gap (persons), reason.

    Raises:
        ProjectError: no region publishes infant mortality in a year that is split.
    """
    balance = population_balance(regions)
    births = births_by_year(regions, districts, registry)
    known = births.set_index(["region", "borders", "year"])["births"]
    table = balance.merge(births, on=["region", "borders", "year"], how="left")
    reason = pd.Series("", index=table.index)
    reason[table["births"].isna()] = NO_BIRTHS
    reason[~table["same_base"]] = OTHER_BASE
    reason[table["total_end"].isna()] = NO_NEXT
    left_out = table[reason != ""].assign(reason=reason[reason != ""])
    left_out = left_out[["region", "borders", "year", "gap", "reason"]].reset_index(drop=True)
    table = table[reason == ""].reset_index(drop=True)

    counts = regions.set_index(["region", "borders", "year"])
    adults = counts[list(AGES[1:])].sum(axis=1, min_count=2)
    now = pd.MultiIndex.from_frame(table[["region", "borders", "year"]])
    later = pd.MultiIndex.from_frame(table[["region", "borders", "year"]].assign(
        year=table["year"] + 1))  # fmt: skip
    table["children_start"] = counts[AGES[0]].reindex(now).to_numpy()
    table["children_end"] = counts[AGES[0]].reindex(later).to_numpy()
    table["adults_start"] = adults.reindex(now).to_numpy()
    table["adults_end"] = adults.reindex(later).to_numpy()

    rate = pd.Series(counts["infant_mortality_rate"].reindex(now).to_numpy(), index=table.index)
    weights = table["births"].where(rate.notna())
    yearly = (rate * weights).groupby(table["year"]).sum() / weights.groupby(table["year"]).sum()
    table["infant_basis"] = np.where(rate.notna(), "published", "mean of regions")
    table["infant_rate"] = rate.fillna(table["year"].map(yearly))
    if table["infant_rate"].isna().any():
        year = int(table.loc[table["infant_rate"].isna(), "year"].iloc[0])
        raise ProjectError(
            f"split: regions.csv has no infant mortality of any region in {year}; expected at "
            "least one; leave that year out"
        )
    table["infant_deaths"] = table["births"] * table["infant_rate"] / 1000

    past = [
        [known.get((region, borders, int(year) - back), np.nan) for back in range(COHORTS, 0, -1)]
        for region, borders, year in zip(
            table["region"], table["borders"], table["year"], strict=True
        )
    ]
    cohorts = np.array(past, dtype=float).reshape(len(table), COHORTS)
    whole = np.isfinite(cohorts).all(axis=1)
    for back in range(COHORTS, 0, -1):
        table[births_column(back)] = np.where(whole, cohorts[:, COHORTS - back], np.nan)
    table["births_in_16_years"] = np.where(whole, cohorts.sum(axis=1), np.nan)
    columns = [
        "region", "borders", "year", "children_start", "children_end", "adults_start",
        "adults_end", "births", "births_basis", "infant_rate", "infant_basis", "infant_deaths",
        "net_migration", *COHORT_COLUMNS, "births_in_16_years",
    ]  # fmt: skip
    return table[columns].sort_values(["region", "year"], ignore_index=True), left_out


def national_ages(long: pd.DataFrame) -> pd.DataFrame:
    """Persons of the country by single year of age on 1 January: rows age, columns year.

    Args:
        long: region_indicators_long.csv.

    Raises:
        ProjectError: an age of 0 to 16 is missing in a year, or stands twice.
    """
    rows = long[(long["region"] == NATIONAL) & (long["indicator"] == "population_by_age")]
    rows = rows[rows["age_group"].astype(str).str.fullmatch(r"\d+")]
    rows = rows.assign(age=rows["age_group"].astype(int))
    if rows.duplicated(["age", "year"]).any():
        row = rows[rows.duplicated(["age", "year"])].iloc[0]
        raise ProjectError(f"single ages: age {row['age']}, {row['year']} stands twice; keep one")
    table = rows.pivot(index="age", columns="year", values="value").sort_index()
    gaps = table.reindex(range(COHORTS + 1)).isna()
    if table.empty or gaps.any(axis=None):
        where = "" if table.empty else f" (age {gaps.any(axis=1).idxmax()})"
        raise ProjectError(
            f"single ages: region_indicators_long.csv lacks ages 0 to {COHORTS}{where}; expected "
            "every age in every year; complete the raw table"
        )
    return table


def country_inputs(ages: pd.DataFrame, inputs: pd.DataFrame) -> pd.DataFrame:
    """The country table of `turning_sixteen`.

    Births of the country are those of the regions that have them, times the country's children over
    the children of these regions (`covered` is their share).

    Args:
        ages: from `national_ages`; inputs: from `split_inputs`.

    Returns:
        year, age_15, children, births_16_years_before to births_1_years_before,
        births_in_16_years, covered.
    """
    rows = []
    for year in sorted({int(year) for year in inputs["year"]}):
        group = inputs[inputs["year"] == year]
        if year not in ages:
            raise ProjectError(
                f"split: single ages of the country are not there for {year}; leave that year out"
            )
        children = float(ages.loc[: COHORTS - 1, year].sum())
        known = group[group["births_in_16_years"].notna()]
        covered = float(known["children_start"].sum()) / children
        scale = 1 / covered if covered else np.nan
        rows.append(
            {
                "year": year,
                "age_15": float(ages[year].loc[COHORTS - 1]),
                "children": children,
                **{column: float(known[column].sum()) * scale for column in COHORT_COLUMNS},
                "births_in_16_years": float(known["births_in_16_years"].sum()) * scale,
                "covered": covered,
            }
        )
    return pd.DataFrame(rows)


def steady_age_15(births: np.ndarray, children: np.ndarray) -> np.ndarray:
    """(rows,) those aged 15 if children came or went at one yearly rate, the same at every age.

    The rate of a row is the one that turns its births into its children; whoever is older has
    been exposed to it for longer.

    Args:
        births: (rows, 16) births 16, 15, … 1 years before; children: (rows,) persons 0-15.
    """
    ages = np.arange(births.shape[1])[::-1] + 0.5
    low = np.full(len(births), -0.5)
    high = np.full(len(births), 0.5)
    for _ in range(60):
        middle = (low + high) / 2
        reached = (births * np.exp(middle[:, None] * ages)).sum(axis=1)
        low, high = np.where(reached < children, middle, low), np.where(
            reached < children, high, middle)  # fmt: skip
    return births[:, 0] * np.exp((low + high) / 2 * ages[0])


def with_steady_moves(
    turning: pd.DataFrame, inputs: pd.DataFrame, country: pd.DataFrame, turning_error: float
) -> pd.DataFrame:
    """`turning` (of `turning_sixteen`) with the estimate for children who move year after year.

    Adds turning_by_moves: `steady_age_15` of the region, corrected by the country's own ratio of
    those aged 15 to the same estimate. The central value becomes the middle of the three estimates
    from births, and the range spans all three, widened by `turning_error`. Rows without births
    sixteen years back are left as they are.
    """
    rows = turning[["region", "year"]].merge(inputs, on=["region", "year"], how="left")
    national = country.set_index("year")
    expected = pd.Series(
        steady_age_15(
            national[list(COHORT_COLUMNS)].to_numpy(float), national["children"].to_numpy(float)
        ),
        index=national.index,
    )
    correction = rows["year"].map(national["age_15"] / expected).to_numpy()
    cohorts = rows[list(COHORT_COLUMNS)].to_numpy(float)
    steady = steady_age_15(cohorts, rows["children_start"].to_numpy(float)) * correction
    table = turning.assign(turning_by_moves=np.where(np.isfinite(cohorts[:, 0]), steady, np.nan))
    three = table[["turning_by_births", "turning_by_shape", "turning_by_moves"]]
    known = three.notna().all(axis=1)
    table["turning"] = three.median(axis=1).where(known, table["turning"])
    low, high = three.min(axis=1) * (1 - turning_error), three.max(axis=1) * (1 + turning_error)
    table["turning_low"] = low.where(known, table["turning_low"])
    table["turning_high"] = high.where(known, table["turning_high"])
    return table
