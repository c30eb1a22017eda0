"""The environment: one lock file for pip and conda, every dependency with its reason."""

import re
import subprocess
import sys
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from karaganda_vibe.project.paths import PROJECT
from karaganda_vibe.project.yaml_files import read_yaml

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (PROJECT / "requirements.lock").read_text(encoding="utf-8")


def direct_dependencies():
    texts = PYPROJECT["project"]["dependencies"] + PYPROJECT["dependency-groups"]["dev"]
    return [Requirement(text) for text in texts]


def locked_versions():
    lines = re.findall(r"^([a-z0-9.-]+)==(\S+)", LOCK, flags=re.MULTILINE)
    versions = {}
    for name, version in lines:
        versions.setdefault(name, []).append(version)
    return versions


def test_every_dependency_is_locked_in_an_allowed_version():
    locked = locked_versions()
    for requirement in direct_dependencies():
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is not in requirements.lock; run make lock"
        assert all(version in requirement.specifier for version in locked[name])


def test_every_locked_package_has_a_hash():
    packages = re.findall(r"^[a-z0-9.-]+==.*(?:\n .*)+", LOCK, flags=re.MULTILINE)
    assert len(packages) > 100
    assert all("--hash=sha256:" in package for package in packages)


def test_every_dependency_has_its_reason():
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("dependencies = [") : text.index("[dependency-groups]")]
    for line in re.findall(r'^  "[^"]+",.*$', block, flags=re.MULTILINE):
        assert "#" in line, f"say why: {line.strip()}"


def test_conda_gives_python_make_and_the_quarto_that_is_tested():
    conda = read_yaml(PROJECT / "environment.yml")["dependencies"]
    oldest = PYPROJECT["project"]["requires-python"].removeprefix(">=")
    tested = re.search(
        r'version: "(\d+\.\d+)\.\d+"',
        (PROJECT / ".github" / "workflows" / "report.yml").read_text(encoding="utf-8"),
    )
    assert tested is not None
    assert list(conda) == [f"python={oldest}", "make", f"quarto={tested[1]}.*"]


def test_a_python_that_is_too_old_is_refused_in_one_line(tmp_path):
    program = (
        "import sys, runpy\n"
        "sys.version_info = (3, 8, 0)\n"
        "sys.version = '3.8.0 (made for a test)'\n"
        f"runpy.run_path({str(PROJECT / 'environment.py')!r}, run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "error: Python 3.11 or newer is needed, found 3.8.0; name another one with make PYTHON=…"
    )
    assert list(tmp_path.iterdir()) == []
