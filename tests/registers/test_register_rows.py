"""Identifiers are refused, codes read at every level, a made register follows its own law."""

import numpy as np
import pandas as pd
import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.registers.identifiers import load_signs, refuse_cells, refuse_names
from karaganda_vibe.registers.kato import UNKNOWN, load_kato, load_nodes
from karaganda_vibe.registers.made_register import (
    LABEL_KEY,
    drawn,
    is_made,
    made_world,
    rogers_castro,
    write_made,
)

OWN = ["date", "origin", "destination", "age", "birth_year", "sex", "education", "reason"]


@pytest.fixture(scope="module")
def nodes():
    return load_nodes()


@pytest.mark.parametrize(
    "name",
    ["IIN", "iin_hash", "ИИН", "ЖСН", "FirstName", "surname", "ФИО", "Фамилия", "тегі", "аты_жөні",
     "phone_number", "msisdn", "Телефон", "паспорт", "e-mail", "birth_date", "дата рождения"],
)  # fmt: skip
def test_a_name_of_an_identifier_is_refused(name):
    with pytest.raises(ProjectError, match="looks like an identifier"):
        refuse_names([*OWN, name], "made register")


def test_the_columns_of_a_register_are_none():
    refuse_names([*OWN, "place", "population", "year", "nationality"], "made register")


@pytest.mark.parametrize(
    "cell",
    ["990131350123", "+7 701 123 45 67", "87011234567", "made@example.org",
     "Иванов Иван Иванович", "Қасымова Айгүл Ерланқызы"],
)  # fmt: skip
def test_cells_of_an_identifier_are_refused(cell):
    cells = pd.Series([cell] * 3 + ["351000000"] * 90)
    with pytest.raises(ProjectError, match="by what its cells look like") as error:
        refuse_cells("note", cells, "made register", load_signs())
    assert cell not in str(error.value)
    refuse_cells("origin", cells.iloc[3:], "made register", load_signs())


@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("351000000", "karaganda-city"), ("351010100", "karaganda-city"),
        ("355643100", "osakarov-district"), ("622010000", "satbaev-city"),
        ("101010300", "semey-city"), ("350000000", "KZ-35"), ("711510000", "KZ-71"),
        ("abroad", "abroad"), ("DE", "abroad"), ("Шетел", "abroad"),
        ("359900000", None), ("KZ", None), ("35100000", None), ("", None), ("karaganda", None),
    ],
)  # fmt: skip
def test_a_code_names_its_place(nodes, code, end):
    number = nodes.of_code(code)
    assert (None if number == UNKNOWN else nodes.names[number]) == end


def test_a_wrong_table_of_codes_is_refused(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("kato,region,place_id,source\n351800000,KZ-62,temirtau-city,made\n")
    with pytest.raises(ProjectError, match="temirtau-city lies in KZ-35, not in KZ-62"):
        load_kato(path)


def test_a_made_register_follows_its_law(tmp_path):
    world = made_world([2020, 2021], seed=3)
    rows = pd.concat(drawn(world, 200_000, seed=5, chunk=70_000))
    assert len(rows) == 200_000
    ages = np.bincount(rows["age"], minlength=101) / len(rows)
    assert abs(ages - rogers_castro()).max() < 0.003
    august = (rows["date"].dt.month == 8).mean()
    assert abs(august - 1.9 / 12) < 0.004
    pair = rows.groupby(["origin", "destination"], observed=True).size()
    top = np.unravel_index(world.moves.argmax(), world.moves.shape)
    expected = world.moves.max() * len(rows)
    found = pair[(world.codes[top[0]], world.codes[top[1]])]
    assert abs(found - expected) < 5 * expected**0.5
    again = pd.concat(drawn(world, 200_000, seed=5, chunk=70_000))
    assert rows.equals(again)


def test_a_made_register_says_so(tmp_path):
    import pyarrow.parquet as pq

    world = made_world([2020])
    with pytest.raises(ProjectError, match="says so in its name"):
        write_made(tmp_path / "moves.parquet", world, 10)
    path = tmp_path / "made_moves.parquet"
    write_made(path, world, 1500, chunk=1000)
    assert pq.read_metadata(path).num_rows == 1500
    assert LABEL_KEY in pq.read_schema(path).metadata
    assert is_made(path.rename(tmp_path / "moves.parquet"))
