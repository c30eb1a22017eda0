"""Values know the cell that makes them, whoever runs the notebook and in whichever order."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from karaganda_vibe.figures.saving import notebook_page
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROJECT
from karaganda_vibe.publishing.exhibits import Exhibits
from karaganda_vibe.publishing.running_cell import (
    cell_of_source,
    ids_of_cells,
    read_cells,
    running_cell,
)
from karaganda_vibe.publishing.values import number_value, read_values, save_values


def write(path: Path, sources: list[str]) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(source, id=f"made-{number}")
            for number, source in enumerate(sources)
        ]
    )
    nbformat.write(notebook, path)
    return notebook


def test_outside_a_notebook_there_is_no_cell():
    assert running_cell("01_districts") == ""
    book = Exhibits("made")
    book.value("net", 5, "persons", "made")
    assert book._values["net"].cell == ""


def test_a_cell_that_runs_finds_itself_in_any_order(tmp_path, monkeypatch):
    ask = f"print(running_cell('made', Path({str(tmp_path)!r})))  # "
    first = (
        "from pathlib import Path\n"
        "from karaganda_vibe.publishing.running_cell import running_cell\n"
        f"{ask}one  \n"
    )
    notebook = write(tmp_path / "made.ipynb", [first, f"{ask}two", f"%%time\n{ask}three"])
    monkeypatch.setenv("PYTHONPATH", str(PROJECT / "src"))
    client = NotebookClient(notebook, timeout=120, kernel_name="python3")
    printed = []
    with client.setup_kernel():
        for index in (0, 2, 1, 2, 0):
            client.execute_cell(notebook.cells[index], index)
            printed.append(notebook.cells[index].outputs[0].text.split()[0])
        client.execute_cell(notebook.cells[1], 1, store_history=False)  # as nbval does
        printed.append(notebook.cells[1].outputs[0].text.split()[0])
        edited = nbformat.v4.new_code_cell(f"{ask}not saved")
        notebook.cells.append(edited)
        client.execute_cell(edited, 3)
    assert printed == ["made-0", "made-2", "made-1", "made-2", "made-0", "made-1"]
    assert edited.outputs[0].text.strip() == ""


def test_a_notebook_that_was_saved_anew_is_read_anew(tmp_path):
    path = tmp_path / "made.ipynb"
    write(path, ["x = 1"])
    assert cell_of_source(path, "x = 1\n") == "made-0"
    write(path, ["y = 2", "x = 1"])
    assert cell_of_source(path, "x = 1") == "made-1"
    assert cell_of_source(path, "z = 3") == ""


def test_a_broken_notebook_is_named(tmp_path):
    path = tmp_path / "made.ipynb"
    path.write_text("{}")
    with pytest.raises(ProjectError, match="is not a notebook"):
        ids_of_cells(read_cells(path), path)


def test_the_cell_is_saved_but_does_not_make_another_value(tmp_path, monkeypatch):
    monkeypatch.setattr("karaganda_vibe.publishing.values.VALUES_FOLDER", tmp_path)
    net = number_value("net", 5, "persons", "made", "made", "made-1")
    assert net == number_value("net", 5, "persons", "made", "made", "made-2")
    save_values([net], "made")
    assert read_values(tmp_path)["net"].cell == "made-1"
    content = json.loads((tmp_path / "made.json").read_text("utf-8"))
    del content["net"]["cell"]
    (tmp_path / "made.json").write_text(json.dumps(content), encoding="utf-8")
    assert read_values(tmp_path)["net"].cell == "", "values of before are read as well"


def test_an_exhibit_links_to_its_cell():
    assert notebook_page("01_made", "made-1") == "notebooks/01_made.html#made-1"
    assert notebook_page("01_made", "") == "notebooks/01_made.html"
