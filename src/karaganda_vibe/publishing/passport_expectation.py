"""What a passport says of a place beside places like it: a sentence, a chart, a band of ranks."""

from __future__ import annotations

from typing import Any

from karaganda_vibe.figures.passport_charts import expected_chart
from karaganda_vibe.findings.passports import Passport
from karaganda_vibe.places.place_names import spoken
from karaganda_vibe.publishing.passport_writer import Writer

RATE = "signed_per_1000"


def expectation_part(passport: Passport) -> str:
    """Which sentence fits: "above" or "below" the band, "inside" it, or "none"."""
    facts = passport.expectation
    if facts is None:
        return "none"
    actual, low, high = (float(str(facts[name])) for name in ("actual", "low", "high"))
    return "above" if actual > high else "below" if actual < low else "inside"


def _numbers(passport: Passport, writer: Writer) -> dict[str, object]:
    facts = passport.expectation
    assert facts is not None
    return {
        **{
            name: writer.number(facts[name], RATE) for name in ("actual", "expected", "low", "high")
        },
        **{
            name: writer.number(facts[name], "count")
            for name in ("rate_rank_low", "rate_rank_high", "places")
        },
        "first_year": facts["first_year"],
        "last_year": facts["last_year"],
        "place": spoken(passport.names[writer.language], writer.language),
    }


def expectation_text(passport: Passport, writer: Writer) -> str:
    """The sentence on actual and expected net migration and the band of ranks."""
    part = expectation_part(passport)
    numbers = {} if part == "none" else _numbers(passport, writer)
    return writer.phrase("expectation", part, **numbers)


def expectation_chart(passport: Passport, writer: Writer) -> dict[str, str] | None:
    """Title, alt and svg of the chart; None where the place has no expectation."""
    facts = passport.expectation
    if facts is None:
        return None
    numbers = _numbers(passport, writer)
    alt = writer.say("expected_alt", **numbers)
    drawn: Any = tuple(float(str(facts[name])) for name in ("actual", "expected", "low", "high"))
    words = (writer.say("actual"), writer.say("expected"))

    def tick(value: float) -> str:
        return writer.number(value, "signed_per_1000_0")

    return {
        "title": writer.say("expected_chart", **numbers),
        "alt": alt,
        "svg": expected_chart(drawn, words, alt, tick),
    }


def rank_band(passport: Passport, writer: Writer) -> str:
    """The band of ranks of the rate in words; empty where the place has none."""
    if passport.expectation is None:
        return ""
    numbers = _numbers(passport, writer)
    return writer.say(
        "rank_band",
        low=numbers["rate_rank_low"],
        high=numbers["rate_rank_high"],
        places=numbers["places"],
    )
