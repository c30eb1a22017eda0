"""Where a register is read and counted: DuckDB in this process, Spark, or another Ibis backend."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from karaganda_vibe.project.errors import ProjectError

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

DUCKDB, SPARK = "duckdb", "spark"
ENGINES = (DUCKDB, SPARK)
CSV_ENDS = (".csv", ".csv.gz")
PARQUET_ENDS = (".parquet", ".pq")
INSTALL = "python environment.py {group}"


@dataclass(frozen=True)
class EngineSettings:
    """How an engine runs.

    `master`: Spark's master, as local[2] or spark://host:7077; `memory`: what the engine may hold
    (DuckDB: memory_limit; Spark: memory of the driver); `threads`: DuckDB's, all cores by
    default; `spill`: folder to which it spills, the system's by default.
    """

    name: str = DUCKDB
    master: str = "local[2]"
    memory: str = "3GB"
    threads: int | None = None
    spill: Path | None = None


@contextmanager
def connected(settings: EngineSettings, source: str = "") -> Iterator[ibis.BaseBackend]:
    """A connection to the engine, or to the database that `source` names by its address.

    What was spilled is removed afterwards. Raises ProjectError where a package or Java is missing.
    """
    ibis_ = _ibis()
    if "://" in source:
        yield _database(ibis_, source)
        return
    with tempfile.TemporaryDirectory(prefix="registers-", dir=settings.spill) as spill:
        backend = (
            _spark(ibis_, settings, spill) if settings.name == SPARK else _duckdb(settings, spill)
        )
        try:
            yield backend
        finally:
            backend.disconnect()


def _ibis() -> Any:
    try:
        import ibis
    except ImportError:
        raise ProjectError(
            f"registers: the package ibis-framework is missing; "
            f"install the group: {INSTALL.format(group='registers')}"
        ) from None
    return ibis


def _duckdb(settings: EngineSettings, spill: str) -> Any:
    import ibis

    threads = settings.threads or len(os.sched_getaffinity(0))
    try:
        return ibis.duckdb.connect(
            memory_limit=settings.memory,
            temp_directory=spill,
            threads=threads,
            preserve_insertion_order=False,
        )
    except Exception as error:
        raise ProjectError(
            f"DuckDB: {_first_line(error)}; expected a memory like 3GB, found '{settings.memory}'; "
            "correct --memory"
        ) from None


def java_found() -> bool:
    """Whether Spark has the Java that it needs."""
    home = os.environ.get("JAVA_HOME", "")
    return shutil.which("java") is not None or (bool(home) and Path(home, "bin/java").exists())


def _spark(ibis_: Any, settings: EngineSettings, spill: str) -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ProjectError(
            f"Spark: the package pyspark is missing; "
            f"install the group: {INSTALL.format(group='spark')}"
        ) from None
    if not java_found():
        raise ProjectError(
            "Spark: no Java found; install it (Debian: apt install default-jre-headless) or set "
            "JAVA_HOME, or take --engine duckdb"
        )
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = (
        SparkSession.builder.master(settings.master)
        .appName("karaganda-vibe registers")
        .config("spark.driver.memory", re.sub(r"(?i)b$", "", settings.memory).lower())
        .config("spark.sql.session.timeZone", "UTC")
        # A cell that is no number or no day is counted as such, not the end of the run.
        .config("spark.sql.ansi.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
    )
    if settings.master.startswith("local"):
        builder = (
            builder.config("spark.local.dir", spill)
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "4")
        )
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return ibis_.pyspark.connect(session)


def _database(ibis_: Any, source: str) -> Any:
    address = source.split("#", 1)[0]
    try:
        return ibis_.connect(address)
    except Exception as error:
        # The address may hold a password: only its kind is shown.
        kind = address.split("://", 1)[0]
        raise ProjectError(
            f"{kind}://…: no connection: {_first_line(error).replace(address, '…')}; correct the "
            "address, or install the Ibis backend that it needs"
        ) from None


def open_source(backend: ibis.BaseBackend, source: str) -> ir.Table:
    """The table of a register, nothing of it read yet.

    source: a Parquet or CSV file (also .csv.gz), a folder of either, or an Ibis address with the
    table behind #, as postgres://host/database#moves. Raises ProjectError where there is none.
    """
    if "://" in source:
        table = source.partition("#")[2]
        try:
            return backend.table(table)
        except Exception as error:
            raise ProjectError(
                f"table '{table}': {_first_line(error)}; expected its name behind # of the address"
            ) from None
    paths = files_of(source)
    named = [str(path) for path in paths]
    try:
        if is_csv(paths[0]):
            return _read_csv(backend, named)
        if backend.name == "duckdb":
            return backend.read_parquet(named)
        return backend.read_parquet(str(Path(source)))
    except Exception as error:
        raise ProjectError(
            f"{source}: cannot be read: {_first_line(error)}; expected Parquet or CSV in UTF-8 "
            "with a header"
        ) from None


def _read_csv(backend: Any, named: list[str]) -> Any:
    # Every cell as text: a code must not turn into a number, nor a wrong day stop the reading.
    if backend.name == "duckdb":
        return backend.read_csv(named, all_varchar=True, header=True)
    return backend.read_csv(named, header=True, inferSchema=False)


def is_csv(path: Path) -> bool:
    """Whether a file of a register is CSV, packed or not."""
    return path.name.lower().endswith(CSV_ENDS)


def files_of(source: str) -> list[Path]:
    """The files of a register, sorted; ProjectError for none, for mixed kinds and unknown ones."""
    path = Path(source)
    if not path.exists():
        raise ProjectError(f"{source}: not found; expected a file, a folder or a database address")
    found = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    found = [p for p in found if not p.name.startswith(("_", "."))]
    kinds = {
        "csv" if is_csv(p) else "parquet" if p.suffix in PARQUET_ENDS else p.suffix for p in found
    }
    if len(kinds) != 1 or not kinds <= {"csv", "parquet"}:
        named = ", ".join(sorted(kind or "no ending" for kind in kinds)) or "nothing"
        raise ProjectError(
            f"{source}: found {named}; expected only .parquet, or only .csv and .csv.gz"
        )
    return found


@contextmanager
def held(backend: Any, table: ir.Table) -> Iterator[ir.Table]:
    """A table of a query, in DuckDB worked out once for several counts and given up afterwards.

    Elsewhere each count asks the source anew: Ibis 12 cannot hold a query on Spark that joins a
    table of this process.
    """
    if backend.name == "duckdb":
        name = f"held_{uuid4().hex}"
        try:
            yield backend.create_table(name, table, temp=True)
        finally:
            # By hand: Ibis 12 writes no name behind DROP TABLE for DuckDB.
            backend.con.execute(f"DROP TABLE IF EXISTS {name}")
    else:
        yield table


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
