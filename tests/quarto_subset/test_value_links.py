"""Numbers of a made report that lead to where they are computed."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from lxml import html
from pypdf import PdfReader

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset import check, render
from karaganda_vibe.quarto_subset.value_links import FILE, ValueLinks, bare, relative

CONFIG = """\
project: {type: manuscript, output-dir: _output}
manuscript: {article: index.qmd}
lang: en
toc: true
fig-cap-location: top
tbl-cap-location: top
format: {html: default, typst: default, docx: default}
"""
VARIABLES = """\
made: {net: "−5,317", share: "4.2\u00a0%", year: "2024", rate: "−1.5", word: "Made place", n: "7"}
other: {net: "−1"}
"""
FORMS = """\
en:
  form: {net: {dat: "5 317‑ге"}, place: {in: "in Made place"}}
  net: "−5,317"
"""
LINKS = {
    "pages": ["_output/data/numbers.html", "_output/notebooks/01_made.html"],
    "groups": {
        "made": {
            "address": "_output/data/numbers.html#value-{name}",
            "title": "{meaning} & more",
        },
        "en": {
            "address": "_output/data/numbers.html#value-{name}",
            "title": "{meaning}",
            "page": "_output/data/numbers.html",
            "page_title": "Made data",
        },
    },
    "names": {
        name: {"made": f"made {name}", "en": f"English {name}"}
        for name in ("net", "share", "year", "rate", "n")
    },
}
ARTICLE = """\
---
title: "Made report of {{< var made.net >}}"
---

# Made year {{< var made.year >}} {#sec-year}

