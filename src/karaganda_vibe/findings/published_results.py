"""Our results beside published ones: the sign of each study, ours, and whether they agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd

from karaganda_vibe.inference.results import ModelResult
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.markdown import as_text
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.words.languages import LANGUAGES, MINUS


def _named(*stems: str) -> list[str]:
    """The columns of these words in every language."""
    return [f"{stem}_{language}" for stem in stems for language in LANGUAGES]


PATH = METADATA / "models" / "published_results.csv"
COLUMNS = [
    "study", *_named("place"), "years", *_named("outcome", "estimator", "driver"),
    "published_sign", *_named("published_size"), "depth", *_named("seen"), "model_id", "term",
    *_named("note"),
]  # fmt: skip
SIGNS = ("+", "-", "0", "")
DEPTHS = ("table", "abstract")

Agreement = Literal[
    "agrees", "disagrees", "same sign, unsure", "other sign, unsure", "none seen either",
    "no sign given", "not measured here",
]  # fmt: skip


def read_published(path: Path = PATH) -> pd.DataFrame:
    """The table of published results as text, checked.

    Raises:
        ProjectError: other columns; an unknown sign or depth; a size from an abstract (only what
            was read in a table may be printed as a size); a size with other numbers in another
            language; a model without a driver or the reverse.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if list(table.columns) != COLUMNS:
        raise ProjectError(
            f"{shown(path)}: columns {', '.join(table.columns)}; expected {', '.join(COLUMNS)}"
        )
    for number, row in enumerate(table.to_dict("records"), start=2):
        where = f"{shown(path)}, row {number} ({row['study']})"
        if row["published_sign"] not in SIGNS:
            raise ProjectError(
                f"{where}: published_sign is {row['published_sign']!r}; expected +, -, 0 or empty"
            )
        if row["depth"] not in DEPTHS:
            raise ProjectError(f"{where}: depth is {row['depth']!r}; expected table or abstract")
        sizes = {code: row[f"published_size_{code}"] for code in LANGUAGES}
        if any(sizes.values()) and row["depth"] != "table":
            raise ProjectError(
                f"{where}: a size without its table; only the sign may come from an abstract; "
                "leave published_size empty"
            )
        numbers = {code: _numbers(size) for code, size in sizes.items()}
        for code, found in numbers.items():
            if found != numbers[LANGUAGES[0]]:
                raise ProjectError(
                    f"{where}: published_size_{code} is {sizes[code]!r}, "
                    f"published_size_{LANGUAGES[0]} is {sizes[LANGUAGES[0]]!r}; expected the same "
                    "numbers; correct one of them"
                )
        if bool(row["model_id"]) != bool(row["term"]):
            raise ProjectError(f"{where}: model_id and term belong together; give both or neither")
    return table


def _numbers(text: str) -> list[str]:
    """The numbers of a text, whatever its decimal mark."""
    return [found.replace(",", ".") for found in re.findall(r"\d+(?:[.,]\d+)?", text)]


def study_words(row: Mapping[str, str], language: str) -> str:
    """Place and years of a study and its citation: "Italy, 1970–2002 [@piras2010]"."""
    about = [row[f"place_{language}"], row["years"].replace("-", "–")]
    return f"{as_text(', '.join(part for part in about if part))} [@{row['study']}]"


def published_words(row: Mapping[str, str], language: str, not_stated: str) -> str:
    """The size as the study gives it, else its sign, else the words `not_stated`."""
    size, sign = row[f"published_size_{language}"], row["published_sign"]
    return (size or sign or not_stated).replace("-", MINUS)


def agreement(published_sign: str, estimate: float, low: float, high: float) -> Agreement:
    """Whether our estimate with interval [low, high] agrees with a published sign.

    "0" is a published finding of no relation: an interval that leaves out zero disagrees with it,
    one that holds zero does not prove it ("none seen either"). Where our interval holds zero we
    agree with nobody and disagree with nobody, and say so.
    """
    away = low > 0 or high < 0
    if published_sign == "":
        return "no sign given"
    if published_sign == "0":
        return "disagrees" if away else "none seen either"
    same = (estimate > 0) == (published_sign == "+")
    if away:
        return "agrees" if same else "disagrees"
    return "same sign, unsure" if same else "other sign, unsure"


def compared(
    published: pd.DataFrame,
    results: Mapping[str, ModelResult],
    typical: Mapping[str, pd.Series],
) -> pd.DataFrame:
    """`published` with ours: effect, low, high (per 1,000 for a typical change), agreement.

    Raises:
        ProjectError: a model or driver that was not estimated.
    """
    rows: list[dict[str, object]] = []
    for row in published.to_dict("records"):
        model, term = row["model_id"], row["term"]
        if not model:
            rows.append({"agreement": "not measured here"})
            continue
        if model not in results or term not in results[model].design.terms:
            raise ProjectError(
                f"{shown(PATH)}: {row['study']} is compared with {term!r} of the model {model!r}, "
                "which was not estimated; correct the row"
            )
        ours = results[model].table.set_index("term").loc[term]
        change = float(typical[model][term])
        estimate, low, high = (
            float(ours[name]) * change for name in ("estimate", "ci_low", "ci_high")
        )
        rows.append(
            {
                "effect": estimate,
                "low": low,
                "high": high,
                "agreement": agreement(row["published_sign"], estimate, low, high),
            }
        )
    return pd.concat([published.reset_index(drop=True), pd.DataFrame(rows)], axis=1)
