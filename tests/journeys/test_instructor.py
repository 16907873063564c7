"""The instructor's journey: formgrader from release to returned feedback, and an edited lesson."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator

import nbformat
import pytest
from exchange_course import Course
from playwright.sync_api import FrameLocator, Locator, Page, expect

from course import paths
from course.engine.sandbox import refusal
from course.sample_class import solved, untouched, with_mistakes

from .browser import Screens
from .lab import Desk, at_home, make_lab

ASSIGNMENT = "01_rnn_cell"
STUDENTS = {
    "ada": ("Okafor", solved),
    "bruno": ("Silva", with_mistakes("rnn_cell_forward: hidden bias forgotten")),
    "erin": ("Novak", untouched),
}
COMMENT = "Almost: look once more at what is added inside the tanh."


@pytest.fixture(scope="module")
def course(clone, tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Course:
    """The instructor's clone, with an exchange and a gradebook elsewhere."""
    return Course(clone, tmp_path_factory.mktemp("course"), environment)


@pytest.fixture(scope="module")
def desk(course: Course, new_page: Callable[..., Page]) -> Iterator[Desk]:
    """The instructor's desk, after `make lab DIR=.`."""
    environment = at_home(course.scratch / "instructor", course.environment)
    log = course.scratch / "instructor.log"
    with make_lab(course.root, environment, log, folder=".") as server:
        yield Desk(new_page(), server)


def test_journey(desk: Desk, course: Course, screens: Screens) -> None:
    """Release, collect, grade, comment, return, export; and change a lesson."""
    if reason := refusal():
        pytest.skip(reason)
    desk.open()
    formgrader = Formgrader(desk, screens)
    formgrader.release()
    for student, (last_name, work) in STUDENTS.items():
        formgrader.add_student(student, last_name)
        course.hand_in(student, ASSIGNMENT, work(ASSIGNMENT))
    formgrader.collect()
    formgrader.autograde_one("ada", "10 / 10")
    course.nbgrader("autograde", ASSIGNMENT)  # formgrader has no button for a whole class
    formgrader.look_at_the_class()
    formgrader.comment("bruno")
    formgrader.return_feedback()
    feedback = course.fetch_feedback("bruno", ASSIGNMENT)
    assert COMMENT in feedback and "the bias ba is left out" in feedback
    export(course)
    edit_the_lesson(desk, course, screens)
    assert desk.server.printed() == "", "the terminal stays silent"


