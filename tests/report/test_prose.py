"""No typed numbers: a figure in the prose is computed by a notebook and quoted by name."""

import re

import pytest

from karaganda_vibe.project.paths import PROJECT, REPORT

# Names that hold a digit and are no figures.
NAMES = ["ISO 3166-2", "CC BY 4.0", "SHA-256", "CRV3", "CR1", "UTF-8"]
# Groups of ages, and what a rate is counted in: names too, which statistics write in digits.
NAMES += ["14–34", "15–29", "15–34", "16 лет", "16 жас", "1000 человек", "1000 адам", "1000 чел"]

NOT_PROSE = [
    r"<!--.*?-->",
    r"\{\{<.*?>\}\}",  # quoted values and includes
    r"\]\([^)]*\)",  # addresses of links and pictures
    r"<https?://[^>]*>",
    r"\{[^{}]*\}",  # attributes: labels, classes
    r"@[\w:.-]+",  # citations and cross-references
    r"`[^`]*`",  # names of files and columns
    r"(?m)^date: \d{4}-\d\d-\d\d$",  # held to CITATION.cff by another test
]


def typed_numbers(text):
    """(line number, line) of every line of `text` in which a digit was typed."""
    for pattern in NOT_PROSE:
        text = re.sub(pattern, lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.DOTALL)
    for name in NAMES:
        text = text.replace(name, "")
    return [
        (number, line.strip())
        for number, line in enumerate(text.splitlines(), start=1)
        if re.search(r"\d", line)
    ]


def chapters():
    generated = REPORT / "generated"
    written = [path for path in REPORT.rglob("*.qmd") if generated not in path.parents]
    return sorted([*PROJECT.glob("*.qmd"), *written])


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.name)
def test_no_number_is_typed_in_the_prose(path):
    assert typed_numbers(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    ["The region lost 6,181 people.", "since 2016", "| 3 | a |", "text {{< var en.a >}} and 5"],
)
def test_a_typed_number_is_found(text):
    assert len(typed_numbers(f"fine\n{text}")) == 1


def test_quoted_values_labels_and_links_are_no_typed_numbers():
    text = (
        "{{< var en.net_2024 >}} people [@aldashev2014], see @fig-net2 "
        "[data](a/b2.csv) {#sec-part1} ISO 3166-2 `population_2`\n<!-- 5 -->"
    )
    assert typed_numbers(text) == []
