"""The words and charts of one passport in one language, the same for the page and the annex.

A view is plain data (texts, numbers with their text, SVG): nothing of HTML or Typst is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd

from karaganda_vibe.figures.passport_charts import (
    Point,
    gain_loss_chart,
    line_chart,
    spark_chart,
    strip,
)
from karaganda_vibe.findings.passports import Passport
from karaganda_vibe.panels.census_break import last_break
from karaganda_vibe.places.place_names import spoken
from karaganda_vibe.places.registry import (
    load_border_changes,
    load_places,
    moves_between_places,
)
from karaganda_vibe.publishing.passport_expectation import (
    expectation_chart,
    expectation_text,
    rank_band,
)
from karaganda_vibe.publishing.passport_lead import sentences
from karaganda_vibe.publishing.passport_peers import peer_rows
from karaganda_vibe.publishing.passport_writer import Writer
from karaganda_vibe.words.languages import join_words

# A nearest place further away than this, in standard deviations, is no close peer.
FAR = 1.0


def balance_text(passport: Passport, writer: Writer) -> str:
    """Where the change of the population came from, if every year is published."""
    people = passport.people
    years = {"first_year": people.first_year, "last_year": people.last_year}
    change = people.population_last - people.population_first
    numbers = {"change": writer.number(change, "signed_persons")}
    parts = {"natural": people.natural, "migration": people.migration, "rest": people.rest}
    if any(value is None for value in parts.values()):
        text = writer.phrase("balance", "broken", **years, **numbers)
    else:
        numbers |= {name: writer.number(value, "signed_persons") for name, value in parts.items()}
        text = writer.phrase("balance", "whole", **years, **numbers)
    rebased, census = last_break(passport.region, passport.place_id)
    base = writer.phrase("base", "census", rebased=rebased, census=census)
    return " ".join([text, base, *land_moved(passport, writer)])


@cache
def _registries() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Border changes, and places by place_id: read once for all passports and languages."""
    return load_border_changes(), load_places().set_index("place_id")


def land_moved(passport: Passport, writer: Writer) -> list[str]:
    """A sentence for each piece of land that came from another place, or went to one."""
    people, (changes, names) = passport.people, _registries()
    moved = moves_between_places(changes, people.first_year, people.last_year)
    sentences = []
    ends = (("came", "to_place", "from_place"), ("went", "from_place", "to_place"))
    for part, own, other in ends:
        for row in moved[moved[own] == passport.place_id].to_dict("records"):
            name = str(names.at[row[other], f"place_{writer.language}"])
            said = spoken(name, writer.language)
            sentences.append(writer.phrase("land", part, year=row["change"], other=said))
    return sentences


def cards(passport: Passport, writer: Writer) -> list[dict[str, Any]]:
    """The key figures: number, what it is, what belongs to it."""
    people, say = passport.people, writer.say
    flows = (people.arrivals, people.departures)
    out = [
        {
            "number": writer.cell(people.population_last, "persons"),
            "label": say("population", year=people.last_year),
            "note": say(
                "since",
                population=writer.number(people.population_first, "persons"),
                year=people.first_year,
            ),
        },
        {
            "number": writer.cell(people.net, "signed_persons"),
            "label": say("net", year=people.year),
            "note": ""
            if None in flows
            else say(
                "arrivals_departures",
                arrivals=writer.number(flows[0], "persons"),
                departures=writer.number(flows[1], "persons"),
            ),
        },
    ]
    if people.ten_years is not None:
        out.append(
            {
                "number": writer.cell(people.ten_years, "signed_persons"),
                "label": say("ten_years", year=people.year),
                "note": say(
                    "years_of_gain" if people.gains else "no_year_of_gain",
                    gains=people.gains,
                    years=people.years,
                ),
            }
        )
    return out


