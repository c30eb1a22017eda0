"""The programme ledger: what each named programme should change, and what our data could show.

The grade of evidence follows from the estimated driver that stands for a programme, by rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from karaganda_vibe.findings.programme_measures import MEASURES, measure_table, read_measures
from karaganda_vibe.findings.programme_noise import SCOPES, YEARS_BEFORE
from karaganda_vibe.inference.verdicts import verdict
from karaganda_vibe.panels.migration_series import place_rates
from karaganda_vibe.places.registry import load_places, place_spellings
from karaganda_vibe.project.errors import ProjectError, exit_with_one_line
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import fault, read_table
from karaganda_vibe.sources.input_tables import INPUT, check_known, read_input, refuse

PROGRAMMES = METADATA / "programmes" / "programmes.csv"
PROGRAMME_COLUMNS = (
    "programme_id", "name_en", "name_ru", "name_kk", "aim_en", "aim_ru", "aim_kk", "measure",
    "nearness", "term", "model_id", "direction", "scope", "starts", "claims", "collect_en",
    "collect_ru", "collect_kk",
)  # fmt: skip
NEARNESS = ("near", "far")
Grade = Literal["firm", "weak", "against", "unknown", "not measured"]


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


def grade(
    term: str, model_id: str, direction: str, verdicts: pd.DataFrame, results: pd.DataFrame
) -> Grade:
    """How good the evidence is that what stands for a programme goes with net migration.

    No stand-in: "not measured". A driver of driver_verdicts.csv: its word. Another estimated
    driver: the same rule, but what it has not been put through (specification curve, stricter
    model) counts as failed, so at most "weak". A finding of the opposite sign is "against".

    Args:
        direction: "more" or "less" of the driver is what the programme aims at.
        verdicts: driver_verdicts.csv; results: the estimates of both plans
            (`driver_words.read_model_results`).

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
        adjusted, raw = float(row["p_romano_wolf"]), float(row["p_wild_region"])
        word = verdict(raw if np.isnan(adjusted) else adjusted, raw)
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
    places = own.drop_duplicates("place_id").sort_values("place_id", kind="stable")
    net = place_rates(districts)
    net = net[net["region"] == region].dropna(subset=["net_rate"])
    last = int(net["year"].max())
    now = net[net["year"] == last].set_index("place_id")
    recent = net[net["year"] > last - recent_years].groupby("place_id")["net_rate"]
    mean = recent.mean().where(recent.count() == recent_years)
    by_measure = measures.set_index("measure")
    newest = entered.sort_values("year", kind="stable").drop_duplicates(
        ["programme_id", "place_id"], keep="last"
    )
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


def _main() -> None:
    from karaganda_vibe.findings.staffing import known_places

    programmes = read_programmes()
    rows = read_programme_input(list(programmes["programme_id"]), known_places())
    print(f"{shown(INPUT / 'programmes.csv')}: {len(rows)} rows, all as the schema says")


if __name__ == "__main__":
    exit_with_one_line(_main)
