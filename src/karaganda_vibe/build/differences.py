"""What differs between two contents of a result, for a person: values by name, tables by cell."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import NamedTuple

VALUES = "report/generated/values/"
MOST_LINES = 5
"""How many differences of one file are told before the rest are counted."""


class Change(NamedTuple):
    """One value, or one cell of a table, before and after; empty where it is not there."""

    where: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.where}: {self.before or 'nothing'} → {self.after or 'nothing'}"


def changes_of(name: str, before: bytes, after: bytes) -> list[Change]:
    """What differs in a file of values or a table; nothing for other files and damaged ones."""
    try:
        if name.startswith(VALUES):
            return list(_values(json.loads(before or b"{}"), json.loads(after or b"{}")))
        if name.endswith(".csv"):
            return list(_cells(_rows(before), _rows(after)))
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error):
        pass
    return []


def told(name: str, before: bytes, after: bytes) -> str:
    """The first differences of a file on one line; empty where they cannot be told."""
    found = changes_of(name, before, after)
    more = f" and {len(found) - MOST_LINES} more" if len(found) > MOST_LINES else ""
    return "; ".join(map(str, found[:MOST_LINES])) + more


def shown_value(value: dict[str, object]) -> str:
    """A value as the change of it is told: its number, or its word in English."""
    number = value["number"]
    texts = value["text"]
    assert isinstance(texts, dict)
    return str(texts["en"]) if number is None else f"{number} ({texts['en']})"


def _values(
    before: dict[str, dict[str, object]], after: dict[str, dict[str, object]]
) -> Iterator[Change]:
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        was, now = (shown_value(value) if value else "" for value in (one, other))
        if was != now:
            yield Change(name, was, now)
        elif one and other:
            yield from (
                Change(f"{name}, {part}", str(one.get(part)), str(other.get(part)))
                for part in sorted(one.keys() | other.keys())
                if one.get(part) != other.get(part)
            )


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8"))))


def _cells(before: list[list[str]], after: list[list[str]]) -> Iterator[Change]:
    """Cells by line and column; where rows came or went, or columns, only how many there are."""
    if len(before) != len(after) or before[:1] != after[:1]:
        yield Change("lines", str(len(before)), str(len(after)))
        if before[:1] != after[:1]:
            yield Change("columns", ", ".join((before or [[]])[0]), ", ".join((after or [[]])[0]))
        return
    head = before[0] if before else []
    for line, (one, other) in enumerate(zip(before, after, strict=True), start=1):
        for at, (was, now) in enumerate(zip(one, other, strict=False)):
            if was != now:
                column = head[at] if at < len(head) else str(at + 1)
                yield Change(f"line {line}, {column}", was, now)
