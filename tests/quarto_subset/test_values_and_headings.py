"""Values are data in every format; headings may hold notes; refusals name their place."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from lxml import html
from pypdf import PdfReader
from test_quarto_subset import CHAPTER, make_project, word_text

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.markdown import as_text
from karaganda_vibe.quarto_subset import check, render

DATA = [
    "a|b", "*x*", "_x_", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "[x](y)", "@fig-x",
    "{{< var a >}}", "$x$ and $y$", "# head", "2024. text", '"quoted"', "a\\b", "a...b -- c",
    "[^h] ^[n]", "- item", "+ item", "> q", "::: x", "&amp;", "\\cite{x}",
]  # fmt: skip


def project(root: Path, chapter: str, values: dict[str, str] | None = None) -> Path:
    make_project(root)
    lines = "".join(f"  {key}: {json.dumps(text)}\n" for key, text in (values or {}).items())
    (root / "_variables.yml").write_text(f"made:\n  net: '1'\n  place: P\n{lines}", "utf-8")
    (root / "report/chapter.qmd").write_text(f"{CHAPTER}\n{chapter}\n", "utf-8")
    return root


@pytest.mark.parametrize("written", [as_text, str])
def test_values_are_printed_as_they_stand(written, tmp_path: Path) -> None:
    names = {f"v{number}": written(text) for number, text in enumerate(DATA)}
    rows = "\n".join(f"| {{{{< var made.{name} >}}}} | x |" for name in names)
    texts = "\n\n".join(f"{{{{< var made.{name} >}}}}" for name in names)
    root = project(tmp_path, f"{texts}\n\n| A | B |\n|---|---|\n{rows}\n", names)
    page, paper, word = render(root, say=lambda line: None)
    with zipfile.ZipFile(word) as content:
        told = word_text(content)
    texts = {
        "html": html.document_fromstring(page.read_bytes()).text_content(),
        "pdf": "\n".join(leaf.extract_text() for leaf in PdfReader(paper).pages),
        "docx": told,
    }
    missing = {
        (form, value)
        for form, text in texts.items()
        for value in DATA
        if re.sub(r"\s", "", text).count(re.sub(r"\s", "", value)) < 2
    }
    assert missing == set()


def test_a_year_before_a_full_stop_begins_no_list(tmp_path: Path) -> None:
    root = project(tmp_path, "{{< var made.year >}}. It was.", {"year": "2024"})
    page = render(root, to=["html"], say=lambda line: None)[0]
    found = html.document_fromstring(page.read_bytes())
    assert [p.text_content() for p in found.xpath("//p[contains(., 'It was')]")] == [
        "2024. It was."
    ]


@pytest.mark.parametrize("raw", ["```{=html}\n{}\n```", 'A <a title="{}">x</a>'])
def test_no_value_in_raw_html(raw: str, tmp_path: Path) -> None:
    root = project(tmp_path, raw.replace("{}", "{{< var made.net >}}"))
    with pytest.raises(ProjectError, match=r"^report/chapter\.qmd:\d+: .*read as markup"):
        check(root)


def test_a_note_in_a_heading_stands_once_in_the_pdf(tmp_path: Path) -> None:
    heading = "# Noted^[Made heading note, see @sec-weak.] [link](https://made.example)\n\nText."
    root = project(tmp_path, f"{heading}^[Second.]")
    paper = render(root, to=["pdf"], say=lambda line: None)[0]
    text = "\n".join(leaf.extract_text() for leaf in PdfReader(paper).pages)
    assert text.count("Made heading note") == 1
    assert "2Made heading note" in text  # after the one of the article


REFUSED = {
    "Text\n# Head": (1, "heading `# Head` is read as text"),
    "Text\n::: {.lead}\nx\n:::": (1, "div .* is read as text"),
    "Text\n| A |\n|---|\n| b |": (1, "table .* is read as text"),
    "Text\n- item": (1, "list .* is read as text"),
    "##Head": (0, "a space after its mark"),
    "Text[^none]": (0, "has no text"),
    "# {#sec-empty}": (0, "heading without words"),
    "A \\cite{x}": (0, "raw `tex`"),
    "A\ufeffB": (0, r"invisible character U\+FEFF"),
}


@pytest.mark.parametrize("chapter", REFUSED)
def test_what_would_be_lost_is_refused(chapter: str, tmp_path: Path) -> None:
    below, message = REFUSED[chapter]
    line = len(CHAPTER.split("\n")) + 1 + below
    with pytest.raises(ProjectError, match=rf"^report/chapter\.qmd:{line}: .*{message}"):
        check(project(tmp_path, chapter))


def test_an_escaped_mark_is_meant(tmp_path: Path) -> None:
    check(project(tmp_path, "Text\n\\# no heading"))


def test_a_refusal_of_typst_names_its_line(tmp_path: Path) -> None:
    root = project(tmp_path, '`#pdf.artifact[#link("https://x.example")[y]]`{=typst}')
    with pytest.raises(ProjectError, match=r"^report/chapter\.qmd:\d+: PDF: Typst refuses"):
        render(root, to=["pdf"], say=lambda line: None)


def test_a_chapter_with_a_byte_order_mark_keeps_its_heading(tmp_path: Path) -> None:
    root = project(tmp_path, "{{< include report/marked.qmd >}}\n\nSee @sec-marked.")
    (root / "report/marked.qmd").write_bytes("\ufeff# Marked {#sec-marked}\n".encode())
    check(root)
    (root / "report/marked.qmd").write_bytes("# Марка\n".encode("utf-16"))
    with pytest.raises(ProjectError, match=r"^report/marked\.qmd: UTF-16"):
        check(root)
