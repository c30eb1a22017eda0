"""Which regions and places there are, how they are named, and how their borders changed.

The registries are tables in metadata/: regions.csv (ISO 3166-2 codes), border_changes.csv,
borders_of_tables.csv and places.csv.
Somewhat over 400 lines: the tables refer to one another and are checked together.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path

import pandas as pd

from karaganda_vibe.places.place_names import plain, spoken
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
from karaganda_vibe.project.tables import (
    NUMBER,
    WHOLE,
    YEAR,
    YES_NO,
    check_known,
    fault,
    perhaps,
    read_table,
)
from karaganda_vibe.words.languages import LANGUAGES, Words

COUNTRY = "KZ"

REGION_COLUMNS = (
    "region",
    "name_en",
    "name_ru",
    "name_kk",
    "short_en",
    "short_ru",
    "short_kk",
    "centre",
    "split_from",
    "split_year",
    "also_written",
)
CHANGE_COLUMNS = (
    "change",
    "kind",
    "date",
    "from_region",
    "to_region",
    "from_place",
    "to_place",
    "what_moved",
    "consequence",
    "evidence",
)
PLACES_OF_CHANGE = ("from_place", "to_place")
BORDERS_COLUMNS = (
    "table",
    "indicator",
    "regions",
    "first_year",
    "last_year",
    "borders",
    "evidence",
)
PLACE_COLUMNS = (
    "place_id", "region", "place_en", "place_ru", "place_kk", "kind", "raw_file", "raw_name",
    "is_monotown", "used", "first_year", "last_year", "reason", "name_note",
)  # fmt: skip
PLACE_KINDS = (
    "city", "district", "city_district", "monotown", "outside_districts", "region_total",
)  # fmt: skip
REGIONS_FILE = METADATA / "places" / "regions.csv"
PLACES_FILE = METADATA / "places" / "places.csv"

UNCHANGED = "unchanged"


def read_translations(path: Path) -> dict[str, Words]:
    """English texts of a metadata table with a column a language, each by language.

    Raises ProjectError where one stands twice or is missing in a language.
    """
    table = read_table(path, LANGUAGES, filled=LANGUAGES, keys=["en"])
    return {row["en"]: {code: row[code] for code in LANGUAGES} for row in table.to_dict("records")}


def load_regions(path: Path = REGIONS_FILE) -> pd.DataFrame:
    """All regions and the whole country (KZ): one row each, columns `REGION_COLUMNS`, line.

    Raises ProjectError on repeated codes or names, empty names, and a parent that is not there.
    """
    frame = read_table(
        path,
        REGION_COLUMNS,
        typed={"split_year": YEAR},
        filled=REGION_COLUMNS[:8],
        keys=["region", "name_en"],
    )
    check_known(path, frame, "split_from", frame["region"], listed_in="this table")
    for record in frame.to_dict("records"):
        parent, year = record["split_from"], record["split_year"]
        if bool(parent) != bool(pd.notna(year)):
            text = "split_from and split_year belong together; fill in both or none"
            raise fault(path, record["line"], text)
    return frame


def republican_cities(regions: pd.DataFrame) -> list[str]:
    """Codes of the cities that are regions of their own: the centre is the region itself.

    regions: `load_regions`. The country, whose centre is one of them, is none.
    """
    cities = regions[regions["name_ru"].str.startswith("город ")]
    return sorted(cities["region"])


def load_border_changes(path: Path = METADATA / "places" / "border_changes.csv") -> pd.DataFrame:
    """Border changes: columns `CHANGE_COLUMNS`, line; kind is "new region" or "land moved".

    Land that moved inside a region has the place that it left and the one that it came to.
    Raises ProjectError when a region, a place or a kind is unknown.
    """
    frame = read_table(
        path,
        CHANGE_COLUMNS,
        typed={"change": YEAR, "kind": ("new region", "land moved")},
        filled=[column for column in CHANGE_COLUMNS if column not in PLACES_OF_CHANGE],
    )
    for column in ("from_region", "to_region"):
        check_regions(path, frame, column)
    places = load_places()
    for column in PLACES_OF_CHANGE:
        check_places(path, frame, column, places)
    return frame


def border_year_of(parts: Collection[str], changes: pd.DataFrame) -> int | None:
    """The year in which the regions `parts` split off, the first of them; None where none did."""
    dates = changes.loc[changes["to_region"].isin(list(parts)), "date"]
    return int(str(dates.min())[:4]) if len(dates) else None


def moves_between_places(changes: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Land that moved from one place to another in the years `first` to `last`.

    `changes` is from `load_border_changes`; the answer is its rows with both places.
    """
    known = (changes[list(PLACES_OF_CHANGE)] != "").all(axis=1)
    return changes[known & changes["change"].between(first, last)]