[In a link {{< var made.share >}}](https://example.org) and `code {{< var made.share >}}`.

Text "{{< var made.net >}}" then **{{< var made.net >}}**, ({{< var made.share >}}),
{{< var made.word >}} and {{< var other.net >}}. See [the notebook](notebooks/01_made.html#cell-1).

| place | in {{< var made.year >}} |
|:------|-----:|
| Made  | **{{< var made.rate >}}** |

: **Made headline of {{< var made.n >}}.** Made subtitle. {#tbl-made}

::: {.callout-note title="Made title {{< var made.n >}}"}
{{< var made.n >}} at the start, {{< var made.year >}}–{{< var made.year >}} after.
:::

```
{{< var made.rate >}}
```
"""


def make(root: Path, links: object = LINKS, article: str = ARTICLE) -> Path:
    (root / "_quarto.yml").write_text(CONFIG, encoding="utf-8")
    (root / "_variables.yml").write_text(VARIABLES, encoding="utf-8")
    (root / "index.qmd").write_text(article, encoding="utf-8")
    if links is not None:
        (root / FILE).parent.mkdir(parents=True)
        (root / FILE).write_text(json.dumps(links), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make(tmp_path_factory.mktemp("linked"))
    render(root, say=lambda line: None)
    return root / "_output"


@pytest.fixture(scope="module")
def page(built: Path) -> html.HtmlElement:
    return html.document_fromstring((built / "index.html").read_bytes())


def value_links(page: html.HtmlElement) -> dict[str, str]:
    return {link.get("href"): link.text for link in page.xpath("//a[@class='value']")}


def test_the_first_mention_of_each_number_is_a_link(page):
    assert value_links(page) == {
        f"data/numbers.html#value-{name}": text
        for name, text in (
            ("net", "−5,317"),
            ("share", "4.2\u00a0%"),
            ("year", "2024"),
            ("rate", "−1.5"),
            ("n", "7"),
        )
    }
    (net,) = page.xpath("//a[contains(@href, 'value-net')]")
    assert net.get("title") == "made net & more"


def test_headings_links_captions_and_code_stay_text(page):
    for place in ("//h1", "//h2", "//figcaption", "//code", "//nav"):
        assert not page.xpath(f"{place}//a[@class='value']"), place
    assert page.xpath("//td//strong/a[@class='value']")
    assert page.xpath("//a[@href='https://example.org']")[0].text_content() == (
        "In a link 4.2\u00a0%"
    )


def test_no_mark_is_left_in_any_format(built):
    page = (built / "index.html").read_text("utf-8")
    pdf = "".join(sheet.extract_text() for sheet in PdfReader(built / "index.pdf").pages)
    word = zipfile.ZipFile(io.BytesIO((built / "index.docx").read_bytes()))
    for text in (page, pdf, word.read("word/document.xml").decode("utf-8")):
        assert "5,317" in text
        assert not re.search("[\ue000-\ue0ff]", text)


def test_without_the_file_the_words_are_the_same(built, page, tmp_path):
    article = ARTICLE.replace("[the notebook](notebooks/01_made.html#cell-1)", "the notebook")
    plain = make(tmp_path, links=None, article=article)
    render(plain, to=["html"], say=lambda line: None)
    other = html.document_fromstring((plain / "_output/index.html").read_bytes())
    assert not value_links(other)
    assert other.xpath("//main")[0].text_content() == page.xpath("//main")[0].text_content()


def test_a_new_file_of_links_makes_a_new_page(tmp_path):
    article = ARTICLE.replace("[the notebook](notebooks/01_made.html#cell-1)", "the notebook")
    root = make(tmp_path, links=None, article=article)
    render(root, to=["html"], say=lambda line: None)
    (root / FILE).parent.mkdir(parents=True)
    (root / FILE).write_text(json.dumps(LINKS), encoding="utf-8")
    render(root, to=["html"], say=lambda line: None)
    assert value_links(html.document_fromstring((root / "_output/index.html").read_bytes()))


def test_the_page_says_that_numbers_are_links_and_where_the_data_are(page):
    (note,) = page.xpath("//p[@class='value-note']")
    assert note.text.startswith("Numbers are links")
    assert page.xpath("//p[@class='downloads']/a[@href='data/numbers.html']/text()") == [
        "Made data"
    ]


def test_a_link_to_a_page_that_nobody_makes_is_refused(tmp_path):
    article = ARTICLE.replace("01_made.html", "02_gone.html")
    with pytest.raises(ProjectError, match=r"02_gone\.html does not exist"):
        check(make(tmp_path, article=article))


@pytest.mark.parametrize(
    "broken",
    [
        [],
        {"pages": []},
        {**LINKS, "groups": {"made": {"address": "x"}}},
        {**LINKS, "groups": {"made": {"address": "{no}", "title": ""}}},
    ],
)
def test_a_broken_file_of_links_is_named(tmp_path, broken):
    with pytest.raises(ProjectError, match=r"value_links\.json is broken"):
        check(make(tmp_path, links=broken))


def test_addresses_are_those_from_the_folder_of_the_edition():
    links = ValueLinks(groups=LINKS["groups"], names=LINKS["names"])
    address = "../data/numbers.html#value-net"
    assert links.target("made.net", "_output/ru") == (address, "made net & more")
    assert links.target("en.net", "_output/ru") == (address, "English net")
    assert relative("_output/data/index.html", "_output") == "data/index.html"
    marked = links.marked("made.net", "−5")
    assert bare({"c": [marked, "x"]}) == {"c": ["−5", "x"]}
    assert links.marked("made.word", "Made") == "Made"


def test_a_form_of_a_value_is_printed_and_leads_where_the_value_does(tmp_path):
    article = "---\ntitle: Made\n---\n\n# Made {#sec-a}\n\nTo {{< var en.form.net.dat >}}, "
    article += "{{< var en.form.place.in >}}; {{< var en.net >}}.\n"
    root = make(tmp_path, article=article)
    (root / "_variables.yml").write_text(VARIABLES + FORMS, encoding="utf-8")
    render(root, say=lambda line: None)
    page = html.document_fromstring((root / "_output/index.html").read_bytes())
    assert value_links(page) == {"data/numbers.html#value-net": "5\u00a0317\u2011ге"}
    (paragraph,) = page.xpath("//p[starts-with(., 'To ')]")
    assert paragraph.text_content() == "To 5\u00a0317\u2011ге, in Made place; −5,317."


def test_a_form_that_nothing_wrote_is_refused_in_one_line(tmp_path):
    article = "---\ntitle: Made\n---\n\n# Made {#sec-a}\n\nTo {{< var en.form.net.prep >}}.\n"
    root = make(tmp_path, article=article)
    (root / "_variables.yml").write_text(VARIABLES + FORMS, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"index.qmd:7: variable `en.form.net.prep` is not in"):
        render(root, say=lambda line: None)
