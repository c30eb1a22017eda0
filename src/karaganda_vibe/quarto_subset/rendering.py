"""Renders a project: all formats side by side, written only when every one of them succeeded."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

from karaganda_vibe.project import paths, typst_files
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import THEME
from karaganda_vibe.project.writing import write_bytes, write_text
from karaganda_vibe.quarto_subset import document, docx, html, kept_pdf, pandoc, typst_pdf
from karaganda_vibe.quarto_subset.blame import blamed
from karaganda_vibe.quarto_subset.checks import FILES, check_elements, check_page_files
from karaganda_vibe.quarto_subset.document import Parsed
from karaganda_vibe.quarto_subset.project import FORMATS, Project, check_page_name, read_project
from karaganda_vibe.quarto_subset.shapes import Shapes
from karaganda_vibe.quarto_subset.sharing import check_picture
from karaganda_vibe.quarto_subset.text import Manuscript, assemble

_NAMES = {"html": "html", "pdf": "typst", "typst": "typst", "docx": "docx"}
_SHAPES: dict[str, Callable[[], Shapes]] = {
    "html": html.HtmlShapes,
    "typst": typst_pdf.TypstShapes,
    "docx": docx.DocxShapes,
}


def _sources(root: Path, profile: str | None) -> tuple[Project, Manuscript, Parsed]:
    project = read_project(root, profile)
    text = assemble(project)
    check_page_name(project)
    parsed = document.parse(project, text)
    check_page_files(project)
    check_elements(project, text, parsed)
    check_picture(project, text)
    return project, text, parsed


def check(root: Path = paths.PROJECT, profile: str | None = None) -> None:
    """Lint the sources of the project at `root` without rendering.

    Raises ProjectError (one line, with file:line) for the first thing that is wrong or outside the
    subset of docs/quarto_subset.md.
    """
    project, text, parsed = _sources(root, profile)
    resources = set(project.resources())
    for form in project.formats:
        document.build(project, text, parsed, form, _SHAPES[form](), resources)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def _inputs(project: Project, text: Manuscript, parsed: Parsed) -> list[str]:
    """Files of the project that the output depends on, relative to the root."""
    names = {*project.files, *text.files, *parsed.images, *document.bibliography(project, text)}
    if text.front.get("image"):
        names.add(str(text.front["image"]))
    names.update(
        name.removesuffix(".svg") + ".png"
        for name in parsed.images
        if name.endswith(".svg") and "docx" in project.formats
    )
    names.update(
        narrow
        for name in parsed.images
        if (narrow := name.removesuffix(".svg") + "-narrow.svg")
        and (project.root / narrow).is_file()
    )
    for form, key in (*FILES, ("html", "template")):
        names.update(project.names(form, key))
    return sorted(names)


def _program() -> str:
    """Fingerprint of the renderer itself: its code, its theme, its programs."""
    digest = hashlib.sha256()
    for path in sorted(
        [
            *Path(__file__).parent.glob("*.py"),
            Path(typst_files.__file__),
            *(path for path in THEME.rglob("*") if path.is_file()),
        ]
    ):
        digest.update(path.name.encode() + path.read_bytes())
    return f"{digest.hexdigest()} pandoc {pandoc.version()} typst {package_version('typst')}"


def _stamp_file(root: Path, profile: str | None) -> Path:
    return root / "build" / "quarto_subset" / f"{profile or 'default'}.json"


def _up_to_date(root: Path, profile: str | None, wanted: Iterable[str] | None) -> list[str] | None:
    """Outputs of the last run, when nothing that they depend on has changed since."""
    path = _stamp_file(root, profile)
    try:
        stamp = json.loads(path.read_text("utf-8"))
        forms = list(wanted) if wanted else stamp["formats"]
        outputs = [stamp["outputs"][form] for form in forms]
        fresh = (
            stamp["program"] == _program()
            and all(_digest(root / name) == sha for name, sha in stamp["inputs"].items())
            and read_project(root, profile).resources() == list(stamp["resources"])
            and all(
                _digest(root / name) == sha == _digest(root / stamp["folder"] / name)
                for name, sha in stamp["resources"].items()
            )
            and all(_digest(root / name) == sha for name, sha in outputs)
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return [name for name, _ in outputs] if fresh else None


def _citations(project: Project, text: Manuscript, tree: dict[str, Any]) -> list[str]:
    names = document.bibliography(project, text)
    if not names:
        return []
    tree["meta"]["reference-section-title"] = {
        "t": "MetaString",
        "c": project.words["section-title-references"],
    }
    tree["meta"]["link-citations"] = {"t": "MetaBool", "c": True}
    tree["meta"]["lang"] = {"t": "MetaString", "c": str(project.config.get("lang", "en"))}
    arguments = ["--citeproc", *(f"--bibliography={name}" for name in names)]
    style = text.front.get("csl", project.config.get("csl"))
    return [*arguments, f"--csl={style}"] if style else arguments


def _write_format(
    project: Project,
    text: Manuscript,
    parsed: Parsed,
    form: str,
    resources: set[str],
    target: Path,
) -> float:
    """Write one format to `target`; return the seconds that it took."""
    start = time.perf_counter()
    tree = document.build(project, text, parsed, form, _SHAPES[form](), resources)
    arguments = _citations(project, text, tree)
    source = ""
    try:
        if form == "html":
            target.write_bytes(html.page(project, tree, arguments))
        elif form == "typst":
            source = typst_pdf.source(project, tree, arguments)
            kept = _stamp_file(project.root, project.profile).with_suffix("")
            target.write_bytes(kept_pdf.pdf_of(project.root, source, kept))
        else:
            docx.write(project, tree, arguments, target)
    except ProjectError as error:
        raise blamed(text, error, source) from None
    return time.perf_counter() - start


def _wanted(project: Project, to: Iterable[str] | None) -> list[str]:
    if not to:
        return list(project.formats)
    forms = []
    for name in to:
        form = _NAMES.get(name)
        if form not in project.formats:
            raise ProjectError(
                f"format `{name}` is not in _quarto.yml; expected one of: "
                f"{', '.join(FORMATS[known] for known in project.formats)}"
            )
        forms.append(form)
    return forms


def _copy_resources(project: Project, resources: list[str]) -> None:
    for name in resources:
        write_bytes(project.root / project.output_dir / name, (project.root / name).read_bytes())


def render(
    root: Path = paths.PROJECT,
    profile: str | None = None,
    to: Iterable[str] | None = None,
    say: Callable[[str], None] = print,
) -> list[Path]:
    """Render the project at `root` into its output folder; return the files written.

    `to` names formats (html, pdf, docx; all by default); `say` gets one line a format. Does nothing
    when nothing has changed since the last run. Raises ProjectError and leaves the old files as
    they were when anything is wrong.
    """
    asked = [_NAMES.get(name, name) for name in to] if to else None
    fresh = _up_to_date(root, profile, asked)
    if fresh:
        say(f"report up to date: {', '.join(fresh)}")
        return [root / name for name in fresh]
    project, text, parsed = _sources(root, profile)
    forms = _wanted(project, to)
    resources = project.resources()
    program = _program()
    inputs = {name: _digest(root / name) for name in _inputs(project, text, parsed)}
    published = {name: _digest(root / name) for name in resources}
    stamp = _stamp_file(root, profile)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    output = root / project.output_dir
    folder = Path(tempfile.mkdtemp(dir=stamp.parent, prefix="writing-"))
    try:
        names = {form: f"{project.stem}.{FORMATS[form]}" for form in forms}
        with ThreadPoolExecutor(max_workers=len(forms)) as pool:
            jobs = {
                form: pool.submit(
                    _write_format, project, text, parsed, form, set(resources), folder / names[form]
                )
                for form in forms
            }
            for form, job in jobs.items():
                seconds = job.result()
                say(f"{FORMATS[form]:<6} rendered in {seconds:.1f} s")
        output.mkdir(parents=True, exist_ok=True)
        _copy_resources(project, resources)
        for name in names.values():
            (folder / name).replace(output / name)
        say("report " + ", ".join(f"{project.output_dir}/{name}" for name in names.values()))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    outputs = {
        form: [f"{project.output_dir}/{name}", _digest(output / name)]
        for form, name in names.items()
    }
    with contextlib.suppress(OSError, ValueError, KeyError):
        old = json.loads(stamp.read_text("utf-8"))
        if (old["inputs"], old["program"]) == (inputs, program):
            outputs = {**old["outputs"], **outputs}
    write_text(
        stamp,
        json.dumps(
            {
                "program": program,
                "formats": list(project.formats),
                "folder": project.output_dir,
                "inputs": inputs,
                "resources": published,
                "outputs": outputs,
            },
            indent=1,
        ),
    )
    return [output / name for name in names.values()]
