"""The tables and texts in metadata/: unique, named in every language, read, and used."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from string import Formatter

import pandas as pd
import pytest

from karaganda_vibe.build.imports import modules_behind
from karaganda_vibe.build.states import notebook_code
from karaganda_vibe.build.tasks import read_notebook_table
from karaganda_vibe.figures.saving import LONGEST_HEADLINE
from karaganda_vibe.places.study import study_words
from karaganda_vibe.project.paths import METADATA, NOTEBOOKS, PROJECT
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.publishing.entered_words import KINDS, WORDS
from karaganda_vibe.publishing.values import VALUES_FOLDER
from karaganda_vibe.words.languages import LANGUAGES
from karaganda_vibe.words.texts import FOLDER

PACKAGE = PROJECT / "src" / "karaganda_vibe"
TABLES = sorted(METADATA.rglob("*.csv"))
TEXTS = sorted(FOLDER.glob("*.yml"))

# What must be unique in a table; in the others it is the first column.
CELL = ("table", "place", "row", "year")
KEYS = {
    "actions": ("id", "words"),
    "artefacts": ("region", "year"),
    "border_changes": ("from_region", "to_region", "from_place", "date", "kind"),
    "census_breaks": ("region", "place_id", "census"),
    "borders_of_tables": ("table", "indicator", "regions", "first_year"),
    "check_explanations": ("check_id", "unit", "first_year", "code"),
    "columns": ("table", "column"),
    "corrections": (*CELL, "column"),
    "corrections_regions": (*CELL, "column", "published"),
    "last_edition": ("name",),
    "quantities": ("name", "only"),
    "district_indicators": ("label", "section", "table", "place", "sheet_row"),
    "doubtful_cells": (*CELL, "column"),
    "flow_indicators": ("table", "indicator", "unit_raw", "kind"),
    "labour_market_places": ("table", "district"),
    "revisions": ("table", "place", "label", "year", "edition"),
    "published_results": ("study", "outcome_en", "estimator_en", "driver_en", "years"),
    "value_meaning_parts": ("set", "part"),
    "region_indicators": ("table", "indicator", "unit_raw"),
    "published_tables": ("title",),
    "published_exports": ("title", "dimension"),
    "sheet_names": ("table", "sheet"),
    "register_identifiers": ("where", "pattern"),
    "register_words": ("column", "written"),
}

# Written when a new edition is taken in.
BEGIN_EMPTY = {"revisions"}

# Words that a row may lack: a study read in its abstract gives no size, not all rows need a note.
MAY_BE_EMPTY = {"published_results": ("published_size", "note")}


read_texts = cache(read_yaml)


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_rows_are_unique(path):
    table = read(path)
    assert len(table) or path.stem in BEGIN_EMPTY
    key = list(KEYS.get(path.stem, table.columns[:1]))
    assert table.loc[table.duplicated(key), key].to_numpy().tolist() == []


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_names_are_there_in_every_language(path):
    table = read(path)
    stems = {name[:-3] for name in table if name.endswith(("_ru", "_kk"))}
    for stem in sorted(stems):
        names = [f"{stem}_{language}" for language in ("en", "ru", "kk")]
        assert set(names) <= set(table), f"{path.name}: {stem} lacks a language"
        # Some may have none (a unit of a share); then there is none in any language.
        filled = table[names].ne("")
        assert filled.all(axis=1).tolist() == filled.any(axis=1).tolist(), stem
        if not stem.startswith("unit") and stem not in MAY_BE_EMPTY.get(path.stem, ()):
            assert table.loc[~filled.all(axis=1), names].to_numpy().tolist() == []


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_cells_have_no_stray_spaces(path):
    table = read(path)
    # Names of raw tables are as published, spaces and all.
    own = table.drop(columns=[c for c in ("raw_name", "place", "row", "label") if c in table])
    stray = own.apply(lambda column: column.ne(column.str.strip()))
    assert own[stray.any(axis=1)].to_numpy().tolist() == []


def code_of_the_project():
    """The package's and the notebooks' code."""
    package = "\n".join(path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py")))
    notebooks = "\n".join(notebook_code(path) for path in sorted(NOTEBOOKS.glob("*.ipynb")))
    return package + notebooks


# For people who translate, or hand over a register and check it with their own tools.
FOR_PEOPLE = {
    "glossary.csv", "register_moves.schema.json", "register_population.schema.json",
}  # fmt: skip


def test_every_file_is_read_somewhere():
    code = code_of_the_project()
    places = [p for p in METADATA.glob("*/*") if p.parent != FOLDER or p.suffix != ".yml"]
    places = [p for p in places if p.name not in FOR_PEOPLE]
    assert [path.name for path in places if f'"{path.name}"' not in code] == []
    others = {path.stem for path in TEXTS} - {path.stem for path in NOTEBOOKS.glob("*.ipynb")}
    assert [stem for stem in others if f'"{stem}.yml"' not in code] == []


def test_what_a_notebook_names_is_declared():
    for name, entry in read_notebook_table().items():
        declared = {place.name for place in entry["reads"] + entry["writes"]}
        source = notebook_code(NOTEBOOKS / f"{name}.ipynb")
        named = set(re.findall(r'(?:METADATA|PROCESSED)(?: / "\w+")? / "(\w+\.\w+)"', source))
        assert named <= declared, f"{name} names files that notebooks.yml does not list"
        if (FOLDER / f"{name}.yml").exists():
            assert f"{name}.yml" in declared, f"{name} does not list its texts"


# The texts of exhibits.


def entries(section):
    """(notebook, entry, part, texts by language) of all files of texts."""
    for path in TEXTS:
        for entry, parts in (read_texts(path).get(section) or {}).items():
            for part, texts in parts.items():
                yield path.stem, entry, part, texts


ALL = [*entries("phrases"), *entries("exhibits")]


def test_every_text_is_there_in_the_languages_that_are_built():
    assert len(ALL) > 50
    missing = [
        (notebook, entry, part, language)
        for notebook, entry, part, texts in ALL
        for language in LANGUAGES
        if not str(texts.get(language) or "").strip()
    ]
    assert missing == []


def test_headlines_are_short_enough_to_be_read():
    long = [
        (entry, part)
        for _, entry, part, texts in entries("exhibits")
        if part.startswith("headline")
        for text in texts.values()
        if len(text.split()) > LONGEST_HEADLINE
    ]
    assert long == []


def test_every_exhibit_has_the_parts_that_a_reader_needs():
    for path in TEXTS:
        for entry, parts in (read_texts(path).get("exhibits") or {}).items():
            if not entry.startswith(("fig-", "tbl-")):  # the words of a page of its own
                continue
            needed = {"subtitle", "source"} | ({"alt"} if entry.startswith("fig-") else set())
            assert needed <= set(parts), f"{path.name}: {entry}"
            assert any(part.startswith("headline") for part in parts), f"{path.name}: {entry}"


@cache
def literals(notebook):
    """The texts in a notebook's code, those inside f-texts among them."""
    tree = ast.parse(notebook_code(NOTEBOOKS / f"{notebook}.ipynb"))
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@cache
def words_of_pages(notebook):
    """All names in the modules behind a notebook that write pages with its texts themselves."""
    helpers = {"exhibits.py", "figures.py", "report_tables.py", "texts.py"}
    names = set()
    for path in modules_behind(notebook_code(NOTEBOOKS / f"{notebook}.ipynb")):
        source = path.read_text("utf-8")
        if ("Texts" in source or "Writer" in source) and path.name not in helpers:
            names |= set(re.findall(r"\w+", source))
    return names


