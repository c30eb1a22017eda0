"""Levers ranked by how sure one can be of them, with size, places concerned, what to measure next.

Nothing here says that a lever works. Sizes are associations of the driver that stands for it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path

import pandas as pd

from karaganda_vibe.findings.driver_words import driver_row, driver_word
from karaganda_vibe.panels.migration_series import average_over, place_rates
from karaganda_vibe.panels.rates import per_thousand
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import fault, read_table

LEVERS = METADATA / "programmes" / "recommendations.csv"
COLUMNS = (
    "id", "lever_en", "lever_ru", "lever_kk", "term", "model_id", "direction", "column", "per",
    "rule", "measure_next_en", "measure_next_ru", "measure_next_kk", "who_en", "who_ru", "who_kk",
)  # fmt: skip
NOT_MEASURED = "not measured"
WORDS = ("firm", "weak", "unknown", NOT_MEASURED)
DIRECTIONS = ("more", "less")
RULES = ("behind", "losing", "losing-districts")
YEARS = 3
FEW_PLACES = 30
NAMED_PLACES = 2


def load_levers(path: Path = LEVERS) -> pd.DataFrame:
    """The levers as text, columns `COLUMNS` and line.

    Raises ProjectError for an unknown rule or direction, an empty text, or a lever with a driver
    but no model, direction or column.
    """
    frame = read_table(
        path,
        COLUMNS,
        typed={"rule": RULES, "direction": DIRECTIONS},
        filled=["id", "rule", *(c for c in COLUMNS if c.endswith(("_en", "_ru", "_kk")))],
        keys=["id"],
    )
    for row in frame.to_dict("records"):
        for column in ("model_id", "direction", "column") if row["term"] else ():
            if not row[column]:
                text = f"empty; the lever {row['id']} has a driver and needs it"
                raise fault(path, row["line"], text, column)
        if row["rule"] == "behind" and not row["term"]:
            text = f"'behind', but the lever {row['id']} has no driver; choose another rule"
            raise fault(path, row["line"], text, "rule")
    return frame


def losing_places(districts: pd.DataFrame, region: str, years: int = YEARS) -> pd.Series:
    """Mean net migration per 1,000 over the last `years` years of the places that lose people.

    By place_id, largest loss first. A place without a figure for each of the years is left out.
    """
    rates = place_rates(districts[districts["region"] == region])
    last = int(rates.dropna(subset=["net_rate"])["year"].max())
    mean = average_over(rates, range(last - years + 1, last + 1), "place_id", "net_rate").dropna()
    return mean[mean < 0].sort_values(kind="stable")


def recent_levels(
    districts: pd.DataFrame, column: str, per_head: bool, years: int = YEARS
) -> pd.Series:
    """Mean of a column over the last `years` years that the table has of it, by place_id.

    Per 1,000 people where `per_head`. Places with none of these years are missing.
    """
    if column not in districts:
        raise ProjectError(
            f"data/processed/districts.csv has no column '{column}', which {shown(LEVERS)} names; "
            "correct the name"
        )
    table = districts.dropna(subset=[column])
    table = table[table["year"] > table["year"].max() - years]
    rated = place_rates(table)
    values = per_thousand(rated[column], rated["mean_population"]) if per_head else rated[column]
    return values.groupby(rated["place_id"]).mean()


def places_behind(
    levels: pd.Series, kinds: pd.Series, candidates: pd.Index, direction: str
) -> tuple[list[str], int]:
    """Which of `candidates` are on the worse side of the median of places of their kind.

    Args:
        levels: the driver by place, the whole country; kinds: kind by place.
        direction: "more" where more of the driver is meant to help, else "less".

    Returns:
        the places, worst first, and how many candidates have no figure.
    """
    known = levels.dropna()
    medians = known.groupby(kinds.reindex(known.index)).median()
    own = known.reindex(candidates).dropna()
    short = medians.reindex(kinds.reindex(own.index)).to_numpy() - own
    short = short if direction == "more" else -short
    behind = short[short > 0].sort_values(ascending=False, kind="stable")
    return [str(place) for place in behind.index], len(candidates) - len(own)


def lever_places(lever: Mapping[str, str], districts: pd.DataFrame, region: str) -> dict:
    """Places concerned by one lever, by its rule: "places" (ids) and "not_published" (count).

    "losing": every place of the region that lost people on the mean of the last three years.
    "losing-districts": the rural districts among them. "behind": those among them that are on the
    worse side of the median of places of their kind in the country, by the driver.
    """
    losing = losing_places(districts, region)
    kinds = districts.drop_duplicates("place_id").set_index("place_id")["kind"]
    if lever["rule"] == "losing":
        return {"places": [str(place) for place in losing.index], "not_published": 0}
    if lever["rule"] == "losing-districts":
        rural = [str(place) for place in losing.index if kinds[place] == "district"]
        return {"places": rural, "not_published": 0}
    levels = recent_levels(districts, lever["column"], lever["per"] == "population")
    places, missing = places_behind(levels, kinds, losing.index, lever["direction"])
    return {"places": places, "not_published": missing}


def lever_size(
    lever: Mapping[str, str],
    results: pd.DataFrame,
    verdicts: pd.DataFrame,
    typical: Mapping[str, pd.Series],
) -> dict[str, object]:
    """Evidence and size of one lever: what goes with a typical change of its driver.

    `typical`: typical change by term, by model. Keys: word; and, for a lever with a driver, change
    (signed in the lever's direction, the term's unit), effect, low, high (people per 1,000 a year),
    p_unadjusted, n_places, every_test (whether the plan makes all its tests of it), placebo_fails
    (whether migration goes with the driver ahead of its year or with that of the year after, where
    the plan has those tests).
    """
    term, model = lever["term"], lever["model_id"]
    if not term:
        return {"word": NOT_MEASURED}
    row = driver_row(results, model, term)
    change = float(typical[model][term]) * (1 if lever["direction"] == "more" else -1)
    low, high = sorted([float(row["ci_low"]) * change, float(row["ci_high"]) * change])
    judged = verdicts[(verdicts["model_id"] == model) & (verdicts["term"] == term)]
    return {
        "word": driver_word(results, verdicts, model, term),
        "every_test": len(judged) > 0,
        "change": change,
        "effect": float(row["estimate"]) * change,
        "low": low,
        "high": high,
        "p_unadjusted": float(row["p_wild_region"]),
        "n_places": int(row["n_places"]),
        "placebo_fails": bool(judged["warned"].any()) if len(judged) else False,
    }


def ranked(levers: pd.DataFrame) -> pd.DataFrame:
    """Levers in order, with `rank` from 1: by strength of evidence, then by size.

    Firm before weak before unknown; those without a measured driver last. Of firm and weak, first
    those that went through every test of the plan. Then the larger effect in the direction of the
    lever (one that points the other way is smaller than none); then the name. Columns needed: id,
    word, every_test, effect.
    """
    unknown = set(levers["word"]) - set(WORDS)
    if unknown:
        raise ProjectError(
            f"levers: the word '{sorted(unknown)[0]}' has no place in the ranking; "
            f"expected one of {', '.join(WORDS)}"
        )
    keys = pd.DataFrame(
        {
            "word": levers["word"].map({word: place for place, word in enumerate(WORDS)}),
            "tested": levers["word"].isin(WORDS[:2]) & ~levers["every_test"].eq(True),
            "effect": -levers["effect"].astype(float),
            "id": levers["id"],
        }
    ).sort_values(["word", "tested", "effect", "id"], na_position="last")
    order = levers.loc[keys.index].reset_index(drop=True)
    order.insert(0, "rank", range(1, len(order) + 1))
    return order


def recommendation_table(
    levers: pd.DataFrame,
    districts: pd.DataFrame,
    results: pd.DataFrame,
    verdicts: pd.DataFrame,
    typical: Mapping[str, pd.Series],
    region: str,
) -> pd.DataFrame:
    """All levers ranked, with evidence, size, places concerned and what to measure next."""
    rows: list[dict[str, object]] = []
    texts = [c for c in COLUMNS if c.endswith(("_en", "_ru", "_kk"))]
    for record in levers.to_dict("records"):
        lever = {str(key): str(value) for key, value in record.items()}
        concerned = lever_places(lever, districts, region)
        rows.append(
            {
                **{c: lever[c] for c in ("id", "term", "model_id", "direction", "rule")},
                **lever_size(lever, results, verdicts, typical),
                "places_count": len(concerned["places"]),
                "places": ";".join(concerned["places"]),
                "places_not_published": concerned["not_published"],
                **{c: lever[c] for c in texts},
            }
        )
    return ranked(pd.DataFrame(rows))


def caution(row: Mapping[Hashable, object]) -> str:
    """What a reader must mind most about a ranked lever, as the name of a text.

    "unmeasured", "placebo" (the placebo test fails), "few" (fewer than `FEW_PLACES` places),
    "zero" (the interval holds zero), "against" (points the other way), or "none".
    """
    if row["word"] == NOT_MEASURED:
        return "unmeasured"
    effect, low, high, places = (float(str(row[c])) for c in ("effect", "low", "high", "n_places"))
    if row["placebo_fails"]:
        return "placebo"
    if places < FEW_PLACES:
        return "few"
    if low <= 0 <= high:
        return "zero"
    return "against" if effect < 0 else "none"


def concerned_text(
    row: Mapping[Hashable, object], names: Mapping[str, str], losing: int, missing: str
) -> str:
    """The places of a ranked lever for a table: their names if few, else how many of those losing.

    `names`: name by place_id; `missing`: what stands for none.
    """
    places = [place for place in str(row["places"]).split(";") if place]
    if not places:
        return missing
    if len(places) <= NAMED_PLACES:
        return "; ".join(names[place] for place in places)
    return f"{len(places)} / {losing}"
