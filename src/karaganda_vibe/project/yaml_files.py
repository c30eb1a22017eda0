"""YAML files, read with line numbers, so that an error can name the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import shown
from karaganda_vibe.project.reading import read_text


def read_yaml(path: Path) -> Any:
    """The content of `path`; mappings know their lines (ruamel's `.lc`).

    Raises ProjectError where the file is missing, no UTF-8, broken, or holds a key twice.
    """
    try:
        return YAML(typ="rt").load(read_text(path))
    except FileNotFoundError:
        raise ProjectError(f"{shown(path)} is missing; restore it from the repository") from None
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{shown(path)}:{mark.line + 1}" if mark else shown(path)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ProjectError(f"{place}: not valid YAML ({problem}); correct the line") from None
