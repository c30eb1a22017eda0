"""A register with a known answer: both engines, every cell; going on; what is refused."""

import json

import pandas as pd
import pytest

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROJECT
from karaganda_vibe.registers import engines, query, register_counts, running
from karaganda_vibe.registers.disclosure import protected_together
from karaganda_vibe.registers.engines import EngineSettings, connected, open_source
from karaganda_vibe.registers.kato import load_nodes
from karaganda_vibe.registers.register_checks import limits_of
from karaganda_vibe.sources.input_tables import read_input

KARAGANDA, TEMIRTAU, NURA = "351000000", "352400000", "355200000"
ASTANA, SATBAYEV = "711210000", "622010000"

# Made moves: day, origin, destination, age, sex.
MOVES = [
    *[("2023-01-15", KARAGANDA, ASTANA, 19, "female")] * 9,
    *[("2023-02-03", KARAGANDA, TEMIRTAU, 40, "male")] * 7,
    *[("2023-08-30", NURA, ASTANA, 17, "Ж")] * 6,
    *[("2023-08-30", ASTANA, KARAGANDA, 24, "male")] * 8,
    *[("2023-12-31", SATBAYEV, "DE", 70, "male")] * 5,
    *[("2024-05-01 10:30:00", "351010100", ASTANA, 25, "female")] * 12,
]
FAULTS = [
    ("2023-03-01", "359999999", ASTANA, 30, "male"),  # a code that is none
    ("2023-03-01", KARAGANDA, KARAGANDA, 30, "male"),  # a place to itself
    ("2023-03-01", "351010100", "351010200", 30, "male"),  # inside a place
    ("2023-03-01", "abroad", "DE", 30, "male"),
    ("2019-03-01", KARAGANDA, ASTANA, 30, "male"),  # outside the period
    ("no day", KARAGANDA, ASTANA, 30, "male"),
    ("2023-03-01", KARAGANDA, ASTANA, 130, "male"),
    ("2023-03-01", KARAGANDA, ASTANA, None, "?"),
]
SECRET = "a made secret for tests"
COLUMNS = ["date", "origin", "destination", "age", "sex"]


def register(rows):
    return pd.DataFrame(rows, columns=COLUMNS).astype({"age": "Int64"})


def counted_by(settings, path, years=(2023, 2024), secret=None):
    nodes = load_nodes()
    with connected(settings, str(path)) as backend:
        moves = query.typed(open_source(backend, str(path)).select(*COLUMNS))
        survey = register_counts.surveyed(moves, nodes)
        return survey, register_counts.counted(backend, moves, survey, nodes, years, secret), nodes


def request(source, out, **settings):
    given = {
        "source": str(source), "out": out, "period": (2020, 2025), "publisher": "made office",
        "title": "made register", "threshold": 1,
        "limits": limits_of([f"{c}=1" for c in ("day", "unknown code", "place to itself", "age",
                                                "sex", "abroad to abroad", "alike")]),
    }  # fmt: skip
    return running.Request(**{**given, **settings})


@pytest.fixture
def moves(tmp_path):
    path = tmp_path / "made_moves.parquet"
    register(MOVES + FAULTS).to_parquet(path)
    return path


