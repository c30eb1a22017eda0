"""Estimate the headline models of moves and of places anew with pyfixest, from published samples.

Run from the project's folder: python examples/reestimate.py [moves file] [places file]. Prints
model, term, estimate and the standard error clustered by origin and destination (moves) or by old
oblast (places). No code of the project is used.
"""

import sys

import pandas as pd
import pyfixest

MOVES = "data/processed/model_sample_gravity.csv"
PLACES = "data/processed/model_sample_between_core.csv"
PAIR = ["log_distance", "border", "former_common_region"]
MODELS = {
    "gravity_pairs": (PAIR, "origin_year + destination_year"),
    "choice_main": (
        [*PAIR, "size", "rank", "wage", "housing_price_over_wage", "floor_space_per_person",
         "unemployment"],
        "origin_year",
    ),
}  # fmt: skip
# The hybrid (Mundlak) model: of each condition the mean of the place (..._between) and what a year
# departs from it (..._within), and a level of each year; plain least squares. "region" is the
# oblast as it was before 2018.
CHANGING = ["wage", "floor_space", "investment", "crimes", "size", "births"]
HYBRID = [
    *(f"{name}_{part}" for name in CHANGING for part in ("within", "between")),
    "distance_between",
    "city_between",
]


def show(model: str, terms: list[str], fitted: object) -> None:
    """Print a row a term."""
    for term in terms:
        print(f"{model},{term},{fitted.coef()[term]:.10f},{fitted.se()[term]:.10f}")


def main(moves: str = MOVES, places: str = PLACES) -> None:
    """Print the coefficients of the three models."""
    sample = pd.read_csv(moves)
    print("model,term,estimate,se")
    for model, (terms, effects) in MODELS.items():
        fitted = pyfixest.fepois(
            f"persons ~ {' + '.join(terms)} | {effects}",
            data=sample[sample["model"] == model],
            vcov={"CRV1": "origin + destination"},
            iwls_tol=1e-10,
        )
        show(model, terms, fitted)
    fitted = pyfixest.feols(
        f"net_migration_per_1000 ~ {' + '.join(HYBRID)} | year",
        data=pd.read_csv(places),
        vcov={"CRV1": "region"},
    )
    show("between_core", HYBRID, fitted)


if __name__ == "__main__":
    main(*sys.argv[1:3])
