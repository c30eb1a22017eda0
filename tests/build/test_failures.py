"""Whatever goes wrong, the command says so in one line, exits with 1 and leaves files as they were.

Here each error is made to happen to a command that a person runs, in a small copy of the project
(its package, its real raw data, one made notebook and one made chapter). The rules themselves are
tested where they stand:

- raw table missing, cut short, changed, other header: test_raw_package.py
- duplicate place-year: test_regions.py, test_districts.py; place named twice: test_registry.py
- label that is not mapped, unknown place, wrong unit: test_district_tables.py, test_districts.py,
  test_unit_slips.py, test_regions.py
- value, figure, cross-reference, citation that does not exist: test_quarto_subset_refusals.py,
  test_figures.py
- no disk space: test_writing.py, test_build.py
- Python too old: test_environment.py
- a table or notebook of the build itself missing or broken: test_build.py
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from scratch_project import BUILT, build, contents, copy_project, run

from karaganda_vibe.words.languages import ANNEXES, LANGUAGES, article_name

OTHERS = LANGUAGES[1:]
LEFT_OUT = (
    *(*BUILT, "results.lock", "notebooks", "tests", "report/en", "index.qmd", "README.md", "docs"),
    *(f"report/{language}" for language in OTHERS),
    *(f"{article_name(language, ANNEXES)}.qmd" for language in LANGUAGES),
)
KEPT = ("data", "metadata", "report", "notebooks", "_variables.yml", "_output", "index.qmd")
RAW_TABLE = "data/raw/bns_district_dynamics/abai.csv"
REGION_TABLE = "data/raw/bns_net_migration_all_flows/regions_2000_2024.csv"

NOTEBOOK_CODE = [
    "from karaganda_vibe.publishing.exhibits import Exhibits\n"
    "from karaganda_vibe.sources.raw_package import read_raw\n"
    'table = read_raw("bns_district_dynamics.abai")',
    'book = Exhibits("01_made")\n'
    'book.value("made_rows", len(table), "count", "rows of a raw table, for a test")\n'
    "book.save()",
]
NOTEBOOK_TABLE = """
01_made:
  reads: [data/raw, metadata/texts/01_made.yml]
  writes: []
"""
SETTINGS = """
project:
  type: manuscript
  output-dir: _output
manuscript:
  article: index.qmd
lang: en
bibliography: report/references.bib
fig-cap-location: top
tbl-cap-location: top
number-sections: true
format:
  html: default
