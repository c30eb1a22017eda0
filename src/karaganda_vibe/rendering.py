"""Render the report: with Quarto where it is installed, else with the embedded renderer."""

from __future__ import annotations

import shutil
import subprocess

from karaganda_vibe import quarto_subset
from karaganda_vibe.errors import ProjectError
from karaganda_vibe.paths import OUTPUT, PROJECT, shown


def render_report() -> None:
    """Write HTML, PDF and DOCX to the output folder. Raises ProjectError where that fails."""
    quarto = shutil.which("quarto")
    if quarto is None:
        print("  Quarto is not on PATH: rendering with the embedded pandoc and Typst instead")
        quarto_subset.render()
    else:
        _render_with_quarto(quarto)


def _render_with_quarto(quarto: str) -> None:
    finished = subprocess.run([quarto, "render"], cwd=PROJECT, check=False)
    if finished.returncode != 0:
        raise ProjectError(
            f"quarto render failed with exit code {finished.returncode}; its message stands above"
        )
    if not (OUTPUT / "index.html").is_file():
        raise ProjectError(f"quarto render wrote no {shown(OUTPUT)}/index.html; check _quarto.yml")
