"""What is built from what: `make report` brings everything up to date with this task graph.

doit compares the content of the files that a task reads, so a task runs when they changed, not
when their dates did, and the tasks after it run only if what it wrote is different.
"""

from __future__ import annotations

import ast
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, TextIO

from doit import create_after
from doit.cmd_base import ModuleTaskLoader
from doit.cmd_run import Run
from doit.doit_cmd import DoitMain
from doit.exceptions import TaskFailed
from doit.reporter import ConsoleReporter

from karaganda_vibe.notebooks import run_notebook
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import (
    BUILD,
    DATA_PAGES,
    FIGURES,
    METADATA,
    NOTEBOOKS,
    OUTPUT,
    PROCESSED,
    PROJECT,
    RAW,
    REPORT,
    THEME,
    VALUE_LINKS,
    shown,
)
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.publishing.annex_pdf import TEMPLATE, annex_file, annex_path, build_annexes
from karaganda_vibe.publishing.summary_pdf import CONTENT as SUMMARY_CONTENT
from karaganda_vibe.publishing.summary_pdf import TEMPLATE as SUMMARY_TEMPLATE
from karaganda_vibe.publishing.summary_pdf import summary_path, write_summaries
from karaganda_vibe.publishing.values import VALUES_FOLDER, VARIABLES, write_variables
from karaganda_vibe.rendering import FOREMOST, render_edition, rendered_page
from karaganda_vibe.words.languages import LANGUAGES, article_name

PACKAGE = PROJECT / "src" / "karaganda_vibe"
NOTEBOOK_TABLE = NOTEBOOKS / "notebooks.yml"
SITE_WORDS = THEME / "_site-page-words.yml"
UNCAPTURED = {"capture": False}
"""Tasks write straight to the terminal. To capture, doit would put another `sys.stdout` in place
for each task; where two threads do so, Python may write to a stream that is gone and crash."""


class Reporter(ConsoleReporter):
    """One line when a task starts and when it ends; failures as one line on stderr."""

    def __init__(self, outstream: TextIO, options: dict[str, Any]) -> None:
        super().__init__(outstream, options)
        self._started: dict[str, float] = {}

    def execute_task(self, task: Any) -> None:
        self._started[task.name] = time.monotonic()
        if task.actions:
            print(f"  … {task.name}", flush=True)

    def add_success(self, task: Any) -> None:
        if task.actions:
            seconds = time.monotonic() - self._started[task.name]
            print(f"  ✓ {task.name} ({seconds:.1f} s)", flush=True)

    def skip_uptodate(self, task: Any) -> None:
        pass

    def _write_failure(self, result: dict[str, Any], write_exception: bool = True) -> None:
        message = " ".join(result["exception"].get_msg().split())
        print(f"error: {message}", file=sys.stderr, flush=True)

    def complete_run(self) -> None:
        for message in self.runtime_errors:
            print(f"error: {' '.join(message.split())}", file=sys.stderr)


def modules_behind(source: str, package: Path = PACKAGE) -> list[Path]:
    """The package's files that Python `source` imports, directly or through one another."""
    found: set[Path] = set()
    waiting = [source]
    while waiting:
        for path in _imported(waiting.pop(), package):
            if path not in found:
                found.add(path)
                waiting.append(path.read_text(encoding="utf-8"))
    return sorted(found)


@cache
def _imported(source: str, package: Path) -> tuple[Path, ...]:
    """Files of the package that `source` names itself; read once for all notebooks."""
    return tuple(_named_files(source, package))


def _named_files(source: str, package: Path) -> Iterator[Path]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    for name in sorted(names):
        parts = name.split(".")
        if parts[0] != package.name:
            continue
        place = package.joinpath(*parts[1:])
        for candidate in (place.with_suffix(".py"), place / "__init__.py"):
            if candidate.is_file():
                yield candidate


