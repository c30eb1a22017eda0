"""Estimate the two headline models of moves anew with pyfixest, from the published sample.

Run from the project's folder: python examples/reestimate.py [file]. Prints model, term, estimate
and the standard error clustered by origin and destination. No code of the project is used.
"""

import sys

import pandas as pd
import pyfixest

SAMPLE = "data/processed/model_sample_gravity.csv"
PAIR = ["log_distance", "border", "former_common_region"]
MODELS = {
    "gravity_pairs": (PAIR, "origin_year + destination_year"),
    "choice_main": (
        [*PAIR, "size", "rank", "wage", "housing_price_over_wage", "floor_space_per_person",
         "unemployment"],
        "origin_year",
    ),
}  # fmt: skip


def main(path: str = SAMPLE) -> None:
    """Print the coefficients of both models."""
    sample = pd.read_csv(path)
    print("model,term,estimate,se_two_way")
    for model, (terms, effects) in MODELS.items():
        fitted = pyfixest.fepois(
            f"persons ~ {' + '.join(terms)} | {effects}",
            data=sample[sample["model"] == model],
            vcov={"CRV1": "origin + destination"},
            iwls_tol=1e-10,
        )
        for term in terms:
            print(f"{model},{term},{fitted.coef()[term]:.10f},{fitted.se()[term]:.10f}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
