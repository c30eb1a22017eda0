"""The second table of `make bench`: models on longer panels, and beside other libraries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.table import aligned

FACTORS = (1, 10, 100)
STEPS = {
    "headline": "headline model, all intervals",
    "bootstrap": "bootstrap, 9,999 draws",
    "curve": "an eighth of the specification curve",
}
HEADS = ("", *(f"panel x{factor}" for factor in FACTORS), "growth", "ours : pyfixest")


def measure(root: Path) -> dict[int, dict[str, Any]]:
    """Run the models at every size, each in a process of its own; what each printed."""
    found = {}
    for factor in FACTORS:
        print(f"  models, panel x{factor} …", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.models", str(factor)],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"the models at x{factor} failed:\n{done.stderr[-2000:]}")
        found[factor] = json.loads(done.stdout.splitlines()[-1])
    return found


def as_text(found: dict[int, dict[str, Any]]) -> str:
    """The table. Growth is the time of the longest panel over that of one ten times shorter."""
    lines = [HEADS]
    for step, name in STEPS.items():
        seconds = [found[factor]["ours"][step] for factor in FACTORS]
        ratio = "–"
        if step in found[1].get("theirs", {}):
            ratio = f"{seconds[0] / found[1]['theirs'][step]:.2f}"
        lines.append(
            (name, *(f"{s:.2f} s" for s in seconds), f"{seconds[-1] / seconds[-2]:.1f}", ratio)
        )
    lines.append(("rows", *(f"{found[factor]['rows']:,}" for factor in FACTORS), "", ""))
    memory = (f"{found[factor]['memory'] / 1e6:,.0f} MB" for factor in FACTORS)
    lines.append(("largest memory", *memory, "", ""))
    whole = found[1]["ours"]["whole curve"]
    return (
        f"{aligned(lines)}\n\n"
        f"The whole curve of {found[1]['curve models']} models on the real panel: {whole:.1f} s. "
        "Longer panels are made by drawing places again."
    )
