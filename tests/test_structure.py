"""The house: imports run down its floors, and everything stands in the room of docs/house.md.

The floors are read from the table of that page, so that page and code cannot part.
"""

import ast
import graphlib
import json
import re
import subprocess

import pytest

from karaganda_vibe.project.paths import METADATA, PROJECT

PACKAGE = PROJECT / "src" / "karaganda_vibe"
HOUSE = PROJECT / "docs" / "house.md"
TOP = "build"
LONGEST = 400


def floors():
    rows = re.findall(r"^\| (\d) \| `(\w+)` \|", HOUSE.read_text(encoding="utf-8"), flags=re.M)
    return {wing: int(floor) for floor, wing in rows}


def wings():
    return {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


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


def wing_of(module):
    """The wing of a dotted module name; the package itself belongs to the top wing."""
    part = f"{module}.".split(".")[1]
    return part if part in floors() else TOP


def faults_of_imports(graph):
    """Imports that do not run down, as 'module → module'. `graph`: module → what it imports."""
    floor = floors()
    faults = []
    for name, others in graph.items():
        own = wing_of(name)
        for other in others:
            theirs = wing_of(other)
            up = own != theirs and floor[theirs] >= floor[own]
            stranger = own == "quarto_subset" and theirs not in {own, "project"}
            if up or stranger:
                faults.append(f"{name} → {other}")
    return sorted(faults)


def test_imports_run_down_the_floors():
    graph = {}
    for path in PACKAGE.rglob("*.py"):
        inside = {name for name in imports_of(path) if name.startswith("karaganda_vibe.")}
        graph[module_name(path)] = inside
    assert faults_of_imports(graph) == []


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("panels.made", "findings.made"),
        ("figures.made", "sources.made"),
        ("inference.made", "places.made"),
        ("quarto_subset.made", "words.made"),
        ("words.made", "build"),
        ("publishing.made", "notebooks"),
    ],
)
def test_an_import_that_runs_up_or_across_is_seen(own, other):
    graph = {f"karaganda_vibe.{own}": {f"karaganda_vibe.{other}"}}
    assert faults_of_imports(graph) == [f"karaganda_vibe.{own} → karaganda_vibe.{other}"]
    if "quarto_subset" not in own:
        turned = {f"karaganda_vibe.{other}": {f"karaganda_vibe.{own}"}}
        across = floors()[wing_of(f"karaganda_vibe.{other}")] == floors()[own.split(".")[0]]
        assert bool(faults_of_imports(turned)) == across


def test_every_module_stands_in_a_wing():
    assert {path.stem for path in PACKAGE.glob("*.py")} == {"__init__"}
    assert wings() | {TOP} == set(floors())
    folders = {path.parent for path in PACKAGE.rglob("*.py")} - {PACKAGE}
    assert {folder.name for folder in folders} == wings()


def test_every_wing_says_its_job_in_one_line():
    for wing in wings():
        tree = ast.parse((PACKAGE / wing / "__init__.py").read_text(encoding="utf-8"))
        said = ast.get_docstring(tree) or ""
        assert said.endswith("."), wing
        assert "\n" not in said, wing


def test_every_module_says_what_it_is():
    for path in PACKAGE.rglob("*.py"):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        assert len(said) > 15, path


def test_a_long_module_says_why():
    faults = []
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        if lines > LONGEST and "over 400 lines: " not in (ast.get_docstring(ast.parse(text)) or ""):
            faults.append(f"{module_name(path)}: {lines} lines, and its docstring gives no reason")
    assert faults == []


def test_metadata_lies_in_the_folders_of_the_house():
    named = set(re.findall(r"`metadata/(\w+(?:\.\w+)?)/?`", HOUSE.read_text(encoding="utf-8")))
    assert {path.name for path in METADATA.iterdir()} == named
    assert [path for path in METADATA.glob("*/*") if path.is_dir()] == []


def test_tests_follow_the_wings():
    tests = PROJECT / "tests"
    folders = {path.parent.relative_to(tests).as_posix() for path in tests.rglob("test_*.py")}
    assert folders <= {".", "report", TOP, *wings()}
    modules: dict[str, set[str]] = {}
    for path in PACKAGE.glob("*/*.py"):
        modules.setdefault(path.stem, set()).add(path.parent.name)
    faults = []
    for path in tests.glob("*/test_*.py"):
        subject, folder = path.stem.removeprefix("test_"), path.parent.name
        tested = {
            name.split(".")[1]
            for name in imports_of(path)
            if name.startswith("karaganda_vibe.") and name.count(".") > 1
        }
        homes = modules.get(subject, {folder})
        if folder not in homes | {"report"}:
            faults.append(f"{folder}/{path.name}: {subject} stands in {', '.join(sorted(homes))}")
        # The build is tested by running it; what needs the project's paths only is of no wing.
        elif folder in wings() - {TOP} and tested - {"project"} and folder not in tested:
            faults.append(f"{folder}/{path.name} imports nothing of {folder}")
    assert faults == []


def test_no_committed_file_names_a_place_outside_the_project():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    forbidden = re.compile(r"\.\./shared|/work/|/root/|/home/(?!made)|\bC:\\")
    faults = []
    for name in listed:
        path = PROJECT / name
        if not name or not path.is_file() or name == "tests/test_structure.py":
            continue
        if path.suffix in {".png", ".ttf", ".woff2", ".docx", ".svg", ".xls", ".xlsx"}:
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = re.sub(r'"image/png": "[^"]*"', "", text)
        faults += [f"{name}: {found[0]}" for found in forbidden.finditer(text)]
    assert faults == []


def unstable_sorts(source: str) -> list[int]:
    """Lines that sort by one key without saying that equal rows keep their order.

    By several keys pandas is stable anyhow; by one it takes a sort whose order of equal rows
    depends on the processor's instructions.
    """
    found = []
    for call in ast.walk(ast.parse(source)):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if call.func.attr not in {"sort_values", "argsort"} or "kind" in given:
            continue
        key = call.args[0] if call.args else given.get("by")
        if not (isinstance(key, ast.List | ast.Tuple) and len(key.elts) > 1):
            found.append(call.lineno)
    return found


def test_equal_rows_keep_their_order_on_every_processor():
    code = {path: path.read_text("utf-8") for path in sorted((PROJECT / "src").rglob("*.py"))}
    for path in sorted((PROJECT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        parts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        code[path] = "\n".join(parts)
    found = [f"{path.name}, line {line}" for path in code for line in unstable_sorts(code[path])]
    assert not found, f'add kind="stable": {found}'
    assert unstable_sorts('t.sort_values("a")\nt.sort_values(["a", "b"])\ns.argsort()') == [1, 3]
