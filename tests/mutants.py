"""`make mutants`: change the code a little, again and again, and see whether a unit test fails.

mutmut works in a scratch copy that holds no committed output (no clean table, figure, block or
value), so only tests that know the right answer by themselves can kill a mutant; those that need
the outputs are left out and named. All modules of three wings take hours; name some instead:

    make mutants MODULES="panels/rates inference/verdicts"
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from scratch_project import BUILT, copy_project

from karaganda_vibe.project.paths import PROJECT

WINGS = ("panels", "inference", "findings")
PACKAGE = Path("src") / "karaganda_vibe"
KILLED = ("killed", "timeout", "segfault")
"""A mutant that never ends, or that brings Python down, does not pass unseen either."""
OUTCOME = re.compile(r"^ +([\w.ǁ]+__mutmut_\d+): (.+)$", flags=re.MULTILINE)
FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/[^ \n]+?)(?: - .*)?$", flags=re.MULTILINE)


def chosen_modules(names: Sequence[str], package: Path = PROJECT / PACKAGE) -> list[Path]:
    """Files of the wings, relative to the project: those named ("panels/rates", "panels") or all.

    Raises SystemExit with one line where a name is none of them.
    """
    files = [path for wing in WINGS for path in sorted((package / wing).glob("*.py"))]
    found: list[Path] = []
    for name in names or WINGS:
        place = package / name.removesuffix(".py")
        own = [path for path in files if path.with_suffix("") == place or path.parent == place]
        if not own:
            raise SystemExit(
                f"error: no module {name} in {', '.join(WINGS)}; name one as in panels/rates"
            )
        found += own
    return [PACKAGE / path.relative_to(package) for path in dict.fromkeys(found)]


def settings(modules: Sequence[Path], tests: Sequence[str], left_out: Sequence[str]) -> str:
    """mutmut's part of pyproject.toml."""
    unusable = [
        word for test in left_out for word in ("--deselect" if "::" in test else "--ignore", test)
    ]
    values = {
        "source_paths": ["src"],
        "only_mutate": [path.as_posix() for path in modules],
        "also_copy": ["data", "metadata", "notebooks", "report", "benchmarks", "CITATION.cff"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-p", "no:randomly", *unusable],
        "pytest_add_cli_args_test_selection": list(tests),
        "use_git_change_detection": False,
    }
    lines = (f"{name} = {json.dumps(value)}" for name, value in values.items())
    return "\n[tool.mutmut]\n" + "\n".join(lines) + "\n"


def failing_tests(root: Path, tests: Sequence[str]) -> list[str]:
    """Tests that fail before anything is changed: they need the committed outputs."""
    command = [sys.executable, "-m", "pytest", "-n", "2", "-q", "-rfE", "--tb=no", *tests]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return sorted(set(FAILED.findall(done.stdout)))


def outcomes(text: str) -> dict[str, Counter[str]]:
    """What `mutmut results --all true` tells, counted by module."""
    found: dict[str, Counter[str]] = {}
    for name, outcome in OUTCOME.findall(text):
        found.setdefault(module_of(name), Counter())[outcome] += 1
    return found


def module_of(mutant: str) -> str:
    """The module of a mutant: "panels/rates" of karaganda_vibe.panels.rates.x_rank__mutmut_1."""
    return "/".join(mutant.rsplit(".", 1)[0].split(".")[1:])


def report(found: Mapping[str, Counter[str]]) -> str:
    """The table: mutants, killed, score, and what became of the others, by module and in all."""
    rows = {**found, "all": sum(found.values(), Counter())}
    lines = []
    for name, counts in rows.items():
        killed = sum(counts[outcome] for outcome in KILLED)
        share = killed / max(counts.total(), 1)
        rest = ", ".join(f"{counts[o]} {o}" for o in sorted(counts) if o not in KILLED)
        lines.append(f"{name:32} {counts.total():5} mutants {share:7.1%} killed   {rest}".rstrip())
    return "\n".join(lines)


def survivors(text: str) -> list[str]:
    """The names of the mutants that no test killed."""
    return [name for name, outcome in OUTCOME.findall(text) if outcome not in KILLED]


def mutmut(root: Path, *arguments: str) -> str:
    """Run mutmut in the copy and return what it says. Raises SystemExit where it fails."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip()[-3000:]
        raise SystemExit(f"{last}\nerror: mutmut {arguments[0]} failed, see above")
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the mutants, run the tests against each, print scores and survivors."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help="panels/rates, say; all of a wing: panels")
    parser.add_argument("--tests", nargs="+", help="tests that may kill (default: of the wings)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--show", action="store_true", help="show what each survivor changes")
    options = parser.parse_args(arguments)
    modules = chosen_modules(options.modules)
    tests = options.tests or sorted({f"tests/{module.parent.name}" for module in modules})
    with tempfile.TemporaryDirectory(prefix="mutants") as folder:
        root = copy_project(Path(folder) / "copy", without=BUILT)
        left_out = failing_tests(root, tests)
        for test in left_out:
            print(f"  left out, as it fails without the committed outputs: {test}")
        with (root / "pyproject.toml").open("a", encoding="utf-8") as stream:
            stream.write(settings(modules, tests, left_out))
        print(f"  mutants of {len(modules)} module(s) …", flush=True)
        mutmut(root, "run", "--max-children", str(options.processes))
        results = mutmut(root, "results", "--all", "true")
        for name in survivors(results):
            print(mutmut(root, "show", name) if options.show else f"  survived: {name}")
    print(report(outcomes(results)))


if __name__ == "__main__":
    main()
