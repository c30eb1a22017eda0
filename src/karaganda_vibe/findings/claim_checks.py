"""Whether published figures confirm what was said: one small function for each kind of check.

What a check finds: "confirmed": a published figure of another source says the same.
"contradicted": published figures say otherwise. "plausible": they fit the claim but do not settle
it. "undecided": no figure that is published decides it. `judge` makes of it, and of the
documents that say the same, the verdict that a reader sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Literal

import pandas as pd

from karaganda_vibe.inference.verdicts import Verdict

CheckResult = Literal["confirmed", "contradicted", "plausible", "undecided"]
CHECK_RESULTS: tuple[CheckResult, ...] = ("confirmed", "contradicted", "plausible", "undecided")
ClaimVerdict = Literal[
    "confirmed by data",
    "confirmed by a second document",
    "one source",
    "contradicted",
    "nothing published",
]
VERDICTS: tuple[ClaimVerdict, ...] = (
    "confirmed by data",
    "confirmed by a second document",
    "contradicted",
    "one source",
    "nothing published",
)
# Statements that somebody thinks, not that somebody counted or saw: one who says them is no source.
OPINIONS = ("cause", "judgement", "proposal", "trend")


def judge(found: CheckResult, kind: str, *, in_tables: bool, second_document: bool) -> ClaimVerdict:
    """The verdict on a claim.

    Args:
        found: what its check found; in_tables: the figure that it was held against is one of a
            statistical table, not only of the press.
        kind: of the claim; second_document: a document other than the one that makes the claim says
            the same.

    A contradiction by figures stands whatever documents say. A claim that nothing decides has
    one source, the one who made it; an opinion has none until something is published.
    """
    if found == "contradicted":
        return "contradicted"
    if found == "confirmed" and in_tables:
        return "confirmed by data"
    if found == "confirmed" or second_document:
        return "confirmed by a second document"
    return "nothing published" if kind in OPINIONS else "one source"


def compare(claimed: float | None, found: float | None, tolerance: float) -> CheckResult:
    """A claimed number against a published one of the same thing, both in one unit.

    A claim without a number (that something exists) is plausible where any figure stands for it.
    """
    if found is None:
        return "undecided"
    if claimed is None:
        return "plausible"
    # A difference of exactly the tolerance must not hang on the last bit.
    return "confirmed" if abs(claimed - found) <= tolerance + 1e-9 else "contradicted"


def percent_change(earlier: float, later: float) -> float:
    """Change of the size (without sign) from `earlier` to `later`, in percent."""
    return 100 * (abs(later) / abs(earlier) - 1)


def size_change(
    claimed: float, earlier: float | None, later: float | None, tolerance: float
) -> CheckResult:
    """A claimed change in percent against that of two published figures.

    Between a loss and a gain there is none, so that a claim of one is wrong.
    """
    if not earlier or later is None:
        return "undecided"
    if earlier * later < 0:
        return "contradicted"
    return compare(claimed, percent_change(earlier, later), tolerance)


def adds_up(parts: Sequence[float], total: float | None, tolerance: float) -> CheckResult:
    """Claimed numbers that are published nowhere else, but whose sum is.

    A right sum does not prove its parts: the best word is "plausible".
    """
    if total is None:
        return "undecided"
    return "plausible" if abs(sum(parts) - total) <= tolerance + 1e-9 else "contradicted"


def lowest_since(series: pd.Series, year: int, first_year: int) -> CheckResult:
    """Whether `series` (by year) is lower in `year` than in any year from `first_year` on.

    Every year must be there: a gap may hide the record.
    """
    wanted = range(first_year, year + 1)
    known = series.dropna()
    if not set(wanted) <= set(known.index):
        return "undecided"
    before = known.loc[list(wanted)[:-1]]
    return "confirmed" if known[year] < before.min() else "contradicted"


def years_known(series: pd.Series, year: int, first_year: int) -> int:
    """How many years from `first_year` to `year` are published."""
    return int(series.dropna().index.isin(range(first_year, year + 1)).sum())


def fits_known_total(
    claimed: float, known: float | None, low: float, high: float = inf
) -> CheckResult:
    """A claimed part against the published whole that it is taken from.

    More than the whole is contradicted; a whole of `low` to `high` times the claim is plausible.
    """
    if known is None:
        return "undecided"
    if claimed > known:
        return "contradicted"
    return "plausible" if low <= known / claimed <= high else "undecided"


def net_and_gross(claimed: float, net_loss: float, departures: float) -> CheckResult:
    """A claimed number of leavers of one age against the net loss and departures of all ages.

    More than all departures is contradicted. No more than the whole net loss is plausible.
    Between the two it may count departures, of which the ages are not published.
    """
    if claimed > departures:
        return "contradicted"
    return "plausible" if claimed <= net_loss else "undecided"


def stays_below_zero(series: pd.Series, first_year: int, year: int) -> CheckResult:
    """Whether a balance by year was a loss in every year: that leaves "not enough" plausible."""
    known = series.dropna()
    years = list(range(first_year, year + 1))
    if not set(years) <= set(known.index):
        return "undecided"
    window = known.loc[years]
    if (window < 0).all():
        return "plausible"
    return "contradicted" if (window >= 0).all() else "undecided"


def drivers_seen(words: Sequence[tuple[Verdict, bool]]) -> CheckResult:
    """A claimed cause against drivers that stand for it: (word, whether its sign fits) each.

    An association is no proof of a cause, so a driver that shows makes it plausible at best.
    A firm driver of the other sign, and none that fits, contradicts it.
    """
    if any(word != "unknown" and fits for word, fits in words):
        return "plausible"
    if any(word == "firm" and not fits for word, fits in words):
        return "contradicted"
    return "undecided"
