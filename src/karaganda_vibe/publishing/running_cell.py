"""Which cell of its notebook is running, so that a value can say where it is computed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import NOTEBOOKS, shown


def running_cell(notebook: str, folder: Path = NOTEBOOKS) -> str:
    """Id of the cell of `notebook` that is running; empty outside a notebook.

    The running source is looked up in the notebook's file, so that the answer is the same whoever
    runs the cells (nbclient, nbval, a person) and in whichever order. It is empty as well for
    a cell that was edited and not yet saved.
    """
    # The kernel's own message, since nbval keeps what it runs out of the history.
    message: dict[str, Any] = getattr(get_ipython(), "get_parent", dict)()
    source = message.get("content", {}).get("code", "")
    path = folder / f"{notebook}.ipynb"
    if not source or not path.is_file():
        return ""
    return cell_of_source(path, source)


def cell_of_source(path: Path, source: str) -> str:
    """Id of the first code cell of the notebook at `path` with this source, or ""."""
    return _ids_by_source(path, path.stat().st_mtime_ns).get(_bare(source), "")


def ids_of_cells(cells: Iterable[Mapping[str, Any]], path: Path) -> list[str]:
    """Ids of the `cells` of the notebook at `path`, in order.

    Raises ProjectError where a cell has no id or another one's.
    """
    ids = [str(cell.get("id", "")) for cell in cells]
    if not all(ids) or len(set(ids)) != len(ids):
        raise ProjectError(
            f"{shown(path)}: every cell needs an id of its own, as nbformat 4.5 gives it; "
            "open the notebook in JupyterLab and save it"
        )
    return ids


@cache
def _ids_by_source(path: Path, changed: int) -> dict[str, str]:
    """Cell ids by source; `changed` makes a saved notebook be read again."""
    found: dict[str, str] = {}
    for cell in read_cells(path):
        if cell.get("cell_type") == "code":
            found.setdefault(_bare("".join(cell["source"])), str(cell.get("id", "")))
    return found


def _bare(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().split("\n"))


def read_cells(path: Path) -> list[dict[str, Any]]:
    """The cells of the notebook at `path`. Raises ProjectError where the file is no notebook."""
    try:
        return list(json.loads(path.read_text(encoding="utf-8"))["cells"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise not_a_notebook(path, error) from None


def not_a_notebook(path: Path, error: Exception) -> ProjectError:
    """What to say of a file that cannot be read as a notebook."""
    return ProjectError(
        f"{shown(path)} is not a notebook ({type(error).__name__}); restore it from the repository"
    )
