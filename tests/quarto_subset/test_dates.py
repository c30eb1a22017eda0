"""The date of the edition is written as Quarto writes it."""

from __future__ import annotations

import datetime

import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset.dates import written_date


# The first three are the editions' own: Quarto 1.9.38 wrote dates in these forms just so.
@pytest.mark.parametrize(
    ("form", "language", "written"),
    [
        ("D MMMM YYYY", "en", "4 March 2026"),
        ("D MMMM YYYY[\u202fг.]", "ru", "4 марта 2026\u202fг."),
        ("YYYY[\u202fж.] D MMMM", "kk", "2026\u202fж. 4 наурыз"),
        ("DD.MM.YY", "en", "04.03.26"),
        ("[the year's] M/D", "en", "the year's 3/4"),
    ],
)
def test_a_date_is_written_in_its_form(form: str, language: str, written: str) -> None:
    assert written_date("2026-03-04", form, language, "index.qmd") == written
    assert written_date(datetime.date(2026, 3, 4), form, language, "index.qmd") == written


@pytest.mark.parametrize(
    ("date", "form", "language", "message"),
    [
        ("soon", "YYYY", "en", r"index\.qmd: date `soon` is no date; expected YYYY-MM-DD"),
        ("2026-02-30", "YYYY", "en", r"`2026-02-30` is no date"),
        ("2026-03-04", "dddd D", "en", r"mark `dddd` is outside .*expected YYYY"),
        ("2026-03-04", "YYYY", "xx", r"months of the language `xx` are not known"),
    ],
)
def test_what_cannot_be_written_is_refused(
    date: str, form: str, language: str, message: str
) -> None:
    with pytest.raises(ProjectError, match=message):
        written_date(date, form, language, "index.qmd")
