"""Files are written whole or not at all, and only when their content changes."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBERS = re.compile(r"[+-][\d\s.,;:()…−–+%/-]*")


def write_bytes(path: Path, content: bytes) -> bool:
    """Write `content` to `path` through a temporary file beside it; return whether it changed.

    A file that already holds the content keeps its time stamp, so that nothing after it is built
    again. An interrupted or failed write (a full disk, say) leaves the old file as it was.
    """
    # Heard by the build, which must know who writes what, also where nothing changes.
    sys.audit("karaganda_vibe.write", os.fspath(path))
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True


def write_text(path: Path, content: str) -> bool:
    """Write `content` to `path` as UTF-8, like `write_bytes`."""
    return write_bytes(path, content.encode("utf-8"))


def safe_in_a_spreadsheet(cell: object) -> object:
    """`cell`, or with an apostrophe before it where a spreadsheet would run it as a formula.

    Numbers, written in whatever way ("+9,2 (+5,4 … +11,8)"), and lone signs stay as they are.
    """
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBERS.fullmatch(cell):
        return f"'{cell}"
    return cell


def write_table(path: Path, frame: pd.DataFrame, kind: str = "computed") -> bool:
    """Write `frame` to `path` as CSV: UTF-8, LF, no index, empty where missing.

    Floats are rounded to the digits of their `kind`, see `rounding.DIGITS`. Texts that a
    spreadsheet would run as a formula get an apostrophe before them.
    """
    # Brings pandas, which takes longer to load than the build needs where nothing has changed.
    from karaganda_vibe.project.rounding import round_table

    words = frame.select_dtypes(exclude="number").columns
    frame = frame.assign(**{name: frame[name].map(safe_in_a_spreadsheet) for name in words})
    return write_text(path, round_table(frame, kind).to_csv(index=False, lineterminator="\n"))
