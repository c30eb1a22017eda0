"""Other software gives the coefficients that the report quotes, from the published sample."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.project.paths import PROCESSED, PROJECT

EXAMPLES = PROJECT / "examples"


def compare(text: str) -> None:
    """The printed table against data/processed/gravity_results.csv."""
    theirs = pd.read_csv(io.StringIO(text)).set_index(["model", "term"])
    ours = pd.read_csv(PROCESSED / "gravity_results.csv").set_index(["model", "term"])
    ours = ours.loc[theirs.index]
    assert len(theirs) == 12
    assert np.allclose(theirs["estimate"], ours["estimate"], rtol=0, atol=1e-6)
    assert np.allclose(theirs["se_two_way"], ours["se_two_way"], rtol=1e-4)


def test_pyfixest_prints_our_coefficients():
    pytest.importorskip("pyfixest")
    command = [sys.executable, "-W", "ignore", str(EXAMPLES / "reestimate.py")]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    compare(run.stdout)


def test_fixest_prints_our_coefficients():
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("Rscript is not installed; examples/reestimate.R is not run here")
    has = subprocess.run([rscript, "-e", "library(fixest)"], capture_output=True, check=False)
    if has.returncode:
        pytest.skip("R has no package fixest; examples/reestimate.R is not run here")
    command = [rscript, str(EXAMPLES / "reestimate.R")]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    compare(run.stdout)
