"""The workspace of another study: its sources, what is shared, what it lacks; no build is run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from karaganda_vibe.build import studies
from karaganda_vibe.build.lock import Record, read_records, write_records
from karaganda_vibe.places.study import need_words, study_words
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROJECT

HEADS = {place: f"{name},more\n" for name, place in studies.REGISTERS.items()}


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


def notebook(code: str, output: str = "") -> str:
    outputs = [{"output_type": "stream", "name": "stdout", "text": [output]}] if output else []
    cell = {"cell_type": "code", "id": "c1", "source": code, "outputs": outputs}
    return json.dumps({"cells": [cell]})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A made project with two notebooks: the second reads the study."""
    root = tmp_path / "project"
    files = {
        "metadata/study.yml": "region: KZ-35\n",
        "metadata/texts/words.csv": "a\n",
        **{place: f"{head}row,1\n" for place, head in HEADS.items()},
        "studies/KZ-55/study.yml": "region: KZ-55\n",
        "studies/KZ-55/claims.csv": "claims.csv,more\nown,2\n",
        "src/made.py": "A = 1\n",
        "notebooks/01.ipynb": notebook("1"),
        "notebooks/02.ipynb": notebook("2"),
        "data/processed/shared.csv": "a\n",
        "data/processed/own.csv": "b\n",
        "report/generated/values/02.json": "{}",
        "report/en/_one.qmd": "# One\n",
        "index.qmd": "Index\n",
        "docs/index.qmd": "another\n",
        "_variables.yml": "en:\n",
    }
    for name, text in files.items():
        write(root, name, text)
    records = {
        "notebook:01": Record({"src/made.py": "x"}, {"data/processed/shared.csv": "x"}),
        "notebook:02": Record({"metadata/study.yml": "x"}, {"data/processed/own.csv": "x"}),
        "variables": Record({"data/processed/own.csv": "x"}, {"_variables.yml": "x"}),
    }
    write_records(root / "results.lock", records)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def test_the_workspace_is_this_project_with_the_study_over_it(project: Path) -> None:
    workspace = project / "build" / "KZ-55"
    studies.make_workspace("KZ-55", workspace, project)
    made = {p.relative_to(workspace).as_posix(): p for p in workspace.rglob("*") if p.is_file()}
    text = {name: path.read_text("utf-8") for name, path in made.items()}
    assert text["metadata/study.yml"] == "region: KZ-55\n"
    assert text["metadata/programmes/claims.csv"] == "claims.csv,more\nown,2\n"
    assert text["metadata/programmes/programmes.csv"] == "programmes.csv,more\n"
    assert text["metadata/texts/words.csv"] == "a\n"
    # What no file of the study stands behind is taken as it was accepted; the rest is made anew.
    assert "data/processed/shared.csv" in made
    assert not {"data/processed/own.csv", "report/generated/values/02.json"} & set(made)
    assert list(read_records(workspace / "results.lock")) == ["notebook:01"]
    # Prose is written once the results are there.
    assert not {"index.qmd", "report/en/_one.qmd"} & set(made)
    assert "docs/index.qmd" in made


def test_a_second_time_only_what_changed_is_brought(project: Path) -> None:
    workspace = project / "build" / "KZ-55"
    studies.make_workspace("KZ-55", workspace, project)
    write(workspace, "notebooks/02.ipynb", notebook("2", "as run here"))
    write(workspace, "data/processed/own.csv", "made here\n")
    write(project, "notebooks/01.ipynb", notebook("10"))
    (project / "metadata/texts/words.csv").unlink()
    (project / "studies/KZ-55/claims.csv").unlink()
    studies.make_workspace("KZ-55", workspace, project)
    assert "as run here" in (workspace / "notebooks/02.ipynb").read_text("utf-8")
    assert '"10"' in (workspace / "notebooks/01.ipynb").read_text("utf-8")
    assert (workspace / "data/processed/own.csv").is_file()
    assert not (workspace / "metadata/texts/words.csv").exists()
    claims = (workspace / "metadata/programmes/claims.csv").read_text("utf-8")
    assert claims == "claims.csv,more\n"


def test_what_follows_from_the_study_is_not_shared() -> None:
    records = {
        "a": Record({"raw": ""}, {"a.csv": ""}),
        "b": Record({"a.csv": "", "study": ""}, {"b.csv": ""}),
        "c": Record({"b.csv": ""}, {"c.csv": ""}),
        "d": Record({"a.csv": ""}, {"d.csv": ""}),
    }
    assert list(studies.shared_records(records, ["study"])) == ["a", "d"]


