"""The young in the net migration of an area, from the office's own figures that somebody enters.

Two tables in data/input, both empty until they are filled (docs/youth_input.md): balances by age
group (age_balances.csv), and dated age tables with a life table (age_tables.csv), from which a
survival-corrected balance follows. The results stand beside the bound of `youth_bound`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from karaganda_vibe.findings.staffing import known_places
from karaganda_vibe.findings.youth_bound import YouthBound
from karaganda_vibe.places.registry import load_places, load_regions, place_spellings
from karaganda_vibe.project.errors import ProjectError, exit_with_one_line
from karaganda_vibe.project.paths import shown
from karaganda_vibe.project.tables import check_known
from karaganda_vibe.sources.age_tables import migration_of_ages, read_age_tables
from karaganda_vibe.sources.input_tables import INPUT, read_input, refuse
from karaganda_vibe.words.languages import LANGUAGES

YOUNG = (14, 34)
"""Lowest and highest completed age of the young, as the bound counts them."""
BALANCES, TABLES = "age_balances", "age_tables"
Verdict = Literal["empty", "elsewhere", "inside", "below", "above", "other", "cohort"]


@dataclass(frozen=True)
class EnteredYoung:
    """What the office's own figures say of the young of one area.

    Attributes:
        area: region code or place_id; first_year, last_year: calendar years that the balance
            covers, both ends counted.
        youngest, oldest: completed ages; of a cohort balance at its end.
        net: net migration, persons; low, high: its range, equal to `net` for a published balance.
        basis: "balance" where published by age, "cohort" where derived from two age tables.
        source: as entered.
    """

    area: str
    first_year: int
    last_year: int
    youngest: int
    oldest: int
    net: float
    low: float
    high: float
    basis: Literal["balance", "cohort"]
    source: str


def area_names() -> dict[str, dict[str, str]]:
    """Every region code and place_id that may be entered, with its name by language."""
    places = load_places()
    named = (
        ("region", "name", load_regions()),
        ("place_id", "place", places[places["place_id"].isin(known_places())]),
    )
    return {
        str(row[key]): {code: str(row[f"{column}_{code}"]) for code in LANGUAGES}
        for key, column, table in named
        for row in table.to_dict("records")
    }


def entered_young(year: int, here: str, folder: Path = INPUT) -> list[EnteredYoung]:
    """All that is entered, `here` first, then in the order of the tables, balances first.

    Of an area's balances the one of `year` counts, else the newest.

    Raises ProjectError, one line, for every fault of the two tables.
    """
    balances = _with_known_areas(BALANCES, read_input(BALANCES, folder), folder)
    tables = _with_known_areas(TABLES, read_age_tables(folder / f"{TABLES}.csv"), folder)
    found = [_balance(rows, year, folder) for _, rows in balances.groupby("region", sort=False)]
    with_path = f"{shown(folder / f'{TABLES}.csv')}: "
    for area, rows in tables.groupby("region", sort=False):
        try:
            found.append(_cohort(str(area), rows))
        except ProjectError as error:
            raise ProjectError(f"{with_path}{error}") from None
    return sorted(found, key=lambda entry: entry.area != here)


def own_figure(entered: Sequence[EnteredYoung], here: str) -> EnteredYoung | None:
    """The entry that stands for `here`: its balance, else what follows from its age tables."""
    return next((entry for entry in entered if entry.area == here), None)


def balances_by_year(folder: Path = INPUT) -> dict[str, dict[int, float]]:
    """Entered net migration of all the ages YOUNG, persons, by area and year.

    Years whose age groups do not cover YOUNG are left out. Raises ProjectError as `entered_young`.
    """
    table = _with_known_areas(BALANCES, read_input(BALANCES, folder), folder)
    found: dict[str, dict[int, float]] = {}
    for year, of_year in table.groupby("year"):
        for area, rows in of_year.groupby("region", sort=False):
            entry = _balance(rows, int(str(year)), folder)
            if (entry.youngest, entry.oldest) == YOUNG:
                found.setdefault(str(area), {})[entry.first_year] = entry.net
    return found


def _with_known_areas(name: str, rows: pd.DataFrame, folder: Path) -> pd.DataFrame:
    spellings = place_spellings(load_places())
    check_known(folder / f"{name}.csv", rows, "region", area_names(), spellings=spellings)
    return rows


def _balance(rows: pd.DataFrame, year: int, folder: Path) -> EnteredYoung:
    """The balance of the age groups within YOUNG of one area, in `year` or the newest year."""
    for row in rows.to_dict("records"):
        if row["age_to"] < row["age_from"]:
            fault = f"{row['age_to']} is below age_from {row['age_from']}"
            refuse(BALANCES, row["line"], "age_to", f"{fault}; expected no less", folder)
    chosen = year if (rows["year"] == year).any() else int(rows["year"].max())
    own = rows[(rows["year"] == chosen)].sort_values("age_from", kind="stable")
    within = own[(own["age_from"] >= YOUNG[0]) & (own["age_to"] <= YOUNG[1])]
    if within.empty:
        fault = f"{chosen} has no age group within {YOUNG[0]} to {YOUNG[1]}; expected one or more"
        refuse(BALANCES, int(own["line"].iloc[0]), "age_from", fault, folder)
    expected = int(within["age_from"].iloc[0])
    for row in within.to_dict("records"):
        if row["age_from"] != expected:
            kind = "overlap" if row["age_from"] < expected else "leave a gap"
            fault = f"the age groups of {chosen} {kind}: found {row['age_from']}"
            refuse(BALANCES, row["line"], "age_from", f"{fault}, expected {expected}", folder)
        expected = row["age_to"] + 1
    net = float(within["net_migration"].sum())
    return EnteredYoung(
        str(own["region"].iloc[0]), chosen, chosen, int(within["age_from"].iloc[0]),
        int(expected) - 1, net, net, net, "balance", _sources(within),
    )  # fmt: skip


def _cohort(area: str, rows: pd.DataFrame) -> EnteredYoung:
    """The survival-corrected balance of the cohorts that end within YOUNG, over the interval."""
    counts = rows[rows["kind"] == "population"]
    dates = sorted(int(date) for date in counts["date"].unique())
    ages = YOUNG
    if len(dates) == 2:
        last = counts[counts["date"] == dates[1]]
        born = last["age"] >= max(YOUNG[0], dates[1] - dates[0])
        whole = last[born & (last["age"] + last["width"] - 1 <= YOUNG[1])]
        if whole.empty:
            raise ProjectError(
                f"age tables: {area}: the population of {dates[1]} has no age group within "
                f"{YOUNG[0]} to {YOUNG[1]} that was born by {dates[0]}; expected one or more"
            )
        ages = (int(whole["age"].min()), int((whole["age"] + whole["width"]).max()) - 1)
    result = migration_of_ages(rows, area, ages_at_end=ages)
    # The dates are the first days of their years, so the last whole year is the one before.
    return EnteredYoung(
        area, dates[0], dates[1] - 1, *ages, result.total, result.low, result.high, "cohort",
        _sources(rows),
    )  # fmt: skip


def _sources(rows: pd.DataFrame) -> str:
    return "; ".join(dict.fromkeys(rows["source"]))


def beside(
    entry: EnteredYoung, year: int, nets: Mapping[str, float], bound: YouthBound
) -> tuple[int, int] | None:
    """Young people lost, in hundreds, if `bound`'s shares held in the entry's area.

    Args:
        nets: net migration at all ages in `year`, persons, by region code or place_id.

    None for an entry of another year, of other ages or derived from age tables, and for an area
    whose net is missing or no loss: there the shares say nothing.
    """
    net = nets.get(entry.area, 0.0)
    if entry.basis == "cohort" or not _same(entry, year) or not net < 0:
        return None
    low, high = (100 * round(-net * share / 100) for share in (bound.share_low, bound.share_high))
    return low, high


def _same(entry: EnteredYoung, year: int) -> bool:
    return entry.first_year == year and (entry.youngest, entry.oldest) == YOUNG


def verdict_on(
    entered: Sequence[EnteredYoung], here: str, year: int, expected: tuple[float, float]
) -> Verdict:
    """How the first entry of `here` stands to the extrapolated loss `expected` of `year`.

    "inside", "below" (a smaller loss, or a gain) and "above" for a published balance of that year
    and the ages YOUNG; "other" for one of other years or ages; "cohort"; "elsewhere" where other
    areas alone are entered; "empty" where nothing is.
    """
    if not entered:
        return "empty"
    first = own_figure(entered, here)
    if first is None:
        return "elsewhere"
    if first.basis == "cohort":
        return "cohort"
    if not _same(first, year):
        return "other"
    if -first.net < expected[0]:
        return "below"
    return "above" if -first.net > expected[1] else "inside"


def _main() -> None:
    for entry in entered_young(0, ""):
        print(
            f"{entry.area}, {entry.first_year}-{entry.last_year}, ages {entry.youngest}-"
            f"{entry.oldest}: {entry.net:.0f} ({entry.low:.0f} to {entry.high:.0f}), {entry.basis}"
        )
    print(f"{shown(INPUT)}: {BALANCES}.csv and {TABLES}.csv read without a fault")


if __name__ == "__main__":
    exit_with_one_line(_main)
