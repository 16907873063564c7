"""A class on JupyterHub: two instructors, two students, one exchange, each a real user."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nbformat import NotebookNode
from playwright.sync_api import Locator, Page, expect

from course.engine.sandbox import refusal
from course.sample_class import solved, with_mistakes

from .browser import Screens
from .hub import COLLEAGUE, OWNER, STUDENTS, Hub, can, missing, running_hub

ASSIGNMENT = "01_rnn_cell"
FUNCTION = "rnn_cell_forward"
MISTAKE = f"{FUNCTION}: hidden bias forgotten"
DIAGNOSIS = "the bias ba is left out of equation (1)"
ADA, BEN = STUDENTS
SECONDS = 1000  # in milliseconds, which Playwright counts in


@pytest.fixture(scope="module")
def hub(clone: Path, screens: Screens) -> Iterator[Hub]:
    """A hub for all steps, whose log stays with the pictures; in CI, root must have one."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("A hub starts servers for other users: run this test as root, on Linux.")
    if reason := refusal() or missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with running_hub(clone, screens.folder / "hub.log") as one:
        yield one


@pytest.fixture(scope="module")
def desks(hub: Hub, new_page: Callable[..., Page], screens: Screens) -> dict[str, Page]:
    """The page of each person, logged in, with JupyterLab open."""
    found = {name: new_page() for name in (OWNER, *STUDENTS)}
    for name, page in found.items():
        log_in(page, hub, name)
    screens.keep(found[OWNER], "login")
    for page in found.values():  # so that the three servers start at the same time
        page.get_by_role("button", name="Sign in").click()
    for page in found.values():
        expect(page.locator(".jp-Launcher")).to_be_visible(timeout=90 * SECONDS)
        expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    return found


def log_in(page: Page, hub: Hub, name: str, then: str = "") -> None:
    """Fill in the hub's login form."""
    page.goto(f"{hub.url}/hub/login?next={then}")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("any will do")


def menu(page: Page, name: str) -> Locator:
    """Open a menu of JupyterLab and return what it offers."""
    page.get_by_role("menuitem", name=name, exact=True).click()
    return page.locator(".lm-Menu")


def assignments(page: Page) -> Locator:
    """Open nbgrader's assignment list, freshly read."""
    menu(page, "Nbgrader").get_by_text("Assignment List").click()
    return page.locator("#assignments")


def row_of(page: Page, name: str) -> Locator:
    """The row of formgrader's table that has this name in it."""
    return page.locator("#main-table tr").filter(has_text=name)


def do(row: Locator, step: str, timeout: int = 30) -> str:
    """Click on a step of formgrader, wait until it has succeeded, and close and return its log."""
    page = row.page
    row.locator(f".{step} a").click()
    report = page.locator(".modal-dialog")
    expect(report).to_contain_text("Success", timeout=timeout * SECONDS)
    log = report.inner_text()
    report.get_by_role("button", name="OK").click()
    expect(report).to_have_count(0)
    return log


def test_students_are_offered_what_is_for_students(
    desks: dict[str, Page], screens: Screens
) -> None:
    offered = menu(desks[ADA], "Nbgrader").locator(".lm-Menu-item:not(.lm-mod-hidden)")
    expect(offered).to_have_text(["Assignment List"])
    screens.keep(desks[ADA], "menu-of-a-student")
    desks[ADA].keyboard.press("Escape")


def test_the_instructor_releases(desks: dict[str, Page], screens: Screens) -> None:
    page = desks[OWNER]
    item = menu(page, "Grading").get_by_text("Formgrader")
    screens.keep(page, "menu-of-an-instructor")
    with page.expect_popup() as tab:
        item.click()
    desks[OWNER] = page = tab.value
    row = row_of(page, ASSIGNMENT)
    expect(row).to_be_visible(timeout=60 * SECONDS)  # nbgrader makes its gradebook now
    do(row, "assign")
    do(row, "release")
    expect(row).to_contain_text("released")
    screens.keep(page, "released")
    with page.expect_popup() as source:
        row.get_by_text(ASSIGNMENT).click()
    expect(source.value.get_by_role("listitem", name=f"{ASSIGNMENT}.ipynb")).to_be_visible()
    screens.keep(source.value, "a-link-of-formgrader")
    source.value.close()


def test_the_students_fetch_work_and_submit(
    desks: dict[str, Page], hub: Hub, screens: Screens
) -> None:
    for name in STUDENTS:
        listed = assignments(desks[name])
        listed.get_by_role("button", name="Fetch").click()
        expect(listed.locator("#fetched_assignments_list")).to_contain_text(ASSIGNMENT)
    screens.keep(desks[ADA], "fetched")

    type_solution(desks[ADA], solution(solved(ASSIGNMENT)))
    screens.keep(desks[ADA], "typed")
    desks[ADA].get_by_role("button", name="Validate").click()
    expect(desks[ADA].locator(".jp-Dialog")).to_contain_text("Success", timeout=60 * SECONDS)
    screens.keep(desks[ADA], "validated")
    desks[ADA].locator(".jp-Dialog").get_by_role("button").last.click()
    upload(desks[BEN], hub, BEN, with_mistakes(MISTAKE)(ASSIGNMENT))

    for name in STUDENTS:
        listed = assignments(desks[name])
        listed.get_by_role("button", name="Submit").click()
        expect(listed.locator("#submitted_assignments_list")).to_contain_text(ASSIGNMENT)
    screens.keep(desks[BEN], "submitted")


