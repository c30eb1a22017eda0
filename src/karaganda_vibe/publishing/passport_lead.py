"""The first lines of a passport, as the head of a city or district can use them.

The latest year, three years together, places like it, and what can be changed on the spot: which
sentence fits follows from the data.
"""

from __future__ import annotations

from karaganda_vibe.findings.answers import COMPUTED
from karaganda_vibe.findings.passports import Passport, scenario_part
from karaganda_vibe.findings.people_balance import migration_part
from karaganda_vibe.findings.three_years import comparison_part
from karaganda_vibe.places.place_names import spoken
from karaganda_vibe.publishing.passport_expectation import RATE
from karaganda_vibe.publishing.passport_writer import Writer


def sentences(passport: Passport, writer: Writer) -> tuple[str, str, str, str]:
    """Latest year, three years, places like it, what can be changed."""
    return (
        latest_text(passport, writer),
        three_years_text(passport, writer),
        comparison_text(passport, writer),
        lever_text(passport, writer),
    )


def latest_text(passport: Passport, writer: Writer) -> str:
    """What the latest year brought, and for how long it has been so."""
    people = passport.people
    return writer.phrase(
        "migration",
        migration_part(people),
        place=spoken(passport.names[writer.language], writer.language),
        people=writer.number(abs(people.net), "persons"),
        year=people.year,
        rate=writer.number(people.rate, RATE),
        run=people.run,
        first_year=people.first_migration_year,
    )


def three_years_text(passport: Passport, writer: Writer) -> str:
    """What the last three years brought together."""
    recent = passport.recent
    if recent is None:
        return writer.phrase("three_years", "none")
    return writer.phrase(
        "three_years",
        "loss" if recent.people < 0 else "gain" if recent.people > 0 else "level",
        first_year=recent.first_year,
        last_year=recent.last_year,
        people=writer.number(abs(recent.people), "persons"),
        rate=writer.number(recent.rate, RATE),
    )


def comparison_text(passport: Passport, writer: Writer) -> str:
    """The place beside its peers."""
    beside = passport.beside
    numbers = {
        name: writer.number(value, RATE)
        for name, value in (("own", beside.own), ("peers_median", beside.median))
        if value is not None
    }
    years = {"first_year": beside.first_year, "last_year": beside.last_year}
    return writer.phrase("comparison", comparison_part(beside), **years, **numbers)


def lever_parts(passport: Passport) -> tuple[str, ...]:
    """Which parts of the texts say what goes with the building of homes, one a sentence."""
    scenario = passport.scenario
    part = scenario_part(scenario)
    link = f"link_{scenario['verdict']}"
    if part == "no_sample":
        return link, part
    if part == "already_there":
        return link, part
    if scenario["status"] != COMPUTED:
        return link, "level", *(() if part == "unknown" else (part,))
    low, high = float(str(scenario["low"])), float(str(scenario["high"]))
    return link, "level", "open" if low <= 0 <= high else "clear"


def lever_text(passport: Passport, writer: Writer) -> str:
    """What can be changed on the spot: homes built here and by places like it, and what goes with
    building as much."""
    facts = passport.scenario
    kinds = {"current": "decimal_0", "target": "decimal_0"}
    kinds |= dict.fromkeys(("people", "low", "high"), "signed_persons")
    numbers = {
        name: writer.number(facts[name], kind)
        for name, kind in kinds.items()
        if facts[name] is not None
    }
    years = {"first_year": facts["first_year"], "last_year": facts["last_year"]}
    said = [writer.phrase("lever", part, **numbers, **years) for part in lever_parts(passport)]
    return " ".join(said)
