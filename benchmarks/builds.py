"""The first table of `make bench`: builds of scratch copies, beside Jupyter doing the same.

The plain way is what one would do without the build: `jupyter execute` of all notebooks in their
order, one after another, then the same render. It knows nothing of what has changed, so for every
change it does everything again. The project itself is not touched.
"""

from __future__ import annotations

import graphlib
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scratch_project import BUILT, contents, copy_project

from benchmarks.measure import Measured, measured
from karaganda_vibe.build.tasks import notebooks_before, read_notebook_table

BUILD = [sys.executable, "-m", "karaganda_vibe.build"]
ENVIRONMENT = [sys.executable, "environment.py", "report", "-c", "pass"]
TESTS = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadscope", "tests"]
# As a module: the program `jupyter-execute` may be another environment's.
EXECUTE = [sys.executable, "-c", "from nbclient.cli import main; main()", "--inplace",
           "--timeout=1800"]  # fmt: skip
IMPORTS = """
from karaganda_vibe.publishing.downloads import write_downloads, write_value_links
from karaganda_vibe.publishing.annex_pdf import build_annexes
from karaganda_vibe.publishing.summary_pdf import write_summaries
from karaganda_vibe.publishing.values import write_variables
from karaganda_vibe.build.rendering import render_document
from karaganda_vibe.build.tasks import documents_of
from karaganda_vibe.words.languages import LANGUAGES
write_variables()
"""
EDITIONS = (
    "for language in LANGUAGES:\n"
    "    for document in documents_of(language):\n"
    "        render_document(language, document)\n"
)
# The links from numbers stand before the editions: the renderer asks for every page that is linked.
OTHERS = "build_annexes()\nwrite_summaries()\nwrite_downloads()\n"
RENDER = f"{IMPORTS}write_value_links()\n{EDITIONS}{OTHERS}"

CHAPTER = "report/en/_how_many.qmd"
RAW_TABLE = "data/raw/bns_net_migration_all_flows/regions_2000_2024.csv"
TEXTS = "metadata/texts/03_region_in_the_country.yml"
LABEL = ("ru: больше регистраций\n", "ru: больше записей\n")
"""A word in the Russian drawings of one figure (`LABELLED`), before and after."""
LABELLED = "fig-net-trend"

RAW, NOTHING, TEXT = "all from raw", "nothing changed", "a text changed"
MOST_OF_PLAIN = 0.5
MOST_SECONDS_FOR_NOTHING = 2.0


@dataclass
class Run:
    """One run of everything: times by what was done, and what the changed text made again."""

    ours: dict[str, Measured] = field(default_factory=dict)
    plain: dict[str, Measured] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    drawings: list[str] = field(default_factory=list)


def notebooks_in_order(root: Path) -> list[str]:
    """The notebooks of the project at `root`, each after those whose tables and values it reads."""
    before = notebooks_before(read_notebook_table(root / "notebooks" / "notebooks.yml"))
    return list(graphlib.TopologicalSorter(before).static_order())


def plain_way(root: Path, render: str = RENDER) -> list[list[str]]:
    """The commands of the plain way in the project at `root`."""
    notebooks = [f"notebooks/{name}.ipynb" for name in notebooks_in_order(root)]
    return [[*EXECUTE, *notebooks], [sys.executable, "-c", render]]


def touch_chapter(root: Path) -> None:
    """Add a sentence to a chapter."""
    path = root / CHAPTER
    path.write_text(f"{path.read_text('utf-8')}\nA sentence more.\n", "utf-8")


def change_text(root: Path) -> None:
    """Change a word that stands in the Russian drawings of one figure."""
    path = root / TEXTS
    text = path.read_text("utf-8")
    assert text.count(LABEL[0]) == 1, f"{TEXTS} has no longer the one line {LABEL[0]!r}"
    path.write_text(text.replace(*LABEL), "utf-8")


