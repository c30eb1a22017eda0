"""Which regions and places there are, how they are named, and how their borders changed.

The registries are tables in metadata/: regions.csv (ISO 3166-2 codes), border_changes.csv,
borders_of_tables.csv and places.csv.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pandas as pd

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, shown
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
    "what_moved",
    "consequence",
    "evidence",
)
BORDERS_COLUMNS = (
    "table",
    "indicator",
    "regions",
    "first_year",
    "last_year",
    "borders",
    "evidence",
)
PLACE_COLUMNS = ("place_id", "region", "place_en", "place_ru", "place_kk", "kind")

UNCHANGED = "unchanged"


def read_table(path: Path, columns: Iterable[str], *, exact: bool = True) -> pd.DataFrame:
    """A metadata table as text, with `line`, its line in the file.

    Raises ProjectError when the file or a column is missing, when `exact` and there are other
    columns, or when a row has too few or too many cells.
    """
    if not path.is_file():
        raise ProjectError(f"{shown(path)}: metadata table missing")
    wanted = list(columns)
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        header = next(reader, [])
        if (exact and header != wanted) or not set(wanted) <= set(header):
            raise ProjectError(
                f"{shown(path)}: line 1: expected columns {','.join(wanted)}, "
                f"found {','.join(header)}"
            )
        rows = []
        for cells in reader:
            if len(cells) != len(header):
                raise ProjectError(
                    f"{shown(path)}: line {reader.line_num}: expected {len(header)} cells, "
                    f"found {len(cells)}"
                )
            rows.append([*cells, reader.line_num])
    return pd.DataFrame(rows, columns=[*header, "line"])


def check_unique(frame: pd.DataFrame, column: str, path: Path) -> None:
    """Raise ProjectError where a cell of `column` of a table from `read_table` repeats another."""
    repeated = frame[frame[column].duplicated()]
    if len(repeated):
        first = repeated.iloc[0]
        raise ProjectError(
            f"{shown(path)}: line {first['line']}: {column} {first[column]} is there twice"
        )


def check_filled(frame: pd.DataFrame, columns: Iterable[str], path: Path) -> None:
    """Raise ProjectError where a cell of `columns` of a table from `read_table` is empty."""
    for column in columns:
        empty = frame[frame[column].str.strip() == ""]
        if len(empty):
            raise ProjectError(f'{shown(path)}: line {empty.iloc[0]["line"]}: "{column}" is empty')


def read_translations(path: Path) -> dict[str, Words]:
    """English texts of a metadata table with a column a language, each by language.

    Raises ProjectError where one stands twice or is missing in a language.
    """
    table = read_table(path, LANGUAGES)
    check_filled(table, LANGUAGES, path)
    check_unique(table, "en", path)
    return {row["en"]: {code: row[code] for code in LANGUAGES} for row in table.to_dict("records")}


def load_regions(path: Path = METADATA / "places" / "regions.csv") -> pd.DataFrame:
    """All regions and the whole country (KZ): one row each, text, columns `REGION_COLUMNS`, line.

    Raises ProjectError on repeated codes or names, empty names, and a parent that is not there.
    """
    frame = read_table(path, REGION_COLUMNS)
    check_unique(frame, "region", path)
    check_filled(frame, REGION_COLUMNS[:8], path)
    check_unique(frame, "name_en", path)
    for record in frame.to_dict("records"):
        parent, year = record["split_from"], record["split_year"]
        if bool(parent) != bool(year) or (parent and parent not in set(frame["region"])):
            raise ProjectError(
                f"{shown(path)}: line {record['line']}: split_from {parent or '(empty)'} with "
                f"split_year {year or '(empty)'}: expected a region of this table and a year"
            )
    return frame


def load_border_changes(path: Path = METADATA / "places" / "border_changes.csv") -> pd.DataFrame:
    """Border changes: columns `CHANGE_COLUMNS`, line; kind is "new region" or "land moved".

    Raises ProjectError when a region or a kind is unknown.
    """
    frame = read_table(path, CHANGE_COLUMNS)
    check_filled(frame, CHANGE_COLUMNS, path)
    known = set(load_regions()["region"])
    for record in frame.to_dict("records"):
        if record["kind"] not in ("new region", "land moved"):
            raise ProjectError(f'{shown(path)}: line {record["line"]}: kind "{record["kind"]}"')
        for column in ("from_region", "to_region"):
            if record[column] not in known:
                raise ProjectError(
                    f"{shown(path)}: line {record['line']}: {column} {record[column]} "
                    "is not in metadata/places/regions.csv"
                )
    return frame


def load_places(path: Path = METADATA / "places" / "places.csv") -> pd.DataFrame:
    """The registry of cities and districts as text: at least `PLACE_COLUMNS`, and line.

    Raises ProjectError on a repeated place_id, an empty name or a region that is not known.
    """
    frame = read_table(path, PLACE_COLUMNS, exact=False)
    check_filled(frame, PLACE_COLUMNS, path)
    known = set(load_regions()["region"])
    for record in frame.to_dict("records"):
        if record["region"] not in known:
            raise ProjectError(
                f"{shown(path)}: line {record['line']}: region {record['region']} "
                "is not in metadata/places/regions.csv"
            )
    return frame


@cache
def region_spellings(path: Path = METADATA / "places" / "regions.csv") -> dict[str, str]:
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
            f'{table}: row {row}: unknown region "{name}"; '
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
    "since-2022" (Karaganda and Ulytau, East Kazakhstan and Abai, Almaty region and Zhetisu). A
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
        self.change: dict[str, str] = {}
        self.made: set[str] = set(loaded["to_region"])
        for record in loaded.to_dict("records"):
            self.change[record["from_region"]] = record["change"]
            self.change[record["to_region"]] = record["change"]
        self.exceptions = self._load_exceptions(exceptions)

    def _load_exceptions(self, path: Path) -> dict[str, list[tuple[str, str, int, int, str]]]:
        frame = read_table(path, BORDERS_COLUMNS)
        check_filled(frame, ("table", "regions", "first_year", "last_year", "evidence"), path)
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
                        int(record["first_year"]),
                        int(record["last_year"]),
                        record["borders"],
                    )
                )
        return rules

    def of_time(self, region: str, year: int) -> str:
        """Borders of `region` as they were in `year`."""
        change = self.change.get(region)
        if change is None:
            return UNCHANGED
        if region in self.made or year >= int(change):
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
