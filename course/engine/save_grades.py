"""Put a submission, its points and its comments into the gradebook in one visit.

The outcome is that of nbgrader's `Autograde.init_assignment`, `SaveAutoGrades` and
`AssignLatePenalties`. Those ask the gradebook for each cell apart, and commit after each.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import (
    compute_checksum,
    determine_grade,
    is_grade,
    is_solution,
    is_task,
    parse_utc,
)
from sqlalchemy import Connection, Table, bindparam, insert, select, update

_assignment, _notebook, _cell = Assignment.__table__, Notebook.__table__, BaseCell.__table__
_student, _submission = Student.__table__, SubmittedAssignment.__table__
_submitted, _grade, _comment = SubmittedNotebook.__table__, Grade.__table__, Comment.__table__

_FIND_NOTEBOOK = select(_notebook.c.id, _assignment.c.id, _assignment.c.duedate).where(
    _notebook.c.assignment_id == _assignment.c.id,
    _assignment.c.name == bindparam("assignment"),
    _notebook.c.name == bindparam("notebook"),
)
_FIND_SUBMISSION = select(_submission.c.id, _submission.c.timestamp, _submission.c.extension).where(
    _submission.c.assignment_id == bindparam("assignment"),
    _submission.c.student_id == bindparam("student"),
)
_FIND_STUDENT = select(_student.c.id).where(_student.c.id == bindparam("student"))
_FIND_SUBMITTED = select(_submitted.c.id).where(
    _submitted.c.assignment_id == bindparam("submission"),
    _submitted.c.notebook_id == bindparam("notebook"),
)
_OTHER_NOTEBOOKS = select(_notebook.c.id).where(
    _notebook.c.assignment_id == bindparam("assignment"), _notebook.c.id != bindparam("this")
)
_SET_TIME = update(_submission).where(_submission.c.id == bindparam("this"))
_FORGET_PENALTY = (
    update(_submitted)
    .where(_submitted.c.id == bindparam("this"))
    .values(late_submission_penalty=None)
)


class _PerCell:
    """A table with one row for each cell of a submitted notebook."""

    def __init__(self, table: Table, kinds: tuple[str, ...], of_a_person: str) -> None:
        self.find_cells = select(_cell.c.name, _cell.c.id).where(
            _cell.c.notebook_id == bindparam("notebook"), _cell.c.type.in_(kinds)
        )
        self.find_rows = select(table.c.cell_id, table.c.id, table.c[of_a_person]).where(
            table.c.notebook_id == bindparam("submitted")
        )
        self.add = insert(table)
        self.change = update(table).where(table.c.id == bindparam("this"))


_GRADES = _PerCell(_grade, ("GradeCell", "TaskCell"), "manual_score")
_COMMENTS = _PerCell(_comment, ("SolutionCell", "TaskCell"), "manual_comment")


class SaveGrades(AssignLatePenalties):
    """Takes the place of nbgrader's `SaveAutoGrades` and `AssignLatePenalties`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._records: dict[tuple[str, str], _Record] = {}  # they stay as they are for a class

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Save the grades of a notebook that `Examine` has graded."""
        about = resources["nbgrader"]
        handed_in = _time_of_submission(Path(resources["metadata"]["path"]))
        name = about["assignment"], about["notebook"]
        with Gradebook(about["db_url"]) as gradebook, gradebook.engine.begin() as connection:
            if name not in self._records:
                self._records[name] = _Record(connection, *name)
            visit = _Visit(connection, self._records[name])
            late = visit.enter_submission(about["student"], handed_in)
            visit.save(_GRADES, self._grades(nb))
            visit.save(_COMMENTS, _comments(nb))
        return super().preprocess(nb, resources) if late else (nb, resources)

    def _grades(self, nb: NotebookNode) -> dict[str, dict[str, Any]]:
        points = {_id(c): determine_grade(c, self.log)[0] for c in nb.cells if is_grade(c)}
        return {
            name: {"auto_score": score, "needs_manual_grade": score is None}
            for name, score in points.items()
        }


def _comments(nb: NotebookNode) -> dict[str, dict[str, Any]]:
    return {
        _id(cell): {"auto_comment": "No response." if _untouched(cell) else None}
        for cell in nb.cells
        if is_solution(cell) or is_task(cell)
    }


def _id(cell: NotebookNode) -> str:
    return cell.metadata.nbgrader.grade_id


def _untouched(cell: NotebookNode) -> bool:
    return not is_task(cell) and cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)


def _time_of_submission(folder: Path) -> datetime.datetime | None:
    path = folder / "timestamp.txt"
    return parse_utc(path.read_text(encoding="ascii").strip()) if path.exists() else None


class _Record:
    """What the gradebook says of a notebook that students hand in."""

    def __init__(self, connection: Connection, assignment: str, notebook: str) -> None:
        names = {"assignment": assignment, "notebook": notebook}
        self.notebook, self.assignment, self.due = connection.execute(_FIND_NOTEBOOK, names).one()
        names = {"assignment": self.assignment, "this": self.notebook}
        self.others = connection.execute(_OTHER_NOTEBOOKS, names).scalars().all()
        self.cells = {  # numbers of cells by their names
            (what, one): dict(connection.execute(what.find_cells, {"notebook": one}).all())
            for what in (_GRADES, _COMMENTS)
            for one in (self.notebook, *self.others)
        }


class _Visit:
    """What one notebook of one submission changes in the gradebook."""

    def __init__(self, connection: Connection, record: _Record) -> None:
        self.connection, self.record = connection, record
        self.submitted = ""
        self.is_new = True

    def enter_submission(self, student: str, handed_in: datetime.datetime | None) -> bool:
        """Find the submission or add it; say whether it is late."""
        names = {"assignment": self.record.assignment, "student": student}
        found = self.connection.execute(_FIND_SUBMISSION, names).one_or_none()
        if found is None:
            if self.connection.execute(_FIND_STUDENT, names).one_or_none() is None:
                self.connection.execute(insert(_student), {"id": student})
            row = {
                "assignment_id": self.record.assignment,
                "student_id": student,
                "timestamp": handed_in,
            }
            submission, time, extension = self._add(_submission, row), handed_in, None
            self._enter_other_notebooks(submission)
        else:
            submission, time, extension = found
            if handed_in is not None and handed_in != time:
                self.connection.execute(_SET_TIME, {"this": submission, "timestamp": handed_in})
                time = handed_in
        self._enter_notebook(submission)
        if time is None or self.record.due is None:
            return False
        return time > self.record.due + (extension or datetime.timedelta())

    def _enter_other_notebooks(self, submission: str) -> None:
        """Say of the assignment's other notebooks that they are still to be graded."""
        for notebook in self.record.others:
            row = {"assignment_id": submission, "notebook_id": notebook}
            submitted = self._add(_submitted, row)
            for what in (_GRADES, _COMMENTS):
                cells = self.record.cells[what, notebook].values()
                rows = [{"notebook_id": submitted, "cell_id": cell} for cell in cells]
                if rows:
                    self.connection.execute(what.add, rows)

    def _enter_notebook(self, submission: str) -> None:
        names = {"submission": submission, "notebook": self.record.notebook}
        found = self.connection.execute(_FIND_SUBMITTED, names).scalar_one_or_none()
        if found is None:
            row = {"assignment_id": submission, "notebook_id": self.record.notebook}
            self.submitted = self._add(_submitted, row)
        else:
            self.submitted, self.is_new = found, False
            self.connection.execute(_FORGET_PENALTY, {"this": found})

    def _add(self, table: Table, row: dict[str, Any]) -> str:
        return self.connection.execute(insert(table), row).inserted_primary_key[0]

    def save(self, what: _PerCell, values: dict[str, dict[str, Any]]) -> None:
        """Write what belongs to each cell; add the row of a cell that has none.

        What a person has marked, or has to, is for a person to look at again.
        """
        number = self.record.cells[what, self.record.notebook]
        rows: dict[str, tuple[str, Any]] = {}
        if not self.is_new:
            found = self.connection.execute(what.find_rows, {"submitted": self.submitted})
            rows = {cell: (row, of_a_person) for cell, row, of_a_person in found}
        new, changed = [], []
        for name, fields in values.items():
            row, of_a_person = rows.get(number[name], ("", None))
            if not row:
                new.append({"notebook_id": self.submitted, "cell_id": number[name], **fields})
                continue
            if "needs_manual_grade" in fields and of_a_person is not None:
                fields = {**fields, "needs_manual_grade": True}
            changed.append({"this": row, **fields})
        if new:
            self.connection.execute(what.add, new)
        if changed:
            self.connection.execute(what.change, changed)
