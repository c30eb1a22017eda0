"""The embedded renderer on made documents: what it writes."""

from __future__ import annotations

import io
import re
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest
from lxml import etree
from lxml import html as lxml_html
from pypdf import PdfReader

from karaganda_vibe.project import paths
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset import check, pandoc, render
from karaganda_vibe.quarto_subset.project import read_project
from karaganda_vibe.quarto_subset.reference_docx import make as make_reference
from karaganda_vibe.quarto_subset.text import assemble

CONFIG = """\
project:
  type: manuscript
  output-dir: _output
  resources:
    - report/figures/**/*.csv
manuscript:
  article: index.qmd
lang: en
bibliography: references.bib
number-sections: true
toc: true
fig-cap-location: top
tbl-cap-location: top
format:
  html: default
  typst: default
  docx: default
"""

ARTICLE = """\
---
title: "Made report on {{< var made.place >}}"
subtitle: "Made subtitle"
author: Made Author
date: "Made date"
abstract: |
  Made summary: {{< var made.net >}} people, see @fig-trend.
keywords: [made, Қарағанды]
---

# Made start {#sec-start}

Text with {{< var made.net >}}, @fig-trend, [-@tbl-rates], [see @tbl-rates; @fig-plain],
@sec-weak and @made2020 [@made2021, p. 3].[^note]

[^note]: Made footnote.

::: {.key-figures}
::: {.key-figure}
**{{< var made.net >}}**

made label

made source
:::
:::

{{< include report/chapter.qmd >}}

# Made weaknesses

## Weak {#sec-weak}

::: {.callout-warning title="Made title" collapse="true"}
Made warning.
:::

::: {.callout-note}
Made note.
:::

::: {.content-visible when-format="html"}
Only in HTML.
:::

::: {.content-hidden when-format="html"}
Never in HTML.
:::

::: {.content-visible when-format="docx"}
Only in Word.
:::

```{=html}
<p class="raw">Raw HTML</p>
```

<details><summary>Made details</summary>

Hidden text.

</details>
"""

CHAPTER = """\
## Made chapter

{{< include report/figure.qmd >}}

| Place | Rate |
|:------|-----:|
| Made [place](report/figures/en/fig-trend.csv) | −1.5 |
| Other {{< var made.net >}} | 2.0 |

: **Made rates.** Per 1,000. {#tbl-rates tbl-colwidths="[70,30]"}

::: {#tbl-second}
| A | B |
|---|--:|
| x | 1 |

::: {.figure-source}
Source: made.
:::

**Second made table.** Units.
:::

::: {layout-ncol=2}
![**Plain.** Made](report/figures/en/fig-trend.svg){#fig-plain fig-alt="Made plain"}

Text beside.
:::
"""

FIGURE = """\
::: {#fig-trend}
![](report/figures/en/fig-trend.svg){fig-alt="Chart. Made: 1 to {{< var made.net >}}." width="99%"}

::: {.figure-source}
Source: made. [Data (CSV)](report/figures/en/fig-trend.csv)
:::

**Headline sentence.** Statistical subtitle, unit, years.
:::
"""

BIBLIOGRAPHY = """\
@book{made2020, author = {Made, Anna}, title = {Made book}, year = {2020}, publisher = {Made}}
@article{made2021, author = {Doe, Jo}, title = {Made paper}, year = {2021}, journal = {Made J}}
"""

SVG = (
    '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg xmlns="http://www.w3.org/2000/svg" '
    'viewBox="0 0 40 20" width="40" height="20"><path d="M0 0L40 20" stroke="black"/></svg>'
)


