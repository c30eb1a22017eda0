"""The list of models, the table of results and the cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_panel import made_panel

from karaganda_vibe.inference import cache as cache_module
from karaganda_vibe.inference.cache import cached, input_hash
from karaganda_vibe.inference.panel_design import (
    build_design,
    missing_by_term,
    variable_values,
)
from karaganda_vibe.inference.results import (
    COLUMNS,
    estimate,
    results_table,
    run_specs,
    write_results,
    write_sample,
)
from karaganda_vibe.inference.spec_file import load_specs
from karaganda_vibe.inference.specs import Variable, with_lag, with_lead
from karaganda_vibe.project.errors import ProjectError

SPECS = """\
panels:
  made: {place: place_id, region: region, year: year, kind: kind}
defaults:
  fixed_effects: [place, year]
  inference: {draws: 199, seed: 5}
models:
  - id: rates
    panel: made
    outcome: {column: counts, transform: per_1000}
    drivers:
      - {column: x0, lag: 1}
      - {column: x1, lag: 1, name: second}
    controls: [x2]
  - id: counts
    panel: made
    outcome: counts
    estimator: ppml
    offset: {column: population, transform: log}
    drivers: [x0, x1]
  - id: compare
    panel: made
    outcome: y
    effects: within_between
    fixed_effects: [year]
    drivers: [x0]
