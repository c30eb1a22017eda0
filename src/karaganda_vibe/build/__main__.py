"""`make report`: bring results and pages up to date. `python -m karaganda_vibe.build [STEP …]`.

A step is named alone (`render:en`) or with its like (`render`); what it waits for comes along.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from karaganda_vibe.build import results, tasks
from karaganda_vibe.build.lock import ACCEPTED, LOCAL, Records, read_records, write_records
from karaganda_vibe.build.notebook_table import read_notebook_table
from karaganda_vibe.build.steps import Builder, Noted, Step, in_order
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import BUILD, PROJECT, shown

FOR_ALL_TO_READ = 0o022
"""Pages are published: whatever the user's own habit, others may read them."""


def build(wanted: Sequence[str] = ()) -> list[str]:
    """Bring the steps up to date, all or those `wanted`; return what went wrong, a line each."""
    builder = Builder(_kept(ACCEPTED), _kept(LOCAL), LOCAL)
    before = dict(builder.local)
    table = read_notebook_table()
    steps = tasks.result_steps(_execute, table)
    failures = in_order(_wanted(steps, wanted), builder.bring_up_to_date)
    if not failures and len(builder.current) == len(steps):
        failures = _failures(lambda: _settle(steps, builder, before))
    if not failures and _pages_wanted(wanted):
        failures = _make_pages(builder, tasks.page_steps(table), wanted)
    return [one_line(error) for error in failures]


def _settle(steps: Sequence[Step], builder: Builder, before: Records) -> None:
    """See that the results fit together, and keep or report what is not as accepted."""
    results.check_writers(steps, builder.current)
    results.sweep(builder.current, builder.accepted, before)
    for line in results.words_on_changes(builder.accepted, builder.current):
        print(line, flush=True)
    if ACCEPTED.is_file():
        kept = results.settled(builder.accepted, dict(builder.current))
        if kept and kept is not builder.accepted and write_records(ACCEPTED, kept):
            print(f"  {shown(ACCEPTED)} is up to date: no result changed", flush=True)


def _make_pages(builder: Builder, steps: Sequence[Step], wanted: Sequence[str]) -> list[Exception]:
    failures = in_order(_wanted(steps, wanted), builder.bring_up_to_date)
    if not failures and all(step.name in builder.current for step in steps):
        made = {name for step in steps for name in builder.current[step.name].writes}
        for path in tasks.published_files():
            if tasks.name_of(path) not in made:
                path.unlink()
                print(f"  removed {shown(path)}: nothing makes it", flush=True)
    return failures


def _execute(path: Path) -> Noted:
    from karaganda_vibe.build.notebooks import Heartbeat, run_notebook

    return run_notebook(path, Heartbeat())


def _kept(path: Path) -> Records:
    """The records in `path`; none, and a word, where it is damaged."""
    try:
        return read_records(path)
    except ProjectError as error:
        print(f"  {error}; make sure of everything anew", flush=True)
        return {}


def _wanted(steps: Iterable[Step], names: Sequence[str]) -> list[Step]:
    """The steps of these names, and all that they wait for; every step where none is named."""
    by_name = {step.name: step for step in steps}
    chosen = [name for name in by_name if not names or {name, name.split(":")[0]} & set(names)]
    open_ends = list(chosen)
    while open_ends:
        new = [name for name in by_name[open_ends.pop()].after if name in by_name]
        open_ends += [name for name in new if name not in chosen]
        chosen += [name for name in new if name not in chosen]
    return [by_name[name] for name in dict.fromkeys(chosen)]


def _pages_wanted(names: Sequence[str]) -> bool:
    return not names or any(name.split(":")[0] not in ("notebook", "variables") for name in names)


def _failures(action: Callable[[], None]) -> list[Exception]:
    try:
        action()
    except (ProjectError, OSError) as error:
        return [error]
    return []


def one_line(error: Exception) -> str:
    """What went wrong, on one line, and what to do about it."""
    if isinstance(error, ProjectError):
        return " ".join(str(error).split())
    if isinstance(error, SyntaxError):
        text = (error.text or "").strip()
        return (
            f"{error.filename}:{error.lineno}: not valid Python: {error.msg} ({text}); correct it"
        )
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        fault = f"{error.strerror or error}{place}"
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            return f"{fault}; a build writes into the project: copy it to where you may write"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"{fault}; nothing was changed: make room on the disk and run it again"
        return f"{fault}; nothing was changed"
    return f"{type(error).__name__}: {' '.join(str(error).split())}; this is a fault of the build"


@contextmanager
def alone() -> Iterator[None]:
    """Wait, with a word, while another build is at work in this checkout."""
    from filelock import FileLock, Timeout

    BUILD.mkdir(exist_ok=True)
    owner = BUILD / "building.pid"
    lock = FileLock(BUILD / "building.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = owner.read_text("utf-8").strip() if owner.is_file() else "unknown"
        print(f"  another build is at work here (process {who}); waiting for its end", flush=True)
        lock.acquire()
    try:
        owner.write_text(f"{os.getpid()}\n", encoding="utf-8")
        yield
    finally:
        lock.release()


def check_checkout(folder: Path) -> None:
    """Raise ProjectError where `folder` is a checkout and another one's package was imported."""
    for place in [folder, *folder.parents]:
        if (place / "src" / "karaganda_vibe").is_dir():
            if place.resolve() != PROJECT:
                raise ProjectError(
                    f"this is the checkout {place.resolve()}, but Python found the package of "
                    f"{PROJECT}, where its environment was made; use `make report`, or set "
                    "PYTHONPATH=src"
                )
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """Bring everything up to date; return the exit code: 0, or 1 after a one-line error."""
    sys.addaudithook(tasks.listen)
    os.umask(FOR_ALL_TO_READ)
    found: list[str] = []
    try:
        check_checkout(Path.cwd())
        with alone():
            found = build(sys.argv[1:] if arguments is None else arguments)
    except (ProjectError, OSError, SyntaxError) as error:
        found = [one_line(error)]
    for line in found:
        print(f"error: {line}", file=sys.stderr, flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
