"""The text stage: article, includes and variables put together, each line with its source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.markdown import as_text, plain_text
from karaganda_vibe.project.reading import read_text
from karaganda_vibe.quarto_subset.project import Project
from karaganda_vibe.quarto_subset.quoted_values import Values
from karaganda_vibe.quarto_subset.yamls import parse_yaml

_SHORTCODE = re.compile(r"\{\{<\s*(.*?)\s*>\}\}")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*(.*?)\s*$")
_INLINE_CODE = re.compile(r"`\s*\{?(python|r|julia|ojs)\}?\s[^`]+`")
# Control characters, byte-order marks inside a file, and the private characters of our own marks.
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff\ue000-\ue0ff]")
_RAW_FORMATS = {"=html", "=typst", "=openxml"}
_FRONT_KEYS = {
    "title",
    "subtitle",
    "author",
    "date",
    "abstract",
    "keywords",
    "description",
    "bibliography",
    "csl",
    "date-format",
    "license",
    "cover-figure",
    "data-as-of",
    "image",
    "image-alt",
}


@dataclass(frozen=True)
class Line:
    """One line of the assembled text and where it stands in the sources.

    `coded` is what pandoc reads: values stand in it as codes, so that they cannot become markup.
    """

    text: str
    file: str
    number: int
    coded: str

    @property
    def place(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.number}"


@dataclass(frozen=True)
class Manuscript:
    """Front matter (variables filled in, or as codes) and the assembled lines of the body."""

    article: str
    front: dict[str, Any]
    coded_front: dict[str, Any]
    lines: tuple[Line, ...]
    files: tuple[str, ...]
    values: Values

    @property
    def body(self) -> str:
        """The body as one Markdown text; its line n is `lines[n - 1]`."""
        return "\n".join(line.coded for line in self.lines) + "\n"

    def place(self, pattern: str, skip: int = 0) -> str:
        """`file:line` of the match number `skip` of a regular expression; else the article."""
        searcher = re.compile(pattern)
        for line in self.lines:
            for _ in searcher.finditer(line.text):
                if skip == 0:
                    return line.place
                skip -= 1
        return self.article

    def place_of_line(self, number: int) -> str:
        """`file:line` of assembled line `number` (1-based; past the end: the last line)."""
        return self.lines[min(number, len(self.lines)) - 1].place if self.lines else self.article


def _value(project: Project, name: str, place: str) -> str:
    value: Any = project.variables
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            raise ProjectError(
                f"{place}: variable `{name}` is not in _variables.yml; run the notebook that "
                "computes it, or mend the name"
            )
        value = value[part]
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ProjectError(
            f"{place}: variable `{name}` in _variables.yml is {type(value).__name__}; expected a "
            "quoted text, so that it is printed as it stands"
        )
    text = str(value).strip("\n")
    if "\n" in text:
        raise ProjectError(f"{place}: variable `{name}` has more than one line; expected one")
    found = _INVISIBLE.search(text)
    if found:
        raise ProjectError(
            f"{place}: variable `{name}` holds the invisible character "
            f"U+{ord(found[0]):04X}, which no format can print; leave it out"
        )
    return " ".join(plain_text(text).replace("\t", " ").split(" "))


def _readable(project: Project, place: str) -> Callable[[str], str]:
    return lambda name: _value(project, name, place)


def _escaped(project: Project, place: str) -> Callable[[str], str]:
    return lambda name: as_text(_value(project, name, place))


def _coded(project: Project, place: str, values: Values) -> Callable[[str], str]:
    return lambda name: values.code(name, _value(project, name, place))


def _filled(text: str, place: str, quote: Callable[[str], str]) -> str:
    """`text` with `quote(name)` for each `{{< var name >}}`; any other shortcode is refused."""
    if "{{<" not in text:
        return text
    if "{{{<" in text:
        raise ProjectError(f"{place}: escaped shortcodes `{{{{{{<` are outside the subset")

    def replaced(match: re.Match[str]) -> str:
        words = match[1].split()
        if not words:
            raise ProjectError(f"{place}: empty shortcode; expected `{{{{< var name >}}}}`")
        if words[0] == "var" and len(words) == 2:
            return quote(words[1])
        if words[0] == "include":
            raise ProjectError(f"{place}: `include` must stand alone on its line")
        raise ProjectError(
            f"{place}: shortcode `{words[0]}` is outside the supported subset of Quarto; expected "
            "`include path` or `var name`"
        )

    if "{{<" in _SHORTCODE.sub("", text):
        raise ProjectError(f"{place}: shortcode without its end `>}}}}` on the same line")
    return _SHORTCODE.sub(replaced, text)


def _all_filled(value: Any, place: str, quote: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return _filled(value, place, quote)
    if isinstance(value, list):
        return [_all_filled(item, place, quote) for item in value]
    if isinstance(value, dict):
        return {key: _all_filled(item, place, quote) for key, item in value.items()}
    return value


def _read(project: Project, name: str, place: str) -> list[str]:
    path = project.root / name
    if not path.is_file():
        raise ProjectError(f"{place}: file {name} does not exist; mend the path (from the root)")
    rows = read_text(path, name).split("\n")
    for number, row in enumerate(rows, 1):
        found = _INVISIBLE.search(row)
        if found:
            raise ProjectError(
                f"{name}:{number}: the invisible character U+{ord(found[0]):04X} stands in the "
                "line, which no format can print; delete it"
            )
    return rows


def _front_matter(
    project: Project, rows: list[str], values: Values
) -> tuple[dict[str, Any], dict[str, Any], int]:
    """The article's front matter, readable and coded, and the number of rows that it takes."""
    if not rows or rows[0].strip() != "---":
        raise ProjectError(f"{project.article}:1: expected front matter between two lines `---`")
    for end in range(1, len(rows)):
        if rows[end].strip() in ("---", "..."):
            break
    else:
        raise ProjectError(f"{project.article}:1: front matter is not closed by a line `---`")
    given, lines = parse_yaml("\n".join(rows[1:end]), project.article, first=2)
    front: dict[str, Any] = {}
    coded: dict[str, Any] = {}
    for key in given:
        place = f"{project.article}:{lines[(key,)]}"
        if key not in _FRONT_KEYS:
            raise ProjectError(
                f"{place}: key `{key}` is outside the supported subset of front matter; expected "
                f"one of: {', '.join(sorted(_FRONT_KEYS))} (options of formats go to _quarto.yml)"
            )
        front[key] = _all_filled(given[key], place, _readable(project, place))
        coded[key] = _all_filled(given[key], place, _coded(project, place, values))
    if not front.get("title"):
        raise ProjectError(f"{project.article}:1: front matter has no `title`")
    return front, coded, end + 1


