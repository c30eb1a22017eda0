"""The PDF and the Word file as paper: cover, contents, full pages, fields, languages."""

from __future__ import annotations

import functools
import re
import zipfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree
from lxml import html as lxml_html
from pypdf import PageObject, PdfReader
from pypdf.generic import Destination
from test_quarto_subset import ARTICLE, FIGURE, make_project

from karaganda_vibe.build.rendering import rendered_page
from karaganda_vibe.project import paths
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.quarto_subset import render
from karaganda_vibe.quarto_subset.docx import LOCALES
from karaganda_vibe.quarto_subset.kept_together import kept_together
from karaganda_vibe.quarto_subset.syllables import SOFT_HYPHEN, with_soft_hyphens
from karaganda_vibe.quarto_subset.tree import Node, plain_words
from karaganda_vibe.quarto_subset.typst_pdf import SHORT_LETTERS, SHORT_ROWS, is_short
from karaganda_vibe.quarto_subset.word_fields import (
    bookmark,
    pandoc_bookmark,
    with_list_style,
    with_whole_tables,
)
from karaganda_vibe.words.languages import (
    ANNEXES,
    DOCUMENTS,
    LANGUAGES,
    NO_BREAK_SPACE,
    with_language,
)

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
KAZAKH = "ӘҒҚҢӨҰҮҺІәғқңөұүһі"
LEAST_FILLED = 0.4
"""Share of a page; where several figures meet, one may stand alone."""
FILLED = 0.85
"""Mean share of the pages."""
WITH_ROWS = 70.0
"""Points that the caption, the head and a first row of a table take."""
WORD_TEXT_WIDTH = (11906 - 2 * 1304) * 635
"""Width of the text of the Word file in EMU, as reference_docx sets it."""
FRAME = (60.0, 785.0)
"""Heights on a page, in points from its foot, between folio and running head."""

FRONT = """\
license: "Made licence"
data-as-of: "Made day"
description: "Made description {letters}"
cover-figure: fig-trend
"""


def paper(root: Path, language: str) -> Path:
    """A made project in `language` with what a cover shows, rendered; its output folder."""
    make_project(root)
    settings = (root / "_quarto.yml").read_text("utf-8")
    words = f"lang: {language}\nlanguage: words.yml\ntoc-depth: 2"
    (root / "_quarto.yml").write_text(settings.replace("lang: en", words), "utf-8")
    source = paths.REPORT / f"theme/_language-{language}.yml"
    (root / "words.yml").write_text(source.read_text("utf-8"), "utf-8")
    front = FRONT.format(letters=KAZAKH)
    article = ARTICLE.replace("keywords:", f"{front}keywords:", 1)
    (root / "index.qmd").write_text(f"{article}\n## Made letters\n\n{KAZAKH}\n", "utf-8")
    render(root, to=["pdf", "docx"], say=lambda line: None)
    return root / "_output"


