"""Raw tables are read only when they are exactly what data/raw/datapackage.json says they are.

The package is a Frictionless data package (v1): one resource for each file, named
"<folder>.<file without its ending>". A resource is a table (CSV) or, where its profile says so, not
one (outlines as GeoJSON). `python -m karaganda_vibe.sources.raw_package` checks all of them;
with `--accept FILE` it takes in a file that was replaced on purpose.
"""

from __future__ import annotations

import argparse
import codecs
import csv
import hashlib
import io
import json
import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from karaganda_vibe.project.errors import ProjectError, exit_with_one_line
from karaganda_vibe.project.paths import RAW, shown
from karaganda_vibe.project.reading import decoded
from karaganda_vibe.project.tables import columns_that_differ, read_records
from karaganda_vibe.project.writing import write_text

PACKAGE = "datapackage.json"
# Neither tables nor in need of a checksum.
UNLISTED_ALLOWED = {PACKAGE, "README.md"}
YEAR = re.compile(r"(?:19|20)\d\d")
FEWEST_ROWS = 20  # rows with figures that say something of a whole column
MOST_NEARER = 0.62  # share of rows that run rougher than with two years exchanged; 0.57 is seen
COMMAND = "python -m karaganda_vibe.sources.raw_package"


@cache
def _read_package(path: Path, _modified: int) -> dict[str, dict[str, Any]]:
    try:
        package = json.loads(path.read_text(encoding="utf-8"))
        return {resource["name"]: resource for resource in package["resources"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{shown(path)}: not a data package ({type(error).__name__}: {error}); correct it, "
            f"git diff -- {shown(path)} shows what changed"
        ) from None


def package(raw: Path = RAW) -> dict[str, dict[str, Any]]:
    """All resources of the data package in `raw`, by name.

    Raises ProjectError when the package file is missing or is not a data package.
    """
    path = raw / PACKAGE
    if not path.is_file():
        raise ProjectError(f"{shown(path)}: missing; put it back, git restore {shown(path)}")
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
        raise ProjectError(
            f"{shown(path)}: raw table missing; put it back, git restore {shown(path)}"
        )
    content = path.read_bytes()
    if sha256_of(content) == held["hash"]:
        return content
    raise ProjectError(f"{shown(path)}: {_what_happened(content, held)}; {_advice(path)}")


def sha256_of(content: bytes) -> str:
    """The checksum of a file as the package holds it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _advice(path: Path) -> str:
    """How to go on with a changed file without losing it."""
    return (
        f"if it was replaced on purpose, take it in: {COMMAND} --accept {shown(path)}; "
        f"else compare: git diff -- {shown(path)}"
    )


def _what_happened(content: bytes, held: dict[str, Any]) -> str:
    """Why the bytes of a raw table are not those that its package describes."""
    plain = content.removeprefix(codecs.BOM_UTF8)
    saved = []
    if plain != content:
        saved.append("with a byte-order mark")
    if b"\r\n" in plain:
        saved.append("with CRLF line ends (git's core.autocrlf or an editor)")
    if saved and sha256_of(plain.replace(b"\r\n", b"\n")) == held["hash"]:
        return f"saved {' and '.join(saved)}, the figures are the same"
    try:
        text = decoded(plain, "")
    except ProjectError as error:
        if sha256_of(_from_cp1251(plain)) == held["hash"]:
            return "saved as cp1251, expected UTF-8, the figures are the same"
        return str(error).removeprefix(": ")
    if is_table(held):
        header = next(csv.reader([text.partition("\n")[0].rstrip("\r")]), [])
        differ = columns_that_differ(header, [field["name"] for field in held["schema"]["fields"]])
        if differ:
            return f"line 1: header changed: {differ}"
    size = f"{len(content)} bytes, expected {held['bytes']}"
    what = "raw table" if is_table(held) else "raw file"
    if len(content) < held["bytes"] and not content.endswith(b"\n"):
        return f"{what} cut short: {size}"
    return f"{what} changed: {size}" if len(content) != held["bytes"] else f"{what} changed"


def is_table(held: dict[str, Any]) -> bool:
    """Whether a resource of the package is a table, and not outlines."""
    return held.get("format", "csv") == "csv"


def _from_cp1251(content: bytes) -> bytes:
    return content.decode("cp1251", errors="replace").replace("\r\n", "\n").encode()


def read_raw(name: str, raw: Path = RAW) -> pd.DataFrame:
    """The raw table `name`, checked first: every cell as published text, an empty cell as "".

    Raises ProjectError naming the file when it is missing, cut short or changed.
    """
    held = resource(name, raw)
    if not is_table(held):
        raise ProjectError(
            f"{shown(raw / held['path'])}: no table but {held['format']}; use read_outlines"
        )
    text = _checked_bytes(held, raw).decode("utf-8-sig")
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, na_filter=False)
    columns = [field["name"] for field in held["schema"]["fields"]]
    if list(frame.columns) != columns:
        path = raw / held["path"]
        raise ProjectError(
            f"{shown(path)}: line 1: header and {PACKAGE} disagree: "
            f"{columns_that_differ(list(frame.columns), columns)}; {_advice(path)}"
        )
    return frame


def read_outlines(name: str, raw: Path = RAW) -> list[dict[str, Any]]:
    """The features of the GeoJSON `name`, checked first: each with `properties` and `geometry`.

    Coordinates are longitude and latitude in degrees. Raises ProjectError naming the file when it
    is missing, cut short or changed, and when it holds no collection of polygons.
    """
    held = resource(name, raw)
    path = shown(raw / held["path"])
    if is_table(held):
        raise ProjectError(f"{path}: a table; read it with read_raw")
    return _outlines(_checked_bytes(held, raw), path)


def _outlines(content: bytes, path: str) -> list[dict[str, Any]]:
    try:
        features = json.loads(content)["features"]
        kinds = {feature["geometry"]["type"] for feature in features}
    except (ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{path}: no GeoJSON collection of features ({type(error).__name__}: {error}); put it "
            f"back, git restore {path}"
        ) from None
    strange = sorted(kinds - {"Polygon", "MultiPolygon"})
    if strange or not features:
        raise ProjectError(
            f"{path}: expected polygons, found {strange[0] if strange else 'nothing'}; put the "
            f"outlines back, git restore {path}"
        )
    return list(features)


def verify_raw(raw: Path = RAW) -> None:
    """Check every file of the package, and that no other file lies in `raw`.

    Raises ProjectError with the first file that is wrong, in the order of the package.
    """
    for described in package(raw).values():
        _checked_bytes(described, raw)
    check_listed(raw)


def check_listed(raw: Path = RAW) -> None:
    """Raise ProjectError with the first file in `raw` that the package does not describe."""
    listed = {described["path"] for described in package(raw).values()}
    for path in sorted(raw.rglob("*")):
        inside = path.relative_to(raw).as_posix()
        # Editors and notebooks leave hidden files behind.
        hidden = any(part.startswith(".") for part in path.relative_to(raw).parts)
        if hidden or inside in UNLISTED_ALLOWED:
            continue
        if path.is_file() and inside not in listed:
            raise ProjectError(
                f"{shown(path)}: file not listed in {shown(raw / PACKAGE)}; describe it there, or "
                "keep it outside of the folder"
            )


def accept(path: Path, raw: Path = RAW) -> list[str]:
    """Take in a raw table that was replaced on purpose: its bytes, hash and columns.

    Writes them into the data package and returns lines that say what differs from the committed
    file and what looks suspicious in the new one.

    Raises:
        ProjectError: the package does not list the file; it is no UTF-8 or not a table of rows as
        wide as its header.
    """
    path = path.resolve()
    inside = path.relative_to(raw.resolve()).as_posix() if path.is_relative_to(raw) else ""
    described = {held["path"]: held for held in package(raw).values()}
    if inside not in described or not path.is_file():
        raise ProjectError(
            f"{shown(path)}: not a file that {shown(raw / PACKAGE)} lists; write its entry there "
            "first: name, path and everything that the others have"
        )
    held, content = described[inside], path.read_bytes()
    if not is_table(held):
        return _accept_file(held, content, path, raw)
    frame = _frame(path, content)
    fields = {field["name"]: field for field in held["schema"]["fields"]}
    everything = json.loads((raw / PACKAGE).read_text(encoding="utf-8"))
    (entry,) = (entry for entry in everything["resources"] if entry["path"] == inside)
    entry["bytes"], entry["hash"] = len(content), sha256_of(content)
    entry["schema"]["fields"] = [
        fields.get(name) or new_field(name, list(fields.values())) for name in map(str, frame)
    ]
    lines = [f"{shown(path)}: {len(frame):,} rows, {len(content):,} bytes taken in"]
    before = _committed(path)
    lines += compare_tables(_frame(path, before), frame) if before else ["nothing to compare with"]
    lines += suspicious_columns(inside, frame)
    write_text(raw / PACKAGE, json.dumps(everything, ensure_ascii=False, indent=1) + "\n")
    return [*lines, f"now bring date, address and caveats of {held['name']} up to date there"]


def _accept_file(held: dict[str, Any], content: bytes, path: Path, raw: Path) -> list[str]:
    """Take in a file that is no table: its bytes and hash."""
    features = _outlines(content, shown(path))
    everything = json.loads((raw / PACKAGE).read_text(encoding="utf-8"))
    (entry,) = (entry for entry in everything["resources"] if entry["name"] == held["name"])
    entry["bytes"], entry["hash"] = len(content), sha256_of(content)
    write_text(raw / PACKAGE, json.dumps(everything, ensure_ascii=False, indent=1) + "\n")
    return [
        f"{shown(path)}: {len(features):,} outlines, {len(content):,} bytes taken in",
        f"now bring date, address and caveats of {held['name']} up to date there",
    ]


def _frame(path: Path, content: bytes) -> pd.DataFrame:
    header, rows = read_records(path, decoded(content, shown(path)))
    return pd.DataFrame(rows, columns=header, dtype=str)


def new_field(name: str, known: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A new column described; a new year as the last year before it is."""
    years = [field for field in known if YEAR.fullmatch(field["name"])]
    if not YEAR.fullmatch(name) or not years:
        return {"name": name, "type": "string"}
    return {
        key: text.replace(years[-1]["name"], name) if isinstance(text, str) else text
        for key, text in years[-1].items()
    }


def _committed(path: Path) -> bytes:
    """The file as git has it, or nothing."""
    found = subprocess.run(
        ["git", "show", f"HEAD:./{path.name}"], cwd=path.parent, capture_output=True, check=False
    )
    return found.stdout if found.returncode == 0 else b""


def compare_tables(before: pd.DataFrame, now: pd.DataFrame) -> list[str]:
    """What a new edition of a table changes: columns, rows, cells; one line each."""
    lines = []
    for word, names in (
        ("new", [str(name) for name in now if name not in before]),
        ("gone", [str(name) for name in before if name not in now]),
    ):
        if names:
            lines.append(f"columns {word}: {', '.join(names)}")
    common = [name for name in before if name in now]
    if len(before) == len(now):
        changed = (before[common] != now[common]).sum()
        changed = changed[changed > 0]
        cells = ", ".join(f"{count} in {name}" for name, count in changed.items())
        lines.append(f"rows: {len(now):,} as before; cells changed: {cells or 'none'}")
        return lines
    old, new = (
        Counter(table[common].itertuples(index=False, name=None)) for table in (before, now)
    )
    lines.append(
        f"rows: {len(before):,} before, {len(now):,} now; {(new - old).total():,} are new or "
        f"changed, {(old - new).total():,} are gone or changed"
    )
    return lines


def suspicious_columns(name: str, frame: pd.DataFrame) -> list[str]:
    """Years of a wide table that are a copy of the year before, or seem to have changed places."""
    years = [column for column in map(str, frame) if YEAR.fullmatch(column)]
    values = frame[years].apply(
        lambda column: pd.to_numeric(column.str.replace(",", "."), errors="coerce")
    )
    size = np.log(values.where(values > 0))
    lines = []
    for first, second in pairwise(years):
        both = values[[first, second]].dropna()
        if len(both) >= FEWEST_ROWS and (both[first] == both[second]).all():
            lines.append(f"suspicious: {name}: {second} is a copy of {first}")
    for place in range(1, len(years) - 1):
        before, first, second = (size[year] for year in years[place - 1 : place + 2])
        far, near = (first - before).abs(), (second - before).abs()
        if place + 2 < len(years):
            after = size[years[place + 2]]
            far, near = far + (after - second).abs(), near + (after - first).abs()
        moved = (far - near).dropna()
        moved = moved[moved != 0]
        if len(moved) >= FEWEST_ROWS and (moved > 0).mean() > MOST_NEARER:
            lines.append(
                f"suspicious: {name}: {years[place]} and {years[place + 1]} seem to have changed "
                f"places ({(moved > 0).mean():.0%} of the rows would run smoother)"
            )
    return lines


def _main() -> None:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Check the raw tables.")
    parser.add_argument("--accept", metavar="FILE", type=Path, help="take in a replaced file")
    chosen = parser.parse_args()
    if chosen.accept:
        print("\n".join(accept(chosen.accept)))
        return
    verify_raw()
    tables = {name: held for name, held in package().items() if is_table(held)}
    for name, held in tables.items():
        for line in suspicious_columns(held["path"], read_raw(name)):
            print(line)
    size = sum(described["bytes"] for described in package().values())
    print(f"{shown(RAW)}: {len(package())} files, {size:,} bytes, all as the package says")


if __name__ == "__main__":
    exit_with_one_line(_main)
