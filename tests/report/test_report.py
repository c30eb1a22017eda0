"""The built report in _output: whole, linked, readable without pictures, and true to its values.

`make test` builds it first. All is asked of what readers get, whatever program rendered it; what
only the embedded renderer does is skipped, with the reason, where Quarto made _output.
"""

from __future__ import annotations

import re
import zipfile
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
from lxml import etree, html
from pypdf import PdfReader

from karaganda_vibe.figures.saving import GENERATED, SHORTEST_ALT
from karaganda_vibe.project.paths import FIGURES, OUTPUT, PROJECT, REPORT
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.publishing.values import VARIABLES
from karaganda_vibe.words.languages import ANNEXES, DOCUMENTS, MINUS

LANGUAGE = "en"
INCLUDE = re.compile(r"\{\{<\s*include\s+(\S+)\s*>\}\}")
QUOTED = re.compile(r"\{\{<\s*var\s+([\w.]+)\s*>\}\}")
NUMBER = re.compile(rf"[{MINUS}+]?\d[\d,]*(?:\.\d+)?")
UNNUMBERED = {"Summary", "References"}
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"


def sources(name: str = "index.qmd") -> dict[str, str]:
    """The article and every file that it includes, by path."""
    text = (PROJECT / name).read_text("utf-8")
    found = {name: text}
    for inner in INCLUDE.findall(text):
        found |= sources(inner)
    return found


def exhibits(document: str | None = None) -> dict[str, str]:
    """The generated block of every figure and table of the edition, or of one document of it."""
    folder = GENERATED / LANGUAGE
    blocks = {p.stem.removeprefix("_"): p for p in sorted(folder.glob("*.qmd"))}
    if document is not None:
        within = sources(f"{document}.qmd")
        blocks = {
            name: path
            for name, path in blocks.items()
            if path.relative_to(PROJECT).as_posix() in within
        }
    return {name: path.read_text("utf-8") for name, path in blocks.items()}


def plain(text: str) -> str:
    """Text without spaces, hyphens and the shape of quotation marks, to compare what is said."""
    text = re.sub(r"[‘’]", "'", re.sub(r"[“”]", '"', text))
    return re.sub(r"[\s\u00ad‐-]", "", text.replace("`", ""))


def numbers(text: str) -> list[str]:
    """The numbers that a text writes, as Python would."""
    return [n.replace(",", "").replace(MINUS, "-") for n in NUMBER.findall(text)]


def is_rounded(written: str, values: pd.Series) -> bool:
    """Whether `written` is one of the values at the precision that it is written in.

    A value may be written in thousands or millions, and without its sign. Zeros at the end of a
    whole number may have come by rounding.
    """
    known = pd.to_numeric(values, errors="coerce").dropna()
    known = known if written[0] in "+-" else known.abs()
    whole, _, decimals = written.partition(".")
    places = len(decimals) or len(whole.rstrip("0")) - len(whole)
    half = 0.5 * 10.0**-places + 1e-9
    return any(((known / scale - float(written)).abs() <= half).any() for scale in (1, 1e3, 1e6))


@pytest.fixture(scope="module", params=DOCUMENTS)
def document(request: pytest.FixtureRequest) -> str:
    """The report and its annexes, one after the other."""
    return str(request.param)


@pytest.fixture(scope="module")
def published(document: str) -> html.HtmlElement:
    """The page that readers get."""
    path = OUTPUT / f"{document}.html"
    assert path.is_file(), "no report in _output: run `make report`"
    page = html.document_fromstring(path.read_bytes())
    for element in page.xpath("//script | //style"):
        element.text = ""
    return page


@pytest.fixture(scope="module")
def page(document: str) -> html.HtmlElement:
    """The page with its scripts and styles."""
    return html.document_fromstring((OUTPUT / f"{document}.html").read_bytes())


@pytest.fixture(scope="module")
def renderer(page: html.HtmlElement) -> str:
    """ "quarto-" and its version, or "" for the embedded renderer."""
    return str(page.xpath("string(//meta[@name='generator']/@content)"))


@pytest.fixture(scope="module")
def pdf(document: str) -> PdfReader:
    return PdfReader(OUTPUT / f"{document}.pdf")


@pytest.fixture(scope="module")
def word(document: str) -> etree._Element:
    with zipfile.ZipFile(OUTPUT / f"{document}.docx") as archive:
        return etree.fromstring(archive.read("word/document.xml"))


