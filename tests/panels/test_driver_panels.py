"""The panels that models are estimated on."""

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.inference.panel_design import build_design, check_against
from karaganda_vibe.inference.spec_file import load_specs
from karaganda_vibe.panels.driver_panels import between_panel, district_panel, region_panel
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, PROCESSED

REGIONS = pd.DataFrame(
    {
        "region": ["KZ", "KZ-35", "KZ-35", "KZ-79"],
        "year": [2018, 2018, 2022, 2018],
        "borders": ["unchanged", "until-2022", "since-2022", "since-2018"],
        "net_migration_total": [0.0, -5.0, -3.0, 99.0],
        "population_average": [None, None, 100.0, 50.0],
        "population_start_of_year": [1000.0, 120.0, 110.0, 40.0],
        "wage": [100.0, 80.0, 90.0, 120.0],
        "income_per_capita": [50.0, 40.0, 45.0, 60.0],
        "housing_price_secondary": [None, 160.0, 180.0, 240.0],
        "housing_rent": [None, 8.0, 9.0, 12.0],
    }
)
ARTEFACTS = pd.DataFrame({"region": ["KZ-79"], "year": [2018], "why": ["made"]})


def test_a_change_of_borders_starts_a_new_unit_and_an_artefact_is_no_migration():
    panel = region_panel(REGIONS, ARTEFACTS)
    assert panel["unit"].tolist() == ["KZ-35 until-2022", "KZ-35 since-2022", "KZ-79 since-2018"]
    assert panel["population"].tolist() == [120.0, 100.0, 50.0]
    assert panel["relative_wage"].tolist()[0] == 0.8
    assert np.isnan(panel["relative_wage"].iloc[1])  # no national wage of 2022 in this made frame
    assert panel["relative_income"].tolist()[::2] == [0.8, 1.2]
    assert panel["price_to_wage"].tolist() == [2.0, 2.0, 2.0]
    assert panel["rent_to_wage"].tolist() == [0.1, 0.1, 0.1]
    assert panel.index.tolist() == [0, 1, 2]
    assert list(panel.columns) == [
        *REGIONS.columns, "unit", "population", "relative_wage", "relative_income",
        "price_to_wage", "rent_to_wage",
    ]  # fmt: skip
    assert panel["net_migration_total"].tolist()[:2] == [-5.0, -3.0]
    assert np.isnan(panel["net_migration_total"].iloc[2])


def test_every_model_of_the_list_has_a_design_on_the_real_panels():
    panels = {
        "districts": district_panel(pd.read_csv(PROCESSED / "districts.csv")),
        "regions": region_panel(
            pd.read_csv(PROCESSED / "regions.csv"),
            pd.read_csv(METADATA / "corrections" / "artefacts.csv"),
        ),
    }
    specs = load_specs(METADATA / "models" / "specs.yml")
    assert len(specs) > 200
    for spec in specs:
        check_against(spec, panels[spec.panel.name])
    for spec in [spec for spec in specs if not spec.id.startswith("curve")]:
        assert build_design(spec, panels[spec.panel.name]).n_obs > 40


def test_the_panel_between_places_has_what_never_changes():
    districts = pd.DataFrame(
        {
            "place_id": ["a", "a", "b", "c"],
            "region": ["KZ-62", "KZ-62", "KZ-71", "KZ-79"],
            "kind": ["city", "city", "district", "city_district"],
            "year": [2020, 2021, 2021, 2021],
            "population": [10.0, 30.0, 5.0, 7.0],
        }
    )
    distances = pd.DataFrame({"place_id": ["b", "a"], "distance_km": [7.0, 120.0]})
    panel = between_panel(districts, distances)
    assert panel["old_region"].tolist() == ["KZ-35", "KZ-35", "KZ-71", "KZ-61"]
    assert panel["is_city"].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert panel["km_to_republican_city"].tolist()[:3] == [120.0, 120.0, 7.0]
    assert np.isnan(panel["km_to_republican_city"].iloc[3])
    with pytest.raises(ProjectError, match=r"place_distances\.csv: b stands twice"):
        between_panel(districts, pd.concat([distances, distances.head(1)]))
