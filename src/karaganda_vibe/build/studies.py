"""The same report for other regions: `make report STUDY=KZ-55`, and `make reports` for all of them.

A study is a folder `studies/<region>/`: its study.yml and its local registers. It is computed in
a workspace of its own, `build/studies/<region>/`: this checkout's sources with the study's files
over them, without chapters that the study has no results for. What does not depend on the study
comes along as it was accepted, and slow steps share one cache, so that it is computed once.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from karaganda_vibe.build import git
from karaganda_vibe.build.__main__ import alone, one_line
from karaganda_vibe.build.lock import ACCEPTED, Records, read_records, records_text
from karaganda_vibe.build.notebook_table import LEFT_OUT
from karaganda_vibe.build.pins import pinned_environment
from karaganda_vibe.build.states import file_of, notebook_code
from karaganda_vibe.build.tasks import RESULT_FOLDERS, VARIABLES
from karaganda_vibe.figures.saving import CROWDED
from karaganda_vibe.places.study import Study, load_study, need_words, study_words, with_names
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import BUILD, OUTPUT, PROJECT, STUDIES, shown
from karaganda_vibe.project.writing import write_bytes, write_text
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.publishing.left_out import Results, left_out
from karaganda_vibe.publishing.studies_page import Told, write_studies_page
from karaganda_vibe.words.languages import DOCUMENTS, LANGUAGES, article_name

WORKSPACES = BUILD / "studies"
STUDY_YML = "metadata/study.yml"
REGISTERS = {
    "claims.csv": "metadata/programmes/claims.csv",
    "documents.csv": "metadata/programmes/documents.csv",
    "programmes.csv": "metadata/programmes/programmes.csv",
    "place_tiles.csv": "metadata/places/place_tiles.csv",
    "last_edition.csv": "metadata/values/last_edition.csv",
}
"""Tables of one region: file in its folder → where it stands; without a file it has no rows."""
PLAN = {LANGUAGES[0]: "report/analysis_plan.qmd"}
"""The plan of the edition whose plan does not lie with its chapters."""
_LACKS = re.compile(rf"^{LEFT_OUT}\S+ lacks (\w+):", flags=re.M)


def listed_studies(folder: Path = STUDIES) -> list[str]:
    """The regions that have a study: the folders with a study.yml."""
    return sorted(path.parent.name for path in folder.glob("*/study.yml"))


def check_study(region: str, folder: Path = STUDIES) -> Study:
    """The study of `region`; ProjectError, one line, where it has none or an unknown file."""
    file = folder / region / "study.yml"
    if not file.is_file():
        known = ", ".join(listed_studies(folder)) or "none"
        raise ProjectError(
            f"{region} has no study: {shown(file)} is missing; expected one of {known}, or write "
            f"that file after {STUDY_YML}"
        )
    for path in sorted(file.parent.iterdir()):
        if path.name not in ("study.yml", *REGISTERS):
            raise ProjectError(
                f"{shown(path)}: no register of a study; expected {', '.join(REGISTERS)}"
            )
    study = load_study(file)
    if study.region != region:
        raise ProjectError(
            f"{shown(file)}: region: found {study.region}, expected {region}, as the folder says"
        )
    if study.main_city is None:
        raise ProjectError(
            f"{shown(file)}: main_city is empty, but the chapters on places compare with one; "
            "name the region's largest place"
        )
    return study


def overlaid(region: str, project: Path = PROJECT) -> dict[str, bytes]:
    """Files of the workspace that are the study's own: name → content."""
    own = project / "studies" / region
    files = {STUDY_YML: (own / "study.yml").read_bytes()}
    for name, place in REGISTERS.items():
        if (own / name).is_file():
            files[place] = (own / name).read_bytes()
        else:
            head = (project / place).read_bytes().split(b"\n", 1)[0]
            files[place] = head + b"\n"
    return files


def shared_records(records: Records, own: Collection[str]) -> Records:
    """Records of steps that read none of the study's `own` files, nor what follows from them."""
    kept, changed = dict(records), set(own)
    while True:
        others = {step for step, record in kept.items() if changed & set(record.reads)}
        if not others:
            return kept
        for step in others:
            changed |= set(kept.pop(step).writes)


