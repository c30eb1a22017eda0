"""From a model and its panel to arrays: columns transformed and lagged, rows chosen, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from karaganda_vibe.inference.design import Design, make_design
from karaganda_vibe.inference.specs import ModelSpec, PanelLayout, Variable
from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.inference.within_between import within_and_between
from karaganda_vibe.project.errors import ProjectError


def _place_of(spec: ModelSpec, line: int = 0) -> str:
    where = f"{spec.file}, line {line or spec.line}: " if spec.file else ""
    return f"{where}model {spec.id}"


def check_against(spec: ModelSpec, frame: pd.DataFrame) -> None:
    """Stop if the panel lacks a column the model names, or a filter names a value it never holds.

    Raises:
        ProjectError: naming file, line, model and column or value.
    """
    layout = spec.panel
    needs_population = bool(spec.sample.least_population)
    variables = [spec.outcome, *spec.drivers, *spec.controls]
    variables += [variable for variable in (spec.offset, spec.weights) if variable is not None]
    wanted = [(layout.place, 0), (layout.region, 0), (layout.year, 0)]
    wanted += [(variable.column, variable.line) for variable in variables]
    wanted += [(column, 0) for column in spec.sample.require]
    if needs_population or any("per_1000" in variable.transform for variable in variables):
        wanted.append((layout.population, 0))
    if spec.sample.kinds or spec.sample.exclude_kinds:
        wanted.append((layout.kind, 0))
    for column, line in wanted:
        if column not in frame:
            raise ProjectError(
                f"{_place_of(spec, line)}: the panel {layout.name} has no column {column!r}; "
                "expected one of its columns; correct the name"
            )
    for variable in variables:
        if not pd.api.types.is_numeric_dtype(frame[variable.column]):
            raise ProjectError(
                f"{_place_of(spec, variable.line)}: column {variable.column} of the panel "
                f"{layout.name} is not numeric; expected numbers"
            )
    filters = (
        ("kinds", layout.kind), ("exclude_kinds", layout.kind), ("regions", layout.region),
        ("exclude_regions", layout.region), ("places", layout.place),
        ("exclude_places", layout.place),
    )  # fmt: skip
    for name, column in filters:
        chosen = getattr(spec.sample, name)
        held = set(frame[column].unique()) if chosen else set()
        for value in chosen:
            if value not in held:
                raise ProjectError(
                    f"{_place_of(spec)}: the filter {name} names {value!r}, which column {column} "
                    f"of the panel {layout.name} never holds; correct the filter"
                )
    for column in (layout.place, layout.region, layout.year):
        if frame[column].isna().any():
            first = int(np.flatnonzero(frame[column].isna())[0]) + 1
            raise ProjectError(
                f"{_place_of(spec)}: row {first} of the panel {layout.name} has no {column}; "
                "expected place, region and year in every row; complete the panel"
            )
    duplicated = frame.duplicated([layout.place, layout.year])
    if duplicated.any():
        row = frame[duplicated].iloc[0]
        raise ProjectError(
            f"{_place_of(spec)}: the panel {layout.name} holds {row[layout.place]}, "
            f"{row[layout.year]} twice; expected one row a place and year"
        )


class _Calendar:
    """Finds a place's row of another year."""

    def __init__(self, frame: pd.DataFrame, layout: PanelLayout) -> None:
        place = pd.factorize(frame[layout.place])[0].astype(np.int64)
        self._keys = place * 100_000 + frame[layout.year].to_numpy(np.int64)
        self._order = np.argsort(self._keys, kind="stable")
        self._sorted = self._keys[self._order]

    def at(self, values: FloatArray, lag: int) -> FloatArray:
        """`values` (n,) of the same place `lag` years before; nan where that row is not there."""
        if not lag or not len(values):
            return values
        wanted = self._keys - lag
        found = np.searchsorted(self._sorted, wanted).clip(max=len(wanted) - 1)
        return np.where(self._sorted[found] == wanted, values[self._order[found]], np.nan)


def variable_values(
    variable: Variable,
    frame: pd.DataFrame,
    spec: ModelSpec,
    calendar: _Calendar | None = None,
) -> pd.Series:
    """The variable for each row of `frame`: transformed in its own year, then lagged by calendar.

    Missing stays missing.

    Raises:
        ProjectError: a log of zero or less; an infinite value.
    """
    layout = spec.panel
    values = frame[variable.column].astype(float)
    if np.isinf(values).any():
        row = frame[np.isinf(values)].iloc[0]
        raise ProjectError(
            f"{_place_of(spec, variable.line)}: {variable.term} is infinite at "
            f"{row[layout.place]}, {row[layout.year]}; expected finite numbers or a gap"
        )
    if "per_1000" in variable.transform:
        population = frame[layout.population].astype(float)
        values = 1000 * values / population.where(population > 0)
    if "log" in variable.transform:
        bad = values <= 0
        if bad.any():
            row = frame[bad].iloc[0]
            raise ProjectError(
                f"{_place_of(spec, variable.line)}: {variable.term}: {variable.column} is "
                f"{row[variable.column]:g} at {row[layout.place]}, {row[layout.year]}; a log needs "
                "numbers above zero; use per_1000 or none, or leave the row out"
            )
        values = pd.Series(np.log(values), index=frame.index)
    calendar = calendar or _Calendar(frame, layout)
    numbers = values.to_numpy()
    result = calendar.at(numbers, variable.lag)
    if variable.transform == "change":
        result = result - calendar.at(numbers, variable.lag + 1)
    return pd.Series(result, index=frame.index)


