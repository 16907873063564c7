"""Grading a class: odd submissions get one clear sentence, and everyone else is graded."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from course.intake import look_at
from test_release import secret_lines

from course import paths
from course.grade import Classroom
from course.mistakes import MISTAKES
from course.sample_class import solved, untouched, with_mistakes, without_a_test

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


REFUSED = {
    "letter": (b"Dear teacher\n", "is not a notebook: it does not contain JSON"),
    "binary": (bytes(range(256)), "is not a notebook: it does not contain JSON"),
    "empty": (b"", "is not a notebook: it does not contain JSON"),
    "other-json": (b'{"a": 1}', "is not a valid notebook"),
    "list": (b"[1, 2]", "is not a valid notebook"),
    "no-cells": (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "is not a valid"),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_notebook_gets_one_sentence(
    content: bytes, sentence: str, tmp_path: Path
) -> None:
    found = look_at(hand_in(tmp_path, "someone", content), ASSIGNMENT)
    assert not found.gradable
    (note,) = found.notes
    assert sentence in note and "\n" not in note


def test_a_link_is_refused(tmp_path: Path) -> None:
    folder = hand_in(tmp_path, "someone", solved(ASSIGNMENT), name="elsewhere.txt")
    (folder / f"{ASSIGNMENT}.ipynb").symlink_to(folder / "elsewhere.txt")
    assert "not an ordinary file" in look_at(folder, ASSIGNMENT).notes[0]


def test_a_missing_notebook_is_said_to_be_missing(tmp_path: Path) -> None:
    folder = hand_in(tmp_path, "someone", b"text", name="notes.txt")
    assert look_at(folder, ASSIGNMENT).notes == [
        "01_rnn_cell.ipynb is missing; the folder has notes.txt."
    ]


def test_a_renamed_notebook_is_recognised_and_nothing_is_lost(tmp_path: Path) -> None:
    folder = hand_in(tmp_path, "someone", solved(ASSIGNMENT), name="my homework.ipynb")
    found = look_at(folder, ASSIGNMENT)
    assert found.gradable and "my homework.ipynb was graded as" in found.notes[0]
    assert (folder / "my homework.ipynb").exists()


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """A class with one of each kind, graded once."""
    root = tmp_path_factory.mktemp("class")
    hand_in(root, "felix", b"Dear teacher\n")
    hand_in(root, "ada", solved(ASSIGNMENT))
    hand_in(root, "bruno", with_mistakes(SLIP)(ASSIGNMENT))
    hand_in(root, "erin", untouched(ASSIGNMENT))
    hand_in(root, "goran", without_a_test(ASSIGNMENT))
    hand_in(root, "hana", solved(ASSIGNMENT), name="final.ipynb")
    classroom = Classroom(root)
    classroom.register_assignments()
    classroom.grade_all()
    return classroom


def test_everyone_is_graded_but_for_the_letter(graded: Classroom) -> None:
    scores = {k.split("/")[0]: (r.score if r.graded else None) for k, r in graded.results.items()}
    assert scores["ada"] == scores["goran"] == scores["hana"] == 10
    assert scores["erin"] == 0
    assert 0 < scores["bruno"] < 10
    assert scores["felix"] is None
    assert not graded.all_graded


def test_the_table_says_what_went_wrong(
    graded: Classroom, capsys: pytest.CaptureFixture[str]
) -> None:
    graded.print_table()
    said = capsys.readouterr().out
    assert SAID in said
    assert "felix/01_rnn_cell: 01_rnn_cell.ipynb is not a notebook" in said
    assert "have been put back: rnn_cell_forward_shapes" in said
    assert "final.ipynb was graded as 01_rnn_cell.ipynb" in said
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
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines if "erin" in line] == ["10/10"]
    assert all("unchanged" in line for line in lines if "erin" not in line)


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
    assert "onerror=alert" not in page.replace("onerror=alert(2)&gt;", "")


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
