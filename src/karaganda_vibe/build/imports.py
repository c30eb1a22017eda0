"""Which modules of the package stand behind a piece of Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from karaganda_vibe.project.paths import PROJECT

# Found by their form: to parse all modules takes longer than all else when nothing has changed.
IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)|import[ \t]+([^\n#]+))",
    flags=re.M,
)
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
    return tuple(sorted(set(_named_files(source, package))))


def _named_files(source: str, package: Path) -> Iterator[Path]:
    there = _modules(package)
    for name in set(_imported_names(source)):
        parts = name.split(".")
        # A module's package runs first: its __init__ is behind the module too.
        for depth in range(1, len(parts) + 1):
            path = there.get(".".join(parts[:depth]))
            if path:
                yield path


@cache
def _modules(package: Path) -> dict[str, Path]:
    """The files of the package by the name that an import gives them."""
    files = {path.relative_to(package.parent).with_suffix(""): path for path in package.rglob("*.py")}
    return {".".join(place.parts).removesuffix(".__init__"): path for place, path in files.items()}


def _imported_names(source: str) -> Iterator[str]:
    """Names after `import`, at any depth; `from a import b` may mean the module a.b as well."""
    for found in IMPORT.finditer(source):
        module, named, alone = found.groups()
        names = [part.split()[0] for part in re.split(r"[,()]", named or alone) if part.strip()]
        yield from ([module, *(f"{module}.{name}" for name in names)] if module else names)