def make_workspace(region: str, workspace: Path, project: Path = PROJECT) -> None:
    """Bring the workspace's sources up to date; its own results stay, to be built upon."""
    own = overlaid(region, project)
    records = read_records(project / ACCEPTED.relative_to(PROJECT))
    kept = shared_records(records, own)
    results = {file_of(name) for record in records.values() for name in record.writes}
    results |= {VARIABLES.name, ACCEPTED.name}
    shared = {file_of(name) for record in kept.values() for name in record.writes}
    folders = tuple(f"{folder.relative_to(PROJECT).as_posix()}/" for folder in RESULT_FOLDERS)
    sources = set()
    for name in git.own_files(project):
        is_result = name.startswith(folders) or (name in results and not name.endswith(".ipynb"))
        if name in own or is_prose(name) or (is_result and name not in shared):
            continue
        sources.add(name)
        if not _is_current(project / name, workspace / name):
            _copy(project / name, workspace / name)
    for name, content in own.items():
        write_bytes(workspace / name, content)
    for path in [p for p in workspace.rglob("*") if p.is_file()]:
        name = path.relative_to(workspace).as_posix()
        old = name.startswith(("src/", "metadata/", "data/raw/", "data/input/", "notebooks/"))
        if old and name not in sources and name not in own and "__pycache__" not in path.parts:
            path.unlink()
    write_text(workspace / ACCEPTED.name, records_text(kept))
    _share_cache(workspace, project)


def is_prose(name: str) -> bool:
    """Whether people write this text for the report; the workspace has it without what it lacks."""
    languages = tuple(f"report/{code}/" for code in LANGUAGES)
    articles = {f"{article_name(code, one)}.qmd" for code in LANGUAGES for one in DOCUMENTS}
    articles |= set(PLAN.values())
    return name.endswith(".qmd") and (name in articles or name.startswith(languages))


def _is_current(source: Path, copy: Path) -> bool:
    if not copy.is_file():
        return False
    if source.suffix == ".ipynb":
        # What the workspace's run stored in its copy stays, while a person changed nothing.
        return notebook_code(source) == notebook_code(copy)
    return source.read_bytes() == copy.read_bytes()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _share_cache(workspace: Path, project: Path) -> None:
    """Slow results lie in one place for all studies: their names tell what they are made of."""
    cache, here = project / "build" / "cache", workspace / "build" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    here.parent.mkdir(parents=True, exist_ok=True)
    if not here.exists():
        here.symlink_to(cache, target_is_directory=True)


def write_prose(workspace: Path, study: Study, project: Path = PROJECT) -> list[str]:
    """Write the texts without what the study has no results for; return what is missing."""
    values = _values(workspace)
    names = {*values, *study.words()}
    why = _Why(workspace, project)
    needed: set[str] = set()
    for code in LANGUAGES:
        texts = {name: (project / name).read_text("utf-8") for name in prose_of(code, project)}

        def has_exhibit(name: str, code: str = code) -> bool:
            return (workspace / "report" / "generated" / code / f"_{name}.qmd").is_file()

        def line(missing: Collection[str], whole: bool, code: str = code) -> str:
            needs = why.needs(missing)
            needed.update(needs)
            return missing_line(needs, code, whole)

        made = left_out(texts, Results(code, names, has_exhibit), line)
        for name, text in made.items():
            own = with_own_keywords(text, code, study)
            write_text(workspace / name, with_plans_origin(own, code))
    return [need for need in need_words() if need in needed]


def with_own_keywords(text: str, language: str, study: Study) -> str:
    """An article whose line of keywords names the study's city instead of this checkout's."""
    here, own = (words["main_city_short"][language] for words in (study_words(), study.words()))
    return re.sub(
        r"^keywords: .*$",
        lambda line: re.sub(rf"\b{re.escape(here)}\b", own, line[0]),
        text,
        count=1,
        flags=re.M,
    )


def with_plans_origin(text: str, language: str) -> str:
    """The chapter of the plan with a line, under its heading, that says for which study it was."""
    said = with_names(study_texts()["plan_of_the_first"][language], language)
    return re.sub(
        r"^# .*\{#sec-plan\}$",
        lambda heading: f"{heading[0]}\n\n*{said}*",
        text,
        count=1,
        flags=re.M,
    )


def prose_of(language: str, project: Path = PROJECT) -> list[str]:
    """Articles and chapters of an edition."""
    articles = [f"{article_name(language, document)}.qmd" for document in DOCUMENTS]
    chapters = sorted((project / "report" / language).rglob("*.qmd"))
    there = [name for name in [*articles, PLAN.get(language, "")] if (project / name).is_file()]
    return [*there, *(path.relative_to(project).as_posix() for path in chapters)]


@cache
def study_texts() -> Any:
    """metadata/texts/studies.yml: entry → language → text."""
    return read_yaml(PROJECT / "metadata" / "texts" / "studies.yml")


def missing_line(needs: Iterable[str], language: str, whole: bool) -> str:
    """The line in a chapter, or in its place, that says what the region lacks."""
    texts = study_texts()["chapter_left_out" if whole else "left_out"]
    names = "; ".join(need_words()[need][language] for need in needs)
    return f"*{texts[language].format(names=names)}*"


