"""Whether tests left the project as it was: `--begin` before them, without an option after them.

git tells which files are not as committed; where none was before, `git diff --exit-code` must be
silent afterwards too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from karaganda_vibe.build import git
from karaganda_vibe.project.paths import BUILD, PROJECT
from karaganda_vibe.project.writing import write_text

KEPT = BUILD / "before-tests.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Keep or compare; return 1 after a line for each file that was touched, else 0."""
    asked = sys.argv[1:] if arguments is None else arguments
    now = git.states_of_changed(PROJECT)
    if "--begin" in asked:
        write_text(KEPT, json.dumps(now, sort_keys=True) + "\n")
        return 0
    before = json.loads(KEPT.read_text(encoding="utf-8"))
    touched = sorted(n for n in before.keys() | now.keys() if before.get(n) != now.get(n))
    for name in touched:
        print(
            f"error: the tests changed {name}; they must leave the project alone", file=sys.stderr
        )
    return 1 if touched else 0


if __name__ == "__main__":
    raise SystemExit(main())
