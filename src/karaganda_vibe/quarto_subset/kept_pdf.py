"""Keeps the PDF last set from a Typst source, and sets a new one in a process of its own.

Typst remembers all that it has laid out until its process ends. And setting takes longest of all
formats, while most changes of a page's looks or scripts leave the paper as it was.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from importlib.metadata import version as package_version
from pathlib import Path

from karaganda_vibe.project import typst_files
from karaganda_vibe.project.errors import ProjectError, exit_with_one_line
from karaganda_vibe.project.paths import FONTS
from karaganda_vibe.project.writing import write_bytes, write_text
from karaganda_vibe.quarto_subset import typst_pdf


def pdf_of(root: Path, source: str, kept: Path) -> bytes:
    """The PDF of the Typst text `source`, whose pictures lie under `root`.

    Beside `kept`, a path without ending, lie the last PDF (.pdf), its source (.typ), and the
    fingerprints of all that it was set from and of itself (.txt). Raises ProjectError with
    Typst's message; the refused source stays at `kept`.typ.
    """
    pdf, text, mark = (kept.with_suffix(ending) for ending in (".pdf", ".typ", ".txt"))
    made_from = fingerprint(root, source)
    if pdf.is_file() and mark.is_file():
        content = pdf.read_bytes()
        if mark.read_text("utf-8") == _marked(made_from, content):
            return content
    mark.unlink(missing_ok=True)
    write_text(text, source)
    command = [sys.executable, "-m", __name__, str(root), str(text), str(pdf)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise ProjectError(done.stderr.strip().rpartition("\n")[2].removeprefix("error: "))
    content = pdf.read_bytes()
    write_text(mark, _marked(made_from, content))
    return content


def _marked(made_from: str, content: bytes) -> str:
    """What the mark says of a PDF, so that a damaged one is not taken for it."""
    return f"{made_from}\n{hashlib.sha256(content).hexdigest()}\n"


def fingerprint(root: Path, source: str) -> str:
    """SHA-256 over the source, the files it names, the fonts and the code that sets it."""
    digest = hashlib.sha256(source.encode("utf-8"))
    named = {root / name for name in re.findall(r'"/([^"\n]+)"', source)}
    code = [Path(str(module.__file__)) for module in (typst_files, typst_pdf)]
    for path in [*sorted(named), *sorted(FONTS.iterdir()), *code]:
        if path.is_file():
            digest.update(path.name.encode("utf-8") + path.read_bytes())
    return f"{digest.hexdigest()} typst {package_version('typst')}"


def _main() -> None:
    root, text, pdf = (Path(argument) for argument in sys.argv[1:])
    write_bytes(pdf, typst_pdf.compile_pdf(root, text))


if __name__ == "__main__":
    exit_with_one_line(_main)
