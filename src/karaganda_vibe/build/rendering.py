"""Render the editions: with Quarto where it is installed, else with the embedded renderer."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version as package_version
from pathlib import Path

from filelock import FileLock

from karaganda_vibe import quarto_subset
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import BUILD, OUTPUT, PROJECT, shown
from karaganda_vibe.quarto_subset import pandoc
from karaganda_vibe.quarto_subset.project import FORMATS, read_project
from karaganda_vibe.words.languages import (
    LANGUAGES,
    REPORT,
    article_name,
    edition_file,
    edition_folder,
    profile_name,
)

FOREMOST = LANGUAGES[0]
"""The edition at the root of the output folder, which Quarto clears when it renders it."""

OLDEST_QUARTO = (1, 9)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def rendered_page(language: str, document: str = REPORT) -> Path:
    """The page of a document of the edition in `language`."""
    return OUTPUT / edition_file(f"{article_name(language, document)}.html", language)


def rendered_files(language: str, document: str = REPORT) -> list[Path]:
    """What a document of the edition in `language` is rendered to: its page, PDF, Word file."""
    page = rendered_page(language, document)
    formats = read_project(PROJECT, profile_name(language, document)).formats
    return [page.with_suffix(f".{FORMATS[form]}") for form in formats]


def renderer_identity() -> str:
    """Name and version of the program that renders the editions now, on one line.

    Raises ProjectError where a Quarto is found that cannot be used.
    """
    quarto = shutil.which("quarto")
    if quarto is not None:
        return f"Quarto {_quarto_version(quarto)}"
    return f"embedded renderer, pandoc {pandoc.version()}, Typst {package_version('typst')}"


def render_document(language: str, document: str = REPORT) -> None:
    """Write HTML, PDF and DOCX of a document of one edition. Raises ProjectError where that fails.

    The report at the root comes first: Quarto clears the folder, and with it everything else.
    """
    quarto = shutil.which("quarto")
    if quarto is None:
        profile = profile_name(language, document)
        quarto_subset.render(profile=profile, say=lambda line: print(f"    {profile} {line}"))
    else:
        _render_with_quarto(quarto, language, document)
    if language != FOREMOST and document == REPORT:
        _lead_in(language)


def _quarto_version(quarto: str) -> str:
    done = subprocess.run([quarto, "--version"], capture_output=True, text=True, check=False)
    said = done.stdout.strip()
    numbers = re.match(r"(\d+)\.(\d+)", said)
    wanted = ".".join(map(str, OLDEST_QUARTO))
    remedy = "install a newer one, or take it off PATH to use the embedded renderer"
    if done.returncode != 0 or numbers is None:
        raise ProjectError(
            f"{quarto} --version: expected {wanted} or newer, found exit code {done.returncode} "
            f"and `{said[:80]}`; {remedy}"
        )
    if (int(numbers[1]), int(numbers[2])) < OLDEST_QUARTO:
        raise ProjectError(f"{quarto} is version {said}, needed is {wanted} or newer; {remedy}")
    return said


def _render_with_quarto(quarto: str, language: str, document: str) -> None:
    """Render one document with Quarto, after the checks that the embedded renderer makes.

    Quarto ends with 0 on a reference, value or picture that is not there, and publishes that. It
    would clear the folder in which report and annexes of an edition lie.
    """
    version = _quarto_version(quarto)
    profile = profile_name(language, document)
    quarto_subset.check(PROJECT, profile)
    files = rendered_files(language, document)
    command = [quarto, "render", "--profile", profile]
    if (language, document) != (FOREMOST, REPORT):
        command.append("--no-clean")
    with _alone():
        before = {path: _state(path) for path in files}
        # Not --quiet: it hides why a filter failed.
        done = subprocess.run(
            command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        _clear_leftovers(language, document)
    log = BUILD / f"quarto-{profile}.log"
    said = _COLOURS.sub("", done.stdout.decode("utf-8", errors="replace"))
    log.write_text(said, encoding="utf-8")
    asked = " ".join(["quarto", *command[1:]])
    if done.returncode != 0:
        raise ProjectError(
            f"{asked} failed with exit code {done.returncode}: {_reason(said)}; all that it said "
            f"stands in {shown(log)}"
        )
    stale = [shown(path) for path in files if _state(path) in (None, before[path])]
    if stale:
        raise ProjectError(
            f"{asked} (Quarto {version}) ended with 0 but wrote no {', '.join(stale)}; check "
            f"_quarto-{profile}.yml and {shown(log)}"
        )
    print(f"    {profile} report {', '.join(map(shown, files))} by Quarto {version}")


def _state(path: Path) -> tuple[int, int, int] | None:
    """What tells a file from the one that a new run writes in its place; None where none is."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _reason(said: str) -> str:
    """The line of Quarto's output that names the fault: the first with ERROR, else the last."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    named = [
        line for line in lines if re.match(r"(ERROR|Error|error)\b", line) and line != "ERROR:"
    ]
    return (named or lines[-1:] or ["it said nothing"])[0][:300]


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One Quarto at a time: each keeps site_libs and its figures' folders at the project's root."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with FileLock(BUILD / "quarto.lock"):
        yield


def _clear_leftovers(language: str, document: str) -> None:
    """Remove what Quarto leaves at the project's root when it fails, and copies nobody reads."""
    article = article_name(language, document)
    places = [PROJECT / "site_libs", PROJECT / f"{article}_files", OUTPUT / "site_libs"]
    folder = OUTPUT / edition_folder(language)
    places += [folder / "site_libs", folder / f"{article}_files"]
    for place in places:
        shutil.rmtree(place, ignore_errors=True)
    for ending in (".html", ".pdf", ".docx", ".typ", ".tex", ".md"):
        (PROJECT / f"{article}{ending}").unlink(missing_ok=True)
    if language == FOREMOST:
        return  # Here the pictures are published, for readers of all editions.
    for picture in (folder / "report" / "figures").rglob("*"):
        if picture.suffix in {".svg", ".png"}:
            picture.unlink()
    _remove_empty_folders(folder / "report")


def _remove_empty_folders(top: Path) -> None:
    folders = [path for path in top.rglob("*") if path.is_dir()]
    for path in [*sorted(folders, reverse=True), top]:
        with contextlib.suppress(OSError):
            path.rmdir()


def _lead_in(language: str) -> None:
    """A page index.html in the edition's folder, so that the folder's address opens the edition."""
    page = rendered_page(language)
    (page.parent / "index.html").write_text(
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="refresh" content="0; url={page.name}">\n<title>Karaganda Vibe</title>\n'
        f'<a href="{page.name}">Karaganda Vibe</a>\n</html>\n',
        encoding="utf-8",
    )
