"""Actions carry the evidence of their lever and the wording that goes with it, on made rows."""

import re

import pandas as pd
import pytest

from karaganda_vibe.findings.actions import (
    ACTION_COLUMNS,
    OFFICES,
    PUBLISHING,
    TABLE_COLUMNS,
    action_table,
    load_actions,
    load_missing_tables,
)
from karaganda_vibe.findings.recommendations import NOT_MEASURED, load_levers
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROJECT
from karaganda_vibe.words.languages import LANGUAGES

LEVERS = pd.DataFrame({"id": ["homes", "pay", "clubs"], "term": ["floor", "wage", ""]})
LAGS = {("core", "floor"): 1, ("core", "wage"): 2}


def row(identifier, words, office, lever, seen="own", after="1", text="do"):
    return [identifier, words, office, lever, *[text] * 3, *["count"] * 3, seen, after]


BOTH = [
    row("build", "firm", "region", "homes", "published", "", "build"),
    row("build", "weak;unknown", "region", "homes", "published", "", "try"),
]


def written(tmp_path, rows, columns=ACTION_COLUMNS):
    path = tmp_path / "made.csv"
    path.write_text("\n".join(",".join(cells) for cells in [columns, *rows]) + "\n", "utf-8")
    return path


def actions_of(tmp_path, rows):
    return load_actions(LEVERS, written(tmp_path, rows))


def ranking(homes="firm", pay="weak"):
    return pd.DataFrame(
        {
            "rank": [1, 2, 3],
            "id": ["homes", "pay", "clubs"],
            "word": [homes, pay, NOT_MEASURED],
            "term": ["floor", "wage", ""],
            "model_id": ["core", "core", ""],
        }
    )


@pytest.mark.parametrize(("word", "text"), [("firm", "build"), ("weak", "try"), ("unknown", "try")])
def test_word_and_wording_follow_the_lever(tmp_path, word, text):
    table = action_table(actions_of(tmp_path, BOTH), ranking(homes=word), LAGS)
    assert table[["word", "action_en"]].to_numpy().tolist() == [[word, text]]


def test_offices_come_in_their_order_then_evidence_then_name(tmp_path):
    words = "firm;weak;unknown"
    rows = [
        row("d", words, "statistics", "homes"),
        row("c", NOT_MEASURED, "region", "clubs"),
        row("z", words, "region", "pay"),
        row("b", words, "region", "pay"),
        row("a", words, "education", "pay"),
        row("e", NOT_MEASURED, "place", "clubs"),
    ]
    table = action_table(actions_of(tmp_path, rows), ranking(), LAGS)
    assert table["id"].tolist() == ["b", "z", "c", "e", "a", "d"]


def test_years_are_those_of_the_model_and_of_publishing_or_of_the_own_count(tmp_path):
    words = "firm;weak;unknown"
    rows = [
        row("a", words, "region", "homes", "published", ""),
        row("b", words, "region", "pay", "published", ""),
        row("c", NOT_MEASURED, "region", "clubs", "own", "2"),
    ]
    table = action_table(actions_of(tmp_path, rows), ranking(), LAGS).set_index("id")
    assert table["years"].to_dict() == {"a": 1 + PUBLISHING, "b": 2 + PUBLISHING, "c": 2}


ALL = "firm;weak;unknown"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [row("a", ALL, "region", "house")],
            "line 2, column lever: 'house' is none of the 3 names",
        ),
        ([row("a", ALL, "mayor", "pay")], "line 2, column office: found 'mayor', expected one of"),
        ([row("a", "firm;weak", "region", "pay")], "no wording for 'unknown'; add a row"),
        ([row("a", "firm;sure", "region", "pay")], "line 2, column words: 'sure', expected each"),
        ([row("a", "firm", "region", "clubs")], "'firm', expected each of not measured once"),
        (
            [row("a", ALL, "region", "pay"), row("a", "weak", "region", "pay")],
            "line 3, column words: 'weak', expected each of firm, weak, unknown once",
        ),
        (
            [row("a", "firm", "region", "pay"), row("a", "weak;unknown", "place", "pay")],
            "line 3, column office: 'place', but line 2 of the action a has 'region'",
        ),
        ([row("a", ALL, "region", "pay", "own", "")], "line 2, column after: expected the whole"),
        ([row("a", ALL, "region", "pay", "own", "0")], "line 2, column after: expected the whole"),
        ([row("a", ALL, "region", "pay", "published", "1")], "column after: expected nothing"),
        (
            [row("a", NOT_MEASURED, "region", "clubs", "published", "")],
            "line 2, column seen: 'published', but the lever clubs has no driver",
        ),
    ],
)
def test_a_bad_table_of_actions_is_one_line(tmp_path, rows, message):
    with pytest.raises(ProjectError) as error:
        actions_of(tmp_path, rows)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_driver_without_a_lag_and_a_lever_without_a_rank_are_named(tmp_path):
    actions = actions_of(tmp_path, BOTH)
    with pytest.raises(ProjectError, match="the model 'core' has no driver 'floor'"):
        action_table(actions, ranking(), {})
    with pytest.raises(ProjectError, match="column lever: 'homes' is not in the ranking"):
        action_table(actions, ranking().iloc[1:], LAGS)


def test_missing_tables_have_no_empty_cell_and_no_row_twice(tmp_path):
    cells = [f"text {number}" for number in range(len(TABLE_COLUMNS))]
    read = load_missing_tables(written(tmp_path, [cells], TABLE_COLUMNS))
    assert read.to_numpy().tolist() == [cells]
    empty = ["" if name == "answers_kk" else "text" for name in TABLE_COLUMNS]
    with pytest.raises(ProjectError, match="line 2, column answers_kk: empty"):
        load_missing_tables(written(tmp_path, [empty], TABLE_COLUMNS))
    with pytest.raises(ProjectError, match="'text 0' stands in line 2 as well"):
        load_missing_tables(written(tmp_path, [cells, cells], TABLE_COLUMNS))


# The real tables.


def test_the_real_actions_word_every_office_and_fit_a_page():
    actions = load_actions(load_levers())
    assert set(actions["office"]) == set(OFFICES)
    assert actions["id"].nunique() <= 13
    assert len(load_missing_tables()) <= 13


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_real_missing_tables_name_sections_of_the_annexes(language):
    chapters = (PROJECT / "report" / language / "annexes").glob("*.qmd")
    text = "\n".join(path.read_text("utf-8") for path in chapters)
    headings = set(re.findall(r"^#+ (.+?) \{#", text, flags=re.MULTILINE))
    assert set(load_missing_tables()[f"chapter_{language}"]) <= headings
