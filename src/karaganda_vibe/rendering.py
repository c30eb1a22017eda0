"""Render the editions: with Quarto where it is installed, else with the embedded renderer."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from karaganda_vibe import quarto_subset
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import OUTPUT, PROJECT, shown
from karaganda_vibe.words.languages import LANGUAGES, article_name, edition_file

FOREMOST = LANGUAGES[0]
"""The edition at the root of the output folder, which Quarto clears when it renders it."""


def rendered_page(language: str) -> Path:
    """The page of the edition in `language`."""
    return OUTPUT / edition_file(f"{article_name(language)}.html", language)


def render_edition(language: str) -> None:
    """Write HTML, PDF and DOCX of one edition. Raises ProjectError where that fails.

    The edition at the root comes first: Quarto clears the folder, and with it the other editions.
    """
    quarto = shutil.which("quarto")
    if quarto is None:
        quarto_subset.render(profile=language, say=lambda line: print(f"    {language} {line}"))
    else:
        _render_with_quarto(quarto, language)
    if language != FOREMOST:
        _lead_in(language)


def _render_with_quarto(quarto: str, language: str) -> None:
    finished = subprocess.run([quarto, "render", "--profile", language], cwd=PROJECT, check=False)
    if finished.returncode != 0:
        raise ProjectError(
            f"quarto render --profile {language} failed with exit code {finished.returncode}; "
            "its message stands above"
        )
    if not rendered_page(language).is_file():
        raise ProjectError(
            f"quarto render --profile {language} wrote no {shown(rendered_page(language))}; "
            f"check _quarto-{language}.yml"
        )


def _lead_in(language: str) -> None:
    """A page index.html in the edition's folder, so that the folder's address opens the edition."""
    page = rendered_page(language)
    (page.parent / "index.html").write_text(
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="refresh" content="0; url={page.name}">\n<title>Karaganda Vibe</title>\n'
        f'<a href="{page.name}">Karaganda Vibe</a>\n</html>\n',
        encoding="utf-8",
    )
