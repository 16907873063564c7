"""The student's journey: from the first look at an assignment to the feedback on it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from exchange_course import Course
from playwright.sync_api import Page, expect

from .browser import Screens
from .lab import Desk, at_home, jupyter, make_lab
from .packages import environment_with

ASSIGNMENT = "01_rnn_cell"
STUB = "raise NotImplementedError"
FORGOTTEN_BIAS = "a_next = np.tanh(Wax @ xt + Waa @ a_prev)\nyt_pred = softmax(Wya @ a_next + by)"
RIGHT = "a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)"


@pytest.fixture(scope="module")
def course(clone: Path, tmp_path_factory: pytest.TempPathFactory, environment: dict) -> Course:
    """The instructor's clone, with the first assignment released into the exchange."""
    one = Course(clone, tmp_path_factory.mktemp("course"), environment)
    one.in_turn(f"generate_assignment {ASSIGNMENT} --force", f"release_assignment {ASSIGNMENT}")
    return one


@pytest.fixture(scope="module")
def desk(course: Course, new_page: Callable[..., Page]) -> Iterator[Desk]:
    """The desk of a student with a clone of the course, after `make lab`."""
    home = course.scratch / "home"
    own = shutil.copytree(course.root, home / "course", ignore=shutil.ignore_patterns(".git"))
    environment = at_home(home / "jupyter", course.environment)
    with make_lab(own, environment, course.scratch / "student.log") as server:
        yield Desk(new_page(), server)


def test_journey(desk: Desk, course: Course, screens: Screens) -> None:
    """Read, try, fail, understand, solve, validate, submit, and find the feedback."""
    read(desk, screens)
    meet_the_stub(desk, screens)
    make_a_mistake(desk, screens)
    solve(desk, screens)
    submit(desk, screens)
    grade(course)
    find_feedback(desk, screens)
    assert desk.server.printed() == "", "the terminal stays silent"


def read(desk: Desk, screens: Screens) -> None:
    desk.open()
    screens.keep(desk.page, "the_files")
    desk.open_notebook(ASSIGNMENT, f"{ASSIGNMENT}.ipynb")
    screens.keep(desk.page, "the_lesson")
    figure = desk.notebook.get_by_role("img", name="One RNN cell.")
    figure.scroll_into_view_if_needed()
    assert figure.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    screens.keep(desk.page, "a_figure")
    equation = desk.notebook.locator("mjx-container[display=true]").first
    equation.scroll_into_view_if_needed()
    expect(equation).to_be_visible()
    assert desk.notebook.locator("mjx-merror").count() == 0
    screens.keep(desk.page, "equations")
    hints = desk.notebook.locator("details")
    hints.first.scroll_into_view_if_needed()
    for number in range(hints.count()):
        assert hints.nth(number).evaluate("hint => hint.open") is False
        hints.nth(number).locator("summary").click()
        expect(hints.nth(number)).to_have_attribute("open", "")
    screens.keep(desk.page, "hints")


def meet_the_stub(desk: Desk, screens: Screens) -> None:
    desk.run_all()
    said = desk.output('show("a_next[4, :3]"')
    expect(said).to_contain_text("NotImplementedError: Compute a_next with equation (1)")
    said.scroll_into_view_if_needed()
    screens.keep(desk.page, "as_released")
    desk.run(desk.cell("Check 1 of 5"))
    said = desk.output("Check 1 of 5")
    expect(said).to_contain_text("Check failed: rnn_cell_forward is not finished")
    screens.keep(desk.page, "a_check_as_released")


def make_a_mistake(desk: Desk, screens: Screens) -> None:
    exercise = desk.cell("def rnn_cell_forward")
    desk.replace_line(exercise, STUB, FORGOTTEN_BIAS)
    desk.run_all()
    said = desk.output("Check 2 of 5")
    expect(said).to_contain_text("the bias ba is left out of equation (1)")
    said.scroll_into_view_if_needed()
    screens.keep(desk.page, "a_diagnosis")
    expect(desk.validate()).to_contain_text("the bias ba is left out of equation (1)")
    screens.keep(desk.page, "not_yet_valid")
    desk.close_dialog()


