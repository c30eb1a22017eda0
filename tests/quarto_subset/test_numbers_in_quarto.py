"""report/theme/quarto_numbers.lua, run by pandoc with what Quarto would give it."""

from __future__ import annotations

import json
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
import typst
from pypdf import PdfReader

from karaganda_vibe.project import paths
from karaganda_vibe.project.paths import THEME
from karaganda_vibe.quarto_subset import pandoc

# Quarto's own objects, made: what is to go into the head of the Typst file goes to `head.typ`.
QUARTO = """
quarto = {
  project = { directory = PROJECT },
  doc = {
    language = { ["crossref-fig-title"] = "сурет", ["crossref-sec-prefix"] = "бөлім" },
    is_format = function(name) return name == FORMAT end,
    include_text = function(_, text)
      local file = io.open("head.typ", "w")
      file:write(text)
      file:close()
    end,
  },
}
"""


def words(*parts: str) -> list[dict]:
    return [{"t": "Space"} if part == " " else {"t": "Str", "c": part} for part in parts]


def numbered(folder: Path, language: str, form: str, inlines: list[dict]) -> str:
    """The text of a paragraph after the filter, in the format `form`."""
    shim = QUARTO.replace("PROJECT", json.dumps(str(paths.PROJECT)))
    (folder / "filter.lua").write_text(
        shim + (THEME / "quarto_numbers.lua").read_text("utf-8"), "utf-8"
    )
    tree = {
        "pandoc-api-version": [1, 23, 1],
        "meta": {"lang": {"t": "MetaString", "c": language}},
        "blocks": [{"t": "Para", "c": inlines}],
    }
    done = subprocess.run(
        [pandoc.program(), "-f", "json", "-t", form, "--lua-filter", "filter.lua"],
        input=json.dumps(tree).encode(),
        cwd=folder,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode("utf-8").strip()


@pytest.mark.parametrize(
    ("language", "parts", "shown"),
    [
        ("kk", ["сурет", "\u00a0", "7", ":", " ", "Made"], "7-сурет: Made"),
        ("kk", ["(", "бөлім", "\u00a0", "4.2", ")"], "(4.2-бөлім)"),
        ("kk", ["made", "\u00a0", "7"], "made\u00a07"),
        ("kk", ["сурет", " ", "7"], "сурет 7"),
        ("ru", ["сурет", "\u00a0", "7"], "сурет\u00a07"),
    ],
)
def test_a_kazakh_number_stands_before_its_word(
    tmp_path: Path, language: str, parts: list[str], shown: str
) -> None:
    assert numbered(tmp_path, language, "html", words(*parts)) == f"<p>{shown}</p>"


def test_typst_writes_a_kazakh_number_before_its_word(tmp_path: Path) -> None:
    numbered(tmp_path, "kk", "typst", words("made"))
    made = """
#set heading(numbering: "1.1")
= Made <sec-a>
== Made <sec-b>
#figure([body], caption: [Made caption], kind: "made", supplement: "сурет", numbering: "1") <fig-a>
#metadata(none)<refs>
@fig-a[сурет] @sec-b[бөлім] @fig-a[]-суретте
"""
    (tmp_path / "made.typ").write_text((tmp_path / "head.typ").read_text("utf-8") + made, "utf-8")
    pdf = typst.compile(tmp_path / "made.typ", format="pdf", font_paths=[paths.FONTS])
    text = " ".join(PdfReader(BytesIO(pdf)).pages[0].extract_text().split())
    assert "1-сурет: Made caption" in text
    assert "1-сурет 1.1-бөлім 1-суретте" in text
