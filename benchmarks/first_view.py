"""The third table of `make bench`: how soon a page opened from disk shows its first words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from install_browser import MISSING, browser_path

from benchmarks.table import aligned
from karaganda_vibe.build.rendering import rendered_page
from karaganda_vibe.words.languages import LANGUAGES

AIM = 1.0
"""Seconds within which a reader should see the first words."""
VISITS = 5
WINDOWS = {
    "desk": ({"width": 1280, "height": 900}, 1),
    "phone, a quarter of the speed": ({"width": 360, "height": 740}, 4),
}
"""Size of the window, and how many times slower than this machine the processor is made."""
HEADS = ("first view", *WINDOWS)

_PAINTED = "performance.getEntriesByName('first-contentful-paint').length > 0"
_SECONDS = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"


def measure(pages: Mapping[str, Path]) -> dict[str, list[float]]:
    """Median seconds until the first contentful paint (W3C Paint Timing), by page, a window each.

    Every visit has a context of its own, so that nothing is kept from the one before. Raises
    RuntimeError where there is no browser.
    """
    program = browser_path()
    if program is None:
        raise RuntimeError(MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        found = {
            name: [
                median(_visit(browser, path, size, slower) for _ in range(VISITS))
                for size, slower in WINDOWS.values()
            ]
            for name, path in pages.items()
        }
        browser.close()
    return found


def _visit(browser: Any, path: Path, size: dict[str, int], slower: int) -> float:
    with browser.new_context(viewport=size) as context:
        page = context.new_page()
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
        page.goto(path.as_uri(), wait_until="load")
        page.wait_for_function(_PAINTED)
        return float(page.evaluate(_SECONDS))


def as_text(found: Mapping[str, Sequence[float]]) -> str:
    """The table; what takes longer than the aim is marked."""
    table = aligned([HEADS, *((name, *map(_cell, seconds)) for name, seconds in found.items())])
    return f"{table}\n\nMedian of {VISITS} visits from disk; the aim is {AIM:.0f} s."


def editions() -> dict[str, Path]:
    """The built page of each edition, by language."""
    return {language: rendered_page(language) for language in LANGUAGES}


def _cell(seconds: float) -> str:
    return f"{seconds:.2f} s{' > aim' if seconds > AIM else ''}"
