"""The word firm, weak or unknown for any driver of any model, from the processed tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from karaganda_vibe.inference.verdicts import Verdict, verdict
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROCESSED
from karaganda_vibe.project.tables import YES_NO, read_table
from karaganda_vibe.words.languages import LANGUAGES, NUMBER_KINDS

DRIVERS = METADATA / "models" / "driver_names.csv"
NAMES = tuple(f"name_{code}" for code in LANGUAGES)
UNITS = tuple(f"unit_{code}" for code in LANGUAGES)


def load_driver_names(path: Path = DRIVERS) -> dict[str, dict[str, str]]:
    """Drivers by term: name_<language>, better, log, kind of number, unit_<language>.

    Raises ProjectError for a driver named twice or a cell that is not of its kind.
    """
    table = read_table(
        path,
        ("term", *NAMES, "better", "log", "kind", *UNITS),
        typed={"better": ("higher", "lower"), "log": YES_NO, "kind": list(NUMBER_KINDS)},
        filled=("term", *NAMES, "better", "log", "kind"),
        keys=["term"],
    )
    rows = table.drop(columns="line").to_dict("records")
    return {row["term"]: {str(key): str(cell) for key, cell in row.items()} for row in rows}


def read_model_results(folder: Path = PROCESSED) -> pd.DataFrame:
    """The estimates of both plans, one below the other, as `driver_row` looks them up."""
    names = ("model_results", "model_results_second")
    return pd.concat([pd.read_csv(folder / f"{name}.csv") for name in names], ignore_index=True)


def driver_row(results: pd.DataFrame, model: str, term: str) -> pd.Series:
    """The row of `read_model_results` of one driver of one model.

    Raises:
        ProjectError: the model or the driver was not estimated.
    """
    rows = results[(results["model_id"] == model) & (results["term"] == term)]
    if len(rows) != 1:
        raise ProjectError(
            f"data/processed/model_results*.csv: {len(rows)} rows of the driver {term!r} in the "
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
    return verdict(float(row["p_romano_wolf"]), float(row["p_wild_region"]))
