"""Grading a class: odd submissions get one clear sentence, and everyone else is graded."""

from __future__ import annotations

import csv
import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from test_release import secret_lines

from course import paths
from course.classroom import Classroom
from course.grade import print_table
from course.grades import ExtraCreditExport
from course.mistakes import MISTAKES
from course.sample_class import solved, untouched, with_mistakes, without_a_test
from course.submissions import find

ASSIGNMENT = "01_rnn_cell"
SLIP = "rnn_cell_forward: hidden bias forgotten"
(SAID,) = (m.when for m in MISTAKES if f"{m.function}: {m.name}" == SLIP)


def hand_in(
    root: Path, student: str, content: nbformat.NotebookNode | bytes, name: str = ""
) -> Path:
    folder = root / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    text = content if isinstance(content, bytes) else nbformat.writes(content).encode()
    (folder / (name or f"{ASSIGNMENT}.ipynb")).write_bytes(text)
    return folder


UNREADABLE = {
    "letter": (b"Dear teacher\n", "is not a notebook: it is not valid JSON"),
    "binary": (bytes(range(256)), "is not a notebook: it is not valid JSON"),
    "empty": (b"", "is not a notebook: it is not valid JSON"),
    "other-json": (b'{"a": 1}', "is not a notebook"),
    "list": (b"[1, 2]", "is not a notebook"),
    "no-cells": (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "has no list of cells"),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """A class with one of each kind, graded once."""
    root = tmp_path_factory.mktemp("class")
    for student, (content, _) in UNREADABLE.items():
        hand_in(root, student, content)
    hand_in(root, "missing", b"text", name="notes.txt")
    linked = hand_in(root, "linked", solved(ASSIGNMENT), name="elsewhere.txt")
    (linked / f"{ASSIGNMENT}.ipynb").symlink_to(linked / "elsewhere.txt")
    hand_in(root, "ada", solved(ASSIGNMENT))
    hand_in(root, "bruno", with_mistakes(SLIP)(ASSIGNMENT))
    hand_in(root, "erin", untouched(ASSIGNMENT))
    hand_in(root, "goran", without_a_test(ASSIGNMENT))
    hand_in(root, "hana", solved(ASSIGNMENT), name="final.ipynb")
    classroom = Classroom(root)
    classroom.register_assignments()
    classroom.grade_all()
    return classroom


def test_everyone_is_graded_who_sent_a_notebook(graded: Classroom) -> None:
    scores = {k.split("/")[0]: (r.score if r.graded else None) for k, r in graded.results.items()}
    assert scores["ada"] == scores["goran"] == scores["hana"] == 10
    assert scores["erin"] == 0
    assert 0 < scores["bruno"] < 10
    assert not any(scores[student] for student in [*UNREADABLE, "missing", "linked"])
    assert not graded.all_graded


def test_graded_notebooks_are_well_formed(graded: Classroom) -> None:
    written = list((graded.root / "autograded").rglob("*.ipynb"))
    assert len(written) >= 5
    for path in written:
        nbformat.validate(nbformat.from_dict(json.loads(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("student", UNREADABLE)
def test_what_is_no_notebook_gets_one_clear_sentence(graded: Classroom, student: str) -> None:
    result = graded.results[f"{student}/{ASSIGNMENT}"]
    assert not result.graded
    (note,) = result.notes
    assert UNREADABLE[student][1] in note and note.endswith("There is nothing to grade.")


@pytest.mark.parametrize("student", ["missing", "linked"])
def test_no_notebook_at_all_is_said_to_be_missing(graded: Classroom, student: str) -> None:
    result = graded.results[f"{student}/{ASSIGNMENT}"]
    assert not result.graded
    assert "There is no notebook 01_rnn_cell.ipynb in this submission." in result.notes[0]


def test_the_table_says_what_went_wrong(
    graded: Classroom, capsys: pytest.CaptureFixture[str]
) -> None:
    print_table(graded)
    said = capsys.readouterr().out
    assert SAID in said
    assert "letter/01_rnn_cell: 01_rnn_cell.ipynb is not a notebook" in said
    assert "'rnn_cell_forward_shapes' was missing; it was put back" in said
    assert "'final.ipynb'; it was read as 01_rnn_cell.ipynb" in said
    assert str(graded.root / "feedback" / "ada") in said


def test_feedback_shows_the_message_and_no_hidden_line(graded: Classroom) -> None:
    page = (graded.root / "feedback/bruno" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()
    assert SAID in page
    assert "course.examiner" not in page and "HIDDEN" not in page
    for student in ("bruno", "erin"):
        text = (graded.root / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()
        shown = html.unescape(re.sub(r"<[^>]*>", "", text))
        own = nbformat.writes(graded_notebook(graded, student))
        leaked = [line for line in secret_lines(ASSIGNMENT) if line in shown and line not in own]
        assert not leaked, student


def graded_notebook(graded: Classroom, student: str) -> nbformat.NotebookNode:
    """What the student handed in."""
    return nbformat.read(
        graded.root / "submitted" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4
    )


def test_a_second_run_grades_only_what_changed(
    graded: Classroom, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(graded.root / "submitted" / "erin")
    hand_in(graded.root, "erin", solved(ASSIGNMENT))
    again = Classroom(graded.root)
    capsys.readouterr()  # forget what the first run printed
    again.grade_all()
    said = capsys.readouterr().out
    assert "01_rnn_cell: 1 to grade, 12 unchanged" in said
    assert again.results[f"erin/{ASSIGNMENT}"].score == 10


def test_a_new_gradebook_means_grading_anew(graded: Classroom) -> None:
    (graded.root / "gradebook.db").unlink()
    again = Classroom(graded.root)
    again.register_assignments()
    again.grade_all()
    with again.api.gradebook as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "ada").score == 10


def test_a_score_given_by_hand_reaches_table_and_feedback(graded: Classroom) -> None:
    classroom = Classroom(graded.root)
    with classroom.api.gradebook as gradebook:
        for grade in gradebook.find_submission(ASSIGNMENT, "ada").notebooks[0].grades:
            grade.manual_score = 0.5
        gradebook.db.commit()
    classroom.grade_all()
    assert classroom.results[f"ada/{ASSIGNMENT}"].score == 2.5
    page = graded.root / "feedback/ada" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    assert "Score: 2.5 / 10.0" in page.read_text(encoding="utf-8")

    later = solved(ASSIGNMENT)
    later.cells[0].source += "\n\nHanded in again."
    nbformat.write(later, graded.root / "submitted/ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    classroom = Classroom(graded.root)
    classroom.grade_all()
    result = classroom.results[f"ada/{ASSIGNMENT}"]
    assert result.score == 2.5
    assert any("0.5 points by hand stand; the check itself now gives 4" in n for n in result.notes)


def test_what_is_no_submission_gets_one_sentence_each(tmp_path: Path) -> None:
    submitted = tmp_path / "submitted"
    for name in ("new\nline", "a[b]*", "smith, jo", ".hidden"):
        (submitted / name / ASSIGNMENT).mkdir(parents=True)
    (submitted / "ada" / "01_RNN").mkdir(parents=True)
    (submitted / "Zoë O'Hara" / ASSIGNMENT).mkdir(parents=True)
    (submitted / "linked").symlink_to(submitted / "ada")
    (submitted / "grades.txt").write_text("9", encoding="utf-8")
    found, odd = find(submitted)
    assert [one.student for one in found] == ["Zoë O'Hara"]
    assert len(odd) == 7 and all("\n" not in sentence for sentence in odd)
    assert any("the assignments are called 01_rnn_cell" in sentence for sentence in odd)


def test_students_who_have_gone_leave_the_table(graded: Classroom) -> None:
    shutil.rmtree(graded.root / "submitted" / "letter")
    again = Classroom(graded.root)
    again.grade_all()
    assert f"letter/{ASSIGNMENT}" not in again.results


def test_the_export_keeps_names_with_commas_whole(tmp_path: Path) -> None:
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment("05_backprop")
        gradebook.add_student("smith, jo", last_name='Smith "S"')
        ExtraCreditExport(to=str(tmp_path / "grades.csv")).export(gradebook)
    with (tmp_path / "grades.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["student_id"], row["last_name"]) == ("smith, jo", 'Smith "S"')
    assert row["max_score"] == "0.0"


def test_scripts_in_outputs_do_not_reach_feedback(tmp_path: Path) -> None:
    notebook = solved(ASSIGNMENT)
    attack = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    notebook.cells.append(nbformat.v4.new_markdown_cell(attack))
    code = f"from IPython.display import HTML, Markdown, display\ndisplay(HTML('{attack}'))"
    code += f"\ndisplay(Markdown('{attack}'))"
    notebook.cells.append(nbformat.v4.new_code_cell(code))
    hand_in(tmp_path, "mallory", notebook)
    classroom = Classroom(tmp_path)
    classroom.register_assignments()
    classroom.grade_all()
    page = (tmp_path / "feedback/mallory" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()
    assert "<script>alert" not in page
    assert not re.search(r"<[^>]*onerror=alert", page)


def test_the_exit_status_says_that_something_was_wrong(
    clone: Path, environment: dict[str, str]
) -> None:
    hand_in(clone, "felix", b"Dear teacher\n")
    done = subprocess.run(
        [sys.executable, "-m", "course.grade"],
        cwd=clone,
        env=environment | {"PYTHONPATH": str(clone)},
        capture_output=True,
        text=True,
    )
    shutil.rmtree(clone / "submitted")
    assert done.returncode == 1, done.stderr
    assert "is not a notebook" in done.stdout


def test_no_submitted_folder_is_one_sentence(clone: Path, environment: dict[str, str]) -> None:
    if (clone / "submitted").exists():
        pytest.skip("another test is using submitted/ in this clone")
    done = subprocess.run(
        [sys.executable, "-m", "course.grade"],
        cwd=clone,
        env=os.environ | environment | {"PYTHONPATH": str(clone)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("There is no folder submitted/")
    assert clone != paths.ROOT
