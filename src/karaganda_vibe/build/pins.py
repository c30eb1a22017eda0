"""Where notebooks run: the same numbers on every processor, and nothing of the user's settings."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

from karaganda_vibe.project.paths import BUILD, PROJECT

# The kernel of OpenBLAS and the number of its threads decide the last digits of a sum.
NUMBERS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
NUMBERS_ON_X86 = {"OPENBLAS_CORETYPE": "Haswell"}
# numpy's own code for these features rounds otherwise than that for AVX2.
NEWER_THAN_AVX2 = ("AVX512", "X86_V4")
PLAIN = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "MPLBACKEND": "agg",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "PYTHONUTF8": "1",
    # From Python 3.12 on a library's odd escape is warned of once, when it is compiled: an output
    # would tell whether the library had been used before.
    "PYTHONWARNINGS": "ignore::SyntaxWarning",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
"""The same everywhere."""
SETTINGS_FOLDERS = {
    "MPLCONFIGDIR": "matplotlib",
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "jupyter",
    "JUPYTER_DATA_DIR": "jupyter",
    "JUPYTER_RUNTIME_DIR": "jupyter-runtime",
}
USERS_OWN = ("MATPLOTLIB", "MPL", "IPYTHON", "JUPYTER", "PYTHON", "LC_", "LANG", "OPENBLAS", "NPY_")
"""Beginnings of the names of variables that could change a result."""


def number_pins() -> dict[str, str]:
    """The variables that decide the last digits of numbers, for this machine."""
    pins = dict(NUMBERS)
    if platform.machine().lower() in ("x86_64", "amd64"):
        pins |= NUMBERS_ON_X86
        features = newer_features()
        if features:
            pins["NPY_DISABLE_CPU_FEATURES"] = " ".join(features)
    return pins


def newer_features() -> list[str]:
    """Features beyond AVX2 that numpy would use here; it warns of any other that one names."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__  # slow to load

    return [
        name
        for name in __cpu_dispatch__
        if name.startswith(NEWER_THAN_AVX2) and __cpu_features__.get(name)
    ]


def pinned_environment(
    given: Mapping[str, str] | None = None, project: Path = PROJECT
) -> dict[str, str]:
    """The environment for notebooks of the checkout `project`; all else as in `given`."""
    kept = {
        name: value
        for name, value in (os.environ if given is None else given).items()
        if not name.startswith(USERS_OWN)
    }
    settings = project / BUILD.relative_to(PROJECT) / "settings"
    folders = {name: str(settings / folder) for name, folder in SETTINGS_FOLDERS.items()}
    for folder in folders.values():
        Path(folder).mkdir(parents=True, exist_ok=True)
    # Each checkout imports its own package, wherever the environment was installed.
    return {**kept, **PLAIN, **number_pins(), **folders, "PYTHONPATH": str(project / "src")}
