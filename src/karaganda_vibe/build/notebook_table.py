"""What notebooks read and write, from notebooks/notebooks.yml, and which this study cannot run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import GENERATED, NOTEBOOKS, PROJECT, shown
from karaganda_vibe.project.reading import has_rows
from karaganda_vibe.project.yaml_files import read_yaml

NOTEBOOK_TABLE = NOTEBOOKS / "notebooks.yml"
VALUES = GENERATED / "values"
LEFT_OUT = "Left out: "
"""What the stored output of a cell begins with that the study has no figures for."""

Table = dict[str, dict[str, list[Path]]]


def read_notebook_table(path: Path = NOTEBOOK_TABLE) -> Table:
    """What every notebook reads and writes, as paths: name → "reads" / "writes".

    Every notebook writes its values, which stand first. A notebook that `needs` a register without
    rows is not there, and what it would write nobody reads.

    Raises ProjectError for a notebook that is not in the folder, or not in the table.
    """
    table: Mapping[str, Any] = read_yaml(path)
    there = {file.stem for file in path.parent.glob("*.ipynb")}
    for name in sorted(set(table) ^ there):
        if name in table:
            fault = f"names the notebook {name}, but {shown(path.parent / name)}.ipynb is not there"
        else:
            fault = f"does not name the notebook {name}"
        raise ProjectError(
            f"{shown(path)} {fault}; list every notebook with what it reads and writes"
        )
    whole = {
        name: {
            "reads": [PROJECT / place for place in entry.get("reads") or []],
            "writes": [
                VALUES / f"{name}.json",
                *(PROJECT / place for place in entry.get("writes") or []),
            ],
        }
        for name, entry in table.items()
    }
    left_out = needed_by(table)
    unmade = {place for name in left_out for place in whole[name]["writes"]}
    return {
        name: {**entry, "reads": [place for place in entry["reads"] if place not in unmade]}
        for name, entry in whole.items()
        if name not in left_out
    }


def needed_by(table: Mapping[str, Any]) -> dict[str, list[str]]:
    """Notebooks that this study cannot run → the registers that they need and that have no rows."""
    lacking = {
        name: [register for register in entry.get("needs") or [] if not has_rows(PROJECT / register)]
        for name, entry in table.items()
    }
    return {name: registers for name, registers in lacking.items() if registers}


def notebooks_before(table: Table) -> dict[str, set[str]]:
    """For each notebook those that write what it reads, or something in a folder it reads."""
    writers = {str(place): name for name, entry in table.items() for place in entry["writes"]}

    def before(name: str) -> set[str]:
        reads = {str(place) for place in table[name]["reads"]}
        folders = tuple(f"{place}{os.sep}" for place in reads)
        return {
            writer
            for place, writer in writers.items()
            if place in reads or place.startswith(folders)
        }

    return {name: before(name) - {name} for name in table}


def leaves_out(path: Path) -> bool:
    """Whether a cell of the notebook ended early, as the study lacks what it is about."""
    return LEFT_OUT in path.read_text(encoding="utf-8")
