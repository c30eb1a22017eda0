"""What every value of the report means, in words that need no context, by language.

The words stand in `metadata/values/value_meanings.csv`. Values that differ in one part only share a
line: `drv_{driver}_p` stands for one value a driver of `value_meaning_parts.csv`, and `{driver}` in
its texts for the words of that driver. The texts may name the study: `{main_city:gen}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path

from karaganda_vibe.places.study import need_words, study_lacks, with_names
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.words.languages import LANGUAGES, Words
from karaganda_vibe.words.texts import WITHOUT

MEANINGS = METADATA / "values" / "value_meanings.csv"
PARTS = METADATA / "values" / "value_meaning_parts.csv"
PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_STUDYS = re.compile(r"\{(?:former_part|main_city)")
"""A name of the study that it has not, and that is therefore not filled in."""


def read_parts(path: Path = PARTS) -> dict[str, dict[str, Words]]:
    """Words of the parts of names by set and part. Raises ProjectError for a part given twice."""
    parts: dict[str, dict[str, Words]] = {}
    for row in _rows(path, ("set", "part", *LANGUAGES)):
        group = parts.setdefault(row["set"], {})
        if row["part"] in group:
            raise ProjectError(
                f"{shown(path)}: line {row['line']}: '{row['part']}' of the set '{row['set']}' "
                "is there twice"
            )
        group[row["part"]] = {code: row[code] for code in LANGUAGES}
    return parts


def read_meanings(path: Path = MEANINGS, parts_path: Path = PARTS) -> dict[str, Words]:
    """What each value means, by its name and language.

    A line for a whole name holds before one with parts. `<name>_without_<need>` stands for a name
    where the study lacks that; what names the study's part or city is not there without one.
    Raises ProjectError for a name that two
    lines give, for an unknown set of parts, and for a text without a part of its name.
    """
    parts = read_parts(parts_path)
    found: dict[str, tuple[int, Words, int]] = {}
    rows, needs = _rows(path, ("name", *LANGUAGES)), need_words()
    instead = {
        name
        for name, _, need in (row["name"].rpartition(WITHOUT) for row in rows)
        if need in needs and study_lacks(need)
    }
    for row in rows:
        name, _, need = row["name"].rpartition(WITHOUT)
        if need not in needs:
            name, need = row["name"], ""
        if (need and not study_lacks(need)) or (not need and name in instead):
            continue
        if any(_STUDYS.search(row[code]) for code in LANGUAGES):
            continue
        row["name"] = name
        where = f"{shown(path)}: line {row['line']}"
        sets = PLACEHOLDER.findall(row["name"])
        unknown = [name for name in sets if name not in parts]
        if unknown:
            raise ProjectError(f"{where}: {shown(parts_path)} has no set '{unknown[0]}'")
        for code in LANGUAGES:
            if set(PLACEHOLDER.findall(row[code])) != set(sets):
                raise ProjectError(
                    f"{where}: the text in '{code}' must have the parts that the name has: "
                    f"{', '.join(sets) or 'none'}"
                )
        for choice in product(*(parts[name] for name in sets)):
            chosen = dict(zip(sets, choice, strict=True))
            name = row["name"].format_map(chosen)
            known = found.get(name)
            if known and known[0] == len(sets):
                raise ProjectError(f"{where}: line {known[2]} gives '{name}' as well")
            if known is None or len(sets) < known[0]:
                found[name] = (len(sets), _filled(row, chosen, parts), int(row["line"]))
    return {name: words for name, (_, words, _) in found.items()}


def meaning_of(name: str, meanings: Mapping[str, Words], path: Path = MEANINGS) -> Words:
    """What the value `name` means. Raises ProjectError where nobody wrote it down."""
    if name not in meanings:
        raise ProjectError(
            f"{shown(path)} does not say what the value '{name}' means; "
            f"add a line with its text in {', '.join(LANGUAGES)}"
        )
    return meanings[name]


def _filled(
    row: Mapping[str, str], chosen: Mapping[str, str], parts: Mapping[str, Mapping[str, Words]]
) -> Words:
    return {
        code: row[code].format_map({name: parts[name][part][code] for name, part in chosen.items()})
        for code in LANGUAGES
    }


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of the table at `path`. Raises ProjectError for an empty cell."""
    table = read_table(path, columns, filled=columns)
    return [
        {
            str(column): with_names(str(cell), column) if column in LANGUAGES else str(cell)
            for column, cell in row.items()
        }
        for row in table.to_dict("records")
    ]