# What a reader must find, whatever program rendered it.


def test_every_quoted_value_exists_and_is_shown(published: html.HtmlElement, document: str) -> None:
    values = read_yaml(VARIABLES)
    shown = plain(published.text_content())
    # The day of the data stands on the PDF's cover.
    texts = [
        re.sub(r"^data-as-of:.*$", "", text, flags=re.M)
        for text in sources(f"{document}.qmd").values()
    ]
    quoted = sorted({name for text in texts for name in QUOTED.findall(text)})
    assert len(quoted) > 50
    for name in quoted:
        written = values
        for key in name.split("."):  # a form has keys of its own: form.NAME.FORM
            assert key in written, f"{name} is quoted but no notebook computes it"
            written = written[key]
        assert plain(written) in shown, f"{name} is quoted but not on the page"


def test_every_exhibit_stands_in_a_chapter_and_every_included_file_exists() -> None:
    texts = [text for name in DOCUMENTS for text in sources(f"{name}.qmd").values()]
    included = [name for text in texts for name in INCLUDE.findall(text)]
    assert len(included) == len(set(included)), "a chapter or exhibit stands twice"
    generated = {f"report/generated/{LANGUAGE}/_{name}.qmd" for name in exhibits()}
    assert {name for name in included if name.startswith("report/generated/")} == generated
    chapters = {p.relative_to(PROJECT).as_posix() for p in (REPORT / LANGUAGE).rglob("*.qmd")}
    assert chapters <= set(included), "a chapter is in neither document"
    plans = [name for name in included if name.endswith("analysis_plan.qmd")]
    assert plans == ["report/analysis_plan.qmd"]


def test_every_exhibit_is_referred_to_or_stands_beside_its_text(
    published: html.HtmlElement,
    document: str,
) -> None:
    shown = plain(published.text_content())
    for name, block in exhibits(document).items():
        (headline,) = re.findall(r"^(?:: )?\*\*(.*?)\*\*", block, flags=re.MULTILINE)
        assert plain(headline) in shown, f"{name}: its headline is not on the page"
        assert published.xpath("//*[@id=$name]", name=name), f"{name} has no anchor"


def test_first_edition_has_its_figures_and_tables() -> None:
    assert sum(name.startswith("fig-") for name in exhibits()) >= 8
    assert sum(name.startswith("tbl-") for name in exhibits()) >= 3


def test_nothing_unfinished_is_left_in_the_text(published: html.HtmlElement) -> None:
    text = published.text_content()
    for leftover in ("{{<", ">}}", "??", "@fig-", "@tbl-", "@sec-", "TODO", "\ufffd"):
        assert leftover not in text, text[max(text.find(leftover) - 80, 0) :][:160]
    assert re.findall(r".{30}\b(?:nan|NaN|inf|NaT|<NA>)\b.{10}", text) == []
    assert published.xpath("//td[not(normalize-space()) or normalize-space()='None']") == []


def test_every_link_leads_somewhere(published: html.HtmlElement) -> None:
    identifiers = set(published.xpath("//@id"))
    for address in published.xpath("//a/@href"):
        parts = urlsplit(address)
        if parts.scheme in {"http", "https", "mailto"}:
            continue
        assert not parts.scheme, f"{address} leads to a place that readers do not have"
        if parts.path:
            assert (OUTPUT / unquote(parts.path)).exists(), f"{address} leads nowhere"
        elif parts.fragment:
            assert unquote(parts.fragment) in identifiers, f"{address} leads nowhere"


def test_every_figure_has_its_words_and_its_data(
    published: html.HtmlElement, document: str
) -> None:
    for name in exhibits(document):
        (place,) = published.xpath("//*[@id=$name]", name=name)
        around = place if place.xpath(".//a") else place.getparent()
        data = f"report/figures/{name}.csv"
        assert data in around.xpath(".//a/@href") or data in published.xpath("//a/@href")
        assert (OUTPUT / data).read_bytes() == (FIGURES / f"{name}.csv").read_bytes()
        if name.startswith("fig-"):
            # The wide drawing and the narrow one, or a picture where Quarto keeps one.
            texts = set(place.xpath(".//svg[@role='img']/@aria-label | .//img/@alt"))
            (alternative,) = texts
            assert len(alternative) > SHORTEST_ALT, name
            assert re.search(r"\d", alternative), name


