"""Where newer editions of the raw tables are asked for: addresses of the data package, sorted.

An address stands in a resource's `sources`, or, where the figures came another way, in its
`newer_editions`. metadata/indicators/services.csv says which of them give a file, and of what kind;
any other address is a page for people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA, RAW, shown
from karaganda_vibe.project.tables import fault, perhaps, read_table
from karaganda_vibe.sources.raw_package import PACKAGE, package

SERVICES = METADATA / "indicators" / "services.csv"
KINDS = ("workbook", "csv", "json", "taldau")


@dataclass(frozen=True)
class Service:
    """Addresses of one form: `pattern` with * for anything, what they give, headers they want."""

    pattern: str
    gives: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Address:
    """One address to ask, what it gives (see KINDS), and the raw tables that came from it."""

    url: str
    gives: str
    headers: Mapping[str, str]
    tables: tuple[str, ...]


def load_services(path: Path = SERVICES) -> list[Service]:
    """The forms of addresses that give files; ProjectError where the table has a fault."""
    rows = read_table(
        path,
        ("address", "gives", "headers", "meaning_en"),
        typed={"gives": KINDS},
        filled=("address", "gives", "meaning_en"),
        keys=["address"],
    )
    return [
        Service(row["address"], row["gives"], _headers(row["headers"], path, row["line"]))
        for row in rows.to_dict("records")
    ]


def _headers(text: str, path: Path, line: int) -> dict[str, str]:
    pairs = [part.partition(":") for part in text.split(";") if part.strip()]
    for name, colon, value in pairs:
        if not (name.strip() and colon and value.strip()):
            raise fault(path, line, f"'{text}': expected NAME: VALUE; …; correct it", "headers")
    return {name.strip(): value.strip() for name, _, value in pairs}


def known_addresses(
    raw: Path = RAW, services: Path = SERVICES, only: Collection[str] = ()
) -> tuple[list[Address], dict[str, str]]:
    """Addresses that give files, each once, and the tables without one.

    Args:
        only: names of tables or of their folders; all tables where it is empty.

    Returns:
        addresses in the order of the package; for each table without an address the page that its
        sources name, or "".

    Raises:
        ProjectError: `only` names no table; package or services have a fault.
    """
    forms = load_services(services)
    held = _chosen(package(raw), only, raw)
    tables: dict[str, list[str]] = {}
    missing = {}
    for name, described in held.items():
        named = list(dict.fromkeys(_named(described)))
        files = [url for url in named if _service(url, forms)]
        for url in files:
            tables.setdefault(url, []).append(name)
        if not files:
            missing[name] = next(iter(named), "")
    found = []
    for url, names in tables.items():
        service = _service(url, forms)
        assert service is not None
        found.append(Address(url, service.gives, service.headers, tuple(names)))
    return found, missing


def _named(described: Mapping[str, Any]) -> Iterable[str]:
    """Every address of a resource, those for newer editions first."""
    yield from described.get("newer_editions", ())
    yield from (source["path"] for source in described.get("sources", ()) if "path" in source)


def _service(url: str, forms: Iterable[Service]) -> Service | None:
    """The first form that fits an address."""
    return next((form for form in forms if fnmatchcase(url, form.pattern)), None)


def _chosen(
    held: Mapping[str, dict[str, Any]], only: Collection[str], raw: Path
) -> dict[str, dict[str, Any]]:
    """Tables of the package; lists of sources, which were written with the tables, are none."""
    tables = {name: held[name] for name in held if Path(held[name]["path"]).name != "sources.csv"}
    folders = {Path(described["path"]).parent.as_posix() for described in tables.values()}
    for word in only:
        if word not in tables and word not in folders:
            raise ProjectError(
                f"{shown(raw / PACKAGE)}: no table or folder named '{word}'"
                f"{perhaps(word, [*tables, *folders])}; see the names in that file"
            )
    return {
        name: described
        for name, described in tables.items()
        if not only or name in only or Path(described["path"]).parent.as_posix() in only
    }
