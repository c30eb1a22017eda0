"""The built pages in a real browser: Debian's Chromium, driven by Playwright.

Each edition is opened from disk as a reader would open it: on a phone and on a desk, light and
dark. Nothing may be asked of the net; whatever can be clicked must be reached by the keyboard;
axe-core must find nothing serious.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from install_browser import MISSING, browser_path

from karaganda_vibe.build.rendering import rendered_page
from karaganda_vibe.project.paths import OUTPUT
from karaganda_vibe.words.languages import ANNEXES, DOCUMENTS, LANGUAGES, REPORT

playwright_api = pytest.importorskip("playwright.sync_api")
axe_api = pytest.importorskip("axe_playwright_python.sync_playwright")

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
LARGEST_PAGE = {REPORT: 800_000, ANNEXES: 2_300_000}
SMALLEST_TYPE = 10.5
PATIENCE = 120_000
"""Milliseconds until the browser is called stuck: a busy machine is no fault of a page."""
GRAVE = {"serious", "critical"}
OPEN_ALL = "document.querySelectorAll('details').forEach((part) => { part.open = true; })"
# A figure or table with its caption, as the embedded renderer and as Quarto write it.
FLOAT = ":is(figure, .quarto-float)[id^='{}-']"
SEARCHED = {"en": "Nura", "ru": "Нуринск", "kk": "Нұра"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = browser_path()
    if program is None:
        pytest.skip(MISSING)
    with playwright_api.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


class Visit:
    """A page opened in a window of its own, and what happened while it loaded."""

    def __init__(self, browser: Any, path: Path, size: dict[str, int], scheme: str) -> None:
        self.context = browser.new_context(
            viewport=size, color_scheme=scheme, reduced_motion="reduce"
        )
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri(), wait_until="load")

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


def other_pages() -> list[Path]:
    """Pages beside the report: downloads, passports, notebooks; one of each kind a language."""
    wanted = [
        *(OUTPUT / "data").glob("*.html"),
        *(OUTPUT / "report" / "passports").rglob("index.html"),
        *(OUTPUT / "report" / "passports").rglob("nura-district.html"),
        *sorted((OUTPUT / "notebooks").glob("*.html"))[:1],
    ]
    return sorted(wanted)


def name_of(path: Path) -> str:
    return path.relative_to(OUTPUT).as_posix()


FIGURES_AT_LEAST = {REPORT: 8, ANNEXES: 30}
STACKED_AT_LEAST = {REPORT: 3, ANNEXES: 20}
STOPS_AT_LEAST = {REPORT: 50, ANNEXES: 100}
WINDOWS = [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")]


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize(
    ("size", "scheme"), WINDOWS, ids=["phone-light", "phone-dark", "desk-light", "desk-dark"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_edition_is_quiet_accessible_and_fits(
    browser: Any, language: str, document: str, size: dict[str, int], scheme: str
) -> None:
    with Visit(browser, rendered_page(language, document), size, scheme) as visit:
        assert visit.faults == []
        assert [url for url in visit.requests if not url.startswith(("file:", "data:"))] == []
        assert len(visit.requests) == 1, "the page must hold everything that it shows"
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        # The annexes are long and alike in all languages: each window is looked at in one or two.
        turn = WINDOWS.index((size, scheme)) + LANGUAGES.index(language)
        if document == REPORT or turn % len(LANGUAGES) == 0:
            assert grave_violations(visit.page) == []


def grave_violations(page: Any, inside: str | None = None) -> list[str]:
    """What axe-core calls serious or critical, a line a rule with the first places.

    inside: a selector of the part that is looked at; None for the whole page.
    """
    done = axe_api.Axe().run(page, context=inside, options={"resultTypes": ["violations"]})
    found = done.response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): "
        + "; ".join(node["html"][:150] for node in rule["nodes"][:3])
        for rule in found
        if rule["impact"] in GRAVE
    ]


# axe-core takes minutes for thousands of rows, and one row is made as the other.
SHORTENED = "document.querySelectorAll('tbody tr:nth-child(n + 30)').forEach((row) => row.remove())"


@pytest.mark.parametrize("path", other_pages(), ids=name_of)
def test_the_other_pages_are_quiet_accessible_and_fit(browser: Any, path: Path) -> None:
    for size, scheme in ((PHONE, "dark"), (DESK, "light")):
        with Visit(browser, path, size, scheme) as visit:
            assert visit.faults == []
            outside = [u for u in visit.requests if not u.startswith(("file:", "data:"))]
            assert outside == []
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            visit.page.evaluate(SHORTENED)
            assert grave_violations(visit.page) == []


# What a phone shows whole, without a table that must be moved sideways.
WHOLE_ON_A_PHONE = [
    path for path in other_pages() if "passports" in path.parts or path.name.startswith("numbers")
]


@pytest.mark.parametrize("path", WHOLE_ON_A_PHONE, ids=name_of)
def test_no_table_is_cut_on_a_phone(browser: Any, path: Path) -> None:
    with Visit(browser, path, PHONE, "light") as visit:
        visit.page.evaluate(OPEN_ALL)
        cut = visit.page.evaluate(
            "[...document.querySelectorAll('.table-box')]"
            ".filter(box => box.scrollWidth > box.clientWidth + 1)"
            ".map(box => box.className + ' ' + box.scrollWidth)"
        )
    assert cut == []


def test_the_accessibility_check_finds_a_fault(browser: Any, tmp_path: Path) -> None:
    page = tmp_path / "made.html"
    page.write_text(
        '<!doctype html><html lang="en"><title>Made</title><main><h1>Made</h1>'
        '<img src="data:,"><p style="color:#ccc;background:#fff">faint</p></main></html>',
        encoding="utf-8",
    )
    with Visit(browser, page, DESK, "light") as visit:
        found = " ".join(grave_violations(visit.page))
    assert "image-alt" in found
    assert "color-contrast" in found


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_edition_is_not_heavy(language: str, document: str) -> None:
    assert rendered_page(language, document).stat().st_size <= LARGEST_PAGE[document]


REACHABLE = """() => {
  const all = [...document.querySelectorAll(
    'a[href], button, input, select, summary, [tabindex="0"]')];
  const folded = 'details:not([open]) > :not(summary)';
  const shown = all.filter((e) => e.checkVisibility() && !e.closest(folded));
  shown.forEach((e, i) => e.setAttribute('data-stop', i));
  return shown.length;
}"""
WALK = """(count) => {
  const seen = new Set();
  document.addEventListener('focusin', (event) => {
    const at = event.target.getAttribute('data-stop');
    if (at !== null) seen.add(at);
  });
  window.seenStops = seen;
}"""


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_reaches_everything(browser: Any, language: str, document: str) -> None:
    with Visit(browser, rendered_page(language, document), DESK, "light") as visit:
        count = visit.page.evaluate(REACHABLE)
        visit.page.evaluate(WALK, count)
        for _ in range(count + 5):
            visit.page.keyboard.press("Tab")
        missed = visit.page.evaluate(
            "() => [...document.querySelectorAll('[data-stop]')]"
            ".filter((e) => !window.seenStops.has(e.getAttribute('data-stop')))"
            ".map((e) => e.outerHTML.slice(0, 120))"
        )
        assert count > STOPS_AT_LEAST[document]
        assert missed == []


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_search_leads_to_the_place(
    browser: Any, language: str, document: str, size: dict[str, int]
) -> None:
    with Visit(browser, rendered_page(language, document), size, "light") as visit:
        field = visit.page.locator(".search input")
        field.fill(SEARCHED[language])
        hits = visit.page.locator(".search li a")
        assert hits.count() > 0
        assert SEARCHED[language].lower() in hits.first.inner_text().lower()
        choices = visit.page.locator("main select").last.locator("option").all_text_contents()
        told = " ".join(hits.all_inner_texts())
        assert not any(one + other in told for one, other in pairwise(choices)), "menus are no text"
        target = hits.first.get_attribute("href")
        hits.first.click()
        assert visit.page.evaluate("location.hash") == target
        field.fill("qqqq")
        assert hits.count() == 0
        assert visit.page.locator(".search output").inner_text() != ""
        field.press("Escape")
        assert field.input_value() == ""


@pytest.mark.parametrize(
    ("document", "section"), [(REPORT, "sec-where-to"), (ANNEXES, "sec-results")]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_switching_the_language_keeps_the_section(
    browser: Any, language: str, document: str, section: str
) -> None:
    with Visit(browser, rendered_page(language, document), DESK, "light") as visit:
        for other in LANGUAGES:
            if other == language:
                continue
            visit.page.goto(f"{rendered_page(language, document).as_uri()}#{section}")
            visit.page.locator(f'.languages a[hreflang="{other}"]').evaluate("e => e.click()")
            visit.page.wait_for_url(f"{rendered_page(other, document).as_uri()}*")
            assert visit.page.url == f"{rendered_page(other, document).as_uri()}#{section}"
            assert visit.page.evaluate("document.documentElement.lang") == other


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_can_be_read_on_a_phone(browser: Any, language: str, document: str) -> None:
    """The smallest type of each figure, as it is shown at 360 pixels, is large enough."""
    with Visit(browser, rendered_page(language, document), PHONE, "light") as visit:
        sizes = visit.page.evaluate(
            """(floats) => [...document.querySelectorAll(floats)].map((figure) => {
              const texts = [...figure.querySelectorAll('svg text')]
                .filter((t) => t.checkVisibility() && t.textContent.trim());
              const heights = texts.map((t) => {
                const scale = Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b);
                return scale * parseFloat(getComputedStyle(t).fontSize);
              });
              return [figure.id, heights.length, Math.min(...heights)];
            })""",
            FLOAT.format("fig"),
        )
        assert len(sizes) >= FIGURES_AT_LEAST[document]
        for figure, texts, smallest in sizes:
            assert texts > 0, f"{figure} shows no text on a phone"
            assert smallest >= SMALLEST_TYPE, f"{figure}: {smallest:.1f} px"


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_without_scripts_nothing_is_missing(browser: Any, language: str, document: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(rendered_page(language, document).as_uri())
    assert (
        page.locator(f"main {FLOAT.format('fig')} svg:visible").count()
        >= FIGURES_AT_LEAST[document]
    )
    assert page.locator("details.toc-top").is_visible()
    assert page.locator(".search").count() == 0
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_comes_before_the_contents(browser: Any, language: str) -> None:
    with Visit(browser, rendered_page(language), PHONE, "light") as visit:
        heights = [
            visit.page.locator(place).first.bounding_box()["y"]
            for place in ("h1", ".abstract", ".key-figures", "#fig-places-map", ".toc-top")
        ]
        assert heights == sorted(heights)
        bar = visit.page.locator(".reach").bounding_box()["y"]
        assert heights[2] < bar, "the first card begins above the bar of the first screen"


def test_the_contents_beside_the_text_follow_the_reader(browser: Any) -> None:
    with Visit(browser, rendered_page("ru", ANNEXES), DESK, "light") as visit:
        page = visit.page
        marked = page.locator(".toc-side a[aria-current]")
        for section in ("sec-regions", "sec-recommendations"):
            page.evaluate(f"document.getElementById('{section}').scrollIntoView()")
            page.wait_for_function(
                "wanted => document.querySelector('.toc-side a[aria-current]')"
                "?.getAttribute('href') === wanted",
                arg=f"#{section}",
            )
            assert marked.count() == 1
            box = marked.bounding_box()
            search = page.locator(".toc-side .search").bounding_box()
            assert 0 <= search["y"] < 60, "the search stays in sight"
            assert search["y"] + search["height"] <= box["y"] < DESK["height"] - box["height"]
        assert grave_violations(page, ".toc-side") == []


TOO_WIDE = """(where) => [...document.querySelectorAll(where)]
  .filter((table) => table.scrollWidth > table.parentElement.clientWidth + 1)
  .map((table) => table.closest('[id]').id)"""
UNNAMED = """() => [...document.querySelectorAll('table.stacked')].flatMap((table) => {
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  return [...table.tBodies[0].rows].flatMap((row) => [...row.cells]
    .filter((cell, n) => n > 0 && (cell.dataset.label || '') !== heads[n])
    .map((cell) => table.closest('[id]').id + ': ' + cell.textContent));
})"""


CRAMPED = """(tallest) => [...document.querySelectorAll('main table:not(.stacked)')]
  .filter((table) => table.tHead && table.tHead.rows[0].cells.length > 2)
  .filter((table) => [...table.rows].some((row) => row.offsetHeight > tallest))
  .map((table) => table.closest('[id]').id)"""
TALLEST_ROW = 125
"""Pixels that a row of a table of three columns or more may be high on a phone."""
FIRST_CARDS = 6


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_fit_a_phone_and_every_value_names_its_column(
    browser: Any, language: str, document: str
) -> None:
    with Visit(browser, rendered_page(language, document), PHONE, "light") as visit:
        visit.page.evaluate(OPEN_ALL)
        visit.page.wait_for_function(
            f"document.querySelectorAll('table.stacked').length >= {STACKED_AT_LEAST[document]}"
        )
        assert visit.page.evaluate(TOO_WIDE, "main table") == []
        assert visit.page.evaluate(UNNAMED) == []
        assert visit.page.evaluate(CRAMPED, TALLEST_ROW) == []
        if document == REPORT or language == "ru":
            assert grave_violations(visit.page) == []
        visit.page.set_viewport_size(DESK)
        visit.page.wait_for_function("!document.querySelector('table.stacked')")
        assert visit.page.locator("tr[hidden], .more-rows").count() == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_list_of_cards_shows_all_when_asked(browser: Any, language: str) -> None:
    with Visit(browser, rendered_page(language, ANNEXES), PHONE, "light") as visit:
        page = visit.page
        rows = page.locator("#tbl-regions tbody tr")
        button = page.locator("#tbl-regions .more-rows")
        hidden = rows.count() - FIRST_CARDS
        assert hidden > 10
        assert page.locator("#tbl-regions tr[hidden]").count() == hidden
        assert str(hidden) in button.inner_text()
        button.focus()
        page.keyboard.press("Enter")
        assert page.locator("#tbl-regions tr[hidden]").count() == 0
        assert button.count() == 0
        assert page.evaluate("document.activeElement.rowIndex") == FIRST_CARDS + 1
        # Turning the telephone keeps the list open.
        page.set_viewport_size({"width": PHONE["height"], "height": PHONE["width"]})
        page.set_viewport_size(PHONE)
        assert page.locator("#tbl-regions tr[hidden]").count() == 0


def test_search_and_print_reach_cards_that_are_not_shown(browser: Any) -> None:
    with Visit(browser, rendered_page("en", ANNEXES), PHONE, "light") as visit:
        page = visit.page
        last = page.locator("#tbl-claims tr[hidden]").last
        words = " ".join(last.locator("td").first.text_content().split())
        page.fill("#search-text", words)
        page.locator(".search a[href='#tbl-claims']").first.click()
        assert page.locator("#tbl-claims tr[hidden]").count() == 0
        assert page.locator("#tbl-rec-ranked tr[hidden]").count() > 0
        page.emulate_media(media="print")
        printed = page.locator("#tbl-rec-ranked tbody tr").evaluate_all(
            "rows => rows.map((row) => getComputedStyle(row).display)"
        )
        assert set(printed) == {"table-row"}
        assert page.locator("#tbl-rec-ranked .more-rows:visible").count() == 0


def test_a_row_that_starts_with_its_rank_is_headed_by_its_name(browser: Any) -> None:
    with Visit(browser, rendered_page("en", ANNEXES), PHONE, "light") as visit:
        led = visit.page.locator("#tbl-rec-ranked tr.led")
        assert led.count() == visit.page.locator("#tbl-rec-ranked tbody tr").count()
        assert visit.page.locator("#tbl-youth-here tr.led").count() == 0, "a year is no rank"


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_of_the_text_fit_a_desk(browser: Any, language: str, document: str) -> None:
    with Visit(browser, rendered_page(language, document), DESK, "light") as visit:
        assert visit.page.evaluate(TOO_WIDE, f"{FLOAT.format('tbl')} table") == []
