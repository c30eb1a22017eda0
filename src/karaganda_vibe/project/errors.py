"""The one kind of error that a reader of the terminal should see, and how it is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable


class ProjectError(Exception):
    """Something is wrong with an input that a person can mend.

    The message is one line and says what is wrong, where, what was expected and found, and what
    to do about it.
    """


def exit_with_one_line(main: Callable[[], None]) -> None:
    """Run `main`; show a ProjectError or a full disk as one line on stderr and exit with 1."""
    try:
        main()
    except ProjectError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(1) from None
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        print(f"error: {error.strerror or error}{place}; nothing was changed", file=sys.stderr)
        raise SystemExit(1) from None
