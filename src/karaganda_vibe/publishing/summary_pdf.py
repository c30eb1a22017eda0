"""The PDF of the two-page summary: report/theme/summary.typ with report/generated/summary.json."""

from __future__ import annotations

from contextlib import suppress

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import OUTPUT, PROJECT, REPORT, shown
from karaganda_vibe.project.typst_files import set_pdf
from karaganda_vibe.project.writing import write_bytes
from karaganda_vibe.words.languages import LANGUAGES, with_language

CONTENT = REPORT / "generated" / "summary.json"
TEMPLATE = REPORT / "theme" / "summary.typ"
PAGES = 2
FITS = ("100", "96", "92")
"""Sizes of the second page's small type, in percent of the usual one: the first that fits."""


def summary_path(language: str) -> str:
    """The name of the summary's PDF in the output folder: the first language has no ending."""
    return f"{with_language('summary', language)}.pdf"


def compile_summary(language: str) -> bytes:
    """The PDF (PDF/UA-1, fonts of the theme only) of one language; the same content, same bytes.

    Raises:
        ProjectError: the content is missing, Typst refuses it, or it is not two pages long.
    """
    if not CONTENT.is_file():
        raise ProjectError(
            f"{shown(CONTENT)} is missing; run the notebook 14_recommendations, which writes it"
        )
    inputs = {"language": language, "pages": str(PAGES)}
    for fit in FITS[:-1]:
        with suppress(ProjectError):
            return set_pdf(TEMPLATE, PROJECT, {**inputs, "fit": fit}, "the summary")
    return set_pdf(TEMPLATE, PROJECT, {**inputs, "fit": FITS[-1]}, "the summary")


def write_summaries() -> None:
    """Write the summary in every language to the output folder."""
    made = {language: compile_summary(language) for language in LANGUAGES}
    for language, pdf in made.items():
        write_bytes(OUTPUT / summary_path(language), pdf)
