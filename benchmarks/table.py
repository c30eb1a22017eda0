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
    cells = [HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
    lines = []
    for line in cells:
        first, *others = (cell.ljust if n == 0 else cell.rjust for n, cell in enumerate(line))
        lines.append(
            "  ".join([first(widths[0]), *(o(w) for o, w in zip(others, widths[1:], strict=True))])
        )
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


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
