"""What notebooks use to hand words to the report, on a made file of texts."""

import pandas as pd
import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import FIGURES
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


@pytest.mark.parametrize("number", [float("nan"), float("inf"), pd.NA])
def test_a_gap_names_notebook_cell_and_value(monkeypatch, number):
    monkeypatch.setattr("karaganda_vibe.publishing.exhibits.running_cell", lambda _: "cell-07")
    for name in ("value", "local"):
        with pytest.raises(ProjectError) as error:
            getattr(Exhibits("made"), name)("lost", number, "persons", *["made"][: name == "value"])
        message = str(error.value)
        assert message.startswith("notebooks/made.ipynb, cell cell-07, value 'lost': found ")
        assert "word the gap" in message
        assert "\n" not in message


def test_a_fault_of_a_table_names_notebook_cell_and_table(monkeypatch, tmp_path):
    monkeypatch.setattr("karaganda_vibe.publishing.exhibits.FOLDER", tmp_path)
    monkeypatch.setattr("karaganda_vibe.publishing.exhibits.running_cell", lambda _: "cell-07")
    (tmp_path / "made.yml").write_text("exhibits:\n  tbl-other:\n", encoding="utf-8")
    with pytest.raises(ProjectError, match=r"notebooks/made\.ipynb, cell cell-07, tbl-made: "):
        Exhibits("made").table("tbl-made", pd.DataFrame({"a": [1.0]}), [])
    assert not (FIGURES / "tbl-made.csv").exists()
