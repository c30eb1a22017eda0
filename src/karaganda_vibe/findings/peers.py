"""Structurally similar places, and where a place stands among them and among all places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.rounding import round_number, round_table

PEERS = 10
FEWEST_PEERS = 5
# A year in which fewer places publish than this share of the best year is not used to compare.
COMPARABLE_SHARE = 0.75
STRUCTURE_YEARS = 3


def comparable_year(years: pd.Series) -> int:
    """The last year in which nearly as many places publish as in the best year.

    `years`: the year of every published value. "Nearly": at least `COMPARABLE_SHARE` of them.
    """
    counts = years.value_counts()
    return int(counts[counts >= COMPARABLE_SHARE * counts.max()].index.max())


def structure(panel: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    """What places are compared by: size, wage, industry, town or country.

    Index place_id; columns population, wage, output (natural logs of the means over the years of
    `years` that are published: persons; tenge a month; one plus tenge of industrial output per
    head) and town (1 for a city, 0 for a district). City districts, and places without one of the
    figures, are left out.
    """
    rows = panel[panel["year"].isin(list(years)) & (panel["kind"] != "city_district")]
    output = rows["industrial_output"] / rows["mean_population"].where(rows["mean_population"] > 0)
    means = rows.assign(output=output).groupby("place_id")[["population", "wage", "output"]].mean()
    table = pd.DataFrame(
        {
            "population": np.log(means["population"].where(means["population"] > 0)),
            "wage": np.log(means["wage"].where(means["wage"] > 0)),
            "output": np.log1p(means["output"].where(means["output"] >= 0)),
            "town": (rows.groupby("place_id")["kind"].first() == "city").astype(float),
        }
    )
    return table.dropna()


def peer_candidates(panel: pd.DataFrame) -> pd.DataFrame:
    """All places that can be a peer: `structure` over the last years that nearly all publish."""
    last = comparable_year(panel.loc[panel["wage"].notna(), "year"])
    return structure(panel, range(last - STRUCTURE_YEARS + 1, last + 1))


def nearest_places(table: pd.DataFrame, place: str, count: int = PEERS) -> pd.Series:
    """Distance to the `count` structurally nearest places, nearest first; ties by name.

    Euclidean distance on columns that are divided by their standard deviation over all places of
    `table`; a column without any spread counts for nothing.

    Raises:
        ProjectError: `place` is not in the table, or there are fewer than `count` others.
    """
    if place not in table.index:
        raise ProjectError(
            f"passport of {place}: no population, wage or industrial output to find peers by; "
            "check the last years of districts.csv"
        )
    if len(table) <= count:
        raise ProjectError(
            f"passport of {place}: {len(table) - 1} places to compare with, expected at least "
            f"{count}; ask for fewer peers"
        )
    spread = table.std(ddof=0)
    used = table.loc[:, spread > 0] / spread[spread > 0]
    distance = np.sqrt(((used - used.loc[place]) ** 2).sum(axis=1)).drop(place)
    ordered = distance.rename("distance").rename_axis("place_id").reset_index()
    ordered["distance"] = ordered["distance"].map(round_number)
    chosen = ordered.sort_values(["distance", "place_id"]).head(count)
    return chosen.set_index("place_id")["distance"]


def rank_from_highest(values: pd.Series, place: str) -> int:
    """Rank of `place` counted from the highest value; places with the same value share it."""
    return int((values > values.loc[place]).sum()) + 1


def band_of_ranks(
    values: pd.DataFrame, place: str, year: int, years: int = STRUCTURE_YEARS
) -> tuple[int | None, int | None]:
    """Lowest and highest rank of a place in the `years` up to `year`, among the places that publish
    every one of them; None and None where the place itself does not.

    values: place_id, year, value of one indicator and one definition.
    """
    table = values.pivot(index="place_id", columns="year", values="value")
    wanted = list(range(year - years + 1, year + 1))
    table = table.reindex(columns=wanted).dropna()
    if place not in table.index:
        return None, None
    ranks = [rank_from_highest(table[each], place) for each in wanted]
    return min(ranks), max(ranks)


def share_below(values: pd.Series) -> pd.Series:
    """Share (0 to 1) of the other places whose value is lower; a tie counts half."""
    others = max(len(values) - 1, 1)
    return (values.rank(method="average") - 1) / others


def standing(values: pd.DataFrame, place: str, peers: Sequence[str]) -> dict[str, object]:
    """Where a place stands by one indicator.

    Args:
        values: place_id, year, value, definition of one indicator, all places.

    Returns:
        latest_year, latest, latest_definition; year (the last comparable one), value, definition,
        rank (1 = highest), places, rank_low, rank_high (see `band_of_ranks`), rank_among_peers,
        of_peers (the place counted), peers_median; share (see `share_below`) and peer_shares.
        Compared are only places whose figure has the definition of the place's own. What the
        place does not publish is None.
    """
    own = values[values["place_id"] == place].sort_values("year", kind="stable")
    year = comparable_year(values["year"])
    facts: dict[str, object] = {
        "latest_year": None, "latest": None, "latest_definition": "", "year": year, "value": None,
        "definition": "", "rank": None, "places": None, "rank_low": None, "rank_high": None,
        "rank_among_peers": None, "of_peers": None, "peers_median": None, "share": None,
        "peer_shares": (),
    }  # fmt: skip
    if len(own):
        last = own.iloc[-1]
        facts |= {
            "latest_year": int(last["year"]),
            "latest": float(last["value"]),
            "latest_definition": str(last["definition"]),
        }
    now = own[own["year"] == year]
    if now.empty:
        return facts
    definition = str(now["definition"].iloc[0])
    same = values[(values["year"] == year) & (values["definition"] == definition)]
    everyone = same.set_index("place_id")["value"]
    near = everyone[everyone.index.isin([*peers, place])]
    facts |= {
        "value": float(everyone[place]),
        "definition": definition,
        "rank": rank_from_highest(everyone, place),
        "places": len(everyone),
    }
    low, high = band_of_ranks(values[values["definition"] == definition], place, year)
    facts |= {"rank_low": low, "rank_high": high}
    shares = share_below(everyone)
    facts |= {"share": float(shares[place]), "peer_shares": tuple(shares[near.index.drop(place)])}
    if len(near) > FEWEST_PEERS:
        facts |= {
            "rank_among_peers": rank_from_highest(near, place),
            "of_peers": len(near),
            "peers_median": round_number(near.drop(place).median()),
        }
    return facts


def with_peers_median(values: pd.DataFrame, place: str, peers: Sequence[str]) -> pd.DataFrame:
    """The series of a place with the median of its peers: indicator, year, value, definition,
    peers_median.

    The median is taken over peers whose figure has the place's definition of that year, and is
    missing where fewer than `FEWEST_PEERS` publish one.
    """
    keys = ["indicator", "year", "definition"]
    own = values[values["place_id"] == place][[*keys, "value"]]
    near = values[values["place_id"].isin(list(peers))].groupby(keys)["value"]
    medians = near.median().where(near.count() >= FEWEST_PEERS).rename("peers_median")
    table = own.join(medians, on=keys).sort_values(["indicator", "year"])
    columns = ["indicator", "year", "value", "definition", "peers_median"]
    return round_table(table[columns].reset_index(drop=True))
