"""The two-page summary: two pages, its texts and numbers on them, nothing from elsewhere."""

import io
import json
import re
import shutil

import pandas as pd
import pytest
from pypdf import PdfReader

from karaganda_vibe.findings.recommendations import WORDS
from karaganda_vibe.panels.migration_series import sum_of_places, with_later_figures
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import FIGURES, PROCESSED
from karaganda_vibe.publishing import summary_pdf
from karaganda_vibe.publishing.summary import COUNTED, Finding, summary_content
from karaganda_vibe.words.languages import LANGUAGES, format_number


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture(scope="module")
def content(language):
    return json.loads(summary_pdf.CONTENT.read_text("utf-8"))[language]


@pytest.fixture(scope="module")
def pdf(language):
    return PdfReader(io.BytesIO(summary_pdf.compile_summary(language)))


def plain(text):
    return re.sub(r"[\s\u00ad‐-]", "", text)


def test_it_has_two_pages_of_a4(pdf):
    assert len(pdf.pages) == summary_pdf.PAGES == 2
    for leaf in pdf.pages:
        assert float(leaf.mediabox.width) == pytest.approx(595.28, abs=0.1)
        assert float(leaf.mediabox.height) == pytest.approx(841.89, abs=0.1)


def test_every_text_of_the_content_is_on_the_pages(pdf, content):
    shown = plain("".join(leaf.extract_text() for leaf in pdf.pages))

    def texts(part):
        if isinstance(part, str):
            yield part
        elif isinstance(part, list):
            for each in part:
                yield from texts(each)
        elif isinstance(part, dict):
            for each in part.values():
                yield from texts(each)

    # The language is no text, and what the map shows is said to those who do not see it.
    unseen = {"lang", "map_alt"}
    wanted = [text for key, part in content.items() if key not in unseen for text in texts(part)]
    assert len(wanted) > 100
    assert [text for text in wanted if plain(text) not in shown] == []


def test_the_map_says_what_it_shows(pdf, content):
    objects = (pdf.get_object(number) for number in range(1, pdf.trailer["/Size"]))
    said = [part["/Alt"] for part in objects if isinstance(part, dict) and "/Alt" in part]
    assert content["map_alt"] in said


def test_it_is_tagged_and_says_its_title_and_language(pdf, content, language):
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == language
    assert pdf.metadata.title == content["title"]
    assert [item.title for item in pdf.outline if not isinstance(item, list)]


def test_it_brings_its_fonts_and_only_that_of_the_theme(pdf):
    fonts = {}
    for leaf in pdf.pages:
        for reference in leaf["/Resources"]["/Font"].values():
            font = reference.get_object()
            inner = font["/DescendantFonts"][0].get_object()
            fonts[font["/BaseFont"]] = inner["/FontDescriptor"].get_object()
    assert fonts
    for name, descriptor in fonts.items():
        assert "Inter" in name
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)


def test_the_same_content_gives_the_same_bytes(language):
    first, second = (summary_pdf.compile_summary(language) for _ in range(2))
    assert first == second


def test_five_findings_each_with_a_word_that_is_explained(content):
    assert len(content["findings"]) == 5
    explained = {word for word, _ in content["words"]}
    assert {finding["word"] for finding in content["findings"]} <= explained
    assert len(explained) == len(WORDS) + 1


def test_numbers_are_those_of_the_tables(content, language):
    import pandas as pd

    districts = pd.read_csv(PROCESSED / "districts.csv")
    regions = pd.read_csv(PROCESSED / "regions.csv")
    own = regions[(regions["region"] == "KZ-35") & ~regions["borders"].str.startswith("until")]
    places = sum_of_places(districts, "KZ-35")
    series = with_later_figures(places, own.set_index("year")["net_migration_total"])
    number = format_number(series.iloc[-1], "signed_persons", language)
    assert content["cards"][0][0] == number
    city = districts[
        (districts["place_id"] == "karaganda-city") & (districts["year"] == places.index.max())
    ]["net_migration"].iloc[0]
    assert content["cards"][1][0] == format_number(city, "signed_persons", language)
    rest = format_number(places.iloc[-1] - city, "signed_persons", language)
    assert rest in content["cards"][1][2]
    rates = [place["rate"] for place in content["places"]]
    assert rates == sorted(rates)
    assert len(rates) == districts[districts["region"] == "KZ-35"]["place_id"].nunique()
    table = pd.read_csv(PROCESSED / "recommendations.csv")
    assert [row["lever"] for row in content["levers"]] == table[f"lever_{language}"].tolist()


