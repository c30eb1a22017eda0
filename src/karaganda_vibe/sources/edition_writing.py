"""Writes a new edition of a raw table: its csv, its entry in the data package, the revisions.

All are made first and put into place together at the end, so that a full disk or a fault leaves
data/raw as it was.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.project.paths import RAW
from karaganda_vibe.sources.edition_changes import REVISIONS_FILE
from karaganda_vibe.sources.raw_package import PACKAGE, new_field, resource, sha256_of


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A raw table as it is kept: UTF-8, LF, every cell as it stands."""
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def updated_entry(
    entry: Mapping[str, Any], frame: pd.DataFrame, content: bytes, about: Mapping[str, str]
) -> dict[str, Any]:
    """The package's entry of a table for its new edition.

    about: `date` and `where_found` of the file, and `address` where it is another than before.
    Years in the title follow the last column; terms, borders and caveats stay for a person to see.
    """
    fields = {field["name"]: field for field in entry["schema"]["fields"]}
    new = dict(entry)
    new["bytes"], new["hash"] = len(content), sha256_of(content)
    new["date"], new["where_found"] = about["date"], about["where_found"]
    new["schema"] = dict(entry["schema"]) | {
        "fields": [
            fields.get(name) or new_field(name, list(fields.values())) for name in map(str, frame)
        ]
    }
    years = [name for name in map(str, frame) if name.isdigit()]
    old_years = [name for name in fields if name.isdigit()]
    sources = [dict(source) for source in entry["sources"]]
    if years and old_years:
        last = rf"(?<=\d{{4}}-){old_years[-1]}\b"
        for holder, key in ((new, "title"), (new, "description"), *((s, "title") for s in sources)):
            holder[key] = re.sub(last, years[-1], holder[key])
    if about.get("address"):
        sources[0]["path"] = about["address"]
    new["sources"] = sources
    return new


def write_edition(
    name: str,
    frame: pd.DataFrame,
    about: Mapping[str, str],
    log: pd.DataFrame,
    raw: Path = RAW,
    revisions: Path = REVISIONS_FILE,
) -> list[Path]:
    """Put a new edition in the place of the present one; returns the files that changed.

    Raises ProjectError where the package has no such table, OSError where the disk is full; both
    leave everything as it was.
    """
    entry = resource(name, raw)
    content = csv_bytes(frame)
    package = json.loads((raw / PACKAGE).read_text(encoding="utf-8"))
    package["resources"] = [
        updated_entry(held, frame, content, about) if held["name"] == name else held
        for held in package["resources"]
    ]
    described = json.dumps(package, ensure_ascii=False, indent=1) + "\n"
    return replace_together(
        {
            revisions: csv_bytes(log),
            raw / entry["path"]: content,
            raw / PACKAGE: described.encode("utf-8"),
        }
    )


def replace_together(files: Mapping[Path, bytes]) -> list[Path]:
    """Write all files or none: each beside its place first, then all put into place.

    Where putting one into place fails, those before it are put back. Returns those that changed.
    """
    before = {path: path.read_bytes() if path.exists() else None for path in files}
    changed = [path for path, content in files.items() if before[path] != content]
    staged: dict[Path, Path] = {}
    done: list[Path] = []
    try:
        for path in changed:
            # Heard by the build, as in project.writing.
            sys.audit("karaganda_vibe.write", os.fspath(path))
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            staged[path] = Path(temporary)
            with os.fdopen(handle, "wb") as stream:
                stream.write(files[path])
            staged[path].chmod(0o644)
        for path in changed:
            staged[path].replace(path)
            done.append(path)
    except BaseException:
        for path in done:
            _put_back(path, before[path])
        raise
    finally:
        for left in staged.values():
            left.unlink(missing_ok=True)
    return changed


def _put_back(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(content)
