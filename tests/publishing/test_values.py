"""Named values: one name, one notebook, one number in every language."""

import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.publishing.values import (
    number_value,
    read_values,
    save_values,
    variables_yaml,
    word_value,
)


def test_saved_values_come_back_and_make_the_variables(tmp_path, monkeypatch):
    monkeypatch.setattr("karaganda_vibe.publishing.values.VALUES_FOLDER", tmp_path)
    net = number_value("net", -6181.0, "signed_persons", "net migration", "made")
    text = {"en": 'a "loss"', "ru": "убыль", "kk": "кему"}
    word = word_value("verdict", text, "sign of net", "made")
    save_values([word, net], "made")
    assert read_values(tmp_path) == {"net": net, "verdict": word}
    yaml = variables_yaml(read_values(tmp_path))
    assert 'en:\n  net: "−6,181"\n  verdict: "a \\\\\\"loss\\\\\\""\n' in yaml


def test_two_notebooks_may_not_use_one_name(tmp_path, monkeypatch):
    monkeypatch.setattr("karaganda_vibe.publishing.values.VALUES_FOLDER", tmp_path)
    for notebook in ("first", "second"):
        save_values([number_value("net", 1, "persons", "made", notebook)], notebook)
    with pytest.raises(ProjectError, match="'net' is also computed by the notebook first"):
        read_values(tmp_path)


def test_a_name_that_quarto_could_not_quote_is_refused():
    with pytest.raises(ProjectError, match="'Net migration' cannot name a value"):
        number_value("Net migration", 1, "persons", "made", "made")


def test_a_word_needs_every_language():
    with pytest.raises(ProjectError, match="no text in 'en'"):
        word_value("verdict", {"ru": "убыль", "kk": "кему"}, "made", "made")