def notebook_source(path: Path) -> str:
    """The Python code of a notebook. Raises ProjectError where the file is no notebook."""
    # Read as JSON, since to import nbformat takes longer than all else when nothing has changed.
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{shown(path)} is not a notebook ({type(error).__name__}: {error}); "
            "restore it from the repository"
        ) from None


def files_in(places: Iterable[Path], *patterns: str) -> list[str]:
    """All files in the folders (or the files themselves), sorted, as text."""
    files: set[str] = set()
    for place in places:
        if place.is_file():
            files.add(str(place))
        for pattern in patterns or ("*",):
            files.update(
                str(file)
                for file in place.rglob(pattern)
                if file.is_file() and not file.name.startswith(".")
            )
    return sorted(files)


def _one_line(action: Callable[[], None]) -> TaskFailed | None:
    """Run `action`; a ProjectError or a full disk fails the task with its one line."""
    try:
        action()
    except ProjectError as error:
        return TaskFailed(str(error))
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        return TaskFailed(f"{error.strerror or error}{place}; nothing was changed")
    return None


def read_notebook_table(path: Path = NOTEBOOK_TABLE) -> dict[str, dict[str, list[Path]]]:
    """What every notebook reads and writes, as paths: name → "reads" / "writes".

    Every notebook writes its values, which stand first.

    Raises ProjectError for a notebook that is not in the folder, or not in the table.
    """
    table: Mapping[str, Any] = read_yaml(path)
    there = {file.stem for file in path.parent.glob("*.ipynb")}
    for name in sorted(set(table) ^ there):
        fault = "has no notebook of that name" if name in table else "does not list it"
        raise ProjectError(
            f"{shown(path)} {fault}: {name}; list every notebook with what it reads and writes"
        )
    return {
        name: {
            "reads": [PROJECT / place for place in entry.get("reads") or []],
            "writes": [
                VALUES_FOLDER / f"{name}.json",
                *(PROJECT / place for place in entry.get("writes") or []),
            ],
        }
        for name, entry in table.items()
    }


def most_awaited_first(table: Mapping[str, Mapping[str, Iterable[Path]]]) -> list[str]:
    """The notebooks' names, those first for which most others wait, directly or through others.

    With two notebooks at a time, this keeps a long chain of them from starting late.
    """

    def waiting(name: str) -> set[str]:
        found: set[str] = set()
        open_ends = [name]
        while open_ends:
            written = set(table[open_ends.pop()]["writes"])
            new = {other for other in table if written & set(table[other]["reads"])} - found
            found |= new
            open_ends += sorted(new)
        return found - {name}

    return sorted(table, key=lambda name: (-len(waiting(name)), name))


def task_notebook() -> Iterator[dict[str, Any]]:
    """Notebooks whose inputs, code or own text changed; independent ones side by side."""
    table = read_notebook_table()
    for name in most_awaited_first(table):
        entry = table[name]
        path = NOTEBOOKS / f"{name}.ipynb"
        for place in entry["reads"]:
            if not place.exists() and not any(place in e["writes"] for e in table.values()):
                raise ProjectError(
                    f"{shown(place)}, which {shown(path)} reads, is missing; "
                    "restore it from the repository"
                )
        modules = modules_behind(notebook_source(path))
        missing = [place for place in entry["reads"] if not place.exists()]
        yield {
            "name": name,
            "actions": [partial(_one_line, partial(run_notebook, path, Heartbeat()))],
            "io": UNCAPTURED,
            "file_dep": [*files_in([path, *modules, *entry["reads"]]), *map(str, missing)],
            "targets": [str(place) for place in entry["writes"]],
        }


def _write_value_links() -> None:
    from karaganda_vibe.publishing.downloads import write_value_links  # slow to load, as below

    write_value_links()


def _write_downloads() -> None:
    from karaganda_vibe.publishing.downloads import write_downloads

    write_downloads()


