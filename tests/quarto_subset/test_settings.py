"""Every setting that is accepted has an effect, may have one value only, or is Quarto's look.

A key accepted without effect would fail here: each key of the table must be listed below.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import test_quarto_subset as made

from karaganda_vibe.project import paths
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset import check, render
from karaganda_vibe.quarto_subset.project import read_project
from karaganda_vibe.quarto_subset.settings import SETTINGS, Setting

FILES = {
    "words.yml": "toc-title-document: Made words\n",
    "other.bib": "@book{made2020, author={Other, A}, title={O}, year={2020}}\n"
    "@book{made2021, author={Other, B}, title={O}, year={2021}}\n",
    "made.css": "body{color:#123456}",
    "made.html": "<p>Made end</p>",
    "made.lua": "function Str(s) if s.text == 'Made' then return pandoc.Str('Filtered') end end",
}
FOR_ALL = {
    "number-sections": ("number-sections: true", "number-sections: false"),
    "toc": ("toc: true", "toc: false"),
    "toc-depth": ("toc: true", "toc: true\ntoc-depth: 1"),
    "toc-title": ("toc: true", "toc: true\ntoc-title: Made title of contents"),
}
EFFECTS: dict[str, tuple[str, str]] = FOR_ALL | {
    "lang": ("lang: en", "lang: ru"),
    "language": ("lang: en", "lang: en\nlanguage: words.yml"),
    "bibliography": ("bibliography: references.bib", "bibliography: other.bib"),
    "csl": ("lang: en", "lang: en\ncsl: made.csl"),
    "author": ("author: Made Author\n", "author: Another\n"),
    "date": ('date: "Made date"\n', "date: Another\n"),
    "date-format": ("date: 2026-11-25", "date: 2026-11-25\ndate-format: D MMMM YYYY"),
    "abstract-title": ("lang: en", "lang: en\nabstract-title: Made heading"),
    "format.html.css": ("html: default", "html: {css: made.css}"),
    "format.html.template": ("html: default", "html: {template: made-page.html}"),
    "format.html.editions": (
        "html: default",
        "html: {editions: {en: index.html, ru: made/ru.html}}",
    ),
    "format.html.site-address": (
        "html: default",
        "html: {site-address: 'https://example.org'}",
    ),
    "format.html.filters": ("html: default", "html: {filters: made.lua}"),
    "format.html.include-after-body": ("html: default", "html: {include-after-body: made.html}"),
    "format.docx.filters": ("docx: default", "docx: {filters: made.lua}"),
    "format.typst.filters": ("typst: default", "typst: {filters: [made.lua]}"),
    "format.docx.reference-doc": ("docx: default", "docx: {reference-doc: made.docx}"),
}
"""Text in the settings (or the article), and another that changes a file."""
ELSEWHERE = {
    "project.output-dir": "test_profile_lies_over_the_project",
    "project.resources": "test_resources_are_published_where_links_look",
    "project.render": "test_what_quarto_renders_is_the_article",
    "manuscript.article": "test_profile_lies_over_the_project",
    "profile.default": "test_the_default_profile_is_taken",
    "format.html.output-file": "test_the_page_is_named_after_its_article",
}


def leaves(known: dict[str, Any], path: str = "") -> dict[str, Setting]:
    """Every key with its dots."""
    found: dict[str, Setting] = {}
    for key, setting in known.items():
        name = f"{path}.{key}".lstrip(".")
        found |= leaves(setting, name) if isinstance(setting, dict) else {name: setting}
    return found


KEYS = leaves(SETTINGS)
ONE_VALUE = [key for key, setting in KEYS.items() if len(setting.only) == 1]
FORMS = [
    f"format.{form}.{key}" for form in ("html", "typst", "docx") for key in FOR_ALL
]  # the same settings for one format


def project(root: Path, settings: str) -> Path:
    made.make_project(root)
    for name, content in FILES.items():
        (root / name).write_text(content, "utf-8")
    page = (paths.THEME / "page.html").read_text("utf-8")
    (root / "made-page.html").write_text(page.replace("</body>", "<p>Made</p></body>"), "utf-8")
    csl = (paths.THEME / "citations.csl").read_text("utf-8")
    (root / "made.csl").write_text(csl, "utf-8")
    (root / "made.docx").write_bytes((paths.THEME / "reference.docx").read_bytes())
    (root / "_quarto.yml").write_text(settings, "utf-8")
    return root


def test_every_accepted_key_is_listed_here_with_its_effect() -> None:
    look = {key for key, setting in KEYS.items() if setting.look}
    assert {*EFFECTS, *ELSEWHERE, *ONE_VALUE, *FORMS, *look} == set(KEYS)
    names = paths.PROJECT / "docs/quarto_subset.md"
    said = names.read_text("utf-8")
    assert [key for key in look if f"`{key.rpartition('.')[2]}`" not in said] == []


@pytest.mark.parametrize("key", ONE_VALUE)
def test_another_value_than_the_one_that_is_kept_is_refused(key: str, tmp_path: Path) -> None:
    *above, name = key.split(".")
    wrong = "false" if KEYS[key].only[0] is True else "wrong-value"
    head = "".join(f"{'  ' * depth}{part}:\n" for depth, part in enumerate(above))
    (tmp_path / "_quarto.yml").write_text(f"{head}{'  ' * len(above)}{name}: {wrong}\n", "utf-8")
    with pytest.raises(ProjectError, match=rf"^_quarto\.yml:{len(above) + 1}: `{key}` must be"):
        read_project(tmp_path)


def outputs(root: Path, settings: str, article: str, form: str) -> bytes:
    project(root, settings)
    (root / "index.qmd").write_text(article, "utf-8")
    return render(root, to=[form], say=lambda line: None)[0].read_bytes()


@pytest.mark.parametrize("key", [*EFFECTS, *FORMS])
def test_a_setting_that_is_honoured_changes_a_file(key: str, tmp_path: Path) -> None:
    form = key.split(".")[1] if key.startswith("format.") else "html"
    before, after = EFFECTS.get(key) or FOR_ALL[key.rpartition(".")[2]]
    results = []
    for number, lines in enumerate((before, after)):
        settings, article = made.CONFIG, made.ARTICLE
        if key in ("author", "date", "date-format"):
            article = article.replace("author: Made Author\n", "").replace(
                'date: "Made date"\n', ""
            )
            settings = f"{settings}{lines.strip()}\n"
        elif key in FORMS:
            settings = settings.replace("number-sections: true\n", "").replace("toc: true\n", "")
            block = "".join(f"    {line}\n" for line in lines.split("\n"))
            settings = settings.replace(f"  {form}: default\n", f"  {form}:\n{block}")
        else:
            assert before in settings
            settings = settings.replace(before, lines)
        results.append(outputs(tmp_path / str(number), settings, article, form))
    if key in ("csl", "format.docx.reference-doc"):
        return  # the project's own file is taken: that it is asked for is seen below
    assert results[0] != results[1]


@pytest.mark.parametrize(
    "line", ["csl: no.csl", "format: {docx: {reference-doc: no.docx}}", "bibliography: no.bib"]
)
def test_a_file_that_is_named_must_be_there(line: str, tmp_path: Path) -> None:
    settings = made.CONFIG.replace("bibliography: references.bib\n", "")
    key = line.partition(":")[0]
    if key == "format":
        settings = settings.replace("docx: default", "docx: {reference-doc: no.docx}")
    else:
        settings += f"{line}\n"
    with pytest.raises(ProjectError, match=r"no\.(csl|docx|bib)"):
        check(project(tmp_path, settings))


def test_what_quarto_renders_is_the_article(tmp_path: Path) -> None:
    settings = made.CONFIG.replace("  type: man", "  render: [other.qmd]\n  type: man")
    with pytest.raises(ProjectError, match=r"project.render .* expected the article alone"):
        read_project(project(tmp_path, settings))


def test_the_default_profile_is_taken(tmp_path: Path) -> None:
    root = project(tmp_path, f"{made.CONFIG}profile: {{default: xx}}\n")
    (root / "_quarto-xx.yml").write_text("project: {output-dir: made}\n", "utf-8")
    assert read_project(root).output_dir == "made"


def test_the_page_is_named_after_its_article(tmp_path: Path) -> None:
    settings = made.CONFIG.replace("html: default", "html: {output-file: other.html}")
    with pytest.raises(ProjectError, match=r"must be `index.html`"):
        check(project(tmp_path, settings))


WRONG = {
    "number-depth: 1": r":18: key `number-depth` is outside",
    "crossref: {chapters: true}": r":18: key `crossref` is outside",
    "toc-depth: 9": r":18: `toc-depth` must be .*found `9`",
    "csl: [a, b]": r":18: `csl` .* must be a text",
    "execute: false": r":18: `execute` must be `key: value` lines",
}


@pytest.mark.parametrize("line", WRONG)
def test_settings_without_effect_are_refused_at_their_line(line: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=rf"^_quarto\.yml{WRONG[line]}"):
        check(project(tmp_path, f"{made.CONFIG}{line}\n"))
