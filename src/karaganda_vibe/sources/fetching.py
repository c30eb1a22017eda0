"""One file from one address: asked politely, again where that may help, gone on with where cut off.

A host is asked once in `pause` seconds. Lost connections, 408, 429 and faults of the server are
tried again, after the time that the server names or twice as long each time. A download that was
cut off lies as a part beside a note of its edition; where the server has an ETag or a date for it,
the rest is asked for (RFC 9110, Range and If-Range), by a later run too.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from types import TracebackType

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_exponential

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.writing import write_text

AGAIN = {408, 425, 429, 500, 502, 503, 504}
FOR_GOOD = {301, 308}
MOST_REDIRECTS = 5
NAME = "karaganda-vibe"

Progress = Callable[[int, int], None]
"""Told the bytes that are there and, where known, those expected (else 0)."""


@dataclass(frozen=True)
class Limits:
    """How politely and how long is asked; seconds and bytes."""

    pause: float = 1.0  # between two requests to one host
    attempts: int = 5  # at one address
    timeout: float = 30.0  # without a byte
    longest_wait: float = 120.0  # that a server may ask for
    longest_download: float = 900.0
    largest: int = 64 * 2**20  # the largest of the Bureau's workbooks has a few MB


@dataclass(frozen=True)
class Times:
    """Clocks and sleep, so that tests need not wait."""

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Validators:
    """By what a server knows an edition again."""

    etag: str = ""
    last_modified: str = ""

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that ask for the file only where it is another edition."""
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: text for name, text in pairs.items() if text}

    @property
    def for_the_rest(self) -> str:
        """What may stand in If-Range: a strong ETag, else the date, or ""."""
        return self.last_modified if self.etag.startswith("W/") or not self.etag else self.etag


@dataclass(frozen=True)
class Answer:
    """A file that came whole: its edition, and where it came from if the address moved."""

    validators: Validators
    url: str
    moved_to: str = ""


class FetchError(ProjectError):
    """An address gave no file; the message is the reason alone."""


