"""Values are data: pandoc reads a code in the place of each, and the tree gets the value itself.

So nothing that a value holds becomes markup, nor does the text around it together with it ("2024"
before a full stop would begin a list).
"""

from __future__ import annotations

import re
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.quarto_subset.tree import Node, plain_words
from karaganda_vibe.quarto_subset.value_links import ValueLinks

# Characters for private use, like those of value_links.
_START, _END, _ZERO = "\ue003", "\ue004", 0xE010
_CODE = re.compile(f"{_START}([{chr(_ZERO)}-{chr(_ZERO + 9)}]+){_END}")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")


class Values:
    """The values that a manuscript quotes: variable and text, each with its code."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}

    def code(self, variable: str, text: str) -> str:
        """What stands in the place of the value while pandoc reads the text around it."""
        number = self._numbers.setdefault((variable, text), len(self._numbers))
        return _START + "".join(chr(_ZERO + int(digit)) for digit in str(number)) + _END

    def put_back(self, tree: Any, links: ValueLinks | None = None) -> Any:
        """`tree` with every value in its place, marked for `links` where these know it.

        Raises ProjectError for a value within raw HTML.
        """
        known = list(self._numbers)

        def entry(match: re.Match[str]) -> tuple[str, str]:
            return known[int("".join(str(ord(digit) - _ZERO) for digit in match[1]))]

        def plain(text: str) -> str:
            return _CODE.sub(lambda match: entry(match)[1], text) if _START in text else text

        def printed(match: re.Match[str]) -> str:
            variable, text = entry(match)
            text = _APOSTROPHE.sub("\u2019", text)
            return links.marked(variable, text) if links and " " not in text else text

        def visit(value: Any) -> Any:
            if isinstance(value, str):
                return plain(value)
            if isinstance(value, list):
                out: list[Any] = []
                for item in value:
                    if isinstance(item, dict) and item.get("t") == "Str" and _START in item["c"]:
                        out += plain_words(_CODE.sub(printed, item["c"]))
                    else:
                        out.append(visit(item))
                return out
            if isinstance(value, dict):
                _refuse_raw(value)
                return {key: visit(item) for key, item in value.items()}
            return value

        def _refuse_raw(node: Node) -> None:
            if node.get("t") in ("RawInline", "RawBlock") and _START in node["c"][1]:
                raise ProjectError(
                    f"a variable stands within raw {node['c'][0]} (`{plain(node['c'][1])[:40]}`), "
                    "where it would be read as markup; write it outside"
                )

        return visit(tree)
