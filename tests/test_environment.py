"""The environment: locks that mean the same on every Python, and the file that makes it of them."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from karaganda_vibe.project.paths import PROJECT
from karaganda_vibe.project.yaml_files import read_yaml

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
PROGRAM = PROJECT / "environment.py"
GROUPS = {"report": PROJECT / "requirements.lock"} | {
    name: PROJECT / f"requirements-{name}.lock" for name in PYPROJECT["dependency-groups"]
}
HEAVY = {"playwright", "numba", "llvmlite", "pyfixest", "linearmodels", "jupyterlab", "mypy"}
"""What a reader who wants the report need not install."""
PINNED = re.compile(r"^([a-z0-9.-]+)==(\S+)(?: ; (.*?))? \\$", flags=re.MULTILINE)

posix_only = pytest.mark.skipif(os.name == "nt", reason="kills a process group")


def direct_dependencies(group: str) -> list[Requirement]:
    if group == "report":
        texts = PYPROJECT["project"]["dependencies"]
    else:
        entries = PYPROJECT["dependency-groups"][group]
        texts = [entry for entry in entries if isinstance(entry, str)]
    return [Requirement(text) for text in texts]


def locked(group: str) -> list[tuple[str, str, str]]:
    """Name, version and marker of every line of a lock."""
    return PINNED.findall(GROUPS[group].read_text(encoding="utf-8"))


@pytest.mark.parametrize("group", GROUPS)
def test_every_dependency_is_locked_in_an_allowed_version(group: str) -> None:
    versions = {name: version for name, version, _ in locked(group)}
    for requirement in direct_dependencies(group):
        name = canonicalize_name(requirement.name)
        assert name in versions, f"{name} is not in {GROUPS[group].name}; run make lock"
        assert versions[name] in requirement.specifier


@pytest.mark.parametrize("group", GROUPS)
def test_every_locked_package_has_a_hash(group: str) -> None:
    text = GROUPS[group].read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z0-9.-]+==.*(?:\n .*)+", text, flags=re.MULTILINE)
    assert len(packages) == len(locked(group)) > 5
    assert all("--hash=sha256:" in package for package in packages)


def test_a_package_has_one_version_in_all_locks_and_on_every_python() -> None:
    versions: dict[str, set[str]] = {}
    for group in GROUPS:
        names = [name for name, _, _ in locked(group)]
        assert len(names) == len(set(names)), f"{GROUPS[group].name} names a package twice"
        for name, version, _ in locked(group):
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_what_the_report_needs_is_the_same_on_every_python() -> None:
    by_python = {name for name, _, marker in locked("report") if "python" in marker}
    assert by_python == set()


def test_the_report_alone_is_small() -> None:
    names = {name for name, _, _ in locked("report")}
    assert names.isdisjoint(HEAVY)
    assert {name for group in GROUPS for name, _, _ in locked(group)} >= HEAVY


def test_every_dependency_has_its_reason() -> None:
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("dependencies = [") : text.index("[tool.")]
    lines = re.findall(r'^  "[^"]+",.*$', block, flags=re.MULTILINE)
    assert len(lines) == sum(len(direct_dependencies(group)) for group in GROUPS)
    for line in lines:
        assert "#" in line, f"say why: {line.strip()}"


def test_conda_gives_python_make_and_the_quarto_that_is_tested() -> None:
    conda = read_yaml(PROJECT / "environment.yml")["dependencies"]
    tested = re.search(
        r'version: "(\d+\.\d+)\.\d+"',
        (PROJECT / ".github" / "workflows" / "report.yml").read_text(encoding="utf-8"),
    )
    assert tested is not None
    oldest = ".".join(map(str, constants()["OLDEST"]))  # type: ignore[arg-type]
    assert list(conda) == [f"python={oldest}", "make", f"quarto={tested[1]}.*"]


def test_make_lock_pins_every_group() -> None:
    text = (PROJECT / "Makefile").read_text(encoding="utf-8")
    groups = re.search(r"^GROUPS := (.*)$", text, flags=re.MULTILINE)
    assert groups is not None
    assert groups[1].split() == list(PYPROJECT["dependency-groups"])
    there = {path.name for path in PROJECT.glob("requirements*.lock")}
    assert there == {path.name for path in GROUPS.values()}


def constants() -> dict[str, object]:
    """The constants of environment.py, which is read, not imported: it is for any Python."""
    found: dict[str, object] = {}
    for node in ast.parse(PROGRAM.read_text(encoding="ascii"), feature_version=(3, 4)).body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            try:
                values = ast.literal_eval(node.value)
            except ValueError:
                continue
            pairs = zip(names, values if len(names) > 1 else [values], strict=True)
            found.update({name.id: value for name, value in pairs if isinstance(name, ast.Name)})
    return found


def test_the_pythons_are_those_of_the_package() -> None:
    allowed = SpecifierSet(PYPROJECT["project"]["requires-python"])
    (_, oldest), (_, newest) = constants()["OLDEST"], constants()["NEWEST"]  # type: ignore[misc]
    assert [f"3.{minor}" in allowed for minor in range(oldest - 1, newest + 2)] == [
        False,
        *[True] * (newest - oldest + 1),
        False,
    ]


def wheel(folder: Path, name: str, version: str) -> str:
    """Write a wheel with one module that knows its version; its line for a lock."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, f"{about}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(file), text)  # the same bytes at any time
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


