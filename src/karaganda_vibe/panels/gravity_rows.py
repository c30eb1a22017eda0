"""Rows of the models of moves: an ordered pair of regions in a year, with what either end has.

`borders: today` takes the flows as published. `borders: published` adds them up to the borders on
which more of the model's conditions of the year before are published: a region that was divided
later is one unit with its parts, and moves inside it fall away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from karaganda_vibe.inference.design import Design, check_design
from karaganda_vibe.inference.gravity_file import GravityModel
from karaganda_vibe.inference.specs import Variable
from karaganda_vibe.inference.within import integer_codes, within
from karaganda_vibe.places.registry import check_regions, republican_cities
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.tables import read_table

CENTRES_FILE = METADATA / "places" / "united_centres.csv"
# Prices are those of the unit's centre, a city; people of a united unit are those of its parts.
OF_THE_CENTRE = ("housing_price_secondary", "housing_rent")
OF_THE_PEOPLE = ("population_average",)
RATIOS = {"price_to_wage": "housing_price_secondary", "rent_to_wage": "housing_rent"}
PAIR_SIGN = ">"


def load_united_centres(path: Path = CENTRES_FILE) -> dict[tuple[str, str], str]:
    """(region, borders) → the region of today in which that unit's centre lies, where it differs.

    Raises ProjectError for an unknown region.
    """
    columns = ("region", "borders", "centre_in", "evidence")
    frame = read_table(path, columns, filled=columns, keys=[("region", "borders")])
    for column in ("region", "centre_in"):
        check_regions(path, frame, column)
    return {
        (str(region), str(borders)): str(centre)
        for region, borders, centre in zip(
            frame["region"], frame["borders"], frame["centre_in"], strict=True
        )
    }


def check_flows(flows: pd.DataFrame, known: Sequence[str], where: str = "flows_od.csv") -> None:
    """Raise ProjectError, one line, where the table of moves is no complete matrix.

    `flows`: origin, destination, year, persons. Named: an unknown region, a pair twice, a pair of
    a region with itself, a missing pair, a number of persons that is none or below zero.
    """
    for column in ("origin", "destination"):
        strange = flows[~flows[column].isin(known)]
        if len(strange):
            raise ProjectError(
                f"{where}: {column} is {strange[column].iloc[0]!r} in {strange['year'].iloc[0]}; "
                "expected a region of metadata/places/regions.csv; correct the code"
            )
    for year, rows in flows.groupby("year"):
        pairs = rows[["origin", "destination"]]
        for fault, found in (("stands twice", pairs[pairs.duplicated()]),
                             ("is no move between regions",
                              pairs[pairs["origin"] == pairs["destination"]])):  # fmt: skip
            if len(found):
                pair = " to ".join(found.iloc[0])
                raise ProjectError(
                    f"{where}: the pair {pair} {fault} in {year}; expected each ordered pair of "
                    "two regions once; take the row out"
                )
        names = sorted({*pairs["origin"], *pairs["destination"]})
        held = set(pairs.itertuples(index=False, name=None))
        missing = [(o, d) for o in names for d in names if o != d and (o, d) not in held]
        if missing:
            raise ProjectError(
                f"{where}: the pair {missing[0][0]} to {missing[0][1]} is missing in {year} "
                f"({len(missing)} in all); expected every ordered pair; zeros stand as zeros"
            )
    bad = flows[~(pd.to_numeric(flows["persons"], errors="coerce") >= 0)]
    if len(bad):
        row = bad.iloc[0]
        raise ProjectError(
            f"{where}: {row['origin']} to {row['destination']} holds {row['persons']!r} persons in "
            f"{row['year']}; expected zero or more; correct the cell"
        )


@dataclass(frozen=True)
class Places:
    """What the rows are made of.

    Attributes:
        flows: origin, destination, year, persons (20 regions of today).
        pairs: origin, destination, distance_km, border, former_common_region.
        panel: from `driver_panels.region_panel`.
        registry: from `load_regions`; centres: from `load_united_centres`.
    """

    flows: pd.DataFrame
    pairs: pd.DataFrame
    panel: pd.DataFrame
    registry: pd.DataFrame
    centres: dict[tuple[str, str], str]

    @property
    def parents(self) -> dict[str, str]:
        """Region → the region that it left."""
        split = self.registry[self.registry["split_from"].fillna("") != ""]
        return dict(zip(split["region"], split["split_from"], strict=True))


def old_oblast(region: str, parents: dict[str, str]) -> str:
    """The oblast that a region of today belonged to before the first division."""
    while region in parents:
        region = parents[region]
    return region


def units_of_year(places: Places, columns: Sequence[str], year: int) -> pd.DataFrame:
    """Units on the borders on which `columns` are published for `year`.

    Columns: region, unit_region, borders.

    A divided region and its parts are one unit where its row on the borders before the division
    holds more of the columns than its row after it.
    """
    panel = places.panel
    rows = panel[panel["year"] == year].assign(
        held=lambda frame: frame[[c for c in columns if c in frame]].notna().sum(axis=1)
    )
    names = sorted(set(places.flows["origin"]))
    unit = {region: region for region in names}
    borders = {}
    for region in names:
        own = rows[rows["region"] == region].sort_values("borders", kind="stable")
        if own.empty:
            borders[region] = ""
            continue
        # "until-…" sorts after "since-…": with equal rows the borders of today win.
        best = own.iloc[int(np.argmax(own["held"].to_numpy()))]
        borders[region] = str(best["borders"])
    for part, parent in places.parents.items():
        if borders.get(parent, "").startswith("until-") and part in unit:
            unit[part] = parent
    frame = pd.DataFrame({"region": names, "unit_region": [unit[name] for name in names]})
    frame["borders"] = frame["unit_region"].map(borders)
    return frame


def conditions_of_year(places: Places, units: pd.DataFrame, year: int) -> pd.DataFrame:
    """The panel's row of each unit in `year`, by unit_region, gaps of its own borders filled.

    Prices and rents are those of the unit's centre, wherever it lies today; people are summed over
    the parts. Nothing else is filled.
    """
    of_year = places.panel[places.panel["year"] == year]
    rows: dict[tuple[str, str], dict[str, Any]] = {
        (str(row["region"]), str(row["borders"])): {str(k): v for k, v in row.items()}
        for row in of_year.to_dict("records")
    }
    today = of_year.sort_values("borders", kind="stable")
    today = today.drop_duplicates("region").set_index("region")  # "since-…" before "until-…"
    result = []
    for key, parts in units.groupby(["unit_region", "borders"]):
        unit, borders = map(str, key)
        if (unit, borders) not in rows:
            continue
        row = dict(rows[unit, borders])
        centre = places.centres.get((unit, borders), unit)
        for column in OF_THE_CENTRE:
            if pd.isna(row[column]) or centre != unit:
                row[column] = today[column].get(centre, np.nan)
        for column in OF_THE_PEOPLE:
            if pd.isna(row[column]):
                row[column] = today[column].reindex(parts["region"]).sum(skipna=False)
        for ratio, price in RATIOS.items():
            row[ratio] = row[price] / row["wage"]
        result.append({**row, "unit_region": unit})
    frame = pd.DataFrame(result).set_index("unit_region")
    cities = republican_cities(places.registry)
    frame["republican_city"] = [float(unit in cities) for unit in frame.index]
    return frame


def transformed(variable: Variable, table: pd.DataFrame, where: str) -> pd.Series:
    """The variable for each unit of `table`: logs natural, rates per 1,000 average people.

    Raises ProjectError for a column that is not there and a log of zero or less.
    """
    if variable.column not in table:
        raise ProjectError(
            f"{where}: the regions' table has no column {variable.column!r}; expected one of "
            "data/processed/regions.csv; correct the name"
        )
    values = table[variable.column].astype(float)
    if "per_1000" in variable.transform:
        values = 1000 * values / table["population_average"].astype(float)
    if "log" in variable.transform:
        if (values <= 0).any():
            raise ProjectError(
                f"{where}: {variable.term} is {values.min():g} at {values.idxmin()}; a log needs "
                "numbers above zero; leave the row out"
            )
        return pd.Series(np.log(values.to_numpy()), index=values.index)
    return values


def gravity_rows(model: GravityModel, places: Places) -> pd.DataFrame:
    """The rows of a model, complete or not.

    Returns:
        columns origin, destination (codes of the unit's region), origin_unit, destination_unit
        (with borders), year, persons, every term of the model.
    """
    check_flows(places.flows, list(places.registry["region"]))
    parts = []
    for year in model.years:
        flows = places.flows[places.flows["year"] == year]
        if flows.empty:
            raise ProjectError(
                f"{model.where}: no moves of {year}; expected a year of flows_od.csv; correct years"
            )
        parts.append(_rows_of_year(model, places, flows, year))
    return pd.concat(parts, ignore_index=True)


def _rows_of_year(
    model: GravityModel, places: Places, flows: pd.DataFrame, year: int
) -> pd.DataFrame:
    if model.borders == "today":
        names = sorted(set(flows["origin"]))
        units = pd.DataFrame({"region": names, "unit_region": names, "borders": "today"})
    else:
        columns = [variable.column for variable in model.conditions]
        lags = {variable.lag for variable in model.conditions if variable.lag}
        units = units_of_year(places, columns, year - max(lags, default=0))
    unit = units.set_index("region")["unit_region"]
    borders = units.drop_duplicates("unit_region").set_index("unit_region")["borders"]
    rows = flows[["origin", "destination", "persons"]].merge(
        places.pairs, on=["origin", "destination"], how="left", validate="one_to_one"
    )
    lost = rows[rows["distance_km"].isna()]
    if len(lost):
        raise ProjectError(
            f"region_pairs.csv: the pair {lost['origin'].iloc[0]} to {lost['destination'].iloc[0]} "
            "is missing; expected every pair of the moves; make the table again"
        )
    ends = {end: rows[end].map(unit) for end in ("origin", "destination")}
    moved = rows.assign(**ends).query("origin != destination")
    summed = moved.groupby(["origin", "destination"], as_index=False).agg(
        persons=("persons", "sum"),
        border=("border", "max"),
        former_common_region=("former_common_region", "max"),
    )
    centre = {u: places.centres.get((u, borders[u]), u) for u in borders.index}
    km = places.pairs.set_index(["origin", "destination"])["distance_km"]
    keys = [
        (centre[o], centre[d]) for o, d in zip(summed["origin"], summed["destination"], strict=True)
    ]
    summed["log_distance"] = np.log(km.reindex(keys).to_numpy(float))
    summed["year"] = year
    for end in ("origin", "destination"):
        summed[f"{end}_unit"] = summed[end] + " " + summed[end].map(borders)
    tables = {
        lag: conditions_of_year(places, units, year - lag)
        for lag in sorted({variable.lag for variable in model.conditions})
    }
    for variable in model.conditions:
        values = transformed(variable, tables[variable.lag], model.where)
        summed[variable.term] = summed[model.side].map(values)
    for name in ("border", "former_common_region"):
        summed[name] = summed[name].astype(float)
    front = ["origin", "destination", "origin_unit", "destination_unit", "year", "persons"]
    return summed[[*front, *model.terms]]


def gravity_design(model: GravityModel, rows: pd.DataFrame) -> tuple[Design, pd.DataFrame]:
    """The model's arrays, and the rows in them (in their order).

    A place of the design is an ordered pair, a region (the cluster) the end whose conditions the
    model asks about. Rows without a condition are left out and noted, with the units; a term that
    does not vary within the effects goes out and is noted; rows of zero leave the logarithms.

    Raises:
        ProjectError: from `design.check_design`.
    """
    notes = []
    complete = rows[list(model.terms)].notna().all(axis=1)
    if not complete.all():
        gone = rows[~complete]
        named = sorted({f"{u} {y}" for u, y in zip(gone[model.side], gone["year"], strict=True)})
        notes.append(f"a condition is not published: {', '.join(named)}")
    if model.estimator == "ols":
        zero = complete & (rows["persons"] == 0)
        if zero.any():
            notes.append(f"left out, zero persons: {int(zero.sum())} rows")
        complete &= rows["persons"] > 0
    kept = rows[complete].reset_index(drop=True)
    codes = {
        "origin_year": kept["origin"] + " " + kept["year"].astype(str),
        "destination_year": kept["destination"] + " " + kept["year"].astype(str),
        "destination_unit": kept["destination_unit"],
    }
    effects = tuple(integer_codes(codes[name].to_numpy(str))[0] for name in model.effects)
    terms = []
    for term in model.terms:
        if _varies(kept[term].to_numpy(float), effects):
            terms.append(term)
        else:
            notes.append(f"does not vary within the effects: {term}")
    pairs = (kept["origin"] + PAIR_SIGN + kept["destination"]).to_numpy(str)
    place, place_labels = integer_codes(pairs)
    region, region_labels = integer_codes(kept[model.side].to_numpy(str))
    persons = kept["persons"].to_numpy(float)
    design = Design(
        model_id=model.id,
        outcome_name="persons" if model.estimator == "ppml" else "log_persons",
        outcome=persons if model.estimator == "ppml" else np.log(persons),
        terms=tuple(terms),
        regressors=kept[terms].to_numpy(float),
        effect_names=model.effects,
        effects=effects,
        place=place,
        region=region,
        year=kept["year"].to_numpy(np.int64),
        place_labels=place_labels,
        region_labels=region_labels,
        estimator=model.estimator,
        family=tuple(terms.index(term) for term in model.family if term in terms),
        panel=f"moves, borders {model.borders}",
        sample=" ".join(map(str, model.years)),
        notes=tuple(notes),
    )
    checked = check_design(design, single_place_clusters="keep")
    if checked.n_obs != len(kept):
        held = pd.MultiIndex.from_arrays([checked.place_labels[checked.place], checked.year])
        kept = kept[pd.MultiIndex.from_arrays([pairs, kept["year"]]).isin(held)]
    return checked, kept.reset_index(drop=True)


def _varies(values: np.ndarray, effects: Sequence[np.ndarray]) -> bool:
    left = within(values[:, None], effects)
    return float(np.linalg.norm(left)) > 1e-8 * max(float(np.linalg.norm(values)), 1e-300)


def ends(design: Design) -> tuple[np.ndarray, np.ndarray]:
    """Labels (n,) of origin and destination of a design's rows."""
    pairs = [str(label).split(PAIR_SIGN) for label in design.place_labels[design.place]]
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
