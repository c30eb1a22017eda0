"""Net migration between two censuses as the second one corrects it, beside the registered one.

Registers carry population from census to census by births, deaths and registered moves. When the
next census counts, the published population jumps (`panels/census_break.py`); what the jump cannot
owe to births, deaths and moves of that year is what the registers had missed since the census
before, nearly all of it moves:

    corrected net migration = registered net migration + unexplained change in the year of the jump

Errors of the two censuses themselves, and of births and deaths, are in it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from karaganda_vibe.panels.census_break import first_years, load_breaks, unexplained_change
from karaganda_vibe.panels.rates import PER, per_thousand, with_mean_population

BEFORE, AFTER = 2009, 2021
# City districts are left out as in all panels of places: their borders changed with the city's.
KINDS = ("city", "district")
# In a year without a census, more than this share unexplained is land that moved, or a fault.
LAND_SHARE = 0.02
NEARER, FARTHER, MIXED, UNKNOWN = "nearer", "farther", "mixed", "unknown"


def intercensal_years(
    places: pd.DataFrame, breaks: pd.DataFrame | None = None
) -> dict[str, tuple[int, int]]:
    """First and last year whose moves lie between two censuses, by place.

    From the year after the first year-end on the census BEFORE to the first year-end on AFTER. A
    place without both breaks is not there.

    Args:
        places: at least region and place_id.
        breaks: as `census_break.load_breaks`, which is the default.
    """
    first = first_years(load_breaks() if breaks is None else breaks)
    years = {}
    for region, place in places[["region", "place_id"]].drop_duplicates().itertuples(index=False):
        of_place = first(region, place)
        if {BEFORE, AFTER} <= of_place.keys():
            years[place] = (of_place[BEFORE] + 1, of_place[AFTER])
    return years


def corrected_net(districts: pd.DataFrame, breaks: pd.DataFrame | None = None) -> pd.DataFrame:
    """Registered and census-corrected net migration of every place that has all it needs.

    Needed are net migration in every year between the censuses, and births, deaths and both
    year-ends in the year of the jump.

    Args:
        districts: districts.csv; breaks: as in `intercensal_years`.

    Returns:
        region, place_id, kind, first_year, last_year, years, population (mean over the years,
        persons), registered, census (what the census added or took), corrected (persons over the
        years), census_share (percent of the people before the jump), registered_rate and
        corrected_rate (per 1,000 a year), border_year (the last year of the span in which land
        moved or a figure is at fault; missing where there is none).
    """
    panel = with_mean_population(districts)
    panel = panel[panel["kind"].isin(KINDS)]
    changes = unexplained_change(districts)
    changes = changes[~changes["steady"]]
    rows = []
    for place, (first, last) in intercensal_years(panel, breaks).items():
        own = panel[(panel["place_id"] == place) & panel["year"].between(first, last)]
        change = changes[(changes["place_id"] == place) & changes["year"].between(first, last)]
        change = change.set_index("year")
        whole = len(own) == last - first + 1 and own["net_migration"].notna().all()
        if not whole or last not in change.index:
            continue
        usual = change.drop(last)["share"].abs()
        moved = usual.index[usual >= LAND_SHARE]
        registered = float(own["net_migration"].sum())
        census = float(change["change"].loc[last])
        rows.append(
            {
                "region": own["region"].iloc[0],
                "place_id": place,
                "kind": own["kind"].iloc[0],
                "first_year": first,
                "last_year": last,
                "years": len(own),
                "population": float(own["mean_population"].mean()),
                "registered": registered,
                "census": census,
                "corrected": registered + census,
                "census_share": 100 * float(change["share"].loc[last]),
                "border_year": int(moved.max()) if len(moved) else np.nan,
            }
        )
    table = pd.DataFrame(rows)
    for name in ("registered", "corrected"):
        table[f"{name}_rate"] = per_thousand(table[name], table["population"]) / table["years"]
    columns = ["region", "place_id", "kind", "first_year", "last_year", "years", "population",
               "registered", "census", "corrected", "census_share", "registered_rate",
               "corrected_rate", "border_year"]  # fmt: skip
    return table[columns].sort_values(["region", "place_id"], ignore_index=True, kind="stable")


def together(table: pd.DataFrame, groups: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Several places taken as one.

    Args:
        table: from `corrected_net`; groups: places by name of a group.

    Returns:
        unit (the group), places, registered, census, corrected (persons), registered_rate and
        corrected_rate (per 1,000 a year of people: places weigh by people and years).
    """
    indexed, rows = table.set_index("place_id"), []
    for name, members in groups.items():
        own = indexed.loc[list(members)]
        people = float((own["population"] * own["years"]).sum())
        row: dict[str, object] = {"unit": name, "places": len(own)}
        for part in ("registered", "census", "corrected"):
            row[part] = float(own[part].sum())
        for part in ("registered", "corrected"):
            row[f"{part}_rate"] = PER * float(own[part].sum()) / people
        rows.append(row)
    return pd.DataFrame(rows)


def turned(table: pd.DataFrame) -> pd.DataFrame:
    """Places whose balance has another sign once corrected, without those whose land moved."""
    signs = np.sign(table["registered"]) * np.sign(table["corrected"])
    return table[(signs < 0) & table["border_year"].isna()]


def witnesses(districts: pd.DataFrame, table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Whether counts that need no census fit the population better after the correction.

    Births and pupils are counted one by one. Their number per 1,000 people differs little between
    the places of a region, so a population that is counted right brings a place nearer to the
    median of its region, and one that is counted wrong takes it farther away. A hint, no proof:
    places differ in age.

    Args:
        districts: districts.csv.
        table: from `corrected_net`; the median is over its places of the region.
        columns: the counts, columns of `districts`; the year before the jump is taken.

    Returns:
        place_id, for each column <column>_register and <column>_census (per 1,000 people on the old
        and the new count), and verdict: "nearer" or "farther" if all say so, "mixed", or "unknown"
        where one is not published.
    """
    keys = pd.MultiIndex.from_arrays([table["place_id"], table["last_year"] - 1])
    before = districts.set_index(["place_id", "year"]).reindex(keys)
    people = {"register": before["population"].to_numpy()}
    people["census"] = people["register"] * (1 + table["census_share"].to_numpy() / 100)
    out = table[["place_id"]].copy()
    closer = []
    for column in columns:
        distance = {}
        for count, size in people.items():
            rate = pd.Series(PER * before[column].to_numpy() / size, index=table.index)
            rate = rate.where(rate > 0)
            out[f"{column}_{count}"] = rate
            middle = rate.groupby(table["region"]).transform("median")
            distance[count] = pd.Series(np.log(rate / middle), index=table.index).abs()
        closer.append((distance["register"] - distance["census"]).rename(column))
    change = pd.concat(closer, axis=1)
    verdict = pd.Series(MIXED, index=table.index)
    verdict[(change > 0).all(axis=1)] = NEARER
    verdict[(change < 0).all(axis=1)] = FARTHER
    verdict[change.isna().any(axis=1)] = UNKNOWN
    return out.assign(verdict=verdict)
