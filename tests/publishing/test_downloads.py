"""The folder of data and the notebooks' pages: package, checksums, pages; made inputs and built."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import NOTEBOOKS, OUTPUT, PROCESSED
from karaganda_vibe.project.zips import SAME_TIME, zipped
from karaganda_vibe.publishing import data_pages, downloads
from karaganda_vibe.publishing.notebook_pages import (
    coloured,
    figure_alts,
    notebook_html,
    notebook_title,
    notebook_titles,
)
from karaganda_vibe.publishing.running_cell import ids_of_cells, read_cells
from karaganda_vibe.publishing.site_pages import home, page_name, read_words, render_page
from karaganda_vibe.publishing.values import number_value
from karaganda_vibe.words.languages import LANGUAGES

DATA = OUTPUT / "data"
PAGES = [
    *(f"data/{page_name(stem, code)}" for stem in ("index", "numbers") for code in LANGUAGES),
    *(f"notebooks/{path.stem}.html" for path in sorted(NOTEBOOKS.glob("*.ipynb"))),
]
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"


def made_notebook(path: Path, cells: list[dict[str, object]]) -> Path:
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}), encoding="utf-8")
    return path


def code(identifier: str, source: str, *outputs: dict[str, object]) -> dict[str, object]:
    return {"cell_type": "code", "id": identifier, "source": source, "outputs": list(outputs)}


def text(identifier: str, source: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": identifier, "source": source}


def shown(data: dict[str, str]) -> dict[str, object]:
    return {"output_type": "execute_result", "data": data}


@pytest.fixture
def made(tmp_path: Path) -> html.HtmlElement:
    frame = (
        '<div>\n<style scoped>th {top: 0}</style>\n<table border="1" class="dataframe"><thead>'
        '<tr style="text-align: right;"><th></th><th>net</th></tr></thead><tbody>'
        "<tr><th>0</th><td>1</td></tr></tbody></table>\n</div>"
    )
    path = made_notebook(
        tmp_path / "01_made.ipynb",
        [
            text("first", "# Made title\n\nMade <b>lead</b>."),
            text("second", "## Made part"),
            code(
                "third",
                'book.figure("fig-made", x < 1)  # why',
                shown({"image/png": PICTURE + "\n"}),
                shown({"text/html": frame, "text/plain": "no"}),
                {"output_type": "stream", "text": ["\x1b[31mone\x1b[0m\n", "two"]},
            ),
            text("fourth", "### Made detail"),
        ],
    )
    return html.document_fromstring(notebook_html(path, {"fig-made": "Made picture with 1 < 2"}))


def test_a_notebook_becomes_a_page_with_its_cells_as_anchors(made):
    assert [cell.get("id") for cell in made.xpath("//div[contains(@class, 'cell ')]")] == [
        "first",
        "second",
        "third",
        "fourth",
    ]
    assert [head.text_content() for head in made.xpath("//h1")] == ["Made title"]
    assert made.xpath("//h2/@id") == ["Made-part"]
    assert made.xpath("//h3[text()='Made detail']")
    assert made.xpath("//html/@lang") == ["en"]
    assert made.xpath("//a[@download]/@href") == ["01_made.ipynb"]
    assert "<b>lead</b>" in made.text_content(), "raw HTML of a text cell is shown, not run"


def test_outputs_of_a_notebook_are_readable(made):
    assert made.xpath("//img/@alt") == ["Made picture with 1 < 2"]
    assert made.xpath("//img/@src") == [f"data:image/png;base64,{PICTURE}"]
    assert made.xpath("//thead/tr/*[1]")[0].tag == "td", "an empty head is no head"
    assert made.xpath("//thead//th/@scope") == ["col"]
    assert made.xpath("//tbody//th/@scope") == ["row"]
    assert not made.xpath("//table/@border | //main//style")
    assert made.xpath("//div[@class='output']/pre")[0].text_content() == "one\ntwo"
    scrolled = made.xpath("//div[@class='table-box'] | //div[@class='output']/pre")
    assert all(box.get("tabindex") == "0" and box.get("aria-label") for box in scrolled)


def test_code_keeps_every_letter_and_is_escaped():
    source = 'if x < 1:\n    """Doc."""\n    y = f"{x} & more"  # why\n'
    marked = coloured(source)
    assert html.fromstring(f"<pre>{marked}</pre>").text_content() == source
    assert '<span class="k">if</span>' in marked
    assert '<span class="c"># why</span>' in marked


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no json", "is not a notebook"),
        ('{"cells": []}', "is not a notebook"),
        (json.dumps({"cells": [code("a", "x = 1")]}), "first cell must be text"),
        (json.dumps({"cells": [text("a", "#")]}), "first cell must be text"),
        (json.dumps({"cells": [text("a", "# T"), code("a", "x")]}), "needs an id of its own"),
        (json.dumps({"cells": [{"cell_type": "markdown", "source": "# T"}]}), "an id of its own"),
    ],
)
def test_what_is_no_notebook_is_refused(tmp_path, content, message):
    path = tmp_path / "made.ipynb"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ProjectError, match=message):
        notebook_html(path, {})


def test_every_notebook_has_ids_and_a_title_of_its_own():
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    titles = [notebook_title(path) for path in paths]
    assert len(set(titles)) == len(paths) > 10
    assert all(ids_of_cells(read_cells(path), path) for path in paths)
    assert len(figure_alts()) > 20


def test_a_zip_has_the_same_bytes_whenever_it_is_made(tmp_path):
    files = {"made/b.csv": b"b\n1\n", "made/a.csv": b"a\n"}
    content = zipped(files)
    assert content == zipped(dict(reversed(files.items())))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["made/a.csv", "made/b.csv"]
        assert {info.date_time for info in archive.infolist()} == {SAME_TIME}
        assert archive.read("made/b.csv") == files["made/b.csv"]


def test_checksums_are_those_of_sha256sum():
    lines = downloads.sha256_sums({"b": b"", "a": b"made"}).splitlines()
    assert lines == [
        f"{hashlib.sha256(b'made').hexdigest()}  a",
        f"{hashlib.sha256().hexdigest()}  b",
    ]


def test_a_table_that_is_not_the_described_one_stops_the_package(tmp_path):
    with pytest.raises(ProjectError, match="cannot be read"):
        downloads.processed_files(tmp_path)
    described = {"resources": [{"path": "made.csv", "hash": "sha256:0"}]}
    (tmp_path / "datapackage.json").write_text(json.dumps(described))
    (tmp_path / "made.csv").write_text("made\n1\n")
    with pytest.raises(ProjectError, match=r"made\.csv is not the table that"):
        downloads.processed_files(tmp_path)
    (tmp_path / "made.csv").unlink()
    with pytest.raises(ProjectError, match=r"made\.csv is not the table that"):
        downloads.processed_files(tmp_path)


def test_sizes_are_written_as_each_language_writes_them():
    assert data_pages.written_size(200, "en", {"kb": "KB", "mb": "MB"}) == "1\u00a0KB"
    assert data_pages.written_size(1_440_000, "ru", {"kb": "КБ", "mb": "МБ"}) == "1,4\u00a0МБ"


def test_editions_and_pages_are_found_from_each_other():
    assert home("en") == "../index.html"
    assert home("kk") == "../kk/index-kk.html"
    assert [page_name("index", code) for code in ("en", "ru")] == ["index.html", "index-ru.html"]


def test_words_are_there_in_every_language_or_named(tmp_path):
    assert set(read_words("en")) == set(read_words("ru")) == set(read_words("kk"))
    path = tmp_path / "words.yml"
    path.write_text('made: { en: "Made", ru: "" }\n', encoding="utf-8")
    assert read_words("en", path) == {"made": "Made"}
    with pytest.raises(ProjectError, match="'made' has no text in 'ru'"):
        read_words("ru", path)


def test_a_template_that_asks_for_too_much_is_named():
    with pytest.raises(ProjectError, match=r"notebook\.html\.j2: 'title' is undefined"):
        render_page("notebook.html.j2", "en")
    with pytest.raises(ProjectError, match=r"gone\.j2"):
        render_page("gone.j2", "en")


def test_links_are_offered_for_numbers_only():
    net = number_value("net", -5, "persons", "net migration", "made")
    word = downloads.Value("verdict", None, "word", {"en": "loss"}, "sign", "made")
    meanings = {"net": {code_: f"made {code_}" for code_ in LANGUAGES}}
    links = downloads.value_links({"net": net, "verdict": word}, meanings, ["01_made"])
    assert links["names"] == meanings
    with pytest.raises(ProjectError, match="does not say what the value 'net' means"):
        downloads.value_links({"net": net}, {}, [])
    assert "_output/notebooks/01_made.html" in links["pages"]
    for code_ in LANGUAGES:
        group = links["groups"][code_]
        page, _, anchor = group["address"].partition("#")
        assert page in links["pages"]
        assert group["page"] in links["pages"]
        assert anchor == "value-{name}"
    assert links["groups"]["ru"]["address"] == "_output/data/numbers-ru.html#value-{name}"


# What `make report` wrote.


@pytest.fixture(scope="module")
def anchors() -> dict[str, set[str]]:
    return {
        name: set(html.document_fromstring((OUTPUT / name).read_bytes()).xpath("//@id"))
        for name in PAGES
    }


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_somewhere(name, anchors):
    page = html.document_fromstring((OUTPUT / name).read_bytes())
    for address in page.xpath("//a/@href"):
        parts = urlsplit(address)
        assert not parts.scheme, f"{name}: {address}"
        target = (OUTPUT / name).parent / unquote(parts.path) if parts.path else OUTPUT / name
        assert target.is_file(), f"{name}: {address} leads nowhere"
        place = target.resolve().relative_to(OUTPUT.resolve()).as_posix()
        if parts.fragment and place in anchors:
            assert unquote(parts.fragment) in anchors[place], f"{name}: {address} leads nowhere"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_nothing_of_the_net_and_can_be_read_by_all(name):
    content = (OUTPUT / name).read_bytes()
    page = html.document_fromstring(content)
    assert all(address.startswith("data:") for address in page.xpath("//link/@href"))
    assert not page.xpath("//script[@src] | //iframe | //object | //form")
    assert all(source.startswith("data:") for source in page.xpath("//@src"))
    assert not re.search(rb"@import|url\((?!data:)", content)
    assert len(page.xpath("//h1")) == len(page.xpath("//main")) == 1
    assert all(alternative.strip() for alternative in page.xpath("//img/@alt"))
    assert len(page.xpath("//img")) == len(page.xpath("//img/@alt"))
    identifiers = page.xpath("//@id")
    assert len(identifiers) == len(set(identifiers))
    language = page.xpath("string(/html/@lang)")
    assert language == next((c for c in LANGUAGES if name.endswith(f"-{c}.html")), "en")
    levels = [int(head.tag[1]) for head in page.xpath("//h1 | //h2 | //h3 | //h4 | //h5")]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_published_checksums_hold():
    for line in (DATA / downloads.SUMS).read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not there")
def test_sha256sum_reads_the_checksums_and_finds_a_changed_file(tmp_path):
    command = ["sha256sum", "--check", "--strict", "--quiet", downloads.SUMS]
    for folder in (DATA, unpacked(tmp_path)):
        subprocess.run(command, cwd=folder, check=True)
    (tmp_path / "karaganda-vibe-data" / "results.csv").write_text("made", encoding="utf-8")
    changed = subprocess.run(
        command, cwd=tmp_path / "karaganda-vibe-data", check=False, capture_output=True
    )
    assert changed.returncode == 1


def unpacked(folder: Path) -> Path:
    """The published zip, unpacked in `folder`; returns the folder that it makes."""
    with zipfile.ZipFile(DATA / downloads.ZIP) as archive:
        archive.extractall(folder)
    return folder / Path(downloads.ZIP).stem


@pytest.mark.parametrize("program", ["Python", "R"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lines_of_the_page_load_the_data(program, language, tmp_path):
    command = {"Python": [sys.executable, "-c"], "R": ["Rscript", "-e"]}[program]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed here")
    page = html.document_fromstring((DATA / page_name("index", language)).read_bytes())
    lines = page.xpath(f"//h3[.='{program}']/following-sibling::pre[1]")[0].text_content()
    unpacked(tmp_path)
    done = subprocess.run(
        [*command, lines], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    results = json.loads((DATA / "results.json").read_text("utf-8"))["results"]
    (net,) = (result["number"] for result in results if result["name"] == "net_latest")
    assert float(done.stdout.split()[-1]) == net  # R numbers what it prints: [1] -5697


def test_the_published_package_describes_every_table(tmp_path):
    """That the tables keep to it is checked where it is made (test_codebook)."""
    folder = unpacked(tmp_path) / "data" / "processed"
    described = json.loads((folder / "datapackage.json").read_text("utf-8"))["resources"]
    tables = {path.name for path in folder.glob("*.csv")} - {"codebook.csv"}
    assert {resource["path"] for resource in described} == tables
    assert len(tables) > 30


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_only_what_is_said_to_be_english_is_english(language):
    """Letters of the page's alphabet in every heading, meaning, unit and title."""
    numbers = html.document_fromstring((DATA / page_name("numbers", language)).read_bytes())
    index = html.document_fromstring((DATA / page_name("index", language)).read_bytes())
    texts = [
        *numbers.xpath("//h1 | //h2 | //thead//th | //tbody//td[position()=3]"),
        *index.xpath("//h2 | //section/h3 | //h2[@id='notebooks']/following-sibling::ul[1]/li"),
    ]
    assert len(texts) > 800
    bare = [text.text_content() for text in texts]
    assert [text for text in bare if not re.search("[а-яё]", text, re.I)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_citation_names_the_edition_that_is_cited(language):
    title = data_pages.edition_title(language)
    page = html.document_fromstring((DATA / page_name("index", language)).read_bytes())
    cited = page.xpath("string(//h2[@id='cite']/following-sibling::p[1])")
    assert title in cited
    others = {data_pages.edition_title(other) for other in LANGUAGES} - {title}
    assert not any(other in cited for other in others)


def test_descriptions_are_in_the_language_of_the_page_or_marked_as_english():
    words = {"made unit": {"en": "made unit", "ru": "единица", "kk": "бірлік"}}
    assert data_pages._told("made unit", "ru", words) == "единица"
    assert data_pages._told("made unit", "en", words) == "made unit"
    assert (
        data_pages._told("other & unit", "kk", words) == '<span lang="en">other &amp; unit</span>'
    )
    assert data_pages._told("", "kk", words) == ""


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_no_description_on_the_page_is_left_in_english(language):
    page = html.document_fromstring((DATA / page_name("index", language)).read_bytes())
    assert len(page.xpath("//section//tbody/tr")) > 400
    left = page.xpath("//section//tbody//td//span[@lang='en'] | //tr/td/span[@lang='en']")
    assert [text.text_content() for text in left] == [], "add it to metadata/texts/data_words.csv"


def test_an_article_without_a_title_is_named(tmp_path):
    (tmp_path / "index-ru.qmd").write_text("---\nauthor: made\n---\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="has no line subtitle"):
        data_pages.edition_title("ru", tmp_path)


def test_every_notebook_has_its_title_in_every_language(tmp_path):
    titles = notebook_titles()
    assert set(titles) == {path.stem for path in NOTEBOOKS.glob("*.ipynb")}
    made_notebook(tmp_path / "01_made.ipynb", [text("a", "# Made title")])
    table = tmp_path / "titles.csv"
    table.write_text("notebook,ru,kk\n01_made,Название,Атауы\n", encoding="utf-8")
    assert notebook_titles(tmp_path, table)["01_made"] == {
        "en": "Made title",
        "ru": "Название",
        "kk": "Атауы",
    }
    table.write_text("notebook,ru,kk\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="has no title of the notebook '01_made'"):
        notebook_titles(tmp_path, table)
    table.write_text("notebook,ru,kk\n01_made,Н,А\n02_gone,Н,А\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="names no notebook: '02_gone'"):
        notebook_titles(tmp_path, table)


def test_the_zip_holds_the_processed_tables_and_its_own_checksums():
    with zipfile.ZipFile(DATA / downloads.ZIP) as archive:
        files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    for path in PROCESSED.glob("*.csv"):
        assert files[f"data/processed/{path.name}"] == path.read_bytes()
    assert files["results.json"] == (DATA / "results.json").read_bytes()
    sums = files.pop(downloads.SUMS).decode()
    assert sums == downloads.sha256_sums(files)
    assert {"README.md", "LICENSE-DATA.md", "data/processed/datapackage.json"} <= set(files)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_has_its_row(language):
    page = html.document_fromstring((DATA / page_name("numbers", language)).read_bytes())
    results = json.loads((DATA / "results.json").read_text("utf-8"))["results"]
    rows = {row.get("id"): row for row in page.xpath("//tbody/tr")}
    numbers = [result for result in results if result["type"] == "number"]
    assert set(rows) == {f"value-{result['name']}" for result in numbers}
    for result in numbers:
        row = rows[f"value-{result['name']}"]
        assert row.xpath("string(.//strong)") == result["text"][language]
        assert row.xpath("string(td[1])") == result["text_unit"][language]
        assert row.xpath("string(td[3])").startswith(result["meaning"][language])
        assert f"../{result['address']}" in row.xpath(".//a/@href")


@pytest.mark.parametrize(("document", "least"), [("index", 50), ("annexes", 200)])
def test_the_numbers_of_the_report_lead_to_their_rows(anchors, document, least):
    report = html.document_fromstring((OUTPUT / f"{document}.html").read_bytes())
    links = report.xpath("//a[@class='value']")
    if not links:
        pytest.skip("rendered with Quarto, which does not know where a variable comes from")
    assert len(links) > least
    assert len({link.get("href") for link in links}) == len(links), "only first mentions are links"
    for link in links:
        page, _, anchor = link.get("href").partition("#")
        assert anchor in anchors[page]
        assert link.get("title")
    assert not report.xpath("//h2//a[@class='value'] | //figcaption//a[@class='value']")