def task_variables() -> dict[str, Any]:
    """`_variables.yml` from the values of all notebooks, and where each number has its entry."""
    values = [str(entry["writes"][0]) for entry in read_notebook_table().values()]
    actions, targets = [partial(_one_line, write_variables)], [str(VARIABLES)]
    if _is_written(PROCESSED / "datapackage.json"):
        actions.append(partial(_one_line, _write_value_links))
        targets.append(str(VALUE_LINKS))
    code = [
        PACKAGE / "publishing" / f"{name}.py" for name in ("values", "value_meanings", "downloads")
    ]
    words = [SITE_WORDS, *(METADATA / "values").glob("value_meaning*.csv")]
    return {
        "actions": actions,
        "io": UNCAPTURED,
        "file_dep": [*values, *map(str, [*code, *words])],
        "targets": targets,
    }


@create_after(executed="variables")
def task_render() -> Iterator[dict[str, Any]]:
    """Each edition as HTML, PDF and DOCX; the first at the root of the output folder."""
    renderer = modules_behind((PACKAGE / "rendering.py").read_text(encoding="utf-8"))
    theme = [THEME, REPORT / "references.bib", PROJECT / "_quarto.yml", VARIABLES]
    for language in LANGUAGES:
        own = [
            PROJECT / f"{article_name(language)}.qmd",
            PROJECT / f"_quarto-{language}.yml",
            *REPORT.glob("*.qmd"),
            *(REPORT / part / language for part in ("", "generated", "figures")),
        ]
        # The first edition also publishes what all editions share.
        places = [REPORT / "figures", REPORT / "passports", PROCESSED, NOTEBOOKS]
        shared = places if language == FOREMOST else []
        yield {
            "name": language,
            "actions": [partial(_one_line, partial(render_edition, language))],
            "io": UNCAPTURED,
            "file_dep": [
                *files_in([*own, *theme, *renderer]),
                *files_in(shared, "*.csv", "*.html", "*.ipynb"),
            ],
            "task_dep": [] if language == FOREMOST else [f"render:{FOREMOST}"],
            "targets": [str(rendered_page(language))],
        }


def task_passports() -> dict[str, Any]:
    """The annexes of all passports as PDF: after the report, as Quarto may clear its folder."""
    words = [annex_file(language) for language in LANGUAGES]
    if not all(_is_written(path) for path in words):
        return {"actions": []}
    code = modules_behind((PACKAGE / "publishing" / "annex_pdf.py").read_text(encoding="utf-8"))
    read = [PACKAGE / "publishing" / "annex_pdf.py", *code, *TEMPLATE.parent.rglob("*.tt*")]
    return {
        "actions": [partial(_one_line, build_annexes)],
        "io": UNCAPTURED,
        "file_dep": [
            *files_in([*read, TEMPLATE, TEMPLATE.with_name("report.typ")]),
            *map(str, words),
            *(str(FIGURES / language / "fig-passport-tiles.svg") for language in LANGUAGES),
        ],
        "task_dep": ["render"],
        "targets": [str(annex_path(language)) for language in LANGUAGES],
    }


def task_summary() -> dict[str, Any]:
    """The two-page summary as PDF: after the report, as Quarto may clear its folder."""
    if not _is_written(SUMMARY_CONTENT):
        return {"actions": []}
    code = modules_behind((PACKAGE / "publishing" / "summary_pdf.py").read_text(encoding="utf-8"))
    fonts = TEMPLATE.parent.rglob("*.tt*")
    return {
        "actions": [partial(_one_line, write_summaries)],
        "io": UNCAPTURED,
        "file_dep": [
            *files_in([PACKAGE / "publishing" / "summary_pdf.py", *code, *fonts, SUMMARY_TEMPLATE]),
            str(SUMMARY_CONTENT),
            *(str(FIGURES / language / "fig-passport-tiles.svg") for language in LANGUAGES),
        ],
        "task_dep": ["render"],
        "targets": [str(OUTPUT / summary_path(language)) for language in LANGUAGES],
    }


