"""Results of slow steps, kept by the hash of everything they depend on.

The key covers the arguments (arrays by their bytes, tables by their contents), the name of the
function, the source of the whole inference package, and what decides the last digits (libraries,
threads, features of the processor), so that a change of data, parameters or code computes anew.
Files are written whole or not at all; a damaged one is computed again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pickle
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import BUILD
from karaganda_vibe.project.writing import write_bytes

Result = TypeVar("Result")
CACHE = BUILD / "cache"
LAST_DIGITS = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES",
)
"""Variables of the environment that decide how sums are rounded (see `build.pins`)."""


@cache
def code_version() -> str:
    """Hash of this package's source, the numeric libraries' versions and what rounds their sums."""
    import scipy
    import statsmodels

    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    versions = (np.__version__, pd.__version__, scipy.__version__, statsmodels.__version__)
    digest.update(repr((versions, [os.environ.get(name) for name in LAST_DIGITS])).encode())
    return digest.hexdigest()


def _feed(digest: Any, value: object) -> None:
    if isinstance(value, np.ndarray) and value.dtype != object:
        digest.update(f"array {value.dtype.str} {value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, np.ndarray):
        _feed(digest, value.tolist())
    elif isinstance(value, pd.DataFrame | pd.Series):
        digest.update(type(value).__name__.encode())
        digest.update(value.to_csv(float_format="%.17g").encode())
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        digest.update(type(value).__name__.encode())
        for field in dataclasses.fields(value):
            digest.update(field.name.encode())
            _feed(digest, getattr(value, field.name))
    elif isinstance(value, Mapping):
        digest.update(f"mapping {len(value)}".encode())
        for key in value:
            _feed(digest, key)
            _feed(digest, value[key])
    elif isinstance(value, str | bytes | int | float | bool | np.generic | None):
        digest.update(f"{type(value).__name__} {value!r};".encode())
    elif isinstance(value, Set):
        _feed(digest, sorted(value, key=repr))
    elif isinstance(value, Sequence):
        digest.update(f"sequence {len(value)}".encode())
        for item in value:
            _feed(digest, item)
    elif isinstance(value, Path):
        digest.update(f"path {value.name}".encode())
        digest.update(value.read_bytes())
    else:
        raise ProjectError(
            f"cache: cannot hash an argument of type {type(value).__name__}; expected arrays, "
            "tables, dataclasses and plain values"
        )


def input_hash(*values: object) -> str:
    """Hash of any mixture of arrays, tables, dataclasses, files (as paths) and plain values."""
    digest = hashlib.sha256()
    for value in values:
        _feed(digest, value)
    return digest.hexdigest()


def cached(
    function: Callable[..., Result], *arguments: object, folder: Path = CACHE, **options: Any
) -> Result:
    """`function(*arguments, **options)`, from the cache where nothing it depends on has changed.

    Args:
        folder: where the results lie; `workers` and `progress` among the options do not count,
            they change no result.
    """
    counted = {name: options[name] for name in sorted(options) if name not in _WITHOUT_EFFECT}
    name = f"{function.__module__}.{function.__qualname__}"
    key = input_hash(name, code_version(), list(arguments), counted)
    path = folder / f"{function.__name__}-{key[:32]}.pickle"
    if path.exists():
        content = path.read_bytes()
        if hashlib.sha256(content[32:]).digest() == content[:32]:
            result: Result = pickle.loads(content[32:])
            return result
    result = function(*arguments, **options)
    body = pickle.dumps(result, protocol=5)
    write_bytes(path, hashlib.sha256(body).digest() + body)
    return result


_WITHOUT_EFFECT = frozenset({"workers", "progress"})
