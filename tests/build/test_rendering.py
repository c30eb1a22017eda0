"""The contract with Quarto, kept against a stand-in that behaves as Quarto 1.9.38 was seen to.

Seen, with this project: it names a manuscript's page index.html unless `output-file` is given; it
clears the output folder of the edition unless `--no-clean` is given, and with the first edition the
others inside it; it copies
every picture into the output folder; while it runs it keeps site_libs and the folder of figures at
the project's root, so that two at a time destroy each other's; when it fails these stay, and it
exits with 1; it says hundreds of lines, its errors in colour; `--version` prints the number alone.
"""

from __future__ import annotations

import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from karaganda_vibe.build import rendering
from karaganda_vibe.project.errors import ProjectError

STAND_IN = """#!{python}
import os, pathlib, re, shutil, sys, time

root, behaviour = pathlib.Path.cwd(), os.environ["STAND_IN"]
if sys.argv[1:] == ["--version"]:
    print(os.environ.get("STAND_IN_VERSION", "1.9.38"))
    sys.exit(0)
assert sys.argv[1:3] == ["render", "--profile"], sys.argv
language, cleans = sys.argv[3], sys.argv[4:] != ["--no-clean"]
with open(root / "calls.txt", "a") as calls:
    calls.write(language + "\\n")
settings = (root / f"_quarto-{{language}}.yml").read_text()
stem = re.search(r"article: (\\S+)\\.qmd", settings)[1]
named = re.search(r"output-file: (\\S+)", settings)
page = named[1] if named else "index.html"
output = root / re.search(r"output-dir: (\\S+)", settings)[1]
libraries, figures = root / "site_libs", root / f"{{stem}}_files"
if libraries.exists():
    print("\\x1b[91mERROR: NotFound: readfile 'site_libs/quarto-html/quarto.js'\\x1b[39m")
    sys.exit(1)
libraries.mkdir()
figures.mkdir()
print("pandoc\\n  to: html\\n" * 20)
time.sleep(0.3)
if behaviour == "fails":
    (root / page).write_text("half")
    (root / f"{{stem}}.typ").write_text("half")
    print("metadata\\n\\x1b[91mERROR: Typst compilation failed\\x1b[39m\\n\\n")
    sys.exit(1)
if behaviour == "writes":
    if cleans:
        shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True, exist_ok=True)
    for name in (page, f"{{stem}}.pdf", f"{{stem}}.docx"):
        (output / name).write_text(f"{{language}} by the stand-in")
    copies = output / "report" / "figures" / language
    copies.mkdir(parents=True, exist_ok=True)
    (copies / "fig-made.svg").write_text("<svg/>")
    (output / "report" / "figures" / "fig-made.csv").write_text("a")
    (output / "site_libs").mkdir(exist_ok=True)
shutil.rmtree(libraries)
shutil.rmtree(figures)
print(f"Output created: {{output / page}}")
"""
SETTINGS = """
project: {type: manuscript}
lang: en
fig-cap-location: top
tbl-cap-location: top
format: {html: default, typst: default, docx: default}
"""
EDITION = """
project:
  output-dir: {folder}
manuscript:
  article: {stem}.qmd
lang: {language}
format:
  html:
    output-file: {stem}.html
"""
ARTICLE = "---\ntitle: Made for a test\n---\n\n# Made {#sec-made}\n\nText, see @sec-made.\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project of three editions, rendered by the stand-in, which writes all files."""
    root = tmp_path / "project"
    program = tmp_path / "programs" / "quarto"
    for folder in (root, program.parent):
        folder.mkdir()
    program.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (root / "_quarto.yml").write_text(SETTINGS, encoding="utf-8")
    for language, stem, folder in (
        ("en", "index", "_output"),
        ("ru", "index-ru", "_output/ru"),
        ("kk", "index-kk", "_output/kk"),
        ("en-annexes", "annexes", "_output"),
        ("ru-annexes", "annexes-ru", "_output/ru"),
    ):
        settings = EDITION.format(folder=folder, stem=stem, language=language[:2])
        (root / f"_quarto-{language}.yml").write_text(settings, encoding="utf-8")
        (root / f"{stem}.qmd").write_text(ARTICLE, encoding="utf-8")
    monkeypatch.setattr(rendering, "PROJECT", root)
    monkeypatch.setattr(rendering, "OUTPUT", root / "_output")
    monkeypatch.setattr(rendering, "BUILD", root / "build")
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("STAND_IN", "writes")
    return root


def names(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()}


def calls(root: Path) -> list[str]:
    path = root / "calls.txt"
    return path.read_text(encoding="utf-8").split() if path.is_file() else []


