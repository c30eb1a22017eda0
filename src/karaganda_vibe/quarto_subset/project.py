"""Reads `_quarto.yml`, its profile, the words of the language and the variables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import THEME
from karaganda_vibe.project.reading import read_text
from karaganda_vibe.quarto_subset.settings import check_settings
from karaganda_vibe.quarto_subset.value_links import FILE as VALUE_LINKS
from karaganda_vibe.quarto_subset.value_links import ValueLinks, read_value_links
from karaganda_vibe.quarto_subset.yamls import parse_yaml, read_values, read_words

FORMATS = {"html": "html", "typst": "pdf", "docx": "docx"}
"""Quarto's format name → the ending of the file that it writes."""


@dataclass(frozen=True)
class Project:
    """What `_quarto.yml` and its profile say, with the words of the language."""

    root: Path
    profile: str | None
    config: dict[str, Any]
    article: str
    output_dir: str
    words: dict[str, str]
    variables: dict[str, Any]
    files: tuple[str, ...]
    value_links: ValueLinks

    @property
    def formats(self) -> tuple[str, ...]:
        """Quarto's names of the formats asked for: html, typst, docx."""
        return tuple(self.config["format"])

    @property
    def settings_file(self) -> str:
        """The file of settings in which an edition's own stand."""
        return f"_quarto-{self.profile}.yml" if self.profile else "_quarto.yml"

    @property
    def stem(self) -> str:
        """Name of the outputs without their ending."""
        return Path(self.article).stem

    def option(self, form: str, key: str, default: Any = None) -> Any:
        """The value of `key` for the format `form`, or for all formats, or `default`."""
        options = self.config["format"].get(form) or {}
        return options.get(key, self.config.get(key, default))

    def names(self, form: str, key: str) -> list[str]:
        """An option that is one name or a list of names, as a list.

        A Lua filter with a stage (`path` and `at`) is for Quarto alone and is left out.
        """
        value = self.option(form, key, [])
        names = [value] if isinstance(value, str) else list(value)
        return [name for name in names if not isinstance(name, dict)]

    def resources(self) -> list[str]:
        """Files named by `project.resources`, relative to the root, sorted."""
        return _resources(self.root, self.config)


def _merged(base: Any, over: Any) -> Any:
    """As Quarto merges a profile: maps deeply, lists joined, anything else replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        out = dict(base)
        for key, value in over.items():
            out[key] = _merged(base[key], value) if key in base else value
        return out
    if isinstance(base, list) and isinstance(over, list):
        return base + [item for item in over if item not in base]
    return over


def _settings(root: Path, name: str) -> dict[str, Any]:
    """What one file of settings says, unknown keys refused."""
    path = root / name
    if not path.is_file():
        raise ProjectError(f"{name} is missing; the project's settings stand there")
    part, lines = parse_yaml(read_text(path, name), name)
    check_settings(part, lines, name)
    if isinstance(part.get("format"), str):
        part["format"] = {part["format"]: {}}
    for form, options in (part.get("format") or {}).items():
        if options == "default" or options is None:
            part["format"][form] = {}
    return part


def _config(root: Path, profile: str | None) -> tuple[dict[str, Any], list[str]]:
    names = ["_quarto.yml"]
    config = _settings(root, names[0])
    profile = profile or (config.get("profile") or {}).get("default")
    if profile:
        names.append(f"_quarto-{profile}.yml")
        config = _merged(config, _settings(root, names[1]))
    return config, names


def shared_resources(root: Path) -> set[str]:
    """What the default profile publishes, and all editions may link to, relative to the root."""
    config, _ = _config(root, None)
    return set(_resources(root, config))


def _resources(root: Path, config: dict[str, Any]) -> list[str]:
    found: set[str] = set()
    patterns = config["project"].get("resources") or []
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        found.update(
            path.relative_to(root).as_posix() for path in root.glob(pattern) if path.is_file()
        )
    return sorted(found)


def _checked(config: dict[str, Any], article: str) -> None:
    if (config.get("project") or {}).get("type") != "manuscript":
        raise ProjectError("_quarto.yml: project.type must be `manuscript`, found none")
    if not config.get("format"):
        raise ProjectError("_quarto.yml: `format` names no format; expected html, typst, docx")
    for key in ("fig-cap-location", "tbl-cap-location"):
        if any(key not in {**config, **options} for options in config["format"].values()):
            raise ProjectError(
                f"_quarto.yml: `{key}` must be `top` for all formats (captions stand above), found "
                "none"
            )
    if "/" in article:
        raise ProjectError(
            f"_quarto.yml: manuscript.article `{article}` must lie at the project's root: "
            "Quarto's manuscripts fail in a sub-folder"
        )
    rendered = config["project"].get("render", article)
    if rendered not in (article, [article]):
        raise ProjectError(
            f"_quarto.yml: project.render is `{rendered}`; expected the article alone, `{article}`"
        )


def language_words(
    project_root: Path, language: Any, lang: str
) -> tuple[dict[str, str], list[str]]:
    """Interface words: English ones, with those of `language:` (a file or a map) over them."""
    words = read_words(THEME / "_language-en.yml", "report/theme/_language-en.yml")
    frame = read_words(THEME / "_page-words.yml", "report/theme/_page-words.yml")
    words = words | frame.get(lang.partition("-")[0], frame["en"])
    files: list[str] = []
    if isinstance(language, str):
        words = words | read_words(project_root / language, language)
        files.append(language)
    elif isinstance(language, dict):
        words = words | language
    return {key: value for key, value in words.items() if isinstance(value, str)}, files


def read_project(root: Path, profile: str | None = None) -> Project:
    """The project at `root`, with `_quarto-<profile>.yml` over `_quarto.yml`.

    Without a profile, the one that `profile: default:` names is taken, as in Quarto.

    Raises ProjectError for a missing file, unreadable YAML, or a key or value outside the subset.
    """
    config, files = _config(root, profile)
    article = str((config.get("manuscript") or {}).get("article", "index.qmd"))
    _checked(config, article)
    words, more = language_words(root, config.get("language"), str(config.get("lang", "en")))
    files += more
    if "abstract-title" in config:
        words["section-title-abstract"] = str(config["abstract-title"])
    variables: dict[str, Any] = {}
    if (root / "_variables.yml").is_file():
        variables = read_values(root / "_variables.yml", "_variables.yml")
        files.append("_variables.yml")
    files.append(VALUE_LINKS)  # even where it is not there yet: that it appears is a change
    return Project(
        root=root,
        profile=profile,
        config=config,
        article=article,
        output_dir=config["project"].get("output-dir", "_manuscript"),
        words=words,
        variables=variables,
        files=tuple(files),
        value_links=read_value_links(root),
    )


def check_page_name(project: Project) -> None:
    """Refuse a page that Quarto would name otherwise: index.html, unless `output-file` is given.

    Raises ProjectError where the page is not named after its article, as its PDF is.
    """
    if "html" not in project.formats:
        return
    named, wanted = project.option("html", "output-file", "index.html"), f"{project.stem}.html"
    if named != wanted:
        raise ProjectError(
            f"{project.settings_file}: the page of `{project.article}` must be `{wanted}`, beside "
            f"its PDF, found `{named}`, as Quarto would call it; write `output-file: {wanted}` "
            "under `format.html`"
        )
