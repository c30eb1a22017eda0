"""Steps of the build: what each reads and writes, and running those that are out of date."""

from __future__ import annotations

import graphlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from karaganda_vibe.build.lock import Record, Records, in_short, write_records
from karaganda_vibe.build.states import MISSING, file_of, state_of
from karaganda_vibe.project.errors import ProjectError

AT_ONCE = 2


@dataclass(frozen=True)
class Noted:
    """Names of what a run was seen to read and write, besides what is declared.

    `unmade`: of what is declared, what it did not write, as the study lacks what it is about.
    """

    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    unmade: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """One step: it runs after the steps `after`, where something that it reads or writes changed.

    `reads` is asked when its turn comes, since earlier steps may make files that it finds in
    a folder. `declared_in` is the file that lists what it writes, for an error.
    """

    name: str
    run: Callable[[], Noted]
    reads: Callable[[], set[str]]
    writes: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    declared_in: str = ""


def most_awaited_first(after: Mapping[str, Iterable[str]]) -> list[str]:
    """The names, those first for which most others wait, directly or through others.

    With two at a time, this keeps a long chain of them from starting late.
    """
    waiting: dict[str, set[str]] = {name: set() for name in after}
    for name in graphlib.TopologicalSorter(after).static_order():
        for earlier in after[name]:
            waiting[earlier].add(name)
    for name in reversed([*graphlib.TopologicalSorter(after).static_order()]):
        for later in list(waiting[name]):
            waiting[name] |= waiting[later]
    return sorted(after, key=lambda name: (-len(waiting[name]), name))


def in_order(
    steps: Iterable[Step], work: Callable[[Step], None], at_once: int = AT_ONCE
) -> list[Exception]:
    """Do `work` for each step after those that it waits for; return what went wrong.

    After a failure no other step is begun.
    """
    by_name = {step.name: step for step in steps}
    after = {name: step.after & by_name.keys() for name, step in by_name.items()}
    rank = {name: at for at, name in enumerate(most_awaited_first(after))}
    order = graphlib.TopologicalSorter(after)
    order.prepare()
    ready: list[str] = []
    running: dict[Future[None], str] = {}
    failures: list[Exception] = []
    with ThreadPoolExecutor(at_once) as pool:
        while True:
            ready = sorted([*ready, *order.get_ready()], key=rank.__getitem__)
            while ready and len(running) < at_once and not failures:
                name = ready.pop(0)
                running[pool.submit(work, by_name[name])] = name
            if not running:
                return failures
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(done)
                error = done.exception()
                if isinstance(error, Exception):
                    failures.append(error)
                elif error is not None:
                    raise error
                else:
                    order.done(name)


@dataclass
class Builder:
    """Brings steps up to date and keeps what they read and wrote.

    Attributes:
        accepted: records of results.lock; a step is trusted where its record there is true.
        local: records of what ran here, kept in the file `state`.
        current: the true record of every step that was looked at.
    """

    accepted: Records
    local: Records
    state: Path
    current: Records = field(default_factory=dict)
    _keeping: threading.Lock = field(default_factory=threading.Lock)

    def bring_up_to_date(self, step: Step) -> None:
        """Run `step` unless what it reads and writes is as one of its records says."""
        declared = step.reads()
        known = [kept[step.name] for kept in (self.local, self.accepted) if step.name in kept]
        for record in known:
            if record.is_true(declared, step.writes):
                self.current[step.name] = record
                return
        why = f": {in_short(known[0].differences(declared, step.writes))}" if known else ""
        print(f"  … {step.name}{why}", flush=True)
        start = time.monotonic()
        # What is declared counts as it was before the run: a file that someone changes meanwhile
        # must be read again.
        before = {name: state_of(name) for name in declared}
        noted = step.run()
        record = self._record(step, before, noted)
        with self._keeping:
            self.local[step.name] = self.current[step.name] = record
            write_records(self.state, self.local)
        print(f"  ✓ {step.name} ({time.monotonic() - start:.1f} s)", flush=True)

    def _record(self, step: Step, before: dict[str, str], noted: Noted) -> Record:
        writes = {name: state_of(name) for name in sorted(step.writes | noted.writes)}
        for name, state in writes.items():
            if state == MISSING and name not in noted.unmade:
                raise ProjectError(
                    f"{step.declared_in or step.name} says that {step.name} writes "
                    f"{file_of(name)}, but it does not; correct the list or the notebook"
                )
        own = {file_of(name) for name in writes}
        seen = {name: state_of(name) for name in noted.reads if file_of(name) not in own}
        reads = {**{name: state for name, state in seen.items() if state != MISSING}, **before}
        return Record(dict(sorted(reads.items())), writes)
