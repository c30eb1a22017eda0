"""Cell keys: the same noise for the same records, no bias, never far off. All records made."""

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers.cell_key import (
    MODULUS,
    check_perturbation_table,
    perturbation_for,
    perturbation_table,
    perturbed,
    read_perturbation_table,
    record_keys,
)
from karaganda_vibe.registers.disclosure import protected, words_of
from karaganda_vibe.registers.disclosure_tables import with_margins

SECRET = "a made secret for tests"


def records(rows=4000):
    random = np.random.default_rng(8)
    return pd.DataFrame(
        {
            "day": random.integers(0, 3650, rows),
            "place": random.choice(["p1", "p2", "p3"], rows, p=[0.7, 0.29, 0.01]),
            "age": random.integers(0, 90, rows),
        }
    )


def keyed(frame):
    frame = frame.assign(count=1, cell_key=record_keys(frame, SECRET)).drop(columns="day")
    cells = frame.groupby(["place", "age"], as_index=False).sum()
    return with_margins(cells, ["place", "age"])


def test_the_same_records_give_the_same_noise_in_any_order():
    frame = records()
    first = protected(keyed(frame), method="cell-key").table
    mixed = protected(keyed(frame.sample(frac=1, random_state=2)), method="cell-key").table
    pd.testing.assert_frame_equal(first, mixed)
    # One record more changes the noise of its own cells and of none other.
    more = pd.concat([frame, frame.head(1).assign(day=9999)])
    changed = protected(keyed(more), method="cell-key").table["count"] != first["count"]
    own = {frame["place"][0], "total"}, {str(frame["age"][0]), "total"}
    assert changed.any()
    assert set(first.loc[changed, "place"]) <= own[0]
    assert set(first.loc[changed, "age"]) <= own[1]


def test_keys_depend_on_the_secret_and_fill_their_range():
    frame = records()
    keys = record_keys(frame, SECRET)
    assert (keys != record_keys(frame, SECRET + "!")).mean() > 0.99
    assert keys.min() >= 0
    assert keys.max() < MODULUS
    assert keys.mean() == pytest.approx(MODULUS / 2, rel=0.03)
    assert record_keys(frame.iloc[[7, 3]], SECRET).tolist() == keys[[7, 3]].tolist()
    with pytest.raises(ProjectError, match="the secret has 5 characters"):
        record_keys(frame, "short")


def test_noise_has_no_bias_the_stated_variance_and_a_greatest_deviation():
    table = read_perturbation_table()
    keys = np.arange(0, MODULUS, 7)
    for count in (1, 2, 5, 8, 1000):
        noise = perturbed(np.full(len(keys), count), keys, table) - count
        assert noise.mean() == pytest.approx(0, abs=1e-3)
        assert noise.var() == pytest.approx(3, abs=2e-3)
        assert abs(noise).max() <= 5
        out = set((count + noise).tolist())
        assert min(out) >= 0
        assert not out & {1, 2}
    assert perturbed(np.zeros(3, int), np.array([0, 5, MODULUS - 1]), table).tolist() == [0, 0, 0]


def test_a_key_is_taken_modulo_and_looked_up_in_its_share():
    table = pd.DataFrame([[0, 1, 0], [0.25, 0.5, 0.25]], columns=[-1, 0, 1])
    keys = np.array([0, MODULUS // 4 + 1, MODULUS - 1, MODULUS, 2 * MODULUS - 1])
    assert perturbed(np.full(5, 3), keys, table).tolist() == [2, 3, 4, 2, 4]


def test_margins_have_noise_of_their_own():
    done = protected(keyed(records()), method="cell-key")
    cells = done.table.set_index(["place", "age"])["count"].astype(int)
    whole = cells.xs("total", level="age")
    parts = cells.drop("total", level="age").groupby("place").sum()
    assert (whole != parts).all()
    assert abs(whole["total"] - 4000) <= 5
    assert set(done.table["status"]) == {"perturbed"}
    assert list(done.table) == ["place", "age", "count", "status"]


def test_the_report_counts_what_changed():
    frame = pd.DataFrame({"place": ["A", "B"], "count": [6, 0], "cell_key": [MODULUS - 1, 4]})
    done = protected(frame, method="cell-key")
    assert done.table["count"].tolist() == [11, 0]
    assert done.report[["changed", "mean_deviation", "largest_deviation"]].iloc[0].tolist() == [
        1,
        2.5,
        5,
    ]
    assert words_of(done.report) == [
        "table: 1 of 2 cells perturbed, by 5 at most and +2.50 on average; "
        "margins are not the sums of their parts"
    ]


def test_a_table_without_keys_is_refused():
    frame = pd.DataFrame({"place": ["A", "B"], "count": [6, 0]})
    with pytest.raises(ProjectError, match="no column cell_key, which method cell-key needs"):
        protected(frame, method="cell-key")
    with pytest.raises(ProjectError, match="cell_key is no whole number from zero up"):
        protected(frame.assign(cell_key=[1, -4]), method="cell-key")


def test_the_table_of_the_project_is_the_one_of_greatest_entropy():
    made = perturbation_table(variance=3, largest=5, blocked=2)
    pd.testing.assert_frame_equal(read_perturbation_table(), made, atol=1e-6, rtol=0)
    with pytest.raises(ProjectError, match="no chances for count 1 have mean 0 and variance 1"):
        perturbation_table(variance=1, largest=5, blocked=2)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[0, 1, 0], [0.2, 0.5, 0.2]], "each row must add up to 1"),
        ([[0, 1, 0], [0.2, 0.5, 0.3]], "mean deviation must be 0"),
        ([[0.5, 0, 0.5], [0, 1, 0]], "no count may fall below zero"),
        ([[0, 1, 0], [-0.5, 2, -0.5]], "chances must be from 0 to 1"),
    ],
)
def test_a_faulty_perturbation_table_is_refused(rows, words):
    with pytest.raises(ProjectError, match=words):
        check_perturbation_table(pd.DataFrame(rows, columns=[-1, 0, 1]))
    with pytest.raises(ProjectError, match="counts must run 0, 1, 2"):
        check_perturbation_table(pd.DataFrame([[0, 1, 0]], columns=[-1, 0, 1], index=[1]))


@pytest.mark.parametrize("threshold", [2, 5, 10])
def test_after_the_table_for_a_threshold_no_smaller_count_stands(threshold):
    table = perturbation_for(threshold)
    for count, chances in table.iterrows():
        reached = {count + deviation for deviation, chance in chances.items() if chance > 0}
        assert not reached & set(range(1, threshold))
    assert perturbation_for(3).to_numpy() == pytest.approx(
        read_perturbation_table().to_numpy(), abs=1e-6
    )
