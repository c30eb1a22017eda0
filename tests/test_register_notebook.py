"""The notebook that shows the way from a register to tables prints what is stored in it.

It stands outside the chain of notebooks.yml: the report needs no engine of databases.
"""

import json

import pytest

from karaganda_vibe.build.recompute import validate_notebook
from karaganda_vibe.project.paths import PROJECT

NOTEBOOK = PROJECT / "examples" / "registers.ipynb"


def test_the_notebook_prints_what_is_stored():
    pytest.importorskip("ibis", reason="the group registers is not installed")
    assert validate_notebook(NOTEBOOK) == []


def test_its_stored_outputs_hold_nothing_of_a_machine():
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    outputs = json.dumps([cell.get("outputs") for cell in cells])
    assert "made register: drawn by a computer" in outputs
    assert "looks like an identifier" in outputs
    assert not [sign for sign in ("/tmp", "/home", "made-register-", "0x") if sign in outputs]
