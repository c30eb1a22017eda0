"""Whether every committed result is what `results.lock` says: the first step of `make test`.

Nothing is run and nothing is changed. Both the files that lie here and those that git has taken
are looked at, since a build repairs a file that lies here.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from karaganda_vibe.build import git
from karaganda_vibe.build.differences import told
from karaganda_vibe.build.lock import ACCEPTED, Record, parsed_records, read_records, written_by
from karaganda_vibe.build.results import left_over
from karaganda_vibe.build.states import MISSING, content_state, file_of, state_of
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROJECT, shown

ACCEPT = "look at what changed and take it with `make accept`"
REPAIR = "`make report` makes it anew"


def accepted_records() -> dict[str, Record]:
    """The records of results.lock. Raises ProjectError where there are none."""
    records = read_records(ACCEPTED)
    if not records:
        raise ProjectError(f"{shown(ACCEPTED)} is missing; run make report, then make accept")
    return records


def faults_here(records: dict[str, Record]) -> list[str]:
    """A line for each result in the project's folders that is not as accepted."""
    found = []
    for name in sorted(written_by(records)):
        now, was = state_of(name), _state_in(records, name)
        if now == MISSING:
            found.append(f"{name} is missing; {REPAIR}")
        elif now != was:
            path = file_of(name)
            what = _differences(name, was, git.content(path), (PROJECT / path).read_bytes())
            found.append(f"{name} is not as accepted{what}; {REPAIR}, or {ACCEPT}")
    return found + [f"{name}: no step writes this file; remove it" for name in left_over(records)]


def faults_in_git() -> list[str]:
    """A line for each result that git has taken and that its own results.lock contradicts.

    Only files that are not as git has them are looked at: the others are those of `faults_here`.
    """
    if not git.is_there():
        return []
    lock = shown(ACCEPTED)
    otherwise = git.otherwise_than(git.INDEX)
    kept = git.content(lock, git.INDEX)
    if kept is None or not otherwise:
        return []
    records = parsed_records(kept, f"{lock} as git has it")
    written = written_by(records)
    names = [name for name in sorted(written) if {file_of(name), lock} & otherwise]
    held = git.contents({file_of(name) for name in names}, git.INDEX)
    found = []
    for name in names:
        content, was = held[file_of(name)], _state_in(records, name)
        here = PROJECT / file_of(name)
        if content is None:
            found.append(f"{file_of(name)} is not in git, but {lock} names it; git add it")
        elif content_state(name, content) != was:
            what = _differences(name, was, here.read_bytes() if here.is_file() else None, content)
            found.append(
                f"{name} as git has it is not as accepted{what}; commit the file as the build made "
                f"it, or {ACCEPT}"
            )
    return found


def stale(records: dict[str, Record]) -> list[str]:
    """A line for each step that read something else when its results were accepted."""
    return [
        f"results.lock is older than {', '.join(changed[:3])}, which {step} reads; "
        "run make report and commit results.lock"
        for step, record in sorted(records.items())
        if (changed := sorted(n for n, state in record.reads.items() if state_of(n) != state))
    ]


def _state_in(records: dict[str, Record], name: str) -> str:
    return next(record.writes[name] for record in records.values() if name in record.writes)


def _differences(name: str, accepted: str, before: bytes | None, after: bytes) -> str:
    """What differs, told where `before` is the accepted content."""
    if before is None or content_state(name, before) != accepted:
        return ""
    what = told(name, before, after)
    return f" ({what})" if what else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Say what is wrong, a line each on stderr; return 1 if anything is, else 0.

    With `--inputs`, results.lock must also know the inputs as they are.
    """
    asked = sys.argv[1:] if arguments is None else arguments
    try:
        records = accepted_records()
        found = faults_here(records) + faults_in_git()
        if "--inputs" in asked:
            found += stale(records)
    except ProjectError as error:
        found = [str(error)]
    for line in found:
        print(f"error: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
