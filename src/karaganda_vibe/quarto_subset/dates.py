"""The date of the edition as Quarto writes it: an ISO date in the form that `date-format` gives."""

from __future__ import annotations

import datetime
import re

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from karaganda_vibe.project.errors import ProjectError

# Quarto's marks → those of the Unicode standard, which babel reads.
_MARKS = {"YYYY": "yyyy", "YY": "yy", "MMMM": "MMMM", "MMM": "MMM", "MM": "MM", "M": "M"}
_MARKS |= {"DD": "dd", "D": "d"}
_PARTS = re.compile(r"\[(?P<text>[^\]]*)\]|(?P<mark>[A-Za-z]+)|(?P<between>[^A-Za-z\[]+|\[)")


def written_date(date: object, form: str, language: str, place: str) -> str:
    """`date` (YYYY-MM-DD, or a date) in the form of Quarto's `date-format`, months in `language`.

    Raises ProjectError with `place` for a date that is none, or a mark outside the subset.
    """
    try:
        day = datetime.date.fromisoformat(str(date))
    except ValueError:
        raise ProjectError(
            f"{place}: date `{date}` is no date; expected YYYY-MM-DD, as `date-format` is given"
        ) from None
    try:
        locale = Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        raise ProjectError(
            f"{place}: months of the language `{language}` are not known; mend `lang`"
        ) from None
    out = []
    for part in _PARTS.finditer(form):
        mark = part["mark"]
        if mark is None:
            out.append(part["text"] or part["between"] or "")
        elif mark in _MARKS:
            out.append(format_date(day, _MARKS[mark], locale=locale))
        else:
            raise ProjectError(
                f"{place}: date-format `{form}`: mark `{mark}` is outside the supported subset; "
                f"expected {', '.join(_MARKS)}, and words in [brackets]"
            )
    return "".join(out)