def _check_fence(info: str, place: str) -> None:
    if info.startswith("{=") and info.strip("{} ") not in _RAW_FORMATS:
        raise ProjectError(
            f"{place}: raw block `{info}` is outside the subset; expected "
            "`{=html}`, `{=typst}` or `{=openxml}`"
        )
    if re.match(r"\{[A-Za-z]", info):
        raise ProjectError(
            f"{place}: executable code cell `{info}` is outside the subset; compute in a notebook "
            "and quote the value with `{{< var … >}}`, or write ```` ```python ```` to show code"
        )


def _lines(
    project: Project,
    name: str,
    rows: list[str],
    first: int,
    above: tuple[str, ...],
    files: list[str],
    values: Values,
) -> Iterator[Line]:
    fence = info = ""
    for number, row in enumerate(rows, start=first):
        place = f"{name}:{number}"
        found = _FENCE.match(row)
        if fence:
            if found and found[1].startswith(fence) and not found[2]:
                fence = ""
        elif found and not (found[1][0] == "`" and "`" in found[2]):
            fence, info = found[1], found[2]
            _check_fence(info, place)
        else:
            if _INLINE_CODE.search(row):
                raise ProjectError(
                    f"{place}: executable inline code is outside the subset; compute the value in "
                    "a notebook and quote it with `{{< var … >}}`"
                )
            include = re.fullmatch(r"\s*\{\{<\s*include\s+(\S+)\s*>\}\}\s*", row)
            if include:
                # Quarto resolves nested paths from the article too; ours lies at the root.
                target = include[1].strip("\"'").removeprefix("/")
                if target in above:
                    raise ProjectError(
                        f"{place}: include cycle {' → '.join((*above, target))}; remove one of them"
                    )
                inner = _read(project, target, place)
                if inner and inner[0].strip() == "---":
                    raise ProjectError(
                        f"{target}:1: front matter in an included file is outside the subset; "
                        f"move it to {project.article}"
                    )
                files.append(target)
                yield Line("", name, number, "")
                yield from _lines(project, target, inner, 1, (*above, target), files, values)
                yield Line("", name, number, "")
                continue
        if fence and info.startswith("{=") and "{{<" in row:
            raise ProjectError(
                f"{place}: a variable in a raw block would be read as markup; write it outside"
            )

        readable = _filled(row, place, _readable(project, place))
        # Headings make anchors, fences hold attributes: there the value itself is needed.
        whole = not fence and row.lstrip().startswith(("#", ":::"))
        quote = _escaped(project, place) if whole else _coded(project, place, values)
        coded = _filled(row, place, quote)
        yield Line(readable, name, number, coded)
    if fence:
        raise ProjectError(f"{name}: a code block opened with {fence} is not closed; add {fence}")


def assemble(project: Project) -> Manuscript:
    """The article with its includes and variables.

    Raises ProjectError with file:line for a missing include, a cycle, an unknown variable, an
    unsupported shortcode or front-matter key, executable code.
    """
    rows = _read(project, project.article, "_quarto.yml")
    values = Values()
    front, coded_front, taken = _front_matter(project, rows, values)
    files, first = [project.article], (project.article,)
    lines = tuple(_lines(project, *first, rows[taken:], taken + 1, first, files, values))
    return Manuscript(
        project.article, front, coded_front, lines, tuple(dict.fromkeys(files)), values
    )
