"""Ask every address for a newer edition of its raw tables, and hand over what came.

What is new lands in build/downloads and is given to the one function that checks a file and takes
it into data/raw; nothing is written there from here. A table that fails is noted with the reason
and stays as it is.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import BUILD, RAW, shown
from karaganda_vibe.project.writing import write_text
from karaganda_vibe.sources.answers import AnswerError, ending_of_answer
from karaganda_vibe.sources.editions_seen import Edition, EditionsSeen
from karaganda_vibe.sources.fetching import Fetcher, Validators, drop
from karaganda_vibe.sources.raw_package import package
from karaganda_vibe.sources.service_addresses import Address
from karaganda_vibe.sources.taldau import long_table

DOWNLOADS = BUILD / "downloads"
LONGEST_NAME = 80

TAKEN, SAME, NO_READER, LEFT = "taken in", "no different", "no reader for it yet", "left for you"

Take = Callable[[Path, Sequence[str], str], str]
"""Check a file, and take it in: file, tables that came from its address, address.

Returns TAKEN, SAME where data/raw holds these figures already, NO_READER where only a person can
read such a file, LEFT where a person has not said yes: only then it is handed over again. Raises
ProjectError where the file fails a check.
"""


@dataclass(frozen=True)
class Waiting:
    """A whole download that is still to be dealt with."""

    address: Address
    file: Path


@dataclass
class Outcome:
    """What a run found: counts; files with what became of them; addresses with what is wrong."""

    asked: int = 0
    unchanged: int = 0
    downloaded: int = 0
    handed: list[tuple[str, Waiting]] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[Address, str]] = field(default_factory=list)


@dataclass
class Refresh:
    """One run: what is asked with what, and where things are kept."""

    fetcher: Fetcher
    seen: EditionsSeen
    downloads: Path = DOWNLOADS
    raw: Path = RAW
    again: bool = False  # ask as if nothing had been seen
    outcome: Outcome = field(default_factory=Outcome)
    _settled: list[Address] = field(default_factory=list)

    def ask(
        self, addresses: Collection[Address], show: Callable[[Address], None] = lambda _: None
    ) -> list[Waiting]:
        """Ask every address; return what is to be handed over, note the rest in `outcome`.

        show: called with each address before it is asked.
        """
        waiting = []
        for address in addresses:
            show(address)
            self.outcome.asked += 1
            try:
                found = self._ask(address)
            except ProjectError as error:
                self.outcome.failed.append((address, str(error)))
                continue
            if found is None:
                self.outcome.unchanged += 1
                self._settled.append(address)
            else:
                waiting.append(found)
        return waiting

    def hand_over(self, waiting: Collection[Waiting], take: Take) -> None:
        """Give each file to `take`; one that it refuses keeps no other from being taken."""
        for held in waiting:
            address = held.address
            try:
                became = take(_as_table(held), address.tables, address.url)
            except ProjectError as error:
                self.outcome.failed.append((address, str(error)))
            except Exception as error:
                # A fault of the reader, met by one odd file, must not hold up the others.
                reason = (
                    f"{shown(held.file)}: could not be taken in ({type(error).__name__}: {error})"
                )
                self.outcome.failed.append((address, reason))
            else:
                self.outcome.handed.append((became, held))
                if became != LEFT:
                    self._settle(address)

    def _settle(self, address: Address) -> None:
        """Remember that an edition was dealt with, and that those before it still are.

        They may be of the same table, which has just changed.
        """
        self._settled.append(address)
        for settled in self._settled:
            self.seen.settle(settled.url, self._state(settled))

    def _ask(self, address: Address) -> Waiting | None:
        known = None if self.again else self._usable(address)
        part = self.downloads / f"{name_of(address.url)}.part"
        validators = Validators(known.etag, known.last_modified) if known else None
        answer = self.fetcher.get(address.url, part, address.headers, validators)
        if answer is None and known:
            file = self.downloads / known.file
        else:
            assert answer is not None
            if answer.moved_to:
                self.outcome.moved.append((address.url, answer.moved_to))
            file = self._checked(part, address, answer.url)
            _set_date(file, answer.validators.last_modified)
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            self.outcome.downloaded += 1
            before = self.seen.get(address.url)
            settled = before.settled if before and before.sha256 == digest else ""
            if before and before.file != file.name:
                (self.downloads / before.file).unlink(missing_ok=True)
            edition = answer.validators
            self.seen.keep(
                address.url,
                Edition(edition.etag, edition.last_modified, file.name, digest, settled),
            )
        now = self.seen.get(address.url)
        if now and now.settled == self._state(address) and not self.again:
            return None
        return Waiting(address, file)

    def _usable(self, address: Address) -> Edition | None:
        """The edition seen before, unless its file is still needed and is gone or was changed."""
        known = self.seen.get(address.url)
        if known is None or known.settled == self._state(address):
            return known
        file = self.downloads / known.file
        whole = file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == known.sha256
        return known if whole else None

    def _checked(self, part: Path, address: Address, url: str) -> Path:
        """The downloaded file under its own name; one of another form is kept as .refused."""
        content = part.read_bytes()
        name = name_of(address.url)
        try:
            ending = ending_of_answer(content, address.gives)
        except AnswerError as error:
            refused = part.replace(self.downloads / f"{name}.refused")
            drop(part)
            from_there = "" if url == address.url else f", redirected to {url}"
            raise ProjectError(f"{error}{from_there}; it is kept in {shown(refused)}") from None
        file = part.replace(self.downloads / f"{name}{ending}")
        drop(part)
        return file

    def _state(self, address: Address) -> str:
        """The state of the address's tables in data/raw: their checksums, as one."""
        held = package(self.raw)
        hashes = [str(held[name].get("hash")) if name in held else "" for name in address.tables]
        return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def _set_date(file: Path, last_modified: str) -> None:
    """Give a file the date of its edition, where the server says it, as downloaders do."""
    with suppress(ValueError, TypeError):
        seconds = parsedate_to_datetime(last_modified).timestamp()
        os.utime(file, (seconds, seconds))


def name_of(url: str) -> str:
    """A name for a download, without an ending: readable, and another for every address."""
    words = re.sub(r"[^A-Za-z0-9.]+", "-", url.partition("://")[2]).strip("-.")
    return f"{words[-LONGEST_NAME:].lstrip('-.')}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


def _as_table(held: Waiting) -> Path:
    """The file to hand over; an answer of Taldau as a long table beside it.

    Its indicator is called by its number, the last part of the address: "taldau 702944".
    """
    if held.address.gives != "taldau":
        return held.file
    number = PurePosixPath(urlsplit(held.address.url).path).name
    table = long_table(held.file.read_bytes(), f"taldau {number}")
    file = held.file.with_suffix(".csv")
    write_text(file, table.to_csv(index=False, lineterminator="\n"))
    return file
