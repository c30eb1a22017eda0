"""All results together: each written by one step, none left over, and what is not accepted yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from karaganda_vibe.build.lock import Record, Records, in_short, written_by
from karaganda_vibe.build.states import MISSING, file_of, files_in
from karaganda_vibe.build.steps import Step
from karaganda_vibe.build.tasks import RESULT_FOLDERS
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROJECT


def check_writers(steps: Iterable[Step], records: Mapping[str, Record]) -> None:
    """Raise ProjectError where two steps write a file, or one reads it without waiting for it."""
    writers = written_by(records)
    for name, by in sorted(writers.items()):
        if len(by) > 1:
            raise ProjectError(
                f"{file_of(name)} is written by {' and by '.join(sorted(by))}; "
                "let one of them write it"
            )
    waits = {step.name: step.after for step in steps}
    for step, record in sorted(records.items()):
        before = _all_before(step, waits)
        for name in record.reads:
            for writer in writers.get(name, []):
                if writer not in before:
                    raise ProjectError(
                        f"{step} reads {name}, which {writer} writes; list it among what it "
                        "reads in notebooks/notebooks.yml, so that it waits"
                    )


def _all_before(step: str, waits: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    open_ends = [step]
    while open_ends:
        new = set(waits.get(open_ends.pop(), ())) - found
        found |= new
        open_ends += new
    return found


def left_over(records: Mapping[str, Record]) -> list[str]:
    """Files in the folders of results that no step writes."""
    return sorted(files_in(RESULT_FOLDERS) - set(written_by(records)))


def sweep(current: Mapping[str, Record], *known: Mapping[str, Record]) -> None:
    """Remove results that a step wrote once and writes no more; name files of nobody.

    `known`: the records of before.
    """
    once = {name for records in known for name in written_by(records)}
    for name in left_over(current):
        if name in once:
            (PROJECT / name).unlink()
            print(f"  removed {name}: nothing writes it any more", flush=True)
        else:
            print(f"  {name}: nothing writes this file; remove it", flush=True)


def changes(accepted: Mapping[str, Record], current: Mapping[str, Record]) -> list[str]:
    """Results that are not as accepted: those of other content, new ones, and ones that went."""
    before = _written(accepted)
    now = _written(current)
    return sorted(n for n in before.keys() | now.keys() if before.get(n) != now.get(n))


def unexplained(accepted: Mapping[str, Record], current: Mapping[str, Record]) -> list[str]:
    """Changed results of steps that read exactly what they read when they were accepted."""
    found: list[str] = []
    for step, record in current.items():
        was = accepted.get(step)
        if was is not None and was.reads == record.reads:
            found += changes({step: was}, {step: record})
    return sorted(found)


def settled(accepted: Records, current: Records) -> Records:
    """What results.lock should say after a build: where no result changed, the new records.

    Where one did, the old ones: changed results are taken by `make accept` only.
    """
    return current if accepted and not changes(accepted, current) else accepted


def words_on_changes(accepted: Records, current: Records) -> list[str]:
    """What a build says of results that are not as accepted."""
    found = changes(accepted, current)
    if not found:
        return []
    if not accepted:
        return ["  no results are accepted yet: `make accept` takes them, into results.lock"]
    lines = []
    strange = unexplained(accepted, current)
    if strange:
        lines.append(
            f"  {len(strange)} results differ from results.lock although nothing that they are "
            f"computed from does: {in_short(strange)}; this machine computes other digits, or "
            "the notebook does on every run"
        )
    lines.append(
        f"  {len(found)} results are not as accepted: {in_short(found)}; see what changed and "
        "take it with `make accept`"
    )
    return lines


def _written(records: Mapping[str, Record]) -> dict[str, str]:
    return {
        name: state
        for record in records.values()
        for name, state in record.writes.items()
        if state != MISSING
    }
