"""YAML files read with the line of every key, so that errors can name it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.reading import read_text

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
    except YAMLError as error:
        line, problem = _spot(error, text)
        raise ProjectError(
            f"{shown}:{line + first}: not readable as YAML: {problem}; mend the indentation, "
            "quotes or the repeated key there"
        ) from None
    if loaded is None:
        return {}, {}
    if not isinstance(loaded, CommentedMap):
        raise ProjectError(f"{shown}:{first}: expected `key: value` lines, found something else")
    lines: Lines = {}
    return _plain(loaded, (), lines, first), lines


def _spot(error: Exception, text: str) -> tuple[int, str]:
    """Line (from 0) and reason of an error of the reader."""
    mark = getattr(error, "problem_mark", None)
    line = mark.line if mark else text.count("\n", 0, getattr(error, "position", 0))
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return line, " ".join(str(reason).split())


def read_words(path: Path, shown: str) -> dict[str, Any]:
    """The mapping in a YAML file of words that people edit, without lines.

    Raises ProjectError when the file is missing, no YAML, has a key twice or is not a mapping.
    """
    return _mapping(path, shown, YAML(typ="safe").load)


def read_values(path: Path, shown: str) -> dict[str, Any]:
    """The mapping in a YAML file of values that the project wrote itself.

    Read by libyaml, in a sixteenth of the time. Raises ProjectError when the file is missing, no
    YAML or not a mapping.
    """
    return _mapping(path, shown, partial(yaml.load, Loader=yaml.CSafeLoader))


def _mapping(path: Path, shown: str, load: Callable[[str], Any]) -> dict[str, Any]:
    if not path.is_file():
        raise ProjectError(f"{shown} is missing; it is named in _quarto.yml or needed by a chapter")
    text = read_text(path, shown)
    try:
        loaded = load(text)
    except (YAMLError, yaml.YAMLError) as error:
        line, problem = _spot(error, text)
        raise ProjectError(f"{shown}:{line + 1}: not readable as YAML: {problem}") from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ProjectError(f"{shown}:1: expected `key: value` lines, found something else")
    return loaded
