"""Report and annexes: what a short report may hold, and that each leads to the other."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import html
from pypdf import PdfReader

from karaganda_vibe.build.rendering import rendered_page
from karaganda_vibe.project.paths import PROJECT
from karaganda_vibe.words.languages import ANNEXES, LANGUAGES, REPORT, article_name

LONGEST_SENTENCE = 35
MOST_WORDS = 4_000
MOST_FIGURES = 12
MOST_PAGES = 16
"""Of the PDF, with its cover."""
JARGON = {
    "en": r"bootstrap|jackknife|\bspecs?\b|\bpanels?\b|placebo|Shapley|Romano",
    "ru": r"бутстр[эе]п|складн\w+ нож|спецификаци|панел|плацебо|Шепли|Романо",
    "kk": r"бутстр[эе]п|джекнайф|спецификаци|панел|плацебо|Шепли|Романо",
}
FILE = r"\w\.(?:csv|qmd|ipynb|yml)\b"
NAMES_OF_THE_REGION = {
    "en": r"\bKaraganda\b(?! Vibe|'s School)",
    "ru": r"Караганд",
    "kk": r"Қарағанды",
}
INCLUDE = re.compile(r"\{\{<\s*include\s+(\S+)\s*>\}\}")


@cache
def page(language: str, document: str) -> html.HtmlElement:
    return html.document_fromstring(rendered_page(language, document).read_bytes())


def prose(language: str) -> list[str]:
    """Paragraphs, items and captions of the report as they are read, folded tables left out."""
    texts = page(language, REPORT).xpath(
        "//main//*[self::p or self::li or self::figcaption or self::caption]"
        "[not(ancestor::details) and not(ancestor::*[contains(@class, 'figure-source')])]"
        "[not(ancestor::nav)]"
    )
    drawn = "not(ancestor::*[local-name()='svg'])"
    return [" ".join("".join(text.xpath(f".//text()[{drawn}]")).split()) for text in texts]


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?:;])\s+(?=[«“\"(]?[A-ZА-ЯЁӘҒҚҢӨҰҮҺІ\d−+])", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_of_the_report_is_long(language: str) -> None:
    found = [piece for text in prose(language) for piece in sentences(text)]
    assert len(found) > 100
    assert [piece for piece in found if len(piece.split()) > LONGEST_SENTENCE] == []


def test_a_long_sentence_is_found() -> None:
    long = " ".join(["made"] * (LONGEST_SENTENCE + 1))
    pieces = sentences(f"Made short one. Another: {long}. Last")
    assert max(len(piece.split()) for piece in pieces) > LONGEST_SENTENCE
    assert len(pieces) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_is_short(language: str) -> None:
    assert sum(len(text.split()) for text in prose(language)) <= MOST_WORDS
    figures = page(language, REPORT).xpath("//main//figure[starts-with(@id, 'fig-')]")
    assert 8 <= len(figures) <= MOST_FIGURES
    pdf = PdfReader(rendered_page(language).with_suffix(".pdf"))
    assert len(pdf.pages) <= MOST_PAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_says_no_word_of_method(language: str) -> None:
    text = " ".join(prose(language))
    assert re.findall(f"{JARGON[language]}|{FILE}", text, re.IGNORECASE) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_chapter_of_the_report_names_the_region(language: str) -> None:
    """Its name is a value: another region may stand there."""
    article = (PROJECT / f"{article_name(language)}.qmd").read_text("utf-8")
    chapters = [name for name in INCLUDE.findall(article) if "generated" not in name]
    assert len(chapters) > 7
    for name in chapters:
        text = (PROJECT / name).read_text("utf-8")
        text = re.sub(r"\*\*(?:Who made it|Кто сделал|Кім жасады)\.?\*\*.*", "", text)
        text = re.sub(r"Karaganda Vibe", "", text)
        assert re.findall(NAMES_OF_THE_REGION[language], text) == [], name


@pytest.mark.parametrize("document", [REPORT, ANNEXES])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_document_leads_to_parts_of_the_other_that_are_there(
    language: str, document: str
) -> None:
    other = ANNEXES if document == REPORT else REPORT
    target = f"{article_name(language, other)}.html"
    addresses = [
        str(address)
        for address in page(language, document).xpath("//main//a/@href")
        if str(address).partition("#")[0] == target
    ]
    assert len(addresses) >= 5
    there = set(page(language, other).xpath("//@id"))
    for address in addresses:
        part = address.partition("#")[2]
        assert not part or unquote(part) in there, address


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_other_edition_is_linked_from_the_text(language: str) -> None:
    for document in (REPORT, ANNEXES):
        for address in page(language, document).xpath("//main//a/@href"):
            name = Path(str(address).partition("#")[0]).name
            if name.startswith(("index", "annexes", "summary")) and "passports" not in address:
                ending = "" if language == LANGUAGES[0] else f"-{language}"
                assert re.fullmatch(rf"(?:index|annexes|summary){ending}\.\w+", name), address


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_would_change_our_mind_is_one_table(language: str) -> None:
    rows = page(language, ANNEXES).xpath("//*[@id='tbl-change-our-mind']//tbody/tr")
    assert len(rows) > 25
    assert all(row.xpath(".//a/@href")[0].startswith("#sec-") for row in rows)
