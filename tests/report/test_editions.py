"""The three editions say the same: sections, exhibits, values and citations in the same order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from lxml import html
from pypdf import PageObject, PdfReader

from karaganda_vibe.build.rendering import rendered_page
from karaganda_vibe.figures.saving import GENERATED
from karaganda_vibe.places.study import study_words
from karaganda_vibe.project.paths import FIGURES, FONTS, METADATA, PROJECT, REPORT
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.publishing.edition import edition
from karaganda_vibe.publishing.values import read_values
from karaganda_vibe.words.languages import ANNEXES, DOCUMENTS, LANGUAGES, MINUS, article_name

FIRST, *OTHERS = LANGUAGES
INCLUDE = re.compile(r"\{\{<\s*include\s+(\S+)\s*>\}\}")
KAZAKH = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"

LOWEST_LINE = 20
"""Points from the foot of a page, below which no line stands, not even its number."""

# Words that stay as they are in a Russian or Kazakh text.
NAMES = {
    *(
        "Karaganda",
        "Vibe",
        "CSV",
        "PNG",
        "SVG",
        "PDF",
        "Word",
        "HTML",
        "DOCX",
        "JSON",
        "ZIP",
        "SHA",
        "NEET",
    ),
    *("BAQ", "PKB", "Data", "Hub", "Senim", "Alany", "Jas", "fund", "geokz", "OCHA"),
    *("Nura", "Arnasy", "make", "report", "test", "CRV", "wild", "English", "Quarto", "Jupyter"),
}


def assembled(name: str) -> str:
    """The article with its chapters and blocks in place, values still by name."""
    text = (PROJECT / name).read_text("utf-8")
    return INCLUDE.sub(lambda found: assembled(found[1]), text)


def neutral(text: str, language: str) -> str:
    """`text` with what names the edition taken out, and the forms in which it quotes values."""
    text = re.sub(rf"\b{language}\.(?=[a-z])", "", text)
    return re.sub(r"\bform\.(\w+)\.\w+(?=\s*>)", r"\1", text)


@pytest.fixture(scope="module")
def editions() -> dict[str, str]:
    """Report and annexes of every edition, one after the other, by language."""
    return {
        language: "\n\n".join(
            neutral(assembled(f"{article_name(language, name)}.qmd"), language)
            for name in DOCUMENTS
        )
        for language in LANGUAGES
    }


PARTS = {
    "headings": r"^(#+) .*?(\{#[\w-]+\})?\s*$",
    "labels": r"\{?#((?:fig|tbl|sec)-[\w-]+)",
    "references and citations": r"@([A-Za-z][\w:-]*\w)",
    "callouts": r"^:::+ \{\.(callout-\w+)",
    "images": r"!\[\]\(report/figures/\w\w/(\S+?)\)",
}


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("part", PARTS)
def test_an_edition_has_the_same_parts_in_the_same_order(
    editions: dict[str, str], language: str, part: str
) -> None:
    found = {
        code: re.findall(PARTS[part], editions[code], re.MULTILINE) for code in (FIRST, language)
    }
    assert len(found[FIRST]) > (0 if part == "callouts" else 5)
    assert found[language] == found[FIRST]


QUOTED = re.compile(r"\{\{<\s*var\s+(\S+)\s*>\}\}")


def quoted_in(text: str) -> list[str]:
    """The values that a paragraph quotes; each language names the study as it needs."""
    return [name for name in QUOTED.findall(text) if name not in study_words()]


@pytest.mark.parametrize("language", OTHERS)
def test_an_edition_quotes_the_same_values_in_every_paragraph(
    editions: dict[str, str], language: str
) -> None:
    """In the order that its grammar wants: «20 өңірдің 15-інде» names the regions first."""
    quoted = {}
    for code in (FIRST, language):
        blocks = [sorted(quoted_in(b)) for b in re.split(r"\n\s*\n", editions[code])]
        quoted[code] = [names for names in blocks if names]
    assert sum(map(len, quoted[FIRST])) > 800
    assert quoted[language] == quoted[FIRST]


@pytest.mark.parametrize("language", OTHERS)
def test_chapters_and_blocks_have_the_same_names(language: str) -> None:
    for folder in (REPORT, GENERATED):
        names = {p.relative_to(folder / FIRST) for p in (folder / FIRST).rglob("*.qmd")}
        own = {p.relative_to(folder / language) for p in (folder / language).rglob("*.qmd")}
        assert own - {Path("analysis_plan.qmd")} == names


@pytest.mark.parametrize("language", OTHERS)
def test_tables_have_the_same_shape_and_figures_the_same_files(language: str) -> None:
    for block in sorted((GENERATED / FIRST).glob("_tbl-*.qmd")):
        shapes = [
            [line.count("|") - line.count("\\|") for line in text.splitlines() if line[:1] == "|"]
            for text in (
                (GENERATED / code / block.name).read_text("utf-8") for code in (FIRST, language)
            )
        ]
        assert shapes[0] == shapes[1], block.name
    files = {code: {p.name for p in (FIGURES / code).iterdir()} for code in (FIRST, language)}
    assert files[language] == files[FIRST]


def test_every_language_writes_the_same_number() -> None:
    counted = 0
    for value in read_values().values():
        if value.number is None or value.kind == "ordinal":
            continue
        english = Decimal(re.sub(r"[^\d.\-]", "", value.text["en"].replace(MINUS, "-")))
        for language in OTHERS:
            written = re.sub(r"[\u00a0\u202f %]", "", value.text[language]).replace(MINUS, "-")
            assert Decimal(written.replace(",", ".")) == english, (value.name, language)
            assert "." not in written
        counted += 1
    assert counted > 300


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", OTHERS)
def test_no_number_is_written_the_english_way(language: str, document: str) -> None:
    page = html.fromstring(rendered_page(language, document).read_bytes())
    cells = [str(cell.text_content()).strip() for cell in page.iter("td")]
    assert [cell for cell in cells if re.fullmatch(rf"[{MINUS}+]?\d+\.\d+%?", cell)] == []
    assert re.findall(r"\b[1-9]\d{0,2},\d{3}\b", visible_text(page)) == []


def visible_text(page: html.HtmlElement) -> str:
    """The text of the page without code, references, foreign passages and links to files."""
    for node in page.xpath(
        "//script|//style|//head|//code|//pre|//*[@id='refs']|//svg|//math|//*[@class='languages']"
        "|//*[contains(@class,'downloads')]|//*[contains(@class,'citation')]"
    ):
        node.drop_tree()
    for node in page.xpath("//*[@lang and not(self::html)]|//*[contains(@class,'search')]"):
        node.drop_tree()
    return str(page.text_content())


def latin_words(text: str) -> set[str]:
    """Words in Latin letters, names of files left out."""
    text = re.sub(r"\S+\.(?:csv|pdf|json|yml|html|zip)\b|data/[\w/]+", "", text)
    return set(re.findall(r"[A-Za-z]{3,}", text))


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", OTHERS)
def test_no_label_is_left_untranslated(language: str, document: str) -> None:
    page = html.fromstring(rendered_page(language, document).read_bytes())
    assert latin_words(visible_text(page)) - NAMES == set()


@pytest.mark.parametrize("language", OTHERS)
def test_no_figure_has_an_english_word(language: str) -> None:
    for figure in sorted((FIGURES / language).glob("*.svg")):
        drawing = html.fromstring(figure.read_bytes())
        words = " ".join(node.text_content() for node in drawing.iter("text"))
        assert words, f"{figure.name} holds no text"
        assert latin_words(words) - NAMES == set(), figure.name


def texts(entry: object) -> Iterator[dict[str, str]]:
    """Every text by language in a file of texts."""
    if isinstance(entry, dict):
        if "en" in entry and isinstance(entry["en"], str):
            yield entry
        else:
            for inner in entry.values():
                yield from texts(inner)


@pytest.mark.parametrize("path", sorted((METADATA / "texts").glob("*.yml")), ids=lambda p: p.stem)
def test_every_text_is_there_in_every_language_and_quotes_the_same_values(path: Path) -> None:
    place = re.compile(r"\{(\w+)")
    for entry in texts(read_yaml(path)):
        assert set(entry) == set(LANGUAGES), entry
        wanted = sorted(set(place.findall(entry["en"])) - set(study_words()))
        for language in OTHERS:
            found = set(place.findall(entry[language])) - set(study_words())
            assert sorted(found) == wanted, entry


def test_the_glossary_is_complete() -> None:
    glossary = pd.read_csv(METADATA / "texts" / "glossary.csv", dtype=str, keep_default_na=False)
    assert glossary["term_en"].is_unique
    assert (glossary[["term_en", "term_ru", "term_kk"]] != "").all(axis=None)


CAUSES = {
    "ru": r"\b(повлиял|влияет|влияют|обусловлен|вызван|приводит к|приводят к)",
    "kk": r"\b(әсер етеді|әсер етті|себеп болды|салдарынан)",
}


@pytest.mark.parametrize("language", OTHERS)
def test_results_are_not_told_as_causes(language: str) -> None:
    """Association is not cause: the chapters of results do without the words for it."""
    own = (REPORT / language).glob("_*.qmd")
    results = [REPORT / language / "annexes" / f"_{name}.qmd" for name in ("results", "regions")]
    for path in [*own, *results]:
        text = path.read_text("utf-8")
        assert re.findall(CAUSES[language], text, re.IGNORECASE) == [], path.name


@pytest.mark.parametrize("font", sorted(FONTS.glob("*.ttf")), ids=lambda p: p.name)
def test_the_fonts_have_every_letter_that_is_used(font: Path) -> None:
    used = set(KAZAKH)
    for path in [*REPORT.rglob("*.qmd"), *(METADATA / "texts").glob("*.yml")]:
        used |= {c for c in path.read_text("utf-8") if c.isalpha() or c in "№₸−–—«»…²"}
    known = set(TTFont(font).getBestCmap())
    assert {c for c in used if ord(c) not in known} == set()


def test_kazakh_letters_arrive_in_page_and_paper() -> None:
    page = rendered_page("kk")
    text = html.fromstring(page.read_bytes()).text_content()
    paper = "".join(p.extract_text() for p in PdfReader(page.with_suffix(".pdf")).pages[:12])
    for letter in "әғқңөұүі":  # һ is rare: the fonts are tested for it above
        assert letter in text
        assert letter in paper


def printed(page: PageObject) -> list[tuple[int, int, str]]:
    """Where each piece of text of a page starts, in points from its lower left corner."""
    pieces: list[tuple[int, int, str]] = []

    def keep(text: str, page_at: list[float], text_at: list[float], *_: object) -> None:
        if text.strip():
            x, y = text_at[4], text_at[5]
            left = x * page_at[0] + y * page_at[2] + page_at[4]
            height = x * page_at[1] + y * page_at[3] + page_at[5]
            pieces.append((round(left), round(height), text.strip()))

    page.extract_text(visitor_text=keep)
    return pieces


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_in_the_pdf_is_printed_over_something_else_or_off_the_page(
    language: str, document: str
) -> None:
    """As rows are of a table that is longer than a page and may not break."""
    reader = PdfReader(rendered_page(language, document).with_suffix(".pdf"))
    for number, page in enumerate(reader.pages, start=1):
        places: dict[tuple[int, int], set[str]] = {}
        for left, height, text in printed(page):
            assert height > LOWEST_LINE, f"page {number}: {text}"
            places.setdefault((left, height), set()).add(text)
        assert [texts for texts in places.values() if len(texts) > 1] == [], f"page {number}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_interface_words_are_complete(language: str) -> None:
    theme = REPORT / "theme"
    first = read_yaml(theme / f"_language-{FIRST}.yml")
    own = read_yaml(theme / f"_language-{language}.yml")
    assert set(own) == set(first)
    assert all(own.values())
    words = read_yaml(theme / "_page-words.yml")
    assert set(words[language]) == set(words[FIRST])


AND = {"en": " and ", "ru": " и ", "kk": " және "}
OTHERS_OF_IT = {"en": " et al.", "ru": " и др.", "kk": " және т.б."}


@pytest.mark.parametrize("language", LANGUAGES)
def test_citations_and_the_list_of_sources_are_in_their_language(language: str) -> None:
    page = html.fromstring(rendered_page(language, ANNEXES).read_bytes())
    cited, listed = (
        {
            re.sub("[«“].*?[»”]", "", " ".join(node.text_content().split()))  # titles are quoted
            for node in page.find_class(part)
        }
        for part in ("citation", "csl-entry")
    )
    assert len(cited) > 10
    assert len(listed) > 10
    for words in (AND, OTHERS_OF_IT):
        for text in cited | {entry.partition("). ")[0] for entry in listed}:
            foreign = [word for code, word in words.items() if code != language and word in text]
            assert foreign == [], text
        assert any(words[language] in text for text in cited)
    assert not any(re.search(r"\d{4}\sг\.", text) for text in [*cited, *listed])


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_edition_bears_the_date_of_its_citation(language: str, document: str) -> None:
    """As a real date in the source, and as the language writes it on the page and in the PDF."""
    _, front, _ = (
        (PROJECT / f"{article_name(language, document)}.qmd").read_text("utf-8").split("---\n", 2)
    )
    released = edition().date
    assert f"\ndate: {released.isoformat()}\n" in front
    page = html.fromstring(rendered_page(language, document).read_bytes())
    (byline,) = page.find_class("byline")
    written = edition().written[language]
    assert plain_spaces(written) in plain_spaces(byline.text_content())
    paper = PdfReader(rendered_page(language, document).with_suffix(".pdf")).pages[0].extract_text()
    assert plain_spaces(written) in plain_spaces(paper)


def plain_spaces(text: str) -> str:
    return " ".join(text.split())


def test_dates_are_written_as_each_language_writes_them() -> None:
    written = read_values()["edition_date"].text
    assert re.fullmatch(r"\d+ [A-Z][a-z]+ \d{4}", written["en"])
    assert re.fullmatch(r"\d+ [а-я]+ \d{4}\sг\.", written["ru"])
    assert re.fullmatch(r"\d{4}\sж\. \d+ [а-яәғқңөұүһі]+", written["kk"])