def touch_raw_table(root: Path) -> None:
    """Change the first note of a raw table, and its checksum with it, as by a new release."""
    path = root / RAW_TABLE
    lines = path.read_text("utf-8").split("\n")
    assert lines[1].endswith('"'), f"{RAW_TABLE} has no note in its first row"
    lines[1] = f'{lines[1][:-1]}; touched"'
    content = "\n".join(lines).encode("utf-8")
    path.write_bytes(content)
    package = root / "data" / "raw" / "datapackage.json"
    described = json.loads(package.read_text("utf-8"))
    for resource in described["resources"]:
        if f"data/raw/{resource['path']}" == RAW_TABLE:
            resource["bytes"] = len(content)
            resource["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    package.write_text(json.dumps(described, ensure_ascii=False, indent=1), "utf-8")


def timed(root: Path, *commands: Sequence[str]) -> Measured:
    """All commands after one another in the project at `root`, with its own package."""
    environment = {"PYTHONPATH": str(root / "src")}
    parts = [measured(command, root, environment) for command in commands]
    return Measured(
        sum(part.seconds for part in parts),
        max(part.memory for part in parts),
        "".join(part.output for part in parts),
    )


def drawings(root: Path) -> dict[str, bytes]:
    """The drawings (SVG and PNG) of the project at `root`, by path."""
    files = contents(root, ["report/figures"])
    return {name: file for name, file in files.items() if name.endswith((".svg", ".png"))}


def steps_of(output: str) -> list[str]:
    """The steps that a build says it has done."""
    return re.findall(r"^ *✓ (\S+) \(", output, flags=re.MULTILINE)


def one_run(folder: Path, with_environment: bool, with_tests: bool) -> Run:
    """All measurements once, in scratch copies inside `folder`."""
    run = Run()

    def take(name: str, root: Path, *commands: Sequence[str], plain: bool = False) -> Measured:
        print(f"  {name}{', plain way' if plain else ''} …", end=" ", flush=True)
        found = timed(root, *commands)
        print(f"{found.seconds:.1f} s", flush=True)
        (run.plain if plain else run.ours)[name] = found
        return found

    ours = copy_project(folder / "ours")
    if with_environment:
        take("environment", ours, ENVIRONMENT)
    take("fresh clone to report", ours, BUILD)
    take(NOTHING, ours, BUILD)
    if with_tests:
        # Some tests ask git which files are the project's.
        for command in (["init", "--quiet"], ["add", "--all"]):
            timed(ours, ["git", *command])
        take("tests, without notebooks", ours, TESTS)
    before = drawings(ours)
    change_text(ours)
    run.steps = steps_of(take(TEXT, ours, BUILD).output)
    after = drawings(ours)
    run.drawings = sorted(name for name in after if after[name] != before.get(name))
    touch_chapter(ours)
    take("a chapter touched", ours, BUILD)
    touch_raw_table(ours)
    take("a raw table touched", ours, BUILD)
    take(RAW, copy_project(folder / "raw", without=BUILT), BUILD)

    plain = copy_project(folder / "plain", without=BUILT)
    take(RAW, plain, *plain_way(plain), plain=True)
    # The embedded renderer does nothing when nothing has changed, but the plain way cannot know.
    touch_chapter(plain)
    again = take("again", plain, *plain_way(plain), plain=True)
    for name in run.ours:
        if name not in (RAW, "environment", "tests, without notebooks"):
            run.plain[name] = again
    return run


def aims(run: Run) -> list[str]:
    """What was aimed at, beside what was measured: one line each, met or not."""
    ratio = run.ours[RAW].seconds / run.plain[RAW].seconds
    nothing = run.ours[NOTHING].seconds
    wanted = [name for name in run.drawings if f"/ru/{LABELLED}" in name]
    notebooks = [step for step in run.steps if step.startswith("notebook:")]
    return [
        f"All from raw at most {MOST_OF_PLAIN} of the plain way: {ratio:.2f}, "
        f"{_met(ratio <= MOST_OF_PLAIN)}.",
        f"Nothing changed under {MOST_SECONDS_FOR_NOTHING:.0f} s: {nothing:.1f} s, "
        f"{_met(nothing < MOST_SECONDS_FOR_NOTHING)}.",
        f"A changed text (a word in the Russian drawings of {LABELLED}) changes only these: "
        f"{len(wanted)} of the {len(run.drawings)} drawings that changed, "
        f"{_met(bool(wanted) and wanted == run.drawings)}.",
        "It redraws only these, without a notebook that draws its other figures again: "
        f"{_met(not notebooks)} (steps that ran: {', '.join(run.steps) or 'none'}).",
    ]


def _met(is_met: bool) -> str:
    return "met" if is_met else "NOT met"