def check_regions(path: Path, frame: pd.DataFrame, column: str) -> None:
    """ProjectError for a filled cell of `column` that is no ISO code of a region; see `fault`."""
    check_known(
        path,
        frame,
        column,
        load_regions()["region"],
        spellings=region_spellings(),
        listed_in=shown(REGIONS_FILE),
    )


def check_places(path: Path, frame: pd.DataFrame, column: str, places: pd.DataFrame) -> None:
    """ProjectError for a filled cell of `column` that is no place_id of `places`.

    The hint knows a place by its name in every language. `places`: from `load_places`.
    """
    check_known(
        path,
        frame,
        column,
        places["place_id"],
        spellings=place_spellings(places),
        listed_in=shown(PLACES_FILE),
    )


def place_spellings(places: pd.DataFrame) -> dict[str, str]:
    """Every name of a place, with and without the mark of a city, and its place_id."""
    spellings: dict[str, str] = {}
    for record in places.to_dict("records"):
        for code in LANGUAGES:
            name = record[f"place_{code}"]
            for spelling in (plain(name, code), spoken(name, code), name):
                spellings.setdefault(spelling, record["place_id"])
    return spellings


def load_places(path: Path = PLACES_FILE) -> pd.DataFrame:
    """The registry of cities and districts, one row a sheet: `PLACE_COLUMNS`, and line.

    Raises ProjectError on a repeated place_id or sheet, an empty name, a region that is not known,
    a year that is none, and a sheet that is not used without a reason.
    """
    frame = read_table(
        path,
        PLACE_COLUMNS,
        typed={
            "kind": PLACE_KINDS,
            "is_monotown": YES_NO,
            "used": YES_NO,
            "first_year": YEAR,
            "last_year": YEAR,
        },
        filled=[*PLACE_COLUMNS[:8], "used"],
        keys=["place_id", ("raw_file", "raw_name")],
    )
    check_regions(path, frame, "region")
    for record in frame.to_dict("records"):
        if record["used"] == "no" and not record["reason"]:
            raise fault(
                path, record["line"], "empty; say why the sheet is not used", column="reason"
            )
    return frame


def load_region_tiles(path: Path = METADATA / "places" / "region_tiles.csv") -> pd.DataFrame:
    """The map of tiles of the country: region, column and row (whole numbers), label by language.

    Raises ProjectError for a region that is not known or has two tiles.
    """
    tiles = _load_tiles(path, "region", WHOLE)
    check_regions(path, tiles, "region")
    return tiles.drop(columns="line")


def load_place_tiles(path: Path = METADATA / "places" / "place_tiles.csv") -> pd.DataFrame:
    """The map of tiles of the region: place_id, column and row (numbers), label by language.

    Raises ProjectError for a place that is not known or has two tiles.
    """
    tiles = _load_tiles(path, "place_id", NUMBER)
    check_places(path, tiles, "place_id", load_places())
    return tiles.drop(columns="line")


def _load_tiles(path: Path, unit: str, kind: str) -> pd.DataFrame:
    columns = (unit, "column", "row", *(f"label_{code}" for code in LANGUAGES))
    typed = {"column": kind, "row": kind}
    return read_table(path, columns, typed=typed, filled=columns, keys=[unit, ("column", "row")])


@cache
def region_spellings(path: Path = REGIONS_FILE) -> dict[str, str]:
    """Every known spelling of a region (any language, short, also written) and its ISO code.

    Raises ProjectError when one spelling would mean two regions.
    """
    spellings: dict[str, str] = {}
    for record in load_regions(path).to_dict("records"):
        names = [record[column] for column in REGION_COLUMNS[:4]]
        names += [name.strip() for name in record["also_written"].split(";") if name.strip()]
        for name in names:
            if spellings.setdefault(name, record["region"]) != record["region"]:
                raise ProjectError(
                    f"{shown(path)}: line {record['line']}: the name {name} also means "
                    f"{spellings[name]}"
                )
    return spellings


def region_code(name: str, table: str, row: int | str) -> str:
    """ISO code of the region spelled `name` in row `row` of `table`.

    Raises ProjectError naming table and row when the spelling is not known.
    """
    code = region_spellings().get(name.strip())
    if code is None:
        raise ProjectError(
            f'{table}: row {row}: unknown region "{name}"{perhaps(name, region_spellings())}; '
            "add the spelling to also_written in metadata/places/regions.csv"
        )
    return code


def region_codes(names: pd.Series, table: str) -> pd.Series:
    """ISO codes of a column of region names; ProjectError names the line of the raw table."""
    known = region_spellings()
    codes = names.str.strip().map(known)
    if codes.isna().any():
        first = int(codes.isna().to_numpy().argmax())
        region_code(str(names.iloc[first]), table, first + 2)
    return codes


def region_names(language: str = "en", *, short: bool = True) -> dict[str, str]:
    """ISO code → name in `language` ("en", "ru" or "kk")."""
    column = f"{'short' if short else 'name'}_{language}"
    frame = load_regions()
    if column not in frame.columns:
        raise ProjectError(f"metadata/places/regions.csv: no names in the language {language}")
    return dict(zip(frame["region"], frame[column], strict=True))


