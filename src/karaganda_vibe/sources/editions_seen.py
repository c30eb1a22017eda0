"""What earlier runs of `make refresh` saw: one small file of build/, never needed for a result.

For each address: by what the server knows the edition again, the downloaded file with its SHA-256,
and the state of data/raw (checksums in the package) after which the file needs no further look.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from karaganda_vibe.project.paths import BUILD
from karaganda_vibe.project.writing import write_text

SEEN = BUILD / "refresh.json"


@dataclass(frozen=True)
class Edition:
    """An edition that was downloaded whole; `settled` is "" until its file was dealt with."""

    etag: str
    last_modified: str
    file: str
    sha256: str
    settled: str = ""


class EditionsSeen:
    """Editions by address, written after every change, so that a stopped run loses nothing."""

    def __init__(self, path: Path = SEEN) -> None:
        self.path = path
        self._held = _read(path)

    def get(self, url: str) -> Edition | None:
        """The edition last downloaded from an address."""
        return self._held.get(url)

    def keep(self, url: str, edition: Edition) -> None:
        """Remember an edition in place of the one before."""
        self._held[url] = edition
        content = {address: asdict(held) for address, held in sorted(self._held.items())}
        write_text(self.path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")

    def settle(self, url: str, state: str) -> None:
        """Remember that with data/raw in `state` the edition needs no further look."""
        if self._held[url].settled != state:
            self.keep(url, replace(self._held[url], settled=state))


def _read(path: Path) -> dict[str, Edition]:
    """What the file holds; nothing where it is missing or broken: then all is asked anew."""
    names = {field.name for field in fields(Edition)}
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return {
            url: Edition(**{name: str(text) for name, text in edition.items() if name in names})
            for url, edition in held.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
