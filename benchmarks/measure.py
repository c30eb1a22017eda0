"""Run a command and say how long it took and how much memory it and its children held."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

SECONDS_BETWEEN_SAMPLES = 0.1


@dataclass(frozen=True)
class Measured:
    """One run: wall-clock seconds, largest sampled memory of all its processes (bytes), output.

    Pages that processes share are counted once for each of them.
    """

    seconds: float
    memory: int
    output: str = ""


def measured(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Measured:
    """Run `command` in `folder`; its output is kept.

    Raises RuntimeError, with the end of its output, where it does not exit with 0.
    """
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        peak = 0
        while process.poll() is None:
            peak = max(peak, memory_of(process.pid))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(SECONDS_BETWEEN_SAMPLES)
        seconds = time.perf_counter() - start
        output.seek(0)
        text = output.read().decode("utf-8", errors="replace")
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{text[-2000:]}")
    return Measured(seconds, peak, text)


def memory_of(pid: int) -> int:
    """Resident memory of a process and all that it started, in bytes; 0 when it has ended."""
    total = 0
    try:
        process = psutil.Process(pid)
        for part in (process, *process.children(recursive=True)):
            try:
                total += part.memory_info().rss
            except psutil.NoSuchProcess:
                continue
    except psutil.NoSuchProcess:
        pass
    return total


def typical(runs: Sequence[Measured]) -> Measured:
    """The median time of several runs, and their largest memory."""
    return Measured(median(run.seconds for run in runs), max(run.memory for run in runs))