def test_prose_is_what_people_write_for_the_report() -> None:
    assert studies.is_prose("index-ru.qmd")
    assert studies.is_prose("report/kk/annexes/_data.qmd")
    assert studies.is_prose("report/analysis_plan.qmd")  # it says for which study it was written
    assert not studies.is_prose("report/generated/en/_fig-a.qmd")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "KZ-55 has no study: .*study.yml is missing; expected one of KZ-63"),
        ({"study.yml": "", "presss.csv": ""}, "presss.csv: no register of a study"),
        ({"study.yml": "region: KZ-63"}, "found KZ-63, expected KZ-55"),
        ({"study.yml": "region: KZ-55"}, "main_city is empty"),
    ],
)
def test_a_study_that_cannot_be_made_is_refused_in_one_line(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    rest = "\nformer_parts: []\nmain_city:\npeers: []\nfocus_places:\ndestinations:\ntile_labels:\n"
    write(tmp_path, "KZ-63/study.yml", f"region: KZ-63{rest}")
    for name, text in files.items():
        write(tmp_path, f"KZ-55/{name}", text + rest if text else text)
    with pytest.raises(ProjectError, match=said) as error:
        studies.check_study("KZ-55", tmp_path)
    assert "\n" not in str(error.value)


def test_every_study_of_this_project_can_be_read() -> None:
    assert studies.listed_studies()
    for region in studies.listed_studies():
        assert studies.check_study(region).region == region


def test_a_line_names_what_a_cell_lacked(tmp_path: Path) -> None:
    path = tmp_path / "03.ipynb"
    said = "Left out: KZ-55 lacks former_parts: a part that split off the region\n"
    path.write_text(notebook("1", said), encoding="utf-8")
    assert studies.lacking_in(path) == {"c1": {"former_parts"}}
    words = need_words()["former_parts"]["en"]
    assert words in studies.missing_line(["former_parts"], "en", whole=False)


def test_keywords_name_the_city_of_the_study() -> None:
    here = study_words()["main_city_short"]["ru"]
    study = studies.check_study("KZ-55")
    text = f"---\nkeywords: [молодёжь, {here}, Казахстан]\n---\n\n{here}\n"
    made = studies.with_own_keywords(text, "ru", study)
    assert made == f"---\nkeywords: [молодёжь, Павлодар, Казахстан]\n---\n\n{here}\n"


def test_the_plan_says_for_which_study_it_was_written() -> None:
    heading = "# План {#sec-plan}"
    made = studies.with_plans_origin(f"{heading}\n\nТекст.\n\n# Иное {{#sec-x}}\n", "ru")
    assert made.startswith(f"{heading}\n\n*") and made.endswith("\n\nТекст.\n\n# Иное {#sec-x}\n")
    assert study_words()["here"]["en"] in studies.with_plans_origin(heading, "en")
    assert studies.with_plans_origin("# Иное {#sec-x}\n", "ru") == "# Иное {#sec-x}\n"
    assert "report/analysis_plan.qmd" in studies.prose_of("en")


def test_registers_are_tables_of_this_project() -> None:
    assert all((PROJECT / place).is_file() for place in studies.REGISTERS.values())


def test_a_failed_build_is_one_line_and_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "WORKSPACES", tmp_path / "work")
    monkeypatch.setattr(studies, "OUTPUT", tmp_path / "out")
    monkeypatch.setattr(studies, "make_workspace", lambda region, workspace: None)

    def fails(workspace: Path, steps: object) -> None:
        raise ProjectError(f"{workspace.name} cannot be made: 03 failed")

    with pytest.raises(ProjectError, match="KZ-55 cannot be made: 03 failed"):
        studies.build_study("KZ-55", fails)
    assert not (tmp_path / "out").exists()


def test_pages_of_a_study_are_put_in_place_whole(tmp_path: Path) -> None:
    write(tmp_path, "made/index.html", "new")
    write(tmp_path, "out/KZ-55/old.html", "old")
    studies.publish(tmp_path / "made", tmp_path / "out" / "KZ-55")
    assert [p.name for p in (tmp_path / "out" / "KZ-55").iterdir()] == ["index.html"]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["KZ-55"]
