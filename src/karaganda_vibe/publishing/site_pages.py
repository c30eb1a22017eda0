"""Pages beside the report (notebooks, downloads): their template, words and styles.

Each page is one file that asks nothing of the net. The look is that of the report: the same style
sheets, with the reader's own typefaces instead of the report's embedded one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import THEME, shown
from karaganda_vibe.project.yaml_files import read_yaml
from karaganda_vibe.words.languages import article_name, edition_file, with_language

SHEETS = ("report.css", "page.css", "site_page.css")
WORDS = THEME / "_site-page-words.yml"
FRAME_WORDS = THEME / "_page-words.yml"


@dataclass(frozen=True)
class Link:
    """A link at the top of a page; `language` where it leads to a page in another one."""

    href: str
    text: str
    language: str = ""
    download: bool = False


def home(language: str) -> str:
    """The edition in `language`, from a folder of the output folder (data/, notebooks/)."""
    return "../" + edition_file(f"{article_name(language)}.html", language)


def page_name(stem: str, language: str) -> str:
    """File name of a page in `language`: index.html, index-ru.html."""
    return f"{with_language(stem, language)}.html"


@cache
def style(theme: Path = THEME) -> Markup:
    """The style sheets as one text, without comments and without typefaces to load."""
    text = "\n".join((theme / name).read_text(encoding="utf-8") for name in SHEETS)
    text = re.sub(r"/\*.*?\*/\s*", "", text, flags=re.S)
    text = re.sub(r"@font-face\s*\{.*?\}\s*", "", text, flags=re.S)
    return Markup(re.sub(r"\n\s+", "\n", text))


@cache
def read_words(language: str, path: Path = WORDS) -> dict[str, str]:
    """The words of the pages in `language`. Raises ProjectError where one is missing."""
    words: dict[str, str] = {}
    for key, texts in read_yaml(path).items():
        if not texts.get(language):
            raise ProjectError(f"{shown(path)}: '{key}' has no text in '{language}'; write it")
        words[str(key)] = str(texts[language])
    return words


@cache
def language_name(language: str) -> str:
    """What a language is called in itself, as the report's own pages call it."""
    return str(read_yaml(FRAME_WORDS)[language]["language-name"])


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(THEME),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_page(template: str, language: str, **fields: object) -> str:
    """The page that `template` of report/theme makes of `fields`, in `language`.

    Raises ProjectError where the template is broken or asks for something that is not given.
    """
    try:
        return (
            _templates()
            .get_template(template)
            .render(
                language=language,
                words=read_words(language),
                style=style(),
                home=home(language),
                **fields,
            )
        )
    except TemplateError as error:
        raise ProjectError(f"report/theme/{template}: {error.message}; mend the template") from None
