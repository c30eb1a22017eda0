"""Outlook: simple forecasts of a panel, their backtest, and the winner by a stated rule.

Rolling-origin evaluation and errors relative to the naive forecast after Hyndman and Koehler
(2006). Intervals are the quantiles of the method's own past errors, no distribution assumed, and
do not narrow: at either side the bound of a horizon lies at least as far from the forecast as that
of every shorter one, since what is not known a year ahead is not known two years ahead either.

"chosen" is the rule itself: at every origin the method that had won on the errors known by then,
with that method's interval. Its errors and coverage are those of somebody who had followed the
rule all along, and are the ones to be quoted for an outlook made by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from karaganda_vibe.inference.outlook_methods import METHODS, forecast
from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.errors import ProjectError

CHOSEN = "chosen"
# Simpler methods come first in METHODS; a later one must beat it by more than this to win.
MARGIN = 0.02


@dataclass(frozen=True, eq=False)
class Backtest:
    """What each method would have got wrong.

    Attributes:
        errors: columns unit, origin, horizon, method (with "chosen"), forecast, actual, error
            (actual - forecast), scaled (error over the unit's own scale at the origin), low, high,
            covered, recent (mean of the unit's last three known values at the origin), picked
            (the method behind the row).
        summary: columns method (with "chosen"), horizon ("all" too), mae, relative_mae (to naive
            on the same forecasts; below 1 is better), coverage, forecasts, intervals.
        winner: the method that the rule chooses at the end of the panel; rule: the rule in words.
    """

    errors: pd.DataFrame
    summary: pd.DataFrame
    winner: str
    rule: str


def _scale(values: FloatArray) -> FloatArray:
    """(units,) mean absolute yearly change known so far: how jumpy a unit is."""
    change = np.abs(np.diff(values, axis=1))
    known = np.isfinite(change)
    total = np.where(known, change, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    return np.where((count >= 3) & (total > 0), total / np.maximum(count, 1), np.nan)


def backtest(
    panel: pd.DataFrame,
    *,
    horizon: int = 6,
    first_origin: int | None = None,
    level: float = 0.8,
    least_past_errors: int = 30,
) -> Backtest:
    """Rolling-origin backtest of every method.

    Args:
        panel: units in rows, calendar years in columns, values in one unit of measure; gaps nan.
        horizon: years ahead; first_origin: first year forecast from (default: the eighth).
        level: nominal coverage of the intervals. An interval at an origin uses only errors whose
            target year had passed by then, pooled over units after scaling.
        least_past_errors: fewer past errors than this and no interval is given, and the simplest
            method stays the chosen one.

    Raises:
        ProjectError: years with holes, too few years, an empty or infinite panel.
    """
    years = np.array([int(year) for year in panel.columns])
    if len(years) < 10 or panel.empty:
        raise ProjectError(
            f"outlook: {len(years)} years and {len(panel)} units; expected 10 or more years and "
            "one or more units"
        )
    if (np.diff(years) != 1).any():
        raise ProjectError(
            f"outlook: years {years[0]} to {years[-1]} have holes or are out of order; expected "
            "every year once, ascending; leave values empty where unknown"
        )
    values = panel.to_numpy(float)
    if np.isinf(values).any():
        raise ProjectError("outlook: infinite values in the panel; expected numbers or gaps")
    start = int(years[7] if first_origin is None else first_origin)
    parts = []
    for origin in range(start, int(years[-1])):
        known = values[:, : origin - int(years[0]) + 1]
        ahead = min(horizon, int(years[-1]) - origin)
        scale = _scale(known)
        recent = _recent(known)
        actual = values[:, known.shape[1] : known.shape[1] + ahead]
        for method in METHODS:
            path = forecast(known, ahead, method, horizon)
            parts.append(
                pd.DataFrame(
                    {
                        "unit": np.repeat(panel.index.to_numpy(), ahead),
                        "origin": origin,
                        "horizon": np.tile(np.arange(1, ahead + 1), len(panel)),
                        "method": method,
                        "forecast": path.ravel(),
                        "actual": actual.ravel(),
                        "scale": np.repeat(scale, ahead),
                        "recent": np.repeat(recent, ahead),
                    }
                )
            )
    errors = pd.concat(parts, ignore_index=True)
    # Only forecasts that every method made and that can be checked: the same race for all.
    errors = errors[np.isfinite(errors["actual"]) & np.isfinite(errors["scale"])]
    made = errors.groupby(["unit", "origin", "horizon"])["forecast"].transform("count")
    errors = errors[made == len(METHODS)].reset_index(drop=True)
    if errors.empty:
        raise ProjectError(
            "outlook: no forecast can be checked; expected units with ten or more years in a row"
        )
    errors["error"] = errors["actual"] - errors["forecast"]
    errors["scaled"] = errors["error"] / errors["scale"]
    errors = _with_intervals(errors, level, least_past_errors).assign(picked=errors["method"])
    winner = _winner(errors)
    errors = pd.concat([errors, _chosen(errors, least_past_errors)], ignore_index=True)
    rule = (
        "smallest mean absolute error relative to naive over all horizons known by the origin; a "
        f"less simple method must be better by more than {MARGIN:.2f}, order {', '.join(METHODS)}"
    )
    return Backtest(errors.drop(columns="scale"), _summary(errors), winner, rule)


def _winner(errors: pd.DataFrame) -> str:
    """The method that the rule chooses on these errors."""
    size = errors["error"].abs().groupby(errors["method"]).mean()
    relative = size / size["naive"]
    winner = METHODS[0]
    for method in METHODS[1:]:
        if relative[method] < relative[winner] - MARGIN:
            winner = method
    return winner


def _chosen(errors: pd.DataFrame, least: int) -> pd.DataFrame:
    """The rows of `errors` of the method that had won by their origin, as method "chosen"."""
    target = errors["origin"] + errors["horizon"]
    parts = []
    for origin, here in errors.groupby("origin", sort=True):
        past = errors[target <= origin]
        enough = (past["method"] == METHODS[0]).sum() >= least
        method = _winner(past) if enough else METHODS[0]
        parts.append(here[here["method"] == method])
    return pd.concat(parts).assign(method=CHOSEN)


def _recent(values: FloatArray) -> FloatArray:
    """(units,) mean of the last three years, nan where one is unknown: which way it went."""
    return values[:, -3:].mean(axis=1)


def _never_narrower(bounds: FloatArray) -> FloatArray:
    """(horizons, 2) bounds below and above a forecast, each as wide as every one before it."""
    low, high = np.minimum.accumulate(bounds[:, 0]), np.maximum.accumulate(bounds[:, 1])
    return np.column_stack([low, high])


def _with_intervals(errors: pd.DataFrame, level: float, least: int) -> pd.DataFrame:
    """`errors` with low, high and covered, from errors whose target had passed by the origin."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.full(len(errors), np.nan), np.full(len(errors), np.nan)
    for _, group in errors.groupby("method", sort=True):
        target = (group["origin"] + group["horizon"]).to_numpy()
        horizons = group["horizon"].to_numpy()
        scaled = group["scaled"].to_numpy()
        for origin, here in group.groupby("origin", sort=True):
            bounds = []
            for step in range(1, int(here["horizon"].max()) + 1):
                past = scaled[(target <= origin) & (horizons == step)]
                if len(past) < least:
                    break
                bounds.append(np.quantile(past, tails))
            if not bounds:
                continue
            wide = _never_narrower(np.array(bounds))
            shown = here[here["horizon"] <= len(wide)]
            offsets = wide[shown["horizon"].to_numpy() - 1]
            low[shown.index] = shown["forecast"] + offsets[:, 0] * shown["scale"]
            high[shown.index] = shown["forecast"] + offsets[:, 1] * shown["scale"]
    errors = errors.assign(low=low, high=high)
    inside = (errors["actual"] >= errors["low"]) & (errors["actual"] <= errors["high"])
    errors["covered"] = inside.astype(float).where(np.isfinite(errors["low"]))
    return errors


def _summary(errors: pd.DataFrame) -> pd.DataFrame:
    whole = errors.assign(horizon="all")
    rows = []
    for frame in (errors.assign(horizon=errors["horizon"].astype(str)), whole):
        for (method, horizon), group in frame.groupby(["method", "horizon"], sort=True):
            rows.append(
                {
                    "method": method,
                    "horizon": horizon,
                    "mae": float(group["error"].abs().mean()),
                    "coverage": float(group["covered"].mean()),
                    "forecasts": len(group),
                    "intervals": int(group["covered"].notna().sum()),
                }
            )
    table = pd.DataFrame(rows)
    naive = table[table["method"] == "naive"].set_index("horizon")["mae"]
    table["relative_mae"] = table["mae"] / table["horizon"].map(naive)
    table["method"] = pd.Categorical(table["method"], (*METHODS, CHOSEN), ordered=True)
    table = table.sort_values(["method", "horizon"], ignore_index=True)
    table["method"] = table["method"].astype(str)
    order = ["method", "horizon", "mae", "relative_mae", "coverage", "forecasts", "intervals"]
    return table[order]


def coverage_by(tested: Backtest, kinds: pd.Series) -> pd.DataFrame:
    """How often the intervals of the chosen method held, by kind of unit and by which way it went.

    Args:
        kinds: kind by unit. A unit counts as "gaining" or "losing" at an origin by the mean of its
            last three years then, so that nothing later decides the group.

    Returns:
        columns kind ("gaining", "losing", then the kinds), coverage (share of intervals that held),
        below, above (shares of figures below and above them), intervals, units; a kind without any
        interval has none and nan.

    Raises:
        ProjectError: a unit without a kind.
    """
    rows = tested.errors[tested.errors["method"] == CHOSEN]
    rows = rows.assign(kind=rows["unit"].map(kinds))
    if rows["kind"].isna().any():
        unit = rows.loc[rows["kind"].isna(), "unit"].iloc[0]
        raise ProjectError(f"outlook: no kind of {unit}; expected one for every unit")
    rows = rows.dropna(subset=["covered"])
    groups = {
        "gaining": rows[rows["recent"] >= 0],
        "losing": rows[rows["recent"] < 0],
    } | {str(kind): rows[rows["kind"] == kind] for kind in sorted(kinds.unique())}
    return pd.DataFrame(
        [
            (
                kind,
                group["covered"].mean(),
                (group["actual"] < group["low"]).mean(),
                (group["actual"] > group["high"]).mean(),
                len(group),
                group["unit"].nunique(),
            )
            for kind, group in groups.items()
        ],
        columns=["kind", "coverage", "below", "above", "intervals", "units"],
    )


def outlook(
    panel: pd.DataFrame,
    tested: Backtest,
    *,
    until: int,
    method: str | None = None,
    level: float = 0.8,
) -> pd.DataFrame:
    """Forecasts to `until` with intervals from the backtest's own errors.

    Every unit starts in the year after the last one that is known of it.

    Args:
        panel: as for `backtest`; method: default the backtest's winner.

    Returns:
        columns unit, year, method, forecast, low, high. Horizons beyond the longest backtested use
        the longest one's bounds, widened by the root of the ratio of horizons, and say so in
        `extrapolated`.

    Raises:
        ProjectError: `until` is not after the last year of the panel.
    """
    years = np.array([int(year) for year in panel.columns])
    chosen = tested.winner if method is None else method
    if until <= int(years[-1]):
        raise ProjectError(f"outlook: until {until}, but the panel ends in {years[-1]}")
    values = panel.to_numpy(float)
    known = np.isfinite(values)
    last = np.where(known.any(axis=1), known.shape[1] - 1 - known[:, ::-1].argmax(axis=1), -1)
    errors = tested.errors[tested.errors["method"] == chosen]
    offsets = _offsets(errors, level, until - int(years[0]))
    longest = int(errors["horizon"].max())
    parts = []
    for end in np.unique(last[last >= 0]):
        units = np.flatnonzero(last == end)
        ahead = until - int(years[end])
        past = values[:, : end + 1]
        centre = forecast(past, ahead, chosen, longest)[units]
        scale = np.repeat(_scale(past)[units], ahead)
        steps = np.tile(np.arange(1, ahead + 1), len(units))
        parts.append(
            pd.DataFrame(
                {
                    "unit": np.repeat(panel.index.to_numpy()[units], ahead),
                    "year": int(years[end]) + steps,
                    "method": chosen,
                    "forecast": centre.ravel(),
                    "low": centre.ravel() + offsets[steps - 1, 0] * scale,
                    "high": centre.ravel() + offsets[steps - 1, 1] * scale,
                    "extrapolated": steps > longest,
                }
            )
        )
    return pd.concat(parts).sort_values(["unit", "year"], ignore_index=True)


def _offsets(errors: pd.DataFrame, level: float, steps: int) -> FloatArray:
    """(steps, 2) scaled bounds below and above the forecast, never narrower than before."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    longest = int(errors["horizon"].max())
    tried = [
        np.quantile(errors.loc[errors["horizon"] == step, "scaled"], tails)
        for step in range(1, longest + 1)
    ]
    bounds = _never_narrower(np.array(tried))
    beyond = np.sqrt(np.arange(longest + 1, steps + 1) / longest)
    return np.concatenate([bounds, bounds[-1] * beyond[:, None]])[:steps]
