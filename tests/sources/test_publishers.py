"""Publishers are named in the language of the reader."""

from __future__ import annotations

import pytest

from karaganda_vibe.findings.claim_figures import OFFICE
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources.publishers import publisher_names


def test_publishers_are_named_in_the_language_of_the_reader() -> None:
    names = publisher_names(OFFICE)
    assert names["ru"] == "Бюро национальной статистики"
    assert names["kk"] == "Ұлттық статистика бюросы"
    with pytest.raises(ProjectError, match="does not name the publisher 'made'"):
        publisher_names("made")
