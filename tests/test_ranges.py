"""Numbers with ranges."""

from karaganda_vibe.ranges import span


def test_a_span_is_rounded_and_keeps_its_signs():
    assert span(-4400.2, -5451, 318, "signed_persons", "en", 10) == "−4,400 (−5,450 … +320)"
    assert span(-5.24, -6.5, 0.04, "signed_per_1000", "en", 0.1) == "−5.2 (−6.5 … 0.0)"
