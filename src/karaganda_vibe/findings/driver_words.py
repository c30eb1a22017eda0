"""The word firm, weak or unknown for any driver of any model, from the processed tables."""

from __future__ import annotations

import pandas as pd

from karaganda_vibe.inference.verdicts import Verdict, verdict
from karaganda_vibe.project.errors import ProjectError


def driver_row(results: pd.DataFrame, model: str, term: str) -> pd.Series:
    """The row of model_results.csv of one driver of one model.

    Raises:
        ProjectError: the model or the driver was not estimated.
    """
    rows = results[(results["model_id"] == model) & (results["term"] == term)]
    if len(rows) != 1:
        raise ProjectError(
            f"data/processed/model_results.csv: {len(rows)} rows of the driver {term!r} in the "
            f"model {model!r}; expected one; correct the table in metadata/ that names it"
        )
    return rows.iloc[0]


def driver_word(results: pd.DataFrame, verdicts: pd.DataFrame, model: str, term: str) -> Verdict:
    """How sure the study may be of a driver, by the rule of the analysis plan.

    The word of driver_verdicts.csv where it stands there. Else the same rule, with every test
    that the model does not have counted as not passed: what was not tried is not called firm.
    """
    known = verdicts[(verdicts["model_id"] == model) & (verdicts["term"] == term)]
    if len(known):
        word: Verdict = known["verdict"].iloc[0]
        return word
    row = driver_row(results, model, term)
    adjusted = float(max(row["p_holm"], row["p_romano_wolf"]))
    return verdict(adjusted, float(row["p_wild_region"]), False, 0.0, False)
