"""What a passport of one city or district says: peers, ranks, balance of people, scenario.

Pure functions on processed tables. Nothing is filled in: what a place does not publish is missing
here and is worded, not printed, by the pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from karaganda_vibe.findings.answers import COMPUTED, REFUSED, THERE, mean_levels, scenario_table
from karaganda_vibe.inference.results import ModelResult, rounded
from karaganda_vibe.panels.rates import PER, per_thousand
from karaganda_vibe.project.errors import ProjectError

PEERS = 10
FEWEST_PEERS = 5
# A year in which fewer places publish than this share of the best year is not used to compare.
COMPARABLE_SHARE = 0.75
STRUCTURE_YEARS = 3
DIGITS = 10
STRUCTURE = ("population", "wage", "output", "town")
UNKNOWN, NO_SAMPLE = "unknown", "no sample"
NAMES = ["place_en", "place_ru", "place_kk"]


@dataclass(frozen=True)
class People:
    """The balance of people of one place.

    Attributes:
        first_year, last_year: first and last year with a population (end of the year).
        population_first, population_last: persons.
        natural, migration, rest: births less deaths, arrivals less departures, and what is left
            of the change of population (census corrections, borders), persons, over the years
            after first_year; None where a year between is not published.
        year, net, rate: last year with net migration, persons, per 1,000; arrivals, departures.
        ten_years: net migration of the last ten years together; None where one is not published.
        years, gains: years with net migration, and how many of them were gains.
        sign, run: direction (-1, 0, 1) of the last year and for how many years running; `before`
            the direction of the year before the run, None where the series starts with it.
    """

    first_year: int
    last_year: int
    population_first: float
    population_last: float
    natural: float | None
    migration: float | None
    rest: float | None
    year: int
    first_migration_year: int
    net: float
    rate: float
    arrivals: float | None
    departures: float | None
    ten_years: float | None
    years: int
    gains: int
    sign: int
    run: int
    before: int | None


@dataclass(frozen=True, eq=False)
class Passport:
    """Everything that the page of one place shows.

    Attributes:
        names: by language; people: see `People`.
        peers: place_id, place_<language>, region, kind, distance; nearest first.
        standings: one an indicator: its name under "indicator", and see `standing`.
        series: indicator, year, value, definition, peers_median.
        scenario: see `floor_space_scenarios`.
    """

    place_id: str
    region: str
    kind: str
    names: Mapping[str, str]
    people: People
    peers: pd.DataFrame
    standings: tuple[Mapping[str, object], ...]
    series: pd.DataFrame
    scenario: Mapping[str, object]


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
    return rounded(values[np.isfinite(values["value"])].reset_index(drop=True), DIGITS)


def comparable_year(years: pd.Series) -> int:
    """The last year in which nearly as many places publish as in the best year.

    `years`: the year of every published value. "Nearly": at least `COMPARABLE_SHARE` of them.
    """
    counts = years.value_counts()
    return int(counts[counts >= COMPARABLE_SHARE * counts.max()].index.max())


def structure(panel: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    """What places are compared by: size, wage, industry, town or country.

    Index place_id; columns population, wage, output (natural logs of the means over the years of
    `years` that are published: persons; tenge a month; one plus tenge of industrial output per
    head) and town (1 for a city, 0 for a district). City districts, and places without one of the
    figures, are left out.
    """
    rows = panel[panel["year"].isin(list(years)) & (panel["kind"] != "city_district")]
    output = rows["industrial_output"] / rows["mean_population"].where(rows["mean_population"] > 0)
    means = rows.assign(output=output).groupby("place_id")[["population", "wage", "output"]].mean()
    table = pd.DataFrame(
        {
            "population": np.log(means["population"].where(means["population"] > 0)),
            "wage": np.log(means["wage"].where(means["wage"] > 0)),
            "output": np.log1p(means["output"].where(means["output"] >= 0)),
            "town": (rows.groupby("place_id")["kind"].first() == "city").astype(float),
        }
    )
    return table.dropna()


def peer_candidates(panel: pd.DataFrame) -> pd.DataFrame:
    """All places that can be a peer: `structure` over the last years that nearly all publish."""
    last = comparable_year(panel.loc[panel["wage"].notna(), "year"])
    return structure(panel, range(last - STRUCTURE_YEARS + 1, last + 1))


def nearest_places(table: pd.DataFrame, place: str, count: int = PEERS) -> pd.Series:
    """Distance to the `count` structurally nearest places, nearest first; ties by name.

    Euclidean distance on columns that are divided by their standard deviation over all places of
    `table`; a column without any spread counts for nothing.

    Raises:
        ProjectError: `place` is not in the table, or there are fewer than `count` others.
    """
    if place not in table.index:
        raise ProjectError(
            f"passport of {place}: no population, wage or industrial output to find peers by; "
            "check the last years of districts.csv"
        )
    if len(table) <= count:
        raise ProjectError(
            f"passport of {place}: {len(table) - 1} places to compare with, expected at least "
            f"{count}; ask for fewer peers"
        )
    spread = table.std(ddof=0)
    used = table.loc[:, spread > 0] / spread[spread > 0]
    distance = np.sqrt(((used - used.loc[place]) ** 2).sum(axis=1)).drop(place)
    ordered = distance.rename("distance").rename_axis("place_id").reset_index()
    ordered["distance"] = ordered["distance"].round(DIGITS)
    chosen = ordered.sort_values(["distance", "place_id"]).head(count)
    return chosen.set_index("place_id")["distance"]


def rank_from_highest(values: pd.Series, place: str) -> int:
    """Rank of `place` counted from the highest value; places with the same value share it."""
    return int((values > values.loc[place]).sum()) + 1


def share_below(values: pd.Series) -> pd.Series:
    """Share (0 to 1) of the other places whose value is lower; a tie counts half."""
    others = max(len(values) - 1, 1)
    return (values.rank(method="average") - 1) / others


def standing(values: pd.DataFrame, place: str, peers: Sequence[str]) -> dict[str, object]:
    """Where a place stands by one indicator.

    Args:
        values: place_id, year, value, definition of one indicator, all places.

    Returns:
        latest_year, latest, latest_definition; year (the last comparable one), value, definition,
        rank (1 = highest), places, rank_among_peers, of_peers (the place counted), peers_median;
        share (see `share_below`) and peer_shares. Compared are only places whose figure has the
        definition of the place's own. What the place does not publish is None.
    """
    own = values[values["place_id"] == place].sort_values("year")
    year = comparable_year(values["year"])
    facts: dict[str, object] = {
        "latest_year": None, "latest": None, "latest_definition": "", "year": year, "value": None,
        "definition": "", "rank": None, "places": None, "rank_among_peers": None,
        "of_peers": None, "peers_median": None, "share": None, "peer_shares": (),
    }  # fmt: skip
    if len(own):
        last = own.iloc[-1]
        facts |= {
            "latest_year": int(last["year"]),
            "latest": float(last["value"]),
            "latest_definition": str(last["definition"]),
        }
    now = own[own["year"] == year]
    if now.empty:
        return facts
    definition = str(now["definition"].iloc[0])
    same = values[(values["year"] == year) & (values["definition"] == definition)]
    everyone = same.set_index("place_id")["value"]
    near = everyone[everyone.index.isin([*peers, place])]
    facts |= {
        "value": float(everyone[place]),
        "definition": definition,
        "rank": rank_from_highest(everyone, place),
        "places": len(everyone),
    }
    shares = share_below(everyone)
    facts |= {"share": float(shares[place]), "peer_shares": tuple(shares[near.index.drop(place)])}
    if len(near) > FEWEST_PEERS:
        facts |= {
            "rank_among_peers": rank_from_highest(near, place),
            "of_peers": len(near),
            "peers_median": float(f"{near.drop(place).median():.{DIGITS}g}"),
        }
    return facts


def with_peers_median(values: pd.DataFrame, place: str, peers: Sequence[str]) -> pd.DataFrame:
    """The series of a place with the median of its peers: indicator, year, value, definition,
    peers_median.

    The median is taken over peers whose figure has the place's definition of that year, and is
    missing where fewer than `FEWEST_PEERS` publish one.
    """
    keys = ["indicator", "year", "definition"]
    own = values[values["place_id"] == place][[*keys, "value"]]
    near = values[values["place_id"].isin(list(peers))].groupby(keys)["value"]
    medians = near.median().where(near.count() >= FEWEST_PEERS).rename("peers_median")
    table = own.join(medians, on=keys).sort_values(["indicator", "year"])
    columns = ["indicator", "year", "value", "definition", "peers_median"]
    return rounded(table[columns].reset_index(drop=True), DIGITS)


def people_of(rows: pd.DataFrame) -> People:
    """The balance of people of one place.

    Args:
        rows: the place's rows of the district panel: year, population, mean_population, births,
            deaths, arrivals, departures, net_migration.

    Raises:
        ProjectError: the place has no population or no net migration at all.
    """
    table = rows.set_index("year").sort_index()
    population, net = table["population"].dropna(), table["net_migration"].dropna()
    if population.empty or net.empty:
        raise ProjectError(
            f"passport of {rows['place_id'].iloc[0]}: no population or net migration in "
            "districts.csv; a passport needs both"
        )
    first, last = int(population.index.min()), int(population.index.max())
    between = table.loc[first + 1 : last]
    whole = list(between.index) == list(range(first + 1, last + 1))
    natural = _sum(between["births"] - between["deaths"], whole)
    migration = _sum(between["net_migration"], whole)
    change = float(population.loc[last] - population.loc[first])
    rest = None if natural is None or migration is None else change - natural - migration
    year = int(net.index.max())
    signs = np.sign(net).astype(int)
    run, before = _run(signs)
    recent = net.reindex(range(year - 9, year + 1))
    rate = per_thousand(table["net_migration"], table["mean_population"]).loc[year]
    return People(
        first_year=first,
        last_year=last,
        population_first=float(population.loc[first]),
        population_last=float(population.loc[last]),
        natural=natural,
        migration=migration,
        rest=rest,
        year=year,
        first_migration_year=int(net.index.min()),
        net=float(net.loc[year]),
        rate=float(f"{rate:.{DIGITS}g}"),
        arrivals=_known(table["arrivals"].loc[year]),
        departures=_known(table["departures"].loc[year]),
        ten_years=_sum(recent, True),
        years=len(net),
        gains=int((net > 0).sum()),
        sign=int(signs.loc[year]),
        run=run,
        before=before,
    )


def _sum(values: pd.Series, whole: bool) -> float | None:
    """The sum of a series, None unless every value of it is there."""
    return float(values.sum()) if whole and len(values) and values.notna().all() else None


def _known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _run(signs: pd.Series) -> tuple[int, int | None]:
    """For how many years running the last sign holds, and the sign of the year before the run.

    A gap in the years ends the run; the year before it is then unknown (None).
    """
    year, sign, run = int(signs.index.max()), int(signs.iloc[-1]), 1
    while (year - run) in signs.index and signs.loc[year - run] == sign:
        run += 1
    return run, int(signs.loc[year - run]) if (year - run) in signs.index else None


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
        result: the estimated model; term: its driver "floor space"; verdict: "firm", "weak" or
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
    table = scenario_table(
        result.design, result.jackknife, term, pd.DataFrame(targets, columns=columns), population
    )
    for row in rounded(table, DIGITS).to_dict("records"):
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


def migration_part(people: People) -> str:
    """Which part of the texts says how the last year went: its direction and what came before."""
    word = {-1: "loss", 0: "level", 1: "gain"}[people.sign]
    if people.sign == 0:
        return word
    if people.before is None:
        return f"{word}_always" if people.run == people.years else f"{word}_alone"
    if people.run > 1:
        return f"{word}_run"
    return f"{word}_after_{ {-1: 'loss', 0: 'level', 1: 'gain'}[people.before] }"


def comparison_part(facts: Mapping[str, object]) -> str:
    """Which part of the texts compares net migration with the peers' median."""
    if facts["value"] is None:
        return "not_published"
    if facts["peers_median"] is None:
        return "no_peers"
    value, median = float(str(facts["value"])), float(str(facts["peers_median"]))
    return "higher" if value > median else "lower" if value < median else "same"


