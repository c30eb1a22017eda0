"""The candidates of the outlook: simple forecasts of every unit of a panel from its past alone.

Methods, the simplest first, each from the values known at the year of origin:
- "naive": the last value stays; "mean3": the mean of the last three years stays;
- "ses": simple exponential smoothing, level = c * value + (1 - c) * level, from the first known
  value on (Hyndman and Athanasopoulos 2021, section 8.1); the constant c is the one of a grid with
  the smallest mean absolute error on the origins before (`smoothing_constant`);
- "drift": the mean yearly change since the first known year goes on;
- "panel_ar": one first-order autoregression for all units with a level of their own each, least
  squares within units, iterated. Its persistence is biased towards zero in short panels (Nickell
  1981), which pulls forecasts to the units' means; the backtest judges it as it is;
- "combined": the mean of the five forecasts above, each with the same weight (Bates and Granger
  1969: equal weights need no estimate).
"""

from __future__ import annotations

import numpy as np

from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.errors import ProjectError

SINGLE = ("naive", "mean3", "ses", "drift", "panel_ar")
METHODS = (*SINGLE, "combined")
# One would be the naive method, zero the first value for ever.
CONSTANTS = tuple(number / 10 for number in range(1, 10))
FEWEST_KNOWN = 4


def forecast(values: FloatArray, horizon: int, method: str, tuned_over: int = 6) -> FloatArray:
    """(units, horizon) forecasts from `values` (units, years), nan where a value is unknown.

    A unit whose last year is unknown has no forecast (nan): nothing is carried over a gap.

    Args:
        tuned_over: longest horizon on which the smoothing constant is tried, years. It does not
            hang on `horizon`, so that a forecast of one year is the first of a longer one.

    Raises:
        ProjectError: an unknown method.
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
    elif method == "ses":
        constant = smoothing_constant(values, tuned_over)
        level = smoothed_levels(values, constant)[:, -1]
        path = np.repeat(level[:, None], horizon, axis=1)
    elif method == "drift":
        known = np.isfinite(values)
        first = known.argmax(axis=1)
        span = values.shape[1] - 1 - first
        start = values[np.arange(len(values)), first]
        slope = np.where(span >= 3, (last - start) / np.maximum(span, 1), np.nan)
        path = last[:, None] + slope[:, None] * steps
    elif method == "panel_ar":
        path = _panel_ar(values, horizon)
    elif method == "combined":
        path = np.mean([forecast(values, horizon, each, tuned_over) for each in SINGLE], axis=0)
    else:
        raise ProjectError(
            f"outlook: unknown method {method!r}; expected one of {', '.join(METHODS)}"
        )
    return np.where(np.isfinite(last)[:, None], path, np.nan)


def smoothed_levels(values: FloatArray, constant: float) -> FloatArray:
    """(units, years) level after each year: the first known value, then smoothed by `constant`.

    A year that is unknown leaves the level as it is; before the first known year it is nan.
    `constant` nan gives nan.
    """
    levels = np.full(values.shape, np.nan)
    level = np.full(len(values), np.nan)
    for year in range(values.shape[1]):
        value = values[:, year]
        moved = np.where(np.isfinite(level), constant * value + (1 - constant) * level, value)
        level = np.where(np.isfinite(value), moved, level)
        levels[:, year] = level
    return levels if np.isfinite(constant) else np.full(values.shape, np.nan)


def smoothing_constant(values: FloatArray, horizon: int) -> float:
    """The constant of `CONSTANTS` that erred least over the past origins within `values`.

    Mean absolute error over all units, origins and horizons up to `horizon` whose target lies in
    `values`; an origin counts from a unit's fourth known value on. Of equal ones the smoothest;
    nan where nothing can be tried.
    """
    known = np.isfinite(values)
    usable = known & (known.cumsum(axis=1) >= FEWEST_KNOWN)
    errors = []
    for constant in CONSTANTS:
        levels = np.where(usable, smoothed_levels(values, constant), np.nan)
        steps = range(1, min(horizon, values.shape[1] - 1) + 1)
        misses = [np.abs(values[:, step:] - levels[:, :-step]).ravel() for step in steps]
        found = np.concatenate(misses) if misses else np.empty(0)
        found = found[np.isfinite(found)]
        errors.append(float(found.mean()) if found.size else np.nan)
    return CONSTANTS[int(np.argmin(errors))] if np.isfinite(errors).all() else float("nan")


def _panel_ar(values: FloatArray, horizon: int) -> FloatArray:
    before, after = values[:, :-1], values[:, 1:]
    both = np.isfinite(before) & np.isfinite(after)
    count = both.sum(axis=1)
    enough = count >= FEWEST_KNOWN
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
