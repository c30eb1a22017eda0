"""One file from one address: made answers of a server on this machine, and no real waiting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from made_service import Edition, MadeTimes, Play, Service, made_service

from karaganda_vibe.sources.fetching import (
    Fetcher,
    FetchError,
    Limits,
    Times,
    Validators,
    retry_after,
)

BODY = bytes(range(256)) * 40
MONDAY = "Mon, 23 Nov 2026 08:00:00 GMT"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setenv("NO_PROXY", "*")
    with made_service() as service:
        yield service


@pytest.fixture
def times() -> MadeTimes:
    return MadeTimes()


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "made.part"


def fetcher(times: MadeTimes, **limits: float) -> Fetcher:
    chosen = {"pause": 0.0, **limits}
    return Fetcher(Limits(**chosen), Times(times.clock, lambda: 0.0, times.sleep))  # type: ignore[arg-type]


def test_a_file_comes_with_its_edition(service: Service, times: MadeTimes, part: Path) -> None:
    url = service.edition("/made", BODY, etag='"a1"', date=MONDAY)
    with fetcher(times) as asking:
        answer = asking.get(url, part, {"X-Made": "yes"})
    assert answer is not None
    assert part.read_bytes() == BODY
    assert answer.validators == Validators('"a1"', MONDAY)
    assert answer.moved_to == ""
    headers = service.headers()
    assert headers["x-made"] == "yes"
    assert headers["user-agent"] == "karaganda-vibe"
    assert "if-none-match" not in headers
    assert times.slept == []


@pytest.mark.parametrize(
    ("etag", "date", "header"),
    [('"a1"', MONDAY, "if-none-match"), ("", MONDAY, "if-modified-since")],
)
def test_the_known_edition_is_not_sent_again(
    service: Service, times: MadeTimes, part: Path, etag: str, date: str, header: str
) -> None:
    url = service.edition("/made", BODY, etag, date)
    with fetcher(times) as asking:
        assert asking.get(url, part, known=Validators(etag, date)) is None
        assert header in service.headers()
        assert not part.exists()
        assert asking.get(url, part, known=Validators('"old"', "")) is not None


def test_not_modified_without_a_condition_is_a_fault(
    service: Service, times: MadeTimes, part: Path
) -> None:
    url = service.play("/made", Play(304))
    with fetcher(times) as asking, pytest.raises(FetchError, match="answered 304"):
        asking.get(url, part)
    assert len(service.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_passing_fault_is_tried_again(
    service: Service, times: MadeTimes, part: Path, status: int
) -> None:
    url = service.play("/made", Play(status), Play(status), Edition(body=BODY))
    with fetcher(times) as asking:
        assert asking.get(url, part) is not None
    assert part.read_bytes() == BODY
    assert len(service.asked) == 3
    assert times.slept == [1.0, 2.0]


def test_the_time_that_the_server_names_is_kept(
    service: Service, times: MadeTimes, part: Path
) -> None:
    url = service.play("/made", Play(429, headers={"Retry-After": "37"}), Edition(body=BODY))
    with fetcher(times) as asking:
        assert asking.get(url, part) is not None
    assert times.slept == [37.0]


def test_a_host_that_wants_long_rest_gets_it(
    service: Service, times: MadeTimes, part: Path
) -> None:
    url = service.play("/made", Play(503, headers={"Retry-After": "3600"}))
    other = service.edition("/other", BODY)
    with fetcher(times) as asking:
        with pytest.raises(FetchError, match=r"asks to come back in 3600 s \(503\)"):
            asking.get(url, part)
        with pytest.raises(FetchError, match=r"^not asked: .* asks to come back in 3600 s"):
            asking.get(other, part)
    assert [path for path, _ in service.asked] == ["/made"]
    assert times.slept == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("Thu, 01 Jan 1970 00:01:30 GMT", 80.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after(text, now=10.0) == seconds


@pytest.mark.parametrize(("status", "word"), [(404, "404 Not Found"), (403, "403"), (410, "410")])
def test_a_fault_that_stays_is_asked_once(
    service: Service, times: MadeTimes, part: Path, status: int, word: str
) -> None:
    url = service.play("/made", Play(status))
    with fetcher(times) as asking, pytest.raises(FetchError, match=f"answered {word}"):
        asking.get(url, part)
    assert len(service.asked) == 1
    assert not part.exists()


def test_attempts_end(service: Service, times: MadeTimes, part: Path) -> None:
    url = service.play("/made", Play(500))
    with fetcher(times, attempts=3) as asking, pytest.raises(FetchError, match="answered 500"):
        asking.get(url, part)
    assert len(service.asked) == 3


def test_a_cut_off_download_goes_on_where_it_was(
    service: Service, times: MadeTimes, part: Path
) -> None:
    cut = Play(body=BODY, headers={"ETag": '"a1"'}, cut=4000)
    url = service.play("/made", cut, Edition(body=BODY, etag='"a1"'))
    with fetcher(times) as asking:
        answer = asking.get(url, part)
    assert part.read_bytes() == BODY
    assert service.headers()["range"] == "bytes=4000-"
    assert service.headers()["if-range"] == '"a1"'
    assert answer is not None
    assert answer.validators.etag == '"a1"'


def test_a_later_run_goes_on_too(service: Service, times: MadeTimes, part: Path) -> None:
    cut = Play(body=BODY, headers={"Last-Modified": MONDAY}, cut=4000)
    url = service.play("/made", cut)
    with (
        fetcher(times, attempts=1) as asking,
        pytest.raises(FetchError, match=r"cut off after 4,000 bytes; run it again to go on"),
    ):
        asking.get(url, part)
    service.edition("/made", BODY, date=MONDAY)
    with fetcher(times) as asking:
        assert asking.get(url, part, known=Validators('"old"', "")) is not None
    assert part.read_bytes() == BODY
    assert service.headers()["range"] == "bytes=4000-"
    assert "if-none-match" not in service.headers()


def test_a_newer_edition_is_not_glued_to_the_part(
    service: Service, times: MadeTimes, part: Path
) -> None:
    newer = BODY[::-1]
    cut = Play(body=BODY, headers={"ETag": '"a1"'}, cut=4000)
    url = service.play("/made", cut, Edition(body=newer, etag='"a2"'))
    with fetcher(times) as asking:
        answer = asking.get(url, part)
    assert part.read_bytes() == newer
    assert answer is not None
    assert answer.validators.etag == '"a2"'


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"a1"'}, {"Content-Encoding": "made"}])
def test_without_a_strong_edition_it_begins_anew(
    service: Service, times: MadeTimes, part: Path, headers: dict[str, str]
) -> None:
    url = service.play("/made", Play(body=BODY, headers=headers, cut=4000), Edition(body=BODY))
    with fetcher(times) as asking:
        assert asking.get(url, part) is not None
    assert part.read_bytes() == BODY
    assert "range" not in service.headers()


def test_a_wrong_rest_is_thrown_away(service: Service, times: MadeTimes, part: Path) -> None:
    cut = Play(body=BODY, headers={"ETag": '"a1"'}, cut=4000)
    wrong = Play(206, BODY[100:], {"Content-Range": f"bytes 100-{len(BODY) - 1}/{len(BODY)}"})
    url = service.play("/made", cut, wrong, Edition(body=BODY, etag='"a1"'))
    with fetcher(times) as asking:
        assert asking.get(url, part) is not None
    assert part.read_bytes() == BODY
    assert "range" not in service.headers()


def test_a_part_that_is_whole_already_is_asked_anew(
    service: Service, times: MadeTimes, part: Path
) -> None:
    part.parent.mkdir()
    part.write_bytes(BODY)
    part.with_name("made.part.edition").write_text('"a1"\n\n', encoding="utf-8")
    url = service.edition("/made", BODY, etag='"a1"')
    with fetcher(times) as asking:
        assert asking.get(url, part) is not None
    assert part.read_bytes() == BODY
    assert [("range" in headers) for _, headers in service.asked] == [True, False]


def test_a_part_of_an_answer_nobody_asked_a_part_of_is_a_fault(
    service: Service, times: MadeTimes, part: Path
) -> None:
    url = service.play("/made", Play(206, BODY[:10]))
    with fetcher(times) as asking, pytest.raises(FetchError, match="answered 206"):
        asking.get(url, part)


def test_a_cut_in_a_chunked_answer_is_seen(service: Service, times: MadeTimes, part: Path) -> None:
    url = service.play(
        "/made", Play(body=BODY, chunked=True, cut=99), Play(body=BODY, chunked=True)
    )
    with fetcher(times) as asking:
        assert asking.get(url, part) is not None
    assert part.read_bytes() == BODY


def test_a_slow_server_is_left_and_gone_on_with(
    service: Service, times: MadeTimes, part: Path
) -> None:
    slow = Play(body=BODY, headers={"ETag": '"a1"'}, stall=0.4)
    url = service.play("/made", slow)
    with (
        fetcher(times, timeout=0.05, attempts=2) as asking,
        pytest.raises(FetchError, match=r"no byte came within 0\.05 s"),
    ):
        asking.get(url, part)
    assert len(service.asked) == 2


def test_a_download_that_drips_ends(service: Service, part: Path) -> None:
    url = service.edition("/made", BODY, etag='"a1"')
    dripping = MadeTimes(step=1000.0)
    with (
        fetcher(dripping) as asking,
        pytest.raises(FetchError, match=r"10,240 bytes came in 900 s; run it again to go on"),
    ):
        asking.get(url, part)


@pytest.mark.parametrize("chunked", [False, True])
def test_what_is_too_large_is_refused(
    service: Service, times: MadeTimes, part: Path, chunked: bool
) -> None:
    url = service.play("/made", Play(body=BODY, chunked=chunked))
    with (
        fetcher(times, largest=5000) as asking,
        pytest.raises(FetchError, match="larger than 0 MB"),
    ):
        asking.get(url, part)
    assert not part.exists() or part.stat().st_size <= 5000


def test_redirects_are_followed_and_a_move_is_told(
    service: Service, times: MadeTimes, part: Path
) -> None:
    target = service.edition("/new", BODY)
    for_now = service.play("/for-now", Play(302, headers={"Location": target}))
    for_good = service.play("/for-good", Play(301, headers={"Location": "/new"}))
    with fetcher(times) as asking:
        found = asking.get(for_now, part)
        assert found is not None
        assert (found.url, found.moved_to) == (target, "")
        moved = asking.get(for_good, part)
        assert moved is not None
        assert moved.moved_to == target
    assert part.read_bytes() == BODY


def test_redirects_in_a_circle_end(service: Service, times: MadeTimes, part: Path) -> None:
    url = service.play("/made", Play(302, headers={"Location": "/made"}))
    with fetcher(times) as asking, pytest.raises(FetchError, match="redirected more than 5 times"):
        asking.get(url, part)


def test_a_redirect_to_something_else_than_a_site_is_no_file(
    service: Service, times: MadeTimes, part: Path
) -> None:
    url = service.play("/made", Play(302, headers={"Location": "file:///etc/hostname"}))
    with fetcher(times) as asking, pytest.raises(FetchError):
        asking.get(url, part)
    assert len(service.asked) == 1
    assert not part.exists()


def test_a_host_is_asked_once_in_a_pause(service: Service, times: MadeTimes, part: Path) -> None:
    first = service.play("/first", Play(302, headers={"Location": "/second"}))
    service.edition("/second", BODY)
    with fetcher(times, pause=1.5) as asking:
        asking.get(first, part)
        times.time += 0.5
        asking.get(service.url("/second"), part)
        times.time += 9
        asking.get(service.url("/second"), part)
    assert times.slept == [1.5, 1.0]


def test_a_host_that_is_down_is_asked_by_one_address_only(
    times: MadeTimes, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with made_service() as gone:
        url, other = gone.url("/made"), gone.url("/other")
    with fetcher(times) as asking:
        with pytest.raises(FetchError, match="cannot be reached"):
            asking.get(url, part)
        slept = len(times.slept)
        with pytest.raises(FetchError, match=r"^not asked: .* cannot be reached"):
            asking.get(other, part)
    assert (slept, len(times.slept)) == (4, 4)


def test_progress_is_told(service: Service, times: MadeTimes, part: Path) -> None:
    told: list[tuple[int, int]] = []
    url = service.edition("/made", BODY)
    with fetcher(times) as asking:
        asking.progress = lambda there, expected: told.append((there, expected))
        asking.get(url, part)
    assert told[-1] == (len(BODY), len(BODY))
