"""Synthetic control: would a place have lost fewer people without what began in a given year?

A place is set against its twin, a weighted mean of other places that moved as it did before that
year (Abadie, Diamond and Hainmueller 2010). The estimator is that of pysyncon; only its inner
problem, weights on a simplex, is solved exactly here, since the library's own solver needs about
a second for a hundred donors. Placebos stand in for the missing textbook error: the same is done
to every donor, to years in which nothing began, and without each donor.

Works for any place, outcome and year: `synthetic_control(panel, place_id, start_year)`.

One method with its placebos, which all fit the same pool of donors (over 400 lines: half of them
say what goes in and comes out).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from karaganda_vibe.inference.twin_weights import EXACT_FIT, twin_weights
from karaganda_vibe.project.errors import ProjectError

FEWEST_PRE_YEARS = 5
FEWEST_DONORS = 5
SMALLEST_WEIGHT = 1e-9
"""Weights below it are rounding of zero."""

WELL_FITTED = 2.0
"""A placebo counts as well fitted if its error before the start is at most this multiple."""


@dataclass(frozen=True)
class Predictor:
    """A column whose mean over the years `first` to `last` the twin should match as well."""

    column: str
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class SyntheticControl:
    """A place and its twin.

    Attributes:
        weights: weight by donor, those above zero, largest first; they sum to one.
        actual, synthetic, gap: the outcome by year of the place, of its twin, and the difference
            (positive: the outcome is higher than the twin's).
        balance: one row a predictor: place, twin and mean of the donors.
        donors: all places that could enter the twin.
        exact: whether the twin repeats the place before the start, to the last digit.
        unique: whether no other weights give the same twin; if they do, its course from the start
            on is not determined, and neither are `gap` and what follows from it.
        notes: what a reader must be told, in words.
    """

    place_id: str
    start_year: int
    outcome: str
    weights: pd.Series
    actual: pd.Series
    synthetic: pd.Series
    gap: pd.Series
    balance: pd.DataFrame
    donors: tuple[str, ...]
    exact: bool = False
    unique: bool = True
    notes: tuple[str, ...] = ()

    @property
    def pre_error(self) -> float:
        """Root mean squared gap before the start, in units of the outcome."""
        return _root_mean_square(self.gap[self.gap.index < self.start_year])

    @property
    def post_error(self) -> float:
        """Root mean squared gap from the start on, in units of the outcome."""
        return _root_mean_square(self.gap[self.gap.index >= self.start_year])

    @property
    def ratio(self) -> float:
        """Error after the start over error before it; the statistic of the placebo test.

        Infinite for an exact fit; nan where the weights, and so the error after, are not unique.
        """
        if self.exact:
            return np.inf
        return self.post_error / self.pre_error if self.unique else np.nan

    @property
    def mean_gap(self) -> float:
        """Mean gap from the start on, in units of the outcome; nan where it is not determined."""
        if not self.unique:
            return np.nan
        return float(self.gap[self.gap.index >= self.start_year].mean())


@dataclass(frozen=True, eq=False)
class PlaceboTest:
    """The place among all donors, each treated as if something had begun there.

    Attributes:
        treated: the place's own fit; placebos: one fit a donor, the place itself never among
            their donors.
        table: one row a unit: place_id, treated, pre_error, post_error, ratio, mean_gap,
            well_fitted; sorted by ratio, largest first. A placebo whose twin is exact has an
            infinite ratio, which counts against the place; one whose weights are not unique has
            no mean gap, and without an exact fit no ratio: it is left out of those shares.
        notes: how many placebos that concerns, in words.
    """

    treated: SyntheticControl
    placebos: tuple[SyntheticControl, ...]
    table: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def p_value(self) -> float:
        """Share of all units (the place among them) whose ratio is as large as the place's."""
        return _share_as_large(self.table["ratio"], self.treated.ratio)

    @property
    def p_well_fitted(self) -> float:
        """The same among the units that their twins fit about as well as the place's does."""
        chosen = self.table[self.table["well_fitted"]]
        return _share_as_large(chosen["ratio"], self.treated.ratio)

    @property
    def p_mean_gap(self) -> float:
        """Share of well fitted units whose mean gap is as far from zero as the place's."""
        chosen = self.table[self.table["well_fitted"]]
        return _share_as_large(chosen["mean_gap"].abs(), abs(self.treated.mean_gap))

    def chance_gap(self, share: float = 0.9) -> float:
        """The mean gap (absolute) that `share` of the well fitted placebos stay below.

        A gap smaller than this cannot be told from chance. Raises ProjectError without placebos.
        """
        chosen = self.table[self.table["well_fitted"] & ~self.table["treated"]].dropna()
        if chosen.empty:
            raise ProjectError(
                f"synthetic control of {self.treated.place_id}: no placebo is fitted as well as "
                "the place; take more donors or other years"
            )
        return float(chosen["mean_gap"].abs().quantile(share))


def synthetic_control(
    panel: pd.DataFrame,
    place_id: str,
    start_year: int,
    *,
    outcome: str = "net_rate",
    first_year: int | None = None,
    last_year: int | None = None,
    predictors: Sequence[Predictor] = (),
    donors: Sequence[str] | None = None,
) -> SyntheticControl:
    """Set a place against its twin.

    The twin matches the outcome of every year before the start and the means of `predictors`,
    each divided by its standard deviation over places and weighted equally.

    Args:
        panel: one row a place and year: place_id, year, the outcome, the predictors' columns.
        start_year: the first year in which what is studied was there.
        first_year, last_year: the years used; by default those in which the place has the outcome.
        donors: places that may enter the twin, by default all. Of these, only those with every
            year of the outcome and of the predictors are taken.

    Raises ProjectError (one line) for an unknown place, outcome or donor, a repeated row, fewer
    than five years before the start, none after it, a gap of the place, too few donors, or weights
    that are not unique. An exact fit is said in `notes`.
    """
    frame = _prepare(
        panel, place_id, start_year, outcome, first_year, last_year, predictors, donors
    )
    return _fit(frame, place_id, frame.donors)


def placebo_test(
    panel: pd.DataFrame,
    place_id: str,
    start_year: int,
    *,
    outcome: str = "net_rate",
    first_year: int | None = None,
    last_year: int | None = None,
    predictors: Sequence[Predictor] = (),
    donors: Sequence[str] | None = None,
) -> PlaceboTest:
    """In-space placebos: the same for every donor. Arguments and errors of `synthetic_control`.

    Raises ProjectError too where the place's own fit is exact: the test compares errors.
    """
    frame = _prepare(
        panel, place_id, start_year, outcome, first_year, last_year, predictors, donors
    )
    treated = _fit(frame, place_id, frame.donors)
    if treated.exact:
        raise ProjectError(
            f"synthetic control of {place_id} from {start_year}: the twin repeats the place before "
            "the start without any error, and the placebo test compares errors; take more years "
            "before the start or fewer donors, or report the gap alone"
        )
    placebos = tuple(
        _twin(frame, donor, [other for other in frame.donors if other != donor])
        for donor in frame.donors
    )
    table = pd.DataFrame(
        [
            (unit.place_id, unit is treated, unit.pre_error, unit.post_error, unit.ratio,
             unit.mean_gap)
            for unit in (treated, *placebos)
        ],
        columns=["place_id", "treated", "pre_error", "post_error", "ratio", "mean_gap"],
    )  # fmt: skip
    table["well_fitted"] = table["pre_error"] <= WELL_FITTED * treated.pre_error
    table = table.sort_values(["ratio", "place_id"], ascending=[False, True], ignore_index=True)
    counts = (
        ("whose twin repeats them before the start", sum(unit.exact for unit in placebos)),
        ("whose twin is not the only one", sum(not unit.unique for unit in placebos)),
    )
    notes = tuple(f"placebos {words}: {count}" for words, count in counts if count)
    return PlaceboTest(treated, placebos, table, notes)


def _share_as_large(values: pd.Series, own: float) -> float:
    """Share of the known `values` that reach `own`; rounding must not part two equal ones."""
    return float((values.dropna() >= own * (1 - 1e-9)).mean())


def in_time_placebo(
    panel: pd.DataFrame,
    place_id: str,
    start_year: int,
    made_up_start: int,
    *,
    outcome: str = "net_rate",
    first_year: int | None = None,
    predictors: Sequence[Predictor] = (),
    donors: Sequence[str] | None = None,
) -> PlaceboTest:
    """The test as if something had begun in `made_up_start`, on the years before `start_year`.

    Predictors that reach beyond the made-up start are left out, so that nothing of the later
    years enters. Raises ProjectError where the made-up start is not before the real one.
    """
    if made_up_start >= start_year:
        raise ProjectError(
            f"synthetic control of {place_id}: the made-up start {made_up_start} must lie before "
            f"the real one, {start_year}"
        )
    return placebo_test(
        panel, place_id, made_up_start, outcome=outcome, first_year=first_year,
        last_year=start_year - 1, donors=donors,
        predictors=[predictor for predictor in predictors if predictor.last < made_up_start],
    )  # fmt: skip


def leave_one_donor_out(
    panel: pd.DataFrame,
    place_id: str,
    start_year: int,
    *,
    outcome: str = "net_rate",
    first_year: int | None = None,
    last_year: int | None = None,
    predictors: Sequence[Predictor] = (),
    donors: Sequence[str] | None = None,
) -> dict[str, SyntheticControl]:
    """The fit without each donor that has a weight, by the donor left out."""
    frame = _prepare(
        panel, place_id, start_year, outcome, first_year, last_year, predictors, donors
    )
    whole = _fit(frame, place_id, frame.donors)
    return {
        left_out: _fit(frame, place_id, [donor for donor in whole.donors if donor != left_out])
        for left_out in sorted(whole.weights.index)
    }


@dataclass(frozen=True, eq=False)
class _Frame:
    """The panel as tables, checked: outcome by year and place, predictor rows by place."""

    outcome: str
    start_year: int
    table: pd.DataFrame
    rows: pd.DataFrame
    donors: tuple[str, ...]


def _prepare(
    panel: pd.DataFrame,
    place_id: str,
    start_year: int,
    outcome: str,
    first_year: int | None,
    last_year: int | None,
    predictors: Sequence[Predictor],
    donors: Sequence[str] | None,
) -> _Frame:
    where = f"synthetic control of {place_id} from {start_year}"
    for column in ["place_id", "year", outcome, *(p.column for p in predictors)]:
        if column not in panel:
            raise ProjectError(
                f"{where}: no column '{column}' in the panel; found {', '.join(panel.columns)}"
            )
    known = set(panel["place_id"])
    for name in [place_id, *(donors or [])]:
        if name not in known:
            raise ProjectError(
                f"{where}: the panel has no place '{name}'; "
                "see place_id in metadata/places/places.csv"
            )
    infinite = panel[np.isinf(panel[outcome].astype(float))]
    if len(infinite):
        row = infinite.iloc[0]
        raise ProjectError(
            f"{where}: '{outcome}' of {row['place_id']} is infinite in {row['year']}; expected a "
            "number or a gap"
        )
    twice = panel[panel.duplicated(["place_id", "year"])]
    if len(twice):
        row = twice.iloc[0]
        raise ProjectError(
            f"{where}: {row['place_id']} has the year {row['year']} twice; one row a place and year"
        )
    table = panel.pivot(index="year", columns="place_id", values=outcome)
    own = table[place_id].dropna()
    if own.empty:
        raise ProjectError(f"{where}: the place has no figure of '{outcome}'; choose another")
    first = int(own.index.min()) if first_year is None else first_year
    last = int(own.index.max()) if last_year is None else last_year
    years = list(range(first, last + 1))
    gaps = [year for year in years if year not in own.index]
    if gaps:
        raise ProjectError(
            f"{where}: '{outcome}' of the place has no figure for {', '.join(map(str, gaps))}; "
            "set first_year and last_year around the gap"
        )
    pre = [year for year in years if year < start_year]
    if len(pre) < FEWEST_PRE_YEARS:
        raise ProjectError(
            f"{where}: {len(pre)} years before the start ({first} is the first), at least "
            f"{FEWEST_PRE_YEARS} are needed; choose a later start or an earlier first_year"
        )
    if last < start_year:
        raise ProjectError(f"{where}: no year from the start on; the last one is {last}")
    table = table.reindex(years)
    means = {
        predictor: _mean(panel, predictor, table.columns, where, place_id)
        for predictor in predictors
    }
    pool = sorted(known if donors is None else donors)
    complete = [
        name
        for name in pool
        if name != place_id
        and table[name].notna().all()
        and all(np.isfinite(mean[name]) for mean in means.values())
    ]
    if len(complete) < FEWEST_DONORS:
        raise ProjectError(
            f"{where}: {len(complete)} donors have '{outcome}' in every year {first}-{last}, at "
            f"least {FEWEST_DONORS} are needed; choose fewer years or more donors"
        )
    rows = table.loc[pre].copy()
    rows.index = pd.Index([f"{outcome} {year}" for year in pre], name="predictor")
    for predictor, mean in means.items():
        rows.loc[f"{predictor.column} {predictor.first}-{predictor.last}"] = mean
    return _Frame(outcome, start_year, table, rows, tuple(complete))


def _fit(frame: _Frame, place_id: str, donors: Sequence[str]) -> SyntheticControl:
    """The twin of a place. Raises ProjectError where there is more than one."""
    twin = _twin(frame, place_id, donors)
    if not twin.unique:
        raise ProjectError(
            f"synthetic control of {place_id} from {frame.start_year}: more than one set of "
            f"weights gives the same twin ({len(donors)} donors, {len(frame.rows)} figures to "
            "match), so its course from the start on is not determined; take more years before "
            "the start or fewer donors"
        )
    return twin


def _twin(frame: _Frame, place_id: str, donors: Sequence[str]) -> SyntheticControl:
    chosen = list(donors)
    before = frame.table[frame.table.index < frame.start_year]
    found = twin_weights(frame.rows, before, place_id, chosen)
    weights = found.weights
    synthetic = (frame.table[chosen] @ weights).rename("synthetic")
    actual = frame.table[place_id].rename("actual")
    balance = pd.DataFrame(
        {
            "place": frame.rows[place_id],
            "twin": frame.rows[chosen] @ weights,
            "donors": frame.rows[chosen].mean(axis=1),
        }
    )
    misses = (actual - synthetic)[actual.index < frame.start_year]
    spread = float(before[[*chosen, place_id]].std(axis=1).mean())
    exact = found.exact or _root_mean_square(misses) <= EXACT_FIT * spread
    notes = ("the twin repeats the place before the start exactly",) if exact else ()
    kept = weights[weights > SMALLEST_WEIGHT].sort_values(ascending=False, kind="stable")
    return SyntheticControl(
        place_id, frame.start_year, frame.outcome, kept, actual, synthetic,
        (actual - synthetic).rename("gap"), balance, tuple(chosen), exact, found.unique, notes,
    )  # fmt: skip


def _mean(
    panel: pd.DataFrame, predictor: Predictor, places: pd.Index, where: str, place_id: str
) -> pd.Series:
    """Mean of the predictor by place; missing where one of its years is."""
    years = range(predictor.first, predictor.last + 1)
    table = panel.pivot(index="year", columns="place_id", values=predictor.column).reindex(years)
    mean = table.mean().where(table.notna().all()).reindex(places)
    if not np.isfinite(mean[place_id]):
        raise ProjectError(
            f"{where}: '{predictor.column}' of the place has gaps in {predictor.first}-"
            f"{predictor.last}; choose years in which it has a figure"
        )
    return mean


def _root_mean_square(values: pd.Series) -> float:
    return float(np.sqrt(np.mean(np.square(values.to_numpy()))))
