"""Where things are in the project."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]

RAW = PROJECT / "data" / "raw"
PROCESSED = PROJECT / "data" / "processed"
METADATA = PROJECT / "metadata"
STUDIES = PROJECT / "studies"
NOTEBOOKS = PROJECT / "notebooks"
REPORT = PROJECT / "report"
FIGURES = REPORT / "figures"
GENERATED = REPORT / "generated"
THEME = REPORT / "theme"
FONTS = THEME / "fonts"
VALUE_LINKS = GENERATED / "value_links.json"
BUILD = PROJECT / "build"
OUTPUT = PROJECT / "_output"
DATA_PAGES = OUTPUT / "data"
NOTEBOOK_PAGES = OUTPUT / "notebooks"


def shown(path: Path) -> str:
    """`path` as a person would type it: relative to the project where it lies inside it."""
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)
