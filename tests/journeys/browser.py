"""The browser that the journeys are made in: Chromium, as the system has it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright

LAPTOP = {"width": 1280, "height": 800}
STEP_MILLISECONDS = 20_000  # how long a step may take until what it waits for is seen
MISSING = (
    "The journeys need the browser Chromium: install your system's package "
    "(on Debian, sudo apt-get install chromium)."
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--force-color-profile=srgb",
)


def find_chromium() -> str | None:
    """Return where Chromium is installed, if it is."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def launch(playwright: Playwright, program: str) -> Browser:
    """Start the browser, without a window."""
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=program, args=[*_OPTIONS, *as_root])


class Screens:
    """The pictures of one journey, kept in a folder of its own, in the order of its steps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.taken = 0
        self.last: Page | None = None

    def keep(self, page: Page, step: str, clip: Sequence[float] | None = None) -> Path:
        """Keep what the page shows as `NN-step.png`, whole or clipped to (x, y, width, height)."""
        self.taken, self.last = self.taken + 1, page
        path = self.folder / f"{self.taken:02d}-{step}.png"
        area = dict(zip(("x", "y", "width", "height"), clip, strict=True)) if clip else None
        page.screenshot(path=path, clip=area, animations="disabled", caret="hide")
        return path


def open_page(browser: Browser, *, scheme: str = "light", **options: object) -> Page:
    """Open a page of a laptop's size, with cookies of its own, in a light or dark scheme."""
    context = browser.new_context(viewport=LAPTOP, color_scheme=scheme, **options)
    context.set_default_timeout(STEP_MILLISECONDS)
    return context.new_page()