def made_png() -> bytes:
    """A white picture of 4 by 2 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check_sum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check_sum

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 2, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\x00\xff\xff\xff\xff" * 2))
        + chunk(b"IEND", b"")
    )


def make_project(root: Path) -> Path:
    """Write the made project into `root`."""
    files = {
        "_quarto.yml": CONFIG,
        "index.qmd": ARTICLE,
        "report/chapter.qmd": CHAPTER,
        "report/figure.qmd": FIGURE,
        "references.bib": BIBLIOGRAPHY,
        "_variables.yml": 'made:\n  net: "−5,317"\n  place: "Made & 5 < 6"\n',
        "report/figures/en/fig-trend.svg": SVG,
        "report/figures/en/fig-trend.csv": "year,value\n2020,1\n",
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    (root / "report/figures/en/fig-trend.png").write_bytes(made_png())
    return root


def line_of(text: str, start: str) -> int:
    """The number of the first line of `text` that starts so."""
    return next(n for n, row in enumerate(text.split("\n"), 1) if row.startswith(start))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_project(tmp_path_factory.mktemp("made"))
    render(root, say=lambda line: None)
    return root


@pytest.fixture(scope="module")
def page(built: Path) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring((built / "_output/index.html").read_bytes())


@pytest.fixture(scope="module")
def pdf(built: Path) -> PdfReader:
    return PdfReader(built / "_output/index.pdf")


@pytest.fixture(scope="module")
def word(built: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(built / "_output/index.docx")


def word_text(word: zipfile.ZipFile) -> str:
    tree = etree.fromstring(word.read("word/document.xml"))
    name = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    return "\n".join(
        "".join(part.text or "" for part in line.iter(f"{name}t")) for line in tree.iter(f"{name}p")
    )


def test_lines_keep_their_source(tmp_path: Path) -> None:
    text = assemble(read_project(make_project(tmp_path)))
    assert text.place("Headline sentence") == "report/figure.qmd:8"
    assert text.place("Made chapter") == "report/chapter.qmd:1"
    assert text.place("# Made weaknesses") == f"index.qmd:{line_of(ARTICLE, '# Made weak')}"
    assert text.front["title"] == "Made report on Made & 5 < 6"
    assert text.files == ("index.qmd", "report/chapter.qmd", "report/figure.qmd")


def test_html_asks_nothing_of_the_net(built: Path, page: lxml_html.HtmlElement) -> None:
    assert not page.xpath("//script | //iframe")
    assert [link.get("rel") for link in page.xpath("//link")] == ["icon"]
    assert page.xpath("string(//link/@href)").startswith("data:")
    assert all(src.startswith("data:") for src in page.xpath("//@src"))
    style = page.xpath("string(//style)")
    assert set(re.findall(r"url\((.{5})", style)) == {"data:"}
    assert "@import" not in style
    assert "http" not in (built / "_output/index.html").read_text("utf-8").replace(
        "http://www.w3.org", ""
    )


def test_html_numbers_links_and_words(page: lxml_html.HtmlElement) -> None:
    assert page.get("lang") == "en"
    assert page.xpath("string(//title)") == "Made report on Made & 5 < 6"
    references = {
        (a.get("href"), a.text_content()) for a in page.xpath("//a[contains(@class,'xref')]")
    }
    assert references == {
        ("#fig-trend", "Figure\u00a01"),
        ("#tbl-rates", "1"),
        ("#tbl-rates", "see\u00a01"),
        ("#fig-plain", "Figure\u00a02"),
        ("#sec-weak", "Section\u00a02.1"),
    }
    identifiers = page.xpath("//@id")
    assert len(identifiers) == len(set(identifiers))
    assert {a[1:] for a in page.xpath("//a/@href") if a.startswith("#")} <= set(identifiers)
    assert [head.text_content() for head in page.xpath("//main//h2")] == [
        "1 Made start",
        "2 Made weaknesses",
        "References",
    ]
    assert len(page.xpath("//h1")) == 1


def test_html_figure_has_its_caption_first_and_its_alt_text(page: lxml_html.HtmlElement) -> None:
    figure = page.get_element_by_id("fig-trend")
    assert figure.tag == "figure"
    assert figure[0].tag == "figcaption"
    assert figure[0].text_content().strip().startswith("Figure\u00a01 Headline sentence.")
    assert figure.xpath(".//img/@alt") == ["Chart. Made: 1 to −5,317."]
    assert figure.xpath(".//div[@class='figure-source']//a/@href") == [
        "report/figures/en/fig-trend.csv"
    ]


def test_html_tables_say_what_their_heads_head(page: lxml_html.HtmlElement) -> None:
    table = page.get_element_by_id("tbl-rates").xpath(".//table")[0]
    assert table.xpath(".//thead//th/@scope") == ["col", "col"]
    assert table.xpath(".//tbody//th/@scope") == ["row", "row"]
    assert "right" in table.xpath(".//tbody/tr[1]/td/@style")[0]
    assert not table.xpath(".//caption")
    assert table.xpath(".//col/@style") == ["width: 70%", "width: 30%"]
    boxes = page.xpath("//div[@class='table-box']")
    assert [box.get("aria-label") for box in boxes] == ["Table\u00a01", "Table\u00a02"]


def test_conditions_by_format(
    page: lxml_html.HtmlElement, pdf: PdfReader, word: zipfile.ZipFile
) -> None:
    on_page, on_paper, in_word = (
        page.text_content(),
        "".join(leaf.extract_text() for leaf in pdf.pages),
        word_text(word),
    )
    found = {
        words: [words in text for text in (on_page, on_paper, in_word)]
        for words in ("Only in HTML.", "Never in HTML.", "Only in Word.")
    }
    assert found == {
        "Only in HTML.": [True, False, False],
        "Never in HTML.": [False, True, True],
        "Only in Word.": [False, False, True],
    }
    assert "Raw HTML" in on_page
    assert "Raw HTML" not in on_paper + in_word


def test_callouts(page: lxml_html.HtmlElement) -> None:
    collapsed = page.xpath("//details[contains(@class,'callout-warning')]")
    assert [part.xpath("string(summary)").strip() for part in collapsed] == ["Made title"]
    note = page.xpath("//aside[contains(@class,'callout-note')]")[0]
    assert note.text_content().split() == ["Note", "Made", "note."]


def test_pdf_is_tagged_titled_and_bookmarked(pdf: PdfReader) -> None:
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Made report on Made & 5 < 6"
    assert pdf.metadata.author == "Made Author"
    assert pdf.root_object["/Lang"] == "en"
    assert pdf.root_object["/MarkInfo"]["/Marked"]
    assert "Made start" in str(pdf.outline)
    fonts = {
        font.get_object()["/BaseFont"].split("+")[-1]
        for leaf in pdf.pages
        for font in leaf["/Resources"]["/Font"].values()
    }
    assert all(name.startswith("Inter") for name in fonts)


def test_pdf_carries_alternative_texts(pdf: PdfReader) -> None:
    texts = [
        str(entry["/Alt"])
        for entry in (pdf.get_object(number) for number in range(1, len(pdf.xref[0]) + 1))
        if isinstance(entry, dict) and "/Alt" in entry
    ]
    assert "Chart. Made: 1 to −5,317." in texts


def test_word_has_captions_pictures_and_bookmarks(word: zipfile.ZipFile) -> None:
    document = word.read("word/document.xml").decode()
    text = word_text(word)
    assert "Figure\u00a01: Headline sentence." in text
    assert 'w:name="fig-trend"' in document
    assert 'w:anchor="fig-trend"' in document
    assert 'descr="Chart. Made: 1 to −5,317."' in document
    assert any(name.endswith(".png") for name in word.namelist())
    assert not any(name.endswith(".svg") for name in word.namelist())
    for style in ("Key Number", "Figure Source", "Callout Title"):
        assert f'w:val="{"".join(style.split())}"' in document


def test_references_are_listed(page: lxml_html.HtmlElement, word: zipfile.ZipFile) -> None:
    assert len(page.xpath("//div[@id='refs']/div")) == 2
    assert "Made Book" in word_text(word)


def test_resources_are_published_where_links_look(built: Path) -> None:
    copied = built / "_output/report/figures/en/fig-trend.csv"
    assert copied.read_text() == "year,value\n2020,1\n"


def test_second_run_does_nothing_and_a_change_is_seen(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    render(root, to=["html"], say=lambda line: None)
    first = (root / "_output/index.html").read_bytes()
    said: list[str] = []
    render(root, to=["html"], say=said.append)
    assert said == ["report up to date: _output/index.html"]
    chapter = root / "report/chapter.qmd"
    chapter.write_text(chapter.read_text() + "\nMade addition.\n")
    render(root, to=["html"], say=lambda line: None)
    assert b"Made addition." in (root / "_output/index.html").read_bytes()
    chapter.write_text(CHAPTER)
    render(root, to=["html"], say=lambda line: None)
    assert (root / "_output/index.html").read_bytes() == first
    (root / "_output/index.html").write_text("broken by hand")
    render(root, to=["html"], say=lambda line: None)
    assert (root / "_output/index.html").read_bytes() == first


def test_same_sources_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    root = make_project(tmp_path)
    for path in render(root, say=lambda line: None):
        assert path.read_bytes() == (built / "_output" / path.name).read_bytes()


def test_nothing_is_half_written(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    render(root, to=["html"], say=lambda line: None)
    before = (root / "_output/index.html").read_bytes()
    chapter = root / "report/chapter.qmd"
    chapter.write_text(CHAPTER + "\n```{=typst}\n#no-such-made-function()\n```\n")
    with pytest.raises(ProjectError, match="Typst refuses"):
        render(root, say=lambda line: None)
    assert (root / "_output/index.html").read_bytes() == before
    assert sorted(path.name for path in (root / "_output").iterdir()) == ["index.html", "report"]
    assert not list((root / "build/quarto_subset").glob("writing-*"))


def test_profile_lies_over_the_project(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    (root / "_quarto-kk.yml").write_text(
        "project:\n  output-dir: _output/kk\nmanuscript:\n  article: index-kk.qmd\nlang: kk\n"
        "language: words-kk.yml\nformat:\n  docx: default\n"
        "  html: {output-file: index-kk.html}\n",
        encoding="utf-8",
    )
    words = (paths.REPORT / "theme/_language-kk.yml").read_text("utf-8")
    (root / "words-kk.yml").write_text(words, encoding="utf-8")
    (root / "index-kk.qmd").write_text(
        "---\ntitle: Жасалған есеп\n---\n\n# Бастау {#sec-start}\n\n@fig-trend мен @sec-start\n\n"
        "{{< include report/figure.qmd >}}\n",
        encoding="utf-8",
    )
    written = render(root, "kk", ["html", "docx"], say=lambda line: None)
    assert [str(path.relative_to(root)) for path in written] == [
        "_output/kk/index-kk.html",
        "_output/kk/index-kk.docx",
    ]
    page = lxml_html.document_fromstring(written[0].read_bytes())
    assert page.get("lang") == "kk"
    text = page.text_content()
    assert "1-сурет мен 1-бөлім" in text
    assert "1-суретHeadline" in "".join(text.split()).replace("\xa0", "")
    assert "Мазмұны" in text
    assert "Мәтінге өту" in text
    with zipfile.ZipFile(written[1]) as word:
        assert "1-сурет: Headline" in word_text(word)


def test_png_filter_of_real_quarto_takes_the_png_in_word_only() -> None:
    filter_file = paths.REPORT / "theme/png_for_docx.lua"
    results = {}
    for form in ("docx", "html"):
        done = subprocess.run(
            [
                pandoc.program(),
                "-f",
                "markdown",
                "-t",
                form,
                "--lua-filter",
                str(filter_file),
                "-o",
                "-",
            ],
            input=b"![x](missing/a.svg)",
            capture_output=True,
            check=True,
        )
        results[form] = done
    assert b"missing/a.png" in results["docx"].stderr
    assert b"missing/a.svg" in results["html"].stdout


def test_reference_document_is_what_the_code_makes() -> None:
    stored = zipfile.ZipFile(paths.REPORT / "theme/reference.docx")
    made = zipfile.ZipFile(io.BytesIO(make_reference()))
    assert stored.namelist() == made.namelist()
    assert stored.read("word/styles.xml") == made.read("word/styles.xml")


def test_languages_have_the_same_words() -> None:
    from ruamel.yaml import YAML

    words = [
        YAML(typ="safe").load((paths.REPORT / f"theme/_language-{lang}.yml").read_text("utf-8"))
        for lang in ("en", "ru", "kk")
    ]
    assert set(words[0]) == set(words[1]) == set(words[2])


def test_fonts_have_every_kazakh_letter() -> None:
    from fontTools.ttLib import TTFont

    letters = "әғқңөұүһіӘҒҚҢӨҰҮҺІ₸−–№"
    for path in sorted((paths.REPORT / "theme/fonts").glob("*.ttf")):
        covered = TTFont(path).getBestCmap()
        assert [letter for letter in letters if ord(letter) not in covered] == []


def test_project_settings_are_inside_the_subset() -> None:
    project = read_project(paths.PROJECT)
    assert project.formats == ("html", "typst", "docx")
    assert all((paths.PROJECT / name).is_file() for name in project.names("html", "css"))


def test_check_writes_nothing(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    before = sorted(root.rglob("*"))
    check(root)
    assert sorted(root.rglob("*")) == before
