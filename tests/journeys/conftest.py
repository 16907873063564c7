"""What all journeys share: one browser, pages of a laptop's size, and the pictures of each step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from course import paths

from .browser import MISSING, STEP_MILLISECONDS, Screens, find_chromium, launch, open_page

SCREENS = Path(os.environ.get("RNN_COURSE_SCREENS", paths.ROOT / "screens"))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all journeys, gone before other tests run; in CI there must be one."""
    program = find_chromium()
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    expect.set_options(timeout=STEP_MILLISECONDS)
    with sync_playwright() as playwright:
        chromium = launch(playwright, program)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def new_page(browser: Browser, screens: Screens) -> Iterator[Callable[..., Page]]:
    """Open pages, each for a person of its own; what each shows when the journey ends is kept."""
    pages: list[Page] = []

    def make(**options: object) -> Page:
        pages.append(open_page(browser, **options))
        return pages[-1]

    yield make
    for page in pages:
        screens.keep(page, "at_the_end")
        page.context.close()


@pytest.fixture(scope="module")
def screens(request: pytest.FixtureRequest) -> Screens:
    """The pictures of this journey: screens/STUDENT/ for test_student.py, and so on."""
    return Screens(SCREENS / request.module.__name__.rpartition("test_")[2])
