"""The folder `_output/data`: results, and the data package with checksums.

Written after the report, as Quarto clears its output folder. The same sources give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from karaganda_vibe.places.registry import read_translations
from karaganda_vibe.places.study import with_names
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import (
    DATA_PAGES,
    METADATA,
    NOTEBOOK_PAGES,
    NOTEBOOKS,
    PROCESSED,
    PROJECT,
    RAW,
    THEME,
    VALUE_LINKS,
    shown,
)
from karaganda_vibe.project.writing import write_bytes, write_text
from karaganda_vibe.project.zips import zipped
from karaganda_vibe.publishing.data_pages import SUMS, ZIP, index_page, numbers_page
from karaganda_vibe.publishing.notebook_pages import notebook_titles, write_notebook_pages
from karaganda_vibe.publishing.results import (
    NOTE_WORDS,
    Result,
    join_results,
    read_notes,
    read_units,
    results_csv,
    results_json,
)
from karaganda_vibe.publishing.site_pages import (
    page_name,
    read_words,
)
from karaganda_vibe.publishing.value_meanings import meaning_of, read_meanings
from karaganda_vibe.publishing.values import Value, read_values
from karaganda_vibe.publishing.workbooks import workbooks
from karaganda_vibe.words.languages import LANGUAGES, Words

SCHEMA = METADATA / "values" / "results.schema.json"
LICENCE = PROJECT / "LICENSE-DATA.md"
DATA_WORDS = METADATA / "texts" / "data_words.csv"
README = THEME / "data_readme.md"


def sha256_sums(files: Mapping[str, bytes]) -> str:
    """Checksums as `sha256sum -c` reads them, sorted by name."""
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}" for name in sorted(files)]
    return "\n".join(lines) + "\n"


def processed_files(folder: Path = PROCESSED) -> dict[str, bytes]:
    """The processed tables and their package: file name → content.

    Raises ProjectError where a table is not what datapackage.json says.
    """
    described = folder / "datapackage.json"
    try:
        resources = json.loads(described.read_text(encoding="utf-8"))["resources"]
    except (OSError, ValueError, KeyError) as error:
        raise ProjectError(
            f"{shown(described)} cannot be read ({type(error).__name__}); "
            "run the notebook 05_quality_and_codebook, which writes it"
        ) from None
    files = {"datapackage.json": described.read_bytes()}
    for resource in resources:
        path = folder / resource["path"]
        content = path.read_bytes() if path.is_file() else b""
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != resource["hash"]:
            raise ProjectError(
                f"{shown(path)} is not the table that {shown(described)} describes; "
                "run the notebook 05_quality_and_codebook again"
            )
        files[resource["path"]] = content
    files["codebook.csv"] = (folder / "codebook.csv").read_bytes()
    return files


def all_results() -> list[Result]:
    """Every value of the report with unit, years and sources (see `results`)."""
    return join_results(
        read_values(), read_notes(), read_units(), read_meanings(), read_translations(NOTE_WORDS)
    )


def write_downloads(folder: Path = DATA_PAGES) -> None:
    """Write the folder of data: results, package, checksums, pages; and the notebooks' pages."""
    results = all_results()
    tables = processed_files()
    own = {
        "results.json": results_json(results).encode("utf-8"),
        "results.csv": results_csv(results).encode("utf-8"),
        "results.schema.json": SCHEMA.read_bytes(),
        "LICENSE-DATA.md": LICENCE.read_bytes(),
    }
    inside = {
        **own,
        "README.md": README.read_bytes(),
        **{f"data/processed/{name}": content for name, content in tables.items()},
    }
    inside[SUMS] = sha256_sums(inside).encode("utf-8")
    stem = Path(ZIP).stem
    titles, told = notebook_titles(), _told()
    files = {
        **own,
        **workbooks(tables, told),
        ZIP: zipped({f"{stem}/{name}": content for name, content in inside.items()}),
        "raw-datapackage.json": (RAW / "datapackage.json").read_bytes(),
        **{f"processed/{name}": content for name, content in tables.items()},
    }
    files[SUMS] = sha256_sums(files).encode("utf-8")
    for language in LANGUAGES:
        index = index_page(files, titles, told, language)
        files[page_name("index", language)] = index.encode("utf-8")
        numbers = numbers_page(results, titles, language)
        files[page_name("numbers", language)] = numbers.encode("utf-8")
    for name, content in files.items():
        write_bytes(folder / name, content)
    write_notebook_pages()


def value_links(
    values: Mapping[str, Value], meanings: Mapping[str, Words], notebooks: Sequence[str]
) -> dict[str, Any]:
    """What the renderer must know to link a number to its entry, and which pages come later.

    Addresses are relative to the project's root; `{name}` and `{meaning}` are to be filled in.
    `names` gives the meaning of each number by language, as the groups are the languages.
    """
    data, computed = (
        place.relative_to(PROJECT).as_posix() for place in (DATA_PAGES, NOTEBOOK_PAGES)
    )
    pages = [f"{computed}/{name}.html" for name in sorted(notebooks)]
    groups = {}
    for language in LANGUAGES:
        words = read_words(language)
        pages += [f"{data}/{page_name(stem, language)}" for stem in ("index", "numbers")]
        groups[language] = {
            "address": f"{data}/{page_name('numbers', language)}#value-{{name}}",
            "title": words["value_title"],
            "page": f"{data}/{page_name('index', language)}",
            "page_title": words["to_data"],
        }
    numbers = {
        name: dict(meaning_of(name, meanings))
        for name, value in values.items()
        if value.number is not None
    }
    return {"pages": pages, "groups": groups, "names": dict(sorted(numbers.items()))}


def write_value_links() -> None:
    """Write report/generated/value_links.json, which the embedded renderer reads."""
    notebooks = [path.stem for path in NOTEBOOKS.glob("*.ipynb")]
    links = value_links(read_values(), read_meanings(), notebooks)
    write_text(VALUE_LINKS, json.dumps(links, ensure_ascii=False, indent=1) + "\n")


def _told() -> dict[str, Words]:
    """Words of the tables by their English text, the study's names filled in."""
    told = read_translations(DATA_WORDS)
    return {
        with_names(english, "en"): {code: with_names(text, code) for code, text in words.items()}
        for english, words in told.items()
    }
