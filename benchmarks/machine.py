"""The machine and the commit that figures come from."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import date
from pathlib import Path

import psutil

from karaganda_vibe.project.paths import PROJECT


def described() -> str:
    """Processor, cores, memory, system, Python, commit and day, in one sentence."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{_processor()}, {cores} cores, {memory:.0f} GB of memory, {platform.system()} "
        f"({platform.machine()}), Python {platform.python_version()}; commit {_commit()}, "
        f"{date.today():%Y-%m-%d}"
    )


def _processor() -> str:
    """The processor's name, as Linux tells it; elsewhere what Python knows."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text("utf-8").splitlines() if told.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "processor unknown"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