def test_published_tables_are_the_project_s_and_keep_their_letters() -> None:
    for name in ("districts", "regions", "codebook"):
        path = Path("data/processed") / f"{name}.csv"
        assert (OUTPUT / path).read_bytes() == (PROJECT / path).read_bytes()
    names = set("".join(pd.read_csv(OUTPUT / "data/processed/districts.csv")["place_kk"].unique()))
    assert set("әғқңөұүі") <= {letter.lower() for letter in names}


# What the exhibits say is what their data hold.


@pytest.mark.parametrize("name", [n for n in exhibits() if n.startswith("fig-")])
def test_alternative_text_gives_the_numbers_of_the_data(name: str) -> None:
    frame = pd.read_csv(FIGURES / f"{name}.csv")
    assert len(frame) > 1
    (alternative,) = re.findall(r'fig-alt="(.*?)"', exhibits()[name])
    columns = [column for column in frame if not str(column).startswith("year")]
    values = pd.Series(frame[columns].to_numpy().ravel())
    if {"arrivals", "departures"} <= set(frame):
        values = pd.concat([values, frame["arrivals"] - frame["departures"]])
    # Years, counts and shares may be said of the data; what has a sign or decimals is in them.
    said = [number for number in numbers(alternative) if number[0] in "+-" or "." in number]
    assert [number for number in said if not is_rounded(number, values)] == []


def test_tables_show_their_data(page: html.HtmlElement, document: str) -> None:
    tables = [name for name in exhibits(document) if name.startswith("tbl-")]
    compared = 0
    for name in tables:
        frame = pd.read_csv(FIGURES / f"{name}.csv")
        rows = page.get_element_by_id(name).xpath(".//tbody/tr")
        assert len(rows) == len(frame), name
        for row, (_, data) in zip(rows, frame.iterrows(), strict=True):
            written = {str(value) for value in data}
            for cell in row.xpath("./td"):
                text = cell.text_content().strip()
                if text not in written and re.fullmatch(rf"{NUMBER.pattern}%?", text):
                    compared += 1
                    assert is_rounded(numbers(text)[0], data), f"{name}: {text} is not in its row"
    assert compared > (100 if document == ANNEXES else 20)


# How page, PDF and Word file are made.


def test_page_is_well_formed_and_has_one_title(page: html.HtmlElement, document: str) -> None:
    parser = etree.HTMLParser(recover=False, huge_tree=True)
    try:
        etree.fromstring((OUTPUT / f"{document}.html").read_bytes(), parser)
    except etree.XMLSyntaxError:
        # The parser knows HTML 4 only: it may call a newer element invalid, nothing else.
        known = {"main", "nav", "section", "figure", "figcaption", "header", "footer", "aside",
                 "details", "summary", "math", "svg", "semantics", "annotation", "path",
                 "circle", "g", "text", "clipPath", "pattern", "label", "title"}  # fmt: skip
        for fault in parser.error_log:
            assert re.match(r"Tag (\w+) invalid", fault.message), fault
            assert fault.message.split()[1] in known or fault.message.split()[1].startswith("m")
    assert page.get("lang") == LANGUAGE
    assert page.xpath("string(//title)").startswith("Karaganda")
    (heading,) = page.xpath("//h1")
    title = page.xpath("string(//title)")
    assert " ".join(heading.text_content().split()) == " ".join(title.split())
    identifiers = page.xpath("//@id")
    assert sorted(identifiers) == sorted(set(identifiers))


def test_page_headings_are_numbered_and_in_order(page: html.HtmlElement) -> None:
    headings = page.xpath("//h1 | //h2 | //h3 | //h4 | //h5 | //h6")
    levels = [int(heading.tag[1]) for heading in headings]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    bare = [
        heading.text_content().strip()
        for heading in headings[1:]
        if not heading.xpath("./span[@class='header-section-number']")
    ]
    assert set(bare) <= UNNUMBERED
    assert len(headings) - len(bare) >= 8


def test_page_needs_nothing_from_elsewhere(page: html.HtmlElement) -> None:
    # The editions in other languages are named, not loaded.
    named = "@rel='alternate' or @rel='canonical' or (@rel='icon' and starts-with(@href, 'data:'))"
    loading = f"//link[not({named})] | //iframe | //object | //embed | //script[@src]"
    assert page.xpath(loading) == []
    scripts = page.xpath("//script")
    assert len(scripts) == 4
    for script in scripts:
        assert not re.search(r"https?:|fetch\(|XMLHttp|import\(", script.text)
    assert page.xpath("//@srcset | //@poster | //@background") == []
    assert all(source.startswith("data:") for source in page.xpath("//@src"))
    style = page.xpath("string(//style)")
    assert len(style) > 1000
    assert all(start == "data:" for start in re.findall(r"url\([\"']?(.{5})", style))
    assert "@import" not in style


