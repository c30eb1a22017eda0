"""The programme ledger: what each named programme should change, and what our data could show.

The smallest visible effect comes from placebos in space: places without the programme are treated
as if they had it, and what their rates do by themselves is the noise that an effect must exceed.
The grade of evidence follows from the estimated driver that stands for a programme, by rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from karaganda_vibe.inference.verdicts import verdict
from karaganda_vibe.panels.migration_series import place_rates
from karaganda_vibe.panels.rates import per_thousand
from karaganda_vibe.places.registry import load_places, place_spellings
from karaganda_vibe.project.errors import ProjectError, exit_with_one_line
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import YEAR, fault, read_table
from karaganda_vibe.sources.input_tables import INPUT, check_known, read_input, refuse

PROGRAMMES = METADATA / "programmes" / "programmes.csv"
MEASURES = METADATA / "programmes" / "programme_measures.csv"
PROGRAMME_COLUMNS = (
    "programme_id", "name_en", "name_ru", "name_kk", "aim_en", "aim_ru", "aim_kk", "measure",
    "nearness", "term", "model_id", "direction", "scope", "starts", "claims", "collect_en",
    "collect_ru", "collect_kk",
)  # fmt: skip
MEASURE_COLUMNS = (
    "measure", "column", "per", "first_year", "last_year", "better", "kind", "name_en", "name_ru",
    "name_kk",
)  # fmt: skip
YEAR_COLUMNS = ("first_year", "last_year")
SCOPES = {"one": 1, "nine": 9, "all": None}
NEARNESS = ("near", "far")
# Years before a start that the years after it are compared with.
YEARS_BEFORE = 5
LEVEL = 0.90
POWER = 0.80
# Random groups of several places drawn from each region and start year.
DRAWS = 20
SEED = 20261123
Grade = Literal["firm", "weak", "against", "unknown", "not measured"]


@dataclass(frozen=True)
class Detectable:
    """What a change must exceed to stand out from what happens without any programme.

    `low` and `high` bound the central LEVEL of the placebo changes; `threshold` is the smallest
    improvement outside of it, `four_of_five` the effect that exceeds the threshold in POWER of
    cases. All in the measure's unit, positive for an improvement.
    """

    low: float
    high: float
    threshold: float
    four_of_five: float
    placebos: int
    units: int
    first_start: int
    last_start: int


def read_programmes(path: Path = PROGRAMMES, measures: Path = MEASURES) -> pd.DataFrame:
    """metadata/programmes/programmes.csv as text.

    Raises:
        ProjectError: an unknown measure, scope, nearness or direction, a stand-in without a term or
        the other way round, an id that stands twice.
    """
    table = read_table(
        path,
        PROGRAMME_COLUMNS,
        typed={
            "measure": list(read_measures(measures)["measure"]),
            "scope": list(SCOPES),
            "nearness": NEARNESS,
            "direction": ("more", "less"),
        },
        filled=["programme_id", "scope"],
        keys=["programme_id"],
    )
    for row in table.to_dict("records"):
        stand_in = [bool(row[c]) for c in ("measure", "nearness", "term", "model_id", "direction")]
        if any(stand_in) and not all(stand_in):
            text = (
                "measure, nearness, term, model_id and direction must all be filled or all be "
                "empty; correct the row"
            )
            raise fault(path, row["line"], text)
    return table.drop(columns="line")


def read_measures(path: Path = MEASURES) -> pd.DataFrame:
    """metadata/programmes/programme_measures.csv; first_year and last_year as Int64, else text.

    Raises:
        ProjectError: a year that is no number, an unknown `per` or `better`.
    """
    table = read_table(
        path,
        MEASURE_COLUMNS,
        typed={
            **dict.fromkeys(YEAR_COLUMNS, YEAR),
            "per": ("1000",),
            "better": ("higher", "lower"),
        },
        filled=["measure", "column", "better", "kind"],
        keys=["measure"],
    )
    return table.astype(dict.fromkeys(YEAR_COLUMNS, "Int64")).drop(columns="line")


def measure_table(districts: pd.DataFrame, measure: Mapping[str, object]) -> pd.DataFrame:
    """One measure by place and year, with the population that weighs it.

    Args:
        districts: districts.csv; measure: a row of `read_measures`.

    Returns:
        region, place_id, kind, year, value (per 1,000 people where the measure says so),
        mean_population (persons); only rows with a value, within the measure's years.
    """
    table = place_rates(districts)
    column = str(measure["column"])
    if column not in table:
        raise ProjectError(
            f"{shown(MEASURES)}: {measure['measure']}: districts.csv has no column '{column}'; "
            "correct the row"
        )
    value = table[column]
    if measure["per"] == "1000":
        value = per_thousand(value, table["mean_population"])
    table = table.assign(value=value)
    for bound, keep in (("first_year", table["year"].ge), ("last_year", table["year"].le)):
        limit = measure[bound]
        if not pd.isna(limit):  # type: ignore[call-overload]
            table = table[keep(int(str(limit))).reindex(table.index)]
    table = table.dropna(subset=["value", "mean_population"])
    return table[["region", "place_id", "kind", "year", "value", "mean_population"]]


def placebo_changes(
    table: pd.DataFrame,
    *,
    treated_region: str,
    group_size: int | None,
    years_after: int,
    years_before: int = YEARS_BEFORE,
    draws: int = DRAWS,
    seed: int = SEED,
) -> pd.DataFrame:
    """What the measure does in groups of places that had no programme.

    For every start year and every group: mean of the `years_after` years from the start, less mean
    of the `years_before` years before it, less the same change in places of other regions
    (unweighted mean). A group's value of a year is weighted by population. Groups lie within one
    region; `treated_region` is left out. One place: every place; None: all places of a region; else
    `draws` random groups of a region and start year (seeded).

    Returns:
        group, region, start, change (the measure's unit); sorted.

    Raises:
        ProjectError: fewer than two years, or nothing to compare.
    """
    if years_after < 1 or years_before < 1:
        raise ProjectError(
            f"{years_before} years before, {years_after} after; expected one or more"
        )
    others = table[table["region"] != treated_region]
    wide = others.pivot(index="year", columns="place_id", values="value").sort_index()
    weight = others.pivot(index="year", columns="place_id", values="mean_population").sort_index()
    first, last = int(wide.index.min()), int(wide.index.max())
    values = wide.reindex(range(first, last + 1)).to_numpy(dtype=float)
    weights = weight.reindex(range(first, last + 1)).to_numpy(dtype=float)
    of_place = others.drop_duplicates("place_id").set_index("place_id")["region"]
    places = wide.columns.to_numpy()
    region = of_place.reindex(places).to_numpy()
    random = np.random.default_rng(seed)
    rows = []
    for start in range(first + years_before, last - years_after + 2):
        begin = start - first - years_before
        value = values[begin : begin + years_before + years_after]
        mass = weights[begin : begin + years_before + years_after]
        whole = np.isfinite(value).all(axis=0)
        single = value[years_before:].mean(axis=0) - value[:years_before].mean(axis=0)
        for name in sorted(set(region[whole])):
            elsewhere = whole & (region != name)
            if not elsewhere.any():
                continue
            compared = float(single[elsewhere].mean())
            own = np.flatnonzero(whole & (region == name))
            for group in _groups(own, group_size, draws, random):
                rate = (value[:, group] * mass[:, group]).sum(axis=1) / mass[:, group].sum(axis=1)
                change = float(rate[years_before:].mean() - rate[:years_before].mean())
                label = str(places[group[0]]) if group_size == 1 else str(name)
                rows.append((label, str(name), start, change - compared))
    if not rows:
        raise ProjectError(
            f"no placebo for groups of {group_size or 'all'} places over {years_before} years "
            f"before and {years_after} after; the measure's years are too few"
        )
    found = pd.DataFrame(rows, columns=["group", "region", "start", "change"])
    return found.sort_values(["start", "region", "group"], ignore_index=True, kind="stable")


def _groups(
    own: NDArray[np.intp], size: int | None, draws: int, random: np.random.Generator
) -> list[NDArray[np.intp]]:
    """The groups of a region's places (column numbers) that are treated as if they were one."""
    if size is None:
        # A region of one place is no group.
        return [own] if len(own) > 1 else []
    if size == 1:
        return [own[[place]] for place in range(len(own))]
    if len(own) <= size:
        return [own] if len(own) == size else []
    picked = {tuple(sorted(random.choice(own, size, replace=False))) for _ in range(draws)}
    return [np.array(group) for group in sorted(picked)]


def detectable(changes: pd.DataFrame, *, better: str = "higher") -> Detectable:
    """What an improvement must exceed, from the placebo changes of `placebo_changes`.

    `better`: whether a higher or a lower value of the measure is the improvement.
    """
    values = changes["change"].to_numpy(dtype=float) * (1 if better == "higher" else -1)
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    short = np.quantile(values, 1 - POWER)
    return Detectable(
        float(low),
        float(high),
        float(high),
        float(high - short),
        len(values),
        int(changes["group"].nunique()),
        int(changes["start"].min()),
        int(changes["start"].max()),
    )


def detectable_table(
    districts: pd.DataFrame,
    measures: pd.DataFrame,
    *,
    treated_region: str,
    horizons: Sequence[int] = (1, 2, 3, 5),
) -> pd.DataFrame:
    """Smallest visible improvement by measure, scope and years after the start.

    City districts are left out: the region has none. A measure whose years do not reach a horizon
    has no row for it.

    Returns:
        measure, scope, years_after, and the fields of `Detectable`.
    """
    places = districts[districts["kind"].isin(["city", "district"])]
    rows = []
    for measure in measures.to_dict("records"):
        table = measure_table(places, {str(key): value for key, value in measure.items()})
        span = int(table["year"].max()) - int(table["year"].min()) + 1
        for scope, size in SCOPES.items():
            for years_after in horizons:
                if span < YEARS_BEFORE + years_after:
                    continue
                changes = placebo_changes(
                    table, treated_region=treated_region, group_size=size, years_after=years_after
                )
                found = detectable(changes, better=str(measure["better"]))
                key = {"measure": measure["measure"], "scope": scope, "years_after": years_after}
                rows.append(key | vars(found))
    return pd.DataFrame(rows)


def grade(
    term: str, model_id: str, direction: str, verdicts: pd.DataFrame, results: pd.DataFrame
) -> Grade:
    """How good the evidence is that what stands for a programme goes with net migration.

    No stand-in: "not measured". A driver of driver_verdicts.csv: its word. Another estimated
    driver: the same rule, but what it has not been put through (specification curve, stricter
    model) counts as failed, so at most "weak". A finding of the opposite sign is "against".

    Args:
        direction: "more" or "less" of the driver is what the programme aims at.
        verdicts: driver_verdicts.csv; results: model_results.csv.

    Raises:
        ProjectError: a driver that no model estimated.
    """
    if not term:
        return "not measured"
    own = results[(results["model_id"] == model_id) & (results["term"] == term)]
    if own.empty:
        raise ProjectError(
            f"{shown(PROGRAMMES)}: the driver '{term}' of the model '{model_id}' is not in "
            "model_results.csv; correct the row"
        )
    row = own.iloc[0]
    judged = verdicts[(verdicts["model_id"] == model_id) & (verdicts["term"] == term)]
    if len(judged):
        word = str(judged.iloc[0]["verdict"])
    else:
        adjusted = row[["p_holm", "p_romano_wolf"]].astype(float).max()
        raw = float(row["p_wild_region"])
        word = verdict(raw if np.isnan(adjusted) else float(adjusted), raw, False, 0.0, False)
    helps = float(row["estimate"]) * (1 if direction == "more" else -1) > 0
    if word in {"firm", "weak"} and not helps:
        return "against"
    return word  # type: ignore[return-value]


def read_programme_input(
    programmes: Sequence[str], known_places: Sequence[str], folder: Path = INPUT
) -> pd.DataFrame:
    """data/input/programmes.csv, checked; see `input_tables.read_input` for the form.

    Raises:
        ProjectError: besides faults against the schema, an unknown programme or place, more people
        followed than took part, or more people still there than were followed.
    """
    rows = read_input("programmes", folder)
    check_known("programmes", rows, "programme_id", programmes, folder)
    spellings = place_spellings(load_places())
    check_known("programmes", rows, "place_id", known_places, folder, spellings)
    at_most = (
        ("participants_followed", "participants"),
        ("participants_here", "participants_followed"),
        ("others_here", "others_followed"),
    )
    for row in rows.to_dict("records"):
        for part, whole in at_most:
            if pd.notna(row[part]) and (pd.isna(row[whole]) or row[part] > row[whole]):
                found = "nothing" if pd.isna(row[whole]) else str(row[whole])
                fault = f"{row[part]}, but {whole} is {found}; expected no more than that"
                refuse("programmes", row["line"], part, fault, folder)
    return rows


def programme_ledger(
    programmes: pd.DataFrame,
    measures: pd.DataFrame,
    districts: pd.DataFrame,
    entered: pd.DataFrame,
    grades: Mapping[str, str],
    *,
    region: str,
    recent_years: int = YEARS_BEFORE,
) -> pd.DataFrame:
    """Today's baseline of every programme in every place of `region`.

    Returns:
        programme_id, place_id, place_en, place_ru, place_kk, grade, measure, baseline_year,
        baseline (the measure's latest value; empty where nothing stands for the programme),
        net_rate_year, net_rate (net migration per 1,000), net_rate_recent (mean of the last
        `recent_years` years, empty unless all are there), population (persons, end of the year),
        and from the input of the latest entered year: input_year, applicants, participants,
        participants_here_share and others_here_share (percent of those followed), cost (tenge).
    """
    own = districts[districts["region"] == region]
    places = own.drop_duplicates("place_id").sort_values("place_id")
    net = place_rates(districts)
    net = net[net["region"] == region].dropna(subset=["net_rate"])
    last = int(net["year"].max())
    now = net[net["year"] == last].set_index("place_id")
    recent = net[net["year"] > last - recent_years].groupby("place_id")["net_rate"]
    mean = recent.mean().where(recent.count() == recent_years)
    by_measure = measures.set_index("measure")
    newest = entered.sort_values("year").drop_duplicates(["programme_id", "place_id"], keep="last")
    rows = []
    for programme in programmes.to_dict("records"):
        value, year = pd.Series(dtype=float), None
        if programme["measure"]:
            row = by_measure.loc[programme["measure"]].to_dict() | {"measure": programme["measure"]}
            table = measure_table(own, row)
            year = int(table["year"].max())
            value = table[table["year"] == year].set_index("place_id")["value"]
        for place in places.to_dict("records"):
            name = place["place_id"]
            rows.append(
                {
                    "programme_id": programme["programme_id"],
                    **{key: place[key] for key in ("place_id", "place_en", "place_ru", "place_kk")},
                    "grade": grades[programme["programme_id"]],
                    "measure": programme["measure"],
                    "baseline_year": year,
                    "baseline": value.get(name, np.nan),
                    "net_rate_year": last,
                    "net_rate": now["net_rate"].get(name, np.nan),
                    "net_rate_recent": mean.get(name, np.nan),
                    "population": now["population"].get(name, np.nan),
                }
            )
    ledger = pd.DataFrame(rows).astype({"baseline_year": "Int64"})
    numbers = newest.drop(columns=["source", "line"], errors="ignore")
    numbers = numbers.astype(
        {c: "float64" for c in numbers.columns if c not in {"programme_id", "place_id"}}
    )
    for who in ("participants", "others"):
        followed = numbers[f"{who}_followed"]
        share = 100 * numbers[f"{who}_here"] / followed.where(followed > 0)
        numbers[f"{who}_here_share"] = share
    kept = [
        "programme_id", "place_id", "year", "applicants", "participants",
        "participants_here_share", "others_here_share", "cost",
    ]  # fmt: skip
    numbers = numbers[kept].rename(columns={"year": "input_year"})
    return ledger.merge(numbers, on=["programme_id", "place_id"], how="left", validate="one_to_one")


def people_needed(difference: float, share: float = 0.5) -> int:
    """People in each of two groups that show a difference in shares of those who stayed.

    Normal approximation for two independent groups, outside the central LEVEL in POWER of cases.

    Args:
        difference: of the shares, 0 to 1; share: of those who stay without the programme.

    Raises:
        ProjectError: a difference or a share outside 0 to 1.
    """
    if not 0 < difference <= 1 or not 0 <= share <= 1:
        raise ProjectError(f"difference {difference}, share {share}; expected shares from 0 to 1")
    reach = stats.norm.ppf((1 + LEVEL) / 2) + stats.norm.ppf(POWER)
    other = min(1.0, share + difference)
    spread = share * (1 - share) + other * (1 - other)
    return int(np.ceil(reach**2 * spread / difference**2))


def _main() -> None:
    from karaganda_vibe.findings.staffing import known_places

    programmes = read_programmes()
    rows = read_programme_input(list(programmes["programme_id"]), known_places())
    print(f"{shown(INPUT / 'programmes.csv')}: {len(rows)} rows, all as the schema says")


if __name__ == "__main__":
    exit_with_one_line(_main)
