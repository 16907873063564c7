"""What all journeys share: one browser, pages of a laptop's size, and the pictures of each step."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

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
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages, each for a person of its own; all are closed when the journey ends."""
    pages: list[Page] = []

    def make(**options: object) -> Page:
        pages.append(open_page(browser, **options))
        return pages[-1]

    yield make
    for page in pages:
        page.context.close()


@pytest.fixture(scope="module")
def screens(request: pytest.FixtureRequest) -> Screens:
    """The pictures of this journey: screens/STUDENT/ for test_student.py, and so on."""
    return Screens(SCREENS / request.module.__name__.rpartition("test_")[2])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    """Keep what was last looked at when a journey fails."""
    report = yield
    screens = getattr(item, "funcargs", {}).get("screens")
    if report.when == "call" and report.failed and screens and screens.last:
        screens.keep(screens.last, "where_it_failed")
    return report
