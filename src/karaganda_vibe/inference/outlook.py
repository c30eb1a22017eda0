"""Outlook: simple forecasts of a panel, their backtest, and the winner by a stated rule.

Methods, each from the values known at an origin year:
- "naive": the last value stays; "mean3": the mean of the last three years stays;
- "drift": the mean yearly change since the first known year goes on;
- "panel_ar": one first-order autoregression for all units with a level of their own each, least
  squares within units, iterated. Its persistence is biased towards zero in short panels (Nickell
  1981), which pulls forecasts to the units' means; the backtest judges it as it is.

Rolling-origin evaluation and errors relative to the naive forecast after Hyndman and Koehler
(2006); intervals are the quantiles of the method's own past errors, no distribution assumed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.errors import ProjectError

METHODS = ("naive", "mean3", "drift", "panel_ar")
# Simpler methods come first in METHODS; a later one must beat it by more than this to win.
MARGIN = 0.02


@dataclass(frozen=True, eq=False)
class Backtest:
    """What each method would have got wrong.

    Attributes:
        errors: columns unit, origin, horizon, method, forecast, actual, error (actual - forecast),
            scaled (error over the unit's own scale at the origin), low, high, covered.
        summary: columns method, horizon ("all" too), mae, relative_mae (to naive on the same
            forecasts; below 1 is better), coverage, forecasts, intervals.
        winner: name of the method chosen by the rule; rule: the rule in words.
    """

    errors: pd.DataFrame
    summary: pd.DataFrame
    winner: str
    rule: str


def forecast(values: FloatArray, horizon: int, method: str) -> FloatArray:
    """(units, horizon) forecasts from `values` (units, years), nan where a value is unknown.

    A unit whose last year is unknown has no forecast (nan): nothing is carried over a gap.
    """
    last = values[:, -1]
    steps = np.arange(1, horizon + 1)
    if method == "naive":
        path = np.repeat(last[:, None], horizon, axis=1)
    elif method == "mean3":
        recent = values[:, -3:]
        whole = recent.shape[1] == 3
        mean = recent.mean(axis=1) if whole else np.full(len(values), np.nan)
        path = np.repeat(mean[:, None], horizon, axis=1)
    elif method == "drift":
        known = np.isfinite(values)
        first = known.argmax(axis=1)
        span = values.shape[1] - 1 - first
        start = values[np.arange(len(values)), first]
        slope = np.where(span >= 3, (last - start) / np.maximum(span, 1), np.nan)
        path = last[:, None] + slope[:, None] * steps
    elif method == "panel_ar":
        path = _panel_ar(values, horizon)
    else:
        raise ProjectError(
            f"outlook: unknown method {method!r}; expected one of {', '.join(METHODS)}"
        )
    return np.where(np.isfinite(last)[:, None], path, np.nan)


def _panel_ar(values: FloatArray, horizon: int) -> FloatArray:
    before, after = values[:, :-1], values[:, 1:]
    both = np.isfinite(before) & np.isfinite(after)
    count = both.sum(axis=1)
    enough = count >= 4
    mean_before = np.where(both, before, 0.0).sum(axis=1) / np.maximum(count, 1)
    mean_after = np.where(both, after, 0.0).sum(axis=1) / np.maximum(count, 1)
    used = both & enough[:, None]
    x = np.where(used, before - mean_before[:, None], 0.0)
    y = np.where(used, after - mean_after[:, None], 0.0)
    bottom = float((x**2).sum())
    path = np.full((len(values), horizon), np.nan)
    if bottom <= 0:
        return path
    persistence = float(np.clip((x * y).sum() / bottom, -0.99, 0.99))
    level = mean_after - persistence * mean_before
    current = values[:, -1]
    for step in range(horizon):
        current = level + persistence * current
        path[:, step] = np.where(enough, current, np.nan)
    return path


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
        least_past_errors: fewer past errors than this and no interval is given.

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
        actual = values[:, known.shape[1] : known.shape[1] + ahead]
        for method in METHODS:
            path = forecast(known, ahead, method)
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
    errors = _with_intervals(errors, level, least_past_errors)
    summary = _summary(errors)
    overall = summary[summary["horizon"] == "all"].set_index("method")["relative_mae"]
    winner = METHODS[0]
    for method in METHODS[1:]:
        if overall[method] < overall[winner] - MARGIN:
            winner = method
    rule = (
        "smallest mean absolute error relative to naive over all horizons; a less simple method "
        f"must be better by more than {MARGIN:.2f}, order {', '.join(METHODS)}"
    )
    return Backtest(errors.drop(columns="scale"), summary, winner, rule)


def _with_intervals(errors: pd.DataFrame, level: float, least: int) -> pd.DataFrame:
    errors = errors.assign(low=np.nan, high=np.nan)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = errors["low"].to_numpy().copy(), errors["high"].to_numpy().copy()
    for (_, _), group in errors.groupby(["method", "horizon"], sort=True):
        target = (group["origin"] + group["horizon"]).to_numpy()
        scaled = group["scaled"].to_numpy()
        for origin in np.unique(group["origin"]):
            past = scaled[target <= origin]
            if len(past) < least:
                continue
            here = group[group["origin"] == origin]
            bounds = np.quantile(past, tails)
            low[here.index] = here["forecast"] + bounds[0] * here["scale"]
            high[here.index] = here["forecast"] + bounds[1] * here["scale"]
    errors["low"], errors["high"] = low, high
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
    table["method"] = pd.Categorical(table["method"], METHODS, ordered=True)
    table = table.sort_values(["method", "horizon"], ignore_index=True)
    table["method"] = table["method"].astype(str)
    order = ["method", "horizon", "mae", "relative_mae", "coverage", "forecasts", "intervals"]
    return table[order]


def outlook(
    panel: pd.DataFrame,
    tested: Backtest,
    *,
    until: int,
    method: str | None = None,
    level: float = 0.8,
) -> pd.DataFrame:
    """Forecasts to `until` with intervals from the backtest's own errors.

    Args:
        panel: as for `backtest`; method: default the backtest's winner.

    Returns:
        columns unit, year, method, forecast, low, high. Horizons beyond the longest backtested use
        the longest one's errors, widened by the root of the ratio of horizons, and say so in
        `extrapolated`.
    """
    years = np.array([int(year) for year in panel.columns])
    chosen = tested.winner if method is None else method
    ahead = until - int(years[-1])
    if ahead < 1:
        raise ProjectError(f"outlook: until {until}, but the panel ends in {years[-1]}")
    values = panel.to_numpy(float)
    path = forecast(values, ahead, chosen)
    scale = _scale(values)
    errors = tested.errors[tested.errors["method"] == chosen]
    longest = int(errors["horizon"].max())
    tails = [(1 - level) / 2, (1 + level) / 2]
    rows = []
    for step in range(1, ahead + 1):
        used = min(step, longest)
        bounds = np.quantile(errors.loc[errors["horizon"] == used, "scaled"], tails)
        bounds = bounds * np.sqrt(step / used)
        for index, unit in enumerate(panel.index):
            centre = path[index, step - 1]
            rows.append(
                (
                    unit,
                    int(years[-1]) + step,
                    chosen,
                    centre,
                    centre + bounds[0] * scale[index],
                    centre + bounds[1] * scale[index],
                    step > longest,
                )
            )
    columns = ["unit", "year", "method", "forecast", "low", "high", "extrapolated"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["unit", "year"], ignore_index=True)