def solution(notebook: NotebookNode) -> str:
    """Return what is in the exercise's cell."""
    return next(c.source for c in notebook.cells if c.source.startswith(f"def {FUNCTION}"))


def type_solution(page: Page, code: str) -> None:
    """Open the notebook from the assignment list, write the function, and save."""
    listed = page.locator("#fetched_assignments_list")
    listed.get_by_text(ASSIGNMENT).first.click()
    listed.locator(".nested_list_item").get_by_text(ASSIGNMENT).click()
    # When the kernel is ready, JupyterLab notes its version in the notebook: a change to be saved.
    expect(page.get_by_role("button", name="| Idle")).to_be_visible(timeout=60 * SECONDS)
    cell = page.locator(".jp-CodeCell").filter(has_text="NotImplementedError")
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty:visible")).to_have_count(0)


def upload(page: Page, hub: Hub, name: str, notebook: NotebookNode) -> None:
    """Save a notebook through the student's own server, as JupyterLab does."""
    path = f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
    token = next(c["value"] for c in page.context.cookies(page.url) if c["name"] == "_xsrf")
    answer = page.request.put(
        f"{hub.url}/user/{name}/api/contents/{path}",
        data={"type": "notebook", "content": notebook},
        headers={"X-XSRFToken": token},
    )
    assert answer.ok, answer.text()


def test_the_instructor_collects_grades_and_returns(
    desks: dict[str, Page], hub: Hub, screens: Screens
) -> None:
    page = desks[OWNER]
    row = row_of(page, ASSIGNMENT)
    hand_in_for_another(hub)
    assert "was left out: it bears the name of ben" in do(row, "collect")
    expect(row.locator(".num-submissions")).to_have_text("2")
    row.locator(".num-submissions a").click()
    for name, points in ((ADA, "10 / 10"), (BEN, "/ 10")):
        one = row_of(page, name)
        do(one, "autograde", timeout=90)
        expect(one.locator(".score")).to_contain_text(points)
        expect(one).to_contain_text("graded")
    screens.keep(page, "graded")
    page.get_by_role("link", name="Manage Assignments").click()
    row = row_of(page, ASSIGNMENT)
    do(row, "generate-feedback")
    do(row, "release-feedback")


def hand_in_for_another(hub: Hub) -> None:
    """Let Ada put an empty and later submission into the exchange, under Ben's name."""
    inbound = hub.exchange / "rnn-from-scratch" / "inbound"
    folder = inbound / f"{BEN}+{ASSIGNMENT}+2100-01-01 00:00:00.000000 UTC+forged"
    assert can(hub, ADA, "mkdir", folder)


def test_each_student_finds_her_own_feedback(
    desks: dict[str, Page], hub: Hub, screens: Screens
) -> None:
    for name, expected, other in ((ADA, "10.0", DIAGNOSIS), (BEN, DIAGNOSIS, "10.0 / 10.0")):
        listed = assignments(desks[name])
        listed.get_by_role("button", name="Fetch Feedback").click()
        listed.get_by_text("view feedback").click()
        desks[name].get_by_role("listitem", name=f"{ASSIGNMENT}.html").dblclick()
        shown = (
            desks[name].frame_locator(".jp-HTMLViewer iframe, iframe.jp-HTMLViewer").locator("body")
        )
        expect(shown).to_contain_text(expected)
        screens.keep(desks[name], f"feedback-of-{name}")
        found = list(hub.machine.homes[name].rglob(f"feedback/*/{ASSIGNMENT}.html"))
        assert len(found) == 1
        page = found[0].read_text(encoding="utf-8")
        assert expected in page and other not in page


def test_students_see_neither_the_course_nor_each_other(desks: dict[str, Page], hub: Hub) -> None:
    notebook = f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
    exchange = hub.exchange / "rnn-from-scratch"
    for path in ("gradebook.db", f"source/{notebook}", f"submitted/{BEN}/{notebook}"):
        assert can(hub, OWNER, "cat", hub.course / path)
        assert not can(hub, ADA, "cat", hub.course / path)
    for folder in (hub.course, exchange / "inbound", exchange / "feedback"):
        assert can(hub, OWNER, "ls", folder)
        assert not can(hub, ADA, "ls", folder)
    assert can(hub, BEN, "cat", hub.machine.homes[BEN] / notebook)
    assert not can(hub, ADA, "cat", hub.machine.homes[BEN] / notebook)
    assert not can(hub, ADA, "mv", exchange, hub.exchange / "elsewhere")
    for place in (f"user/{BEN}/lab", f"user/{OWNER}/lab", "hub/formgrader"):
        desks[ADA].goto(f"{hub.url}/{place}")
        expect(desks[ADA].get_by_role("heading", name="403").first).to_be_visible()


def test_a_second_instructor_works_on_the_same_course(
    desks: dict[str, Page], hub: Hub, new_page: Callable[..., Page], screens: Screens
) -> None:
    page = new_page()
    log_in(page, hub, COLLEAGUE, then="/hub/formgrader")
    page.get_by_role("button", name="Sign in").click()
    authorize = page.get_by_role("button", name="Authorize")
    expect(authorize).to_be_visible()
    screens.keep(page, "a-second-instructor")
    authorize.click()
    expect(row_of(page, ASSIGNMENT).locator(".num-submissions")).to_have_text("2")