def make_passports(
    panel: pd.DataFrame,
    indicators: pd.DataFrame,
    regions: Iterable[str],
    result: ModelResult,
    term: str,
    verdict: str,
    model_years: Sequence[int],
) -> list[Passport]:
    """The passports of all places of `regions`, in the order of region and English name.

    Args:
        panel: see `indicator_values`; result, term, verdict, model_years: see
            `floor_space_scenarios`.

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
    ends = panel.dropna(subset=["population"]).sort_values("year")
    population = ends.groupby("place_id")["population"].last()
    scenarios = floor_space_scenarios(
        result, term, verdict, population, {p: list(n.index) for p, n in near.items()}, model_years
    )
    passports = []
    for place, distances in near.items():
        peers = list(distances.index)
        rows = [
            {"indicator": name, **standing(group, place, peers)}
            for name, group in values.groupby("indicator", sort=False)
        ]
        described = named.loc[peers, [*NAMES, "region", "kind"]].assign(distance=distances)
        passports.append(
            Passport(
                place_id=place,
                region=str(chosen.loc[place, "region"]),
                kind=str(chosen.loc[place, "kind"]),
                names={name[-2:]: str(chosen.loc[place, name]) for name in NAMES},
                people=people_of(panel[panel["place_id"] == place]),
                peers=described.reset_index(),
                standings=tuple(rows),
                series=with_peers_median(values, place, peers),
                scenario=scenarios[place],
            )
        )
    return passports


def figures_table(passport: Passport) -> pd.DataFrame:
    """Every figure of a passport, one a row, as its CSV publishes them.

    In base units (persons, tenge, percent, rates as the table of indicators says).
    Columns: part ("people", "latest", "standing", "series", "peer", "scenario"), item, year, value,
    peers_median, rank (1 = highest), places, rank_among_peers, of_peers, note (definition, name
    of a peer, word of a scenario).
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
    for row in standings:
        latest = {"year": row["latest_year"], "value": row["latest"]}
        rows.append(
            {"part": "latest", "item": row["indicator"], **latest, "note": row["latest_definition"]}
        )
        compared = ("year", "value", "peers_median", "rank", "places", "rank_among_peers")
        rows.append(
            {"part": "standing", "item": row["indicator"], "note": row["definition"]}
            | {name: row[name] for name in (*compared, "of_peers")}
        )
    for point in passport.series.to_dict("records"):
        kept = {str(key): point[key] for key in ("year", "value", "peers_median")}
        rows.append(
            {"part": "series", "item": point["indicator"], "note": point["definition"], **kept}
        )
    for peer in passport.peers.to_dict("records"):
        rows.append({"part": "peer", "item": peer["place_id"], "value": peer["distance"]})
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
    table = pd.DataFrame(rows)
    for name in ("year", "rank", "places", "rank_among_peers", "of_peers"):
        table[name] = pd.to_numeric(table[name]).astype("Int64")
    for name in ("value", "peers_median"):
        table[name] = pd.to_numeric(table[name])
    table.insert(0, "place_id", passport.place_id)
    order = ["place_id", "part", "item", "year", "value", "peers_median", "rank", "places"]
    return table[[*order, "rank_among_peers", "of_peers", "note"]]


def rate_table(passports: Sequence[Passport]) -> pd.DataFrame:
    """Net migration per 1,000 in the year that ranks compare, one row a place.

    Columns: place_id, region, name_<language>, population (persons at the end of that year,
    missing where it is not published), year, value, rank (1 = highest), places,
    rank_among_peers, of_peers, peers_median.
    """
    rows = []
    for passport in passports:
        facts = next(row for row in passport.standings if row["indicator"] == "net_rate")
        series = passport.series
        chosen = (series["indicator"] == "population") & (series["year"] == facts["year"])
        kept = ("year", "value", "rank", "places", "rank_among_peers", "of_peers", "peers_median")
        rows.append(
            {
                "place_id": passport.place_id,
                "region": passport.region,
                **{f"name_{code}": name for code, name in passport.names.items()},
                "population": next(iter(series.loc[chosen, "value"]), None),
                **{name: facts[name] for name in kept},
            }
        )
    return pd.DataFrame(rows)