@pytest.fixture(scope="module", params=LANGUAGES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """Language and output folder of the made project, in every language."""
    return request.param, paper(tmp_path_factory.mktemp("paper"), request.param)


def words_of(language: str) -> dict[str, str]:
    theme = paths.REPORT / "theme"
    frame = read_yaml(theme / "_page-words.yml")[language]
    return {**read_yaml(theme / f"_language-{language}.yml"), **frame}


def flat(items: list) -> list[tuple[int, Destination]]:
    """Bookmarks with their level, in their order."""
    found: list[tuple[int, Destination]] = []
    for item in items:
        inner = flat(item) if isinstance(item, list) else []
        found += [(level + 1, entry) for level, entry in inner] or [(1, item)]
    return found


@dataclass(frozen=True)
class PageText:
    """The text of a page, and its pieces between running head and folio with their heights."""

    text: str
    pieces: list[tuple[float, str]]

    @property
    def letters(self) -> str:
        return "".join(self.text.split())

    @property
    def heights(self) -> list[float]:
        return [height for height, _ in self.pieces]

    def height_of(self, head: str) -> float:
        """Height of a line of its own, as the head of a caption ("Table 3", «3-кесте») is."""
        lines: dict[float, str] = {}
        for height, text in self.pieces:
            lines[height] = lines.get(height, "") + text
        return next(height for height, line in lines.items() if squeezed(line) == squeezed(head))


def page_text(page: PageObject) -> PageText:
    found: list[tuple[float, str]] = []

    def visit(text: str, outer: list[float], inner: list[float], *_: object) -> None:
        height = inner[4] * outer[1] + inner[5] * outer[3] + outer[5]
        if text.strip() and FRAME[0] < height < FRAME[1]:
            found.append((height, text))

    return PageText(page.extract_text(visitor_text=visit), found)


def squeezed(text: str) -> str:
    return "".join(text.split())


def head_of(caption: lxml_html.HtmlElement) -> str:
    """ "Table 3" or «3-кесте» of a caption; empty where it is not numbered."""
    return str(caption.xpath("string(.//*[@class='float-number'])"))


@functools.cache
def report_pages(pdf: Path) -> list[PageText]:
    """The pages of a PDF of the report: reading one takes seconds, and several tests ask for it."""
    return [page_text(page) for page in PdfReader(pdf).pages]


def test_made_pdf_says_what_it_is(made) -> None:
    language, folder = made
    pdf = PdfReader(folder / "index.pdf")
    assert pdf.root_object["/Lang"] == language
    assert pdf.root_object["/MarkInfo"]["/Marked"]
    assert pdf.metadata.title == "Made report on Made & 5 < 6"
    assert pdf.metadata.author == "Made Author"
    assert pdf.metadata.subject == f"Made description {KAZAKH}"
    assert "Қарағанды" in pdf.metadata["/Keywords"]


def test_made_pdf_has_a_cover_in_its_language(made) -> None:
    language, folder = made
    pdf = PdfReader(folder / "index.pdf")
    words = words_of(language)
    cover = pdf.pages[0].extract_text()
    for key in ("section-title-abstract", "title-block-author-single", "paper-edition",
                "paper-data-as-of", "paper-license"):  # fmt: skip
        assert words[key] in cover, key
    for text in ("Made subtitle", "Made summary", "Headline sentence.", "Made licence", "Made day"):
        assert text in cover, text
    assert "/ 3" not in cover
    contents = pdf.pages[1].extract_text()
    assert words["toc-title-document"] in contents
    assert ". . ." in contents
    assert "Made start" in contents


def test_captions_and_references_are_numbered_as_their_language_does(made) -> None:
    language, folder = made
    captions, references = {
        "en": (["Figure 1", "Table 2"], "Figure 1, 1, see 1, Figure 2, Section 2.1 and"),
        "ru": (["Рисунок 1", "Таблица 2"], "рис. 1, 1, see 1, рис. 2, раздел 2.1 and"),
        "kk": (["1-сурет", "2-кесте"], "1-сурет, 1, see 1, 2-сурет, 2.1-бөлім and"),
    }[language]
    paper = "".join(page.extract_text() for page in PdfReader(folder / "index.pdf").pages)
    document = parts_of(folder / "index.docx")["word/document.xml"]
    word = "".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)", document))
    for text, after in ((squeezed(paper), ""), (squeezed(word), ":")):
        assert squeezed(references) in text
        for caption, headline in zip(captions, ("Headline", "Second"), strict=True):
            assert f"{squeezed(caption)}{after}{headline}" in text


def test_made_pdf_keeps_kazakh_letters_and_its_fonts(made) -> None:
    _, folder = made
    pdf = PdfReader(folder / "index.pdf")
    assert KAZAKH in "".join(page.extract_text() for page in pdf.pages)
    for page in pdf.pages:
        for reference in page["/Resources"]["/Font"].values():
            font = reference.get_object()
            inner = font["/DescendantFonts"][0].get_object()
            assert "Inter" in font["/BaseFont"]
            assert {"/FontFile2", "/FontFile3"} & set(inner["/FontDescriptor"].get_object())


def elements(pdf: PdfReader) -> list:
    """The elements of the structure tree, in reading order."""
    found = []

    def visit(node) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                visit(child)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append(node)
            if "/K" in node:
                visit(node["/K"])

    visit(pdf.root_object["/StructTreeRoot"]["/K"])
    return found