def points_of(series: pd.DataFrame, column: str = "value") -> list[Point]:
    """The points of one indicator's series that hold a number."""
    kept = series.dropna(subset=[column])
    return [
        (int(row["year"]), float(row[column]), str(row["definition"]))
        for row in kept.to_dict("records")
    ]


def people_charts(passport: Passport, writer: Writer) -> list[dict[str, str]]:
    """Population and net migration over the years: title, svg, alt."""
    say, name = writer.say, spoken(passport.names[writer.language], writer.language)
    series = {str(key): group for key, group in passport.series.groupby("indicator")}
    population, rate = points_of(series["population"]), points_of(series["net_rate"])
    lowest, highest = (choose(rate, key=lambda p: p[1]) for choose in (min, max))

    def persons(point: Point) -> str:
        return writer.number(point[1], "persons")

    def signed(point: Point) -> str:
        return writer.number(point[1], "signed_per_1000")

    population_alt = say(
        "population_alt",
        place=name,
        first=persons(population[0]),
        first_year=population[0][0],
        last=persons(population[-1]),
        last_year=population[-1][0],
    )
    rate_alt = say(
        "rate_alt",
        place=name,
        first_year=rate[0][0],
        last_year=rate[-1][0],
        lowest=signed(lowest),
        lowest_year=lowest[0],
        highest=signed(highest),
        highest_year=highest[0],
        last=signed(rate[-1]),
    )
    break_year = last_break(passport.region, passport.place_id)[0] - 0.5
    return [
        {
            "title": say("population_chart"),
            "alt": population_alt,
            "svg": line_chart(
                population,
                population_alt,
                lambda value: writer.number(value, "persons"),
                break_year,
                say("census"),
            ),
        },
        {
            "title": say("rate_chart"),
            "alt": rate_alt,
            "svg": gain_loss_chart(
                rate,
                points_of(series["net_rate"], "peers_median"),
                rate_alt,
                lambda value: writer.number(value, "signed_per_1000_0"),
            ),
        },
    ]


def _small(row: Mapping[str, Any], definition: str, writer: Writer) -> str:
    """The ages of a figure where it has any."""
    return writer.say("ages", ages=definition.replace("-", "–")) if definition else ""


def standing_rows(
    passport: Passport, indicators: pd.DataFrame, writer: Writer
) -> tuple[list[dict[str, Any]], str]:
    """Rows of the table of ranks, and a sentence on what the place does not publish at all."""
    facts = {str(row["indicator"]): row for row in passport.standings}
    rows, absent = [], []
    for entry in indicators.to_dict("records"):
        if entry["shown"] == "chart":
            continue
        fact, kind = facts[str(entry["indicator"])], str(entry["kind"])
        name = str(entry[f"name_{writer.language}"])
        if fact["latest"] is None:
            absent.append(name)
            continue
        row: dict[str, Any] = {
            "name": name,
            "unit": str(entry[f"unit_{writer.language}"]),
            "latest": writer.cell(fact["latest"], kind),
            "latest_year": str(fact["latest_year"]),
            "latest_note": _small(fact, str(fact["latest_definition"]), writer),
            "rank": None,
            "compared": None,
            "year": str(fact["year"]),
            "among_peers": None,
            "median": None,
            "strip": "",
        }
        if fact["value"] is not None:
            row["rank"] = _rank_text(fact, writer)
            row["compared"] = writer.cell(fact["value"], kind)
            row["strip"] = strip(float(str(fact["share"])), _shares(fact["peer_shares"]))
            if fact["peers_median"] is not None:
                row["median"] = writer.cell(fact["peers_median"], kind)
                row["among_peers"] = _side_of_median(row, writer)
            if entry["indicator"] == "net_rate":
                # One year's rank of it moves too far from year to year to be read.
                row["rank"] = rank_band(passport, writer) or writer.say("no_band")
                row["strip"] = ""
        rows.append(row)
    names = join_words(absent, writer.language)
    return rows, writer.say("absent", names=names) if absent else ""


