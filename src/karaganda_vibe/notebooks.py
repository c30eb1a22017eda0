"""Run a notebook in place: fresh kernel, stored outputs that are the same on every run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import BUILD, PROJECT, shown
from karaganda_vibe.project.writing import write_text

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
LONGEST_CELL_SECONDS = 1800
# A Unix socket has a path of about a hundred characters at most.
LONGEST_SOCKET_FOLDER = 80


def run_notebook(path: Path, progress: Callable[[str], None] = lambda text: None) -> None:
    """Execute `path` from its first cell and store its outputs, if they changed.

    `progress` is called with a line for each code cell. Raises ProjectError where a cell fails:
    with the cell's own one-line message where it is one, else with the last line of its
    traceback, which is kept whole under build/log.
    """
    # Imported here: a build in which no notebook is out of date need not load Jupyter.
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    code_cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    count = {"started": 0}

    def started(cell: Any, cell_index: int) -> None:
        if cell.cell_type == "code":
            count["started"] += 1
            progress(f"{path.stem}: cell {count['started']} of {code_cells}")

    # The kernel must import this checkout's package, wherever the environment was installed.
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT / "src"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    with tempfile.TemporaryDirectory(prefix="kernel") as folder:
        client = NotebookClient(
            notebook,
            config=_kernel_settings(folder),
            timeout=LONGEST_CELL_SECONDS,
            kernel_name=KERNEL["name"],
            record_timing=False,
            resources={"metadata": {"path": str(PROJECT)}},
            on_cell_start=started,
        )
        try:
            client.execute(env=environment, cwd=str(PROJECT))
        except CellExecutionError as error:
            raise ProjectError(_failure(path, count["started"], error)) from None
        except (DeadKernelError, RuntimeError) as error:
            raise ProjectError(
                f"{shown(path)}: the kernel gave up in code cell {count['started']} ({error}); "
                "there may be too little memory: run it again"
            ) from None
    write_text(path, stored_form(notebook))


def _kernel_settings(folder: str) -> Any:
    """Let a kernel talk through files in `folder`, its own, instead of open network ports."""
    from traitlets.config import Config

    if os.name == "nt" or len(folder) > LONGEST_SOCKET_FOLDER:
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/port"}})


def stored_form(notebook: Any) -> str:
    """The notebook as it is committed: nothing of the machine, the clock or the Python release."""
    import nbformat

    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return str(nbformat.writes(notebook, version=4)) + "\n"


def _failure(path: Path, cell: int, error: Any) -> str:
    if error.ename == "ProjectError":
        return str(error.evalue)
    log = BUILD / "log" / f"{path.stem}.txt"
    write_text(log, str(error))
    return (
        f"{shown(path)}: code cell {cell} failed with {error.ename}: {error.evalue}; "
        f"the whole traceback is in {shown(log)}"
    )
