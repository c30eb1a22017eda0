"""The figures of passports as tables: all of one place, and the rates of all places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from karaganda_vibe.findings.passports import PEER_VALUES, Passport


def figures_table(passport: Passport) -> pd.DataFrame:
    """Every figure of a passport, one a row, as its CSV publishes them.

    In base units (persons, tenge, percent, rates as the table of indicators says).
    Columns: part ("people", "three_years": net migration up to `year`, "beside_peers", "latest",
    "standing", "series", "peer": its distance, "peer_rate", "peer_wage", "peer_housing",
    "scenario", "expectation": means of the years to `year`, ranks of the rate with their band),
    item, year, value, peers_median, rank (1 = highest), rank_low and rank_high (of the last three
    years), places, rank_among_peers, of_peers, note (definition, word of a scenario).
    """
    people, standings, scenario = passport.people, passport.standings, passport.scenario
    rows: list[dict[str, object]] = [
        {"part": "people", "item": item, "year": year, "value": value}
        for item, year, value in (
            ("population", people.first_year, people.population_first),
            ("population", people.last_year, people.population_last),
            ("natural_increase_since_first_population", people.last_year, people.natural),
            ("net_migration_since_first_population", people.last_year, people.migration),
            ("rest_since_first_population", people.last_year, people.rest),
            ("net_migration", people.year, people.net),
            ("net_migration_rate", people.year, people.rate),
            ("arrivals", people.year, people.arrivals),
            ("departures", people.year, people.departures),
            ("net_migration_ten_years", people.year, people.ten_years),
            ("years_with_net_migration", people.year, people.years),
            ("years_of_gain", people.year, people.gains),
            ("years_running", people.year, people.run),
        )
    ]
    if passport.recent is not None:
        recent = {"part": "three_years", "year": passport.recent.last_year}
        rows.append(recent | {"item": "net_migration", "value": passport.recent.people})
        rows.append(recent | {"item": "net_migration_rate", "value": passport.recent.rate})
    beside = passport.beside
    rows.append(
        {
            "part": "beside_peers",
            "item": "net_migration_rate",
            "year": beside.last_year,
            "value": beside.own,
            "peers_median": beside.median,
        }
    )
    for row in standings:
        latest = {"year": row["latest_year"], "value": row["latest"]}
        rows.append(
            {"part": "latest", "item": row["indicator"], **latest, "note": row["latest_definition"]}
        )
        compared = ("year", "value", "peers_median", "rank", "rank_low", "rank_high", "places")
        rows.append(
            {"part": "standing", "item": row["indicator"], "note": row["definition"]}
            | {name: row[name] for name in (*compared, "rank_among_peers", "of_peers")}
        )
    for point in passport.series.to_dict("records"):
        kept = {str(key): point[key] for key in ("year", "value", "peers_median")}
        rows.append(
            {"part": "series", "item": point["indicator"], "note": point["definition"], **kept}
        )
    for peer in passport.peers.to_dict("records"):
        rows.append({"part": "peer", "item": peer["place_id"], "value": peer["distance"]})
        rows.append(
            {
                "part": "peer_rate",
                "item": peer["place_id"],
                "year": beside.last_year,
                "value": peer["rate"],
            }
        )
        rows += [
            {"part": f"peer_{name}", "item": peer["place_id"], "value": peer[name]}
            for name in PEER_VALUES
        ]
    for item in ("current", "target", "people", "low", "high", "peers_used"):
        rows.append(
            {
                "part": "scenario",
                "item": item,
                "year": scenario["last_year"],
                "value": scenario[item],
                "note": scenario["status"] if item == "people" else "",
            }
        )
    rows += _expectation_rows(passport.expectation)
    table = pd.DataFrame(rows)
    whole = ("year", "rank", "rank_low", "rank_high", "places", "rank_among_peers", "of_peers")
    for name in whole:
        table[name] = pd.to_numeric(table[name]).astype("Int64")
    for name in ("value", "peers_median"):
        table[name] = pd.to_numeric(table[name])
    table.insert(0, "place_id", passport.place_id)
    order = ["place_id", "part", "item", "year", "value", "peers_median"]
    return table[[*order, *whole[1:], "note"]]


def _expectation_rows(expectation: Mapping[str, object] | None) -> list[dict[str, object]]:
    if expectation is None:
        return []
    own = {"part": "expectation", "year": expectation["last_year"]}
    rows = [
        own | {"item": item, "value": expectation[item]}
        for item in ("actual", "expected", "low", "high", "shrunk_residual")
    ]
    ranks = {"places": expectation["places"]}
    for item in ("rate_rank", "rate_rank_low", "rate_rank_high"):
        rows.append(own | ranks | {"item": item, "rank": expectation[item]})
    return rows


def rate_table(passports: Sequence[Passport]) -> pd.DataFrame:
    """Net migration per 1,000 of all passports, one row a place.

    Columns: place_id, region, name_<language>, population (persons at the end of the last
    published year); mean of the last three published years: first_year, last_year, value; compared
    (mean of the years that nearly all places publish) and peers_median; of the means of many years
    actual, expected, rank_low, rank_high (the band of ranks of the rate) and ranked (places
    ranked). Missing where it is not published.
    """
    rows = []
    for passport in passports:
        recent, means = passport.recent, passport.expectation or {}
        rows.append(
            {
                "place_id": passport.place_id,
                "region": passport.region,
                **{f"name_{code}": name for code, name in passport.names.items()},
                "population": passport.people.population_last,
                "first_year": recent and recent.first_year,
                "last_year": recent and recent.last_year,
                "value": recent and recent.rate,
                "compared": passport.beside.own,
                "peers_median": passport.beside.median,
                "actual": means.get("actual"),
                "expected": means.get("expected"),
                "rank_low": means.get("rate_rank_low"),
                "rank_high": means.get("rate_rank_high"),
                "ranked": means.get("places"),
            }
        )
    return pd.DataFrame(rows)
