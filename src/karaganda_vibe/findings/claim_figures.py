"""The figures that claims are compared with: from tables of places, regions, flows and press."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from karaganda_vibe.findings.claim_checks import CheckResult
from karaganda_vibe.panels.migration_series import sum_of_places, with_later_figures
from karaganda_vibe.project.errors import ProjectError

PLACES = "places"
OFFICE = "Bureau of National Statistics"

Claim = Mapping[str, str]


@dataclass(frozen=True)
class Tables:
    """The processed tables that claims are checked against, the claims and the documents.

    `young`: entered net migration of ages 14 to 34 by area and year, persons (`youth_entered`).
    """

    claims: pd.DataFrame
    regions: pd.DataFrame
    indicators: pd.DataFrame
    districts: pd.DataFrame
    flows: pd.DataFrame
    press: pd.DataFrame
    results: pd.DataFrame
    verdicts: pd.DataFrame
    documents: pd.DataFrame
    young: Mapping[str, Mapping[int, float]] = field(default_factory=dict)


def rate_record(counts: pd.Series, population: pd.Series, year: int) -> pd.DataFrame:
    """Balance per 1,000 people by year, up to `year`: columns count, population, rate.

    A year without a population of its own takes the last one published before it (column
    `population_year` says which), since the newest balance is out before the population.
    """
    known = population.dropna()
    rows = []
    for each in [int(y) for y in counts.dropna().index if y <= year]:
        past = known[known.index <= each]
        if past.empty:
            continue
        people = float(past.iloc[-1])
        count = float(counts[each])
        rows.append((each, count, people, int(past.index[-1]), 1000 * count / people))
    names = ["year", "count", "population", "population_year", "rate"]
    return pd.DataFrame(rows, columns=names).set_index("year")


def official_series(tables: Tables, region: str, indicator: str) -> pd.Series:
    """Values by year on today's borders that a statistical table gives (not the press)."""
    own = tables.regions[
        (tables.regions["region"] == region) & ~tables.regions["borders"].str.startswith("until")
    ]
    if indicator not in own:
        return pd.Series(dtype=float)
    values = own.set_index("year")[indicator].dropna()
    from_press = tables.indicators[
        (tables.indicators["region"] == region)
        & (tables.indicators["indicator"] == indicator)
        & tables.indicators["source"].str.startswith("press_")
    ]
    known = tables.indicators[
        (tables.indicators["region"] == region)
        & (tables.indicators["indicator"] == indicator)
        & ~tables.indicators["source"].str.startswith("press_")
    ]
    only_press = set(from_press["year"]) - set(known["year"])
    return values[~values.index.isin(only_press)].sort_index()


def press_rows(tables: Tables, claim: Claim, indicator: str) -> pd.DataFrame:
    """Figures of the claim's region in press.csv that are not from the article of the claim."""
    press = tables.press
    return press[
        (press["region"] == claim["region"])
        & (press["indicator"] == indicator)
        & (press["url"] != claim["source_url"])
    ].sort_values(["year", "source", "source_row"])


def published(tables: Tables, claim: Claim, year: int | None) -> tuple[float | None, str, str]:
    """The figure of a claim's indicator: value, table, publisher; statistical tables first."""
    official, _, quoted = claim["indicator"].partition(";")
    if official:
        series = official_series(tables, claim["region"], official)
        if year is not None and year in series.index:
            return float(series[year]), "regions", OFFICE
    rows = press_rows(tables, claim, quoted) if quoted else tables.press.iloc[:0]
    if year is not None:
        rows = rows[rows["year"] == year]
    if rows.empty:
        return None, "", ""
    last = rows.iloc[-1]
    return float(last["value"]), "press", str(last["publisher"])


def balance_by_year(tables: Tables, claim: Claim) -> pd.Series:
    """Net migration by year on today's borders: the report's own series (notebook 03).

    The sum of places, and after them the region's published figures, also those that the article
    of the claim quotes: the series says how large a balance was, it confirms no number.
    """
    official = claim["indicator"].partition(";")[0]
    own = tables.regions[
        (tables.regions["region"] == claim["region"])
        & ~tables.regions["borders"].str.startswith("until")
    ]
    places = sum_of_places(tables.districts, claim["region"])
    return with_later_figures(places, own.set_index("year")[official]).sort_index()


