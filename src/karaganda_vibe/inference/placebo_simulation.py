"""How often does a placebo fail where nothing runs backwards? Two placebos in made worlds.

In every made world the outcome answers the drivers of the year before and nothing else. A driver
that goes on from year to year then also goes with the outcome of the year before it, so a placebo
that holds only the year after can fail although people follow the driver and not the driver people.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.size_simulation import ErrorProcess, false_positive_rates
from karaganda_vibe.project.errors import ProjectError


def kept_terms(design: Design, terms: tuple[str, ...]) -> Design:
    """The same rows with these drivers only."""
    positions = [design.terms.index(term) for term in terms]
    return replace(design, terms=terms, regressors=design.regressors[:, positions], family=())


def placebo_rates(
    design: Design,
    process: ErrorProcess,
    coefficients: dict[str, float],
    *,
    suffix: str = "_lead1",
    draws: int = 400,
    wild_draws: int = 399,
    seed: int = 1,
    level: float = 0.05,
    workers: int = 2,
) -> pd.DataFrame:
    """Share of made worlds with true lags in which each placebo calls a lead told from zero.

    Args:
        design: a model with lags and, named with `suffix`, leads of the same drivers; its outcome
            is not used.
        process: noise of the worlds; coefficients: the true effect of each lag, by term.

    Returns:
        columns term (of the lag), world ("true lag" or "no effect"), placebo ("lead alone" or "lag
        and lead"), rate (wild bootstrap), mc_error, draws.

    Raises:
        ProjectError: a driver without its lead in the design.
    """
    for term in coefficients:
        if term not in design.terms or f"{term}{suffix}" not in design.terms:
            raise ProjectError(
                f"model {design.model_id}: the placebo needs {term} and {term}{suffix}; found "
                f"{', '.join(design.terms)}; estimate lag and lead together"
            )
    lags = tuple(coefficients)
    leads = tuple(f"{term}{suffix}" for term in lags)
    alone = kept_terms(design, leads)
    effect = kept_terms(design, lags).regressors @ np.array(list(coefficients.values()))
    parts = []
    for world, added in (("true lag", effect), ("no effect", None)):
        for placebo, model in (("lead alone", alone), ("lag and lead", design)):
            rates = false_positive_rates(
                model, process, draws=draws, wild_draws=wild_draws, seed=seed, workers=workers,
                drivers=tuple(model.terms.index(lead) for lead in leads),
                effect=None if added is None else design.absorber.residuals(added), level=level,
            )  # fmt: skip
            found = rates[(rates["method"] == "wild") & (rates["term"] != "all drivers")]
            parts.append(
                found.assign(
                    term=found["term"].str.removesuffix(suffix), world=world, placebo=placebo
                )
            )
    table = pd.concat(parts, ignore_index=True)
    return table[["term", "world", "placebo", "rate", "mc_error", "draws"]]