"""
ARTICLE = "---\ntitle: Made for a test\n---\n\n{{< include report/chapter.qmd >}}\n"
OTHER_SETTINGS = """
project: {{output-dir: _output/{language}}}
manuscript: {{article: index-{language}.qmd}}
lang: {language}
format: {{html: {{output-file: index-{language}.html}}}}
"""
OTHER_ARTICLE = "---\ntitle: Made for a test\n---\n\n# Made\n\nText.\n"
CHAPTER = "# Made {#sec-made}\n\nThere are {{< var en.made_rows >}} rows, see @sec-made.\n"


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project, built once."""
    root = copy_project(tmp_path_factory.mktemp("failures") / "small", without=LEFT_OUT)
    cells = [
        {
            "cell_type": "code",
            "id": f"made-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(NOTEBOOK_CODE)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    write(root, "notebooks/01_made.ipynb", json.dumps(notebook))
    write(root, "notebooks/notebooks.yml", NOTEBOOK_TABLE)
    write(root, "metadata/texts/01_made.yml", "phrases: {}\nexhibits: {}\n")
    write(root, "_quarto.yml", SETTINGS)
    write(root, "index.qmd", ARTICLE)
    write(root, "report/chapter.qmd", CHAPTER)
    write(root, "_quarto-en.yml", "lang: en\n")
    for language in OTHERS:
        write(root, f"_quarto-{language}.yml", OTHER_SETTINGS.format(language=language))
        write(root, f"index-{language}.qmd", OTHER_ARTICLE)
    done = build(root)
    assert done.returncode == 0, done.stderr
    assert "rows, see" in (root / "_output" / "index.html").read_text("utf-8")
    return root


@contextmanager
def changed(root: Path, name: str, change: Callable[[str], str] | None) -> Iterator[None]:
    """The file changed (None: taken away) for a while, then as it was."""
    path = root / name
    before = path.read_bytes()
    try:
        if change is None:
            path.unlink()
        else:
            text = change(before.decode("utf-8"))
            assert text.encode("utf-8") != before, f"{name} was to be changed"
            path.write_bytes(text.encode("utf-8"))
        yield
    finally:
        path.write_bytes(before)


@contextmanager
def republished(root: Path, name: str, change: Callable[[str], str]) -> Iterator[None]:
    """The raw table changed as by a new release: bytes and checksum of the package fit."""

    def registered(package: str) -> str:
        described = json.loads(package)
        for resource in described["resources"]:
            if f"data/raw/{resource['path']}" == name:
                content = (root / name).read_bytes()
                resource["bytes"] = len(content)
                resource["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
        return json.dumps(described)

    with (
        changed(root, name, change),
        changed(root, "data/raw/datapackage.json", registered),
    ):
        yield


def refusal(
    root: Path, command: Callable[[], subprocess.CompletedProcess[str]], ours: str = ""
) -> str:
    """Run `command`, which must fail as a person may expect; return its one line.

    Nothing may change but the notebook that failed (`ours`: a file the test itself takes away).
    """
    before = contents(root, KEPT)
    done = command()
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert contents(root, KEPT) == before
    # A temporary file is hidden and named after the file that it was to become.
    half_written = [p.name for p in root.rglob(".*.*") if re.search(r"\.\w{8}$", p.name)]
    assert half_written == []
    return done.stderr.removeprefix("error: ").rstrip("\n")


def check_raw(root: Path) -> subprocess.CompletedProcess[str]:
    return run(root, "-m", "karaganda_vibe.sources.raw_package")


def clean(root: Path, function: str) -> subprocess.CompletedProcess[str]:
    """What a notebook's first cell does, without the seconds that a kernel takes to start."""
    module, name = function.split(":")
    program = (
        "from karaganda_vibe.project.errors import exit_with_one_line\n"
        f"from karaganda_vibe.{module} import {name}\n"
        f"exit_with_one_line({name})"
    )
    return run(root, "-c", program)


def test_build_with_a_raw_table_that_changed(small: Path) -> None:
    with changed(small, RAW_TABLE, lambda text: text.replace("9.3", "9.4", 1)):
        line = refusal(small, lambda: build(small))
    assert line.startswith(f"{RAW_TABLE}: raw table changed; if it was replaced on purpose, take ")
    assert f"--accept {RAW_TABLE}; " in line
    assert line.endswith(f"else compare: git diff -- {RAW_TABLE}")


RAW_FAULTS: dict[str, tuple[Callable[[str], str] | None, str]] = {
    "missing": (None, "raw table missing"),
    "cut short": (lambda text: text[:-20], "raw table cut short: "),
    "changed": (lambda text: text.replace("9.3", "9.4", 1), "raw table changed; if it was replaced"),
    "other header": (
        lambda text: text.replace("place_ru", "place", 1),
        "line 1: header changed: missing place_ru; unknown place",
    ),
}


@pytest.mark.parametrize("fault", RAW_FAULTS)
def test_raw_table(small: Path, fault: str) -> None:
    change, message = RAW_FAULTS[fault]
    with changed(small, RAW_TABLE, change):
        line = refusal(small, lambda: check_raw(small))
    assert line.startswith(f"{RAW_TABLE}: {message}")


def repeat_first_row(text: str) -> str:
    """The first place-year once more, with another value."""
    head, row, rest = text.split("\n", 2)
    return "\n".join([head, row, row.replace("-7141.0", "-9999.0"), rest])


def add_place(text: str) -> str:
    """A sheet more, of a place that is in no registry."""
    row = next(line for line in text.splitlines() if line.startswith("Аксуат,"))
    return f"{text}{row.replace('Аксуат', 'Составной', 1)}\n"


RELEASES = {
    "duplicate place-year": (
        REGION_TABLE,
        repeat_first_row,
        "panels.regions:build_regions",
        [f"{REGION_TABLE}: line 3: net_migration_total of KZ-10 2023 is there twice"],
    ),
    "label that is not mapped": (
        RAW_TABLE,
        lambda text: text.replace("число браков", "число свадеб"),
        "panels.districts:build_districts",
        [
            "bns_district_dynamics.abai",
            "row",
            "число свадеб",
            "metadata/indicators/district_indicators.csv",
        ],
    ),
    "unknown place": (
        RAW_TABLE,
        add_place,
        "panels.districts:build_districts",
        ["bns_district_dynamics.abai", "unknown place Составной", "metadata/places/places.csv"],
    ),
    "wrong unit": (
        RAW_TABLE,
        lambda text: text.replace(",9.3,9.3,", ",9300,9.3,", 1),
        "panels.districts:build_districts",
        ["bns_district_dynamics.abai", "population", '"9300" contradicts its unit'],
    ),
}


@pytest.mark.parametrize("fault", RELEASES)
def test_release_that_the_rules_do_not_cover(small: Path, fault: str) -> None:
    table, change, function, words = RELEASES[fault]
    with republished(small, table, change):
        assert check_raw(small).returncode == 0
        line = refusal(small, lambda: clean(small, function))
    for word in words:
        assert word in line


CHAPTERS = {
    "value": ("There are {{< var en.made_no >}}.", "variable `en.made_no` is not in _variables"),
    "figure": ("{{< include report/generated/en/_fig-no.qmd >}}", "_fig-no.qmd does not exist"),
    "picture": ("![Made](report/no.svg){fig-alt=x}", "image report/no.svg does not exist"),
    "cross-reference": ("See @fig-no.", "the label `#fig-no` does not exist"),
    "citation": ("As @nobody1900 says.", "citation `@nobody1900` is not in report/references.bib"),
}


@pytest.mark.parametrize("fault", CHAPTERS)
def test_build_with_a_chapter_that_names_what_does_not_exist(small: Path, fault: str) -> None:
    text, message = CHAPTERS[fault]
    with changed(small, "report/chapter.qmd", lambda chapter: f"{chapter}\n{text}\n"):
        line = refusal(small, lambda: build(small))
    assert line.startswith(f"report/chapter.qmd:{CHAPTER.count(chr(10)) + 2}: ")
    assert message in line


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("metadata/texts/01_made.yml", None, "which notebooks/01_made.ipynb reads, is missing"),
        ("notebooks/notebooks.yml", lambda text: f"{text}x: [", ": not valid YAML"),
        ("notebooks/01_made.ipynb", lambda text: text[:100], "is not a notebook"),
        ("notebooks/01_made.ipynb", lambda text: text.replace("len(", "len)"), "SyntaxError"),
    ],
)
def test_build_with_a_broken_part_of_itself(
    small: Path, name: str, change: Callable[[str], str] | None, message: str
) -> None:
    with changed(small, name, change):
        assert message in refusal(small, lambda: build(small))


FULL_DISK = """
import os, tempfile
make = tempfile.mkstemp
def full(*arguments, **options):
    handle, name = make(*arguments, **options)
    device = os.open("/dev/full", os.O_WRONLY)
    os.dup2(device, handle)
    os.close(device)
    return handle, name
tempfile.mkstemp = full
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_build_on_a_full_disk(small: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(FULL_DISK, encoding="utf-8")

    def build_on_full_disk() -> subprocess.CompletedProcess[str]:
        places = os.pathsep.join([str(tmp_path), str(small / "src")])
        return subprocess.run(
            [sys.executable, "-m", "karaganda_vibe.build", "variables"],
            cwd=small,
            env={**os.environ, "PYTHONPATH": places},
            capture_output=True,
            text=True,
            check=False,
        )

    with changed(small, "_variables.yml", lambda text: f"{text}# old\n"):
        line = refusal(small, build_on_full_disk)
    assert line == (
        "No space left on device; nothing was changed: make room on the disk and run it again"
    )


def pages(root: Path) -> dict[str, bytes]:
    return contents(root, ["_output"])


def test_deleted_edited_and_stray_pages_are_made_right(small: Path) -> None:
    before = pages(small)
    assert before.keys() >= {"_output/index.html", "_output/ru/index.html"}
    gone, edited = small / "_output/ru/index.html", small / "_output/index.html"
    stray = small / "_output/ru/old/mine.html"
    gone.unlink()
    edited.write_bytes(edited.read_bytes().replace(b"rows, see", b"rows; see"))
    write(small, "_output/ru/old/mine.html", "x")
    done = build(small)
    assert done.returncode == 0, done.stderr
    assert "… render:en: _output/index.html was edited" in done.stdout
    assert "… render:ru: _output/ru/index.html is missing" in done.stdout
    assert "removed _output/ru/old/mine.html: nothing makes it" in done.stdout
    assert not stray.exists()
    assert pages(small) == before
    assert "✓" not in build(small).stdout


def test_another_renderer_makes_the_pages_anew(small: Path, tmp_path: Path) -> None:
    before = pages(small)
    write(tmp_path, "quarto", "#!/bin/sh\necho 1.2.3\n")
    (tmp_path / "quarto").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = run(small, "-m", "karaganda_vibe.build", path=path)
    assert done.returncode == 1
    assert "is version 1.2.3" in done.stderr
    assert pages(small) == before


def test_pages_can_be_read_by_others_whatever_the_users_habit(small: Path) -> None:
    shutil.rmtree(small / "_output")
    before = os.umask(0o077)
    try:
        done = build(small)
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    for path in (small / "_output").rglob("*"):
        assert path.stat().st_mode & 0o004, path


def test_make_stops_where_the_build_stops(small: Path) -> None:
    # `make test` runs this inside make, which would name its level in what it says.
    outside_make = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    with changed(small, "report/chapter.qmd", lambda text: f"{text}\nSee @sec-no.\n"):
        lock = hashlib.sha256((small / "requirements.lock").read_bytes()).hexdigest()
        write(small, ".venv/.ready", json.dumps({"report": lock}))
        inside = f'export PYTHONPATH="{small / "src"}"\n'
        write(small, ".venv/pyvenv.cfg", f"version = {platform.python_version()}\n")
        write(small, ".venv/bin/python", f'#!/bin/sh\n{inside}exec "{sys.executable}" "$@"\n')
        (small / ".venv/bin/python").chmod(0o755)
        done = subprocess.run(
            ["make", f"PYTHON={sys.executable}", "report"],
            cwd=small,
            env=outside_make,
            capture_output=True,
            text=True,
            check=False,
        )
    assert "Making the Python environment" not in done.stdout + done.stderr
    assert done.returncode == 2
    first, *others = done.stderr.strip().splitlines()
    assert first.startswith("error: report/chapter.qmd:5: cross-reference `@sec-no`")
    assert all(line.startswith("make: ") for line in others)
    assert "Open _output" not in done.stdout
