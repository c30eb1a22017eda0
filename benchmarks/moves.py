"""Time gravity with all effects on made moves, ours and pyfixest's, each in a process of its own.

`python -m benchmarks.moves ours 200 20` fits 200 regions x 20 years (796,000 ordered pairs and
years, 800,000 with the moves inside) and prints one JSON line: rows, seconds, largest memory in
bytes, coefficients. The moves are made; only their size means anything.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.table import aligned

REGIONS, YEARS = 200, 20
MOST_SECONDS, MOST_BYTES = 60.0, 4 * 2**30
TERMS = ("log_distance", "border", "inside")
ENGINES = ("ours", "theirs")


def made_moves(regions: int, years: int, seed: int = 1) -> pd.DataFrame:
    """Made moves: origin, destination, year (codes), persons, TERMS; moves inside a region too."""
    generator = np.random.default_rng(seed)
    at = generator.uniform(0, 1000, size=(regions, 2))
    km = np.hypot(*(at[:, None, :] - at[None, :, :]).transpose(2, 0, 1)) + 20.0
    origin, destination = (codes.ravel() for codes in np.indices((regions, regions)))
    distance = np.log(km[origin, destination])
    border = (km[origin, destination] < 100).astype(float)
    inside = (origin == destination).astype(float)
    size = generator.normal(0, 0.7, size=(regions, years))
    parts = []
    for year in range(years):
        pull = 5 - 0.9 * distance + 0.4 * border + 1.5 * inside
        pull += size[origin, year] + size[destination, year]
        pull += 0.4 * generator.standard_t(5, len(pull))
        parts.append(
            pd.DataFrame(
                {"origin": origin, "destination": destination, "year": 2000 + year,
                 "persons": generator.poisson(np.exp(pull)).astype(float),
                 "log_distance": distance, "border": border, "inside": inside}
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def ours(moves: pd.DataFrame) -> list[float]:
    """Coefficients by the project's own Poisson, with everything that it checks."""
    from karaganda_vibe.inference.design import Design, check_design
    from karaganda_vibe.inference.poisson import fit_poisson
    from karaganda_vibe.inference.within import integer_codes

    year = moves["year"].to_numpy(np.int64)
    origin, destination = (moves[end].to_numpy(np.int64) for end in ("origin", "destination"))
    pair, labels = integer_codes(origin * (int(destination.max()) + 1) + destination)
    design = check_design(
        Design(
            model_id="made_moves",
            outcome_name="persons",
            outcome=moves["persons"].to_numpy(float),
            terms=TERMS,
            regressors=moves[list(TERMS)].to_numpy(float),
            effect_names=("origin_year", "destination_year"),
            effects=tuple(integer_codes(end * 10_000 + year)[0] for end in (origin, destination)),
            place=pair,
            region=destination,
            year=year,
            place_labels=labels,
            region_labels=np.unique(destination),
            estimator="ppml",
        ),
        single_place_clusters="keep",
    )
    return [float(value) for value in fit_poisson(design, explained=False).estimates]


def theirs(moves: pd.DataFrame) -> list[float]:
    """The same by pyfixest."""
    import pyfixest

    frame = moves.assign(
        origin_year=moves["origin"] * 10_000 + moves["year"],
        destination_year=moves["destination"] * 10_000 + moves["year"],
    )
    fitted = pyfixest.fepois(
        f"persons ~ {' + '.join(TERMS)} | origin_year + destination_year", data=frame, vcov="iid"
    )
    return [float(value) for value in fitted.coef()[list(TERMS)]]


def measure(root: Path, regions: int = REGIONS, years: int = YEARS) -> dict[str, dict[str, Any]]:
    """Both engines at one size, each in a process of its own; what each printed."""
    found = {}
    for engine in ENGINES:
        print(f"  moves of {regions} regions in {years} years, {engine} …", flush=True)
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.moves", engine]
        done = subprocess.run(
            [*command, str(regions), str(years)],
            cwd=root, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"the moves ({engine}) failed:\n{done.stderr[-2000:]}")
        found[engine] = json.loads(done.stdout.splitlines()[-1])
    return found


def as_text(found: dict[str, dict[str, Any]]) -> str:
    """The table, and whether the aims are met."""
    lines = [("gravity, all effects", "ours", "pyfixest")]
    lines.append(("seconds", *(f"{found[e]['seconds']:.1f} s" for e in ENGINES)))
    lines.append(("largest memory", *(f"{found[e]['memory'] / 1e6:,.0f} MB" for e in ENGINES)))
    lines.append(("rows", *(f"{found[e]['rows']:,}" for e in ENGINES)))
    pairs = zip(found["ours"]["estimates"], found["theirs"]["estimates"], strict=True)
    apart = max(abs(a - b) for a, b in pairs)
    own = found["ours"]
    met = own["seconds"] < MOST_SECONDS and own["memory"] < MOST_BYTES
    return (
        f"{aligned(lines)}\n\n"
        f"Largest difference of a coefficient: {apart:.0e}. Aim: under {MOST_SECONDS:.0f} s and "
        f"{MOST_BYTES / 2**30:.0f} GiB; {'met' if met else 'not met'}. The moves are made."
    )


def main() -> None:
    """Measure one engine at one size and print it as JSON."""
    engine, regions, years = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    run = {"ours": ours, "theirs": theirs}[engine]
    run(made_moves(8, 3))  # warm up: imports and compilers
    moves = made_moves(regions, years)
    start = time.perf_counter()
    estimates = run(moves)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        json.dumps(
            {"rows": len(moves), "seconds": seconds, "memory": memory, "estimates": estimates}
        )
    )


if __name__ == "__main__":
    main()
