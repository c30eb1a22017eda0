"""The annexes of all passports as PDF: report/theme/passports.typ with the words of an edition."""

from __future__ import annotations

from pathlib import Path

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import OUTPUT, PROJECT, REPORT, shown
from karaganda_vibe.project.typst_files import set_pdf
from karaganda_vibe.project.writing import write_bytes
from karaganda_vibe.words.languages import LANGUAGES, with_language

TEMPLATE = REPORT / "theme" / "passports.typ"


def annex_file(language: str) -> Path:
    """Where the words and charts of the annex in `language` are kept."""
    return REPORT / "generated" / language / "passports.json"


def annex_path(language: str) -> Path:
    """The annex of an edition in the output folder: that of the first language has no ending."""
    return OUTPUT / f"{with_language('passports', language)}.pdf"


def build_annexes() -> None:
    """Compile the annex of every language into the output folder."""
    for language in LANGUAGES:
        build_annex(language, annex_path(language))


def build_annex(language: str, target: Path) -> None:
    """Compile an annex. Raises ProjectError where its data are missing or Typst refuses them."""
    data = annex_file(language)
    if not data.is_file():
        raise ProjectError(
            f"{shown(data)} is missing; run the notebook 10_passports, which writes it"
        )
    inputs = {"data": f"/{data.relative_to(PROJECT).as_posix()}"}
    write_bytes(target, set_pdf(TEMPLATE, PROJECT, inputs, "the annex of the passports"))
