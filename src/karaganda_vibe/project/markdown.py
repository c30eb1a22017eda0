"""Data as Markdown that prints them as they stand, with Quarto and with the embedded renderer."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~^$@\"&]|(?<!\w)'|'(?!\w)|\.\.\.|--+")
_LIST = re.compile(r"(\(?(?:\d+|[A-Za-z]|[ivxlcdmIVXLCDM]+))([.)])(?=\s|$)")
_FIRST = re.compile(r"[-+:%=](?=\s|$|[-=:])")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def as_text(text: str) -> str:
    """`text` as Markdown that pandoc prints as it stands, on one line.

    Only the apostrophe within a word is left to the typography of the report. Text that would
    begin a list or another block is escaped too, wherever it is put.
    """
    line = re.sub(r"[\x00-\x20\x7f]+", " ", text).strip(" ")
    escaped = _MARKUP.sub(lambda found: "".join(f"\\{sign}" for sign in found[0]), line)
    begun = _LIST.match(escaped)
    if begun:
        return f"{begun[1].replace('(', chr(92) + '(')}\\{begun[2]}{escaped[begun.end() :]}"
    return f"\\{escaped}" if _FIRST.match(escaped) else escaped


def as_attribute(text: str) -> str:
    """`text` as the value of an attribute between double quotes (`fig-alt="…"`)."""
    return re.sub(r"([\\\"&])", r"\\\1", re.sub(r"[\x00-\x20\x7f]+", " ", text))


def plain_text(markdown: str) -> str:
    """What `as_text` or `as_attribute` was given: its Markdown without the escapes."""
    return _ESCAPED.sub(r"\1", markdown)