@pytest.mark.parametrize("kind", ["parquet", "csv.gz", "folder"])
def test_the_known_answer_from_every_kind_of_file(tmp_path, kind):
    rows = register(MOVES + FAULTS)
    source = tmp_path / f"made_moves.{kind}"
    if kind == "parquet":
        rows.to_parquet(source)
    elif kind == "folder":
        source.mkdir()
        rows.iloc[:20].to_csv(source / "made_1.csv", index=False)
        rows.iloc[20:].to_csv(source / "made_2.csv", index=False)
    else:
        rows.to_csv(source, index=False)
    out = tmp_path / "out"
    said = running.make_tables(request(source, out), progress=False)

    flows = pd.read_csv(out / "flows_od.csv").set_index(["origin", "destination", "year"])
    # 9 of 19 years, 6 from Nura, 2 with an age that is none: they move all the same.
    assert flows.loc[("KZ-35", "KZ-71", 2023), "persons"] == 17
    assert flows.loc[("KZ-71", "KZ-35", 2023), "persons"] == 8
    assert flows.loc[("KZ-35", "KZ-71", 2024), "persons"] == 12
    assert flows["persons"].sum() == 37
    assert set(flows["part_of_year"]) == {"yes"}
    assert set(flows["source"]) == {
        "made register: drawn by a computer, counts nobody: made register"
    }

    leavers = pd.read_csv(out / "leavers.csv").set_index(["origin", "destination", "year"])
    assert leavers.loc[("KZ-35", "KZ-71", 2023), "persons"] == 15
    assert leavers.loc[("KZ-71", "KZ-35", 2023), "persons"] == 8
    assert leavers.loc[("KZ-35", "KZ-71", 2024), "persons"] == 0

    by_place = pd.read_csv(out / "leavers_places.csv").set_index(["place_id", "year"])
    assert by_place.loc[("karaganda-city", 2023), ["left", "came"]].tolist() == [9, 8]
    assert by_place.loc[("nura-district", 2023), ["left", "came"]].tolist() == [6, 0]
    assert by_place.loc[("temirtau-city", 2024), ["left", "came"]].tolist() == [0, 0]
    assert "astana-city" not in by_place.index

    keys = ["area", "year", "age_from", "sex"]
    balances = pd.read_csv(out / "age_sex_balances.csv").set_index([*keys, "age_to"])
    net = balances["net_migration"]
    assert net[("karaganda-city", 2023, 0, "both", 110)] == -9 - 7 + 8 - 2
    assert net[("temirtau-city", 2023, 35, "male", 44)] == 7
    assert net[("nura-district", 2023, 17, "female", 19)] == -6
    assert net[("KZ-62", 2023, 65, "both", 110)] == -5
    assert net[("KZ-35", 2023, 0, "both", 110)] == -9 - 6 + 8 - 2

    months = pd.read_csv(out / "months.csv")
    own = months[(months["destination"] == "KZ-35") & (months["year"] == 2023)]
    net_of = own[own["kind"] == "net"].set_index("period")["value"]
    assert net_of["January"] == -9
    assert net_of["August"] == 8 - 6
    assert net_of["February"] == 0

    checks = pd.read_csv(out / "office" / "checks.csv").set_index("check")
    rows_of = checks.groupby("check")["rows"].sum()
    assert rows_of[["day", "unknown code", "place to itself", "inside a place"]].tolist() == [
        2, 1, 1, 1,
    ]  # fmt: skip
    assert rows_of[["abroad to abroad", "age", "sex"]].tolist() == [1, 2, 1]
    assert "KZ-62 in 2022" in checks.loc["unknown code", "what_happens"]
    assert any("tables written" in line for line in said)


def test_the_tables_are_read_as_their_schemas_say(tmp_path):
    path, out = tmp_path / "made_moves.parquet", tmp_path / "out"
    register(MOVES).to_parquet(path)
    running.make_tables(request(path, out, threshold=5), progress=False)
    read = {name: read_input(name, out) for name in running.WITH_SCHEMA if name != "rates"}
    assert all(len(rows) for rows in read.values())
    # A small net of large counts is open; a small count is not.
    months = out / "months.csv"
    net = read["months"].set_index(["destination", "year", "period", "kind"])["value"]
    assert net[("KZ-35", 2023, "August", "net")] == 2
    months.write_text(months.read_text().replace(",departures,all,9,", ",departures,all,2,"))
    with pytest.raises(ProjectError, match="found 2 persons, expected 0 or at least 5"):
        read_input("months", out)


