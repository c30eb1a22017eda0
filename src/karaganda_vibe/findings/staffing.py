"""The staffing passport: supply of and demand for workers by place, with the gaps left open.

Published columns come from districts.csv; what nobody publishes by place (occupations, vacancies,
graduates, employed graduates) comes from data/input/staffing.csv and is empty until it is filled.
Statements about graduates are set against enrolment with stated assumptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from karaganda_vibe.panels.migration_series import sum_of_places
from karaganda_vibe.panels.rates import per_thousand, with_mean_population
from karaganda_vibe.places.registry import load_places, place_spellings
from karaganda_vibe.project.errors import ProjectError, exit_with_one_line
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import NUMBER, fault, read_table
from karaganda_vibe.sources.input_tables import INPUT, check_known, read_input, refuse
from karaganda_vibe.sources.publishers import NAMES, PUBLISHERS, load_publishers

# Professional lyceums became colleges in 2013; enrolment before that counts something else.
FIRST_YEAR = 2013
# From this year on the publisher's "young" are 15-34; before they are 15-28.
FIRST_YEAR_OTHER_AGES = 2023
# Before 2015 the tables count enterprises only, later sole traders and farms too.
FIRST_YEAR_SME = 2015
ASSUMPTIONS = METADATA / "programmes" / "staffing_assumptions.csv"
PLACE_COLUMNS = ["region", "place_id", "place_en", "place_ru", "place_kk", "kind", "year"]
SUPPLY = [
    "population", "college_students", "university_students", "school_pupils", "labour_force",
    "unemployed", "unemployment_rate", "youth_unemployment_rate", "youth_unemployment_ages",
]  # fmt: skip
DEMAND = [
    "employed", "employees", "wage", "investment", "industrial_output", "sme_active",
    "sme_employed",
]  # fmt: skip
FROM_INPUT = [
    "occupations", "organisations", "graduates", "graduates_followed", "graduates_employed",
    "vacancies",
]  # fmt: skip
Place = Literal["below", "inside", "above"]


@dataclass(frozen=True)
class CourseLength:
    """Assumed years that a student spends in college on average: shortest and longest."""

    shortest: float
    longest: float


def read_course_length(path: Path = ASSUMPTIONS) -> CourseLength:
    """The assumed range of years in college.

    Raises:
        ProjectError: a row is missing, is no positive number, or the range is upside down.
    """
    table = read_table(
        path,
        ("assumption", "value", "unit", "why_en", "why_ru", "why_kk"),
        typed={"value": NUMBER},
        filled=["assumption", "value", "unit"],
        keys=["assumption"],
    ).set_index("assumption")
    found = []
    for name in ("course_shortest", "course_longest"):
        if name not in table.index:
            raise ProjectError(f"{shown(path)}: no row {name}; add it")
        value = float(table["value"][name])
        if value <= 0:
            text = f"{name} is {value:g}, expected years above zero; correct it"
            raise fault(path, table["line"][name], text, "value")
        found.append(value)
    if found[0] > found[1]:
        raise ProjectError(
            f"{shown(path)}: course_shortest {found[0]} is longer than course_longest {found[1]}; "
            "correct them"
        )
    return CourseLength(*found)


def read_staffing(known_places: Sequence[str], folder: Path = INPUT) -> pd.DataFrame:
    """data/input/staffing.csv, checked; see `input_tables.read_input` for the form.

    Raises:
        ProjectError: besides faults against the schema, an unknown place, a row without any
        figure, employed graduates without graduates or more of them than graduates.
    """
    rows = read_input("staffing", folder)
    spellings = place_spellings(load_places())
    check_known("staffing", rows, "place_id", known_places, folder, spellings)
    for row in rows.to_dict("records"):
        graduates, employed = row["graduates"], row["graduates_employed"]
        if all(pd.isna(figure) for figure in (graduates, employed, row["vacancies"])):
            columns = "graduates,graduates_employed,vacancies"
            refuse("staffing", row["line"], columns, "all empty; expected a figure", folder)
        if pd.notna(employed) and (pd.isna(graduates) or employed > graduates):
            found = "nothing" if pd.isna(graduates) else str(graduates)
            fault = f"{employed} employed, but graduates is {found}; expected no more than that"
            refuse("staffing", row["line"], "graduates_employed", fault, folder)
    return rows


def sum_input(rows: pd.DataFrame) -> pd.DataFrame:
    """The input by place and year: sums over reporting organisations and occupations.

    Returns:
        place_id, year and FROM_INPUT: occupations (distinct codes), organisations (distinct, so
        that a reader sees how many of a place's colleges report), graduates, graduates_followed
        (those in rows that say how many are employed), graduates_employed, vacancies. A sum is
        empty where no row has the figure.
    """
    if rows.empty:
        return pd.DataFrame(columns=["place_id", "year", *FROM_INPUT])
    followed = rows["graduates"].where(rows["graduates_employed"].notna())
    grouped = rows.assign(graduates_followed=followed).groupby(["place_id", "year"], sort=True)
    counts = grouped.agg(
        occupations=("occupation_code", "nunique"), organisations=("organisation", "nunique")
    )
    summed = ["graduates", "graduates_followed", "graduates_employed", "vacancies"]
    return counts.join(grouped[summed].sum(min_count=1)).reset_index()


def staffing_passport(
    districts: pd.DataFrame, summed: pd.DataFrame, region: str, first_year: int = FIRST_YEAR
) -> pd.DataFrame:
    """Supply and demand by place of `region` and year, from `first_year` on.

    Args:
        districts: districts.csv; summed: from `sum_input`.

    Returns:
        PLACE_COLUMNS, SUPPLY, DEMAND (published units: persons, tenge, percent, enterprises),
        college_students_per_1000 (people, mean population), students_per_1000_labour_force,
        sme_per_1000, investment_per_head (tenge), FROM_INPUT and graduates_employed_share
        (percent of graduates_followed). Enterprises before FIRST_YEAR_SME are left empty.

    Raises:
        ProjectError: the region has no places, or the input holds a place and year that the
        published table does not have.
    """
    table = with_mean_population(districts)
    table = table[(table["region"] == region) & (table["year"] >= first_year)]
    if table.empty:
        raise ProjectError(f"districts.csv has no places of region {region}; check the ISO code")
    keys = ["place_id", "year"]
    new = summed[keys].astype({"year": "int64"}).merge(table[keys], how="left", indicator=True)
    if (new["_merge"] == "left_only").any():
        row = new[new["_merge"] == "left_only"].iloc[0]
        raise ProjectError(
            f"data/input/staffing.csv: {row['place_id']}, {row['year']}: the published tables end "
            f"before or do not hold it (region {region}, {first_year} to {table['year'].max()}); "
            "add the new year to data/raw first or leave the rows out"
        )
    comparable = table["year"] >= FIRST_YEAR_SME
    table = table.assign(sme_active=table["sme_active"].where(comparable))
    passport = table[[*PLACE_COLUMNS, *SUPPLY, *DEMAND]].assign(
        college_students_per_1000=per_thousand(table["college_students"], table["mean_population"]),
        students_per_1000_labour_force=per_thousand(
            table["college_students"], table["labour_force"]
        ),
        sme_per_1000=per_thousand(table["sme_active"], table["mean_population"]),
        investment_per_head=table["investment"] / table["mean_population"],
    )
    filled = summed.astype({"year": "int64", **dict.fromkeys(FROM_INPUT, "float64")})
    passport = passport.merge(filled, on=keys, how="left", validate="one_to_one")
    share = 100 * passport["graduates_employed"] / passport["graduates_followed"]
    share = share.where(passport["graduates_followed"] > 0)
    return passport.assign(graduates_employed_share=share).sort_values(
        ["place_id", "year"], ignore_index=True
    )


def region_series(
    districts: pd.DataFrame, region: str, columns: Sequence[str], first_year: int
) -> pd.DataFrame:
    """Sums over the places of `region` by year (index) for `columns`; incomplete years missing."""
    # A college or university that closed long ago must not be waited for.
    recent = districts[districts["year"] >= first_year]
    parts = {name: sum_of_places(recent, region, name) for name in columns}
    return pd.DataFrame(parts).sort_index().rename_axis("year")


def index_to_base(series: pd.DataFrame, base_year: int) -> pd.DataFrame:
    """Every column as percent of its value in `base_year`.

    Raises:
        ProjectError: a column has no value in that year.
    """
    base = series.loc[base_year] if base_year in series.index else pd.Series(dtype=float)
    gaps = [name for name in series.columns if name not in base or not base[name] > 0]
    if gaps:
        raise ProjectError(f"no {gaps[0]} in {base_year}; choose another base year")
    return 100 * series / base


def leavers_range(students: float, course: CourseLength) -> tuple[float, float]:
    """Students who leave college in a year if enrolment is steady: low and high (persons).

    In a steady state, those who leave in a year are enrolment over the years that a student stays.
    Leavers are graduates and those who break off.
    """
    return students / course.longest, students / course.shortest


def enrolment_is_steady(students: pd.Series, years: int = 3, tolerance: float = 0.05) -> bool:
    """Whether enrolment of the last `years` years stays within `tolerance` of its mean."""
    recent = students.dropna().sort_index().iloc[-years:]
    # A distance of exactly the tolerance must not hang on the last bit.
    near = (recent / recent.mean() - 1).abs() <= tolerance + 1e-9
    return len(recent) == years and bool(near.all())


def against_range(value: float, low: float, high: float) -> Place:
    """Whether a stated number lies below, inside or above a range."""
    if not np.isfinite([value, low, high]).all() or low > high:
        raise ProjectError(f"range {low} to {high} for {value}; expected finite, low before high")
    return "below" if value < low else "above" if value > high else "inside"


def employment_verdict(
    claimed_below: float, national: pd.Series, regional: pd.Series
) -> Literal["confirmed", "contradicted", "cannot be checked, below all", "cannot be checked"]:
    """What published shares (percent) say of "fewer than `claimed_below` percent have a job".

    Only shares of the region itself can confirm or contradict; national ones only show how far
    the statement lies from the country.
    """
    if len(regional.dropna()):
        latest = float(regional.dropna().iloc[-1])
        return "confirmed" if latest < claimed_below else "contradicted"
    if len(national.dropna()) and bool((national.dropna() >= claimed_below).all()):
        return "cannot be checked, below all"
    return "cannot be checked"


def with_publishers(rows: pd.DataFrame, path: Path = PUBLISHERS) -> pd.DataFrame:
    """`rows` of press.csv with `publisher_<language>`: the publisher's name in every edition.

    Raises:
        ProjectError: a publisher of `rows` is not in the table or has no name in a language.
    """
    table = load_publishers(path)
    for publisher in rows["publisher"].unique():
        if publisher not in table.index or (table.loc[publisher, NAMES] == "").any():
            raise ProjectError(
                f"{shown(path)}: no name in every language for the publisher '{publisher}', which "
                "the table of graduates' employment names; add it"
            )
    return rows.join(table[NAMES], on="publisher")


def youth_against_all(districts: pd.DataFrame, region: str, year: int) -> pd.DataFrame:
    """Unemployment of the young and of all, by place of `region` in `year`.

    Returns:
        place_id, all, young, gap (percentage points, young less all), ages; places with both.

    Raises:
        ProjectError: no place has both rates in that year.
    """
    rows = districts[(districts["region"] == region) & (districts["year"] == year)]
    rows = rows.dropna(subset=["unemployment_rate", "youth_unemployment_rate"])
    if rows.empty:
        raise ProjectError(f"districts.csv has no unemployment of the young of {region} in {year}")
    table = rows[["place_id"]].assign(
        all=rows["unemployment_rate"],
        young=rows["youth_unemployment_rate"],
        gap=rows["youth_unemployment_rate"] - rows["unemployment_rate"],
        ages=rows["youth_unemployment_ages"],
    )
    return table.sort_values("place_id", ignore_index=True, kind="stable")


def known_places() -> list[str]:
    """The place_id of every city and district of metadata/places/places.csv."""
    table = load_places()
    kept = table["kind"].isin(["city", "district", "city_district"])
    return sorted(table.loc[kept, "place_id"])


def _main() -> None:
    rows = read_staffing(known_places())
    print(f"{shown(INPUT / 'staffing.csv')}: {len(rows)} rows, all as the schema says")


if __name__ == "__main__":
    exit_with_one_line(_main)
