"""The PDF of the two-page summary: report/theme/summary.typ with report/generated/summary.json."""

from __future__ import annotations

from karaganda_vibe.errors import ProjectError
from karaganda_vibe.languages import LANGUAGES, with_language
from karaganda_vibe.paths import OUTPUT, PROJECT, REPORT, shown
from karaganda_vibe.writing import write_bytes

CONTENT = REPORT / "generated" / "summary.json"
TEMPLATE = REPORT / "theme" / "summary.typ"
FONTS = REPORT / "theme" / "fonts"
PAGES = 2
# The time that the PDF carries, so that the same content gives the same bytes.
SAME_TIME = 315532800


def summary_path(language: str) -> str:
    """The name of the summary's PDF in the output folder: the first language has no ending."""
    return f"{with_language('summary', language)}.pdf"


def compile_summary(language: str) -> bytes:
    """The PDF (PDF/UA-1, fonts of the theme only) of one language; the same content, same bytes.

    Raises:
        ProjectError: the content is missing, Typst refuses it, or it is not two pages long.
    """
    import typst  # slow to load, and not needed where nothing has changed

    if not CONTENT.is_file():
        raise ProjectError(
            f"{shown(CONTENT)} is missing; run the notebook 14_recommendations, which writes it"
        )
    try:
        pdf: bytes = typst.compile(
            TEMPLATE,
            root=PROJECT,
            font_paths=[FONTS],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["ua-1"],
            sys_inputs={"language": language, "pages": str(PAGES)},
            timestamp=SAME_TIME,
        )
    except (typst.TypstError, RuntimeError) as error:
        reason = " ".join(str(getattr(error, "diagnostic", "") or error).split())
        raise ProjectError(f"{shown(TEMPLATE)}: Typst refuses it: {reason[:300]}") from None
    return pdf


def write_summaries() -> None:
    """Write the summary in every language to the output folder."""
    made = {language: compile_summary(language) for language in LANGUAGES}
    for language, pdf in made.items():
        write_bytes(OUTPUT / summary_path(language), pdf)