def old_region(region: pd.Series, regions: pd.DataFrame) -> pd.Series:
    """The oblast that each region belonged to before its first division, for clusters.

    Halves of one oblast shared their government, prices and shocks until they parted.

    Args:
        region: (n,) ISO codes, one a row of the caller's table; the index is kept.
        regions: from `load_regions`: columns region, split_from ("" where it never split off).

    Returns:
        (n,) ISO codes, named old_region: split_from followed to its beginning; itself otherwise.

    Raises:
        ProjectError: a code that `regions` does not list; parents that go round in a circle.
    """
    parent = {
        code: origin
        for code, origin in zip(regions["region"], regions["split_from"], strict=True)
        if origin
    }
    known = set(regions["region"])
    first: dict[str, str] = {}
    for code in region.unique():
        if code not in known:
            raise ProjectError(
                f"old_region: {code!r} is no region of {shown(REGIONS_FILE)}; expected one of its "
                "codes; add the region or correct the code"
            )
        path = [code]
        while path[-1] in parent:
            path.append(parent[path[-1]])
            if path[-1] in path[:-1]:
                raise ProjectError(
                    f"{shown(REGIONS_FILE)}: split_from of {code} goes round in a circle: "
                    f"{' → '.join(path)}; expected an oblast that never split off; correct it"
                )
        first[code] = path[-1]
    return region.map(first).rename("old_region")


def full_names(region: str) -> dict[str, str]:
    """The full name of the region with this ISO code by language, for sentences.

    The short names stand on figures: in Russian a sentence needs the noun ("область") as well.
    """
    return {code: region_names(code, short=False)[region] for code in LANGUAGES}


def with_region_names(frame: pd.DataFrame, column: str = "region") -> pd.DataFrame:
    """`frame` with the short names of its regions added: name_en, name_ru, name_kk."""
    names = {f"name_{code}": region_names(code) for code in LANGUAGES}
    return frame.assign(**{name: frame[column].map(by_code) for name, by_code in names.items()})


class Borders:
    """Which borders a published value is on.

    A region that never changed has the borders "unchanged". The others have "until-2018" (South
    Kazakhstan with Shymkent) or "since-2018" (Turkistan, Shymkent), and "until-2022" or
    "since-2022" (East Kazakhstan and Abai, Almaty region and Zhetisu). A
    value of year y is on the new borders from the year of the change on, unless
    metadata/places/borders_of_tables.csv says otherwise for its table.
    """

    def __init__(
        self,
        changes: Path = METADATA / "places" / "border_changes.csv",
        exceptions: Path = METADATA / "places" / "borders_of_tables.csv",
    ) -> None:
        loaded = load_border_changes(changes)
        # Land that moved between two regions that stay has no borders of its own.
        loaded = loaded[loaded["kind"] == "new region"]
        self.change: dict[str, int] = {}
        self.made: set[str] = set(loaded["to_region"])
        for record in loaded.to_dict("records"):
            self.change[record["from_region"]] = record["change"]
            self.change[record["to_region"]] = record["change"]
        self.exceptions = self._load_exceptions(exceptions)

    def _load_exceptions(self, path: Path) -> dict[str, list[tuple[str, str, int, int, str]]]:
        years = ("first_year", "last_year")
        frame = read_table(
            path,
            BORDERS_COLUMNS,
            typed=dict.fromkeys(years, YEAR),
            filled=("table", "regions", *years, "evidence"),
        )
        rules: dict[str, list[tuple[str, str, int, int, str]]] = {}
        for record in frame.to_dict("records"):
            for region in record["regions"].split(";"):
                change = self.change.get(region)
                if record["borders"] not in (f"until-{change}", f"since-{change}"):
                    raise ProjectError(
                        f"{shown(path)}: line {record['line']}: {region} has no borders "
                        f'"{record["borders"]}"'
                    )
                rules.setdefault(record["table"], []).append(
                    (
                        record["indicator"],
                        region,
                        record["first_year"],
                        record["last_year"],
                        record["borders"],
                    )
                )
        return rules

    def of_time(self, region: str, year: int) -> str:
        """Borders of `region` as they were in `year`."""
        change = self.change.get(region)
        if change is None:
            return UNCHANGED
        if region in self.made or year >= change:
            return f"since-{change}"
        return f"until-{change}"

    def of_value(self, table: str, indicator: str, region: str, year: int) -> str:
        """Borders that the value of `indicator` for `region` and `year` in `table` is on."""
        for rule_indicator, rule_region, first, last, borders in self.exceptions.get(table, []):
            if (
                rule_region == region
                and rule_indicator in ("", indicator)
                and first <= year <= last
            ):
                return borders
        return self.of_time(region, year)