def test_page_tables_say_what_their_heads_head(page: html.HtmlElement) -> None:
    tables = page.xpath("//table")
    assert len(tables) >= 3
    for table in tables:
        assert table.xpath(".//thead//th")
        assert all(head.get("scope") in {"col", "row"} for head in table.xpath(".//th"))


def test_pdf_is_whole(page: html.HtmlElement, pdf: PdfReader) -> None:
    assert len(pdf.pages) >= 10
    assert pdf.metadata is not None
    assert pdf.metadata.title == page.xpath("string(//title)")
    root = pdf.trailer["/Root"]
    assert str(root["/Lang"]).partition("-")[0] == LANGUAGE, "Quarto adds a country"
    assert root["/MarkInfo"]["/Marked"]


def test_pdf_bookmarks_are_the_headings_of_the_page(page: html.HtmlElement, pdf: PdfReader) -> None:
    def flat(items: list) -> list[str]:
        titles: list[str] = []
        for item in items:
            titles += flat(item) if isinstance(item, list) else [str(item.title)]
        return titles

    headings = [h.text_content() for h in page.xpath("//main//h2 | //main//h3")]
    assert [plain(title) for title in flat(pdf.outline)] == [
        plain(heading) for heading in headings if heading.strip() != "Summary"
    ]


def test_pdf_says_the_headlines(pdf: PdfReader, document: str) -> None:
    text = plain("".join(leaf.extract_text() for leaf in pdf.pages))
    for name, block in exhibits(document).items():
        (headline,) = re.findall(r"^(?:: )?\*\*(.*?)\*\*", block, flags=re.MULTILINE)
        assert plain(headline) in text, f"{name}: '{headline}' is not in the PDF"
    assert "{{<" not in text
    assert "??" not in text


def test_pdf_brings_its_fonts(pdf: PdfReader) -> None:
    fonts = {}
    for leaf in pdf.pages:
        for reference in leaf["/Resources"].get("/Font", {}).values():
            font = reference.get_object()
            inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            fonts[font["/BaseFont"]] = inner["/FontDescriptor"].get_object()
    assert any("Inter" in name for name in fonts)
    for name, descriptor in fonts.items():
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor), f"{name} is missing"


def test_word_file_has_its_pictures_with_their_words(
    renderer: str, word: etree._Element, document: str
) -> None:
    figures = [name for name in exhibits(document) if name.startswith("fig-")]
    with zipfile.ZipFile(OUTPUT / f"{document}.docx") as archive:
        assert archive.testzip() is None
        pictures = [name for name in archive.namelist() if name.startswith("word/media/")]
        assert all(archive.read(name).startswith(b"\x89PNG") for name in pictures)
    described = [place.get("descr", "") for place in word.iter(f"{DRAWING}docPr")]
    if renderer:  # Quarto's callouts have icons, which say nothing
        described = [text for text in described if text]
    else:
        assert len(pictures) == len(figures)
    assert len(described) == len(figures)
    assert all(len(text) > SHORTEST_ALT and re.search(r"\d", text) for text in described)


def test_word_headings_are_headings(
    page: html.HtmlElement, word: etree._Element, document: str
) -> None:
    found = []
    for paragraph in word.iter(f"{WORD}p"):
        style = paragraph.find(f"{WORD}pPr/{WORD}pStyle")
        if style is not None and style.get(f"{WORD}val", "").startswith("Heading"):
            text = "".join(part.text or "" for part in paragraph.iter(f"{WORD}t"))
            found.append(re.sub(r"^(\d+)\. ", r"\1 ", text))  # the point is Quarto's
    wanted = [heading.text_content() for heading in page.xpath("//main//h2 | //main//h3")]
    assert [plain(text) for text in found] == [
        plain(text) for text in wanted if text.strip() != "Summary"
    ]
    tables = sum(name.startswith("tbl-") for name in exhibits(document))
    assert len(list(word.iter(f"{WORD}tbl"))) >= tables
