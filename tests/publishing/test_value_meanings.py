"""What values mean: lines with parts, made tables, and the project's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from karaganda_vibe.places.study import need_words
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import NOTEBOOKS
from karaganda_vibe.project.tables import read_table
from karaganda_vibe.publishing import value_meanings
from karaganda_vibe.publishing.notebook_pages import read_cells
from karaganda_vibe.publishing.value_meanings import (
    MEANINGS,
    PARTS,
    meaning_of,
    read_meanings,
    read_parts,
)
from karaganda_vibe.publishing.values import read_values

MADE_PARTS = "end,low,lowest,нижняя,төменгі\nend,high,highest,верхняя,жоғарғы\n"


def meanings(folder: Path, rows: str, parts: str = MADE_PARTS) -> dict:
    (folder / "meanings.csv").write_text("name,en,ru,kk\n" + rows, encoding="utf-8")
    (folder / "parts.csv").write_text("set,part,en,ru,kk\n" + parts, encoding="utf-8")
    return read_meanings(folder / "meanings.csv", folder / "parts.csv")


def test_a_line_with_parts_stands_for_a_value_a_part(tmp_path):
    made = meanings(tmp_path, "net_{end},{end} made,{end} ru,{end} kk\nnet,made,ru,kk\n")
    assert {name: words["en"] for name, words in made.items()} == {
        "net_low": "lowest made",
        "net_high": "highest made",
        "net": "made",
    }
    assert made["net_high"]["kk"] == "жоғарғы kk"


def test_a_line_for_a_whole_name_holds_before_one_with_parts(tmp_path):
    rows = ["net_{end},{end} made,{end} ru,{end} kk\n", "net_low,own,ru,kk\n"]
    for order in (rows, rows[::-1]):
        made = meanings(tmp_path, "".join(order))
        assert made["net_low"]["en"] == "own"
        assert made["net_high"]["en"] == "highest made"


@pytest.mark.parametrize(
    ("rows", "parts", "message"),
    [
        ("a_{far},{far},{far},{far}\n", MADE_PARTS, "has no set 'far'"),
        ("a_{end},{end},made,{end}\n", MADE_PARTS, "the text in 'ru' must have the parts"),
        ("a,{end},made,made\n", MADE_PARTS, "the text in 'en' must have the parts"),
        ("a,b,c,d\na,b,c,d\n", MADE_PARTS, "line 3: line 2 gives 'a' as well"),
        ("a,b,,d\n", MADE_PARTS, "column ru: empty"),
        ("a,b,c,d\n", MADE_PARTS + MADE_PARTS, "'low' of the set 'end' is there twice"),
    ],
)
def test_a_line_that_cannot_be_right_is_named(tmp_path, rows, parts, message):
    with pytest.raises(ProjectError, match=message):
        meanings(tmp_path, rows, parts)


def test_a_value_without_a_meaning_is_named():
    with pytest.raises(ProjectError, match="does not say what the value 'made' means"):
        meaning_of("made", {})


def test_every_value_of_the_report_has_its_meaning_in_its_language():
    found = read_meanings()
    for name in read_values():
        words = meaning_of(name, found)
        assert not re.search("[а-яё]", words["en"], re.I), name
        for code in ("ru", "kk"):
            assert re.search("[а-яё]", words[code], re.I), name
        assert words["ru"] != words["kk"], name
        assert not re.search("[әғқңөұүһі]", words["ru"], re.I), name
        # Names and codes stay Latin; a word or two more would be a text that was not translated.
        for code in ("ru", "kk"):
            assert not re.search("(?<![a-z_.])[a-z]{2,} [a-z]{2,}(?![a-z_.])", words[code]), name


def test_no_line_is_left_over():
    """Every line is of a value that is there, or that a notebook names where it is needed."""
    code = "\n".join(
        "".join(cell["source"])
        for path in sorted(NOTEBOOKS.glob("*.ipynb"))
        for cell in read_cells(path)
        if cell["cell_type"] == "code"
    )
    known, parts = read_values(), read_parts()
    lines = read_table(MEANINGS, ("name", "en", "ru", "kk"))["name"].tolist()
    # A line for studies without something is of the same value.
    without = "|".join(need_words())
    for line in [re.sub(f"_without_({without})$", "", line) for line in lines]:
        pattern = re.sub(r"\{([a-z]+)\}", lambda found: f"(?:{'|'.join(parts[found[1]])})", line)
        there = any(re.fullmatch(pattern, name) for name in known)
        assert there or f'"{line}"' in code, line
    used = {name for line in lines for name in re.findall(r"\{([a-z]+)\}", line)}
    assert used == set(parts), PARTS


@pytest.mark.parametrize(
    ("lacking", "said"), [((), "of both"), (("former_parts",), "of one"), (("press",), "of both")]
)
def test_a_meaning_for_studies_that_lack_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: tuple[str, ...], said: str
) -> None:
    path = tmp_path / "meanings.csv"
    path.write_text(
        "name,en,ru,kk\nours,of both,a,a\nours_without_former_parts,of one,a,a\n"
        "rest_without_largest,rest,a,a\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(value_meanings, "study_lacks", lambda need: need in lacking)
    found = read_meanings(path)
    assert sorted(found) == ["ours", "rest_without_largest"]
    assert found["ours"]["en"] == said
