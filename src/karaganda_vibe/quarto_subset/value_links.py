"""Links from a number to where it is computed: at its first mention, in HTML only.

`report/generated/value_links.json`, where the project has it, says which variables have an entry
on some page. The text stage wraps their values in private marks; the document stage turns the
first mark of each into a link and takes the others away.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.reading import read_text
from karaganda_vibe.quarto_subset.tree import Node, attributes

FILE = "report/generated/value_links.json"
# Characters for private use, which no font and no language has.
_START, _MIDDLE, _END, _ZERO = "\ue000", "\ue001", "\ue002", 0xE010
_DIGITS = f"[{chr(_ZERO)}-{chr(_ZERO + 9)}]+"
_MARKED = re.compile(f"{_START}({_DIGITS}){_MIDDLE}([^{_START}{_MIDDLE}{_END}]*){_END}")
_MARKS = re.compile(f"{_START}{_DIGITS}{_MIDDLE}|{_END}")
# A form of a value (ru.form.net.gen) leads where the value itself does (ru.net).
_FORM = re.compile(r"(\w+)\.form\.(\w+)\.\w+")
# Text that is a link, a heading or no text stays as it is.
_CLOSED = {"Header", "Link", "Image", "Code", "CodeBlock", "RawInline", "RawBlock", "Math", "Cite"}


@dataclass(frozen=True)
class ValueLinks:
    """What the file says; all addresses are relative to the project's root.

    `pages`: pages that are made after the report, so that it may link to them. `groups`: for a
    group of variables its `address` and `title` (with {name}, {meaning}), and the `page` that
    lists everything with its `page_title`. `names`: variables that every group has, and what each
    means by group.
    """

    pages: frozenset[str] = frozenset()
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def _variables(self) -> list[str]:
        return [f"{group}.{name}" for group in self.groups for name in self.names]

    @cached_property
    def _number_of(self) -> dict[str, int]:
        return {variable: number for number, variable in enumerate(self._variables)}

    def marked(self, variable: str, value: str) -> str:
        """`value` between the marks of `variable`, or as it is where nothing is known of it."""
        number = self._number_of.get(_FORM.sub(r"\1.\2", variable))
        if number is None:
            return value
        digits = "".join(chr(_ZERO + int(digit)) for digit in str(number))
        return f"{_START}{digits}{_MIDDLE}{value}{_END}"

    def variable(self, digits: str) -> str:
        """The variable whose mark has these digits."""
        return self._variables[int("".join(str(ord(digit) - _ZERO) for digit in digits))]

    def target(self, variable: str, folder: str) -> tuple[str, str]:
        """Address (from `folder`, relative to the project's root) and title of a variable."""
        group, _, name = variable.partition(".")
        fields = {"name": name, "meaning": self.names[name].get(group, "")}
        address = self.groups[group]["address"].format_map(fields)
        return relative(address, folder), self.groups[group]["title"].format_map(fields)


def relative(address: str, folder: str) -> str:
    """`address` (relative to the project's root) as a page in `folder` names it."""
    path, mark, anchor = address.partition("#")
    return posixpath.relpath(path, folder) + mark + anchor


def read_value_links(root: Path) -> ValueLinks:
    """The links of the project at `root`; none where it has no file of them.

    Raises ProjectError where the file is not what it should be.
    """
    path = root / FILE
    if not path.is_file():
        return ValueLinks()
    try:
        content = json.loads(read_text(path, FILE))
        links = ValueLinks(frozenset(content["pages"]), content["groups"], content["names"])
        for group in links.groups.values():
            for template in (group["address"], group["title"]):
                template.format(name="", meaning="")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ProjectError(
            f"{FILE} is broken ({type(error).__name__}: {error}); run what writes it again"
        ) from None
    return links


def bare(value: Any) -> Any:
    """`value` (a tree, or a text) without marks."""
    if isinstance(value, str):
        return _MARKS.sub("", value) if _START in value or _END in value else value
    if isinstance(value, list):
        return [bare(item) for item in value]
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items()}
    return value


def linked(blocks: list[Node], links: ValueLinks, folder: str) -> list[Node]:
    """`blocks` with the first mention of each marked value as a link of the class `value`.

    Headings, captions, links and code stay text. `folder` is the output folder of the page,
    relative to the project's root.
    """
    seen: set[str] = set()

    def words(text: str) -> list[Node]:
        nodes: list[Node] = []
        end = 0
        for match in _MARKED.finditer(text):
            variable = links.variable(match[1])
            if variable in seen:
                continue
            seen.add(variable)
            if text[end : match.start()]:
                nodes.append({"t": "Str", "c": bare(text[end : match.start()])})
            inner: list[Node] = [{"t": "Str", "c": match[2]}]
            target = list(links.target(variable, folder))
            nodes.append({"t": "Link", "c": [["", ["value"], []], inner, target]})
            end = match.end()
        if text[end:]:
            nodes.append({"t": "Str", "c": bare(text[end:])})
        return nodes

    def visit(value: Any) -> Any:
        if isinstance(value, list):
            out: list[Any] = []
            for item in value:
                if isinstance(item, dict) and item.get("t") == "Str":
                    out += words(item["c"])
                else:
                    out.append(visit(item))
            return out
        if not isinstance(value, dict):
            return bare(value)
        kind = value.get("t")
        if kind in _CLOSED:
            return bare(value)
        if kind in ("Figure", "Table"):
            attr, caption, *rest = value["c"]
            return {**value, "c": [bare(attr), bare(caption), *visit(rest)]}
        if kind == "Div" and attributes(value)[0].startswith(("fig-", "tbl-")):
            attr, content = value["c"]
            return {**value, "c": [bare(attr), visit(content[:-1]) + bare(content[-1:])]}
        return {key: visit(item) for key, item in value.items()}

    return list(visit(blocks))