class _AgainError(Exception):
    """The server asks to come back, or its answer may be another one later."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


def _may_help(error: BaseException) -> bool:
    lost = isinstance(error, httpx.TransportError)
    return isinstance(error, _AgainError) or (
        lost and not isinstance(error, httpx.UnsupportedProtocol)
    )


@dataclass
class Fetcher:
    """Asks addresses one after another; use it in a `with` statement."""

    limits: Limits = field(default_factory=Limits)
    times: Times = field(default_factory=Times)
    progress: Progress = lambda _there, _expected: None

    def __post_init__(self) -> None:
        self._asked: dict[str, float] = {}
        self._closed: dict[str, str] = {}
        self._backoff = wait_exponential(multiplier=1, max=30)
        self._client = httpx.Client(
            follow_redirects=True,
            max_redirects=MOST_REDIRECTS,
            timeout=self.limits.timeout,
            # A part of a compressed answer cannot be gone on with.
            headers={"User-Agent": NAME, "Accept-Encoding": "identity"},
            event_hooks={"request": [self._wait_for_turn]},
            verify=_trusted(),
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(
        self,
        url: str,
        part: Path,
        headers: Mapping[str, str] | None = None,
        known: Validators | None = None,
    ) -> Answer | None:
        """Bring what lies at `url` into the file `part`.

        Args:
            part: what an earlier run left there is gone on with; after a failure it stays.
            headers: sent with the request.
            known: the edition that is there already; None asks in any case.

        Returns:
            None where the server says that `known` is still its edition.

        Raises:
            FetchError: with the reason in one line.
        """
        host = httpx.URL(url).netloc.decode()
        if host in self._closed:
            raise FetchError(f"not asked: {self._closed[host]}")
        retrying = Retrying(
            stop=stop_after_attempt(self.limits.attempts),
            wait=self._seconds_to_wait,
            retry=retry_if_exception(_may_help),
            sleep=self.times.sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, url, part, dict(headers or {}), known or Validators())
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            # Sixty tables of a host that is down need not be asked five times each.
            self._closed[host] = f"{host} cannot be reached ({error})"
            raise FetchError(self._closed[host]) from None
        except (httpx.HTTPError, httpx.InvalidURL, _AgainError) as error:
            raise FetchError(self._reason(error, part)) from None

    def _reason(self, error: Exception, part: Path) -> str:
        if isinstance(error, httpx.TimeoutException):
            return f"no byte came within {self.limits.timeout:g} s"
        if isinstance(error, httpx.TooManyRedirects):
            return f"redirected more than {MOST_REDIRECTS} times"
        if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError) and part.exists():
            return f"cut off after {part.stat().st_size:,} bytes; run it again to go on"
        return str(error) or type(error).__name__

    def _wait_for_turn(self, request: httpx.Request) -> None:
        host = request.url.netloc.decode()
        if host in self._asked:
            due = self._asked[host] + self.limits.pause - self.times.clock()
            if due > 0:
                self.times.sleep(due)
        self._asked[host] = self.times.clock()

    def _seconds_to_wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        named = error.seconds if isinstance(error, _AgainError) else None
        return self._backoff(state) if named is None else named

    def _once(
        self, url: str, part: Path, headers: dict[str, str], known: Validators
    ) -> Answer | None:
        begun = _read_note(part)
        there = part.stat().st_size if part.exists() and begun.for_the_rest else 0
        if there:
            asked = {"Range": f"bytes={there}-", "If-Range": begun.for_the_rest}
        else:
            asked = known.conditions
        with self._client.stream("GET", url, headers=headers | asked) as response:
            code = response.status_code
            if code == httpx.codes.NOT_MODIFIED and asked and not there:
                return None
            if code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and there:
                drop(part)
                raise _AgainError("the server has no rest of what was begun", 0.0)
            rest = there > 0 and code == httpx.codes.PARTIAL_CONTENT
            self._check_status(response, rest)
            validators = begun if rest else _validators(response)
            if rest:
                _check_place(response, there, part)
            else:
                _write_note(part, validators, response)
            self._receive(response, part, there if rest else 0)
            moved = any(step.status_code in FOR_GOOD for step in response.history)
            return Answer(validators, str(response.url), str(response.url) if moved else "")

    def _check_status(self, response: httpx.Response, rest: bool) -> None:
        code = response.status_code
        if code == httpx.codes.OK or rest:
            return
        reason = f"the server answered {code} {response.reason_phrase}".rstrip()
        if response.history:
            reason += f" after a redirect to {response.url}"
        if code not in AGAIN:
            raise FetchError(reason)
        seconds = retry_after(response.headers.get("Retry-After", ""), self.times.now())
        if seconds is not None and seconds > self.limits.longest_wait:
            host = response.url.netloc.decode()
            self._closed[host] = f"{host} asks to come back in {seconds:.0f} s ({code})"
            raise FetchError(self._closed[host])
        raise _AgainError(reason, seconds)

    def _receive(self, response: httpx.Response, part: Path, there: int) -> None:
        """Write the body behind the first `there` bytes of `part`."""
        length = int(response.headers.get("Content-Length", 0))
        expected = there + length if length else 0
        self._check_size(expected)
        until = self.times.clock() + self.limits.longest_download
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab" if there else "wb") as stream:
            for chunk in response.iter_bytes():
                there += len(chunk)
                self._check_size(there)
                stream.write(chunk)
                self.progress(there, expected)
                if self.times.clock() > until:
                    raise FetchError(
                        f"{there:,} bytes came in {self.limits.longest_download:g} s; run it again "
                        "to go on"
                    )

    def _check_size(self, size: int) -> None:
        if size > self.limits.largest:
            raise FetchError(
                f"larger than {self.limits.largest / 2**20:.0f} MB, which no table of the study is"
            )


@cache
def _trusted() -> ssl.SSLContext:
    """Whom to trust, read once: it takes longer than a request."""
    return httpx.create_ssl_context()


def retry_after(text: str, now: float) -> float | None:
    """Seconds that a Retry-After header asks for, given as such or as a date; None for neither."""
    if re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII):
        return float(text)
    try:
        return max(parsedate_to_datetime(text).timestamp() - now, 0.0)
    except (ValueError, TypeError):
        return None


def drop(part: Path) -> None:
    """Remove a part and the note of its edition."""
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def _validators(response: httpx.Response) -> Validators:
    return Validators(response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))


def _check_place(response: httpx.Response, there: int, part: Path) -> None:
    """Raise _AgainError, and begin anew, where the rest does not begin where the part ends."""
    found = response.headers.get("Content-Range", "")
    if not re.match(rf"bytes {there}-\d+/(\d+|\*)$", found):
        drop(part)
        raise _AgainError(
            f"the server sent another rest than asked for ({found or 'not said which'})"
        )


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.edition")


def _write_note(part: Path, validators: Validators, response: httpx.Response) -> None:
    """Note the edition before its first byte, so that a killed run can be gone on with."""
    drop(part)
    if validators.for_the_rest and "Content-Encoding" not in response.headers:
        write_text(_note(part), f"{validators.etag}\n{validators.last_modified}\n")


def _read_note(part: Path) -> Validators:
    try:
        etag, last_modified, *_ = _note(part).read_text(encoding="utf-8").split("\n")
    except (FileNotFoundError, ValueError):
        return Validators()
    return Validators(etag, last_modified)
