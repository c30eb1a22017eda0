"""The table that `make bench` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measure import Measured, typical

HEADS = ("", "seconds", "memory", "plain way", "memory", "ours : plain")


@dataclass(frozen=True)
class Row:
    """One line: what was done, our runs, and the runs of the plain way, where there is one."""

    name: str
    ours: Sequence[Measured]
    plain: Sequence[Measured] = ()


def as_text(rows: Sequence[Row]) -> str:
    """Rows as an aligned table; with several runs, the median and the fastest time."""
    return aligned([HEADS, *(_cells(row) for row in rows)])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Cells in columns under a rule, names to the left and numbers to the right; heads first."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    written = [
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip()
        for line in lines
    ]
    written.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(written)


def _cells(row: Row) -> tuple[str, ...]:
    ours = typical(row.ours)
    if not row.plain:
        return (row.name, _seconds(row.ours), _memory(ours), "–", "–", "–")
    plain = typical(row.plain)
    ratio = f"{ours.seconds / plain.seconds:.2f}"
    return (row.name, _seconds(row.ours), _memory(ours), _seconds(row.plain), _memory(plain), ratio)


def _seconds(runs: Sequence[Measured]) -> str:
    text = f"{typical(runs).seconds:.1f}"
    return text if len(runs) == 1 else f"{text} (fastest {min(run.seconds for run in runs):.1f})"


def _memory(run: Measured) -> str:
    return f"{run.memory / 1e6:,.0f} MB"
