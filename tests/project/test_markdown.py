"""Data as Markdown: printed as it stands, wherever it is put."""

import json
import subprocess

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.markdown import as_attribute, as_text, plain_text
from karaganda_vibe.project.reading import read_text
from karaganda_vibe.project.writing import safe_in_a_spreadsheet, write_table
from karaganda_vibe.quarto_subset import pandoc

DATA = [
    "a|b", "*x*", "**x**", "_x_", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "[x](y)",
    "@fig-x", "{{< var a >}}", "$x$ and $y$", "# head", "2024. text", "(1) text", "a) text",
    "iv. text", '"quoted"', "a 'b' c", "a\\b", "\\*", "a...b -- c --- d", "&amp;", "^[n]", "[^h]",
    "~~s~~ H~2~O x^2^", "- item", "+ item", "> q", "`c`", ": d", "::: x", "---", "===", "(@) x",
    "<b>x</b> <!-- c -->", "\\cite{x}", "~ d", "programme_ledger.csv", "+157 to +492", "5.4%", "%",
]  # fmt: skip


def parsed(text: str) -> list[dict]:
    """Pandoc's blocks of `text`."""
    done = subprocess.run(
        [pandoc.program(), "-f", "markdown", "-t", "json"],
        input=text.encode(),
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)["blocks"]


def words(inlines: list[dict]) -> str:
    """The text of inlines that are nothing but words, or their kinds."""
    if {inline["t"] for inline in inlines} <= {"Str", "Space"}:
        return "".join(inline.get("c", " ") for inline in inlines)
    return str(inlines)


def test_pandoc_prints_data_as_it_stands():
    blocks = parsed("\n\n".join(as_text(text) for text in DATA))
    assert [block["t"] for block in blocks] == ["Para"] * len(DATA)
    assert [words(block["c"]) for block in blocks] == DATA


def test_a_table_keeps_its_columns():
    rows = "\n".join(f"| {as_text(text)} | 1 |" for text in DATA)
    table = parsed(f"| A | B |\n|---|---|\n{rows}\n")[0]
    cells = [row[1] for row in table["c"][4][0][3]]
    assert [words(first[4][0]["c"]) for first, _ in cells] == DATA
    assert {words(second[4][0]["c"]) for _, second in cells} == {"1"}


def test_an_attribute_keeps_quotes_and_backslashes():
    said = 'He said "a\\b" & <c>'
    image = parsed(f'![](x.png){{fig-alt="{as_attribute(said)}"}}')[0]["c"][0]
    assert dict(image["c"][0][2])["fig-alt"] == said


def test_an_apostrophe_within_a_word_is_left_to_typography():
    assert as_text("region's") == "region's"
    assert words(parsed(as_text("region's"))[0]["c"]) == "region’s"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"])))
def test_the_way_back(text):
    assert plain_text(as_text(text)) == text
    assert plain_text(as_attribute(text)) == text


def test_what_a_spreadsheet_would_run_gets_an_apostrophe(tmp_path):
    run = ["=cmd", "+SUM(A1)", "-2+3+cmd|' /C calc'!A0", "@x", "\tx"]
    kept = ["+9,2 (+5,4\u00a0…\u00a0+11,8)", "-5.0", "-", "+", "a=b", "−5", "", None, 5]
    assert [safe_in_a_spreadsheet(cell) for cell in run] == [f"'{cell}" for cell in run]
    assert [safe_in_a_spreadsheet(cell) for cell in kept] == kept
    write_table(tmp_path / "t.csv", pd.DataFrame({"a": ["=1+1", "x"], "b": [-1.5, 2.0]}))
    assert (tmp_path / "t.csv").read_text() == "a,b\n'=1+1,-1.5\nx,2.0\n"


def test_texts_are_read_with_a_mark_and_named_in_another_encoding(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffодин\r\nдва\n".encode())
    assert read_text(path) == "один\nдва\n"
    for encoding, message in (("utf-16", "^made: UTF-16"), ("cp1251", "^made: line 2: ")):
        path.write_bytes("one\nдва\n".encode(encoding))
        with pytest.raises(ProjectError, match=message):
            read_text(path, "made")
