"""See that a browser is there for the tests of the built pages: `make test` runs this first.

Debian's Chromium is installed where that is possible; elsewhere the tests say that they were
skipped, and why.
"""

from __future__ import annotations

import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "no Chromium on PATH: pages are not checked in a browser; install the package chromium "
    "(Debian, Ubuntu) or put a Chrome on PATH"
)


def browser_path() -> str | None:
    """The program of the first browser found."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def may_install() -> bool:
    """Whether packages can be installed without asking anybody."""
    return shutil.which("apt-get") is not None and hasattr(os, "geteuid") and os.geteuid() == 0


def main() -> None:
    if browser_path():
        return
    if may_install():
        print("Installing Chromium for the tests of the pages (once, a minute) …", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        for command in (["apt-get", "update"], install):
            subprocess.run(command, env=environment, **quiet)
    if not browser_path():
        print(MISSING, flush=True)


if __name__ == "__main__":
    main()
