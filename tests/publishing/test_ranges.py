"""Numbers with ranges."""

from karaganda_vibe.publishing.ranges import span


def test_a_span_is_rounded_and_keeps_its_signs():
    def plain(*arguments):
        return span(*arguments).replace("\u00a0", " ")

    assert plain(-4400.2, -5451, 318, "signed_persons", "en", 10) == "−4,400 (−5,450 … +320)"
    assert plain(-5.24, -6.5, 0.04, "signed_per_1000", "en", 0.1) == "−5.2 (−6.5 … 0.0)"


def test_only_the_place_before_the_range_may_break():
    assert span(-1, -2, 0, "signed_persons", "en").count(" ") == 1
