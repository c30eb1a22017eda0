"""Run a notebook in place: fresh kernel, stored outputs that are the same on every run."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from karaganda_vibe.build.kernel import NOTES
from karaganda_vibe.build.notebook_table import LEFT_OUT
from karaganda_vibe.build.pins import pinned_environment
from karaganda_vibe.build.steps import Noted
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import BUILD, PROJECT, shown
from karaganda_vibe.project.writing import write_text

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
LONGEST_CELL_SECONDS = 1800
LACKS = "StudyLacksError"
"""The error by which a cell says that the study has not what it is about (places/study.py)."""
# A Unix socket has a path of about a hundred characters at most.
LONGEST_SOCKET_FOLDER = 80


class Heartbeat:
    """Shows a notebook's progress, but not more often than every few seconds."""

    def __init__(self, seconds: float = 5.0) -> None:
        self._seconds = seconds
        self._last = time.monotonic()

    def __call__(self, text: str) -> None:
        if time.monotonic() - self._last >= self._seconds:
            self._last = time.monotonic()
            print(f"    {text}", flush=True)


def run_notebook(
    path: Path,
    progress: Callable[[str], None] = lambda text: None,
    longest: int = LONGEST_CELL_SECONDS,
) -> Noted:
    """Execute `path` from its first cell and store its outputs, if they changed.

    `progress` is called with a line for each code cell; no cell may take more than `longest`
    seconds. Returns what the notebook was seen to read and write. Raises ProjectError where a
    cell fails: with the cell's own one-line message where it is one, else with the last line of
    its traceback, which is kept whole under build/log. Cells are counted from 1, text and code
    alike, as they stand in the notebook.
    """
    # Imported here: a build in which no notebook is out of date need not load Jupyter.
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    count = {"cell": 0}

    def started(cell: Any, cell_index: int) -> None:
        count["cell"] = cell_index + 1
        if cell.cell_type == "code":
            progress(f"{path.stem}: cell {cell_index + 1} of {len(notebook.cells)}")

    # What the kernel itself says is kept aside: in the terminal stands one line.
    log = BUILD / "log" / f"{path.stem}-kernel.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kernel") as folder, log.open("wb") as said:
        notes = Path(folder) / "notes"
        client = NotebookClient(
            notebook,
            config=_kernel_settings(folder),
            kernel_manager_class=_own_kernel(),
            kernel_name=KERNEL["name"],
            timeout=longest,
            record_timing=False,
            allow_error_names=[LACKS],
            resources={"metadata": {"path": str(PROJECT)}},
            on_cell_start=started,
        )
        try:
            client.execute(
                env={**pinned_environment(), NOTES: str(notes)}, cwd=str(PROJECT), stderr=said
            )
        except CellExecutionError as error:
            raise ProjectError(_failure(path, count["cell"], error)) from None
        except CellTimeoutError:
            raise ProjectError(
                f"{shown(path)}: cell {count['cell']} took longer than {longest} seconds; "
                "make it quicker, or raise LONGEST_CELL_SECONDS in "
                f"{shown(Path(__file__))}"
            ) from None
        except (DeadKernelError, RuntimeError) as error:
            raise ProjectError(
                f"{shown(path)}: the kernel gave up in cell {count['cell']} ({error}); "
                f"there may be too little memory (see {shown(log)}): run it again"
            ) from None
        seen = noted(notes.read_text(encoding="utf-8") if notes.exists() else "")
    write_text(path, stored_form(notebook))
    return seen


def noted(notes: str) -> Noted:
    """What a kernel's notes (see `kernel`) say was read and written."""
    pairs = [line.split("\t", 1) for line in notes.splitlines()]
    reads, writes = (frozenset(place for kind, place in pairs if kind == k) for k in "rw")
    return Noted(reads, writes)


def _own_kernel() -> type:
    """A kernel manager that knows one kernel: that of the Python which runs the build."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    command = [sys.executable, "-m", "karaganda_vibe.build.kernel", "-f", "{connection_file}"]

    class OwnKernel(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            # A user's own kernel called python3 may be of another Python.
            return KernelSpec(argv=command, **{k: KERNEL[k] for k in ("display_name", "language")})

    return OwnKernel


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
        if cell.cell_type == "code":
            cell.outputs = [_without_traceback(output) for output in cell.outputs]
    return str(nbformat.writes(notebook, version=4)) + "\n"


def _without_traceback(output: Any) -> Any:
    """What a cell that was left out shows: one line that says why, no fault."""
    import nbformat

    if output.get("ename") != LACKS:
        return output
    return nbformat.v4.new_output("stream", name="stdout", text=f"{LEFT_OUT}{output.evalue}\n")


def _failure(path: Path, cell: int, error: Any) -> str:
    if error.ename == "ProjectError":
        return str(error.evalue)
    log = BUILD / "log" / f"{path.stem}.txt"
    write_text(log, str(error))
    return (
        f"{shown(path)}: cell {cell} failed with {error.ename}: {error.evalue}; "
        f"the whole traceback is in {shown(log)}"
    )
