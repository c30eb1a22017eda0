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


# Rows that a whole run prints: model, then how many terms.
MODELS = {"gravity_pairs": 3, "choice_main": 9, "between_core": 14}


def ours() -> pd.DataFrame:
    """The committed estimates, index (model, term), columns estimate and se."""
    moves = pd.read_csv(PROCESSED / "gravity_results.csv").rename(columns={"se_two_way": "se"})
    places = pd.read_csv(PROCESSED / "between_models.csv").rename(
        columns={"model_id": "model", "se_cr1_region": "se"}
    )
    columns = ["model", "term", "estimate", "se"]
    return pd.concat([moves[columns], places[columns]]).set_index(["model", "term"])


def compare(text: str, expected: dict[str, int]) -> None:
    """The printed table against the processed tables: every model whole, each number the same."""
    theirs = pd.read_csv(io.StringIO(text))
    assert theirs["model"].value_counts().to_dict() == expected
    theirs = theirs.set_index(["model", "term"])
    known = ours().loc[theirs.index]
    assert not theirs.index.duplicated().any()
    assert np.allclose(theirs["estimate"], known["estimate"], rtol=1e-7, atol=1e-6)
    assert np.allclose(theirs["se"], known["se"], rtol=1e-4)


def test_pyfixest_prints_our_coefficients():
    pytest.importorskip("pyfixest")
    command = [sys.executable, "-W", "ignore", str(EXAMPLES / "reestimate.py")]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    compare(run.stdout, MODELS)


def test_r_prints_our_coefficients():
    """Whole where R has fixest; without it the model of places, which needs base R only."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("Rscript is not installed; examples/reestimate.R is not run here")
    has = subprocess.run([rscript, "-e", "library(fixest)"], capture_output=True, check=False)
    command = [rscript, str(EXAMPLES / "reestimate.R")]
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    if has.returncode:
        assert "fixest is not installed" in run.stderr
        compare(run.stdout, {"between_core": MODELS["between_core"]})
    else:
        compare(run.stdout, MODELS)


def test_the_comparison_finds_a_wrong_number():
    table = ours().loc[["between_core"]].reset_index()
    compare(table.to_csv(index=False), {"between_core": 14})
    table.loc[3, "estimate"] += 1e-4
    with pytest.raises(AssertionError):
        compare(table.to_csv(index=False), {"between_core": 14})
    with pytest.raises(AssertionError):
        compare(ours().loc[["choice_main"]].to_csv(), MODELS)