def test_every_edition_has_its_three_files_and_nothing_is_left_over(project: Path) -> None:
    before = names(project)
    for language in ("en", "ru", "kk"):
        rendering.render_document(language)
    for name in ("index", "ru/index-ru", "kk/index-kk"):
        for ending in ("html", "pdf", "docx"):
            assert "stand-in" in (project / "_output" / f"{name}.{ending}").read_text("utf-8")
    assert "index-ru.html" in (project / "_output" / "ru" / "index.html").read_text("utf-8")
    assert names(project) - before == {"_output", "build", "calls.txt"}
    assert not list(project.rglob("site_libs"))
    drawings = [path.relative_to(project).as_posix() for path in project.rglob("*.svg")]
    assert drawings == ["_output/report/figures/en/fig-made.svg"], "published once, for all editions"
    assert (project / "_output/ru/report/figures/fig-made.csv").is_file()


def test_the_annexes_lie_beside_their_report_and_neither_clears_the_other(project: Path) -> None:
    for language, document in [("en", "index"), ("en", "annexes"), ("ru", "annexes"),
                               ("ru", "index")]:  # fmt: skip
        rendering.render_document(language, document)
    output = project / "_output"
    for name in ("index.html", "annexes.pdf", "ru/annexes-ru.html", "ru/index-ru.docx"):
        assert "stand-in" in (output / name).read_text("utf-8"), name
    assert "index-ru.html" in (output / "ru" / "index.html").read_text("utf-8")
    assert calls(project) == ["en", "en-annexes", "ru-annexes", "ru"]
    assert not list(project.glob("annexes*_files"))


def test_editions_asked_for_at_once_are_rendered_one_after_another(project: Path) -> None:
    rendering.render_document("en")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(rendering.render_document, ("ru", "kk")))
    assert sorted(calls(project)) == ["en", "kk", "ru"]


def test_what_quarto_would_publish_is_refused_before_it_runs(project: Path) -> None:
    (project / "index.qmd").write_text(ARTICLE + "\nSee @fig-none.\n", encoding="utf-8")
    with pytest.raises(ProjectError, match=r"index\.qmd:9: .*fig-none"):
        rendering.render_document("en")
    assert calls(project) == []


def test_a_page_that_quarto_would_name_otherwise_is_refused(project: Path) -> None:
    settings = EDITION.format(folder="_output/ru", stem="index-ru", language="ru")
    bare = settings.replace("  html:\n    output-file: index-ru.html\n", "  html: default\n")
    assert bare != settings
    (project / "_quarto-ru.yml").write_text(bare, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"_quarto-ru\.yml: .* `output-file: index-ru\.html`"):
        rendering.render_document("ru")
    assert calls(project) == []


@pytest.mark.parametrize("version", ["1.8.27", "0.9.1"])
def test_an_old_quarto_is_refused_with_both_versions(
    project: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("STAND_IN_VERSION", version)
    with pytest.raises(ProjectError, match=rf"is version {version}, needed is 1\.9 or newer"):
        rendering.render_document("en")
    assert calls(project) == []


def test_a_quarto_that_names_no_version_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_VERSION", "not made for this machine")
    with pytest.raises(ProjectError, match=r"expected 1\.9 or newer, found .*not made for"):
        rendering.render_document("en")


@pytest.mark.parametrize("version", ["1.9.0", "1.10.2", "2.0.1", "99.9.9"])
def test_a_newer_quarto_is_taken(
    project: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("STAND_IN_VERSION", version)
    rendering.render_document("en")
    assert calls(project) == ["en"]


def test_old_files_do_not_pass_for_those_of_a_run_that_wrote_none(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendering.render_document("en")
    monkeypatch.setenv("STAND_IN", "writes nothing")
    with pytest.raises(ProjectError, match=r"1\.9\.38\) ended with 0 but wrote no .*index\.html"):
        rendering.render_document("en")


def test_only_the_formats_that_are_asked_for_must_be_there(project: Path) -> None:
    settings = SETTINGS.replace(", docx: default", "")
    assert settings != SETTINGS
    (project / "_quarto.yml").write_text(settings, encoding="utf-8")
    assert [path.suffix for path in rendering.rendered_files("ru")] == [".html", ".pdf"]
    rendering.render_document("ru")


def test_a_failure_is_told_in_one_line_and_cleared_up(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = names(project)
    monkeypatch.setenv("STAND_IN", "fails")
    with pytest.raises(ProjectError) as failed:
        rendering.render_document("ru")
    message = str(failed.value)
    assert "--profile ru --no-clean failed with exit code 1: ERROR: Typst compilation failed;" in message
    assert "\n" not in message
    assert "\x1b" not in message
    assert names(project) - before == {"build", "calls.txt"}
    assert "to: html" in (project / "build" / "quarto-ru.log").read_text("utf-8")


def test_the_identity_names_the_renderer_and_its_version(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rendering.renderer_identity() == "Quarto 1.9.38"
    monkeypatch.setenv("STAND_IN_VERSION", "1.9.40")
    assert rendering.renderer_identity() == "Quarto 1.9.40"
    monkeypatch.setenv("PATH", str(project))
    embedded = rendering.renderer_identity()
    assert embedded.startswith("embedded renderer")
    assert "\n" not in embedded
