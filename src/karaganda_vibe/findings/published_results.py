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
from karaganda_vibe.project.tables import fault, read_table
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
SIGNS = ("+", "-", "0")
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
    table = read_table(
        path,
        COLUMNS,
        typed={"published_sign": SIGNS, "depth": DEPTHS},
        filled=["study", "depth"],
        keys=[("study", "outcome_en", "estimator_en", "driver_en", "years")],
    )
    for row in table.to_dict("records"):
        sizes = {code: row[f"published_size_{code}"] for code in LANGUAGES}
        if any(sizes.values()) and row["depth"] != "table":
            text = "a size without its table; only a sign may come from an abstract; leave it empty"
            raise fault(path, row["line"], text, "published_size")
        first = LANGUAGES[0]
        for code, size in sizes.items():
            if _numbers(size) != _numbers(sizes[first]):
                text = (
                    f"'{size}', in {first} '{sizes[first]}'; expected the same numbers; correct "
                    "one of them"
                )
                raise fault(path, row["line"], text, f"published_size_{code}")
        if bool(row["model_id"]) != bool(row["term"]):
            text = "model_id and term belong together; give both or neither"
            raise fault(path, row["line"], text)
    return table.drop(columns="line")


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
