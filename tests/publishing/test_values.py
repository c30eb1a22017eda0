"""Named values: one name, one notebook, one number in every language."""

import pytest
import yaml

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.publishing.value_forms import asked_forms, prose_files
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


def made_values():
    names = {"en": "Saran (city)", "ru": "г. Сарань", "kk": "Саран қ."}
    return {
        "gone": number_value("gone", 5697, "persons", "made", "made"),
        "place": word_value("place", names, "made", "made"),
    }


def test_only_the_forms_that_the_prose_asks_for_become_variables(tmp_path):
    chapter = tmp_path / "_made.qmd"
    chapter.write_text(
        "Made {{< var ru.gone >}}.\n\n{{< var ru.form.place.in >}}, {{<var kk.form.gone.dat>}} {{< "
        "var kk.form.place.loc >}}, {{< var ru.form.place.gen >}}\n",
        encoding="utf-8",
    )
    asked = asked_forms([chapter])
    assert [(one.language, one.name, one.form) for one in asked] == [
        ("ru", "place", "in"),
        ("kk", "gone", "dat"),
        ("kk", "place", "loc"),
        ("ru", "place", "gen"),
    ]
    assert asked[0].place.endswith("_made.qmd:3")
    read = yaml.safe_load(variables_yaml(made_values(), asked))
    assert read["ru"]["form"] == {"place": {"gen": "Сарани", "in": "в\u00a0Сарани"}}
    assert read["kk"]["form"] == {
        "gone": {"dat": "5\u00a0697\u2011ге"},
        "place": {"loc": "Саран қаласында"},
    }
    assert "form" not in read["en"]
    assert read["ru"]["place"] == "г. Сарань"


@pytest.mark.parametrize(
    ("quoted", "message"),
    [
        ("ru.form.place.prp", "_made.qmd:1: the value 'place': 'prp' is no form of a Russian name"),
        ("ru.form.lost.gen", "_made.qmd:1: asks for a form of the value 'lost', which no notebook"),
        ("ru.form.place", "_made.qmd:1: `ru.form.place` quotes no form; expected"),
        ("fr.form.place.gen", "_made.qmd:1: `fr.form.place.gen` quotes no form; expected"),
        ("ru.form", "_made.qmd:1: `ru.form` quotes no form; expected"),
    ],
)
def test_a_form_that_is_not_there_is_refused_with_its_line(tmp_path, quoted, message):
    chapter = tmp_path / "_made.qmd"
    chapter.write_text(f"{{{{< var {quoted} >}}}}\n", encoding="utf-8")
    with pytest.raises(ProjectError) as caught:
        variables_yaml(made_values(), asked_forms([chapter]))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_value_may_be_named_as_the_branch_of_forms():
    with pytest.raises(ProjectError, match="holds the forms of values"):
        number_value("form", 1, "persons", "made", "made")


def test_forms_are_looked_for_in_what_people_write(tmp_path):
    for name in ("index.qmd", "report/ru/_a.qmd", "report/generated/ru/_b.qmd", "report/c.qmd"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    found = prose_files(tmp_path, tmp_path / "report")
    assert [path.name for path in found] == ["index.qmd", "c.qmd", "_a.qmd"]
