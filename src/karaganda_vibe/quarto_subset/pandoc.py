"""Runs the pandoc program that comes with pypandoc_binary."""

from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path

import pypandoc

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset.project import Project

# Kazakh has no translations in pandoc: the words come from the project's language file instead.
_HARMLESS = ("translations", "has no translation")


@functools.cache
def program() -> str:
    """Path of the pandoc program."""
    return str(pypandoc.get_pandoc_path())


@functools.cache
def version() -> str:
    """Version of the pandoc program."""
    return str(pypandoc.get_pandoc_version())


def run(arguments: list[str], text: bytes, folder: Path) -> tuple[bytes, list[str]]:
    """Pandoc's output for `text` and its warnings, run in `folder`.

    Raises ProjectError with pandoc's first line when it fails.
    """
    done = subprocess.run(
        [program(), *arguments],
        input=text,
        capture_output=True,
        cwd=folder,
        # Word files carry the time of writing; a fixed one keeps builds byte-identical.
        env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"},
        check=False,
    )
    messages = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line]
    if done.returncode:
        reason = messages[0] if messages else f"exit code {done.returncode}"
        raise ProjectError(f"pandoc {' '.join(arguments[:4])} failed: {reason}")
    warnings = [
        line
        for line in messages
        if line.startswith("[WARNING]") and not any(word in line for word in _HARMLESS)
    ]
    return done.stdout, warnings


def filters(project: Project, form: str) -> list[str]:
    """Arguments for the Lua filters of one format; `check_page_files` has seen that they exist."""
    return [f"--lua-filter={project.root / name}" for name in project.names(form, "filters")]
