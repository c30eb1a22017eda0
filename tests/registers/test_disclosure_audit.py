"""The attacker's intervals, beside those found by trying every table. All counts made."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers.disclosure_audit import audit


def published(cells, rows, columns):
    """A 2 × 2 table with margins; None where suppressed."""
    places = [("A", "x"), ("A", "y"), ("B", "x"), ("B", "y")]
    margins = [("A", "total"), ("B", "total"), ("total", "x"), ("total", "y"), ("total", "total")]
    whole = None if None in rows else sum(rows)
    all_cells = dict(zip(places + margins, [*cells, *rows, *columns, whole], strict=True))
    frame = pd.DataFrame(all_cells.keys(), columns=["place", "age"])
    return frame.assign(count=pd.array(list(all_cells.values()), "Int64"))


def test_the_interval_of_each_cell_by_hand():
    found = audit(published([None] * 4, [7, 10], [5, 12]))
    assert found[["lower", "upper"]].to_numpy().tolist() == [[0, 5], [2, 7], [0, 5], [5, 10]]
    assert found["width"].tolist() == [5, 5, 5, 5]


def test_a_cell_alone_in_its_row_is_worked_out():
    found = audit(published([None, 4, 2, 8], [7, 10], [5, 12]))
    assert found[["place", "age", "lower", "upper", "width"]].to_numpy().tolist() == [
        ["A", "x", 3, 3, 0]
    ]


def test_a_cell_without_a_published_sum_has_no_upper_end():
    found = audit(published([None, 4, 2, 8], [None, 10], [None, 12]))
    cell = found.set_index(["place", "age"])
    assert cell.loc[("A", "x"), ["lower", "upper"]].tolist() == [0, np.inf]
    assert cell.loc[("A", "total"), "lower"] == 4
    assert cell.loc[("total", "x"), "lower"] == 2


def test_the_intervals_are_those_of_all_tables_that_fit():
    # Three by two, hidden but for one cell; every table of whole numbers tried.
    rows, columns = {"A": 4, "B": 6, "C": 3}, {"x": 8, "y": 5}
    frame = pd.DataFrame(
        [(place, age, None) for place in rows for age in columns]
        + [(place, "total", n) for place, n in rows.items()]
        + [("total", age, n) for age, n in columns.items()]
        + [("total", "total", 13)],
        columns=["place", "age", "count"],
    )
    frame.loc[5, "count"] = 1
    fits = []
    for a, b, c in product(range(5), range(7), range(4)):
        table = np.array([[a, 4 - a], [b, 6 - b], [c, 3 - c]])
        if table.sum(axis=0).tolist() == [8, 5] and table[2, 1] == 1:
            fits.append(table.ravel()[:5])
    found = audit(frame)
    assert found["lower"].tolist() == np.min(fits, axis=0).tolist()
    assert found["upper"].tolist() == np.max(fits, axis=0).tolist()
    assert found.loc[4, ["lower", "upper"]].tolist() == [2, 2]


def test_a_table_that_nothing_can_fit_is_refused():
    with pytest.raises(ProjectError, match="no counts fit what is published around"):
        audit(published([None, None, 2, 8], [7, 10], [1, 16]))


def test_a_table_with_nothing_hidden_has_no_intervals():
    assert len(audit(published([3, 4, 2, 8], [7, 10], [5, 12]))) == 0
