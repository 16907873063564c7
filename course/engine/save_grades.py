"""Put a notebook's points and comments into the gradebook in one visit.

The outcome is that of nbgrader's `SaveAutoGrades`, which asks the gradebook for each cell apart and
commits after each.
"""

from __future__ import annotations

from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.api import BaseCell, Comment, Grade, Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task


class SaveGrades(NbGraderPreprocessor):
    """Takes the place of nbgrader's `SaveAutoGrades`."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Save the grades of a notebook that `Examine` has graded."""
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            saved = gradebook.find_submission_notebook(
                about["notebook"], about["assignment"], about["student"]
            )
            grades = _by_cell(gradebook, Grade, saved.id)
            comments = _by_cell(gradebook, Comment, saved.id)
            for cell in nb.cells:
                if is_grade(cell):
                    grade = grades[cell.metadata.nbgrader.grade_id]
                    grade.auto_score = determine_grade(cell, self.log)[0]
                    # What a person has marked, or has to, is for a person to look at again.
                    marked = grade.manual_score is not None
                    grade.needs_manual_grade = marked or grade.auto_score is None
                if is_solution(cell) or is_task(cell):
                    comment = comments[cell.metadata.nbgrader.grade_id]
                    comment.auto_comment = "No response." if _untouched(cell) else None
            gradebook.db.commit()
        return nb, resources


def _by_cell(gradebook: Gradebook, kind: type, notebook: str) -> dict[str, Any]:
    rows = gradebook.db.query(BaseCell.name, kind).join(kind, kind.cell_id == BaseCell.id)
    return dict(rows.filter(kind.notebook_id == notebook).all())


def _untouched(cell: NotebookNode) -> bool:
    return not is_task(cell) and cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
