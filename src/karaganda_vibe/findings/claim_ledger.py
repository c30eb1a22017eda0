"""The ledger of claims: for each claim its figures in the tables, the check, verdict and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from math import inf
from pathlib import Path

import pandas as pd

from karaganda_vibe.findings import claim_checks
from karaganda_vibe.findings.claim_checks import ClaimVerdict
from karaganda_vibe.findings.driver_words import driver_row, driver_word
from karaganda_vibe.panels.migration_series import sum_of_places
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROCESSED, shown
from karaganda_vibe.project.tables import NUMBER, YEAR, read_table
from karaganda_vibe.sources.publishers import PUBLISHERS, load_publishers
from karaganda_vibe.words.languages import LANGUAGES, MISSING, format_number
from karaganda_vibe.words.texts import Texts

CLAIMS = METADATA / "programmes" / "claims.csv"
COLUMNS = (
    "id", "claim_en", "claim_ru", "claim_kk", "kind", "check", "region", "place", "place_kind",
    "indicator", "year", "first_year", "claimed", "unit", "format", "tolerance", "low", "high",
    "parts", "drivers", "source", "source_url",
)  # fmt: skip
NOTEBOOK = "notebooks/13_claims.ipynb"
PLACES = "places"
OFFICE = "Bureau of National Statistics"

Claim = Mapping[str, str]


@dataclass(frozen=True)
class Tables:
    """The processed tables that claims are checked against, and the claims themselves."""

    claims: pd.DataFrame
    regions: pd.DataFrame
    indicators: pd.DataFrame
    districts: pd.DataFrame
    flows: pd.DataFrame
    press: pd.DataFrame
    results: pd.DataFrame
    verdicts: pd.DataFrame


@dataclass(frozen=True)
class Outcome:
    """What came of one check: verdict, the figure found, and what its words are made of.

    `numbers` holds value and kind of number by name, for the text `wording`.
    """

    verdict: ClaimVerdict
    found: float | None
    wording: str
    table: str
    numbers: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    publisher: str = ""


def load_claims(path: Path = CLAIMS) -> pd.DataFrame:
    """The claims as text, columns `COLUMNS` and line.

    Raises ProjectError for an unknown check, a claim that is there twice or has no text.
    """
    return read_table(
        path,
        COLUMNS,
        checked={
            "check": list(CHECKS),
            **dict.fromkeys(("year", "first_year"), YEAR),
            **dict.fromkeys(("claimed", "tolerance", "low", "high"), NUMBER),
        },
        filled=("id", "claim_en", "claim_ru", "claim_kk", "kind", "check", "source"),
        keys=["id"],
    )


def read_tables() -> Tables:
    """The tables of data/processed that the checks look into."""
    names = {
        "regions": "regions", "indicators": "region_indicators_long", "districts": "districts",
        "flows": "flows", "press": "press", "results": "model_results",
        "verdicts": "driver_verdicts",
    }  # fmt: skip
    frames = {key: pd.read_csv(PROCESSED / f"{name}.csv") for key, name in names.items()}
    return Tables(claims=load_claims(), **frames)


def check_claim(identifier: str, tables: Tables) -> Outcome:
    """The check of one claim. Raises ProjectError for an unknown claim or a missing parameter."""
    rows = tables.claims[tables.claims["id"] == identifier]
    if rows.empty:
        raise ProjectError(
            f"metadata/programmes/claims.csv has no claim {identifier}; expected one of "
            f"{', '.join(tables.claims['id'])}"
        )
    claim = {str(key): str(value) for key, value in rows.iloc[0].items()}
    return CHECKS[claim["check"]](claim, tables)


def words_of(outcome: Outcome, texts: Texts, identifier: str, language: str) -> dict[str, str]:
    """What a reader sees of an outcome: the parts "found", "calculation" and "note".

    The calculation is part `outcome.wording` of the phrase "calculation"; the others are parts of
    the phrases "claim_found" and "claim_note" named by the claim. What is not there is empty.
    """
    values = {
        name: format_number(value, kind, language)
        for name, (value, kind) in outcome.numbers.items()
    }
    if outcome.publisher:
        values["publisher"] = publisher_name(outcome.publisher, language)

    def own(phrase: str) -> str:
        has = texts.has(phrase, identifier)
        return texts.text(phrase, identifier, language, values) if has else ""

    values |= {"missing": own("claim_missing"), "not_measured": own("claim_not_measured")}
    return {
        "found": own("claim_found") if outcome.found is not None else MISSING,
        "calculation": texts.text("calculation", outcome.wording, language, values),
        "note": own("claim_note"),
    }


def publisher_name(publisher: str, language: str) -> str:
    """A publisher, named in data/processed/press.csv or `OFFICE`, as `language` names it.

    Raises ProjectError for one that metadata/texts/publishers.csv does not have.
    """
    names = _publishers()
    if publisher not in names.index:
        raise ProjectError(
            f"{shown(PUBLISHERS)} does not name the publisher '{publisher}', whose figure a claim "
            "is compared with; add it in every language"
        )
    return str(names.loc[publisher, f"publisher_{language}"])


@cache
def _publishers() -> pd.DataFrame:
    return load_publishers()


def ledger_row(identifier: str, tables: Tables, texts: Texts) -> dict[str, object]:
    """One claim as data/processed/claims_ledger.csv holds it."""
    outcome = check_claim(identifier, tables)
    record = tables.claims.set_index("id", drop=False).loc[identifier]
    claim = {str(key): str(value) for key, value in record.items()}
    words = {
        f"{name}_{language}": text
        for language in LANGUAGES
        for name, text in words_of(outcome, texts, identifier, language).items()
    }
    return {
        "claim_id": identifier,
        "claim_en": claim["claim_en"],
        "claim_ru": claim["claim_ru"],
        "claim_kk": claim["claim_kk"],
        "kind": claim["kind"],
        "check": claim["check"],
        "claimed": _number(claim, "claimed", needed=False),
        "unit": claim["unit"],
        "verdict": outcome.verdict,
        "found": None if outcome.found is None else round(outcome.found, 6),
        **words,
        "source_table": outcome.table,
        "claim_source": claim["source"],
        "notebook_cell": f"{NOTEBOOK}#Claim-{identifier}",
    }


def ledger(tables: Tables, texts: Texts) -> pd.DataFrame:
    """One row a claim, in the order of metadata/programmes/claims.csv."""
    rows = [ledger_row(identifier, tables, texts) for identifier in tables.claims["id"]]
    return pd.DataFrame(rows).astype({"claimed": float, "found": float})


def card(identifier: str, tables: Tables, texts: Texts) -> pd.DataFrame:
    """One claim for its cell in the notebook: what was said, found, how compared, verdict."""
    row = ledger_row(identifier, tables, texts)
    shown_rows = ["claim_en", "verdict", "found_en", "calculation_en", "note_en", "source_table"]
    return pd.DataFrame({identifier: [row[name] for name in shown_rows]}, index=shown_rows)


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
    """Net migration by year on today's borders: sums of places, then tables, then the press.

    The first choice is that of the report's own series (notebook 03).
    """
    official, _, quoted = claim["indicator"].partition(";")
    places = sum_of_places(tables.districts, claim["region"])
    series = places.combine_first(official_series(tables, claim["region"], official))
    for row in press_rows(tables, claim, quoted).to_dict("records"):
        if row["year"] not in series.index:
            series.loc[row["year"]] = float(row["value"])
    return series.sort_index()


def _compare(claim: Claim, tables: Tables) -> Outcome:
    year = _year(claim, "year", needed=False)
    found, table, publisher = published(tables, claim, year)
    claimed = _number(claim, "claimed", needed=False)
    if found is None:
        return Outcome("cannot be checked", None, "not_published", "")
    kind = claim["format"]
    numbers = {"found": (found, kind)}
    if claimed is None:
        return Outcome("plausible", found, "exists", table, numbers, publisher)
    verdict = claim_checks.compare(claimed, found, _needed(claim, "tolerance"))
    unsigned = kind.removeprefix("signed_")
    numbers |= {"claimed": (claimed, kind), "difference": (abs(found - claimed), unsigned)}
    return Outcome(verdict, found, f"compared_{verdict}", table, numbers, publisher)


def _size_change(claim: Claim, tables: Tables) -> Outcome:
    claimed, tolerance = _needed(claim, "claimed"), _needed(claim, "tolerance")
    before, after = _years(claim)
    earlier, table, _ = published(tables, claim, before)
    later, other, publisher = published(tables, claim, after)
    verdict = claim_checks.size_change(claimed, earlier, later, tolerance)
    if not earlier or later is None:
        return Outcome(verdict, None, "not_published", "")
    change = claim_checks.percent_change(earlier, later)
    numbers = {
        "found": (change, "signed_percent"),
        "earlier": (earlier, "signed_persons"),
        "later": (later, "signed_persons"),
        "year_earlier": (before, "year"),
        "year_later": (after, "year"),
    }
    return Outcome(verdict, change, "change", _joined(table, other), numbers, publisher)


def _adds_up(claim: Claim, tables: Tables) -> Outcome:
    claimed = tables.claims.set_index("id")["claimed"]
    parts = []
    for part in claim["parts"].split(";"):
        name = part.removeprefix("-")
        if name not in claimed.index:
            raise ProjectError(
                f"metadata/programmes/claims.csv: {claim['id']}: parts names the claim '{name}', "
                "which is not in the table; correct the row"
            )
        parts.append(float(claimed[name]) * (-1 if part.startswith("-") else 1))
    total, table, publisher = published(tables, claim, _year(claim, "year"))
    verdict = claim_checks.adds_up(parts, total, _needed(claim, "tolerance"))
    if total is None:
        return Outcome(verdict, None, "not_published", "")
    numbers = {
        "found": (total, "signed_persons"),
        "sum": (sum(parts), "signed_persons"),
        "first": (abs(parts[0]), "persons"),
        "second": (abs(parts[1]), "persons"),
    }
    return Outcome(verdict, total, f"sum_{verdict}", table, numbers, publisher)


def _lowest_since(claim: Claim, tables: Tables) -> Outcome:
    first, year = _years(claim)
    series = official_series(tables, claim["region"], claim["indicator"])
    verdict = claim_checks.lowest_since(series, year, first)
    years = claim_checks.years_known(series, year, first)
    if verdict == "cannot be checked":
        return Outcome(verdict, None, "gaps", "regions", {"years": (years, "count")})
    claimed = _number(claim, "claimed", needed=False)
    # A record of so many years needs that many years.
    if claimed is not None and years < claimed:
        verdict = "cannot be checked"
    before = series.loc[first : year - 1]
    numbers = {
        "found": (float(series[year]), "signed_persons"),
        "year": (year, "year"),
        "years": (years, "count"),
        "next": (float(before.min()), "signed_persons"),
        "next_year": (int(before.index.to_numpy()[before.argmin()]), "year"),
    }
    return Outcome(verdict, float(series[year]), f"record_{verdict}", "regions", numbers)


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
    year = _year(claim, "year", needed=False)
    if year is None and len(series):
        year = int(series.index.max())
    if year is None or year not in series.index:
        return None
    return float(series[year]), year, table


def _fits_known_total(claim: Claim, tables: Tables) -> Outcome:
    claimed, whole = _needed(claim, "claimed"), known_total(claim, tables)
    if whole is None:
        return Outcome("cannot be checked", None, "not_published", "")
    known, year, table = whole
    high = _number(claim, "high", needed=False)
    low = _needed(claim, "low")
    verdict = claim_checks.fits_known_total(claimed, known, low, inf if high is None else high)
    numbers = {
        "found": (known, claim["format"]),
        "claimed": (claimed, claim["format"]),
        "year": (year, "year"),
        "ratio": (known / claimed, "decimal_1"),
    }
    wording = "whole_years" if high is not None and verdict == "plausible" else f"whole_{verdict}"
    return Outcome(verdict, known, wording, table, numbers)


def gross_and_net(claim: Claim, tables: Tables) -> dict[str, float]:
    """Departures and net loss of all ages over the years of a claim, persons.

    Keys: net_loss (all the years); departures (from any city or district, moves inside the region
    included, in the years published by place, plus `last_departures` across the region's border in
    the later years); years_by_place; youth_share (percent of all moves inside the country made by
    people aged 14 to 34, latest year with both); young (departures times that share).
    """
    first, year = _years(claim)
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


def _young_share(flows: pd.DataFrame) -> float:
    """Share of the moves inside the country that people of 14 to 34 made, latest known year."""
    young = flows[(flows["kind"] == "moves") & (flows["ages"] == "14-34")].sort_values("year")
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


def _net_and_gross(claim: Claim, tables: Tables) -> Outcome:
    claimed = _needed(claim, "claimed")
    sizes = gross_and_net(claim, tables)
    verdict = claim_checks.net_and_gross(claimed, sizes["net_loss"], sizes["departures"])
    numbers = {name: (value, "persons") for name, value in sizes.items()}
    numbers |= {
        "found": (sizes["net_loss"], "persons"),
        "claimed": (claimed, "persons"),
        "youth_share": (sizes["youth_share"], "percent_0"),
        "share": (100 * claimed / sizes["departures"], "percent_0"),
        "times": (claimed / sizes["net_loss"], "decimal_1") if sizes["net_loss"] else (0, "count"),
    }
    return Outcome(
        verdict, sizes["net_loss"], f"leavers_{verdict}", "districts;flows;press", numbers
    )


def _stays_below_zero(claim: Claim, tables: Tables) -> Outcome:
    first, year = _years(claim)
    series = balance_by_year(tables, claim)
    verdict = claim_checks.stays_below_zero(series, first, year)
    known = series.reindex(range(first, year + 1)).dropna()
    numbers = {
        "found": (float(known.sum()), "signed_persons"),
        "year_first": (first, "year"),
        "year_last": (year, "year"),
        "years": (len(known), "count"),
        "losses": (int((known < 0).sum()), "count"),
    }
    return Outcome(verdict, float(known.sum()), "trend", "regions;districts;press", numbers)


def _drivers_seen(claim: Claim, tables: Tables) -> Outcome:
    words = []
    for driver in filter(None, claim["drivers"].split(";")):
        term, model, direction = driver.split("@")
        estimate = float(driver_row(tables.results, model, term)["estimate"])
        word = driver_word(tables.results, tables.verdicts, model, term)
        words.append((word, (estimate > 0) == (direction == "more")))
    verdict = claim_checks.drivers_seen(words)
    if not words:
        return Outcome(verdict, None, "no_driver", "")
    shown_count = sum(word != "unknown" and fits for word, fits in words)
    numbers = {
        "found": (shown_count, "count"),
        "drivers": (len(words), "count"),
        "firm": (sum(word == "firm" and fits for word, fits in words), "count"),
        "weak": (sum(word == "weak" and fits for word, fits in words), "count"),
    }
    tables_read = "model_results;driver_verdicts"
    return Outcome(verdict, float(shown_count), f"drivers_{verdict}", tables_read, numbers)


CHECKS: dict[str, Callable[[Claim, Tables], Outcome]] = {
    "compare": _compare,
    "size_change": _size_change,
    "adds_up": _adds_up,
    "lowest_since": _lowest_since,
    "fits_known_total": _fits_known_total,
    "net_and_gross": _net_and_gross,
    "stays_below_zero": _stays_below_zero,
    "drivers_seen": _drivers_seen,
}


def _number(claim: Claim, column: str, *, needed: bool = True) -> float | None:
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


def _needed(claim: Claim, column: str) -> float:
    number = _number(claim, column)
    assert number is not None
    return number


def _year(claim: Claim, column: str, *, needed: bool = True) -> int | None:
    number = _number(claim, column, needed=needed)
    return None if number is None else int(number)


def _years(claim: Claim) -> tuple[int, int]:
    return int(_needed(claim, "first_year")), int(_needed(claim, "year"))


def _joined(*tables: str) -> str:
    return ";".join(sorted({table for table in tables if table}))
