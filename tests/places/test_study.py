"""The study: what it is about is read from one file, and a wrong file is named in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from karaganda_vibe.places.registry import load_places
from karaganda_vibe.places.study import (
    STUDY_FILE,
    StudyLacksError,
    load_study,
    region_in_full,
)
from karaganda_vibe.project.errors import ProjectError

# A made study: a region that no border changed, without a main city.
PLAIN = """\
region: KZ-55
former_parts: []
main_city:
peers: [KZ-63]
focus_places:
destinations: {capital: [KZ-71]}
tile_labels:
"""


def study_of(folder: Path, text: str):
    path = folder / "study.yml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)


def test_a_study_without_city_and_former_parts(tmp_path):
    study = study_of(tmp_path, PLAIN)
    assert study.old_parts == ["KZ-55"]
    assert study.main_city is None
    assert study.destinations == {"capital": ("KZ-71",)}
    assert sorted(study.words()) == ["here", "here_short"]
    assert study.words()["here"]["ru"] == "Павлодарская область"


def test_names_of_a_study_with_city_and_former_part(tmp_path):
    text = PLAIN.replace("former_parts: []", "former_parts: [KZ-63]")
    words = study_of(tmp_path, text.replace("main_city:", "main_city: pavlodar-city")).words()
    assert words["main_city"]["ru"] == "город Павлодар"
    assert words["main_city_short"]["kk"] == "Павлодар"
    assert words["former_part"]["en"] == "East Kazakhstan region"


def test_a_city_of_its_own_is_no_region_in_english():
    assert region_in_full("KZ-71")["en"] == "Astana"
    assert region_in_full("KZ-55")["en"] == "Pavlodar region"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("region: KZ-55", "region: KZ-56", "line 1: region: 'KZ-56' is none of the"),
        ("former_parts: []", "former_parts: KZ-62", "line 2: former_parts: found 'KZ-62'"),
        ("former_parts: []", "former_parts: [KZ-55]", "line 2: .*is the region itself"),
        ("main_city:", "main_city: karaganda-city", "line 3: .*lies in KZ-35, not in KZ-55"),
        ("[KZ-63]", "[KZ-63, KZ-63]", "line 4: peers: a region stands twice"),
        ("focus_places:", "focus_places: {a: pavlodar}", "line 5: .*perhaps pavlodar-city"),
        ("focus_places:", "focus_places: [a]", "line 5: .*expected names"),
        ("tile_labels:", "tile_labels: {KZ-55: [1]}", r"line 7: .*expected \[column, row\]"),
        ("peers: [KZ-63]\n", "", "the key 'peers' is missing"),
        ("peers:", "pears:", "line 4: pears: unknown key .perhaps peers"),
        (PLAIN, "no keys", "holds no keys"),
    ],
)
def test_a_wrong_study_is_named_in_one_line(tmp_path, old, new, said):
    with pytest.raises(ProjectError, match=said) as error:
        study_of(tmp_path, PLAIN.replace(old, new))
    assert "\n" not in str(error.value)


def test_the_study_of_this_project_is_whole():
    study = load_study(STUDY_FILE)
    assert study.main_city in load_places()["place_id"].to_list()
    assert study.focus_places
    assert study.peers
    assert set(study.tile_labels) == set(study.old_parts)


def test_what_a_study_has_is_told_by_its_file_and_data(tmp_path):
    study = study_of(tmp_path, PLAIN)
    assert not any(map(study.has, ("main_city", "former_parts", "mentoring", "press")))
    own = load_study(STUDY_FILE)
    assert all(map(own.has, ("main_city", "former_parts", "mentoring", "press", "claims")))


def test_a_need_that_the_study_lacks_ends_the_cell(tmp_path):
    study = study_of(tmp_path, PLAIN)
    with pytest.raises(StudyLacksError, match="KZ-55 lacks former_parts: a part that split off"):
        study.needs("former_parts")
    with pytest.raises(StudyLacksError, match="lacks births_by_place"):
        study.needs("births_by_place", [])
    study.needs("births_by_place", [1])
    with pytest.raises(ProjectError, match=r"no row 'main_citi'.*perhaps main_city") as error:
        study.needs("main_citi")
    assert not isinstance(error.value, StudyLacksError)