def solve(desk: Desk, screens: Screens) -> None:
    exercise = desk.cell("def rnn_cell_forward")
    desk.replace_line(exercise, "a_next = np.tanh", RIGHT)
    desk.run_all()
    for number in range(1, 6):
        expect(desk.output(f"Check {number} of 5")).to_contain_text("public checks passed")
    screens.keep(desk.page, "solved")
    expect(desk.validate()).to_contain_text("Success! Your notebook passes all the tests.")
    screens.keep(desk.page, "valid")
    desk.close_dialog()


def submit(desk: Desk, screens: Screens) -> None:
    desk.choose("Nbgrader", "Assignment List")
    desk.assignment("fetched").get_by_role("button", name="Submit").click()
    expect(desk.assignment("submitted")).to_contain_text(ASSIGNMENT)
    screens.keep(desk.page, "submitted")


def grade(course: Course) -> None:
    verbs = ("collect", "autograde", "generate_feedback", "release_feedback")
    course.in_turn(*(f"{verb} {ASSIGNMENT}" for verb in verbs))


def find_feedback(desk: Desk, screens: Screens) -> None:
    desk.page.get_by_role("button", name="Fetch Feedback").click()
    desk.assignment("submitted").get_by_text("view feedback").click()
    desk.open_file(f"{ASSIGNMENT}.html")
    feedback = desk.page.frame_locator("iframe:visible")
    expect(feedback.get_by_text("Score: 10.0 / 10.0")).to_be_visible()
    screens.keep(desk.page, "feedback")


def test_one_folder_and_no_nbgrader(
    clone: Path,
    tmp_path: Path,
    environment: dict[str, str],
    new_page: Callable[..., Page],
    screens: Screens,
) -> None:
    """A folder downloaded as a zip, in an environment that holds only numpy and jupyterlab.

    The environment is a real one, filled with what `pip install numpy jupyterlab` brings along:
    links to the same packages that run the tests. It is dark here, as many like it.
    """
    zipped = shutil.make_archive(tmp_path / ASSIGNMENT, "zip", clone / "release", ASSIGNMENT)
    shutil.unpack_archive(zipped, tmp_path / "downloads")
    python = environment_with(tmp_path / "environment", "numpy", "jupyterlab")
    own = at_home(tmp_path / "home", environment)
    command = [str(python), "-m", "jupyterlab"]
    with jupyter(command, tmp_path / "downloads" / ASSIGNMENT, own, tmp_path / "log") as server:
        desk = Desk(new_page(scheme="dark"), server)
        desk.open()
        screens.keep(desk.page, "one_folder")
        desk.page.get_by_role("button", name="No", exact=True).click()  # no news
        desk.choose_theme("JupyterLab Dark")
        desk.open_notebook(f"{ASSIGNMENT}.ipynb")
        expect(desk.page.get_by_role("button", name="Validate")).to_have_count(0)
        figure = desk.notebook.get_by_role("img", name="One RNN cell.")
        figure.scroll_into_view_if_needed()
        screens.keep(desk.page, "a_figure_in_the_dark")
        solution = f"{RIGHT}\n{FORGOTTEN_BIAS.splitlines()[1]}"
        desk.replace_line(desk.cell("def rnn_cell_forward"), STUB, solution)
        desk.run_all()
        expect(desk.output("Check 5 of 5")).to_contain_text("public checks passed")
        screens.keep(desk.page, "solved_without_nbgrader")


def test_sliders(
    clone: Path,
    tmp_path: Path,
    environment: dict[str, str],
    new_page: Callable[..., Page],
    screens: Screens,
) -> None:
    """Move a slider of a companion and see the figure change."""
    own = at_home(tmp_path / "home", environment)
    with make_lab(clone, own, tmp_path / "log", folder="notebooks") as server:
        desk = Desk(new_page(), server)
        desk.open()
        desk.open_notebook("06_inside_the_gates.ipynb")
        desk.run_all()
        played = desk.output("interact(play")
        figure = played.locator("img")
        expect(figure).to_be_visible(timeout=60_000)  # matplotlib lists all fonts when it is new
        figure.scroll_into_view_if_needed()
        before = figure.get_attribute("src")
        screens.keep(desk.page, "sliders")
        handle = played.get_by_role("slider").first
        handle.focus()
        handle.press("ArrowLeft")
        expect(figure).not_to_have_attribute("src", before)
        screens.keep(desk.page, "a_slider_moved")