def checkout(folder: Path, wheels: Path) -> Path:
    """A made project: environment.py as it is, one package for the report, one for tests."""
    (folder / "src" / "karaganda_vibe").mkdir(parents=True)
    build = "import made_one\nprint('built', __file__, made_one.VERSION)\n"
    (folder / "src" / "karaganda_vibe" / "build.py").write_text(build, "utf-8")
    shutil.copy(PROGRAM, folder)
    (folder / "requirements.lock").write_text(wheel(wheels, "made_one", "1.0"), "utf-8")
    (folder / "requirements-test.lock").write_text(wheel(wheels, "made_two", "2.0"), "utf-8")
    return folder


def surroundings(wheels: Path, **more: str) -> dict[str, str]:
    """Where pip finds the made wheels and nothing else, and uv is not found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    settings = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    return {**kept, **settings, "PATH": str(wheels / "bin"), **more}


def call(
    root: Path, environment: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(root / "environment.py"), *arguments],
        cwd=root.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def the_error(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of an error."""
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wheels")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Path:
    """A made project, built once."""
    root = checkout(tmp_path_factory.mktemp("made") / "first", wheels)
    done = call(root, surroundings(wheels), "report")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"built {root / 'src' / 'karaganda_vibe' / 'build.py'} 1.0" in done.stdout
    return root


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """A copy of it, with its .venv."""
    return Path(shutil.copytree(made, tmp_path / "second place", symlinks=True))


def test_what_is_there_is_not_made_again(copied: Path, wheels: Path) -> None:
    nowhere = surroundings(wheels, PIP_FIND_LINKS="")
    done = call(copied, nowhere, "report", "-c", "import sys; print(sys.prefix); sys.exit(7)")
    assert (done.returncode, done.stdout) == (7, f"{copied / '.venv'}\n")


def test_a_copied_checkout_builds_itself(copied: Path, wheels: Path) -> None:
    done = call(copied, surroundings(wheels, PYTHONPATH="/elsewhere"), "report")
    assert done.stdout == f"built {copied / 'src' / 'karaganda_vibe' / 'build.py'} 1.0\n"


