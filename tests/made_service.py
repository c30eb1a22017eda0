"""A made service on this machine: it plays answers one after another and notes what was asked."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Play:
    """One answer: `cut` sends only so many bytes of the body, `stall` waits so long before it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    stall: float = 0.0
    chunked: bool = False


@dataclass
class Service:
    """Answers by path; the last one of a path is played again and again."""

    host: str = ""
    plays: dict[str, list[Play]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def play(self, path: str, *plays: Play) -> str:
        self.plays[path] = list(plays)
        return self.url(path)

    def edition(self, path: str, body: bytes, etag: str = "", date: str = "") -> str:
        """A file as a server with conditions and ranges has it."""
        return self.play(path, Edition(body=body, etag=etag, date=date))

    def headers(self, number: int = -1) -> dict[str, str]:
        return self.asked[number][1]


@dataclass(frozen=True)
class Edition(Play):
    """A file that is sent whole, in part, or not at all where the asker has it."""

    etag: str = ""
    date: str = ""

    def for_request(self, headers: Mapping[str, str]) -> Play:
        own = {"ETag": self.etag} if self.etag else {}
        own |= {"Last-Modified": self.date} if self.date else {}
        if self.etag and headers.get("if-none-match") == self.etag:
            return Play(304, headers=own)
        if self.date and not self.etag and headers.get("if-modified-since") == self.date:
            return Play(304, headers=own)
        if "range" in headers and headers.get("if-range") in {self.etag, self.date}:
            start = int(headers["range"].removeprefix("bytes=").removesuffix("-"))
            size = len(self.body)
            if start >= size:
                return Play(416, headers={"Content-Range": f"bytes */{size}"})
            own["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
            return Play(206, self.body[start:], own)
        return Play(200, self.body, own)


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer takes 40 ms

        def do_GET(self) -> None:
            headers = {name.lower(): text for name, text in self.headers.items()}
            service.asked.append((self.path, headers))
            plays = service.plays.get(self.path, [Play(404)])
            play = plays.pop(0) if len(plays) > 1 else plays[0]
            if isinstance(play, Edition):
                play = play.for_request(headers)
            self._send(play)

        def _send(self, play: Play) -> None:
            self.send_response(play.status)
            for name, text in play.headers.items():
                self.send_header(name, text)
            if play.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            elif play.status != 304:
                self.send_header("Content-Length", str(len(play.body)))
            self.end_headers()
            if play.stall:
                self.wfile.flush()
                time.sleep(play.stall)
            body = play.body if play.cut is None else play.body[: play.cut]
            if play.chunked:
                body = b"%x\r\n%s\r\n" % (len(body), body)
            try:
                self.wfile.write(body)
            except OSError:
                return  # the asker left
            if play.cut is not None:
                self.close_connection = True
            elif play.chunked:
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def made_service() -> Iterator[Service]:
    """A service of its own port that plays what it is given."""
    service = Service()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service))
    server.daemon_threads = True
    service.host = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class MadeTimes:
    """A clock that stands still but for the sleeps, which it notes."""

    def __init__(self, step: float = 0.0) -> None:
        self.time = 1000.0
        self.step = step
        self.slept: list[float] = []

    def clock(self) -> float:
        self.time += self.step
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def made_workbook(text: str = "made") -> bytes:
    """The shell of a made xlsx: enough to be recognised, nothing to be read."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("xl/workbook.xml"), f"<workbook>{text}</workbook>" * 50)
    return stream.getvalue()