def entered():
    """Names of figures that somebody enters: no notebook spells them, no build has them yet."""
    return {
        f"{prefix}_{name}"
        for prefix, numbers in KINDS.items()
        for name in (*numbers, *WORDS[prefix])
    }


@cache
def computed(notebook):
    """Names of the values that a notebook hands to the report."""
    return set(json.loads((VALUES_FOLDER / f"{notebook}.json").read_text("utf-8")))


def test_every_entry_is_used_by_its_notebook():
    for notebook in {found[0] for found in ALL}:
        named = literals(notebook) | words_of_pages(notebook)
        values = computed(notebook)
        for section in ("phrases", "exhibits"):
            own = {entry for stem, entry, *_ in entries(section) if stem == notebook}
            unused = own - named - (values if section == "phrases" else set())
            assert unused == set(), f"metadata/texts/{notebook}.yml: nobody asks for these"


def test_every_place_in_a_text_is_a_value_that_its_notebook_computes():
    known = {
        notebook: computed(notebook) | literals(notebook) | words_of_pages(notebook)
        for notebook in {found[0] for found in ALL}
    }
    for notebook, entry, part, texts in ALL:
        for text in texts.values():
            places = {name for _, name, _, _ in Formatter().parse(text) if name}
            assert places <= known[notebook] | set(study_words()) | entered(), (
                f"metadata/texts/{notebook}.yml: {entry}.{part}"
            )


# Words of the code that may fill a place of a text: values of the built report and quoted names.
PLACE = re.compile(r"[a-z][a-z0-9_]*")


def test_every_place_of_every_text_has_a_value_somewhere():
    """Variants that are not used today as well: a slip there would stop a later build."""
    named = {
        name
        for path in VALUES_FOLDER.glob("*.json")
        for name in json.loads(path.read_text("utf-8"))
    }
    named |= set(PLACE.findall(code_of_the_project())) | entered()
    lost = [
        (notebook, entry, part, language, name)
        for notebook, entry, part, texts in ALL
        for language, text in texts.items()
        for _, name, _, _ in Formatter().parse(str(text))
        if name and name not in named
    ]
    assert lost == []
