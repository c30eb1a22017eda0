"""Which figures look otherwise than when they were last accepted.

`tests/figure_hashes.csv` holds two hashes of every drawing: `sha256` of its file, which a build
from unchanged sources must reproduce, and `picture`, a fingerprint of what it looks like in 256
squares. Where only the first differs, the picture is alike and the file was merely written
otherwise; where both do, a person should look at it.

    python tests/figure_hashes.py           # say what changed; 1 if anything did
    python tests/figure_hashes.py --accept  # take the drawings as they are now (`make accept`)
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import typst
from PIL import Image, ImageStat

from karaganda_vibe.project.paths import FIGURES, FONTS, PROJECT

TABLE = PROJECT / "tests" / "figure_hashes.csv"
ACCEPT = "look at it, then accept it with `make accept`"
SIDE = 16
"""Squares of a fingerprint along each side."""
ALIKE = 6
"""Up to so many of its 256 squares may differ in a picture that looks the same."""
GREY_STEP = 2
"""Shades by which a square must be darker than its right neighbour to count so."""
COLOUR_STEP = 3
"""Shades by which the mean colour may differ."""


class Drawing(NamedTuple):
    """One row of the table."""

    figure: str
    language: str
    width: str
    sha256: str
    picture: str

    @property
    def name(self) -> str:
        return f"{self.figure}, {self.language}, {self.width}"


def drawings(folder: Path = FIGURES) -> list[Path]:
    """All drawings of the report, in a fixed order."""
    return sorted(folder.glob("*/*.svg"))


def pictures(paths: Sequence[Path]) -> list[Image.Image]:
    """The drawings as small pictures on white, drawn by the program that makes the PDF."""
    if not paths:
        return []
    pages = [
        f'#page(width: 300pt, height: auto, margin: 0pt, image("{path.relative_to(PROJECT)}", '
        "width: 100%))"
        for path in paths
    ]
    drawn = typst.compile(
        "\n".join(pages).encode(),
        root=str(PROJECT),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="png",
        ppi=48.0,
    )
    pages_drawn = drawn if isinstance(drawn, list) else [drawn]
    return [Image.open(io.BytesIO(page)).convert("RGB") for page in pages_drawn]


def fingerprint(picture: Image.Image) -> str:
    """A bit a square (darker than its right neighbour or not) and the mean colour."""
    small = picture.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    grey = list(small.tobytes())
    bits = ""
    for row in range(SIDE):
        line = grey[row * (SIDE + 1) : (row + 1) * (SIDE + 1)]
        bits += "".join("1" if left + GREY_STEP < right else "0" for left, right in pairwise(line))
    mean = "".join(f"{round(shade):02x}" for shade in ImageStat.Stat(picture).mean)
    return f"{int(bits, 2):0{SIDE * SIDE // 4}x}-{mean}"


def difference(one: str, other: str) -> tuple[int, int]:
    """Squares in which two fingerprints differ, and shades between their mean colours."""
    (bits, colour), (others, other_colour) = (found.split("-") for found in (one, other))
    shades = (
        abs(int(colour[at : at + 2], 16) - int(other_colour[at : at + 2], 16)) for at in (0, 2, 4)
    )
    return (int(bits, 16) ^ int(others, 16)).bit_count(), max(shades)


def file_hash(path: Path) -> str:
    """Of the file's bytes; line ends count as on every system."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def identity(path: Path) -> tuple[str, str, str]:
    narrow = path.stem.endswith("-narrow")
    return path.stem.removesuffix("-narrow"), path.parent.name, "narrow" if narrow else "wide"


def read_table(table: Path = TABLE) -> list[Drawing]:
    with table.open(encoding="utf-8", newline="") as stream:
        return [Drawing(**row) for row in csv.DictReader(stream)]


def described(paths: Sequence[Path]) -> list[Drawing]:
    return [
        Drawing(*identity(path), file_hash(path), fingerprint(picture))
        for path, picture in zip(paths, pictures(paths), strict=True)
    ]


def changes(accepted: Iterable[Drawing], paths: Sequence[Path]) -> list[str]:
    """One line for each drawing that is not as it was accepted. Only changed ones are drawn."""
    known = {row[:3]: row for row in accepted}
    there = {identity(path): path for path in paths}
    found = [f"{known[key].name}: is no longer drawn; {ACCEPT}" for key in known.keys() - there]
    found += [f"{', '.join(key)}: is new; {ACCEPT}" for key in there.keys() - known.keys()]
    other = [
        path for key, path in there.items() if key in known and known[key].sha256 != file_hash(path)
    ]
    for row in described(other):
        squares, shades = difference(known[row[:3]].picture, row.picture)
        if squares <= ALIKE and shades <= COLOUR_STEP:
            says = f"the file differs, the picture looks alike ({squares} of 256 squares)"
        else:
            says = f"the picture changed ({squares} of 256 squares, colour by {shades})"
        found.append(f"{row.name}: {says}; {ACCEPT}")
    return sorted(found)


def accept(paths: Sequence[Path], table: Path = TABLE) -> None:
    """Write the table anew from the drawings as they are."""
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(Drawing._fields)
        writer.writerows(sorted(described(paths)))


def main(arguments: Sequence[str]) -> int:
    found = changes(read_table() if TABLE.is_file() else [], drawings())
    print("\n".join(found) or "Every figure is as it was accepted.")
    if "--accept" in arguments:
        accept(drawings())
        return 0
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
