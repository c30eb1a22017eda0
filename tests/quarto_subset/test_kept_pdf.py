"""The last PDF is kept while nothing that it is set from changes; sources here are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset import kept_pdf

SQUARE = """<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">
<rect width="{}" height="9"/></svg>"""
SOURCE = """#set document(title: "Made")
#set text(lang: "en")
= Made
#image("/made.svg", alt: "A made square")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "made.svg").write_text(SQUARE.format(9), encoding="utf-8")
    return tmp_path


def forbid(*_: object, **__: object) -> None:
    raise AssertionError("Typst was started again")


def test_the_same_source_is_not_set_twice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kept_pdf.pdf_of(folder, SOURCE, folder / "kept")
    assert first.startswith(b"%PDF")
    monkeypatch.setattr(kept_pdf.subprocess, "run", forbid)
    assert kept_pdf.pdf_of(folder, SOURCE, folder / "kept") == first
    with pytest.raises(AssertionError, match="started again"):
        kept_pdf.pdf_of(folder, SOURCE.replace("= Made", "= Changed"), folder / "kept")


def test_a_damaged_pdf_is_set_again(folder: Path) -> None:
    first = kept_pdf.pdf_of(folder, SOURCE, folder / "kept")
    (folder / "kept.pdf").write_bytes(first[:-100])
    assert kept_pdf.pdf_of(folder, SOURCE, folder / "kept") == first


def test_a_changed_picture_sets_it_again(folder: Path) -> None:
    first = kept_pdf.pdf_of(folder, SOURCE, folder / "kept")
    (folder / "made.svg").write_text(SQUARE.format(4), encoding="utf-8")
    assert kept_pdf.pdf_of(folder, SOURCE, folder / "kept") != first


def test_a_refused_source_says_so_in_one_line_and_is_never_taken_for_set(folder: Path) -> None:
    wrong = SOURCE + "#no-such-function()\n"
    for _ in range(2):
        with pytest.raises(ProjectError, match=r"PDF: Typst refuses .*kept\.typ.*no-such") as found:
            kept_pdf.pdf_of(folder, wrong, folder / "kept")
        assert "\n" not in str(found.value)
    assert (folder / "kept.typ").read_text("utf-8") == wrong
