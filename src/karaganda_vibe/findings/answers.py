"""From coefficients to answers: which rows, comparators, targets and levers a question needs.

Estimation stands in `inference`; here the rows of a design are chosen and results put in tables.
All of it is association: people a year "if the association were causal".
Somewhat over 400 lines: what a question needs of rows, targets and levers is used together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from karaganda_vibe.findings.driver_results import survives_leaving_out
from karaganda_vibe.inference.cluster import Slopes
from karaganda_vibe.inference.design import Design
from karaganda_vibe.inference.results import ModelResult
from karaganda_vibe.inference.robustness import leave_one_out
from karaganda_vibe.inference.scenarios import scenario
from karaganda_vibe.inference.verdicts import Verdict, verdict
from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.words.languages import LANGUAGES, format_number

COMPUTED, REFUSED, THERE = "computed", "refused", "already there"
# A scenario may move a place as far as this share of the sample's places have moved at most.
SHARE_OF_MOVES = 0.9
LEVERS = METADATA / "programmes" / "levers.csv"
DIRECTIONS = ("more", "less")


@dataclass(frozen=True)
class Evidence:
    """What the rule of the plan looks at for one driver of one model, and the word it gives.

    A test that a model does not have (no stricter version, no curve) counts as not passed.
    """

    p_adjusted: float
    p_unadjusted: float
    sign_strict_same: bool
    share_same_sign_curve: float
    survives_leave_one_region_out: bool
    word: Verdict


def latest_years(design: Design, count: int) -> tuple[int, ...]:
    """The last `count` years of the estimation sample, in order."""
    return tuple(int(year) for year in np.unique(design.year)[-count:])


def chosen_rows(
    design: Design,
    *,
    years: Sequence[int] = (),
    regions: Sequence[str] = (),
    without_regions: Sequence[str] = (),
    places: Sequence[str] = (),
    without_places: Sequence[str] = (),
) -> NDArray[np.bool_]:
    """Boolean by row of the design (n,); an empty filter keeps every row.

    Raises:
        ProjectError: a region, place or year that the sample does not hold.
    """
    region = np.asarray(design.region_labels)[design.region]
    place = np.asarray(design.place_labels)[design.place]
    keep = np.ones(design.n_obs, dtype=bool)
    filters: list[tuple[str, NDArray, Sequence[object], bool]] = [
        ("year", design.year, years, True),
        ("region", region, regions, True),
        ("region", region, without_regions, False),
        ("place", place, places, True),
        ("place", place, without_places, False),
    ]
    for what, values, wanted, inside in filters:
        for value in wanted:
            if value not in values:
                raise ProjectError(
                    f"model {design.model_id}: the {what} {value} is not in the estimation sample; "
                    f"expected one that is; choose another {what} or model"
                )
        if wanted:
            keep &= np.isin(values, np.asarray(wanted)) == inside
    return keep


def aligned(design: Design, frame: pd.DataFrame, column: str, place: str) -> FloatArray:
    """(n,) the `column` of `frame` (columns `place`, year, `column`) for each row of the design.

    Raises:
        ProjectError: a row of the design is not in the frame, or its value is missing.
    """
    values = frame.set_index([place, "year"])[column]
    labels = np.asarray(design.place_labels)[design.place]
    found = values.reindex(pd.MultiIndex.from_arrays([labels, design.year])).to_numpy(dtype=float)
    gaps = np.flatnonzero(~np.isfinite(found))
    if len(gaps):
        raise ProjectError(
            f"model {design.model_id}: no {column} for {labels[gaps[0]]}, {design.year[gaps[0]]}; "
            "expected a number for every row of the sample; check the panel"
        )
    return found


def mean_levels(design: Design, years: Sequence[int]) -> pd.DataFrame:
    """Mean of each term and of the outcome by place over its rows in `years`.

    Index place; columns region, rows (how many years), the terms, the outcome's name.
    """
    table = design.sample_table()
    table = table[table["year"].isin(list(years))]
    grouped = table.groupby("place_id", sort=True)
    levels = grouped[[*design.terms, design.outcome_name]].mean()
    levels.insert(0, "region", grouped["region"].first())
    levels.insert(1, "rows", grouped.size())
    return levels


def similar_places(places: pd.DataFrame, place: str, count: int = 10) -> list[str]:
    """The `count` places of the same kind in other regions whose population is closest in ratio.

    `places`: index place, columns region, kind, population. Nearest first; ties by name.

    Raises:
        ProjectError: fewer than `count` places to choose from.
    """
    own = places.loc[[place]].to_dict("records")[0]
    others = places[(places["kind"] == own["kind"]) & (places["region"] != own["region"])]
    if len(others) < count:
        raise ProjectError(
            f"{place}: {len(others)} places of kind {own['kind']} in other regions; expected at "
            f"least {count}; ask for fewer"
        )
    distance = np.log(others["population"].astype(float) / float(own["population"])).abs()
    order = distance.rename("distance").reset_index().sort_values(["distance", distance.index.name])
    return [str(name) for name in order.iloc[:count, 0]]


def scenario_targets(
    levels: pd.Series,
    places: pd.DataFrame,
    *,
    region: str,
    city: str,
    higher_is_better: bool,
    count: int = 10,
) -> pd.DataFrame:
    """Where one driver of each place of `region` would be moved to.

    Args:
        levels: the driver by place, as the model measures it.
        places: index place; columns region, kind, population.

    Returns:
        columns place, comparator ("similar": median of the most similar places; "city": the
        region's `city`; "best": the best place of the region), current, target, better (whether
        the target is better than the present level).
    """
    own = sorted(places.index[places["region"] == region].intersection(levels.index))
    known = places.loc[places.index.intersection(levels.index)]
    best = levels.loc[own].max() if higher_is_better else levels.loc[own].min()
    rows = []
    for place in own:
        similar = levels.loc[similar_places(known, place, count)].median()
        for comparator, target in (("similar", similar), ("city", levels[city]), ("best", best)):
            current = float(levels[place])
            gain = float(target) - current if higher_is_better else current - float(target)
            rows.append((place, comparator, current, float(target), gain > 0))
    return pd.DataFrame(rows, columns=["place", "comparator", "current", "target", "better"])


def lasting_moves(design: Design, term: str, years: int = 3) -> pd.Series:
    """How far each place has moved for good: by place, in the term's unit.

    The difference between the highest and the lowest mean of `years` years running, once the fixed
    effects are out; missing where a place has no two such means.
    """
    residual = design.absorber.residuals(design.regressors[:, [design.terms.index(term)]])[:, 0]
    labels = np.asarray(design.place_labels)[design.place]
    table = pd.DataFrame({"place": labels, "year": design.year, "residual": residual})
    wide = table.pivot(index="year", columns="place", values="residual")
    wide = wide.reindex(range(int(wide.index.min()), int(wide.index.max()) + 1))
    means = wide.rolling(years).mean()
    spread = means.max() - means.min()
    return spread.where(means.count() >= 2).rename("lasting_move")


def scenario_table(
    design: Design,
    slopes: Slopes,
    term: str,
    targets: pd.DataFrame,
    population: pd.Series,
    cluster: str,
) -> pd.DataFrame:
    """Change in people a year for every row of `targets`, or why none is given.

    Refused, besides what `scenarios.scenario` refuses: a move larger than nine in ten places of
    the sample have made (`lasting_moves`), since a coefficient says nothing of what hardly occurs,
    and one larger than any place of the cluster has made, since the slopes are the cluster's.

    Args:
        slopes: those of the cluster whose places are moved; cluster: its label in the design.
        targets: from `scenario_targets`; population: persons by place.

    Returns:
        columns place, term, comparator, current, target, population, status ("computed",
        "refused", "already there"), people, low, high, reason. Only computed rows hold people.
    """
    moves = lasting_moves(design, term)
    widest = float(moves.quantile(SHARE_OF_MOVES))
    own = np.asarray(design.region_labels)[design.region] == cluster
    labels = np.unique(np.asarray(design.place_labels)[design.place[own]])
    widest_here = float(moves.reindex(labels).max())
    rows = []
    for row in targets.to_dict("records"):
        moved = scenario(
            design, slopes, term=term, place=row["place"], current=row["current"],
            target=row["target"], population=float(population[row["place"]]),
        )  # fmt: skip
        reason = moved.reason
        if not reason and abs(moved.change) > widest:
            reason = (
                f"a lasting move of {abs(moved.change):.4g} is larger than "
                f"{SHARE_OF_MOVES:.0%} of the sample's places have made ({widest:.4g})"
            )
        if not reason and abs(moved.change) > widest_here:
            reason = (
                f"a lasting move of {abs(moved.change):.4g} is larger than any place of {cluster} "
                f"has made ({widest_here:.4g})"
            )
        status = REFUSED if reason else COMPUTED
        if not row["better"]:
            status = THERE
        given = status == COMPUTED
        rows.append(
            {
                "place": row["place"],
                "term": term,
                "comparator": row["comparator"],
                "current": row["current"],
                "target": row["target"],
                "population": float(population[row["place"]]),
                "status": status,
                "people": moved.people if given else np.nan,
                "low": moved.low if given else np.nan,
                "high": moved.high if given else np.nan,
                "reason": reason if status == REFUSED else "",
            }
        )
    return pd.DataFrame(rows)


def summed_scenarios(
    design: Design, slopes: Slopes, rows: pd.DataFrame, *, level: float = 0.95
) -> tuple[float, float, float]:
    """People a year of all computed rows of one driver together, with interval.

    The places share one coefficient, so their errors add up and do not cancel out.

    Raises:
        ProjectError: rows of several drivers, or none computed.
    """
    computed = rows[rows["status"] == COMPUTED]
    terms = rows["term"].unique()
    if len(terms) != 1 or computed.empty:
        raise ProjectError(
            f"model {design.model_id}: sum of scenarios over {len(terms)} drivers and "
            f"{len(computed)} computed rows; expected one driver and one row or more"
        )
    position = design.terms.index(terms[0])
    change = float(((computed["target"] - computed["current"]) * computed["population"]).sum())
    reach = float(stats.t.ppf((1 + level) / 2, slopes.df) * slopes.se[position])
    estimate = float(slopes.estimates[position])
    low, high = sorted([(estimate - reach) * change / 1000, (estimate + reach) * change / 1000])
    return estimate * change / 1000, low, high


def evidence(result: ModelResult, term: str, strict: ModelResult | None = None) -> Evidence:
    """The tests of the plan for a driver outside the specification curves.

    Args:
        strict: the stricter version of the model, where the list has one. Without it, and without
            a curve, those tests count as not passed: what was not tried is not called firm.
    """
    row = _row(result, term)
    strict_same = False
    if strict is not None:
        strict_same = (_row(strict, term)["estimate"] > 0) == (row["estimate"] > 0)
    stays = bool(survives_leaving_out(leave_one_out(result.fit, "region"))[term])
    adjusted = float(row["p_romano_wolf"])
    unadjusted = float(row["p_wild_region"])
    word = verdict(adjusted, unadjusted, sign_strict_same=strict_same, survives_leave_one_out=stays)
    return Evidence(adjusted, unadjusted, strict_same, 0.0, stays, word)


def read_evidence(verdicts: pd.DataFrame) -> dict[tuple[str, str], Evidence]:
    """Evidence by (model, term) from driver_verdicts.csv, written by 22_drivers_again."""
    return {
        (str(row["model_id"]), str(row["term"])): Evidence(
            float(row["p_adjusted"]), float(row["p_unadjusted"]), bool(row["sign_strict_same"]),
            float(row["curve_share"]), bool(row["survives_leave_one_out"]), row["verdict"],
        )
        for row in verdicts.to_dict("records")
    }  # fmt: skip


def load_lever_choices(path: Path = LEVERS) -> pd.DataFrame:
    """The levers people ask about, as text: lever_id, driver (may be empty), direction and words.

    Raises ProjectError for a lever given twice, an unknown direction or an empty name.
    """
    named = {
        stem: [f"{stem}_{code}" for code in LANGUAGES] for stem in ("lever", "why", "not_measured")
    }
    driver = ("term", "model_id", "direction")
    columns = ("lever_id", *named["lever"], *driver, *named["why"], *named["not_measured"])
    return read_table(
        path,
        columns,
        typed={"direction": DIRECTIONS},
        filled=["lever_id", *named["lever"]],
        keys=["lever_id"],
    ).drop(columns="line")


def lever_table(
    levers: pd.DataFrame,
    results: Mapping[str, ModelResult],
    typical: Mapping[str, pd.Series],
    words: Mapping[tuple[str, str], Evidence],
) -> pd.DataFrame:
    """Each lever with the size that goes with a typical change of what stands for it.

    Args:
        levers: columns lever_id, term, model_id, direction ("more" or "less"), and names.
        typical: typical change of each term by model; words: evidence by (model, term).

    Returns:
        `levers` with change (signed, the term's unit), effect, low, high (people per 1,000 a
        year), p_adjusted, n_places, n_clusters and word ("not measured" where no driver stands).

    Raises:
        ProjectError: a model or a driver that was not estimated, an unknown direction.
    """
    rows: list[dict[str, object]] = []
    for lever in levers.to_dict("records"):
        term, model = lever["term"], lever["model_id"]
        if not term:
            rows.append({"word": "not measured"})
            continue
        if model not in results or term not in results[model].design.terms:
            raise ProjectError(
                f"metadata/programmes/levers.csv: the lever {lever['lever_id']} names the driver "
                f"{term!r} of the model {model!r}, which was not estimated; correct the row"
            )
        if lever["direction"] not in DIRECTIONS:
            raise ProjectError(
                f"metadata/programmes/levers.csv: the lever {lever['lever_id']} has the direction "
                f"{lever['direction']!r}; expected more or less"
            )
        row = _row(results[model], term)
        change = float(typical[model][term]) * (1 if lever["direction"] == "more" else -1)
        low, high = sorted([row["ci_low"] * change, row["ci_high"] * change])
        rows.append(
            {
                "change": change,
                "effect": row["estimate"] * change,
                "low": low,
                "high": high,
                "p_adjusted": words[model, term].p_adjusted,
                "n_places": int(row["n_places"]),
                "n_clusters": int(row["n_clusters"]),
                "word": words[model, term].word,
            }
        )
    return pd.concat([levers.reset_index(drop=True), pd.DataFrame(rows)], axis=1)


def _row(result: ModelResult, term: str) -> dict[str, float]:
    """The numbers of one driver's row of the model's table."""
    table = result.table[result.table["term"] == term]
    return {str(k): v for k, v in table.select_dtypes("number").to_dict("records")[0].items()}


def interval_text(value: float, low: float, high: float, kind: str, language: str, to: str) -> str:
    """A number and its interval as an edition writes them: "+1.4 (+0.6 to +2.1)"."""
    number, bottom, top = (format_number(part, kind, language) for part in (value, low, high))
    return f"{number} ({bottom} {to} {top})"


def change_text(change: float, driver: Mapping[str, object], language: str) -> str:
    """A change of a driver in words: in percent for a logged one, else with its unit.

    `driver`: a row of metadata/models/driver_names.csv (log "yes" or "no", kind, unit_<language>).
    """
    if driver["log"] == "yes":
        return format_number(100 * float(np.expm1(change)), "signed_percent_0", language)
    number = format_number(change, str(driver["kind"]), language)
    return f"{number} {driver[f'unit_{language}']}"
