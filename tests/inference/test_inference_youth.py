"""Cohort survival and the split of net migration at age 16, on made populations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.inference.child_split import (
    SplitAssumptions,
    split_net_migration,
    turning_sixteen,
)
from karaganda_vibe.inference.cohort_survival import cohort_net_migration
from karaganda_vibe.project.errors import ProjectError

AGES = np.arange(0, 41)


def made_tables(width: int = 1, years: int = 5) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """A made population: survival 0.99 a period, 100 leave each group at the end of the period."""
    ages = np.arange(0, 41, width)
    start = 1000.0 + 10 * ages
    first = pd.DataFrame({"age": ages, "persons": start})
    survived = start * 0.99 - 100
    second = pd.DataFrame({"age": ages + years, "persons": survived})
    return first, second, pd.DataFrame({"age": ages, "ratio": 0.99})


@pytest.mark.parametrize(("width", "cohorts"), [(1, 15), (5, 3)])
def test_cohort_survival_on_a_known_population(width: int, cohorts: int) -> None:
    result = cohort_net_migration(*made_tables(width), years=5, width=width)
    # All left after the deaths: the forward method is exact, reverse divides by survival.
    assert len(result.cohorts) == cohorts
    assert result.cohorts["forward"].sum() == pytest.approx(-100 * cohorts)
    assert result.cohorts["reverse"].sum() == pytest.approx(-100 * cohorts / 0.99)
    assert result.total == pytest.approx((-100 - 100 / 0.99) / 2 * cohorts)
    assert (result.low, result.high) == pytest.approx((-100 * cohorts / 0.99, -100 * cohorts))


def test_cohort_survival_range_widens_with_doubt_about_deaths() -> None:
    sure = cohort_net_migration(*made_tables(), years=5)
    doubtful = cohort_net_migration(*made_tables(), years=5, ratio_error=0.5)
    assert doubtful.low < sure.low <= sure.total <= sure.high < doubtful.high
    assert doubtful.total == sure.total


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"years": 7, "width": 5}, "the width divides"),
        ({}, {"ages_at_end": (3, 9)}, "not born 5 years before"),
        ({}, {"years": 5, "width": 5, "ages_at_end": (15, 28)}, "not whole groups"),
        ({0: "drop"}, {}, "the first table has no age 12"),
        ({0: "nan"}, {}, "the first table, age 12: persons is nan"),
        ({2: "ratio"}, {}, "ratio at age 12 is 1.2"),
        ({1: "twice"}, {}, "the second table holds age 5 twice"),
        ({2: "column"}, {}, "the survival table lacks the column ratio"),
    ],
)
def test_bad_age_tables_are_named(change: dict, options: dict, message: str) -> None:
    tables = list(made_tables(5 if options.get("width") == 5 else 1))
    for index, kind in change.items():
        table = tables[index]
        if kind == "drop":
            tables[index] = table[table["age"] != 12]
        elif kind == "nan":
            tables[index] = table.assign(persons=table["persons"].where(table["age"] != 12))
        elif kind == "ratio":
            tables[index] = table.assign(ratio=table["ratio"].where(table["age"] != 12, 1.2))
        elif kind == "twice":
            tables[index] = pd.concat([table, table[:1]])
        else:
            tables[index] = table.drop(columns="ratio")
    with pytest.raises(ProjectError, match=message):
        cohort_net_migration(*tables, **{"years": 5, **options})


def made_regions() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Two made regions followed for a year age by age, so that the true split is known."""
    generator = np.random.default_rng(3)
    rows, truth, national_15, national_children = [], [], 0.0, 0.0
    for region, leaving in (("A", 0.01), ("B", -0.005)):
        children = generator.uniform(900, 1100, 16).round()
        births, infant, older_deaths = 1000.0, 8.0, 4.0
        moved = -np.round(leaving * children)
        # Those aged 15 turn 16; their moves within the year count with the 16+.
        children_end = children[:15].sum() + moved[:15].sum() + births - infant - older_deaths
        adults = -200.0
        rows.append(
            {
                "region": region,
                "year": 2019,
                "children_start": children.sum(),
                "children_end": children_end,
                "births": births,
                "infant_deaths": infant,
                "net_migration": moved[:15].sum() + adults,
                "births_16_years_before": children[15] * 1.05,
                "births_in_16_years": children.sum() * 1.05,
            }
        )
        truth.append({"region": region, "year": 2019, "true": moved[:15].sum()})
        national_15 += children[15]
        national_children += children.sum()
    country = pd.DataFrame(
        {
            "year": [2019],
            "age_15": [national_15],
            "children": [national_children],
            "births_16_years_before": [national_15 * 1.05],
            "births_in_16_years": [national_children * 1.05],
        }
    )
    return pd.DataFrame(rows), country, pd.DataFrame(truth)


def test_split_finds_the_known_answer_and_adds_up() -> None:
    regions, country, truth = made_regions()
    assumptions = SplitAssumptions(1.0, 2.0, 0.0)
    turning = turning_sixteen(regions, country, assumptions)
    # In the made population births give those aged 15 exactly, both ways; the share does not.
    assert np.allclose(turning["turning_by_births"], turning["turning_by_shape"])
    assert not np.allclose(turning["turning_by_births"], turning["turning_by_share"], rtol=0.01)
    result = split_net_migration(regions, turning, assumptions)
    # The mid-point of deaths is 12, the made truth 8 + 4.
    assert np.allclose(result["net_0_15"], truth["true"])
    central = split_net_migration(regions, turning, SplitAssumptions(1.0, 2.0, 0.05))
    assert (
        (central["net_0_15_low"] <= truth["true"]) & (truth["true"] <= central["net_0_15_high"])
    ).all()
    for part in ("", "_low", "_high"):
        other = {"": "", "_low": "_high", "_high": "_low"}[part]
        total = central[f"net_0_15{part}"] + central[f"net_16_plus{other}"]
        assert np.allclose(total, regions["net_migration"])
    assert list(central["sign_16_plus"]) == ["loss", "loss"]


def test_split_without_old_births_uses_the_share_alone() -> None:
    regions, country, _ = made_regions()
    regions["births_16_years_before"] = np.nan
    turning = turning_sixteen(regions, country, SplitAssumptions(share_error=0.05))
    assert turning["turning_by_births"].isna().all()
    assert set(turning["turning_method"]) == {"share"}
    assert np.allclose(turning["turning"], turning["turning_by_share"])
    assert np.allclose(turning["turning_high"] / turning["turning_low"], 1.05 / 0.95)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda regions: regions.drop(columns="births"), "lacks the column births"),
        (lambda regions: pd.concat([regions, regions]), "A, 2019 stands twice"),
        (lambda regions: regions.assign(infant_deaths=np.nan), "infant_deaths is nan"),
        (lambda regions: regions.assign(children_end=-1.0), "children_end is -1.0"),
    ],
)
def test_bad_region_tables_are_named(change, message: str) -> None:
    regions, country, _ = made_regions()
    turning = turning_sixteen(regions, country, SplitAssumptions())
    with pytest.raises(ProjectError, match=message):
        split_net_migration(change(regions), turning)
    with pytest.raises(ProjectError, match="no year 2020"):
        turning_sixteen(regions.assign(year=2020), country, SplitAssumptions())
    with pytest.raises(ProjectError, match="expected 1 <= low <= high"):
        split_net_migration(regions, turning, SplitAssumptions(0.5, 2))
