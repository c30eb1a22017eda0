"""Rates from balances and a register of population, the optional denominator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers.age_groups import FIRST_AGES, OLDEST, last_age
from karaganda_vibe.registers.engines import open_source
from karaganda_vibe.registers.identifiers import refuse_names
from karaganda_vibe.registers.kato import UNKNOWN, Nodes, load_words

COLUMNS = ("place", "year", "age", "sex", "population")
KEYS = ["area", "year", "age_from", "age_to", "sex"]
PER = 1000


def read_population(backend: Any, source: str, nodes: Nodes) -> pd.DataFrame:
    """Population by area (place and region), year, age group and sex (also both): KEYS, population.

    source: as of a register, one row place × year × age × sex (see
    metadata/indicators/register_population.schema.json). Raises ProjectError for missing columns,
    unknown codes, words for sex or ages.
    """
    table = open_source(backend, source)
    refuse_names(table.columns, source)
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise ProjectError(f"{source}: no column {', '.join(missing)}; see docs/registers.md")
    frame = table.select(*COLUMNS).to_pandas()
    frame[["year", "age", "population"]] = frame[["year", "age", "population"]].astype("int64")
    node = frame["place"].astype(str).map(nodes.of_code)
    sex = frame["sex"].astype(str).str.strip().str.lower().map(load_words("sex"))
    for name, wrong in (("place", node == UNKNOWN), ("sex", sex.isna()),
                        ("age", ~frame["age"].between(0, OLDEST))):  # fmt: skip
        if wrong.any():
            raise ProjectError(
                f"{source}: column {name}: '{frame.loc[wrong, name].iloc[0]}' in "
                f"{int(wrong.sum())} rows is not known; correct it"
            )
    group = np.searchsorted(FIRST_AGES, frame["age"], side="right") - 1
    first = pd.Series(FIRST_AGES)[group].to_numpy()
    known = frame.assign(
        area=node.map(dict(enumerate(nodes.names))), sex=sex,
        age_from=first, age_to=[last_age(age) for age in first],
    )  # fmt: skip
    regions = known.assign(area=known["area"].map(nodes.region_of()))
    own = pd.concat([known[known["area"] != regions["area"]], regions])
    own = pd.concat([own, own.assign(sex="both")])
    own = pd.concat([own, own.assign(age_from=0, age_to=OLDEST)])
    return own.groupby(KEYS, as_index=False)["population"].sum()


def rates(balances: pd.DataFrame, population: pd.DataFrame, fewest: int = 1) -> pd.DataFrame:
    """Net migration per 1000 persons, where balance and population are given: KEYS and three more.

    balances: age_sex_balances.csv; population: `read_population`. Groups of fewer than `fewest`
    persons are left out.
    """
    both = balances.merge(population, on=KEYS, validate="1:1")
    both = both[both["net_migration"].notna() & (both["population"] >= fewest)].reset_index(
        drop=True
    )
    rate = PER * both["net_migration"].astype(float) / both["population"]
    both["net_migration_per_1000"] = rate
    return both[[*KEYS, "net_migration", "population", "net_migration_per_1000", "source"]]
