"""One model ready to estimate: its arrays, and the checks that stop a bad one with one clear line.

A design never holds a missing value: rows are chosen before (see `panel_design.build_design`).
Somewhat over 400 lines: the arrays stand together with the checks that each design must pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from karaganda_vibe.inference.columns import as_codes, as_numbers, as_years
from karaganda_vibe.inference.identification import check_identified, singleton_rows
from karaganda_vibe.inference.within import (
    Absorber,
    FloatArray,
    IntArray,
    indicator,
    integer_codes,
)
from karaganda_vibe.project.errors import ProjectError

FEWEST_CLUSTERS = 6
# Larger or smaller numbers lose their squares to the range of a double.
LARGEST, SMALLEST = 1e100, 1e-100
# The natural log of any count of people lies far inside.
LARGEST_OFFSET = 50.0


@dataclass(frozen=True, eq=False)
class Design:
    """The arrays of one model.

    Attributes:
        model_id: the name used in every error and table.
        outcome_name: column name of the outcome; `outcome` (n,) its values.
        terms: names of the k regressors; `regressors` (n, k) their values.
        effect_names, effects: names and integer codes (n,) of the fixed effects.
        place, region, year: integer codes of places and regions (n,), calendar years (n,). The
            codes' order is that of the content, never of the names (see `check_design`).
        place_labels, region_labels: the labels behind the codes.
        weights: (n,) positive weights or None; offset: (n,) for Poisson, natural log, or None.
        estimator: "ols", "wls" or "ppml"; family: positions of the terms tested as one family.
    """

    model_id: str
    outcome_name: str
    outcome: FloatArray
    terms: tuple[str, ...]
    regressors: FloatArray
    effect_names: tuple[str, ...]
    effects: tuple[IntArray, ...]
    place: IntArray
    region: IntArray
    year: IntArray
    place_labels: NDArray
    region_labels: NDArray
    estimator: str = "ols"
    weights: FloatArray | None = None
    offset: FloatArray | None = None
    family: tuple[int, ...] = ()
    panel: str = ""
    sample: str = "all"
    # Three words of doubt at most: what was dropped on the way to these rows.
    notes: tuple[str, ...] = ()

    @property
    def n_obs(self) -> int:
        """Number of observations n."""
        return len(self.outcome)

    @property
    def free_parameters_left(self) -> int:
        """Degrees of freedom: rows less drivers less identified fixed effects.

        Raises:
            ProjectError: none left.
        """
        free = self.n_obs - self.absorber.absorbed - len(self.terms)
        if free <= 0:
            raise ProjectError(
                f"model {self.model_id}: {self.n_obs} rows for {self.absorber.absorbed} fixed "
                f"effects and {len(self.terms)} drivers; expected more rows than parameters; "
                "widen the sample"
            )
        return free

    @property
    def tested(self) -> tuple[int, ...]:
        """Positions of the terms tested as one family (all, where none is named)."""
        return self.family or tuple(range(len(self.terms)))

    @cached_property
    def absorber(self) -> Absorber:
        """The within transformation of this panel under its own weights."""
        return Absorber(self.effects, self.n_obs, self.weights)

    def cluster(self, name: str) -> tuple[IntArray, NDArray]:
        """Codes 0..G-1 (n,) and labels (G,) of the clusters "place", "region" or "year"."""
        codes = {"place": self.place, "region": self.region, "year": self.year}.get(name)
        if codes is None:
            raise ProjectError(
                f"model {self.model_id}: unknown cluster {name!r}; expected place, region or year"
            )
        compact, used = integer_codes(codes)
        labels = {"place": self.place_labels, "region": self.region_labels}.get(name)
        return compact, used if labels is None else np.asarray(labels)[used]

    def rows(self, keep: NDArray[np.bool_]) -> Design:
        """The same model on the rows where `keep` (n,) is true."""
        return replace(
            self,
            outcome=self.outcome[keep],
            regressors=self.regressors[keep],
            effects=tuple(integer_codes(codes[keep])[0] for codes in self.effects),
            place=self.place[keep],
            region=self.region[keep],
            year=self.year[keep],
            weights=None if self.weights is None else self.weights[keep],
            offset=None if self.offset is None else self.offset[keep],
        )

    def without_singletons(self) -> Design:
        """The same model without the rows that their own fixed effect fits (see
        `identification.singleton_rows`), their number noted."""
        alone = singleton_rows(self.effects, self.n_obs)
        if not alone.any():
            return self
        levels = " or ".join(self.effect_names)
        note = f"left out, alone in their {levels}: {int(alone.sum())} rows"
        return replace(self.rows(~alone), notes=(*self.notes, note))

    def with_outcome(self, outcome: FloatArray, name: str | None = None) -> Design:
        """The same model with another outcome (n,)."""
        return replace(self, outcome=outcome, outcome_name=name or self.outcome_name)

    def without_term(self, position: int, offset: FloatArray | None = None) -> Design:
        """The model without one term (the restricted model), with an extra offset if given."""
        kept = [index for index in range(len(self.terms)) if index != position]
        base = (
            self.offset
            if offset is None
            else (offset if self.offset is None else self.offset + offset)
        )
        return replace(
            self,
            terms=tuple(self.terms[index] for index in kept),
            regressors=self.regressors[:, kept],
            offset=base,
            family=(),
        )

    def sample_table(self) -> pd.DataFrame:
        """The exact rows used: region, place, year, outcome, terms, weights and offset.

        Every fixed effect is a column: region_year ("KZ-55 2020") where the model has such effects.
        """
        table = pd.DataFrame(
            {
                "region": np.asarray(self.region_labels)[self.region],
                "place_id": np.asarray(self.place_labels)[self.place],
                "year": self.year,
            }
        )
        if "region_year" in self.effect_names:
            table["region_year"] = table["region"].astype(str) + " " + table["year"].astype(str)
        table[self.outcome_name] = self.outcome
        for name, values in zip(self.terms, self.regressors.T, strict=True):
            table[name] = values
        if self.weights is not None:
            table["weight"] = self.weights
        if self.offset is not None:
            table["offset"] = self.offset
        return table.sort_values(["region", "place_id", "year"], ignore_index=True)


def make_design(
    model_id: str,
    outcome: ArrayLike,
    regressors: Mapping[str, ArrayLike],
    *,
    place: ArrayLike,
    region: ArrayLike,
    year: ArrayLike,
    fixed_effects: Sequence[str] = ("place", "year"),
    outcome_name: str = "outcome",
    estimator: str = "ols",
    weights: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    family: Sequence[str] | None = None,
    panel: str = "",
    sample: str = "all",
    notes: Sequence[str] = (),
    fewest_clusters: int = FEWEST_CLUSTERS,
    single_place_clusters: str = "error",
) -> Design:
    """A checked `Design` from columns of equal length n.

    Args:
        fixed_effects: any of "place", "year", "region", "region_year"; none gives one constant.
        family: names of the terms tested together (default: all).
        fewest_clusters, single_place_clusters: see `check_design`.

    Raises:
        ProjectError: whatever `check_design` finds; an unknown fixed effect.
    """
    years = as_years(model_id, year)
    place_codes, place_labels = as_codes(model_id, "place", place, len(years))
    region_codes, region_labels = as_codes(model_id, "region", region, len(years))
    year_codes, calendar = integer_codes(years)
    known = {
        "place": place_codes,
        "year": year_codes,
        "region": region_codes,
        "region_year": region_codes * len(calendar) + year_codes,
    }
    for name in fixed_effects:
        if name not in known:
            raise ProjectError(
                f"model {model_id}: unknown fixed effect {name!r}; expected one of "
                f"{', '.join(sorted(known))}"
            )
    terms = tuple(regressors)
    for name in family or ():
        if name not in terms:
            raise ProjectError(
                f"model {model_id}: the family names {name!r}; expected one of {', '.join(terms)}"
            )

    def column(name: str, values: ArrayLike) -> FloatArray:
        return as_numbers(model_id, name, values, len(years))

    columns = [column(name, regressors[name]) for name in terms]
    design = Design(
        model_id=model_id,
        outcome_name=outcome_name,
        outcome=column(outcome_name, outcome),
        terms=terms,
        regressors=np.column_stack(columns) if columns else np.empty((len(years), 0)),
        effect_names=tuple(fixed_effects),
        effects=tuple(integer_codes(known[name])[0] for name in fixed_effects),
        place=place_codes,
        region=region_codes,
        year=years,
        place_labels=place_labels,
        region_labels=region_labels,
        estimator=estimator,
        weights=None if weights is None else column("weights", weights),
        offset=None if offset is None else column("offset", offset),
        family=() if family is None else tuple(terms.index(name) for name in family),
        panel=panel,
        sample=sample,
        notes=tuple(notes),
    )
    return check_design(
        design, fewest_clusters=fewest_clusters, single_place_clusters=single_place_clusters
    )


def check_design(
    design: Design,
    *,
    fewest_clusters: int = FEWEST_CLUSTERS,
    single_place_clusters: str = "error",
) -> Design:
    """Give back `design`, or stop with one line that names the model and the term.

    Args:
        fewest_clusters: fewer regions than this are refused: no interval of ours is then reliable.
        single_place_clusters: "error" refuses a region that holds one place of the sample beside
            regions that hold more; "keep" lets it be; "drop" leaves its rows out and notes it.
            A panel whose places are the regions themselves is not touched.

    Rows alone in a level of a fixed effect say nothing of the drivers: they are left out, and
    noted.

    Raises:
        ProjectError: empty sample; missing, infinite or extreme values; weights, counts or offsets
            out of range; a place and year twice; too few clusters; a cluster with one place; a
            driver constant within the fixed effects; a driver that is a combination of the others
            (singular design); an unknown estimator.
    """
    name = f"model {design.model_id}"
    if design.n_obs == 0:
        raise ProjectError(
            f"{name}: the sample is empty; expected rows with {design.outcome_name} and every "
            f"driver present; loosen the sample filters or leave out the emptiest driver"
        )
    if not design.terms:
        raise ProjectError(f"{name}: no drivers; expected at least one in `drivers`")
    _check_values(design, name)
    if single_place_clusters not in {"error", "keep", "drop"}:
        raise ProjectError(
            f"{name}: single_place_clusters is {single_place_clusters!r}; "
            "expected error, keep or drop"
        )
    while True:
        before = design.n_obs
        design = _without_lonely_clusters(design, name, single_place_clusters)
        design = design.without_singletons()
        if design.n_obs == before:
            break
    _check_clusters(design, name, fewest_clusters)
    _ = design.free_parameters_left  # stops where there are none
    residuals = _weighted_residuals(design)
    check_identified(
        name, design.terms, design.effect_names, design.regressors, residuals, design.weights
    )
    return _numbered_by_content(design, residuals)


def _numbered_by_content(design: Design, residuals: FloatArray) -> Design:
    """Places and regions numbered by what they hold, so that no seeded draw hangs on a name.

    Bootstrap weights, resampled clusters and made noise go by number. With numbers in the order of
    names a region renamed would draw other weights. The order is that of the within variation of
    the first driver, then of the next, then rows and outcome; ties differ in nothing.
    """
    content = np.column_stack([residuals**2, np.ones(design.n_obs), design.outcome**2])

    def renumbered(codes: IntArray, labels: NDArray) -> tuple[IntArray, NDArray]:
        sums = np.asarray(indicator(codes).T @ content)
        # Twelve digits: the rounding of another order of rows must not count.
        keys = np.round(sums / content.sum(axis=0).clip(min=SMALLEST), 12)
        order = np.lexsort(keys.T[::-1])
        number = np.empty(len(order), dtype=np.int64)
        number[order] = np.arange(len(order))
        return number[codes], np.asarray(labels)[: len(order)][order]

    place, place_labels = renumbered(design.place, design.place_labels)
    region, region_labels = renumbered(design.region, design.region_labels)
    return replace(
        design, place=place, place_labels=place_labels, region=region, region_labels=region_labels
    )


def _weighted_residuals(design: Design) -> FloatArray:
    """(n, k) drivers freed of the fixed effects, times the root of the weights."""
    residuals = design.absorber.residuals(design.regressors)
    return residuals if design.weights is None else residuals * np.sqrt(design.weights)[:, None]


def _where(design: Design, row: int) -> str:
    place = np.asarray(design.place_labels)[design.place[row]]
    return f"{place}, {design.year[row]}"


def _check_values(design: Design, name: str) -> None:
    columns: list[tuple[str, FloatArray]] = [(design.outcome_name, design.outcome)]
    columns += list(zip(design.terms, design.regressors.T, strict=True))
    if design.weights is not None:
        columns.append(("weights", design.weights))
    if design.offset is not None:
        columns.append(("offset", design.offset))
    for term, values in columns:
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise ProjectError(
                f"{name}: {term} holds {len(bad)} missing or infinite values, the first is "
                f"{values[bad[0]]} at {_where(design, int(bad[0]))}; expected finite numbers; "
                "leave those rows out or choose another transform"
            )
        largest = float(np.abs(values).max())
        if largest and not SMALLEST < largest < LARGEST:
            raise ProjectError(
                f"{name}: {term} reaches {largest:g}; expected numbers from {SMALLEST:g} to "
                f"{LARGEST:g} in size; take another unit"
            )
    if design.weights is not None and (design.weights <= 0).any():
        row = int(np.flatnonzero(design.weights <= 0)[0])
        raise ProjectError(
            f"{name}: the weight at {_where(design, row)} is {design.weights[row]:g}; "
            "expected above zero"
        )
    if design.offset is not None and np.abs(design.offset).max() > LARGEST_OFFSET:
        row = int(np.abs(design.offset).argmax())
        raise ProjectError(
            f"{name}: the offset at {_where(design, row)} is {design.offset[row]:g}; expected the "
            f"natural log of the exposure, {-LARGEST_OFFSET:g} to {LARGEST_OFFSET:g}; use "
            "transform: log"
        )
    pairs = pd.DataFrame({"place": design.place, "year": design.year})
    twice = np.flatnonzero(pairs.duplicated())
    if len(twice):
        raise ProjectError(
            f"{name}: {_where(design, int(twice[0]))} stands twice; expected one row a place and "
            "year; mend the panel"
        )
    if design.estimator not in {"ols", "wls", "ppml"}:
        raise ProjectError(
            f"{name}: unknown estimator {design.estimator!r}; expected ols, wls or ppml"
        )
    if design.estimator == "ppml" and (design.outcome < 0).any():
        row = int(np.flatnonzero(design.outcome < 0)[0])
        raise ProjectError(
            f"{name}: {design.outcome_name} is {design.outcome[row]:g} at {_where(design, row)}; "
            "Poisson expects counts of zero or more; use ols for net figures"
        )


def _without_lonely_clusters(design: Design, name: str, single: str) -> Design:
    region, labels = design.cluster("region")
    pairs = np.unique(np.column_stack([region, design.place]), axis=0)
    places_in_region = np.bincount(pairs[:, 0], minlength=len(labels))
    shared = pairs[np.argsort(pairs[:, 1], kind="stable")]
    for before, after in pairwise(shared):
        if before[1] == after[1]:
            place = np.asarray(design.place_labels)[before[1]]
            raise ProjectError(
                f"{name}: place {place} lies in two regions ({labels[before[0]]} and "
                f"{labels[after[0]]}); expected one region a place; mend the panel's region column"
            )
    lonely = places_in_region == 1
    if not lonely.any() or lonely.all() or single == "keep":
        return design
    named = ", ".join(sorted(str(label) for label in labels[lonely]))
    if single == "error":
        raise ProjectError(
            f"{name}: cluster {named} holds one place; expected two or more places in each "
            "region; set single_place_clusters to drop or keep, with a reason"
        )
    return replace(
        design.rows(~lonely[region]),
        notes=(*design.notes, f"left out, one place in the region: {named}"),
    )


def _check_clusters(design: Design, name: str, fewest: int) -> None:
    if design.n_obs == 0:
        raise ProjectError(
            f"{name}: every row is alone in its {' or '.join(design.effect_names)}; expected "
            "places seen in several years; widen the sample or use fewer fixed effects"
        )
    groups = len(design.cluster("region")[1])
    if groups < fewest:
        raise ProjectError(
            f"{name}: {groups} clusters (regions) in the sample; expected at least {fewest}, "
            "fewer give intervals that cannot be trusted; widen the sample"
        )