def inside(node, kind: str) -> int:
    """How many elements of a kind are in an element."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        return sum(inside(child, kind) for child in node)
    if not isinstance(node, dict):
        return 0
    return (node.get("/S") == kind) + (inside(node["/K"], kind) if "/K" in node else 0)


def check_tags(pdf: PdfReader) -> None:
    """What a screen reader needs, and PDF/UA-1 asks for."""
    assert pdf.root_object["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"<pdfuaid:part>1<" in pdf.root_object["/Metadata"].get_object().get_data()
    found = elements(pdf)
    pictures = [node for node in found if node["/S"] == "/Figure"]
    assert pictures
    assert all(len(str(node.get("/Alt", ""))) > 3 for node in pictures)
    formulas = [node for node in found if node["/S"] == "/Formula"]
    assert all(node.get("/Alt") for node in formulas)
    tables = [node for node in found if node["/S"] == "/Table"]
    assert tables
    for table in tables:
        assert inside(table, "/TH")
    levels = [int(str(node["/S"])[2:]) for node in found if re.fullmatch(r"/H[1-6]", node["/S"])]
    assert levels
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all("/StructParents" in page for page in pdf.pages)
    assert all(page.get("/Tabs") == "/S" for page in pdf.pages if "/Annots" in page)


def test_made_pdf_can_be_read_aloud(made) -> None:
    check_tags(PdfReader(made[1] / "index.pdf"))


def test_a_cover_figure_must_be_a_figure(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    article = ARTICLE.replace("keywords:", "cover-figure: fig-nothing\nkeywords:", 1)
    (root / "index.qmd").write_text(article, "utf-8")
    with pytest.raises(ProjectError, match="cover-figure `fig-nothing` is no figure"):
        render(root, to=["pdf"], say=lambda line: None)


@pytest.mark.parametrize(
    ("word", "parted"),
    [
        ("қоныстандырылғандардың", "қо-ныс-тан-ды-рыл-ған-дар-дың"),
        ("Мемлекеттілігіміздің", "Мем-ле-кет-ті-лі-гі-міз-дің"),
        ("жұмыссыздығы", "жұ-мыс-сыз-дығы"),
        ("қауіпсіздік", "қауіп-сіз-дік"),
        ("облыс", "облыс"),
        ("statistics", "statistics"),
    ],
)
def test_kazakh_words_are_parted_between_syllables(word: str, parted: str) -> None:
    assert with_soft_hyphens(word).replace(SOFT_HYPHEN, "-") == parted


def test_long_words_stay_in_the_cells_of_a_table(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    settings = (root / "_quarto.yml").read_text("utf-8")
    (root / "_quarto.yml").write_text(settings.replace("lang: en", "lang: kk"), "utf-8")
    row = "| Қоныстандырылғандардың | Кәсіпкерліктердің |"
    table = f'{row}\n|---|---|\n{row}\n\n: Made {{#tbl-a tbl-colwidths="[10,90]"}}\n'
    (root / "index.qmd").write_text(f"---\ntitle: Made\n---\n\n# Made\n\n{table}", "utf-8")
    render(root, to=["pdf"], say=lambda line: None)
    text = PdfReader(root / "_output/index.pdf").pages[2].extract_text()
    assert "Қоныстандырылғандардың" not in text.split()
    assert "Кәсіпкерліктердің" in re.sub(r"[\u00ad-]\n?", "", text)


def test_text_starts_a_page_after_short_contents(made) -> None:
    _, folder = made
    pages = PdfReader(folder / "index.pdf").pages
    assert "Text with" not in pages[1].extract_text()
    assert "Text with" in pages[2].extract_text()


# Short words.


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("только г. Караганда растёт", "только г.~Караганда растёт"),
        ("(г. Сарань)", "(г.~Сарань)"),
        ("Қарағанды қ. өсуде", "Қарағанды~қ. өсуде"),
        ("в 2024 г. прирост", "в 2024~г. прирост"),
        ("2000–2024 жж. бойынша", "2000–2024~жж. бойынша"),
        ("новое жильё: 794 м² в год", "новое жильё: 794~м² в год"),
        ("26,1 тыс. чел. и 7 млн жителей", "26,1~тыс. чел. и 7~млн жителей"),
        ("в прошлом г. здесь", "в прошлом г. здесь"),
        ("+0,80 (−0,77 … +2,36) в год", "+0,80 (−0,77~…~+2,36) в год"),
        ("ждали … и ушли", "ждали … и ушли"),
        ("+324 (+157 to +492) a year", "+324 (+157~to~+492) a year"),
        ("0 (0 to 38)", "0 (0~to~38)"),
        ("went from 5 to 7", "went from 5 to 7"),
        ("the city", "the city"),
    ],
)
def test_a_short_word_stays_with_its_name_or_number(words: str, kept: str) -> None:
    made_up = [{"t": "Para", "c": plain_words(words)}]
    text = "".join(
        " " if node["t"] == "Space" else node["c"] for node in kept_together(made_up)[0]["c"]
    )
    assert text.replace(NO_BREAK_SPACE, "~") == kept


def test_an_interval_of_linked_numbers_stays_together() -> None:
    def link(text: str) -> dict:
        return {"t": "Link", "c": [["", [], []], plain_words(text), ["#made", ""]]}

    space = {"t": "Space"}
    words = [
        link("−0,62"),
        space,
        *plain_words("…"),
        space,
        link("+5,47"),
        space,
        *plain_words("г."),
    ]
    assert kept_together(words) == [
        link("−0,62"),
        {"t": "Str", "c": f"{NO_BREAK_SPACE}…{NO_BREAK_SPACE}"},
        link("+5,47"),
        {"t": "Str", "c": f"{NO_BREAK_SPACE}г."},
    ]


def test_no_name_of_a_city_is_parted_from_its_mark(built) -> None:
    _, stem = built
    page = lxml_html.document_fromstring(stem.with_suffix(".html").read_bytes())
    drawn = "ancestor::*[local-name()='svg']"
    text = " ".join(page.xpath(f"//main//*[self::p or self::td or self::li]//text()[not({drawn})]"))
    assert re.findall(r"(?:^|\W)г\.[ \n][А-ЯЁ]\w+|\w+[ \n]қ\.", text) == []


# Where figures go.


def test_a_page_is_filled_by_the_text_after_a_figure(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    tall = FIGURE.replace('width="99%"', 'height="120mm" width="60%"')
    text = "Made sentence of some length, repeated to fill a page. " * 12
    body = "\n\n".join([*[text] * 5, tall, *[text] * 6])
    (root / "index.qmd").write_text(f"---\ntitle: Made\n---\n\n# Made\n\n{body}\n", "utf-8")
    render(root, to=["pdf"], say=lambda line: None)
    pages = PdfReader(root / "_output/index.pdf").pages[2:]
    lowest = [min(page_text(page).heights) for page in pages]
    assert len(pages) >= 2
    assert all(height < 130 for height in lowest[:-1])


def rows_by_page(root: Path, lines_before: int) -> list[int]:
    """How many rows of a long table stand on each page of a made text that starts with lines."""
    filled = "\n\n".join(["Made line."] * lines_before)
    rows = "\n".join(f"| Row{number}x | {'made ' * 12} | b |" for number in range(1, 31))
    table = f"| A | B | C |\n|---|---|---|\n{rows}\n\n: **Made.** Table {{#tbl-a}}"
    text = f"---\ntitle: Made\n---\n\n# Made\n\n{filled}\n\n{table}\n"
    (root / "index.qmd").write_text(text, "utf-8")
    render(root, to=["pdf"], say=lambda line: None)
    pages = PdfReader(root / "_output/index.pdf").pages[2:]
    return [len(re.findall(r"Row\d+x", page.extract_text())) for page in pages]


def test_a_table_starts_with_two_rows_at_the_foot_of_a_page_or_with_none(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    starts = [rows_by_page(root, lines)[0] for lines in range(33, 37)]
    assert starts[0] > 2
    assert starts[-1] == 0
    assert 1 not in starts


# Word.


def parts_of(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {
            name: archive.read(name).decode("utf-8")
            for name in archive.namelist()
            if name.endswith((".xml", ".rels"))
        }


def codes(document: str) -> list[str]:
    """The field codes of a document."""
    tree = etree.fromstring(document.encode("utf-8"))
    return [" ".join((part.text or "").split()) for part in tree.iter(f"{WORD}instrText")]


def check_fields(document: str, refers: bool = True) -> None:
    """Fields are whole, bookmarks unique, and every reference leads to a bookmark.

    refers: whether the text refers to figures, tables or sections of its own.
    """
    assert document.count('"begin"') == document.count('"end"') == document.count('"separate"')
    names = re.findall(r'w:name="([^"]+)"', document)
    identifiers = re.findall(r'<w:bookmarkStart[^>]*w:id="(\d+)"', document)
    assert len(identifiers) == len(set(identifiers))
    wanted = {code.split()[1] for code in codes(document) if code.startswith("REF ")}
    assert wanted or not refers
    assert wanted <= set(names)
    assert set(re.findall(r'w:anchor="([^"]+)"', document)) <= set(names)


def test_made_word_file_has_fields_styles_and_language(made) -> None:
    language, folder = made
    words, parts = words_of(language), parts_of(folder / "index.docx")
    document = parts["word/document.xml"]
    check_fields(document)
    found = codes(document)
    figure, table = words["crossref-fig-title"], words["crossref-tbl-title"]
    assert found.count(f"SEQ {figure} \\* ARABIC") == 2
    assert found.count(f"SEQ {table} \\* ARABIC") == 2
    assert sum(code.startswith('TOC \\o "1-2"') for code in found) == 1
    assert f"REF {bookmark('fig-trend')} \\h" in found
    assert f"REF {bookmark('sec-weak')} \\h" in found
    for style in ("Title", "Subtitle", "Abstract", "Heading1", "Heading2", "ImageCaption",
                  "TableCaption", "Figure", "FigureSource", "Callout", "TOC1", "TOC2"):  # fmt: skip
        assert f'w:val="{style}"' in document, style
        assert re.search(rf'w:styleId="{style}"', parts["word/styles.xml"]), style
    assert f'w:val="{LOCALES[language]}"' in parts["word/styles.xml"]
    core = parts["docProps/core.xml"]
    assert "<dc:title>Made report on Made &amp; 5 &lt; 6</dc:title>" in core
    assert f"Made description {KAZAKH}" in core
    assert "Made report on Made &amp; 5 &lt; 6" in parts["word/header1.xml"]
    assert " NUMPAGES " in parts["word/footer1.xml"]


def test_made_word_contents_are_written_out(made) -> None:
    language, folder = made
    tree = etree.fromstring(parts_of(folder / "index.docx")["word/document.xml"].encode())
    lines = [
        "".join(part.text or "" for part in line.iter(f"{WORD}t"))
        for line in tree.iter(f"{WORD}p")
        if line.find(f"{WORD}pPr/{WORD}pStyle") is not None
        and line.find(f"{WORD}pPr/{WORD}pStyle").get(f"{WORD}val", "").startswith("TOC")
    ]
    words = words_of(language)
    assert lines == [
        words["toc-title-document"],
        "1Made start",
        "1.1Made chapter",
        "2Made weaknesses",
        "2.1Weak",
        "2.2Made letters",
        words["section-title-references"],
    ]


def test_a_table_is_not_broken_where_it_is_short_or_near_its_ends_in_word() -> None:
    cell = '<w:tr><w:tc><w:p><w:pPr><w:pStyle w:val="Compact" /></w:pPr></w:p></w:tc></w:tr>'
    kept = '<w:pStyle w:val="Compact" /><w:keepNext/>'
    short, long = f"<w:tbl>{cell * 3}</w:tbl>", f"<w:tbl>{cell * 60}</w:tbl>"
    head = '<w:tbl><w:tr><w:trPr><w:tblHeader w:val="on" /></w:trPr></w:tr></w:tbl>'
    text = with_whole_tables(f"{cell}{short}{long}{head}")
    assert text.startswith(cell)
    assert text.count("<w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc>") == 63, "no row breaks"
    kept_head = '<w:tr><w:trPr><w:cantSplit/><w:tblHeader w:val="on" /></w:trPr>'
    assert text.removesuffix("</w:tr></w:tbl>").endswith(kept_head)
    text = text.removesuffix(f"<w:tbl>{kept_head}</w:tr></w:tbl>")
    assert text.count(kept, 0, text.index("</w:tbl>")) == 3
    rows = text[text.index("</w:tbl>") :].split("<w:tr>")[1:]
    assert [kept in row for row in rows] == [True] * 3 + [False] * 55 + [True] * 2


def test_lists_have_the_type_of_the_text_in_word() -> None:
    item = '<w:pPr><w:pStyle w:val="Compact" /><w:numPr><w:ilvl w:val="0" /></w:numPr></w:pPr>'
    cell = '<w:pPr><w:pStyle w:val="Compact" /><w:jc w:val="right" /></w:pPr>'
    made = with_list_style(item + cell)
    assert made.count('"ListParagraph"') == 1
    assert made.endswith(cell)


@pytest.mark.parametrize("widths", ["", ' tbl-colwidths="[60,10,10,10,10]"'])
def test_no_head_of_a_table_is_too_narrow_for_its_words_in_word(
    tmp_path: Path, widths: str
) -> None:
    root = make_project(tmp_path)
    heads = ("Made long names", "Доказательства", "Размер", "От", "Оговорка")
    text = "Made sentence that is long, and longer, and goes on over some lines. "
    rows = f"| {' | '.join(heads)} |\n|---|---|---|---|---|\n| {text} | a | b | c | {text} |"
    (root / "index.qmd").write_text(
        f"---\ntitle: Made\n---\n\n# Made\n\n{rows}\n\n: Made {{#tbl-a{widths}}}\n", "utf-8"
    )
    render(root, to=["docx"], say=lambda line: None)
    document = parts_of(root / "_output/index.docx")["word/document.xml"]
    columns = [int(width) for width in re.findall(r'<w:gridCol w:w="(\d+)"', document)]
    letter = sum(columns) / 86
    for head, width in zip(heads, columns, strict=True):
        assert width >= letter * max(map(len, head.split())) * 1.1, head
    assert columns[0] > columns[1] > columns[2] > columns[3]


def test_names_of_bookmarks_are_those_that_word_takes() -> None:
    assert bookmark("fig-net-trend") == "number_fig_net_trend"
    long = "fig-" + "long-" * 12
    assert len(bookmark(long)) <= 40
    assert bookmark(long) != bookmark(long + "er")
    assert pandoc_bookmark("sec-start") == "sec-start"
    assert len(pandoc_bookmark(long)) == 40


# The built report.


BUILT = [(language, document) for language in LANGUAGES for document in DOCUMENTS]


@pytest.fixture(scope="module", params=BUILT, ids="-".join)
def built(request: pytest.FixtureRequest) -> tuple[str, Path]:
    """Language of a document and its files in _output, without their ending."""
    language, document = request.param
    page = rendered_page(language, document)
    assert page.is_file(), f"no {page.name} in _output: run `make report`"
    document = lxml_html.document_fromstring(page.read_bytes())
    if "quarto" in document.xpath("string(//meta[@name='generator']/@content)"):
        pytest.skip("the paper of this edition has the make of Quarto's own template")
    return language, page.with_suffix("")


def is_annexes(stem: Path) -> bool:
    return stem.name.startswith(ANNEXES)


def test_pages_of_the_report_are_filled_and_end_in_text(built) -> None:
    _, stem = built
    pdf = PdfReader(stem.with_suffix(".pdf"))
    pages = report_pages(stem.with_suffix(".pdf"))
    lowest = [min(page.heights, default=FRAME[1]) for page in pages]
    filled = [(FRAME[1] - height) / (FRAME[1] - FRAME[0]) for height in lowest]
    starts = [(level, item, pdf.get_destination_page_number(item)) for level, item in
              flat(pdf.outline)]  # fmt: skip
    chapters = {page for level, item, page in starts if level == 1 and item.top > 740}
    short = {
        number + 1: round(share, 2)
        for number, share in enumerate(filled[:-1])
        if share < LEAST_FILLED and number > 1 and number + 1 not in chapters
    }
    assert short == {}
    assert sum(filled[1:-1]) / len(filled[1:-1]) >= FILLED
    # A heading has its own lines and at least one more below.
    alone = [item.title for _, item, page in starts if lowest[page] > float(item.top) - 30]
    assert alone == []


def test_figures_and_tables_of_the_report_stay_in_their_chapter(built) -> None:
    _, stem = built
    document = lxml_html.document_fromstring(stem.with_suffix(".html").read_bytes())
    chapters = document.xpath("//section[contains(@class, 'level1')]")
    pdf = PdfReader(stem.with_suffix(".pdf"))
    starts = [pdf.get_destination_page_number(item) for level, item in flat(pdf.outline)
              if level == 1]  # fmt: skip
    assert len(starts) == len(chapters) >= (20 if is_annexes(stem) else 8)
    lines = [
        {squeezed(line) for line in page.text.splitlines()}
        for page in report_pages(stem.with_suffix(".pdf"))
    ]
    heads = 0
    for chapter, first, last in zip(chapters, starts, [*starts[1:], len(lines) - 1], strict=True):
        for caption in chapter.xpath(".//figcaption | .//caption"):
            head = squeezed(head_of(caption))
            if not head:
                continue
            heads += 1
            there = [page for page, found in enumerate(lines) if head in found]
            assert len(there) == 1, (head, there)
            assert first <= there[0] <= last, head
    assert heads > (60 if is_annexes(stem) else 8)


def test_hardly_a_page_of_the_report_starts_with_small_print(built) -> None:
    _, stem = built
    document = lxml_html.document_fromstring(stem.with_suffix(".html").read_bytes())
    first = document.xpath("string(//*[contains(@class, 'figure-source')])").split()[0]
    starts = [
        next((text for _, text in page.pieces), "")
        for page in report_pages(stem.with_suffix(".pdf"))
    ]
    assert first.endswith(":")
    # Set in one pass, a table may end right at the foot of a page.
    assert sum(text.split()[:1] == [first] for text in starts) <= 1


def test_report_says_what_it_is_and_brings_its_fonts(built) -> None:
    language, stem = built
    pdf = PdfReader(stem.with_suffix(".pdf"))
    assert pdf.root_object["/Lang"] == language
    assert pdf.root_object["/MarkInfo"]["/Marked"]
    assert pdf.metadata.title
    assert pdf.metadata.author
    levels = {level for level, _ in flat(pdf.outline)}
    assert levels >= ({1, 2} if is_annexes(stem) else {1})
    words = words_of(language)
    cover = " ".join(pdf.pages[0].extract_text().split())
    assert words["paper-edition"] in cover
    if is_annexes(stem):
        assert words["toc-title-document"] in pdf.pages[1].extract_text()


def test_report_can_be_read_aloud(built) -> None:
    check_tags(PdfReader(built[1].with_suffix(".pdf")))


@pytest.mark.parametrize("name", ["summary", "passports"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_other_pdfs_can_be_read_aloud(name: str, language: str) -> None:
    path = paths.OUTPUT / f"{with_language(name, language)}.pdf"
    assert path.is_file(), f"no {path.name} in _output: run `make report`"
    pdf = PdfReader(path)
    check_tags(pdf)
    assert pdf.root_object["/Lang"] == language
    assert pdf.metadata.title


def test_no_short_table_of_the_report_is_broken_and_none_after_its_head(built) -> None:
    """The head of a table that goes on over the next page is repeated: once more than tables."""
    _, stem = built
    pages = report_pages(stem.with_suffix(".pdf"))
    document = lxml_html.document_fromstring(stem.with_suffix(".html").read_bytes())
    broken, short = {}, []
    for table in document.xpath("//table[thead and ancestor::figure]"):
        head = ["".join(cell.split()) for cell in table.xpath("thead//th//text()")]
        there = [n for n, page in enumerate(pages) if "".join(head) in page.letters]
        if len(head) < 3 or len(there) < 2:
            continue
        number = head_of(table.xpath("ancestor::figure[1]//figcaption")[0])
        broken[number] = pages[there[0]].height_of(number)
        letters = sum(map(len, table.itertext()))
        if len(table.xpath("tbody/tr")) <= SHORT_ROWS and letters <= SHORT_LETTERS:
            short.append(number)
    assert short == []
    assert broken or not is_annexes(stem)  # some are longer than a page
    assert [name for name, height in broken.items() if height < FRAME[0] + WITH_ROWS] == []


def test_a_short_table_is_told_from_a_long_one() -> None:
    def table(rows: int, word: str) -> list[Node]:
        cell = [{"t": "Plain", "c": [{"t": "Str", "c": word}]}]
        body = [["", [], []], 0, [], [cell] * rows]
        return [{"t": "Table", "c": [None, None, [], [None, []], [body], None]}]

    assert is_short(table(SHORT_ROWS, "made"))
    assert not is_short(table(SHORT_ROWS + 1, "made"))
    assert not is_short(table(2, "made" * SHORT_LETTERS))


def test_word_file_of_the_report_has_whole_fields(built) -> None:
    language, stem = built
    parts = parts_of(stem.with_suffix(".docx"))
    document = parts["word/document.xml"]
    check_fields(document, refers=is_annexes(stem))
    assert f'w:val="{LOCALES[language]}"' in parts["word/styles.xml"]
    pictures = re.findall(r"<wp:docPr[^>]*>", document)
    assert pictures
    assert all(re.search(r'descr="[^"]{40,}"', picture) for picture in pictures)
    captions = len(re.findall(r'w:val="(?:Image|Table)Caption"', document))
    assert sum(code.startswith("SEQ ") for code in codes(document)) == captions
    widths = [int(size) for size in re.findall(r'<wp:extent cx="(\d+)"', document)]
    assert max(widths) <= WORD_TEXT_WIDTH
    heads = re.findall(r"<w:tbl>.*?</w:tr>", document, re.S)
    assert all("<w:tblHeader" in head for head in heads)
