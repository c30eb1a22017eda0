"""`make accept`: show which results changed since the last commit, and take them as they are.

Values come as a table (name, before, after), tables by the cells that changed, pictures side by
side on the page `build/accept.html`. Taking them writes `results.lock`. `--show` only shows.
"""

from __future__ import annotations

import base64
import html
import sys
from collections.abc import Iterable, Mapping, Sequence

from karaganda_vibe.build import git
from karaganda_vibe.build.__main__ import alone, one_line
from karaganda_vibe.build.differences import VALUES, Change, changes_of, told
from karaganda_vibe.build.lock import (
    ACCEPTED,
    LOCAL,
    Record,
    in_short,
    read_records,
    write_records,
    written_by,
)
from karaganda_vibe.build.results import changes, check_writers, left_over
from karaganda_vibe.build.states import file_of
from karaganda_vibe.build.steps import Noted, Step
from karaganda_vibe.build.tasks import result_steps
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import BUILD, PROJECT, shown
from karaganda_vibe.project.writing import write_text

PAGE = BUILD / "accept.html"
KINDS = {".svg": "image/svg+xml", ".png": "image/png"}
STYLE = (
    "body{font:16px sans-serif;margin:2em}figure{display:inline-block;width:45%;margin:1%;"
    "vertical-align:top}img{max-width:100%;border:1px solid #999}"
)

Pair = tuple[bytes, bytes]


def current_records(
    steps: Iterable[Step], local: Mapping[str, Record], accepted: Mapping[str, Record]
) -> dict[str, Record]:
    """The true record of every step. Raises ProjectError where a step is out of date."""
    found = {}
    for step in steps:
        reads = step.reads()
        known = [kept[step.name] for kept in (local, accepted) if step.name in kept]
        true = [record for record in known if record.is_true(reads, step.writes)]
        if not true:
            why = in_short(known[0].differences(reads, step.writes)) if known else "it never ran"
            raise ProjectError(f"{step.name} is out of date ({why}); run make report first")
        found[step.name] = true[0]
    return found


def changed_results(
    accepted: Mapping[str, Record], current: Mapping[str, Record]
) -> dict[str, Pair]:
    """Every file of results that is not as in the last commit: its content there and here."""
    names = {file_of(name) for records in (accepted, current) for name in written_by(records)}
    changed = sorted(names & git.otherwise_than())
    before = git.contents(changed)
    return {name: (before[name] or b"", _content(name)) for name in changed}


def value_table(pairs: Mapping[str, Pair]) -> list[str]:
    """The changed values as lines of a table."""
    rows = [
        change
        for name, pair in pairs.items()
        if name.startswith(VALUES)
        for change in changes_of(name, *pair)
    ]
    if not rows:
        return []
    return as_lines([Change("value", "before", "after"), *rows])


def as_lines(rows: Sequence[Change]) -> list[str]:
    """Rows with their columns under one another."""
    widths = [max(len(row[at]) for row in rows) for at in (0, 1)]
    return [f"  {row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}" for row in rows]


def file_lines(pairs: Mapping[str, Pair]) -> list[str]:
    """A line for each changed file that is no file of values."""
    lines = []
    for name, (before, after) in pairs.items():
        if name.startswith(VALUES):
            continue
        if not before or not after:
            what = "is gone" if before else "is new"
        elif name.endswith(".csv"):
            count = len(changes_of(name, before, after))
            what = f"{count} cell{'s' * (count != 1)}: {told(name, before, after)}"
        else:
            what = "changed"
        lines.append(f"  {name}: {what}")
    return lines


def pictures_page(pairs: Mapping[str, Pair]) -> str:
    """Changed pictures side by side as one HTML page; empty where none changed."""
    shown_pairs = [
        f"<h2>{html.escape(name)}</h2>\n"
        + "".join(
            f"<figure><figcaption>{word}</figcaption>{_picture(name, content)}</figure>\n"
            for word, content in zip(("before", "after"), pair, strict=True)
        )
        for name, pair in pairs.items()
        if name.endswith(tuple(KINDS))
    ]
    if not shown_pairs:
        return ""
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Changed pictures'
        f"</title>\n<style>{STYLE}</style>\n<h1>Changed pictures</h1>\n" + "".join(shown_pairs)
    )


def _picture(name: str, content: bytes) -> str:
    if not content:
        return "<p>none</p>"
    kind = next(kind for ending, kind in KINDS.items() if name.endswith(ending))
    return f'<img alt="" src="data:{kind};base64,{base64.b64encode(content).decode()}">'


def _content(name: str) -> bytes:
    path = PROJECT / name
    return path.read_bytes() if path.is_file() else b""


def _not_run(path: object) -> Noted:
    raise AssertionError(f"make accept runs nothing, not even {path}")


def show(accepted: Mapping[str, Record], current: Mapping[str, Record]) -> None:
    """Print what changed since the last commit and write the page of pictures."""
    pairs = changed_results(accepted, current) if git.is_there() else {}
    for line in [*value_table(pairs), *file_lines(pairs)]:
        print(line)
    page = pictures_page(pairs)
    if page:
        write_text(PAGE, page)
        print(f"  Pictures before and after: {shown(PAGE)}")
    others = [name for name in changes(accepted, current) if file_of(name) not in pairs]
    if others and accepted:
        print(f"  {len(others)} results are not as results.lock says: {in_short(others)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Show and take; return the exit code: 0, or 1 after a one-line error."""
    asked = sys.argv[1:] if arguments is None else arguments
    try:
        with alone():
            try:
                accepted = read_records(ACCEPTED)
            except ProjectError as error:
                print(f"  {error}")
                accepted = {}
            steps = result_steps(_not_run)
            current = current_records(steps, read_records(LOCAL), accepted)
            check_writers(steps, current)
            if nobody := left_over(current):
                raise ProjectError(f"{nobody[0]}: no step writes this file; remove it")
            show(accepted, current)
            if "--show" in asked:
                return 0
            if write_records(ACCEPTED, current):
                print(f"Taken: {shown(ACCEPTED)} holds the results as they are; commit it.")
            else:
                print("All results are as they were accepted.")
    except (ProjectError, OSError, SyntaxError) as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
