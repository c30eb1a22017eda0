"""Sets a Typst file of the theme as PDF: PDF/UA-1, fonts of the theme, always the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import FONTS, shown

SAME_TIME = 315532800
"""The time that every PDF carries, so that the same content gives the same bytes."""
STANDARD: Literal["ua-1"] = "ua-1"


def reason_of(error: Exception) -> str:
    """Typst's message on one line, and not without end."""
    return " ".join(str(getattr(error, "diagnostic", "") or error).split())[:300]


def set_pdf(template: Path, root: Path, inputs: Mapping[str, str], what: str) -> bytes:
    """The PDF of `template`.

    Args:
        root: the folder that paths in the template start from; inputs: what it reads as
            `sys.inputs`; what: what is set, as an error names it ("the summary").

    Raises:
        ProjectError: Typst refuses it.
    """
    import typst  # slow to load, and not needed where nothing has changed

    try:
        pdf: bytes = typst.compile(
            template,
            root=root,
            font_paths=[FONTS],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=STANDARD,
            sys_inputs=dict(inputs),
            timestamp=SAME_TIME,
        )
    except (typst.TypstError, RuntimeError) as error:
        raise ProjectError(f"{shown(template)}: Typst refuses {what}: {reason_of(error)}") from None
    return pdf
