"""The annex of all passports as PDF: report/theme/passports.typ with the words of one edition."""

from __future__ import annotations

from pathlib import Path

import typst

from karaganda_vibe.errors import ProjectError
from karaganda_vibe.paths import OUTPUT, PROJECT, REPORT, shown
from karaganda_vibe.writing import write_bytes

ANNEX = OUTPUT / "passports.pdf"
TEMPLATE = REPORT / "theme" / "passports.typ"
FONTS = REPORT / "theme" / "fonts"
SAME_TIME = 315532800
"""The time that the PDF carries, so that the same words give the same bytes."""


def annex_file(language: str) -> Path:
    """Where the words and charts of the annex in `language` are kept."""
    return REPORT / "generated" / language / "passports.json"


def build_annex(language: str = "en", target: Path = ANNEX) -> None:
    """Compile the annex. Raises ProjectError where its data are missing or Typst refuses them."""
    data = annex_file(language)
    if not data.is_file():
        raise ProjectError(
            f"{shown(data)} is missing; run the notebook 10_passports, which writes it"
        )
    try:
        pdf = typst.compile(
            TEMPLATE,
            root=PROJECT,
            font_paths=[FONTS],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=SAME_TIME,
            sys_inputs={"data": f"/{data.relative_to(PROJECT).as_posix()}"},
        )
    except (typst.TypstError, RuntimeError) as error:
        reason = " ".join(str(getattr(error, "diagnostic", "") or error).split())
        raise ProjectError(
            f"{shown(TEMPLATE)}: Typst refuses the annex of the passports: {reason[:300]}"
        ) from None
    write_bytes(target, pdf)
