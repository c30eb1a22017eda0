"""What each office could do and count, and the tables that are missing: what people write of it.

How good the evidence for an action is comes from the ranking of levers, and which wording of an
action holds follows from it, so that a text cannot say more than the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from karaganda_vibe.findings.recommendations import NOT_MEASURED, WORDS
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import WHOLE, check_known, fault, read_table

ACTIONS = METADATA / "programmes" / "actions.csv"
ACTION_COLUMNS = (
    "id", "words", "office", "lever", "action_en", "action_ru", "action_kk",
    "count_en", "count_ru", "count_kk", "seen", "after",
)  # fmt: skip
TABLES = METADATA / "programmes" / "missing_tables.csv"
TABLE_COLUMNS = (
    "id", "table_en", "table_ru", "table_kk", "answers_en", "answers_ru", "answers_kk",
    "chapter_en", "chapter_ru", "chapter_kk",
)  # fmt: skip
OFFICES = ("region", "place", "education", "statistics")
OWN, PUBLISHED = "own", "published"
# The Bureau publishes the moves of a year in the year after it.
PUBLISHING = 1
Driver = tuple[str, str]
"""Model and term of a driver."""


def load_actions(levers: pd.DataFrame, path: Path = ACTIONS) -> pd.DataFrame:
    """The actions as text, columns `ACTION_COLUMNS` and line; `after` in years, <NA> if empty.

    An action has a row for each wording; `words` are the words of evidence, separated by
    semicolons, for which the wording holds.

    Args:
        levers: the levers (`recommendations.load_levers`), columns id and term.

    Raises:
        ProjectError: a lever, office or word that is unknown, an action of two offices or levers,
        a word of its lever without a wording or with two, years where the model gives them or
        none where it does not.
    """
    frame = read_table(
        path,
        ACTION_COLUMNS,
        typed={"office": OFFICES, "seen": (OWN, PUBLISHED), "after": WHOLE},
        filled=[c for c in ACTION_COLUMNS if c != "after"],
        keys=[("id", "words")],
    )
    check_known(path, frame, "lever", levers["id"], listed_in="recommendations.csv")
    measured = set(levers.loc[levers["term"] != "", "id"])
    for row in frame.to_dict("records"):
        _check_seen(path, row, row["lever"] in measured)
    for _, rows in frame.groupby("id", sort=False):
        _check_wordings(path, rows, measured)
    return frame


def load_missing_tables(path: Path = TABLES) -> pd.DataFrame:
    """The tables that are missing as text, columns `TABLE_COLUMNS`, in the order of the file.

    Raises ProjectError for an empty cell or an id that stands twice.
    """
    frame = read_table(path, TABLE_COLUMNS, filled=TABLE_COLUMNS, keys=["id"])
    return frame.drop(columns="line")


def action_table(
    actions: pd.DataFrame, ranking: pd.DataFrame, lags: Mapping[Driver, int]
) -> pd.DataFrame:
    """The wording of each action that holds today, by office, then by the evidence of its lever.

    Args:
        actions: `load_actions`.
        ranking: the ranked levers, columns rank, id, word, term and model_id.
        lags: years between a driver and the moves that its model compares with it.

    Returns:
        the texts with office, word (of the lever), seen and years (whole years from the start
        until the action's count can show something).

    Raises:
        ProjectError: a lever that is not ranked, a driver without a lag.
    """
    levers = ranking.set_index("id")
    rows: list[dict[str, object]] = []
    for record in actions.to_dict("records"):
        row = {str(name): cell for name, cell in record.items()}
        if row["lever"] not in levers.index:
            text = f"'{row['lever']}' is not in the ranking; rank it or correct the name"
            raise fault(ACTIONS, row["line"], text, "lever")
        lever = levers.loc[row["lever"]]
        if lever["word"] not in row["words"].split(";"):
            continue
        years = _years(row, (lever["model_id"], lever["term"]), lags)
        rows.append(
            {
                **{name: row[name] for name in ("id", "office", "lever", "seen")},
                "rank": int(lever["rank"]),
                "word": lever["word"],
                "years": years,
                **{name: row[name] for name in row if name.startswith(("action_", "count_"))},
            }
        )
    table = pd.DataFrame(rows)
    order = table.assign(office=table["office"].map(OFFICES.index)).sort_values(
        ["office", "rank", "id"]
    )
    return table.loc[order.index].reset_index(drop=True)


def _years(row: Mapping, driver: Driver, lags: Mapping[Driver, int]) -> int:
    """Whole years from the start of an action until its count can show something."""
    if row["seen"] == OWN:
        return int(row["after"])
    if driver not in lags:
        raise ProjectError(
            f"{shown(ACTIONS)}: line {row['line']}: the model '{driver[0]}' has no driver "
            f"'{driver[1]}'; correct the lever in recommendations.csv"
        )
    return lags[driver] + PUBLISHING


def _check_seen(path: Path, row: Mapping, measured: bool) -> None:
    """ProjectError unless either the row or the lever's model gives the years."""
    given = not pd.isna(row["after"])
    if row["seen"] == OWN and not (given and row["after"] > 0):
        text = "expected the whole years, at least 1, after which the own count is made"
        raise fault(path, row["line"], f"{text}; fill it in", "after")
    if row["seen"] == PUBLISHED and given:
        text = "expected nothing: the model of the lever gives the years; empty the cell"
        raise fault(path, row["line"], text, "after")
    if row["seen"] == PUBLISHED and not measured:
        text = f"'published', but the lever {row['lever']} has no driver; write own"
        raise fault(path, row["line"], text, "seen")


def _check_wordings(path: Path, rows: pd.DataFrame, measured: set[str]) -> None:
    """ProjectError unless the rows of one action word each word that its lever can have, once."""
    first = rows.iloc[0]
    expected = WORDS[:3] if first["lever"] in measured else (NOT_MEASURED,)
    found: list[str] = []
    for row in rows.to_dict("records"):
        for name in ("office", "lever"):
            if row[name] != first[name]:
                text = f"'{row[name]}', but line {first['line']} of the action {row['id']} has"
                raise fault(path, row["line"], f"{text} '{first[name]}'; write the same", name)
        for word in row["words"].split(";"):
            if word not in expected or word in found:
                text = (
                    f"'{word}', expected each of {', '.join(expected)} once for the lever "
                    f"{row['lever']}, separated by semicolons; correct it"
                )
                raise fault(path, row["line"], text, "words")
            found.append(word)
    missing = [word for word in expected if word not in found]
    if missing:
        text = f"the action {first['id']} has no wording for '{missing[0]}'; add a row"
        raise fault(path, int(first["line"]), text, "words")
