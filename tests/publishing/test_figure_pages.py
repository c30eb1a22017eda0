"""A page for each figure: what it says, shows, links to, and tells a messenger."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from lxml import html as lxml_html
from PIL import Image

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import GENERATED
from karaganda_vibe.publishing import figure_pages
from karaganda_vibe.publishing.figure_cards import figure_card
from karaganda_vibe.publishing.figure_pages import (
    figure_page,
    figures_of,
    read_figure_text,
    size_of,
)
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
    """Folders with one made figure in Russian; its picture is a red square in an empty one."""
    for folder in ("generated/ru", "figures/ru"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "generated/ru/_fig-made.qmd").write_text(BLOCK, "utf-8")
    drawing = Image.new("RGBA", (640, 360), (0, 0, 0, 0))
    drawing.paste((255, 0, 0, 255), (300, 100, 400, 200))
    drawing.save(tmp_path / "figures/ru/fig-made.png")
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
    source = figure_page("fig-made", ANNEXES, "ru", (640, 480), "https://made.example/")
    page = lxml_html.document_fromstring(source)
    assert page.get("lang") == "ru"
    assert page.xpath("string(//h1)") == said(page, "og:title") == "Made *headline* < 6"
    assert said(page, "og:description") == "Made subtitle, unit."
    assert said(page, "og:image") == "https://made.example/figures/fig-made-ru.png"
    assert (said(page, "og:image:width"), said(page, "og:image:height")) == ("640", "480")
    assert said(page, "og:url") == "https://made.example/figures/fig-made-ru.html"
    assert page.xpath("//main//img/@src") == ["../report/figures/ru/fig-made.svg"]
    assert page.xpath("//main//img/@alt") == ['Made "alt" & words']
    assert "Made source" in page.xpath("string(//p[@class='figure-source'])")
    assert page.xpath("//main//a/@href")[0] == "../ru/annexes-ru.html#fig-made"
    assert {"fig-made.html", "fig-made-kk.html"} <= set(page.xpath("//nav//a/@href"))


def test_without_a_site_the_addresses_are_relative(made: Path) -> None:
    page = lxml_html.document_fromstring(figure_page("fig-made", REPORT, "ru", (640, 480)))
    assert said(page, "og:image") == "fig-made-ru.png"
    assert not page.xpath("//meta[@property='og:url']")


def ink_rows(card: bytes) -> list[bool]:
    """For each row of the picture whether anything but paper and the red square is in it."""
    pixels = np.asarray(Image.open(BytesIO(card)).convert("RGB")).astype(int)
    red = (pixels[..., 0] > 200) & (pixels[..., 1] < 60)
    dark = pixels.sum(axis=2) < 600
    return [bool(row) for row in (dark & ~red).any(axis=1)]


def test_a_card_has_the_drawing_between_its_texts(made: Path) -> None:
    drawing = made / "figures/ru/fig-made.png"
    card = figure_card(drawing, "Made headline", "Made subtitle", "Made source")
    width, height = size_of(card)
    assert width == 640
    assert height > 360
    pixels = np.asarray(Image.open(BytesIO(card)).convert("RGB"))
    rows, columns = np.nonzero((pixels == (255, 0, 0)).all(axis=2))
    assert (columns.min(), columns.max(), len(rows)) == (300, 399, 100 * 100)
    inked = np.flatnonzero(ink_rows(card))
    top, bottom = rows.min() - 100, rows.max() + 160
    assert (inked < top).sum() > 20
    assert (inked > bottom).sum() > 5
    assert not ((inked >= top) & (inked <= bottom)).any()


def test_a_long_headline_of_a_card_is_broken_between_words(made: Path) -> None:
    drawing = made / "figures/ru/fig-made.png"
    short = size_of(figure_card(drawing, "Made", "Made", "Made"))
    long = size_of(figure_card(drawing, " ".join(["Жезқазған"] * 12), "Made", "Made"))
    assert long[0] == short[0]
    assert long[1] - short[1] == pytest.approx(2 * 640 * 0.032 * 1.35, abs=3)
    margin = round(0.03 * 640)
    pixels = np.asarray(Image.open(BytesIO(figure_card(drawing, "Ж " * 90, "М", "М"))))
    assert (pixels[:, -margin:] == 255).all()


def test_every_figure_of_the_report_and_the_annexes_can_have_a_page() -> None:
    figures = figures_of(LANGUAGES[0])
    assert set(figures.values()) == {REPORT, ANNEXES}
    for language in LANGUAGES:
        assert figures_of(language) == figures
        for name in figures:
            text = read_figure_text(GENERATED / language / f"_{name}.qmd")
            words = " ".join([text.headline, text.subtitle, text.source])
            assert not set(words) & set("*`[]{}@\\"), (language, name)
