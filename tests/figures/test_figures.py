"""The figure helper writes all parts of a figure, the same on every run, and refuses poor texts."""

import re

import pandas as pd
import pytest

from karaganda_vibe.figures import saving as figures
from karaganda_vibe.figures.style import _mean, spread_labels
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.publishing import report_tables
from karaganda_vibe.words.texts import Texts

VALUES = {"en": {"net": "−6,181"}}
TEXTS = """
exhibits:
 fig-made:
   headline: {en: "The made region lost {net} people"}
   long:
     en: >-
       one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
       sixteen
   subtitle: {en: "Made persons."}
   alt:
     en: >-
       Line chart of made figures for a test: the made region lost {net} people, more than in any
       other made year.
   source: {en: "made for a test"}
   label: {en: "Made"}
 fig-poor:
   headline: {en: "A made headline"}
   subtitle: {en: "Made."}
   alt: {en: "A chart."}
   source: {en: "made"}
 tbl-made:
   headline: {en: "A made table"}
   subtitle: {en: "Persons."}
   source: {en: "made for a test"}
   column_place: {en: "Place"}
   column_net: {en: "Net"}
"""
DATA = pd.DataFrame({"year": [2023, 2024], "net": [-5.0, -7.0]})


@pytest.fixture
def texts(tmp_path, monkeypatch):
    path = tmp_path / "made.yml"
    path.write_text(TEXTS, encoding="utf-8")
    for module in (figures, report_tables):
        monkeypatch.setattr(module, "LANGUAGES", ("en",))
        monkeypatch.setattr(module, "PROJECT", tmp_path)
        monkeypatch.setattr(module, "FIGURES", tmp_path / "report" / "figures")
        monkeypatch.setattr(module, "GENERATED", tmp_path / "report" / "generated")
    monkeypatch.setattr(figures, "figure_table", lambda *_: "")  # has its own tests
    return Texts(path, "exhibits")


def draw(figure, pen):
    axes = figure.subplots()
    axes.plot(DATA["year"], DATA["net"], label=pen.say("label"))
    axes.set_title(pen.number(-7, "signed_persons"))


def make(texts, identifier="fig-made", **options):
    return figures.save_figure(
        identifier, draw, DATA, texts=texts, values=VALUES, notebook="made", **options
    )


def test_a_figure_has_picture_data_and_block(texts, tmp_path):
    make(texts)
    folder = tmp_path / "report" / "figures"
    first = (folder / "en" / "fig-made.svg").read_bytes()
    assert (folder / "fig-made.csv").read_text() == "year,net\n2023,-5.0\n2024,-7.0\n"
    narrow = (folder / "en" / "fig-made-narrow.svg").read_text(encoding="utf-8")
    assert 'viewBox="0 0 266.4 ' in narrow
    assert (folder / "en" / "fig-made.png").read_bytes().startswith(b"\x89PNG")
    block = (tmp_path / "report" / "generated" / "en" / "_fig-made.qmd").read_text()
    assert "**The made region lost −6,181 people.** Made persons." in block
    assert 'fig-alt="Line chart of made figures' in block
    assert "[Data (CSV)](report/figures/fig-made.csv)" in block
    (folder / "en" / "fig-made.svg").unlink()
    make(texts)
    assert (folder / "en" / "fig-made.svg").read_bytes() == first


def test_the_svg_holds_text_and_no_ground(texts, tmp_path):
    make(texts)
    svg = (tmp_path / "report/figures/en/fig-made.svg").read_text(encoding="utf-8")
    assert ">−7</text>" in svg
    assert 'font-family="Inter' in svg
    assert "#ffffff" not in svg
    assert "<metadata" not in svg
    assert "<!DOCTYPE" not in svg
    assert not re.search(r'd="[^"]*\.\d\d', svg)
    assert len(svg) < 5000


def test_texts_on_one_another_are_refused(texts):
    def crowded(figure, pen):
        axes = figure.subplots()
        axes.text(0.5, 0.5, "one made word")
        axes.text(0.5, 0.5, "another")

    with pytest.raises(ProjectError, match=r"fig-made: .*en, wide: 'one made word' and 'another'"):
        figures.save_figure("fig-made", crowded, DATA, texts=texts, values=VALUES, notebook="made")


def test_a_headline_that_is_too_long_is_refused(texts):
    with pytest.raises(ProjectError, match="16 words"):
        make(texts, headline="long")


def test_an_alternative_text_without_numbers_is_refused(texts):
    with pytest.raises(ProjectError, match=r"fig-poor: the en alternative text"):
        make(texts, "fig-poor")


def test_a_value_that_was_not_computed_is_named(texts):
    with pytest.raises(ProjectError, match=r"fig-made.headline names the value 'net'"):
        texts.text("fig-made", "headline", "en", {})


def test_a_missing_language_is_named(texts):
    with pytest.raises(ProjectError, match=r"fig-made.headline has no text in 'kk'"):
        texts.text("fig-made", "headline", "kk", VALUES["en"])


def test_a_text_that_a_comma_cut_in_two_is_found(tmp_path):
    path = tmp_path / "cut.yml"
    path.write_text("exhibits: {fig-a: {headline: {en: One, two and three}}}\n", encoding="utf-8")
    with pytest.raises(ProjectError, match=r"fig-a.headline has 'two and three'"):
        Texts(path, "exhibits").text("fig-a", "headline", "en", {})


def test_a_table_is_aligned_by_kind_and_shows_gaps(texts, tmp_path):
    data = pd.DataFrame({"place_en": ["Made | town", "Other"], "net": [-1234.0, None]})
    columns = [
        report_tables.Column("place", width=20),
        report_tables.Column("net", "signed_persons"),
    ]
    report_tables.save_table("tbl-made", data, columns, texts=texts, values=VALUES, notebook="made")
    lines = (tmp_path / "report/generated/en/_tbl-made.qmd").read_text().splitlines()
    assert lines[0] == "| Place | Net |"
    assert lines[1].endswith(":|")
    assert lines[2] == "| Made \\| town | −1,234 |"
    assert lines[3] == "| Other | – |"
    assert ": **A made table.** Persons. {#tbl-made}" in lines


def test_columns_of_sentences_get_their_width_on_paper():
    narrow = [report_tables.Column("place", width=30), report_tables.Column("net", "persons", 10)]
    wide = [report_tables.Column("place", width=20), report_tables.Column("why", width=30)]
    assert report_tables._widths(narrow) == ""
    assert report_tables._widths(wide) == ' tbl-colwidths="[40,60]"'


def test_labels_are_moved_apart_in_order():
    placed = spread_labels([0.0, 1.0, 30.0, 0.5], gap=10)
    assert placed[0] < placed[3] < placed[1] < placed[2]
    assert placed[3] - placed[0] >= 10 - 1e-9
    assert placed[1] - placed[3] >= 10 - 1e-9
    assert placed[2] == 30.0


def test_the_middle_of_labels_is_the_same_on_every_python():
    # Added up by Python's own sum before 3.12, ten tenths are less than one.
    assert _mean(range(10), [0.1] * 10, dict.fromkeys(range(10), 0.0)) == 0.1
