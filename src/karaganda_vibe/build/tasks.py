"""The steps of this project: notebooks, what is joined from them, and the pages of the report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from karaganda_vibe.build.imports import PACKAGE, module_and_behind, modules_behind
from karaganda_vibe.build.notebook_table import (
    NOTEBOOK_TABLE,
    Table,
    leaves_out,
    notebooks_before,
    read_notebook_table,
)
from karaganda_vibe.build.states import (
    OUTPUTS,
    RENDERER,
    SOURCE,
    VERSIONS,
    files_in,
    name_of,
    notebook_code,
)
from karaganda_vibe.build.steps import Noted, Step
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import (
    BUILD,
    DATA_PAGES,
    FIGURES,
    GENERATED,
    METADATA,
    NOTEBOOK_PAGES,
    NOTEBOOKS,
    OUTPUT,
    PROCESSED,
    PROJECT,
    RAW,
    REPORT,
    STUDIES,
    THEME,
    VALUE_LINKS,
    shown,
)
from karaganda_vibe.words.languages import (
    ANNEXES,
    DOCUMENTS,
    LANGUAGES,
    article_name,
    profile_name,
)

PASSPORT_PAGES = REPORT / "passports"
FIGURE_PAGES = OUTPUT / "figures"
VARIABLES = PROJECT / "_variables.yml"
RESULT_FOLDERS = (PROCESSED, FIGURES, GENERATED, PASSPORT_PAGES)
"""Folders in which every file is a result: some step writes it."""
LIBRARIES = "requirements.lock" + VERSIONS
PUBLISHING = PACKAGE / "publishing"

Execute = Callable[[Path], Noted]


def result_steps(execute: Execute, table: Table | None = None) -> list[Step]:
    """The steps whose results are committed; `execute` runs a notebook."""
    table = read_notebook_table() if table is None else table
    earlier = notebooks_before(table)
    for name, entry in table.items():
        _check_inputs(name, entry["reads"], table)
    notebooks = [_notebook_step(name, table[name], earlier[name], execute) for name in table]
    return [*notebooks, _joined_step(table, frozenset(step.name for step in notebooks))]


def _check_inputs(name: str, reads: Iterable[Path], table: Table) -> None:
    for place in reads:
        if not place.exists() and not any(place in e["writes"] for e in table.values()):
            raise ProjectError(
                f"{shown(place)}, which {shown(NOTEBOOKS / name)}.ipynb reads, is missing; "
                "restore it from the repository"
            )


def _notebook_step(
    name: str, entry: Mapping[str, list[Path]], earlier: Iterable[str], execute: Execute
) -> Step:
    """A notebook: its code and text, the modules behind it, the files listed, the libraries.

    Of a folder that it reads or writes the files count that it was seen to use.
    """
    path = NOTEBOOKS / f"{name}.ipynb"
    listed = [name_of(place) for place in entry["reads"] if not place.is_dir()]
    # Suffixes tell, since a folder that is to be written need not be there yet.
    writes = [name_of(place) for place in entry["writes"] if place.suffix]
    folders = tuple(f"{name_of(place)}/" for place in entry["writes"] if not place.suffix)

    def reads() -> set[str]:
        modules = modules_behind(notebook_code(path))
        pins = PACKAGE / "build" / "pins.py"
        return {
            name_of(path) + SOURCE,
            LIBRARIES,
            *listed,
            *map(name_of, [*modules, pins]),
        }

    def run() -> Noted:
        seen = execute(path)
        own = {name_of(path)}
        unmade = frozenset(writes) - seen.writes if leaves_out(path) else frozenset()
        _check_listed(path, [name for name in writes if name not in unmade], folders, seen)
        return Noted(seen.reads - own, (seen.writes - own) | {name_of(path) + OUTPUTS}, unmade)

    return Step(
        name=f"notebook:{name}",
        run=run,
        reads=reads,
        writes=frozenset([*writes, name_of(path) + OUTPUTS]),
        after=frozenset(f"notebook:{other}" for other in earlier),
        declared_in=shown(NOTEBOOK_TABLE),
    )


def _check_listed(path: Path, writes: Iterable[str], folders: Iterable[str], seen: Noted) -> None:
    """Raise ProjectError where the notebook does not write a file that is listed for it."""
    for place in [*writes, *folders]:
        if seen.writes and not any(
            name == place or (place.endswith("/") and name.startswith(place))
            for name in seen.writes
        ):
            raise ProjectError(
                f"{shown(NOTEBOOK_TABLE)} says that {shown(path)} writes {place}, but running it "
                "wrote no such file; correct the list or the notebook"
            )


def _joined_step(table: Table, notebooks: frozenset[str]) -> Step:
    """`_variables.yml` from the values of all notebooks, and where each number has its entry."""
    linked = _is_written(table, PROCESSED / "datapackage.json")
    values = {name_of(entry["writes"][0]) for entry in table.values()}
    words = [THEME / "_site-page-words.yml", *METADATA.rglob("value_meaning*.csv")]
    modules = ["values", "downloads"] if linked else ["values"]
    grammar = [METADATA / "places" / "name_forms_ru.csv", METADATA / "places" / "name_stems_kk.csv"]
    grammar.append(METADATA / "texts" / "counted_nouns.csv")
    study = [METADATA / "study.yml", METADATA / "places" / "places.csv"]
    study.append(METADATA / "places" / "regions.csv")

    def run() -> Noted:
        # Slow to load, as everything below that is imported where it runs.
        from karaganda_vibe.publishing.values import write_variables

        write_variables()
        if linked:
            from karaganda_vibe.publishing.downloads import write_value_links

            write_value_links()
        return Noted()

    return Step(
        name="variables",
        run=run,
        # The prose says which forms of values are wanted.
        reads=lambda: {
            *values,
            *files_in([*words, *grammar, *study, *_prose()]),
            *_code(*modules),
            LIBRARIES,
        },
        writes=frozenset(map(name_of, [VARIABLES, *([VALUE_LINKS] if linked else [])])),
        after=notebooks,
    )


def _prose() -> list[Path]:
    """Articles and chapters that people write; `publishing.value_forms` reads the same."""
    chapters = [path for path in REPORT.rglob("*.qmd") if GENERATED not in path.parents]
    return [*PROJECT.glob("*.qmd"), *chapters]


def page_steps(table: Table | None = None) -> list[Step]:
    """The steps that make the files of `_output`, each file by one of them."""
    table = read_notebook_table() if table is None else table
    documents = [_document_step(code, name) for code in LANGUAGES for name in documents_of(code)]
    # After the report, as Quarto may clear its folder.
    after = frozenset(step.name for step in documents)
    others = []
    if all(_is_written(table, GENERATED / code / "passports.json") for code in LANGUAGES):
        others.append(_annexes_step(after))
    if _is_written(table, GENERATED / "summary.json"):
        others.append(_summary_step(after))
    if _is_written(table, PROCESSED / "datapackage.json"):
        others.append(_downloads_step(after))
    return [*documents, *others]


def documents_of(language: str) -> list[str]:
    """The documents of an edition: its report, and its annexes where the project has them."""
    return [
        name
        for name in DOCUMENTS
        if name != ANNEXES or (PROJECT / f"{article_name(language, name)}.qmd").is_file()
    ]


def _document_step(language: str, document: str) -> Step:
    """A document of an edition as HTML, PDF and DOCX; the first edition at the output's root."""
    profile = profile_name(language, document)
    first = profile == LANGUAGES[0]
    name = f"render:{profile}"

    def reads() -> set[str]:
        chapters = REPORT / language
        # Of the chapters those of the document; the plan lies beside the report's, in the annexes.
        annexes = [chapters / "annexes", *chapters.glob("[!_]*.qmd")]
        written = annexes if document == ANNEXES else chapters.glob("_*.qmd")
        own = [
            PROJECT / f"{article_name(language, document)}.qmd",
            PROJECT / f"_quarto-{profile}.yml",
            *REPORT.glob("*.qmd"),
            *written,
            *(folder / language for folder in (GENERATED, FIGURES)),
        ]
        theme = [THEME, REPORT / "references.bib", PROJECT / "_quarto.yml", VARIABLES, VALUE_LINKS]
        # The first report also publishes what all documents share.
        shared = [FIGURES, PASSPORT_PAGES, PROCESSED, NOTEBOOKS] if first else []
        code = map(name_of, module_and_behind(PACKAGE / "build" / "rendering.py"))
        return {*files_in([*own, *theme, *shared]), *code, RENDERER, LIBRARIES}

    def render() -> None:
        from karaganda_vibe.build.rendering import render_document

        # The embedded renderer keeps a stamp of its own, for those who call it alone.
        (BUILD / "quarto_subset" / f"{profile}.json").unlink(missing_ok=True)
        render_document(language, document)

    after = frozenset() if first else frozenset([f"render:{LANGUAGES[0]}"])
    return Step(name, partial(_publish, name, render), reads, after=after)


