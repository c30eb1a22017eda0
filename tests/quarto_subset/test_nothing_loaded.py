"""The page asks nothing of the net, whatever raw HTML, drawings and styles say."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_quarto_subset import CHAPTER, CONFIG, SVG, make_project

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset import check
from karaganda_vibe.quarto_subset.loads import css_load, html_load

LOADS = [
    "<style>@import url(https://made.example/x.css);</style>",
    '<div style="background:url(https://made.example/a.png)">x</div>',
    '<div style="background:\\75rl(//made.example)">x</div>',
    '<img srcset="https://made.example/a.png 1x" alt="x">',
    '<img src="//made.example/a.png" src="#ok">',
    '<video poster="https://made.example/a.png"></video>',
    '<svg><image href="https://made.example/a.png"/></svg>',
    '<svg><use xlink:href="//made.example/a.svg#x"/></svg>',
    '<svg><rect fill="url(https://made.example/a.svg#p)"/></svg>',
    '<svg><animate attributeName="href" to="//made.example"/></svg>',
    "<svg><style><img src=//made.example></style></svg>",
    '<meta http-equiv="refresh" content="0;url=https://made.example">',
    '<base href="https://made.example">',
    '<link rel="stylesheet" href="https://made.example/a.css">',
    '<object data="https://made.example"></object>',
    '<embed src="https://made.example">',
    '<iframe src="https://made.example"></iframe>',
    '<form action="https://made.example"></form>',
    '<a ping="https://made.example" href="#x">x</a>',
    '<p onclick="x()">x</p>',
    '<a href="javascript:x()">x</a>',
    "<!--> <img src=//made.example> -->",
    "<style>",
    "<img src=//made.example",
]
HARMLESS = [
    '<a href="https://made.example">x</a>',
    '<p data-src="https://made.example" style="color:red">a < b</p>',
    '<svg><use href="#a"/><rect fill="url(#p)"/></svg>',
    '<img src="data:image/png;base64,AAAA" alt="url(x)">',
    "<!-- words -->",
    "</details>",
]


@pytest.mark.parametrize("raw", LOADS)
def test_what_loads_is_found(raw: str) -> None:
    assert html_load(raw) is not None


@pytest.mark.parametrize("raw", HARMLESS)
def test_what_loads_nothing_passes(raw: str) -> None:
    assert html_load(raw) is None


def test_styles() -> None:
    assert (
        css_load("/* url(//x) */ a{fill:url(#p);background:url(data:image/png;base64,A)}") is None
    )
    assert css_load("a{}\nb{background:url(//made.example)}") == (2, "url(//made.example")
    assert css_load('a{background:image-set("//made.example" 1x)}') is not None


def test_raw_html_is_refused_at_its_line(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    raw = f"```{{=html}}\n<p>ok</p>\n{LOADS[1]}\n```"
    (root / "report/chapter.qmd").write_text(f"{CHAPTER}\n{raw}\n", "utf-8")
    line = len(CHAPTER.split("\n")) + 3
    with pytest.raises(ProjectError, match=rf"^report/chapter\.qmd:{line}: raw html must not load"):
        check(root)


FILES = {
    "report/figures/en/fig-trend.svg": (SVG.replace("<path", '<image href="//made.example"/><path'),
                                        r"^report/figure\.qmd:2: image fig-trend\.svg"),
    "made.css": ("a{}\n@import 'x';", r"^made\.css:2: "),
    "made.html": ("<p>\n<script src='x'></script>", r"^made\.html:2: "),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files_of_the_page_are_read_too(name: str, tmp_path: Path) -> None:
    root = make_project(tmp_path)
    key = {".css": "css", ".html": "include-after-body"}.get(Path(name).suffix)
    if key:
        settings = CONFIG.replace("html: default", f"html: {{{key}: {name}}}")
        (root / "_quarto.yml").write_text(settings, "utf-8")
    content, message = FILES[name]
    (root / name).write_text(content, "utf-8")
    with pytest.raises(ProjectError, match=message):
        check(root)


def test_raw_typst_and_word_load_nothing_either(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    for form, raw in (("typst", '#import "@preview/x:1.0.0"'), ("openxml", "INCLUDEPICTURE x")):
        (root / "report/chapter.qmd").write_text(
            f"{CHAPTER}\n```{{={form}}}\n{raw}\n```\n", "utf-8"
        )
        with pytest.raises(ProjectError, match=rf"raw {form} must not load"):
            check(root)
