"""The gradebook after the engine holds what it holds after stock nbgrader."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from course.bench import Bench
from course.paths import SOURCE
from course.sample_class import solved, untouched

ASSIGNMENT = "01_rnn_cell"
DUE = "2026-01-10 12:00:00 UTC"
TIMES = {
    "early": "2026-01-09 12:00:00 UTC",
    "late": "2026-01-11 12:00:00 UTC",
    "late_with_extension": "2026-01-11 12:00:00 UTC",
    "timeless": "",
}
CELL = "rnn_cell_forward_values"


def _contents(bench: Bench) -> dict[str, Any]:
    """All that grading writes, by names instead of generated ids."""
    found: dict[str, Any] = {}
    with Gradebook(bench.db_url) as gradebook:
        for submission in gradebook.assignment_submissions(ASSIGNMENT):
            student, (notebook,) = submission.student.id, submission.notebooks
            found[student] = (
                submission.timestamp,
                submission.total_seconds_late,
                notebook.late_submission_penalty,
                submission.score,
                submission.needs_manual_grade,
            )
            for grade in notebook.grades:
                found[student, grade.name] = (
                    grade.auto_score,
                    grade.manual_score,
                    grade.extra_credit,
                    grade.needs_manual_grade,
                )
            for comment in notebook.comments:
                found[student, comment.name, "said"] = comment.comment
        found["students"] = sorted(student.id for student in gradebook.students)
    return found


def _hand_in(bench: Bench) -> None:
    notebooks = {"late": untouched(ASSIGNMENT), "timeless": untouched(ASSIGNMENT)}
    bench.hand_in_these(
        (student, ASSIGNMENT, notebooks.get(student) or solved(ASSIGNMENT)) for student in TIMES
    )
    for student, time in TIMES.items():
        if time:
            path = bench.root / "submitted" / student / ASSIGNMENT / "timestamp.txt"
            path.write_text(time, encoding="ascii")


def _mark_by_hand(bench: Bench) -> None:
    with Gradebook(bench.db_url) as gradebook:
        gradebook.grant_extension(ASSIGNMENT, "late_with_extension", days=2)
        grade = gradebook.find_grade(CELL, ASSIGNMENT, ASSIGNMENT, "early")
        grade.manual_score, grade.extra_credit = 0.5, 1.0
        comment = gradebook.find_comment("rnn_cell_forward", ASSIGNMENT, ASSIGNMENT, "late")
        comment.manual_comment = "Come and see me."
        gradebook.db.commit()


def _two_rounds(root: Path, engine: bool) -> list[dict[str, Any]]:
    """Grade, mark by hand, grade again; give the gradebook after each."""
    bench = Bench(root, [ASSIGNMENT])
    config = Config()
    config.LateSubmissionPlugin.penalty_method = "zero"
    with Gradebook(bench.db_url) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=DUE)
    contents = []
    for _ in range(2):
        _hand_in(bench)
        bench.grade(engine, config)
        contents.append(_contents(bench))
        _mark_by_hand(bench)
    if engine:
        bench.engine().stop()
    return contents


def test_the_gradebook_is_that_of_stock(needs_sandbox: None, tmp_path: Path) -> None:
    stock = _two_rounds(tmp_path / "stock", engine=False)
    ours = _two_rounds(tmp_path / "engine", engine=True)
    assert ours == stock
    first, second = ours
    assert first["late"][2] is not None
    assert first["late_with_extension"][2] > 0 == (second["late_with_extension"][2] or 0)
    assert second["early", CELL][3], "what a person has marked is to be looked at again"
    assert second["late", "rnn_cell_forward", "said"] == "Come and see me."


def test_a_student_who_is_not_known_is_refused_if_so_configured(
    needs_sandbox: None, tmp_path: Path
) -> None:
    bench = Bench(tmp_path / "course", [ASSIGNMENT])
    _hand_in(bench)
    shutil.rmtree(bench.root / "submitted" / "late")
    config = Config()
    config.Autograde.create_student = False
    with pytest.raises(Exception, match="rror"):
        bench.grade(engine=True, config=config)
    assert _contents(bench) == {"students": []}
    bench.engine().stop()


def test_notebooks_that_were_left_for_later_are_in_the_gradebook(
    needs_sandbox: None, tmp_path: Path
) -> None:
    def after_one_of_two(root: Path, engine: bool) -> dict[str, Any]:
        shutil.copytree(SOURCE / ASSIGNMENT, root / "source" / ASSIGNMENT)
        folder = root / "source" / ASSIGNMENT
        shutil.copyfile(folder / f"{ASSIGNMENT}.ipynb", folder / "second.ipynb")
        bench = Bench(root, [ASSIGNMENT])
        handed_in = root / "submitted" / "ada" / ASSIGNMENT
        handed_in.mkdir(parents=True)
        for name in (ASSIGNMENT, "second"):
            nbformat.write(solved(ASSIGNMENT), handed_in / f"{name}.ipynb")
        config = Config()
        config.CourseDirectory.notebook_id = "second"
        bench.grade(engine, config)
        with Gradebook(bench.db_url) as gradebook:
            submission = gradebook.find_submission(ASSIGNMENT, "ada")
            found = {
                notebook.name: (
                    sorted((grade.name, grade.auto_score) for grade in notebook.grades),
                    sorted((comment.name, comment.comment) for comment in notebook.comments),
                    notebook.needs_manual_grade,
                )
                for notebook in submission.notebooks
            }
        if engine:
            bench.engine().stop()
        return found

    stock = after_one_of_two(tmp_path / "stock", engine=False)
    assert sorted(stock) == [ASSIGNMENT, "second"]
    assert after_one_of_two(tmp_path / "engine", engine=True) == stock
