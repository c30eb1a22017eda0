"""Loss of people in the countryside: series, what the places that lose most share, mentoring."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from karaganda_vibe.panels.migration_series import NATIONAL
from karaganda_vibe.panels.rates import PER, per_thousand
from karaganda_vibe.project.errors import ProjectError

BORDER_JUMP = 0.3
"""A population that changes by more than this share within a year tells of a moved border."""

FEATURES = (
    "population", "relative_wage", "pupils_per_1000", "pupils_per_school", "beds_per_1000",
    "sme_per_1000",
)  # fmt: skip
LOGGED = ("population", "pupils_per_school")
"""Features compared on a log scale, since a few places are many times as large as the others."""

RULES = ("need", "loss_rate", "pupils")
"""Rules that rank districts for mentoring; the first one is the report's own."""


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval, and how many places and regions it rests on."""

    value: float
    low: float
    high: float
    places: int
    regions: int


def rural_series(regions: pd.DataFrame) -> pd.DataFrame:
    """Net migration of town and countryside by region and year, with rates of the countryside.

    Takes `regions.csv`. Columns: region, year, borders, rural, urban (persons), population (rural,
    at the start of `counted_in`), counted_in (year), rate (rural net migration per 1,000 of it).
    Where a year has no count yet, the last one on the same borders is taken.
    """
    columns = {
        "net_migration_rural": "rural",
        "net_migration_urban": "urban",
        "population_start_of_year_rural": "population",
    }
    rows = regions[["region", "year", "borders", *columns]].rename(columns=columns)
    rows = rows.sort_values(["region", "borders", "year"]).reset_index(drop=True)
    keys = [rows["region"], rows["borders"]]
    rows["counted_in"] = rows["year"].where(rows["population"].notna()).groupby(keys).ffill()
    rows["population"] = rows["population"].groupby(keys).ffill()
    rows["rate"] = per_thousand(rows["rural"], rows["population"])
    return rows.dropna(subset=["rural"]).reset_index(drop=True)


def largest_loss(series: pd.Series, year: int) -> bool:
    """Whether the loss of `year` is larger than that of every other year of the series."""
    if year not in series.index:
        raise ProjectError(f"the series has no year {year}; it ends in {series.index.max()}")
    return bool(series[year] < series.drop(year).min())


def moved_borders(districts: pd.DataFrame, first: int, last: int) -> list[str]:
    """Places whose population jumps by more than BORDER_JUMP between two year-ends, sorted."""
    chosen = districts[districts["year"].between(first, last)]
    table = chosen.pivot(index="year", columns="place_id", values="population")
    jump = (table / table.shift() - 1).abs() > BORDER_JUMP
    return sorted(jump.columns[jump.any()])


def rates_by_group(places: pd.DataFrame, group: str, first: int, last: int) -> pd.DataFrame:
    """Net migration per 1,000 of several places together, by value of `group` and year.

    `places` as `migration_series.place_rates` gives them. Only places that have every year are
    summed, so that the set is the same all along. Columns: group, year, net, population, rate (of
    all their people together), median (of the rates of the places, each counting once), places.
    """
    chosen = places[places["year"].between(first, last)]
    chosen = chosen.dropna(subset=["net_migration", "mean_population", group])
    years = chosen.groupby("place_id")["year"].transform("nunique")
    whole = chosen[years == last - first + 1]
    if whole.empty:
        raise ProjectError(f"no place has net migration in every year {first}-{last}")
    table = whole.groupby([group, "year"]).agg(
        net=("net_migration", "sum"), population=("mean_population", "sum"),
        median=("net_rate", "median"), places=("place_id", "nunique"),
    )  # fmt: skip
    table["rate"] = per_thousand(table["net"], table["population"])
    return table.reset_index()[[group, "year", "net", "population", "rate", "median", "places"]]


def district_profile(places: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    """Rural districts: mean net migration per 1,000 over `years`, and FEATURES of these years.

    `places` as `migration_series.place_rates` gives them. Index place_id; columns region, names,
    net_rate, net_migration (sum, persons), FEATURES, rank (1 = largest loss per 1,000). A district
    enters if it has net migration in all `years`; a feature is the mean of the years that have it,
    and missing if none has. `relative_wage` is the wage over that of the median district.
    """
    rows = places[(places["kind"] == "district") & places["year"].isin(list(years))].copy()
    rows["relative_wage"] = rows["wage"] / rows.groupby("year")["wage"].transform("median")
    people = rows["mean_population"]
    rows["pupils_per_1000"] = per_thousand(rows["school_pupils"], people)
    rows["pupils_per_school"] = rows["school_pupils"] / rows["schools"].where(rows["schools"] > 0)
    rows["beds_per_1000"] = per_thousand(rows["hospital_beds"], people)
    rows["sme_per_1000"] = per_thousand(rows["sme_active"], people)
    grouped = rows.groupby("place_id")
    profile = grouped[["region", "place_en", "place_ru", "place_kk"]].first()
    profile["net_rate"] = grouped["net_rate"].mean()
    profile["net_migration"] = grouped["net_migration"].sum()
    for feature in FEATURES:
        profile[feature] = grouped[feature].mean()
    complete = grouped["net_rate"].count() == len(years)
    profile = profile[complete].sort_values("net_rate", kind="stable")
    if profile.empty:
        raise ProjectError(f"no rural district has net migration in all of {list(years)}")
    profile["rank"] = np.arange(1, len(profile) + 1)
    return profile


def worst_share(profile: pd.DataFrame, share: float = 0.2) -> pd.Series:
    """True for the `share` of districts that lose most per 1,000, by place_id."""
    return (profile["rank"] <= round(share * len(profile))).rename("worst")


def region_jackknife(
    frame: pd.DataFrame, estimate: Callable[[pd.DataFrame], float], level: float = 0.95
) -> Estimate:
    """An estimate with an interval that allows for luck that places of one region share.

    Each region is left out in turn (CRV3 of MacKinnon, Nielsen and Webb 2023), t with regions
    less one degrees of freedom. Raises ProjectError with fewer than three regions, or where
    leaving one out leaves nothing to compare.
    """
    regions = sorted(frame["region"].unique())
    if len(regions) < 3:
        raise ProjectError(f"an interval over regions needs three of them; found {len(regions)}")
    value = estimate(frame)
    others = np.array([estimate(frame[frame["region"] != region]) for region in regions])
    if not np.isfinite(others).all():
        region = regions[int(np.argmin(np.isfinite(others)))]
        raise ProjectError(f"without the region {region} there is nothing left to compare")
    groups = len(regions)
    error = math.sqrt((groups - 1) / groups * float(np.sum((others - value) ** 2)))
    reach = float(stats.t.ppf((1 + level) / 2, groups - 1)) * error
    return Estimate(value, value - reach, value + reach, len(frame), groups)


def slope(frame: pd.DataFrame, outcome: str, driver: str, *, within: bool = False) -> float:
    """Least squares slope of `outcome` on `driver`; `within` compares places of one region only.

    For a driver of 0 and 1 it is the difference of the two means. NaN if the driver is constant.
    """
    own = frame[[outcome, driver]].astype(float)
    centre = own.groupby(frame["region"]).transform("mean") if within else own.mean()
    deviation = own - centre
    spread = float((deviation[driver] ** 2).sum())
    return float((deviation[outcome] * deviation[driver]).sum()) / spread if spread else math.nan


def what_they_share(profile: pd.DataFrame, worst: pd.Series) -> pd.DataFrame:
    """How the places that lose most differ from the others, feature by feature.

    One row a feature and comparison ("all": with all others; "within": with others of the same
    region): places, regions, mean_worst, mean_other (in the feature's unit), effect, low, high
    (difference in standard deviations over all districts; LOGGED features on a log scale).
    """
    rows = []
    for feature in FEATURES:
        own = profile.assign(worst=worst.astype(float)).dropna(subset=[feature])
        own = own.assign(measure=_measure(own[feature]))
        means = own.groupby(own["worst"] == 1)[feature].mean()
        for comparison in ("all", "within"):
            within = comparison == "within"
            found = region_jackknife(
                own, partial(slope, outcome="measure", driver="worst", within=within)
            )
            rows.append(
                (feature, comparison, found.places, found.regions, int(own["worst"].sum()),
                 means[True], means[False], found.value, found.low, found.high)
            )  # fmt: skip
    columns = ["feature", "comparison", "places", "regions", "worst_places", "mean_worst",
               "mean_other", "effect", "low", "high"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def with_services(profile: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """Net migration per 1,000 that goes with one standard deviation more of each feature.

    Columns: feature, comparison ("all", "within"), places, regions, effect, low, high.
    """
    rows = []
    for feature in features:
        own = profile.dropna(subset=[feature])
        own = own.assign(measure=_measure(own[feature]))
        for comparison in ("all", "within"):
            within = comparison == "within"
            found = region_jackknife(
                own, partial(slope, outcome="net_rate", driver="measure", within=within)
            )
            rows.append(
                (feature, comparison, found.places, found.regions, found.value, found.low,
                 found.high)
            )  # fmt: skip
    return pd.DataFrame(
        rows, columns=["feature", "comparison", "places", "regions", "effect", "low", "high"]
    )


def _measure(values: pd.Series) -> pd.Series:
    """The feature in standard deviations, on a log scale where it is one of LOGGED."""
    scale = np.log(values) if values.name in LOGGED else values
    return scale / scale.std()


def teenage_share(
    indicators: pd.DataFrame, year: int, teens: tuple[int, int], pupils: tuple[int, int]
) -> float:
    """Share of the ages `teens` among the ages `pupils` (both ends counted), whole country.

    Takes `region_indicators_long.csv`. Raises ProjectError where an age of that year is missing.
    """
    rows = indicators[
        (indicators["indicator"] == "population_by_age")
        & (indicators["region"] == NATIONAL)
        & (indicators["year"] == year)
        & (indicators["sex"] == "both")
    ]
    ages = rows.set_index("age_group")["value"]
    wanted = [str(age) for age in range(pupils[0], pupils[1] + 1)]
    missing = [age for age in wanted if age not in ages.index]
    if missing:
        raise ProjectError(
            f"region_indicators_long.csv: population_by_age of {NATIONAL} in {year} has no age "
            f"{missing[0]}; choose another year"
        )
    inner = [str(age) for age in range(teens[0], teens[1] + 1)]
    return float(ages[inner].sum() / ages[wanted].sum())


def mentoring_need(places: pd.DataFrame, region: str, years: Sequence[int]) -> pd.DataFrame:
    """Rural districts of `region` ranked for mentoring by the RULES, the need first.

    need = school pupils (latest count) × mean net loss per 1,000 over `years` / 1,000: the pupils
    a year that would be gone if pupils left as all people of the district do. A district that
    gains has no need. Columns: region, place_id, names, pupils_year, school_pupils, schools,
    first_year, last_year, net_migration (sum, persons), loss_rate (per 1,000), need, and rank_ of
    every rule (1 = first; ties share a rank). Raises ProjectError for a district without figures.
    """
    own = places[(places["region"] == region) & (places["kind"] == "district")]
    if own.empty:
        raise ProjectError(f"districts.csv has no rural district of region {region}")
    recent = own[own["year"].isin(list(years))].dropna(subset=["net_rate"]).groupby("place_id")
    counted = (
        own.dropna(subset=["school_pupils"]).sort_values("year", kind="stable").groupby("place_id")
    )
    table = own.groupby("place_id")[["region", "place_en", "place_ru", "place_kk"]].first()
    whole = recent["year"].nunique().reindex(table.index, fill_value=0) == len(years)
    lacking = [
        place for place in table.index if not whole[place] or place not in counted.groups
    ]  # fmt: skip
    if lacking:
        raise ProjectError(
            f"districts.csv: {lacking[0]} lacks school pupils or net migration in one of "
            f"{min(years)}-{max(years)}; rank other years"
        )
    table["pupils_year"] = counted["year"].last()
    table["school_pupils"] = counted["school_pupils"].last()
    table["schools"] = counted["schools"].last()
    table["first_year"], table["last_year"] = min(years), max(years)
    table["net_migration"] = recent["net_migration"].sum()
    table["loss_rate"] = (-recent["net_rate"].mean()).clip(lower=0)
    table["need"] = table["school_pupils"] * table["loss_rate"] / PER
    sources = {"need": "need", "loss_rate": "loss_rate", "pupils": "school_pupils"}
    for rule in RULES:
        ranks = table[sources[rule]].rank(ascending=False, method="min")
        table[f"rank_{rule}"] = ranks.astype(int)
    return table.reset_index().sort_values(["rank_need", "place_id"], ignore_index=True)
