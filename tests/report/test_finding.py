"""Finding one's way in the built pages: search by stems, the bar on phones, pictures to share."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from lxml import html
from test_browser import (  # noqa: F401 (browser: a fixture)
    DESK,
    PHONE,
    Visit,
    browser,
    grave_violations,
)

from karaganda_vibe.build.rendering import rendered_page
from karaganda_vibe.project.paths import OUTPUT, THEME
from karaganda_vibe.publishing.figure_pages import card_name
from karaganda_vibe.publishing.site_pages import page_name
from karaganda_vibe.words.languages import ANNEXES, DOCUMENTS, LANGUAGES, REPORT

LOWEST_BAR = 48
"""Pixels that the bar on a phone may take, as a thumb needs about as many."""
ONE_WORD = {
    "en": "region regions, region regional, city cities, leave leaving, move moved, plan planned, "
    "loss losses, district districts, house housing, village villages",
    "ru": "нура нуринский, караганда карагандинской, село сельский, город городской, шет шетский, "
    "миграция миграционный, уехали уехать, уезжают уезжающие, область областей, год годов, "
    "зарплат зарплаты, молодежь молодежный, люди людей, абай абайский, рынок рынка, "
    "темиртау темиртауский, россия российский, материал материала",
    "kk": "қала қаласының, облыс облысы, аудан ауданында, нұра нұраның, қарағанды қарағандыда, "
    "жас жастардың, мектеп мектебінде, жұмыс жұмыссыздық, ауыл ауылдан, өңір өңірлердің",
}
OTHER_WORDS = {
    "en": "region religion, city cite, loss lot, wage wager, school scholar",
    "ru": "нура норма, село сила, город горох, район раймонд, мать материал, астана остаток",
    "kk": "қала қалды, аудан ауа, нұра нұсқа, жас жасыл, мектеп мекен, кету кешке",
}
SHARE_STEM = """([one, other, language]) => window.wordStems(one, language)
  .some((stem) => window.wordStems(other, language).includes(stem))"""
SEARCHED = {
    "en": ("leaving", "leave"),
    "ru": ("Нура", "Нуринского"),
    "kk": ("Нұра", "Нұра"),
}
SECTIONS = {
    REPORT: ("sec-how-many", "sec-what-to-do", "sec-why"),
    ANNEXES: ("sec-regions", "sec-recommendations", "sec-results"),
}
HITS = """(words) => {
  const input = document.querySelector('.search input');
  input.value = words;
  input.dispatchEvent(new Event('input'));
  return [...document.querySelectorAll('.search li a')].map((hit) => hit.textContent);
}"""
AXES = """() => [...document.querySelectorAll('main svg')]
  .map((svg) => [...svg.querySelectorAll('text')].slice(0, 3).map((t) => t.textContent).join(''))
  .filter((labels) => labels.length > 8)"""


def pairs(words: dict[str, str]) -> list[tuple[str, str, str]]:
    return [
        (language, *pair.split()) for language, row in words.items() for pair in row.split(", ")
    ]


@pytest.fixture(scope="module")
def stems(browser: Any) -> Any:  # noqa: F811
    """A page with the rules of the search and nothing else."""
    page = browser.new_page()
    page.set_content((THEME / "stems.html").read_text("utf-8"))
    yield page
    page.close()


@pytest.mark.parametrize(("language", "one", "other"), pairs(ONE_WORD))
def test_forms_of_a_word_share_a_stem(stems: Any, language: str, one: str, other: str) -> None:
    assert stems.evaluate(SHARE_STEM, [one, other, language])


@pytest.mark.parametrize(("language", "one", "other"), pairs(OTHER_WORDS))
def test_other_words_do_not(stems: Any, language: str, one: str, other: str) -> None:
    assert not stems.evaluate(SHARE_STEM, [one, other, language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_search_finds_other_forms_and_no_labels_of_axes(
    browser: Any,  # noqa: F811
    language: str,
) -> None:
    asked, found = SEARCHED[language]
    with Visit(browser, rendered_page(language, ANNEXES), DESK, "light") as visit:
        page = visit.page
        hits = page.evaluate(HITS, asked)
        assert any(re.search(rf"\b{found}\b", hit) for hit in hits)
        marks = page.locator(".search mark").all_text_contents()
        assert marks
        assert all(marks)
        labels = page.evaluate(AXES)
        assert len(labels) > 30
        assert [label for label in labels if page.evaluate(HITS, label)] == []
        assert visit.faults == []


def test_the_chapter_of_a_district_is_found_by_its_towns_name(
    browser: Any,  # noqa: F811
) -> None:
    with Visit(browser, rendered_page("ru", ANNEXES), DESK, "light") as visit:
        visit.page.evaluate(HITS, "Нура")
        first = visit.page.locator(".search li a").first
        assert first.get_attribute("href") == "#sec-nura"
        assert first.locator("mark").inner_text() == "Нуринского"


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_contents_search_and_places_stay_in_reach_on_a_phone(
    browser: Any,  # noqa: F811
    language: str,
    scheme: str,
    document: str,
) -> None:
    with Visit(browser, rendered_page(language, document), PHONE, scheme) as visit:
        page = visit.page
        bar = page.locator(".reach")
        first, last, target = SECTIONS[document]
        for part in (first, last):
            page.evaluate(f"document.getElementById('{part}').scrollIntoView()")
            box = bar.bounding_box()
            assert box["height"] <= LOWEST_BAR
            assert box["y"] + box["height"] == PHONE["height"]
            assert all(entry.bounding_box()["height"] >= 40 for entry in bar.locator("> *").all())
        contents, search = bar.locator("button").all()
        contents.click()
        panel = page.locator(".reach-panel")
        assert grave_violations(page, ".reach-panel") == []
        panel.locator(f"a[href='#{target}']").click()
        assert page.evaluate("location.hash") == f"#{target}"
        assert not panel.is_visible()
        home = page.evaluate("document.querySelector('.search').previousElementSibling.className")
        search.click()
        assert page.evaluate("document.activeElement.id") == "search-text"
        page.keyboard.type(SEARCHED[language][0])
        assert grave_violations(page, ".reach-panel") == []
        hit = panel.locator(".search li a").first
        target = hit.get_attribute("href")
        hit.click()
        assert page.evaluate("location.hash") == target
        assert not panel.is_visible()
        page.wait_for_function("!document.querySelector('.reach-panel .search')")
        back = page.evaluate("document.querySelector('.search').previousElementSibling.className")
        assert back == home, "the search is back at its place"
        search.click()
        page.keyboard.press("Escape")
        assert not panel.is_visible()
        places = bar.locator("a").get_attribute("href")
        assert (rendered_page(language, document).parent / places).resolve().is_file()
        assert visit.faults == []


def test_the_bar_is_for_narrow_screens_only(browser: Any) -> None:  # noqa: F811
    with Visit(browser, rendered_page("en"), DESK, "light") as visit:
        assert not visit.page.locator(".reach").is_visible()
    with Visit(browser, rendered_page("en"), PHONE, "light") as visit:
        visit.page.emulate_media(media="print")
        assert not visit.page.locator(".reach").is_visible()


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shared_link_shows_a_picture_that_is_published(language: str, document: str) -> None:
    path = rendered_page(language, document)
    page = html.document_fromstring(path.read_bytes())
    told = {
        tag.get("property") or tag.get("name"): tag.get("content")
        for tag in page.xpath("//meta[@property or @name]")
    }
    assert told["og:title"] == page.xpath("string(//title)")
    assert 60 <= len(told["og:description"]) <= 201
    assert told["og:description"] == told["description"]
    picture = path.parent / told["og:image"]
    assert picture.resolve().is_relative_to(OUTPUT.resolve())
    size = struct.unpack(">II", picture.read_bytes()[16:24])
    assert size == (int(told["og:image:width"]), int(told["og:image:height"]))
    assert min(size) >= 600, "large enough for a large card"
    assert told["og:image:alt"]
    assert page.xpath("//link[@rel='icon']/@href")[0].startswith("data:image/svg+xml,")


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_offers_its_pictures_and_its_address(language: str, document: str) -> None:
    path = rendered_page(language, document)
    page = html.document_fromstring(path.read_bytes())
    figures = page.xpath("//main//*[starts-with(@id, 'fig-')][.//*[local-name()='svg']]")
    assert len(figures) >= (30 if document == ANNEXES else 8)
    for figure in figures:
        name = figure.get("id")
        links = figure.xpath(".//*[contains(@class, 'figure-source')]//a/@href")
        for address, start in (
            (f"figures/{card_name(name, language)}", b"\x89PNG"),
            (f"{language}/{name}.svg", b"<svg"),
            (f"figures/{page_name(name, language)}", b"<!doctype html>"),
        ):
            wanted = [link for link in links if link.endswith(address)]
            assert len(wanted) == 1, f"{name}: {address}"
            place = unquote(urlsplit(urljoin(path.as_uri(), wanted[0])).path)
            assert Path(place).read_bytes().startswith(start)
