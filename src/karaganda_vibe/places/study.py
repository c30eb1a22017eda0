"""What the study is about: its region, main city and places, from metadata/study.yml.

Notebooks, texts and chapters name none of them: they take them from here, in three languages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sized
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from karaganda_vibe.places.place_names import CITY, spoken_names
from karaganda_vibe.places.registry import (
    full_names,
    load_places,
    load_regions,
    region_names,
    republican_cities,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, RAW, shown
from karaganda_vibe.project.reading import has_rows
from karaganda_vibe.project.tables import perhaps, read_table
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.words.counted import Counted
from karaganda_vibe.words.languages import LANGUAGES, Words

STUDY_FILE = METADATA / "study.yml"
REGISTERS = {
    "claims": METADATA / "programmes" / "claims.csv",
    "programmes": METADATA / "programmes" / "programmes.csv",
    "last_edition": METADATA / "values" / "last_edition.csv",
}
NEEDS = METADATA / "texts" / "study_needs.csv"
OTHER = "other"
"""The row of that table for what is not told by a need: a figure that is not published."""
_NAMED = re.compile(r"\{([a-z_]+)(?::([a-z_]+))?\}")
KEYS = (
    "region", "former_parts", "main_city", "peers", "focus_places", "destinations", "tile_labels",
)  # fmt: skip


class StudyLacksError(ProjectError):
    """The study has not what a cell of a notebook is about: the cell ends here, the rest runs."""


@dataclass(frozen=True)
class Study:
    """The region of a study and what it is shown with; codes of ISO 3166-2, place_ids.

    Attributes:
        region: the region that the study is about.
        former_parts: regions that split off it; empty where none did.
        main_city: the place that holds its largest city, or None.
        peers: regions that it is shown beside.
        focus_places: what a chapter is about → place.
        destinations: name of a group → its regions.
        tile_labels: region → column and row of its name on the map of tiles of its places.
    """

    region: str
    former_parts: tuple[str, ...]
    main_city: str | None
    peers: tuple[str, ...]
    focus_places: Mapping[str, str]
    destinations: Mapping[str, tuple[str, ...]]
    tile_labels: Mapping[str, tuple[float, float]]

    @property
    def old_parts(self) -> list[str]:
        """The region and what split off it: the territory within the old borders."""
        return [self.region, *self.former_parts]

    def has(self, what: str) -> bool:
        """Whether the study has `what`, by its data: a row of metadata/texts/study_needs.csv.

        A main city, former parts and places of single chapters stand in the study's file; the
        registers (`REGISTERS`) count where they have rows, `press` where data/raw holds press
        figures of the region.
        """
        if what == "main_city":
            return self.main_city is not None
        if what == "former_parts":
            return bool(self.former_parts)
        if what in REGISTERS:
            return has_rows(REGISTERS[what])
        if what == "press":
            return (RAW / f"press_{self.table_name}").is_dir()
        return what in self.focus_places

    def needs(self, what: str, found: Sized | None = None) -> None:
        """End the cell of a notebook here, where the study lacks what it is about.

        `found`: the figures themselves, where tables tell whether the region has `what`.

        Raises StudyLacksError, after which `make report` goes on with the next cell, and
        ProjectError for a need without a row in metadata/texts/study_needs.csv.
        """
        known = need_words()
        if what not in known:
            raise ProjectError(
                f"{shown(NEEDS)} has no row '{what}'{perhaps(what, list(known))}; add what it is"
            )
        if not (self.has(what) if found is None else len(found)):
            raise StudyLacksError(f"{self.region} lacks {what}: {known[what]['en']}")

    def named_spots(self) -> dict[str, tuple[float, float]]:
        """Where a map of tiles names the region and what split off: the label's name → place."""
        names = dict(zip(self.old_parts, ("here", "former_part"), strict=False))
        return {names[region]: spot for region, spot in self.tile_labels.items()}

    @cached_property
    def table_name(self) -> str:
        """What tables of the region alone are called after in data/raw: the raw_file of a place."""
        places = load_places()
        return str(places.loc[places["region"] == self.region, "raw_file"].iloc[0])

    def words(self) -> dict[str, Words]:
        """Names for texts and chapters, by language: `{here}`, `{main_city:gen}`.

        here, here_short; former_part, former_part_short (the first one); main_city and
        main_city_short, the city without its mark. What the study does not have is not there.
        """
        named = {"here": self.region}
        if self.former_parts:
            named["former_part"] = self.former_parts[0]
        words: dict[str, Words] = {}
        for name, region in named.items():
            words[name] = region_in_full(region)
            words[f"{name}_short"] = {code: region_names(code)[region] for code in LANGUAGES}
        if self.main_city:
            places = load_places().set_index("place_id")
            listed = {code: str(places.at[self.main_city, f"place_{code}"]) for code in LANGUAGES}
            words["main_city"] = spoken_names(listed)
            words["main_city_short"] = {
                code: listed[code].replace(CITY[code][0], "") for code in LANGUAGES
            }
        return words


