"""What each step read and wrote, kept in files: `results.lock` and `build/state.json`.

`results.lock` is committed: the results as they were accepted, one line a file. What is rendered
from them stands only in `build/state.json`, since its bytes differ by renderer (the embedded one,
Quarto, their releases); so do results that were computed here and not accepted yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from karaganda_vibe.build.states import MISSING, state_of
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import BUILD, PROJECT, shown
from karaganda_vibe.project.writing import write_text

ACCEPTED = PROJECT / "results.lock"
LOCAL = BUILD / "state.json"

States = Mapping[str, str]


@dataclass(frozen=True)
class Record:
    """What one run of a step read and wrote: name → state (see `states`)."""

    reads: States = field(default_factory=dict)
    writes: States = field(default_factory=dict)

    def is_true(self, reads: Iterable[str], writes: Iterable[str]) -> bool:
        """Whether all is still so, and the step should `reads` and `writes` nothing else."""
        return not self.differences(reads, writes)

    def differences(self, reads: Iterable[str], writes: Iterable[str]) -> list[str]:
        """What is not as this record says, each as a person would say it."""
        found = [
            f"{name} {'is missing' if now == MISSING else 'changed'}"
            for name, now in _otherwise(self.reads)
        ]
        found += [f"{name} is new" for name in sorted(set(reads) - set(self.reads))]
        found += [
            f"{name} {'is missing' if now == MISSING else 'was edited'}"
            for name, now in _otherwise(self.writes)
        ]
        found += [f"{name} is not made yet" for name in sorted(set(writes) - set(self.writes))]
        return found


Records = dict[str, Record]


def read_records(path: Path) -> Records:
    """The records kept in `path`; none where there is no such file.

    Raises ProjectError where the file is damaged.
    """
    try:
        return parsed_records(path.read_bytes(), shown(path))
    except FileNotFoundError:
        return {}


def parsed_records(content: bytes, where: str) -> Records:
    """The records in `content`, which `where` names. Raises ProjectError where it is damaged."""
    try:
        return {
            name: Record(_states(entry["reads"]), _states(entry["writes"]))
            for name, entry in json.loads(content).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProjectError(
            f"{where} is damaged ({type(error).__name__}: {error}); what it said is not used"
        ) from None


def records_text(records: Mapping[str, Record]) -> str:
    """Records as they are kept: sorted, one line a file."""
    content = {
        name: {"reads": dict(record.reads), "writes": dict(record.writes)}
        for name, record in records.items()
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write_records(path: Path, records: Mapping[str, Record]) -> bool:
    """Keep `records` in `path`; return whether the file changed."""
    return write_text(path, records_text(records))


def written_by(records: Mapping[str, Record]) -> dict[str, list[str]]:
    """Every name that is written → the steps that write it."""
    found: dict[str, list[str]] = {}
    for step, record in records.items():
        for name in record.writes:
            found.setdefault(name, []).append(step)
    return found


def in_short(things: list[str], most: int = 3) -> str:
    """The first of `things`, and how many more there are."""
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(things[:most]) + more


def _otherwise(states: States) -> list[tuple[str, str]]:
    now = ((name, state_of(name)) for name in states)
    return [(name, state) for name, state in now if state != states[name]]


def _states(kept: object) -> dict[str, str]:
    if not isinstance(kept, dict) or not all(isinstance(state, str) for state in kept.values()):
        raise TypeError("expected names and states")
    return kept
