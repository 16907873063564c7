"""The student version: nothing leaks, everything needed is there, and it starts from zero."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.utils import determine_grade

from course import paths, solutions
from course.engine.hidden import hidden_part, without_hidden

SOLUTION = re.compile(r"### BEGIN SOLUTION[^\n]*\n(.*?)### END SOLUTION", re.S)
SHORTEST = 12  # a shorter line, such as a closing bracket, gives nothing away

assignments = pytest.mark.parametrize("assignment", paths.ASSIGNMENTS)


def cells(path: Path) -> list[nbformat.NotebookNode]:
    return nbformat.read(path, as_version=4).cells


def secret_lines(assignment: str) -> set[str]:
    """Every line of a solution or of a hidden test that also shows nowhere in a visible part."""
    secret: set[str] = set()
    shown: set[str] = set()
    for cell in cells(paths.source(assignment)):
        hidden = [*SOLUTION.findall(cell.source), hidden_part(cell.source)]
        secret |= {line.strip() for part in hidden for line in part.splitlines()}
        if cell.cell_type == "code":
            visible = without_hidden(SOLUTION.sub("", cell.source))
            shown |= {line.strip() for line in visible.splitlines()}
    return {line for line in secret - shown if len(line) >= SHORTEST}


def released_text() -> dict[Path, str]:
    files = [path for path in paths.RELEASE.rglob("*") if path.is_file()]
    return {path: path.read_text(encoding="utf-8") for path in files}


@assignments
def test_no_line_of_a_solution_or_hidden_test_is_released(assignment: str) -> None:
    secret = secret_lines(assignment)
    assert len(secret) > 8
    for path, text in released_text().items():
        if path.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in cells(path))
        lines = {line.strip() for line in text.splitlines()}
        assert not secret & lines, path
        quoted = [line for line in secret if line in text and len(line) > 2 * SHORTEST]
        assert not quoted, path


def test_release_has_no_outputs_and_no_delimiters() -> None:
    for path in paths.RELEASE.rglob("*.ipynb"):
        assert "HIDDEN TESTS" not in path.read_text(encoding="utf-8")
        assert "SOLUTION" not in path.read_text(encoding="utf-8")
        for cell in cells(path):
            assert not cell.get("outputs") and cell.get("execution_count") is None


@assignments
def test_each_folder_has_what_its_notebook_needs(assignment: str) -> None:
    folder = paths.RELEASE / assignment
    images = {
        name
        for cell in cells(paths.release(assignment))
        for name in re.findall(r"\]\(images/([^)]+)\)", cell.source)
    }
    wanted = {f"{assignment}.ipynb", "rnn_utils.py", "known_mistakes.json"}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    there = {name for name in there if "__pycache__" not in name and "checkpoint" not in name}
    assert there == wanted | {f"images/{name}" for name in images}
    assert (folder / "rnn_utils.py").read_bytes() == paths.UTILS.read_bytes()


@pytest.mark.parametrize("assignment", paths.ASSIGNMENTS)
def test_an_untouched_notebook_runs_to_its_end_and_scores_nothing(
    assignment: str, tmp_path: Path
) -> None:
    for origin in (paths.RELEASE / assignment).iterdir():
        if origin.is_file():
            (tmp_path / origin.name).write_bytes(origin.read_bytes())
    notebook = nbformat.read(tmp_path / f"{assignment}.ipynb", as_version=4)
    NotebookClient(
        notebook, allow_errors=True, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    errors = {o.ename for cell in code for o in cell.outputs if o.output_type == "error"}
    assert errors == {"NotImplementedError", "CheckFailed"}
    assert not [o for cell in code for o in cell.outputs if o.get("name") == "stderr"]
    graded = [cell for cell in code if cell.metadata.get("nbgrader", {}).get("grade")]
    assert [determine_grade(cell)[0] for cell in graded] == [0.0] * len(graded)


@assignments
def test_each_stub_says_what_to_write(assignment: str) -> None:
    for cell in cells(paths.release(assignment)):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            (sentence, *_) = re.findall(
                r"raise NotImplementedError\(\s*\"(.+?)\"\s*\)", cell.source
            )
            assert sentence.endswith(".") and len(sentence.split()) > 4


def test_every_assigned_function_has_its_exercise() -> None:
    found = {
        cell.metadata.nbgrader.grade_id
        for assignment in paths.ASSIGNMENTS
        for cell in cells(paths.release(assignment))
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    assert set(solutions.sources()) <= found
