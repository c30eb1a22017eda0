"""Rows of the models of moves, on made regions with answers by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_moves import made_model, made_places

from karaganda_vibe.panels.gravity_rows import (
    check_flows,
    conditions_of_year,
    ends,
    gravity_design,
    gravity_rows,
    load_united_centres,
    old_oblast,
    units_of_year,
)
from karaganda_vibe.places.registry import republican_cities
from karaganda_vibe.project.errors import ProjectError


def test_a_divided_region_is_one_unit_while_its_conditions_are_published_for_the_whole():
    places = made_places()
    before = units_of_year(places, COLUMNS, 2010)
    after = units_of_year(places, COLUMNS, 2011)
    assert before.set_index("region")["unit_region"].to_dict()["R1"] == "R0"
    assert before.set_index("unit_region")["borders"].to_dict()["R0"] == "until-2011"
    assert list(after["unit_region"]) == list(after["region"])
    assert set(after["borders"]) == {"since-2011", "unchanged"}


def test_moves_inside_a_united_region_fall_away_and_the_others_are_added_up():
    places = made_places()
    rows = gravity_rows(made_model(), places)
    moves = places.flows[places.flows["year"] == 2011]
    kept = rows[rows["year"] == 2011]
    inside = moves[moves["origin"].isin(["R0", "R1"]) & moves["destination"].isin(["R0", "R1"])]
    assert len(kept) == 8 * 7
    assert kept["persons"].sum() == moves["persons"].sum() - inside["persons"].sum()
    to_r5 = moves[moves["origin"].isin(["R0", "R1"]) & (moves["destination"] == "R5")]
    own = kept[(kept["origin"] == "R0") & (kept["destination"] == "R5")].iloc[0]
    assert own["persons"] == to_r5["persons"].sum()
    assert own["origin_unit"] == "R0 until-2011"
    # The united region's centre lies in R1 now: that is where its distance begins.
    km = places.pairs.set_index(["origin", "destination"])["distance_km"]
    assert np.isclose(own["log_distance"], np.log(km["R1", "R5"]))
    assert len(rows[rows["year"] == 2012]) == 9 * 8


def test_a_united_region_has_the_people_of_its_parts_and_the_price_of_its_centre():
    places = made_places()
    units = units_of_year(places, COLUMNS, 2010)
    found = conditions_of_year(places, units, 2010).loc["R0"]
    panel = places.panel[places.panel["year"] == 2010].set_index(["region", "borders"])
    parts = panel.loc[[("R0", "since-2011"), ("R1", "since-2011")], "population_average"]
    assert np.isclose(found["population_average"], parts.sum())
    assert found["housing_price_secondary"] == 101.0
    assert np.isclose(found["price_to_wage"], 101.0 / panel.loc[("R0", "until-2011"), "wage"])
    assert found["republican_city"] == 0.0


def test_borders_of_today_keep_every_pair():
    model = made_model(
        borders="today", conditions=(), family=(), effects=("origin_year", "destination_year")
    )
    rows = gravity_rows(model, made_places())
    assert rows.groupby("year").size().to_dict() == {2011: 72, 2012: 72}
    assert set(rows["origin_unit"].str.split().str[1]) == {"today"}


def test_the_design_says_which_destinations_lack_a_condition_and_which_terms_do_not_vary():
    places = made_places()
    gap = (places.panel["region"] == "R4") & (places.panel["year"] == 2011)
    places.panel.loc[gap, "wage"] = np.nan
    rows = gravity_rows(made_model(effects=("origin_year", "destination_unit")), places)
    design, kept = gravity_design(made_model(effects=("origin_year", "destination_unit")), rows)
    assert any("R4 2012" in note for note in design.notes)
    # Size and wage of a unit are the same in both made years.
    assert any("does not vary" in note and "size" in note for note in design.notes)
    assert "size" not in design.terms
    assert not ((kept["destination"] == "R4") & (kept["year"] == 2012)).any()
    origins, destinations = ends(design)
    assert list(origins) == list(kept["origin"])
    assert list(destinations) == list(kept["destination"])
    assert np.array_equal(design.outcome, kept["persons"])


def test_conditions_of_the_origin_belong_to_the_origin():
    places = made_places()
    rows = gravity_rows(made_model(side="origin", effects=("destination_year",)), places)
    assert (rows.groupby(["year", "origin"])["wage"].nunique() == 1).all()
    assert rows.groupby(["year", "destination"])["wage"].nunique().min() > 1


COLUMNS = ["population_average", "wage", "unemployment_rate"]
FLOWS = pd.DataFrame(
    [("A", "B", 2020, 5), ("B", "A", 2020, 3), ("A", "C", 2020, 1), ("C", "A", 2020, 2),
     ("B", "C", 2020, 0), ("C", "B", 2020, 4)],
    columns=["origin", "destination", "year", "persons"],
)  # fmt: skip


def without(row):
    return FLOWS.drop(index=row)


@pytest.mark.parametrize(
    ("flows", "message"),
    [
        (without(4), "the pair B to C is missing in 2020"),
        (pd.concat([FLOWS, FLOWS.iloc[[0]]]), "the pair A to B stands twice in 2020"),
        (FLOWS.replace({"origin": {"A": "Z"}}), "origin is 'Z' in 2020"),
        (FLOWS.assign(destination=FLOWS["destination"].where(FLOWS.index != 0, "A")),
         "the pair A to A is no move"),
        (FLOWS.assign(persons=FLOWS["persons"].where(FLOWS.index != 2, -1)), "A to C holds"),
    ],
)  # fmt: skip
def test_a_matrix_that_is_no_matrix_is_refused_in_one_line(flows, message):
    with pytest.raises(ProjectError, match=message) as caught:
        check_flows(flows, ["A", "B", "C"])
    assert "\n" not in str(caught.value)


def test_a_complete_matrix_passes():
    check_flows(FLOWS, ["A", "B", "C"])


def test_a_year_without_moves_is_named():
    with pytest.raises(ProjectError, match=r"made\.yml, line 1: model made_choice: no moves of"):
        gravity_rows(made_model(years=(2011, 2019)), made_places())


def test_the_old_oblast_is_found_through_two_divisions():
    assert old_oblast("C", {"C": "B", "B": "A"}) == "A"
    assert old_oblast("A", {"C": "B", "B": "A"}) == "A"


def test_a_city_is_told_by_its_name():
    assert republican_cities(made_places().registry) == ["R2"]


def test_centres_of_united_regions_are_read():
    assert all(centre != region for (region, _), centre in load_united_centres().items())
