"""A notebook's kernel that notes which files of the project the notebook reads and writes.

`python -m karaganda_vibe.build.kernel -f CONNECTION_FILE`, run by `notebooks.run_notebook`. The
notes go to the file that the variable KARAGANDA_NOTES names: "r" or "w", a tab, a path.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from karaganda_vibe.project.paths import PROJECT

NOTES = "KARAGANDA_NOTES"
NOT_DATA = (".git", ".venv", "_output", "build", "src")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def noting(write: Callable[[str], object], root: str = str(PROJECT)) -> Callable[..., None]:
    """An audit hook that hands a line to `write` for each file of `root` that is used."""
    inside = root + os.sep
    seen: set[str] = set()

    def note(kind: str, place: object) -> None:
        if not isinstance(place, str | os.PathLike):
            return
        path = os.path.abspath(os.fsdecode(place))  # noqa: PTH100  (no Path: runs at every open)
        if not path.startswith(inside):
            return
        parts = path[len(inside) :].replace(os.sep, "/").split("/")
        # Hidden names are those under which a file is written before it is put in its place.
        line = f"{kind}\t{'/'.join(parts)}\n"
        if parts[0] in NOT_DATA or parts[-1].startswith(".") or line in seen:
            return
        seen.add(line)
        write(line)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            place, mode, flags = arguments
            if isinstance(mode, str):
                writes = bool(set(mode) & set("wax+"))
            else:
                writes = isinstance(flags, int) and bool(flags & WRITING)
            note("w" if writes else "r", place)
        elif event == "os.rename":
            note("w", arguments[1])
        elif event == "karaganda_vibe.write":
            note("w", arguments[0])

    return hook


def main() -> None:
    """Start the kernel as `ipykernel_launcher` does, after the hook."""
    place = os.environ.get(NOTES)
    if place:
        handle = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        sys.addaudithook(noting(lambda line: os.write(handle, line.encode("utf-8"))))
    # As ipykernel_launcher does: the folder that the kernel starts in is no place for modules.
    if sys.path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109
        del sys.path[0]
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
