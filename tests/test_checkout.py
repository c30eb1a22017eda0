"""A checkout has the same bytes everywhere, and starts in a container and on Binder."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from scratch_project import contents, copy_project, project_files

from karaganda_vibe.project.paths import PROJECT

# Folders whose files carry a checksum somewhere.
CHECKED = ("data", "report", "notebooks", "metadata")


def git(folder: Path, *arguments: str, given: str | None = None) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=Made", "-c", "user.email=made@example.org", *arguments],
        cwd=folder,
        input=given,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_no_file_has_its_line_ends_changed() -> None:
    names = [name.as_posix() for name in project_files()]
    rows = git(PROJECT, "check-attr", "-z", "--stdin", "text", "eol", given="\0".join(names))
    fields = rows.split("\0")[:-1]
    found: dict[str, dict[str, str]] = {}
    for name, attribute, value in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
        found.setdefault(name, {})[attribute] = value
    changed = [
        name
        for name, attributes in found.items()
        if attributes["text"] != "unset" and attributes["eol"] != "lf"
    ]
    assert sorted(found) == sorted(names)
    assert changed == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data/raw/made/table.csv", "unset"),
        ("data/raw/made/note.txt", "unset"),
        ("report/figures/en/fig-made.svg", "unset"),
        ("report/figures/en/fig-made.png", "unset"),
        ("report/theme/made.docx", "unset"),
        ("data/processed/made.csv", "auto"),
        ("environment.py", "auto"),
    ],
)
def test_raw_data_pictures_and_word_files_are_never_converted(name: str, text: str) -> None:
    assert git(PROJECT, "check-attr", "text", "--", name).split(": ")[-1].strip() == text


def test_a_checkout_as_on_windows_has_the_same_bytes(tmp_path: Path) -> None:
    here = copy_project(tmp_path / "here", without=["src", "tests"])
    git(here, "init", "--quiet")
    git(here, "add", "--all")
    git(here, "commit", "--quiet", "--message", "Made for a test")
    git(tmp_path, "clone", "--quiet", "-c", "core.autocrlf=true", "here", "there")
    there, same = contents(tmp_path / "there", CHECKED), contents(here, CHECKED)
    assert [name for name in same if there.get(name) != same[name]] == []


def test_the_container_makes_the_environment_with_a_python_that_is_allowed() -> None:
    told = json.loads((PROJECT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    assert told["image"].startswith("python:3.13")  # the whole image: make and git are in it
    assert told["postCreateCommand"].startswith("python environment.py ")
    interpreter = told["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert interpreter.endswith("/.venv/bin/python")


def test_binder_installs_the_lock_and_finds_the_package() -> None:
    binder = PROJECT / "binder"
    (line,) = (binder / "requirements.txt").read_text("utf-8").splitlines()
    assert (binder / line.removeprefix("-r ")).resolve() == PROJECT / "requirements.lock"
    assert (binder / "runtime.txt").read_text("utf-8") == "python-3.11\n"
    if os.name != "nt":
        command = [binder / "start", "sh", "-c", "echo $PYTHONPATH"]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == str(PROJECT / "src")