def test_a_text_that_does_not_fit_is_an_error_and_not_a_third_page(tmp_path, monkeypatch, language):
    folder = tmp_path / "report"
    (folder / "generated").mkdir(parents=True)
    (folder / "theme").mkdir()
    made = json.loads(summary_pdf.CONTENT.read_text("utf-8"))
    made[language]["lead"] = "made words " * 2000
    target = folder / "generated" / "summary.json"
    target.write_text(json.dumps(made), "utf-8")
    template = folder / "theme" / "summary.typ"
    template.write_text(summary_pdf.TEMPLATE.read_text("utf-8"), "utf-8")
    shutil.copytree(FIGURES / language, folder / "figures" / language)
    monkeypatch.setattr(summary_pdf, "CONTENT", target)
    monkeypatch.setattr(summary_pdf, "TEMPLATE", template)
    monkeypatch.setattr(summary_pdf, "PROJECT", tmp_path)
    with pytest.raises(ProjectError, match="the summary must have 2 pages"):
        summary_pdf.compile_summary(language)
    target.unlink()
    with pytest.raises(ProjectError, match="run the notebook 14_recommendations"):
        summary_pdf.compile_summary(language)


def test_a_finding_needs_a_known_word():
    made = [Finding("a", "b", COUNTED)] * 4
    with pytest.raises(ProjectError, match="has 4 findings; expected five"):
        summary_content(None, cards=[], findings=made, places=None, focus="", levers=None)
    with pytest.raises(ProjectError, match="has the word 'proved'"):
        summary_content(
            None,
            cards=[],
            findings=[*made, Finding("a", "b", "proved")],
            places=None,
            focus="",
            levers=None,
        )


class MadeBook:
    """Texts and values that say their own names."""

    def label(self, identifier, part):
        return {code: f"{identifier}:{part}:{code}" for code in LANGUAGES}

    def written(self, name):
        return {code: f"{name}={code}" for code in LANGUAGES}


def test_cards_places_and_levers_stand_in_their_order():
    places = pd.DataFrame(
        {"en": ["A", "B", "C", "D"], "ru": "", "kk": "", "rate": [2.0, -9.0, None, -1.0]},
        index=["a", "b", "c", "d"],
    )
    levers = pd.DataFrame(
        [
            {"rank": rank, "word": word, "effect": 1.0, "low": 0.5, "high": 2.0, "caution": "none",
             **{f"{part}_{code}": f"{part}{rank}" for code in LANGUAGES
                for part in ("lever", "concerned", "measure_next", "who")}}
            for rank, word in ((1, "firm"), (2, "not measured"))
        ]
    )  # fmt: skip
    findings = [Finding(f"h{n}", f"t{n}", COUNTED) for n in range(5)]
    content = summary_content(
        MadeBook(), cards=[("second", "x", "y"), ("first", "z", "w")], findings=findings,
        places=places, focus="d", levers=levers,
    )["en"]  # fmt: skip
    assert content["cards"] == [
        ["second=en", "summary:x:en", "summary:y:en"], ["first=en", "summary:z:en", "summary:w:en"]
    ]  # fmt: skip
    # The largest loss first; a place without a rate is left out.
    assert [(place["name"], place["focus"]) for place in content["places"]] == [
        ("B", False), ("D", True), ("A", False)
    ]  # fmt: skip
    assert [lever["lever"] for lever in content["levers"]] == ["lever1", "lever2"]
    assert content["levers"][0]["size"] == "+1.00 (+0.50 … +2.00)"
    assert content["levers"][1]["size"] == "summary:size_missing:en"
    assert [finding["headline"] for finding in content["findings"]] == [
        f"summary:h{n}:en" for n in range(5)
    ]
    assert [step["who"] for step in content["next"]] == ["who1", "who2"]
