"""What this study is about stands in metadata/study.yml; nothing else names its region.

Notebooks, modules, texts and chapters take names from the study (`places/study.py`), so that
another region is another file. Searched in three alphabets and by code; what may name it is
listed here.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from karaganda_vibe.project.paths import METADATA, NOTEBOOKS, PROJECT, REPORT

# The name of the project and of its package are no names of the region.
OWN_NAME = re.compile(r"karaganda[-_ ]vibe|KARAGANDA_NOTES", re.IGNORECASE)
NAMED = re.compile(
    r"karaganda|караганд|(?<!\w)қарағанды|\bKZ-35\b", re.IGNORECASE
)  # «қарағанда» is a word of its own: looking at

ALLOWED = {
    "metadata/study.yml": "what the study is about",
    # Registers that list every region and place, every raw table, or single cells of raw tables.
    "metadata/places/*.csv": "registers of all regions and places",
    "metadata/corrections/*.csv": "registers of cells of raw tables",
    "metadata/indicators/flow_indicators.csv": "names of raw tables and their rows",
    "metadata/texts/publishers.csv": "names of organisations",
    "metadata/texts/glossary.csv": "terms and names for translators",
    # Local registers: what was said, done and published in this region.
    "metadata/programmes/*.csv": "statements, documents and programmes of the region",
    # The second plan is kept as it was committed, before the results.
    "report/**/analysis_plan.qmd": "the plan as it was written",
    "report/*/_about.qmd": "the people with whom the project began",
}


def named(text: str) -> list[str]:
    """Where `text` names the region of this study: the words around, one a place."""
    text = OWN_NAME.sub("", text)
    return [text[max(found.start() - 20, 0) : found.end() + 20] for found in NAMED.finditer(text)]


def source(path: Path) -> str:
    """What people wrote in a file; of a notebook its cells without their outputs."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def searched() -> list[Path]:
    """Notebooks, modules, metadata and chapters, without what is allowed."""
    generated = {REPORT / "generated", REPORT / "passports", REPORT / "figures"}
    found = {
        *NOTEBOOKS.glob("*.*"),
        *(PROJECT / "src").rglob("*.py"),
        *(path for path in METADATA.rglob("*.*") if path.suffix in (".csv", ".yml", ".json")),
        *(path for path in REPORT.rglob("*.qmd") if not generated & set(path.parents)),
    }
    allowed = {path for pattern in ALLOWED for path in PROJECT.glob(pattern)}
    return sorted(found - allowed)


@pytest.mark.parametrize("path", searched(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_nothing_but_the_study_names_its_region(path: Path) -> None:
    assert named(source(path)) == []


def test_every_exception_is_needed() -> None:
    for pattern in ALLOWED:
        assert any(named(source(path)) for path in PROJECT.glob(pattern)), pattern


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("In Karaganda region and in karaganda-city", 2),
        ("у Карагандинской области, карагандинцы", 2),
        ("Қарағанды облысының, Қарағандыда", 2),
        ('HERE = "KZ-35"', 1),
        ("жылға қарағанда аз; from karaganda_vibe; Karaganda Vibe", 0),
        ("KZ-355", 0),
    ],
)
def test_a_name_is_found_in_three_alphabets_and_as_a_code(text: str, count: int) -> None:
    assert len(named(text)) == count
