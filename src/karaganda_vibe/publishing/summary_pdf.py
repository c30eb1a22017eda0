"""The PDF of the two-page summary: report/theme/summary.typ with report/generated/summary.json."""

from __future__ import annotations

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import OUTPUT, PROJECT, REPORT, shown
from karaganda_vibe.project.typst_files import set_pdf
from karaganda_vibe.project.writing import write_bytes
from karaganda_vibe.words.languages import LANGUAGES, with_language

CONTENT = REPORT / "generated" / "summary.json"
TEMPLATE = REPORT / "theme" / "summary.typ"
PAGES = 2


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
    return set_pdf(TEMPLATE, PROJECT, {"language": language, "pages": str(PAGES)}, "the summary")


def write_summaries() -> None:
    """Write the summary in every language to the output folder."""
    made = {language: compile_summary(language) for language in LANGUAGES}
    for language, pdf in made.items():
        write_bytes(OUTPUT / summary_path(language), pdf)
