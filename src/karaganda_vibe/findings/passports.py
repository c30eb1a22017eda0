"""What a passport of one city or district says, put together.

Pure functions on processed tables. Nothing is filled in: what a place does not publish is missing
here and is worded, not printed, by the pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from karaganda_vibe.findings.answers import COMPUTED, REFUSED, THERE, mean_levels, scenario_table
from karaganda_vibe.findings.peers import (
    FEWEST_PEERS,
    comparable_year,
    nearest_places,
    peer_candidates,
    standing,
    with_peers_median,
)
from karaganda_vibe.findings.people_balance import People, people_of
from karaganda_vibe.findings.three_years import (
    BesidePeers,
    ThreeYears,
    beside_peers,
    compared_years,
    latest_three,
    mean_rates,
)
from karaganda_vibe.inference.results import ModelResult
from karaganda_vibe.inference.slopes import slopes_by_driver, slopes_of
from karaganda_vibe.panels.rates import PER, per_thousand
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.rounding import round_table

UNKNOWN, NO_SAMPLE = "unknown", "no sample"
NAMES = ["place_en", "place_ru", "place_kk"]
PEER_VALUES = ("wage", "housing")
"""Indicators that the peers are shown with, beside their net migration."""


@dataclass(frozen=True, eq=False)
class Passport:
    """Everything that the page of one place shows.

    Attributes:
        names: by language; people: see `People`.
        recent: net migration of the last three published years; None where they have a gap.
        beside: the mean of the last three comparable years beside the peers' median.
        peers: place_id, place_<language>, region, kind, distance, rate (their mean of the years
            of `beside`, per 1,000), wage, housing (of the year of the standings); nearest first.
        standings: one an indicator: its name under "indicator", and see `standing`.
        series: indicator, year, value, definition, peers_median.
        scenario: see `floor_space_scenarios`.
        expectation: the place's row of `bright_spots.place_expectations`, with first_year and
            last_year of its period; None where the place has none.
    """

    place_id: str
    region: str
    kind: str
    names: Mapping[str, str]
    people: People
    recent: ThreeYears | None
    beside: BesidePeers
    peers: pd.DataFrame
    standings: tuple[Mapping[str, object], ...]
    series: pd.DataFrame
    scenario: Mapping[str, object]
    expectation: Mapping[str, object] | None = None


def indicator_values(panel: pd.DataFrame, indicators: pd.DataFrame) -> pd.DataFrame:
    """Every indicator of every place and year, in the unit of the table of indicators.

    Args:
        panel: districts with `mean_population` (see `driver_panels.district_panel`).
        indicators: metadata/indicators/passport_indicators.csv: indicator, column, form
            ("published", "per_1000", "per_head", "percent_of_median"), definition_column and
            first_year (both may be empty; earlier years count something else, as why_first_year
            says).

    Returns:
        indicator, place_id, year, value, definition; only rows that hold a value.

    Raises:
        ProjectError: an unknown form or column.
    """
    parts = []
    for row in indicators.astype(object).fillna("").to_dict("records"):
        column, form = str(row["column"]), str(row["form"])
        if column not in panel.columns:
            raise ProjectError(
                f"metadata/indicators/passport_indicators.csv: {row['indicator']} names the column "
                f"'{column}', which districts.csv does not have; correct the row"
            )
        published = panel[column]
        if form == "published":
            value = published
        elif form == "per_1000":
            value = per_thousand(published, panel["mean_population"])
        elif form == "per_head":
            value = per_thousand(published, panel["mean_population"]) / PER
        elif form == "percent_of_median":
            value = 100 * published / published.groupby(panel["year"]).transform("median")
        else:
            raise ProjectError(
                f"metadata/indicators/passport_indicators.csv: {row['indicator']} has the form "
                f"'{form}'; expected published, per_1000, per_head or percent_of_median"
            )
        if row["first_year"] != "":
            value = value.where(panel["year"] >= int(row["first_year"]))
        definition = row["definition_column"]
        parts.append(
            pd.DataFrame(
                {
                    "indicator": row["indicator"],
                    "place_id": panel["place_id"],
                    "year": panel["year"],
                    "value": value.astype(float),
                    "definition": panel[definition].fillna("") if definition else "",
                }
            )
        )
    values = pd.concat(parts, ignore_index=True)
    return round_table(values[np.isfinite(values["value"])].reset_index(drop=True))


def floor_space_scenarios(
    result: ModelResult,
    term: str,
    verdict: str,
    population: pd.Series,
    peers: Mapping[str, Sequence[str]],
    years: Sequence[int],
) -> dict[str, dict[str, object]]:
    """What the driver model associates with building as much as the peers do, by place.

    Args:
        result: the estimated model, of which the slopes of each place's own cluster are used, drawn
            to the mean of all (`slopes`); term: its driver floor_space; verdict: "firm", "weak" or
            "unknown"; population: persons by place; peers: peers by place.
        years: years of the model's sample whose mean is the present level (the driver is lagged,
            so the floor space is that of the year before each).

    Returns:
        by place: status ("computed", "refused", "already there", "unknown": the rule of the plan
        found nothing that can be told from chance, "no sample": place or peers are not in the
        model), current, target (m2 per 1,000 people), people, low, high (persons a year, None
        unless computed), reason (of a refusal), verdict, first_year, last_year (of the floor
        space), peers_used.
    """
    levels = mean_levels(result.design, years)[term]
    empty = {
        "current": None, "target": None, "people": None, "low": None, "high": None, "reason": "",
        "verdict": verdict, "first_year": min(years) - 1, "last_year": max(years) - 1,
    }  # fmt: skip
    answers: dict[str, dict[str, object]] = {}
    targets = []
    for place, near in peers.items():
        known = [peer for peer in near if peer in levels.index]
        answers[place] = {**empty, "status": NO_SAMPLE, "peers_used": len(known)}
        if place in levels.index and len(known) >= FEWEST_PEERS:
            current, target = float(levels[place]), float(levels.loc[known].median())
            targets.append((place, "peers", current, target, target > current))
    if not targets:
        return answers
    columns = ["place", "comparator", "current", "target", "better"]
    asked = pd.DataFrame(targets, columns=columns)
    clusters = asked["place"].map(mean_levels(result.design, years)["region"])
    slopes = slopes_by_driver(result.design)
    table = pd.concat(
        [
            scenario_table(
                result.design, slopes_of(slopes, str(cluster)), term, own, population, str(cluster)
            )
            for cluster, own in asked.groupby(clusters, sort=True)
        ],
        ignore_index=True,
    )
    for row in round_table(table).to_dict("records"):
        status = str(row["status"])
        if status == COMPUTED and verdict == UNKNOWN:
            status = UNKNOWN
        given = status == COMPUTED
        answers[str(row["place"])] |= {
            "status": status,
            "current": float(row["current"]),
            "target": float(row["target"]),
            "reason": str(row["reason"]),
            **{part: float(row[part]) if given else None for part in ("people", "low", "high")},
        }
    return answers


def scenario_part(scenario: Mapping[str, object]) -> str:
    """Which part of the texts words a scenario: "firm", "weak", "already_there", "unknown",
    "no_sample", "outside" (beyond the levels of the sample) or "too_far" (a larger move than
    nearly all places have made)."""
    status = scenario["status"]
    if status == COMPUTED:
        return str(scenario["verdict"])
    if status == REFUSED:
        return "outside" if "lies outside" in str(scenario["reason"]) else "too_far"
    return {THERE: "already_there", UNKNOWN: "unknown", NO_SAMPLE: "no_sample"}[str(status)]


def make_passports(
    panel: pd.DataFrame,
    indicators: pd.DataFrame,
    regions: Iterable[str],
    result: ModelResult,
    term: str,
    verdict: str,
    model_years: Sequence[int],
    expectations: Mapping[str, Mapping[str, object]] | None = None,
) -> list[Passport]:
    """The passports of all places of `regions`, in the order of region and English name.

    Args:
        panel: see `indicator_values`; result, term, verdict, model_years: see
            `floor_space_scenarios`; expectations: by place, see `Passport`.

    Raises:
        ProjectError: a region without places; what `nearest_places` and `people_of` raise.
    """
    values = indicator_values(panel, indicators)
    table = peer_candidates(panel)
    named = panel.drop_duplicates("place_id", keep="last").set_index("place_id")
    chosen = named[named["region"].isin(list(regions))]
    missing = sorted(set(regions) - set(chosen["region"]))
    if missing:
        raise ProjectError(
            f"districts.csv has no places of region {missing[0]}; check the ISO code"
        )
    chosen = chosen.sort_values(["region", "place_en"])
    near = {str(place): nearest_places(table, str(place)) for place in chosen.index}
    ends = panel.dropna(subset=["population"]).sort_values("year", kind="stable")
    population = ends.groupby("place_id")["population"].last()
    scenarios = floor_space_scenarios(
        result, term, verdict, population, {p: list(n.index) for p, n in near.items()}, model_years
    )
    years = compared_years(panel)
    means = mean_rates(panel, years)
    shown_of_peers = {name: _in_comparable_year(values, name) for name in PEER_VALUES}
    passports = []
    for place, distances in near.items():
        peers, own = list(distances.index), panel[panel["place_id"] == place]
        rows = [
            {"indicator": name, **standing(group, place, peers)}
            for name, group in values.groupby("indicator", sort=False)
        ]
        described = named.loc[peers, [*NAMES, "region", "kind"]].assign(
            distance=distances, rate=means, **shown_of_peers
        )
        passports.append(
            Passport(
                place_id=place,
                region=str(chosen.loc[place, "region"]),
                kind=str(chosen.loc[place, "kind"]),
                names={name[-2:]: str(chosen.loc[place, name]) for name in NAMES},
                people=people_of(own),
                recent=latest_three(own),
                beside=beside_peers(means, place, peers, years),
                peers=described.reset_index(),
                standings=tuple(rows),
                series=with_peers_median(values, place, peers),
                scenario=scenarios[place],
                expectation=(expectations or {}).get(place),
            )
        )
    return passports


def _in_comparable_year(values: pd.DataFrame, indicator: str) -> pd.Series:
    """One indicator by place_id in the last year that nearly all publish."""
    own = values[values["indicator"] == indicator]
    return own[own["year"] == comparable_year(own["year"])].set_index("place_id")["value"]
