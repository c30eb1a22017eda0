"""The frame of a page of the passports: head, styles, links and languages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from string import Template

from karaganda_vibe.project.paths import THEME
from karaganda_vibe.publishing.passport_paths import same_page
from karaganda_vibe.publishing.passport_writer import Number, Writer
from karaganda_vibe.publishing.site_pages import language_name
from karaganda_vibe.words.languages import LANGUAGES, to_shared


def page_style(language: str) -> str:
    """The styles of a page: those of the report and its own, without comments.

    In each page the fonts of the report would weigh more than the page: all pages share the two
    files that they need, and a page that is passed on alone takes the system's.
    """
    sheets = ("report.css", "page.css", "passport.css")
    text = "\n".join((THEME / name).read_text(encoding="utf-8") for name in sheets)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"@font-face\s*\{[^}]*italic[^}]*\}", "", text)
    text = text.replace('url("fonts/', f'url("{to_shared(language)}../theme/fonts/')
    return re.sub(r"\s*([{};])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()


def document(
    writer: Writer,
    style: str,
    *,
    name: str,
    title: str,
    summary: str,
    heading: str,
    subtitle: str,
    links: Sequence[tuple[str, str]],
    body: str,
    script: str = "",
) -> str:
    """A whole page around its `body`."""
    template = Template((THEME / "passport.html").read_text(encoding="utf-8"))
    return template.substitute(
        lang=writer.language,
        title=escape(title),
        summary=escape(summary),
        style=style,
        skip=escape(writer.say("skip")),
        navigation=escape(writer.say("navigation")),
        links="".join(f'<a href="{escape(to)}">{escape(word)}</a>' for to, word in links),
        languages=_languages(writer, name),
        heading=escape(heading),
        subtitle=subtitle,
        body=body,
        script=script,
    )


def _languages(writer: Writer, name: str) -> str:
    """Links to the same page in the other languages, each named in its own."""
    links = []
    for code in LANGUAGES:
        word = escape(language_name(code))
        if code == writer.language:
            links.append(f'<span aria-current="true">{word}</span>')
        else:
            address = escape(same_page(name, writer.language, code))
            links.append(f'<a href="{address}" lang="{code}" hreflang="{code}">{word}</a>')
    label = escape(writer.say("languages"))
    return f'<nav class="passport-nav" aria-label="{label}">{"".join(links)}</nav>'


def data(number: Number) -> str:
    """A number with its value, so that a program (and a test) can read it."""
    return f'<data value="{number.value!r}">{escape(number.text)}</data>'
