"""The ledger of claims: for each claim its figures in the tables, the check, verdict and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import pandas as pd

from karaganda_vibe.findings import claim_checks
from karaganda_vibe.findings.claim_checks import CheckResult
from karaganda_vibe.findings.claim_documents import load_documents, says_the_same
from karaganda_vibe.findings.claim_figures import (
    Claim,
    Tables,
    balance_by_year,
    entered_net,
    gross_and_net,
    known_total,
    needed_parameter,
    official_series,
    parameter,
    published,
    year_of,
    years_of,
)
from karaganda_vibe.findings.driver_words import driver_row, driver_word, read_model_results
from karaganda_vibe.findings.youth_entered import balances_by_year
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROCESSED
from karaganda_vibe.project.tables import NUMBER, YEAR, read_table
from karaganda_vibe.sources.publishers import publisher_names
from karaganda_vibe.words.languages import LANGUAGES, MISSING, format_number
from karaganda_vibe.words.texts import Texts

CLAIMS = METADATA / "programmes" / "claims.csv"
COLUMNS = (
    "id", "claim_en", "claim_ru", "claim_kk", "kind", "check", "region", "place", "place_kind",
    "indicator", "year", "first_year", "claimed", "unit", "format", "tolerance", "low", "high",
    "parts", "drivers", "source", "source_url",
)  # fmt: skip
NOTEBOOK = "notebooks/13_claims.ipynb"


@dataclass(frozen=True)
class Outcome:
    """What came of one check: its result, the figure found, and what its words are made of.

    `numbers` holds value and kind of number by name, for the text `wording`.
    """

    verdict: CheckResult
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
        "flows": "flows", "press": "press", "verdicts": "driver_verdicts",
    }  # fmt: skip
    frames = {key: pd.read_csv(PROCESSED / f"{name}.csv") for key, name in names.items()}
    return Tables(
        claims=load_claims(),
        documents=load_documents(),
        results=read_model_results(),
        young=balances_by_year(),
        **frames,
    )


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
        values["publisher"] = publisher_names(outcome.publisher)[language]

    def own(phrase: str) -> str:
        has = texts.has(phrase, identifier)
        return texts.text(phrase, identifier, language, values) if has else ""

    values |= {"missing": own("claim_missing"), "not_measured": own("claim_not_measured")}
    return {
        "found": own("claim_found") if outcome.found is not None else MISSING,
        "calculation": texts.text("calculation", outcome.wording, language, values),
        "note": own("claim_note"),
    }


def ledger_row(identifier: str, tables: Tables, texts: Texts) -> dict[str, object]:
    """One claim as data/processed/claims_ledger.csv holds it."""
    outcome = check_claim(identifier, tables)
    record = tables.claims.set_index("id", drop=False).loc[identifier]
    claim = {str(key): str(value) for key, value in record.items()}
    same = says_the_same(tables.documents, identifier)
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
        "claimed": parameter(claim, "claimed", needed=False),
        "unit": claim["unit"],
        "verdict": claim_checks.judge(
            outcome.verdict,
            claim["kind"],
            in_tables="press" not in outcome.table.split(";"),
            second_document=bool(same),
        ),
        "check_result": outcome.verdict,
        "documents": ";".join(same),
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


def _compare(claim: Claim, tables: Tables) -> Outcome:
    year = year_of(claim, "year", needed=False)
    found, table, publisher = published(tables, claim, year)
    claimed = parameter(claim, "claimed", needed=False)
    if found is None:
        return Outcome("undecided", None, "not_published", "")
    kind = claim["format"]
    numbers = {"found": (found, kind)}
    if claimed is None:
        return Outcome("plausible", found, "exists", table, numbers, publisher)
    verdict = claim_checks.compare(claimed, found, needed_parameter(claim, "tolerance"))
    unsigned = kind.removeprefix("signed_")
    numbers |= {"claimed": (claimed, kind), "difference": (abs(found - claimed), unsigned)}
    return Outcome(verdict, found, f"compared_{verdict}", table, numbers, publisher)


def _size_change(claim: Claim, tables: Tables) -> Outcome:
    claimed, tolerance = needed_parameter(claim, "claimed"), needed_parameter(claim, "tolerance")
    before, after = years_of(claim)
    earlier, table, _ = published(tables, claim, before)
    later, other, publisher = published(tables, claim, after)
    verdict = claim_checks.size_change(claimed, earlier, later, tolerance)
    if not earlier or later is None:
        return Outcome(verdict, None, "not_published", "")
    change = claim_checks.percent_change(earlier, later)
    numbers = {
        "earlier": (earlier, "signed_persons"),
        "later": (later, "signed_persons"),
        "year_earlier": (before, "year"),
        "year_later": (after, "year"),
    }
    if earlier * later < 0:
        return Outcome(verdict, None, "change_turned", _joined(table, other), numbers, publisher)
    numbers["found"] = (change, "signed_percent")
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
    total, table, publisher = published(tables, claim, year_of(claim, "year"))
    verdict = claim_checks.adds_up(parts, total, needed_parameter(claim, "tolerance"))
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
    first, year = years_of(claim)
    series = official_series(tables, claim["region"], claim["indicator"])
    verdict = claim_checks.lowest_since(series, year, first)
    years = claim_checks.years_known(series, year, first)
    if verdict == "undecided":
        return Outcome(verdict, None, "gaps", "regions", {"years": (years, "count")})
    claimed = parameter(claim, "claimed", needed=False)
    # A record of so many years needs that many years.
    if claimed is not None and years < claimed:
        verdict = "undecided"
    before = series.loc[first : year - 1]
    numbers = {
        "found": (float(series[year]), "signed_persons"),
        "year": (year, "year"),
        "years": (years, "count"),
        "next": (float(before.min()), "signed_persons"),
        "next_year": (int(before.index.to_numpy()[before.argmin()]), "year"),
    }
    return Outcome(verdict, float(series[year]), f"record_{verdict}", "regions", numbers)


def _fits_known_total(claim: Claim, tables: Tables) -> Outcome:
    claimed, whole = needed_parameter(claim, "claimed"), known_total(claim, tables)
    if whole is None:
        return Outcome("undecided", None, "not_published", "")
    known, year, table = whole
    high = parameter(claim, "high", needed=False)
    low = needed_parameter(claim, "low")
    verdict = claim_checks.fits_known_total(claimed, known, low, inf if high is None else high)
    numbers = {
        "found": (known, claim["format"]),
        "claimed": (claimed, claim["format"]),
        "year": (year, "year"),
        "ratio": (known / claimed, "decimal_1"),
    }
    wording = "whole_years" if high is not None and verdict == "plausible" else f"whole_{verdict}"
    return Outcome(verdict, known, wording, table, numbers)


def _net_and_gross(claim: Claim, tables: Tables) -> Outcome:
    claimed = needed_parameter(claim, "claimed")
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
    own, known = entered_net(claim, tables)
    first, last = years_of(claim)
    if (
        known == last - first + 1
        and claim_checks.adds_up([-own], claimed, needed_parameter(claim, "tolerance"))
        == "plausible"
    ):
        numbers["young_loss"] = (-own, "persons")
        return Outcome("confirmed", -own, "leavers_confirmed", "age_balances", numbers)
    return Outcome(
        verdict, sizes["net_loss"], f"leavers_{verdict}", "districts;flows;press", numbers
    )


def _stays_below_zero(claim: Claim, tables: Tables) -> Outcome:
    first, year = years_of(claim)
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
    tables_read = "model_results;model_results_second;driver_verdicts"
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


def _joined(*tables: str) -> str:
    return ";".join(sorted({table for table in tables if table}))
