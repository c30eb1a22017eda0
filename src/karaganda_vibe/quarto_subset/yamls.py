"""YAML files read with the line of every key, so that errors can name it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from karaganda_vibe.project.errors import ProjectError

Lines = dict[tuple[str, ...], int]


def _plain(value: Any, path: tuple[str, ...], lines: Lines, first: int) -> Any:
    if isinstance(value, CommentedMap):
        out = {}
        for key in value:
            here = (*path, str(key))
            lines[here] = value.lc.key(key)[0] + first
            out[str(key)] = _plain(value[key], here, lines, first)
        return out
    if isinstance(value, CommentedSeq):
        return [_plain(item, (*path, str(n)), lines, first) for n, item in enumerate(value)]
    if isinstance(value, str):
        return str(value)
    return value


def parse_yaml(text: str, shown: str, first: int = 1) -> tuple[dict[str, Any], Lines]:
    """The mapping in `text` and the line of each key path, counted from `first`.

    Raises ProjectError with `shown`:line when the text is no YAML, has a key twice or is not a
    mapping.
    """
    reader = YAML()
    reader.preserve_quotes = False
    try:
        loaded = reader.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = (mark.line if mark else 0) + first
        raise ProjectError(
            f"{shown}:{line}: not readable as YAML: {error.problem}; mend the indentation, "
            "quotes or the repeated key there"
        ) from None
    if loaded is None:
        return {}, {}
    if not isinstance(loaded, CommentedMap):
        raise ProjectError(f"{shown}:{first}: expected `key: value` lines, found something else")
    lines: Lines = {}
    return _plain(loaded, (), lines, first), lines


def read_values(path: Path, shown: str) -> dict[str, Any]:
    """The mapping in a YAML file of values, quickly and without lines.

    Raises ProjectError when the file is missing, no YAML or not a mapping.
    """
    if not path.is_file():
        raise ProjectError(f"{shown} is missing; it is named in _quarto.yml or needed by a chapter")
    try:
        loaded = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ProjectError(f"{shown}:{line}: not readable as YAML: {error.problem}") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ProjectError(f"{shown}:1: expected `key: value` lines, found something else")
    return loaded
