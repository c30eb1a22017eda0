"""A page for each figure: what it says, shows, links to, and tells a messenger."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from lxml import html as lxml_html

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import GENERATED
from karaganda_vibe.publishing import figure_pages
from karaganda_vibe.publishing.figure_pages import figure_page, figures_of, read_figure_text
from karaganda_vibe.words.languages import ANNEXES, LANGUAGES, REPORT

BLOCK = """::: {#fig-made}
![](report/figures/ru/fig-made.svg){fig-alt="Made \\"alt\\" \\& words" width="100%"}

::: {.figure-source}
Made source (a *made* bureau) & 5 (@tbl-made). [Data (CSV)](../report/figures/fig-made.csv) · [Code](../notebooks/made.html#cell-1)
:::

**Made \\*headline\\* < 6.** Made subtitle, unit.
:::

after
"""  # noqa: E501  # one line in the file too


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders with one made figure in Russian; its picture has only the head of a PNG."""
    for folder in ("generated/ru", "figures/ru"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "generated/ru/_fig-made.qmd").write_text(BLOCK, "utf-8")
    head = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + struct.pack(">II", 640, 360)
    (tmp_path / "figures/ru/fig-made.png").write_bytes(head)
    monkeypatch.setattr(figure_pages, "GENERATED", tmp_path / "generated")
    monkeypatch.setattr(figure_pages, "FIGURES", tmp_path / "figures")
    return tmp_path


def said(page: lxml_html.HtmlElement, name: str) -> str:
    return str(page.xpath(f"string(//meta[@property='{name}']/@content)"))


def test_the_texts_of_a_figure_are_read_as_plain_text(made: Path) -> None:
    text = read_figure_text(made / "generated/ru/_fig-made.qmd")
    assert text.headline == "Made *headline* < 6"
    assert text.subtitle == "Made subtitle, unit."
    assert text.source == "Made source (a made bureau) & 5."
    assert text.alt == 'Made "alt" & words'


def test_a_block_of_another_form_is_refused(made: Path) -> None:
    (made / "generated/ru/_fig-made.qmd").write_text("Made text", "utf-8")
    with pytest.raises(ProjectError, match="expected the block of a figure"):
        read_figure_text(made / "generated/ru/_fig-made.qmd")


def test_a_page_shows_its_figure_and_tells_a_messenger_of_it(made: Path) -> None:
    source = figure_page("fig-made", ANNEXES, "ru", "https://made.example/")
    page = lxml_html.document_fromstring(source)
    assert page.get("lang") == "ru"
    assert page.xpath("string(//h1)") == said(page, "og:title") == "Made *headline* < 6"
    assert said(page, "og:description") == "Made subtitle, unit."
    assert said(page, "og:image") == "https://made.example/report/figures/ru/fig-made.png"
    assert (said(page, "og:image:width"), said(page, "og:image:height")) == ("640", "360")
    assert said(page, "og:url") == "https://made.example/figures/fig-made-ru.html"
    assert page.xpath("//main//img/@src") == ["../report/figures/ru/fig-made.svg"]
    assert page.xpath("//main//img/@alt") == ['Made "alt" & words']
    assert "Made source" in page.xpath("string(//p[@class='figure-source'])")
    assert page.xpath("//main//a/@href")[0] == "../ru/annexes-ru.html#fig-made"
    assert {"fig-made.html", "fig-made-kk.html"} <= set(page.xpath("//nav//a/@href"))


def test_without_a_site_the_addresses_are_relative(made: Path) -> None:
    page = lxml_html.document_fromstring(figure_page("fig-made", REPORT, "ru"))
    assert said(page, "og:image") == "../report/figures/ru/fig-made.png"
    assert not page.xpath("//meta[@property='og:url']")


def test_every_figure_of_the_report_and_the_annexes_can_have_a_page() -> None:
    figures = figures_of(LANGUAGES[0])
    assert set(figures.values()) == {REPORT, ANNEXES}
    for language in LANGUAGES:
        assert figures_of(language) == figures
        for name in figures:
            text = read_figure_text(GENERATED / language / f"_{name}.qmd")
            words = " ".join([text.headline, text.subtitle, text.source])
            assert not set(words) & set("*`[]{}@\\"), (language, name)