def sample_rows(spec: ModelSpec, frame: pd.DataFrame) -> pd.Series:
    """Boolean by row: kept by the sample filters (missing values not yet looked at)."""
    layout, sample = spec.panel, spec.sample
    year = frame[layout.year].astype(int)
    keep = pd.Series(True, index=frame.index)
    if sample.years:
        keep &= year.between(sample.years[0], sample.years[1])
    keep &= ~year.isin(sample.exclude_years)
    for column, chosen, excluded in (
        (layout.kind, sample.kinds, sample.exclude_kinds),
        (layout.region, sample.regions, sample.exclude_regions),
        (layout.place, sample.places, sample.exclude_places),
    ):
        if chosen:
            keep &= frame[column].isin(chosen)
        if excluded:
            keep &= ~frame[column].isin(excluded)
    if sample.least_population:
        keep &= frame[layout.population] >= sample.least_population
    for column in sample.require:
        keep &= frame[column].notna()
    return keep


def missing_by_term(spec: ModelSpec, frame: pd.DataFrame) -> pd.DataFrame:
    """How the sample shrinks: columns term, present (rows kept by the filters that hold the term),
    lost_alone (rows that only this term loses), rows (kept by the filters), complete."""
    rows = frame[sample_rows(spec, frame)]
    variables = [spec.outcome, *spec.drivers, *spec.controls]
    variables += [variable for variable in (spec.offset, spec.weights) if variable is not None]
    present = (
        pd.DataFrame(
            {variable.term: variable_values(variable, frame, spec) for variable in variables}
        )
        .loc[rows.index]
        .notna()
    )
    complete = present.all(axis=1)
    table = [
        {
            "term": term,
            "present": int(present[term].sum()),
            "lost_alone": int((~present[term] & present.drop(columns=term).all(axis=1)).sum()),
            "rows": len(rows),
            "complete": int(complete.sum()),
        }
        for term in present
    ]
    return pd.DataFrame(table)


def build_design(spec: ModelSpec, frame: pd.DataFrame, *, from_year_means: bool = False) -> Design:
    """The model's arrays from its panel: columns transformed, rows filtered and complete.

    Rows alone in a level of a fixed effect are left out and noted (see `design.check_design`).

    Args:
        from_year_means: for models within and between: a value counts from its year's mean before
            it is averaged by place (see `within_between`), and places with one row are left out.

    Raises:
        ProjectError: from `check_against`, `variable_values` or `design.check_design`.
    """
    check_against(spec, frame)
    layout = spec.panel
    kept = sample_rows(spec, frame)
    calendar = _Calendar(frame, layout)
    outcome = variable_values(spec.outcome, frame, spec, calendar)
    columns = {
        variable.term: variable_values(variable, frame, spec, calendar)
        for variable in (*spec.drivers, *spec.controls)
    }
    extra = {
        name: None if variable is None else variable_values(variable, frame, spec, calendar)
        for name, variable in (("offset", spec.offset), ("weights", spec.weights))
    }
    everything = pd.DataFrame(columns)
    complete = kept & outcome.notna() & everything.notna().all(axis=1)
    for series in extra.values():
        if series is not None:
            complete &= series.notna()
    notes = []
    if spec.sample.trim:
        low, high = outcome[complete].quantile(list(spec.sample.trim))
        inside = outcome.between(low, high)
        notes.append(f"left out, beyond the quantiles of the outcome: {(complete & ~inside).sum()}")
        complete &= inside
    rows = frame[complete].sort_values([layout.region, layout.place, layout.year])
    index = rows.index
    regressors: dict[str, Any] = {}
    family = [variable.term for variable in spec.drivers]
    if spec.effects == "within_between":
        alone = rows.groupby(layout.place)[layout.place].transform("size") == 1
        if from_year_means and alone.any():
            notes.append(f"left out, alone in their place: {int(alone.sum())} rows")
            rows, index = rows[~alone], rows.index[~alone]
        regressors = within_and_between(
            {term: series.loc[index].to_numpy() for term, series in columns.items()},
            rows[layout.place],
            rows[layout.year] if from_year_means else None,
            [variable.term for variable in spec.controls],
        )
        family = [name for term in family for name in (f"{term}_within", f"{term}_between")]
        notes.append("within and between")
    else:
        regressors = {term: series.loc[index].to_numpy() for term, series in columns.items()}
    offset, weights = extra["offset"], extra["weights"]
    return make_design(
        spec.id,
        outcome.loc[index].to_numpy(),
        regressors,
        place=rows[layout.place].to_numpy(str),
        region=rows[layout.region].to_numpy(str),
        year=rows[layout.year].to_numpy(int),
        fixed_effects=spec.fixed_effects,
        outcome_name=spec.outcome.term,
        estimator=spec.estimator,
        weights=None if weights is None else weights.loc[index].to_numpy(),
        offset=None if offset is None else offset.loc[index].to_numpy(),
        family=family,
        panel=layout.name,
        sample=spec.sample.words,
        notes=notes,
        fewest_clusters=spec.fewest_clusters,
        single_place_clusters=spec.single_place_clusters,
    )
