"""Time the models: one driver model, its bootstrap and a specification curve, on longer panels too.

Longer panels are made from the real one by drawing places again under new names, so only their
size means anything. Run by `make bench` in a process of its own for each size, so that memory is
that size's own; prints one JSON line of seconds by step, and the largest memory in bytes.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from karaganda_vibe.inference.cluster import cr1_covariance, cross_products
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.panel_design import build_design
from karaganda_vibe.inference.results import run_specs
from karaganda_vibe.inference.robustness import fit, jackknife
from karaganda_vibe.inference.spec_file import load_specs
from karaganda_vibe.inference.specs import ModelSpec
from karaganda_vibe.inference.wild_bootstrap import wild_tests
from karaganda_vibe.panels.driver_panels import district_panel
from karaganda_vibe.project.paths import METADATA, PROCESSED

MODEL, CURVE = "net_core", "curve_net"
DRAWS = 9999
EVERY = 8  # of the curve's models, so that the longest panel stays bearable


def longer(panel: pd.DataFrame, factor: int) -> pd.DataFrame:
    """A made panel `factor` times as long: places of each region drawn again, with new names."""
    if factor == 1:
        return panel
    generator = np.random.default_rng(1)
    parts = [panel]
    for copy in range(1, factor):
        for _, region in panel.groupby("region"):
            names = region["place_id"].unique()
            drawn = pd.Series(generator.choice(names, len(names)))
            labels = pd.DataFrame(
                {"place_id": drawn, "new": [f"{n}-{copy}-{i}" for i, n in enumerate(drawn)]}
            )
            part = labels.merge(region, on="place_id")
            parts.append(part.assign(place_id=part["new"]).drop(columns="new"))
    return pd.concat(parts, ignore_index=True)


def seconds_of(step: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def ours(design: Design, panel: pd.DataFrame, curve: list[ModelSpec]) -> dict[str, float]:
    """Seconds of the model with its intervals, of the bootstrap, and of a part of the curve."""

    def headline() -> None:
        fitted = fit(design)
        jackknife(fitted)
        for cluster in ("place", "region"):
            cr1_covariance(fitted, cluster)

    def bootstrap() -> None:
        wild_tests(cross_products(design, "region"), (1,), draws=DRAWS)

    def part_of_curve() -> None:
        run_specs(curve[::EVERY], {"districts": panel}, draws=0, intervals=False)

    steps = {"headline": headline, "bootstrap": bootstrap, "curve": part_of_curve}
    return {name: seconds_of(step) for name, step in steps.items()}


def theirs(design: Design) -> dict[str, float]:
    """The same model and bootstrap with pyfixest and wildboottest, both warmed up."""
    import pyfixest

    table = pd.DataFrame(design.regressors, columns=[f"x{i}" for i in range(len(design.terms))])
    table = table.assign(
        y=design.outcome, place=design.place, region=design.region, year=design.year
    )
    formula = f"y ~ {' + '.join(f'x{i}' for i in range(len(design.terms)))} | place + year"

    def headline() -> None:
        fitted = pyfixest.feols(formula, data=table, vcov={"CRV3": "region"})
        fitted.vcov({"CRV1": "place"})
        fitted.vcov({"CRV1": "region"})

    plain = pyfixest.feols(formula, data=table, vcov={"CRV1": "region"})

    def bootstrap() -> None:
        plain.wildboottest(param="x1", reps=DRAWS, seed=1, weights_type="webb", bootstrap_type="11")

    steps = {"headline": headline, "bootstrap": bootstrap}
    for step in steps.values():
        step()
    return {name: seconds_of(step) for name, step in steps.items()}


def main() -> None:
    """Measure one size and print it as JSON."""
    warnings.simplefilter("ignore")
    factor = int(sys.argv[1])
    specs = load_specs(METADATA / "models" / "specs.yml")
    panel = longer(district_panel(pd.read_csv(PROCESSED / "districts.csv")), factor)
    spec = next(spec for spec in specs if spec.id == MODEL)
    curve = [spec for spec in specs if spec.id.startswith(f"{CURVE}__")]
    design = build_design(spec, panel)
    ours(build_design(spec, panel[panel["year"] > 2015]), panel.head(0), [])  # warm up
    found = {"rows": design.n_obs, "ours": ours(design, panel, curve)}
    if factor == 1:
        whole = seconds_of(lambda: run_specs(curve, {"districts": panel}, draws=0, intervals=False))
        found["ours"]["whole curve"] = whole
        found["curve models"] = len(curve)
        found["theirs"] = theirs(design)
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(found))


if __name__ == "__main__":
    main()