def _annexes_step(after: frozenset[str]) -> Step:
    """The annexes of all passports as PDF."""
    words = {name_of(GENERATED / language / "passports.json") for language in LANGUAGES}

    def build() -> None:
        from karaganda_vibe.publishing.annex_pdf import build_annexes

        build_annexes()

    return _pdf_step("passports", build, "annex_pdf", words, after)


def _summary_step(after: frozenset[str]) -> Step:
    """The two-page summary as PDF."""

    def build() -> None:
        from karaganda_vibe.publishing.summary_pdf import write_summaries

        write_summaries()

    return _pdf_step("summary", build, "summary_pdf", {name_of(GENERATED / "summary.json")}, after)


def _pdf_step(
    name: str, build: Callable[[], None], module: str, words: set[str], after: frozenset[str]
) -> Step:
    def reads() -> set[str]:
        maps = [
            FIGURES / language / f"{name}.svg"
            for language in LANGUAGES
            for name in ("fig-passport-tiles", "fig-places-map")
        ]
        return {*words, *files_in([THEME, *maps]), *_code(module), LIBRARIES}

    return Step(name, partial(_publish, name, build), reads, after=after)


def _downloads_step(after: frozenset[str]) -> Step:
    """Data for reuse, the notebooks as pages, and a page for each figure."""

    def build() -> None:
        from karaganda_vibe.publishing.downloads import write_downloads
        from karaganda_vibe.publishing.figure_pages import write_figure_pages

        write_downloads()
        write_figure_pages(FIGURE_PAGES)

    def reads() -> set[str]:
        texts = [PROJECT / f"{article_name(language)}.qmd" for language in LANGUAGES]
        texts += [*_prose(), PROJECT / "_quarto.yml"]
        alone = [RAW / "datapackage.json", PROJECT / "CITATION.cff", PROJECT / "LICENSE-DATA.md"]
        folders = [THEME, METADATA, NOTEBOOKS, PROCESSED, GENERATED]
        figures = files_in([FIGURES], "*.csv", "*.png")
        return {*files_in([*texts, *alone, *folders]), *figures, *_code("downloads", "figure_pages"), LIBRARIES}

    return Step("downloads", partial(_publish, "downloads", build), reads, after=after)


