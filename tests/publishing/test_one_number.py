"""One quantity has one number in a year: the finder on made tables, and the project's own print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from karaganda_vibe.panels.migration_series import sum_of_places
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROCESSED, PROJECT
from karaganda_vibe.publishing.downloads import all_results
from karaganda_vibe.publishing.one_number import contradictions, load_quantities, printed
from karaganda_vibe.words.languages import LANGUAGES, format_number

HEAD = "where,name,year,only,quantity,part\n"


@dataclass
class MadeValue:
    number: float | None


@dataclass
class MadeResult:
    value: MadeValue
    first_year: int | None
    last_year: int | None


def made(number: float, first: int | None, last: int | None = None) -> MadeResult:
    return MadeResult(MadeValue(number), first, first if last is None else last)


def listed(folder: Path, rows: str) -> pd.DataFrame:
    path = folder / "quantities.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return load_quantities(path)


def test_two_values_of_one_year_and_a_wrong_sum_are_named(tmp_path):
    (tmp_path / "figure.csv").write_text(
        "when,n,kind\n2020,-3,ours\n2020,9,theirs\n2021,-5,ours\n2022,,ours\n", encoding="utf-8"
    )
    rows = (
        "value,loss,,,net,size\nvalue,net,,,net,net\nvalue,five,,,net,net\nvalue,far,,,net,net\n"
        "table,figure.csv:n,when,kind=ours,net,net\ntable,figure.csv:n,when,kind=theirs,other,net\n"
    )
    results = {
        "loss": made(3, 2020),
        "net": made(-6, 2021),
        "five": made(-7, 2020, 2021),
        "far": made(1, 2019, 2021),
    }
    assert contradictions(printed(listed(tmp_path, rows), results, tmp_path)) == [
        "net, 2021: the value net has -6, figure.csv has -5",
        "net, 2020 to 2021: the value five has -7, the years add up to -9",
        "net, 2019 to 2021: the value far has 1, but nothing prints the year 2019",
    ]
    results |= {"net": made(-5, 2021), "five": made(-8, 2020, 2021), "far": made(-8, 2020, 2021)}
    assert contradictions(printed(listed(tmp_path, rows), results, tmp_path)) == []


def test_a_quantity_may_take_its_unit_from_the_table(tmp_path):
    for name, number in (("a", 1), ("b", 2)):
        (tmp_path / f"page-{name}.csv").write_text(f"id,year,n\n{name},2020,{number}\n")
    (tmp_path / "all.csv").write_text("id,year,n\na,2020,1\nb,2020,7\n")
    rows = "table,page-*.csv:n,year,,net:{id},net\ntable,all.csv:n,year,,net:{id},net\n"
    assert contradictions(printed(listed(tmp_path, rows), {}, tmp_path)) == [
        "net:b, 2020: page-b.csv has 2, all.csv has 7"
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("value,gone,,,net,net\n", "line 2: the report has no number 'gone'"),
        ("value,timeless,,,net,net\n", "line 2: 'timeless' has no year"),
        ("table,none.csv:n,year,,net,net\n", "line 2: no table none.csv"),
        ("table,all.csv:m,year,,net,net\n", "all.csv has no column 'm'; expected one of year, n"),
    ],
)
def test_what_is_not_there_is_named(tmp_path, row, message):
    (tmp_path / "all.csv").write_text("year,n\n2020,1\n")
    with pytest.raises(ProjectError, match=message):
        printed(listed(tmp_path, row), {"timeless": made(1.0, None)}, tmp_path)


# ---- What the project prints -----------------------------------------------------------------


def test_the_report_prints_one_number_of_one_quantity_and_year():
    results = {result.value.name: result for result in all_results()}
    assert contradictions(printed(load_quantities(), results)) == []


def rivals() -> set[float]:
    """The region's balances that another table gives on today's borders, other than our series."""
    regions = pd.read_csv(PROCESSED / "regions.csv").query("region == 'KZ-35'")
    regions = regions[~regions["borders"].str.startswith("until")].set_index("year")
    ours = sum_of_places(pd.read_csv(PROCESSED / "districts.csv"), "KZ-35")
    published = regions["net_migration_total"].reindex(ours.index).dropna()
    return set(published[(published - ours[published.index]).abs() > 0.5])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_table_passport_or_summary_prints_the_number_of_another_table(language):
    folder = PROJECT / "report" / "generated"
    texts = {path.name: path.read_text() for path in sorted((folder / language).glob("*.qmd"))}
    texts["passports"] = (folder / language / "passports.json").read_text()
    texts["summary"] = json.dumps(
        json.loads((folder / "summary.json").read_text())[language], ensure_ascii=False
    )
    found = [
        f"{name}: {number:g}"
        for number in sorted(rivals())
        for name, text in texts.items()
        if format_number(number, "signed_persons", language) in text
    ]
    assert found == []
