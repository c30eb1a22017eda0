"""Raw tables are read only when they are exactly what data/raw/datapackage.json says they are.

The package is a Frictionless data package (v1): one resource for each CSV, named
"<folder>.<file without .csv>". `python -m karaganda_vibe.sources.raw_package` checks all of them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.project.errors import ProjectError, exit_with_one_line
from karaganda_vibe.project.paths import RAW, shown

PACKAGE = "datapackage.json"
# Neither tables nor in need of a checksum.
UNLISTED_ALLOWED = {PACKAGE, "README.md"}
RESTORE = f"restore it with: git checkout -- {shown(RAW)}"


@cache
def _read_package(path: Path, _modified: int) -> dict[str, dict[str, Any]]:
    try:
        package = json.loads(path.read_text(encoding="utf-8"))
        return {resource["name"]: resource for resource in package["resources"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{shown(path)}: not a data package ({type(error).__name__}: {error}); {RESTORE}"
        ) from None


def package(raw: Path = RAW) -> dict[str, dict[str, Any]]:
    """All resources of the data package in `raw`, by name.

    Raises ProjectError when the package file is missing or is not a data package.
    """
    path = raw / PACKAGE
    if not path.is_file():
        raise ProjectError(f"{shown(path)}: missing; {RESTORE}")
    return _read_package(path, path.stat().st_mtime_ns)


def resource(name: str, raw: Path = RAW) -> dict[str, Any]:
    """Everything the package says of the resource `name`; ProjectError when there is none."""
    found = package(raw).get(name)
    if found is None:
        raise ProjectError(
            f'{shown(raw / PACKAGE)}: no resource named "{name}"; see the names in that file'
        )
    return found


def resources(table: str, raw: Path = RAW) -> list[str]:
    """Names of the resources in the folder `table`, sorted, without its sources table.

    Raises ProjectError when the folder holds none.
    """
    names = sorted(
        name
        for name, held in package(raw).items()
        if Path(held["path"]).parent.as_posix() == table
        and Path(held["path"]).name != "sources.csv"
    )
    if not names:
        raise ProjectError(f'{shown(raw / PACKAGE)}: no resource in a folder named "{table}"')
    return names


def _checked_bytes(held: dict[str, Any], raw: Path) -> bytes:
    path = raw / held["path"]
    if not path.is_file():
        raise ProjectError(f"{shown(path)}: raw table missing; {RESTORE}")
    content = path.read_bytes()
    expected = str(held["hash"]).removeprefix("sha256:")
    found = hashlib.sha256(content).hexdigest()
    if found == expected:
        return content
    # The first thing that differs says most about what happened to the file.
    columns = [field["name"] for field in held["schema"]["fields"]]
    first_line = content.split(b"\n", 1)[0].decode("utf-8", errors="replace")
    header = next(csv.reader([first_line]), [])
    checksums = f"sha256 expected {expected}, found {found}"
    if header != columns:
        raise ProjectError(
            f"{shown(path)}: line 1: header changed: expected {','.join(columns)}, "
            f"found {','.join(header)}; {checksums}; {RESTORE}"
        )
    if len(content) < held["bytes"]:
        raise ProjectError(
            f"{shown(path)}: raw table cut short: expected {held['bytes']} bytes, "
            f"found {len(content)}; {checksums}; {RESTORE}"
        )
    raise ProjectError(f"{shown(path)}: raw table changed: {checksums}; {RESTORE}")


def read_raw(name: str, raw: Path = RAW) -> pd.DataFrame:
    """The raw table `name`, checked first: every cell as published text, an empty cell as "".

    Raises ProjectError naming the file when it is missing, cut short or changed.
    """
    held = resource(name, raw)
    text = _checked_bytes(held, raw).decode("utf-8")
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, na_filter=False)
    columns = [field["name"] for field in held["schema"]["fields"]]
    if list(frame.columns) != columns:
        raise ProjectError(
            f"{shown(raw / held['path'])}: line 1: header and {PACKAGE} disagree: "
            f"expected {','.join(columns)}, found {','.join(frame.columns)}"
        )
    return frame


def verify_raw(raw: Path = RAW) -> None:
    """Check every file of the package, and that no other file lies in `raw`.

    Raises ProjectError with the first file that is wrong, in the order of the package.
    """
    held = package(raw)
    for described in held.values():
        _checked_bytes(described, raw)
    listed = {described["path"] for described in held.values()}
    for path in sorted(raw.rglob("*")):
        inside = path.relative_to(raw).as_posix()
        # Editors and notebooks leave hidden files behind.
        hidden = any(part.startswith(".") for part in path.relative_to(raw).parts)
        if hidden or inside in UNLISTED_ALLOWED:
            continue
        if path.is_file() and inside not in listed:
            raise ProjectError(
                f"{shown(path)}: file not listed in {shown(raw / PACKAGE)}; "
                "describe it there or remove it"
            )


def _main() -> None:
    verify_raw()
    size = sum(described["bytes"] for described in package().values())
    print(f"{shown(RAW)}: {len(package())} files, {size:,} bytes, all as the package says")


if __name__ == "__main__":
    exit_with_one_line(_main)
