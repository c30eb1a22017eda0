"""What a messenger shows of a link to the page: title, words, picture; on made documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import test_quarto_subset as made
from lxml import etree
from lxml import html as lxml_html

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROJECT, THEME
from karaganda_vibe.quarto_subset import check, render
from karaganda_vibe.quarto_subset.sharing import LONGEST, shortened

PICTURE = "report/figures/en/fig-trend.png"
FRONT = f'image: {PICTURE}\nimage-alt: "Made & shown"\n'


def shared_project(root: Path, html: str = "default", published: bool = True) -> Path:
    made.make_project(root)
    settings = made.CONFIG.replace("html: default", f"html: {html}")
    if published:
        settings = settings.replace("**/*.csv\n", "**/*.csv\n    - report/figures/en/*.png\n")
    (root / "_quarto.yml").write_text(settings, "utf-8")
    article = made.ARTICLE.replace("keywords:", f"{FRONT}keywords:")
    (root / "index.qmd").write_text(article, "utf-8")
    return root


def tags(root: Path) -> dict[str, str]:
    path = render(root, to=["html"], say=lambda line: None)[0]
    page = lxml_html.document_fromstring(path.read_bytes())
    return {
        tag.get("property") or tag.get("name"): tag.get("content")
        for tag in page.xpath("//meta[@property or @name]")
    }


def test_a_shared_link_has_title_words_and_a_picture(tmp_path: Path) -> None:
    found = tags(shared_project(tmp_path))
    assert found["og:title"] == "Made report on Made & 5 < 6"
    assert (
        found["og:description"]
        == found["description"]
        == ("Made summary: −5,317 people, see Figure 1.")
    )
    assert found["og:image"] == PICTURE
    assert (tmp_path / "_output" / PICTURE).is_file()
    assert (found["og:image:width"], found["og:image:height"]) == ("4", "2")
    assert found["og:image:alt"] == found["twitter:image:alt"] == "Made & shown"
    assert found["twitter:card"] == "summary_large_image"
    assert "og:url" not in found
    page = (tmp_path / "_output/index.html").read_text("utf-8")
    assert "format.html.site-address" in page, "a comment says how the address becomes whole"


def test_addresses_are_whole_where_the_report_is_published(tmp_path: Path) -> None:
    root = shared_project(tmp_path, "{site-address: 'https://example.org/made'}")
    (root / "_quarto-xx.yml").write_text("project:\n  output-dir: _output/xx\n", "utf-8")
    found = tags(root)
    assert found["og:url"] == "https://example.org/made/index.html"
    assert found["og:image"] == f"https://example.org/made/{PICTURE}"
    path = render(root, "xx", ["html"], say=lambda line: None)[0]
    page = lxml_html.document_fromstring(path.read_bytes())
    assert page.xpath("string(//link[@rel='canonical']/@href)") == (
        "https://example.org/made/xx/index.html"
    )
    # Both editions share the picture at the top of the output folder.
    assert page.xpath("string(//meta[@property='og:image']/@content)") == found["og:image"]


def test_an_edition_below_leads_up_to_the_picture(tmp_path: Path) -> None:
    root = shared_project(tmp_path)
    (root / "_quarto-xx.yml").write_text("project:\n  output-dir: _output/xx\n", "utf-8")
    path = render(root, "xx", ["html"], say=lambda line: None)[0]
    assert f'content="../{PICTURE}"' in path.read_text("utf-8")


def test_without_a_picture_the_card_is_small(tmp_path: Path) -> None:
    found = tags(made.make_project(tmp_path))
    assert found["twitter:card"] == "summary"
    assert "og:image" not in found


@pytest.mark.parametrize(
    ("old", "new", "published", "message"),
    [
        (PICTURE, "report/no.png", True, r"index\.qmd:\d+: image .*no\.png is not a PNG"),
        (PICTURE, "report/figures/en/fig-trend.svg", True, r"\.svg is not a PNG"),
        ("Made & shown", "", True, r"has no words; say in `image-alt`"),
        (PICTURE, PICTURE, False, r"is not published; add it to project\.resources"),
    ],
)
def test_a_picture_that_nobody_would_see_is_refused(
    tmp_path: Path, old: str, new: str, published: bool, message: str
) -> None:
    root = shared_project(tmp_path, published=published)
    article = (root / "index.qmd").read_text("utf-8")
    (root / "index.qmd").write_text(article.replace(old, new), "utf-8")
    with pytest.raises(ProjectError, match=message):
        check(root)


def test_an_address_without_its_protocol_is_refused(tmp_path: Path) -> None:
    root = shared_project(tmp_path, "{site-address: example.org}")
    with pytest.raises(ProjectError, match=r"site-address.*https://"):
        check(root)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Short.", "Short."),
        ("A  made\ntext.", "A made text."),
        ("made " * 20 + "end; " + "more " * 40, "made " * 20 + "end."),
        ("made " * 30 + "г. " + "more " * 40, "made " * 30 + "г. " + "more " * 8 + "more…"),
    ],
)
def test_a_description_ends_with_a_statement_or_a_word(text: str, short: str) -> None:
    assert shortened(text) == short
    assert len(shortened(text)) <= LONGEST + 1


def test_all_pages_have_one_icon_that_is_a_drawing() -> None:
    icons = []
    for name in ("page.html", "site_page.html.j2"):
        text = (THEME / name).read_text("utf-8")
        icons += re.findall(r'<link rel="icon" type="image/svg\+xml" href="([^"]+)">', text)
    assert len(icons) == 2
    assert len(set(icons)) == 1
    drawing = icons[0].removeprefix("data:image/svg+xml,")
    for code, sign in (("%3C", "<"), ("%3E", ">"), ("%23", "#")):
        drawing = drawing.replace(code, sign)
    assert etree.fromstring(drawing).tag == "{http://www.w3.org/2000/svg}svg"


def test_the_pictures_of_a_figure_stand_beside_its_data(tmp_path: Path) -> None:
    root = made.make_project(tmp_path)
    settings = made.CONFIG.replace("lang: en", "lang: ru").replace(
        "html: default", f"html: {{filters: {THEME / 'figures_for_html.lua'}}}"
    )
    (root / "_quarto.yml").write_text(settings, "utf-8")
    (root / "report/figures/ru").mkdir()
    for ending in ("png", "svg"):
        drawing = (root / f"report/figures/en/fig-trend.{ending}").read_bytes()
        (root / f"report/figures/ru/fig-trend.{ending}").write_bytes(drawing)
    chapter = (root / "report/figure.qmd").read_text("utf-8")
    chapter = chapter.replace("(report/figures/en/fig-trend.csv)", "(report/figures/fig-trend.csv)")
    (root / "report/figure.qmd").write_text(chapter, "utf-8")
    (root / "report/figures/fig-trend.csv").write_text("year\n1\n", "utf-8")
    path, word = render(root, to=["html", "docx"], say=lambda line: None)
    page = lxml_html.document_fromstring(path.read_bytes())
    links = page.xpath("//*[@id='fig-trend']//div[@class='figure-source']//a")
    assert [(a.text, a.get("href"), a.get("download")) for a in links] == [
        ("Data (CSV)", "report/figures/fig-trend.csv", ""),
        ("PNG", "figures/fig-trend-ru.png", "fig-trend-ru.png"),
        ("SVG", "report/figures/ru/fig-trend.svg", "fig-trend-ru.svg"),
        ("Ссылка", "figures/fig-trend-ru.html", None),
    ]
    assert not page.xpath("//*[@id='tbl-second']//div[@class='figure-source']//a")
    assert b"fig-trend-ru" not in word.read_bytes()


def test_the_editions_name_a_picture_with_words() -> None:
    for name, language in (("index", "en"), ("index-ru", "ru"), ("index-kk", "kk")):
        text = (PROJECT / f"{name}.qmd").read_text("utf-8")
        assert f"image: report/figures/{language}/" in text
        assert re.search(r'^image-alt: ".+"$', text, re.M)
