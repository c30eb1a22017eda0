"""The outlook: its panels and charts on made frames, and what holds of the real results."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.figures.axes import Axis
from karaganda_vibe.figures.outlook_charts import fan_and_errors, range_dots
from karaganda_vibe.figures.pens import Pen
from karaganda_vibe.inference.outlook import CHOSEN, backtest
from karaganda_vibe.inference.outlook_methods import METHODS
from karaganda_vibe.panels.outlook_panels import (
    error_of_units,
    figure_since,
    in_persons,
    kinds_of_regions,
    place_panel,
    region_series,
    regions_panel,
    with_published,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROCESSED
from karaganda_vibe.publishing.values import read_values

PEN = Pen("en", lambda part: f"<{part}>")
PERSONS = Axis("signed_persons", "signed_persons")


def drawn(draw):
    """All texts and marks of a drawing, read back from the figure."""
    figure = plt.figure(figsize=(6.4, 5), layout="constrained")
    draw(figure, PEN)
    figure.canvas.draw()
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    ticks = [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    plt.close(figure)
    return texts, ticks, figure


def made_districts():
    rows = []
    for place, kind in (("a", "city"), ("b", "district"), ("c", "city_district")):
        for year in range(1999, 2021):
            missing = place == "b" and year == 2010
            rows.append(
                {
                    "region": "KZ-35", "place_id": place, "kind": kind, "year": year,
                    "population": 1000.0, "net_migration": np.nan if missing else -10.0,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def test_panels_start_with_the_first_year_and_keep_gaps():
    panel = place_panel(made_districts())
    assert list(panel.index) == ["a", "b"]
    assert list(panel.columns) == list(range(2001, 2021))
    assert np.isnan(panel.loc["b", 2010])
    assert panel.loc["a", 2010] == pytest.approx(-10)


def test_a_region_is_the_sum_of_all_its_places_or_missing():
    series = region_series(made_districts(), "KZ-35")
    assert 2010 not in series.index
    assert series.loc[2011, "net"] == -30
    assert series.loc[2011, "rate"] == pytest.approx(-10)
    with pytest.raises(ProjectError, match="no year from 2030 on"):
        region_series(made_districts(), "KZ-35", 2030)


def test_rates_become_persons_with_the_population_given():
    table = pd.DataFrame({"unit": ["a"], "forecast": [-5.0], "low": [-8.0], "high": [2.0]})
    persons = in_persons(table, pd.Series({"a": 2000.0}))
    assert persons[["persons", "persons_low", "persons_high"]].iloc[0].tolist() == [-10, -16, 4]
    with pytest.raises(ProjectError, match="no population of a"):
        in_persons(table, pd.Series({"b": 1.0}))


def test_errors_of_some_units_are_theirs_alone():
    generator = np.random.default_rng(1)
    panel = pd.DataFrame(
        generator.normal(0, [[1.0], [9.0]], (2, 20)),
        index=["calm", "wild"],
        columns=range(2001, 2021),
    )
    tested = backtest(panel)
    calm, wild = (error_of_units(tested, [unit]).set_index("method") for unit in ("calm", "wild"))
    assert (calm["mae"] < wild["mae"]).all()
    assert calm.loc["naive", "relative_mae"] == 1
    assert list(calm.index) == [*METHODS, CHOSEN]
    errors = tested.errors.query("unit == 'wild' and method == 'drift'")["error"]
    assert wild.loc["drift", "mae"] == pytest.approx(errors.abs().mean())
    with pytest.raises(ProjectError, match="none of these units"):
        error_of_units(tested, ["nobody"])


def test_range_dots_order_units_and_name_the_focus():
    data = pd.DataFrame(
        {
            "unit": ["x", "y", "x"], "group": ["now", "now", "then"], "value": [-2.0, 1.0, -3.0],
            "low": [-3.0, 0.5, -4.0], "high": [-1.0, 1.5, -2.0], "name_en": ["Ex", "Why", "Ex"],
        }
    )  # fmt: skip
    axis = Axis("signed_per_1000_0", "signed_per_1000")
    texts, ticks, figure = drawn(range_dots(data, axis, focus=["x"], groups=["now", "then"]))
    assert ticks == ["Ex", "Why"]
    assert texts == ["<now>: −2.0", "<then>: −3.0"]
    ranges = [list(line.get_xdata()) for line in figure.axes[0].lines]
    assert [-3.0, -1.0] in ranges
    assert [-4.0, -2.0] in ranges


def test_the_fan_shows_every_method():
    history = pd.DataFrame({"year": [2020, 2021], "value": [-100.0, -200.0]})
    fan = pd.DataFrame(
        {
            "year": [2022, 2023], "value": [-150.0, -150.0], "low": [-300.0, -400.0],
            "high": [0.0, 50.0], "low_inner": [-200.0, -230.0], "high_inner": [-90.0, -80.0],
        }
    )  # fmt: skip
    errors = pd.DataFrame(
        [
            (method, group, 1.0 + 0.1 * n)
            for n, method in enumerate(METHODS)
            for group in ("p", "r")
        ],
        columns=["method", "group", "relative"],
    )
    draw = fan_and_errors(
        history, fan, errors, PERSONS, groups=["p", "r"], methods=METHODS,
        winners={"p": "ses", "r": "mean3"},
    )  # fmt: skip
    texts, ticks, _ = drawn(draw)
    assert "<band_wide> −400" in texts
    # The naive method is the measure and carries no number; the others do, for both groups.
    assert sum(text.endswith((" <p>", " <r>")) for text in texts) == 2 * (len(METHODS) - 1)
    assert [tick for tick in ticks if tick in {f"<{method}>" for method in METHODS}] == [
        f"<{method}>" for method in reversed(METHODS)
    ]


# ---- The real results ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real():
    districts = pd.read_csv(PROCESSED / "districts.csv")
    regions = pd.read_csv(PROCESSED / "regions.csv")
    artefacts = pd.read_csv(METADATA / "corrections" / "artefacts.csv")
    return districts, regions, artefacts


def test_the_real_panel_of_regions_ends_with_the_last_year_known_of_the_region(real):
    districts, regions, artefacts = real
    panel = regions_panel(regions, districts, artefacts, "KZ-35")
    summed = region_series(districts, "KZ-35")
    own = with_published(summed, regions, "KZ-35")
    assert own.loc[summed.index].equals(summed)
    assert figure_since(regions, "KZ-35", int(own.index.max()) + 1) is None
    assert panel.columns.max() == own.index.max()
    assert np.allclose(panel.loc["KZ-35", own.index].astype(float), own["rate"])
    published = regions.query("region == 'KZ-35' and borders == 'since-2022'").set_index("year")
    years = [year for year in own.index if year > 2022]
    # After the new border the sum of places is the published figure, to a person or two.
    assert (own["net"] - published["net_migration_total"]).loc[years].abs().max() <= 2


def test_nets_without_population_give_a_region_no_more_years_to_test_on(real):
    """Made: the places of a region that is published later get nets, then also a population."""
    districts, regions, artefacts = real
    code = "KZ-75"
    others = districts[districts["region"] != code]
    place = districts[districts["region"] == "KZ-71"].iloc[[0]]
    nets = place.assign(region=code, place_id="made", year=2011, population=None, net_migration=7)
    before = regions_panel(regions, others, artefacts, "KZ-35")
    assert pd.isna(before.loc[code, 2011])
    with_nets = regions_panel(regions, pd.concat([others, nets]), artefacts, "KZ-35")
    pd.testing.assert_frame_equal(with_nets, before)
    peopled = pd.concat([others, nets.assign(population=1000.0)])
    assert regions_panel(regions, peopled, artefacts, "KZ-35").loc[code, 2011] > 0


def test_the_real_outlook_is_what_the_table_says(real):
    table = pd.read_csv(PROCESSED / "outlook.csv")
    scores = pd.read_csv(PROCESSED / "outlook_backtest.csv")
    assert (table["persons_low"] <= table["persons"]).all()
    assert (table["persons"] <= table["persons_high"]).all()
    assert table.query("panel == 'places'")["unit"].nunique() == 13
    overall = scores.query("horizon == 'all' and units == 'all'").set_index(["panel", "method"])
    for panel in ("places", "regions"):
        used = table.loc[table["panel"] == panel, "method"].unique().item()
        best = overall.loc[panel, "relative_mae"].min()
        assert overall.loc[(panel, used), "relative_mae"] <= best + 0.02
    assert np.allclose(overall.xs("naive", level="method")["relative_mae"], 1)


def test_the_chapter_says_what_the_real_figures_say(real):
    _, regions, _ = real
    values = read_values()
    rows = pd.read_csv(PROCESSED / "outlook.csv").query("unit == 'KZ-35'").sort_values("year")
    last = int(rows["year"].iloc[0]) - 1
    assert values["outlook_year_last"].number == last
    assert figure_since(regions, "KZ-35", last + 1) is None
    known = values["outlook_known"].number
    assert known == figure_since(regions, "KZ-35", last)
    inside = values["outlook_known_low"].number <= known <= values["outlook_known_high"].number
    assert ("lies within" in values["outlook_check"].text["en"]) == inside
    whole_below = bool((rows["persons_high"] < 0).all())
    assert ("lies below zero" in values["outlook_sign"].text["en"]) == whole_below
    for side in (rows["persons_high"] - rows["persons"], rows["persons"] - rows["persons_low"]):
        assert side.diff().dropna().min() >= -0.01
    split = pd.read_csv(PROCESSED / "net_migration_by_age.csv")
    own = split.query("region == 'KZ-35' and year == 2023").iloc[0]
    assert ("not certain" in values["youth_children_latest"].text["en"]) == (
        own["net_0_15_high"] >= 0
    )
    assert abs(values["youth_claim_net"].number) < values["youth_claim"].number
    assert values["youth_claim"].number < values["youth_claim_gross"].number


def test_a_figure_that_came_since_may_be_missing():
    regions = pd.DataFrame(
        {
            "region": ["a", "a", "a", "b"],
            "year": [2024, 2025, 2025, 2025],
            "borders": ["since-2022", "until-2022", "since-2022", "unchanged"],
            "net_migration_total": [1.0, 2.0, 3.0, None],
        }
    )
    assert figure_since(regions, "a", 2025) == 3
    assert figure_since(regions, "b", 2025) is None
    assert figure_since(regions, "a", 2026) is None


def test_published_years_follow_the_sum_of_places_as_long_as_they_are_known():
    own = pd.DataFrame(
        {"net": [-5.0], "population": [100.0], "rate": [-50.0]}, index=pd.Index([2023], name="year")
    )
    regions = pd.DataFrame(
        {
            "region": "a",
            "year": [2024, 2025, 2027],
            "borders": "since-2022",
            "net_migration_total": [-3.0, -8.0, 9.0],
            "population_average": [200.0, 400.0, 1.0],
        }
    )
    table = with_published(own, regions, "a")
    assert table.index.tolist() == [2023, 2024, 2025]
    assert table["rate"].tolist() == [-50, -15, -20]
    with pytest.raises(ProjectError, match="mean population"):
        with_published(own, regions.assign(population_average=np.nan), "a")
    pd.testing.assert_frame_equal(with_published(own, regions.iloc[2:], "a"), own)


def test_a_region_without_a_countryside_is_a_city():
    regions = pd.DataFrame(
        {"region": ["a", "a", "b"], "population_start_of_year_rural": [np.nan, 7.0, np.nan]}
    )
    assert kinds_of_regions(regions, ["a", "b", "c"]).to_dict() == {
        "a": "region", "b": "city", "c": "city"
    }  # fmt: skip