def known_total(claim: Claim, tables: Tables) -> tuple[float, int, str] | None:
    """The whole that a claim takes a part of: value, year, table; None where it is not there.

    The year of the claim, or else the last year in which every place concerned has a figure.
    """
    districts = tables.districts[tables.districts["region"] == claim["region"]]
    for column in ("place_id", "kind"):
        wanted = claim["place" if column == "place_id" else "place_kind"]
        if wanted:
            districts = districts[districts[column] == wanted]
    if claim["indicator"] == PLACES:
        latest = int(districts["year"].max())
        return float((districts["year"] == latest).sum()), latest, "districts"
    if not claim["place"] and not claim["place_kind"]:
        series, table = official_series(tables, claim["region"], claim["indicator"]), "regions"
    else:
        wide = districts.pivot(index="year", columns="place_id", values=claim["indicator"])
        series, table = wide.dropna().sum(axis=1), "districts"
    year = year_of(claim, "year", needed=False)
    if year is None and len(series):
        year = int(series.index.max())
    if year is None or year not in series.index:
        return None
    return float(series[year]), year, table


def gross_and_net(claim: Claim, tables: Tables) -> dict[str, float]:
    """Departures and net loss of all ages over the years of a claim, persons.

    Keys: net_loss (all the years); departures (from any city or district, moves inside the region
    included, in the years published by place, plus `last_departures` across the region's border in
    the later years); years_by_place; youth_share (percent of all moves inside the country made by
    people aged 14 to 34, latest year with both); young (departures times that share).
    """
    first, year = years_of(claim)
    net_name, departures_name = claim["indicator"].split(";")
    balance = balance_by_year(
        tables, {**claim, "indicator": f"{net_name}_total;migration_net_total"}
    ).reindex(range(first, year + 1))
    by_place = sum_of_places(tables.districts, claim["region"], departures_name)
    by_place = by_place[by_place.index.isin(range(first, year + 1))]
    across = tables.flows[
        (tables.flows["origin"] == claim["region"])
        & (tables.flows["destination"] == "outside-region")
        & (tables.flows["kind"] == "departures")
        & (tables.flows["period"] == "annual")
        & (tables.flows["preferred"] == "yes")
        & tables.flows["year"].between(max(by_place.index, default=first - 1) + 1, year)
    ]
    if balance.isna().any() or by_place.empty:
        raise ProjectError(
            f"metadata/programmes/claims.csv: {claim['id']}: net migration or departures of "
            f"{first} to {year} are not published for every year; choose years that are"
        )
    share = _young_share(tables.flows)
    departures = float(by_place.sum() + across["value"].sum())
    return {
        "net_loss": float(-balance.sum()),
        "departures": departures,
        "last_departures": float(across["value"].sum()),
        "years_by_place": float(len(by_place)),
        "youth_share": 100 * share,
        "young": departures * share,
    }


def entered_net(claim: Claim, tables: Tables) -> tuple[float, int]:
    """Entered net migration of the young over the years of a claim, and how many years have it."""
    first, year = years_of(claim)
    own = tables.young.get(claim["region"], {})
    known = [own[each] for each in range(first, year + 1) if each in own]
    return float(sum(known)), len(known)


def reading_of_leavers(found: CheckResult, known: int, years: int) -> str:
    """Which text says what a number of young leavers can mean.

    Args:
        found: of the check `net_and_gross`; known: for how many of the claim's `years` the office's
            own balance of the young is entered.
    """
    if found in ("confirmed", "contradicted"):
        return found
    if known == years:
        return "own"
    return "undecided_part" if known and found == "undecided" else found


def _young_share(flows: pd.DataFrame) -> float:
    """Share of the moves inside the country that people of 14 to 34 made, latest known year."""
    young = flows[(flows["kind"] == "moves") & (flows["ages"] == "14-34")].sort_values(
        "year", kind="stable"
    )
    if young.empty:
        raise ProjectError(
            "data/processed/flows.csv: no moves of people aged 14-34; expected a row of kind moves "
            "for the country; restore the press figure or change the check of the claim"
        )
    year = int(young["year"].iloc[-1])
    every = flows[
        (flows["year"] == year)
        & (flows["period"] == "annual")
        & (flows["kind"] == "departures")
        & (flows["destination"] == "country")
        & (flows["preferred"] == "yes")
    ]
    return float(young["value"].iloc[-1] / every["value"].sum())


def parameter(claim: Claim, column: str, *, needed: bool = True) -> float | None:
    text = claim[column].strip()
    if not text and not needed:
        return None
    try:
        return float(text)
    except ValueError:
        raise ProjectError(
            f"metadata/programmes/claims.csv: {claim['id']}: {column} is '{text}'; the check "
            f"{claim['check']} needs a number there"
        ) from None


def needed_parameter(claim: Claim, column: str) -> float:
    number = parameter(claim, column)
    assert number is not None
    return number


def year_of(claim: Claim, column: str, *, needed: bool = True) -> int | None:
    number = parameter(claim, column, needed=needed)
    return None if number is None else int(number)


def years_of(claim: Claim) -> tuple[int, int]:
    return int(needed_parameter(claim, "first_year")), int(needed_parameter(claim, "year"))
