"""The state of a thing that a step of the build reads or writes: a SHA-256 of what is in it.

Things have names that are the same on every machine: the path of a file in the project, or a part
of a file. Times, places and the order of a file's keys never count.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROJECT, shown

MISSING = "missing"
SOURCE = " (source)"
"""After a notebook's path: what a person writes in it, code and text."""
OUTPUTS = " (outputs)"
"""After a notebook's path: all that running it stores, and whatever else its file holds."""
VERSIONS = " (versions)"
"""After the path of a file of pinned libraries: their names and versions."""
RENDERER = "renderer"
"""What renders the report: the embedded renderer, or Quarto with its version."""


def state_of(name: str) -> str:
    """The state of the thing called `name`, or MISSING. Raises ProjectError for no notebook."""
    if name == RENDERER:
        return _renderer()
    # As text: asked for thousands of files, a Path takes as long as the disk.
    path = f"{PROJECT}/{file_of(name)}"
    try:
        there = os.stat(path)  # noqa: PTH116
        return _state(name, path, there.st_mtime_ns, there.st_size, there.st_ino)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return MISSING


def content_state(name: str, content: bytes) -> str:
    """The state of the thing called `name` where its file holds `content`."""
    if name.endswith((SOURCE, OUTPUTS)):
        content = notebook_parts(content, PROJECT / file_of(name))[name.endswith(OUTPUTS)]
    elif name.endswith(VERSIONS):
        content = pinned_versions(content.decode("utf-8")).encode("utf-8")
    return hashlib.sha256(content).hexdigest()


def file_of(name: str) -> str:
    """The file that the thing called `name` is or is part of."""
    for part in (SOURCE, OUTPUTS, VERSIONS):
        name = name.removesuffix(part)
    return name


def name_of(path: Path) -> str:
    """The name of a file of the project."""
    return path.relative_to(PROJECT).as_posix()


def files_in(places: Iterable[Path], *patterns: str) -> set[str]:
    """Names of all files in the folders (or of the files themselves); hidden ones do not count."""
    found: set[str] = set()
    for place in places:
        if place.is_file():
            found.add(name_of(place))
        for pattern in patterns or ("*",):
            found.update(
                name_of(file)
                for file in place.rglob(pattern)
                if file.is_file() and not file.name.startswith(".")
            )
    return found


def notebook_parts(content: bytes, path: Path) -> tuple[bytes, bytes]:
    """A notebook as two texts: what a person writes in it, and all else, outputs foremost.

    Raises ProjectError where `content` is no notebook.
    """
    notebook, written = _read_notebook(content, path)
    others = [{k: v for k, v in cell.items() if k != "source"} for cell in notebook["cells"]]
    return _as_bytes(written), _as_bytes({**notebook, "cells": others})


def notebook_code(path: Path) -> str:
    """The Python code of a notebook. Raises ProjectError where the file is no notebook."""
    _, written = _read_notebook(path.read_bytes(), path)
    return "\n".join(text for _, kind, text in written if kind == "code")


def _read_notebook(content: bytes, path: Path) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    """A notebook as it is kept, and the id, kind and text of each cell."""
    # Read as JSON, since to import nbformat takes longer than all else when nothing has changed.
    try:
        notebook = json.loads(content)
        return notebook, [
            (cell.get("id", ""), cell["cell_type"], "".join(cell["source"]))
            for cell in notebook["cells"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProjectError(
            f"{shown(path)} is not a notebook ({type(error).__name__}: {error}); "
            "restore it from the repository"
        ) from None


def pinned_versions(text: str) -> str:
    """The pins of a locked list of libraries, sorted, without the hashes of their files."""
    found = re.findall(r"^[\w.\[\]-]+==[^\\\n]*", text, flags=re.M)
    return "\n".join(sorted(line.strip() for line in found))


@cache
def _state(name: str, path: str, changed: int, size: int, number: int) -> str:
    """The state of a file or its part, worked out once while its date, size and number stay."""
    return content_state(name, Path(path).read_bytes())


@cache
def _renderer() -> str:
    if shutil.which("quarto") is None:
        # As `renderer_identity`, whose module is slow to load.
        programs = [f"{name} {version(name)}" for name in ("pypandoc_binary", "typst")]
        identity = f"embedded renderer, {', '.join(programs)}"
    else:
        from karaganda_vibe.build.rendering import renderer_identity

        identity = renderer_identity()
    return hashlib.sha256(identity.encode("utf-8")).hexdigest()


def _as_bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8")
