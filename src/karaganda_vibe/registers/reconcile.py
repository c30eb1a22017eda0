"""Totals of a register beside the published ones: the difference is shown, never smoothed away."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROCESSED, shown
from karaganda_vibe.registers.age_groups import OLDEST
from karaganda_vibe.registers.sentences import said

COLUMNS = ["measure", "area", "destination", "year", "register", "published", "difference"]


def reconciled(
    balances: pd.DataFrame, flows: pd.DataFrame, parts: set[int], folder: Path = PROCESSED
) -> pd.DataFrame:
    """COLUMNS, persons: what both give for whole years; suppressed cells are left out.

    balances, flows: age_sex_balances.csv and flows_od.csv of the register; parts: years that it
    holds in part. folder: the published tables (regions.csv, districts.csv, flows_od.csv).
    """
    total = balances[
        (balances["sex"] == "both") & (balances["age_from"] == 0) & (balances["age_to"] == OLDEST)
    ]
    own = total[["area", "year", "net_migration"]].rename(columns={"net_migration": "register"})
    regions = _published(
        folder / "regions.csv", ["region", "year", "borders", "net_migration_total"]
    )
    today = regions[~regions["borders"].str.startswith("until-")]
    places = _published(folder / "districts.csv", ["place_id", "year", "net_migration"])
    matrix = _published(
        folder / "flows_od.csv", ["origin", "destination", "year", "persons", "part_of_year"]
    )
    matrix = matrix[matrix["part_of_year"] == "no"].drop(columns="part_of_year")
    found = [
        _beside("net migration of a region", own, today.rename(
            columns={"region": "area", "net_migration_total": "published"}
        ).drop(columns="borders"), ["area", "year"]),
        _beside("net migration of a place", own, places.rename(
            columns={"place_id": "area", "net_migration": "published"}
        ), ["area", "year"]),
        _beside("moves between two regions", flows[["origin", "destination", "year", "persons"]]
                .rename(columns={"persons": "register", "origin": "area"}),
                matrix.rename(columns={"persons": "published", "origin": "area"}),
                ["area", "destination", "year"]),
    ]  # fmt: skip
    both = pd.concat(found, ignore_index=True)
    return both[~both["year"].isin(parts)].reset_index(drop=True)


def _published(path: Path, columns: list[str]) -> pd.DataFrame:
    try:
        return pd.read_csv(path, usecols=columns)[columns]
    except FileNotFoundError:
        raise ProjectError(
            f"{shown(path)}: missing; restore it from the repository, or run make report"
        ) from None


def _beside(
    measure: str, own: pd.DataFrame, published: pd.DataFrame, keys: list[str]
) -> pd.DataFrame:
    both = own.merge(published, on=keys, validate="1:1").dropna(subset=["register", "published"])
    both = both.astype({"register": "int64", "published": "int64"})
    both["difference"] = both["register"] - both["published"]
    return both.assign(measure=measure).reindex(columns=COLUMNS)


def sentences(found: pd.DataFrame, language: str = "en") -> list[str]:
    """A line a measure: how many cells, how many equal, the largest difference and where."""
    lines = []
    for measure, own in found.groupby("measure", sort=False):
        worst = own.iloc[int(own["difference"].abs().to_numpy().argmax())]
        where = " → ".join(str(word) for word in (worst["area"], worst["destination"])
                           if pd.notna(word))  # fmt: skip
        lines.append(
            said(
                "compared",
                language,
                measure=said(str(measure), language),
                compared=(len(own), "count"),
                equal=(int((own["difference"] == 0).sum()), "count"),
                difference=(int(worst["difference"]), "signed_persons"),
                where=where,
                year=(int(worst["year"]), "year"),
            )
        )
    return lines or [said("nothing_compared", language)]
