"""Every stock nbgrader verb, through the exchange, with two students, in a fresh clone."""

from __future__ import annotations

import csv
import shutil
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from exchange_course import Course
from test_release import secret_lines

from course import paths
from course.sample_class import solved, untouched

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nbgrader's exchange needs POSIX")
ASSIGNMENT = "02_rnn_forward"
OPTIONAL = "05_backprop"


@pytest.fixture(scope="module")
def course(clone: Path, tmp_path_factory: pytest.TempPathFactory, environment: dict) -> Course:
    return Course(clone, tmp_path_factory.mktemp("course"), environment)


def test_every_verb_in_turn(course: Course) -> None:
    course.nbgrader("generate_assignment", ASSIGNMENT, "--force")
    course.nbgrader("generate_assignment", OPTIONAL, "--force")
    released = course.root / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    assert released.read_bytes() == paths.release(ASSIGNMENT).read_bytes()
    course.nbgrader("release_assignment", ASSIGNMENT)

    homes = {name: course.student(name) for name in ("ada", "erin")}
    work = {"ada": solved, "erin": untouched}
    for name, home in homes.items():
        course.nbgrader("fetch_assignment", ASSIGNMENT, cwd=home)
        notebook = home / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        assert notebook.read_bytes() == released.read_bytes()
        nbformat.write(work[name](ASSIGNMENT), notebook)
        said = course.nbgrader("validate", str(notebook), cwd=home)
        assert ("Success!" in said) == (name == "ada"), said
        course.nbgrader("submit", ASSIGNMENT, f"--student={name}", cwd=home)

    course.nbgrader("collect", ASSIGNMENT)
    copied = course.root / "submitted" / "carl" / ASSIGNMENT
    copied.mkdir(parents=True)
    nbformat.write(solved(ASSIGNMENT), copied / f"{ASSIGNMENT}.ipynb")
    course.nbgrader("autograde", ASSIGNMENT)
    course.nbgrader("generate_feedback", ASSIGNMENT)
    said = course.nbgrader("release_feedback", ASSIGNMENT)
    assert "carl did not submit through the exchange" in said
    assert len(list((course.exchange / "rnn-from-scratch" / "feedback").iterdir())) == len(homes)
    for name in homes:
        page = course.root / "feedback" / name / ASSIGNMENT / f"{ASSIGNMENT}.html"
        check_feedback(page.read_text(encoding="utf-8"))
        assert list((course.scratch / "exchange").rglob("feedback/*.html"))

    course.nbgrader("export", f"--to={course.scratch / 'grades.csv'}")
    with (course.scratch / "grades.csv").open(newline="", encoding="utf-8") as file:
        grades = {(row["student_id"], row["assignment"]): row for row in csv.DictReader(file)}
    assert float(grades["ada", ASSIGNMENT]["score"]) == 10
    assert float(grades["erin", ASSIGNMENT]["score"]) == 0
    assert float(grades["ada", ASSIGNMENT]["max_score"]) == 10
    assert float(grades["ada", OPTIONAL]["max_score"]) == 0, "extra credit must not lower a grade"


def check_feedback(page: str) -> None:
    """No hidden test, no script of a student's, nothing of a solution."""
    assert "course.examiner" not in page
    assert "HIDDEN TESTS" not in page
    for line in secret_lines(ASSIGNMENT):
        if "examine(" in line or "seed" in line:
            assert line.replace('"', "&quot;") not in page and line not in page


def test_zip_collect(course: Course) -> None:
    archive = course.root / "downloaded" / ASSIGNMENT / "archive"
    archive.mkdir(parents=True)
    stamp = "2026-11-01-10-00-00"
    for name in ("gita", "hugo"):
        nbformat.write(solved(ASSIGNMENT), course.scratch / "notebook.ipynb")
        with zipfile.ZipFile(archive / f"{name}.zip", "w") as bundle:
            inside = f"{name}_attempt_{stamp}_{ASSIGNMENT}.ipynb"
            bundle.write(course.scratch / "notebook.ipynb", inside)
    course.nbgrader("zip_collect", ASSIGNMENT, "--force")
    for name in ("gita", "hugo"):
        collected = course.root / "submitted" / name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        assert collected.exists()
    shutil.rmtree(course.root / "downloaded")


def test_another_database_and_exchange_are_used(course: Course) -> None:
    assert (course.scratch / "elsewhere.db").exists()
    assert not (course.root / "gradebook.db").exists()
    assert [p.name for p in (course.scratch / "exchange").iterdir()] == ["rnn-from-scratch"]
