"""A run of `make refresh` against a made service: what is asked, kept, handed over and said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock
from made_service import Edition, MadeTimes, Play, Service, made_service, made_workbook

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.sources import refresh as command
from karaganda_vibe.sources.answers import OLE
from karaganda_vibe.sources.editions_seen import EditionsSeen
from karaganda_vibe.sources.fetching import Times
from karaganda_vibe.sources.newer_editions import LEFT, NO_READER, SAME, TAKEN, Take, name_of
from karaganda_vibe.sources.refresh import run_command

BOOK = "/api/iblock/element/region/{}/file/ru/"
PAGE = b"<html><head><title>Made pause</title></head><body>later</body></html>"


class Study:
    """A made project of tables with addresses at a made service."""

    def __init__(self, folder: Path, service: Service) -> None:
        self.service = service
        self.raw = folder / "raw"
        self.build = folder / "build"
        self.raw.mkdir()
        self.tables: dict[str, dict[str, object]] = {}
        self.times = MadeTimes()
        self.taken: list[tuple[str, tuple[str, ...], str]] = []
        self.refuse: dict[str, Exception] = {}
        self.becomes = TAKEN
        self.told_yes: bool | None = None

    def table(self, name: str, path: str) -> None:
        url = self.service.url(path) if path else ""
        sources = [{"title": "made", "path": url}] if url else [{"title": "made"}]
        held = {"name": name, "path": f"{name}/made.csv", "hash": f"sha256:{name}"}
        self.tables[name] = held | {"sources": sources}
        self.write()

    def write(self) -> None:
        content = json.dumps({"resources": list(self.tables.values())})
        (self.raw / "datapackage.json").write_text(content, "utf-8")

    def take(self, file: Path, tables: Sequence[str], url: str) -> str:
        if tables[0] in self.refuse:
            raise self.refuse[tables[0]]
        self.taken.append((file.name, tuple(tables), file.read_bytes().decode("utf-8", "replace")))
        return self.becomes

    def run(self, *words: str) -> int:
        self.service.asked.clear()
        self.taken.clear()
        return self.run_with(self.take, *words)

    def run_with(self, take: Take, *words: str) -> int:
        times = Times(self.times.clock, lambda: 0.0, self.times.sleep)
        self.told_yes = None

        def taker(yes: bool) -> Take:
            self.told_yes = yes
            return take

        return run_command(words, taker, raw=self.raw, build=self.build, times=times)

    @property
    def downloads(self) -> set[str]:
        return {path.name for path in (self.build / "downloads").glob("*")}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Study]:
    monkeypatch.setenv("NO_PROXY", "*")
    with made_service() as service:
        yield Study(tmp_path, service)


def books(study: Study, number: int) -> None:
    for place in range(number):
        path = BOOK.format(place)
        study.table(f"made_{place}", path)
        study.service.edition(path, made_workbook(f"book {place}"), etag=f'"e{place}"')


def test_sixty_unchanged_tables_are_asked_sixty_times_and_nothing_comes(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    books(study, 60)
    assert study.run() == 0
    assert len(study.taken) == 60
    sent = study.downloads
    assert len(sent) == 60
    assert study.run() == 0
    assert len(study.service.asked) == 60
    assert all("if-none-match" in headers for _, headers in study.service.asked)
    assert study.taken == []
    assert study.downloads == sent
    assert (
        "asked 60 addresses: 60 unchanged, 0 downloaded, 0 of them no different"
        in capsys.readouterr().out
    )
    # One host: a second before every request but the first of each run.
    assert study.times.slept == [1.0] * 118


def test_a_newer_edition_is_handed_over_once(study: Study) -> None:
    books(study, 3)
    study.run()
    study.service.edition(BOOK.format(1), made_workbook("newer"), etag='"f1"')
    assert study.run() == 0
    assert [tables for _, tables, _ in study.taken] == [("made_1",)]
    assert study.run() == 0
    assert study.taken == []


def test_the_file_lies_under_a_name_that_says_its_address_and_kind(study: Study) -> None:
    books(study, 1)
    study.run()
    (name,) = study.downloads
    host = study.service.host.replace(":", "-")
    assert name.startswith(f"{host}-api-iblock-element-region-0-file-ru-")
    assert name.endswith(".xlsx")
    assert [file for file, _, _ in study.taken] == [name]


def test_a_file_has_the_date_of_its_edition(study: Study) -> None:
    study.table("made", BOOK.format(1))
    date = "Fri, 20 Nov 2026 06:30:00 GMT"
    study.service.edition(BOOK.format(1), made_workbook(), date=date)
    study.run()
    (file,) = (study.build / "downloads").glob("*")
    assert file.stat().st_mtime == datetime(2026, 11, 20, 6, 30, tzinfo=UTC).timestamp()


def test_a_workbook_of_another_kind_takes_the_place_of_the_old_one(study: Study) -> None:
    books(study, 1)
    study.run()
    study.service.edition(BOOK.format(0), OLE + bytes(600), etag='"old kind"')
    study.run()
    (name,) = study.downloads
    assert name.endswith(".xls")


def test_names_of_addresses_differ_even_where_they_read_alike() -> None:
    names = {name_of(url) for url in ("https://a.b/c?d=1", "https://a.b/c/d-1", "http://a.b/c?d=1")}
    assert len(names) == 3
    assert all(len(name_of(f"https://a.b/{'c' * n}")) < 100 for n in (1, 71, 500))


def test_a_server_without_editions_sends_the_same_and_nothing_is_handed_over(study: Study) -> None:
    study.table("made", BOOK.format(1))
    study.service.edition(BOOK.format(1), made_workbook())
    study.run()
    assert len(study.taken) == 1
    assert study.run() == 0
    assert study.taken == []


def test_what_was_left_or_refused_is_handed_over_again_without_a_download(study: Study) -> None:
    books(study, 2)
    study.becomes = LEFT
    study.refuse["made_1"] = ProjectError("made.xlsx: unknown label 'made'; add it")
    assert study.run() == 1
    study.refuse.clear()
    study.becomes = TAKEN
    content = [path.read_bytes() for path in sorted((study.build / "downloads").glob("*"))]
    assert study.run() == 0
    assert [tables for _, tables, _ in study.taken] == [("made_0",), ("made_1",)]
    assert all("if-none-match" in headers for _, headers in study.service.asked)
    assert [p.read_bytes() for p in sorted((study.build / "downloads").glob("*"))] == content
    assert study.run() == 0
    assert study.taken == []


@pytest.mark.parametrize("damage", ["gone", "changed"])
def test_a_file_that_is_still_needed_and_is_not_whole_is_downloaded_again(
    study: Study, damage: str
) -> None:
    books(study, 1)
    study.becomes = LEFT
    study.run()
    (file,) = (study.build / "downloads").glob("*")
    content = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(content[:50])
    study.run()
    assert "if-none-match" not in study.service.headers()
    assert file.read_bytes() == content
    assert len(study.taken) == 1


def test_raw_tables_that_were_put_back_get_the_edition_again(study: Study) -> None:
    books(study, 2)
    study.run()
    study.tables["made_1"]["hash"] = "sha256:another"
    study.write()
    assert study.run() == 0
    assert [tables for _, tables, _ in study.taken] == [("made_1",)]
    assert len(study.service.asked) == 2


def test_a_table_of_two_addresses_is_not_handed_back_and_forth(study: Study) -> None:
    books(study, 2)
    shared = study.tables["made_0"]
    shared["sources"] = [{"path": study.service.url(BOOK.format(place))} for place in (0, 1)]
    del study.tables["made_1"]
    study.write()
    assert study.run() == 0
    assert len(study.taken) == 2
    study.service.edition(BOOK.format(1), made_workbook("newer"), etag='"f1"')

    def take(file: Path, tables: Sequence[str], url: str) -> str:
        shared["hash"] = "sha256:newer"
        study.write()
        return TAKEN

    assert study.run_with(take) == 0
    assert study.run() == 0
    assert study.taken == []


def test_again_downloads_and_hands_over_what_is_known(study: Study) -> None:
    books(study, 2)
    study.run()
    assert study.run("--again", "made_1") == 0
    assert [path for path, _ in study.service.asked] == [BOOK.format(1)]
    assert "if-none-match" not in study.service.headers()
    assert [tables for _, tables, _ in study.taken] == [("made_1",)]


@pytest.mark.parametrize(
    ("became", "line"),
    [(TAKEN, "taken in: made_0: "), (NO_READER, "no reader for it yet: made_0: "), (SAME, "")],
)
def test_what_became_of_a_file_is_said_once(
    study: Study, capsys: pytest.CaptureFixture[str], became: str, line: str
) -> None:
    books(study, 1)
    study.becomes = became
    assert study.run() == 0
    counts, *lines = capsys.readouterr().out.splitlines()
    assert f"1 downloaded, {1 if became == SAME else 0} of them no different" in counts
    assert len(lines) == (1 if line else 0)
    assert all(found.startswith(line) and found.endswith(".xlsx") for found in lines)
    assert study.run() == 0
    assert study.taken == []


def test_fetching_only_leaves_the_file_for_the_next_run(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    books(study, 1)
    assert study.run("--fetch-only") == 0
    assert study.told_yes is None
    assert study.taken == []
    assert "left for you: made_0: " in capsys.readouterr().out
    assert study.run("--yes") == 0
    assert study.told_yes is True
    assert len(study.taken) == 1


def test_two_tables_of_one_address_are_asked_for_once(study: Study) -> None:
    study.table("made_a", BOOK.format(1))
    study.table("made_b", BOOK.format(1))
    study.service.edition(BOOK.format(1), made_workbook(), etag='"a"')
    assert study.run() == 0
    assert len(study.service.asked) == 1
    assert [tables for _, tables, _ in study.taken] == [("made_a", "made_b")]


def test_failures_are_listed_with_their_reasons_and_the_others_are_taken(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    books(study, 6)
    service = study.service
    service.play(BOOK.format(0), Play(404))
    service.play(BOOK.format(1), Play(body=PAGE, headers={"ETag": '"page"'}))
    target = service.play("/login", Play(body=PAGE))
    service.play(BOOK.format(2), Play(302, headers={"Location": target}))
    study.refuse["made_3"] = ProjectError("made.xlsx: layout changed:\nno row of years; look")
    study.refuse["made_4"] = ZeroDivisionError("made fault")
    before = {path: path.read_bytes() for path in study.raw.rglob("*")}
    assert study.run() == 1
    lines = capsys.readouterr().out.splitlines()
    failed = [line for line in lines if line.startswith("failed: ")]
    assert failed == lines[-5:]
    assert "made_0: the server answered 404 Not Found" in failed[0]
    assert failed[0].endswith(f"({service.url(BOOK.format(0))})")
    assert "made_1: a web page (“Made pause”) came, expected a workbook" in failed[1]
    assert f"redirected to {target}; it is kept in " in failed[2]
    assert "made_3: made.xlsx: layout changed: no row of years; look" in failed[3]
    assert "could not be taken in (ZeroDivisionError: made fault)" in failed[4]
    assert [tables for _, tables, _ in study.taken] == [("made_5",)]
    assert {path: path.read_bytes() for path in study.raw.rglob("*")} == before


def test_a_page_in_the_place_of_a_file_is_asked_anew_until_the_file_is_back(study: Study) -> None:
    books(study, 1)
    study.run()
    study.service.play(BOOK.format(0), Edition(body=PAGE, etag='"page"'))
    assert study.run() == 1
    (refused,) = (study.build / "downloads").glob("*.refused")
    assert refused.read_bytes() == PAGE
    assert study.run() == 1
    assert study.service.headers()["if-none-match"] == '"e0"'
    study.service.edition(BOOK.format(0), made_workbook("back"), etag='"e1"')
    assert study.run() == 0
    assert len(study.taken) == 1


def test_a_killed_run_goes_on_where_it_was(study: Study) -> None:
    books(study, 3)
    body = made_workbook("book 1")
    cut = Play(body=body, headers={"ETag": '"e1"'}, cut=70)
    study.service.play(BOOK.format(1), cut)
    assert study.run("--attempts", "1") == 1
    assert any(name.endswith(".part") for name in study.downloads)
    study.service.edition(BOOK.format(1), body, etag='"e1"')
    assert study.run() == 0
    asked = dict(study.service.asked)
    assert asked[BOOK.format(1)]["range"] == "bytes=70-"
    assert asked[BOOK.format(0)]["if-none-match"] == '"e0"'
    assert [tables for _, tables, _ in study.taken] == [("made_1",)]
    assert not any(".part" in name for name in study.downloads)


def test_a_moved_address_is_told(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    study.table("made", BOOK.format(1))
    target = study.service.edition("/new", made_workbook())
    study.service.play(BOOK.format(1), Play(301, headers={"Location": "/new"}))
    assert study.run() == 0
    assert f"moved for good: {study.service.url(BOOK.format(1))} → {target}; write the new" in (
        capsys.readouterr().out
    )


def test_tables_without_an_address_are_listed_and_are_no_failure(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    study.table("talk", "")
    study.table("people.new", "/pages/people/")
    study.table("people.old", "/pages/people/")
    assert study.run() == 0
    page = study.service.url("/pages/people/")
    assert capsys.readouterr().out.splitlines() == [
        "asked 0 addresses: 0 unchanged, 0 downloaded, 0 of them no different, 0 failed",
        f"no address known: people (2 tables); look on {page}",
        "no address known: talk (1 table); look on the places that its list of sources names",
    ]
    assert study.service.asked == []


def test_taldau_is_handed_over_as_a_long_table(study: Study) -> None:
    path = "/ru/Api/GetIndexData/12?period=7&dics=67"
    study.table("bank", path)
    row = {"terms": [1], "termNames": ["Made"]}
    cell = {"name": "2024 год", "date": "31.12.2024", "value": "12.50"}
    study.service.edition(path, json.dumps([row | {"periods": [cell]}]).encode(), etag='"a"')
    assert study.run() == 0
    assert study.service.headers()["x-requested-with"] == "XMLHttpRequest"
    ((name, _, text),) = study.taken
    assert name.endswith(".csv")
    assert text == "indicator,region,year,value\ntaldau 12,Made,2024 год,12.50\n"
    study.service.edition(path, b'[{"terms": 5}]', etag='"b"')
    assert study.run() == 1
    assert study.run() == 1  # not modified, and still not a table
    assert study.taken == []


@pytest.mark.parametrize("content", ["", "[]", "{", '{"http://made": {"etag": "only"}}', "null"])
def test_a_broken_memory_is_begun_anew(tmp_path: Path, content: str) -> None:
    path = tmp_path / "refresh.json"
    path.write_text(content, "utf-8")
    assert EditionsSeen(path).get("http://made") is None


def test_a_second_run_beside_the_first_is_refused(study: Study) -> None:
    books(study, 1)
    study.build.mkdir()
    with (
        FileLock(study.build / "refresh.lock"),
        pytest.raises(ProjectError, match="another refresh goes on; wait until it is done"),
    ):
        study.run()
    assert study.service.asked == []


def test_the_bar_follows_the_addresses(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    books(study, 3)
    usual = command.tqdm
    monkeypatch.setattr(
        command, "tqdm", lambda **given: usual(**given | {"disable": False, "mininterval": 0})
    )
    study.run()
    shown = capsys.readouterr().err
    assert "3/3" in shown
    assert "made_2" in shown
    assert " MB" in shown


@pytest.mark.parametrize("words", [["--pause", "-1"], ["--attempts", "0"], ["--attempts", "x"]])
def test_limits_that_make_no_sense_are_refused(study: Study, words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        study.run(*words)
    assert caught.value.code == 2
