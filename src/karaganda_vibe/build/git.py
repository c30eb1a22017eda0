"""What git holds of the project's files; a project without git has nothing there."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable
from pathlib import Path

from karaganda_vibe.project.paths import PROJECT

HEAD = "HEAD"
INDEX = ""
"""What `git add` has taken, as `git show :FILE` names it."""


def is_there(project: Path = PROJECT) -> bool:
    """Whether the project is a git checkout itself (not a folder within another one)."""
    return (project / ".git").exists()


def content(name: str, of: str = HEAD, project: Path = PROJECT) -> bytes | None:
    """The file as git holds it, or None."""
    return contents([name], of, project)[name]


def contents(
    names: Iterable[str], of: str = HEAD, project: Path = PROJECT
) -> dict[str, bytes | None]:
    """The files as git holds them, None for those that it does not hold."""
    wanted = list(names)
    asked = "".join(f"{of}:{name}\n" for name in wanted)
    done = subprocess.run(
        ["git", "cat-file", "--batch"], cwd=project, input=asked.encode(), capture_output=True
    )
    found: dict[str, bytes | None] = dict.fromkeys(wanted)
    at = 0
    for name in wanted:
        end = done.stdout.find(b"\n", at)
        if end < 0:  # no git, or no commit yet
            break
        head = done.stdout[at:end].split(b" ")
        at = end + 1
        if len(head) == 3 and head[1] == b"blob":
            size = int(head[2])
            found[name] = done.stdout[at : at + size]
            at += size + 1
    return found


def otherwise_than(of: str = HEAD, project: Path = PROJECT) -> set[str]:
    """Files of the working tree that are not as in `of`: changed, new (not ignored) or gone."""
    compared = [of] if of else []
    return _listed("diff", "--name-only", "-z", *compared, project=project) | _listed(
        "ls-files", "-z", "--others", "--exclude-standard", project=project
    )


def own_files(project: Path = PROJECT) -> list[str]:
    """The project's own files that are there: committed, or new and not ignored."""
    listed = _listed(
        "ls-files", "-z", "--cached", "--others", "--exclude-standard", project=project
    )
    return sorted(name for name in listed if (project / name).is_file())


def states_of_changed(project: Path = PROJECT) -> dict[str, str]:
    """Files that are not as in the last commit, and the hash of each: to see what is touched."""
    return {name: _hash(project / name) for name in otherwise_than(HEAD, project)}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "gone"


def _listed(*arguments: str, project: Path) -> set[str]:
    done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True)
    return {name for name in done.stdout.split("\0") if name}