class Formgrader:
    """Formgrader in its tab, and the steps that an instructor takes in it."""

    def __init__(self, desk: Desk, screens: Screens) -> None:
        self.desk, self.screens = desk, screens
        desk.choose("Nbgrader", "Formgrader")
        expect(self.row(ASSIGNMENT)).to_be_visible()
        self.keep("formgrader")

    @property
    def frame(self) -> FrameLocator:
        return self.desk.page.frame_locator("iframe:visible")

    def row(self, text: str) -> Locator:
        """The row of a table that has a cell with this text."""
        return self.frame.locator("tr").filter(has=self.frame.get_by_text(text, exact=True))

    def keep(self, step: str) -> None:
        self.screens.keep(self.desk.page, step)

    def press(self, row: str, column: str) -> None:
        """Press the button in a column of a row, and say OK to what is reported."""
        self.row(row).locator(f".{column} a").click()
        report = self.frame.locator(".modal.in")
        expect(report).to_contain_text("Success")
        self.keep(f"{column}_reported")
        report.get_by_role("button", name="OK").click()
        expect(report).to_have_count(0)

    def visit(self, page: str, *links: str) -> None:
        """Go to one of formgrader's pages, and on along links."""
        for link in (page, *links):
            self.frame.get_by_role("link", name=link, exact=True).first.click()

    def release(self) -> None:
        self.press(ASSIGNMENT, "assign")
        self.row(ASSIGNMENT).locator(".preview a").click()
        files = self.desk.page.locator(".jp-DirListing-item")
        expect(files.filter(has_text=f"{ASSIGNMENT}.ipynb")).to_have_count(1)
        self.desk.hide_files()  # they make room for wide tables
        self.press(ASSIGNMENT, "release")
        expect(self.row(ASSIGNMENT).locator(".status")).to_have_text("released")

    def add_student(self, student: str, last_name: str) -> None:
        self.visit("Manage Students")
        self.frame.get_by_text("Add new student...").click()
        form = self.frame.locator(".modal.in")
        names = {"id": student, "first-name": student.capitalize(), "last-name": last_name}
        for field, name in names.items():
            form.locator(f"input.{field}").fill(name)
        form.get_by_role("button", name="Save").click()
        expect(form).to_have_count(0)
        expect(self.row(student)).to_contain_text(f"{last_name}, {student.capitalize()}")

    def collect(self) -> None:
        self.visit("Manage Assignments")
        self.press(ASSIGNMENT, "collect")
        expect(self.row(ASSIGNMENT).locator(".num-submissions")).to_have_text("3")
        self.keep("collected")

    def autograde_one(self, student: str, score: str) -> None:
        self.row(ASSIGNMENT).locator(".num-submissions a").click()
        expect(self.row(student).locator(".status")).to_have_text("needs autograding")
        self.press(student, "autograde")
        expect(self.row(student).locator(".score")).to_have_text(score)
        self.keep("one_graded")

    def look_at_the_class(self) -> None:
        self.visit("Manage Assignments")
        self.row(ASSIGNMENT).locator(".num-submissions a").click()
        for student, score in {"ada": "10 / 10", "erin": "0 / 10"}.items():
            expect(self.row(student).locator(".score")).to_have_text(score)
        expect(self.frame.get_by_text("needs autograding")).to_have_count(0)
        self.keep("the_class")

    def comment(self, student: str) -> None:
        self.visit("Manual Grading", ASSIGNMENT, ASSIGNMENT)
        expect(self.frame.get_by_text("Submission #3")).to_be_visible()
        self.keep("submissions_to_read")
        self.frame.get_by_role("button", name="Show All Names").click()
        self.frame.get_by_role("link", name=STUDENTS[student][0]).click()
        self.write("#rnn_cell_forward-comment", COMMENT)
        self.keep("a_comment")
        self.write("#rnn_cell_forward_values", "1")
        self.keep("points_by_hand")

    def write(self, field: str, text: str) -> None:
        """Fill in a field of a submission and leave it, which saves it."""
        # What it holds so far comes later than the page, and with it this placeholder.
        expect(self.frame.locator(field)).to_have_attribute("placeholder", re.compile("."))
        with self.desk.page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
            self.frame.locator(field).fill(text)
            self.frame.locator(field).press("Tab")
        assert saved.value.ok

    def return_feedback(self) -> None:
        self.desk.page.reload()
        self.desk.choose("Nbgrader", "Formgrader")
        self.press(ASSIGNMENT, "generate-feedback")
        self.press(ASSIGNMENT, "release-feedback")


def export(course: Course) -> None:
    table = course.scratch / "grades.csv"
    course.nbgrader("export", f"--to={table}")
    with table.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["assignment"] == ASSIGNMENT]
    scores = {row["student_id"]: float(row["score"]) for row in rows}
    assert scores["ada"] == 10 and scores["erin"] == 0 and 1 <= scores["bruno"] < 10


def edit_the_lesson(desk: Desk, course: Course, screens: Screens) -> None:
    """Type into a lesson in source/, save, and find it in the manuscript."""
    desk.open(f"lab/tree/source/{ASSIGNMENT}/{ASSIGNMENT}.ipynb")
    desk.wait_for_notebook()
    heading = desk.notebook.get_by_role("heading", name="The idea")
    heading.dblclick()
    line = desk.notebook.locator(".cm-line").filter(has_text="The same weights are used")
    line.click()
    desk.page.keyboard.press("End")
    desk.page.keyboard.type(" Weights are shared.")
    desk.save()
    screens.keep(desk.page, "an_edited_lesson")
    place = paths.manuscript(ASSIGNMENT).relative_to(paths.ROOT)
    assert "any length. Weights are shared.\n" in (course.root / place).read_text(encoding="utf-8")
    saved = nbformat.read(course.root / f"source/{ASSIGNMENT}/{ASSIGNMENT}.ipynb", 4)
    assert any("Weights are shared." in cell.source for cell in saved.cells)
