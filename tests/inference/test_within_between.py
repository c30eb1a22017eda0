"""Models within and between places: columns by hand, shares by hand, other libraries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from linearmodels.panel import BetweenOLS, PooledOLS
from made_panel import made_panel

from karaganda_vibe.inference.between_plan import load_between_plan
from karaganda_vibe.inference.panel_design import build_design
from karaganda_vibe.inference.robustness import fit
from karaganda_vibe.inference.specs import ModelSpec, PanelLayout, Variable
from karaganda_vibe.inference.within_between import (
    between_shares,
    place_means,
    within_and_between,
    within_share,
)
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA

LAYOUT = PanelLayout("made", "place_id", "region", "year", "kind")


def made_spec(**change: object) -> ModelSpec:
    spec = ModelSpec(
        id="made",
        panel=LAYOUT,
        outcome=Variable("y"),
        drivers=(Variable("x0"), Variable("x1")),
        controls=(Variable("is_city", name="city"), Variable("x2")),
        effects="within_between",
        fixed_effects=("year",),
    )
    return replace(spec, **change)


def made_frame(missing: float = 0.0) -> pd.DataFrame:
    frame = made_panel(regions=8, places=4, years=10, missing=missing)
    return frame.assign(is_city=(frame["kind"] == "city").astype(float))


def test_columns_by_hand() -> None:
    # Wages double for all; place b is published in the late year only.
    place = pd.Series(["a", "a", "b", "c", "c"])
    year = pd.Series([1, 2, 2, 1, 2])
    wage = np.array([10.0, 20.0, 23.0, 14.0, 26.0])
    split = within_and_between({"wage": wage}, place, year)
    # Means of the years: 12 and 23. Deviations: a -2, -3; b 0; c 2, 3.
    assert split["wage_between"].tolist() == [-2.5, -2.5, 0.0, 2.5, 2.5]
    assert split["wage_within"].tolist() == [12.5, 22.5, 23.0, 11.5, 23.5]
    plain = within_and_between({"wage": wage}, place, None)
    assert plain["wage_between"].tolist() == [15.0, 15.0, 23.0, 20.0, 20.0]
    assert plain["wage_within"].tolist() == [-5.0, 5.0, 0.0, -6.0, 6.0]


def test_what_never_changes_has_no_within_part() -> None:
    place = pd.Series(["a", "a", "b"])
    columns = {"km": np.array([3.0, 3.0, 8.0]), "size": np.array([1.0, 2.0, 4.0])}
    split = within_and_between(columns, place, None, ["km", "size"])
    assert list(split) == ["km_between", "size_within", "size_between"]
    assert split["km_between"].tolist() == [3.0, 3.0, 8.0]
    assert "km_within" in within_and_between(columns, place, None)
    design = build_design(made_spec(), made_frame())
    assert design.terms == (
        "x0_within", "x0_between", "x1_within", "x1_between", "city_between", "x2_within",
        "x2_between",
    )  # fmt: skip
    assert design.tested == (0, 1, 2, 3)


def test_a_balanced_panel_is_the_same_with_and_without_means_of_years() -> None:
    frame = made_frame()
    plain, from_means = (
        fit(build_design(made_spec(), frame, from_year_means=choice)).estimates
        for choice in (False, True)
    )
    np.testing.assert_allclose(plain, from_means, rtol=1e-9)


def test_places_with_one_row_are_left_out() -> None:
    frame = made_frame()
    one = frame["place_id"].unique()[5]
    kept = frame[(frame["place_id"] != one) | (frame["year"] == 2003)]
    design = build_design(made_spec(), kept, from_year_means=True)
    assert design.n_obs == 310
    assert one not in np.asarray(design.place_labels)[design.place]
    assert "left out, alone in their place: 1 rows" in design.notes
    assert build_design(made_spec(), kept).n_obs == 311


def test_coefficients_agree_with_other_libraries() -> None:
    frame = made_frame()
    design = build_design(made_spec(), frame, from_year_means=True)
    ours = dict(zip(design.terms, fit(design).estimates, strict=True))
    table = design.sample_table().set_index(["place_id", "year"])
    years = pd.get_dummies(table.index.get_level_values("year"), drop_first=True, dtype=float)
    columns = table[list(design.terms)].assign(
        constant=1.0, **{f"y{name}": years[name].to_numpy() for name in years}
    )
    pooled = PooledOLS(table["y"], columns).fit().params
    for term in design.terms:
        assert ours[term] == pytest.approx(pooled[term], rel=1e-8)
    # Balanced: the between terms are the regression of the means, the random intercept moves none.
    names = [term for term in design.terms if term.endswith("_between")]
    means = BetweenOLS(table["y"], table[names].assign(constant=1.0)).fit().params
    for term in names:
        assert ours[term] == pytest.approx(means[term], rel=1e-8)
    mixed = smf.mixedlm(
        "y ~ " + " + ".join(design.terms) + " + C(year)", table.reset_index(), groups="place_id"
    ).fit()
    for term in design.terms:
        assert ours[term] == pytest.approx(mixed.params[term], rel=1e-4)


def test_within_share_by_hand() -> None:
    frame = made_frame().query("year < 2002").copy()
    # Two years a place: the place's mean plus and minus one, or plus and minus two.
    order = frame["place_id"].rank(method="dense").astype(int)
    swing = np.where(order % 2 == 0, 1.0, 2.0) * np.where(frame["year"] == 2000, 1, -1)
    frame["y"] = 3.0 * (order % 4) + swing
    design = build_design(made_spec(), frame)
    means = np.array([3.0, 6.0, 9.0, 0.0])
    between, within = means.var(), 2.5
    assert within_share(design) == pytest.approx(within / (within + between))


def made_means() -> pd.DataFrame:
    generator = np.random.default_rng(3)
    size = generator.normal(size=60)
    wage = 0.8 * size + generator.normal(size=60)
    space = generator.normal(size=60)
    return pd.DataFrame(
        {
            "region": [f"r{number % 6}" for number in range(60)],
            "years": np.where(np.arange(60) % 3 == 0, 4, 9),
            "outcome": 2 * size + wage + 3 * space + generator.normal(size=60),
            "size": size,
            "wage": wage,
            "space": space,
        }
    )


def weighted_r2(means: pd.DataFrame, terms: list[str]) -> float:
    weight = np.sqrt(means["years"].to_numpy(float))[:, None]
    columns = np.column_stack([np.ones(len(means)), means[terms]]) * weight
    outcome = means["outcome"].to_numpy() * weight[:, 0]
    center = np.average(means["outcome"], weights=means["years"])
    left = outcome - columns @ np.linalg.lstsq(columns, outcome, rcond=None)[0]
    return float(1 - (left**2).sum() / (((means["outcome"] - center) * weight[:, 0]) ** 2).sum())


def test_shares_are_means_over_the_orders() -> None:
    means = made_means()
    found = between_shares(means, {"fixed": ["size"], "moved": ["wage", "space"]})
    share = found.table.set_index("name")["share"]
    size, rest = weighted_r2(means, ["size"]), weighted_r2(means, ["wage", "space"])
    everything = weighted_r2(means, ["size", "wage", "space"])
    assert share["fixed"] == pytest.approx((size + everything - rest) / 2)
    assert share["moved"] == pytest.approx((rest + everything - size) / 2)
    assert share["rest"] == pytest.approx(1 - everything)
    # Owen: wage comes before or after space, the other group before or after both.
    wage = (
        weighted_r2(means, ["wage"])
        + rest - weighted_r2(means, ["space"])
        + weighted_r2(means, ["size", "wage"]) - size
        + everything - weighted_r2(means, ["size", "space"])
    ) / 4  # fmt: skip
    assert share["wage"] == pytest.approx(wage)
    assert share["wage"] + share["space"] == pytest.approx(share["moved"])
    assert share["size"] == pytest.approx(share["fixed"])
    assert (found.places, found.clusters) == (60, 6)


def test_the_interval_leaves_out_one_cluster_at_a_time() -> None:
    means, groups = made_means(), {"all": ["size", "wage", "space"]}
    row = between_shares(means, groups).table.set_index("name").loc["all"]
    terms = ["size", "wage", "space"]
    without = [weighted_r2(means[means["region"] != f"r{n}"], terms) for n in range(6)]
    error = np.sqrt(5 / 6 * sum((r2 - row["share"]) ** 2 for r2 in without))
    reach = 2.5705818 * error  # quantile of t with 5 degrees of freedom, from a table
    assert row["low"] == pytest.approx(row["share"] - reach)
    assert row["high"] == pytest.approx(min(row["share"] + reach, 1.0))


def test_groups_must_name_each_term_once() -> None:
    with pytest.raises(ProjectError, match="the groups name 'height'; expected each of size, wage"):
        between_shares(made_means(), {"fixed": ["size", "height"]})
    with pytest.raises(ProjectError, match="the groups name 'size'"):
        between_shares(made_means(), {"fixed": ["size"], "moved": ["size", "wage"]})


def test_means_of_places_of_a_design() -> None:
    frame = made_frame(missing=0.2)
    design = build_design(made_spec(), frame, from_year_means=True)
    means = place_means(design)
    level = frame["y"] - frame.groupby("year")["y"].transform("mean") + frame["y"].mean()
    expected = level.groupby(frame["place_id"]).mean()
    np.testing.assert_allclose(means["outcome"], expected.loc[means.index])
    assert means["years"].sum() == len(frame)
    assert list(means.columns) == ["region", "years", "outcome", "x0", "x1", "city", "x2"]
    within = build_design(made_spec(effects="within", fixed_effects=("place", "year"),
                                    controls=(Variable("x2"),)), frame)  # fmt: skip
    with pytest.raises(ProjectError, match="no term compares places"):
        place_means(within)


# The declared list


def test_the_declared_list() -> None:
    plan = load_between_plan(METADATA / "models" / "between.yml")
    assert plan.headline.id == "between_core"
    assert len(plan.specs) == 4
    assert plan.groups["can_be_moved"] == ("wage", "floor_space", "investment", "crimes")
    assert (plan.early, plan.late) == ((2001, 2012), (2013, 2023))
    assert (plan.best_share, plan.probability) == (0.2, 0.9)
    assert plan.headline.seed == 20261128


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("size, distance, city, births]\n  can", "size, distance, city]\n  can", "every term of"),
        ("probability: 0.90", "probability: 90", "probability is 90; expected between 0 and 1"),
        ("early: [2001, 2012]", "early: [2012]", "expected \\[first, last\\] years"),
        ("best_share: 0.20", "best: 0.20", "unknown key 'best'"),
        ("expected_from: [size", "expected_from: [height", "names 'height'"),
        ("  late: [2013, 2023]\n", "", "the key late is missing"),
    ],
)
def test_a_fault_of_the_list_is_one_line(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    text = (METADATA / "models" / "between.yml").read_text("utf-8")
    assert text.count(before) == 1
    path = tmp_path / "between.yml"
    path.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(ProjectError, match=message) as caught:
        load_between_plan(path)
    assert "\n" not in str(caught.value)
    assert "between.yml, line " in str(caught.value)
