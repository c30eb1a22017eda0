"""Numbers with their ranges, as a table of the report writes them."""

from __future__ import annotations

from karaganda_vibe.words.languages import NO_BREAK_SPACE, format_number


def span(value: float, low: float, high: float, kind: str, language: str, step: float = 1) -> str:
    """A number and its range: "−4,400 (−5,450 … −3,440)", each rounded to `step`.

    Dots, not a dash, stand between the ends, since a dash beside a minus sign is misread. A narrow
    cell breaks before the range, never within it.
    """
    central, lowest, highest = (
        format_number(step * round(number / step), kind, language) for number in (value, low, high)
    )
    return f"{central} ({lowest}{NO_BREAK_SPACE}…{NO_BREAK_SPACE}{highest})"
