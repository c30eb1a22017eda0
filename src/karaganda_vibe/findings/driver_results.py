"""Arrange the estimates of the driver models for readers: typical changes, curves, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.results import ModelResult
from karaganda_vibe.inference.specs import ModelSpec
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.tables import perhaps

ROLES = ("headline", "alternative", "placebo", "regional", "curve")
"""What a model can be for: the others of a specs file are refused, since nothing shows them."""


def check_roles(specs: Iterable[ModelSpec]) -> None:
    """ProjectError for a model whose role no figure, table or sentence of the study shows."""
    for spec in specs:
        if spec.role not in ROLES:
            raise ProjectError(
                f"{spec.file}, line {spec.line}: the model {spec.id} has the role '{spec.role}'"
                f"{perhaps(spec.role, ROLES)}, which nothing shows; expected one of "
                f"{', '.join(ROLES)}; correct it"
            )


def typical_changes(design: Design) -> pd.Series:
    """The standard deviation of each term once places and years are taken out, by term.

    In the term's own unit (logs for a logged driver): how far a place typically is from what its
    own average and the year would let one expect. Estimates times this are comparable.
    """
    within = design.absorber.residuals(design.regressors)
    spread = np.sqrt((within**2).sum(axis=0) / (design.n_obs - design.absorber.absorbed))
    return pd.Series(spread, index=list(design.terms), name="typical_change")


def forest_rows(results: Mapping[str, ModelResult], models: Sequence[str]) -> pd.DataFrame:
    """Effects of a typical change with intervals, a row a model and term.

    Columns: model_id, term, typical_change (the term's unit), effect, low, high (the outcome's
    unit: people per 1,000), p_wild, p_adjusted (Romano and Wolf's, which the verdict uses).
    """
    rows = []
    for model in models:
        table = results[model].table
        changes = typical_changes(results[model].design)
        for row in table.to_dict("records"):
            change = float(changes[row["term"]])
            rows.append(
                {
                    "model_id": model,
                    "term": row["term"],
                    "typical_change": change,
                    "effect": row["estimate"] * change,
                    "low": row["ci_low"] * change,
                    "high": row["ci_high"] * change,
                    "p_wild": row["p_wild_region"],
                    "p_adjusted": row["p_romano_wolf"],
                }
            )
    return pd.DataFrame(rows)


def intervals_by_method(result: ModelResult, term: str, level: float = 0.95) -> pd.DataFrame:
    """What each way of reckoning uncertainty would say of one term.

    Columns: method (iid, cr1_place, cr1_region, cr3_region, wild), estimate, low, high; naive ones
    with the normal quantile as a careless author would, the others as the study does.
    """
    row = result.table.set_index("term").loc[term]
    normal = stats.norm.ppf((1 + level) / 2)
    spread = stats.t.ppf((1 + level) / 2, row["n_clusters"] - 1)
    widths = {
        "iid": normal * row["se_iid"],
        "cr1_place": normal * row["se_cr1_place"],
        "cr1_region": spread * row["se_cr1_region"],
    }
    estimate = row["estimate"]
    bounds = {name: (estimate - width, estimate + width) for name, width in widths.items()}
    bounds["cr3_region"] = (row["ci_low"], row["ci_high"])
    bounds["wild"] = (row["wild_low"], row["wild_high"])
    return pd.DataFrame(
        [(name, estimate, low, high) for name, (low, high) in bounds.items()],
        columns=["method", "estimate", "low", "high"],
    )


def curve_table(results: Mapping[str, ModelResult], curve: str) -> pd.DataFrame:
    """Estimates of a specification curve by term, from the smallest to the largest.

    Columns: term, rank, model_id, effect (per typical change), low, high, n_obs, and a column for
    each axis of choices. Raises ProjectError where the curve has no models.
    """
    chosen = {name: result for name, result in results.items() if name.startswith(f"{curve}__")}
    if not chosen:
        raise ProjectError(
            f"metadata/models/specs.yml has no models of a curve '{curve}'; name one of it"
        )
    rows = forest_rows(chosen, list(chosen)).drop(columns=["p_wild", "p_adjusted"])
    choices = rows["model_id"].str.split("__", expand=True).drop(columns=0)
    choices.columns = ["effects", "weights", "lag", "sample"][: choices.shape[1]]
    rows["n_obs"] = rows["model_id"].map({name: r.design.n_obs for name, r in chosen.items()})
    # With drivers two years earlier the term has another name; the driver is the same.
    table = pd.concat([rows, choices], axis=1).sort_values(["term", "effect", "model_id"])
    table["rank"] = table.groupby("term").cumcount()
    return table.reset_index(drop=True)


def same_sign_share(table: pd.DataFrame, signs: Mapping[str, float]) -> pd.Series:
    """Share of a curve's models whose estimate has the sign `signs` gives, by term."""
    agrees = np.sign(table["effect"]) == table["term"].map(signs).map(np.sign)
    return agrees.groupby(table["term"]).mean()


def samples_table(
    results: Mapping[str, ModelResult], titles: Mapping[str, str], models: Sequence[str]
) -> pd.DataFrame:
    """Rows, places, regions, years and within R2 (percent) of each model."""
    rows = []
    for model in models:
        row = results[model].table.iloc[0]
        rows.append(
            {
                "model_id": model,
                "title": titles[model],
                "n_obs": int(row["n_obs"]),
                "n_places": int(row["n_places"]),
                "n_clusters": int(row["n_clusters"]),
                "first_year": int(row["first_year"]),
                "last_year": int(row["last_year"]),
                "r2_within": 100 * row["r2_within"],
            }
        )
    return pd.DataFrame(rows)


def survives_leaving_out(left_out: pd.DataFrame, kept_share: float = 0.5) -> pd.Series:
    """Whether a term's estimate keeps its sign and half its size whichever region is left out.

    `left_out` is the table of `robustness.leave_one_out` (left_out "" is the full sample).
    """
    full = left_out[left_out["left_out"] == ""].set_index("term")["estimate"]
    others = left_out[left_out["left_out"] != ""]
    share = others["estimate"] / others["term"].map(full)
    return (share >= kept_share).groupby(others["term"]).all()