def _publish(step: str, make: Callable[[], None]) -> Noted:
    """Run `make`; return which files of the output folder it made or made sure of."""
    start = time.time_ns()
    make()
    made = {path for path in published_files() if maker_of(path) == step}
    return Noted(writes=frozenset(name_of(path) for path in made if _is_made_since(path, start)))


def published_files() -> list[Path]:
    """All files of the output folder, hidden ones and the reports of other studies aside."""
    studies = {OUTPUT / path.parent.name for path in STUDIES.glob("*/study.yml")}
    studies.add(OUTPUT / "studies.html")
    return [
        path
        for path in sorted(OUTPUT.rglob("*"))
        if path.is_file()
        and not path.name.startswith(".")
        and not studies & {path, *path.parents}
    ]


def maker_of(path: Path) -> str:
    """The step that makes this file of the output folder; no two steps make the same one."""
    # The notebooks themselves lie there too, as resources of the first edition.
    page = path.is_relative_to(NOTEBOOK_PAGES) and path.suffix == ".html"
    if page or path.is_relative_to(DATA_PAGES) or path.is_relative_to(FIGURE_PAGES):
        return "downloads"
    if path.parent == OUTPUT and path.suffix == ".pdf":
        for stem in ("passports", "summary"):
            if path.stem in {stem, *(f"{stem}-{language}" for language in LANGUAGES)}:
                return stem
    place = path.relative_to(OUTPUT).parts[0]
    language = place if place in LANGUAGES[1:] else LANGUAGES[0]
    annexes = path.stem == article_name(language, ANNEXES)
    return f"render:{profile_name(language, ANNEXES) if annexes else language}"


HEARD: dict[str, int] = {}
"""When each file was last written, or found to hold already what was to be written."""


def listen(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook for the process that builds: notes what `project.writing` writes."""
    if event == "karaganda_vibe.write":
        HEARD[str(arguments[0])] = time.time_ns()


def _is_made_since(path: Path, start: int) -> bool:
    # Clocks of file systems may lag by some hundredths of a second.
    return max(path.stat().st_ctime_ns + 100_000_000, HEARD.get(str(path), 0)) >= start


def _code(*modules: str) -> set[str]:
    """Names of modules of the publishing wing and of those behind them."""
    return {
        name_of(path) for name in modules for path in module_and_behind(PUBLISHING / f"{name}.py")
    }


def _is_written(table: Table, path: Path) -> bool:
    """Whether some notebook writes `path`; a project without it has nothing to make of it."""
    return any(path in entry["writes"] for entry in table.values())