def _rank_text(fact: Mapping[str, Any], writer: Writer) -> str:
    """The band of ranks of the last three years; where they are not all published, the third of all
    places that the last one lies in: one year's rank says more than is known."""
    say, low, high = writer.say, fact["rank_low"], fact["rank_high"]
    if low is None:
        part = ("lower_third", "middle_third", "upper_third")[min(int(3 * fact["share"]), 2)]
        return say(part, places=fact["places"])
    if low == high:
        return say("rank_of", rank=low, places=fact["places"])
    return say("rank_band", low=low, high=high, places=fact["places"])


def _side_of_median(row: Mapping[str, Any], writer: Writer) -> str:
    own, median = row["compared"].value, row["median"].value
    word = "same_as_median" if own == median else "above_median" if own > median else "below_median"
    return writer.say(word)


def _shares(shares: object) -> Sequence[float]:
    assert isinstance(shares, tuple)
    return [float(share) for share in shares]


def sparks(passport: Passport, indicators: pd.DataFrame, writer: Writer) -> list[dict[str, Any]]:
    """The small charts: title, unit, svg, alt, the last value and the peers' last median."""
    series = {str(key): group for key, group in passport.series.groupby("indicator")}
    out = []
    for entry in indicators.to_dict("records"):
        own = series.get(str(entry["indicator"]))
        if entry["shown"] == "table" or own is None:
            continue
        points, kind = points_of(own), str(entry["kind"])
        near = points_of(own, "peers_median")
        unit, title = str(entry[f"unit_{writer.language}"]), str(entry[f"name_{writer.language}"])
        alt = writer.say(
            "spark_alt",
            indicator=title,
            unit=unit,
            first=writer.number(points[0][1], kind),
            first_year=points[0][0],
            last=writer.number(points[-1][1], kind),
            last_year=points[-1][0],
        )
        out.append(
            {
                "title": title,
                "unit": unit,
                "alt": alt,
                "svg": spark_chart(points, near, alt),
                "now": writer.cell(points[-1][1], kind),
                "year": str(points[-1][0]),
                "peers": writer.cell(near[-1][1], kind) if near else None,
                "peers_year": str(near[-1][0]) if near else "",
            }
        )
    return out


def view(
    passport: Passport,
    indicators: pd.DataFrame,
    regions: Mapping[str, str],
    candidates: int,
    writer: Writer,
    map_of: Callable[[Passport], Mapping[str, str]],
) -> dict[str, Any]:
    """Everything that a page shows, in words.

    Args:
        indicators: metadata/indicators/passport_indicators.csv; regions: full names by ISO code
            in the language of `writer`; candidates: how many places peers were chosen from;
            map_of: draws the map on which the place stands out (see `passport_maps.where`).
    """
    say, language = writer.say, writer.language
    rows, absent = standing_rows(passport, indicators, writer)
    heads, near = peer_rows(passport, indicators, regions, writer)
    return {
        "place_id": passport.place_id,
        "name": passport.names[language],
        "spoken": spoken(passport.names[language], language),
        "names": {code: name for code, name in passport.names.items() if code != language},
        "kind": say("in_region", kind=say(passport.kind), region=regions[passport.region]),
        "cards": cards(passport, writer),
        "sentences": list(sentences(passport, writer)),
        "charts": people_charts(passport, writer),
        "map": map_of(passport),
        "expectation": expectation_text(passport, writer),
        "expected": expectation_chart(passport, writer),
        "balance": balance_text(passport, writer),
        "standings": rows,
        "absent": absent,
        "sparks": sparks(passport, indicators, writer),
        "peers_note": writer.phrase(
            "peers",
            "far" if float(passport.peers["distance"].iloc[0]) > FAR else "near",
            candidates=candidates,
        ),
        "peer_heads": [say("place"), *heads],
        "peers": near,
        "notes": say("notes_text"),
    }
