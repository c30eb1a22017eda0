"""`python -m karaganda_vibe.quarto_subset [--profile ru] [--to html,pdf,docx] [--check]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from karaganda_vibe.project import paths
from karaganda_vibe.project.errors import exit_with_one_line
from karaganda_vibe.quarto_subset import check, render


def main() -> None:
    """Read the command line and render, or only check."""
    parser = argparse.ArgumentParser(prog="karaganda_vibe.quarto_subset", description=__doc__)
    parser.add_argument("--profile", help="name of a file _quarto-<profile>.yml")
    parser.add_argument("--to", help="formats, joined by commas: html,pdf,docx")
    parser.add_argument("--root", type=Path, default=paths.PROJECT, help="the project's folder")
    parser.add_argument("--check", action="store_true", help="check the sources, write nothing")
    given = parser.parse_args()
    root = given.root.resolve()
    if given.check:
        check(root, given.profile)
        print("report  sources are in order")
        return
    render(
        root,
        given.profile,
        given.to.split(",") if given.to else None,
        say=lambda line: print(line, flush=True),
    )


if __name__ == "__main__":
    exit_with_one_line(main)
