"""Where the pages of passports lie, and the ways from one to another.

The first language's pages lie in `FOLDER` beside the CSV files, those of the others in folders in
it.
"""

from __future__ import annotations

from pathlib import Path

from karaganda_vibe.project.paths import REPORT
from karaganda_vibe.words.languages import (
    article_name,
    edition_file,
    edition_folder,
    to_shared,
)

FOLDER = REPORT / "passports"


def page_folder(language: str, folder: Path = FOLDER) -> Path:
    """Where the pages of an edition lie, in `folder`."""
    return folder / edition_folder(language)


def to_output(language: str) -> str:
    """The way from a page of an edition to the output folder (from report/passports or below)."""
    return f"{to_shared(language)}../../"


def home(language: str) -> str:
    """The way from a page to the report of its language."""
    return to_output(language) + edition_file(f"{article_name(language)}.html", language)


def same_page(name: str, language: str, other: str) -> str:
    """The way from the page `name` of `language` to that of the language `other`."""
    return to_shared(language) + edition_file(name, other)


def only_these(files: set[Path], folder: Path, pattern: str) -> list[Path]:
    """`files`, sorted; whatever else in `folder` has the pattern is removed."""
    for old in set(folder.glob(pattern)) - files:
        old.unlink()
    return sorted(files)
