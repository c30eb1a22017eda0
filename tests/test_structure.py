"""The house: nothing imports in a circle, and nothing reaches outside the project."""

import ast
import graphlib
import re
import subprocess

from karaganda_vibe.project.paths import PROJECT

PACKAGE = PROJECT / "src" / "karaganda_vibe"


def imports_of(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return names


def module_name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_module_imports_in_a_circle():
    names = {module_name(path): path for path in PACKAGE.rglob("*.py")}
    graph = {
        name: {other for other in imports_of(path) if other in names and other != name}
        for name, path in names.items()
    }
    # A package's front door may gather its own modules.
    for name, path in names.items():
        if path.name == "__init__.py":
            for other in graph:
                if other.startswith(f"{name}."):
                    graph[other].discard(name)
    assert list(graphlib.TopologicalSorter(graph).static_order())


def test_no_committed_file_names_a_place_outside_the_project():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    forbidden = re.compile(r"\.\./shared|/work/|/root/|/home/|\bC:\\")
    faults = []
    for name in listed:
        path = PROJECT / name
        if not name or not path.is_file() or name == "tests/test_structure.py":
            continue
        if path.suffix in {".png", ".ttf", ".woff2", ".docx", ".svg"}:
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = re.sub(r'"image/png": "[^"]*"', "", text)
        faults += [f"{name}: {found[0]}" for found in forbidden.finditer(text)]
    assert faults == []
