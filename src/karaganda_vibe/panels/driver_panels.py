"""The two panels that the models are estimated on, made from the processed tables."""

from __future__ import annotations

import pandas as pd

from karaganda_vibe.panels.rates import with_mean_population
from karaganda_vibe.places.registry import load_regions, old_region
from karaganda_vibe.project.errors import ProjectError

NATIONAL = "KZ"


def district_panel(districts: pd.DataFrame) -> pd.DataFrame:
    """Districts with their mean population of the year, the denominator of every rate.

    Adds `mean_population` (persons, see `rates.mean_population`); everything else is as in
    districts.csv. Models take logs, lags and rates themselves, as metadata/models/specs.yml says.
    """
    return with_mean_population(districts)


def with_old_regions(districts: pd.DataFrame) -> pd.DataFrame:
    """`district_panel` with `old_region`, the oblast before its first division (see `registry`)."""
    panel = district_panel(districts)
    return panel.assign(old_region=old_region(panel["region"], load_regions()))


def region_panel(regions: pd.DataFrame, artefacts: pd.DataFrame) -> pd.DataFrame:
    """Regions with the ratios that regional models use; the country is left out.

    `unit` is the region on one set of borders ("KZ-63 until-2022"), so that a change of borders
    starts a new unit. `population` is the average population where it is on the row's borders,
    else that at the start of the year. `relative_wage` and `relative_income` are shares of the
    national figure of the year, `price_to_wage` and `rent_to_wage` the price and the monthly rent
    of a square metre (regional centre) over the monthly wage. Net migration of the regions and
    years in `artefacts` (region, year, why) is a new border showing, no migration: it is missing.
    """
    national = regions[regions["region"] == NATIONAL].set_index("year")
    rows = regions[regions["region"] != NATIONAL].reset_index(drop=True).copy()
    left_out = pd.MultiIndex.from_frame(artefacts[["region", "year"]])
    no_migration = pd.MultiIndex.from_frame(rows[["region", "year"]]).isin(left_out)
    nets = [column for column in rows.columns if column.startswith("net_")]
    rows.loc[no_migration, nets] = float("nan")
    return rows.assign(
        unit=rows["region"] + " " + rows["borders"],
        population=rows["population_average"].fillna(rows["population_start_of_year"]),
        relative_wage=rows["wage"] / rows["year"].map(national["wage"]),
        relative_income=rows["income_per_capita"] / rows["year"].map(national["income_per_capita"]),
        price_to_wage=rows["housing_price_secondary"] / rows["wage"],
        rent_to_wage=rows["housing_rent"] / rows["wage"],
    )


def between_panel(districts: pd.DataFrame, distances: pd.DataFrame) -> pd.DataFrame:
    """The panel of districts with what never changes in a place, for models between places.

    Adds to `district_panel`: old_region (the oblast before its first division), is_city (1 or 0)
    and km_to_republican_city. Distances: place_id, distance_km (to the nearest city of republican
    rank); places that they leave out have none.

    Raises:
        ProjectError: a place that stands twice in the distances.
    """
    twice = distances["place_id"].duplicated()
    if twice.any():
        raise ProjectError(
            f"place_distances.csv: {distances.loc[twice, 'place_id'].iloc[0]} stands twice; "
            "expected one distance a place; make the table again"
        )
    km = distances.set_index("place_id")["distance_km"]
    panel = district_panel(districts)
    return panel.assign(
        old_region=old_region(panel["region"], load_regions()),
        is_city=(panel["kind"] == "city").astype(float),
        km_to_republican_city=panel["place_id"].map(km),
    )