def test_an_environment_of_an_earlier_edition_is_made_anew(copied: Path, wheels: Path) -> None:
    (site,) = copied.glob(".venv/lib/*/site-packages")
    (site / "__editable__.karaganda_vibe.pth").write_text("/another/checkout/src\n", "utf-8")
    (copied / ".venv" / ".ready").write_text("", "utf-8")
    done = call(copied, surroundings(wheels), "report", "-c", "import sys; print(sys.path)")
    assert done.returncode == 0
    assert done.stdout.startswith("Making the Python environment in .venv from requirements.lock")
    assert "another" not in done.stdout


def test_a_group_is_added_and_a_new_lock_installed(copied: Path, wheels: Path) -> None:
    show = "import made_one, made_two; print(made_one.VERSION, made_two.VERSION)"
    first = call(copied, surroundings(wheels), "test", "-c", show)
    assert first.stdout.splitlines()[1:] == ["1.0 2.0"]
    (copied / "requirements.lock").write_text(wheel(wheels, "made_one", "1.1"), "utf-8")
    again = call(copied, surroundings(wheels), "report", "-c", show)
    assert again.stdout.splitlines()[1:] == ["1.1 2.0"]
    assert sorted(json.loads((copied / ".venv" / ".ready").read_text("utf-8"))) == [
        "report",
        "test",
    ]


def test_what_cannot_be_installed_leaves_the_report_as_it_was(copied: Path, wheels: Path) -> None:
    nowhere = surroundings(wheels, PIP_FIND_LINKS="")
    error = the_error(call(copied, nowhere, "test", "-c", ""))
    assert "No matching distribution found for made_two==2.0" in error
    assert "build/log/environment.txt" in error
    assert call(copied, nowhere, "report").stdout.endswith("build.py 1.0\n")


@posix_only
def test_an_interrupted_install_is_gone_on_with(copied: Path, wheels: Path) -> None:
    (site,) = copied.glob(".venv/lib/*/site-packages")
    (copied / ".venv" / ".ready").write_text("{}", "utf-8")
    (site / "made_one.py").write_text("half of", "utf-8")
    (site / "made_one-1.0.dist-info" / "INSTALLER").unlink()
    done = call(copied, surroundings(wheels), "report")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("build.py 1.0\n")


@posix_only
def test_a_kill_while_the_environment_is_made(tmp_path: Path, wheels: Path) -> None:
    root = checkout(tmp_path / "killed", wheels)
    command = [sys.executable, str(root / "environment.py"), "report"]
    process = subprocess.Popen(
        command, env=surroundings(wheels), stdout=subprocess.DEVNULL, start_new_session=True
    )
    while not (root / ".venv" / "pyvenv.cfg").exists():
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    done = call(root, surroundings(wheels), "report")
    assert done.stdout.endswith("build.py 1.0\n"), done.stderr