@cache
def need_words(path: Path = NEEDS, told_by: str = "") -> Mapping[str, Words]:
    """What a chapter may need and a region may lack, named in every language.

    `told_by`: only what the study's file and registers tell ("study"), or the tables ("figures").
    """
    names = {code: f"name_{code}" for code in LANGUAGES}
    columns = ("need", "told_by", *names.values())
    frame = read_table(path, columns, typed={"told_by": ("study", "figures")}, filled=columns)
    return {
        row["need"]: {code: row[column] for code, column in names.items()}
        for row in frame.to_dict("records")
        if told_by in ("", row["told_by"])
    }


@cache
def study_lacks(need: str) -> bool:
    """Whether the study of metadata/study.yml has not `need`; False for what is told by figures.

    Asked for one need at a time: only its register is read, and a notebook waits for no other.
    """
    return need in need_words(told_by="study") and not load_study().has(need)


@cache
def study_words() -> Mapping[str, Words]:
    """The names of the study of metadata/study.yml, see `Study.words`."""
    return load_study().words()


def with_names(text: str, language: str) -> str:
    """`text` of a table with the study's names filled in: `{main_city:gen}`; other braces stay.

    Raises ProjectError for a form that the name does not have.
    """
    words = study_words()

    def name(found: re.Match[str]) -> str:
        if found[1] not in words:
            return found[0]
        return format(Counted(words[found[1]][language], language), found[2] or "")

    return _NAMED.sub(name, text)


def with_names_in(frame: pd.DataFrame, stem: str) -> pd.DataFrame:
    """`frame` with the study's names filled into its texts `<stem>_<language>`."""
    columns = {code: f"{stem}_{code}" for code in LANGUAGES}
    return frame.assign(
        **{
            column: [with_names(text, code) for text in frame[column]]
            for code, column in columns.items()
        }
    )


def region_in_full(region: str) -> dict[str, str]:
    """A region's name with its noun in every language: "Pavlodar region", «… область».

    In English the registry has it without; a city that is a region of its own needs none.
    """
    names = full_names(region)
    if region in republican_cities(load_regions()):
        return names
    return {**names, "en": f"{names['en']} region"}


@cache
def load_study(path: Path = STUDY_FILE) -> Study:
    """The study of `path`.

    Raises ProjectError, with file and line, for a key that is missing, unknown or of another
    shape, and for a region or a place that the registries do not list.
    """
    return _Reader(path).study()


class _Reader:
    """Reads a study and names file and line of what is wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path
        top = read_yaml(path)
        if not isinstance(top, dict):
            raise ProjectError(f"{shown(path)}: holds no keys; expected {', '.join(KEYS)}")
        self._top: Any = top
        self._regions = {code: code for code in load_regions()["region"]}
        places = load_places()
        self._places = dict(zip(places["place_id"], places["region"], strict=True))

    def study(self) -> Study:
        for key in self._top:
            if key not in KEYS:
                raise self._fault(key, f"unknown key{perhaps(str(key), KEYS)}; remove it")
        for key in KEYS:
            if key not in self._top:
                raise ProjectError(
                    f"{shown(self._path)}: the key '{key}' is missing; add it, empty or not"
                )
        region = self._known("region", self._top["region"], self._regions)
        former_parts = self._codes("former_parts", self._top["former_parts"])
        if region in former_parts:
            raise self._fault("former_parts", f"{region} is the region itself; leave it out")
        city = self._top["main_city"]
        if city is not None:
            self._known("main_city", city, self._places)
            if self._places[city] != region:
                raise self._fault(
                    "main_city", f"{city} lies in {self._places[city]}, not in {region}"
                )
        return Study(
            region,
            former_parts,
            city,
            self._codes("peers", self._top["peers"]),
            {
                name: self._known("focus_places", place, self._places)
                for name, place in self._mapping("focus_places").items()
            },
            {
                name: self._codes("destinations", codes)
                for name, codes in self._mapping("destinations").items()
            },
            {
                self._known("tile_labels", code, [region, *former_parts[:1]]): self._spot(spot)
                for code, spot in self._mapping("tile_labels").items()
            },
        )

    def _mapping(self, key: str) -> Mapping[str, Any]:
        found = self._top[key]
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise self._fault(key, f"found {found!r}, expected names, a colon and what they mean")
        return found

    def _codes(self, key: str, codes: Any) -> tuple[str, ...]:
        if not isinstance(codes, list):
            raise self._fault(key, f"found {codes!r}, expected a list of regions, perhaps []")
        known = tuple(self._known(key, code, self._regions) for code in codes)
        if len(set(known)) < len(known):
            raise self._fault(key, f"a region stands twice in {', '.join(known)}; keep one")
        return known

    def _spot(self, spot: Any) -> tuple[float, float]:
        numbers = isinstance(spot, list) and all(isinstance(n, int | float) for n in spot)
        if not numbers or len(spot) != 2:
            raise self._fault("tile_labels", f"found {spot!r}, expected [column, row]")
        return float(spot[0]), float(spot[1])

    def _known(self, key: str, code: Any, known: Collection[str]) -> str:
        if code not in known:
            raise self._fault(
                key,
                f"'{code}' is none of the {len(known)} names known here"
                f"{perhaps(str(code), list(known))}; correct it",
            )
        return str(code)

    def _fault(self, key: Any, text: str) -> ProjectError:
        line = self._top.lc.data[key][0] + 1
        return ProjectError(f"{shown(self._path)}, line {line}: {key}: {text}")