curves:
  - id: curve
    base: rates
    axes:
      effects: {two_way: {}, strict: {fixed_effects: [place, region_year]}}
      sample:
        all: {}
        late: {sample: {years: [2003, 2030]}}
        districts: {sample: {kinds: [district]}}
      lag: {one: {}, two: {lag: 2}}
      drivers: {both: {}, first: {keep: [x0]}, second: {drop: [x0]}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "specs.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return made_panel(regions=8, places=4, years=10)


def test_specs_become_models(tmp_path: Path, frame: pd.DataFrame) -> None:
    specs = load_specs(written(tmp_path, SPECS))
    assert len(specs) == 3 + 2 * 3 * 2 * 3
    by_id = {spec.id: spec for spec in specs}
    assert by_id["rates"].draws == 199
    strict = by_id["curve__strict__late__two__first"]
    assert strict.fixed_effects == ("place", "region_year")
    assert strict.sample.years == (2003, 2030)
    assert [(driver.column, driver.lag) for driver in strict.drivers] == [("x0", 2)]
    assert dict(strict.choices)["lag"] == "two"
    design = build_design(by_id["rates"], frame)
    assert design.terms == ("x0_lag1", "second", "x2")
    assert design.tested == (0, 1)
    table = design.sample_table()
    row = table.iloc[17]
    source = frame.set_index(["place_id", "year"])
    before = source.loc[(row["place_id"], row["year"] - 1)]
    now = source.loc[(row["place_id"], row["year"])]
    assert row["x0_lag1"] == before["x0"]
    assert "region_year" not in table
    strict = replace(design, effect_names=("place", "region_year")).sample_table()
    assert strict["region_year"].tolist() == [
        f"{region} {year}" for region, year in zip(table["region"], table["year"], strict=True)
    ]
    assert row["counts_per_1000"] == pytest.approx(1000 * now["counts"] / now["population"])
    districts = build_design(by_id["curve__two_way__districts__one__both"], frame)
    assert len(np.unique(districts.place)) == 24
    assert districts.sample == "kinds district"


def test_lags_go_by_calendar_and_leave_gaps(tmp_path: Path, frame: pd.DataFrame) -> None:
    spec = load_specs(written(tmp_path, SPECS))[0]
    small = pd.DataFrame(
        {"place_id": ["a", "a", "a"], "region": ["r"] * 3, "year": [2000, 2001, 2003],
         "population": 10.0, "x": [1.0, 2.0, 5.0]}
    )  # fmt: skip

    def values(**options: object) -> list[float]:
        return variable_values(Variable("x", **options), small, spec).tolist()

    assert np.isnan(values(lag=1)[0])
    assert values(lag=1)[1] == 1
    assert np.isnan(values(lag=1)[2])
    assert values(lag=-1)[0] == 2
    assert values(transform="log_per_1000")[0] == pytest.approx(np.log(100))
    assert values(transform="change")[1] == 1
    assert values(lag=2)[2] == 2


def test_mundlak_separates_within_from_between(tmp_path: Path) -> None:
    frame = made_panel(regions=10, places=6, years=10, coefficients=(1.5,), missing=0)
    # Places with a higher x0 have a lower level: between and within have opposite signs.
    mean = frame.groupby("place_id")["x0"].transform("mean")
    frame["y"] = 1.5 * frame["x0"] - 4.0 * mean + np.sin(np.arange(len(frame)) * 7.1)
    spec = {item.id: item for item in load_specs(written(tmp_path, SPECS))}["compare"]
    result = estimate(build_design(spec, frame), draws=199)
    found = result.table.set_index("term")["estimate"]
    assert found["x0_within"] == pytest.approx(1.5, abs=0.1)
    assert found["x0_between"] == pytest.approx(-2.5, abs=0.1)


def test_missing_values_are_counted_by_term(tmp_path: Path, frame: pd.DataFrame) -> None:
    spec = load_specs(written(tmp_path, SPECS))[1]
    holed = frame.assign(x1=frame["x1"].where(np.arange(len(frame)) % 3 > 0))
    table = missing_by_term(spec, holed).set_index("term")
    assert table.loc["x1", "lost_alone"] == holed["x1"].isna().sum()
    assert table.loc["x0", "lost_alone"] == 0
    assert build_design(spec, holed).n_obs == table.loc["x0", "complete"]


def test_results_table_and_files(tmp_path: Path, frame: pd.DataFrame) -> None:
    specs = load_specs(written(tmp_path, SPECS))[:3]
    results = list(run_specs(specs, {"made": frame}).values())
    table = results_table(results)
    assert list(table.columns[: len(COLUMNS)]) == COLUMNS
    ours = table[table["model_id"] == "rates"].set_index("term")
    assert np.isnan(ours.loc["x2", "p_romano_wolf"])
    assert ours.loc["x0_lag1", "p_romano_wolf"] >= ours.loc["x0_lag1", "p_wild_region"]
    assert (table["ci_low"] < table["estimate"]).all()
    assert write_results(results, tmp_path / "model_results.csv")
    assert not write_results(results, tmp_path / "model_results.csv")
    assert write_sample(results[0], tmp_path)
    sample = pd.read_csv(tmp_path / "model_sample_rates.csv")
    assert len(sample) == ours["n_obs"].iloc[0]
    # The published rows give the published coefficients, in plain dummy regression.
    import statsmodels.api as sm

    columns = [sample[["x0_lag1", "second", "x2"]].to_numpy()]
    columns += [pd.get_dummies(sample["place_id"], dtype=float).to_numpy()]
    columns += [pd.get_dummies(sample["year"], drop_first=True, dtype=float).to_numpy()]
    again = sm.OLS(sample["counts_per_1000"].to_numpy(), np.column_stack(columns)).fit()
    published = pd.read_csv(tmp_path / "model_results.csv").set_index("model_id").loc["rates"]
    assert np.allclose(published["estimate"], again.params[:3], atol=1e-6)


def test_curve_runs_without_the_bootstrap(tmp_path: Path, frame: pd.DataFrame) -> None:
    specs = [spec for spec in load_specs(written(tmp_path, SPECS)) if spec.curve]
    seen: list[tuple[int, int]] = []
    results = run_specs(
        specs, {"made": frame}, draws=0, progress=lambda done, of: seen.append((done, of))
    )
    assert seen[-1] == (36, 36)
    assert results_table(list(results.values()))["p_wild_region"].isna().all()


def test_placebo_lead_and_other_lag(tmp_path: Path, frame: pd.DataFrame) -> None:
    spec = load_specs(written(tmp_path, SPECS))[0]
    lead = estimate(build_design(with_lead(spec, "x1"), frame), draws=0)
    assert lead.design.terms == ("x0_lag1", "second", "second_lead1", "x2")
    assert build_design(with_lag(spec, 0), frame).n_obs > lead.design.n_obs
    assert with_lag(spec, 2, ["x0"]).drivers[1].lag == 1
    with pytest.raises(ProjectError, match="placebo lead of 'nothing'"):
        with_lead(spec, "nothing")


MISTAKES = [
    ("fixed_effects: [place, year]\n  inf", "fixed_effects: [place, month]\n  inf",
     "line 7: model rates: unknown fixed effect 'month'"),
    ("    controls: [x2]", "    contrls: [x2]",
     "line 13: model rates: unknown key 'contrls'"),
    ("{column: x0, lag: 1}", "{column: x0, lagg: 1}",
     "line 11: model rates: drivers: unknown key 'lagg'"),
    ("{column: x0, lag: 1}", "{column: x0, lag: 1.5}",
     "line 11: model rates: drivers, column x0: lag is 1.5"),
    ("name: second", "name: second driver",
     "line 12: model rates: drivers, column x1: its term 'second driver' cannot be typed"),
    ("controls: [x2]", "controls: [x-2]",
     "line 13: model rates: controls, column x-2: its term 'x-2' cannot be typed in a formula"),
    ("{column: x0, lag: 1}", "{column: x0, transform: sqrt}",
     "line 11: model rates: drivers, column x0: unknown transform 'sqrt'"),
    ("estimator: ppml", "estimator: probit", "line 17: model counts: unknown estimator 'probit'"),
    ("estimator: ppml", "estimator: ols", "model counts: an offset goes with estimator ppml"),
    ("  - id: counts", "  - id: rates", "line 14: model rates stands twice"),
    ("  - id: counts", "  - id: two words", "line 14: a model's id is 'two words'"),
    ("    panel: made\n    outcome: y", "    panel: other\n    outcome: y",
     "line 21: model compare: unknown panel 'other'"),
    ("fixed_effects: [year]", "fixed_effects: [place]", "must leave out place"),
    ("base: rates", "base: rate", "line 28: curve curve: base 'rate' is not a model"),
    ("{keep: [x0]}", "{keep: [x7]}", "'x7' is not a driver of rates"),
    ("{sample: {years: [2003, 2030]}}", "{sample: {years: [2003]}}", r"expected \[first, last\]"),
    ("{sample: {kinds: [district]}}", "{sample: {kind: [district]}}", "unknown key 'kind'"),
    ("drivers: [x0, x1]", "drivers: []", "line 19: model counts: drivers: expected a list"),
    ("drivers: [x0, x1]", "drivers: [x0, x0]", "the term 'x0' stands twice"),
    ("models:\n", "models: [\n", "not valid YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_mistakes_in_the_file_are_named_with_their_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in SPECS
    with pytest.raises(ProjectError, match=message) as caught:
        load_specs(written(tmp_path, SPECS.replace(old, new, 1)))
    assert "specs.yml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"specs\.yml is missing"):
        load_specs(tmp_path / "specs.yml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{column: x1, lag: 1, name: second}", "{column: wages, lag: 1}",
         "line 12: model rates: the panel made has no column 'wages'"),
        ("controls: [x2]", "sample: {kinds: [village]}",
         "model rates: the filter kinds names 'village'"),
        ("controls: [x2]", "controls: [kind]", "column kind of the panel made is not numeric"),
        ("{column: x0, lag: 1}", "{column: x0, transform: log}",
         "line 11: model rates: log_x0: x0 is -"),
        ("controls: [x2]", "sample: {years: [1900, 1910]}",
         "model rates: the sample is empty"),
        ("controls: [x2]", "sample: {require: [nothing]}", "has no column 'nothing'"),
    ],
)  # fmt: skip
def test_mistakes_against_the_panel_are_named(
    tmp_path: Path, frame: pd.DataFrame, old: str, new: str, message: str
) -> None:
    spec = load_specs(written(tmp_path, SPECS.replace(old, new, 1)))[0]
    with pytest.raises(ProjectError, match=message):
        build_design(spec, frame)


def test_infinite_and_duplicated_rows_of_the_panel_are_named(
    tmp_path: Path, frame: pd.DataFrame
) -> None:
    spec = load_specs(written(tmp_path, SPECS))[0]
    with pytest.raises(ProjectError, match=r"x0_lag1 is infinite at place-"):
        build_design(spec, frame.assign(x0=frame["x0"].where(frame.index != 3, np.inf)))
    with pytest.raises(ProjectError, match="twice; expected one row a place and year"):
        build_design(spec, pd.concat([frame, frame[:1]], ignore_index=True))
    with pytest.raises(ProjectError, match="no data for the panel 'made'"):
        run_specs([spec], {})


CALLS: list[float] = []


def slow(values: np.ndarray, power: int = 2, workers: int = 1) -> np.ndarray:
    """A made slow function."""
    CALLS.append(float(workers))
    return values**power


def test_cache_computes_once_for_the_same_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CALLS.clear()
    values = np.arange(5.0)
    first = cached(slow, values, folder=tmp_path)
    assert (cached(slow, values, folder=tmp_path, workers=2) == first).all()
    assert len(CALLS) == 1
    cached(slow, values, power=3, folder=tmp_path)
    cached(slow, values + 1, folder=tmp_path)
    assert len(CALLS) == 3
    files = sorted(tmp_path.iterdir())
    for path in files:
        path.write_bytes(path.read_bytes()[:-3])
    assert (cached(slow, values, folder=tmp_path) == first).all()
    assert len(CALLS) == 4
    monkeypatch.setattr(cache_module, "code_version", lambda: "another")
    cached(slow, values, folder=tmp_path)
    assert len(CALLS) == 5


def test_cache_counts_what_rounds_the_last_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = set()
    for kernel in ("Haswell", "Prescott"):
        monkeypatch.setenv("OPENBLAS_CORETYPE", kernel)
        for threads in ("1", "2"):
            monkeypatch.setenv("OPENBLAS_NUM_THREADS", threads)
            cache_module.code_version.cache_clear()
            versions.add(cache_module.code_version())
    cache_module.code_version.cache_clear()
    assert len(versions) == 4


def test_hash_tells_inputs_apart() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    inputs = [
        1, 1.0, "1", None, [1], (1, 1), {"a": 1}, frame, frame.rename(columns={"a": "b"}),
        np.ones(2), np.ones((2, 1)), np.ones(2, dtype=int), Variable("a"), Variable("b"),
    ]  # fmt: skip
    assert len({input_hash(value) for value in inputs}) == len(inputs)
    assert input_hash(frame.copy()) == input_hash(frame)
    with pytest.raises(ProjectError, match="cannot hash an argument of type function"):
        input_hash(slow)
