"""The embedded renderer refuses what is wrong or outside its subset, with file and line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from test_quarto_subset import CHAPTER, CONFIG, FIGURE, make_project

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset import check

END = len(CHAPTER.split("\n"))
"""Line of report/chapter.qmd on which an addition after one blank line starts."""

ADDITIONS = {
    "unknown variable": ("{{< var made.no >}}", 0, "variable `made.no` is not in _variables.yml"),
    "variable group": ("{{< var made >}}", 0, "expected a quoted text"),
    "missing include": ("{{< include report/no.qmd >}}", 0, "report/no.qmd does not exist"),
    "include cycle": ("{{< include report/chapter.qmd >}}", 0, "include cycle"),
    "include in a line": ("A {{< include report/figure.qmd >}}", 0, "must stand alone"),
    "embed": ("{{< embed notebooks/n.ipynb#fig-x >}}", 0, "shortcode `embed` is outside"),
    "video": ("{{< video made.mp4 >}}", 0, "shortcode `video` is outside"),
    "open shortcode": ("{{< var made.net", 0, "shortcode without its end"),
    "escaped shortcode": ("{{{< var made.net >}}}", 0, "escaped shortcodes"),
    "undefined figure": ("See @fig-no.", 0, "the label `#fig-no` does not exist"),
    "undefined table": ("See [-@tbl-no].", 0, "the label `#tbl-no` does not exist"),
    "undefined section": ("See @sec-no.", 0, "the label `#sec-no` does not exist"),
    "unnumbered section": ("# U {#sec-u .unnumbered}\n\n@sec-u", 2, "is on an unnumbered heading"),
    "equation": ("See @eq-x.", 0, "`@eq-x`: cross-references of this kind"),
    "callout label": ("::: {#nte-x .callout-note}\nMade.\n:::", 0, "label `#nte-x`"),
    "mixed brackets": ("[@fig-trend; @made2020]", 0, "mixed in one bracket"),
    "citation": ("@nobody2020 says", 0, "citation `@nobody2020` is not in references.bib"),
    "duplicate figure": ("{{< include report/figure.qmd >}}", None, "label `#fig-trend` is used"),
    "duplicate heading": ("# A {#sec-weak}", None, "label `#sec-weak` is used twice"),
    "label on text": ("[Made]{#fig-word}", 0, "stands on a span"),
    "sub-figure": (
        "::: {#fig-a}\n![C](report/figures/en/fig-trend.svg){#fig-b fig-alt=x}\n\nCap.\n:::",
        1,
        "sub-figures",
    ),
    "no caption": (
        "::: {#fig-c}\n![](report/figures/en/fig-trend.svg){fig-alt=x}\n:::",
        0,
        "needs a caption",
    ),
    "missing image": ("![C](report/no.svg){fig-alt=x}", 0, "image report/no.svg does not exist"),
    "remote image": ("![C](https://example.org/a.svg){fig-alt=x}", 0, "is not in the project"),
    "no alternative text": ("![C](report/figures/en/fig-trend.svg)", 0, "no alternative text"),
    "image attribute": (
        "![C](report/figures/en/fig-trend.svg){fig-alt=x fig-env=y}",
        0,
        "attribute `fig-env`",
    ),
    "missing link": ("[Data](report/figures/en/no.csv)", 0, "report/figures/en/no.csv does not"),
    "unpublished link": ("[Source](references.bib)", 0, "references.bib is not published"),
    "missing anchor": ("[There](#nowhere)", 0, "link to `#nowhere`"),
    "code cell": ("```{python}\n1\n```", 0, "executable code cell `{python}`"),
    "code cell with options": ("~~~ {r, echo=F}\n1\n~~~", 0, "executable code cell"),
    "inline code": ("It is `{python} x`.", 0, "executable inline code"),
    "inline code, old form": ("It is `r x`.", 0, "executable inline code"),
    "tabset": ("::: {.panel-tabset}\n# A\n:::", 0, "class `.panel-tabset`"),
    "class": ("::: {.column-page}\nMade.\n:::", 0, "class `.column-page`"),
    "attribute": ('::: {layout="[1,2]"}\nMade.\n:::', 0, "attribute `layout`"),
    "callout kind": ("::: {.callout-danger}\nMade.\n:::", 0, "class `.callout-danger`"),
    "format": ('::: {.content-visible when-format="pdf"}\nMade.\n:::', 0, "the PDF is `typst`"),
    "condition": ('::: {.content-visible when-profile="ru"}\nM.\n:::', 0, "`when-profile`"),
    "no condition": ("::: {.content-visible}\nMade.\n:::", 0, "needs when-format"),
    "columns": ("::: {layout-ncol=9}\nMade.\n:::", 0, "layout-ncol must be 1 to 6"),
    "key figures": ("::: {.key-figures}\nMade.\n:::", None, "may hold only divs `.key-figure`"),
    "unclosed div": ("::: {.callout-note}\nMade.", 0, "unclosed"),
    "unclosed code": ("```\nMade.", None, "is not closed"),
    "heading level": ("##### Deep", 0, "levels must not be skipped"),
    "heading class": ("# H {.appendix}", 0, "class `.appendix` of a heading"),
    "span class": ("[Made]{.red}", 0, "class `.red` of a span"),
    "script": ('<script src="a.js"></script>', 0, "must not load anything"),
    "raw LaTeX": ("```{=latex}\nx\n```", 0, "raw block `{=latex}`"),
    "column widths": ('| A |\n|---|\n| x |\n\n: C {tbl-colwidths="wide"}', 4, "tbl-colwidths"),
}


@pytest.mark.parametrize("name", ADDITIONS)
def test_refused_in_a_chapter(name: str, tmp_path: Path) -> None:
    text, offset, message = ADDITIONS[name]
    root = make_project(tmp_path)
    (root / "report/chapter.qmd").write_text(f"{CHAPTER}\n{text}\n", encoding="utf-8")
    with pytest.raises(ProjectError) as caught:
        check(root)
    shown = str(caught.value)
    assert message in shown
    assert "\n" not in shown
    if offset is not None:
        assert shown.startswith(f"report/chapter.qmd:{END + 1 + offset}:")


def test_duplicate_label_is_shown_at_its_second_place(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    (root / "report/again.qmd").write_text(f"Made.\n\n{FIGURE}", encoding="utf-8")
    (root / "index.qmd").write_text(
        (root / "index.qmd").read_text("utf-8") + "\n{{< include report/again.qmd >}}\n", "utf-8"
    )
    with pytest.raises(ProjectError, match=r"^report/again\.qmd:3: label `#fig-trend` is used"):
        check(root)


def test_front_matter_in_an_included_file(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    (root / "report/chapter.qmd").write_text("---\ntitle: Made\n---\n", "utf-8")
    with pytest.raises(ProjectError, match=r"^report/chapter\.qmd:1: front matter"):
        check(root)


FRONT = {
    "unknown key": ("title: Made\nformat: html", r"^index\.qmd:3: key `format` is outside"),
    "unknown variable": ('title: "{{< var no >}}"', r"^index\.qmd:2: variable `no`"),
    "no title": ("author: Made", r"has no `title`"),
    "bad YAML": ("title: [Made", r"^index\.qmd:\d: not readable as YAML"),
    "key twice": ("title: A\ntitle: B", r"^index\.qmd:3: not readable as YAML"),
}


@pytest.mark.parametrize("name", FRONT)
def test_refused_in_front_matter(name: str, tmp_path: Path) -> None:
    front, message = FRONT[name]
    root = make_project(tmp_path)
    (root / "index.qmd").write_text(f"---\n{front}\n---\n\nMade.\n", "utf-8")
    with pytest.raises(ProjectError, match=message):
        check(root)


SETTINGS = {
    "unknown key": ("lang: en", "lang: en\nbook: x", r"^_quarto\.yml:9: key `book` is outside"),
    "nested key": ("html: default", "html:\n    them: x", r":16: key `format.html.them`"),
    "format": ("docx: default", "pptx: default", r":17: key `format.pptx`"),
    "type": ("type: manuscript", "type: book", r"must be `manuscript`, found `book`"),
    "captions": ("fig-cap-location: top", "fig-cap-location: bottom", r"must be `top`"),
    "sub-folder": ("article: index.qmd", "article: report/a.qmd", r"at the project's root"),
    "article": ("article: index.qmd", "article: no.qmd", r"file no\.qmd does not exist"),
    "bibliography": ("references.bib", "no.bib", r"bibliography no\.bib does not exist"),
    "language": ("lang: en", "lang: en\nlanguage: no.yml", r"no\.yml is missing"),
    "bad YAML": ("lang: en", "lang: en: en", r"^_quarto\.yml:8: not readable as YAML"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_refused_in_settings(name: str, tmp_path: Path) -> None:
    old, new, message = SETTINGS[name]
    root = make_project(tmp_path)
    assert old in CONFIG
    (root / "_quarto.yml").write_text(CONFIG.replace(old, new), "utf-8")
    with pytest.raises(ProjectError, match=message):
        check(root)


def test_missing_profile(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"_quarto-xx\.yml is missing"):
        check(make_project(tmp_path), "xx")


def test_missing_png_for_word(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    (root / "report/figures/en/fig-trend.png").unlink()
    with pytest.raises(ProjectError, match=r"^report/figure\.qmd:2: .* has no PNG beside it"):
        check(root)


def test_command_line_prints_one_line_and_exits_with_1(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    (root / "index.qmd").write_text("---\ntitle: Made\n---\n\n@fig-no\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "karaganda_vibe.quarto_subset", "--root", str(root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: index.qmd:5: cross-reference `@fig-no`")
    assert not (root / "_output").exists()