def begin_small_spark():
    """A session that compiles little: over a few rows compiling takes most of the time."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
        "spark.ui.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    }
    SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()


@pytest.mark.skipif(not engines.java_found(), reason="Spark needs Java, which is not installed")
def test_spark_counts_every_cell_as_duckdb_does(tmp_path, moves):
    pytest.importorskip("pyspark", reason="the group spark is not installed: make spark")
    one = counted_by(EngineSettings(), moves, secret=SECRET)
    begin_small_spark()
    other = counted_by(EngineSettings("spark", "local[2]", "1GB"), moves, secret=SECRET)
    assert "cell_key" in one[1].flows
    for name in ("years", "origins", "destinations", "sexes"):
        pd.testing.assert_frame_equal(
            getattr(one[0], name), getattr(other[0], name), check_dtype=False
        )
    for name in ("departures", "arrivals", "flows", "alike"):
        pd.testing.assert_frame_equal(getattr(one[1], name), getattr(other[1], name))
    assert one[1].departures["rows"].sum() == len(MOVES) + len(FAULTS) - 2


def test_it_goes_on_where_it_stopped(tmp_path, moves, monkeypatch):
    monkeypatch.setattr(running, "STEP_ROWS", 1)
    done = []
    counted = running.counted

    def breaks(backend, typed, survey, nodes, years, secret):
        if years == (2024, 2024) and len(done) == 1:
            done.append("broken")
            raise ProjectError("the current went off")
        done.append(years)
        return counted(backend, typed, survey, nodes, years, secret)

    monkeypatch.setattr(running, "counted", breaks)
    out = tmp_path / "out"
    with pytest.raises(ProjectError, match="current"):
        running.make_tables(request(moves, out), progress=False)
    assert not (out / "flows_od.csv").exists()
    running.make_tables(request(moves, out), progress=False)
    assert done == [(2023, 2023), "broken", (2024, 2024)]
    assert pd.read_csv(out / "flows_od.csv")["persons"].sum() == 37
    assert not (out / ".counts").exists()


def test_above_a_limit_no_table_is_made(tmp_path, moves):
    out = tmp_path / "out"
    strict = limits_of(["alike=1", "day=1", "unknown code=0.01"])
    with pytest.raises(
        ProjectError, match=r"'unknown code': 1\.\d+% of the rows.*less than 1\.00%"
    ):
        running.make_tables(request(moves, out, limits=strict), progress=False)
    assert [path.name for path in out.iterdir() if path.suffix == ".csv"] == []
    assert "359999999" in (out / "office" / "checks.csv").read_text()


def test_nothing_is_written_where_protection_fails(tmp_path, moves):
    def fails(tables, **settings):
        raise ProjectError("cannot be protected")

    out = tmp_path / "out"
    with pytest.raises(ProjectError, match="cannot be protected"):
        running.make_tables(request(moves, out), protect=fails, progress=False)
    assert [path.name for path in out.iterdir() if path.suffix == ".csv"] == []


def test_small_counts_do_not_go_out(tmp_path, moves):
    out = tmp_path / "out"
    running.make_tables(request(moves, out, threshold=7), progress=False)
    balances = pd.read_csv(out / "age_sex_balances.csv")
    nura = balances[(balances["area"] == "nura-district") & (balances["year"] == 2023)]
    assert len(nura)
    assert nura["net_migration"].isna().all()


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text(SECRET + "\n")
    return path


def test_cell_keys_change_counts_a_little_and_always_alike(tmp_path, moves, secret):
    keyed = {"threshold": 5, "protection": "cell-key", "secret": secret}
    runs = []
    for number, source in enumerate((moves, tmp_path / "made_mixed.parquet")):
        if number:
            register(MOVES + FAULTS).sample(frac=1, random_state=3).to_parquet(source)
        out = tmp_path / f"out{number}"
        said = running.make_tables(request(source, out, **keyed), progress=False)
        runs.append({path.name: path.read_text() for path in out.glob("*.csv")})
        for name in set(running.WITH_SCHEMA) - {"rates"}:
            read_input(name, out)
    assert runs[0] == runs[1]
    flows = pd.read_csv(out / "flows_od.csv").set_index(["origin", "destination", "year"])
    assert flows["persons"].notna().all()
    assert not flows["persons"].between(1, 4).any()
    assert (flows["persons"] != 0).sum() <= 4
    # 17 in truth, see above; the table for a threshold of 5 reaches 8 either way.
    assert 9 <= flows.loc[("KZ-35", "KZ-71", 2023), "persons"] <= 25
    assert flows["source"].iloc[0].endswith("counts with noise (cell-key)")
    report = pd.read_csv(out / "disclosure.csv").set_index(["table", "year"])
    assert report.loc[("flows", 2023), "changed"] > 0
    assert report["largest_deviation"].max() <= 8
    assert any("cells perturbed" in line for line in said)

    secret.write_text("another secret for tests")
    running.make_tables(request(moves, out, **keyed), progress=False)
    assert (out / "flows_od.csv").read_text() != runs[0]["flows_od.csv"]


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"secret": None}, "no secret; expected --secret FILE"),
        ({"secret": "short.txt"}, "the secret has 5 characters"),
        ({"secret": "gone.txt"}, r"gone.txt: cannot be read \(FileNotFoundError\)"),
        ({"secret": "out/secret.txt"}, "which goes out"),
        ({"secret": "secret.txt", "protection": "suppression"}, "only --protection cell-key"),
        ({"secret": "secret.txt", "threshold": 0}, "threshold 0; expected a whole number"),
    ],
)
def test_without_protection_by_cell_keys_nothing_is_written(
    tmp_path, moves, secret, settings, fault
):
    (tmp_path / "short.txt").write_text("short")
    out = tmp_path / "out"
    if settings["secret"]:
        settings = {**settings, "secret": tmp_path / settings["secret"]}
    with pytest.raises(ProjectError, match=fault):
        running.make_tables(
            request(moves, out, **{"protection": "cell-key", **settings}), progress=False
        )
    assert not out.exists() or [p.name for p in out.iterdir() if p.suffix == ".csv"] == []


def test_a_small_count_never_goes_out_whatever_protects(tmp_path, moves):
    def leaves_open(tables, **settings):
        return protected_together(tables, **{**settings, "threshold": 1})

    out = tmp_path / "out"
    with pytest.raises(ProjectError, match=r"counts from 1 to 6 would stand open"):
        running.make_tables(request(moves, out, threshold=7), protect=leaves_open, progress=False)
    assert [path.name for path in out.iterdir() if path.suffix == ".csv"] == []


def test_rows_that_differ_in_a_reason_are_not_alike(tmp_path):
    path = tmp_path / "made_moves.parquet"
    rows = register([("2023-01-15", KARAGANDA, ASTANA, 19, sex) for sex in ("f", "", None, "F ")])
    rows.assign(reason=["work", "work", "work", "study"]).to_parquet(path)
    # "f" and "F " say the same; a missing word and an empty one are both unknown.
    for columns, repeated in (([*COLUMNS, "reason"], 1), (COLUMNS, 2)):
        with connected(EngineSettings(), str(path)) as backend:
            typed = query.typed(open_source(backend, str(path)).select(*columns))
            survey = register_counts.surveyed(typed, load_nodes())
            found = register_counts.counted(backend, typed, survey, load_nodes(), (2023, 2023))
        assert found.alike[["rows", "repeated"]].to_numpy().tolist() == [[4, repeated]]
        assert found.departures["rows"].sum() == 4


def test_a_made_register_never_enters_the_report(tmp_path, moves):
    with pytest.raises(ProjectError, match="never stand in data/input"):
        running.make_tables(request(moves, PROJECT / "data" / "input"), progress=False)


def test_the_office_names_its_old_codes(tmp_path, moves):
    codes = tmp_path / "codes.csv"
    codes.write_text("kato,region,place_id,source\n359999999,KZ-62,satbaev-city,made\n")
    out = tmp_path / "out"
    running.make_tables(request(moves, out, codes=codes), progress=False)
    flows = pd.read_csv(out / "flows_od.csv").set_index(["origin", "destination", "year"])
    assert flows.loc[("KZ-62", "KZ-71", 2023), "persons"] == 1


def test_rates_need_the_population(tmp_path, moves):
    people = tmp_path / "people.csv"
    rows = [(NURA, 2023, age, sex, 150) for age in (17, 18, 30) for sex in ("female", "male")]
    pd.DataFrame(rows, columns=["place", "year", "age", "sex", "population"]).to_csv(
        people, index=False
    )
    out = tmp_path / "out"
    running.make_tables(request(moves, out, population=str(people)), progress=False)
    rates = pd.read_csv(out / "rates.csv").set_index(["area", "year", "age_from", "sex"])
    assert rates.loc[("nura-district", 2023, 17, "female"), "net_migration_per_1000"] == -20
    assert rates.loc[("nura-district", 2023, 17, "both"), "population"] == 600


def test_a_database_is_read_by_its_address(tmp_path):
    import duckdb

    rows = register(MOVES)
    base = tmp_path / "made.duckdb"
    with duckdb.connect(str(base)) as connection:
        connection.register("rows", rows)
        connection.execute("create table moves as select * from rows")
    out = tmp_path / "out"
    running.make_tables(request(f"duckdb://{base}#moves", out), progress=False)
    assert pd.read_csv(out / "flows_od.csv")["persons"].sum() == 35
    with pytest.raises(ProjectError, match="expected its name behind #"):
        running.make_tables(request(f"duckdb://{base}#gone", out), progress=False)


def test_years_are_counted_together_while_they_fit():
    assert running.steps_of({2020: 5, 2021: 4, 2022: 9, 2023: 1}, 10) == [
        (2020, 2021), (2022, 2023),
    ]  # fmt: skip
    assert running.steps_of({2020: 50}, 10) == [(2020, 2020)]


@pytest.mark.parametrize("name", ["moves", "population"])
def test_the_schemas_are_frictionless_ones(name):
    from frictionless import Schema

    path = PROJECT / "metadata" / "indicators" / f"register_{name}.schema.json"
    schema = Schema.from_descriptor(json.loads(path.read_text(encoding="utf-8")))
    read = {"moves": {*register_counts.REQUIRED, *register_counts.AGE_COLUMNS,
                      *query.OPTIONAL},
            "population": {"place", "year", "age", "sex", "population"}}  # fmt: skip
    assert {field.name for field in schema.fields} == read[name]
