"""The next edition, made: a year more, a gain, a contradiction, a revised year.

The first tests put a made year to the processed tables and ask the function that every sentence
about the latest figure follows from. `make years` builds the whole report of each scenario.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from made_years import ARRIVED, LEFT, NET, PLACES, SCENARIOS, YEAR, accept, apply, with_year
from scratch_project import build, copy_project

from karaganda_vibe.panels.migration_series import RegionFigure, latest_figure
from karaganda_vibe.project.paths import PROCESSED, PROJECT, RAW
from karaganda_vibe.words.languages import LANGUAGES, article_name

HERE = "KZ-35"
PRESS = -5697
"""What the press quotes for the made year: published, as it stands in data/raw/press_migration."""


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    names = ("districts", "regions", "region_indicators_long")
    return {name: pd.read_csv(PROCESSED / f"{name}.csv", low_memory=False) for name in names}


def edition(tables: dict[str, pd.DataFrame], scenario: str) -> RegionFigure:
    """The latest figure in the edition that the scenario makes."""
    made = SCENARIOS[scenario]
    districts, regions, long = tables.values()
    if made.places is not None:
        year = districts[districts["year"] == YEAR - 1].assign(year=YEAR)
        own = year["region"] == HERE
        year.loc[own, "net_migration"] = 0.0
        year.loc[own.idxmax(), "net_migration"] = float(made.places)
        districts = pd.concat([districts, year])
    if made.region is not None:
        row = (long["region"] == HERE) & (long["indicator"] == "net_migration_total")
        office = long[row & (long["year"] == YEAR - 1)].head(1)
        long = pd.concat([long, office.assign(year=YEAR, value=float(made.region))])
        today = (regions["region"] == HERE) & (regions["year"] == YEAR)
        regions = regions.assign(
            net_migration_total=regions["net_migration_total"].mask(today, float(made.region))
        )
    return latest_figure(districts, regions, long, HERE)


@pytest.mark.parametrize(
    ("scenario", "value", "source", "other", "other_source"),
    [
        ("revision", PRESS, "press", None, ""),
        ("places", PRESS, "places", None, ""),
        ("region", PRESS, "table", None, ""),
        ("both", -5701, "places", PRESS, "press"),
        ("conflict", -8490, "places", -5210, "table"),
        ("gain", 1234, "places", PRESS, "press"),
    ],
)
def test_the_latest_figure_says_its_source_and_what_contradicts_it(
    tables, scenario, value, source, other, other_source
):
    figure = edition(tables, scenario)
    assert (figure.value, figure.year) == (value, YEAR)
    assert (figure.source, figure.other, figure.other_source) == (source, other, other_source)


def test_figures_of_other_borders_and_of_half_a_year_contradict_nothing(tables):
    districts, regions, long = tables.values()
    row = long[(long["region"] == HERE) & (long["year"] == YEAR)]
    row = row[row["indicator"] == "net_migration_total"].head(1).assign(value=-1.0)
    more = [row.assign(period="H1"), row.assign(borders="until-2022"), row.assign(region="KZ-55")]
    assert latest_figure(districts, regions, pd.concat([long, *more]), HERE).other is None
    told = latest_figure(districts, regions, pd.concat([long, row]), HERE)
    assert (told.other, told.other_source) == (-1.0, "press")


def test_a_made_year_adds_up():
    table = pd.read_csv(RAW / PLACES, dtype=str, keep_default_na=False)
    made = with_year(table, YEAR, -8490)
    rows = made[~made["place_ru"].str.contains("моногород")]
    sums = {
        name: pd.to_numeric(rows.loc[rows["indicator_ru"].str.strip() == name, str(YEAR)]).sum()
        for name in (NET, ARRIVED, LEFT)
    }
    assert sums[NET] == -8490 == sums[ARRIVED] - sums[LEFT]
    pd.testing.assert_frame_equal(made.drop(columns=str(YEAR)), table)


FACTS = {
    "03_region_in_the_country": {
        2015: "the year before registration was made easy and counted moves multiplied",
        2013: "the first year for which every region's balance is published",
    },
    "04_inside_the_region": {2000: "where the figure begins"},
    "05_quality_and_codebook": {2022: "the border of that year", 2000: "where the shares begin"},
    "06_drivers": {2000: "no year: draws"},
    "08_youth": {
        2009: "the census that the early years stand on",
        2021: "the first of the claim's five years",
        2026: "the year in which the claim was made",
        2005: "births were counted where the mother was, until then",
        2006: "births are counted where the mother lives, from then on",
    },
    "09_outlook": {2030: "the outlook reaches it at least, and later years once they near"},
    "12_rural": {
        2001: "where the panel begins",
        2005: "a variant of that beginning",
        2008: "a year in which nothing was done, tried as if",
        2011: "a year in which nothing was done, tried as if",
    },
    "22_drivers_again": {2000: "no year: draws"},
}
"""Years typed in notebooks, and what makes each a fact or a choice that no edition changes."""


def test_no_notebook_types_a_year_that_the_next_edition_outdates():
    found = {}
    for path in sorted((PROJECT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code = "".join("".join(c["source"]) + "\n" for c in cells if c["cell_type"] == "code")
        bare = re.sub(r"#.*|\"(since|until)-\d{4}\"|'(since|until)-\d{4}'", "", code)
        if years := {int(year) for year in re.findall(r"\b(?:19|20)\d{2}\b", bare)}:
            found[path.stem] = years
    assert found == {name: set(years) for name, years in FACTS.items()}


MUST = {
    "places": {"en": "sum of cities and districts", "ru": "сумма по городам", "kk": "қосындысы"},
    "region": {"en": "net migration over all flows", "ru": "по всем потокам", "kk": "барлық ағын"},
    "both": {"en": "the press quotes −5,697", "ru": "в прессе — −5", "kk": "баспасөзде — −5"},
    "conflict": {"en": "regions says −5,210", "ru": "по регионам — −5", "kk": "кестесінде — −5"},
    "gain": {"en": "gained people", "ru": "за счёт миграции", "kk": "есебінен өсті"},
    "revision": {"en": "years running", "ru": "подряд", "kk": "қатарынан"},
}
"""What the first page says in each scenario."""
MUST_NOT = {
    "gain": {
        "en": r"lost people to migration for|has lost people in (each|every) year since",
        "ru": r"теряет жителей из-за миграции|теряет людей каждый год",
        "kk": r"жыл қатарынан кеміп|жыл сайын кеміп келеді",
    },
}
QUOTED = {"en": "quoted by ", "ru": "её приводит", "kk": "хабары бойынша"}
"""How the first page speaks of a figure that the press alone has."""


@pytest.mark.years
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_whole_report_is_made_and_says_nothing_stale(tmp_path, scenario):
    project = copy_project(tmp_path / scenario)
    (project / "build").mkdir()
    cache = PROJECT / "build" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (project / "build" / "cache").symlink_to(cache, target_is_directory=True)
    accept(project, apply(SCENARIOS[scenario], project / "data" / "raw"))
    done = build(project)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    values = values_of(project)
    for code in LANGUAGES:
        folder = "" if code == "en" else code
        told = text_of(project / "_output" / folder / f"{article_name(code)}.html")
        first = " ".join(
            values[name]["text"][code] for name in ("front_title", "front_answer", "front_source")
        )
        assert MUST[scenario][code] in first
        if scenario != "revision":
            assert QUOTED[code] not in first
        if scenario in MUST_NOT:
            assert not re.search(MUST_NOT[scenario][code], told)


def values_of(project: Path) -> dict[str, dict]:
    """Every value that the build made, by name."""
    return {
        name: entry
        for path in (project / "report" / "generated" / "values").glob("*.json")
        for name, entry in json.loads(path.read_text("utf-8")).items()
    }


def text_of(page: Path) -> str:
    """What a page says, without its markup."""
    bare = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", page.read_text("utf-8"), flags=re.S)
    return " ".join(html.unescape(bare).split())