def task_downloads() -> dict[str, Any]:
    """Data for reuse and the notebooks as pages: after the report, as Quarto clears its folder."""
    if not _is_written(PROCESSED / "datapackage.json"):
        return {"actions": []}
    code = modules_behind((PACKAGE / "publishing" / "downloads.py").read_text(encoding="utf-8"))
    written = [place for entry in read_notebook_table().values() for place in entry["writes"]]
    read = [
        PACKAGE / "publishing" / "downloads.py",
        RAW / "datapackage.json",
        PROJECT / "CITATION.cff",
    ]
    titles = [PROJECT / f"{article_name(language)}.qmd" for language in LANGUAGES]
    pages = files_in([THEME], "*.j2", "*.css", "data_readme.md", "_*page-words.yml")
    return {
        "actions": [partial(_one_line, _write_downloads)],
        "io": UNCAPTURED,
        "file_dep": [
            *files_in([*read, *code, *titles, PROJECT / "LICENSE-DATA.md"]),
            *files_in([METADATA], "*.csv", "*.json"),
            *files_in([NOTEBOOKS], "*.ipynb"),
            *pages,
            *(str(place) for place in written if place.suffix in (".csv", ".json")),
        ],
        "task_dep": ["render"],
        "targets": [str(DATA_PAGES / "index.html"), str(DATA_PAGES / "results.json")],
    }


def _is_written(path: Path) -> bool:
    """Whether some notebook writes `path`; a project without it has nothing to make of it."""
    return any(path in entry["writes"] for entry in read_notebook_table().values())


class OneLineRun(Run):
    """doit's own run, but what fails outside the tasks is shown as one line as well."""

    name = "run"

    def parse_execute(self, in_args: list[str]) -> int:
        try:
            return int(super().parse_execute(in_args) or 0)
        except ProjectError as error:
            message = str(error)
        except SyntaxError as error:
            message = (
                f"the code of a notebook or of a module that it imports is not valid Python: "
                f"{error.msg}, line {error.lineno} ({(error.text or '').strip()}); correct it"
            )
        except (OSError, sqlite3.Error) as error:
            message = f"{error}; make room for {shown(BUILD)} on the disk and run it again"
        print(f"error: {' '.join(message.split())}", file=sys.stderr, flush=True)
        return 1


class Builder(DoitMain):
    """doit with the one command that is needed here."""

    DOIT_CMDS = (OneLineRun,)


class Heartbeat:
    """Shows a task's progress, but not more often than every few seconds."""

    def __init__(self, seconds: float = 5.0) -> None:
        self._seconds = seconds
        self._last = time.monotonic()

    def __call__(self, text: str) -> None:
        if time.monotonic() - self._last >= self._seconds:
            self._last = time.monotonic()
            print(f"    {text}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Bring everything up to date; return the exit code: 0, or 1 after a one-line error."""
    BUILD.mkdir(exist_ok=True)
    tasks: dict[str, Any] = {
        "task_notebook": task_notebook,
        "task_variables": task_variables,
        "task_render": task_render,
        "task_passports": task_passports,
        "task_summary": task_summary,
        "task_downloads": task_downloads,
        "DOIT_CONFIG": {
            "dep_file": str(BUILD / "doit.db"),
            "backend": "sqlite3",
            "reporter": Reporter,
            "default_tasks": [
                "notebook",
                "variables",
                "render",
                "passports",
                "summary",
                "downloads",
            ],
            "num_process": 2,
            "par_type": "thread",
            "verbosity": 2,
        },
    }
    wanted = sys.argv[1:] if arguments is None else arguments
    return 1 if Builder(ModuleTaskLoader(tasks)).run(["run", *wanted]) else 0


if __name__ == "__main__":
    try:
        code = main()
    except ProjectError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        code = 1
    raise SystemExit(code)
