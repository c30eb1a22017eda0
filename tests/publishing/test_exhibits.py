"""What notebooks use to hand words to the report, on a made file of texts."""

import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.publishing.exhibits import Exhibits


def test_a_phrase_fills_a_word_column_in_every_language(tmp_path, monkeypatch):
    monkeypatch.setattr("karaganda_vibe.publishing.exhibits.FOLDER", tmp_path)
    (tmp_path / "made.yml").write_text(
        "phrases:\n  said:\n    a: {en: 'of {n}', ru: 'из {n}', kk: '{n} ішінен'}\n"
        "    b: {en: 'no', ru: 'нет'}\n",
        encoding="utf-8",
    )
    book = Exhibits("made")
    book.value("n", 1200, "count", "made")
    cells = book.phrase_cells("what", "said", "a", "made")
    assert cells == {
        "what_en": "of 1,200",
        "what_ru": "из 1\u00a0200",
        "what_kk": "1\u00a0200 ішінен",
    }
    with pytest.raises(ProjectError, match="no text in 'kk'"):
        Exhibits("made").phrase_cells("what", "said", "b", "made")
