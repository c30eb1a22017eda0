"""Gives what `make refresh` downloaded to the readers and checks of `take`, file by file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import RAW, shown
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.sources import take
from karaganda_vibe.sources.edition_changes import REVISIONS_FILE
from karaganda_vibe.sources.long_tables import EXPORTS_FILE
from karaganda_vibe.sources.newer_editions import LEFT, NO_READER, SAME, TAKEN, Take
from karaganda_vibe.sources.recognised_tables import TABLES_FILE


def taker(
    yes: bool,
    ask: Callable[[str], str] = input,
    raw: Path = RAW,
    revisions: Path = REVISIONS_FILE,
) -> Take:
    """What `Refresh.hand_over` gives files to.

    yes: take in what passes its checks; else `ask` a person, where one watches.
    """

    def take_in(file: Path, tables: Sequence[str], address: str) -> str:
        known = readable_tables()
        if not any(name in known or name.partition(".")[0] in known for name in tables):
            return NO_READER
        edition = take.read_edition(file, raw=raw)
        if edition.name not in tables:
            raise ProjectError(
                f"{shown(file)}: figures of {edition.name}, expected {' or '.join(tables)}; the "
                "address gives another table now, or the package names a wrong one: correct it"
            )
        print("\n".join(take.shown_edition(edition)))
        if edition.same:
            return SAME
        if yes and edition.doubts:
            raise ProjectError(f"{shown(file)}: {edition.doubts[0]}; {_by_hand(file, address)}")
        if not yes and not _agreed(ask):
            return LEFT
        for path in take.take([edition], address=address, raw=raw, revisions=revisions):
            print(f"written: {shown(path)}")
        return TAKEN

    return take_in


def readable_tables() -> set[str]:
    """Tables, or their folders, that `take` can read from a workbook or an export."""
    return {
        str(name)
        for path in (TABLES_FILE, EXPORTS_FILE)
        for name in read_table(path, ["table"], exact=False)["table"]
    }


def _by_hand(file: Path, address: str) -> str:
    return (
        "look at the file; where the publisher has it so: "
        f"{take.COMMAND} --yes --as-published --address {address} {shown(file)}"
    )


def _agreed(ask: Callable[[str], str]) -> bool:
    """Whether a person says yes; nobody is there where no terminal watches."""
    if not sys.stdin.isatty():
        return False
    return ask("Take this in? [y/N] ").strip().casefold() in take.YES