class _Why:
    """What a study lacks for a result that this checkout has and the workspace has not."""

    def __init__(self, workspace: Path, project: Path) -> None:
        self._workspace = workspace
        self._values = _values(project)
        self._exhibits = {
            Path(file).stem.removeprefix("_"): step.partition(":")[2]
            for step, record in read_records(project / ACCEPTED.name).items()
            for file in record.writes
            if file.startswith(f"report/generated/{LANGUAGES[0]}/_")
        }
        table = read_yaml(project / "notebooks" / "notebooks.yml")
        self._lacking: dict[str, dict[str, set[str]]] = {}
        self._registers = {name: entry.get("needs") or [] for name, entry in table.items()}

    def needs(self, missing: Collection[str]) -> list[str]:
        """Needs, in the order of metadata/texts/study_needs.csv; `other` where none is known."""
        found = {need for name in missing for need in self._of(name)}
        return [need for need in need_words() if need in found] or ["other"]

    def _of(self, name: str) -> set[str]:
        entry = self._values.get(name, {})
        notebook = entry.get("notebook") or self._exhibits.get(name, "")
        if not (self._workspace / "report/generated/values" / f"{notebook}.json").is_file():
            return {Path(register).stem for register in self._registers.get(notebook, [])}
        if notebook not in self._lacking:
            path = self._workspace / "notebooks" / f"{notebook}.ipynb"
            self._lacking[notebook] = lacking_in(path)
        cells = self._lacking[notebook]
        own = cells.get(entry.get("cell") or "")
        return set().union(*cells.values()) if own is None else own


def lacking_in(notebook: Path) -> dict[str, set[str]]:
    """What cells of a run notebook said that the study lacks, by the cell's id."""
    return {
        cell.get("id", ""): {
            need
            for output in cell.get("outputs", [])
            for need in _LACKS.findall("".join(output.get("text", "")))
        }
        for cell in json.loads(notebook.read_text("utf-8"))["cells"]
    }


def _values(project: Path) -> dict[str, dict[str, Any]]:
    folder = project / "report" / "generated" / "values"
    return {
        name: entry
        for path in sorted(folder.glob("*.json"))
        for name, entry in json.loads(path.read_text("utf-8")).items()
    }


def build_study(region: str, run: Callable[[Path, Sequence[str]], None] | None = None) -> Told:
    """Make a study's report in its workspace and publish it under `_output/<region>/`."""
    run = run or _build
    start = time.monotonic()
    study = check_study(region)
    workspace = WORKSPACES / region
    make_workspace(region, workspace)
    run(workspace, ["notebook"])
    missing = write_prose(workspace, study)
    run(workspace, [])
    publish(workspace / "_output", OUTPUT / region)
    seconds = time.monotonic() - start
    words = [need_words()[need][LANGUAGES[0]] for need in missing]
    print(
        f"  {region}: {shown(OUTPUT / region / 'index.html')} ({seconds:.0f} s)"
        + (f"; left out for want of: {'; '.join(words)}" if words else ""),
        flush=True,
    )
    for told in sorted((workspace / "build" / "crowded").glob("*.txt")):
        if fault := told.read_text("utf-8"):
            print(f"  {region}: {fault}", flush=True)
    titles = _values(workspace)["front_title"]["text"]
    return Told(region, study.words()["here"], titles, seconds)


def _build(workspace: Path, steps: Sequence[str]) -> None:
    """`make report` in the workspace; ProjectError with its last line where it fails."""
    crowded = workspace / "build" / "crowded"
    done = subprocess.run(
        [sys.executable, "-m", "karaganda_vibe.build", *steps],
        cwd=workspace,
        env={**pinned_environment(project=workspace), CROWDED: str(crowded)},
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        reason = said[-1].removeprefix("error: ") if said else f"exit code {done.returncode}"
        raise ProjectError(f"{workspace.name} cannot be made: {reason}")


def publish(made: Path, target: Path) -> None:
    """Put a study's pages in place of its former ones, whole."""
    fresh = target.with_name(f".{target.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(made, fresh)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the studies named, or all; return 0, or 1 after a line for each that cannot be made."""
    asked = list(sys.argv[1:] if arguments is None else arguments)
    told, found = [], []
    try:
        with alone():
            for region in asked or listed_studies():
                try:
                    told.append(build_study(region))
                except ProjectError as error:
                    found.append(one_line(error))
            if told and not asked:
                write_studies_page(OUTPUT / "studies.html", told)
                print(f"  all studies: {shown(OUTPUT / 'studies.html')}", flush=True)
    except (ProjectError, OSError, SyntaxError) as error:
        found.append(one_line(error))
    for line in found:
        print(f"error: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
