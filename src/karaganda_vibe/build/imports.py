"""Which modules of the package stand behind a piece of Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from karaganda_vibe.project.paths import PROJECT

PACKAGE = PROJECT / "src" / "karaganda_vibe"


def modules_behind(source: str, package: Path = PACKAGE) -> list[Path]:
    """The package's files that Python `source` imports, directly or through one another."""
    found: set[Path] = set()
    waiting = [source]
    while waiting:
        for path in _imported(waiting.pop(), package):
            if path not in found:
                found.add(path)
                waiting.append(_text(path))
    return sorted(found)


def module_and_behind(module: Path) -> list[Path]:
    """The module's own file and those that it imports, directly or through one another."""
    return sorted({module, *modules_behind(_text(module))})


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


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
        # A module's package runs first: its __init__ is behind the module too.
        for depth in range(1, len(parts) + 1):
            place = package.joinpath(*parts[1:depth])
            for candidate in (place.with_suffix(".py"), place / "__init__.py"):
                if candidate.is_file():
                    yield candidate
