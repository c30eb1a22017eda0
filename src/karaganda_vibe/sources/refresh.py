"""`python -m karaganda_vibe.sources.refresh`: newer editions of the raw tables, asked for.

Every address of the data package that gives a file is asked once, under conditions. At the end
stands what is new, what has no address and, with the reasons, what failed: then the exit code is 1,
else 0. data/raw is as it was wherever a check did not pass, so the report can be made in any case.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from filelock import FileLock, Timeout
from tqdm import tqdm

from karaganda_vibe.project.errors import ProjectError, exit_with_one_line
from karaganda_vibe.project.paths import BUILD, RAW, shown
from karaganda_vibe.sources.editions_seen import SEEN, EditionsSeen
from karaganda_vibe.sources.fetching import Fetcher, Limits, Times
from karaganda_vibe.sources.newer_editions import DOWNLOADS, LEFT, SAME, Outcome, Refresh, Take
from karaganda_vibe.sources.service_addresses import Address, known_addresses

COMMAND = "python -m karaganda_vibe.sources.refresh"
STOPPED = 130  # what shells say after Ctrl-C
LONGEST_LABEL = 40
LIMITS = {
    "pause": "seconds between two requests to one host",
    "attempts": "attempts at one address",
    "timeout": "seconds without a byte",
}


def refresh(run: Refresh, addresses: Sequence[Address], take: Take | None) -> Outcome:
    """Ask all addresses behind a progress bar, then hand over what came.

    Without `take` the downloads stay where they are, for the next run.
    """
    # None: only where a terminal watches.
    with tqdm(total=len(addresses), unit=" addresses", disable=None) as bar:

        def show(address: Address) -> None:
            bar.set_description(address.tables[0][:LONGEST_LABEL])
            bar.update(run.outcome.asked - bar.n)

        def progress(there: int, expected: int) -> None:
            of = f" of {expected / 1e6:.1f}" if expected else ""
            bar.set_postfix_str(f"{there / 1e6:.1f}{of} MB")

        run.fetcher.progress = progress
        waiting = run.ask(addresses, show)
        bar.update(run.outcome.asked - bar.n)
    # Outside of the bar: a question to a person must not stand in a moving line.
    if take is None:
        run.outcome.handed = [(LEFT, held) for held in waiting]
    else:
        run.hand_over(waiting, take)
    return run.outcome


def report_lines(outcome: Outcome, missing: Mapping[str, str]) -> list[str]:
    """What a run found, for a person: one line a matter, failures last."""
    same = sum(became == SAME for became, _ in outcome.handed)
    lines = [
        f"asked {outcome.asked} addresses: {outcome.unchanged} unchanged, {outcome.downloaded} "
        f"downloaded, {same} of them no different, {len(outcome.failed)} failed"
    ]
    lines += [
        f"{became}: {_names(held.address.tables)}: {shown(held.file)}"
        for became, held in outcome.handed
        if became != SAME
    ]
    lines += [
        f"moved for good: {old} → {new}; write the new address into data/raw/datapackage.json"
        for old, new in outcome.moved
    ]
    lines += _without_address(missing)
    lines += [
        f"failed: {_names(address.tables)}: {' '.join(reason.split())} ({address.url})"
        for address, reason in outcome.failed
    ]
    return lines


def _names(tables: Sequence[str]) -> str:
    """The tables of one address, in few words."""
    return tables[0] if len(tables) == 1 else f"{tables[0]} and {len(tables) - 1} more"


def _without_address(missing: Mapping[str, str]) -> list[str]:
    """One line for each folder and page of the tables without an address."""

    def folder_and_page(name: str) -> tuple[str, str]:
        return name.partition(".")[0], missing[name]

    lines = []
    for (folder, page), held in groupby(sorted(missing, key=folder_and_page), folder_and_page):
        number = len(list(held))
        tables = f"{number} tables" if number > 1 else "1 table"
        lines.append(
            f"no address known: {folder} ({tables}); look on "
            f"{page or 'the places that its list of sources names'}"
        )
    return lines


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Ask for newer editions.")
    parser.add_argument("only", nargs="*", metavar="TABLE", help="table or folder (all of them)")
    parser.add_argument("--yes", action="store_true", help="take in what passes without asking")
    parser.add_argument("--fetch-only", action="store_true", help="download, take in nothing")
    parser.add_argument("--again", action="store_true", help="download what did not change too")
    for name, meaning in LIMITS.items():
        usual = getattr(Limits, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(usual),
            default=usual,
            metavar="NUMBER",
            help=f"{meaning} ({usual:g})",
        )
    chosen = parser.parse_args(words)
    if chosen.attempts < 1 or any(getattr(chosen, name) < 0 for name in LIMITS):
        parser.error("expected numbers of 0 or more, and one attempt at least")
    return chosen


def run_command(
    words: Sequence[str] | None,
    taker: Callable[[bool], Take],
    *,
    raw: Path = RAW,
    build: Path = BUILD,
    times: Times | None = None,
) -> int:
    """The command with the options `words`, its exit code: 1 where something failed.

    Files are given to what `taker` returns; it is told whether to take in without asking. Raises
    ProjectError where the run cannot begin: another one goes on, a table is not there, package or
    services have a fault.
    """
    chosen = _options(words)
    addresses, missing = known_addresses(raw, only=chosen.only)
    limits = Limits(**{name: getattr(chosen, name) for name in LIMITS})
    take = None if chosen.fetch_only else taker(chosen.yes)
    build.mkdir(parents=True, exist_ok=True)
    try:
        with (
            FileLock(build / "refresh.lock", timeout=0),
            Fetcher(limits, times or Times()) as fetcher,
        ):
            seen = EditionsSeen(build / SEEN.name)
            run = Refresh(fetcher, seen, build / DOWNLOADS.name, raw, chosen.again)
            outcome = refresh(run, addresses, take)
    except Timeout:
        raise ProjectError(
            f"{shown(build / 'refresh.lock')}: another refresh goes on; wait until it is done"
        ) from None
    print("\n".join(report_lines(outcome, missing)))
    return 1 if outcome.failed else 0


def _main() -> None:
    # Here, so that fetching can be tested and used without any reader of workbooks.
    from karaganda_vibe.sources.take_fetched import taker

    try:
        code = run_command(None, taker)
    except KeyboardInterrupt:
        print("stopped; run it again to go on where it was", file=sys.stderr)
        code = STOPPED
    raise SystemExit(code)


if __name__ == "__main__":
    exit_with_one_line(_main)