def test_two_at_once_wait_for_each_other(tmp_path: Path, wheels: Path) -> None:
    root = checkout(tmp_path / "shared", wheels)
    command = [sys.executable, str(root / "environment.py"), "report"]
    both = [
        subprocess.Popen(
            command,
            env=surroundings(wheels),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = sorted(process.communicate()[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert [text.splitlines()[0] for text in outputs] == [
        "Another command is making .venv; waiting for it ...",
        "Making the Python environment in .venv from requirements.lock ...",
    ]
    assert all(text.endswith("build.py 1.0\n") for text in outputs)


def test_a_changed_package_is_refused(copied: Path, wheels: Path, tmp_path: Path) -> None:
    other = tmp_path / "other wheels"
    other.mkdir()
    wheel(other, "made_two", "2.0")
    with zipfile.ZipFile(next(other.iterdir()), "a") as archive:
        archive.writestr("made_three.py", "evil = True\n")
    places = surroundings(wheels, PIP_FIND_LINKS=other.as_uri(), PIP_NO_CACHE_DIR="1")
    error = the_error(call(copied, places, "test", "-c", ""))
    assert "is not the one in the lock (its checksum differs)" in error


def test_no_network_is_said_in_one_line(copied: Path, wheels: Path) -> None:
    closed = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}
    places = surroundings(wheels, PIP_FIND_LINKS="", **closed)
    del places["PIP_NO_INDEX"]
    assert "the package index cannot be reached" in the_error(
        call(copied, places, "test", "-c", "")
    )


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("OSError: [Errno 28] No space left on device\nmore", "the disk is full"),
        ("... because ensurepip is not\navailable.", "this Python has no venv module"),
        ("error: Hash mismatch for `made==1`", "is not the one in the lock"),
        ("  cause: dns error: failed to lookup", "the package index cannot be reached"),
        ("something\nlast line\n\n", ".venv was not made: last line; "),
    ],
)
@posix_only
def test_long_outputs_become_one_line(
    copied: Path, wheels: Path, tmp_path: Path, output: str, said: str
) -> None:
    # A stand-in for pip inside the copied .venv prints what the real one was seen to.
    (site,) = copied.glob(".venv/lib/*/site-packages")
    shutil.rmtree(site / "pip")
    (site / "pip").mkdir()
    program = f"import sys; print({output!r}); sys.exit('\\n' if 'last' in {output!r} else 2)"
    (site / "pip" / "__main__.py").write_text(program, "utf-8")
    base = tmp_path / "base"
    base.write_text("#!/bin/sh\nexit 0\n", "utf-8")
    base.chmod(0o755)
    assert said in the_error(pretend(copied, wheels, "test", _base_executable=str(base)))


def pretend(
    root: Path, wheels: Path, group: str, **facts: object
) -> subprocess.CompletedProcess[str]:
    """Run environment.py in a Python whose `sys` says something else of itself."""
    setting = "".join(f"sys.{name} = {value!r}\n" for name, value in facts.items())
    program = (
        f"import runpy, sys\n{setting}sys.argv = ['environment.py', {group!r}]\n"
        f"runpy.run_path({str(root / 'environment.py')!r}, run_name='__main__')\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        env=surroundings(wheels),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 99, 0)])
def test_a_python_that_the_locks_are_not_for_is_refused(
    tmp_path: Path, wheels: Path, version: tuple[int, int, int]
) -> None:
    root = checkout(tmp_path / "old", wheels)
    text = ".".join(map(str, version))
    error = the_error(
        pretend(root, wheels, "report", version_info=version, version=f"{text} (made for a test)")
    )
    assert error == (
        f"error: Python 3.11 to 3.13 is needed, found {text}; name another one: make PYTHON=..., "
        "or PATH/TO/python environment.py report"
    )
    assert not (root / ".venv").exists()


@posix_only
def test_another_python_on_the_path_is_taken(tmp_path: Path, wheels: Path) -> None:
    root = checkout(tmp_path / "old", wheels)
    folder = wheels / "bin"
    folder.mkdir()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        (folder / f"python{version}").symlink_to(sys.executable)
        (folder / "python3.13").touch(mode=0o755)  # a shim that starts nothing
        done = pretend(root, wheels, "report", version_info=(3, 8, 0), version="3.8.0")
    finally:
        shutil.rmtree(folder)
    assert done.stdout.endswith("build.py 1.0\n"), done.stderr


@posix_only
def test_where_uv_cannot_install_pip_does(copied: Path, wheels: Path) -> None:
    folder = wheels / "bin"
    folder.mkdir()
    try:
        (folder / "uv").write_text('#!/bin/sh\necho "$@" >> "$0.calls"\nexit 1\n', "utf-8")
        (folder / "uv").chmod(0o755)
        done = call(copied, surroundings(wheels), "test", "-c", "import made_two")
        calls = (folder / "uv.calls").read_text("utf-8")
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr
    assert calls.startswith("pip sync --python ")


def test_an_unknown_group_is_named_with_those_there_are(copied: Path, wheels: Path) -> None:
    error = the_error(call(copied, surroundings(wheels), "tests"))
    assert error == "error: name one of report, test, as in: python environment.py report"
